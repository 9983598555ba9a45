"""Named selections of the register."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from pledges.core.secrecy import Vault
from pledges.plans.models import Instrument, ObligationEntry
from pledges.registry.matching import survivor
from pledges.registry.models import Channel, Contact, Counter, Entity, EntityType, Obligation, Standing


@dataclass(frozen=True)
class Owed:
    """One obligation with its entry, and the website that it is about where the entry counts websites."""

    obligation: Obligation
    entry: ObligationEntry
    channel: Channel | None


@dataclass(frozen=True)
class Coverage:
    """Figures of one entry as of a day; `subject_type` and `commune_code` are None in totals."""

    agency_code: str
    entry_id: str
    instrument: Instrument
    subject_type: str | None
    commune_code: str | None
    in_scope: int
    waiting_for_agency: int
    in_force: int


def find_by_tax_code(session: Session, province_code: str, tax_code: str) -> Entity | None:
    """The registered entity with this tax code, or the one that it was merged into."""
    return _first_registered(session, province_code, Entity.tax_code == tax_code)


def find_by_personal_number(session: Session, province_code: str, number: str, vault: Vault) -> Entity | None:
    return find_by_number_hash(session, province_code, vault.keyed_hash("personal_number", number))


def find_by_number_hash(session: Session, province_code: str, number_hash: str) -> Entity | None:
    return _first_registered(session, province_code, Entity.personal_number_hash == number_hash)


def _first_registered(session: Session, province_code: str, condition: ColumnElement[bool]) -> Entity | None:
    found = session.scalars(
        select(Entity)
        .where(Entity.province_code == province_code, Entity.standing == Standing.REGISTERED, condition)
        .order_by(Entity.merged_into.is_not(None), Entity.id)
        .limit(1)
    ).first()
    return survivor(session, found) if found is not None else None


def find_channel(session: Session, province_code: str, address: str) -> Channel | None:
    """The channel with this canonical address."""
    return session.scalars(
        select(Channel).where(Channel.province_code == province_code, Channel.address == address)
    ).first()


def types_of(session: Session, entity: Entity) -> list[str]:
    return list(
        session.scalars(
            select(EntityType.subject_type)
            .where(EntityType.province_code == entity.province_code, EntityType.entity_id == entity.id)
            .order_by(EntityType.subject_type)
        )
    )


def channels_of(session: Session, entity: Entity) -> list[Channel]:
    return list(
        session.scalars(
            select(Channel)
            .where(Channel.province_code == entity.province_code, Channel.entity_id == entity.id)
            .order_by(Channel.added_at, Channel.id)
        )
    )


def contacts_of(session: Session, entity: Entity) -> list[Contact]:
    """Where the subject is reached, also under the rows that have been merged into this one."""
    merged = select(Entity.id).where(Entity.province_code == entity.province_code, Entity.merged_into == entity.id)
    return list(
        session.scalars(
            select(Contact)
            .where(
                Contact.province_code == entity.province_code,
                or_(Contact.entity_id == entity.id, Contact.entity_id.in_(merged)),
            )
            .order_by(Contact.id)
        )
    )


def obligations_of(session: Session, entity: Entity) -> list[Owed]:
    """Everything the entity owes, by itself and for its websites, in the order in which counters are locked."""
    rows = session.execute(
        select(Obligation, ObligationEntry, Channel)
        .join(
            ObligationEntry,
            (ObligationEntry.province_code == Obligation.province_code) & (ObligationEntry.id == Obligation.entry_id),
        )
        .outerjoin(Channel, (Channel.province_code == Obligation.province_code) & (Channel.id == Obligation.channel_id))
        .where(Obligation.province_code == entity.province_code, Obligation.entity_id == entity.id)
        .order_by(ObligationEntry.lead_agency, ObligationEntry.id, Obligation.opened_at, Obligation.id)
    )
    return [Owed(*row) for row in rows]


def coverage(
    session: Session,
    province_code: str,
    *,
    as_of: date,
    by_subject_type: bool = False,
    by_commune: bool = False,
    agency_code: str | None = None,
) -> list[Coverage]:
    """Figures per entry as of the end of a day, from the counters; a subject with two types counts once in totals."""
    parts = [Counter.agency_code, Counter.entry_id, Counter.instrument]
    parts += [Counter.subject_type] if by_subject_type else []
    parts += [Counter.commune_code] if by_commune else []
    statement = (
        select(
            *parts,
            func.sum(Counter.in_scope).label("in_scope"),
            func.sum(Counter.waiting_for_agency).label("waiting_for_agency"),
            func.sum(Counter.in_force).label("in_force"),
        )
        .where(
            Counter.province_code == province_code,
            Counter.day <= as_of,
            Counter.subject_type != "" if by_subject_type else Counter.subject_type == "",
        )
        .group_by(*parts)
        .order_by(*parts)
    )
    if agency_code is not None:
        statement = statement.where(Counter.agency_code == agency_code)
    return [
        Coverage(
            agency_code=row.agency_code,
            entry_id=row.entry_id,
            instrument=row.instrument,
            subject_type=row.subject_type if by_subject_type else None,
            commune_code=row.commune_code if by_commune else None,
            in_scope=int(row.in_scope),
            waiting_for_agency=int(row.waiting_for_agency),
            in_force=int(row.in_force),
        )
        for row in session.execute(statement)
    ]
