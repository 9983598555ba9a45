"""Finding the registered entities that a declaration may be about."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import InstrumentedAttribute, Session

from pledges.core.secrecy import sha256_hex
from pledges.registry.models import Channel, Contact, Entity, RegistrationTurn, Standing
from pledges.registry.rules import DeclaredSubject, Matched, is_same_by_name


def survivor(session: Session, entity: Entity) -> Entity:
    """The entity that this one was merged into, at the end of the chain; itself if it was not."""
    seen = {entity.id}
    while entity.merged_into is not None:
        if entity.merged_into in seen:
            raise RuntimeError(f"entities are merged in a circle: {entity.id}")
        seen.add(entity.merged_into)
        entity = session.get_one(Entity, (entity.province_code, entity.merged_into))
    return entity


def take_turns(
    session: Session, declared: DeclaredSubject, number_hash: str | None, *, province_code: str, now: datetime
) -> None:
    """Wait while another transaction registers the same tax code, number, channel or address.

    SQLite has one writer anyway. On PostgreSQL the unique constraints alone would be right too, but every loser
    would have to run its whole transaction again, and an address with a name has no constraint. A row stands for
    each turn rather than an advisory lock, which poolers and distributed engines do not keep.
    """
    marks = [f"channel:{channel.address}" for channel in declared.channels]
    marks += [f"email:{declared.email}"] if declared.email else []
    marks += [f"tax:{declared.tax_code}"] if declared.tax_code else []
    marks += [f"number:{number_hash}"] if number_hash else []
    take_turns_for(session, marks, province_code=province_code, now=now)


def take_turns_for(session: Session, marks: Collection[str], *, province_code: str, now: datetime) -> None:
    """The same for what is known of a subject: `tax:`, `number:` (its hash), `channel:` and `email:` with the value."""
    if session.get_bind().dialect.name != "postgresql" or not marks:
        return
    turns = [
        {"province_code": province_code, "key_sha256": key, "taken_at": now}
        for key in sorted({sha256_hex(mark.encode()) for mark in marks})
    ]
    statement = postgresql.insert(RegistrationTurn)
    # One parameter set after the other: a list names thousands, and a statement that long is dear to make.
    session.connection().execute(
        statement.on_conflict_do_update(
            index_elements=["province_code", "key_sha256"], set_={"taken_at": statement.excluded.taken_at}
        ),
        turns,
    )


def forget_turns(session: Session, before: datetime) -> None:
    session.execute(delete(RegistrationTurn).where(RegistrationTurn.taken_at < before))


def matching_entities(
    session: Session, declared: DeclaredSubject, number_hash: str | None, *, province_code: str
) -> list[Matched]:
    """Registered entities with the declared tax code, personal number or one of the channels, in this order."""
    found = [
        *_registered(session, province_code, Entity.tax_code, declared.tax_code),
        *_registered(session, province_code, Entity.personal_number_hash, number_hash),
        *_owners(session, province_code, [channel.address for channel in declared.channels]),
    ]
    matches: dict[uuid.UUID, Matched] = {}
    for row in found:
        entity = survivor(session, row)
        earlier = matches.get(entity.id, Matched(entity))
        matches[entity.id] = Matched(entity, (*earlier.found_as, row))
    return list(matches.values())


def _registered(
    session: Session, province_code: str, column: InstrumentedAttribute[str | None], value: str | None
) -> Iterable[Entity]:
    if value is None:
        return []
    return session.scalars(
        select(Entity)
        .where(
            Entity.province_code == province_code,
            Entity.standing == Standing.REGISTERED,
            column == value,
        )
        .order_by(Entity.id)
    )


def _owners(session: Session, province_code: str, addresses: list[str]) -> Iterable[Entity]:
    if not addresses:
        return []
    return session.scalars(
        select(Entity)
        .join(Channel, (Channel.province_code == Entity.province_code) & (Channel.entity_id == Entity.id))
        .where(Entity.province_code == province_code, Channel.address.in_(addresses))
        .order_by(Entity.id)
    )


def with_confirmed_email(session: Session, matches: Iterable[Matched], declared: DeclaredSubject) -> list[Matched]:
    """Those of `matches` that are known to be reached at this address, which a code has just confirmed.

    The register may know it from a list of the agency only: whoever reads the mail that goes there is who is listed.
    """
    if declared.vouched:
        return list(matches)
    return [match for match in matches if _is_reached_at(session, match.entity, declared.email)]


def _is_reached_at(session: Session, entity: Entity, email: str) -> bool:
    merged = select(Entity.id).where(Entity.province_code == entity.province_code, Entity.merged_into == entity.id)
    contact = select(Contact.id).where(
        Contact.province_code == entity.province_code,
        or_(Contact.entity_id == entity.id, Contact.entity_id.in_(merged)),
        Contact.kind == "email",
        Contact.value == email,
        Contact.ended_at.is_(None),
    )
    return session.scalars(contact.limit(1)).first() is not None


def same_by_name(
    session: Session,
    declared: DeclaredSubject,
    number_hash: str | None,
    *,
    province_code: str,
    standing: Standing,
    claims: uuid.UUID | None = None,
) -> Entity | None:
    """The oldest entity of this standing with the same confirmed address and the same name, or None."""
    statement = (
        select(Entity)
        .join(Contact, (Contact.province_code == Entity.province_code) & (Contact.entity_id == Entity.id))
        .where(
            Entity.province_code == province_code,
            Entity.standing == standing,
            Entity.claims_entity_id.is_(None) if claims is None else Entity.claims_entity_id == claims,
            Contact.kind == "email",
            Contact.value == declared.email,
            Contact.ended_at.is_(None),
        )
        .order_by(Entity.added_at, Entity.id)
    )
    for entity in session.scalars(statement).all():
        match = Matched(survivor(session, entity), (entity,))
        if is_same_by_name(match, declared, number_hash):
            return match.entity
    return None
