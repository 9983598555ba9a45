"""The declarative base, shared column types, and the one way to read and to write the database."""

from __future__ import annotations

import errno
import fcntl
import os
import random
import secrets
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    JSON,
    Connection,
    Date,
    DateTime,
    Dialect,
    Engine,
    Enum,
    MetaData,
    String,
    Text,
    TypeDecorator,
    Uuid,
    create_engine,
    event,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from pledges.core.sharing import create_private

T = TypeVar("T")

READ_ONLY = "pledges_read_only"
BUSY_SECONDS = 15.0
PATIENCE_SECONDS = 10.0
"""After so long no write is begun again: somebody waits for the answer."""

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, stored in UTC on both engines; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without time zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = JSON().with_variant(JSONB(), "postgresql")


def enum_column(kind: type[StrEnum]) -> Enum:
    """A state column: the values of `kind` as text, the same on both engines."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=False,
        length=32,
        values_callable=lambda members: [member.value for member in members],
    )


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {
        datetime: UtcDateTime(),
        date: Date(),
        str: Text(),
        uuid.UUID: Uuid(),
        dict[str, Any]: Json,
        list[str]: Json,
        list[int]: Json,
        list[Any]: Json,
    }


def new_id() -> uuid.UUID:
    """A version 7 UUID (RFC 9562): no global sequence is needed, and new rows lie beside each other."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & (1 << 48) - 1) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)


class InProvince:
    """Rows that belong to one province: its code is the first part of their key (`model.md` 16)."""

    province_code: Mapped[str] = mapped_column(String(2), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)


def _create_private(path: str | None) -> None:
    """Create a missing SQLite file for those who may write its folder alone: it holds addresses and phones."""
    if path and path != ":memory:" and Path(path).parent.is_dir():
        os.close(create_private(Path(path)))


def _configure_sqlite(engine: Engine, gate_path: str | None) -> None:
    """WAL, foreign keys, immediate write transactions, and one write gate for all processes."""

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        reading = bool(connection.get_execution_options().get(READ_ONLY))
        if connection.info.get(READ_ONLY, False) != reading:
            connection.exec_driver_sql(f"PRAGMA query_only={'ON' if reading else 'OFF'}")
            connection.info[READ_ONLY] = reading
        if reading:
            connection.exec_driver_sql("BEGIN")
            return
        if gate_path is not None:
            connection.info["write_gate"] = _enter_gate(gate_path)
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    def leave_gate(_connection: Any, record: Any) -> None:
        gate = record.info.pop("write_gate", None)
        if gate is not None:
            os.close(gate)

    event.listen(engine, "checkin", leave_gate)
    event.listen(engine, "close", leave_gate)


def _enter_gate(path: str) -> int:
    """Wait in line for the right to write.

    SQLite alone lets waiting writers starve for seconds; a lock of the operating system hands over fairly.
    """
    descriptor = create_private(Path(path))
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(descriptor)
                raise OperationalError("write gate", None, TimeoutError("database is locked")) from None
            time.sleep(0.001 + random.random() * 0.004)  # noqa: S311 - jitter


# 23505: on PostgreSQL two writers can add the same row at once; run again, the second finds it and answers kindly.
_RETRIABLE_SQLSTATES = {"23505", "40001", "40P01", "57P01", "57P02", "57P03", "08000", "08003", "08006"}


def is_retriable(error: DBAPIError) -> bool:
    """Whether the whole write may be run again: a lost connection, a serialization failure, a busy database."""
    if error.connection_invalidated:
        return True
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return state in _RETRIABLE_SQLSTATES
    return isinstance(error, OperationalError) and "locked" in str(error.orig)


_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}


def is_full(error: BaseException) -> bool:
    """Whether a write found no room: where the database lies, or where files do. Reading still works then."""
    if isinstance(error, OSError):
        return error.errno in _NO_ROOM
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    return state == "53100" or (state is None and "database or disk is full" in str(error.orig))


class Database:
    """One engine with its two kinds of session: `read()` for looking, `run()` for a business write."""

    def __init__(self, url: str) -> None:
        address = make_url(url)
        # The values of a statement may be people's data, and a failed job keeps the whole text of its error.
        if address.get_backend_name() == "sqlite":
            path = address.database
            _create_private(path)
            self.engine = create_engine(address, hide_parameters=True, pool_size=8, max_overflow=24)
            _configure_sqlite(self.engine, f"{path}.gate" if path and path != ":memory:" else None)
        else:
            if address.drivername == "postgresql":
                address = address.set(drivername="postgresql+psycopg")
            self.engine = create_engine(address, hide_parameters=True, pool_pre_ping=True, pool_size=8, max_overflow=24)
        self.url = address
        options: dict[str, Any] = {READ_ONLY: True}
        if address.get_backend_name() == "postgresql":
            options |= {"postgresql_readonly": True, "isolation_level": "REPEATABLE READ"}
        self._readers = self.engine.execution_options(**options)

    @property
    def readers(self) -> Engine:
        """The engine as readers use it, for a library that makes sessions of its own: those can change nothing."""
        return self._readers

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one state and can change nothing."""
        with Session(self._readers, autoflush=False, expire_on_commit=False) as session:
            event.listen(session, "before_flush", _refuse_flush)
            yield session

    def run(self, work: Callable[[Session], T], *, attempts: int = 6, within: float = PATIENCE_SECONDS) -> T:
        """Do one business write and commit it; after a retriable failure do all of it again.

        Each attempt may wait long for its lock, so that no new one begins after `within` seconds.
        `work` may therefore have no effect outside the session. Errors of the domain roll back and pass through.
        """
        deadline = time.monotonic() + within
        for attempt in range(1, attempts + 1):
            try:
                with Session(self.engine, expire_on_commit=False) as session:
                    result = work(session)
                    session.commit()
                    return result
            except DBAPIError as error:
                if attempt == attempts or not is_retriable(error) or time.monotonic() >= deadline:
                    raise
                time.sleep(random.random() * 0.02 * 2**attempt)  # noqa: S311 - jitter
        raise AssertionError("unreachable")

    def dispose(self) -> None:
        self.engine.dispose()


def _refuse_flush(session: Session, *_: Any) -> None:
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("a reading session may not write")
