"""The subject types of an entity: what it owes is counted under each of them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from pledges.audit.operations import Actor, record
from pledges.core.calendar import local_day
from pledges.plans.models import EntrySubjectType
from pledges.registry.counters import lock_entity, move_counters_for_types, move_from_types
from pledges.registry.counts import Count
from pledges.registry.models import Channel, Entity, EntityType, Obligation
from pledges.registry.queries import obligations_of, types_of


def add_types(
    session: Session, entity: Entity, subject_types: Collection[str], *, actor: Actor, now: datetime
) -> list[str]:
    """Add what the entity has not; obligations that exist already are counted under it too. Returns what is new."""
    known = set(types_of(session, entity))
    added = sorted(set(subject_types) - known)
    for subject_type in added:
        session.add(EntityType(province_code=entity.province_code, entity_id=entity.id, subject_type=subject_type))
    session.flush()
    if known and added:
        counts: list[Count] = []
        for found in obligations_of(session, entity):
            counts += move_counters_for_types(session, found.obligation, entity, added, day=local_day(now))
        _record(session, "entity.types_added", entity, added, counts, actor=actor, now=now)
    return added


def remove_types(
    session: Session, entity: Entity, subject_types: Collection[str], *, actor: Actor, now: datetime
) -> list[str]:
    """Take types away; what no longer follows from the others is presumed out by recomputing afterwards."""
    removed = sorted(set(subject_types) & set(types_of(session, entity)))
    if not removed:
        return []
    lock_entity(session, entity)
    counts: list[Count] = []
    for found in obligations_of(session, entity):
        counts += move_from_types(session, found.obligation, entity, removed, day=local_day(now))
    session.execute(
        delete(EntityType).where(
            EntityType.province_code == entity.province_code,
            EntityType.entity_id == entity.id,
            EntityType.subject_type.in_(removed),
        )
    )
    _record(session, "entity.types_removed", entity, removed, counts, actor=actor, now=now)
    return removed


def types_of_website(session: Session, channel: Channel) -> list[str]:
    """What the owner of a website belongs to because of it: the types of the entries under which it is registered."""
    return sorted(
        session.scalars(
            select(EntrySubjectType.subject_type)
            .join(
                Obligation,
                (Obligation.province_code == EntrySubjectType.province_code)
                & (Obligation.entry_id == EntrySubjectType.entry_id),
            )
            .where(Obligation.province_code == channel.province_code, Obligation.channel_id == channel.id)
            .distinct()
        )
    )


def _record(
    session: Session,
    kind: str,
    entity: Entity,
    types: list[str],
    counts: list[Count],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    record(
        session,
        kind,
        province_code=entity.province_code,
        object_id=entity.id,
        actor=actor,
        now=now,
        data={"types": types, **({"counts": counts} if counts else {})},
    )
