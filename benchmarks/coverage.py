"""Coverage: the pages of a department and of all provinces over counters that stand for millions of obligations.

Run it by `make bench` or `python -m benchmarks.coverage [--postgresql 6000000] [--sqlite 200000]`. The counters are
filled in bulk as twelve quarters of importing, asking and signing would have left them; beside them stand as many
obligations with their ledger, and the reference in the same run is a plain `GROUP BY` over these. Times are those of
the server: reading the figures and everything else that the page shows, without rendering it.
"""

from __future__ import annotations

import argparse
import os
import random
import sqlite3
import statistics
import tempfile
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from multiprocessing import get_context
from typing import Any

import psycopg
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from benchmarks.measuring import machine
from pledges.audit.operations import Actor
from pledges.core.calendar import Quarter
from pledges.core.db import Database
from pledges.core.migrate import upgrade
from pledges.plans.loading import load_from_files
from pledges.plans.models import Agency, Instrument, ObligationEntry, Province, Unit
from pledges.registry.checkpoints import make_checkpoints
from pledges.registry.models import Obligation
from pledges.reporting.circumstances import last_reviewed, median_times, oldest_file, voluntary_pledges
from pledges.reporting.coverage import coverage_of, goal_of
from pledges.reporting.standing import Place, standing_of
from pledges.reporting.words import Names
from tests.support.postgres import TemporaryServer

ON_POSTGRESQL, ON_SQLITE = 6_000_000, 200_000
BARS_MS = {"postgresql": (100.0, 300.0), "sqlite": (200.0, 200.0)}
"""A department's page, and that of all provinces."""
PROVINCES = 34
QUARTERS = 12
COMMUNES = 100
FIRST = Quarter(2026, 1)
NOW = datetime(2028, 12, 20, 3, tzinfo=UTC)
TODAY = date(2028, 12, 20)
TURNS = 15

AGENCIES = {"SCT": ("46-seller", "46-website"), "SVH": ("46-celebrity", "46-instruction"), "SYT": ("46-health",)}
"""Per agency of each invented province the entries of Huế that it leads there."""
TYPES = {
    "seller": ("digital_seller",),
    "website": ("ecommerce_website",),
    "celebrity": ("influencer", "artist"),
    "instruction": ("press", "artist"),
    "health": ("doctor", "scientist"),
}
"""Every third subject has both types of its entry."""


@dataclass(frozen=True)
class Owed:
    """One obligation and its life: the days on which it came, was asked, signed and was approved."""

    province: str
    agency: str
    entry: str
    types: tuple[str, ...]
    commune: str
    came: date
    asked: date | None
    signed: date | None
    approved: date | None

    @property
    def due(self) -> date:
        return Quarter.of(self.came).last_day


