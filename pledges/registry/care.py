"""Looking after one entity: what officers correct and complete about it, shared by every agency of the province."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.operations import actor_of
from pledges.accounts.permissions import Action, Place, require
from pledges.core.db import Base
from pledges.core.errors import N_, Conflict, DomainError, NotFound
from pledges.core.identity import ChannelAddress
from pledges.core.secrecy import Vault
from pledges.registry.acts import Act
from pledges.registry.adding import living
from pledges.registry.clashes import refuse_channel, refuse_personal_number, refuse_tax_code
from pledges.registry.counters import lock_entity, move_to_commune, move_to_owner
from pledges.registry.deciding import Key, check_day
from pledges.registry.matching import take_turns_for
from pledges.registry.models import Channel, Contact, Entity, EntityKind, Location
from pledges.registry.names import remember_name
from pledges.registry.obligations import recompute_obligations, recompute_unowned
from pledges.registry.operations import PERSONAL_NUMBER, check_commune
from pledges.registry.queries import find_channel, obligations_of, types_of
from pledges.registry.rules import set_name
from pledges.registry.search_documents import refresh
from pledges.registry.subject_types import add_types, remove_types
from pledges.registry.upkeep_models import UnreadValue

_FACTS = {True: "channel.revived", False: "channel.dead"}

Row = TypeVar("Row", bound=Base)


@dataclass(frozen=True)
class Seat:
    """Where a subject sits; `commune_code` only for those of this province."""

    location: Location
    country: str = "VN"
    commune_code: str | None = None
    address: str = ""


@dataclass(frozen=True)
class Identifiers:
    """`personal_number` None leaves the number as it is: nobody sees it, so that nobody types it again."""

    kind: EntityKind
    tax_code: str | None
    personal_number: str | None = None
    forget_number: bool = False


def change_name(session: Session, key: Key, name: str, *, staff: Staff, now: datetime) -> Entity:
    """Give an entity another name; it is still found by the one it had."""
    act, entity = _begin(session, key, staff, now)
    if name == entity.name:
        return entity
    before = entity.name
    set_name(entity, name)
    remember_name(session, entity, before, now=now)
    act.record("entity.renamed", entity.id)
    return _finish(act, entity)


def change_types(session: Session, key: Key, types: Collection[str], *, staff: Staff, now: datetime) -> Entity:
    """Say what an entity is; what follows from it opens or is presumed out at once, decisions stay."""
    act, entity = _begin(session, key, staff, now)
    if not types:
        raise DomainError(N_("Hãy đánh dấu ít nhất một nhóm đối tượng."), field="types")
    known = add_types(session, entity, types, actor=act.actor, now=now)
    gone = remove_types(session, entity, set(types_of(session, entity)) - set(types), actor=act.actor, now=now)
    return _finish(act, entity, recompute=bool(known or gone))


def change_identifiers(
    session: Session, key: Key, what: Identifiers, *, staff: Staff, now: datetime, vault: Vault
) -> Entity:
    """Set kind, tax code and personal number; `AlreadyRegistered` where another entity of the province has one."""
    act, entity = _begin(session, key, staff, now)
    number = what.personal_number
    number_hash = vault.keyed_hash(PERSONAL_NUMBER, number) if number else None
    marks = [f"tax:{what.tax_code}"] if what.tax_code else []
    marks += [f"number:{number_hash}"] if number_hash else []
    take_turns_for(session, marks, province_code=key[0], now=now)
    refuse_tax_code(session, key[0], what.tax_code, own=entity)
    refuse_personal_number(session, key[0], number, vault, own=entity)
    changed = []
    if entity.kind is not what.kind:
        entity.kind = what.kind
        changed.append("kind")
    if entity.tax_code != what.tax_code:
        entity.tax_code = what.tax_code
        changed.append("tax_code")
    if number and entity.personal_number_hash != number_hash:
        entity.personal_number = vault.encrypt(PERSONAL_NUMBER, number)
        entity.personal_number_hash, entity.personal_number_last4 = number_hash, number[-4:]
        changed.append("personal_number")
    elif what.forget_number and entity.personal_number_hash is not None:
        entity.personal_number = entity.personal_number_hash = entity.personal_number_last4 = None
        changed.append("personal_number")
    if changed:
        act.record("entity.changed", entity.id, {"changed": changed})
    return _finish(act, entity)


def change_place(session: Session, key: Key, place: Seat, *, staff: Staff, now: datetime) -> Entity:
    """Say where an entity sits; whoever sits elsewhere is presumed out until the lead agency decides."""
    act, entity = _begin(session, key, staff, now)
    if place.commune_code is not None:
        check_commune(session, key[0], place.commune_code)
    changed = []
    if (entity.location, entity.country) != (place.location, place.country):
        entity.location, entity.country = place.location, place.country
        changed.append("location")
    if entity.address != place.address:
        entity.address = place.address
        changed.append("address")
    counts = []
    if entity.commune_code != place.commune_code:
        session.flush()
        owed = [found.obligation for found in obligations_of(session, entity)]
        counts = move_to_commune(session, entity, owed, place.commune_code, day=act.day)
        changed.append("commune")
    if changed:
        act.record("entity.changed", entity.id, {"changed": changed}, counts=counts)
    return _finish(act, entity, recompute="location" in changed)


# --- Contacts --------------------------------------------------------------------------------------------------------


def change_contact(
    session: Session, key: Key, contact_id: uuid.UUID, *, formal: bool, holder: str, staff: Staff, now: datetime
) -> Contact:
    """Say whose a contact is, and whether formal letters go there."""
    act, entity = _begin(session, key, staff, now)
    contact = _own(session, Contact, entity, contact_id)
    changed = [name for name, value in (("formal", formal), ("holder", holder)) if getattr(contact, name) != value]
    contact.formal, contact.holder = formal, holder
    if changed:
        act.record("contact.changed", contact.id, {"changed": changed, "entity": str(entity.id)})
    session.flush()
    return contact


def end_contact(session: Session, key: Key, contact_id: uuid.UUID, *, staff: Staff, now: datetime) -> Contact:
    """Nobody is reached there any more; the row stays, so that the next list does not bring it back."""
    act, entity = _begin(session, key, staff, now)
    contact = _own(session, Contact, entity, contact_id)
    if contact.ended_at is None:
        contact.ended_at = now
        act.record("contact.changed", contact.id, {"changed": ["ended"], "entity": str(entity.id)})
    _finish(act, entity)
    return contact


# --- Channels --------------------------------------------------------------------------------------------------------


def correct_channel(
    session: Session, key: Key, channel_id: uuid.UUID, address: ChannelAddress, *, staff: Staff, now: datetime
) -> Channel:
    """Another address for the same channel, because it was mistyped; pledges keep the address that they name."""
    act, entity = _begin(session, key, staff, now)
    channel = _own(session, Channel, entity, channel_id)
    if address.address == channel.address:
        return channel
    take_turns_for(session, [f"channel:{address.address}"], province_code=key[0], now=now)
    refuse_channel(session, key[0], address)
    if find_channel(session, key[0], address.address) is not None:
        raise DomainError(
            N_("Kênh %(address)s đã có trong danh sách nhưng chưa rõ chủ. Hãy thêm kênh đó, rồi bỏ kênh ghi sai này."),
            field="channel",
            address=address.display,
        )
    channel.kind, channel.address, channel.lookalike = address.kind.value, address.address, address.lookalike
    channel.as_typed = address.as_typed or address.display
    channel.dead_since = None
    act.record("channel.corrected", channel.id, {"kind": channel.kind, "entity": str(entity.id)})
    _finish(act, entity, recompute=True)
    return channel


def remove_owner(session: Session, key: Key, channel_id: uuid.UUID, *, staff: Staff, now: datetime) -> Channel:
    """The channel is not this entity's; whose it is nobody knows then, and a website goes on counting by itself."""
    act, entity = _begin(session, key, staff, now)
    channel = _own(session, Channel, entity, channel_id)
    counts = move_to_owner(session, channel, None, day=act.day)
    act.record("channel.owner_removed", channel.id, {"entity": str(entity.id)}, counts=counts)
    recompute_unowned(session, key[0], [channel.id], actor=act.actor, now=now)
    _finish(act, entity, recompute=True)
    return channel


