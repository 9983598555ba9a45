"""All that decides what a set of subjects owes, read in a handful of statements however many they are."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from pledges.plans.models import EntrySubjectType, ObligationEntry
from pledges.registry.models import Channel, Entity, EntityType, Obligation, Sighting, Standing
from pledges.registry.rules import COUNTED_INSTRUMENTS, OFFICER, SELF_DECLARED, WEBSITE_KINDS
from pledges.registry.turning import days_off, first_sightings
from pledges.registry.upkeep_models import Matter, ObligationDecision


@dataclass(frozen=True)
class Rules:
    """The entries of a province, enabled or not, and the subject types of each, in the order of their ids."""

    entries: dict[str, ObligationEntry]
    types: dict[str, frozenset[str]]

    def asked(self, entry: ObligationEntry) -> bool:
        return entry.enabled and entry.instrument in COUNTED_INSTRUMENTS


@dataclass
class Owing:
    rules: Rules
    entities: list[Entity]
    """Registered and not merged, locked, in the order of their ids."""
    types: dict[uuid.UUID, set[str]] = field(default_factory=lambda: defaultdict(set))
    channels: dict[uuid.UUID, list[Channel]] = field(default_factory=lambda: defaultdict(list))
    """The websites and apps of each entity."""
    obligations: dict[tuple[str, uuid.UUID], Obligation] = field(default_factory=dict)
    """By entry and subject: the channel where there is one, else the entity."""
    self_declared: set[uuid.UUID] = field(default_factory=set)
    appeared: dict[uuid.UUID, date] = field(default_factory=dict)
    first_seen: dict[uuid.UUID, date] = field(default_factory=dict)
    """Per entity the day of its oldest evidence."""
    days_off: frozenset[date] = frozenset()
    cohort_decided: set[uuid.UUID] = field(default_factory=set)
    """Obligations whose cohort a person has decided."""

    def first_seen_of(self, entity: Entity | None, channel: Channel | None, otherwise: date) -> date:
        """The day on which a website or an entity was first noticed."""
        if channel is not None:
            return channel.first_seen_on
        return self.first_seen.get(entity.id, otherwise) if entity is not None else otherwise

    def find(self, entry: ObligationEntry, channel: Channel | None, entity: Entity | None) -> Obligation | None:
        subject = channel.id if channel is not None else entity.id if entity is not None else None
        return self.obligations.get((entry.id, subject)) if subject is not None else None

    def owed_by(self, entity: Entity) -> list[Obligation]:
        return [obligation for obligation in self.obligations.values() if obligation.entity_id == entity.id]


def read_rules(session: Session, province_code: str) -> Rules:
    entries = session.scalars(
        select(ObligationEntry).where(ObligationEntry.province_code == province_code).order_by(ObligationEntry.id)
    )
    types: dict[str, set[str]] = defaultdict(set)
    rows = session.execute(
        select(EntrySubjectType.entry_id, EntrySubjectType.subject_type).where(
            EntrySubjectType.province_code == province_code
        )
    )
    for entry_id, subject_type in rows:
        types[entry_id].add(subject_type)
    known = {entry.id: entry for entry in entries}
    return Rules(known, {entry_id: frozenset(types[entry_id]) for entry_id in known})


def read_owing(
    session: Session,
    province_code: str,
    entity_ids: Collection[uuid.UUID],
    channel_ids: Collection[uuid.UUID] = (),
) -> Owing:
    """Lock and read these entities (or websites without owner) with everything that the rules look at."""
    owing = Owing(read_rules(session, province_code), _locked_entities(session, province_code, entity_ids))
    ids = [entity.id for entity in owing.entities]
    if ids:
        _read_types_and_channels(session, province_code, ids, owing)
        _read_sightings(session, province_code, ids, owing)
        owing.first_seen = first_sightings(session, province_code, ids)
    owing.days_off = days_off(session, province_code)
    _read_obligations(session, province_code, ids, list(channel_ids), owing)
    return owing


def _locked_entities(session: Session, province_code: str, entity_ids: Collection[uuid.UUID]) -> list[Entity]:
    if not entity_ids:
        return []
    return list(
        session.scalars(
            select(Entity)
            .where(
                Entity.province_code == province_code,
                Entity.id.in_(list(entity_ids)),
                Entity.standing == Standing.REGISTERED,
                Entity.merged_into.is_(None),
            )
            .order_by(Entity.id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
    )


def _read_types_and_channels(session: Session, province_code: str, ids: list[uuid.UUID], owing: Owing) -> None:
    rows = session.execute(
        select(EntityType.entity_id, EntityType.subject_type).where(
            EntityType.province_code == province_code, EntityType.entity_id.in_(ids)
        )
    )
    for entity_id, subject_type in rows:
        owing.types[entity_id].add(subject_type)
    channels = session.scalars(
        select(Channel)
        .where(Channel.province_code == province_code, Channel.entity_id.in_(ids), Channel.kind.in_(WEBSITE_KINDS))
        .order_by(Channel.id)
    )
    for channel in channels:
        if channel.entity_id is not None:
            owing.channels[channel.entity_id].append(channel)


def _read_sightings(session: Session, province_code: str, ids: list[uuid.UUID], owing: Owing) -> None:
    rows = session.execute(
        select(Sighting.entity_id, Sighting.source, Sighting.appeared_on)
        .where(
            Sighting.province_code == province_code,
            Sighting.entity_id.in_(ids),
            Sighting.channel_id.is_(None),
            or_(Sighting.appeared_on.is_not(None), Sighting.source == SELF_DECLARED),
        )
        .order_by(Sighting.recorded_at, Sighting.id)
    )
    said: dict[uuid.UUID, list[tuple[str, date]]] = defaultdict(list)
    for entity_id, source, appeared_on in rows:
        if entity_id is None:
            continue
        if source == SELF_DECLARED:
            owing.self_declared.add(entity_id)
        if appeared_on is not None:
            said[entity_id].append((source, appeared_on))
    owing.appeared = {entity_id: appeared_day(days) for entity_id, days in said.items()}


def appeared_day(said: Iterable[tuple[str, date]]) -> date:
    """Of what was said (source and day, oldest first): what an officer last found out, else the earliest day."""
    days = list(said)
    found = [day for source, day in days if source == OFFICER]
    return found[-1] if found else min(day for _source, day in days)


def _read_obligations(
    session: Session, province_code: str, ids: list[uuid.UUID], channel_ids: list[uuid.UUID], owing: Owing
) -> None:
    obligations = session.scalars(
        select(Obligation)
        .where(
            Obligation.province_code == province_code,
            or_(Obligation.entity_id.in_(ids), Obligation.channel_id.in_(channel_ids))
            if channel_ids
            else Obligation.entity_id.in_(ids),
        )
        .order_by(Obligation.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for obligation in obligations:
        subject = obligation.channel_id or obligation.entity_id
        if subject is not None:
            owing.obligations[obligation.entry_id, subject] = obligation
    if obligations:
        owing.cohort_decided = set(
            session.scalars(
                select(ObligationDecision.obligation_id).where(
                    ObligationDecision.province_code == province_code,
                    ObligationDecision.obligation_id.in_([obligation.id for obligation in obligations]),
                    ObligationDecision.matter == Matter.COHORT,
                )
            )
        )
