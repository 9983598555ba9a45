"""The mail relay of the simulated year: what it does with a mail hangs on the address, and the book is told.

Messages go through the states that delivering leads them through (`messaging.operations`), without being composed.
"""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.core.calendar import local_day
from pledges.core.db import Database
from pledges.messaging import operations
from pledges.messaging.bounces import Bounce
from pledges.messaging.models import Message, MessageState, PausedBatch
from pledges.messaging.returned_mail import record_bounce
from pledges.messaging.rules import enter
from pledges.rounds.followers import FOLLOWERS
from pledges.rounds.models import Round
from tests.support.year.book import Book

CHUNK = 100
_LEASE = timedelta(minutes=1)


@dataclass(frozen=True)
class Mail:
    """One message and whom it is for."""

    province: str
    message_id: uuid.UUID
    agency: str
    quarter: str
    subject: int
    step: str
    address: str

    @property
    def place(self) -> tuple[str, str, int, str]:
        return self.agency, self.quarter, self.subject, self.step


@dataclass
class Relay:
    """Addresses begin with their fate: `late`, `refused`, `unsure`, `dead5` (comes back after five days)."""

    database: Database
    book: Book
    numbers: dict[uuid.UUID, int]
    """Per entity the number of its subject."""
    line: dict[uuid.UUID, Mail] = field(default_factory=dict)
    """Written and not with the relay yet."""
    underway: list[tuple[datetime, Mail]] = field(default_factory=list)
    """What will come back, and when."""
    outcomes: Counter[str] = field(default_factory=Counter)
    _rounds: dict[uuid.UUID, tuple[str, str]] = field(default_factory=dict)

    def collect(self, now: datetime) -> list[Mail]:
        """What has been written since the last time; what was taken out of the line since is called off."""
        with self.database.read() as session:
            held = select(Message).where(Message.state == MessageState.HELD, Message.batch.is_not(None))
            found = session.scalars(held.order_by(Message.created_at, Message.id)).all()
            written = [self._mail(session, message) for message in found if message.id not in self.line]
        gone = set(self.line) - {message.id for message in found}
        day = local_day(now)
        for message_id in sorted(gone):
            self.book.write(day, "mail", *self.line.pop(message_id).place, "called off")
        for mail in written:
            self.line[mail.message_id] = mail
            self.book.write(day, "written", *mail.place)
        return written

    def _mail(self, session: Session, message: Message) -> Mail:
        _round, round_id, entity_id, step = message.dedupe_key.split(":")
        key = uuid.UUID(round_id)
        if key not in self._rounds:
            of_round = session.get_one(Round, (message.province_code, key))
            self._rounds[key] = of_round.agency_code, of_round.quarter
        subject = self.numbers[uuid.UUID(entity_id)]
        return Mail(message.province_code, message.id, *self._rounds[key], subject, step, message.to_address)

    def deliver(self, now: datetime, *, late: bool, share: int = 1) -> int:
        """Take what stands in line, or a share of it; `late`: also mail to those whose relay is slow."""
        with self.database.read() as session:
            paused = set(session.scalars(select(PausedBatch.batch)))
        held = {f"round:{round_id}" for round_id in self._rounds} & paused
        stopped = {self._rounds[uuid.UUID(batch.removeprefix("round:"))] for batch in held}
        going = [
            mail
            for mail in self.line.values()
            if mail.subject % share == 0
            and (late or not mail.address.startswith("late"))
            and (mail.agency, mail.quarter) not in stopped
        ]
        for start in range(0, len(going), CHUNK):
            chunk = going[start : start + CHUNK]
            outcomes = self.database.run(
                lambda session, chunk=chunk: [_take(session, mail, now) for mail in chunk]  # type: ignore[misc]
            )
            for mail, outcome in zip(chunk, outcomes, strict=True):
                self._note(mail, outcome, now)
        return len(going)

    def _note(self, mail: Mail, outcome: str, now: datetime) -> None:
        del self.line[mail.message_id]
        self.book.write(local_day(now), "mail", *mail.place, outcome)
        self.outcomes[outcome] += 1
        fate = mail.address.partition(".")[0]
        if fate.startswith("dead") and outcome == "reached":
            self.underway.append((now + timedelta(days=int(fate[4:])), mail))

    def return_mail(self, now: datetime) -> int:
        """Let come back what is due."""
        due = [mail for when, mail in self.underway if when <= now]
        self.underway = [each for each in self.underway if each[0] > now]
        for mail in due:
            bounce = Bounce(mail.message_id, "550 5.1.1 no such mailbox")
            known = self.database.run(
                lambda session, bounce=bounce: record_bounce(session, bounce, now, FOLLOWERS)  # type: ignore[misc]
            )
            assert known
            self.book.write(local_day(now), "bounced", *mail.place, mail.address)
        return len(due)


def _take(session: Session, mail: Mail, now: datetime) -> str:
    """Hand one mail over; what became of it."""
    key = (mail.province, mail.message_id)
    enter(session.get_one(Message, key), MessageState.QUEUED)
    claimed = operations.claim_message(session, key, now=now, lease=_LEASE, host="vidu.vn", followers=FOLLOWERS)
    if claimed is None:
        return "called off"
    attempt = claimed.attempts
    if mail.address.startswith("refused"):
        assert operations.record_failed(session, key, attempt, "refused", "550", now=now, followers=FOLLOWERS)
        return "refused"
    assert operations.record_handover(session, key, attempt, now=now, lease=_LEASE)
    if mail.address.startswith("unsure"):
        assert operations.record_uncertain(session, key, attempt, "no answer", now=now, followers=FOLLOWERS)
        return "uncertain"
    assert operations.record_accepted(session, key, attempt, now=now, followers=FOLLOWERS)
    return "reached"
