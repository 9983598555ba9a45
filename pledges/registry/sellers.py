"""Sellers whom a platform has bound by commitments of its own: a remark about them, which closes no obligation."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from pledges.registry.families import family
from pledges.registry.models import Entity
from pledges.registry.queries import types_of
from pledges.registry.rules import BY_DECISION
from pledges.registry.upkeep_models import BoundSeller


def is_platform(session: Session, entity: Entity) -> bool:
    """Whether it is one whose lists of bound sellers are kept."""
    return not BY_DECISION.isdisjoint(types_of(session, entity))


def sellers_of(session: Session, platform: Entity, *, skip: int, limit: int) -> Sequence[Entity]:
    """The sellers on its lists by name; a merged one stands there as its survivor."""
    return session.scalars(
        select(Entity)
        .where(Entity.province_code == platform.province_code, Entity.id.in_(_ids_of(session, platform)))
        .order_by(Entity.name_fold, Entity.id)
        .offset(skip)
        .limit(limit)
    ).all()


def count_sellers(session: Session, platform: Entity) -> int:
    return (
        session.scalar(
            select(func.count()).where(
                Entity.province_code == platform.province_code, Entity.id.in_(_ids_of(session, platform))
            )
        )
        or 0
    )


def _ids_of(session: Session, platform: Entity) -> Select[uuid.UUID]:
    return (
        select(func.coalesce(Entity.merged_into, Entity.id))
        .join(BoundSeller, (BoundSeller.province_code == Entity.province_code) & (BoundSeller.entity_id == Entity.id))
        .where(
            BoundSeller.province_code == platform.province_code,
            BoundSeller.platform_id.in_(family(session, platform)),
        )
    )


def platforms_binding(session: Session, seller: Entity) -> Sequence[Entity]:
    """The platforms that name this seller, by name."""
    ids = (
        select(func.coalesce(Entity.merged_into, Entity.id))
        .join(BoundSeller, (BoundSeller.province_code == Entity.province_code) & (BoundSeller.platform_id == Entity.id))
        .where(
            BoundSeller.province_code == seller.province_code,
            BoundSeller.entity_id.in_(family(session, seller)),
        )
    )
    return session.scalars(
        select(Entity)
        .where(Entity.province_code == seller.province_code, Entity.id.in_(ids))
        .order_by(Entity.name_fold, Entity.id)
    ).all()
