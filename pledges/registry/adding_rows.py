"""The rows that adding writes: channels, contacts, sightings, each with its fact."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from pledges.core.db import new_id
from pledges.core.identity import ChannelAddress
from pledges.registry.acts import Act
from pledges.registry.counters import move_to_owner
from pledges.registry.models import Channel, Contact, Entity, Sighting
from pledges.registry.queries import find_channel
from pledges.registry.subject_types import add_types, types_of_website


@dataclass(frozen=True)
class Seen:
    """Who or what says so: becomes a sighting. `source` is `officer`, `commune`, `citizen`, `import`, `institution`."""

    source: str
    seen_on: date
    source_name: str = ""
    appeared_on: date | None = None
    link: str = ""
    note: str = ""
    picture_sha256: str = ""
    staff_id: uuid.UUID | None = None
    tip_id: uuid.UUID | None = None
    import_id: uuid.UUID | None = None


def write_channel(act: Act, entity: Entity | None, address: ChannelAddress, seen: Seen) -> Channel:
    """The channel of this address, new or known, with its evidence; one without owner gets this one."""
    channel = find_channel(act.session, act.province_code, address.address)
    if channel is None:
        channel = Channel(
            province_code=act.province_code,
            id=new_id(),
            entity_id=entity.id if entity is not None else None,
            kind=address.kind.value,
            address=address.address,
            as_typed=address.as_typed or address.display,
            lookalike=address.lookalike,
            appeared_on=seen.appeared_on,
            first_seen_on=seen.seen_on,
            added_at=act.now,
        )
        act.session.add(channel)
        act.session.flush()
        act.record("channel.added", channel.id, {"kind": channel.kind, "lookalike": channel.lookalike})
    elif entity is not None and channel.entity_id is None:
        give_owner(act, channel, entity)
    write_sighting(act, seen, entity, channel)
    return channel


def give_owner(act: Act, channel: Channel, entity: Entity) -> None:
    """A website that stood without owner has found one, who belongs to the group of its websites from now on."""
    add_types(act.session, entity, types_of_website(act.session, channel), actor=act.actor, now=act.now)
    counts = move_to_owner(act.session, channel, entity, day=act.day)
    act.record("channel.owner_found", channel.id, {"entity": str(entity.id)}, counts=counts)


def write_sighting(act: Act, seen: Seen, entity: Entity | None, channel: Channel | None) -> Sighting:
    sighting = Sighting(
        province_code=act.province_code,
        id=new_id(),
        entity_id=entity.id if entity is not None else None,
        channel_id=channel.id if channel is not None else None,
        source=seen.source,
        seen_on=seen.seen_on,
        appeared_on=seen.appeared_on,
        recorded_at=act.now,
        source_name=seen.source_name,
        import_id=seen.import_id,
        tip_id=seen.tip_id,
        staff_id=seen.staff_id,
        link=seen.link,
        note=seen.note,
        picture_sha256=seen.picture_sha256,
    )
    act.session.add(sighting)
    act.record(
        "sighting.recorded",
        sighting.id,
        {
            "source": seen.source,
            "entity": str(entity.id) if entity is not None else None,
            "channel": str(channel.id) if channel is not None else None,
        },
        effective_on=seen.seen_on,
    )
    return sighting


def write_contact(
    act: Act, entity: Entity, kind: str, value: str, *, formal: bool = False, holder: str = ""
) -> Contact:
    """The contact with this value, new or known (then as it is, also where it was ended)."""
    known = act.session.scalars(
        select(Contact).where(
            Contact.province_code == entity.province_code,
            Contact.entity_id == entity.id,
            Contact.kind == kind,
            Contact.value == value,
        )
    ).first()
    if known is not None:
        return known
    contact = Contact(
        province_code=entity.province_code,
        id=new_id(),
        entity_id=entity.id,
        kind=kind,
        value=value,
        formal=formal,
        holder=holder,
    )
    act.session.add(contact)
    act.session.flush()
    act.record("contact.added", contact.id, {"kind": kind, "entity": str(entity.id)})
    return contact
