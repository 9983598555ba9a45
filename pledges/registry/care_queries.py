"""Named selections around one entity and around what waits for people."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.core.calendar import local_day
from pledges.registry.models import Entity, Obligation, Sighting
from pledges.registry.upkeep_models import (
    FormerName,
    ObligationDecision,
    ProposalState,
    ScopeProposal,
    UnreadValue,
)


def former_names_of(session: Session, entity: Entity) -> list[FormerName]:
    return list(
        session.scalars(
            select(FormerName)
            .where(FormerName.province_code == entity.province_code, FormerName.entity_id == entity.id)
            .order_by(FormerName.recorded_at.desc(), FormerName.id)
        )
    )


def sightings_of(session: Session, province_code: str, entity_ids: Collection[uuid.UUID]) -> list[Sighting]:
    """Newest first."""
    return list(
        session.scalars(
            select(Sighting)
            .where(Sighting.province_code == province_code, Sighting.entity_id.in_(entity_ids))
            .order_by(Sighting.seen_on.desc(), Sighting.recorded_at.desc(), Sighting.id)
            .limit(200)
        )
    )


def first_seen(session: Session, entity: Entity) -> date:
    """The first day on which anybody saw the entity; at the latest the day on which it was added."""
    day = session.scalar(
        select(func.min(Sighting.seen_on)).where(
            Sighting.province_code == entity.province_code, Sighting.entity_id == entity.id
        )
    )
    return day or local_day(entity.added_at)


def unread_of(session: Session, province_code: str, entity_ids: Collection[uuid.UUID]) -> list[UnreadValue]:
    """What nobody could read and nobody has settled."""
    return list(
        session.scalars(
            select(UnreadValue)
            .where(
                UnreadValue.province_code == province_code,
                UnreadValue.entity_id.in_(entity_ids),
                UnreadValue.settled_at.is_(None),
            )
            .order_by(UnreadValue.recorded_at, UnreadValue.id)
        )
    )


def decisions_of(session: Session, obligation: Obligation) -> list[ObligationDecision]:
    """Newest first."""
    return list(
        session.scalars(
            select(ObligationDecision)
            .where(
                ObligationDecision.province_code == obligation.province_code,
                ObligationDecision.obligation_id == obligation.id,
            )
            .order_by(ObligationDecision.decided_at.desc(), ObligationDecision.id.desc())
        )
    )


def open_proposals_of(session: Session, obligation: Obligation) -> list[ScopeProposal]:
    return list(
        session.scalars(
            select(ScopeProposal)
            .where(
                ScopeProposal.province_code == obligation.province_code,
                ScopeProposal.obligation_id == obligation.id,
                ScopeProposal.state == ProposalState.OPEN,
            )
            .order_by(ScopeProposal.proposed_at, ScopeProposal.id)
        )
    )


def proposals_to(session: Session, province_code: str, agency_code: str, *, most: int = 100) -> list[ScopeProposal]:
    """What waits for the answer of an agency, longest first."""
    return list(
        session.scalars(
            select(ScopeProposal)
            .where(
                ScopeProposal.province_code == province_code,
                ScopeProposal.to_agency == agency_code,
                ScopeProposal.state == ProposalState.OPEN,
            )
            .order_by(ScopeProposal.proposed_at, ScopeProposal.id)
            .limit(most)
        )
    )


def proposals_from(session: Session, province_code: str, agency_code: str, *, most: int = 50) -> list[ScopeProposal]:
    """What an agency has proposed to others, newest first, with the answers."""
    return list(
        session.scalars(
            select(ScopeProposal)
            .where(ScopeProposal.province_code == province_code, ScopeProposal.from_agency == agency_code)
            .order_by(ScopeProposal.proposed_at.desc(), ScopeProposal.id)
            .limit(most)
        )
    )
