"""Days, quarters and the clock. Times are UTC; days of law are days in Asia/Ho_Chi_Minh."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo

import holidays

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")

Clock = Callable[[], datetime]

_ROMAN = ("I", "II", "III", "IV")


def system_clock() -> datetime:
    return datetime.now(UTC)


def clock_starting_at(start: datetime, real: Clock = system_clock) -> Clock:
    """A clock for development and tests that reads `start` now and runs on from there."""
    shift = start - real()
    return lambda: real() + shift


def local_day(moment: datetime) -> date:
    """The Vietnamese calendar day of an aware time."""
    return moment.astimezone(VIETNAM).date()


def end_of_day(day: date) -> datetime:
    """The first moment after `day` in Vietnam, as UTC: what was recorded before it counts "as of" `day`."""
    return datetime(day.year, day.month, day.day, tzinfo=VIETNAM).astimezone(UTC) + timedelta(days=1)


_TYPED_DAY = re.compile(r"(\d{1,2})\s*[/.\-]\s*(\d{1,2})\s*[/.\-]\s*(\d{4}|\d{2})")


def typed_day(text: str) -> date | None:
    """A day as people type it: d/m/yyyy or d/m/yy, also with `.` and `-`; None where it is not one."""
    found = _TYPED_DAY.fullmatch(text)
    if found is None:
        return None
    day, month, year = (int(part) for part in found.groups())
    try:
        return date(year + 2000 if year < 100 else year, month, day)
    except ValueError:
        return None


@dataclass(frozen=True, order=True)
class Quarter:
    """A calendar quarter, written `2026Q3` in commands and "Quý III/2026" on pages."""

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> Self:
        return cls(day.year, (day.month - 1) // 3 + 1)

    @classmethod
    def parse(cls, text: str) -> Self:
        year, _, number = text.strip().upper().partition("Q")
        if not (year.isdecimal() and len(year) == 4 and number in {"1", "2", "3", "4"}):
            raise ValueError(f"not a quarter such as 2026Q3: {text!r}")
        return cls(int(year), int(number))

    @property
    def first_day(self) -> date:
        return date(self.year, self.number * 3 - 2, 1)

    @property
    def last_day(self) -> date:
        return self.next().first_day - timedelta(days=1)

    def next(self) -> Self:
        return type(self)(self.year + self.number // 4, self.number % 4 + 1)

    @property
    def vietnamese(self) -> str:
        return f"Quý {_ROMAN[self.number - 1]}/{self.year}"

    def __str__(self) -> str:
        return f"{self.year}Q{self.number}"


@functools.lru_cache(maxsize=32)
def _public_holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("VN", years=year))


def is_working_day(day: date, days_off_in_lieu: frozenset[date] = frozenset()) -> bool:
    """Monday to Friday without Vietnam's public holidays; days off in lieu are data, decided each year."""
    return day.weekday() < 5 and day not in _public_holidays(day.year) and day not in days_off_in_lieu


def add_working_days(day: date, count: int, days_off_in_lieu: frozenset[date] = frozenset()) -> date:
    """The `count`-th working day after `day`."""
    while count > 0:
        day += timedelta(days=1)
        if is_working_day(day, days_off_in_lieu):
            count -= 1
    return day
