"""How it was tried to reach the subjects of obligations: one text for each, gathered from the attempts or kept there.

Per attempt `1|way|day|outcome|note`, joined by blanks, of an ask without attempts only the first; `1` says that it was
a mail, days are counted since 2000.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Select,
    String,
    and_,
    case,
    cast,
    func,
    literal,
    select,
    type_coerce,
    update,
)
from sqlalchemy.orm import Session

from pledges.core.calendar import VIETNAM, local_day
from pledges.registry.models import Obligation
from pledges.rounds.list_rows import Column, Unreached, WayDay
from pledges.rounds.models import AskedObligation, Attempt, Outcome, Way
from pledges.rounds.rules import taken_back_step

AT_ONCE = 500
"""Asks: a list of ids is bounded on both engines."""

TAKEN_BACK = taken_back_step("")
_TAKEN_BACK, _LATER = "taken_back", "later"
"""Outcomes of our own: recorded by mistake; known only after the day of the list."""

_IN_VAIN = {"bounced": Unreached.BOUNCED, "failed": Unreached.REFUSED, "": Unreached.BOUNCED}
"""What the note of a mail that did not arrive means, where some relay was asked to take it."""

_EPOCH = date(2000, 1, 1)


def keep_tried(session: Session, province_code: str, ask_ids: Collection[uuid.UUID]) -> None:
    """Write anew what is kept with the obligations of these asks; call it after every change of their attempts."""
    session.flush()
    ids = sorted(set(ask_ids))
    for start in range(0, len(ids), AT_ONCE):
        about = select(AskedObligation.obligation_id).where(
            AskedObligation.province_code == province_code, AskedObligation.ask_id.in_(ids[start : start + AT_ONCE])
        )
        mine = and_(Obligation.province_code == province_code, Obligation.id.in_(about))
        # Locked first: what somebody else has just changed is seen by the next statement only.
        session.execute(select(Obligation.id).where(mine).order_by(Obligation.id).with_for_update())
        whose, told = gathered_tried(session, province_code).selected_columns
        text = gathered_tried(session, province_code).with_only_columns(told).where(whose == Obligation.id)
        session.execute(
            update(Obligation)
            .where(mine)
            .values(tried=func.coalesce(text.scalar_subquery(), ""))
            .execution_options(synchronize_session=False)
        )


def gathered_tried(session: Session, province_code: str, until: datetime | None = None) -> Select[Any]:
    """Obligation and text, to be grouped by the first; `until`: only what was recorded before that moment."""
    how = _Gathering(session.get_bind().dialect.name == "postgresql", until)
    # What was tried before something came up was not about it (`marking.told_by`).
    tried: list[ColumnElement[bool]] = [
        case(
            (Attempt.way == Way.MAIL, Attempt.recorded_at >= AskedObligation.asked_at),
            else_=Attempt.made_on >= how.local_day(AskedObligation.asked_at),
        )
    ]
    asked: list[ColumnElement[bool]] = []
    if until is not None:
        asked.append(AskedObligation.asked_at < until)
        tried.append(Attempt.recorded_at < until)
    # Whoever had an address was written to when the ask was made: which one the ask names may have changed since.
    told = case((Attempt.way == Way.MAIL, "1"), else_="0") + func.coalesce(how.attempt(), "")
    columns: list[Any] = [AskedObligation.obligation_id, func.aggregate_strings(told, " ").label("attempts")]
    return (
        select(*columns)
        .outerjoin(
            Attempt,
            and_(Attempt.province_code == province_code, Attempt.ask_id == AskedObligation.ask_id, *tried),
        )
        .where(AskedObligation.province_code == province_code, *asked)
    )


@dataclass(frozen=True)
class _Gathering:
    on_postgresql: bool
    until: datetime | None

    def attempt(self) -> ColumnElement[str]:
        outcome: ColumnElement[Any] = case(
            (Attempt.step.startswith(TAKEN_BACK), _TAKEN_BACK), else_=type_coerce(Attempt.outcome, String())
        )
        if self.until is not None:
            outcome = case((Attempt.settled_at >= self.until, _LATER), else_=outcome)
        day = cast(self._days(self._day()), String)
        # What the system notes of a mail is a word; what people note of letters and calls is their text: it stays out.
        note = case((and_(Attempt.way == Way.MAIL, Attempt.outcome == Outcome.NOT_REACHED), Attempt.note), else_="")
        return "|" + type_coerce(Attempt.way, String()) + "|" + day + "|" + outcome + "|" + note

    def _day(self) -> Column:
        """A mail bears the day on which it arrived; one that was in line then, the day on which it was written."""
        if self.until is None:
            return Attempt.made_on
        written = self.local_day(Attempt.recorded_at)
        return case((Attempt.made_on >= local_day(self.until), written), else_=Attempt.made_on)

    def local_day(self, moment: Column) -> ColumnElement[Any]:
        if self.on_postgresql:
            return cast(func.timezone(VIETNAM.key, moment), Date)
        return func.date(moment, "+7 hours")

    def _days(self, day: Column) -> ColumnElement[Any]:
        """A number is written several times faster than a date."""
        if self.on_postgresql:
            return day - literal(_EPOCH)
        return cast(func.julianday(day) - func.julianday(_EPOCH.isoformat()), Integer)


# --- Reading it ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tried:
    ways: tuple[WayDay, ...]
    why: Unreached | None
    """None: it was never asked; why not is another question."""


def read_tried(text: str) -> Tried:
    asks = [each.split("|") for each in text.split()]
    attempts = [each[1:] for each in asks if len(each) > 1]
    made = [each for each in attempts if each[2] != _TAKEN_BACK and not _never_left(each)]
    ways = sorted({(_EPOCH + timedelta(days=int(day)), way) for way, day, _outcome, _note in made})
    return Tried(tuple((way, day) for day, way in ways), _why(asks, made))


def _never_left(attempt: list[str]) -> bool:
    """A mail that was called off before any relay had it: nobody was written to."""
    way, _day, outcome, note = attempt
    return way == Way.MAIL and outcome == Outcome.NOT_REACHED and note not in _IN_VAIN


def _why(asks: list[list[str]], made: list[list[str]]) -> Unreached | None:
    """The reason that tells an officer most: what came back, then what is open, then letters and calls in vain."""
    mails = [(outcome, _IN_VAIN.get(note)) for way, _day, outcome, note in made if way == Way.MAIL]
    in_vain = [why for outcome, why in mails if outcome == Outcome.NOT_REACHED and why is not None]
    if in_vain:
        return Unreached.BOUNCED if Unreached.BOUNCED in in_vain else Unreached.REFUSED
    if any(outcome == Outcome.UNCERTAIN for outcome, _why in mails):
        return Unreached.UNCERTAIN
    if mails:
        return Unreached.ON_ITS_WAY
    if made:
        return Unreached.NOT_MET
    return Unreached.NO_CONTACT if asks and all(ask[0] == "0" for ask in asks) else None
