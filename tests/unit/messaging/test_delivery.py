"""One attempt after another against a real relay that behaves well, badly, or not at all."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from firm.queue import schema
from sqlalchemy import delete, func, select

from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.jobs.operations import enqueue
from pledges.jobs.tasks import TaskTable
from pledges.jobs.worker import run_worker
from pledges.messaging import operations
from pledges.messaging.bulk import Pace
from pledges.messaging.carriers import SmtpCarrier
from pledges.messaging.delivery import Delivery, deliver_message, delivery_tasks, sweep_messages
from pledges.messaging.folder import read_mail_folder
from pledges.messaging.models import Message, MessageState
from pledges.messaging.queries import abandoned_messages, mail_state, message_of, troubled_messages
from pledges.messaging.returned_mail import Mailbox
from pledges.settings import Settings, read_settings
from tests.support.clock import FixedClock
from tests.support.mail_sink import MailSink, Mood, mail_sink, text_of
from tests.support.messages import ADDRESS, DATA_KEY, carrier_for, delivery_for, no_files, queue_code, state_of


@pytest.fixture
def sink() -> Iterator[MailSink]:
    with mail_sink() as relay:
        yield relay


@pytest.fixture
def delivery(database: Database, clock: FixedClock, sink: MailSink) -> Delivery:
    return delivery_for(database, sink.url, clock=clock)


def attempt(delivery: Delivery, message: Message) -> Message:
    deliver_message(delivery, message.province_code, str(message.id))
    return state_of(delivery.database, message)


def queued_tasks(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(schema.jobs)) or 0


def test_a_worker_delivers_and_erases_the_secret(
    database: Database, clock: FixedClock, sink: MailSink, delivery: Delivery
) -> None:
    message = queue_code(database, clock)
    assert run_worker(database, TaskTable(*delivery_tasks(delivery)), once=True).succeeded == 1
    now = state_of(database, message)
    assert now.state is MessageState.ACCEPTED
    assert now.accepted_at == clock()
    assert now.secret_params is None
    assert now.leased_until is None
    assert queued_tasks(database) == 0
    (mail,) = sink.mails
    assert "471902" in text_of(mail)
    assert mail["Message-ID"] == f"<{message.id}@camket.vidu.vn>"
    assert sink.accepted[0].mail_from == "khong-tra-loi@vidu.vn"
    assert sink.accepted[0].rcpt_tos == [ADDRESS]


def test_a_second_task_for_the_same_message_does_nothing(
    database: Database, clock: FixedClock, sink: MailSink, delivery: Delivery
) -> None:
    message = queue_code(database, clock)
    database.run(lambda session: enqueue(session, "deliver_message", "20", str(message.id)))
    run_worker(database, TaskTable(*delivery_tasks(delivery)), once=True)
    attempt(delivery, message)
    assert len(sink.accepted) == 1


def test_a_line_that_begins_with_a_dot_arrives(
    database: Database, clock: FixedClock, sink: MailSink, delivery: Delivery
) -> None:
    link = "https://camket.vidu.vn/" + "." * 300
    message = queue_code(
        database, clock, kind="draft_link", params={"days": 30}, secret_params={"link": link}, expires_at=None
    )
    assert attempt(delivery, message).state is MessageState.ACCEPTED
    assert link in text_of(sink.mails[0])


def test_a_refused_recipient_is_final(
    database: Database, clock: FixedClock, sink: MailSink, delivery: Delivery
) -> None:
    sink.refused.add(ADDRESS)
    message = attempt(delivery, queue_code(database, clock))
    assert message.state is MessageState.FAILED
    assert message.last_error == f"refused: 550 5.1.1 <{ADDRESS}>: no such mailbox"
    assert message.secret_params is None
    other = attempt(delivery, queue_code(database, clock, "code:2", to_address="khac@vidu.vn"))
    assert other.state is MessageState.ACCEPTED


def test_a_refused_text_is_final(database: Database, clock: FixedClock, sink: MailSink, delivery: Delivery) -> None:
    sink.mood = Mood.REFUSE_TEXT
    message = attempt(delivery, queue_code(database, clock))
    assert message.state is MessageState.FAILED
    assert message.last_error == "refused: 554 5.7.1 not wanted"
    assert message.secret_params is None


def test_a_busy_relay_is_asked_again(database: Database, clock: FixedClock, sink: MailSink, delivery: Delivery) -> None:
    sink.busy = 2
    message = queue_code(database, clock)
    first = attempt(delivery, message)
    assert first.state is MessageState.QUEUED
    assert first.last_error == "temporary: 451 4.3.2 try again later"
    assert timedelta(seconds=5) <= first.next_attempt_at - clock() < timedelta(seconds=6)
    assert first.secret_params is not None
    assert queued_tasks(database) == 2, "the next attempt waits in the queue"
    clock.advance(timedelta(seconds=6))
    assert attempt(delivery, message).state is MessageState.QUEUED
    clock.advance(timedelta(seconds=20))
    last = attempt(delivery, message)
    assert (last.state, last.attempts, last.last_error) == (MessageState.ACCEPTED, 3, "")
    assert len(sink.accepted) == 1


def test_a_relay_that_is_busy_after_the_text_is_asked_again(
    database: Database, clock: FixedClock, sink: MailSink, delivery: Delivery
) -> None:
    sink.mood = Mood.BUSY_AFTER_DATA
    message = queue_code(database, clock)
    assert attempt(delivery, message).state is MessageState.QUEUED
    sink.mood = Mood.ACCEPT
    assert attempt(delivery, message).state is MessageState.ACCEPTED
    assert len(sink.accepted) == 1


@pytest.mark.parametrize("mood", [Mood.DIE_AFTER_DATA, Mood.STALL_AFTER_DATA])
def test_a_relay_that_takes_the_text_and_is_silent_leaves_the_message_uncertain(
    database: Database, clock: FixedClock, sink: MailSink, delivery: Delivery, mood: Mood
) -> None:
    sink.mood = mood
    message = queue_code(database, clock)
    now = attempt(delivery, message)
    assert now.state is MessageState.UNCERTAIN
    assert now.last_error.startswith("unanswered: ")
    assert now.secret_params is None
    sink.mood = Mood.ACCEPT
    clock.advance(timedelta(hours=1))
    sweep_messages(delivery)
    run_worker(database, TaskTable(*delivery_tasks(delivery)), once=True)
    assert state_of(database, message).state is MessageState.UNCERTAIN
    assert (len(sink.taken_without_answer), len(sink.accepted)) == (1, 0), "it is never sent again by itself"
    with database.read() as session:
        assert [each.id for each in troubled_messages(session, "20")] == [message.id]


def test_a_stalling_relay_costs_one_timeout_and_nothing_else(
    database: Database, clock: FixedClock, sink: MailSink, delivery: Delivery
) -> None:
    sink.mood = Mood.STALL
    message = queue_code(database, clock)
    now = attempt(delivery, message)
    assert now.state is MessageState.QUEUED
    assert now.last_error.startswith("temporary: the envelope: ")
    sink.mood = Mood.ACCEPT
    assert attempt(delivery, message).state is MessageState.ACCEPTED


def test_nobody_at_the_relays_address(database: Database, clock: FixedClock) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    delivery = delivery_for(database, f"smtp://127.0.0.1:{port}", clock=clock)
    now = attempt(delivery, queue_code(database, clock))
    assert now.state is MessageState.QUEUED
    assert now.last_error.startswith("temporary: connecting: ConnectionRefusedError")


def test_a_code_that_has_run_out_is_not_sent(
    database: Database, clock: FixedClock, sink: MailSink, delivery: Delivery
) -> None:
    message = queue_code(database, clock)
    clock.advance(timedelta(minutes=10))
    now = attempt(delivery, message)
    assert (now.state, now.last_error, now.secret_params) == (MessageState.FAILED, "expired", None)
    assert sink.accepted == []


def test_a_code_is_given_up_when_the_next_attempt_would_be_too_late(
    database: Database, clock: FixedClock, sink: MailSink, delivery: Delivery
) -> None:
    sink.busy = 99
    message = queue_code(database, clock)
    clock.advance(timedelta(minutes=9, seconds=57))
    now = attempt(delivery, message)
    assert (now.state, now.secret_params) == (MessageState.FAILED, None)
    assert now.last_error == "expired: 451 4.3.2 try again later"


def test_other_mail_is_tried_for_two_days(database: Database, clock: FixedClock) -> None:
    message = queue_code(database, clock, expires_at=None)
    key, lease, end = (message.province_code, message.id), timedelta(minutes=1), clock() + timedelta(hours=48)
    while (now := state_of(database, message)).state is MessageState.QUEUED:
        clock.set(now.next_attempt_at)
        database.run(partial(operations.claim_message, key=key, now=clock(), lease=lease, host="camket.vidu.vn"))
        reason = {"attempt": now.attempts + 1, "reason": "451 busy", "now": clock()}
        assert database.run(partial(operations.postpone, key=key, **reason))
    assert end - timedelta(minutes=36) < clock() < end
    assert (now.last_error, now.secret_params) == ("gave up: 451 busy", None)
    assert 80 < now.attempts < 110


def test_a_relay_without_encryption_gets_nothing_where_encryption_is_asked_for(
    database: Database, clock: FixedClock, sink: MailSink, delivery: Delivery
) -> None:
    for security in ("starttls", "tls"):
        relay = SmtpCarrier("127.0.0.1", sink.port, security, seconds=2)
        now = attempt(replace(delivery, carrier=relay), queue_code(database, clock, f"code:{security}"))
        assert now.state is MessageState.QUEUED
        assert now.last_error.startswith("temporary: connecting: ")
    assert sink.accepted == []


def test_wrong_credentials_wait_for_their_correction(
    database: Database, clock: FixedClock, sink: MailSink, delivery: Delivery
) -> None:
    relay = SmtpCarrier.from_url(f"smtp://ten:sai%20m%E1%BA%ADt@127.0.0.1:{sink.port}", hello_name="a.vn")
    assert (relay.user, relay.password) == ("ten", "sai mật")
    assert "sai" not in repr(relay)
    now = attempt(replace(delivery, carrier=relay), queue_code(database, clock))
    assert now.state is MessageState.QUEUED


def test_a_fault_of_ours_keeps_the_message(database: Database, clock: FixedClock, delivery: Delivery) -> None:
    message = queue_code(database, clock)
    locked_out = replace(delivery, vault=Vault("another key, so that the code cannot be opened"))
    now = attempt(locked_out, message)
    assert now.state is MessageState.QUEUED
    assert now.last_error == "temporary: internal InvalidTag"
    assert attempt(delivery, message).state is MessageState.ACCEPTED


def test_a_worker_that_lost_its_lease_stops_before_handing_over(
    database: Database, clock: FixedClock, sink: MailSink, delivery: Delivery
) -> None:
    message = queue_code(database, clock)
    key = (message.province_code, message.id)
    claim = partial(operations.claim_message, key=key, lease=delivery.sending_lease, host="camket.vidu.vn")
    slow = database.run(partial(claim, now=clock()))
    assert slow is not None
    clock.advance(timedelta(seconds=5))
    sweep_messages(delivery)
    assert state_of(database, message).state is MessageState.QUEUED
    assert attempt(delivery, message).state is MessageState.ACCEPTED
    late = partial(operations.record_handover, key=key, attempt=slow.attempts, now=clock(), lease=timedelta(minutes=1))
    assert not database.run(late)
    assert not database.run(partial(operations.postpone, key=key, attempt=slow.attempts, reason="late", now=clock()))
    assert len(sink.accepted) == 1


def test_a_worker_that_goes_on_while_the_sweeper_looks_is_left_alone(
    database: Database, clock: FixedClock, delivery: Delivery
) -> None:
    message = queue_code(database, clock)
    key, lease = (message.province_code, message.id), timedelta(seconds=1)
    database.run(partial(operations.claim_message, key=key, now=clock(), lease=lease, host="camket.vidu.vn"))
    clock.advance(timedelta(seconds=2))
    with database.read() as session:
        (seen,) = abandoned_messages(session, clock())
    assert database.run(partial(operations.record_handover, key=key, attempt=1, now=clock(), lease=lease))
    assert not database.run(partial(operations.settle_abandoned, seen=seen, taken=None, now=clock()))
    assert state_of(database, message).state is MessageState.HANDING_OVER
    assert database.run(partial(operations.record_accepted, key=key, attempt=1, now=clock()))
    assert not database.run(partial(operations.settle_abandoned, seen=seen, taken=None, now=clock()))
    assert state_of(database, message).state is MessageState.ACCEPTED


def test_a_late_answer_settles_an_uncertain_message(database: Database, clock: FixedClock, delivery: Delivery) -> None:
    message = queue_code(database, clock)
    key = (message.province_code, message.id)
    lease = timedelta(seconds=1)
    database.run(partial(operations.claim_message, key=key, now=clock(), lease=lease, host="camket.vidu.vn"))
    database.run(partial(operations.record_handover, key=key, attempt=1, now=clock(), lease=lease))
    clock.advance(timedelta(seconds=2))
    sweep_messages(delivery)
    assert state_of(database, message).state is MessageState.UNCERTAIN
    assert database.run(partial(operations.record_accepted, key=key, attempt=1, now=clock()))
    assert state_of(database, message).state is MessageState.ACCEPTED


def test_the_sweeper_finds_a_message_whose_task_is_gone(
    database: Database, clock: FixedClock, sink: MailSink, delivery: Delivery
) -> None:
    lost, waiting = queue_code(database, clock), queue_code(database, clock, "code:2")
    lost_task = schema.jobs.c.arguments.like(f"%{lost.id}%")
    database.run(lambda session: session.execute(delete(schema.jobs).where(lost_task)) and None)
    sweep_messages(delivery)
    assert queued_tasks(database) == 1, "it is not overdue yet"
    clock.advance(timedelta(seconds=3))
    sweep_messages(delivery)
    sweep_messages(delivery)
    assert queued_tasks(database) == 2, "one new task for the lost message, none for the waiting one"
    run_worker(database, TaskTable(*delivery_tasks(delivery)), once=True)
    assert len(sink.accepted) == 2
    assert state_of(database, waiting).state is MessageState.ACCEPTED


def test_the_folder_takes_mail_when_there_is_no_relay(database: Database, clock: FixedClock, tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    delivery = delivery_for(database, str(folder), clock=clock)
    first = queue_code(database, clock)
    clock.advance(timedelta(seconds=1))
    link = "https://camket.vidu.vn/ky-cam-ket/tiep-tuc/abc.def"
    second = queue_code(database, clock, "draft", kind="draft_link", params={"days": 30}, secret_params={"link": link})
    assert attempt(delivery, first).state is attempt(delivery, second).state is MessageState.ACCEPTED
    assert sorted(file.name for file in folder.iterdir()) == sorted([f"{first.id}.eml", f"{second.id}.eml"])
    assert folder.stat().st_mode & 0o077 == 0
    newest, oldest = read_mail_folder(folder)
    assert (newest.to, newest.subject) == (ADDRESS, "Tiếp tục bản cam kết đang viết")
    assert newest.links == (link, "https://camket.vidu.vn")
    assert newest.sent_at == clock()
    assert "471902" in oldest.text
    assert len(read_mail_folder(folder, limit=1)) == 1
    assert read_mail_folder(tmp_path / "not there") == []


def test_a_folder_that_cannot_be_written_is_tried_again(database: Database, clock: FixedClock, tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file where the folder should be")
    delivery = delivery_for(database, str(tmp_path / "mail"), clock=clock)
    message = queue_code(database, clock)
    assert attempt(delivery, message).state is MessageState.QUEUED
    (tmp_path / "mail").unlink()
    assert attempt(delivery, message).state is MessageState.ACCEPTED


def test_what_became_of_mail(database: Database, clock: FixedClock, sink: MailSink, delivery: Delivery) -> None:
    sink.refused.add("khong.co@vidu.vn")
    attempt(delivery, queue_code(database, clock, to_address="khong.co@vidu.vn"))
    attempt(delivery, queue_code(database, clock, "code:2"))
    oldest = clock()
    queue_code(database, clock, "code:3")
    clock.advance(timedelta(days=2))
    queue_code(database, clock, "code:4", province_code="82")
    with database.read() as session:
        state = mail_state(session)
        assert (state.waiting, state.waiting_since, state.failed, state.uncertain) == (2, oldest, 1, 0)
        assert mail_state(session, since=clock()).failed == 0
        assert mail_state(session, since=clock()).waiting == 2
        assert mail_state(session, "82").waiting_since == clock()
        found = message_of(session, "20", "code:1")
        assert found is not None
        assert found.state is MessageState.FAILED
        assert message_of(session, "20", "no such key") is None
        assert troubled_messages(session, "82") == []


def test_the_settings_choose_the_way_out(database: Database, clock: FixedClock, settings_for_test: Settings) -> None:
    tools: dict[str, Any] = {"database": database, "vault": Vault(DATA_KEY), "clock": clock, "read_file": no_files}
    chosen = Delivery.from_settings(settings_for_test, **tools)
    message = attempt(chosen, queue_code(database, clock))
    assert message.state is MessageState.ACCEPTED
    (mail,) = read_mail_folder(settings_for_test.mail_folder)
    assert mail.to == ADDRESS
    relay = read_settings({"PLEDGES_SMTP_URL": "smtp+starttls://ten:mat@relay.vidu.vn"})
    carrier = Delivery.from_settings(relay, **tools).carrier
    assert carrier == SmtpCarrier("relay.vidu.vn", 587, "starttls", "ten", "mat", hello_name="127.0.0.1")
    assert carrier_for("smtps://relay.vidu.vn").port == 465
    assert chosen.pace.per_domain > 1000, "a folder needs no pace"
    given = {
        "PLEDGES_SMTP_URL": "smtp+starttls://ten:mat@relay.vidu.vn",
        "PLEDGES_MAIL_PER_MINUTE": "60",
        "PLEDGES_BOUNCES": "/var/mbox",
        "PLEDGES_BOUNCE_ADDRESS": "tra-lai@vidu.vn",
    }
    many = Delivery.from_settings(read_settings(given), **tools, followers={"code": print})
    assert (many.pace, many.returned, dict(many.followers)) == (
        Pace(60, 300),
        Mailbox(Path("/var/mbox")),
        {"code": print},
    )
    assert many.letters.bounce_address == "tra-lai@vidu.vn"
