"""The states of a message and the pauses between attempts."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from pledges.messaging.models import MessageState

TRANSITIONS: dict[MessageState, frozenset[MessageState]] = {
    MessageState.QUEUED: frozenset({MessageState.SENDING, MessageState.FAILED}),
    MessageState.SENDING: frozenset({MessageState.QUEUED, MessageState.HANDING_OVER, MessageState.FAILED}),
    # Back to the queue only where it is known that the text was not taken.
    MessageState.HANDING_OVER: frozenset(
        {MessageState.QUEUED, MessageState.ACCEPTED, MessageState.UNCERTAIN, MessageState.FAILED}
    ),
    # A worker that was thought dead may still bring the relay's answer. Nothing leads back to the queue.
    MessageState.UNCERTAIN: frozenset({MessageState.ACCEPTED, MessageState.FAILED}),
    MessageState.ACCEPTED: frozenset(),
    MessageState.FAILED: frozenset(),
}

WITHOUT_SECRETS = frozenset({MessageState.ACCEPTED, MessageState.UNCERTAIN, MessageState.FAILED})
"""States in which nothing will be sent any more, so that codes and links are erased."""

GIVE_UP_AFTER = timedelta(hours=48)

_PAUSES = (5, 15, 30, 60, 120, 240, 480, 900, 1800)
"""Seconds. The first ones are short: a code is waited for and lives ten minutes."""


def pause_after(attempts: int, message_id: uuid.UUID) -> timedelta:
    """How long to wait after that many attempts; up to a fifth longer, so that not all mail returns at once."""
    pause = _PAUSES[min(attempts, len(_PAUSES)) - 1]
    return timedelta(seconds=pause * (1 + message_id.int % 1000 / 5000))


def why_give_up(when: datetime, *, created_at: datetime, expires_at: datetime | None) -> str | None:
    """Why an attempt at `when` would be pointless: `expired` or `gave up`; None: it is worth while."""
    if expires_at is not None and when >= expires_at:
        return "expired"
    return "gave up" if when >= created_at + GIVE_UP_AFTER else None
