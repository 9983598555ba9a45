"""What an entity owes, opened by rule from its subject types, its websites and the entries of its province."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.audit.operations import Actor, record
from pledges.core.calendar import local_day
from pledges.core.db import new_id
from pledges.plans.models import ObligationEntry, Unit
from pledges.plans.rules import cohort_of
from pledges.registry.counters import move_counters
from pledges.registry.models import Channel, Cohort, Entity, Obligation, Sighting
from pledges.registry.queries import entries_for_types, obligations_of
from pledges.registry.rules import WEBSITE_KINDS


def open_obligations(
    session: Session, entity: Entity, *, actor: Actor, now: datetime, appeared_on: date | None
) -> list[Obligation]:
    """Open what the entity owes by its types and channels and has not been opened yet; counted at once."""
    known = {(found.obligation.entry_id, found.obligation.channel_id) for found in obligations_of(session, entity)}
    channels = session.scalars(
        select(Channel)
        .where(
            Channel.province_code == entity.province_code,
            Channel.entity_id == entity.id,
            Channel.kind.in_(WEBSITE_KINDS),
        )
        .order_by(Channel.id)
    ).all()
    since = appeared_on or _appeared_on(session, entity)
    opened = []
    for entry in entries_for_types(session, entity):
        subjects: list[Channel | None] = [*channels] if entry.unit is Unit.CHANNEL else [None]
        for channel in subjects:
            if (entry.id, channel.id if channel is not None else None) in known:
                continue
            appeared = since if channel is None else channel.appeared_on
            opened.append(_open_obligation(session, entity, entry, channel, appeared, actor=actor, now=now))
    session.flush()
    return opened


def _appeared_on(session: Session, entity: Entity) -> date | None:
    """The first day on which the entity is said to have existed."""
    return session.scalar(
        select(func.min(Sighting.appeared_on)).where(
            Sighting.province_code == entity.province_code,
            Sighting.entity_id == entity.id,
            Sighting.channel_id.is_(None),
        )
    )


def _open_obligation(
    session: Session,
    entity: Entity,
    entry: ObligationEntry,
    channel: Channel | None,
    appeared_on: date | None,
    *,
    actor: Actor,
    now: datetime,
) -> Obligation:
    obligation = Obligation(
        province_code=entity.province_code,
        id=new_id(),
        entry_id=entry.id,
        unit=entry.unit,
        entity_id=entity.id,
        channel_id=channel.id if channel is not None else None,
        cohort=Cohort(cohort_of(entry, appeared_on)),
        opened_at=now,
    )
    session.add(obligation)
    session.flush()
    counts = move_counters(session, obligation, entity, day=local_day(now), in_scope=1)
    record(
        session,
        "obligation.opened",
        province_code=entity.province_code,
        object_id=obligation.id,
        actor=actor,
        now=now,
        data={"entry": entry.id, "entity": str(entity.id), "cohort": obligation.cohort.value, "counts": counts},
    )
    return obligation
