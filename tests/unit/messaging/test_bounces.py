"""Mail that came back: what it says is understood in the shapes of several mail systems, and recorded once."""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.core.db import Database
from pledges.messaging import operations
from pledges.messaging.bounces import MOST_BYTES, Bounce, parse_bounce, without_others
from pledges.messaging.bulk import release_held
from pledges.messaging.delivery import BouncesRead, Delivery, deliver_message, read_bounces, read_returned
from pledges.messaging.models import BounceSeen, Message, MessageState
from pledges.messaging.queries import batch_state
from pledges.messaging.returned_mail import REMEMBERED, Mailbox, record_bounce
from tests.support.clock import FixedClock
from tests.support.mail_sink import MailSink, Mood, mail_sink
from tests.support.messages import delivery_for, queue_code, queue_one_of_many, state_of
from tests.support.returned import HOST, RETURN, append, exim, plain, qmail, report

MESSAGE = uuid.UUID("01900000-0000-7000-8000-0000000000ab")
VERP = f"tra-lai+{MESSAGE.hex}@vidu.vn"
HEADERS = f"Subject: Thư\nMessage-ID: <{MESSAGE}@{HOST}>\nDate: Fri, 20 Nov 2026 10:00:00 +0700\n"
BOUNCED = "550 5.1.1 <sai@vidu.vn>: no such mailbox"

read = partial(parse_bounce, host=HOST, bounce_address=RETURN)


@pytest.fixture
def sink() -> Iterator[MailSink]:
    with mail_sink() as relay:
        yield relay


@pytest.mark.parametrize(
    ("mail", "reason"),
    [
        (report(VERP), BOUNCED),
        (report(VERP.upper()), BOUNCED),
        (report("khac@vidu.vn", extra=f"X-Original-To: {VERP}\n"), BOUNCED),
        (report(RETURN, returned=HEADERS), BOUNCED),
        (report(RETURN, extra=f"In-Reply-To: <{MESSAGE}@{HOST}>\n"), BOUNCED),
        (report(VERP, status="5.0.0", said="x-unix; đầy hộp thư"), "5.0.0 đầy hộp thư"),
        (report(VERP, action="", status="5.7.1", said=""), "5.7.1"),
        (report(VERP, status="4.4.7", said="smtp; 450 4.4.7 expired"), "450 4.4.7 expired"),
        (report(VERP).replace(b"\n", b"\r\n"), BOUNCED),
        (exim(RETURN, HEADERS), "550 5.1.1 <sai@vidu.vn>: Hộp thư không tồn tại"),
        (exim(VERP, ""), "550 5.1.1 <sai@vidu.vn>: Hộp thư không tồn tại"),
        (qmail(RETURN, HEADERS), "Sorry, no mailbox here by that name. (#5.1.1)"),
        (qmail(VERP, ""), "Sorry, no mailbox here by that name. (#5.1.1)"),
        (report(VERP) + b"x" * MOST_BYTES, BOUNCED),
    ],
)
def test_a_mail_that_will_never_arrive(mail: bytes, reason: str) -> None:
    assert read(mail) == Bounce(MESSAGE, reason)


@pytest.mark.parametrize(
    "mail",
    [
        b"",
        b"\xff\xfe\x00" * 1000,
        report(VERP, action="delayed", status="4.4.1", said="smtp; 451 4.4.1 try later"),
        report(VERP, action="delivered", status="2.0.0", said="smtp; 250 2.0.0 OK"),
        report(VERP, action="", status="4.2.2", said="smtp; 452 4.2.2 full"),
        report("tra-lai@vidu.vn"),
        report(f"khac+{MESSAGE.hex}@vidu.vn"),
        report(f"xtra-lai+{MESSAGE.hex}@vidu.vn"),
        report(f"tra-lai+{MESSAGE.hex}@khac.vn"),
        report(RETURN, returned=HEADERS.replace(HOST, "khac.vidu.vn")),
        plain(VERP, "Tôi đi vắng đến ngày 5.1.2027.\n"),
        plain(VERP, "550 x\n", headers="Return-Path: <>\nAuto-Submitted: auto-replied\n").replace(b"MAILER", b"NGUOI"),
        plain(VERP, "Tôi đi vắng. 550 người\n").replace(b"MAILER-DAEMON@mx", b"nguoi.nhan@mx"),
        plain(VERP, "It has not yet been delivered: 550 5.1.1 later\n", subject="Warning: message delayed 24 hours"),
        plain(VERP, "host mx.vidu.vn [5.5.5.5] port 587: 450 4.7.1 greylisted, size 512 KB\n"),
    ],
)
def test_what_is_no_bounce_of_ours(mail: bytes) -> None:
    assert read(mail) is None


