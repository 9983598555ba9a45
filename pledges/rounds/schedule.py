"""What the worker does for rounds by itself: ask newcomers, remind, and freeze the lists of quarters that are over."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pledges.audit.operations import SYSTEM, Actor
from pledges.core.calendar import Quarter, local_day
from pledges.rounds.asking import Key
from pledges.rounds.closing import Closing
from pledges.rounds.models import Round, RoundState
from pledges.rounds.queries import rounds_in
from pledges.rounds.runs import Rounds

log = logging.getLogger("pledges.rounds")

WORK_ROUNDS = "work_rounds"
WORK_ROUNDS_SECONDS = 600.0


@dataclass(frozen=True)
class RoundWorker:
    """Safe to run at any time and by several at once: every step finds what is still to be done."""

    rounds: Rounds
    closing: Closing

    def work(self) -> None:
        """Look after every round; one that cannot be worked on does not hold up the others."""
        failed: list[Exception] = []
        for step, states in (
            (self.close_if_over, tuple(state for state in RoundState if state is not RoundState.CLOSED)),
            (self._ask_and_remind, (RoundState.RUNNING,)),
            # So that nothing pointless leaves when it is resumed.
            (self.rounds.tidy, (RoundState.PAUSED,)),
        ):
            for key in self._in_states(*states):
                self._try(step, key, failed)
        if failed:
            raise failed[0]

    def _try(self, step: Callable[[Key], object], key: Key, failed: list[Exception]) -> None:
        try:
            step(key)
        except Exception as error:
            log.exception("A round could not be worked on", extra={"round": str(key[1])})
            failed.append(error)

    def _ask_and_remind(self, key: Key) -> None:
        self.rounds.ask(key)
        self.rounds.remind(key)

    def close_if_over(self, key: Key, *, actor: Actor = SYSTEM) -> bool:
        """Freeze the lists of a round whose quarter is over; False: it is not over, or they were frozen before."""
        with self.rounds.database.read() as session:
            of_round = session.get_one(Round, key)
        if of_round.state is RoundState.CLOSED or not is_over(of_round, self.rounds.clock()):
            return False
        return self.closing.close(key, actor=actor) is not None

    def _in_states(self, *states: RoundState) -> list[Key]:
        with self.rounds.database.read() as session:
            return rounds_in(session, *states)


def is_over(of_round: Round, now: datetime) -> bool:
    """Whether the last midnight of the quarter has passed in Vietnam."""
    return local_day(now) > Quarter.parse(of_round.quarter).last_day
