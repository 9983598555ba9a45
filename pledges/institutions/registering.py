"""Putting the list of an institution into the register: who stands on it is somebody who should sign."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from pledges.audit.operations import Actor, record
from pledges.core.calendar import local_day
from pledges.core.secrecy import Vault
from pledges.institutions.models import Institution, InstitutionMember
from pledges.institutions.operations import lock_institution
from pledges.institutions.queries import matched_of, members_of
from pledges.institutions.rules import MOST_REGISTERED_AT_ONCE
from pledges.registry.adding import NewEntity, Seen, add_entity
from pledges.registry.models import Entity, EntityKind

SOURCE = "institution"


def waiting_members(members: Sequence[InstitutionMember]) -> list[InstitutionMember]:
    """Those of the list who are nobody in the register yet."""
    return [member for member in members if member.entity_id is None and member.removed_at is None]


def register_members(
    session: Session,
    institution: Institution,
    *,
    actor: Actor,
    staff_id: uuid.UUID,
    now: datetime,
    vault: Vault,
) -> int:
    """Give every member an entity: that of their pledge where they have signed, else a new one; returns how many."""
    lock_institution(session, institution)
    members = members_of(session, institution)
    signed = matched_of(session, institution, members).signed
    pledges = {members[place].id: pledge for place, pledge in signed.items()}
    waiting = waiting_members(members)[:MOST_REGISTERED_AT_ONCE]
    for member in waiting:
        pledge = pledges.get(member.id)
        if pledge is not None:
            member.entity_id = pledge.entity_id
        else:
            member.entity_id = _add(session, institution, member, actor, staff_id, now, vault).id
    session.flush()
    if waiting:
        record(
            session,
            "institution.registered",
            province_code=institution.province_code,
            object_id=institution.id,
            actor=actor,
            now=now,
            data={"registered": len(waiting)},
        )
    return len(waiting)


def _add(
    session: Session,
    institution: Institution,
    member: InstitutionMember,
    actor: Actor,
    staff_id: uuid.UUID,
    now: datetime,
    vault: Vault,
) -> Entity:
    """Where somebody works is where they are counted: the list says nothing of where they live."""
    new = NewEntity(
        kind=EntityKind.PERSON,
        name=member.name,
        subject_types=(institution.subject_type,),
        commune_code=institution.commune_code,
        emails=(member.email,) if member.email else (),
    )
    seen = Seen(
        SOURCE,
        local_day(now),
        source_name=institution.name,
        staff_id=staff_id,
        note=member.detail,
    )
    return add_entity(session, new, seen, province_code=institution.province_code, actor=actor, now=now, vault=vault)
