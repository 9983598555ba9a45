"""Counters that move with the facts, and the count from the facts that proves them (`model.md` 18).

Every fact that moves counters carries in `data["counts"]` what `move_counters` returned: per obligation the agency,
entry, instrument, commune, the subject types (the empty one is the distinct total) and what was added.

An obligation keeps figures of its own that say which pledges it has, whatever its scope; the counters hold them only
while it is in scope, so that coverage never counts a pledge that nobody asks for. A count therefore may say
`scope_only` (the counters moved and the obligation's own figures stayed) or `out_of_scope` (the reverse).
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from pledges.audit.models import Fact
from pledges.plans.models import EntrySubjectType, Instrument, ObligationEntry
from pledges.registry.models import IN_SCOPE, Channel, Counter, Entity, EntityType, Obligation, Scope

DISTINCT = ""
FIGURES = ("in_scope", "waiting_for_agency", "in_force")

Count = dict[str, Any]
Key = tuple[str, str, str, str, str, str, date]
"""Province, agency, entry, instrument, subject type, commune, day: the key of a counter in its order."""
Figures = tuple[int, int, int]


@dataclass(frozen=True)
class Drift:
    """A counter (or an obligation's own figures) that does not say what the facts say."""

    key: tuple[Any, ...]
    expected: Figures
    found: Figures


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
    types = _counted_types(session, obligation, entity)
    figures = (in_scope, waiting_for_agency, in_force)
    marks: dict[str, bool] = {}
    if waiting_for_agency or in_force:
        scope = session.execute(
            update(Obligation)
            .where(Obligation.province_code == obligation.province_code, Obligation.id == obligation.id)
            .values(
                waiting_for_agency=Obligation.waiting_for_agency + waiting_for_agency,
                in_force=Obligation.in_force + in_force,
            )
            .returning(Obligation.scope)
        ).scalar_one()
        marks = {} if scope in IN_SCOPE else {"out_of_scope": True}
    return _move(session, obligation, entity, (DISTINCT, *types), figures, day, **marks)


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
    before = _entity_of(session, obligation)
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


def _entity_of(session: Session, obligation: Obligation) -> Entity | None:
    if obligation.entity_id is None:
        return None
    return session.get_one(Entity, (obligation.province_code, obligation.entity_id))


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
    **marks: bool,
) -> list[Count]:
    if not any(figures):
        return []
    entry = session.get_one(ObligationEntry, (obligation.province_code, obligation.entry_id))
    count = new_count(obligation, entry, entity, types, figures) | marks
    add_counts(session, obligation.province_code, [count], day=day)
    return [count]


def new_count(
    obligation: Obligation, entry: ObligationEntry, entity: Entity | None, types: Iterable[str], figures: Figures
) -> Count:
    """One move as its fact carries it; `add_counts` makes the counters follow."""
    count: Count = {
        "obligation": str(obligation.id),
        "agency": entry.lead_agency,
        "entry": entry.id,
        "instrument": entry.instrument.value,
        "commune": (entity.commune_code if entity is not None else None) or "",
        "types": list(types),
    }
    count.update({name: change for name, change in zip(FIGURES, figures, strict=True) if change})
    return count


def add_counts(session: Session, province_code: str, counts: Iterable[Count], *, day: date) -> None:
    """Move the counters by many counts at once: what a whole list brings costs one statement."""
    _add_to_counters(session, _rows(province_code, day, counts))


def _rows(province_code: str, day: date, counts: Iterable[Count]) -> dict[Key, Figures]:
    """The counter rows that `counts` touch, with what each gets."""
    rows: dict[Key, Figures] = defaultdict(lambda: (0, 0, 0))
    for count in counts:
        if count.get("out_of_scope"):
            continue
        for subject_type in count["types"]:
            key = (
                province_code,
                count["agency"],
                count["entry"],
                count["instrument"],
                subject_type,
                count["commune"],
                day,
            )
            rows[key] = _sum(rows[key], _figures(count))
    return rows


def _figures(count: Count) -> Figures:
    in_scope, waiting_for_agency, in_force = (int(count.get(name, 0)) for name in FIGURES)
    return in_scope, waiting_for_agency, in_force


