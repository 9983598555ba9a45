"""Restricting the use of one subject's data, and asking whether it is restricted."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from pledges.registry.models import Entity
from pledges.registry.restriction_models import Restriction


def restricted(province_code: Any, entity_id: Any) -> ColumnElement[bool]:
    """For statements: the subject in these two columns, of whichever statement around it, is restricted now."""
    return (
        select(Restriction.id)
        .where(
            Restriction.province_code == province_code,
            Restriction.entity_id == entity_id,
            Restriction.lifted_at.is_(None),
        )
        .correlate_except(Restriction)
        .exists()
    )


def is_restricted(session: Session, province_code: str, entity_id: uuid.UUID) -> bool:
    return restriction_of(session, province_code, entity_id) is not None


def restriction_of(session: Session, province_code: str, entity_id: uuid.UUID) -> Restriction | None:
    """The restriction that holds for this row of the register, or for the one that it was merged into."""
    survivor = select(Entity.merged_into).where(Entity.province_code == province_code, Entity.id == entity_id)
    return session.scalars(
        select(Restriction)
        .where(
            Restriction.province_code == province_code,
            (Restriction.entity_id == entity_id) | Restriction.entity_id.in_(survivor),
            Restriction.lifted_at.is_(None),
        )
        .limit(1)
    ).first()


def restrict(
    session: Session,
    province_code: str,
    entity_ids: Collection[uuid.UUID],
    *,
    request_id: uuid.UUID,
    now: datetime,
) -> list[uuid.UUID]:
    """Restrict all rows of one subject; those that are restricted already stay so, under their first request.

    Returns the rows that were not yet.
    """
    held = set(
        session.scalars(
            select(Restriction.entity_id).where(
                Restriction.province_code == province_code,
                Restriction.entity_id.in_(entity_ids),
                Restriction.lifted_at.is_(None),
            )
        )
    )
    fresh = [entity_id for entity_id in entity_ids if entity_id not in held]
    session.add_all(
        Restriction(province_code=province_code, entity_id=entity_id, request_id=request_id, since=now)
        for entity_id in fresh
    )
    return fresh


def spread(
    session: Session, province_code: str, entity_ids: Collection[uuid.UUID], *, now: datetime
) -> list[uuid.UUID]:
    """Rows have become one subject: what holds for one of them holds for all. Returns those for which it is new."""
    first = session.scalars(
        select(Restriction)
        .where(
            Restriction.province_code == province_code,
            Restriction.entity_id.in_(entity_ids),
            Restriction.lifted_at.is_(None),
        )
        .order_by(Restriction.since, Restriction.id)
        .limit(1)
    ).first()
    return [] if first is None else restrict(session, province_code, entity_ids, request_id=first.request_id, now=now)


def take_spread_back(session: Session, province_code: str, entity_ids: Collection[uuid.UUID], *, now: datetime) -> None:
    """They are several subjects again."""
    session.execute(
        update(Restriction)
        .where(
            Restriction.province_code == province_code,
            Restriction.entity_id.in_(entity_ids),
            Restriction.lifted_at.is_(None),
        )
        .values(lifted_at=now)
        .execution_options(synchronize_session=False)
    )


def lift(session: Session, province_code: str, request_id: uuid.UUID, *, now: datetime) -> bool:
    """End what this request has restricted; False where nothing of it holds any more."""
    lifted = session.execute(
        update(Restriction)
        .where(
            Restriction.province_code == province_code,
            Restriction.request_id == request_id,
            Restriction.lifted_at.is_(None),
        )
        .values(lifted_at=now)
        .returning(Restriction.id)
        .execution_options(synchronize_session=False)
    )
    return bool(lifted.all())
