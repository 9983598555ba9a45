"""The six groups in figures: sums of the counters, of now and of the end of any day (`model.md` 13, 18)."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from pledges.core.calendar import local_day
from pledges.registry.counts import DISTINCT
from pledges.registry.models import Counter, OpenCounter
from pledges.rounds.list_models import Group


@dataclass(frozen=True)
class Moment:
    """When figures and lists are read: what was recorded up to a day, and which days of turning have passed."""

    recorded: date
    turned: date


def at_end_of(day: date) -> Moment:
    return Moment(day, day)


def at(now: datetime) -> Moment:
    """Everything recorded until now; today is not over, so that nobody has turned today."""
    today = local_day(now)
    return Moment(today, today - timedelta(days=1))


DIMENSIONS = ("province_code", "agency_code", "entry_id", "instrument", "subject_type", "commune_code")
"""What figures can be taken apart by. Without `subject_type` a subject with two types counts once."""
CELL = DIMENSIONS
"""The smallest part that figures are kept of; those of the empty subject type count every subject once."""


@dataclass(frozen=True)
class Figures:
    """How many obligations stand in each group, of those that `key` names."""

    key: dict[str, str]
    """By the dimensions that were asked for."""
    in_scope: int
    groups: dict[Group, int]

    def __getitem__(self, group: Group) -> int:
        return self.groups[group]

    @property
    def not_pledged(self) -> int:
        """Both parts of the list of those who have not pledged."""
        return self.groups[Group.NOT_PLEDGED] + self.groups[Group.UNREACHABLE]

    @property
    def share(self) -> float | None:
        """Coverage: how much of what is in scope is in force; nothing of nothing is no share."""
        return self[Group.IN_FORCE] / self.in_scope if self.in_scope else None

    @property
    def agrees(self) -> bool:
        """Whether everything in scope is in exactly one group."""
        counts = self.groups.values()
        return self.in_scope == sum(counts) and min(counts) >= 0


def together(parts: Iterable[Figures], key: Mapping[str, str] | None = None) -> Figures:
    """The sum of parts that have nothing in common."""
    in_scope, groups = 0, dict.fromkeys(Group, 0)
    for part in parts:
        in_scope += part.in_scope
        for group, count in part.groups.items():
            groups[group] += count
    return Figures(dict(key or {}), in_scope, groups)


@dataclass(frozen=True)
class Only:
    """Which part of the counters; everything left as it is means all of it."""

    agency: str = ""
    entries: Collection[str] | None = None
    commune: str | None = None
    subject_type: str = ""


def group_figures(
    session: Session,
    province_code: str | None,
    moment: Moment,
    *,
    by: Sequence[str] = (),
    only: Only | None = None,
) -> list[Figures]:
    """Figures by the dimensions of `by`, in their order; what stands at nothing everywhere is left out.

    Without a province those of all.
    """
    chosen = only or Only()
    return _read(session, by, _pledged(province_code, moment, by, chosen), _open(province_code, moment, by, chosen))


def cells(session: Session, province_code: str | None, moment: Moment, *, only: Only | None = None) -> list[Figures]:
    """Everything in its smallest parts (`CELL`), the distinct totals among them; a page is put together from these."""
    chosen = only or Only()
    return _read(
        session,
        CELL,
        _pledged(province_code, moment, CELL, chosen, whole=True),
        _open(province_code, moment, CELL, chosen, whole=True),
    )


def course(
    session: Session,
    province_code: str | None,
    days: Sequence[date],
    *,
    by: Sequence[str] = (),
    only: Only | None = None,
) -> dict[tuple[str, ...], list[tuple[int, int]]]:
    """By the dimensions of `by` how many were in scope, and of them in force, at the end of each day of `days`."""
    columns = [getattr(Counter, name) for name in by]
    ordered, chosen = sorted(days), only or Only()
    deltas = session.execute(
        select(*columns, Counter.day, func.sum(Counter.in_scope), func.sum(Counter.in_force))
        .where(*_chosen(Counter, province_code, at_end_of(ordered[-1]), chosen), *_of_types(Counter, by, chosen))
        .group_by(*columns, Counter.day)
    )
    found: dict[tuple[str, ...], list[tuple[int, int]]] = {}
    for *key, day, in_scope, in_force in deltas:
        line = found.setdefault(tuple(map(str, key)), [(0, 0)] * len(ordered))
        for place in range(bisect_left(ordered, day), len(ordered)):
            line[place] = line[place][0] + int(in_scope), line[place][1] + int(in_force)
    return found


def _read(session: Session, by: Sequence[str], pledged: Any, opened: Any) -> list[Figures]:
    sums: defaultdict[tuple[str, ...], list[int]] = defaultdict(lambda: [0] * 7)
    for *key, in_scope, in_force, waiting in session.execute(pledged):
        sums[tuple(key)][:3] = in_scope, in_force, waiting
    for *key, waiting_time, not_pledged, not_due, unreachable in session.execute(opened):
        sums[tuple(key)][3:] = waiting_time, not_pledged, not_due, unreachable
    return [
        Figures(dict(zip(by, map(str, key), strict=True)), counts[0], dict(zip(_GROUPS, counts[1:], strict=True)))
        for key, counts in sorted(sums.items(), key=lambda pair: [str(each) for each in pair[0]])
        if any(counts)
    ]


_GROUPS = (
    Group.IN_FORCE,
    Group.WAITING_FOR_AGENCY,
    Group.WAITING_TIME,
    Group.NOT_PLEDGED,
    Group.NOT_DUE,
    Group.UNREACHABLE,
)

NOTHING: Mapping[Group, int] = dict.fromkeys(Group, 0)


def total(session: Session, province_code: str, moment: Moment, only: Only | None = None) -> Figures:
    """All of it as one figure, zeros included."""
    found = group_figures(session, province_code, moment, only=only)
    return found[0] if found else Figures({}, 0, dict(NOTHING))


def disagreeing(figures: Collection[Figures]) -> list[Figures]:
    """Those that `agrees` denies: the counters have drifted, and `pledges ops recount` repairs them."""
    return [each for each in figures if not each.agrees]


def oldest(
    session: Session, province_code: str, moment: Moment, *, group: Group = Group.NOT_PLEDGED, only: Only | None = None
) -> date | None:
    """The earliest day on which somebody who stands in an open group turned or will turn; None: nobody does."""
    asked = group in (Group.NOT_PLEDGED, Group.WAITING_TIME)
    counted = func.sum(OpenCounter.asked if asked else OpenCounter.unasked)
    turned = OpenCounter.turns_on <= moment.turned
    return session.scalar(
        select(OpenCounter.turns_on)
        .where(
            *_chosen(OpenCounter, province_code, moment, only or Only()),
            OpenCounter.subject_type == ((only or Only()).subject_type or DISTINCT),
            turned if group in (Group.NOT_PLEDGED, Group.UNREACHABLE) else ~turned,
        )
        .group_by(OpenCounter.turns_on)
        .having(counted > 0)
        .order_by(OpenCounter.turns_on)
        .limit(1)
    )


def _pledged(province_code: str | None, moment: Moment, by: Sequence[str], only: Only, *, whole: bool = False) -> Any:
    columns = [getattr(Counter, name) for name in by]
    figures = (Counter.in_scope, Counter.in_force, Counter.waiting_for_agency)
    return (
        select(*columns, *(func.coalesce(func.sum(each), 0) for each in figures))
        .where(*_chosen(Counter, province_code, moment, only), *_of_types(Counter, by, only, whole=whole))
        .group_by(*columns)
    )


def _open(province_code: str | None, moment: Moment, by: Sequence[str], only: Only, *, whole: bool = False) -> Any:
    columns = [getattr(OpenCounter, name) for name in by]
    turned = OpenCounter.turns_on <= moment.turned

    def counted(figure: Any, condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((condition, figure), else_=0)), 0)

    return (
        select(
            *columns,
            counted(OpenCounter.asked, ~turned),
            counted(OpenCounter.asked, turned),
            counted(OpenCounter.unasked, ~turned),
            counted(OpenCounter.unasked, turned),
        )
        .where(*_chosen(OpenCounter, province_code, moment, only), *_of_types(OpenCounter, by, only, whole=whole))
        .group_by(*columns)
    )


def _chosen(
    model: type[Counter] | type[OpenCounter], province_code: str | None, moment: Moment, only: Only
) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [model.day <= moment.recorded]
    if province_code is not None:
        conditions.append(model.province_code == province_code)
    if only.agency:
        conditions.append(model.agency_code == only.agency)
    if only.entries is not None:
        conditions.append(model.entry_id.in_(only.entries))
    if only.commune is not None:
        conditions.append(model.commune_code == only.commune)
    return conditions


def _of_types(
    model: type[Counter] | type[OpenCounter], by: Sequence[str], only: Only, *, whole: bool = False
) -> list[ColumnElement[bool]]:
    """The rows of distinct totals, unless types are asked for; `whole`: both."""
    if whole:
        return []
    if only.subject_type:
        return [model.subject_type == only.subject_type]
    return [model.subject_type != DISTINCT if "subject_type" in by else model.subject_type == DISTINCT]
