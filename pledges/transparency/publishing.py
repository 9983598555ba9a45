"""What strangers get of the log to check by themselves: signed checkpoints, proofs, and a file for one thing.

Nothing is shown beyond the latest checkpoint: whatever is seen can be proved at once. The files are those that
`static/log/check_pledge_log.py` reads.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.core.errors import N_, DomainError
from pledges.transparency.models import Checkpoint, LogEntry
from pledges.transparency.queries import (
    consistency_proof,
    entries,
    entries_of,
    inclusion_proof,
    latest_checkpoint,
    root_at,
)

PROOF, CONSISTENCY = "pledge-log-proof/1", "pledge-log-consistency/1"
MOST_ENTRIES = 1000
"""In one answer."""


class NothingSigned(DomainError):
    """The log has no checkpoint yet, or none of this size."""

    status = 404


def published_checkpoint(session: Session, size: int | None = None) -> Checkpoint:
    """The latest one, or the one of exactly this size."""
    if size is None:
        found = latest_checkpoint(session)
    else:
        found = session.get(Checkpoint, size) if 0 <= size < 2**63 else None
    if found is None:
        raise NothingSigned(N_("Nhật ký chưa có điểm chốt nào như vậy. Điểm chốt mới nhất ở /log/checkpoint."))
    return found


def published_entries(session: Session, start: int, count: int) -> Sequence[LogEntry]:
    """From `start` on, at most so many and at most `MOST_ENTRIES`; empty behind the latest checkpoint."""
    size = published_checkpoint(session).size
    if not 0 <= start < size or count < 1:
        return ()
    return entries(session, start, min(count, MOST_ENTRIES, size - start))


def keys_of_log(session: Session) -> Sequence[str]:
    """Every key that has signed a checkpoint, the newest first. Reads all checkpoints: ask seldom."""
    newest = func.max(Checkpoint.size)
    return session.scalars(select(Checkpoint.key).group_by(Checkpoint.key).order_by(newest.desc())).all()


def entry_with_proof(session: Session, entry: LogEntry, size: int) -> dict[str, Any]:
    proof = [digest.hex() for digest in inclusion_proof(session, entry.index, size)]
    return {"index": entry.index, "body": entry.body, "proof": proof}


def proof_file(session: Session, object_id: uuid.UUID) -> dict[str, Any] | None:
    """All entries of one thing with their proofs under the latest checkpoint; None where it covers none of them."""
    checkpoint = latest_checkpoint(session)
    if checkpoint is None:
        return None
    covered = [entry for entry in entries_of(session, object_id) if entry.index < checkpoint.size]
    return _proof(session, covered, checkpoint) if covered else None


def proof_of_entry(session: Session, index: int, size: int | None) -> dict[str, Any]:
    """The same for the entry at one place, under the checkpoint of this size or the latest."""
    checkpoint = published_checkpoint(session, size)
    found = published_entries(session, index, 1)
    if not found or index >= checkpoint.size:
        raise NothingSigned(N_("Điểm chốt này chưa có mục số %(number)s."), number=index)
    return _proof(session, found, checkpoint)


def _proof(session: Session, found: Sequence[LogEntry], checkpoint: Checkpoint) -> dict[str, Any]:
    return {
        "format": PROOF,
        "log_key": checkpoint.key,
        "checkpoint": checkpoint.note,
        "entries": [entry_with_proof(session, entry, checkpoint.size) for entry in found],
    }


def consistency_file(session: Session, old: int, new: int | None) -> dict[str, Any]:
    """Proof that the log of `old` entries is the beginning of that of a checkpoint, the latest unless named."""
    checkpoint = published_checkpoint(session, new)
    if not 0 < old <= checkpoint.size:
        raise DomainError(N_("“old” phải là số mục từ 1 đến %(most)s."), field="old", most=checkpoint.size)
    return {
        "format": CONSISTENCY,
        "log_key": checkpoint.key,
        "old": {"size": old, "root": root_at(session, old).hex()},
        "checkpoint": checkpoint.note,
        "proof": [digest.hex() for digest in consistency_proof(session, old, checkpoint.size)],
    }
