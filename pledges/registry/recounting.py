"""The count from the facts that proves counters, ledger and the obligations' own figures, and repairs them."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Select, delete, func, insert, select, text
from sqlalchemy.orm import Session

from pledges.audit.models import Fact
from pledges.registry.checkpoints import forget_checkpoints
from pledges.registry.counts import (
    DISTINCT,
    Count,
    Figures,
    Key,
    OpenKey,
    add,
    add_to_counters,
    add_to_open_counters,
    counter_rows,
    figures_of,
    move_rows,
    open_rows,
)
from pledges.registry.models import Counter, Obligation, ObligationMove, OpenCounter


@dataclass(frozen=True)
class Drift:
    """A counter (or an obligation's own figures, or its ledger) that does not say what the facts say."""

    key: tuple[Any, ...]
    expected: tuple[int, ...]
    found: tuple[int, ...]


@dataclass
class _Expected:
    counters: dict[Key, Figures] = field(default_factory=lambda: defaultdict(lambda: (0, 0, 0)))
    opened: dict[OpenKey, tuple[int, int]] = field(default_factory=lambda: defaultdict(lambda: (0, 0)))
    pledged: dict[tuple[str, uuid.UUID], Figures] = field(default_factory=lambda: defaultdict(lambda: (0, 0, 0)))
    ledger: dict[tuple[Any, ...], tuple[int, ...]] = field(default_factory=lambda: defaultdict(lambda: (0, 0, 0, 0)))


def recount(session: Session, *, repair: bool, province_code: str | None = None) -> list[Drift]:
    """Compare counters, ledger and the obligations' own figures with the facts; with `repair` set them right.

    Run it inside `Database.run` even without `repair`: writers wait meanwhile, so that all are seen at one moment.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE counter IN SHARE ROW EXCLUSIVE MODE"))
    expected = _Expected()
    for province, day, data in _facts(session, province_code):
        _expect(expected, province, day, data["counts"])
    found = [
        *_compare(
            session,
            expected.counters,
            _stored_counters(session, province_code),
            repair=repair,
            correct=add_to_counters,
            model=Counter,
        ),
        *_compare(
            session,
            expected.opened,
            _stored_open(session, province_code),
            repair=repair,
            correct=add_to_open_counters,
            model=OpenCounter,
        ),
        *_compare_obligations(session, expected.pledged, province_code, repair=repair),
        *_compare_ledger(session, expected.ledger, province_code, repair=repair),
    ]
    if found and repair:
        forget_checkpoints(session, province_code)
    return found


def _facts(session: Session, province_code: str | None) -> Any:
    facts = (
        select(Fact.province_code, Fact.recorded_day, Fact.data)
        .where(Fact.data["counts"].as_string().is_not(None))
        .execution_options(yield_per=1000)
    )
    if province_code is not None:
        facts = facts.where(Fact.province_code == province_code)
    return session.execute(facts)


def _expect(expected: _Expected, province: str, day: date, counts: list[Count]) -> None:
    for key, figures in counter_rows(province, day, counts).items():
        expected.counters[key] = add(expected.counters[key], figures)
    for open_key, (asked, unasked) in open_rows(province, day, counts).items():
        before = expected.opened[open_key]
        expected.opened[open_key] = before[0] + asked, before[1] + unasked
    for row in move_rows(province, day, counts):
        moved = (*figures_of(row), row["opened"])
        entry = (province, row["obligation_id"], day)
        expected.ledger[entry] = tuple(map(sum, zip(expected.ledger[entry], moved, strict=True)))
    for count in counts:
        if DISTINCT in count["types"] and not count.get("scope_only"):
            obligation = (province, uuid.UUID(count["obligation"]))
            expected.pledged[obligation] = add(expected.pledged[obligation], (0, *figures_of(count)[1:]))


_KEY = ("province_code", "agency_code", "entry_id", "instrument", "subject_type", "commune_code", "day")


def _stored_counters(session: Session, province_code: str | None) -> dict[tuple[Any, ...], tuple[int, ...]]:
    rows = session.scalars(_of(select(Counter), Counter, province_code))
    return {_key_of(row): (row.in_scope, row.waiting_for_agency, row.in_force) for row in rows}


def _stored_open(session: Session, province_code: str | None) -> dict[tuple[Any, ...], tuple[int, ...]]:
    rows = session.scalars(_of(select(OpenCounter), OpenCounter, province_code))
    return {(*_key_of(row), row.turns_on): (row.asked, row.unasked) for row in rows}


def _of(statement: Select[Any], model: Any, province_code: str | None) -> Select[Any]:
    statement = statement.execution_options(populate_existing=True)
    return statement if province_code is None else statement.where(model.province_code == province_code)


def _key_of(row: Counter | OpenCounter) -> tuple[Any, ...]:
    return tuple(row.instrument.value if name == "instrument" else getattr(row, name) for name in _KEY)


def _compare(
    session: Session,
    expected: Mapping[Any, tuple[int, ...]],
    stored: Mapping[Any, tuple[int, ...]],
    *,
    repair: bool,
    correct: Callable[[Session, Any], None],
    model: type[Counter] | type[OpenCounter],
) -> list[Drift]:
    drifts = []
    for key in sorted(expected.keys() | stored.keys()):
        nothing = (0,) * len(next(iter([*stored.values(), *expected.values()])))
        wanted, found = expected.get(key, nothing), stored.get(key, nothing)
        if found == wanted:
            continue
        drifts.append(Drift(key, wanted, found))
        if repair and key not in expected:
            names = (*_KEY, "turns_on")[: len(key)]
            session.execute(delete(model).filter_by(**dict(zip(names, key, strict=True))))
        elif repair:
            correct(session, {key: tuple(after - before for after, before in zip(wanted, found, strict=True))})
    return drifts


def _compare_obligations(
    session: Session,
    expected: Mapping[tuple[str, uuid.UUID], Figures],
    province_code: str | None,
    *,
    repair: bool,
) -> list[Drift]:
    drifts = []
    for obligation in session.scalars(_of(select(Obligation), Obligation, province_code)):
        key = (obligation.province_code, obligation.id)
        found = (0, obligation.waiting_for_agency, obligation.in_force)
        wanted = expected.get(key, (0, 0, 0))
        if found == wanted:
            continue
        drifts.append(Drift(("obligation", *key), wanted, found))
        if repair:
            _, obligation.waiting_for_agency, obligation.in_force = wanted
    return drifts


def _compare_ledger(
    session: Session, expected: Mapping[tuple[Any, ...], tuple[int, ...]], province_code: str | None, *, repair: bool
) -> list[Drift]:
    """Per obligation and day. What is wrong is written anew from the facts, for the province as a whole."""
    move = ObligationMove
    sums = [func.sum(each) for each in (move.in_scope, move.waiting_for_agency, move.in_force, move.opened)]
    days = select(move.province_code, move.obligation_id, move.day, *sums).group_by(
        move.province_code, move.obligation_id, move.day
    )
    if province_code is not None:
        days = days.where(move.province_code == province_code)
    stored = {
        (province, obligation_id, day): tuple(int(each) for each in figures)
        for province, obligation_id, day, *figures in session.execute(days)
    }
    nothing = (0, 0, 0, 0)
    drifts = [
        Drift(("ledger", *key), expected.get(key, nothing), stored.get(key, nothing))
        for key in sorted(expected.keys() | stored.keys())
        if expected.get(key, nothing) != stored.get(key, nothing)
    ]
    if repair:
        for province in sorted({drift.key[1] for drift in drifts}):
            _write_ledger_again(session, province)
    return drifts


def _write_ledger_again(session: Session, province_code: str) -> None:
    session.execute(delete(ObligationMove).where(ObligationMove.province_code == province_code))
    for province, day, data in _facts(session, province_code):
        if rows := move_rows(province, day, data["counts"]):
            session.connection().execute(insert(ObligationMove), rows)
