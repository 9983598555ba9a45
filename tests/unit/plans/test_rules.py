"""Cohorts and due days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledges.core.calendar import Quarter, add_working_days, is_working_day
from pledges.plans.models import Instrument, ObligationEntry, Unit
from pledges.plans.rules import INITIAL, NEWCOMER, UNKNOWN, WAITING_DAYS, cohort_of, due_day, due_text, may_be_asked

CUTOFF = date(2026, 2, 28)


def entry(
    *,
    cutoff: date | None = CUTOFF,
    first_due: date | None = CUTOFF,
    ask_from: date | None = None,
    newcomers: str = "quarter_end",
    enabled: bool = True,
) -> ObligationEntry:
    return ObligationEntry(
        province_code="46",
        id="46-bia-dat",
        unit=Unit.ENTITY,
        instrument=Instrument.PLEDGE,
        lead_agency="46-SCT",
        text_id="business",
        cutoff=cutoff,
        first_due=first_due,
        newcomers=newcomers,
        ask_from=ask_from,
        enabled=enabled,
        reading="printed",
    )


PRINTED = entry()
CONTINUOUS = entry(first_due=None)
LATE = entry(cutoff=date(2027, 12, 31), first_due=date(2027, 12, 31), ask_from=date(2027, 1, 1))
VOLUNTARY = entry(cutoff=None, first_due=None)


@pytest.mark.parametrize(
    ("rule", "appeared_on", "cohort"),
    [
        (PRINTED, None, UNKNOWN),
        (PRINTED, date(2020, 1, 1), INITIAL),
        (PRINTED, date(2026, 2, 28), INITIAL),
        (PRINTED, date(2026, 3, 1), NEWCOMER),
        (LATE, date(2027, 12, 31), INITIAL),
        (LATE, date(2028, 1, 1), NEWCOMER),
        (VOLUNTARY, date(2026, 11, 1), INITIAL),
        (VOLUNTARY, None, UNKNOWN),
    ],
)
def test_the_cohort_follows_the_day_of_appearing(rule: ObligationEntry, appeared_on: date | None, cohort: str) -> None:
    assert cohort_of(rule, appeared_on) == cohort


# 20 working days after Monday 02/11/2026: 24/11 is a holiday since 2026, so the last day is 01/12/2026.
DUE = [
    # The initial cohort has the printed day, whenever it is asked.
    (PRINTED, INITIAL, date(2026, 1, 5), None, date(2026, 2, 28)),
    (PRINTED, INITIAL, date(2026, 11, 1), date(2026, 11, 2), date(2026, 2, 28)),
    # A continuous duty has no day until somebody is asked, then 20 working days.
    (CONTINUOUS, INITIAL, date(2026, 1, 5), None, None),
    (CONTINUOUS, INITIAL, date(2026, 1, 5), date(2026, 11, 2), date(2026, 12, 1)),
    # Newcomers have until the end of the quarter in which they were seen …
    (PRINTED, NEWCOMER, date(2026, 5, 4), None, date(2026, 6, 30)),
    (PRINTED, NEWCOMER, date(2026, 3, 31), None, date(2026, 3, 31)),
    (PRINTED, NEWCOMER, date(2026, 4, 1), None, date(2026, 6, 30)),
    (CONTINUOUS, NEWCOMER, date(2026, 10, 1), date(2026, 11, 2), date(2026, 12, 31)),
    # … and never less than 20 working days after the ask.
    (PRINTED, NEWCOMER, date(2026, 5, 4), date(2026, 11, 2), date(2026, 12, 1)),
    (PRINTED, NEWCOMER, date(2026, 11, 1), date(2026, 12, 21), date(2027, 1, 19)),
    # Whose appearance is not known is only late after an ask.
    (PRINTED, UNKNOWN, date(2026, 1, 5), None, None),
    (PRINTED, UNKNOWN, date(2026, 1, 5), date(2026, 11, 2), date(2026, 12, 1)),
    (PRINTED, UNKNOWN, date(2026, 1, 5), date(2026, 1, 5), date(2026, 2, 28)),
    # Nobody is late before ask_from, and an early ask counts from that day.
    (LATE, INITIAL, date(2026, 5, 4), date(2026, 11, 2), date(2027, 12, 31)),
    (LATE, NEWCOMER, date(2028, 2, 1), None, date(2028, 3, 31)),
    (
        entry(first_due=None, ask_from=date(2026, 11, 2)),
        INITIAL,
        date(2026, 1, 5),
        date(2026, 1, 5),
        date(2026, 12, 1),
    ),
    (entry(ask_from=date(2026, 12, 1)), NEWCOMER, date(2026, 5, 4), None, date(2026, 12, 1)),
    # A voluntary pledge is never due.
    (VOLUNTARY, INITIAL, date(2026, 1, 5), date(2026, 11, 2), None),
    (VOLUNTARY, UNKNOWN, date(2026, 1, 5), None, None),
    # An entry without a rule for newcomers treats them as asked.
    (entry(newcomers="none"), NEWCOMER, date(2026, 5, 4), None, None),
    (entry(newcomers="none"), NEWCOMER, date(2026, 5, 4), date(2026, 11, 2), date(2026, 12, 1)),
]


@pytest.mark.parametrize(("rule", "cohort", "seen", "asked", "due"), DUE)
def test_due_days(rule: ObligationEntry, cohort: str, seen: date, asked: date | None, due: date | None) -> None:
    assert due_day(rule, cohort=cohort, first_seen_on=seen, asked_on=asked) == due


def test_days_off_in_lieu_move_the_day() -> None:
    off = frozenset({date(2026, 11, 3), date(2026, 11, 4)})
    found = due_day(CONTINUOUS, cohort=INITIAL, first_seen_on=CUTOFF, asked_on=date(2026, 11, 2), days_off=off)
    assert found == date(2026, 12, 3)


days = st.dates(date(2024, 1, 1), date(2030, 12, 31))
maybe_days = st.none() | days
rules = st.builds(
    entry,
    cutoff=st.just(CUTOFF),
    first_due=st.none() | st.dates(CUTOFF, date(2028, 12, 31)),
    ask_from=maybe_days,
)


@given(rules, st.sampled_from([INITIAL, NEWCOMER, UNKNOWN]), days, maybe_days)
def test_nobody_is_late_before_they_may_be_asked(
    rule: ObligationEntry, cohort: str, seen: date, asked: date | None
) -> None:
    due = due_day(rule, cohort=cohort, first_seen_on=seen, asked_on=asked)
    assert due is None or rule.ask_from is None or due >= rule.ask_from


@given(rules, st.sampled_from([NEWCOMER, UNKNOWN]), days, days)
def test_who_does_not_belong_to_the_initial_cohort_has_twenty_working_days(
    rule: ObligationEntry, cohort: str, seen: date, asked: date
) -> None:
    due = due_day(rule, cohort=cohort, first_seen_on=seen, asked_on=asked)
    assert due is not None
    assert due >= add_working_days(asked, WAITING_DAYS)
    span = range((due - asked).days + 1)
    assert sum(is_working_day(asked + timedelta(days=number)) for number in span if number) >= WAITING_DAYS


@given(rules, days)
def test_an_unasked_newcomer_has_the_whole_quarter(rule: ObligationEntry, seen: date) -> None:
    due = due_day(rule, cohort=NEWCOMER, first_seen_on=seen, asked_on=None)
    assert due is not None
    assert due == max(Quarter.of(seen).last_day, rule.ask_from or seen)


@given(rules, st.sampled_from([INITIAL, NEWCOMER, UNKNOWN]), days, days, st.integers(0, 300))
def test_a_later_ask_never_brings_an_earlier_day(
    rule: ObligationEntry, cohort: str, seen: date, asked: date, later: int
) -> None:
    first = due_day(rule, cohort=cohort, first_seen_on=seen, asked_on=asked)
    second = due_day(rule, cohort=cohort, first_seen_on=seen, asked_on=asked + timedelta(days=later))
    assert first is not None
    assert second is not None
    assert second >= first


@pytest.mark.parametrize(
    ("rule", "today", "allowed"),
    [
        (PRINTED, date(2026, 1, 1), True),
        (LATE, date(2026, 12, 31), False),
        (LATE, date(2027, 1, 1), True),
        (entry(enabled=False), date(2026, 11, 1), False),
    ],
)
def test_who_may_be_asked(rule: ObligationEntry, today: date, allowed: bool) -> None:
    assert may_be_asked(rule, today) is allowed


@pytest.mark.parametrize(
    ("rule", "today", "text"),
    [
        (
            PRINTED,
            date(2026, 2, 1),
            "Hạn của nhóm đã hoạt động trước ngày 01/03/2026: 28/02/2026. Nếu bắt đầu hoạt động từ ngày 01/03/2026"
            " trở đi: hạn là hết quý được phát hiện, và có ít nhất 20 ngày làm việc sau khi được mời.",
        ),
        (
            PRINTED,
            date(2026, 11, 22),
            "Hạn của nhóm đã hoạt động trước ngày 01/03/2026: 28/02/2026 (đã qua; ký ngay bây giờ vẫn được ghi nhận)."
            " Nếu bắt đầu hoạt động từ ngày 01/03/2026 trở đi: hạn là hết quý được phát hiện,"
            " và có ít nhất 20 ngày làm việc sau khi được mời.",
        ),
        (
            entry(first_due=None, newcomers="none"),
            date(2026, 11, 22),
            "Thực hiện thường xuyên: trong 20 ngày làm việc kể từ khi cơ quan mời ký.",
        ),
        (
            entry(cutoff=date(2027, 12, 31), first_due=date(2027, 12, 31), ask_from=date(2027, 1, 1), newcomers="none"),
            date(2026, 11, 22),
            "Cơ quan bắt đầu vận động nhóm này từ 01/01/2027; ký sớm hơn vẫn được."
            " Hạn của nhóm đã hoạt động trước ngày 01/01/2028: 31/12/2027.",
        ),
        (
            entry(cutoff=date(2026, 3, 15), first_due=date(2026, 3, 31), newcomers="none"),
            date(2026, 3, 1),
            "Hạn của nhóm đã hoạt động trước ngày 16/03/2026: 31/03/2026.",
        ),
        (VOLUNTARY, date(2026, 11, 22), "Kế hoạch không đặt thời hạn cho nhóm này; ký lúc nào cũng được."),
    ],
)
def test_due_days_in_plain_words(rule: ObligationEntry, today: date, text: str) -> None:
    found = due_text(rule, today)
    assert str(found) == text
    # Each sentence is translated by itself, so each must be able to take the parameters by itself.
    assert " ".join(sentence % found.params for sentence in found.sentences) == text
