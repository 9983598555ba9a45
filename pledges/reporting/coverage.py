"""Coverage of an agency or a province: what is in force of what is in scope, now or at the end of any day.

Only approved pledges count. Acknowledgements have figures of their own, and voluntary pledges, which are owed to
nobody, stand in `circumstances`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, load_only

from pledges.core.calendar import Quarter, local_day
from pledges.plans.models import Clause, Instrument, ObligationEntry
from pledges.reporting.circumstances import Flow, flow_between, longest_silent
from pledges.reporting.rollup import entries_led
from pledges.reporting.standing import Place, Standing, moment_of, standing_of
from pledges.rounds.figures import Figures, Only, course
from pledges.rounds.list_models import Group

SHOWN_QUARTERS = 8
SIGNING = "ký cam kết"
"""The measure of a plan's goal that coverage is held against."""


@dataclass(frozen=True)
class QuarterEnd:
    """How many were in scope and in force at the end of a quarter, or (the last one) at the moment that is shown."""

    quarter: Quarter
    day: date | None
    """None: now."""
    in_scope: int
    in_force: int


@dataclass(frozen=True)
class Goal:
    """What the plan wants; without a clause of the plan it is the goal of the programme."""

    share: float
    clause: Clause | None


@dataclass(frozen=True)
class Coverage:
    place: Place
    day: date | None
    """None: now."""
    entry_id: str
    """Only of this entry; empty: of all."""
    standing: Standing
    entries: tuple[ObligationEntry, ...]
    """All that the agencies lead, pledges and acknowledgements."""
    quarters: tuple[QuarterEnd, ...]
    """The oldest first; the last one is the moment that is shown."""
    flow: Flow
    """Since the end of the last quarter."""
    oldest: date | None
    """The earliest day on which somebody who has not pledged should have; told only of now."""

    @property
    def total(self) -> Figures:
        return self.standing.total(entry_id=self.entry_id)

    @property
    def acknowledged(self) -> Figures:
        return self.standing.total(Instrument.ACKNOWLEDGEMENT, self.entry_id)

    @property
    def before(self) -> QuarterEnd:
        """The end of the last quarter, with which changes are compared."""
        return self.quarters[-2]

    @property
    def points(self) -> float | None:
        """By how much coverage has changed since then, as a share; None where it cannot be compared."""
        now, then = self.total.share, self.before
        return now - then.in_force / then.in_scope if now is not None and then.in_scope else None

    def lines(self, *by: str, instrument: Instrument = Instrument.PLEDGE) -> list[Figures]:
        return self.standing.lines(*by, instrument=instrument, entry_id=self.entry_id)


def coverage_of(session: Session, place: Place, day: date | None, now: datetime, *, entry_id: str = "") -> Coverage:
    """Refused (`DomainError`) for a day that is not over. An entry that the place does not lead narrows nothing."""
    standing = standing_of(session, place, day, now)
    entries = tuple(entries_led(session, place))
    chosen = entry_id if entry_id in {entry.id for entry in entries} else ""
    pledged = [entry.id for entry in entries if entry.instrument is Instrument.PLEDGE and chosen in ("", entry.id)]
    shown = day or local_day(now)
    only = Only(agency=place.agency_code, entries=pledged)
    total = standing.total(entry_id=chosen)
    quarters = _quarters(session, place, shown, only)
    last = QuarterEnd(Quarter.of(shown), day, total.in_scope, total[Group.IN_FORCE])
    before = quarters[-1]
    return Coverage(
        place=place,
        day=day,
        entry_id=chosen,
        standing=standing,
        entries=entries,
        quarters=(*quarters, last),
        flow=flow_between(session, place, pledged, before.day or shown, shown, change=total.in_scope - before.in_scope),
        oldest=longest_silent(session, place.province_code, pledged, moment_of(standing, now)) if day is None else None,
    )


def _quarters(session: Session, place: Place, shown: date, only: Only) -> list[QuarterEnd]:
    """The ends of the last quarters before the day, from the first in which there was anything; always at least one."""
    ends = _ends_before(shown)
    found = course(session, place.province_code, ends, only)
    kept = [QuarterEnd(Quarter.of(day), day, *counts) for day, counts in zip(ends, found, strict=True)]
    first = next((place for place, end in enumerate(kept) if end.in_scope), len(kept) - 1)
    return kept[first:]


def _ends_before(day: date) -> list[date]:
    ends = [Quarter.of(day).first_day - timedelta(days=1)]
    while len(ends) < SHOWN_QUARTERS:
        ends.append(Quarter.of(ends[-1]).first_day - timedelta(days=1))
    return ends[::-1]


def goal_of(session: Session, province_code: str) -> Goal:
    """Of the operative plan, where it prints one for signing."""
    clauses = session.scalars(
        select(Clause)
        .options(load_only(Clause.place, Clause.content))
        .where(Clause.province_code == province_code, Clause.kind == "target")
        .order_by(Clause.position)
    )
    for clause in clauses:
        for target in clause.content.get("targets", ()):
            if target["measure"] == SIGNING:
                return Goal(int(target["value_percent"]) / 100, clause)
    return Goal(1.0, None)


def entry_ids(entries: Sequence[ObligationEntry], instrument: Instrument) -> list[str]:
    return [entry.id for entry in entries if entry.instrument is instrument]
