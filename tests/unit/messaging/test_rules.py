"""The state table of a message and the pauses between attempts."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from pledges.messaging.models import MessageState
from pledges.messaging.rules import TRANSITIONS, WITHOUT_SECRETS, pause_after, why_give_up

TABLE = """
              held queued sending handing_over accepted uncertain failed
held           -     x      -         -           -         -       x
queued         x     -      x         -           -         -       x
sending        x     x      -         x           -         -       x
handing_over   x     x      -         -           x         x       x
accepted       -     -      -         -           -         -       -
uncertain      -     -      -         -           x         -       x
failed         -     -      -         -           -         -       -
"""


def _rows() -> list[tuple[str, str, bool]]:
    heads, *lines = (line.split() for line in TABLE.strip().splitlines())
    return [(line[0], end, mark == "x") for line in lines for end, mark in zip(heads, line[1:], strict=True)]


@pytest.mark.parametrize(("start", "end", "allowed"), _rows())
def test_transitions(start: str, end: str, allowed: bool) -> None:
    assert (MessageState(end) in TRANSITIONS[MessageState(start)]) is allowed


def test_the_table_knows_every_state() -> None:
    assert {start for start, _, _ in _rows()} == {state.value for state in MessageState} == set(TRANSITIONS)


def test_nothing_without_secrets_is_ever_sent_again() -> None:
    for state in WITHOUT_SECRETS:
        assert TRANSITIONS[state] <= WITHOUT_SECRETS


def test_pauses_grow_from_seconds_to_half_an_hour_and_are_spread() -> None:
    ids = [uuid.UUID(int=number) for number in range(0, 1000, 100)]
    for attempts, seconds in ((1, 5), (2, 15), (6, 240), (9, 1800), (40, 1800)):
        pauses = {pause_after(attempts, each).total_seconds() for each in ids}
        assert len(pauses) == 10
        assert min(pauses) == seconds
        assert max(pauses) < seconds * 1.2


def test_a_code_gets_several_attempts_within_its_ten_minutes() -> None:
    passed, attempts = timedelta(), 1
    while (passed := passed + pause_after(attempts, uuid.UUID(int=999))) < timedelta(minutes=10):
        attempts += 1
    assert attempts >= 6


@pytest.mark.parametrize(
    ("hours", "expires_after", "why"),
    [
        (47.9, None, None),
        (48, None, "gave up"),
        (0.1, 0.2, None),
        (0.2, 0.2, "expired"),
        (49, 100, "gave up"),
        (49, 1, "expired"),
    ],
)
def test_giving_up(hours: float, expires_after: float | None, why: str | None) -> None:
    start = datetime(2026, 11, 20, tzinfo=UTC)
    expires_at = None if expires_after is None else start + timedelta(hours=expires_after)
    assert why_give_up(start + timedelta(hours=hours), created_at=start, expires_at=expires_at) == why
