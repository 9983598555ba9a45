"""Bringing a database to the schema of this version, and saying whether it is there.

Alembic is imported where it is used: most processes never need it, and it takes a fourteenth of their start.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from pledges.core.db import Database

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def _config(connection: Connection | None = None) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def upgrade(database: Database, revision: str = "head") -> None:
    """Run every migration that is missing, all in one transaction."""
    from alembic import command

    with database.engine.begin() as connection:
        command.upgrade(_config(connection), revision)


def downgrade(database: Database, revision: str) -> None:
    from alembic import command

    with database.engine.begin() as connection:
        command.downgrade(_config(connection), revision)


def head() -> str:
    """The revision that this version of the program needs."""
    from alembic.script import ScriptDirectory

    found = ScriptDirectory.from_config(_config()).get_current_head()
    if found is None:
        raise RuntimeError(f"no migrations in {MIGRATIONS}")
    return found


def current(database: Database) -> str | None:
    """The revision of the database; None where it is empty."""
    from alembic.runtime.migration import MigrationContext

    with database.read() as session:
        return MigrationContext.configure(session.connection()).get_current_revision()


def pending(database: Database) -> bool:
    """Whether migrations are missing: such a database is not ready to serve."""
    return current(database) != head()
