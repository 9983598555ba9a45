"""What reporting units owe: a duty of a plan, a period and a unit, reckoned whenever somebody looks.

Only what somebody has done is a row (`Report`). A few queries answer for a whole province.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from pledges.core.calendar import local_day
from pledges.core.text import fold
from pledges.duties.models import Report, ReportState
from pledges.duties.periods import FIRST_YEAR, REMINDERS, Period, next_period, period_of, periods_between
from pledges.duties.unit_queries import ORDER, units_by_code
from pledges.plans.duty_reading import UNITS_OF
from pledges.plans.models import ReportingDuty, ReportingUnit

OPENS = 60
"""So many days before the last good day a report is asked for; until then it is only announced."""


class Standing(StrEnum):
    NOT_YET = "not_yet"
    OPEN = "open"
    SOON = "soon"
    LATE = "late"
    """Also with a draft: nothing has been sent."""
    DRAFTED = "drafted"
    SENT = "sent"
    RETURNED = "returned"
    ACCEPTED = "accepted"


UNSENT = frozenset({Standing.NOT_YET, Standing.OPEN, Standing.SOON, Standing.LATE, Standing.DRAFTED})
_BY_STATE = {
    ReportState.SENT: Standing.SENT,
    ReportState.RETURNED: Standing.RETURNED,
    ReportState.ACCEPTED: Standing.ACCEPTED,
}


@dataclass(frozen=True)
class Due:
    """What one unit owes for one period, and what it has done about it."""

    duty: ReportingDuty
    span: Period
    unit: ReportingUnit
    versions: tuple[Report, ...] = ()
    """The oldest first. In lists they come without figures and answers."""

    @property
    def period(self) -> str:
        return self.span.code

    @property
    def before(self) -> date:
        return self.span.before

    @property
    def last_day(self) -> date:
        return self.span.last_day

    @property
    def report(self) -> Report | None:
        """The version that counts: the latest that was sent, else the draft of the first one."""
        sent = [each for each in self.versions if each.state is not ReportState.DRAFT]
        return sent[-1] if sent else self.draft

    @property
    def draft(self) -> Report | None:
        """What is being written, perhaps beside a version that was sent."""
        return self.versions[-1] if self.versions and self.versions[-1].state is ReportState.DRAFT else None

    @property
    def sent_late(self) -> bool:
        """By the day of the first version: who reported in time and corrects later is not late."""
        sent = [each for each in self.versions if each.sent_at is not None]
        day = sent_day(sent[0]) if sent else None
        return day is not None and day > self.last_day

    def standing(self, today: date) -> Standing:
        report = self.report
        if report is not None and report.state in _BY_STATE:
            return _BY_STATE[report.state]
        left = (self.last_day - today).days
        if left < 0:
            return Standing.LATE
        if report is not None:
            return Standing.DRAFTED
        if left <= REMINDERS[self.duty.follow_as][0]:
            return Standing.SOON
        return Standing.OPEN if left <= OPENS else Standing.NOT_YET


def sent_day(report: Report) -> date | None:
    """What went another way was sent on the day of its document."""
    if report.sent_outside and report.document_date is not None:
        return report.document_date
    return local_day(report.sent_at) if report.sent_at is not None else None


def dues(
    session: Session,
    province_code: str,
    today: date,
    *,
    unit_code: str | None = None,
    duty_id: str | None = None,
    period: str | None = None,
    first: date | None = None,
    last: date | None = None,
) -> list[Due]:
    """Who owes what, by day; without `last` everything until today and the next period of each duty.

    `first` and `last` bound the last good days.
    """
    duties = [duty for duty in reckoned_duties(session, province_code) if duty_id in (None, duty.id)]
    wanted = _Wanted(today, unit_code, period, first or date(FIRST_YEAR, 1, 1), last)
    return _dues(session, province_code, duties, wanted)


def incoming(
    session: Session,
    province_code: str,
    unit_code: str,
    today: date,
    *,
    duty_id: str | None = None,
    period: str | None = None,
    first: date | None = None,
    last: date | None = None,
) -> list[Due]:
    """The same of the duties whose reports go to this unit or through it."""
    duties = [
        duty
        for duty in reckoned_duties(session, province_code)
        if unit_code in receivers(duty) and duty_id in (None, duty.id)
    ]
    return _dues(session, province_code, duties, _Wanted(today, None, period, first or date(FIRST_YEAR, 1, 1), last))


def due(session: Session, province_code: str, duty_id: str, period: str, unit_code: str) -> Due | None:
    """One, with figures and answers; None where this unit owes nothing for this period."""
    duty = session.get(ReportingDuty, (province_code, duty_id))
    unit = session.get(ReportingUnit, (province_code, unit_code))
    reckoned = period_of(duty, period) if duty is not None and duty.followed else None
    if duty is None or unit is None or reckoned is None:
        return None
    versions = session.scalars(
        select(Report)
        .where(
            Report.province_code == province_code,
            Report.duty_id == duty_id,
            Report.period == period,
            Report.unit_code == unit_code,
        )
        .order_by(Report.version)
    ).all()
    if not versions and not (_follows(duty, reckoned) and sends(duty, unit) and lives(unit, reckoned)):
        return None
    return Due(duty, reckoned, unit, tuple(versions))


def reckoned_duties(session: Session, province_code: str) -> list[ReportingDuty]:
    """Those that the calendar follows, in the order of the plan; of ended ones only what was begun is left."""
    found = session.scalars(
        select(ReportingDuty)
        .where(
            ReportingDuty.province_code == province_code,
            ReportingDuty.followed.is_(True),
            ReportingDuty.follow_as != "",
        )
        .order_by(ReportingDuty.plan_code, ReportingDuty.position, ReportingDuty.id)
    )
    return list(found)


def receivers(duty: ReportingDuty) -> frozenset[str]:
    """Codes of the units to which and through which its reports go."""
    return frozenset({*duty.recipients, *([duty.via] if duty.via else [])})


def sends(duty: ReportingDuty, unit: ReportingUnit) -> bool:
    """Whether the duty is this unit's, by its code or its kind; nobody reports to themselves."""
    if unit.code in receivers(duty):
        return False
    return unit.code in duty.senders or any(UNITS_OF.get(name) is unit.kind for name in duty.senders)