def test_without_an_address_of_its_own_only_what_was_returned_counts() -> None:
    assert parse_bounce(report(VERP), host=HOST) is None
    assert parse_bounce(report("ai@vidu.vn", returned=HEADERS), host=HOST) == Bounce(MESSAGE, BOUNCED)


def nested(depth: int) -> bytes:
    inner = b"".join(b"Content-Type: multipart/mixed; boundary=%d\n\n--%d\n" % (n, n) for n in range(depth))
    return b"From: MAILER-DAEMON\nTo: " + VERP.encode() + b"\n" + inner


@pytest.mark.parametrize(
    "mail",
    [
        nested(90),
        nested(5000),
        b"From: MAILER-DAEMON\nContent-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n\n" * 10_000,
        b"From: MAILER-DAEMON\nTo: " + b"a," * 10_000_000,
        b"From: MAILER-DAEMON\nTo: " + b"=?utf-8?b?" * 50_000,
        b"From: MAILER-DAEMON\n" + b"To: a@b\n" * 50_000 + b"\n550 x",
        b"From: MAILER-DAEMON\n\n" + b"message-id: " * 50_000,
        b"From: MAILER-DAEMON\n\n" + b"550 " + b"a@" * 200_000,
        b"From: MAILER-DAEMON\nContent-Type: text/plain; charset=\xff\nContent-Transfer-Encoding: base64\n\n550 \xff=",
        b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n"
        + b"Action: failed\n\n" * 20_000,
    ],
    ids=range(10),
)
def test_a_hostile_mail_costs_little(mail: bytes) -> None:
    begin = time.process_time()
    read(mail)
    assert time.process_time() - begin < 2


def test_nothing_of_anybody_else_is_kept() -> None:
    said = "550 <Sai@vidu.vn>: forwarded to nguyen.van.b@vidu.vn,\r\nsee https://vidu.vn/x?u=b www.vidu.vn \u202eok"
    assert without_others(said, "sai@vidu.vn") == "550 <Sai@vidu.vn>: forwarded to …, see … … ok"
    assert len(without_others("a" * 10_000, "sai@vidu.vn")) == 200


# --- Recording -----------------------------------------------------------------------------------------------------


class Told(list[tuple[uuid.UUID, MessageState, bool]]):
    """What the follower of the asks heard."""

    def __call__(self, _session: Session, message: Message, _now: object) -> None:
        self.append((message.id, message.state, message.bounced_at is not None))


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def delivery(database: Database, clock: FixedClock, sink: MailSink, told: Told) -> Delivery:
    made = delivery_for(database, sink.url, clock=clock, followers={"draft_link": told})
    made.letters.bounce_address = RETURN
    return made


def sent(delivery: Delivery, clock: FixedClock, name: str = "sai") -> Message:
    """One of many, as far as the relay."""
    message = queue_one_of_many(delivery.database, clock, name)
    delivery.database.run(partial(release_held, now=clock(), pace=delivery.pace))
    deliver_message(delivery, message.province_code, str(message.id))
    return state_of(delivery.database, message)


def seen(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(BounceSeen)) or 0


def test_a_letter_that_comes_back_is_told_once_however_often_it_is_read_twice(
    delivery: Delivery, clock: FixedClock, sink: MailSink, told: Told, tmp_path: Path
) -> None:
    message = sent(delivery, clock)
    (envelope,) = sink.accepted
    assert envelope.mail_from == f"tra-lai+{message.id.hex}@vidu.vn"
    assert sink.mails[0]["From"].addresses[0].addr_spec == "khong-tra-loi@vidu.vn"
    mbox = tmp_path / "tra-lai"
    mailbox = Mailbox(mbox)
    assert read_bounces(delivery, mailbox) == BouncesRead(0, 0, 0), "there is none before the first mail"
    unknown = uuid.uuid4().hex
    append(mbox, report(envelope.mail_from), report(f"tra-lai+{unknown}@vidu.vn"), b"Subject: hello\n\nhello\n")
    clock.advance(timedelta(hours=1))
    assert read_bounces(delivery, mailbox) == BouncesRead(3, 1, 1)
    now = state_of(delivery.database, message)
    assert (now.state, now.bounced_at, now.bounce_reason) == (MessageState.ACCEPTED, clock(), BOUNCED)
    heard = [(message.id, MessageState.ACCEPTED, False), (message.id, MessageState.ACCEPTED, True)]
    assert told == heard
    with delivery.database.read() as session:
        state = batch_state(session, "20", "round:1")
        assert (state.accepted, state.bounced) == (0, 1)
    again = report(envelope.mail_from, said="smtp; 550 5.7.1 other words")
    append(mbox, again)
    clock.advance(timedelta(hours=1))
    assert read_bounces(delivery, mailbox) == BouncesRead(1, 1, 0)
    assert read_bounces(delivery, Mailbox(mbox)) == BouncesRead(0, 0, 0), "a worker that has just started"
    assert state_of(delivery.database, message).bounce_reason == BOUNCED
    assert told == heard
    clock.advance(REMEMBERED + timedelta(seconds=1))
    append(mbox, b"Subject: later\n\n")
    read_bounces(delivery, mailbox)
    assert seen(delivery.database) == 1, "digests are not kept for ever"
    mbox.unlink()
    assert read_bounces(delivery, mailbox) == BouncesRead(0, 0, 0)


