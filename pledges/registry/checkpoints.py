"""Checkpoints of the counters: a figure as of a day is the sum at the last one before it and the deltas since.

They are made by night: of every month's last day, which stay, and of yesterday, which gives way to the next. Whoever
records something for a day that has a checkpoint takes it away (`forget_checkpoints`), so that a figure is never read
from sums that lack a delta; it only takes longer until the next night.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, case, delete, func, insert, literal, select, text, union_all
from sqlalchemy.orm import Session

from pledges.core.calendar import end_of_day, local_day
from pledges.core.db import Database
from pledges.plans.models import ObligationEntry
from pledges.registry.checkpoint_models import Checkpoint, CounterSum, OpenSum
from pledges.registry.models import Counter, OpenCounter

MAKE_CHECKPOINTS = "make_checkpoints"
MAKE_CHECKPOINTS_SECONDS = 3600.0
GRACE = timedelta(minutes=10)
"""After midnight: almost nobody records anything for yesterday any more, and who does takes the checkpoint away."""

_CELL = ("agency_code", "entry_id", "instrument", "subject_type", "commune_code")


def forget_checkpoints(session: Session, province_code: str | None, since: date | None = None) -> None:
    """Call it after counters of a past day have changed; without a day or a province all are taken away."""
    which: list[ColumnElement[bool]] = []
    if province_code is not None:
        which.append(Checkpoint.province_code == province_code)
    if since is not None:
        which.append(Checkpoint.day >= since)
    session.execute(delete(Checkpoint).where(*which), execution_options={"synchronize_session": False})


def checkpoints_before(session: Session, day: date, province_code: str | None = None) -> dict[str, date]:
    """Per province the last day up to this one that has a checkpoint; provinces without any are left out."""
    found = select(Checkpoint.province_code, func.max(Checkpoint.day)).where(Checkpoint.day <= day)
    if province_code is not None:
        found = found.where(Checkpoint.province_code == province_code)
    return {row[0]: row[1] for row in session.execute(found.group_by(Checkpoint.province_code))}


# --- Making them -----------------------------------------------------------------------------------------------------


def make_checkpoints(database: Database, now: datetime) -> int:
    """Those that are missing, province by province; safe at any time and as often as one likes. Says how many."""
    yesterday = local_day(now) - timedelta(days=1)
    if now < end_of_day(yesterday) + GRACE:
        yesterday -= timedelta(days=1)
    with database.read() as session:
        codes = session.scalars(select(ObligationEntry.province_code).distinct()).all()
        # Where nothing has been counted yet, a checkpoint says so: nobody needs to look through all that others have.
        first_of = {code: _first_day(session, code) or yesterday for code in sorted(codes)}
    made = 0
    for code, first in first_of.items():
        wanted = [*_month_ends(first, yesterday), yesterday]
        with database.read() as session:
            known = set(session.scalars(select(Checkpoint.day).where(Checkpoint.province_code == code)))
        for day in sorted({*wanted} - known):
            database.run(lambda session, code=code, day=day: _make(session, code, day, now))  # type: ignore[misc]
            made += 1
        if known - {*wanted}:
            database.run(lambda session, code=code, wanted=wanted: _drop(session, code, wanted))  # type: ignore[misc]
    return made


def _first_day(session: Session, province_code: str) -> date | None:
    return session.scalar(select(func.min(Counter.day)).where(Counter.province_code == province_code))


def _month_ends(first: date, last: date) -> list[date]:
    """Strictly before `last`."""
    ends: list[date] = []
    day = first.replace(day=1)
    while True:
        day = (day + timedelta(days=32)).replace(day=1)
        end = day - timedelta(days=1)
        if end >= last:
            return ends
        ends.append(end)


def _make(session: Session, province_code: str, day: date, now: datetime) -> None:
    """Whoever is recording something is waited for, and whoever comes later finds the checkpoint."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE counter, open_counter IN SHARE MODE"))
    if session.get(Checkpoint, (province_code, day)) is not None:
        return
    _empty(session, province_code, [day])
    base = checkpoints_before(session, day, province_code).get(province_code)
    sums = ("in_scope", "waiting_for_agency", "in_force")
    _insert(session, CounterSum, Counter, province_code, base, day, _columns(Counter), _columns(CounterSum), sums)
    turned = case((OpenCounter.turns_on <= day, literal(day)), else_=OpenCounter.turns_on).label("turns_on")
    was_turned = case((OpenSum.turns_on <= day, literal(day)), else_=OpenSum.turns_on).label("turns_on")
    _insert(
        session,
        OpenSum,
        OpenCounter,
        province_code,
        base,
        day,
        [*_columns(OpenCounter), turned],
        [*_columns(OpenSum), was_turned],
        ("asked", "unasked"),
    )
    session.add(Checkpoint(province_code=province_code, day=day, made_at=now))


def _columns(model: Any) -> list[Any]:
    return [getattr(model, name) for name in _CELL]


def _insert(
    session: Session,
    into: Any,
    counter: Any,
    province_code: str,
    base: date | None,
    day: date,
    key: Sequence[Any],
    base_key: Sequence[Any],
    sums: Sequence[str],
) -> None:
    """The sums at the checkpoint before, and the deltas since."""
    deltas = [counter.province_code == province_code, counter.day <= day]
    parts: list[Select[Any]] = []
    if base is not None:
        deltas.append(counter.day > base)
        before = select(*base_key, *(getattr(into, name) for name in sums))
        parts.append(before.where(into.province_code == province_code, into.day == base))
    parts.append(select(*key, *(getattr(counter, name) for name in sums)).where(*deltas))
    rows = union_all(*parts).subquery()
    names = [column.key for column in key]
    totals = [func.sum(rows.c[name]) for name in sums]
    nothing = [total == 0 for total in totals]
    summed = (
        select(literal(province_code), literal(day), *(rows.c[name] for name in names), *totals)
        .group_by(*(rows.c[name] for name in names))
        .having(~_all(nothing))
    )
    session.execute(insert(into).from_select(["province_code", "day", *names, *sums], summed))


def _all(conditions: Iterable[ColumnElement[bool]]) -> ColumnElement[bool]:
    first, *rest = conditions
    for each in rest:
        first = first & each
    return first


def _drop(session: Session, province_code: str, wanted: Sequence[date]) -> None:
    """Yesterday's of earlier nights."""
    old = session.scalars(
        select(Checkpoint.day).where(Checkpoint.province_code == province_code, Checkpoint.day.not_in(wanted))
    ).all()
    _empty(session, province_code, old)
    session.execute(
        delete(Checkpoint).where(Checkpoint.province_code == province_code, Checkpoint.day.in_(old)),
        execution_options={"synchronize_session": False},
    )


def _empty(session: Session, province_code: str, days: Sequence[date]) -> None:
    """Also what a checkpoint that was taken away has left."""
    for model in (CounterSum, OpenSum):
        session.execute(
            delete(model).where(model.province_code == province_code, model.day.in_(days)),
            execution_options={"synchronize_session": False},
        )
