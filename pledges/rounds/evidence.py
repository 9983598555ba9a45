"""What stands on a line beside its group: name and types of the subject, how it was tried to reach it, why in vain.

The database gathers it for each row while it sends the rows, so that a list of a million needs neither a second pass
nor memory; what many lines have in common is read once.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, String, and_, case, cast, func, or_, select, type_coerce
from sqlalchemy.orm import Session

from pledges.core.calendar import local_day
from pledges.plans.models import Instrument, ObligationEntry
from pledges.registry.models import Channel, Entity, EntityKind, EntityType, Obligation, Sighting
from pledges.rounds.list_models import Group
from pledges.rounds.list_rows import Column, Entries, ListRow, Unreached, WayDay
from pledges.rounds.models import AgencyDocument, Ask, AskedObligation, Attempt, LeftOut, Outcome, Way
from pledges.rounds.rules import taken_back_step

_PERSONAL_NUMBER_DIGITS = 12


TAKEN_BACK = taken_back_step("")
_TAKEN_BACK, _LATER = "taken_back", "later"
"""Outcomes of our own: recorded by mistake; known only after the day of the list."""

_IN_VAIN = {"bounced": Unreached.BOUNCED, "failed": Unreached.REFUSED, "": Unreached.BOUNCED}
"""What the note of a mail that did not arrive means, where some relay was asked to take it."""

RawRow = Sequence[Any]
"""Entry, obligation, entity, commune, day of the ask, day of turning, and then the columns of `gathered`."""


def gathered(
    session: Session, province_code: str, entity_id: Column, obligation_id: Column, until: datetime | None
) -> list[Column]:
    """The columns behind those six, for a statement that joins `Obligation`, `Entity` and `Channel`.

    `until`: only what was recorded before that moment; None: all.
    """
    return [
        type_coerce(Obligation.cohort, String()),
        Entity.name,
        case(
            (
                and_(
                    Entity.kind == EntityKind.ORGANISATION,
                    func.length(Entity.tax_code) != _PERSONAL_NUMBER_DIGITS,
                ),
                Entity.tax_code,
            ),
            else_="",
        ),
        Channel.address,
        Channel.first_seen_on,
        _first_seen(province_code, entity_id, until),
        Obligation.opened_at,
        _types(province_code, entity_id),
        _attempts(session, province_code, obligation_id, until),
    ]


def _first_seen(province_code: str, entity_id: Column, until: datetime | None) -> ColumnElement[Any]:
    recorded = [Sighting.recorded_at < until] if until is not None else []
    return (
        select(func.min(Sighting.seen_on))
        .where(Sighting.province_code == province_code, Sighting.entity_id == entity_id, *recorded)
        .scalar_subquery()
    )


def _types(province_code: str, entity_id: Column) -> ColumnElement[Any]:
    return (
        select(func.aggregate_strings(EntityType.subject_type, " "))
        .where(EntityType.province_code == province_code, EntityType.entity_id == entity_id)
        .scalar_subquery()
    )


def _attempts(
    session: Session, province_code: str, obligation_id: Column, until: datetime | None
) -> ColumnElement[Any]:
    """Per attempt `contact|way|day|outcome|note`, joined by blanks; of an ask without attempts only the first."""
    made, tried = [], [Attempt.province_code == Ask.province_code, Attempt.ask_id == Ask.id]
    outcome: ColumnElement[Any] = case(
        (Attempt.step.startswith(TAKEN_BACK), _TAKEN_BACK), else_=type_coerce(Attempt.outcome, String())
    )
    if until is not None:
        made.append(Ask.asked_at < until)
        tried.append(Attempt.recorded_at < until)
        outcome = case((Attempt.settled_at >= until, _LATER), else_=outcome)
    day = func.to_char(Attempt.made_on, "YYYY-MM-DD") if _is_postgresql(session) else cast(Attempt.made_on, String)
    way = type_coerce(Attempt.way, String())
    # What the system notes of a mail is a word; what people note of letters and calls is their text, and stays out.
    note = case((and_(Attempt.way == Way.MAIL, Attempt.outcome == Outcome.NOT_REACHED), Attempt.note), else_="")
    told = func.coalesce("|" + way + "|" + day + "|" + outcome + "|" + note, "")
    return (
        select(func.aggregate_strings(case((Ask.contact_id.is_(None), "0"), else_="1") + told, " "))
        .select_from(AskedObligation)
        .join(Ask, and_(Ask.province_code == AskedObligation.province_code, Ask.id == AskedObligation.ask_id, *made))
        .outerjoin(Attempt, and_(*tried))
        .where(AskedObligation.province_code == province_code, AskedObligation.obligation_id == obligation_id)
        .scalar_subquery()
    )


def _is_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


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
    until: datetime | None
    _known_types: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    _known_attempts: dict[str, _Tried] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._without_document = _without_document(self.session, self.province_code, self.until)

    def lines(self, part: Group, rows: Iterable[RawRow]) -> list[ListRow]:
        unreached, clauses = part is Group.UNREACHABLE, self.entries.clauses
        lines: list[ListRow] = []
        not_asked: list[int] = []
        for entry, obligation, entity, commune, asked_on, turns_on, *gathered in rows:
            cohort, name, tax_code, channel, channel_seen, seen, opened_at, types, attempts = gathered
            tried = self._tried(attempts or "")
            why = tried.why if unreached else None
            if unreached and why is None:
                not_asked.append(len(lines))
                why = Unreached.NO_DOCUMENT if entry in self._without_document else Unreached.NOT_ASKED
            covered = self.types(entry, types if entity is not None else None)
            first_seen = channel_seen or seen or (local_day(opened_at) if opened_at is not None else None)
            lines.append(
                ListRow(
                    part,
                    entry,
                    clauses[entry],
                    obligation,
                    entity,
                    commune,
                    covered,
                    cohort or "",
                    asked_on,
                    turns_on,
                    tried.ways,
                    why,
                    name or "",
                    tax_code or "",
                    channel or "",
                    first_seen,
                )
            )
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
    ways = sorted({(date.fromisoformat(day), way) for way, day, _outcome, _note in made})
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
    return Unreached.NO_CONTACT if any(ask[0] == "0" for ask in asks) else None


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
    session: Session, province_code: str, obligation_ids: Collection[uuid.UUID], until: datetime | None
) -> set[uuid.UUID]:
    still = LeftOut.brought_back_at.is_(None)
    then = [] if until is None else [LeftOut.left_out_at < until]
    return set(
        session.scalars(
            select(LeftOut.obligation_id).where(
                LeftOut.province_code == province_code,
                LeftOut.obligation_id.in_(obligation_ids),
                still if until is None else or_(still, LeftOut.brought_back_at >= until),
                *then,
            )
        )
    )
