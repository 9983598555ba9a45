"""Reminding units of the reports that they owe, some days before the last one that is in time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.core.calendar import VIETNAM, Clock, local_day
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.duties.calendar import UNSENT, Due, Standing, dues
from pledges.duties.letters import due_key, tell_of_due
from pledges.duties.periods import REMINDERS
from pledges.duties.unit_queries import staffed, units_by_code
from pledges.messaging.models import Message
from pledges.plans.queries import provinces_in_use

REMIND_TASK = "remind_of_reports"
REMIND_SECONDS = 1800.0
BEGINS = time(7, 0)
_WANTED = (UNSENT - {Standing.LATE}) | {Standing.RETURNED}
"""Whoever was late needs no letter that the day is coming."""
CHUNK = 100
"""Letters in one transaction."""
_FARTHEST = timedelta(days=max(step for steps in REMINDERS.values() for step in steps))


@dataclass(frozen=True)
class Reminder:
    due: Due
    step: int
    person: Staff


class Reminders:
    """`remind` is a task that is started every half hour; each person gets each step of a report once."""

    def __init__(self, database: Database, clock: Clock, vault: Vault, public_url: str) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._public_url = public_url

    def remind(self) -> None:
        now = self._clock()
        if now < datetime.combine(local_day(now), BEGINS, tzinfo=VIETNAM):
            return
        with self._database.read() as session:
            provinces = [province.code for province in provinces_in_use(session)]
        for province_code in provinces:
            while self._database.run(partial(self._chunk, province_code=province_code, now=now)) == CHUNK:
                pass

    def _chunk(self, session: Session, province_code: str, now: datetime) -> int:
        """Who has reported by now gets nothing; how many letters."""
        today = local_day(now)
        found = reminders(session, province_code, today)[:CHUNK]
        names = {code: unit.name for code, unit in units_by_code(session, province_code).items()} if found else {}
        for each in found:
            recipients = [names[code] for code in each.due.duty.recipients if code in names]
            tell_of_due(
                session,
                each.due,
                each.step,
                each.person,
                recipients,
                today=today,
                now=now,
                vault=self._vault,
                public_url=self._public_url,
            )
        return len(found)


def step_of(due: Due, today: date) -> int | None:
    """The nearest step that has come: days that nobody worked are caught up by one letter, never by several."""
    if due.standing(today) not in _WANTED:
        return None
    left = (due.last_day - today).days
    come = [step for step in REMINDERS[due.duty.follow_as] if left <= step]
    return min(come) if come and left >= 0 else None


def reminders(session: Session, province_code: str, today: date) -> list[Reminder]:
    """Who is to be reminded of what today, and has not been."""
    soon = dues(session, province_code, today, first=today, last=today + _FARTHEST)
    steps = [(due, step) for due in soon if due.duty.ended_on is None and (step := step_of(due, today)) is not None]
    units = {due.unit.code: due.unit for due, _step in steps}
    people = {one.unit.code: one.reporters for one in staffed(session, province_code, list(units.values()))}
    found = [Reminder(due, step, person) for due, step in steps for person in people[due.unit.code]]
    told = _told(session, province_code, [due_key(each.due, each.step, each.person) for each in found])
    return [each for each in found if due_key(each.due, each.step, each.person) not in told]


def _told(session: Session, province_code: str, keys: Sequence[str]) -> set[str]:
    return {
        key
        for some in _chunks(keys)
        for key in session.scalars(
            select(Message.dedupe_key).where(Message.province_code == province_code, Message.dedupe_key.in_(some))
        )
    }


def _chunks(keys: Sequence[str], size: int = 400) -> Iterator[Sequence[str]]:
    for first in range(0, len(keys), size):
        yield keys[first : first + size]
