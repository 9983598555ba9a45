"""Relays that fail, workers that die, clocks and databases that go away: all are asked once, or it is said so."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from pledges.core.calendar import local_day
from pledges.core.db import Database
from pledges.messaging.delivery import deliver_message, sweep_messages
from pledges.messaging.models import Message, MessageState
from pledges.registry.models import Obligation
from pledges.rounds.as_of import rows
from pledges.rounds.asking import Asked
from pledges.rounds.closing import whole_list
from pledges.rounds.list_models import ListKind, Snapshot
from pledges.rounds.models import Outcome, Round, RoundState
from tests.support import asking_process
from tests.support.asking_process import AskingOffice, delivery_of
from tests.support.clock import FixedClock
from tests.support.databases import PostgresTemplate, SqliteTemplate
from tests.support.mail_process import Nursery, nursery
from tests.support.mail_sink import MailSink, Mood, mail_sink
from tests.support.processes import wait_until
from tests.support.signing import HUE

pytestmark = pytest.mark.fault

SOAK = bool(os.environ.get("PLEDGES_SOAK"))
KILLS = 50 if SOAK else 8
ASKS = 1000 if SOAK else 60

POINTS = (
    "round.after_chunk",
    "mail.after_claim",
    "mail.before_handover",
    "mail.after_handover_commit",
    "mail.after_data",
    "mail.after_accepted",
)
UNKNOWN = {"mail.after_handover_commit", "mail.after_data"}
"""Where nobody can know afterwards whether the relay took what was just handed over."""
THREADS = 3

LAST_SECOND = datetime(2026, 12, 31, 16, 59, 59, tzinfo=UTC)
"""Of the quarter, in Vietnam."""
SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def workers() -> Iterator[Nursery]:
    with nursery(asking_process.__name__) as opened:
        yield opened


@pytest.fixture
def sink() -> Iterator[MailSink]:
    with mail_sink() as relay:
        yield relay


@contextmanager
def office_on(
    fresh: AbstractContextManager[Database], clock: FixedClock, sink: MailSink, folder: Path, workers: Nursery
) -> Iterator[AskingOffice]:
    with fresh as database:
        try:
            yield AskingOffice(database, clock, sink, folder)
        finally:
            workers.kill_all()


def asked_on(office: AskingOffice) -> list[date | None]:
    with office.database.read() as session:
        return list(session.scalars(select(Obligation.asked_on).order_by(Obligation.opened_at, Obligation.id)))


# --- Workers ---------------------------------------------------------------------------------------------------------


def test_a_worker_killed_at_every_boundary(
    sqlite_template: SqliteTemplate, clock: FixedClock, sink: MailSink, tmp_path: Path, workers: Nursery
) -> None:
    """Each dies at another boundary of what is left; of what it held in its threads some may stay uncertain."""
    count = 16
    with office_on(sqlite_template.fresh(), clock, sink, tmp_path, workers) as office:
        office.begin(count)
        for point in POINTS:
            doomed = office.start_worker(workers, point)
            wait_until(lambda doomed=doomed: not workers.is_alive(doomed), what=f"the death at {point}")
        office.start_worker(workers)
        wait_until(lambda: office.settled(count), what="everybody's mail")
        # Whoever would send something a second time gets the time to do so.
        time.sleep(0.5)
        outcomes = office.assert_each_asked_once(count)
        assert outcomes[Outcome.UNCERTAIN] <= THREADS * len(UNKNOWN)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"] if SOAK else ["postgresql"])
def test_two_workers_killed_at_random(
    sqlite_template: SqliteTemplate,
    postgres_template: PostgresTemplate,
    clock: FixedClock,
    sink: MailSink,
    tmp_path: Path,
    workers: Nursery,
    engine: str,
) -> None:
    chance = random.Random(engine)  # noqa: S311 - moments of death
    sink.seconds_for_text = 0.02
    fresh = sqlite_template.fresh() if engine == "sqlite" else postgres_template.fresh()
    with office_on(fresh, clock, sink, tmp_path, workers) as office:
        office.begin(ASKS)
        pair = [office.start_worker(workers) for _ in range(2)]
        for turn in range(KILLS):
            seen = sink.recipients
            wait_until(lambda seen=seen: sink.recipients > seen or office.settled(ASKS), what="somebody who sends")
            time.sleep(chance.random() * 0.15)
            workers.kill(pair[turn % 2])
            pair[turn % 2] = office.start_worker(workers)
        wait_until(lambda: office.settled(ASKS), 600 if SOAK else 90, what="everybody's mail")
        time.sleep(0.5)
        outcomes = office.assert_each_asked_once(ASKS)
        assert outcomes[Outcome.UNCERTAIN] <= THREADS * KILLS


def test_the_database_restarted(
    postgres_template: PostgresTemplate, clock: FixedClock, sink: MailSink, tmp_path: Path, workers: Nursery
) -> None:
    """All connections are cut again and again while a worker asks and delivers."""
    count, cuts = 20, 10
    sink.seconds_for_text = 0.02
    with office_on(postgres_template.fresh(), clock, sink, tmp_path, workers) as office:
        office.begin(count)
        worker = office.start_worker(workers)
        wait_until(lambda: sink.recipients > 0, what="a worker that talks to the relay")
        for _ in range(cuts):
            _cut_off(office.database)
            time.sleep(0.15)
            if not workers.is_alive(worker):
                # Whoever has just been started ends without a database, and is started again by the system.
                worker = office.start_worker(workers)
        wait_until(lambda: office.settled(count), 90, what="everybody's mail")
        outcomes = office.assert_each_asked_once(count)
        assert outcomes[Outcome.UNCERTAIN] <= THREADS * cuts


def _cut_off(database: Database) -> None:
    """End every connection of others."""
    with database.engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
        )
    database.dispose()


# --- The relay -------------------------------------------------------------------------------------------------------


def test_relays_that_fail(sqlite_database: Database, clock: FixedClock, sink: MailSink, tmp_path: Path) -> None:
    """Refused, stalled, dead after the text: only who has surely got it counts as asked, and only once."""
    office = AskingOffice(sqlite_database, clock, sink, tmp_path)
    refused, dead, stalled = office.begin(3)
    office.worker.work()
    sink.refused = {"chu.shop.1@vidu.vn"}
    sink.busy = 2
    office.deliver_all()
    assert [mail.state for mail in office.mails()].count(MessageState.HELD) == 2, "asked to come back later"
    held = {mail.to_address: mail for mail in office.mails()}
    clock.advance(timedelta(minutes=10))
    _only_send(office, held["chu.shop.2@vidu.vn"], Mood.DIE_AFTER_DATA)
    _only_send(office, held["chu.shop.3@vidu.vn"], Mood.STALL)
    assert [office.attempts(each)[0].outcome for each in (refused, dead, stalled)] == [
        Outcome.NOT_REACHED,
        Outcome.UNCERTAIN,
        Outcome.WAITING,
    ]
    assert asked_on(office) == [None, None, None]
    sink.mood = Mood.ACCEPT
    for _ in range(3):
        office.days(1)
        office.worker.work()
        sweep_messages(delivery_of(office.database, sink.url, clock))
        office.deliver_all()
    assert [mail["To"] for mail in sink.mails] == ["chu.shop.3@vidu.vn"], "nothing uncertain is sent again"
    assert len(sink.taken_without_answer) == 1
    assert asked_on(office) == [None, None, local_day(clock()) - timedelta(days=2)]
    office.check_counters()


def _only_send(office: AskingOffice, message: Message, mood: Mood = Mood.ACCEPT) -> None:
    """One attempt to send one mail, now."""
    office.sink.mood = mood
    office.database.run(
        lambda session: setattr(session.get_one(Message, (HUE, message.id)), "state", MessageState.QUEUED)
    )
    deliver_message(delivery_of(office.database, office.sink.url, office.clock), HUE, str(message.id))


# --- Clocks and the end of a quarter ---------------------------------------------------------------------------------


def test_a_clock_set_back(sqlite_database: Database, clock: FixedClock, sink: MailSink, tmp_path: Path) -> None:
    """An hour, a day, into the quarter before: nobody is asked twice, and nobody is forgotten."""
    office = AskingOffice(sqlite_database, clock, sink, tmp_path)
    office.begin(9)
    office.worker.rounds.ask((HUE, office.round.id))
    for back in (timedelta(hours=1), timedelta(days=1), timedelta(days=40)):
        clock.advance(-back)
        office.worker.work()
        office.deliver_all()
        clock.advance(back)
    office.subject("moi@vidu.vn")
    clock.advance(timedelta(days=-40))
    office.worker.work()
    assert len(office.asks()) == 9, "outside its quarter nobody is asked"
    clock.advance(timedelta(days=40))
    office.worker.work()
    office.deliver_all()
    assert office.assert_each_asked_once(10) == {Outcome.REACHED: 10}


def test_the_last_second_of_a_quarter(
    sqlite_database: Database, clock: FixedClock, sink: MailSink, tmp_path: Path
) -> None:
    office = AskingOffice(sqlite_database, clock, sink, tmp_path)
    office.begin(2)
    key = (HUE, office.round.id)
    clock.set(LAST_SECOND)
    assert not office.worker.close_if_over(key)
    assert office.worker.rounds.ask(key).asked == 2
    office.subject("qua.muon@vidu.vn")
    clock.set(LAST_SECOND + SECOND)
    assert office.worker.rounds.ask(key) == Asked()
    office.deliver_all()
    assert sink.accepted == [], "what has not left by midnight does not leave any more"
    assert not office.worker.close_if_over(key), "whoever wrote before midnight may still be at it"
    assert _round(office).state is RoundState.CLOSING
    clock.set(LAST_SECOND + timedelta(minutes=1))
    assert not office.worker.close_if_over(key)
    clock.set(LAST_SECOND + timedelta(minutes=1) + SECOND)
    assert office.worker.close_if_over(key)
    assert (_round(office).state, _snapshot(office).as_of) == (RoundState.CLOSED, date(2026, 12, 31))
    assert not office.worker.close_if_over(key)


def test_closing_while_mail_is_in_flight(database: Database, clock: FixedClock, sink: MailSink, tmp_path: Path) -> None:
    """What the relay takes after midnight counts for the new quarter; what stood in line never leaves."""
    office = AskingOffice(database, clock, sink, tmp_path)
    office.begin(4)
    office.worker.work()
    sink.seconds_for_text = 0.6
    clock.set(LAST_SECOND)
    [first, *_others] = office.mails(MessageState.HELD)
    flight = threading.Thread(target=lambda: _only_send(office, first))
    flight.start()
    wait_until(lambda: office.mails(MessageState.HANDING_OVER) != [], what="a mail in flight")
    clock.set(LAST_SECOND + timedelta(minutes=2))
    assert office.worker.close_if_over((HUE, office.round.id))
    frozen = _list(office)
    flight.join()
    office.deliver_all()
    assert len(sink.accepted) == 1
    assert sorted(mail.state.value for mail in office.mails()) == ["accepted", "failed", "failed", "failed"]
    outcomes = sorted((each.outcome.value, each.note) for each in office.attempts())
    assert outcomes == [*[("not_reached", "closed")] * 3, ("reached", "")]
    assert [day for day in asked_on(office) if day is not None] == [date(2027, 1, 1)]
    assert (_list(office), len(frozen)) == (frozen, _snapshot(office).rows[ListKind.NOT_PLEDGED.value])
    office.check_counters()


def _round(office: AskingOffice) -> Round:
    with office.database.read() as session:
        return session.get_one(Round, (HUE, office.round.id))


def _snapshot(office: AskingOffice) -> Snapshot:
    with office.database.read() as session:
        return session.scalars(select(Snapshot)).one()


def _list(office: AskingOffice) -> list[object]:
    """Reckoned from the ledger again."""
    with office.database.read() as session:
        wanted = whole_list(session, _round(office), ListKind.NOT_PLEDGED)
        return list(rows(session, wanted, date(2026, 12, 31)))
