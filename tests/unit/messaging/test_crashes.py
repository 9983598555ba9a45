"""Workers that die at every boundary: a mail arrives exactly once, or is shown as uncertain. Real processes only."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from pledges.core.calendar import system_clock
from pledges.core.db import Database
from pledges.jobs.tasks import TaskTable
from pledges.jobs.worker import run_worker
from pledges.messaging.delivery import delivery_tasks
from pledges.messaging.folder import read_mail_folder
from pledges.messaging.models import Message, MessageState
from pledges.messaging.rules import WITHOUT_SECRETS
from tests.support.mail_process import Nursery, nursery
from tests.support.mail_sink import MailSink, mail_sink
from tests.support.messages import delivery_for, queue_code, queue_one_of_many, state_of
from tests.support.processes import url_of, wait_until

pytestmark = pytest.mark.fault

CRASH_POINTS = (
    "mail.after_claim",
    "mail.before_handover",
    "mail.after_handover_commit",
    "mail.after_data",
    "mail.after_accepted",
)


@pytest.fixture(scope="module")
def workers() -> Iterator[Nursery]:
    with nursery() as opened:
        yield opened


@pytest.fixture(autouse=True)
def _no_worker_survives_its_test(workers: Nursery) -> Iterator[None]:
    yield
    workers.kill_all()


@pytest.fixture
def sink() -> Iterator[MailSink]:
    with mail_sink() as relay:
        yield relay


def messages(database: Database) -> list[Message]:
    with database.read() as session:
        return list(session.scalars(select(Message)))


def settled(database: Database) -> bool:
    return all(message.state in WITHOUT_SECRETS for message in messages(database))


def crash_and_recover(workers: Nursery, database: Database, target: str, crash_at: str) -> Message:
    """Deliver one message with a worker that dies at `crash_at`, and let another one take over."""
    message = queue_code(database, system_clock)
    doomed = workers.start(url_of(database), target, crash_at)
    wait_until(lambda: not workers.is_alive(doomed), what="the crash")
    workers.start(url_of(database), target)
    wait_until(lambda: settled(database), what="the recovery")
    # Whoever would send it a second time gets the time to do so.
    time.sleep(0.5)
    now = state_of(database, message)
    assert now.secret_params is None
    return now


@pytest.mark.parametrize("crash_at", CRASH_POINTS)
def test_a_crash_at_each_boundary(database: Database, workers: Nursery, sink: MailSink, crash_at: str) -> None:
    message = crash_and_recover(workers, database, sink.url, crash_at)
    state, taken = {
        "mail.after_claim": (MessageState.ACCEPTED, 1),
        "mail.before_handover": (MessageState.ACCEPTED, 1),
        "mail.after_handover_commit": (MessageState.UNCERTAIN, 0),
        "mail.after_data": (MessageState.UNCERTAIN, 1),
        "mail.after_accepted": (MessageState.ACCEPTED, 1),
    }[crash_at]
    assert (message.state, len(sink.accepted)) == (state, taken)


@pytest.mark.parametrize("crash_at", CRASH_POINTS)
def test_with_a_folder_a_crash_leaves_nothing_unknown(
    sqlite_database: Database, workers: Nursery, tmp_path: Path, crash_at: str
) -> None:
    folder = tmp_path / "mail"
    message = crash_and_recover(workers, sqlite_database, str(folder), crash_at)
    assert message.state is MessageState.ACCEPTED
    assert [file.name for file in folder.glob("[!.]*")] == [f"{message.id}.eml"]
    assert "471902" in read_mail_folder(folder)[0].text


def test_random_kills(database: Database, workers: Nursery, sink: MailSink) -> None:
    sink.seconds_for_text = 0.02
    for number in range(8):
        for part in range(3):
            queue_code(database, system_clock, f"code:{number}:{part}")
        seen = sink.recipients
        worker = workers.start(url_of(database), sink.url)
        wait_until(lambda seen=seen: sink.recipients > seen, what="a worker that talks to the relay")
        time.sleep(secrets.randbelow(80) / 1000)
        workers.kill(worker)
    workers.start(url_of(database), sink.url)
    wait_until(lambda: settled(database), 90, what="all messages")
    arrived = Counter(str(mail["Message-ID"]) for mail in sink.mails)
    assert set(arrived.values()) <= {1}, "nothing is delivered twice"
    found = messages(database)
    assert len(found) == 24
    for message in found:
        assert message.secret_params is None
        if message.state is MessageState.ACCEPTED:
            assert arrived[message.message_id] == 1
        else:
            assert message.state is MessageState.UNCERTAIN
    assert set(arrived) <= {message.message_id for message in found}


def test_a_batch_and_random_kills(database: Database, workers: Nursery, sink: MailSink) -> None:
    """Two workers look after one batch and are killed again and again; the pace is that of one worker."""
    sink.seconds_for_text = 0.03
    for number in range(16):
        queue_one_of_many(database, system_clock, f"a{number}")
    pair = [workers.start(url_of(database), sink.url) for _ in range(2)]
    for turn in range(4):
        seen = sink.recipients
        wait_until(lambda seen=seen: sink.recipients > seen or settled(database), what="somebody who sends")
        time.sleep(secrets.randbelow(120) / 1000)
        workers.kill(pair[turn % 2])
        pair[turn % 2] = workers.start(url_of(database), sink.url)
    wait_until(lambda: settled(database), 90, what="the whole batch")
    arrived = Counter(str(mail["Message-ID"]) for mail in sink.mails)
    assert set(arrived.values()) == {1}, "nothing is delivered twice"
    for message in messages(database):
        assert message.state is MessageState.UNCERTAIN or (message.state, arrived[message.message_id]) == (
            MessageState.ACCEPTED,
            1,
        )
    uncertain = sum(message.state is MessageState.UNCERTAIN for message in messages(database))
    assert uncertain <= 4 * 3, "at most what the killed threads were just handing over"
    assert len(arrived) >= 16 - uncertain


def test_two_workers_and_an_outage(database: Database, workers: Nursery, sink: MailSink) -> None:
    sink.busy = 10
    for number in range(24):
        queue_code(database, system_clock, f"code:{number}", expires_at=None)
    for _ in range(2):
        workers.start(url_of(database), sink.url)
    wait_until(lambda: settled(database), 90, what="all messages")
    assert {message.state for message in messages(database)} == {MessageState.ACCEPTED}
    assert len({mail["Message-ID"] for mail in sink.mails}) == len(sink.mails) == 24


def test_four_threads_deliver_each_message_once(database: Database, sink: MailSink) -> None:
    delivery = delivery_for(database, sink.url)
    for number in range(60):
        queue_code(database, system_clock, f"code:{number}", expires_at=system_clock() + timedelta(hours=1))
    done = run_worker(database, TaskTable(*delivery_tasks(delivery)), once=True, threads=4)
    assert (done.succeeded, done.raised, len(sink.accepted)) == (60, 0, 60)
