"""One move of the counters, as its fact carries it, and the rows that follow from it (`model.md` 18).

A count says per obligation the agency, entry, instrument, commune, owner, the subject types (the empty one is the
distinct total) and what was added. `open` is 1 or -1 where the obligation begins or ceases to be asked and without a
pledge; then `turns_on` and `asked_on` say how it stands while it is open. Three tables follow from the counts of a
transaction: the counters, the counters of what is open, and the ledger of moves, from which a list as of any day is
read.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from pledges.core.db import new_id
from pledges.plans.models import Instrument, ObligationEntry
from pledges.registry.checkpoints import forget_checkpoints
from pledges.registry.models import Counter, Entity, Obligation, ObligationMove, OpenCounter

DISTINCT = ""
FIGURES = ("in_scope", "waiting_for_agency", "in_force")
OPEN_FIGURES = ("asked", "unasked")

Count = dict[str, Any]
Key = tuple[str, str, str, str, str, str, date]
"""Province, agency, entry, instrument, subject type, commune, day: the key of a counter in its order."""
OpenKey = tuple[str, str, str, str, str, str, date, date]
"""The same and the day on which it turns."""
Figures = tuple[int, int, int]


def new_count(
    obligation: Obligation,
    entry: ObligationEntry,
    entity: Entity | None,
    types: Iterable[str],
    figures: Figures,
    *,
    opened: int | None = None,
) -> Count:
    """One move of an obligation as it stands now; `add_counts` makes the tables follow.

    `opened`: +1 or -1 where it begins or ceases to be open. Left out, it follows from moving the whole obligation: it
    was (or is) open if none of its figures says that somebody has pledged.
    """
    return count_of(
        obligation.id,
        entry,
        types,
        figures,
        commune_code=entity.commune_code if entity is not None else None,
        entity_id=obligation.entity_id,
        opened=opened_by(figures) if opened is None else opened,
        turns_on=obligation.turns_on,
        asked_on=obligation.asked_on,
    )


def opened_by(figures: Figures) -> int:
    """Whether moving a whole obligation opens or closes it."""
    return figures[0] if figures[1:] == (0, 0) else 0


def count_of(
    obligation_id: uuid.UUID,
    entry: ObligationEntry,
    types: Iterable[str],
    figures: Figures,
    *,
    commune_code: str | None,
    entity_id: uuid.UUID | None,
    opened: int,
    turns_on: date,
    asked_on: date | None = None,
) -> Count:
    count: Count = {
        "obligation": str(obligation_id),
        "agency": entry.lead_agency,
        "entry": entry.id,
        "instrument": entry.instrument.value,
        "commune": commune_code or "",
        "types": list(types),
    }
    if entity_id is not None:
        count["entity"] = str(entity_id)
    count.update({name: change for name, change in zip(FIGURES, figures, strict=True) if change})
    if opened:
        count |= {"open": opened, "turns_on": turns_on.isoformat()}
        if asked_on is not None:
            count["asked_on"] = asked_on.isoformat()
    return count


def add_counts(session: Session, province_code: str, counts: Iterable[Count], *, day: date) -> None:
    """Let the tables follow many counts at once: what a whole list brings costs a handful of statements."""
    counts = list(counts)
    add_to_counters(session, counter_rows(province_code, day, counts))
    add_to_open_counters(session, open_rows(province_code, day, counts))
    moves = move_rows(province_code, day, counts)
    if moves:
        session.connection().execute(insert(ObligationMove), moves)
    # Behind the counters: who makes a checkpoint meanwhile waits for them, or has made it by now.
    forget_checkpoints(session, province_code, since=day)


def counter_rows(province_code: str, day: date, counts: Iterable[Count]) -> dict[Key, Figures]:
    """The counter rows that `counts` touch, with what each gets."""
    rows: dict[Key, Figures] = defaultdict(lambda: (0, 0, 0))
    for count in counts:
        if not count.get("out_of_scope"):
            for key in _keys(province_code, day, count):
                rows[key] = add(rows[key], figures_of(count))
    return rows


def open_rows(province_code: str, day: date, counts: Iterable[Count]) -> dict[OpenKey, tuple[int, int]]:
    rows: dict[OpenKey, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for count in counts:
        if opened := count.get("open"):
            for each in _keys(province_code, day, count):
                key = (*each, date.fromisoformat(count["turns_on"]))
                asked, unasked = rows[key]
                rows[key] = (asked + opened, unasked) if "asked_on" in count else (asked, unasked + opened)
    return rows


def move_rows(province_code: str, day: date, counts: Iterable[Count]) -> list[dict[str, Any]]:
    """The rows of the ledger: one per count of an obligation itself, none for the columns of single types."""
    return [
        {
            "province_code": province_code,
            "id": new_id(),
            "entry_id": count["entry"],
            "obligation_id": uuid.UUID(count["obligation"]),
            "entity_id": uuid.UUID(count["entity"]) if "entity" in count else None,
            "commune_code": count["commune"],
            "day": day,
            **dict(zip(FIGURES, figures_of(count), strict=True)),
            "opened": count.get("open", 0),
            "turns_on": date.fromisoformat(count["turns_on"]) if "turns_on" in count else None,
            "asked_on": date.fromisoformat(count["asked_on"]) if "asked_on" in count else None,
        }
        for count in counts
        if DISTINCT in count["types"] and not count.get("out_of_scope")
    ]


def _keys(province_code: str, day: date, count: Count) -> list[Key]:
    return [
        (
            province_code,
            count["agency"],
            count["entry"],
            count["instrument"],
            subject_type,
            count["commune"],
            day,
        )
        for subject_type in count["types"]
    ]


def figures_of(count: Count) -> Figures:
    in_scope, waiting_for_agency, in_force = (int(count.get(name, 0)) for name in FIGURES)
    return in_scope, waiting_for_agency, in_force


def add(one: Figures, other: Figures) -> Figures:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]


_KEY = ("province_code", "agency_code", "entry_id", "instrument", "subject_type", "commune_code", "day")


def add_to_counters(session: Session, rows: dict[Key, Figures]) -> None:
    _upsert(session, Counter, _KEY, FIGURES, rows)


def add_to_open_counters(session: Session, rows: dict[OpenKey, tuple[int, int]]) -> None:
    _upsert(session, OpenCounter, (*_KEY, "turns_on"), OPEN_FIGURES, rows)


def _upsert(
    session: Session,
    model: type[Counter] | type[OpenCounter],
    key_names: tuple[str, ...],
    names: tuple[str, ...],
    rows: Any,
) -> None:
    """Upsert in key order, so that two transactions that touch the same rows wait and don't deadlock."""
    values = [
        {**dict(zip(key_names, key, strict=True)), "instrument": Instrument(key[3])}
        | dict(zip(names, figures, strict=True))
        for key, figures in sorted(rows.items())
        if any(figures)
    ]
    if not values:
        return
    dialect = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = dialect(model).values(values)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=list(key_names),
            set_={name: getattr(model, name) + getattr(statement.excluded, name) for name in names},
        ),
        execution_options={"synchronize_session": False},
    )
