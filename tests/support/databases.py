"""Databases for tests: one template per engine and test process, copied for every test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from pledges.core.db import Database
from pledges.core.migrate import upgrade
from tests.support.clock import START
from tests.support.postgres import PostgresServer


def prepare(database: Database) -> None:
    """What every test database holds: the schema and the plans."""
    upgrade(database)
    # TODO: import at the top once the loader exists.
    try:
        from pledges.audit.operations import SYSTEM
        from pledges.plans.loader import read_books
        from pledges.plans.operations import load_plans
    except ImportError:
        return
    database.run(partial(load_plans, books=read_books(None), actor=SYSTEM, now=START))


class SqliteTemplate:
    """One migrated file; a copy of it is a fresh database."""

    def __init__(self, folder: Path, *, empty: bool = False) -> None:
        self.file = folder / "template.sqlite"
        database = Database(f"sqlite:///{self.file}")
        if not empty:
            prepare(database)
        with database.engine.begin() as connection:
            connection.exec_driver_sql("SELECT 1")
        database.dispose()

    @contextmanager
    def fresh(self, folder: Path) -> Iterator[Database]:
        folder.mkdir(parents=True, exist_ok=True)
        copy = folder / "pledges.sqlite"
        shutil.copyfile(self.file, copy)
        database = Database(f"sqlite:///{copy}")
        try:
            yield database
        finally:
            database.dispose()


class PostgresTemplate:
    """One migrated database on the tests' server; PostgreSQL copies it."""

    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self.name = server.create()
        database = Database(server.url_of(self.name))
        prepare(database)
        database.dispose()

    @contextmanager
    def fresh(self) -> Iterator[Database]:
        name = self.server.create(template=self.name)
        database = Database(self.server.url_of(name))
        try:
            yield database
        finally:
            database.dispose()
            self.server.drop(name)
