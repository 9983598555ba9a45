"""An invented register of one agency with asks, ledger and counters, loaded in bulk: what the lists are read from.

Every obligation has lived through a plausible year: opened in May, asked in July by a mail that arrived or came back,
signed and approved by half of them, and some that were found in November. The figures of the counters are those of
the ledger, so that closing, which compares the two, has something to compare.
"""

from __future__ import annotations

import random
import sqlite3
import uuid
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
from sqlalchemy import select

from pledges.core.db import Database
from pledges.plans.models import Commune

HUE, AGENCY = "46", "46-SCT"
SELLER, WEBSITE = "46-seller", "46-website"
TYPES = {SELLER: "digital_seller", WEBSITE: "ecommerce_website"}
ROUND = uuid.UUID(int=3 << 64)
"""Of the third quarter: it runs, and is closed by the benchmark."""
CHUNK = 20_000

OPENED, UNASKED_TURN = date(2026, 5, 4), date(2026, 6, 30)
ASKED, ASKED_TURN = date(2026, 7, 6), date(2026, 8, 3)
SIGNED, APPROVED, SIGNED_LATE = date(2026, 7, 22), date(2026, 8, 5), date(2026, 9, 14)
FOUND, FOUND_TURN, FOUND_ASKED, FOUND_ASKED_TURN = (
    date(2026, 11, 9),
    date(2026, 12, 31),
    date(2026, 11, 12),
    date(2026, 12, 31),
)

TABLES = {
    "entity": "province_code, id, kind, standing, name, name_fold, name_key, tax_code, location, country, "
    "commune_code, address, added_at",
    "entity_type": "province_code, entity_id, subject_type",
    "channel": "province_code, id, entity_id, kind, address, as_typed, lookalike, first_seen_on, added_at",
    "contact": "province_code, id, entity_id, kind, value, formal, holder, bounce_reason",
    "sighting": "province_code, id, entity_id, source, seen_on, recorded_at, source_name, link, note, picture_sha256",
    "obligation": "province_code, id, entry_id, unit, entity_id, channel_id, cohort, scope, waiting_for_agency, "
    "in_force, asked_on, waits_until, turns_on, opened_at, subject_types, first_seen_on, tried",
    "obligation_move": "province_code, id, entry_id, obligation_id, entity_id, commune_code, day, in_scope, "
    "waiting_for_agency, in_force, opened, turns_on, asked_on",
    "ask": "province_code, id, round_id, entity_id, contact_id, shown_day, token_sha256, short_code, asked_at",
    "asked_obligation": "province_code, ask_id, obligation_id, why, asked_at",
    "attempt": "province_code, id, ask_id, step, way, outcome, made_on, recorded_at, settled_at, note",
    "fact": "province_code, id, kind, object_kind, object_id, actor_kind, actor_id, recorded_at, recorded_day, "
    "effective_on, data",
}
_KEY = "province_code, agency_code, entry_id, instrument, subject_type, commune_code, day"
COUNTER = f"{_KEY}, in_scope, waiting_for_agency, in_force"
OPEN_COUNTER = f"{_KEY}, turns_on, asked, unasked"
ROUNDS = (
    "province_code, id, agency_code, quarter, state, revision, day, reminder_days, opened_at, opened_by, started_at, "
    "started_by"
)

Row = tuple[Any, ...]
Move = tuple[date, int, int, int, int, date | None, date | None]
"""Day; in scope, waiting, in force, opened; day of turning and of the ask."""

_OPENED: list[Move] = [(OPENED, 1, 0, 0, 1, UNASKED_TURN, None)]
_ASKED: list[Move] = [
    *_OPENED,
    (ASKED, 0, 0, 0, -1, UNASKED_TURN, None),
    (ASKED, 0, 0, 0, 1, ASKED_TURN, ASKED),
]
_FOUND: list[Move] = [(FOUND, 1, 0, 0, 1, FOUND_TURN, None)]
LIVES: list[tuple[str, list[Move]]] = [
    *[("in force", [*_ASKED, (SIGNED, 0, 1, 0, -1, ASKED_TURN, ASKED), (APPROVED, 0, -1, 1, 0, None, None)])] * 8,
    *[("waiting", [*_ASKED, (SIGNED_LATE, 0, 1, 0, -1, ASKED_TURN, ASKED)])] * 2,
    *[("not pledged", _ASKED)] * 6,
    ("came back", _OPENED),
    ("no address", _OPENED),
    (
        "waiting time",
        [
            *_FOUND,
            (FOUND_ASKED, 0, 0, 0, -1, FOUND_TURN, None),
            (FOUND_ASKED, 0, 0, 0, 1, FOUND_ASKED_TURN, FOUND_ASKED),
        ],
    ),
    ("not due", _FOUND),
]
"""Twenty lives, which all obligations share."""

