"""Counters that move with the facts, and the count from the facts that proves them (`model.md` 18).

Every fact that moves counters carries in `data["counts"]` what `move_counters` returned: per obligation the agency,
entry, instrument, commune, the subject types (the empty one is the distinct total) and what was added.
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
from pledges.registry.models import IN_SCOPE, Counter, Entity, EntityType, Obligation

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
    if waiting_for_agency or in_force:
        session.execute(
            update(Obligation)
            .where(Obligation.province_code == obligation.province_code, Obligation.id == obligation.id)
            .values(
                waiting_for_agency=Obligation.waiting_for_agency + waiting_for_agency,
                in_force=Obligation.in_force + in_force,
            )
        )
    return _move(session, obligation, entity, (DISTINCT, *types), figures, day)


def move_counters_for_types(
    session: Session, obligation: Obligation, entity: Entity, added: Iterable[str], *, day: date
) -> list[Count]:
    """Count an obligation under types that its entity has just got; the distinct total stays as it is."""
    types = sorted(set(added) & set(_counted_types(session, obligation, entity)))
    return _move(session, obligation, entity, types, _figures_now(session, obligation), day) if types else []


def move_to_commune(
    session: Session, entity: Entity, obligations: Sequence[Obligation], commune_code: str | None, *, day: date
) -> list[Count]:
    """Give the entity another commune, and count what it owes there from that day on.

    The obligations are locked first, in the order in which everybody locks them: a decision about one of them that
    is being taken elsewhere is counted either before the move or, in the new commune, after it.
    """
    session.execute(
        select(Obligation.id)
        .where(
            Obligation.province_code == entity.province_code,
            Obligation.id.in_([obligation.id for obligation in obligations]),
        )
        .order_by(Obligation.id)
        .with_for_update()
    )
    found = [
        (obligation, (DISTINCT, *_counted_types(session, obligation, entity)), _figures_now(session, obligation))
        for obligation in obligations
    ]
    counted = [(obligation, types, figures) for obligation, types, figures in found if any(figures)]
    counts: list[Count] = []
    for obligation, types, (in_scope, waiting, in_force) in counted:
        counts += _move(session, obligation, entity, types, (-in_scope, -waiting, -in_force), day)
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
    found = session.execute(
        select(Obligation.scope, Obligation.waiting_for_agency, Obligation.in_force).where(
            Obligation.province_code == obligation.province_code, Obligation.id == obligation.id
        )
    ).one()
    return int(found.scope in IN_SCOPE), found.waiting_for_agency, found.in_force


def _move(
    session: Session,
    obligation: Obligation,
    entity: Entity | None,
    types: Sequence[str],
    figures: Figures,
    day: date,
) -> list[Count]:
    entry = session.get_one(ObligationEntry, (obligation.province_code, obligation.entry_id))
    count: Count = {
        "obligation": str(obligation.id),
        "agency": entry.lead_agency,
        "entry": entry.id,
        "instrument": entry.instrument.value,
        "commune": (entity.commune_code if entity is not None else None) or "",
        "types": list(types),
    }
    count.update({name: change for name, change in zip(FIGURES, figures, strict=True) if change})
    _add_to_counters(session, _rows(obligation.province_code, day, [count]))
    return [count]


def _rows(province_code: str, day: date, counts: Iterable[Count]) -> dict[Key, Figures]:
    """The counter rows that `counts` touch, with what each gets."""
    rows: dict[Key, Figures] = defaultdict(lambda: (0, 0, 0))
    for count in counts:
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
            if DISTINCT in count["types"]:
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
