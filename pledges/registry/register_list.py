"""The register as a list by name: its last page costs what the first costs; and what a line says of each subject."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from pledges.plans.models import ObligationEntry
from pledges.registry.models import Channel, Entity, EntityType, Obligation
from pledges.registry.searching import Within, only

PAGE_SIZE = 50
MOST_COUNTED = 10_000
"""Counting a million rows takes longer than showing fifty of them."""


@dataclass(frozen=True)
class RegisterPage:
    entities: tuple[Entity, ...]
    first: bool
    """Nothing comes before."""
    last: bool
    total: int
    """At most `MOST_COUNTED`; then there may be more."""


@dataclass(frozen=True)
class About:
    """What a line of the list says beside the name."""

    subject_types: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    obligations: tuple[tuple[str, Obligation], ...] = ()
    """Each with its lead agency, whose obligations stand together."""


def register_page(
    session: Session,
    province_code: str,
    within: Within,
    *,
    after: uuid.UUID | None = None,
    before: uuid.UUID | None = None,
    size: int = PAGE_SIZE,
) -> RegisterPage:
    """Entities in the order of their folded names, behind or in front of one of them."""
    chosen = [Entity.province_code == province_code, Entity.merged_into.is_(None), *only(within)]
    statement = select(Entity).where(*chosen)
    backward = before is not None
    edge = session.get(Entity, (province_code, before or after)) if before or after else None
    if edge is not None:
        place, there = tuple_(Entity.name_fold, Entity.id), tuple_(edge.name_fold, edge.id)
        statement = statement.where(place < there if backward else place > there)
    columns = (Entity.name_fold, Entity.id)
    statement = statement.order_by(*(column.desc() if backward else column.asc() for column in columns))
    found = list(session.scalars(statement.limit(size + 1)))
    more = len(found) > size
    entities = found[:size][::-1] if backward else found[:size]
    return RegisterPage(
        tuple(entities),
        first=not more if backward else edge is None,
        last=edge is None if backward else not more,
        total=session.scalar(
            select(func.count()).select_from(select(Entity.id).where(*chosen).limit(MOST_COUNTED).subquery())
        )
        or 0,
    )


def about(session: Session, province_code: str, entity_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, About]:
    """The same three questions however many entities there are."""
    types: defaultdict[uuid.UUID | None, list[str]] = defaultdict(list)
    channels: defaultdict[uuid.UUID | None, list[str]] = defaultdict(list)
    owed: defaultdict[uuid.UUID | None, list[tuple[str, Obligation]]] = defaultdict(list)
    for owner, subject_type in session.execute(
        select(EntityType.entity_id, EntityType.subject_type)
        .where(EntityType.province_code == province_code, EntityType.entity_id.in_(entity_ids))
        .order_by(EntityType.subject_type)
    ):
        types[owner].append(subject_type)
    for owner_id, address in session.execute(
        select(Channel.entity_id, Channel.address)
        .where(Channel.province_code == province_code, Channel.entity_id.in_(entity_ids))
        .order_by(Channel.added_at, Channel.id)
    ):
        channels[owner_id].append(address)
    for agency_code, obligation in session.execute(
        select(ObligationEntry.lead_agency, Obligation)
        .join(
            ObligationEntry,
            (ObligationEntry.province_code == Obligation.province_code) & (ObligationEntry.id == Obligation.entry_id),
        )
        .where(Obligation.province_code == province_code, Obligation.entity_id.in_(entity_ids))
        .order_by(ObligationEntry.lead_agency, ObligationEntry.id, Obligation.id)
    ):
        owed[obligation.entity_id].append((agency_code, obligation))
    return {
        entity_id: About(tuple(types[entity_id]), tuple(channels[entity_id]), tuple(owed[entity_id]))
        for entity_id in entity_ids
    }