_MAIL = f"1|mail|{(ASKED - date(2000, 1, 1)).days}"
_REACHED = f"{_MAIL}|reached|"
TRIED = {"came back": f"{_MAIL}|not_reached|bounced", "no address": "0", "waiting time": "", "not due": ""}
"""How it was tried to reach those to whom no mail arrived, as obligations keep it."""


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 3, tzinfo=UTC)


@dataclass
class Register:
    """Rows of all tables for so many obligations; the counters are ready when the last one has been taken."""

    count: int
    communes: list[str]
    counters: defaultdict[tuple[str, str, date], list[int]] = field(
        default_factory=lambda: defaultdict(lambda: [0, 0, 0])
    )
    opened: defaultdict[tuple[str, str, date, date], list[int]] = field(
        default_factory=lambda: defaultdict(lambda: [0, 0])
    )

    def chunks(self) -> Iterator[dict[str, list[Row]]]:
        draw = random.Random(1)
        for start in range(0, self.count, CHUNK):
            rows: dict[str, list[Row]] = {table: [] for table in TABLES}
            for number in range(start, min(start + CHUNK, self.count)):
                self._add(rows, number, draw)
            yield rows

    def _add(self, rows: dict[str, list[Row]], number: int, draw: random.Random) -> None:
        life, moves = draw.choice(LIVES)
        entry = WEBSITE if draw.random() < 0.1 else SELLER
        commune = draw.choice(self.communes)
        entity, channel, obligation, ask = (_id(place, number, draw) for place in range(1, 5))
        seen, name = moves[0][0], f"Cửa hàng Thử Nghiệm {number}"
        tax_code = f"{number:010d}" if number % 3 == 0 else None
        names = (name, name.lower(), name.lower())
        kind = ("organisation", "registered", *names, tax_code, "local", "VN", commune, "", at(seen))
        rows["entity"].append((HUE, entity, *kind))
        rows["entity_type"].append((HUE, entity, TYPES[entry]))
        rows["sighting"].append(
            (HUE, _id(5, number, draw), entity, "import", seen, at(seen), "Danh sách thử nghiệm", "", "", "")
        )
        website = entry == WEBSITE
        if website:
            address = f"thu-nghiem-{number}.vn"
            rows["channel"].append((HUE, channel, entity, "website", address, address, False, seen, at(seen)))
        contact = _id(6, number, draw)
        if life != "no address":
            rows["contact"].append((HUE, contact, entity, "email", f"chu.{number}@vidu.vn", False, "", ""))
        asked, turns = moves[-1][6] or (ASKED if life in ("in force", "waiting") else None), _turn(moves)
        figures = (int(life == "waiting"), int(life == "in force"))
        unit = ("channel", entity, channel) if website else ("entity", entity, None)
        cohort = "initial" if seen == OPENED else "newcomer"
        rows["obligation"].append(
            (
                *(HUE, obligation, entry, *unit, cohort, "presumed_in", *figures, asked, asked, turns, at(seen)),
                *(TYPES[entry], seen, TRIED.get(life, _REACHED)),
            )
        )
        for day, *change in moves:
            rows["obligation_move"].append(
                (HUE, _id(7, number, draw), entry, obligation, entity, commune, day, *change)
            )
            self._count(entry, commune, day, change)
        self._ask(rows, number, draw, life, (entity, obligation, ask, contact))
        fact = (HUE, _id(8, number, draw), "obligation.opened", "obligation", obligation, "system", "")
        rows["fact"].append((*fact, at(seen), seen, seen, "{}"))

    def _ask(
        self, rows: dict[str, list[Row]], number: int, draw: random.Random, life: str, ids: tuple[uuid.UUID, ...]
    ) -> None:
        if life in ("waiting time", "not due"):
            return
        entity, obligation, ask, contact = ids
        written = at(ASKED)
        named = contact if life != "no address" else None
        rows["ask"].append(
            (HUE, ask, ROUND, entity, named, date(2026, 9, 30), f"{number:064x}", f"{number:012d}", written)
        )
        rows["asked_obligation"].append((HUE, ask, obligation, "carried_over", written))
        if named is not None:
            came_back = life == "came back"
            outcome = ("not_reached", "bounced") if came_back else ("reached", "")
            settled = written + timedelta(days=int(came_back))
            rows["attempt"].append(
                (HUE, _id(9, number, draw), ask, "ask", "mail", outcome[0], ASKED, written, settled, outcome[1])
            )

    def _count(self, entry: str, commune: str, day: date, change: list[Any]) -> None:
        in_scope, waiting, in_force, opened, turns_on, asked_on = change
        figures = self.counters[entry, commune, day]
        for place, each in enumerate((in_scope, waiting, in_force)):
            figures[place] += each
        if opened:
            self.opened[entry, commune, day, turns_on][0 if asked_on is not None else 1] += opened

    def counter_rows(self) -> list[Row]:
        return [
            (HUE, AGENCY, entry, "pledge", subject_type, commune, day, *figures)
            for (entry, commune, day), figures in self.counters.items()
            for subject_type in ("", TYPES[entry])
        ]

    def open_counter_rows(self) -> list[Row]:
        return [
            (HUE, AGENCY, entry, "pledge", subject_type, commune, day, turns_on, *figures)
            for (entry, commune, day, turns_on), figures in self.opened.items()
            for subject_type in ("", TYPES[entry])
        ]


