"""The periods of a reporting duty and their days, reckoned from how the duty is read; nothing of this is stored."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from pledges.core.calendar import Quarter
from pledges.plans.duty_reading import MONTHLY, ONCE, QUARTERLY, YEARLY
from pledges.plans.models import ReportingDuty

FIRST_YEAR = 2026
"""The plans begin with it: no period is older."""
REMINDERS = {ONCE: (30, 10, 3), YEARLY: (30, 10, 3), QUARTERLY: (5, 1), MONTHLY: (5, 1)}
"""How many days before the last good day reminders go out. The first one also begins "due soon"."""
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """`2026`, `2026Q3`, `2026-10`, or for what is owed once the year of its day, with its days."""

    code: str
    first: date
    """The first and the last day that it is about."""
    last: date
    before: date
    """As printed, "trước ngày": late from this day on."""

    @property
    def last_day(self) -> date:
        """The last one that is surely in time."""
        return self.before - _DAY


def period_of(duty: ReportingDuty, code: str) -> Period | None:
    """None where the duty has no such period, or cannot be reckoned."""
    reckon = _BY_CADENCE.get(duty.follow_as)
    period = reckon(duty, code) if reckon is not None else None
    return period if period is not None and period.code == code else None


def periods_between(duty: ReportingDuty, first: date, last: date) -> list[Period]:
    """Those whose last good day lies from `first` to `last`, the earliest first."""
    found = []
    for period in _periods(duty):
        if period.last_day > last:
            break
        if period.last_day >= first:
            found.append(period)
    return found


def next_period(duty: ReportingDuty, today: date) -> Period | None:
    """The first one that is still in time; None where none will come any more."""
    return next((period for period in _periods(duty) if period.last_day >= today), None)


def vietnamese(code: str) -> str:
    """For letters and documents: "Quý IV/2026", "tháng 10/2026", "năm 2026"."""
    if "Q" in code:
        return Quarter.parse(code).vietnamese
    year, _dash, month = code.partition("-")
    return f"tháng {month}/{year}" if month else f"năm {year}"


def gathered_period(duty: ReportingDuty, gathered: ReportingDuty, code: str) -> str:
    """The period of the reports that one report consolidates: the same, or the only one of what is owed once."""
    if gathered.follow_as == ONCE and gathered.due_date is not None:
        return str(gathered.due_date.year)
    return code


def _periods(duty: ReportingDuty) -> Iterator[Period]:
    """All of them, without end where the duty has none."""
    for code in _codes(duty):
        period = period_of(duty, code)
        if period is None:
            return
        yield period


def _codes(duty: ReportingDuty) -> Iterator[str]:
    if duty.follow_as == ONCE:
        if duty.due_date is not None:
            yield str(duty.due_date.year)
        return
    for year in range(FIRST_YEAR, date.max.year - 1):
        if duty.follow_as == YEARLY:
            yield str(year)
        elif duty.follow_as == QUARTERLY:
            yield from (f"{year}Q{number}" for number in range(1, 5))
        elif duty.follow_as == MONTHLY:
            yield from (f"{year}-{month:02}" for month in range(1, 13))
        else:
            return


def _once(duty: ReportingDuty, code: str) -> Period | None:
    day = duty.due_date
    return Period(str(day.year), date(FIRST_YEAR, 1, 1), day - _DAY, day) if day is not None else None


def _yearly(duty: ReportingDuty, code: str) -> Period | None:
    year = _year(code)
    if year is None or not duty.recurs:
        return None
    month, day = (int(part) for part in duty.recurs[2:].split("-"))
    before = date(year, month, min(day, monthrange(year, month)[1]))
    return Period(str(year), date(year, 1, 1), date(year, 12, 31), before)


def _quarterly(duty: ReportingDuty, code: str) -> Period | None:
    try:
        quarter = Quarter.parse(code)
    except ValueError:
        return None
    if _year(str(quarter.year)) is None or duty.due_day is None:
        return None
    before = quarter.next().first_day.replace(day=duty.due_day)
    return Period(str(quarter), quarter.first_day, quarter.last_day, before)


def _monthly(duty: ReportingDuty, code: str) -> Period | None:
    found = re.fullmatch(r"([0-9]{4})-(0[1-9]|1[0-2])", code)
    if found is None or _year(found[1]) is None or duty.due_day is None:
        return None
    first = date(int(found[1]), int(found[2]), 1)
    last = first.replace(day=monthrange(first.year, first.month)[1])
    return Period(code, first, last, (last + _DAY).replace(day=duty.due_day))


def _year(code: str) -> int | None:
    if re.fullmatch(r"[0-9]{4}", code) is None:
        return None
    year = int(code)
    return year if FIRST_YEAR <= year < date.max.year - 1 else None


_BY_CADENCE = {ONCE: _once, YEARLY: _yearly, QUARTERLY: _quarterly, MONTHLY: _monthly}
