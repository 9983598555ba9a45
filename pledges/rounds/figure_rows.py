"""Where figures come from: the counters' sums at the last checkpoint, and what was added to them since."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select, union_all
from sqlalchemy.orm import Session

from pledges.plans.models import ObligationEntry
from pledges.registry.checkpoint_models import CounterSum, OpenSum
from pledges.registry.checkpoints import checkpoints_before
from pledges.registry.counts import DISTINCT
from pledges.registry.models import Counter, OpenCounter


@dataclass(frozen=True)
class Moment:
    """When figures and lists are read: what was recorded up to a day, and which days of turning have passed."""

    recorded: date
    turned: date


@dataclass(frozen=True)
class Only:
    """Which part of the counters; everything left as it is means all of it."""

    agency: str = ""
    entries: Collection[str] | None = None
    commune: str | None = None
    subject_type: str = ""


@dataclass(frozen=True)
class Wanted:
    """Sums by some dimensions. `whole`: the rows of types and the distinct totals, each by itself."""

    province_code: str | None
    """None: of all provinces."""
    moment: Moment
    by: Sequence[str]
    only: Only
    whole: bool = False


def pledged_rows(session: Session, wanted: Wanted) -> Select[Any]:
    """In scope, in force, waiting for the agency, behind the columns of `by`."""
    names = ("in_scope", "in_force", "waiting_for_agency")
    rows = union_all(*_parts(session, CounterSum, Counter, wanted, names)).subquery()
    columns = [rows.c[name] for name in wanted.by]
    return select(*columns, *(func.coalesce(func.sum(rows.c[name]), 0) for name in names)).group_by(*columns)


def open_rows(session: Session, wanted: Wanted) -> Select[Any]:
    """Waiting time, not pledged, not due, unreachable, behind the columns of `by`."""
    rows = union_all(*_parts(session, OpenSum, OpenCounter, wanted, ("turns_on", "asked", "unasked"))).subquery()
    columns = [rows.c[name] for name in wanted.by]
    turned = rows.c.turns_on <= wanted.moment.turned

    def counted(figure: Any, condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((condition, figure), else_=0)), 0)

    return select(
        *columns,
        counted(rows.c.asked, ~turned),
        counted(rows.c.asked, turned),
        counted(rows.c.unasked, ~turned),
        counted(rows.c.unasked, turned),
    ).group_by(*columns)


def _parts(session: Session, kept: Any, counter: Any, wanted: Wanted, names: Sequence[str]) -> Iterator[Select[Any]]:
    """Per checkpoint its sums and the deltas since; of provinces without one all deltas."""
    moment = wanted.moment
    # What has turned by a checkpoint stands there as one, so that it must have turned for the reader as well.
    last = checkpoints_before(session, min(moment.recorded, moment.turned), wanted.province_code)
    provinces = defaultdict[date | None, list[str]](list)
    for code in _provinces(session, wanted):
        # A plan for provinces of which nothing was counted by then would read all that the others have.
        if code in last or _counted_by(session, code, moment.recorded):
            provinces[last.get(code)].append(code)
    if not provinces:
        provinces[None] = [""]
    for day, codes in provinces.items():
        deltas = [counter.day <= moment.recorded]
        if day is not None:
            deltas.append(counter.day > day)
            yield _part(kept, wanted, names, codes, [kept.day == day])
        yield _part(counter, wanted, names, codes, deltas)


def _counted_by(session: Session, province_code: str, day: date) -> bool:
    first = session.scalar(select(func.min(Counter.day)).where(Counter.province_code == province_code))
    return first is not None and first <= day


def _provinces(session: Session, wanted: Wanted) -> Sequence[str]:
    if wanted.province_code is not None:
        return [wanted.province_code]
    return session.scalars(select(ObligationEntry.province_code).distinct()).all()


def _part(
    model: Any, wanted: Wanted, names: Sequence[str], codes: Sequence[str], days: Sequence[ColumnElement[bool]]
) -> Select[Any]:
    columns = [getattr(model, name) for name in (*wanted.by, *names)]
    place = model.province_code == codes[0] if len(codes) == 1 else model.province_code.in_(codes)
    return select(*columns).where(place, *days, *chosen(model, wanted.only), *_types(model, wanted))


def chosen(model: Any, only: Only) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if only.agency:
        conditions.append(model.agency_code == only.agency)
    if only.entries is not None:
        conditions.append(model.entry_id.in_(only.entries))
    if only.commune is not None:
        conditions.append(model.commune_code == only.commune)
    return conditions


def _types(model: Any, wanted: Wanted) -> list[ColumnElement[bool]]:
    """The rows of distinct totals, unless types are asked for."""
    if wanted.whole:
        return []
    if wanted.only.subject_type:
        return [model.subject_type == wanted.only.subject_type]
    return [model.subject_type != DISTINCT if "subject_type" in wanted.by else model.subject_type == DISTINCT]
