"""What every test may ask for: databases on both engines, a fixed clock, keys, settings."""

from __future__ import annotations

import asyncio
import gc
import os
import secrets
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.settings import Settings, read_settings
from tests.support.clock import FixedClock
from tests.support.databases import PostgresTemplate, SqliteTemplate, assert_lines_are_kept
from tests.support.memory import quick_folder
from tests.support.postgres import RUN, SHARED, NoPostgres, PostgresServer, TemporaryServer, named_server
from tests.support.routes_once import compile_routes_once
from tests.support.warm_processes import close_warm

# A loaded machine is no defect: examples may take as long as they need.
hypothesis_settings.register_profile(
    "patient", deadline=None, max_examples=100 if os.environ.get("PLEDGES_SOAK") else 25
)
hypothesis_settings.load_profile("patient")

_own_server = pytest.StashKey[TemporaryServer]()


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _server_url(config: pytest.Config) -> str:
    if (url := named_server()) is not None:
        return url
    if _own_server not in config.stash:
        config.stash[_own_server] = TemporaryServer(quick_folder())
    return config.stash[_own_server].url


def pytest_configure(config: pytest.Config) -> None:
    """With pytest-xdist all workers share one server, so the controller starts it before them."""
    gc.disable()
    compile_routes_once()
    os.environ["PYTEST_DEBUG_TEMPROOT"] = str(quick_folder())
    if _is_worker(config):
        return
    os.environ[RUN] = secrets.token_hex(4)
    if config.getoption("numprocesses", None) and not config.option.collectonly:
        try:
            os.environ[SHARED] = _server_url(config)
        except NoPostgres as error:
            raise pytest.UsageError(str(error)) from None


def pytest_collection_finish() -> None:
    """What is imported by now stays: looking for garbage in it again and again takes an eighth of all tests."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    gc.enable()


def pytest_unconfigure(config: pytest.Config) -> None:
    close_warm()
    if _own_server in config.stash:
        config.stash[_own_server].stop()
    elif not _is_worker(config) and (url := os.environ.get(SHARED)):
        server = PostgresServer(url)
        server.drop_all()
        server.close()
    if not _is_worker(config):
        os.environ.pop(SHARED, None)


@pytest.fixture(scope="session")
def shared_folder(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this test run see."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if _is_worker(pytestconfig) else own


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Playwright leaves its event loop marked as running in this thread; other tests must be able to run their own."""
    playwright_loop = asyncio._get_running_loop()
    if item.get_closest_marker("browser") is None:
        asyncio._set_running_loop(None)
    try:
        return (yield)
    finally:
        asyncio._set_running_loop(playwright_loop or asyncio._get_running_loop())


@pytest.fixture(scope="session")
def postgres_server(pytestconfig: pytest.Config) -> Iterator[PostgresServer]:
    """The tests' PostgreSQL server: `create()`, `drop(name)`, `url_of(name)`."""
    try:
        url = _server_url(pytestconfig)
    except NoPostgres as error:
        pytest.exit(str(error), returncode=3)
    server = PostgresServer(url)
    yield server
    if not _is_worker(pytestconfig):
        server.drop_all()
    server.close()


@pytest.fixture(scope="session")
def sqlite_template(shared_folder: Path) -> SqliteTemplate:
    return SqliteTemplate(shared_folder)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer, shared_folder: Path) -> PostgresTemplate:
    return PostgresTemplate(postgres_server, shared_folder)


@pytest.fixture
def sqlite_database(sqlite_template: SqliteTemplate, tmp_path: Path) -> Iterator[Database]:
    """A fresh SQLite database with schema and plans."""
    with sqlite_template.fresh() as database:
        yield database
        assert_lines_are_kept(database)


@pytest.fixture
def postgresql_database(postgres_template: PostgresTemplate) -> Iterator[Database]:
    """A fresh PostgreSQL database with schema and plans."""
    with postgres_template.fresh() as database:
        yield database
        assert_lines_are_kept(database)


ON_BOTH = (
    "at_once",
    "twenty",
    "together",
    "kill",
    "merge",
    "search",
    "found",
    "lock",
    "undo",
)
"""With these a word in the name of a test begins: what it proves depends on the engine's locks or indexes."""


TAKES_LONG = (
    "web/test_permission_walk.py",
    "rounds/test_year.py",
    "test_reconciliation.py",
    "documents/test_verification.py",
    "public/test_verify_corpus.py",
    "security/test_only_listed_fields.py",
    "continuity/test_drill.py",
)
"""Tests of many seconds are in these files: coming last, they would keep one process busy with the others idle."""


def _shared_out(items: list[pytest.Item], processes: int) -> list[pytest.Item]:
    """The order in which nobody waits at the end: each process begins with one part of this list and later takes over
    the end of another's (`--dist worksteal`).

    The first begins with what mostly waits, the others with what takes long; what takes little time comes last.
    """
    waiting = [item for item in items if item.get_closest_marker("fault") or "tests/browser/" in item.nodeid]
    long = [item for item in items if any(file in item.nodeid for file in TAKES_LONG) and item not in waiting]
    known = {*waiting, *long}
    rest = [item for item in items if item not in known]
    others = max(processes - 1, 1)
    parts = [waiting, *(long[turn::others] for turn in range(others))]
    for part in parts[:-1]:
        room = max(len(items) // len(parts) - len(part), 0)
        part.extend(rest[:room])
        del rest[:room]
    return [item for part in parts for item in part] + rest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run what the engine decides on both engines, and everything else on one of the two (ADR 0100).

    Which of the two follows from the test's name, so that it is always the same. `make soak` runs all on both.
    """
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if os.environ.get("PLEDGES_SOAK"):
        items[:] = _shared_out(items, processes)
        return
    kept, left_out = [], []
    for item in items:
        engine = getattr(item, "callspec", None) and item.callspec.params.get("database")  # type: ignore[attr-defined]
        name = getattr(item, "originalname", None) or item.name
        turn = ("sqlite", "postgresql")[zlib.crc32(name.encode()) % 2]
        both = engine is None or any(f"_{word}" in name for word in ON_BOTH)
        (kept if both or engine == turn else left_out).append(item)
    items[:] = _shared_out(kept, processes)
    config.hook.pytest_deselected(items=left_out)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """A fresh database with schema and plans; the test runs once on each engine."""
    found: Database = request.getfixturevalue(f"{request.param}_database")
    return found


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without any table, once on each engine."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'empty.sqlite'}")
        yield database
        database.dispose()
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = server.create()
    database = Database(server.url_of(name))
    yield database
    database.dispose()
    server.drop(name)


@pytest.fixture
def clock() -> FixedClock:
    """2026-11-20T03:00:00Z until the test calls `advance(timedelta)` or `set(moment)`."""
    return FixedClock()


@pytest.fixture
def vault() -> Vault:
    return Vault("tests-only-data-key-0123456789abcdef")


@pytest.fixture
def settings_for_test(tmp_path: Path) -> Settings:
    """Development settings whose folders and SQLite file lie in the test's own folder; nothing is created."""
    return read_settings({"PLEDGES_VAR": str(tmp_path / "var"), "PLEDGES_PUBLIC_URL": "http://localhost"})
