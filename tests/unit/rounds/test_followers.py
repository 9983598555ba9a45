"""What becomes of a mail decides whether, and since when, its subject counts as asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.jobs.tasks import TaskTable
from pledges.jobs.worker import run_worker
from pledges.messaging.delivery import delivery_tasks, pace_mail
from pledges.messaging.models import Message, MessageState
from pledges.registry.models import Entity, Obligation
from pledges.rounds.followers import FOLLOWERS
from pledges.rounds.models import Outcome, Way
from pledges.rounds.rules import NOTE_LABELS
from tests.support.clock import FixedClock
from tests.support.mail_sink import MailSink, mail_sink
from tests.support.messages import delivery_for
from tests.support.signing import HUE
from tests.unit.rounds.quarter import QuarterOffice

ACCEPTED, FAILED, UNCERTAIN = MessageState.ACCEPTED, MessageState.FAILED, MessageState.UNCERTAIN


@pytest.fixture
def office(database: Database, clock: FixedClock, vault: Vault) -> QuarterOffice:
    return QuarterOffice(database, clock, vault)


@pytest.fixture
def sink() -> Iterator[MailSink]:
    with mail_sink() as relay:
        yield relay


def asked(office: QuarterOffice, *emails: str) -> tuple[Entity, Message]:
    """Somebody whose invitation stands in line."""
    entity = office.subject(*(emails or ("mot@vidu.vn",)))
    office.rounds.ask((HUE, office.start().id))
    return entity, office.mails()[-1]


def owed(office: QuarterOffice, entity: Entity) -> Obligation:
    return office.owed(entity)[0]


def outcome(office: QuarterOffice, entity: Entity) -> tuple[Outcome, str]:
    attempt = office.attempts(entity)[-1]
    return attempt.outcome, attempt.note


def test_who_was_reached_counts_as_asked_from_that_day(office: QuarterOffice) -> None:
    entity, mail = asked(office)
    before = owed(office, entity)
    assert (before.asked_on, outcome(office, entity)) == (None, (Outcome.WAITING, ""))
    office.days(3)
    office.settle(mail, ACCEPTED, accepted_at=office.clock())
    now = owed(office, entity)
    assert (now.asked_on, now.waits_until) == (date(2026, 10, 4), date(2026, 10, 16)), "ten working days"
    assert now.turns_on == date(2026, 10, 30), "a continuous duty is due twenty working days after the ask"
    assert (office.attempts(entity)[0].made_on, outcome(office, entity)) == (date(2026, 10, 4), (Outcome.REACHED, ""))
    office.days(1)
    office.settle(mail, ACCEPTED, accepted_at=office.clock())
    assert owed(office, entity).asked_on == date(2026, 10, 4)
    assert office.facts("ask.reached") == 1
    office.check_counters()


def test_a_later_reminder_does_not_move_the_day(office: QuarterOffice) -> None:
    entity, _mail = asked(office)
    office.deliver()
    office.days(61)
    office.rounds.remind((HUE, office.open().id))
    office.deliver()
    assert owed(office, entity).asked_on == date(2026, 10, 1)


def test_who_signed_before_the_mail_left_is_not_asked_by_it(office: QuarterOffice) -> None:
    entity, mail = asked(office)
    office.sign(entity)
    office.settle(mail, ACCEPTED)
    assert owed(office, entity).asked_on is None
    office.days(2)
    office.hand_back(entity)
    assert owed(office, entity).asked_on == date(2026, 10, 3), "whoever hands it back tells them"
    office.check_counters()


@pytest.mark.parametrize(
    ("state", "error", "expected"),
    [
        (FAILED, "refused: 550 No such user", (Outcome.NOT_REACHED, "failed")),
        (FAILED, "gave up: 451", (Outcome.NOT_REACHED, "failed")),
        (FAILED, "expired", (Outcome.NOT_REACHED, "expired")),
        (FAILED, "cancelled", (Outcome.NOT_REACHED, "closed")),
        (UNCERTAIN, "unanswered", (Outcome.UNCERTAIN, "")),
    ],
)
def test_what_did_not_arrive_is_held_against_nobody(
    office: QuarterOffice, state: MessageState, error: str, expected: tuple[Outcome, str]
) -> None:
    entity, mail = asked(office)
    office.settle(mail, state, error)
    assert outcome(office, entity) == expected
    assert expected[1] in {*NOTE_LABELS, ""}
    assert owed(office, entity).asked_on is None
    assert office.contacts(entity)[0].bounced_at is None, "the relay may have refused because of us"


def test_a_late_answer_settles_what_was_uncertain(office: QuarterOffice) -> None:
    entity, mail = asked(office)
    office.settle(mail, UNCERTAIN, "unanswered")
    office.settle(mail, ACCEPTED)
    assert outcome(office, entity) == (Outcome.REACHED, "")
    assert owed(office, entity).asked_on == date(2026, 10, 1)


def test_mail_that_comes_back_within_the_waiting_time_takes_the_ask_with_it(office: QuarterOffice) -> None:
    entity, mail = asked(office)
    turned = owed(office, entity).turns_on
    office.settle(mail, ACCEPTED)
    office.days(14)
    office.come_back(mail)
    assert outcome(office, entity) == (Outcome.NOT_REACHED, "bounced")
    now = owed(office, entity)
    assert (now.asked_on, now.waits_until, now.turns_on) == (None, None, turned)
    contact = office.contacts(entity)[0]
    assert (contact.bounced_at, contact.bounce_reason) == (office.clock(), "550 No such user")
    office.come_back(mail)
    assert office.facts("ask.bounced") == 1
    office.check_counters()


def test_mail_that_comes_back_later_only_marks_the_address(office: QuarterOffice) -> None:
    entity, mail = asked(office)
    office.settle(mail, ACCEPTED)
    office.days(15)
    office.come_back(mail)
    assert outcome(office, entity) == (Outcome.REACHED, "")
    assert owed(office, entity).asked_on == date(2026, 10, 1)
    assert office.contacts(entity)[0].bounced_at == office.clock()


def test_who_was_reached_otherwise_stays_asked_since_then(office: QuarterOffice) -> None:
    entity, mail = asked(office)
    office.settle(mail, ACCEPTED)
    office.days(5)
    office.attempt(entity, Way.LETTER, Outcome.REACHED)
    office.attempt(entity, Way.CALL, Outcome.NOT_REACHED)
    office.days(1)
    office.come_back(mail)
    now = owed(office, entity)
    assert (now.asked_on, now.waits_until) == (date(2026, 10, 6), date(2026, 10, 20))
    office.check_counters()


def test_a_return_that_is_read_before_the_answer_of_the_relay(office: QuarterOffice) -> None:
    entity, mail = asked(office)
    office.settle(mail, MessageState.HANDING_OVER, bounced_at=office.clock(), bounce_reason="550")
    office.settle(mail, ACCEPTED)
    assert outcome(office, entity) == (Outcome.NOT_REACHED, "bounced")
    assert owed(office, entity).asked_on is None
    assert office.facts("ask.bounced") == 1


def test_an_address_is_dead_for_everybody_until_mail_arrives_there(office: QuarterOffice) -> None:
    entity, mail = asked(office, "chung@vidu.vn")
    other = office.subject("chung@vidu.vn")
    office.settle(mail, ACCEPTED)
    office.clock.advance(timedelta(hours=1))
    office.come_back(mail)
    assert [office.contacts(each)[0].bounced_at is not None for each in (entity, other)] == [True, True]
    office.clock.advance(timedelta(hours=1))
    third = office.subject("chung@vidu.vn")
    office.rounds.ask((HUE, office.open().id))
    [later] = office.mails(MessageState.HELD)
    office.settle(later, ACCEPTED)
    assert [office.contacts(each)[0].bounced_at for each in (entity, other, third)] == [None, None, None]


def test_the_worker_tells_what_a_relay_says(office: QuarterOffice, sink: MailSink) -> None:
    """Through the tasks of messaging, with a relay that refuses one address for good."""
    good, bad = office.subject("tot@vidu.vn"), office.subject("xau@vidu.vn")
    sink.refused = {"xau@vidu.vn"}
    key = (HUE, office.start().id)
    office.rounds.ask(key)
    delivery = delivery_for(office.database, sink.url, clock=office.clock, followers=FOLLOWERS)
    pace_mail(delivery)
    run_worker(office.database, TaskTable(*delivery_tasks(delivery)), once=True, threads=1)
    assert outcome(office, good)[0] is Outcome.REACHED
    assert outcome(office, bad) == (Outcome.NOT_REACHED, "failed")
    assert [owed(office, each).asked_on for each in (good, bad)] == [date(2026, 10, 1), None]
    office.check_counters()
