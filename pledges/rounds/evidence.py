"""What stands on a line beside its group: name and types of the subject, how it was tried to reach it, why in vain.

Of now the obligations say it themselves; of a past day the database gathers it for each row while it sends the rows, so
that a list of a million needs neither a second pass nor memory. What many lines have in common is read once.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, String, and_, case, func, null, or_, select, type_coerce
from sqlalchemy.orm import Session

from pledges.core.calendar import local_day
from pledges.plans.models import Instrument, ObligationEntry
from pledges.registry.models import Channel, Entity, EntityKind, EntityType, Obligation, Sighting
from pledges.rounds.list_models import Group
from pledges.rounds.list_rows import Column, Entries, ListRow, Shared, Unreached
from pledges.rounds.models import AgencyDocument, LeftOut
from pledges.rounds.streaming import unescaped
from pledges.rounds.tried import gathered_tried, read_tried

_PERSONAL_NUMBER_DIGITS = 12
_MOST_KNOWN = 20_000

RawRow = Sequence[Any]
"""Obligation, entity, name, tax code and website; then what many rows share (`_Told`)."""
_OWN = 5


class _Told(NamedTuple):
    """What many rows share, as the database says it: a copy as text, else in the types of its columns."""

    part: Any
    entry: Any
    commune: Any
    asked_on: Any
    turns_on: Any
    cohort: Any
    seen: Any
    opened_at: Any
    types: Any
    tried: Any
    owned: Any
    """Whether anybody is known to own the website."""


def own_columns(obligation_id: Column, entity_id: Column) -> list[Any]:
    """The first five; a statement that uses them joins `Entity` and `Channel`."""
    enterprise = and_(Entity.kind == EntityKind.ORGANISATION, func.length(Entity.tax_code) != _PERSONAL_NUMBER_DIGITS)
    tax_code = case((enterprise, Entity.tax_code), else_="")
    return [obligation_id, entity_id, Entity.name, tax_code, Channel.address]


def kept_beside() -> list[Any]:
    """The last ones of what rows share, on a list of now."""
    cohort = type_coerce(Obligation.cohort, String())
    owned = case((Obligation.entity_id.is_(None), 0), else_=1)
    return [cohort, Obligation.first_seen_on, null(), Obligation.subject_types, Obligation.tried, owned]


@dataclass(frozen=True)
class Gathered:
    """The same columns for a past day, and what has to be joined for them."""

    columns: list[Any]
    joins: list[tuple[Any, ColumnElement[bool]]]

    def joined(self, statement: Select[Any]) -> Select[Any]:
        for source, on in self.joins:
            statement = statement.outerjoin(source, on)
        return statement


@dataclass(frozen=True)
class Gathering:
    """How to gather what was recorded before a moment: row by row for a page, or once and joined for a whole list."""

    session: Session
    province_code: str
    until: datetime
    whole: bool

    def beside(self, entity_id: Column, obligation_id: Column) -> Gathered:
        """For a statement that joins `Obligation`, `Entity` and `Channel`."""
        joins: list[tuple[Any, ColumnElement[bool]]] = []
        seen = func.coalesce(Channel.first_seen_on, self._one(self._first_seen(), entity_id, joins))
        columns = [
            type_coerce(Obligation.cohort, String()),
            seen,
            case((seen.is_(None), Obligation.opened_at)),
            self._one(self._types(), entity_id, joins),
            self._one(gathered_tried(self.session, self.province_code, self.until), obligation_id, joins),
            case((entity_id.is_(None), 0), else_=1),
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
        columns: list[Any] = [Sighting.entity_id, func.min(Sighting.seen_on).label("seen_on")]
        return select(*columns).where(Sighting.province_code == self.province_code, Sighting.recorded_at < self.until)

    def _types(self) -> Select[Any]:
        columns: list[Any] = [EntityType.entity_id, func.aggregate_strings(EntityType.subject_type, " ").label("types")]
        return select(*columns).where(EntityType.province_code == self.province_code)


# --- Reading it ------------------------------------------------------------------------------------------------------


@dataclass
class Reader:
    """Makes lines of raw rows. What thousands of them share is made once."""

    session: Session
    province_code: str
    entries: Entries
    parts: Sequence[Group]
    """What the numbers of parts in the rows mean."""
    until: datetime | None
    _known: dict[Hashable, Shared] = field(default_factory=dict)
    _known_types: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._without_document = _without_document(self.session, self.province_code, self.until)
        self._some_left_out = bool(_left_out(self.session, self.province_code, None, self.until, most=1))

    def lines(self, rows: Iterable[RawRow]) -> list[ListRow]:
        """Of rows as the database's driver returns them."""
        lines = []
        for row in rows:
            told = tuple(row[_OWN:])
            shared = self._known.get(told) or self._shared(told, _Told(*told))
            obligation, entity, name, tax_code, channel = row[:_OWN]
            whose = str(entity) if entity is not None else ""
            lines.append(ListRow(str(obligation), whose, name or "", tax_code or "", channel or "", shared))
        return self._finished(lines)

    def copied(self, rows: Iterable[str]) -> list[ListRow]:
        """Of rows as `streaming.copied_chunks` returns them."""
        known, lines = self._known, []
        for row in rows:
            obligation, entity, name, tax_code, channel, told = row.split("\t", _OWN)
            if "\\" in row:
                name, tax_code, channel = map(unescaped, (name, tax_code, channel))
            shared = known.get(told) or self._shared(told, _Told(*(each or None for each in told.split("\t"))))
            lines.append(ListRow(obligation, entity, name, tax_code, channel, shared))
        return self._finished(lines)

    def _shared(self, key: Hashable, told: _Told) -> Shared:
        if len(self._known) > _MOST_KNOWN:
            self._known.clear()
        tried = read_tried(told.tried or "")
        group, why = self.parts[int(told.part)], None
        if group is Group.UNREACHABLE:
            why = tried.why or (Unreached.NO_DOCUMENT if told.entry in self._without_document else Unreached.NOT_ASKED)
        shared = self._known[key] = Shared(
            group,
            told.entry,
            self.entries.clauses[told.entry],
            told.commune or "",
            self.types(told.entry, told.types or "" if int(told.owned) else None),
            told.cohort or "",
            _day(told.asked_on),
            _day(told.turns_on),
            tried.ways,
            why,
            _day(told.seen) if told.opened_at is None else local_day(told.opened_at),
        )
        return shared

    def _finished(self, lines: list[ListRow]) -> list[ListRow]:
        if self._some_left_out:
            never = (Unreached.NO_DOCUMENT, Unreached.NOT_ASKED)
            self._mark_left_out(lines, [place for place, line in enumerate(lines) if line.unreached_reason in never])
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

    def _mark_left_out(self, lines: list[ListRow], places: Collection[int]) -> None:
        if not places:
            return
        obligations = [lines[place].obligation_id for place in places]
        left_out = _left_out(self.session, self.province_code, obligations, self.until)
        for place in places:
            if lines[place].obligation_id in left_out:
                lines[place] = lines[place].saying(unreached_reason=Unreached.LEFT_OUT)


def _day(told: date | str | None) -> date | None:
    return date.fromisoformat(told) if isinstance(told, str) else told


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
    session: Session,
    province_code: str,
    obligation_ids: Collection[uuid.UUID] | None,
    until: datetime | None,
    most: int | None = None,
) -> set[uuid.UUID]:
    """Those of the obligations that somebody has left out; without any named, of all."""
    still = LeftOut.brought_back_at.is_(None)
    conditions = (
        [still] if until is None else [or_(still, LeftOut.brought_back_at >= until), LeftOut.left_out_at < until]
    )
    found = select(LeftOut.obligation_id).where(LeftOut.province_code == province_code, *conditions)
    if obligation_ids is None:
        return set(session.scalars(found.limit(most)))
    return set(session.scalars(found.where(LeftOut.obligation_id.in_(obligation_ids))))
