"""Reading a million rows without holding them: a cursor at the database, and a plan made for many rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def in_chunks(session: Session, statement: Select[Any], size: int) -> Iterator[Sequence[Sequence[Any]]]:
    """The rows of a statement, so many at a time; the cursor is closed even where nobody reads to the end."""
    connection = session.connection()
    with connection.execute(statement.execution_options(yield_per=size)) as found:
        yield from found.partitions()


def copied_chunks(session: Session, statement: Select[Any], size: int) -> Iterator[list[str]]:
    """On PostgreSQL the rows as COPY writes them, tabs between columns, empty where there is nothing.

    No cursor: its plans use one processor only, and the driver would make a Python value of every column. It has
    a connection of its own: on that of the session nothing else could be asked until the last row has been taken, and
    whoever stops earlier would wait for ever when the session ends.
    """
    dialect = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]
    query = str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    with session.get_bind().engine.connect() as connection:
        _expect_many_rows(connection)
        driver = connection.connection.driver_connection
        if driver is None:
            raise RuntimeError("the connection that has just been opened is closed")
        with driver.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT (NULL '')") as copy:
            rows = iter(copy)
            while taken := list(islice(rows, size)):
                # Every row brings its end of line.
                yield b"".join(taken).decode()[:-1].split("\n")


def unescaped(text: str) -> str:
    """What COPY writes with a backslash."""
    return _ESCAPED.sub(lambda found: _LETTERS.get(found[1], found[1]), text)


def plain_chunks(session: Session, statement: Select[Any], size: int) -> Iterator[Sequence[Sequence[Any]]]:
    """The same for columns that psycopg itself returns as Python values: half of the time went into doing it again."""
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        yield from in_chunks(session, statement, size)
        return
    with connection.execute(statement.execution_options(yield_per=size)) as found:
        # SQLAlchemy holds the first row already; all others are still at the cursor.
        cursor, first = found.cursor, found.fetchone()
        if first is not None and cursor is not None:
            yield [first]
            while rows := cursor.fetchmany(size):
                yield rows


def expect_many_rows(session: Session) -> None:
    """For the rest of this transaction: compiling a plan costs more than it saves, and sums may stay in memory."""
    if session.get_bind().dialect.name == "postgresql":
        _expect_many_rows(session.connection())


def _expect_many_rows(connection: Connection) -> None:
    connection.execute(text("SET LOCAL jit = off"))
    connection.execute(text("SET LOCAL work_mem = '128MB'"))
