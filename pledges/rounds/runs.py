"""One run of a round by the worker or a command: everything that is to be done now, a chunk per transaction.

It can be broken off anywhere and run again, by several at once: each chunk finds what is still to be done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from sqlalchemy.orm import Session

from pledges.core.calendar import Clock, Quarter, local_day
from pledges.core.crashpoints import crash_point
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.plans.models import ObligationEntry
from pledges.rounds.asking import CHUNK, PASS, Asked, Key, ask_chunk, who_is_next
from pledges.rounds.candidates import preview
from pledges.rounds.models import Round, RoundState
from pledges.rounds.population import entries_led
from pledges.rounds.reminding import again_chunk, remind_chunk, reminders_due, unreached
from pledges.rounds.rules import is_time_for
from pledges.rounds.tidying import cancel_pointless
from pledges.signing.periods import end_periods

T = TypeVar("T")


@dataclass(frozen=True)
class Rounds:
    """What a run needs besides the rows."""

    database: Database
    clock: Clock
    vault: Vault
    public_url: str
    chunk: int = CHUNK

    def ask(self, key: Key) -> Asked:
        """Ask everybody who has not been asked; newcomers and those who have something more to sign among them."""
        self._end_periods(key)
        self.tidy(key)
        asked = self._in_chunks(
            key, lambda session, of_round: who_is_next(session, of_round, now=self.clock()), ask_chunk
        )
        return asked + self._in_chunks(key, unreached, again_chunk)

    def remind(self, key: Key) -> Asked:
        """Remind whose step is due, after what has become pointless has been taken out of the line."""
        self.tidy(key)
        return self._in_chunks(
            key, lambda session, of_round: reminders_due(session, of_round, now=self.clock()), remind_chunk
        )

    def tidy(self, key: Key) -> int:
        """Cancel what waits in line and has become pointless; how many."""
        total = 0
        while done := self.database.run(partial(cancel_pointless, key=key, now=self.clock())):
            total += done
        return total

    def _in_chunks(self, key: Key, find: Callable[[Session, Round], Sequence[T]], do: Callable[..., Asked]) -> Asked:
        total = Asked()
        while True:
            with self.database.read() as session:
                of_round = session.get_one(Round, key)
                found = find(session, of_round) if self._is_on(of_round) else []
            done = Asked()
            for start in range(0, len(found), self.chunk):
                work = partial(
                    do,
                    key=key,
                    vault=self.vault,
                    public_url=self.public_url,
                    chunk=self.chunk,
                    only=found[start : start + self.chunk],
                )
                done += self.database.run(lambda session, work=work: work(session, now=self.clock()))  # type: ignore[misc]
                crash_point("round.after_chunk")
            total += done
            if len(found) < PASS or done.nothing:
                return total

    def _is_on(self, of_round: Round) -> bool:
        today = local_day(self.clock())
        return of_round.state is RoundState.RUNNING and is_time_for(Quarter.parse(of_round.quarter), today)

    def _end_periods(self, key: Key) -> None:
        """Where a clause makes everybody sign each quarter, what was signed for an earlier one has run out."""
        with self.database.read() as session:
            of_round = session.get_one(Round, key)
            if not self._is_on(of_round):
                return
            today = local_day(self.clock())
            led = entries_led(session, of_round.province_code, of_round.agency_code, today).by_id.values()
        for entry in led:
            while entry.resign and self._end_some(entry, Quarter.parse(of_round.quarter)):
                crash_point("round.after_periods")

    def _end_some(self, entry: ObligationEntry, quarter: Quarter) -> int:
        return self.database.run(
            lambda session: end_periods(session, entry.province_code, entry, quarter, now=self.clock())
        )


@dataclass(frozen=True)
class DryRun:
    """What a run would do now."""

    entities: int
    messages: int
    without_contact: int
    reminders: int


def dry_run(session: Session, of_round: Round, *, now: datetime) -> DryRun:
    """As if the round were running."""
    seen = preview(session, of_round, now=now)
    reminders = len(reminders_due(session, of_round, now=now))
    return DryRun(seen.entities, seen.by_mail, seen.without_contact, reminders)
