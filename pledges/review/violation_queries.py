"""Named selections of recorded violations, and the pledges that they are about."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from pledges.core.aliases import shared_alias
from pledges.core.calendar import local_day
from pledges.core.channels import canonical_channel
from pledges.core.errors import DomainError
from pledges.core.text import fold
from pledges.registry.families import family
from pledges.registry.models import Entity
from pledges.review.violation_models import Violation, ViolationField
from pledges.review.violation_rules import number_key
from pledges.signing.models import Origin, Pledge, PledgeChannel, PledgeState

PAGE = 50
LONGEST_TEXT = 200

_ENDED = (PledgeState.REVOKED, PledgeState.SUPERSEDED, PledgeState.WITHDRAWN)

_Newer = shared_alias(Violation, "newer")
_Own = shared_alias(Entity, "own")


@dataclass(frozen=True)
class ViolationFilter:
    """`first` and `last` are days of the decision, both included."""

    first: date | None = None
    last: date | None = None
    field: ViolationField | None = None
    text: str = ""
    """A part of a name, of a decision's number or of an address."""


@dataclass(frozen=True)
class ViolationPage:
    rows: tuple[tuple[Violation, Entity], ...]
    """With whom each is about: the one that stands for a merged entity."""
    total: int
    valid: int
    """Without what was taken back."""
    fines: int
    page: int
    pages: int


def violations_between(
    session: Session, province_code: str, agency_code: str | None, first: date, last: date
) -> Sequence[Violation]:
    """What counts for a report: valid records of decisions taken from `first` to `last`, of one agency or of all.

    One decision against one subject in one field stands there once, whichever agency has recorded it.
    """
    statement = select(Violation).where(
        Violation.province_code == province_code,
        Violation.ended_at.is_(None),
        Violation.decided_on.between(first, last),
    )
    if agency_code is not None:
        statement = statement.where(Violation.agency_code == agency_code)
    return session.scalars(statement.order_by(Violation.decided_on, Violation.id)).all()


def violations_of(session: Session, province_code: str, entity_ids: Collection[uuid.UUID]) -> Sequence[Violation]:
    """All that is recorded about a subject, newest decision first.

    What was taken back stands there too; what was corrected only as it is now.
    """
    return session.scalars(
        select(Violation)
        .where(Violation.province_code == province_code, Violation.entity_id.in_(entity_ids), ~_is_corrected())
        .order_by(Violation.decided_on.desc(), Violation.id.desc())
    ).all()


