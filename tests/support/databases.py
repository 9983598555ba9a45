"""Databases for tests: one template per engine and test run, copied for every test."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import mkdtemp

from sqlalchemy import select

from pledges.audit.operations import SYSTEM
from pledges.core.db import Database
from pledges.core.migrate import upgrade
from pledges.plans.loader import read_books
from pledges.plans.operations import load_plans
from pledges.registry.models import NOT_RECKONED, Obligation
from pledges.rounds.kept_lines import recheck_lines
from tests.support.clock import START
from tests.support.postgres import PostgresServer


def prepare(database: Database) -> None:
    """What every test database holds: the schema and the plans."""
    upgrade(database)
    database.run(partial(load_plans, books=read_books(None), actor=SYSTEM, now=START))


def made_once(folder: Path, name: str, make: Callable[[], str]) -> str:
    """What the first test process that comes makes and all others then use; `folder` is shared by them."""
    result = folder / name
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not result.exists():
            result.write_text(make())
        return result.read_text()


class _Engines:
    """Databases at addresses that are used again: an engine keeps every statement that it has compiled, and compiling
    takes longer than most tests. Two at a time get two addresses."""

    def __init__(self) -> None:
        self._free: list[Database] = []

    @contextmanager
    def one(self, new_url: Callable[[], str], fill: Callable[[Database], None]) -> Iterator[Database]:
        database = self._free.pop() if self._free else Database(new_url())
        fill(database)
        try:
            yield database
        finally:
            database.dispose()
            self._free.append(database)


class SqliteTemplate:
    """One prepared file; a copy of it is a fresh database."""

    def __init__(self, folder: Path) -> None:
        self._file = Path(made_once(folder, "sqlite-template", lambda: self._make(folder / "template.sqlite")))
        self._folder = folder
        self._engines = _Engines()

    @staticmethod
    def _make(file: Path) -> str:
        database = Database(f"sqlite:///{file}")
        prepare(database)
        database.dispose()
        return str(file)

    @contextmanager
    def fresh(self) -> Iterator[Database]:
        with self._engines.one(self._new_url, self._fill) as database:
            yield database

    def _new_url(self) -> str:
        return f"sqlite:///{mkdtemp(dir=self._folder, prefix='sqlite-')}/pledges.sqlite"

    def _fill(self, database: Database) -> None:
        file = Path(str(database.url.database))
        for left_over in file.parent.iterdir():
            left_over.unlink()
        shutil.copyfile(self._file, file)


class PostgresTemplate:
    """One prepared database on the tests' server; PostgreSQL copies it."""

    def __init__(self, server: PostgresServer, folder: Path) -> None:
        self._server = server
        self._name = made_once(folder, "postgresql-template", self._make)
        self._engines = _Engines()

    def _make(self) -> str:
        name = self._server.create()
        database = Database(self._server.url_of(name))
        prepare(database)
        database.dispose()
        return name

    @contextmanager
    def fresh(self) -> Iterator[Database]:
        with self._engines.one(self._new_url, self._fill) as database:
            try:
                yield database
            finally:
                self._server.drop(str(database.url.database))

    def _new_url(self) -> str:
        return self._server.url_of(self._server.new_name())

    def _fill(self, database: Database) -> None:
        self._server.create(str(database.url.database), template=self._name)


def assert_lines_are_kept(database: Database) -> None:
    """What the obligations keep for the lists is what the register says, whatever a test has done to it.

    Rows that a test has added by hand were never reckoned.
    """
    with database.read() as session:
        for code in session.scalars(select(Obligation.province_code).distinct()).all():
            wrong = recheck_lines(session, repair=False, province_code=code)
            kept = select(Obligation.id, Obligation.subject_types, Obligation.first_seen_on, Obligation.tried)
            rows = session.execute(kept.where(Obligation.id.in_(wrong), Obligation.turns_on != NOT_RECKONED))
            found = {row.id: (tuple(row[1:]), wrong[row.id]) for row in rows}
            assert not found, f"kept and gathered: {found}"
