"""The copy of the database at one moment, and putting it into an empty one, on both engines."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, Connection, create_engine, select, text
from sqlalchemy.pool import NullPool

from pledges.audit.queries import newest_recorded
from pledges.continuity.manifest import NotPossible
from pledges.core.db import Database
from pledges.transparency.models import Checkpoint

SQLITE_FILE = "database.sqlite"
POSTGRESQL_FILE = "database.dump"
_LIBPQ = {
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "options": "PGOPTIONS",
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "host": "PGHOST",
    "port": "PGPORT",
}
"""What may stand behind the `?` of an address, as the programs of PostgreSQL want to have it told."""


@dataclass(frozen=True)
class Copied:
    file: str
    tables: dict[str, int]
    newest_fact: datetime | None
    checkpoint: str
    """The newest checkpoint of the log, a signed note; empty where there is none."""


def is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def copy_database(database: Database, folder: Path) -> Copied:
    """One consistent copy; writers go on meanwhile."""
    return _copy_sqlite(database, folder) if is_sqlite(database.url) else _copy_postgresql(database, folder)


# --- SQLite ------------------------------------------------------------------------------------------------------


def _copy_sqlite(database: Database, folder: Path) -> Copied:
    target = folder / SQLITE_FILE
    source = Path(str(database.url.database)).absolute()
    try:
        # Only what is in the tables: deleted rows, which VACUUM leaves out, are nobody's any more.
        with closing(sqlite3.connect(f"file:{quote(str(source))}?mode=rw", uri=True)) as connection:
            connection.execute("PRAGMA busy_timeout=15000")
            connection.execute("VACUUM INTO ?", [str(target)])
    except sqlite3.Error as error:
        raise NotPossible(f"The database cannot be copied: {error}.") from error
    target.chmod(0o600)
    with target.open("rb") as file:
        os.fsync(file.fileno())
    with sqlite_copy(target) as connection:
        return Copied(SQLITE_FILE, count_rows(connection), newest_fact(connection), newest_checkpoint(connection))


@contextmanager
def sqlite_copy(file: Path) -> Iterator[Connection]:
    """A look into the file of a backup, which it does not change by a byte."""
    address = f"sqlite:///file:{quote(str(file))}?mode=ro&immutable=1&uri=true"
    engine = create_engine(address, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


# --- PostgreSQL --------------------------------------------------------------------------------------------------


def _copy_postgresql(database: Database, folder: Path) -> Copied:
    """By `pg_dump`, in the snapshot in which the rows are counted: whatever it leaves out is missed at the drill."""
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with database.engine.connect().execution_options(**options) as connection:
        snapshot = connection.scalar(text("SELECT pg_export_snapshot()"))
        rows, newest = count_rows(connection), newest_fact(connection)
        copied = Copied(POSTGRESQL_FILE, rows, newest, newest_checkpoint(connection))
        target = folder / POSTGRESQL_FILE
        run_program(
            ["pg_dump", "--format=custom", f"--snapshot={snapshot}", "--no-password", f"--file={target}"], database.url
        )
    target.chmod(0o600)
    with target.open("rb") as file:
        os.fsync(file.fileno())
    return copied


def run_program(command: list[str], url: URL) -> None:
    """Run a program of PostgreSQL; address and password go by the environment: no list of processes shows them."""
    program = shutil.which(command[0])
    if program is None:
        raise NotPossible(f"{command[0]} is not installed; on Debian: apt-get install postgresql-client.")
    done = subprocess.run(  # noqa: S603 - our own words, no shell
        [program, *command[1:]], env=_environment(url), capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = [line for line in done.stderr.strip().splitlines() if line.strip()] or ["it said nothing"]
        raise NotPossible(f"{command[0]} failed: {said[0]}")


def _environment(url: URL) -> dict[str, str]:
    given = {"PGHOST": url.host, "PGPORT": url.port, "PGUSER": url.username, "PGPASSWORD": url.password}
    given |= {"PGDATABASE": url.database}
    given |= {name: url.query[key] for key, name in _LIBPQ.items() if key in url.query}  # type: ignore[misc]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {name: str(value) for name, value in given.items() if value is not None}


def restore_dump(file: Path, url: URL) -> None:
    jobs = max(1, min(4, os.cpu_count() or 1))
    words = ["--no-owner", "--no-privileges", "--no-comments", "--exit-on-error", "--no-password", f"--jobs={jobs}"]
    run_program(["pg_restore", *words, f"--dbname={url.database}", str(file)], url)


# --- Both --------------------------------------------------------------------------------------------------------


def table_names(connection: Connection) -> list[str]:
    if connection.dialect.name == "sqlite":
        asked = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    else:
        asked = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
    return sorted(connection.scalars(text(asked)))


def count_rows(connection: Connection) -> dict[str, int]:
    return {
        name: int(connection.scalar(text(f'SELECT count(*) FROM "{name}"')) or 0)  # noqa: S608 - names of tables
        for name in table_names(connection)
    }


def newest_fact(connection: Connection) -> datetime | None:
    """When anything was last recorded, in all provinces."""
    if "fact" not in table_names(connection):
        return None
    return newest_recorded(connection)


def newest_checkpoint(connection: Connection) -> str:
    if Checkpoint.__tablename__ not in table_names(connection):
        return ""
    return connection.scalar(select(Checkpoint.note).order_by(Checkpoint.size.desc()).limit(1)) or ""


def refuse_tables(url: URL) -> None:
    """Never into a database that holds anything: it might be the one that people work with."""
    with connected(url) as connection:
        found = table_names(connection)
    if found:
        shown = url.render_as_string(hide_password=True)
        raise NotPossible(f"{shown} is not empty: it has {len(found)} tables. Name a database without any.")


@contextmanager
def connected(url: URL) -> Iterator[Connection]:
    """One connection beside the product's own; each statement is its own transaction."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool, hide_parameters=True)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()
