"""Registering what a subject declares about itself: entity, contacts, channels, sightings and obligations."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.audit.operations import Actor, record
from pledges.core.calendar import local_day
from pledges.core.db import new_id
from pledges.core.errors import N_, DomainError
from pledges.core.identity import fold, name_key
from pledges.core.secrecy import Vault
from pledges.plans.models import Commune
from pledges.registry.counters import move_counters, move_to_owner
from pledges.registry.families import lock_survivor
from pledges.registry.matching import matching_entities, same_by_name, survivor, take_turns, with_confirmed_email
from pledges.registry.models import (
    Channel,
    Contact,
    Entity,
    Obligation,
    Sighting,
    Standing,
)
from pledges.registry.names import remember_name
from pledges.registry.obligations import recompute_obligations
from pledges.registry.queries import obligations_of
from pledges.registry.rules import (
    SELF_DECLARED,
    DeclaredSubject,
    Match,
    Matched,
    Presumed,
    contradicts,
    is_same_by_name,
    judge_match,
)
from pledges.registry.search_documents import refresh
from pledges.registry.subject_types import add_types, types_of_website

__all__ = [
    "DeclaredSubject",
    "Registered",
    "move_counters",
    "recompute_obligations",
    "register_declared",
]

PERSONAL_NUMBER = "personal_number"
"""The purpose under which the vault encrypts and hashes personal numbers of the register."""


@dataclass(frozen=True)
class Registered:
    """What a declaration led to. A claimed entity has neither channels nor obligations."""

    entity: Entity
    claimed: bool
    channels: dict[str, Channel] = field(default_factory=dict)
    """The declared channels by canonical address."""
    obligations: list[Obligation] = field(default_factory=list)
    """All that the entity owes as a whole, and those of the declared channels; always in the same order.

    Also what is out of scope: should that decision be taken back, whoever has signed stands among those who have.
    """


@dataclass(frozen=True)
class Declaration:
    """Who declares what, when: passed along while one declaration is written (here and in `corrections.py`)."""

    session: Session
    declared: DeclaredSubject
    number_hash: str | None
    province_code: str
    actor: Actor
    now: datetime
    vault: Vault

    def record(self, fact: str, object_id: uuid.UUID, **data: Any) -> None:
        record(
            self.session,
            fact,
            province_code=self.province_code,
            object_id=object_id,
            actor=self.actor,
            now=self.now,
            data=data,
        )


def register_declared(
    session: Session,
    declared: DeclaredSubject,
    *,
    province_code: str,
    actor: Actor,
    now: datetime,
    vault: Vault,
    presumed: Presumed | None = None,
) -> Registered:
    """Find or add the entity that declares itself, with its channels and what it owes.

    `presumed`: whom a list or an invitation says them to be; it counts where no number or channel says otherwise.

    Somebody else's tax code, personal number or channel gives a claimed entity, and no answer tells the difference.
    The same declaration twice changes nothing the second time. Nothing that is known is overwritten.
    """
    if declared.commune_code is not None:
        check_commune(session, province_code, declared.commune_code)
    number = declared.personal_number
    number_hash = vault.keyed_hash(PERSONAL_NUMBER, number) if number else None
    act = Declaration(session, declared, number_hash, province_code, actor, now, vault)
    take_turns(session, declared, number_hash, province_code=province_code, now=now)
    matches = matching_entities(session, declared, number_hash, province_code=province_code)
    registered = _register(act, matches, presumed)
    refresh(session, province_code, {registered.entity.id})
    return registered


def _register(act: Declaration, matches: list[Matched], presumed: Presumed | None) -> Registered:
    session, declared = act.session, act.declared
    named = _named(act, presumed)
    proven = presumed is not None and presumed.proven
    confirmed = with_confirmed_email(session, matches, declared)
    if named is not None and proven:
        confirmed = [match for match in matches if match in confirmed or match.entity.id == named.entity.id]
    match judge_match(declared, act.number_hash, matches, confirmed):
        case Match.CLAIMED:
            return Registered(_claim(act, matches[0].entity), claimed=True)
        case Match.SAME:
            return complete(act, confirmed[0].entity)
        case Match.NEW:
            return complete(act, _by_name(act, named, proven=proven) or _add_entity(act, Standing.REGISTERED))


def _by_name(act: Declaration, named: Matched | None, *, proven: bool) -> Entity | None:
    """The entity that no number and no channel points to: by its name and address, or by who named it."""
    same_name = named is not None and is_same_by_name(named, act.declared, act.number_hash)
    if named is not None and same_name and proven:
        return named.entity
    known = same_by_name(
        act.session, act.declared, act.number_hash, province_code=act.province_code, standing=Standing.REGISTERED
    )
    if known is None and named is not None and (same_name or proven):
        return named.entity
    return known


def _named(act: Declaration, presumed: Presumed | None) -> Matched | None:
    """The registered entity that somebody else has named, unless its numbers say that it is another one."""
    found = act.session.get(Entity, (act.province_code, presumed.entity_id)) if presumed is not None else None
    if found is None or found.standing is not Standing.REGISTERED:
        return None
    match = Matched(survivor(act.session, found), (found,))
    return None if contradicts(match.rows, act.declared, act.number_hash) else match


def check_commune(session: Session, province_code: str, commune_code: str) -> None:
    if session.get(Commune, (province_code, commune_code)) is None:
        raise DomainError(
            N_("Xã, phường này không thuộc tỉnh, thành phố đã chọn. Hãy tìm và chọn lại trong danh sách."),
            field="commune",
        )


def _claim(act: Declaration, claimed: Entity) -> Entity:
    """A record of its own beside the registered one, without any effect until a person decides."""
    known = same_by_name(
        act.session,
        act.declared,
        act.number_hash,
        province_code=act.province_code,
        standing=Standing.CLAIMED,
        claims=claimed.id,
    )
    if known is not None:
        _add_types(act, known)
        add_contacts(act, known)
        return known
    entity = _add_entity(act, Standing.CLAIMED, claims=claimed.id)
    _add_types(act, entity)
    add_contacts(act, entity)
    act.session.flush()
    return entity


def _add_entity(act: Declaration, standing: Standing, *, claims: uuid.UUID | None = None) -> Entity:
    declared = act.declared
    entity = Entity(
        province_code=act.province_code,
        id=new_id(),
        kind=declared.kind,
        standing=standing,
        claims_entity_id=claims,
        name=declared.name,
        name_fold=fold(declared.name),
        name_key=name_key(declared.name),
        location=declared.location,
        country=declared.country,
        commune_code=declared.commune_code,
        address=declared.address,
        added_at=act.now,
    )
    _set_identifiers(act, entity)
    act.session.add(entity)
    # Rows that point to the entity carry its id as a plain value, so it has to be there before them.
    act.session.flush()
    data = {"kind": declared.kind.value, "types": sorted(declared.subject_types), "location": declared.location.value}
    if claims is None:
        act.record("entity.added", entity.id, source=SELF_DECLARED, **data)
        add_sighting(act, entity)
    else:
        act.record("entity.claimed", entity.id, claims=str(claims), **data)
    return entity


def _set_identifiers(act: Declaration, entity: Entity) -> list[str]:
    """Fill in the identifiers that are not known yet; returns their names."""
    filled = []
    if entity.tax_code is None and act.declared.tax_code is not None:
        entity.tax_code = act.declared.tax_code
        filled.append("tax_code")
    number = act.declared.personal_number
    if entity.personal_number_hash is None and number is not None:
        entity.personal_number = act.vault.encrypt(PERSONAL_NUMBER, number)
        entity.personal_number_hash = act.number_hash
        entity.personal_number_last4 = number[-4:]
        filled.append("personal_number")
    return filled


def complete(act: Declaration, entity: Entity) -> Registered:
    """Add to a registered entity what the declaration has and the register has not."""
    entity = lock_survivor(act.session, entity)
    filled = _set_identifiers(act, entity)
    if filled:
        act.record("entity.identified", entity.id, identifiers=filled)
    # The name stays that of the register; what is signed, and perhaps published, says the declared one.
    remember_name(act.session, entity, act.declared.name, now=act.now)
    add_contacts(act, entity)
    _add_types(act, entity)
    channels = add_channels(act, entity)
    act.session.flush()
    _declare_itself(act, entity)
    recompute_obligations(
        act.session,
        entity,
        actor=act.actor,
        now=act.now,
        declared=True,
        appeared_on=act.declared.appeared_on,
    )
    named = {channel.id for channel in channels.values()}
    owed = [
        found.obligation
        for found in obligations_of(act.session, entity)
        if found.channel is None or found.channel.id in named
    ]
    return Registered(entity, claimed=False, channels=channels, obligations=owed)


def add_contacts(act: Declaration, entity: Entity) -> None:
    known = {
        (contact.kind, contact.value): contact
        for contact in act.session.scalars(
            select(Contact).where(Contact.province_code == entity.province_code, Contact.entity_id == entity.id)
        )
    }
    said, declared = act.declared, list[tuple[str, str, datetime | None]]()
    declared += [("email", said.email, None if said.vouched else act.now)] if said.email else []
    declared += [("phone", said.phone, act.now if said.phone_confirmed else None)] if said.phone else []
    for kind, value, verified_at in declared:
        contact = known.get((kind, value))
        if contact is None:
            act.session.add(
                Contact(
                    province_code=entity.province_code,
                    entity_id=entity.id,
                    kind=kind,
                    value=value,
                    verified_at=verified_at,
                )
            )
        elif contact.verified_at is None:
            contact.verified_at = verified_at


def _add_types(act: Declaration, entity: Entity) -> None:
    add_types(act.session, entity, act.declared.subject_types, actor=act.actor, now=act.now)


def add_channels(act: Declaration, entity: Entity) -> dict[str, Channel]:
    """The declared channels; one whose owner was not known gets this owner."""
    addresses = [address.address for address in act.declared.channels]
    channels = {
        channel.address: channel
        for channel in act.session.scalars(
            select(Channel).where(Channel.province_code == entity.province_code, Channel.address.in_(addresses))
        )
    }
    day = local_day(act.now)
    for address in act.declared.channels:
        channel = channels.get(address.address)
        if channel is not None:
            if channel.entity_id is None:
                _give_owner(act, channel, entity)
            continue
        channel = Channel(
            province_code=entity.province_code,
            id=new_id(),
            entity_id=entity.id,
            kind=address.kind.value,
            address=address.address,
            as_typed=address.as_typed or address.display,
            lookalike=address.lookalike,
            appeared_on=act.declared.appeared_on,
            first_seen_on=day,
            added_at=act.now,
        )
        act.session.add(channel)
        act.session.flush()
        channels[address.address] = channel
        act.record("channel.added", channel.id, kind=channel.kind, lookalike=channel.lookalike)
        add_sighting(act, entity, channel)
    return channels


def _give_owner(act: Declaration, channel: Channel, entity: Entity) -> None:
    """A website that was registered without owner has found one: its obligations are counted where the owner is."""
    act.session.flush()
    add_types(act.session, entity, types_of_website(act.session, channel), actor=act.actor, now=act.now)
    counts = move_to_owner(act.session, channel, entity, day=local_day(act.now))
    act.record("channel.owner_found", channel.id, entity=str(entity.id), **({"counts": counts} if counts else {}))
    add_sighting(act, entity, channel)


def _declare_itself(act: Declaration, entity: Entity) -> None:
    """Evidence once that the entity itself says so: the rules presume those in scope who do."""
    known = select(Sighting.id).where(
        Sighting.province_code == entity.province_code,
        Sighting.entity_id == entity.id,
        Sighting.channel_id.is_(None),
        Sighting.source == SELF_DECLARED,
    )
    if act.session.scalars(known.limit(1)).first() is None:
        add_sighting(act, entity)


def add_sighting(act: Declaration, entity: Entity, channel: Channel | None = None) -> None:
    sighting = Sighting(
        province_code=entity.province_code,
        id=new_id(),
        entity_id=entity.id,
        channel_id=channel.id if channel is not None else None,
        source=SELF_DECLARED,
        seen_on=local_day(act.now),
        appeared_on=act.declared.appeared_on,
        recorded_at=act.now,
    )
    act.session.add(sighting)
    act.record(
        "sighting.recorded",
        sighting.id,
        source=SELF_DECLARED,
        entity=str(entity.id),
        channel=str(channel.id) if channel is not None else None,
    )
