"""Signing how long the log is and with which root. Only the worker does it, and only forwards."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.core.db import Database
from pledges.transparency import notes, tree
from pledges.transparency.keys import LogKey
from pledges.transparency.models import Checkpoint, LogEntry, LogHead
from pledges.transparency.operations import HEAD
from pledges.transparency.queries import consistency_proof, latest_checkpoint, root_at, size

LEAST_PAUSE = timedelta(minutes=3)
"""Whoever watches the log gets no more than this; an entry waits that long at most for its checkpoint."""


class LogDamaged(Exception):
    """What is stored contradicts itself; `ops audit` names every place."""


def sign_checkpoint(session: Session, key: LogKey, now: datetime) -> Checkpoint | None:
    """A new checkpoint over all there is; None where nothing was added, or the last one is too young.

    Never one that is older or smaller than the last: after the clock was set back nothing is signed until it has
    caught up, and a log that has become shorter is not signed at all.
    """
    # One at a time: who holds the head sees the newest checkpoint, and nobody appends meanwhile.
    session.get(LogHead, HEAD, with_for_update=True, populate_existing=True)
    last, entries = latest_checkpoint(session), size(session)
    if entries == 0 or (last is not None and (entries <= last.size or now < last.made_at + LEAST_PAUSE)):
        return None
    private, root = key.read(), _sound_root(session, last, entries)
    text = notes.checkpoint_text(notes.Told(key.origin, entries, root))
    made = Checkpoint(
        size=entries,
        root=root,
        note=notes.sign(text, key.origin, private),
        key=notes.verifier_key(key.origin, private.public_key().public_bytes_raw()),
        made_at=now,
    )
    session.add(made)
    session.flush()
    return made


def _sound_root(session: Session, last: Checkpoint | None, entries: int) -> bytes:
    """The root of today, or `LogDamaged`: nothing is signed that does not continue what was signed before."""
    root, old = root_at(session, entries), last.size if last is not None else 0
    for each in session.scalars(select(LogEntry).where(LogEntry.index >= old).execution_options(yield_per=1000)):
        if tree.leaf_hash(each.body.encode()) != each.leaf_hash:
            raise LogDamaged(f"entry {each.index} is not what it was when it was appended")
    if last is not None:
        proof = consistency_proof(session, old, entries)
        if not tree.verify_consistency(old, entries, proof, last.root, root):
            raise LogDamaged(f"the log does not continue that of the checkpoint over {old} entries")
    return root


def sign_if_due(database: Database, key: LogKey, now: datetime) -> Checkpoint | None:
    """The task of the worker. It looks first, so that an idle log costs no lock."""
    with database.read() as session:
        last, entries = latest_checkpoint(session), size(session)
    if entries == 0 or (last is not None and entries <= last.size):
        return None
    return database.run(lambda session: sign_checkpoint(session, key, now))


def unsigned_since(session: Session) -> datetime | None:
    """Since when the oldest entry waits for its checkpoint; None where none waits."""
    last = latest_checkpoint(session)
    return session.scalar(select(LogEntry.recorded_at).where(LogEntry.index == (last.size if last is not None else 0)))


def has_shrunk(session: Session) -> bool:
    """Whether a checkpoint speaks of more entries than there are: they were deleted, or an old copy was put back."""
    last = latest_checkpoint(session)
    return last is not None and last.size > size(session)