def _sum(one: Figures, other: Figures) -> Figures:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]


_KEY = ("province_code", "agency_code", "entry_id", "instrument", "subject_type", "commune_code", "day")


def _add_to_counters(session: Session, rows: dict[Key, Figures]) -> None:
    """Upsert in key order, so that two transactions that touch the same rows wait and don't deadlock."""
    values = [
        {**dict(zip(_KEY, key, strict=True)), "instrument": Instrument(key[3])}
        | dict(zip(FIGURES, figures, strict=True))
        for key, figures in sorted(rows.items())
        if any(figures)
    ]
    if not values:
        return
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(Counter).values(values)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=list(_KEY),
            set_={name: getattr(Counter, name) + getattr(statement.excluded, name) for name in FIGURES},
        ),
        execution_options={"synchronize_session": False},
    )


def recount(session: Session, *, repair: bool, province_code: str | None = None) -> list[Drift]:
    """Compare counters and the obligations' own figures with the facts; with `repair` set them right.

    Run it inside `Database.run` even without `repair`: writers wait meanwhile, so that both are seen at one moment.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE counter IN SHARE ROW EXCLUSIVE MODE"))
    expected: dict[Key, Figures] = defaultdict(lambda: (0, 0, 0))
    pledged: dict[tuple[str, uuid.UUID], Figures] = defaultdict(lambda: (0, 0, 0))
    facts = (
        select(Fact.province_code, Fact.recorded_day, Fact.data)
        .where(Fact.data["counts"].as_string().is_not(None))
        .execution_options(yield_per=1000)
    )
    if province_code is not None:
        facts = facts.where(Fact.province_code == province_code)
    for province, day, data in session.execute(facts):
        for key, figures in _rows(province, day, data["counts"]).items():
            expected[key] = _sum(expected[key], figures)
        for count in data["counts"]:
            if DISTINCT in count["types"] and not count.get("scope_only"):
                obligation = (province, uuid.UUID(count["obligation"]))
                pledged[obligation] = _sum(pledged[obligation], (0, *_figures(count)[1:]))
    return _compare_counters(session, expected, province_code, repair=repair) + _compare_obligations(
        session, pledged, province_code, repair=repair
    )


def _compare_counters(
    session: Session, expected: dict[Key, Figures], province_code: str | None, *, repair: bool
) -> list[Drift]:
    statement = select(Counter).execution_options(populate_existing=True)
    if province_code is not None:
        statement = statement.where(Counter.province_code == province_code)
    stored: dict[Key, Counter] = {}
    for row in session.scalars(statement):
        key = (
            row.province_code,
            row.agency_code,
            row.entry_id,
            row.instrument.value,
            row.subject_type,
            row.commune_code,
            row.day,
        )
        stored[key] = row
    drifts = []
    for key in sorted(expected.keys() | stored.keys()):
        counter = stored.get(key)
        found = (counter.in_scope, counter.waiting_for_agency, counter.in_force) if counter else (0, 0, 0)
        wanted = expected.get(key, (0, 0, 0))
        if found == wanted:
            continue
        drifts.append(Drift(key, wanted, found))
        if repair and counter is not None and key not in expected:
            session.delete(counter)
        elif repair:
            _add_to_counters(session, {key: _sum(wanted, (-found[0], -found[1], -found[2]))})
    return drifts


def _compare_obligations(
    session: Session,
    expected: dict[tuple[str, uuid.UUID], Figures],
    province_code: str | None,
    *,
    repair: bool,
) -> list[Drift]:
    statement = select(Obligation).execution_options(populate_existing=True)
    if province_code is not None:
        statement = statement.where(Obligation.province_code == province_code)
    drifts = []
    for obligation in session.scalars(statement):
        key = (obligation.province_code, obligation.id)
        found = (0, obligation.waiting_for_agency, obligation.in_force)
        wanted = expected.get(key, (0, 0, 0))
        if found == wanted:
            continue
        drifts.append(Drift(("obligation", *key), wanted, found))
        if repair:
            _, obligation.waiting_for_agency, obligation.in_force = wanted
    return drifts