def obligations(count: int, province: str) -> Iterator[Owed]:
    """Two fifths come with the first lists, the others over the quarters; lists, asks and signatures come in waves."""
    draw = random.Random(int(province))
    days = (TODAY - FIRST.first_day).days
    for _ in range(count):
        agency = draw.choice(("SCT", "SCT", "SCT", "SYT", "SVH"))
        entry = draw.choice(AGENCIES[agency]).removeprefix("46-")
        both = TYPES[entry]
        types = both if draw.randrange(3) == 0 else (draw.choice(both),)
        lists = 20 if draw.random() < 0.4 else days
        came = FIRST.first_day + timedelta(days=draw.randrange(lists) // 5 * 5)
        asked = signed = approved = None
        if draw.random() < 0.8:
            asked = came + timedelta(days=draw.randrange(5, 30) // 5 * 5)
            if draw.random() < 0.75:
                signed = asked + timedelta(days=draw.randrange(60))
                approved = signed + timedelta(days=draw.randrange(1, 12)) if draw.random() < 0.95 else None
        commune = f"{draw.randrange(COMMUNES):05d}"
        passed = map(_past, (asked, signed, approved))
        yield Owed(province, f"{province}-{agency}", f"{province}-{entry}", types, commune, came, *passed)


def _past(day: date | None) -> date | None:
    return day if day is not None and day <= TODAY else None


# --- Filling ---------------------------------------------------------------------------------------------------------

_KEY = ("province_code", "agency_code", "entry_id", "instrument", "subject_type", "commune_code", "day")
_COUNTER = (*_KEY, "in_scope", "waiting_for_agency", "in_force")
_OPEN = (*_KEY, "turns_on", "asked", "unasked")
_OBLIGATION = (
    *("province_code", "id", "entry_id", "unit", "cohort", "scope", "waiting_for_agency", "in_force"),
    *("asked_on", "turns_on", "opened_at"),
)
_MOVE = (
    *("province_code", "id", "entry_id", "obligation_id", "commune_code", "day", "in_scope", "waiting_for_agency"),
    *("in_force", "opened", "turns_on", "asked_on"),
)


@dataclass
class Filled:
    """What the lives of a province's obligations leave in the tables."""

    counters: dict[tuple[Any, ...], list[int]]
    opened: dict[tuple[Any, ...], list[int]]
    obligations: list[tuple[Any, ...]]
    moves: list[tuple[Any, ...]]

    @classmethod
    def of(cls, lives: Iterable[Owed]) -> Filled:
        filled = cls(defaultdict(lambda: [0, 0, 0]), defaultdict(lambda: [0, 0]), [], [])
        for each in lives:
            filled.add(each)
        return filled

    def add(self, each: Owed) -> None:
        """As `registry.counts` lets the sums follow."""
        obligation_id = uuid.uuid4()
        waiting, in_force = int(bool(each.signed and not each.approved)), int(bool(each.approved))
        standing = ("entity", "initial", "presumed_in", waiting, in_force, each.asked, _turns(each, each.asked), NOW)
        self.obligations.append((each.province, obligation_id, each.entry, *standing))
        for day, figures, opening, asked in _steps(each):
            turns_on = _turns(each, asked)
            for subject_type in ("", *each.types):
                cell = (
                    each.province,
                    each.agency,
                    each.entry,
                    _instrument(each.entry),
                    subject_type,
                    each.commune,
                    day,
                )
                if any(figures):
                    found = self.counters[cell]
                    for place, change in enumerate(figures):
                        found[place] += change
                if opening:
                    self.opened[(*cell, turns_on)][asked is None] += opening
            days = (turns_on if opening else None, asked)
            place = (each.province, uuid.uuid4(), each.entry, obligation_id, each.commune, day)
            self.moves.append((*place, *figures, opening, *days))

    def tables(self) -> Iterator[tuple[str, tuple[str, ...], Iterable[tuple[Any, ...]]]]:
        yield "obligation", _OBLIGATION, self.obligations
        yield "obligation_move", _MOVE, self.moves
        yield "counter", _COUNTER, ((*key, *sums) for key, sums in self.counters.items())
        yield "open_counter", _OPEN, ((*key, *sums) for key, sums in self.opened.items() if any(sums))


def _steps(each: Owed) -> list[tuple[date, tuple[int, int, int], int, date | None]]:
    """Day, what is added to the figures, whether it opens or closes, and the day of the ask meanwhile."""
    steps: list[tuple[date, tuple[int, int, int], int, date | None]] = [(each.came, (1, 0, 0), 1, None)]
    if each.asked:
        steps += [(each.asked, (0, 0, 0), -1, None), (each.asked, (0, 0, 0), 1, each.asked)]
    if each.signed:
        steps.append((each.signed, (0, 1, 0), -1, each.asked))
    if each.approved:
        steps.append((each.approved, (0, -1, 1), 0, None))
    return steps


def _turns(each: Owed, asked: date | None) -> date:
    return max(each.due, asked + timedelta(days=TURNS)) if asked is not None else each.due


def _instrument(entry_id: str) -> str:
    return Instrument.ACKNOWLEDGEMENT.value if entry_id.endswith("instruction") else Instrument.PLEDGE.value


def _set_up(session: Session, provinces: int) -> list[str]:
    """The real plans, and in each province invented agencies that lead the same entries."""
    codes = session.scalars(select(Province.code).order_by(Province.code)).all()[:provinces]
    for code in codes:
        session.get_one(Province, code).in_use = True
        for agency, entries in AGENCIES.items():
            session.merge(Agency(province_code=code, code=f"{code}-{agency}", name=f"Sở thử nghiệm {agency}"))
            session.flush()
            for name in (entry_id.removeprefix("46-") for entry_id in entries):
                session.merge(
                    ObligationEntry(
                        province_code=code,
                        id=f"{code}-{name}",
                        unit=Unit.ENTITY,
                        instrument=Instrument(_instrument(name)),
                        lead_agency=f"{code}-{agency}",
                        text_id="website_seller",
                        reading="ours",
                    )
                )
    return list(codes)


@contextmanager
def on_postgresql(count: int, provinces: int) -> Iterator[tuple[Database, list[str]]]:
    """A server of its own with the settings of the tests: little memory, so the figures are rather too high."""
    server = TemporaryServer()
    try:
        database, codes = _prepared(server.url, provinces)
        with psycopg.connect(server.url, autocommit=True) as connection:
            made = connection.execute(
                "SELECT indexname, indexdef FROM pg_indexes "
                "WHERE tablename LIKE 'obligation%' AND indexname LIKE 'ix_%'"
            ).fetchall()
            for name, _made in made:
                connection.execute(f"DROP INDEX {name}".encode())
            fill = partial(_fill_province, server.url, count // provinces)
            with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as processes:
                list(processes.map(fill, codes))
            connection.execute("SET maintenance_work_mem = '512MB'")
            for _name, definition in made:
                connection.execute(definition.encode())
            connection.execute("VACUUM ANALYZE")
        yield database, codes
        database.dispose()
    finally:
        server.stop()


def _fill_province(url: str, count: int, code: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        for table, columns, rows in Filled.of(obligations(count, code)).tables():
            statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
            with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
                for row in rows:
                    copy.write_row(row)


@contextmanager
def on_sqlite(count: int, provinces: int) -> Iterator[tuple[Database, list[str]]]:
    with tempfile.TemporaryDirectory(prefix="pledges-bench-") as folder:
        database, codes = _prepared(f"sqlite:///{folder}/bench.sqlite", provinces)
        with sqlite3.connect(f"{folder}/bench.sqlite") as connection:
            for code in codes:
                for table, columns, rows in Filled.of(obligations(count // provinces, code)).tables():
                    marks = ", ".join("?" * len(columns))
                    statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608
                    connection.executemany(statement, ([_stored(value) for value in row] for row in rows))
            connection.commit()
            connection.execute("ANALYZE")
        yield database, codes
        database.dispose()


def _prepared(url: str, provinces: int) -> tuple[Database, list[str]]:
    database = Database(url)
    upgrade(database)
    load_from_files(database, None, Actor("command", "benchmark"), NOW)
    return database, database.run(lambda session: _set_up(session, provinces))


def _stored(value: Any) -> Any:
    if isinstance(value, uuid.UUID):
        return value.hex
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f")
    return value.isoformat() if isinstance(value, date) else value


# --- Pages -----------------------------------------------------------------------------------------------------------


def department(session: Session, place: Place, day: date | None) -> None:
    """Everything that the page of a department reads (`web.officer.coverage_view`)."""
    goal_of(session, place.province_code)
    Names.read(session, place.province_code)
    found = coverage_of(session, place, day, NOW)
    for by in (("entry_id",), ("subject_type",), ("commune_code",)):
        found.lines(*by)
        found.lines(*by, instrument=Instrument.ACKNOWLEDGEMENT)
    voluntary_pledges(session, place, day)
    median_times(session, place, day, NOW)
    last_reviewed(session, place, day)
    if day is None:
        oldest_file(session, place)


def nation(session: Session, day: date | None) -> None:
    found = standing_of(session, Place(), day, NOW)
    found.lines("province_code")
    found.lines("province_code", instrument=Instrument.ACKNOWLEDGEMENT)


def plain(session: Session, place: Place) -> None:
    """The same six groups of a department from the obligations themselves, by entry and commune: no types, no past."""
    turned = Obligation.turns_on < TODAY
    pledged = Obligation.in_force + Obligation.waiting_for_agency > 0
    group = case(
        (Obligation.in_force > 0, 1),
        (Obligation.waiting_for_agency > 0, 2),
        (Obligation.asked_on.is_not(None) & turned & ~pledged, 3),
        (Obligation.asked_on.is_not(None), 4),
        (turned, 5),
        else_=6,
    )
    wanted = select(Obligation.entry_id, group, func.count()).where(Obligation.scope == "presumed_in")
    if place.province_code:
        entries = select(ObligationEntry.id).where(ObligationEntry.lead_agency == place.agency_code)
        wanted = wanted.where(Obligation.province_code == place.province_code, Obligation.entry_id.in_(entries))
    session.execute(wanted.group_by(Obligation.entry_id, group)).all()


def measured(work: Callable[[], object], times: int) -> list[float]:
    work()
    spent = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        spent.append((time.perf_counter() - begun) * 1000)
    return spent


def measure(database: Database, codes: list[str], engine: str, count: int, times: int = 15) -> list[str]:
    bars = BARS_MS[engine]
    past = TODAY - timedelta(days=200)
    places = [Place(code, f"{code}-SCT") for code in codes]
    lines = []
    begun = time.perf_counter()
    made = make_checkpoints(database, NOW)
    lines.append(f"| {engine}, {count:,} | {made} checkpoints made | {(time.perf_counter() - begun) * 1000:.0f} | | |")
    with database.read() as session:
        draw = random.Random(3)
        pages: list[tuple[str, Callable[[], object], float | None]] = [
            ("**a department, now**", lambda: department(session, draw.choice(places), None), bars[0]),
            ("**a department, 200 days ago**", lambda: department(session, draw.choice(places), past), bars[0]),
            ("**all provinces, now**", lambda: nation(session, None), bars[1]),
            ("**all provinces, 200 days ago**", lambda: nation(session, past), bars[1]),
            (
                "reference: GROUP BY, a department, now, fewer columns",
                lambda: plain(session, draw.choice(places)),
                None,
            ),
            ("reference: GROUP BY, all provinces, fewer columns", lambda: plain(session, Place()), None),
        ]
        for kind, work, bar in pages:
            spent = measured(work, times)
            median, p95 = statistics.median(spent), statistics.quantiles(spent, n=20)[-1]
            reached = "" if bar is None else f"{bar:.0f} ms: {'yes' if median < bar else 'NO'}"
            lines.append(f"| {engine}, {count:,} | {kind} | {median:.1f} | {p95:.1f} | {reached} |")
        _check(session, places[0])
    return lines


def _check(session: Session, place: Place) -> None:
    """Quick figures that are wrong would be none."""
    entries = select(ObligationEntry.id).where(ObligationEntry.lead_agency == place.agency_code)
    in_scope, in_force = session.execute(
        select(func.count(), func.sum(Obligation.in_force)).where(
            Obligation.province_code == place.province_code, Obligation.entry_id.in_(entries)
        )
    ).one()
    total = coverage_of(session, place, None, NOW).total
    assert (total.in_scope, total.groups["in_force"]) == (in_scope, in_force)  # type: ignore[index]
    assert total.agrees


def table(on_postgres: int = ON_POSTGRESQL, on_file: int = ON_SQLITE, provinces: int = PROVINCES) -> str:
    """Each also with a tenth of the obligations, so that the growth can be read."""
    lines = []
    for engine, count, filled in (("postgresql", on_postgres, on_postgresql), ("sqlite", on_file, on_sqlite)):
        of = provinces if engine == "postgresql" else 1
        for size in (count // 10, count):
            if size:
                with filled(size, of) as (database, codes):
                    lines += measure(database, codes, engine, size)
    return (
        f"{machine()}\n\n| obligations | what | median ms | p95 ms | asked and reached |\n|---|---|---|---|---|\n"
        + "\n".join(lines)
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage", description=__doc__)
    parser.add_argument("--postgresql", type=int, default=ON_POSTGRESQL, help="obligations; 0: leave it out")
    parser.add_argument("--sqlite", type=int, default=ON_SQLITE, help="obligations; 0: leave it out")
    parser.add_argument("--provinces", type=int, default=PROVINCES, help="on PostgreSQL")
    options = parser.parse_args()
    print(table(options.postgresql, options.sqlite, options.provinces))


if __name__ == "__main__":
    main()
