"""Distinct totals of all provinces: a platform in three of them is three entities and one subject (`model.md` 16).

A subject is known again by its tax code, a person by the keyed hash of the number, a website by its canonical address;
whoever has none of these is one subject per province. They are only compared inside the database, and only numbers
leave it.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Select, String, and_, case, cast, func, select
from sqlalchemy.orm import Session

from pledges.core.calendar import Clock
from pledges.core.db import Database
from pledges.plans.models import Instrument, ObligationEntry, Unit
from pledges.registry.models import IN_SCOPE, Channel, Entity, Obligation
from pledges.reporting.models import SubjectCount

COUNT_SUBJECTS = "count_subjects"
COUNT_SUBJECTS_SECONDS = 24 * 3600.0


def subjects_counted(session: Session, instrument: Instrument = Instrument.PLEDGE) -> SubjectCount | None:
    """As they were counted last; None before the first night."""
    return session.get(SubjectCount, instrument)


def count_subjects(database: Database, clock: Clock) -> None:
    """The task of the night."""
    database.run(partial(_count, now=clock()))


def _count(session: Session, now: datetime, instrument: Instrument = Instrument.PLEDGE) -> None:
    in_province = _in_province(instrument).subquery()
    everywhere = (
        select(
            func.count().label("provinces"),
            func.min(in_province.c.done).label("done"),
        )
        .group_by(in_province.c.subject)
        .subquery()
    )
    in_provinces, subjects, shared, in_force = session.execute(
        select(
            func.coalesce(func.sum(everywhere.c.provinces), 0),
            func.count(),
            func.coalesce(func.sum(case((everywhere.c.provinces > 1, 1), else_=0)), 0),
            func.coalesce(func.sum(everywhere.c.done), 0),
        )
    ).one()
    session.merge(
        SubjectCount(
            instrument=instrument,
            counted_at=now,
            in_provinces=int(in_provinces),
            subjects=int(subjects),
            shared=int(shared),
            in_force=int(in_force),
        )
    )


def _in_province(instrument: Instrument) -> Select[Any]:
    """Per province and subject whether all that it owes there is in force."""
    subject = case(
        (Obligation.unit == Unit.CHANNEL, "address " + Channel.address),
        (Entity.tax_code.is_not(None), "tax code " + Entity.tax_code),
        (Entity.personal_number_hash.is_not(None), "number " + Entity.personal_number_hash),
        else_="entity " + cast(Obligation.entity_id, String),
    ).label("subject")
    return (
        select(
            Obligation.province_code,
            subject,
            func.min(case((Obligation.in_force > 0, 1), else_=0)).label("done"),
        )
        .join(
            ObligationEntry,
            and_(ObligationEntry.province_code == Obligation.province_code, ObligationEntry.id == Obligation.entry_id),
        )
        .outerjoin(Entity, and_(Entity.province_code == Obligation.province_code, Entity.id == Obligation.entity_id))
        .outerjoin(
            Channel, and_(Channel.province_code == Obligation.province_code, Channel.id == Obligation.channel_id)
        )
        .where(Obligation.scope.in_(IN_SCOPE), ObligationEntry.instrument == instrument)
        .group_by(Obligation.province_code, subject)
    )