def violation_page(
    session: Session, province_code: str, agency_code: str, wanted: ViolationFilter, *, page: int = 1, size: int = PAGE
) -> ViolationPage:
    """One page of what an agency has recorded, newest decision first."""
    valid = Violation.ended_at.is_(None)
    figures = _chosen(
        select(func.count(), func.count().filter(valid), func.sum(Violation.fine).filter(valid)),
        province_code,
        agency_code,
        wanted,
    )
    total, counted, fines = session.execute(figures).one()
    pages = max(1, -(-total // size))
    page = min(max(page, 1), pages)
    statement = (
        _chosen(select(Violation, Entity), province_code, agency_code, wanted)
        .order_by(Violation.decided_on.desc(), Violation.id.desc())
        .offset((page - 1) * size)
        .limit(size)
    )
    rows = tuple((row[0], row[1]) for row in session.execute(statement))
    return ViolationPage(rows, total, counted, int(fines or 0), page, pages)


def _chosen(
    statement: Select[*tuple[Any, ...]], province_code: str, agency_code: str, wanted: ViolationFilter
) -> Select[*tuple[Any, ...]]:
    statement = (
        statement.select_from(Violation)
        .join(_Own, (_Own.province_code == Violation.province_code) & (_Own.id == Violation.entity_id))
        .join(
            Entity,
            (Entity.province_code == _Own.province_code) & (Entity.id == func.coalesce(_Own.merged_into, _Own.id)),
        )
        .where(Violation.province_code == province_code, Violation.agency_code == agency_code, ~_is_corrected())
    )
    if wanted.first is not None:
        statement = statement.where(Violation.decided_on >= wanted.first)
    if wanted.last is not None:
        statement = statement.where(Violation.decided_on <= wanted.last)
    if wanted.field is not None:
        statement = statement.where(Violation.field == wanted.field)
    if folded := fold(wanted.text[:LONGEST_TEXT]):
        statement = statement.where(_matches(wanted.text[:LONGEST_TEXT], folded))
    return statement


def _matches(text: str, folded: str) -> ColumnElement[bool]:
    addresses = {text.strip().lower()}
    with suppress(DomainError):
        addresses.add(canonical_channel(text, platform_itself=True).address)
    return or_(
        Entity.name_fold.contains(folded, autoescape=True),
        _Own.name_fold.contains(folded, autoescape=True),
        Violation.number_key.contains(number_key(text), autoescape=True),
        *(Violation.channel.contains(address, autoescape=True) for address in addresses),
    )


def _is_corrected() -> ColumnElement[bool]:
    return (
        select(_Newer.id)
        .where(_Newer.province_code == Violation.province_code, _Newer.corrects_id == Violation.id)
        .exists()
    )


def correction_of(session: Session, violation: Violation) -> Violation | None:
    """The record that stands in the place of this one."""
    return session.scalars(
        select(Violation).where(
            Violation.province_code == violation.province_code, Violation.corrects_id == violation.id
        )
    ).first()


def corrected_by(session: Session, violation: Violation) -> list[Violation]:
    """The records in whose place this one stands, the latest first."""
    found: list[Violation] = []
    before = violation.corrects_id
    while before is not None:
        found.append(session.get_one(Violation, (violation.province_code, before)))
        before = found[-1].corrects_id
    return found


# --- Pledges ---------------------------------------------------------------------------------------------------------


def pledge_on(
    session: Session,
    province_code: str,
    entity_ids: Collection[uuid.UUID],
    day: date,
    *,
    agency_code: str,
    channel: str,
) -> Pledge | None:
    """The pledge of a subject that was in force on a day.

    Of several: first one that names the channel, then one that this agency has received, then the latest.
    """
    ever = session.scalars(
        select(Pledge).where(
            Pledge.province_code == province_code,
            Pledge.entity_id.in_(entity_ids),
            or_(Pledge.state == PledgeState.APPROVED, Pledge.approved_at.is_not(None)),
        )
    )
    there = [pledge for pledge in ever if _was_in_force(pledge, day)]
    naming = _naming(session, province_code, there, channel) if channel else set()

    def rank(pledge: Pledge) -> tuple[bool, bool, date, uuid.UUID]:
        return pledge.id in naming, pledge.agency_code == agency_code, _begins(pledge), pledge.id

    return max(there, key=rank, default=None)


def revocable(session: Session, violation: Violation, agency_code: str) -> list[Pledge]:
    """Pledges that one agency has received, that are in force now and were, themselves or before an amendment, then."""
    entity = session.get_one(Entity, (violation.province_code, violation.entity_id))
    now_in_force = session.scalars(
        select(Pledge)
        .where(
            Pledge.province_code == violation.province_code,
            Pledge.entity_id.in_(family(session, entity)),
            Pledge.agency_code == agency_code,
            Pledge.state == PledgeState.APPROVED,
        )
        .order_by(Pledge.signed_at.desc(), Pledge.id.desc())
    )
    return [pledge for pledge in now_in_force if _first_day(session, pledge) <= violation.happened_on]


def _first_day(session: Session, pledge: Pledge) -> date:
    """Since when this subject has been bound by it: amendments only go on with what was pledged before."""
    day = _begins(pledge)
    while pledge.amends_id is not None:
        pledge = session.get_one(Pledge, (pledge.province_code, pledge.amends_id))
        if pledge.approved_at is not None:
            day = min(day, _begins(pledge))
    return day


def _was_in_force(pledge: Pledge, day: date) -> bool:
    if pledge.origin is Origin.PAPER_RECORD and pledge.state is PledgeState.WITHDRAWN:
        return False  # recorded by mistake
    if _begins(pledge) > day:
        return False
    return pledge.state is PledgeState.APPROVED or (pledge.state in _ENDED and local_day(pledge.state_since) >= day)


def _begins(pledge: Pledge) -> date:
    """A paper counts from its own day, everything else from its approval."""
    if pledge.origin is Origin.PAPER_RECORD:
        return local_day(pledge.signed_at)
    return local_day(pledge.approved_at or pledge.state_since)


def _naming(session: Session, province_code: str, pledges: Sequence[Pledge], address: str) -> set[uuid.UUID]:
    return set(
        session.scalars(
            select(PledgeChannel.pledge_id).where(
                PledgeChannel.province_code == province_code,
                PledgeChannel.pledge_id.in_([pledge.id for pledge in pledges]),
                PledgeChannel.address == address,
            )
        )
    )
