"""Named selections of disputes."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.registry.families import family
from pledges.registry.models import Entity
from pledges.signing.dispute_models import Dispute, DisputeQuestion
from pledges.signing.dispute_rules import OPEN
from pledges.signing.models import Pledge


def open_dispute_of(session: Session, claim: Entity, owner: Entity) -> Dispute | None:
    """The dispute between these two in which the first is the newer one, and which nobody has decided yet."""
    return session.scalars(
        select(Dispute)
        .where(
            Dispute.province_code == claim.province_code,
            Dispute.claim_id == claim.id,
            Dispute.owner_id.in_(family(session, owner)),
            Dispute.state.in_(OPEN),
        )
        .limit(1)
    ).first()


def disputes_of(
    session: Session, province_code: str, agency_code: str, *, closed: bool = False, most: int = 200
) -> Sequence[Dispute]:
    """Those that one agency decides, the oldest first; of the closed ones the newest."""
    return session.scalars(
        select(Dispute)
        .where(
            Dispute.province_code == province_code,
            Dispute.agency_code == agency_code,
            Dispute.state.not_in(OPEN) if closed else Dispute.state.in_(OPEN),
        )
        .order_by(Dispute.opened_at.desc() if closed else Dispute.opened_at, Dispute.id)
        .limit(most)
    ).all()


def count_open_disputes(session: Session, province_code: str, agency_code: str) -> int:
    return (
        session.scalar(
            select(func.count()).where(
                Dispute.province_code == province_code, Dispute.agency_code == agency_code, Dispute.state.in_(OPEN)
            )
        )
        or 0
    )


def questions_of(session: Session, dispute: Dispute) -> Sequence[DisputeQuestion]:
    return session.scalars(
        select(DisputeQuestion)
        .where(DisputeQuestion.province_code == dispute.province_code, DisputeQuestion.dispute_id == dispute.id)
        .order_by(DisputeQuestion.asked_at, DisputeQuestion.id)
    ).all()


def owner_in_doubt(session: Session, pledge: Pledge) -> bool:
    """Whether it is being found out whose the channels or the tax code of this pledge are."""
    found = select(Dispute.id).where(
        Dispute.province_code == pledge.province_code,
        Dispute.claim_id == pledge.entity_id,
        Dispute.state.in_(OPEN),
    )
    return session.scalar(found.limit(1)) is not None
