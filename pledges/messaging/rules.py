"""The states of a message and the pauses between attempts."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from pledges.messaging.models import Message, MessageState

TRANSITIONS: dict[MessageState, frozenset[MessageState]] = {
    MessageState.HELD: frozenset({MessageState.QUEUED, MessageState.FAILED}),
    # Back into the line when its batch is paused.
    MessageState.QUEUED: frozenset({MessageState.HELD, MessageState.SENDING, MessageState.FAILED}),
    MessageState.SENDING: frozenset(
        {MessageState.HELD, MessageState.QUEUED, MessageState.HANDING_OVER, MessageState.FAILED}
    ),
    # Back to the queue or into the line only where it is known that the text was not taken.
    MessageState.HANDING_OVER: frozenset(
        {
            MessageState.HELD,
            MessageState.QUEUED,
            MessageState.ACCEPTED,
            MessageState.UNCERTAIN,
            MessageState.FAILED,
        }
    ),
    # A worker that was thought dead may still bring the relay's answer. Nothing leads back to the queue.
    MessageState.UNCERTAIN: frozenset({MessageState.ACCEPTED, MessageState.FAILED}),
    MessageState.ACCEPTED: frozenset(),
    MessageState.FAILED: frozenset(),
}

WITHOUT_SECRETS = frozenset({MessageState.ACCEPTED, MessageState.UNCERTAIN, MessageState.FAILED})
"""States in which nothing will be sent any more, so that codes and links are erased."""

UNDER_WAY = frozenset({MessageState.QUEUED, MessageState.SENDING, MessageState.HANDING_OVER})
"""States in which a message waits for nobody's permission any more and is not settled yet."""

GIVE_UP_AFTER = timedelta(hours=48)
MOST_TRIES = 100
"""Of one of many: as often as other mail is tried in its 48 hours. Time does not count, because it may have to stand
in line for days."""

_LONGEST_ERROR = 300

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


def why_give_up_one_of_many(when: datetime, *, attempts: int, expires_at: datetime | None) -> str | None:
    """The same for a message of a batch."""
    if expires_at is not None and when >= expires_at:
        return "expired"
    return "gave up" if attempts >= MOST_TRIES else None


def enter(message: Message, state: MessageState) -> None:
    """Move the row to `state`; what will never be sent any more loses its secrets."""
    assert state in TRANSITIONS[message.state]  # noqa: S101
    message.state = state
    message.leased_until = None
    if state in WITHOUT_SECRETS:
        message.secret_params = None


def error_line(word: str, reason: str) -> str:
    return f"{word}: {line}"[:_LONGEST_ERROR] if (line := one_line(reason)) else word


def one_line(text: str, most: int = _LONGEST_ERROR) -> str:
    """Without line breaks and control characters, and of a bounded length, whoever wrote it."""
    given = text[: 10 * most]
    return " ".join("".join(letter if letter.isprintable() else " " for letter in given).split())[:most].rstrip()
