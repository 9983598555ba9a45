"""Sealing audit facts in batches: one entry of the log says how many facts stood at which numbers, and their hash.

Facts are plain inserts; nothing waits for the log. Each has a number in the order of writing: on PostgreSQL from a
sequence, on SQLite its row id. On PostgreSQL a number may be missing although higher ones are there, because its
transaction was rolled back or is not committed yet. An entry therefore names the ranges that it holds, which have no
holes, and the holes between them are kept as gaps: a fact that appears in one later is sealed then. No clock decides
anything, so that a clock set back loses no fact.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, literal_column, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from pledges.audit.models import Fact
from pledges.core.calendar import Clock
from pledges.core.db import Database, new_id
from pledges.transparency.models import FactGap, LogMark
from pledges.transparency.operations import append, canonical, time_text

KIND = "facts.sealed"
FACTS = uuid.UUID("00000000-0000-4000-8000-00000000fac7")
"""All these entries are about one thing: the facts of this installation."""
MOST_FACTS = 5000
MOST_RANGES = 200
MARK = "facts"

Range = tuple[int, int]
"""First and last number, both within."""


@dataclass(frozen=True)
class Sealed:
    """What an entry says about its facts."""

    ranges: list[Range]
    sha256: str

    @property
    def count(self) -> int:
        return count_of(self.ranges)


def seal_new_facts(database: Database, clock: Clock) -> int:
    """All facts that are in no batch yet, each batch in a transaction of its own."""
    total = 0
    while sealed := database.run(lambda session: seal_some(session, clock())):
        total += sealed
    return total


def seal_some(session: Session, now: datetime, most: int = MOST_FACTS) -> int:
    """Seal the next facts, and those that have appeared in gaps; returns how many. Several at once take turns."""
    mark = held_mark(session, MARK, {"upto": 0})
    upto = int(mark.data["upto"])
    late = _appeared_in_gaps(session, most)
    rows = _cut(_facts(session, number_column(session) > upto, most))
    if late:
        _enter(session, late, now)
        _close_gaps(session, [row.number for row in late])
    if rows:
        sealed = _enter(session, rows, now)
        before = upto
        for first, last in sealed.ranges:
            if first > before + 1:
                session.add(FactGap(id=new_id(), first=before + 1, last=first - 1))
            before = last
        mark.data = {"upto": before}
    return len(late) + len(rows)


def number_column(session: Session) -> ColumnElement[int]:
    if session.get_bind().dialect.name == "postgresql":
        return Fact.__table__.c.number
    return literal_column("fact.rowid")


def ranges_of(numbers: Iterable[int]) -> list[Range]:
    """Ascending numbers as ranges without holes."""
    found: list[Range] = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def count_of(ranges: Iterable[Range]) -> int:
    return sum(last - first + 1 for first, last in ranges)


def facts_in(session: Session, ranges: Sequence[Range]) -> Iterator[Row[Any]]:
    number = number_column(session)
    for first, last in ranges:
        yield from _facts(session, number.between(first, last), None)


def sealed_hash(rows: Iterable[Row[Any]]) -> str:
    """SHA-256 over one line for each fact: canonical JSON of all its columns, in the order of the numbers."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(f"{canonical(_content(row))}\n".encode())
    return digest.hexdigest()


def held_mark(session: Session, name: str, data: dict[str, Any]) -> LogMark:
    """The mark of a task, which this transaction holds from now on; made at first use."""
    insert_once = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(insert_once(LogMark).values(name=name, data=data).on_conflict_do_nothing())
    return session.get_one(LogMark, name, with_for_update=True, populate_existing=True)


def facts_left_out(session: Session) -> int:
    """How many facts lie below what has been sealed and are in no batch: 0, or somebody has added them afterwards."""
    mark = session.get(LogMark, MARK)
    upto = int(mark.data["upto"]) if mark is not None else 0
    number = number_column(session)
    there = session.scalar(select(func.count()).select_from(Fact).where(number <= upto)) or 0
    without = session.scalar(select(func.count()).select_from(Fact).where(number.is_(None))) or 0
    gaps = session.scalar(select(func.sum(FactGap.last - FactGap.first + 1))) or 0
    return int(there) + int(without) - (upto - int(gaps))


# By name: a column that is added one day must not change the hashes of what was sealed before.
_COLUMNS = tuple(
    Fact.__table__.c[name]
    for name in [
        "province_code",
        "id",
        "kind",
        "object_kind",
        "object_id",
        "actor_kind",
        "actor_id",
        "recorded_at",
        "recorded_day",
        "effective_on",
        "data",
    ]
)


def _facts(session: Session, condition: ColumnElement[bool], most: int | None) -> Sequence[Row[Any]]:
    number = number_column(session)
    statement = select(number.label("number"), *_COLUMNS).select_from(Fact).where(condition).order_by(number)
    return session.execute(statement.limit(most)).all()


def _cut(rows: Sequence[Row[Any]]) -> Sequence[Row[Any]]:
    """Only so many that an entry does not grow long by its ranges."""
    ranges = ranges_of(row.number for row in rows)
    return rows[: count_of(ranges[:MOST_RANGES])]


def _appeared_in_gaps(session: Session, most: int) -> Sequence[Row[Any]]:
    number = number_column(session)
    lies_in = select(number).select_from(FactGap).join(Fact, number.between(FactGap.first, FactGap.last))
    found = list(session.scalars(lies_in.order_by(number).limit(min(most, MOST_RANGES))))
    return _facts(session, number.in_(found), None) if found else ()


def _enter(session: Session, rows: Sequence[Row[Any]], now: datetime) -> Sealed:
    sealed = Sealed(ranges_of(row.number for row in rows), sealed_hash(rows))
    data = {
        "count": sealed.count,
        "first": sealed.ranges[0][0],
        "last": sealed.ranges[-1][1],
        "ranges": [list(each) for each in sealed.ranges],
        "sha256": sealed.sha256,
    }
    append(session, KIND, "facts", FACTS, data, now)
    return sealed


def _close_gaps(session: Session, numbers: Sequence[int]) -> None:
    for number in numbers:
        gap = session.scalars(select(FactGap).where(FactGap.first <= number, FactGap.last >= number)).one()
        session.delete(gap)
        for first, last in ((gap.first, number - 1), (number + 1, gap.last)):
            if first <= last:
                session.add(FactGap(id=new_id(), first=first, last=last))
        session.flush()


def _content(row: Row[Any]) -> dict[str, Any]:
    content = dict(row._mapping)
    for name, value in content.items():
        if isinstance(value, datetime):
            content[name] = time_text(value)
        elif not isinstance(value, int | str | dict):
            content[name] = str(value)
    return content
