"""The way of an import is a table, and nothing else leads from one state to another."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from pledges.imports.errors import ImportChanged
from pledges.imports.models import Import, ImportState
from pledges.imports.operations import LEASE, WORK_IMPORT_TASK
from pledges.imports.states import RUNNING, TRANSITIONS, Step, take_step
from pledges.jobs.queue import job_table
from tests.support.lists import HUE, Lists, row

ALLOWED = {
    ("reading", "ask_columns", "columns"),
    ("reading", "fail", "failed"),
    ("reading", "cancel", "cancelled"),
    ("columns", "read_again", "reading"),
    ("columns", "check", "checking"),
    ("columns", "cancel", "cancelled"),
    ("checking", "show", "checked"),
    ("checking", "fail", "failed"),
    ("checking", "cancel", "cancelled"),
    ("checked", "read_again", "reading"),
    ("checked", "check", "checking"),
    ("checked", "commit", "committing"),
    ("checked", "cancel", "cancelled"),
    ("committing", "committed", "committed"),
    ("committed", "undo", "undoing"),
    ("undoing", "undone", "undone"),
}


def test_the_table() -> None:
    found = {
        (state.value, step.value, after.value) for step, (states, after) in TRANSITIONS.items() for state in states
    }
    assert found == ALLOWED
    assert {state.value for state in RUNNING} == {"reading", "checking", "committing", "undoing"}


def test_every_step_is_taken_from_its_states_only(lists_on_sqlite: Lists) -> None:
    lists = lists_on_sqlite
    import_ = lists.start([row("Cửa hàng Hoa Mai")])
    key = (HUE, import_.id)
    for state in ImportState:
        for step in Step:
            lists.database.run(lambda session, state=state: session.execute(update(Import).values(state=state)))
            expected = next((after for before, name, after in ALLOWED if (before, name) == (state, step)), None)
            if expected is None:
                with pytest.raises(ImportChanged):
                    lists.database.run(lambda session, step=step: take_step(session, key, step, seen=None))
            else:
                after = lists.database.run(lambda session, step=step: take_step(session, key, step, seen=None))
                assert after.state == expected


def test_work_that_was_lost_is_asked_for_again(lists_on_sqlite: Lists) -> None:
    lists = lists_on_sqlite
    lists.start([row("Cửa hàng Hoa Mai")])

    def asked() -> int:
        with lists.database.read() as session:
            rows = session.execute(job_table.select().where(job_table.c.class_name == WORK_IMPORT_TASK))
            return len(rows.all())

    lists.worker.sweep()
    assert asked() == 0
    lists.clock.advance(LEASE + timedelta(seconds=1))
    lists.worker.sweep()
    lists.worker.sweep()
    assert asked() == 1
