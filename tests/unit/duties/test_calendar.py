"""What units owe: the real plans at several days, and what holds for every duty and every day."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.duties.calendar import Due, Standing, due, dues, incoming, receivers
from pledges.duties.models import Report, ReportState
from pledges.duties.periods import FIRST_YEAR, next_period, period_of, periods_between
from pledges.plans.duty_reading import MONTHLY, ONCE, QUARTERLY, YEARLY
from pledges.plans.models import ReportingDuty, ReportingUnit, UnitKind
from tests.support.clock import START
from tests.unit.duties.reporters import CULTURE, HEALTH, REVIEW, TRADE, Reporters, put_report

NOVEMBER = date(2026, 11, 22)
LAST_DAY, LATE_DAY = date(2027, 9, 29), date(2027, 9, 30)
S = Standing


def told(found: list[Due], today: date) -> list[str]:
    return [f"{each.duty.id} {each.period} <{each.before:%d/%m/%Y} {each.standing(today).name}" for each in found]


OWED: dict[tuple[str, date], list[str]] = {
    # A department of Lạng Sơn: "định kỳ" is read as quarterly.
    ("20-SYT", NOVEMBER): [
        "langson-R1 2026 <30/09/2026 LATE",
        "langson-R8 2026Q3 <05/10/2026 LATE",
        "langson-R8 2026Q4 <05/01/2027 OPEN",
        "langson-R1 2027 <30/09/2027 NOT_YET",
        "langson-R2 2027 <20/12/2027 NOT_YET",
        "langson-R3 2030 <20/12/2030 NOT_YET",
    ],
    # Whoever receives owes only what it passes on; the first quarter followed is the third of 2026.
    ("20-SCT", NOVEMBER): [
        "langson-R4 2026 <05/10/2026 LATE",
        "langson-R8 2026Q3 <05/10/2026 LATE",
        "langson-R8 2026Q4 <05/01/2027 OPEN",
        "langson-R4 2027 <05/10/2027 NOT_YET",
        "langson-R5 2027 <31/12/2027 NOT_YET",
        "langson-R6 2030 <31/12/2030 NOT_YET",
    ],
    ("20-QLTT", NOVEMBER): [],
    # What is monthly is due soon five days before.
    (HEALTH, date(2026, 11, 28)): [
        "hue-R3 2026-09 <05/10/2026 LATE",
        "hue-R3 2026-10 <05/11/2026 LATE",
        "hue-R3 2026-11 <05/12/2026 OPEN",
    ],
    (HEALTH, date(2026, 11, 29)): [
        "hue-R3 2026-09 <05/10/2026 LATE",
        "hue-R3 2026-10 <05/11/2026 LATE",
        "hue-R3 2026-11 <05/12/2026 SOON",
    ],
    (CULTURE, date(2026, 10, 9)): ["hue-R4 2026-09 <10/10/2026 SOON"],
    ("46-BAO", date(2026, 10, 10)): ["hue-R2 2026Q3 <10/10/2026 LATE", "hue-R2 2026Q4 <10/01/2027 NOT_YET"],
    ("82-BAO", date(2027, 1, 1)): ["dongthap-R7 2026Q3 <10/10/2026 LATE", "dongthap-R7 2026Q4 <10/01/2027 OPEN"],
    ("82-SCT", date(2028, 1, 5)): ["dongthap-R5 2028 <05/01/2028 LATE"],
}


def test_the_real_plans(sqlite_database: Database) -> None:
    found = {}
    with sqlite_database.read() as session:
        for unit, today in OWED:
            first = date(2027, 12, 1) if today.year == 2028 else None
            last = today if today.year == 2028 else None
            owed = dues(session, unit[:2], today, unit_code=unit, first=first, last=last)
            found[unit, today] = told([each for each in owed if not first or each.duty.form == "general"], today)
    assert found == OWED


def test_before_the_day_is_in_time_and_on_the_day_it_is_late(sqlite_database: Database) -> None:
    with sqlite_database.read() as session:
        found = due(session, "20", "langson-R1", "2027", "05977")
        assert found is not None
        assert (found.last_day, found.before) == (LAST_DAY, LATE_DAY)
        days = {found.last_day - timedelta(days=left): left for left in (61, 60, 31, 30, 0, -1)}
        standings = [found.standing(day) for day in days]
        assert standings == [S.NOT_YET, S.OPEN, S.OPEN, S.SOON, S.SOON, S.LATE]
        assert due(session, "20", "langson-R1", "2027Q3", "05977") is None
        assert due(session, "20", "langson-R1", "2025", "05977") is None
        assert due(session, "20", "langson-R1", "2027", "20-SCT") is None, "whoever receives it"
        assert due(session, "46", "hue-R1", "2026", TRADE) is None, "not followed"


def test_a_province_is_reckoned_by_few_queries_and_in_full(sqlite_database: Database) -> None:
    asked: list[str] = []
    event.listen(sqlite_database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    with sqlite_database.read() as session:
        units = session.query(ReportingUnit).filter_by(province_code="20").all()
        asked.clear()
        found = incoming(session, "20", "20-QLTT", NOVEMBER, duty_id="langson-R1", period="2026")
    assert len([one for one in asked if one.startswith("SELECT")]) == 3
    communes = {unit.code for unit in units if unit.kind is UnitKind.COMMUNE}
    assert len(communes) > 60
    assert {each.unit.code for each in found} == communes | {"20-SYT", "20-SVHTTDL"}
    assert receivers(found[0].duty) == {"20-SCT", "20-QLTT"}


def test_units_owe_only_while_they_are_there(sqlite_database: Database) -> None:
    def change(session) -> None:  # type: ignore[no-untyped-def]
        session.get_one(ReportingUnit, ("20", "05977")).ended_on = LAST_DAY
        session.get_one(ReportingUnit, ("20", "20-SYT")).since = LATE_DAY

    sqlite_database.run(change)
    with sqlite_database.read() as session:
        ended = dues(session, "20", date(2028, 1, 1), unit_code="05977")
        young = dues(session, "20", NOVEMBER, unit_code="20-SYT", last=date(2027, 10, 31))
    assert [each.period for each in ended] == ["2026"]
    assert [(each.duty.id, each.period) for each in young] == [("langson-R8", "2027Q3")]
    sqlite_database.run(
        lambda session: setattr(session.get_one(ReportingDuty, ("46", REVIEW)), "starts_on", date(2027, 2, 1))
    )
    with sqlite_database.read() as session:
        first = dues(session, "46", NOVEMBER, unit_code=HEALTH)
    assert [(each.duty.id, each.period) for each in first] == [(REVIEW, "2027-01")], "the first that is followed"


def test_what_was_reported_stays_whatever_changes(sqlite_database: Database, vault: Vault) -> None:
    reporters = Reporters(sqlite_database, vault)
    staff = reporters.of(HEALTH)

    def change(session) -> None:  # type: ignore[no-untyped-def]
        put_report(session, staff, unit_code=HEALTH, state=ReportState.ACCEPTED, sent_at=START)
        duty = session.get_one(ReportingDuty, ("46", REVIEW))
        duty.senders, duty.ended_on = [TRADE], date(2026, 11, 1)
        session.get_one(ReportingUnit, ("46", HEALTH)).ended_on = date(2026, 10, 1)

    sqlite_database.run(change)
    with sqlite_database.read() as session:
        owed = dues(session, "46", NOVEMBER, duty_id=REVIEW)
        for found in (owed, incoming(session, "46", CULTURE, NOVEMBER, duty_id=REVIEW)):
            assert [(each.unit.code, each.period, each.standing(NOVEMBER)) for each in found] == [
                (HEALTH, "2026-10", Standing.ACCEPTED)
            ]
        assert due(session, "46", REVIEW, "2026-10", HEALTH) is not None
        assert due(session, "46", REVIEW, "2026-09", TRADE) is None, "an ended duty asks for nothing more"


def test_late_is_judged_by_the_first_version_that_was_sent() -> None:
    duty = ReportingDuty(follow_as=ONCE, due_date=date(2027, 12, 20))
    span = period_of(duty, "2027")
    assert span is not None
    in_time, late = START, START + timedelta(days=500)

    def sent(*versions: Report) -> bool:
        return Due(duty, span, ReportingUnit(), versions).sent_late

    first = Report(version=1, state=ReportState.REPLACED, sent_at=in_time)
    assert not sent(first, Report(version=2, state=ReportState.SENT, sent_at=late))
    assert sent(Report(version=1, state=ReportState.SENT, sent_at=late))
    on_paper = Report(
        version=1, state=ReportState.SENT, sent_at=late, sent_outside=True, document_date=date(2027, 12, 19)
    )
    assert not sent(on_paper)
    assert not sent()


# --- For every duty and every day ------------------------------------------------------------------------------------

DAYS = st.dates(date(FIRST_YEAR, 1, 1), date(2040, 12, 31))
DUTIES = st.one_of(
    st.builds(ReportingDuty, follow_as=st.sampled_from([MONTHLY, QUARTERLY]), due_day=st.integers(1, 28)),
    st.builds(
        lambda day: ReportingDuty(follow_as=YEARLY, recurs=f"--{day:%m-%d}"),
        st.dates(date(2028, 1, 1), date(2028, 12, 31)),
    ),
    st.builds(ReportingDuty, follow_as=st.just(ONCE), due_date=DAYS),
)


@given(DUTIES, DAYS, DAYS)
def test_periods_follow_each_other(duty: ReportingDuty, one: date, other: date) -> None:
    first, last = sorted((one, other))
    found = periods_between(duty, first, last)
    assert [each.last_day for each in found] == sorted({each.last_day for each in found})
    assert len({each.code for each in found}) == len(found)
    for each in found:
        assert period_of(duty, each.code) == each
        assert first <= each.last_day <= last
        assert each.before == each.last_day + timedelta(days=1)
        assert each.first <= each.last
        if duty.follow_as in (MONTHLY, QUARTERLY):
            assert each.before > each.last
            assert (each.before - each.last).days == duty.due_day
    middle = first + (last - first) / 2
    parts = periods_between(duty, first, middle) + periods_between(duty, middle + timedelta(days=1), last)
    assert parts == found
    coming = next_period(duty, first)
    assert (coming in found) == bool(found)
    if found:
        assert coming == found[0]


@given(DUTIES, DAYS)
def test_what_is_owed_only_gets_later(duty: ReportingDuty, day: date) -> None:
    order = [Standing.NOT_YET, Standing.OPEN, Standing.SOON, Standing.LATE]
    period = next_period(duty, day)
    if period is None:
        assert duty.follow_as == ONCE
        return
    owed = Due(duty, period, ReportingUnit())
    standings = [order.index(owed.standing(day + timedelta(days=step))) for step in range(0, 400, 3)]
    assert standings == sorted(standings)
    assert owed.standing(period.last_day) is Standing.SOON
    assert owed.standing(period.before) is Standing.LATE
