"""Drills that are killed leave copies behind: the next one clears them away, and nothing else."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL, text

from pledges.continuity.databases import connected, refuse_tables
from pledges.continuity.manifest import NotPossible
from pledges.continuity.places import clear_databases, clear_folders, drill_database, drill_folder, empty_database
from pledges.core.db import Database
from tests.support.postgres import PostgresServer

STAMP = "20261122T193000Z"


def killed_in(*places: Callable[[], AbstractContextManager[Any]]) -> None:
    """A process of its own enters all of them and dies by SIGKILL."""
    child = os.fork()
    if child == 0:
        try:
            with ExitStack() as stack:
                for place in places:
                    stack.enter_context(place())
                os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(1)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL


def names(url: URL, like: str) -> set[str]:
    with connected(url) as connection:
        return set(connection.scalars(text("SELECT datname FROM pg_database WHERE datname LIKE :like"), {"like": like}))


def test_folders_of_dead_drills_go_and_others_stay(tmp_path: Path) -> None:
    for other in ("drill-20261122", "drill-me", "backup-1"):
        (tmp_path / other).mkdir()
    with drill_folder(tmp_path) as alive:
        killed_in(lambda: drill_folder(tmp_path))
        assert clear_folders(tmp_path) == 1
        assert {each.name for each in tmp_path.iterdir()} == {"drill-20261122", "drill-me", "backup-1", alive.name}
        assert clear_folders(tmp_path) == 0


def test_databases_of_dead_drills_go_and_others_stay(
    postgresql_database: Database, postgres_server: PostgresServer
) -> None:
    live = postgresql_database.url
    with drill_database(live, STAMP) as alive, connected(live) as connection:
        killed_in(lambda: drill_database(live, STAMP))
        ours = f"pledges_drill_{str(alive.database).split('_')[2]}_"
        others = {f"{ours}{STAMP.lower()}", f"pledges_drill_1_{STAMP.lower()}_0123abcd"}
        try:
            for other in others:
                connection.execute(text(f'CREATE DATABASE "{other}"'))
            assert len(names(live, f"{ours}%")) == 3
            assert clear_databases(live) == 1
            assert names(live, f"{ours}%") | names(live, "pledges_drill_1_%") == {alive.database, *others}
        finally:
            for other in others:
                postgres_server.drop(other)
    assert names(live, f"{ours}%") == set()


def test_a_named_database_is_emptied_after_a_killed_drill_and_only_then(
    postgresql_database: Database, postgres_server: PostgresServer
) -> None:
    live, name = postgresql_database.url, postgres_server.create()
    into = postgres_server.url_of(name)

    def place() -> AbstractContextManager[URL]:
        return empty_database(live, into, Path(), STAMP, "2026-11-22T12:00:00+00:00")

    def filled(recorded_at: str) -> AbstractContextManager[Any]:
        stack = ExitStack()
        url = stack.enter_context(place())
        with connected(url) as connection:
            connection.execute(text("CREATE TABLE fact (province_code text, recorded_at timestamptz)"))
            connection.execute(text("INSERT INTO fact VALUES ('46', :at)"), {"at": recorded_at})
        return stack

    try:
        killed_in(lambda: filled("2026-11-22T12:00:00Z"))
        with pytest.raises(NotPossible, match="not empty"):
            refuse_tables(postgresql_database.url.set(database=name))
        with place(), pytest.raises(NotPossible, match="Another drill"), place():
            pass
        refuse_tables(postgresql_database.url.set(database=name))
        killed_in(lambda: filled("2026-11-22T12:00:01Z"))
        with pytest.raises(NotPossible, match="not empty"), place():
            pass
    finally:
        postgres_server.drop(name)


def test_a_database_that_was_made_for_drills_is_used_and_left_empty(
    postgresql_database: Database, postgres_server: PostgresServer
) -> None:
    live = postgresql_database.url
    name = f"{live.database}_drill"
    with connected(live) as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    try:
        with empty_database(live, None, Path(), STAMP, "") as url:
            assert (url.database, url.password) == (name, live.password)
            with connected(url) as connection:
                connection.execute(text("CREATE TABLE restored (id int)"))
        refuse_tables(url)
        assert names(live, name) == {name}
    finally:
        postgres_server.drop(name)