def test_mail_by_itself_comes_back_to_the_sender_and_is_known_by_its_number(
    delivery: Delivery, clock: FixedClock, sink: MailSink, tmp_path: Path
) -> None:
    message = queue_code(delivery.database, clock)
    deliver_message(delivery, message.province_code, str(message.id))
    assert sink.accepted[0].mail_from == "khong-tra-loi@vidu.vn"
    append(tmp_path / "mbox", report("khong-tra-loi@vidu.vn", returned=f"Message-ID: {sink.mails[0]['Message-ID']}\n"))
    assert read_bounces(delivery, Mailbox(tmp_path / "mbox")) == BouncesRead(1, 1, 0)
    assert state_of(delivery.database, message).bounced_at == clock()


def test_a_report_settles_what_nobody_could_know(
    delivery: Delivery, clock: FixedClock, sink: MailSink, told: Told
) -> None:
    sink.mood = Mood.DIE_AFTER_DATA
    message = sent(delivery, clock)
    bounce = Bounce(message.id, BOUNCED)
    assert delivery.database.run(partial(record_bounce, bounce=bounce, now=clock(), followers=delivery.followers))
    now = state_of(delivery.database, message)
    assert (now.state, now.accepted_at, now.bounced_at) == (MessageState.ACCEPTED, clock(), clock())
    assert told == [(message.id, MessageState.UNCERTAIN, False), (message.id, MessageState.ACCEPTED, True)]


def test_nobody_can_bounce_what_was_never_sent(delivery: Delivery, clock: FixedClock, told: Told) -> None:
    message = queue_one_of_many(delivery.database, clock, "cho")
    work = partial(record_bounce, bounce=Bounce(message.id, BOUNCED), now=clock(), followers=delivery.followers)
    assert not delivery.database.run(work)
    assert state_of(delivery.database, message).bounced_at is None
    assert told == []


def test_a_report_that_is_faster_than_the_relays_answer(
    delivery: Delivery, clock: FixedClock, sink: MailSink, told: Told
) -> None:
    message = queue_code(delivery.database, clock)
    key = (message.province_code, message.id)
    lease = timedelta(seconds=1)
    delivery.database.run(partial(operations.claim_message, key=key, now=clock(), lease=lease, host=HOST))
    delivery.database.run(partial(operations.record_handover, key=key, attempt=1, now=clock(), lease=lease))
    with delivery.database.read() as session:
        seen_before = session.get_one(Message, key)
    delivery.database.run(partial(record_bounce, bounce=Bounce(message.id, BOUNCED), now=clock()))
    delivery.database.run(partial(operations.settle_abandoned, seen=seen_before, taken=None, now=clock()))
    now = state_of(delivery.database, message)
    assert (now.state, now.bounced_at) == (MessageState.ACCEPTED, clock()), "what came back had been taken"


def test_two_readers_at_once_tell_once(delivery: Delivery, clock: FixedClock, told: Told, tmp_path: Path) -> None:
    ids = [sent(delivery, clock, f"a{number}").id for number in range(5)]
    del told[:]
    mbox = tmp_path / "mbox"
    append(mbox, *(report(f"tra-lai+{each.hex}@vidu.vn") for each in ids))
    barrier, found = threading.Barrier(3), list[BouncesRead]()

    def look() -> None:
        barrier.wait()
        found.append(read_bounces(delivery, Mailbox(mbox)))

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(each.mails for each in found) == 5
    assert sorted(told) == sorted((each, MessageState.ACCEPTED, True) for each in ids)


