"""What stands on a line beside its group: name and types of the subject, how it was tried to reach it, why in vain.

The database gathers it for each row while it sends the rows, so that a list of a million needs neither a second pass
nor memory; what many lines have in common is read once.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
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
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session

from pledges.core.calendar import VIETNAM, local_day
from pledges.plans.models import Instrument, ObligationEntry
from pledges.registry.models import Channel, Entity, EntityKind, EntityType, Obligation, Sighting
from pledges.rounds.list_models import Group
from pledges.rounds.list_rows import Column, Entries, ListRow, Unreached, WayDay
from pledges.rounds.models import AgencyDocument, AskedObligation, Attempt, LeftOut, Outcome, Way
from pledges.rounds.rules import taken_back_step

_PERSONAL_NUMBER_DIGITS = 12


TAKEN_BACK = taken_back_step("")
_TAKEN_BACK, _LATER = "taken_back", "later"
"""Outcomes of our own: recorded by mistake; known only after the day of the list."""

_IN_VAIN = {"bounced": Unreached.BOUNCED, "failed": Unreached.REFUSED, "": Unreached.BOUNCED}
"""What the note of a mail that did not arrive means, where some relay was asked to take it."""

_EPOCH = date(2000, 1, 1)

RawRow = Sequence[Any]
"""Number of the part, entry, obligation, entity, commune, days of asking and of turning, then the columns gathered."""


@dataclass(frozen=True)
class Gathered:
    """The columns behind those seven, and what has to be joined for them."""

    columns: list[Any]
    joins: list[tuple[Any, ColumnElement[bool]]]

    def joined(self, statement: Select[Any]) -> Select[Any]:
        for source, on in self.joins:
            statement = statement.outerjoin(source, on)
        return statement


@dataclass(frozen=True)
class Gathering:
    """How to gather: row by row for a page, or once for everybody and joined for a whole list.

    `until`: only what was recorded before that moment; None: all.
    """

    session: Session
    province_code: str
    until: datetime | None
    whole: bool
    listed: Select[Any] | None = None
    """The ids of the obligations that stand in a whole list: nothing is gathered of the others."""

    def beside(self, entity_id: Column, obligation_id: Column) -> Gathered:
        """For a statement that joins `Obligation`, `Entity` and `Channel`."""
        joins: list[tuple[Any, ColumnElement[bool]]] = []
        seen = func.coalesce(Channel.first_seen_on, self._one(self._first_seen(), entity_id, joins))
        enterprise = and_(
            Entity.kind == EntityKind.ORGANISATION, func.length(Entity.tax_code) != _PERSONAL_NUMBER_DIGITS
        )
        columns = [
            type_coerce(Obligation.cohort, String()),
            Entity.name,
            case((enterprise, Entity.tax_code), else_=""),
            Channel.address,
            seen,
            case((seen.is_(None), Obligation.opened_at)),
            self._one(self._types(), entity_id, joins),
            self._one(self._attempts(), obligation_id, joins),
        ]
        return Gathered(columns, joins)

    def _one(self, several: Select[Any], of: Column, joins: list[tuple[Any, ColumnElement[bool]]]) -> Any:
        """The second column of a selection whose first says whose it is, for the row of `of`."""
        whose, told = several.selected_columns
        if not self.whole:
            return several.with_only_columns(told).where(whose == of).scalar_subquery()
        everybody = several.group_by(whose).subquery()
        mine, value = everybody.c
        joins.append((everybody, mine == of))
        return value

    def _first_seen(self) -> Select[Any]:
        recorded = [Sighting.recorded_at < self.until] if self.until is not None else []
        columns: list[Any] = [Sighting.entity_id, func.min(Sighting.seen_on).label("seen_on")]
        return select(*columns).where(Sighting.province_code == self.province_code, *recorded)

    def _types(self) -> Select[Any]:
        columns: list[Any] = [EntityType.entity_id, func.aggregate_strings(EntityType.subject_type, " ").label("types")]
        return select(*columns).where(EntityType.province_code == self.province_code)

    def _attempts(self) -> Select[Any]:
        """Per attempt `mail|way|day|outcome|note`, joined by blanks; of an ask without attempts only the first."""
        # What was tried before something came up was not about it (`marking.told_by`).
        tried: list[ColumnElement[bool]] = [
            case(
                (Attempt.way == Way.MAIL, Attempt.recorded_at >= AskedObligation.asked_at),
                else_=Attempt.made_on >= self._local_day(AskedObligation.asked_at),
            )
        ]
        asked: list[ColumnElement[bool]] = []
        if self.listed is not None:
            asked.append(AskedObligation.obligation_id.in_(self.listed))
        if self.until is not None:
            asked.append(AskedObligation.asked_at < self.until)
            tried.append(Attempt.recorded_at < self.until)
        # Whoever had an address was written to when the ask was made: which one the ask names may have changed since.
        told = case((Attempt.way == Way.MAIL, "1"), else_="0") + func.coalesce(self._attempt(), "")
        columns: list[Any] = [AskedObligation.obligation_id, func.aggregate_strings(told, " ").label("attempts")]
        return (
            select(*columns)
            .outerjoin(
                Attempt,
                and_(Attempt.province_code == self.province_code, Attempt.ask_id == AskedObligation.ask_id, *tried),
            )
            .where(AskedObligation.province_code == self.province_code, *asked)
        )

    def _attempt(self) -> ColumnElement[str]:
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
        written = self._local_day(Attempt.recorded_at)
        return case((Attempt.made_on >= local_day(self.until), written), else_=Attempt.made_on)

    def _local_day(self, moment: Column) -> ColumnElement[Any]:
        if self.session.get_bind().dialect.name == "postgresql":
            return cast(func.timezone(VIETNAM.key, moment), Date)
        return func.date(moment, "+7 hours")

    def _days(self, day: Column) -> ColumnElement[Any]:
        """Days since `_EPOCH`: a number is written several times faster than a date."""
        if self.session.get_bind().dialect.name == "postgresql":
            return day - literal(_EPOCH)
        return cast(func.julianday(day) - func.julianday(_EPOCH.isoformat()), Integer)


# --- Reading it ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Tried:
    ways: tuple[WayDay, ...]
    why: Unreached | None
    """None: it was never asked; why not is another question."""


@dataclass
class Reader:
    """Makes lines of raw rows. What stands in thousands of them (types, attempts) is taken apart once."""

    session: Session
    province_code: str
    entries: Entries
    parts: Sequence[Group]
    """What the numbers of parts in the rows mean."""
    until: datetime | None
    _known_types: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    _known_attempts: dict[str, _Tried] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._without_document = _without_document(self.session, self.province_code, self.until)
        self._some_left_out = bool(_left_out(self.session, self.province_code, None, self.until))

    def lines(self, rows: Iterable[RawRow]) -> list[ListRow]:
        clauses, parts = self.entries.clauses, self.parts
        lines: list[ListRow] = []
        not_asked: list[int] = []
        for part, entry, obligation, entity, commune, asked_on, turns_on, *gathered in rows:
            cohort, name, tax_code, channel, seen, opened_at, types, attempts = gathered
            tried = self._tried(attempts or "")
            group, why = parts[part], None
            if group is Group.UNREACHABLE:
                why = tried.why
                if why is None:
                    not_asked.append(len(lines))
                    why = Unreached.NO_DOCUMENT if entry in self._without_document else Unreached.NOT_ASKED
            lines.append(
                ListRow(
                    group,
                    entry,
                    clauses[entry],
                    obligation,
                    entity,
                    commune,
                    self.types(entry, types if entity is not None else None),
                    cohort or "",
                    asked_on,
                    turns_on,
                    tried.ways,
                    why,
                    name or "",
                    tax_code or "",
                    channel or "",
                    seen if opened_at is None else local_day(opened_at),
                )
            )
        if self._some_left_out:
            self._mark_left_out(lines, not_asked)
        return lines

    def types(self, entry_id: str, found: str | None) -> tuple[str, ...]:
        """Of the types that the subject has, separated by blanks, those that the entry covers; None: nobody's."""
        key = (entry_id, found or "" if found is not None else "*")
        known = self._known_types.get(key)
        if known is None:
            covered = self.entries.types[entry_id]
            known = tuple(sorted(covered if found is None else covered.intersection(found.split())))
            self._known_types[key] = known
        return known

    def _tried(self, text: str) -> _Tried:
        known = self._known_attempts.get(text)
        if known is None:
            if len(self._known_attempts) > 20_000:
                self._known_attempts.clear()
            known = self._known_attempts[text] = _take_apart(text)
        return known

    def _mark_left_out(self, lines: list[ListRow], places: Collection[int]) -> None:
        if not places:
            return
        left_out = _left_out(
            self.session, self.province_code, [lines[place].obligation_id for place in places], self.until
        )
        for place in places:
            if lines[place].obligation_id in left_out:
                lines[place] = lines[place]._replace(unreached_reason=Unreached.LEFT_OUT)


