"""What subjects owe, by rule: from province, subject types, websites, entries and the day they appeared.

Recomputing opens what is missing, presumes out what no longer follows and presumes it in again when it does. It never
touches what a person has decided, and never removes a row: a pledge that covers it stays bound (`counters.py` says
what counts). A whole list costs a handful of statements, so that imports and changed plans use the same rules.
"""

from __future__ import annotations

import functools
import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from pledges.audit.operations import SYSTEM, Actor, record
from pledges.core.calendar import Clock, local_day
from pledges.core.db import Database, new_id
from pledges.plans.models import ObligationEntry, Unit
from pledges.plans.rules import cohort_of, turning_day
from pledges.registry.counters import retimed
from pledges.registry.counts import DISTINCT, Count, add_counts, new_count
from pledges.registry.models import IN_SCOPE, Channel, Cohort, Entity, Obligation, Scope
from pledges.registry.owing import Owing, read_owing
from pledges.registry.rules import WEBSITE_KINDS, first_scope

CHUNK = 500
_FIRST = uuid.UUID(int=0)
_FACTS = {True: "obligation.presumed_in", False: "obligation.presumed_out"}
PRESUMED = (Scope.PRESUMED_IN, Scope.PRESUMED_OUT)


@dataclass
class Recomputed:
    """What a recomputation changed."""

    opened: list[Obligation] = field(default_factory=list)
    presumed_in: int = 0
    presumed_out: int = 0
    cohorts: int = 0

    def add(self, other: Recomputed) -> None:
        self.opened += other.opened
        self.presumed_in += other.presumed_in
        self.presumed_out += other.presumed_out
        self.cohorts += other.cohorts


@dataclass
class _Work:
    """One recomputation while it is written: the moves are gathered and go to the counters at once."""

    session: Session
    province_code: str
    actor: Actor
    now: datetime
    import_id: uuid.UUID | None
    declared: bool
    appeared_on: date | None
    done: Recomputed = field(default_factory=Recomputed)
    counts: list[Count] = field(default_factory=list)


def recompute_obligations(
    session: Session,
    entity: Entity,
    *,
    actor: Actor,
    now: datetime,
    import_id: uuid.UUID | None = None,
    declared: bool = False,
    appeared_on: date | None = None,
) -> list[Obligation]:
    """Bring what one entity owes up to date; returns what was opened. See `recompute_many`."""
    return recompute_many(
        session,
        entity.province_code,
        [entity.id],
        actor=actor,
        now=now,
        import_id=import_id,
        declared=declared,
        appeared_on=appeared_on,
    ).opened


def recompute_many(
    session: Session,
    province_code: str,
    entity_ids: Collection[uuid.UUID],
    *,
    actor: Actor,
    now: datetime,
    import_id: uuid.UUID | None = None,
    declared: bool = False,
    appeared_on: date | None = None,
) -> Recomputed:
    """Bring what these entities owe up to date, with facts and counters; a few thousand at most in one call.

    Claimed and merged entities owe nothing by themselves and are left alone. `declared`: they say of themselves that
    they belong there. `appeared_on` is the day that holds where the register has none. Call it after every change of
    types, place, channels, owner, sightings or entries; it flushes first.
    """
    work = _Work(session, province_code, actor, now, import_id, declared, appeared_on)
    session.flush()
    owing = read_owing(session, province_code, entity_ids)
    for entity in owing.entities:
        _recompute(work, owing, entity)
    return _finish(work)


def recompute_unowned(
    session: Session,
    province_code: str,
    channel_ids: Collection[uuid.UUID],
    *,
    actor: Actor,
    now: datetime,
    import_id: uuid.UUID | None = None,
) -> Recomputed:
    """The same for websites whose owner nobody knows: they owe what the plan counts website by website."""
    work = _Work(session, province_code, actor, now, import_id, declared=False, appeared_on=None)
    session.flush()
    channels = session.scalars(
        select(Channel)
        .where(
            Channel.province_code == province_code,
            Channel.id.in_(list(channel_ids)),
            Channel.entity_id.is_(None),
            Channel.kind.in_(WEBSITE_KINDS),
        )
        .order_by(Channel.id)
        .with_for_update()
    ).all()
    owing = read_owing(session, province_code, [], [channel.id for channel in channels])
    for channel in channels:
        for entry in owing.rules.entries.values():
            if entry.unit is Unit.CHANNEL:
                _settle(work, owing, None, entry, channel, owing.rules.types[entry.id])
    return _finish(work)


