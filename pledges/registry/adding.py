"""Adding to the register what staff, communes, citizens and institutions know about somebody else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from pledges.audit.operations import Actor
from pledges.core.db import new_id
from pledges.core.errors import N_, Conflict
from pledges.core.identity import ChannelAddress
from pledges.core.secrecy import Vault
from pledges.registry.acts import Act
from pledges.registry.adding_rows import Seen, write_channel, write_contact, write_sighting
from pledges.registry.clashes import AlreadyRegistered, refuse_channel, refuse_personal_number, refuse_tax_code
from pledges.registry.families import lock_survivor
from pledges.registry.matching import survivor, take_turns_for
from pledges.registry.models import Channel, Contact, Entity, EntityKind, Location, Sighting, Standing
from pledges.registry.obligations import recompute_obligations, recompute_unowned
from pledges.registry.operations import PERSONAL_NUMBER, check_commune
from pledges.registry.rules import OFFICER, set_name
from pledges.registry.search_documents import refresh
from pledges.registry.subject_types import add_types

__all__ = ["AlreadyRegistered", "NewEntity", "Seen", "add_channel", "add_contact", "add_entity", "add_sighting"]


@dataclass(frozen=True)
class NewEntity:
    """A subject that somebody else than itself brings in; everything is cleaned and parsed."""

    kind: EntityKind
    name: str
    subject_types: tuple[str, ...]
    tax_code: str | None = None
    personal_number: str | None = None
    location: Location = Location.LOCAL
    country: str = "VN"
    commune_code: str | None = None
    """None where it is not known, abroad and in other provinces."""
    address: str = ""
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    channels: tuple[ChannelAddress, ...] = ()


def add_entity(
    session: Session,
    new: NewEntity,
    seen: Seen,
    *,
    province_code: str,
    actor: Actor,
    now: datetime,
    vault: Vault,
) -> Entity:
    """Add an entity with its channels, contacts, evidence and what it owes; counted at once.

    Raises `AlreadyRegistered` for a tax code, number or channel of another one. A website without owner becomes its.
    """
    act = Act(session, province_code, actor, now)
    if new.commune_code is not None:
        check_commune(session, province_code, new.commune_code)
    number = new.personal_number
    number_hash = vault.keyed_hash(PERSONAL_NUMBER, number) if number else None
    _take_turns(act, new, number_hash)
    refuse_tax_code(session, province_code, new.tax_code)
    refuse_personal_number(session, province_code, number, vault)
    for address in new.channels:
        refuse_channel(session, province_code, address)
    entity = Entity(
        province_code=province_code,
        id=new_id(),
        kind=new.kind,
        standing=Standing.REGISTERED,
        tax_code=new.tax_code,
        personal_number=vault.encrypt(PERSONAL_NUMBER, number) if number else None,
        personal_number_hash=number_hash,
        personal_number_last4=number[-4:] if number else None,
        location=new.location,
        country=new.country,
        commune_code=new.commune_code,
        address=new.address,
        added_at=now,
    )
    set_name(entity, new.name)
    session.add(entity)
    # Rows that point to the entity carry its id as a plain value, so it has to be there before them.
    session.flush()
    what = {"kind": new.kind.value, "types": sorted(new.subject_types), "location": new.location.value}
    act.record("entity.added", entity.id, {"source": seen.source, **what})
    add_types(session, entity, new.subject_types, actor=actor, now=now)
    write_sighting(act, seen, entity, None)
    for kind, values in (("email", new.emails), ("phone", new.phones)):
        for value in values:
            write_contact(act, entity, kind, value)
    for address in new.channels:
        write_channel(act, entity, address, seen)
    _follow(act, entity, None, seen)
    return entity


def add_channel(
    session: Session,
    entity: Entity | None,
    address: ChannelAddress,
    seen: Seen,
    *,
    province_code: str,
    actor: Actor,
    now: datetime,
) -> Channel:
    """Add a channel of an entity, or (None) a website whose owner nobody knows; seen again, only the evidence is new.

    One without owner gets this one; one of another entity raises `AlreadyRegistered`. Only websites that sell may
    stand without owner, because the plan counts those one by one; of any other kind somebody has to own it.
    """
    act = Act(session, province_code, actor, now)
    take_turns_for(session, [f"channel:{address.address}"], province_code=province_code, now=now)
    if entity is not None:
        entity = lock_survivor(session, living(session, entity))
        refuse_channel(session, province_code, address, own=entity)
    channel = write_channel(act, entity, address, seen)
    _follow(act, entity, channel, seen)
    return channel


def add_sighting(
    session: Session,
    seen: Seen,
    *,
    province_code: str,
    actor: Actor,
    now: datetime,
    entity: Entity | None = None,
    channel: Channel | None = None,
) -> Sighting:
    """Add dated evidence about an entity, or about a channel and its owner; a day of appearance may move a cohort."""
    act = Act(session, province_code, actor, now)
    if entity is None and channel is not None and channel.entity_id is not None:
        entity = session.get_one(Entity, (province_code, channel.entity_id))
    entity = survivor(session, entity) if entity is not None else None
    sighting = write_sighting(act, seen, entity, channel)
    if channel is not None and seen.appeared_on is not None and (channel.appeared_on is None or seen.source == OFFICER):
        channel.appeared_on = seen.appeared_on
    _follow(act, entity, channel, seen)
    return sighting


def add_contact(
    session: Session,
    entity: Entity,
    kind: str,
    value: str,
    *,
    actor: Actor,
    now: datetime,
    formal: bool = False,
    holder: str = "",
    revive: bool = True,
) -> Contact:
    """Add a parsed phone or e-mail address (`kind`: `phone`, `email`), or give back the one that is there.

    One that was ended comes back only with `revive`: lists repeat for years what an officer has struck out.
    """
    entity = survivor(session, entity)
    act = Act(session, entity.province_code, actor, now)
    contact = write_contact(act, entity, kind, value, formal=formal, holder=holder)
    if contact.ended_at is not None and revive:
        contact.ended_at = None
        act.record("contact.changed", contact.id, {"changed": ["ended"], "entity": str(entity.id)})
    refresh(session, entity.province_code, [entity.id])
    return contact


def living(session: Session, entity: Entity) -> Entity:
    """The entity that stands for this one today; a claim has to be decided before anything is added to it."""
    entity = survivor(session, entity)
    if entity.standing is Standing.CLAIMED:
        raise Conflict(
            N_("“%(name)s” còn chờ xem xét vì trùng với đối tượng khác. Hãy xử lý việc đó trước."), name=entity.name
        )
    return entity


def _take_turns(act: Act, new: NewEntity, number_hash: str | None) -> None:
    marks = [f"channel:{channel.address}" for channel in new.channels]
    marks += [f"tax:{new.tax_code}"] if new.tax_code else []
    marks += [f"number:{number_hash}"] if number_hash else []
    take_turns_for(act.session, marks, province_code=act.province_code, now=act.now)


def _follow(act: Act, entity: Entity | None, channel: Channel | None, seen: Seen) -> None:
    """Bring obligations and search up to date after something was added."""
    if entity is not None:
        recompute_obligations(act.session, entity, actor=act.actor, now=act.now, import_id=seen.import_id)
        refresh(act.session, act.province_code, [entity.id])
    elif channel is not None:
        recompute_unowned(
            act.session, act.province_code, [channel.id], actor=act.actor, now=act.now, import_id=seen.import_id
        )
