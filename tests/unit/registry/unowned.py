"""A website that somebody has seen and whose owner nobody knows: how later parts of the register will add one."""

from __future__ import annotations

import uuid

from sqlalchemy.orm import Session

from pledges.audit.operations import SYSTEM, record
from pledges.core.calendar import local_day
from pledges.core.db import new_id
from pledges.plans.models import Unit
from pledges.registry.counters import move_counters
from pledges.registry.models import Channel, Cohort, Obligation
from tests.support.clock import START
from tests.unit.registry.conftest import P


def add_unowned_website(session: Session, address: str) -> tuple[uuid.UUID, uuid.UUID]:
    day = local_day(START)
    channel = Channel(
        province_code=P,
        id=new_id(),
        entity_id=None,
        kind="website",
        address=address,
        as_typed=address,
        first_seen_on=day,
        added_at=START,
    )
    session.add(channel)
    session.flush()
    obligation = Obligation(
        province_code=P,
        id=new_id(),
        entry_id="97-website",
        unit=Unit.CHANNEL,
        channel_id=channel.id,
        cohort=Cohort.UNKNOWN,
        opened_at=START,
    )
    session.add(obligation)
    session.flush()
    record(
        session,
        "obligation.opened",
        province_code=P,
        object_id=obligation.id,
        actor=SYSTEM,
        now=START,
        data={"counts": move_counters(session, obligation, None, day=day, in_scope=1)},
    )
    return channel.id, obligation.id
