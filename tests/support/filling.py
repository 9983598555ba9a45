"""One row in every table, made from the table's own description: for tests that only need that data is there."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Column, DateTime, MetaData, Table, select
from sqlalchemy.orm import Session
from sqlalchemy.types import JSON

from pledges.core.db import Database, UtcDateTime

MOMENT = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
VALUES: dict[type, Any] = {
    bool: True,
    int: 1,
    str: "á",
    bytes: b"\x00\xff",
    uuid.UUID: uuid.UUID("01900000-0000-7000-8000-000000000001"),
    date: date(2026, 11, 20),
}


def _value(column: Column[Any], row: dict[str, dict[str, Any]]) -> Any:
    for key in column.foreign_keys:
        return row[key.column.table.name][key.column.name]
    if isinstance(column.type, JSON):
        return {"a": ["á"]}
    if members := getattr(column.type, "enum_class", None):
        return next(iter(members))
    if isinstance(column.type, UtcDateTime):
        return MOMENT
    if isinstance(column.type, DateTime):
        return MOMENT.replace(tzinfo=None)
    return VALUES[column.type.python_type]


def fill_every_table(database: Database, metadata: MetaData) -> dict[str, dict[str, Any]]:
    """Add one row to each table of `metadata`; the values by table."""
    rows: dict[str, dict[str, Any]] = {}

    def fill(session: Session) -> None:
        for table in metadata.sorted_tables:
            rows[table.name] = {column.name: _value(column, rows) for column in table.columns}
            session.execute(table.insert().values(rows[table.name]))

    database.run(fill)
    return rows


def read_row(database: Database, table: Table) -> dict[str, Any]:
    with database.read() as session:
        return dict(session.execute(select(table)).mappings().one())
