"""Appending to the log, inside the transaction of the act.

An entry gets its place at the very end, when everything else of the transaction is done: only then is the row of the
head held, so that nobody who holds it waits for anybody. What is rolled back, as a whole or to a savepoint, leaves
neither an entry nor a gap.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import event, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, SessionTransaction

from pledges.transparency import tree
from pledges.transparency.models import LogEntry, LogHead, LogNode
from pledges.transparency.queries import hashes_at

HEAD = 1
_WAITING = "pledges.transparency.waiting"


@dataclass(frozen=True)
class Waiting:
    """An act that gets its entry when its transaction is committed."""

    kind: str
    object_kind: str
    object_id: uuid.UUID
    data: Mapping[str, Any]
    at: datetime
    within: SessionTransaction | None
    """The savepoint that it depends on."""


def append(
    session: Session, kind: str, object_kind: str, object_id: uuid.UUID, data: Mapping[str, Any], now: datetime
) -> None:
    """Enter an act into the log with this transaction; `data` holds ids, states, hashes and counts, never a person."""
    if not session.in_transaction():
        session.begin()
    waiting = session.info.setdefault(_WAITING, [])
    waiting.append(Waiting(kind, object_kind, object_id, dict(data), now, session.get_nested_transaction()))


def canonical(content: Any) -> str:
    """JSON in one way only: sorted names, no blanks, no escapes that are not needed."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def time_text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def body_of(index: int, act: Waiting) -> str:
    """What is hashed: everything that the row says, and what the kind adds as `data`."""
    return canonical(
        {
            "index": index,
            "kind": act.kind,
            "object": {"kind": act.object_kind, "id": str(act.object_id)},
            "at": time_text(act.at),
            "data": act.data,
        }
    )


@event.listens_for(Session, "before_commit")
def _append_waiting(session: Session) -> None:
    if not session.info.get(_WAITING) or session.in_nested_transaction():
        return
    # Everything else is written before the head is taken: its constraints and locks are waited for without it.
    session.flush()
    acts: list[Waiting] = session.info.pop(_WAITING)
    head = _held_head(session)
    complete = hashes_at(session, set(tree.complete_subtrees(0, head.size)))
    entries, nodes = [], []
    for index, act in enumerate(acts, start=head.size):
        body = body_of(index, act)
        for (level, number), digest in tree.grow(index, tree.leaf_hash(body.encode()), complete):
            complete[level, number] = digest
            if level:
                nodes.append({"level": level, "index": number, "hash": digest})
        entries.append(
            {
                "index": index,
                "kind": act.kind,
                "object_kind": act.object_kind,
                "object_id": act.object_id,
                "recorded_at": act.at,
                "body": body,
                "leaf_hash": complete[0, index],
            }
        )
    session.execute(insert(LogEntry), entries)
    if nodes:
        session.execute(insert(LogNode), nodes)
    head.size += len(acts)


def _held_head(session: Session) -> LogHead:
    head = session.get(LogHead, HEAD, with_for_update=True, populate_existing=True)
    if head is None:
        insert_once = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        session.execute(insert_once(LogHead).values(id=HEAD, size=0).on_conflict_do_nothing())
        head = session.get_one(LogHead, HEAD, with_for_update=True, populate_existing=True)
    return head


@event.listens_for(Session, "after_soft_rollback")
def _forget_rolled_back(session: Session, rolled_back: SessionTransaction) -> None:
    waiting: list[Waiting] = session.info.get(_WAITING, [])
    if not rolled_back.nested:
        waiting.clear()
    waiting[:] = [act for act in waiting if not _lies_in(act.within, rolled_back)]


def _lies_in(savepoint: SessionTransaction | None, rolled_back: SessionTransaction) -> bool:
    while savepoint is not None:
        if savepoint is rolled_back:
            return True
        savepoint = savepoint.parent
    return False
