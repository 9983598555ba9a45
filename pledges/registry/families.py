"""Merged entities read as one subject: the survivor, the rows put into it, and the obligations that stand twice.

Pledges and contacts stay at the row where they were made (`model.md` 17); whoever asks about a subject asks about
its family. Rows are merged one level deep: merging a survivor leads the rows it had to the new one.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from pledges.core.aliases import shared_alias
from pledges.plans.models import Unit
from pledges.registry.models import Entity, Obligation


def family(session: Session, entity: Entity) -> list[uuid.UUID]:
    """The ids under which this subject stands in the register: the survivor's first."""
    kept = entity.merged_into or entity.id
    merged = session.scalars(
        select(Entity.id)
        .where(Entity.province_code == entity.province_code, Entity.merged_into == kept)
        .order_by(Entity.id)
    )
    return [kept, *merged]


def lock_survivor(session: Session, entity: Entity) -> Entity:
    """The row that stands for this subject, held so that it cannot be merged until this transaction ends.

    Somebody may have merged it between finding and locking; what is added then belongs to the survivor.
    """
    while True:
        merged_into = session.execute(
            select(Entity.merged_into)
            .where(Entity.province_code == entity.province_code, Entity.id == entity.id)
            .with_for_update(key_share=True)
        ).scalar_one()
        if merged_into is None:
            return entity
        entity = session.get_one(Entity, (entity.province_code, merged_into), populate_existing=True)


_Twin = shared_alias(Obligation, "twin")
_Kept = shared_alias(Obligation, "kept")


def kept_of(session: Session, province_code: str, obligation_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """For those of the obligations that a merged entity still has: the survivor's obligation of the same entry."""
    return _twins(session, province_code, _Twin.id.in_(obligation_ids))


def twins_of(session: Session, province_code: str, obligation_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """The obligations of merged entities that these ones of survivors speak for, each with the one that does."""
    return _twins(session, province_code, _Kept.id.in_(obligation_ids))


def _twins(session: Session, province_code: str, which: ColumnElement[bool]) -> dict[uuid.UUID, uuid.UUID]:
    rows = session.execute(
        select(_Twin.id, _Kept.id)
        .join(Entity, (Entity.province_code == _Twin.province_code) & (Entity.id == _Twin.entity_id))
        .join(
            _Kept,
            (_Kept.province_code == Entity.province_code)
            & (_Kept.entity_id == Entity.merged_into)
            & (_Kept.entry_id == _Twin.entry_id)
            & (_Kept.unit == Unit.ENTITY),
        )
        .where(_Twin.province_code == province_code, _Twin.unit == Unit.ENTITY, which)
    )
    return {row[0]: row[1] for row in rows}
