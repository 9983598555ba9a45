"""What the machine gives the product: room on its disks, a database that takes rows, and the right time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.audit.queries import newest_recorded
from pledges.core.calendar import Clock, system_clock
from pledges.core.db import Database
from pledges.jobs.models import ScheduleMark
from pledges.settings import Settings

FREE_SHARE_WANTED = 0.10
"""With less room the officer of IT is warned, while everything still works."""
FREE_BYTES_NEEDED = 8 * 1024 * 1024
"""With less room nothing is begun any more that would have to be written: two of the largest requests."""
CLOCK_TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True)
class Disk:
    """The room where something of ours lies. `path` is for the operator."""

    what: str
    """`storage`, `database` or `var`."""
    path: Path
    free: int
    total: int

    @property
    def percent(self) -> int:
        return int(100 * self.free / self.total) if self.total else 0

    @property
    def low(self) -> bool:
        return self.free < self.total * FREE_SHARE_WANTED

    @property
    def full(self) -> bool:
        return self.free < FREE_BYTES_NEEDED


def disks(settings: Settings, database: Database) -> Iterator[Disk]:
    """Where the product itself writes. A database server has its own monitoring, on its own machine."""
    places = [("storage", settings.storage), ("var", settings.var)]
    if database.url.get_backend_name() == "sqlite" and database.url.database not in {None, "", ":memory:"}:
        places.insert(1, ("database", Path(str(database.url.database)).parent))
    for what, path in places:
        there = path
        while not there.exists() and there != there.parent:
            there = there.parent
        try:
            space = shutil.disk_usage(there)
        except OSError:
            continue  # a storage that is away is told by the part that writes into it
        yield Disk(what, path, space.free, space.total)


class _Undo(Exception):
    pass


def probe_writing(database: Database) -> None:
    """Write a row and take it back in the same transaction; raises `DBAPIError` where rows are not taken."""

    def write(session: Session) -> None:
        session.add(ScheduleMark(name="readiness.probe", enqueued_at=datetime(2000, 1, 1, tzinfo=UTC)))
        session.flush()
        raise _Undo

    try:
        database.run(write, attempts=1)
    except _Undo:
        return


@dataclass(frozen=True)
class ClockState:
    newest_fact: datetime | None
    ahead: timedelta
    """By how much the newest fact lies in the future of this clock: more than nothing means it was set back."""
    beside_database: timedelta | None
    """By how much this machine's clock differs from that of the database server; None where both are one."""

    @property
    def set_back(self) -> bool:
        return self.ahead > CLOCK_TOLERANCE

    @property
    def apart(self) -> bool:
        return self.beside_database is not None and abs(self.beside_database) > timedelta(minutes=1)


def clock_state(session: Session, now: datetime, machine: Clock = system_clock) -> ClockState:
    newest = newest_recorded(session)
    ahead = newest - now if newest is not None else timedelta()
    beside = None
    if session.get_bind().dialect.name == "postgresql":
        # Not now(): that is when the transaction began.
        there = session.scalar(select(func.clock_timestamp()))
        beside = machine() - there if there is not None else None
    return ClockState(newest, max(ahead, timedelta()), beside)
