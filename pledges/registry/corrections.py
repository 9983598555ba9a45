"""What its own signer corrects about a registered entity: brought up to date in place, and the counters with it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from pledges.audit.operations import Actor
from pledges.core.calendar import local_day
from pledges.core.secrecy import Vault
from pledges.registry.counters import move_to_commune
from pledges.registry.counts import Count
from pledges.registry.families import lock_survivor
from pledges.registry.matching import matching_entities, same_by_name, survivor, take_turns, with_confirmed_email
from pledges.registry.models import Contact, Entity, Standing
from pledges.registry.names import remember_name
from pledges.registry.operations import (
    PERSONAL_NUMBER,
    Declaration,
    Registered,
    add_contacts,
    add_sighting,
    check_commune,
    complete,
)
from pledges.registry.queries import find_by_personal_number, find_by_tax_code, find_channel, obligations_of
from pledges.registry.rules import DeclaredSubject, Match, judge_match, set_name
from pledges.registry.search_documents import refresh


@dataclass(frozen=True)
class Former:
    """What the same signer had said before, so that a corrected mistake does not stay in the register."""

    tax_code: str | None = None
    phone: str | None = None


def correct_declared(
    session: Session,
    entity: Entity,
    declared: DeclaredSubject,
    *,
    former: Former,
    actor: Actor,
    now: datetime,
    vault: Vault,
) -> Registered:
    """Let the entity be what its signer now says it is; the answer is that of `register_declared`.

    A tax code, number or channel that belongs to another entity stays with the other one and is noted for a person;
    nothing tells the signer (`model.md` 23). A claimed entity is judged anew, because the mistake may be gone.
    """
    province_code = entity.province_code
    if declared.commune_code is not None:
        check_commune(session, province_code, declared.commune_code)
    number = declared.personal_number
    number_hash = vault.keyed_hash(PERSONAL_NUMBER, number) if number else None
    act = Declaration(session, declared, number_hash, province_code, actor, now, vault)
    take_turns(session, declared, number_hash, province_code=province_code, now=now)
    entity = lock_survivor(session, entity)
    session.refresh(entity)
    _forget_phone(act, entity, former)
    correct = _judge_claim_again if entity.standing is Standing.CLAIMED else _correct_registered
    registered = correct(act, entity, former)
    refresh(session, province_code, {entity.id, registered.entity.id})
    return registered


def _correct_registered(act: Declaration, entity: Entity, former: Former) -> Registered:
    others = list(_belonging_to_others(act, entity))
    if others:
        act.record(
            "entity.disputed",
            entity.id,
            identifiers=sorted({identifier for identifier, _value, _owner in others}),
            claims=sorted({str(owner) for _identifier, _value, owner in others}),
        )
    act = _without(act, {(identifier, value) for identifier, value, _owner in others})
    changed, counts = _bring_up_to_date(
        act, entity, former, keep_tax_code=any(each[0] == "tax_code" for each in others)
    )
    if changed:
        act.record("entity.corrected", entity.id, changed=changed, **({"counts": counts} if counts else {}))
    return complete(act, entity)


def _belonging_to_others(act: Declaration, entity: Entity) -> Iterator[tuple[str, str, uuid.UUID]]:
    """What is declared and registered for another entity: the kind of it, its value, and whose it is."""
    session, declared = act.session, act.declared
    if declared.tax_code is not None:
        owner = find_by_tax_code(session, act.province_code, declared.tax_code)
        if owner is not None and owner.id != entity.id:
            yield "tax_code", declared.tax_code, owner.id
    if declared.personal_number is not None:
        owner = find_by_personal_number(session, act.province_code, declared.personal_number, act.vault)
        if owner is not None and owner.id != entity.id:
            yield "personal_number", declared.personal_number, owner.id
    for address in declared.channels:
        channel = find_channel(session, act.province_code, address.address)
        if channel is None or channel.entity_id is None:
            continue
        owner = survivor(session, session.get_one(Entity, (act.province_code, channel.entity_id)))
        if owner.id != entity.id:
            yield "channel", address.address, owner.id


def _without(act: Declaration, others: set[tuple[str, str]]) -> Declaration:
    """The same declaration without what belongs to others."""
    declared = act.declared
    tax_code, number = declared.tax_code, declared.personal_number
    own_number = number is not None and ("personal_number", number) not in others
    own = replace(
        declared,
        tax_code=tax_code if tax_code is not None and ("tax_code", tax_code) not in others else None,
        personal_number=number if own_number else None,
        channels=tuple(channel for channel in declared.channels if ("channel", channel.address) not in others),
    )
    return replace(act, declared=own, number_hash=act.number_hash if own_number else None)


def _bring_up_to_date(
    act: Declaration, entity: Entity, former: Former, *, keep_tax_code: bool
) -> tuple[list[str], list[Count]]:
    """Overwrite what differs; returns the names of what changed, and the moves of the counters."""
    declared = act.declared
    changed, counts = [], []
    if entity.name != declared.name:
        before = entity.name
        set_name(entity, declared.name)
        remember_name(act.session, entity, before, now=act.now)
        changed.append("name")
    retracted = declared.tax_code is None and entity.tax_code == former.tax_code
    if entity.tax_code != declared.tax_code and not keep_tax_code and (declared.tax_code or retracted):
        entity.tax_code = declared.tax_code
        changed.append("tax_code")
    number = declared.personal_number
    if number is not None and entity.personal_number_hash != act.number_hash:
        entity.personal_number = act.vault.encrypt(PERSONAL_NUMBER, number)
        entity.personal_number_hash, entity.personal_number_last4 = act.number_hash, number[-4:]
        changed.append("personal_number")
    if entity.kind is not declared.kind:
        entity.kind = declared.kind
        changed.append("kind")
    if (entity.location, entity.country) != (declared.location, declared.country):
        entity.location, entity.country = declared.location, declared.country
        changed.append("location")
    if entity.address != declared.address:
        entity.address = declared.address
        changed.append("address")
    if entity.commune_code != declared.commune_code:
        counts = _move(act, entity)
        changed.append("commune")
    act.session.flush()
    return changed, counts


def _move(act: Declaration, entity: Entity) -> list[Count]:
    act.session.flush()
    owed = [found.obligation for found in obligations_of(act.session, entity)]
    return move_to_commune(act.session, entity, owed, act.declared.commune_code, day=local_day(act.now))


def _judge_claim_again(act: Declaration, entity: Entity, former: Former) -> Registered:
    """Without the tax code or channel that was another's, a claim is an entity like any other."""
    session, declared = act.session, act.declared
    matches = matching_entities(session, declared, act.number_hash, province_code=act.province_code)
    confirmed = with_confirmed_email(session, matches, declared)
    verdict = judge_match(declared, act.number_hash, matches, confirmed)
    if verdict is Match.SAME:
        return complete(act, confirmed[0].entity)
    if verdict is Match.NEW:
        known = same_by_name(
            session, declared, act.number_hash, province_code=act.province_code, standing=Standing.REGISTERED
        )
        if known is not None:
            return complete(act, known)
    changed, _no_counts = _bring_up_to_date(act, entity, former, keep_tax_code=False)
    if verdict is Match.CLAIMED:
        entity.claims_entity_id = matches[0].entity.id
        add_contacts(act, entity)
        act.record("entity.corrected", entity.id, changed=changed)
        return Registered(entity, claimed=True)
    entity.standing, entity.claims_entity_id = Standing.REGISTERED, None
    session.flush()
    act.record("entity.corrected", entity.id, changed=[*changed, "standing"])
    add_sighting(act, entity)
    return complete(act, entity)


def _forget_phone(act: Declaration, entity: Entity, former: Former) -> None:
    """A number that was wrong may be somebody else's; one that was confirmed stays."""
    if former.phone is None or former.phone == act.declared.phone:
        return
    act.session.execute(
        delete(Contact).where(
            Contact.province_code == entity.province_code,
            Contact.entity_id == entity.id,
            Contact.kind == "phone",
            Contact.value == former.phone,
            Contact.verified_at.is_(None),
        )
    )
