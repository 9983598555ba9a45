"""The migrations make exactly the tables that the models describe, on both engines."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from firm.queue import schema as queue_schema
from sqlalchemy import inspect

from pledges.core.db import Base, Database
from pledges.core.migrate import current, downgrade, head, pending, upgrade


def differences(database: Database) -> list[object]:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, [Base.metadata, queue_schema.metadata]))


def test_the_migrations_make_the_tables_of_the_models(database: Database) -> None:
    assert differences(database) == []
