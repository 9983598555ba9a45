"""What is doubtful in the register of a province, as lists for people; each stops counting at a bound.

A list reads `LISTED` rows behind an id, so that any page of it costs the same in a register of a million.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from pledges.core.aliases import shared_alias
from pledges.plans.addresses import locate
from pledges.plans.models import ObligationEntry
from pledges.registry.models import (
    IN_SCOPE,
    Channel,
    Cohort,
    Contact,
    Entity,
    EntityType,
    Location,
    Obligation,
    Scope,
    Standing,
)
from pledges.registry.rules import BY_DECISION
from pledges.registry.upkeep_models import ObligationDecision, ScopeReason, UnreadValue

LISTED = 50
COUNTED = 1000
"""No count goes on beyond this: whoever has a thousand to look at needs no exact number."""
ADDRESSES_A_PAGE = 1500


class Doubt(StrEnum):
    NO_CONTACT = "no_contact"
    NO_COMMUNE = "no_commune"
    """In the province, and nobody could tell from the address in which commune."""
    TWO_SCOPES = "two_scopes"
    SIGNED_OUT = "signed_out"
    """Signed, although it was decided that nobody has to."""
    DEAD_CHANNEL = "dead_channel"
    UNREAD = "unread"
    UNKNOWN_COHORT = "unknown_cohort"
    TO_DECIDE = "to_decide"
    """Platforms, and those who sit elsewhere: out of scope until the lead agency decides."""


OBLIGATION_DOUBTS = (Doubt.UNKNOWN_COHORT, Doubt.TO_DECIDE)

_EVERYWHERE = (ScopeReason.CLOSED, ScopeReason.MOVED, ScopeReason.FOREIGN, ScopeReason.DUPLICATE)
"""Reasons that are facts of the subject, so that they should hold for all that it owes."""

_Other = shared_alias(Obligation, "other")


@dataclass(frozen=True)
class Found:
    """One line of a list; `after` of the next page is the id of its last one."""

    id: uuid.UUID
    entity: Entity | None
    obligation: Obligation | None = None
    channel: Channel | None = None


def count(session: Session, province_code: str, doubt: Doubt, agency_code: str | None) -> int:
    """How many, at most `COUNTED` + 1."""
    statement = _statement(province_code, doubt, agency_code)
    return session.scalar(select(func.count()).select_from(statement.limit(COUNTED + 1).subquery())) or 0


def listed(
    session: Session,
    province_code: str,
    doubt: Doubt,
    agency_code: str | None,
    *,
    after: uuid.UUID | None = None,
    limit: int = LISTED,
) -> list[Found]:
    """The next lines in the order of their ids; one more than `limit` where there are further ones."""
    statement = _statement(province_code, doubt, agency_code)
    column = next(iter(statement.selected_columns))
    if after is not None:
        statement = statement.where(column > after)
    ids = list(session.scalars(statement.order_by(column).limit(limit + 1)))
    if doubt in OBLIGATION_DOUBTS:
        return _obligations(session, province_code, ids)
    rows = session.scalars(select(Entity).where(Entity.province_code == province_code, Entity.id.in_(ids)))
    known = {entity.id: entity for entity in rows}
    return [Found(each, known[each]) for each in ids]


def _obligations(session: Session, province_code: str, ids: list[uuid.UUID]) -> list[Found]:
    rows = session.execute(
        select(Obligation, Entity, Channel)
        .outerjoin(Entity, (Entity.province_code == Obligation.province_code) & (Entity.id == Obligation.entity_id))
        .outerjoin(Channel, (Channel.province_code == Obligation.province_code) & (Channel.id == Obligation.channel_id))
        .where(Obligation.province_code == province_code, Obligation.id.in_(ids))
        .order_by(Obligation.id)
    )
    return [Found(obligation.id, entity, obligation, channel) for obligation, entity, channel in rows]


def _statement(province_code: str, doubt: Doubt, agency_code: str | None) -> Select[Any]:
    if doubt in OBLIGATION_DOUBTS:
        return _asking(province_code, doubt, agency_code)
    statement = select(Entity.id).where(
        Entity.province_code == province_code, Entity.standing == Standing.REGISTERED, Entity.merged_into.is_(None)
    )
    match doubt:
        case Doubt.NO_CONTACT:
            return statement.where(_owes(Obligation.scope.in_(IN_SCOPE)), ~_has_contact())
        case Doubt.NO_COMMUNE:
            nowhere = and_(Entity.location == Location.LOCAL, Entity.commune_code.is_(None))
            return statement.where(nowhere, _owes(Obligation.scope.in_(IN_SCOPE)))
        case Doubt.TWO_SCOPES:
            return statement.where(_owes(Obligation.scope.in_(IN_SCOPE)), _is_gone())
        case Doubt.SIGNED_OUT:
            signed = or_(Obligation.in_force > 0, Obligation.waiting_for_agency > 0)
            return statement.where(_owes(and_(Obligation.scope.not_in(IN_SCOPE), signed)))
        case Doubt.DEAD_CHANNEL:
            return statement.where(
                exists().where(
                    Channel.province_code == Entity.province_code,
                    Channel.entity_id == Entity.id,
                    Channel.dead_since.is_not(None),
                ),
                _owes(Obligation.scope.in_(IN_SCOPE)),
            )
        case _:
            return statement.where(
                exists().where(
                    UnreadValue.province_code == Entity.province_code,
                    UnreadValue.entity_id == Entity.id,
                    UnreadValue.settled_at.is_(None),
                )
            )


def _owes(condition: Any) -> Any:
    return exists().where(
        Obligation.province_code == Entity.province_code, Obligation.entity_id == Entity.id, condition
    )


def _has_contact() -> Any:
    merged = aliased(Entity, name="merged")
    own = exists().where(
        Contact.province_code == Entity.province_code, Contact.entity_id == Entity.id, Contact.ended_at.is_(None)
    )
    of_merged = exists().where(
        merged.province_code == Entity.province_code,
        merged.merged_into == Entity.id,
        Contact.province_code == merged.province_code,
        Contact.entity_id == merged.id,
        Contact.ended_at.is_(None),
    )
    return or_(own, of_merged)


def _is_gone() -> Any:
    """One of its lead agencies has decided that the subject is not there (any more)."""
    return exists().where(
        _Other.province_code == Entity.province_code,
        _Other.entity_id == Entity.id,
        _Other.scope == Scope.CONFIRMED_OUT,
        ObligationDecision.province_code == _Other.province_code,
        ObligationDecision.obligation_id == _Other.id,
        ObligationDecision.after == Scope.CONFIRMED_OUT.value,
        ObligationDecision.reason.in_([reason.value for reason in _EVERYWHERE]),
    )


def _asking(province_code: str, doubt: Doubt, agency_code: str | None) -> Select[Any]:
    """What an agency has to say of its own obligations; without an agency, of all."""
    entries = select(ObligationEntry.id).where(ObligationEntry.province_code == province_code, ObligationEntry.enabled)
    if agency_code is not None:
        entries = entries.where(ObligationEntry.lead_agency == agency_code)
    statement = select(Obligation.id).where(Obligation.province_code == province_code, Obligation.entry_id.in_(entries))
    if doubt is Doubt.UNKNOWN_COHORT:
        return statement.where(Obligation.cohort == Cohort.UNKNOWN, Obligation.scope.in_(IN_SCOPE))
    by_decision = exists().where(
        EntityType.province_code == Entity.province_code,
        EntityType.entity_id == Entity.id,
        EntityType.subject_type.in_(BY_DECISION),
    )
    return statement.join(
        Entity, (Entity.province_code == Obligation.province_code) & (Entity.id == Obligation.entity_id)
    ).where(
        Obligation.scope == Scope.PRESUMED_OUT,
        Entity.merged_into.is_(None),
        or_(Entity.location != Location.LOCAL, by_decision),
    )


# --- Addresses that lie elsewhere ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Misplaced:
    entity: Entity
    province_code: str
    commune_code: str | None


def misplaced(
    session: Session, province_code: str, *, after: uuid.UUID | None = None, scan: int = ADDRESSES_A_PAGE
) -> tuple[list[Misplaced], uuid.UUID | None]:
    """Local entities whose address lies in another province or commune, among the next `scan` with an address.

    With it the id to go on behind, None at the end: reading an address is no work for the database.
    """
    statement = select(Entity).where(
        Entity.province_code == province_code,
        Entity.standing == Standing.REGISTERED,
        Entity.merged_into.is_(None),
        Entity.location == Location.LOCAL,
        Entity.address != "",
    )
    if after is not None:
        statement = statement.where(Entity.id > after)
    rows = list(session.scalars(statement.order_by(Entity.id).limit(scan)))
    found = []
    for entity in rows:
        where = locate(entity.address, province_hint=province_code)
        if where.province_code is None or not where.certain:
            continue
        other_commune = where.commune_code is not None and where.commune_code != entity.commune_code
        if where.province_code != province_code or (other_commune and entity.commune_code is not None):
            found.append(Misplaced(entity, where.province_code, where.commune_code))
    return found, rows[-1].id if len(rows) == scan else None
