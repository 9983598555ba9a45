"""Reading a million rows without holding them: a cursor at the database, and a plan made for many rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Select, text
from sqlalchemy.orm import Session


def in_chunks(session: Session, statement: Select[Any], size: int) -> Iterator[Sequence[Sequence[Any]]]:
    """The rows of a statement, so many at a time; the cursor is closed even where nobody reads to the end."""
    connection = session.connection()
    with connection.execute(statement.execution_options(yield_per=size)) as found:
        yield from found.partitions()


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
        session.execute(text("SET LOCAL jit = off"))
        session.execute(text("SET LOCAL work_mem = '64MB'"))