def _take_apart(text: str) -> _Tried:
    asks = [each.split("|") for each in text.split()]
    attempts = [each[1:] for each in asks if len(each) > 1]
    made = [each for each in attempts if each[2] != _TAKEN_BACK and not _never_left(each)]
    ways = sorted({(_EPOCH + timedelta(days=int(day)), way) for way, day, _outcome, _note in made})
    return _Tried(tuple((way, day) for day, way in ways), _why(asks, made))


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


def _without_document(session: Session, province_code: str, until: datetime | None) -> set[str]:
    """Entries of acknowledgements for which the agency had not uploaded its document."""
    uploaded = select(AgencyDocument.entry_id).where(AgencyDocument.province_code == province_code)
    if until is not None:
        uploaded = uploaded.where(AgencyDocument.uploaded_at < until)
    return set(
        session.scalars(
            select(ObligationEntry.id).where(
                ObligationEntry.province_code == province_code,
                ObligationEntry.instrument == Instrument.ACKNOWLEDGEMENT,
                ObligationEntry.id.not_in(uploaded),
            )
        )
    )


def _left_out(
    session: Session, province_code: str, obligation_ids: Collection[uuid.UUID] | None, until: datetime | None
) -> set[uuid.UUID]:
    """Those of the obligations that somebody has left out; without any named, one of all."""
    still = LeftOut.brought_back_at.is_(None)
    conditions = (
        [still] if until is None else [or_(still, LeftOut.brought_back_at >= until), LeftOut.left_out_at < until]
    )
    found = select(LeftOut.obligation_id).where(LeftOut.province_code == province_code, *conditions)
    if obligation_ids is None:
        return set(session.scalars(found.limit(1)))
    return set(session.scalars(found.where(LeftOut.obligation_id.in_(obligation_ids))))
