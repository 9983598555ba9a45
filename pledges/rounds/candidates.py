"""Before anything is sent: who would be asked and why, whom no mail reaches, and who is left out and why."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlalchemy.orm import Session

from pledges.core.calendar import local_day
from pledges.core.text import fold
from pledges.plans.models import ObligationEntry
from pledges.registry.models import Channel, Cohort, Entity, Obligation
from pledges.rounds.models import LeftOut, Round, Why
from pledges.rounds.population import (
    Entries,
    Part,
    contacts_of,
    entries_led,
    owner_joined,
    part,
    reachable,
    to_ask,
    why,
)

PAGE_SIZE = 50


@dataclass(frozen=True)
class Line:
    """So many obligations of one entry stand alike."""

    entry_id: str
    part: Part
    why: Why | None
    """Of those that will be asked."""
    by_mail: bool | None
    """Whether mail reaches those that will be asked; None for the others."""
    obligations: int


@dataclass(frozen=True)
class Preview:
    lines: tuple[Line, ...]
    entities: int
    """To be asked now; each gets one invitation about all that it owes."""
    by_mail: int

    @property
    def without_contact(self) -> int:
        """Of those to be asked: only letters, calls and visits can reach them."""
        return self.entities - self.by_mail

    def count(self, **alike: Any) -> int:
        """Obligations in the lines that say this, such as `part=Part.TO_ASK, why=Why.NEWCOMER`."""
        return sum(
            line.obligations
            for line in self.lines
            if all(getattr(line, name) == value for name, value in alike.items())
        )


@dataclass(frozen=True)
class Candidate:
    """One obligation as the preview lists it."""

    obligation_id: uuid.UUID
    entity_id: uuid.UUID | None
    name: str
    """Of the subject; of a website without known owner its address."""
    channel: str
    """The website, where the entry counts websites."""
    entry_id: str
    commune_code: str
    cohort: Cohort
    part: Part
    why: Why
    email: str
    """Where the invitation goes; empty where nobody knows an address that works."""
    asked_on: date | None
    reason: str = ""
    """Why a person has left it out of this round."""


def preview(session: Session, of_round: Round, *, now: datetime) -> Preview:
    """All obligations of the entries that the agency leads, counted by sums of the database."""
    entries = entries_led(session, of_round.province_code, of_round.agency_code, local_day(now))
    entities, by_mail = _entities(session, of_round, entries)
    lines = (*_to_ask(session, of_round, entries), *_others(session, of_round, entries))
    return Preview(lines, entities=entities, by_mail=by_mail)


def _to_ask(session: Session, of_round: Round, entries: Entries) -> Iterable[Line]:
    chosen = (
        _from_obligations(Obligation.entry_id, why().label("why"), reachable(of_round.province_code).label("by_mail"))
        .where(*to_ask(of_round, entries))
        .subquery()
    )
    columns = (chosen.c.entry_id, chosen.c.why, chosen.c.by_mail)
    rows = session.execute(select(*columns, func.count()).group_by(*columns).order_by(*columns))
    return [Line(entry_id, Part.TO_ASK, Why(each), bool(by_mail), count) for entry_id, each, by_mail, count in rows]


def _others(session: Session, of_round: Round, entries: Entries) -> Iterable[Line]:
    chosen = (
        _from_obligations(Obligation.entry_id, part(of_round, entries).label("part"))
        .where(*_led(of_round, entries))
        .subquery()
    )
    columns = (chosen.c.entry_id, chosen.c.part)
    rows = session.execute(
        select(*columns, func.count()).where(chosen.c.part != Part.TO_ASK.value).group_by(*columns).order_by(*columns)
    )
    return [Line(entry_id, Part(each), None, None, count) for entry_id, each, count in rows]


def _entities(session: Session, of_round: Round, entries: Entries) -> tuple[int, int]:
    each = (
        select(func.max(case((reachable(of_round.province_code), 1), else_=0)).label("by_mail"))
        .select_from(Obligation)
        .join(Entity, owner_joined())
        .where(*to_ask(of_round, entries))
        .group_by(Obligation.entity_id)
        .subquery()
    )
    number, by_mail = session.execute(select(func.count(), func.sum(each.c.by_mail)).select_from(each)).one()
    return number, int(by_mail or 0)


def candidates(
    session: Session,
    of_round: Round,
    *,
    now: datetime,
    in_part: Part | None = None,
    entry_id: str | None = None,
    because: Why | None = None,
    by_mail: bool | None = None,
    text: str = "",
    after: uuid.UUID | None = None,
    limit: int = PAGE_SIZE,
) -> list[Candidate]:
    """One page of obligations behind `after`, in the order of their ids; `text`: a part of a name, marks or not."""
    entries = entries_led(session, of_round.province_code, of_round.agency_code, local_day(now))
    which = [*_led(of_round, entries), *_in_part(of_round, entries, in_part)]
    if entry_id is not None:
        which.append(Obligation.entry_id == entry_id)
    if because is not None:
        which.append(why() == because.value)
    if by_mail is not None:
        mail = reachable(of_round.province_code)
        which.append(mail if by_mail else ~mail)
    if folded := fold(text):
        which.append(Entity.name_fold.contains(folded, autoescape=True))
    if after is not None:
        which.append(Obligation.id > after)
    columns = (Obligation, Entity, Channel.address, part(of_round, entries), why())
    rows = session.execute(
        _from_obligations(*columns)
        .outerjoin(
            Channel, and_(Channel.province_code == Obligation.province_code, Channel.id == Obligation.channel_id)
        )
        .where(*which)
        .order_by(Obligation.id)
        .limit(limit)
    ).all()
    emails = _emails(session, of_round, [row[0].entity_id for row in rows if row[0].entity_id is not None])
    reasons = left_out_because(session, of_round, [row[0].id for row in rows])
    return [
        Candidate(
            obligation_id=obligation.id,
            entity_id=obligation.entity_id,
            name=entity.name if entity is not None else address or "",
            channel=address or "",
            entry_id=obligation.entry_id,
            commune_code=(entity.commune_code if entity is not None else None) or "",
            cohort=obligation.cohort,
            part=Part(in_part_),
            why=Why(because_),
            email=emails.get(obligation.entity_id, ""),
            asked_on=obligation.asked_on,
            reason=reasons.get(obligation.id, ""),
        )
        for obligation, entity, address, in_part_, because_ in rows
    ]


def _from_obligations(*columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .select_from(Obligation)
        .outerjoin(Entity, owner_joined())
        .join(
            ObligationEntry,
            and_(ObligationEntry.province_code == Obligation.province_code, ObligationEntry.id == Obligation.entry_id),
        )
    )


def _led(of_round: Round, entries: Entries) -> tuple[ColumnElement[bool], ...]:
    return Obligation.province_code == of_round.province_code, Obligation.entry_id.in_(entries.by_id)


def _in_part(of_round: Round, entries: Entries, in_part: Part | None) -> Sequence[ColumnElement[bool]]:
    if in_part is None:
        return ()
    # Said in this way, the index of the open ones is used.
    return to_ask(of_round, entries) if in_part is Part.TO_ASK else (part(of_round, entries) == in_part.value,)


def _emails(session: Session, of_round: Round, entity_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID | None, str]:
    if not entity_ids:
        return {}
    found = contacts_of(session, of_round.province_code, sorted(set(entity_ids)))
    return {entity_id: contacts[0].value for entity_id, contacts in found.items()}


def left_out_because(session: Session, of_round: Round, obligation_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The reasons that people gave, of those of these obligations that are left out now."""
    rows = session.execute(
        select(LeftOut.obligation_id, LeftOut.reason).where(
            LeftOut.province_code == of_round.province_code,
            LeftOut.round_id == of_round.id,
            LeftOut.obligation_id.in_(obligation_ids),
            LeftOut.brought_back_at.is_(None),
        )
    )
    return {row[0]: row[1] for row in rows}