def test_what_could_not_be_recorded_is_read_again(
    delivery: Delivery, clock: FixedClock, told: Told, tmp_path: Path
) -> None:
    message = sent(delivery, clock)
    mbox = tmp_path / "mbox"
    append(mbox, report(f"tra-lai+{message.id.hex}@vidu.vn"))
    mailbox = Mailbox(mbox)
    away = Database("sqlite:////nowhere/pledges.sqlite")

    with pytest.raises(Exception, match="unable to open"):
        read_bounces(replace(delivery, database=away), mailbox)
    away.dispose()
    read_returned(replace(delivery, returned=mailbox))
    assert state_of(delivery.database, message).bounced_at == clock()


# --- Mailboxes -----------------------------------------------------------------------------------------------------

ONE, TWO, THREE = (b"Subject: %d\n\nbody\n>From quoted\nFrom a sentence\n" % number for number in (1, 2, 3))


def subjects(mailbox: Mailbox, limit: int = 100) -> list[str]:
    return [mail.head.split(b"\n")[0].decode() for mail in mailbox.unread(limit)]


def test_a_growing_file_is_read_on_where_it_ended(tmp_path: Path) -> None:
    mbox = tmp_path / "mbox"
    mailbox = Mailbox(mbox)
    append(mbox, ONE, TWO)
    assert subjects(mailbox) == ["Subject: 1", "Subject: 2"]
    assert subjects(mailbox) == []
    append(mbox, THREE)
    assert subjects(mailbox) == ["Subject: 2", "Subject: 3"], "the last one may have been there in part only"
    with mbox.open("ab") as file:
        file.write(b"From MAILER-DAEMON\nSubj")
    assert subjects(mailbox)[-1] == "Subj"
    with mbox.open("ab") as file:
        file.write(b"ect: 4\n\n")
    assert subjects(mailbox) == ["Subject: 4"]
    assert [len(subjects(Mailbox(mbox), limit)) for limit in (2, 3, 9)] == [2, 3, 4]
    slow = Mailbox(mbox)
    assert [subjects(slow, 2) for _ in range(3)] == [
        ["Subject: 1", "Subject: 2"],
        ["Subject: 2", "Subject: 3"],
        ["Subject: 3", "Subject: 4"],
    ]


def move_away(mbox: Path) -> None:
    mbox.rename(mbox.with_suffix(".1"))


def truncate(mbox: Path) -> None:
    os.truncate(mbox, 0)


@pytest.mark.parametrize("rotate", [move_away, truncate])
@pytest.mark.parametrize("more", [0, 40])
def test_a_rotated_file_is_read_from_its_beginning(tmp_path: Path, rotate: Callable[[Path], None], more: int) -> None:
    """Also when it has grown past the old place meanwhile."""
    mbox = tmp_path / "mbox"
    mailbox = Mailbox(mbox)
    append(mbox, ONE, TWO)
    assert len(subjects(mailbox)) == 2
    rotate(mbox)
    append(mbox, THREE, *[b"Subject: more\n\nof another length\n"] * more)
    assert subjects(mailbox) == ["Subject: 3"] + ["Subject: more"] * more


def test_a_huge_mail_is_never_held_whole(tmp_path: Path) -> None:
    mbox = tmp_path / "mbox"
    append(mbox, b"Subject: 1\n\n" + b"x" * 3 * MOST_BYTES + b"\n", TWO)
    first, second = Mailbox(mbox).unread()
    assert (len(first.head), second.head.split(b"\n")[0]) == (MOST_BYTES, b"Subject: 2")


def test_a_folder_is_read_and_never_changed(tmp_path: Path) -> None:
    for part in ("cur", "new", "tmp"):
        (tmp_path / part).mkdir()
    mailbox = Mailbox(tmp_path)
    (tmp_path / "new" / "1.host").write_bytes(ONE)
    (tmp_path / "tmp" / "2.host").write_bytes(TWO)
    (tmp_path / "new" / "link").symlink_to(tmp_path / "tmp" / "2.host")
    os.mkfifo(tmp_path / "new" / "pipe")
    (tmp_path / "new" / "folder").mkdir()
    assert subjects(mailbox) == ["Subject: 1"]
    (tmp_path / "tmp" / "2.host").rename(tmp_path / "new" / "2.host")
    (tmp_path / "new" / "1.host").rename(tmp_path / "cur" / "1.host:2,S")
    assert subjects(mailbox, 1) == ["Subject: 2"]
    assert subjects(mailbox) == []
    assert sorted(each.name for each in tmp_path.rglob("*.host*")) == ["1.host:2,S", "2.host"]
    mailbox.forget()
    assert len(subjects(mailbox)) == 2
    (tmp_path / "cur" / "1.host:2,S").unlink()
    (tmp_path / "cur").rmdir()
    with pytest.raises(FileNotFoundError):
        subjects(mailbox)