def _turn(moves: list[Move]) -> date:
    return next(turns_on for *_others, turns_on, _asked in reversed(moves) if turns_on is not None)


def _id(place: int, number: int, draw: random.Random) -> uuid.UUID:
    """Ids grow with time, as the product's do."""
    return uuid.UUID(int=place << 120 | number << 64 | draw.getrandbits(63), version=None)


ROUND_ROW: Row = (
    *(HUE, ROUND, AGENCY, "2026Q3", "running", 1, date(2026, 9, 30), "[30, 14, 7]"),
    *(at(date(2026, 7, 1)), "command:", at(date(2026, 7, 1)), "command:"),
)


def fill(database: Database, count: int) -> None:
    """The register of Huế with so many obligations."""
    with database.read() as session:
        communes = list(session.scalars(select(Commune.code).where(Commune.province_code == HUE)))
    register = Register(count, communes)
    if database.url.get_backend_name() == "postgresql":
        _fill_postgresql(database, register)
    else:
        _fill_sqlite(database, register)


def _everything(register: Register) -> Iterator[tuple[str, str, list[Row]]]:
    yield "round", ROUNDS, [ROUND_ROW]
    for chunk in register.chunks():
        for table, rows in chunk.items():
            yield table, TABLES[table], rows
    yield "counter", COUNTER, register.counter_rows()
    yield "open_counter", OPEN_COUNTER, register.open_counter_rows()


def _fill_postgresql(database: Database, register: Register) -> None:
    with psycopg.connect(psycopg_url(database), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        for table, columns, rows in _everything(register):
            with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN".encode()) as copy:
                for row in rows:
                    copy.write_row(row)
        connection.execute("VACUUM ANALYZE")


def psycopg_url(database: Database) -> str:
    return database.url.set(drivername="postgresql").render_as_string(hide_password=False)


def _fill_sqlite(database: Database, register: Register) -> None:
    with sqlite3.connect(str(database.url.database)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        for table, columns, rows in _everything(register):
            marks = ", ".join("?" * len(columns.split(", ")))
            stored = ([_stored(value) for value in row] for row in rows)
            connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", stored)  # noqa: S608
        connection.commit()
        connection.execute("ANALYZE")


def _stored(value: Any) -> Any:
    if isinstance(value, uuid.UUID):
        return value.hex
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f")
    return value.isoformat() if isinstance(value, date) else value
