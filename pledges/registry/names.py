"""The other names of a subject, so that it is found by each of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.core.identity import fold
from pledges.registry.models import Entity
from pledges.registry.upkeep_models import FormerName


def remember_name(session: Session, entity: Entity, name: str, *, now: datetime) -> None:
    """Keep a name that the register does not show: one it had before, or one under which it signs."""
    key = fold(name)
    if key == entity.name_fold:
        return
    known = select(FormerName.id).where(
        FormerName.province_code == entity.province_code,
        FormerName.entity_id == entity.id,
        FormerName.name_fold == key,
    )
    if session.scalars(known).first() is None:
        session.add(
            FormerName(
                province_code=entity.province_code, entity_id=entity.id, name=name, name_fold=key, recorded_at=now
            )
        )
