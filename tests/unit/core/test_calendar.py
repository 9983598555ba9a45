"""Quarters to the second, working days, and days of law in Vietnam."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledges.core.calendar import (
    VIETNAM,
    Quarter,
    add_working_days,
    clock_starting_at,
    end_of_day,
    is_working_day,
    local_day,
)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 3, 31, 16, 59, 59, tzinfo=UTC), date(2026, 3, 31)),
        (datetime(2026, 3, 31, 17, 0, 0, tzinfo=UTC), date(2026, 4, 1)),
        (datetime(2026, 12, 31, 16, 59, 59, 999_999, tzinfo=UTC), date(2026, 12, 31)),
        (datetime(2026, 12, 31, 17, 0, 0, tzinfo=UTC), date(2027, 1, 1)),
        (datetime(2026, 6, 30, 23, 59, 59, tzinfo=VIETNAM), date(2026, 6, 30)),
    ],
)
def test_the_day_changes_at_midnight_in_vietnam(moment: datetime, day: date) -> None:
    assert local_day(moment) == day
    assert Quarter.of(local_day(moment)) == Quarter.of(day)


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_quarter_ends_in_its_last_second(number: int) -> None:
    quarter = Quarter(2026, number)
    end = end_of_day(quarter.last_day)
    assert Quarter.of(local_day(end - timedelta(seconds=1))) == quarter
    assert Quarter.of(local_day(end)) == quarter.next()


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_every_day_lies_in_its_quarter(day: date) -> None:
    quarter = Quarter.of(day)
    assert quarter.first_day <= day <= quarter.last_day
    assert quarter.last_day + timedelta(days=1) == quarter.next().first_day
    assert Quarter.parse(str(quarter)) == quarter
    assert quarter < quarter.next()


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_the_end_of_a_day_is_the_first_moment_after_it(day: date) -> None:
    end = end_of_day(day)
    assert end.tzinfo is UTC
    assert local_day(end - timedelta(microseconds=1)) == day
    assert local_day(end) == day + timedelta(days=1)


@pytest.mark.parametrize("text", ["2026Q3", " 2026q3 "])
def test_a_quarter_is_read_as_commands_write_it(text: str) -> None:
    assert Quarter.parse(text) == Quarter(2026, 3)


@pytest.mark.parametrize("text", ["", "2026", "2026Q0", "2026Q5", "26Q3", "2026Q33", "Q3", "2026-Q3", "²026Q3"])
def test_what_is_no_quarter_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a quarter"):
        Quarter.parse(text)


def test_a_quarter_on_a_page() -> None:
    assert [Quarter(2026, n).vietnamese for n in (1, 2, 3, 4)] == [
        "Quý I/2026",
        "Quý II/2026",
        "Quý III/2026",
        "Quý IV/2026",
    ]


# Tết of 2026: lunar new year is 17 February; 30 April and 1 May; the Hùng kings on 26 April (a Sunday);
# 2 September is National Day, with the day before or after it.
@pytest.mark.parametrize(
    ("day", "working"),
    [
        (date(2026, 1, 1), False),
        (date(2026, 2, 13), True),
        (date(2026, 2, 16), False),
        (date(2026, 2, 17), False),
        (date(2026, 2, 18), False),
        (date(2026, 2, 19), False),
        (date(2026, 2, 20), False),
        (date(2026, 2, 21), False),
        (date(2026, 2, 23), True),
        (date(2026, 4, 30), False),
        (date(2026, 5, 1), False),
        (date(2026, 9, 2), False),
        (date(2026, 11, 20), True),
        (date(2026, 11, 21), False),
        (date(2026, 11, 22), False),
        (date(2026, 11, 23), True),
    ],
)
def test_working_days(day: date, working: bool) -> None:
    assert is_working_day(day) is working


def test_a_day_off_in_lieu_is_data() -> None:
    off = frozenset({date(2026, 11, 20)})
    assert not is_working_day(date(2026, 11, 20), off)
    assert add_working_days(date(2026, 11, 19), 1, off) == date(2026, 11, 23)


def test_working_days_are_counted_across_tet() -> None:
    assert add_working_days(date(2026, 2, 13), 1) == date(2026, 2, 23)
    assert add_working_days(date(2026, 2, 13), 5) == date(2026, 2, 27)
    assert add_working_days(date(2026, 11, 20), 0) == date(2026, 11, 20)


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(1, 40))
def test_the_nth_working_day_has_n_working_days_behind_it(day: date, count: int) -> None:
    found = add_working_days(day, count)
    between = [day + timedelta(days=n) for n in range(1, (found - day).days + 1)]
    assert is_working_day(found)
    assert sum(map(is_working_day, between)) == count


def test_a_clock_that_starts_elsewhere_runs_on() -> None:
    real = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
    now = [real]
    clock = clock_starting_at(datetime(2026, 3, 31, 23, 59, 50, tzinfo=VIETNAM), lambda: now[0])
    assert Quarter.of(local_day(clock())) == Quarter(2026, 1)
    now[0] += timedelta(seconds=10)
    assert Quarter.of(local_day(clock())) == Quarter(2026, 2)
