"""The way from asked to accepted, now and at the end of a day; what has reached nobody; which reminders are coming."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from pledges.core.channels import canonical_channel
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.messaging.models import MessageState
from pledges.registry.models import Entity
from pledges.rounds.attempts import record_attempts
from pledges.rounds.links import record_opened, record_started, revoke_link
from pledges.rounds.models import Ask, Outcome, Way
from pledges.rounds.progress import (
    Journey,
    Journeys,
    Trouble,
    funnel,
    journeys,
    next_reminders,
    troubled_asks,
    troubles,
)
from tests.support.clock import FixedClock
from tests.support.signing import HUE
from tests.unit.rounds.quarter import QuarterOffice


@pytest.fixture
def office(database: Database, clock: FixedClock, vault: Vault) -> QuarterOffice:
    return QuarterOffice(database, clock, vault)


class Progress:
    """A started round of some subjects, asked by the worker."""

    def __init__(self, office: QuarterOffice) -> None:
        self.office, self.database = office, office.database
        self.mailed = [office.subject(f"nguoi.{number}@vidu.vn") for number in range(4)]
        self.silent = office.subject()
        self.round = office.start()
        self.key = (HUE, self.round.id)
        office.rounds.ask(self.key)

    def mail(self, entity: Entity) -> object:
        ask = self.office.ask_of(entity)
        [message_id] = [each.message_id for each in self.office.attempts() if each.ask_id == ask.id]
        return next(mail for mail in self.office.mails() if mail.id == message_id)

    def settle(self, entity: Entity, state: MessageState, error: str = "") -> None:
        self.office.settle(self.mail(entity), state, error)  # type: ignore[arg-type]

    def touch(self, entity: Entity) -> None:
        def work(session: Session) -> None:
            ask = session.get_one(Ask, (HUE, self.office.ask_of(entity).id))
            record_opened(session, ask, self.office.clock())
            record_started(session, ask, self.office.clock())

        self.database.run(work)

    def funnel(self, until: date | None = None) -> tuple[int, ...]:
        with self.database.read() as session:
            return funnel(session, self.round, until=until).counts

    def troubles(self) -> dict[Trouble, int]:
        with self.database.read() as session:
            found = troubles(session, self.round)
            for trouble, number in found.items():
                rows = troubled_asks(session, self.round, trouble, page=1, size=50)
                assert len(rows) == number, trouble
        return {trouble: number for trouble, number in found.items() if number}


@pytest.fixture
def progress(office: QuarterOffice) -> Progress:
    return Progress(office)


def test_the_way_now_and_at_the_end_of_each_day(progress: Progress) -> None:
    office = progress.office
    first, second, third, _fourth = progress.mailed
    assert progress.funnel() == (5, 0, 0, 0, 0, 0)
    for entity in (first, second, third):
        progress.settle(entity, MessageState.ACCEPTED)
    progress.touch(first)
    assert progress.funnel() == (5, 3, 1, 1, 0, 0)
    monday = office.days(0)

    office.days(4)
    office.sign(first)
    office.sign(progress.silent)
    assert progress.funnel() == (5, 3, 1, 1, 2, 0)
    friday = office.days(0)
    office.days(3)
    office.approve(first)
    office.come_back(progress.mail(second))  # type: ignore[arg-type]
    office.out_of_scope(third)
    assert progress.funnel() == (5, 2, 1, 1, 2, 1)

    assert progress.funnel(monday) == (5, 2, 1, 1, 0, 0), "a mail that came back has not arrived on any day"
    assert progress.funnel(friday) == (5, 2, 1, 1, 2, 0)
    assert progress.funnel(monday - timedelta(days=1)) == (0, 0, 0, 0, 0, 0)


def test_whoever_is_asked_about_two_entries_counts_once_in_the_whole(office: QuarterOffice) -> None:
    website = canonical_channel("https://hai-nhom.vidu.vn")
    both = office.subject("hai.nhom@vidu.vn", types=("digital_seller", "ecommerce_website"), channels=(website,))
    office.subject("khong.xa@vidu.vn", commune_code=None)
    of_round = office.start()
    office.rounds.ask((HUE, of_round.id))
    office.deliver()
    one, other = office.owed(both)
    office.sign(both, one)
    with office.database.read() as session:
        found = journeys(session, of_round)
        assert Journeys.from_data(found.as_data()) == found
    assert found.total == Journey(asked=2, delivered=2)
    signed = {entry: journey.signed for entry, journey in found.by_entry.items()}
    assert signed == {one.entry_id: 1, other.entry_id: 0}
    assert {code: journey.asked for code, journey in found.by_commune.items()} == {"19753": 1, "": 1}
    office.sign(both, other)
    with office.database.read() as session:
        assert funnel(session, of_round) == Journey(asked=2, delivered=2, signed=1)


def test_every_ask_that_reached_nobody_is_in_exactly_one_trouble(progress: Progress) -> None:
    office = progress.office
    first, second, third, fourth = progress.mailed
    assert progress.troubles() == {Trouble.IN_LINE: 4, Trouble.NO_CONTACT: 1}
    progress.settle(first, MessageState.ACCEPTED)
    progress.settle(second, MessageState.UNCERTAIN)
    progress.settle(third, MessageState.FAILED, "refused: 550")
    assert progress.troubles() == {
        Trouble.UNCERTAIN: 1,
        Trouble.REFUSED: 1,
        Trouble.NO_CONTACT: 1,
        Trouble.IN_LINE: 1,
    }
    office.come_back(progress.mail(first))  # type: ignore[arg-type]
    staff = office.officer()
    with office.database.read() as session:
        ask = session.get_one(Ask, (HUE, office.ask_of(fourth).id))
    office.database.run(lambda session: revoke_link(session, ask, staff, office.clock()))
    assert progress.troubles() == {
        Trouble.BOUNCED: 1,
        Trouble.REFUSED: 1,
        Trouble.UNCERTAIN: 1,
        Trouble.NO_CONTACT: 1,
        Trouble.REVOKED: 1,
    }

    called = [office.ask_of(first).id, office.ask_of(progress.silent).id]
    office.database.run(
        lambda session: record_attempts(
            session,
            progress.key,
            called,
            way=Way.CALL,
            outcome=Outcome.REACHED,
            made_on=office.days(0),
            staff=staff,
            now=office.clock(),
        )
    )
    office.sign(second)
    assert progress.troubles() == {Trouble.REFUSED: 1, Trouble.REVOKED: 1}


def test_the_reminders_that_are_coming(progress: Progress) -> None:
    office = progress.office
    progress.settle(progress.mailed[0], MessageState.ACCEPTED)
    office.sign(progress.mailed[1])
    with office.database.read() as session:
        coming = next_reminders(session, progress.round, office.days(0))
        late = next_reminders(session, progress.round, date(2026, 12, 20))
    assert [(each.day, each.asks) for each in coming] == [
        (date(2026, 12, 1), 3),
        (date(2026, 12, 17), 3),
        (date(2026, 12, 24), 3),
    ]
    assert [each.day for each in late] == [date(2026, 12, 24)]
