"""When an open obligation turns: asked and silent for too long, or never reached (`model.md` 5, 13)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.core.calendar import add_working_days, local_day
from pledges.plans.models import Agency, ObligationEntry, Province
from pledges.plans.rules import turning_day
from pledges.plans.settings import province_settings
from pledges.registry.models import Channel, Entity, Obligation, Sighting


def turns_on(
    session: Session,
    obligation: Obligation,
    entry: ObligationEntry,
    *,
    asked_on: date | None,
    waits_until: date | None,
    first_seen_on: date | None = None,
) -> date:
    """The day of `plans.rules.turning_day` for an obligation; reads when it was first seen where that is not given."""
    return turning_day(
        entry,
        cohort=obligation.cohort,
        first_seen_on=first_seen_on or first_seen(session, obligation),
        asked_on=asked_on,
        waits_until=waits_until,
        days_off=days_off(session, obligation.province_code),
    )


def waiting_until(session: Session, entry: ObligationEntry, asked_on: date) -> date:
    """The last day of the time that the lead agency gives today to those who are asked."""
    agency = session.get_one(Agency, (entry.province_code, entry.lead_agency))
    return add_working_days(asked_on, agency.waiting_days, days_off(session, entry.province_code))


def days_off(session: Session, province_code: str) -> frozenset[date]:
    return province_settings(session.get_one(Province, province_code)).days_off_in_lieu


def first_seen(session: Session, obligation: Obligation) -> date:
    """The day on which the website, or the entity itself, was first noticed."""
    if obligation.channel_id is not None:
        channel = session.get_one(Channel, (obligation.province_code, obligation.channel_id))
        return channel.first_seen_on
    seen = None
    if obligation.entity_id is not None:
        seen = first_sightings(session, obligation.province_code, [obligation.entity_id]).get(obligation.entity_id)
    return seen or local_day(obligation.opened_at)


def first_sightings(session: Session, province_code: str, entity_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, date]:
    """For many entities the day of their oldest evidence, that of their channels included."""
    rows = session.execute(
        select(Sighting.entity_id, func.min(Sighting.seen_on))
        .where(Sighting.province_code == province_code, Sighting.entity_id.in_(entity_ids))
        .group_by(Sighting.entity_id)
    )
    return {entity_id: seen_on for entity_id, seen_on in rows if entity_id is not None}


def owner_of(session: Session, obligation: Obligation) -> Entity | None:
    if obligation.entity_id is None:
        return None
    return session.get_one(Entity, (obligation.province_code, obligation.entity_id))
