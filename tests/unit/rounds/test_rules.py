"""States, days and groups of a round as people read them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledges.core.calendar import add_working_days, is_working_day
from pledges.rounds.list_models import Group
from pledges.rounds.models import Outcome, RoundState, Way, Why
from pledges.rounds.population import PART_LABELS, Part
from pledges.rounds.rules import (
    ADJUSTABLE,
    OUTCOME_LABELS,
    STATE_LABELS,
    TRANSITIONS,
    WAY_LABELS,
    WHY_LABELS,
    again_step,
    group_of,
    is_taken_back,
    latest_ask,
    more_step,
    reminder_steps,
    shown_day,
    states_before,
    step_due,
    taken_back_step,
)

TABLE = """
opened  -> running closing
running -> paused closing
paused  -> running closing
closing -> closed
closed  ->
"""

DAYS = st.dates(date(2026, 1, 1), date(2028, 12, 31))
REMINDERS = st.lists(st.integers(1, 90), max_size=5)


def test_a_round_goes_from_state_to_state_as_the_table_says() -> None:
    rows = dict(line.split("->") for line in TABLE.strip().splitlines())
    table = {before.strip(): set(after.split()) for before, after in rows.items()}
    assert table == {before.value: {after.value for after in found} for before, found in TRANSITIONS.items()}
    for after in RoundState:
        assert states_before(after) == {before for before in RoundState if after.value in table[before.value]}
    assert {state for state in RoundState if RoundState.CLOSING in TRANSITIONS[state]} == ADJUSTABLE


def test_everything_has_a_word() -> None:
    assert set(STATE_LABELS) == set(RoundState)
    assert set(WHY_LABELS) == set(Why)
    assert set(WAY_LABELS) == set(Way)
    assert set(OUTCOME_LABELS) == set(Outcome)
    assert set(PART_LABELS) == set(Part)


# --- Days ------------------------------------------------------------------------------------------------------------


@given(due=st.none() | DAYS, round_day=DAYS, asked_on=DAYS)
def test_the_day_shown_is_never_early(due: date | None, round_day: date, asked_on: date) -> None:
    shown = shown_day(due, round_day, asked_on)
    assert shown >= round_day
    assert due is None or shown >= due
    working = sum(1 for n in range(1, (shown - asked_on).days + 1) if is_working_day(asked_on + timedelta(days=n)))
    assert working >= 20
    assert shown in {round_day, due, add_working_days(asked_on, 20)}, "and never later than it has to be"


def test_the_day_shown_knows_days_off_in_lieu() -> None:
    asked_on = date(2026, 10, 1)
    assert shown_day(None, asked_on, asked_on) == date(2026, 10, 29)
    assert shown_day(None, asked_on, asked_on, [date(2026, 10, 12)]) == date(2026, 10, 30)
    assert shown_day(date(2026, 12, 1), asked_on, asked_on) == date(2026, 12, 1)


@given(shown=DAYS, reminder_days=REMINDERS, asked_on=DAYS)
def test_reminders_come_after_the_ask_and_before_the_day(shown: date, reminder_days: list[int], asked_on: date) -> None:
    steps = reminder_steps(shown, reminder_days, asked_on)
    assert [step.day for step in steps] == sorted({step.day for step in steps})
    assert len({step.name for step in steps}) == len(steps)
    for step in steps:
        assert asked_on + timedelta(days=3) <= step.day < shown
        assert asked_on <= latest_ask(step)
        assert step.name == f"remind-{(shown - step.day).days}"
        assert len(step.name) <= 20
    left_out = {shown - timedelta(days=days) for days in reminder_days} - {step.day for step in steps}
    assert all(day < asked_on + timedelta(days=3) for day in left_out), "none is left out for another reason"


@given(shown=DAYS, reminder_days=REMINDERS, asked_on=DAYS, late=st.integers(-100, 100))
def test_a_run_that_comes_late_makes_one_reminder_of_several(
    shown: date, reminder_days: list[int], asked_on: date, late: int
) -> None:
    steps, today = reminder_steps(shown, reminder_days, asked_on), shown + timedelta(days=late)
    step = step_due(steps, shown, today)
    passed = [each for each in steps if each.day <= today]
    assert step == (passed[-1] if passed and today <= shown else None)


@given(shown=DAYS, reminder_days=REMINDERS, asked_on=DAYS)
def test_day_after_day_every_reminder_is_due_once_and_in_order(
    shown: date, reminder_days: list[int], asked_on: date
) -> None:
    steps = reminder_steps(shown, reminder_days, asked_on)
    day, seen = shown - timedelta(days=95), []
    while day <= shown + timedelta(days=2):
        step = step_due(steps, shown, day)
        if step is not None and step not in seen:
            seen.append(step)
            assert step.day == day, "on its own day, if somebody looks every day"
        day += timedelta(days=1)
    assert seen == steps


def test_thirty_fourteen_and_seven_days_before() -> None:
    shown = date(2026, 12, 31)
    names = [(step.name, step.day) for step in reminder_steps(shown, [7, 30, 14, 14], date(2026, 10, 1))]
    assert names == [
        ("remind-30", date(2026, 12, 1)),
        ("remind-14", date(2026, 12, 17)),
        ("remind-7", date(2026, 12, 24)),
    ]
    assert [step.name for step in reminder_steps(shown, [30, 14, 7], date(2026, 12, 15))] == ["remind-7"]


def test_names_of_steps() -> None:
    assert [again_step(mails) for mails in (0, 1, 2)] == ["ask", "ask-2", "ask-3"]
    assert more_step(date(2026, 11, 5)) == "more-20261105"
    assert [is_taken_back(step) for step in (taken_back_step("letter"), "letter", "ask")] == [True, False, False]


# --- Groups ----------------------------------------------------------------------------------------------------------


@given(
    in_force=st.integers(0, 2),
    waiting=st.integers(0, 2),
    asked_on=st.none() | DAYS,
    turns_on=DAYS,
    as_of=DAYS,
)
def test_every_obligation_is_in_one_group_and_who_has_signed_is_on_no_list(
    in_force: int, waiting: int, asked_on: date | None, turns_on: date, as_of: date
) -> None:
    group = group_of(in_force=in_force, waiting_for_agency=waiting, asked_on=asked_on, turns_on=turns_on, as_of=as_of)
    if in_force or waiting:
        assert group is (Group.IN_FORCE if in_force else Group.WAITING_FOR_AGENCY)
        return
    turned = turns_on <= as_of
    expected = {
        (True, True): Group.NOT_PLEDGED,
        (True, False): Group.WAITING_TIME,
        (False, True): Group.UNREACHABLE,
        (False, False): Group.NOT_DUE,
    }
    assert group is expected[asked_on is not None, turned]


@pytest.mark.parametrize("asked_on", [None, date(2026, 10, 1)])
def test_an_open_obligation_turns_at_the_end_of_its_day(asked_on: date | None) -> None:
    day = date(2026, 12, 31)
    groups = [
        group_of(in_force=0, waiting_for_agency=0, asked_on=asked_on, turns_on=day, as_of=day + timedelta(days=late))
        for late in (-1, 0, 1)
    ]
    assert groups[1] is groups[2] is not groups[0]
