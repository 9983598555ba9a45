"""The process that reads a list into the register is killed at every boundary; the next goes on, nothing is twice."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.imports.models import Import, ImportState
from pledges.registry.models import Channel, Contact, Entity, Obligation, Sighting
from tests.support.clock import FixedClock
from tests.support.databases import PostgresTemplate, SqliteTemplate
from tests.support.lists import CHUNK, Lists, row
from tests.support.processes import process

pytestmark = pytest.mark.fault

DATA_KEY = "tests-only-data-key-0123456789abcdef"
READING = ("import.before_columns",)
CHECKING = ("import.after_check_chunk",)
COMMITTING = ("import.before_write", "import.before_chunk_commit", "import.after_chunk", "import.before_end")
UNDOING = ("import.before_undo_commit", "import.after_undo_chunk")
ROWS = tuple(
    row(f"Cửa hàng thử nghiệm {number}", channel=f"thunghiem{number}.vn", phone=f"09123450{number:02}")
    for number in range(10)
)


class Killed:
    """An import whose worker is a process that dies where it is told to."""

    def __init__(self, lists: Lists, import_: Import) -> None:
        self.lists = lists
        self.import_ = import_

    def work(self, crash_at: str = "") -> int:
        lists = self.lists
        url = lists.database.url.render_as_string(hide_password=False)
        arguments = [url, str(lists.storage.folder), DATA_KEY, str(CHUNK), "46", str(self.import_.id)]
        with process("tests.support.import_process", *arguments, environ={"PLEDGES_CRASH_AT": crash_at}) as worker:
            return worker.wait()

    def die_at(self, *points: str) -> None:
        for point in points:
            assert self.work(point) == -9, point

    def now(self) -> Import:
        return self.lists.now(self.import_)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"] if os.environ.get("PLEDGES_SOAK") else ["postgresql"])
def test_a_list_whose_worker_dies_at_every_boundary(
    sqlite_template: SqliteTemplate,
    postgres_template: PostgresTemplate,
    tmp_path: Path,
    clock: FixedClock,
    engine: str,
) -> None:
    """On PostgreSQL only while it writes the register: the rest does not depend on the engine."""
    fresh: AbstractContextManager[Database] = (
        sqlite_template.fresh() if engine == "sqlite" else postgres_template.fresh()
    )
    with fresh as database:
        lists = Lists(database, tmp_path, clock, Vault(DATA_KEY))
        list_ = Killed(lists, lists.start(ROWS))
        if engine == "sqlite":
            list_.die_at(*READING)
        lists.work(list_.import_)
        lists.choose(list_.now())
        if engine == "sqlite":
            list_.die_at(*CHECKING)
        checked = lists.work(list_.import_)
        assert lists.outcomes(checked) == ["new"] * 10
        lists.ask_commit(checked)
        list_.die_at(*COMMITTING)
        assert lists.now(checked).state is ImportState.COMMITTING
        committed = lists.work(list_.import_)
        assert (committed.state, committed.totals["entities_added"]) == (ImportState.COMMITTED, 10)
        assert committed.totals["channels_added"] == 10
        assert lists.count(Entity, Channel, Contact, Obligation, Sighting) == [10, 10, 10, 10, 20]
        assert lists.drifts() == []
        lists.ask_undo(committed)
        list_.die_at(*UNDOING)
        assert lists.work(list_.import_).state is ImportState.UNDONE
        assert lists.count(Entity, Channel, Contact, Obligation, Sighting) == [0, 0, 0, 0, 0]
        assert lists.drifts() == []
