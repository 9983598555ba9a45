"""How long, how often and between which states: requests to move a file to another address, without a database."""

from __future__ import annotations

from datetime import timedelta

from pledges.signing.address_models import ChangeState

WORKING_DAYS = 3
"""For the old mailbox to object: forged papers must not be faster than somebody who reads their mail."""

ASKED_A_DAY_FROM_ONE_NETWORK = 10
ASKED_A_DAY_ABOUT_ONE_FILE = 3
UPLOADS_AN_HOUR_FROM_ONE_NETWORK = 20
MOST_FILES = 3
LONGEST_REASON = 1000
LONGEST_NOTE = 1000
DAY, HOUR = timedelta(days=1), timedelta(hours=1)

OPEN = frozenset({ChangeState.WAITING, ChangeState.GRANTED})

S = ChangeState

TRANSITIONS: dict[ChangeState, frozenset[ChangeState]] = {
    S.WAITING: frozenset({S.GRANTED, S.REFUSED, S.STOPPED}),
    S.GRANTED: frozenset({S.DONE, S.STOPPED, S.WAITING, S.REFUSED}),
    S.DONE: frozenset({S.WAITING}),
    S.REFUSED: frozenset({S.WAITING}),
    S.STOPPED: frozenset(),
}
"""Taking a decision back always leads to `WAITING`. What the old mailbox has stopped stays stopped: whoever still
cannot reach it asks anew, and says so in person. From `GRANTED` to `REFUSED`: another request about the same file has
taken effect meanwhile."""


def states_before(after: ChangeState) -> frozenset[ChangeState]:
    return frozenset(state for state, following in TRANSITIONS.items() if after in following)