def mark_dead(
    session: Session, key: Key, channel_id: uuid.UUID, since: date | None, *, staff: Staff, now: datetime
) -> Channel:
    """Note since when a channel does not open any more (None: it opens again); scope is another decision."""
    act, entity = _begin(session, key, staff, now)
    channel = _own(session, Channel, entity, channel_id)
    if since is not None:
        check_day(since, now, field="dead_since")
    if channel.dead_since != since:
        channel.dead_since = since
        act.record(_FACTS[since is None], channel.id, {"entity": str(entity.id)}, effective_on=since)
    session.flush()
    return channel


def settle_unread(session: Session, key: Key, unread_id: uuid.UUID, *, staff: Staff, now: datetime) -> UnreadValue:
    """What nobody could read has been put right, or is worth nothing."""
    act, entity = _begin(session, key, staff, now)
    unread = _own(session, UnreadValue, entity, unread_id)
    if unread.settled_at is None:
        unread.settled_at = now
        act.record("entity.unread_settled", entity.id, {"kind": unread.kind})
    session.flush()
    return unread


# --- Beginning and ending --------------------------------------------------------------------------------------------


def _begin(session: Session, key: Key, staff: Staff, now: datetime) -> tuple[Act, Entity]:
    """The entity, locked and read anew, if this person looks after it."""
    require(staff, Action.ENTITY_EDIT, Place(key[0]))
    entity = session.get(Entity, key)
    if entity is None:
        raise NotFound
    lock_entity(session, entity)
    session.refresh(entity)
    if entity.merged_into is not None:
        raise Conflict(N_("Đối tượng này đã được gộp vào đối tượng khác. Hãy sửa ở đối tượng đang dùng."))
    return Act(session, key[0], actor_of(staff), now), living(session, entity)


def _own(session: Session, model: type[Row], entity: Entity, row_id: uuid.UUID) -> Row:
    row = session.get(model, (entity.province_code, row_id))
    if row is None or getattr(row, "entity_id", None) != entity.id:
        raise NotFound
    return row


def _finish(act: Act, entity: Entity, *, recompute: bool = False) -> Entity:
    act.session.flush()
    if recompute:
        recompute_obligations(act.session, entity, actor=act.actor, now=act.now)
    refresh(act.session, entity.province_code, [entity.id])
    return entity
