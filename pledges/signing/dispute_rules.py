"""Between which states a dispute moves, and how much may be sent: without a database."""

from __future__ import annotations

from pledges.signing.dispute_models import DisputeState

LONGEST_QUESTION = 1000
LONGEST_ANSWER = 2000
MOST_PAPERS = 3

S = DisputeState

OPEN = frozenset({S.OPEN, S.ASKED})

TRANSITIONS: dict[DisputeState, frozenset[DisputeState]] = {
    S.OPEN: frozenset({S.ASKED, S.DECIDED, S.LAPSED}),
    S.ASKED: frozenset({S.OPEN, S.DECIDED, S.LAPSED}),
    S.DECIDED: frozenset({S.OPEN}),
    S.LAPSED: frozenset(),
}
"""`docs/disputes.md` says the same in words. From `ASKED` back to `OPEN`: everybody who was asked has answered."""


def states_before(after: DisputeState) -> frozenset[DisputeState]:
    return frozenset(state for state, following in TRANSITIONS.items() if after in following)
