"""Counting what this request was refused, for the auditor."""

from __future__ import annotations

import threading
import uuid
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from pledges.accounts.models import AgencyKey, Staff
from pledges.accounts.refusals import Reason, count_refusal
from pledges.core.db import Database
from pledges.web.current import now, product
from pledges.web.degraded import write_if_room
from pledges.web.network import network

GATHERED = frozenset({Reason.ACTION, Reason.KEY})
"""Nothing was written before these were refused: whoever repeats them as fast as they can must not make us write."""
PAUSE = timedelta(seconds=10)
MOST_REMEMBERED = 1_000

Key = tuple[Reason, uuid.UUID | None]

_lock = threading.Lock()
_waiting: WeakKeyDictionary[Database, dict[Key, tuple[datetime, int]]] = WeakKeyDictionary()
"""When each was last written, and how many have come since."""


def note_refusal(reason: Reason, whose: Staff | AgencyKey | None) -> None:
    """Also for pages that are only read: like the time of the last use, it is a note about the asking."""
    at = now()
    uses = _due(reason, whose, at) if reason in GATHERED else 1
    if uses:
        network_hash = product().vault.keyed_hash("network", network())
        write_if_room(
            lambda session: count_refusal(session, reason, whose, network_hash=network_hash, now=at, uses=uses)
        )


def _due(reason: Reason, whose: Staff | AgencyKey | None, at: datetime) -> int:
    """How many to write now; 0 within the pause. What comes after the last writing of a process is not counted."""
    key = (reason, whose.id if whose is not None else None)
    with _lock:
        mine = _waiting.setdefault(product().database, {})
        if len(mine) >= MOST_REMEMBERED:
            mine.clear()
        written, count = mine.get(key, (at - PAUSE, 0))
        if abs(at - written) < PAUSE:
            mine[key] = (written, count + 1)
            return 0
        mine[key] = (at, 0)
        return count + 1
