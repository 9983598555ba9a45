"""Reading the log: entries, checkpoints and proofs, each in as many steps as the tree is high."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from pledges.transparency import tree
from pledges.transparency.models import Checkpoint, LogEntry, LogNode


def size(session: Session) -> int:
    """How many entries there are."""
    last = session.scalar(select(func.max(LogEntry.index)))
    return 0 if last is None else last + 1


def entry(session: Session, index: int) -> LogEntry | None:
    return session.get(LogEntry, index)


def entries(session: Session, start: int, count: int) -> Sequence[LogEntry]:
    return session.scalars(select(LogEntry).where(LogEntry.index >= start).order_by(LogEntry.index).limit(count)).all()


def entries_of(session: Session, object_id: uuid.UUID) -> Sequence[LogEntry]:
    """What the log says of one pledge or round, the oldest first."""
    return session.scalars(select(LogEntry).where(LogEntry.object_id == object_id).order_by(LogEntry.index)).all()


def latest_checkpoint(session: Session) -> Checkpoint | None:
    return session.scalar(select(Checkpoint).order_by(Checkpoint.size.desc()).limit(1))


def checkpoint_at_least(session: Session, size: int) -> Checkpoint | None:
    """The first one that speaks of so many entries; None while it is not signed yet."""
    return session.scalar(select(Checkpoint).where(Checkpoint.size >= size).order_by(Checkpoint.size).limit(1))


def hashes_at(session: Session, places: set[tree.Place]) -> dict[tree.Place, bytes]:
    """The stored hashes of complete subtrees; a place that is missing is missing in the answer."""
    leaves = [number for level, number in places if level == 0]
    found: dict[tree.Place, bytes] = {}
    if leaves:
        rows = session.execute(select(LogEntry.index, LogEntry.leaf_hash).where(LogEntry.index.in_(leaves)))
        found = {(0, index): digest for index, digest in rows}
    by_level: dict[int, list[int]] = {}
    for level, number in places:
        if level:
            by_level.setdefault(level, []).append(number)
    if by_level:
        # Level by level: a list of pairs would make SQLite read the whole table.
        wanted = [and_(LogNode.level == level, LogNode.index.in_(numbers)) for level, numbers in by_level.items()]
        nodes = session.execute(select(LogNode.level, LogNode.index, LogNode.hash).where(or_(*wanted)))
        found |= {(level, number): digest for level, number, digest in nodes}
    return found


def root_at(session: Session, size: int) -> bytes:
    """The root that the log had when it was so long."""
    return tree.hash_of_part(0, size, hashes_at(session, set(tree.complete_subtrees(0, size))))


def inclusion_proof(session: Session, index: int, size: int) -> list[bytes]:
    """What proves to a stranger that the entry stands in the log of this size; ValueError where it does not."""
    return _hashes(session, tree.inclusion_parts(index, size))


def consistency_proof(session: Session, old: int, new: int) -> list[bytes]:
    """What proves that the log has only grown between these two sizes; ValueError where the order is wrong."""
    return _hashes(session, tree.consistency_parts(old, new))


def _hashes(session: Session, parts: Sequence[tuple[int, int]]) -> list[bytes]:
    known = hashes_at(session, tree.places_of(parts))
    return [tree.hash_of_part(start, end, known) for start, end in parts]
