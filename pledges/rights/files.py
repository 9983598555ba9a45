"""Files of the storage that no row names any more: unfinished uploads, discarded drafts, what was emptied or erased.

The storage keeps equal bytes once, so a file goes only when the last row that names it is gone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, cast, select
from sqlalchemy.orm import Session

from pledges.core.calendar import system_clock
from pledges.core.db import Base, Database
from pledges.documents.storage import LOOKS_NEW, Storage

NAMING_COLUMNS = (
    "address_change.evidence",
    "agency_document.file_sha256",
    "dispute_question.papers",
    "draft.answers",
    "earlier_version.paper",
    "import.file_sha256",
    "letter_batch.file_sha256",
    "list_export.file_sha256",
    "message.attachment_sha256",
    "pledge.pictures",
    "report.file_sha256",
    "sighting.picture_sha256",
    "snapshot.files",
    "tip.pictures",
)
"""Where names of files stand, beside `document.sha256`. By name, because some of these tables lie above this package.

A guard holds this list against all tables: a new column for a file fails it until it stands here.
"""

_NAME = re.compile(r"[0-9a-f]{64}")
_CHUNK = 500


def sweep_files(database: Database, storage: Storage, *, older_than: datetime, apply: bool) -> int:
    """Take away, or (`apply` false) count, the files that nobody names and nobody has put since `older_than`.

    What a row names at any moment is never missing: an upload puts its file before its row, and is young until then.
    """
    if apply:
        storage.bring_back_aside()
    left_over = 0
    others: set[bytes] | None = None
    for names in _chunks(storage.older_than(older_than)):
        with database.read() as session:
            if others is None:
                others = _named_elsewhere(session)
            free = [name for name in names if bytes.fromhex(name) not in others]
            free = sorted(set(free) - _documents(session, free))
        for name in free:
            left_over += storage.forget_left_over(name, older_than) if apply else 1
    return left_over


def forget_files(database: Database, storage: Storage, names: Iterable[str]) -> None:
    """Take away the files of what was just erased, at once and not with the next sweep; never one that is named.

    One that passes for new may be in the hands of somebody who puts the same bytes just now: the sweep takes it later.
    """
    wanted = sorted(set(names))
    if not wanted:
        return
    old = system_clock() - timedelta(seconds=LOOKS_NEW)
    with database.read() as session:
        others = _named_elsewhere(session)
        kept = _documents(session, wanted)
    for name in wanted:
        if name not in kept and bytes.fromhex(name) not in others:
            storage.forget_left_over(name, old)


def _documents(session: Session, names: Sequence[str]) -> set[str]:
    document = Base.metadata.tables["document"]
    found = select(document.c.sha256).where(document.c.sha256.in_(names), document.c.erased_at.is_(None))
    return set(session.scalars(found))


def _named_elsewhere(session: Session) -> set[bytes]:
    """All names of the other tables: few beside the sealed files, and nowhere to be found by an index."""
    return {bytes.fromhex(name) for naming in NAMING_COLUMNS for name in names_in_column(session, naming)}


def names_in_column(session: Session, naming: str) -> Iterator[str]:
    """The files that one of `NAMING_COLUMNS` names, some of them more than once."""
    for value in session.scalars(_statement(naming).execution_options(yield_per=2_000)):
        yield from _names_in(value)


def _statement(naming: str) -> Select[Any]:
    table, _, name = naming.partition(".")
    column: ColumnElement[Any] = Base.metadata.tables[table].c[name]
    if naming == "earlier_version.paper":
        column = column["pictures"]
    text = cast(column, Text)
    statement = select(column).where(column.is_not(None), text.not_in(("", "[]", "{}", "null")))
    if naming == "message.attachment_sha256":
        state = Base.metadata.tables[table].c["state"]
        return statement.where(state.in_(("held", "queued", "sending", "handing_over")))
    return statement


def _names_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from _NAME.findall(value)
    elif isinstance(value, dict):
        for each in value.values():
            yield from _names_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from _names_in(each)


def _chunks(names: Iterable[str]) -> Iterator[list[str]]:
    waiting = iter(names)
    while chunk := list(islice(waiting, _CHUNK)):
        yield chunk