def _recompute(work: _Work, owing: Owing, entity: Entity) -> None:
    types = owing.types[entity.id]
    right = set()
    for entry in owing.rules.entries.values():
        subjects: list[Channel | None] = [*owing.channels[entity.id]] if entry.unit is Unit.CHANNEL else [None]
        for channel in subjects:
            right.add((entry.id, channel.id if channel is not None else entity.id))
            _settle(work, owing, entity, entry, channel, types & owing.rules.types[entry.id])
    for obligation in owing.owed_by(entity):
        entry = owing.rules.entries[obligation.entry_id]
        if (entry.id, obligation.channel_id or entity.id) in right:
            continue
        covered = types & owing.rules.types[entry.id]
        obligation.subject_types = " ".join(sorted(covered))
        if obligation.scope is Scope.PRESUMED_IN:
            _presume(work, entity, entry, obligation, Scope.PRESUMED_OUT, covered)


def _settle(
    work: _Work,
    owing: Owing,
    entity: Entity | None,
    entry: ObligationEntry,
    channel: Channel | None,
    covered: Collection[str],
) -> None:
    """Make one pair of subject and entry right; `covered`: the subject types of the entry that are the entity's."""
    obligation = owing.find(entry, channel, entity)
    follows = owing.rules.asked(entry) and bool(covered)
    if obligation is None:
        if follows:
            _open(work, owing, entity, entry, channel, covered)
        return
    if obligation.scope in PRESUMED:
        declared = work.declared or _has_declared(owing, entity, obligation)
        wanted = _presumption(entity, covered, declared=declared) if follows else Scope.PRESUMED_OUT
        if wanted is not obligation.scope:
            _presume(work, entity, entry, obligation, wanted, covered)
    if follows and obligation.id not in owing.cohort_decided:
        _presume_cohort(work, entry, obligation, _appeared(work, owing, entity, channel))
    obligation.subject_types = " ".join(sorted(covered))
    obligation.first_seen_on = owing.first_seen_of(entity, channel, local_day(obligation.opened_at))
    _reckon(work, entity, entry, obligation, covered, owing.days_off)


def _has_declared(owing: Owing, entity: Entity | None, obligation: Obligation) -> bool:
    """Whoever has signed, or came to the register by saying so, stays presumed in."""
    signed = bool(obligation.in_force or obligation.waiting_for_agency)
    return signed or (entity is not None and entity.id in owing.self_declared)


def _presumption(entity: Entity | None, covered: Collection[str], *, declared: bool) -> Scope:
    return Scope.PRESUMED_IN if entity is None else first_scope(entity.location, covered, declared=declared)


def _appeared(work: _Work, owing: Owing, entity: Entity | None, channel: Channel | None) -> date | None:
    """A website has a day of its own; an entity the one that its sightings tell."""
    if channel is not None:
        return channel.appeared_on
    known = owing.appeared.get(entity.id) if entity is not None else None
    return known or work.appeared_on


def _open(
    work: _Work,
    owing: Owing,
    entity: Entity | None,
    entry: ObligationEntry,
    channel: Channel | None,
    covered: Collection[str],
) -> None:
    declared = work.declared or (entity is not None and entity.id in owing.self_declared)
    first_seen_on = owing.first_seen_of(entity, channel, local_day(work.now))
    cohort = Cohort(cohort_of(entry, _appeared(work, owing, entity, channel)))
    obligation = Obligation(
        province_code=work.province_code,
        id=new_id(),
        entry_id=entry.id,
        unit=entry.unit,
        entity_id=entity.id if entity is not None else None,
        channel_id=channel.id if channel is not None else None,
        cohort=cohort,
        scope=_presumption(entity, covered, declared=declared),
        waiting_for_agency=0,
        in_force=0,
        turns_on=turning_day(
            entry,
            cohort=cohort,
            first_seen_on=first_seen_on,
            asked_on=None,
            waits_until=None,
            days_off=owing.days_off,
        ),
        opened_at=work.now,
        import_id=work.import_id,
        subject_types=" ".join(sorted(covered)),
        first_seen_on=first_seen_on,
    )
    work.session.add(obligation)
    work.done.opened.append(obligation)
    counts = []
    if obligation.scope in IN_SCOPE:
        counts = [new_count(obligation, entry, entity, (DISTINCT, *sorted(covered)), (1, 0, 0))]
    _record(
        work,
        "obligation.opened",
        obligation,
        counts,
        entry=entry.id,
        entity=str(entity.id) if entity is not None else None,
        cohort=obligation.cohort.value,
        scope=obligation.scope.value,
    )