def lives(unit: ReportingUnit, period: Period) -> bool:
    """Whether the unit was there on the last good day of the period."""
    day = period.last_day
    return (unit.since is None or day >= unit.since) and (unit.ended_on is None or day < unit.ended_on)


# --- Reckoning -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Wanted:
    today: date
    unit_code: str | None
    period: str | None
    first: date
    last: date | None

    def holds(self, duty: ReportingDuty, period: Period) -> bool:
        """Whether a period that somebody has reported on stands in the list."""
        if self.period is not None:
            return period.code == self.period
        return period.last_day >= self.first and (self.last is None or period.last_day <= self.last)

    def periods(self, duty: ReportingDuty) -> list[Period]:
        if duty.ended_on is not None:
            return []
        if self.period is not None:
            one = period_of(duty, self.period)
            found = [one] if one is not None else []
        elif self.last is not None:
            found = periods_between(duty, self.first, self.last)
        else:
            found = periods_between(duty, self.first, self.today)
            coming = next_period(duty, max(self.today, duty.starts_on or self.today))
            found += [coming] if coming is not None and coming not in found and coming.last_day >= self.first else []
        return [period for period in found if _follows(duty, period)]


def _follows(duty: ReportingDuty, period: Period) -> bool:
    return duty.ended_on is None and (duty.starts_on is None or period.last_day >= duty.starts_on)


def _dues(session: Session, province_code: str, duties: Sequence[ReportingDuty], wanted: _Wanted) -> list[Due]:
    units = units_by_code(session, province_code, wanted.unit_code)
    begun = _reports(session, province_code, duties, wanted)
    found = []
    for duty in duties:
        of_duty = begun.pop(duty.id, {})
        senders = [unit for unit in units.values() if sends(duty, unit)]
        for period in wanted.periods(duty):
            for unit in senders:
                versions = of_duty.pop((period.code, unit.code), ())
                if versions or lives(unit, period):
                    found.append(Due(duty, period, unit, tuple(versions)))
        # What was reported stays, also where days or senders have changed since.
        for (code, unit_code), versions in of_duty.items():
            kept = period_of(duty, code)
            if kept is not None and unit_code in units and wanted.holds(duty, kept):
                found.append(Due(duty, kept, units[unit_code], tuple(versions)))
    return _in_order(found)


def _reports(
    session: Session, province_code: str, duties: Sequence[ReportingDuty], wanted: _Wanted
) -> dict[str, dict[tuple[str, str], list[Report]]]:
    """All versions by duty, period and unit."""
    conditions = [Report.province_code == province_code, Report.duty_id.in_([duty.id for duty in duties])]
    if wanted.unit_code is not None:
        conditions.append(Report.unit_code == wanted.unit_code)
    if wanted.period is not None:
        conditions.append(Report.period == wanted.period)
    found: defaultdict[str, dict[tuple[str, str], list[Report]]] = defaultdict(dict)
    rows = select(Report).options(defer(Report.figures), defer(Report.answers)).where(*conditions)
    for report in session.scalars(rows.order_by(Report.version)):
        found[report.duty_id].setdefault((report.period, report.unit_code), []).append(report)
    return found


def _in_order(found: Iterable[Due]) -> list[Due]:
    names: dict[str, str] = {}

    def rank(due: Due) -> tuple[date, int, str, int, str, str]:
        unit = due.unit
        name = names.setdefault(unit.code, fold(unit.name))
        return due.last_day, due.duty.position, due.duty.id, ORDER.index(unit.kind), name, unit.code

    return sorted(found, key=rank)
