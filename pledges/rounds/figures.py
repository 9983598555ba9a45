"""The six groups in figures: sums of the counters, of now and of the end of any day (`model.md` 13, 18)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.core.calendar import local_day
from pledges.registry.checkpoint_models import Checkpoint, CounterSum
from pledges.registry.counts import DISTINCT
from pledges.rounds.figure_rows import Moment, Only, Wanted, chosen, open_rows, pledged_rows
from pledges.rounds.list_models import Group

__all__ = [
    "CELL",
    "DIMENSIONS",
    "Figures",
    "Moment",
    "Only",
    "at",
    "at_end_of",
    "cells",
    "course",
    "disagreeing",
    "group_figures",
    "together",
    "total",
]


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

_GROUPS = (
    Group.IN_FORCE,
    Group.WAITING_FOR_AGENCY,
    Group.WAITING_TIME,
    Group.NOT_PLEDGED,
    Group.NOT_DUE,
    Group.UNREACHABLE,
)
NOTHING: Mapping[Group, int] = dict.fromkeys(Group, 0)


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
    counts = [0] * 7
    for part in parts:
        groups = part.groups
        counts[0] += part.in_scope
        for place, group in enumerate(_GROUPS, 1):
            counts[place] += groups[group]
    return Figures(dict(key or {}), counts[0], dict(zip(_GROUPS, counts[1:], strict=True)))


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
    return _read(session, Wanted(province_code, moment, by, only or Only()))


def cells(session: Session, province_code: str | None, moment: Moment, *, only: Only | None = None) -> list[Figures]:
    """Everything in its smallest parts (`CELL`), the distinct totals among them; a page is put together from these."""
    return _read(session, Wanted(province_code, moment, CELL, only or Only(), whole=True))


def total(session: Session, province_code: str, moment: Moment, only: Only | None = None) -> Figures:
    """All of it as one figure, zeros included."""
    found = group_figures(session, province_code, moment, only=only)
    return found[0] if found else Figures({}, 0, dict(NOTHING))


def _read(session: Session, wanted: Wanted) -> list[Figures]:
    sums: defaultdict[tuple[str, ...], list[int]] = defaultdict(lambda: [0] * 7)
    for *key, in_scope, in_force, waiting in session.execute(pledged_rows(session, wanted)):
        sums[tuple(key)][:3] = in_scope, in_force, waiting
    for *key, waiting_time, not_pledged, not_due, unreachable in session.execute(open_rows(session, wanted)):
        sums[tuple(key)][3:] = waiting_time, not_pledged, not_due, unreachable
    return [
        Figures(
            dict(zip(wanted.by, map(str, key), strict=True)), counts[0], dict(zip(_GROUPS, counts[1:], strict=True))
        )
        for key, counts in sorted(sums.items(), key=lambda pair: [str(each) for each in pair[0]])
        if any(counts)
    ]


def course(
    session: Session, province_code: str, days: Sequence[date], only: Only | None = None
) -> list[tuple[int, int]]:
    """How many were in scope, and of them in force, at the end of each day; quick for the last days of months."""
    which = only or Only()
    known = session.scalars(
        select(Checkpoint.day).where(Checkpoint.province_code == province_code, Checkpoint.day.in_(days))
    ).all()
    sums = (
        select(CounterSum.day, func.sum(CounterSum.in_scope), func.sum(CounterSum.in_force))
        .where(
            CounterSum.province_code == province_code,
            CounterSum.day.in_(known),
            CounterSum.subject_type == (which.subject_type or DISTINCT),
            *chosen(CounterSum, which),
        )
        .group_by(CounterSum.day)
    )
    found = dict.fromkeys(days, (0, 0))
    found |= {day: (int(in_scope), int(in_force)) for day, in_scope, in_force in session.execute(sums)}
    for day in set(days) - set(known):
        at_its_end = Wanted(province_code, at_end_of(day), (), which)
        in_scope, in_force, _waiting = session.execute(pledged_rows(session, at_its_end)).one()
        found[day] = (int(in_scope), int(in_force))
    return [found[day] for day in days]


def disagreeing(figures: Collection[Figures]) -> list[Figures]:
    """Those that `agrees` denies: the counters have drifted, and `pledges ops recount` repairs them."""
    return [each for each in figures if not each.agrees]