def _presume(
    work: _Work,
    entity: Entity | None,
    entry: ObligationEntry,
    obligation: Obligation,
    scope: Scope,
    covered: Collection[str],
) -> None:
    """Both ends are presumptions, so that this always leads in or out, and the figures go with it."""
    into = scope in IN_SCOPE
    sign = 1 if into else -1
    figures = (sign, sign * obligation.waiting_for_agency, sign * obligation.in_force)
    count = new_count(obligation, entry, entity, (DISTINCT, *sorted(covered)), figures) | {"scope_only": True}
    before, obligation.scope = obligation.scope, scope
    work.done.presumed_in += into
    work.done.presumed_out += not into
    _record(work, _FACTS[into], obligation, [count], entry=entry.id, before=before.value, scope=scope.value)


def _presume_cohort(work: _Work, entry: ObligationEntry, obligation: Obligation, appeared: date | None) -> None:
    """Evidence of the day decides; that it went missing takes nothing back."""
    cohort = Cohort(cohort_of(entry, appeared))
    if appeared is None or cohort is obligation.cohort:
        return
    before, obligation.cohort = obligation.cohort, cohort
    work.done.cohorts += 1
    _record(work, "obligation.cohort_presumed", obligation, [], before=before.value, cohort=cohort.value)


def _reckon(
    work: _Work,
    entity: Entity | None,
    entry: ObligationEntry,
    obligation: Obligation,
    covered: Collection[str],
    days_off: frozenset[date],
) -> None:
    """The day on which it turns follows from cohort, entry and first evidence; a changed plan changes it."""
    asked_on, waits_until = obligation.asked_on, obligation.waits_until
    turning = turning_day(
        entry,
        cohort=obligation.cohort,
        first_seen_on=obligation.first_seen_on,
        asked_on=asked_on,
        waits_until=waits_until,
        days_off=days_off,
    )
    if turning == obligation.turns_on:
        return
    counts = retimed(obligation, entry, entity, covered, turning, asked_on=asked_on, waits_until=waits_until)
    if counts:
        _record(work, "obligation.retimed", obligation, counts, turns_on=turning.isoformat())


def _record(work: _Work, kind: str, obligation: Obligation, counts: list[Count], **data: str | None) -> None:
    work.counts += counts
    record(
        work.session,
        kind,
        province_code=work.province_code,
        object_id=obligation.id,
        actor=work.actor,
        now=work.now,
        data={**data, **({"counts": counts} if counts else {})},
    )


def _finish(work: _Work) -> Recomputed:
    work.session.flush()
    add_counts(work.session, work.province_code, work.counts, day=local_day(work.now))
    return work.done


# --- A whole province, when its plan or the entries that are asked have changed ---------------------------------------


@dataclass(frozen=True)
class Step:
    """One chunk of a province: what it changed, and after which id the next one begins (None: there is none)."""

    done: Recomputed
    after: uuid.UUID | None


def recompute_chunk(
    session: Session,
    province_code: str,
    *,
    actor: Actor,
    now: datetime,
    after: uuid.UUID = _FIRST,
    unowned: bool = False,
    chunk: int = CHUNK,
) -> Step:
    """Recompute the entities (or the websites without owner) whose ids follow `after`."""
    subjects = (
        select(Channel.id).where(
            Channel.province_code == province_code, Channel.id > after, Channel.entity_id.is_(None)
        )
        if unowned
        else select(Entity.id).where(Entity.province_code == province_code, Entity.id > after)
    )
    ids = session.scalars(subjects.order_by(text("id")).limit(chunk)).all()
    recompute = recompute_unowned if unowned else recompute_many
    done = recompute(session, province_code, ids, actor=actor, now=now) if ids else Recomputed()
    return Step(done, ids[-1] if len(ids) == chunk else None)


def recompute_province(
    database: Database, province_code: str, *, clock: Clock, actor: Actor = SYSTEM, chunk: int = CHUNK
) -> Recomputed:
    """Recompute every entity and every website without owner of a province, a chunk per transaction.

    It can be broken off and run again at any time: what is right already is left alone.
    """
    total = Recomputed()
    for unowned in (False, True):
        after: uuid.UUID | None = _FIRST
        while after is not None:
            step = database.run(
                functools.partial(
                    _chunk,
                    province_code=province_code,
                    after=after,
                    unowned=unowned,
                    chunk=chunk,
                    actor=actor,
                    clock=clock,
                )
            )
            total.add(step.done)
            after = step.after
    return total


def _chunk(session: Session, *, clock: Clock, **where: Any) -> Step:
    return recompute_chunk(session, now=clock(), **where)
