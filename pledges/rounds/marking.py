"""From which day on a subject counts as asked: for many obligations at once, with the counters and the ledger."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from pledges.core.calendar import Quarter, add_working_days, end_of_day, local_day
from pledges.plans.models import Agency, EntrySubjectType, ObligationEntry
from pledges.plans.rules import turning_day
from pledges.registry.counters import retimed
from pledges.registry.counts import Count, add_counts
from pledges.registry.models import IN_SCOPE, Channel, Entity, EntityType, Obligation
from pledges.registry.turning import days_off, first_sightings
from pledges.rounds.models import Ask, AskedObligation, Attempt, Outcome, Way

Counts = dict[uuid.UUID, list[Count]]
"""Per obligation what its fact must carry as `data["counts"]`."""


def stands_open(obligation: Obligation) -> bool:
    return obligation.scope in IN_SCOPE and obligation.in_force == 0 and obligation.waiting_for_agency == 0


def mark_reached(session: Session, province_code: str, made_on: Mapping[uuid.UUID, date], *, day: date) -> Counts:
    """Let the waiting time of obligations that nobody had been asked about run from the day of the ask.

    `made_on`: per obligation. Those that have been signed for meanwhile, or were asked before, stay as they are.
    """
    return remark(
        session,
        province_code,
        made_on,
        lambda found: made_on[found.id] if found.asked_on is None and stands_open(found) else found.asked_on,
        day=day,
    )


def mark_not_reached(
    session: Session,
    province_code: str,
    made_on: Mapping[uuid.UUID, Collection[date]],
    without: Collection[uuid.UUID],
    *,
    day: date,
) -> Counts:
    """Undo what attempts had begun that did not arrive after all; another one may have arrived since.

    `made_on`: per obligation the days of those attempts; `without`: their ids.
    """
    others = _reached_since(session, province_code, made_on, without)
    return remark(
        session,
        province_code,
        made_on,
        lambda found: others.get(found.id) if found.asked_on in made_on[found.id] else found.asked_on,
        day=day,
    )


def _reached_since(
    session: Session, province_code: str, made_on: Mapping[uuid.UUID, Collection[date]], without: Collection[uuid.UUID]
) -> dict[uuid.UUID, date]:
    """Per obligation the first day, not before those attempts, on which another one reached its subject."""
    rows = session.execute(
        select(AskedObligation.obligation_id, AskedObligation.asked_at, Attempt)
        .join(
            Attempt,
            and_(
                Attempt.province_code == AskedObligation.province_code,
                Attempt.ask_id == AskedObligation.ask_id,
            ),
        )
        .where(
            AskedObligation.province_code == province_code,
            AskedObligation.obligation_id.in_(list(made_on)),
            Attempt.outcome == Outcome.REACHED,
            Attempt.id.not_in(list(without)),
        )
    )
    found: dict[uuid.UUID, date] = {}
    for obligation_id, asked_at, attempt in rows:
        day = attempt.made_on
        if day >= min(made_on[obligation_id]) and asked_at <= told_by(attempt):
            found[obligation_id] = min(day, found.get(obligation_id, day))
    return found


def told_by(attempt: Attempt) -> datetime:
    """What came up later than this was no part of the attempt."""
    return attempt.recorded_at if attempt.way is Way.MAIL else end_of_day(attempt.made_on)


@dataclass(frozen=True)
class _Known:
    """What says on which day these obligations turn, read for all of them at once."""

    entries: dict[str, ObligationEntry]
    entry_types: dict[str, set[str]]
    entities: dict[uuid.UUID, Entity]
    types: dict[uuid.UUID, set[str]]
    channels: dict[uuid.UUID, date]
    first_seen: dict[uuid.UUID, date]
    waiting_days: dict[str, int]
    days_off: frozenset[date]

    def first_seen_of(self, obligation: Obligation) -> date:
        if obligation.channel_id is not None:
            return self.channels[obligation.channel_id]
        seen = self.first_seen.get(obligation.entity_id) if obligation.entity_id is not None else None
        return seen or local_day(obligation.opened_at)


def remark(
    session: Session,
    province_code: str,
    obligation_ids: Collection[uuid.UUID],
    asked_on: Callable[[Obligation], date | None],
    *,
    day: date,
) -> Counts:
    """Give obligations the day from which they count as asked (None: they are not), in a handful of statements.

    They are locked and read anew first, in the order in which everybody locks them.
    """
    obligations = _locked(session, province_code, obligation_ids)
    changed = [(each, new) for each in obligations if (new := asked_on(each)) != each.asked_on]
    if not changed:
        return {}
    known = _read(session, province_code, [each for each, _new in changed])
    counts: Counts = {}
    for obligation, new in changed:
        counts[obligation.id] = _retime(known, obligation, new, day)
    session.flush()
    add_counts(session, province_code, [count for moved in counts.values() for count in moved], day=day)
    return counts


def _retime(known: _Known, obligation: Obligation, asked_on: date | None, day: date) -> list[Count]:
    entry = known.entries[obligation.entry_id]
    # Where everybody signs each quarter, the agency has the whole quarter to ask.
    waits_until = Quarter.of(day).last_day if entry.resign else None
    if asked_on is not None:
        waits_until = add_working_days(asked_on, known.waiting_days[entry.lead_agency], known.days_off)
    turning = turning_day(
        entry,
        cohort=obligation.cohort,
        first_seen_on=known.first_seen_of(obligation),
        asked_on=asked_on,
        waits_until=waits_until,
        days_off=known.days_off,
    )
    entity = known.entities.get(obligation.entity_id) if obligation.entity_id is not None else None
    covered = known.entry_types[entry.id]
    types = covered if entity is None else covered & known.types.get(entity.id, set())
    return retimed(obligation, entry, entity, types, turning, asked_on=asked_on, waits_until=waits_until)


def _locked(session: Session, province_code: str, obligation_ids: Collection[uuid.UUID]) -> Sequence[Obligation]:
    session.flush()
    return session.scalars(
        select(Obligation)
        .where(Obligation.province_code == province_code, Obligation.id.in_(list(obligation_ids)))
        .order_by(Obligation.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def _read(session: Session, province_code: str, obligations: Sequence[Obligation]) -> _Known:
    owners = sorted({each.entity_id for each in obligations if each.entity_id is not None})
    websites = {each.channel_id for each in obligations if each.channel_id is not None}
    # Nobody may change what they are counted under until this transaction ends.
    entities = session.scalars(
        select(Entity)
        .where(Entity.province_code == province_code, Entity.id.in_(owners))
        .order_by(Entity.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    entry_ids = {each.entry_id for each in obligations}
    entries = session.scalars(
        select(ObligationEntry).where(ObligationEntry.province_code == province_code, ObligationEntry.id.in_(entry_ids))
    ).all()
    agencies = session.execute(
        select(Agency.code, Agency.waiting_days).where(
            Agency.province_code == province_code, Agency.code.in_({entry.lead_agency for entry in entries})
        )
    )
    channels = session.execute(
        select(Channel.id, Channel.first_seen_on).where(
            Channel.province_code == province_code, Channel.id.in_(websites)
        )
    )
    return _Known(
        entries={entry.id: entry for entry in entries},
        entry_types=_entry_types(session, province_code, entry_ids),
        entities={entity.id: entity for entity in entities},
        types=types_of(session, province_code, owners),
        channels={row.id: row.first_seen_on for row in channels},
        first_seen=first_sightings(session, province_code, owners),
        waiting_days={row.code: row.waiting_days for row in agencies},
        days_off=days_off(session, province_code),
    )


def _entry_types(session: Session, province_code: str, entry_ids: Collection[str]) -> dict[str, set[str]]:
    rows = session.execute(
        select(EntrySubjectType.entry_id, EntrySubjectType.subject_type).where(
            EntrySubjectType.province_code == province_code, EntrySubjectType.entry_id.in_(entry_ids)
        )
    )
    found: dict[str, set[str]] = {entry_id: set() for entry_id in entry_ids}
    for entry_id, subject_type in rows:
        found[entry_id].add(subject_type)
    return found


def types_of(session: Session, province_code: str, entity_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, set[str]]:
    rows = session.execute(
        select(EntityType.entity_id, EntityType.subject_type).where(
            EntityType.province_code == province_code, EntityType.entity_id.in_(entity_ids)
        )
    )
    found: dict[uuid.UUID, set[str]] = {}
    for entity_id, subject_type in rows:
        found.setdefault(entity_id, set()).add(subject_type)
    return found


def obligations_asked(
    session: Session, province_code: str, ask_ids: Collection[uuid.UUID], *, until: datetime | None = None
) -> dict[uuid.UUID, list[uuid.UUID]]:
    """Per ask the obligations that it is about (`until`: was about then) and whose owner is still who was asked."""
    when = [] if until is None else [AskedObligation.asked_at <= until]
    rows = session.execute(
        select(AskedObligation.ask_id, AskedObligation.obligation_id)
        .join(Ask, and_(Ask.province_code == AskedObligation.province_code, Ask.id == AskedObligation.ask_id))
        .join(
            Obligation,
            and_(
                Obligation.province_code == AskedObligation.province_code,
                Obligation.id == AskedObligation.obligation_id,
                Obligation.entity_id == Ask.entity_id,
            ),
        )
        .where(AskedObligation.province_code == province_code, AskedObligation.ask_id.in_(list(ask_ids)), *when)
        .order_by(AskedObligation.obligation_id)
    )
    found: dict[uuid.UUID, list[uuid.UUID]] = {}
    for ask_id, obligation_id in rows:
        found.setdefault(ask_id, []).append(obligation_id)
    return found


def counts_of(counts: Counts, obligation_ids: Collection[uuid.UUID]) -> list[Count]:
    return [count for obligation_id in obligation_ids for count in counts.get(obligation_id, [])]
