"""What the three provinces ask of whom by when: read from the plan files and reckoned by itself.

Nothing here uses the code that it checks. The days follow `model.md` 5 and 13, the working days the `holidays` package.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import holidays
import yaml

PLANS = Path(__file__).resolve().parents[3] / "pledges" / "plans" / "data" / "plans"
DAYS_AFTER_AN_ASK = 20
"""Working days that everybody has."""


@dataclass(frozen=True)
class Duty:
    """One entry of a plan."""

    id: str
    province: str
    clause: str
    by_website: bool
    types: frozenset[str]
    instrument: str
    agency: str
    text: str
    cutoff: date | None
    first_due: date | None
    ask_from: date | None
    enabled: bool
    resign: bool

    @property
    def counted(self) -> bool:
        """A voluntary pledge is owed to nobody."""
        return self.enabled and self.instrument != "voluntary"


def read_duties(resign: frozenset[str] = frozenset()) -> list[Duty]:
    """Those of all three plans; `resign`: entries that are to be signed again each quarter."""
    return [duty for file in sorted(PLANS.glob("*.yaml")) for duty in _of_plan(file, resign)]


def _of_plan(file: Path, resign: frozenset[str]) -> Iterator[Duty]:
    for entry in yaml.safe_load(file.read_text())["obligations"]:
        yield Duty(
            id=entry["id"],
            province=entry["id"][:2],
            clause=entry["clause"] or "",
            by_website=entry["unit"] == "channel",
            types=frozenset(entry["subject_types"]),
            instrument=entry["instrument"],
            agency=entry["lead"],
            text=entry["text"],
            cutoff=_day(entry, "cutoff"),
            first_due=_day(entry, "first_due"),
            ask_from=_day(entry, "ask_from"),
            enabled=entry.get("enabled", True),
            resign=entry["id"] in resign,
        )


def _day(entry: dict[str, Any], name: str) -> date | None:
    value = entry.get(name)
    assert value is None or isinstance(value, date)
    return value


# --- Days ------------------------------------------------------------------------------------------------------------


def quarter_of(day: date) -> str:
    return f"{day.year}Q{(day.month + 2) // 3}"


def first_day(quarter: str) -> date:
    return date(int(quarter[:4]), 3 * int(quarter[5]) - 2, 1)


def last_day(quarter: str) -> date:
    return first_day(next_quarter(quarter)) - timedelta(days=1)


def next_quarter(quarter: str) -> str:
    year, number = int(quarter[:4]), int(quarter[5])
    return f"{year + number // 4}Q{number % 4 + 1}"


def end_of_quarter(day: date) -> date:
    return last_day(quarter_of(day))


@cache
def _feasts() -> frozenset[date]:
    return frozenset(holidays.country_holidays("VN", years=range(2025, 2029)))


@cache
def working_days_after(day: date, count: int) -> date:
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5 and day not in _feasts()
    return day


def latest(*days: date | None) -> date:
    return max(day for day in days if day is not None)


def cohort(duty: Duty, appeared: date | None) -> str:
    if appeared is None:
        return "unknown"
    return "newcomer" if duty.cutoff is not None and appeared > duty.cutoff else "initial"


def turning(duty: Duty, cohort: str, first_seen: date, asked_on: date | None, waits_until: date | None) -> date:
    """The day at whose end somebody without a pledge is silent (asked) or could not be reached (never asked)."""
    due = _due(duty, cohort, first_seen, asked_on)
    if asked_on is not None:
        return latest(waits_until, due)
    return latest(due or latest(end_of_quarter(first_seen), duty.first_due, duty.ask_from), waits_until)


def _due(duty: Duty, cohort: str, first_seen: date, asked_on: date | None) -> date | None:
    """The last day in time, where one can be named."""
    if duty.cutoff is None:
        return None
    counted_from = latest(asked_on, duty.ask_from) if asked_on is not None else None
    waited = working_days_after(counted_from, DAYS_AFTER_AN_ASK) if counted_from is not None else None
    if cohort == "newcomer":
        due: date | None = latest(end_of_quarter(first_seen), waited)
    elif cohort == "initial" and duty.first_due is not None:
        due = duty.first_due
    else:
        due = latest(waited, duty.first_due) if waited is not None else None
    return latest(due, duty.ask_from) if due is not None else None
