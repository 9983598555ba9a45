"""The way of an import through its states: each step is a compare-and-swap (`TRANSITIONS`)."""

from __future__ import annotations

import uuid
from enum import StrEnum
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from pledges.imports.errors import ImportChanged
from pledges.imports.models import Import, ImportState

Key = tuple[str, uuid.UUID]
"""Province and id of an import."""


class Step(StrEnum):
    READ_AGAIN = "read_again"
    """Another sheet of the file is chosen."""
    ASK_COLUMNS = "ask_columns"
    CHECK = "check"
    SHOW = "show"
    COMMIT = "commit"
    COMMITTED = "committed"
    UNDO = "undo"
    UNDONE = "undone"
    FAIL = "fail"
    CANCEL = "cancel"


TRANSITIONS: dict[Step, tuple[frozenset[ImportState], ImportState]] = {
    Step.READ_AGAIN: (frozenset({ImportState.COLUMNS, ImportState.CHECKED}), ImportState.READING),
    Step.ASK_COLUMNS: (frozenset({ImportState.READING}), ImportState.COLUMNS),
    Step.CHECK: (frozenset({ImportState.COLUMNS, ImportState.CHECKED}), ImportState.CHECKING),
    Step.SHOW: (frozenset({ImportState.CHECKING}), ImportState.CHECKED),
    Step.COMMIT: (frozenset({ImportState.CHECKED}), ImportState.COMMITTING),
    Step.COMMITTED: (frozenset({ImportState.COMMITTING}), ImportState.COMMITTED),
    Step.UNDO: (frozenset({ImportState.COMMITTED}), ImportState.UNDOING),
    Step.UNDONE: (frozenset({ImportState.UNDOING}), ImportState.UNDONE),
    Step.FAIL: (frozenset({ImportState.READING, ImportState.CHECKING}), ImportState.FAILED),
    Step.CANCEL: (
        frozenset({ImportState.READING, ImportState.COLUMNS, ImportState.CHECKING, ImportState.CHECKED}),
        ImportState.CANCELLED,
    ),
}

RUNNING = frozenset({ImportState.READING, ImportState.CHECKING, ImportState.COMMITTING, ImportState.UNDOING})
"""States in which the worker has something to do."""


def take_step(session: Session, key: Key, step: Step, *, seen: int | None, **values: Any) -> Import:
    """Lead the import on from the revision that was seen (None: from any), or raise `ImportChanged`."""
    before, after = TRANSITIONS[step]
    taken = session.execute(
        update(Import)
        .where(
            Import.province_code == key[0],
            Import.id == key[1],
            Import.state.in_(before),
            *([Import.revision == seen] if seen is not None else []),
        )
        .values(state=after, revision=Import.revision + 1, **values)
        .returning(Import.id)
        .execution_options(synchronize_session=False)
    ).first()
    if taken is None:
        raise ImportChanged
    return session.get_one(Import, key, populate_existing=True)
