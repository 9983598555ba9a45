"""Alembic's entry: the tables of every area and of the background queue, on the connection that the program gives."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from firm.queue import schema as queue_schema
from sqlalchemy import Connection, DateTime, Enum, Text
from sqlalchemy.types import TypeEngine

import pledges
from pledges.core.db import Base, Database, Json, UtcDateTime
from pledges.settings import read_settings

importlib.import_module("pledges.core.throttle")
for models in sorted(Path(pledges.__path__[0]).glob("*/*models.py")):
    importlib.import_module(f"pledges.{models.parent.name}.{models.stem}")

TARGETS = [Base.metadata, queue_schema.metadata]


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write plain column types, so that an old migration never depends on today's code."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, Enum) and not item.native_enum:
        return f"sa.String(length={item.length})"
    if kind == "type" and item is Json:
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    if kind == "type" and getattr(item, "_variant_mapping", {}).get("mysql") is not None:
        return _without_mysql(item)
    return False


def _without_mysql(item: TypeEngine[Any]) -> str | Literal[False]:
    """The queue's tables know MySQL, this project does not."""
    if isinstance(item, DateTime):
        return "sa.DateTime()"
    return "sa.Text()" if isinstance(item, Text) else False


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=context.config.attributes.get("targets", TARGETS),
        render_item=render_item,
        render_as_batch=context.config.attributes.get("batch", True),
        transactional_ddl=True,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    database = Database(read_settings().database_url)
    with database.engine.begin() as own_connection:
        migrate(own_connection)
    database.dispose()
