"""A year of rounds in three provinces, with everybody who arrives, signs, moves and does not answer.

Run it by `make bench` or `python -m benchmarks.rounds [--entities 20000] [--engine postgresql]`. It is the simulated
year of the tests (`tests/support/year`) at its full size: at each quarter's end the frozen lists must be what the
simulation reckons by itself, and the counters what the facts say; it stops where they are not.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.lists import database_on
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.documents.storage import Storage
from pledges.registry.recounting import recount
from pledges.rounds import as_of, snapshots
from pledges.rounds.closing import whole_list
from pledges.rounds.figures import Only, at_end_of, group_figures
from pledges.rounds.list_models import ListKind
from pledges.rounds.models import Round
from tests.support.clock import FixedClock
from tests.support.messages import DATA_KEY
from tests.support.year.book import Book
from tests.support.year.duties import last_day
from tests.support.year.lines import groups_of, lines_of, told
from tests.support.year.simulation import QUARTERS, Size, Year

ENTITIES = 20_000
BUSY = 0.004
STEPS = {
    "arrivals": "registering those who arrive",
    "asking": "the worker's runs: whom to ask and to remind, and their mails written",
    "mail": "mails accepted, refused, come back, each with what follows from it",
    "signing": "pledges signed",
    "deciding": "pledges approved, returned, rejected, withdrawn, revoked",
    "looking after": "scopes, cohorts, moves, names, merges, letters, calls",
    "the last second": "the last second of four quarters",
    "closing": "freezing 36 pairs of lists",
    "comparing": "reckoning it again, and comparing every line",
    "recounting": "counting all facts again, four times",
}


@dataclass
class Spent:
    """CPU of this process and time on the wall, by step."""

    cpu: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    wall: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    _cpu: float = field(default_factory=time.process_time)
    _wall: float = field(default_factory=time.perf_counter)

    def on(self, step: str) -> None:
        cpu, wall = time.process_time(), time.perf_counter()
        self.cpu[step] += cpu - self._cpu
        self.wall[step] += wall - self._wall
        self._cpu, self._wall = cpu, wall


def live_through(database: Database, entities: int, tell: Callable[[str], None]) -> tuple[Year, Spent, int]:
    """The year, what it cost, and how many lines its frozen lists have."""
    with tempfile.TemporaryDirectory(prefix="pledges-bench-") as folder:
        size = Size(entities=entities, busy=BUSY)
        year = Year(database, Storage(Path(folder)), FixedClock(), Vault(DATA_KEY), size)
        spent, lines = Spent(), 0
        year.spent = spent.on
        books: dict[str, Book] = {}
        for quarter in year.run():
            books[quarter] = year.book.as_of(last_day(quarter))
            lines += compare(year, database, quarter, books[quarter])
            spent.on("comparing")
            drifted = database.run(lambda session: recount(session, repair=False))
            assert drifted == [], drifted[:3]
            spent.on("recounting")
            tell(f"{quarter}: {lines:,} lines frozen so far, {len(year.book.subjects):,} subjects")
        for quarter in QUARTERS:
            compare(year, database, quarter, books[quarter])
        spent.on("comparing")
        return year, spent, lines


def compare(year: Year, database: Database, quarter: str, book: Book) -> int:
    """Frozen, reckoned from the ledger and reckoned by the book: the same lines; how many."""
    day, count = last_day(quarter), 0
    with database.read() as session:
        for agency in year.office.officers:
            of_round = session.get_one(Round, (agency[:2], year.office.rounds[agency, quarter]))
            snapshot = snapshots.frozen_on(session, agency[:2], agency, day)
            assert snapshot is not None
            for kind in ListKind:
                wanted = whole_list(session, of_round, kind)
                frozen = list(snapshots.rows(session, snapshot, wanted))
                assert told(frozen, year.office.numbers) == lines_of(book, agency, kind.value, day), (agency, day)
                assert list(as_of.rows(session, wanted, day)) == frozen, (agency, day)
                count += len(frozen)
            by, only = ("entry_id", "commune_code"), Only(agency=agency)
            figures = {
                (each.key["entry_id"], each.key["commune_code"], group.value): number
                for each in group_figures(session, agency[:2], at_end_of(day), by=by, only=only)
                for group, number in each.groups.items()
                if number
            }
            assert figures == groups_of(book, agency, day), (agency, day)
    return count


def table(entities: int = ENTITIES, engine: str = "postgresql") -> str:
    load, begun = os.getloadavg(), time.perf_counter()
    with database_on(engine) as database:
        year, spent, lines = live_through(database, entities, lambda line: print(line, flush=True))
    model = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    book, outcomes = year.book, year.relay.outcomes
    counts = {
        "arrivals": len(book.subjects),
        "asking": len(book.asks),
        "mail": sum(outcomes.values()),
        "signing": len(book.pledges),
        "deciding": sum(what == "pledge_became" for _day, what, _told in book.events),
        "looking after": len(book.letters),
        "closing": lines,
    }
    labels = {"asking": "asks", "looking after": "of them letters and calls", "closing": "lines"}
    rows = [_row(step, name, counts.get(step), labels.get(step, ""), spent) for step, name in STEPS.items()]
    processor = f"{os.cpu_count()} x {model[1] if model else platform.machine()}"
    return "\n".join(
        (
            f"Measured on {datetime.now(UTC):%d/%m/%Y}: {processor}, load before it "
            f"{'/'.join(f'{value:.1f}' for value in load)}, Python {platform.python_version()}, {engine}. "
            f"{entities:,} subjects, {len(book.owed):,} obligations, {len(book.events):,} events, "
            f"{time.perf_counter() - begun:,.0f} s in all. All lists of all quarters are what the second reckoning "
            "finds, at the quarter's end and at the end of the year.",
            "",
            "| what | how many | CPU of this process | on the wall | each |",
            "|---|---|---|---|---|",
            *rows,
        )
    )


def _row(step: str, name: str, count: int | None, label: str, spent: Spent) -> str:
    many = f"{count:,} {label}".strip() if count is not None else ""
    each = f"{spent.wall[step] / count * 1000:,.1f} ms" if count else ""
    return f"| {name} | {many} | {spent.cpu[step]:,.0f} s | {spent.wall[step]:,.0f} s | {each} |"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rounds", description=__doc__)
    parser.add_argument("--entities", type=int, default=ENTITIES, help="subjects at the end of the year")
    parser.add_argument("--engine", choices=("postgresql", "sqlite"), default="postgresql")
    options = parser.parse_args()
    print(table(options.entities, options.engine))


if __name__ == "__main__":
    main()
