"""Reminders: at the steps before the day, once to each person, caught up after days that nobody worked."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select

from pledges.accounts.models import Role
from pledges.core.calendar import local_day
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.duties.reminders import Reminders
from pledges.messaging.models import Message, MessageState
from pledges.review.violation_models import ViolationField
from tests.support.clock import FixedClock
from tests.support.signing import PUBLIC_URL, run_together
from tests.support.staff import add_person
from tests.unit.duties.reporters import CULTURE, HEALTH, REVIEW, TRADE, Reporters, on, reviewed, row

OCTOBER_DAYS = [date(2026, 10, 28) + timedelta(days=number) for number in range(10)]


class Remembered:
    def __init__(self, database: Database, clock: FixedClock, vault: Vault) -> None:
        self.database, self.clock = database, clock
        self.task = Reminders(database, clock, vault, PUBLIC_URL)

    def on(self, day: date, hour: int = 9, times: int = 1) -> list[str]:
        """Works on a day; the new letters as "duty period unit days"."""
        self.clock.set(on(day, hour))
        before = set(self.letters())
        run_together(lambda _number: self.task.remind(), times)
        return sorted(self.letters()[key] for key in self.letters().keys() - before)

    def letters(self) -> dict[str, str]:
        with self.database.read() as session:
            found = session.scalars(select(Message).where(Message.kind == "report_due")).all()
        assert {each.state for each in found} <= {MessageState.HELD}, "many are mailed at a measured pace"
        told = {}
        for each in found:
            _kind, duty, period, *_rest = each.dedupe_key.split(":")
            told[each.dedupe_key] = f"{duty} {period} {each.params['days']} {each.to_address}"
        return told


def test_each_step_once_however_often_and_at_once(database: Database, clock: FixedClock, vault: Vault) -> None:
    reporters, reminded = Reporters(database, vault), Remembered(database, clock, vault)
    health, trade = reporters.of(HEALTH).email, reporters.of(TRADE).email
    add_person(database, "lanh-dao@vidu.vn", role=Role.APPROVER, province_code="46", agency_code=HEALTH, ready=False)
    assert reminded.on(OCTOBER_DAYS[0]) == []
    assert reminded.on(date(2026, 10, 30), hour=6) == [], "nobody is written to at night"
    both = [f"{REVIEW} 2026-10 5 {trade}", f"{REVIEW} 2026-10 5 {health}"]
    assert reminded.on(date(2026, 10, 30), times=3) == sorted(both)
    assert reminded.on(date(2026, 10, 30), hour=15) == []
    reporters.now = clock()
    reporters.nothing(REVIEW, "2026-10", TRADE)
    reporters.draft(REVIEW, "2026-10", HEALTH)
    assert reminded.on(date(2026, 11, 3)) == [f"{REVIEW} 2026-10 1 {health}"]
    assert reminded.on(date(2026, 11, 4)) == []
    assert reminded.on(date(2026, 11, 5)) == [], "it is late by now"


def test_missed_days_are_caught_up_by_the_nearest_step(database: Database, clock: FixedClock, vault: Vault) -> None:
    reporters, reminded = Reporters(database, vault, "20"), Remembered(database, clock, vault)
    commune = reporters.of("05977")
    assert reminded.on(date(2027, 8, 29)) == []
    assert reminded.on(date(2027, 9, 21)) == [f"langson-R1 2027 8 {commune.email}"], "30 and 10 days are one letter"
    assert reminded.on(date(2027, 9, 29)) == [f"langson-R1 2027 0 {commune.email}"], "on the last day the last step"
    with database.read() as session:
        letter = session.scalars(select(Message).where(Message.kind == "report_due")).first()
    assert letter is not None
    assert letter.params["recipients"] == ["Sở Công Thương tỉnh Lạng Sơn"]
    assert letter.params["before"] == "2027-09-30"
    assert letter.params["link"] == f"{PUBLIC_URL}/can-bo/bao-cao/langson-R1/2027/05977"


def test_what_was_returned_in_time_is_asked_for_again(database: Database, clock: FixedClock, vault: Vault) -> None:
    reporters, reminded = Reporters(database, vault), Remembered(database, clock, vault)
    reporters.of(TRADE)
    clock.set(on(date(2026, 11, 1)))
    reporters.now = clock()
    sent = reporters.send(REVIEW, "2026-10", TRADE, reviewed(row(ViolationField.FOOD, 1)))
    assert reminded.on(date(2026, 11, 2)) == []
    reporters.give_back(sent, CULTURE)
    assert [line.split()[2] for line in reminded.on(date(2026, 11, 3)) if REVIEW in line] == ["1"]
    assert local_day(clock()) == date(2026, 11, 3)
