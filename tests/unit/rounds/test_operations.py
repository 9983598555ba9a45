"""One round per agency and quarter, led from state to state by one person at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select

from pledges.audit.models import Fact
from pledges.audit.operations import SYSTEM
from pledges.core.db import Database
from pledges.core.errors import Conflict, DomainError, NotFound
from pledges.core.secrecy import Vault
from pledges.messaging.models import MessageState, PausedBatch
from pledges.rounds.models import LeftOut, Outcome, Round, RoundState
from pledges.rounds.operations import RoundChanged, bring_back, leave_out, open_round, set_round_day
from pledges.rounds.rules import TRANSITIONS
from tests.support.clock import FixedClock
from tests.support.signing import HUE, run_together
from tests.unit.rounds.quarter import AGENCY, FIRST_MORNING, Q4, QuarterOffice, ids

VERBS = {
    "start_round": ({RoundState.OPENED}, RoundState.RUNNING, "round.started"),
    "pause_round": ({RoundState.RUNNING}, RoundState.PAUSED, "round.paused"),
    "resume_round": ({RoundState.PAUSED}, RoundState.RUNNING, "round.resumed"),
    "begin_closing": (
        {RoundState.OPENED, RoundState.RUNNING, RoundState.PAUSED},
        RoundState.CLOSING,
        "round.changed",
    ),
}


@pytest.fixture
def office(database: Database, clock: FixedClock, vault: Vault) -> QuarterOffice:
    return QuarterOffice(database, clock, vault)


def the_round(office: QuarterOffice) -> Round:
    with office.database.read() as session:
        return session.scalars(select(Round)).one()


def put(office: QuarterOffice, state: RoundState) -> Round:
    of_round = office.open()

    def change(session: Any) -> Round:
        found: Round = session.get_one(Round, (HUE, of_round.id))
        found.state = state
        return found

    return office.database.run(change)


def refused(work: Callable[[], Any], kind: type[DomainError] = DomainError) -> str:
    with pytest.raises(kind) as refusal:
        work()
    return str(refusal.value)


# --- Opening ---------------------------------------------------------------------------------------------------------


def test_twenty_officers_at_once_open_one_round(office: QuarterOffice) -> None:
    rounds = run_together(lambda _number: office.open(), 20)
    assert len(set(ids(rounds))) == 1
    of_round = the_round(office)
    assert (of_round.state, of_round.quarter, of_round.revision) == (RoundState.OPENED, "2026Q4", 0)
    assert (of_round.day, of_round.reminder_days) == (date(2026, 12, 31), [30, 14, 7])
    assert office.facts("round.opened") == 1


def test_a_round_is_opened_a_month_before_its_quarter_at_the_earliest(office: QuarterOffice) -> None:
    office.clock.set(datetime(2026, 8, 30, 16, 59, tzinfo=UTC))
    assert "31/08/2026" in refused(office.open)
    office.clock.set(datetime(2026, 8, 30, 17, 0, tzinfo=UTC))
    of_round = office.open()
    assert "01/10/2026" in refused(lambda: office.lead("start_round", of_round))
    office.clock.set(datetime(2026, 9, 30, 16, 59, 59, tzinfo=UTC))
    refused(lambda: office.lead("start_round", of_round))
    office.clock.set(datetime(2026, 9, 30, 17, 0, tzinfo=UTC))
    assert office.lead("start_round", of_round).state is RoundState.RUNNING


def test_who_leads_nothing_has_no_round(office: QuarterOffice) -> None:
    with office.database.read():
        opening = partial(open_round, province_code=HUE, quarter=Q4, actor=SYSTEM, now=FIRST_MORNING)
    refused(lambda: office.database.run(partial(opening, agency_code="46-KHONG")), NotFound)
    assert "chủ trì" in refused(lambda: office.database.run(partial(opening, agency_code="46-UBND")))


# --- States ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", VERBS)
def test_every_change_starts_where_the_table_says(office: QuarterOffice, verb: str) -> None:
    before, after, fact = VERBS[verb]
    assert before == {state for state in RoundState if after in TRANSITIONS[state]} - (
        {RoundState.PAUSED} if verb == "start_round" else {RoundState.OPENED} if verb == "resume_round" else set()
    )
    if verb == "begin_closing":
        office.open()
        office.clock.set(datetime(2026, 12, 31, 17, 0, tzinfo=UTC))
    for state in RoundState:
        of_round, facts = put(office, state), office.facts(fact)
        if state in before:
            assert office.lead(verb, of_round, of_round.revision).revision == of_round.revision + 1
            assert (the_round(office).state, office.facts(fact)) == (after, facts + 1)
        else:
            refused(lambda found=of_round: office.lead(verb, found), RoundChanged)  # type: ignore[misc]
            assert (the_round(office).state, office.facts(fact)) == (state, facts)


@pytest.mark.parametrize("verb", VERBS)
def test_of_twenty_at_once_one_changes_the_state_and_nineteen_are_told(office: QuarterOffice, verb: str) -> None:
    before, after, fact = VERBS[verb]
    of_round = put(office, sorted(before)[0])
    if verb == "begin_closing":
        office.clock.set(datetime(2026, 12, 31, 17, 0, tzinfo=UTC))

    def change(_number: int) -> str:
        try:
            return office.lead(verb, of_round, of_round.revision).state
        except Conflict as refusal:
            return str(refusal)

    answers = run_together(change, 20)
    assert answers.count(after) == 1
    assert sum("vừa được người khác thay đổi" in answer for answer in answers) == 19
    assert (the_round(office).revision, office.facts(fact)) == (of_round.revision + 1, 1)


def test_who_saw_an_older_round_is_told(office: QuarterOffice) -> None:
    of_round = office.start()
    office.lead("pause_round", of_round)
    office.lead("resume_round", of_round)
    refused(lambda: office.lead("pause_round", of_round, of_round.revision), RoundChanged)
    assert the_round(office).state is RoundState.RUNNING


def test_a_quarter_is_over_at_midnight_in_vietnam(office: QuarterOffice) -> None:
    of_round = office.open()
    office.clock.set(datetime(2026, 12, 31, 16, 59, 59, tzinfo=UTC))
    assert "01/01/2027" in refused(lambda: office.lead("begin_closing", of_round))
    office.lead("start_round", of_round)
    office.clock.set(datetime(2026, 12, 31, 17, 0, tzinfo=UTC))
    assert office.lead("begin_closing", of_round).state is RoundState.CLOSING
    next_round = office.database.run(
        partial(open_round, province_code=HUE, agency_code=AGENCY, quarter=Q4.next(), actor=SYSTEM, now=office.clock())
    )
    assert next_round.id != of_round.id
    assert office.lead("start_round", next_round).state is RoundState.RUNNING


def test_what_is_over_cannot_be_started(office: QuarterOffice) -> None:
    of_round = office.open()
    office.clock.set(datetime(2026, 12, 31, 17, 0, tzinfo=UTC))
    assert "đã kết thúc" in refused(lambda: office.lead("start_round", of_round))


# --- The mail goes with it -------------------------------------------------------------------------------------------


def test_a_pause_holds_the_mail_and_closing_cancels_it(office: QuarterOffice) -> None:
    first = office.subject("mot@vidu.vn")
    office.subject("hai@vidu.vn")
    of_round = office.start()
    office.rounds.ask((HUE, of_round.id))
    office.settle(next(each for each in office.mails() if "mot" in each.to_address), MessageState.ACCEPTED)
    office.lead("pause_round", of_round)
    with office.database.read() as session:
        assert session.scalar(select(func.count()).select_from(PausedBatch)) == 1
    assert office.rounds.ask((HUE, of_round.id)).nothing
    office.lead("resume_round", of_round)
    with office.database.read() as session:
        assert session.scalar(select(func.count()).select_from(PausedBatch)) == 0
    office.clock.set(datetime(2026, 12, 31, 17, 0, tzinfo=UTC))
    office.lead("begin_closing", of_round)
    assert sorted(each.state for each in office.mails()) == [MessageState.ACCEPTED, MessageState.FAILED]
    outcomes = {(each.outcome, each.note) for each in office.attempts()}
    assert outcomes == {(Outcome.REACHED, ""), (Outcome.NOT_REACHED, "closed")}
    assert office.attempts(first)[0].outcome is Outcome.REACHED
    assert office.rounds.ask((HUE, of_round.id)).nothing


# --- Adjusting -------------------------------------------------------------------------------------------------------


def test_the_day_lies_in_the_quarter_and_not_in_the_past(office: QuarterOffice) -> None:
    of_round = office.open()
    change = partial(set_round_day, key=(HUE, of_round.id), reminder_days=[10, 5, 5], actor=SYSTEM)

    def to(day: date, seen: int = 0) -> Round:
        return office.database.run(lambda session: change(session, day=day, seen_revision=seen, now=office.clock()))

    for day in (date(2026, 9, 30), date(2027, 1, 1)):
        assert "Quý IV/2026" in refused(lambda day=day: to(day))  # type: ignore[misc]
    changed = to(date(2026, 11, 30))
    assert (changed.day, changed.reminder_days, changed.revision) == (date(2026, 11, 30), [10, 5], 1)
    refused(lambda: to(date(2026, 12, 1)), RoundChanged)
    office.days(10)
    refused(lambda: to(date(2026, 10, 10), seen=1))
    assert to(date(2026, 10, 11), seen=1).day == date(2026, 10, 11)
    put(office, RoundState.CLOSED)
    refused(lambda: to(date(2026, 12, 1), seen=2), RoundChanged)


@pytest.mark.parametrize("days", [[0], [91], [1, 2, 3, 4, 5, 6]])
def test_reminders_are_few_and_near(office: QuarterOffice, days: list[int]) -> None:
    of_round = office.open()
    change = partial(
        set_round_day, key=(HUE, of_round.id), day=of_round.day, reminder_days=days, seen_revision=0, actor=SYSTEM
    )
    assert "nhắc" in refused(lambda: office.database.run(partial(change, now=office.clock())))


def test_somebody_is_left_out_with_a_reason_and_brought_back_once(office: QuarterOffice) -> None:
    entity, staff = office.subject("mot@vidu.vn"), office.officer()
    of_round, owed = office.start(), ids(office.owed(entity))
    key = (HUE, of_round.id)
    out = partial(leave_out, key=key, obligation_ids=owed, staff=staff, now=office.clock())
    assert "lý do" in refused(lambda: office.database.run(partial(out, reason="  ")))
    assert office.database.run(partial(out, reason="Đang tạm ngừng kinh doanh")) == 1
    assert office.database.run(partial(out, reason="Lần nữa")) == 0
    assert office.rounds.ask(key).nothing
    back = partial(bring_back, key=key, obligation_ids=owed, staff=staff, now=office.clock())
    assert [office.database.run(back), office.database.run(back)] == [1, 0]
    assert office.rounds.ask(key).asked == 1
    with office.database.read() as session:
        [row] = session.scalars(select(LeftOut))
        assert (row.reason, row.left_out_by, row.brought_back_by) == ("Đang tạm ngừng kinh doanh", staff.id, staff.id)
        [fact] = session.scalars(select(Fact).where(Fact.kind == "round.left_out"))
        assert fact.data == {"agency": AGENCY, "quarter": "2026Q4", "items": 1}, "reasons may tell about people"


def test_only_the_officers_of_the_agency_adjust_only_what_it_leads(office: QuarterOffice) -> None:
    doctor, mine = office.subject(types=("doctor",)), office.subject()
    of_round, staff = office.open(), office.officer()
    stranger = QuarterOffice(office.database, office.clock, office.vault, "46-SYT").officer("y-te@vidu.vn")

    def out(entity: Any, who: Any) -> int:
        return office.database.run(
            lambda session: leave_out(
                session,
                (HUE, of_round.id),
                ids(office.owed(entity)),
                reason="Thử nghiệm",
                staff=who,
                now=office.clock(),
            )
        )

    refused(lambda: out(doctor, staff), NotFound)
    refused(lambda: out(mine, stranger), NotFound)
    put(office, RoundState.CLOSED)
    refused(lambda: out(mine, staff), RoundChanged)
