"""Mail to many leaves at its pace, whoever looks after it, and what becomes of it is told to whoever sent it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from firm.queue import schema
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from pledges.core.db import Database
from pledges.jobs.tasks import TaskTable
from pledges.jobs.worker import run_worker
from pledges.messaging.bulk import Pace, cancel_batch, cancel_message, hold_batch, release_held, resume_batch
from pledges.messaging.delivery import Delivery, deliver_message, delivery_tasks, pace_mail, sweep_messages
from pledges.messaging.folder import read_mail_folder
from pledges.messaging.models import Message, MessageState, PausedBatch
from pledges.messaging.operations import queue_message
from pledges.messaging.queries import BatchState, batch_state, mail_state, troubled_messages
from pledges.messaging.rules import MOST_TRIES
from pledges.product import Product
from pledges.readiness import check_readiness
from pledges.settings import Settings
from tests.support.clock import FixedClock
from tests.support.mail_sink import MailSink, Mood, mail_sink
from tests.support.messages import delivery_for, one_of_many, queue_code, queue_one_of_many, state_of

BATCH = "round:1"
HELD, QUEUED, ACCEPTED = MessageState.HELD, MessageState.QUEUED, MessageState.ACCEPTED
FAILED, UNCERTAIN = MessageState.FAILED, MessageState.UNCERTAIN


@pytest.fixture
def sink() -> Iterator[MailSink]:
    with mail_sink() as relay:
        yield relay


def tasks_waiting(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(schema.jobs)) or 0


def rows(database: Database) -> list[Message]:
    with database.read() as session:
        return list(session.scalars(select(Message).order_by(Message.created_at, Message.id)))


def work(delivery: Delivery) -> None:
    """What a worker does between two looks."""
    pace_mail(delivery)
    run_worker(delivery.database, TaskTable(*delivery_tasks(delivery)), once=True, threads=1)


def queue_batch(database: Database, clock: FixedClock, addresses: list[str], batch: str = BATCH) -> None:
    """In one transaction, as a round writes them; each a moment later than the one before."""

    def write(session: Session) -> None:
        for address in addresses:
            queue_message(session, **one_of_many(clock, address, batch=batch))
            clock.advance(timedelta(milliseconds=1))

    database.run(write)


def test_one_of_many_waits_for_its_turn(database: Database, clock: FixedClock, sink: MailSink) -> None:
    first, second = (queue_one_of_many(database, clock, name) for name in ("mot", "hai"))
    assert (first.state, first.to_domain, first.batch, tasks_waiting(database)) == (HELD, "vidu.vn", BATCH, 0)
    assert queue_one_of_many(database, clock, "mot").id == first.id
    delivery = delivery_for(database, sink.url, clock=clock, pace=Pace(per_minute=1))
    deliver_message(delivery, "20", str(first.id))
    assert state_of(database, first).state is HELD, "no task that comes too early sends it"
    clock.advance(timedelta(days=5))
    work(delivery)
    now = state_of(database, first)
    assert (now.state, now.released_at, now.accepted_at) == (ACCEPTED, clock(), clock())
    assert (state_of(database, second).state, len(sink.accepted)) == (HELD, 1)
    assert (state_of(database, second).secret_params or b"") != b"", "what waits keeps its link, however long"


def test_both_paces_are_kept_and_a_full_domain_blocks_nobody(database: Database, clock: FixedClock) -> None:
    """The first half of the line goes to one provider; the others leave beside it in every minute."""
    queue_batch(database, clock, [f"a{number}@lon.vn" for number in range(22)])
    others = [f"b{number}@nho{number % 6}.vn" for number in range(14)] + [f"c{number}@vua.vn" for number in range(8)]
    queue_batch(database, clock, others, batch="round:2")
    pace, start = Pace(per_minute=24, per_domain=6), clock()
    deliver = update(Message).where(Message.state == QUEUED).values(state=ACCEPTED)
    released: dict[str, tuple[datetime, str]] = {}
    while any(message.state is HELD for message in rows(database)):
        database.run(partial(release_held, now=clock(), pace=pace))
        for message in rows(database):
            if message.released_at == clock():
                released[message.to_address] = (clock(), message.to_domain or "")
        database.run(lambda session: session.execute(deliver) and None)
        clock.advance(timedelta(seconds=5))
    assert len(released) == 44
    for begin, _ in released.values():
        window = Counter(domain for at, domain in released.values() if begin <= at < begin + timedelta(minutes=1))
        assert window.total() <= pace.per_minute
        assert max(window.values()) <= pace.per_domain
    first = Counter(domain for at, domain in released.values() if at < start + timedelta(minutes=1))
    assert (first.total(), first["lon.vn"]) == (24, 6), (
        "nothing of the pace is lost to a line that begins with one domain"
    )
    for letter in "abc":
        assert [name for name in released if name[0] == letter] == sorted(
            (name for name in released if name[0] == letter), key=lambda name: int(name[1:].partition("@")[0])
        ), "the oldest first"
    assert clock() - start <= timedelta(minutes=4), "22 to one domain at 6 a minute, everything else meanwhile"


def test_codes_never_stand_behind_a_batch(database: Database, clock: FixedClock, tmp_path: Path) -> None:
    queue_batch(database, clock, [f"a{number}@lon{number}.vn" for number in range(20)])
    delivery = delivery_for(database, str(tmp_path), clock=clock, pace=Pace(per_minute=60, per_domain=60))
    pace_mail(delivery)
    pace_mail(delivery)
    under_way = [message for message in rows(database) if message.state is QUEUED]
    assert len(under_way) == delivery.pace.most_under_way == 10, "what is on its way takes a place"
    code = queue_code(database, clock)
    first: list[str] = []

    def remember(message: Message) -> None:
        first.append(message.kind)

    told = replace(
        delivery,
        followers={kind: lambda _session, message, _now: remember(message) for kind in ("code", "draft_link")},
    )
    run_worker(database, TaskTable(*delivery_tasks(told)), once=True, threads=1)
    assert state_of(database, code).state is ACCEPTED
    assert (first[0], len(first)) == ("code", 21), "the rest follows those that have gone"


def test_pacers_at_the_same_time_release_nothing_twice(database: Database, clock: FixedClock) -> None:
    queue_batch(database, clock, [f"a{number}@lon.vn" for number in range(30)])
    pace = Pace(per_minute=120, per_domain=7)
    barrier = threading.Barrier(6)

    def look() -> None:
        barrier.wait()
        for _ in range(3):
            database.run(partial(release_held, now=clock(), pace=pace))

    threads = [threading.Thread(target=look) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(message.state for message in rows(database)) == {QUEUED: 7, HELD: 23}
    assert tasks_waiting(database) == 7


def test_a_batch_is_paused_and_goes_on(database: Database, clock: FixedClock, tmp_path: Path) -> None:
    queue_batch(database, clock, [f"a{number}" for number in range(4)])
    queue_batch(database, clock, ["khac"], batch="round:2")
    delivery = delivery_for(database, str(tmp_path), clock=clock, pace=Pace(per_minute=12))
    pace_mail(delivery)
    assert [message.state for message in rows(database)] == [QUEUED, QUEUED, HELD, HELD, HELD]
    for _ in range(2):
        database.run(partial(hold_batch, province_code="20", batch=BATCH))
    with database.read() as session:
        assert batch_state(session, "20", BATCH) == BatchState(True, 4, 0, 0, 0, 0, 0)
    clock.advance(timedelta(minutes=1))
    work(delivery)
    assert [mail.to for mail in read_mail_folder(tmp_path)] == ["khac@vidu.vn"]
    database.run(partial(resume_batch, province_code="20", batch=BATCH))
    for _ in range(2):
        clock.advance(timedelta(minutes=1))
        work(delivery)
    with database.read() as session:
        assert batch_state(session, "20", BATCH) == BatchState(False, 0, 0, 4, 0, 0, 0)
    assert len(read_mail_folder(tmp_path)) == 5


def test_a_pause_and_a_release_at_once(database: Database, clock: FixedClock) -> None:
    """Afterwards nothing of the batch is on its way, whichever of the two came first."""
    queue_batch(database, clock, [f"a{number}" for number in range(10)])
    barrier = threading.Barrier(2)

    def pause() -> None:
        barrier.wait()
        database.run(partial(hold_batch, province_code="20", batch=BATCH))

    pausing = threading.Thread(target=pause)
    pausing.start()

    def release(session: Session) -> None:
        assert release_held(session, clock(), Pace()) == 10
        barrier.wait()

    database.run(release)
    pausing.join()
    assert {message.state for message in rows(database)} == {HELD}


def test_what_becomes_of_each_is_told_once(database: Database, clock: FixedClock, sink: MailSink) -> None:
    told: list[tuple[str, MessageState, datetime]] = []

    def note(session: Session, message: Message, now: datetime) -> None:
        assert session.get(Message, (message.province_code, message.id)) is message
        told.append((message.to_address.partition("@")[0], message.state, now))

    delivery = delivery_for(database, sink.url, clock=clock, followers={"draft_": note})
    sink.refused.add("sai@vidu.vn")
    late = clock() + timedelta(minutes=5)
    queue_one_of_many(database, clock, "toi")
    queue_one_of_many(database, clock, "sai")
    work(delivery)
    sink.mood = Mood.DIE_AFTER_DATA
    queue_one_of_many(database, clock, "imlang")
    work(delivery)
    queue_one_of_many(database, clock, "muon", expires_at=late, batch="round:2")
    database.run(partial(hold_batch, province_code="20", batch="round:2"))
    dropped = [queue_one_of_many(database, clock, name, batch="round:3") for name in ("bo", "thoi")]
    alone = queue_one_of_many(database, clock, "rieng")
    cancel = partial(cancel_batch, province_code="20", batch="round:3", now=clock(), followers=delivery.followers)
    assert [database.run(cancel) for _ in range(2)] == [2, 0]
    end = partial(cancel_message, key=("20", alone.id), now=clock(), followers=delivery.followers)
    assert [database.run(end) for _ in range(2)] == [True, False]
    assert told == [
        ("toi", ACCEPTED, clock()),
        ("sai", FAILED, clock()),
        ("imlang", UNCERTAIN, clock()),
        *sorted(told[3:5]),
        ("rieng", FAILED, clock()),
    ]
    assert {name for name, _, _ in told[3:5]} == {"bo", "thoi"}
    now = state_of(database, dropped[0])
    assert (now.state, now.last_error, now.secret_params) == (FAILED, "cancelled", None)
    clock.set(late)
    work(delivery)
    assert told[6:] == [("muon", FAILED, late)]
    with database.read() as session:
        assert batch_state(session, "20", BATCH) == BatchState(False, 0, 0, 1, 0, 2, 1)
        assert [each.to_address for each in troubled_messages(session)] == ["imlang@vidu.vn"]
        state = mail_state(session)
        assert (state.waiting, state.failed, state.uncertain) == (0, 0, 1), "whoever sent the batch shows what failed"


def test_who_is_left_by_a_dead_worker_is_told_too(sqlite_database: Database, clock: FixedClock, sink: MailSink) -> None:
    told: list[MessageState] = []
    delivery = delivery_for(
        sqlite_database,
        sink.url,
        clock=clock,
        followers={"draft_link": lambda _session, message, _now: told.append(message.state)},
    )
    begun, handed = (queue_one_of_many(sqlite_database, clock, name) for name in ("mot", "hai"))
    pace_mail(delivery)

    def leave(session: Session) -> None:
        for message, state in ((begun, MessageState.SENDING), (handed, MessageState.HANDING_OVER)):
            row = session.get_one(Message, ("20", message.id))
            row.state, row.attempts, row.leased_until = state, 1, clock()

    sqlite_database.run(leave)
    clock.advance(timedelta(minutes=3))
    sweep_messages(delivery)
    assert (state_of(sqlite_database, begun).state, state_of(sqlite_database, handed).state) == (HELD, UNCERTAIN)
    assert told == [UNCERTAIN]
    work(delivery)
    assert told == [UNCERTAIN, ACCEPTED]


def test_a_follower_that_fails_loses_nothing_but_its_own(
    database: Database, clock: FixedClock, sink: MailSink, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(session: Session, _message: Message, _now: datetime) -> None:
        session.add(PausedBatch(province_code="20", batch="written by the follower"))
        session.flush()
        raise ZeroDivisionError

    message = queue_one_of_many(database, clock, "mot")
    work(delivery_for(database, sink.url, clock=clock, followers={"draft_link": fail}))
    assert state_of(database, message).state is ACCEPTED
    with database.read() as session:
        assert session.scalars(select(PausedBatch)).all() == []
    assert "could not be told" in caplog.text


def test_another_attempt_takes_another_place_and_there_is_an_end(
    database: Database, clock: FixedClock, sink: MailSink
) -> None:
    sink.busy = 1
    first, second = (queue_one_of_many(database, clock, name) for name in ("mot", "hai"))
    delivery = delivery_for(database, sink.url, clock=clock, pace=Pace(per_minute=1))
    work(delivery)
    now = state_of(database, first)
    assert (now.state, now.last_error) == (HELD, "temporary: 451 4.3.2 try again later")
    assert tasks_waiting(database) == 0
    clock.advance(timedelta(seconds=30))
    work(delivery)
    assert len(sink.accepted) == 0, "its second attempt would be a second mail in the same minute"
    clock.advance(timedelta(seconds=30))
    work(delivery)
    assert state_of(database, second).state is ACCEPTED, "who has not had a turn yet stands before it"
    sink.busy = 1

    def tire(session: Session) -> None:
        session.get_one(Message, ("20", first.id)).attempts = MOST_TRIES - 1

    database.run(tire)
    clock.advance(timedelta(days=9))
    work(delivery)
    now = state_of(database, first)
    assert (now.state, now.last_error) == (FAILED, "gave up: 451 4.3.2 try again later")


def test_a_clock_that_is_set_back_stops_nothing(sqlite_database: Database, clock: FixedClock, tmp_path: Path) -> None:
    queue_batch(sqlite_database, clock, [f"a{number}" for number in range(4)])
    delivery = delivery_for(sqlite_database, str(tmp_path), clock=clock, pace=Pace(per_minute=12))
    work(delivery)
    clock.advance(timedelta(hours=-5))
    work(delivery)
    assert len(read_mail_folder(tmp_path)) == 4


def test_a_text_message_or_a_nameless_batch_is_refused(sqlite_database: Database, clock: FixedClock) -> None:
    for wrong in ("", "x" * 61):
        with pytest.raises(ValueError, match="batch"):
            queue_one_of_many(sqlite_database, clock, "mot", batch=wrong)
    with pytest.raises(ValueError, match="batch"):
        queue_code(sqlite_database, clock, kind="sms_code", to_address="+84912345678", batch=BATCH)


def test_thousands_in_line_are_no_alarm_and_a_few_that_are_stuck_are(
    sqlite_database: Database, settings_for_test: Settings, clock: FixedClock
) -> None:
    product = replace(Product.from_settings(settings_for_test), database=sqlite_database, clock=clock)
    queue_batch(product.database, clock, ["a", "b", "c"])
    clock.advance(timedelta(days=3))

    def mail_is_ready() -> bool:
        return next(part.ok for part in check_readiness(product) if part.name == "mail")

    assert mail_is_ready()
    with product.database.read() as session:
        assert (mail_state(session).waiting, mail_state(session).waiting_since) == (0, None)
    product.database.run(partial(release_held, now=clock(), pace=Pace()))
    clock.advance(timedelta(minutes=4))
    with product.database.read() as session:
        assert mail_state(session).waiting_since == clock() - timedelta(minutes=4), "not since it was written"
    assert mail_is_ready()
    clock.advance(timedelta(minutes=2))
    assert not mail_is_ready()
