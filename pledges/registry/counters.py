"""Counters that move with the facts (`model.md` 18): one function per way in which an obligation changes.

Every fact that moves counters carries in `data["counts"]` what these functions returned (`counts.py` says what that
is); `recounting.py` proves the tables from the facts.

An obligation keeps figures of its own that say which pledges it has, whatever its scope; the counters hold them only
while it is in scope, so that coverage never counts a pledge that nobody asks for. A count therefore may say
`scope_only` (the counters moved and the obligation's own figures stayed) or `out_of_scope` (the reverse).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pledges.plans.models import EntrySubjectType, ObligationEntry
from pledges.registry.counts import DISTINCT, Count, Figures, add_counts, new_count, opened_by
from pledges.registry.models import IN_SCOPE, Channel, Entity, EntityType, Obligation, Scope
from pledges.registry.turning import owner_of, turns_on, waiting_until


def move_counters(
    session: Session,
    obligation: Obligation,
    entity: Entity | None,
    *,
    day: date,
    in_scope: int = 0,
    waiting_for_agency: int = 0,
    in_force: int = 0,
) -> list[Count]:
    """Add to the counters of one obligation; returns what its fact must carry as `data["counts"]`.

    `day` is the local day on which the fact is recorded; `entity` is the owner, None where it is not known.
    """
    types = (DISTINCT, *_counted_types(session, obligation, entity))
    figures = (in_scope, waiting_for_agency, in_force)
    if not (waiting_for_agency or in_force):
        return _move(session, obligation, entity, types, figures, day)
    found = session.execute(
        update(Obligation)
        .where(Obligation.province_code == obligation.province_code, Obligation.id == obligation.id)
        .values(
            waiting_for_agency=Obligation.waiting_for_agency + waiting_for_agency,
            in_force=Obligation.in_force + in_force,
        )
        .returning(Obligation.scope, Obligation.waiting_for_agency, Obligation.in_force)
        .execution_options(synchronize_session="fetch")
    ).one()
    asked_for = found.scope in IN_SCOPE
    bare = found.waiting_for_agency == found.in_force == 0
    was_bare = found.waiting_for_agency == waiting_for_agency and found.in_force == in_force
    if bare and not was_bare:
        _turn_back(session, obligation, day)
    marks = {} if asked_for else {"out_of_scope": True}
    opened = (bare - (was_bare and not in_scope)) if asked_for else 0
    return _move(session, obligation, entity, types, figures, day, opened=opened, **marks)


def _turn_back(session: Session, obligation: Obligation, day: date) -> None:
    """A pledge has come to an end and its signer knows it: the waiting time runs anew, as after an ask."""
    entry = session.get_one(ObligationEntry, (obligation.province_code, obligation.entry_id))
    obligation.asked_on, obligation.waits_until = day, waiting_until(session, entry, day)
    obligation.turns_on = turns_on(
        session, obligation, entry, asked_on=obligation.asked_on, waits_until=obligation.waits_until
    )
    session.flush()


def mark_asked(
    session: Session, obligation: Obligation, *, asked_on: date | None, waits_until: date | None, day: date
) -> list[Count]:
    """Let the waiting time run from an ask that reached its subject (None: none has), and count it so from `day` on.

    The obligation is locked and read anew first.
    """
    lock_obligations(session, [obligation])
    return retime(session, obligation, day=day, asked_on=asked_on, waits_until=waits_until)


def retime(
    session: Session, obligation: Obligation, *, day: date, asked_on: date | None, waits_until: date | None
) -> list[Count]:
    """Bring the day on which it turns up to date; who calls it holds the obligation locked."""
    entry = session.get_one(ObligationEntry, (obligation.province_code, obligation.entry_id))
    turning = turns_on(session, obligation, entry, asked_on=asked_on, waits_until=waits_until)
    if (turning, asked_on, waits_until) == (obligation.turns_on, obligation.asked_on, obligation.waits_until):
        return []
    entity = owner_of(session, obligation)
    types = _counted_types(session, obligation, entity)
    counts = retimed(obligation, entry, entity, types, turning, asked_on=asked_on, waits_until=waits_until)
    session.flush()
    add_counts(session, obligation.province_code, counts, day=day)
    return counts


def retimed(
    obligation: Obligation,
    entry: ObligationEntry,
    entity: Entity | None,
    types: Iterable[str],
    turning: date,
    *,
    asked_on: date | None,
    waits_until: date | None,
) -> list[Count]:
    """Give it these days; returns the two counts that take it out of the old ones and into the new, if it is open."""
    standing = (1, obligation.waiting_for_agency, obligation.in_force) if obligation.scope in IN_SCOPE else (0, 0, 0)
    opened = opened_by(standing)
    counted = (DISTINCT, *sorted(types))
    counts = [new_count(obligation, entry, entity, counted, (0, 0, 0), opened=-1)] if opened else []
    obligation.asked_on, obligation.waits_until, obligation.turns_on = asked_on, waits_until, turning
    return [*counts, new_count(obligation, entry, entity, counted, (0, 0, 0), opened=1)] if opened else []


def retime_as_it_stands(session: Session, obligation: Obligation, *, day: date) -> list[Count]:
    """The same after a change of its cohort."""
    return retime(session, obligation, day=day, asked_on=obligation.asked_on, waits_until=obligation.waits_until)


def move_scope(
    session: Session, obligation: Obligation, entity: Entity | None, scope: Scope, *, day: date
) -> list[Count]:
    """Give an obligation another scope; its pledges leave the counters with it, and come back with it.

    The obligation is locked and read anew first, so that the figures are those of now.
    """
    lock_obligations(session, [obligation])
    before, after = obligation.scope in IN_SCOPE, scope in IN_SCOPE
    obligation.scope = scope
    session.flush()
    if before == after:
        return []
    sign = 1 if after else -1
    figures = (sign, sign * obligation.waiting_for_agency, sign * obligation.in_force)
    types = (DISTINCT, *_counted_types(session, obligation, entity))
    return _move(session, obligation, entity, types, figures, day, scope_only=True)


def move_to_owner(session: Session, channel: Channel, owner: Entity | None, *, day: date) -> list[Count]:
    """Give a website another owner (or none), and count its obligations where that one is from that day on."""
    obligations = session.scalars(
        select(Obligation)
        .where(Obligation.province_code == channel.province_code, Obligation.channel_id == channel.id)
        .order_by(Obligation.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    counts: list[Count] = []
    for obligation in obligations:
        counts += hand_over(session, obligation, owner, day=day)
    channel.entity_id = owner.id if owner is not None else None
    session.flush()
    return counts


def hand_over(session: Session, obligation: Obligation, owner: Entity | None, *, day: date) -> list[Count]:
    """Let another entity (or nobody who is known) owe this; who calls it holds the obligation locked."""
    before = owner_of(session, obligation)
    figures = _figures_now(session, obligation)
    types = (DISTINCT, *_counted_types(session, obligation, before))
    counts = _move(session, obligation, before, types, _negative(figures), day)
    obligation.entity_id = owner.id if owner is not None else None
    session.flush()
    types = (DISTINCT, *_counted_types(session, obligation, owner))
    return counts + _move(session, obligation, owner, types, figures, day)


def move_counters_for_types(
    session: Session, obligation: Obligation, entity: Entity, added: Iterable[str], *, day: date
) -> list[Count]:
    """Count an obligation under types that its entity has just got; the distinct total stays as it is."""
    types = sorted(set(added) & set(_counted_types(session, obligation, entity)))
    return _move(session, obligation, entity, types, _figures_now(session, obligation), day) if types else []


def move_from_types(
    session: Session, obligation: Obligation, entity: Entity, removed: Iterable[str], *, day: date
) -> list[Count]:
    """Count an obligation no more under types that its entity is about to lose; call it while they are still there."""
    types = sorted(set(removed) & set(_counted_types(session, obligation, entity)))
    figures = _negative(_figures_now(session, obligation))
    return _move(session, obligation, entity, types, figures, day) if types else []


def move_to_commune(
    session: Session, entity: Entity, obligations: Sequence[Obligation], commune_code: str | None, *, day: date
) -> list[Count]:
    """Give the entity another commune, and count what it owes there from that day on.

    The obligations are locked first, in the order in which everybody locks them: a decision about one of them that
    is being taken elsewhere is counted either before the move or, in the new commune, after it.
    """
    lock_obligations(session, obligations)
    found = [
        (obligation, (DISTINCT, *_counted_types(session, obligation, entity)), _figures_now(session, obligation))
        for obligation in obligations
    ]
    counted = [(obligation, types, figures) for obligation, types, figures in found if any(figures)]
    counts: list[Count] = []
    for obligation, types, figures in counted:
        counts += _move(session, obligation, entity, types, _negative(figures), day)
    entity.commune_code = commune_code
    for obligation, types, figures in counted:
        counts += _move(session, obligation, entity, types, figures, day)
    return counts


def lock_entity(session: Session, entity: Entity) -> None:
    """Let nobody else change what the entity is counted under until this transaction ends."""
    session.execute(
        select(Entity.id)
        .where(Entity.province_code == entity.province_code, Entity.id == entity.id)
        .with_for_update(key_share=True)
    )


def lock_obligations(session: Session, obligations: Sequence[Obligation]) -> None:
    """Hold them as they are now until this transaction ends, in the order in which everybody locks them."""
    if not obligations:
        return
    session.flush()
    session.scalars(
        select(Obligation)
        .where(
            Obligation.province_code == obligations[0].province_code,
            Obligation.id.in_([obligation.id for obligation in obligations]),
        )
        .order_by(Obligation.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def _counted_types(session: Session, obligation: Obligation, entity: Entity | None) -> list[str]:
    """The entity's subject types that the entry covers; all of the entry's where the owner is not known."""
    types = select(EntrySubjectType.subject_type).where(
        EntrySubjectType.province_code == obligation.province_code, EntrySubjectType.entry_id == obligation.entry_id
    )
    if entity is not None:
        lock_entity(session, entity)
        types = types.join(
            EntityType,
            (EntityType.province_code == EntrySubjectType.province_code)
            & (EntityType.subject_type == EntrySubjectType.subject_type),
        ).where(EntityType.entity_id == entity.id)
    return sorted(session.scalars(types))


def _figures_now(session: Session, obligation: Obligation) -> Figures:
    """What the counters hold of an obligation: nothing while it is out of scope."""
    found = session.execute(
        select(Obligation.scope, Obligation.waiting_for_agency, Obligation.in_force).where(
            Obligation.province_code == obligation.province_code, Obligation.id == obligation.id
        )
    ).one()
    return (1, found.waiting_for_agency, found.in_force) if found.scope in IN_SCOPE else (0, 0, 0)


def _negative(figures: Figures) -> Figures:
    return -figures[0], -figures[1], -figures[2]


def _move(
    session: Session,
    obligation: Obligation,
    entity: Entity | None,
    types: Sequence[str],
    figures: Figures,
    day: date,
    *,
    opened: int | None = None,
    **marks: bool,
) -> list[Count]:
    if not any(figures):
        return []
    entry = session.get_one(ObligationEntry, (obligation.province_code, obligation.entry_id))
    count = new_count(obligation, entry, entity, types, figures, opened=opened) | marks
    add_counts(session, obligation.province_code, [count], day=day)
    return [count]
