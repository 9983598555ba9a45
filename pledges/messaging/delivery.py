"""Delivering messages: the tasks of the worker. Every step that must survive a crash is its own transaction."""

from __future__ import annotations

import logging
import math
import uuid
from collections.abc import Callable
from dataclasses import asdict, astuple, dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import islice

import structlog
from sqlalchemy.orm import Session

from pledges.core.calendar import Clock
from pledges.core.crashpoints import crash_point
from pledges.core.db import Database
from pledges.core.errors import DomainError
from pledges.core.secrecy import Vault
from pledges.jobs.operations import enqueue
from pledges.jobs.queries import in_queue
from pledges.jobs.tasks import Schedule, Task
from pledges.messaging import operations, queries
from pledges.messaging.bounces import parse_bounce
from pledges.messaging.bulk import PACE_SECONDS, Pace, expire_held, release_held
from pledges.messaging.carriers import Carrier, FolderCarrier, NotAccepted, SmtpCarrier, Unanswered
from pledges.messaging.catalogue import MESSAGE_KINDS
from pledges.messaging.following import NO_FOLLOWERS, Followers
from pledges.messaging.letters import Letter, Letters
from pledges.messaging.models import Message
from pledges.messaging.operations import DELIVER_MESSAGE, Key, secrets_of
from pledges.messaging.returned_mail import Mailbox, Returned, forget_seen, not_seen, record_bounce, remember
from pledges.messaging.sms import NO_GATEWAY, SmsCarrier
from pledges.settings import Settings

log = logging.getLogger("pledges.messaging")
events = structlog.get_logger()

SWEEP_MESSAGES = "sweep_messages"
SWEEP_SECONDS = 10.0
PACE_MAIL = "pace_mail"
READ_BOUNCES = "read_bounces"
_NO_LIMIT = 10_000
READ_BOUNCES_SECONDS = 60.0
_CHUNK = 50
"""Returned mails in one transaction."""
_PATIENT = 11
"""Attempts to record an answer of the relay: over half a minute, because losing it makes the message uncertain."""


@dataclass(frozen=True)
class Delivery:
    """What the tasks need besides the rows."""

    database: Database
    vault: Vault
    clock: Clock
    letters: Letters
    carrier: Carrier
    read_file: Callable[[str], bytes]
    """The stored file of that SHA-256. OSError: the storage is away; DomainError: the file is damaged or gone."""
    sms: Carrier | None = None
    """The gateway for text messages, where there is one."""
    sending_lease: timedelta = field(default=timedelta(seconds=45))
    """After that long a worker that has not begun to hand over is thought dead. A mistake costs one more attempt."""
    handover_lease: timedelta = field(default=timedelta(seconds=150))
    """After that long a message that is being handed over becomes uncertain: more than any wait of the carrier."""
    overdue: timedelta = field(default=timedelta(seconds=60))
    """A queued message so much past its time is looked for in the queue of tasks."""
    followers: Followers = field(default_factory=dict)
    """Who is told what became of which kind of message, in the transaction in which it becomes known."""
    pace: Pace = field(default=Pace())
    """How fast mail to many leaves."""
    returned: Mailbox | None = None
    """Where mail that cannot be delivered comes back to, where somebody reads it."""

    @classmethod
    def from_settings(
        cls,
        settings: Settings,
        *,
        database: Database,
        vault: Vault,
        clock: Clock,
        read_file: Callable[[str], bytes],
        followers: Followers = NO_FOLLOWERS,
    ) -> Delivery:
        letters = Letters(
            mail_from=settings.mail_from,
            public_url=settings.public_url,
            owner_name=settings.owner_name,
            owner_contact=settings.owner_contact,
            bounce_address=settings.bounce_address,
        )
        carrier: Carrier = FolderCarrier(settings.mail_folder)
        if settings.smtp_url is not None:
            carrier = SmtpCarrier.from_url(settings.smtp_url, hello_name=letters.host)
        sms = SmsCarrier(settings.sms_url, settings.sms_token) if settings.sms_url is not None else None
        # A folder refuses nobody: there is nothing to spare.
        pace = Pace(_NO_LIMIT, _NO_LIMIT)
        if settings.smtp_url is not None:
            pace = Pace(settings.mail_per_minute, settings.mail_per_domain_per_minute)
        return cls(
            database,
            vault,
            clock,
            letters,
            carrier,
            read_file,
            sms,
            followers=followers,
            pace=pace,
            returned=Mailbox(settings.bounces) if settings.bounces is not None else None,
        )

    def carrier_of(self, kind: str) -> Carrier:
        """Who takes this kind of message."""
        if not MESSAGE_KINDS[kind].by_phone:
            return self.carrier
        return self.sms if self.sms is not None else NO_GATEWAY


def delivery_tasks(delivery: Delivery) -> tuple[Task, ...]:
    """For the worker's table of tasks; to be run with `DELIVERY_SCHEDULES`."""
    return (
        Task(DELIVER_MESSAGE, partial(deliver_message, delivery), attempts=8, backoff_seconds=5),
        Task(SWEEP_MESSAGES, partial(sweep_messages, delivery), attempts=1),
        Task(PACE_MAIL, partial(pace_mail, delivery), attempts=1),
        Task(READ_BOUNCES, partial(read_returned, delivery), attempts=1),
    )


DELIVERY_SCHEDULES = (
    Schedule(SWEEP_MESSAGES, SWEEP_MESSAGES, SWEEP_SECONDS),
    Schedule(PACE_MAIL, PACE_MAIL, PACE_SECONDS),
    Schedule(READ_BOUNCES, READ_BOUNCES, READ_BOUNCES_SECONDS),
)


class _LeaseLost(Exception):
    """Another worker has taken over: stop before anything leaves our hands."""


class _AttachmentLost(Exception):
    """The file that must go with the message is damaged or gone."""


def deliver_message(delivery: Delivery, province_code: str, message_id: str) -> None:
    """Make one attempt to deliver one message, if it still waits for one."""
    key = (province_code, uuid.UUID(message_id))
    message = delivery.database.run(
        partial(
            operations.claim_message,
            key=key,
            now=delivery.clock(),
            lease=delivery.sending_lease,
            host=delivery.letters.host,
            followers=delivery.followers,
        )
    )
    if message is None:
        return
    crash_point("mail.after_claim")
    _attempt(delivery, key, message)


def _attempt(delivery: Delivery, key: Key, message: Message) -> None:
    database, attempt = delivery.database, message.attempts
    handed_over = False

    def about_to_hand_over() -> None:
        nonlocal handed_over
        lease, now = delivery.handover_lease, delivery.clock()
        if not database.run(partial(operations.record_handover, key=key, attempt=attempt, now=now, lease=lease)):
            raise _LeaseLost
        handed_over = True

    try:
        delivery.carrier_of(message.kind).send(_letter(delivery, message), about_to_hand_over)
    except _LeaseLost:
        return
    except _AttachmentLost as loss:
        work = partial(operations.record_failed, word="attachment", reason=str(loss))
    except NotAccepted as refusal:
        if refusal.permanent:
            work = partial(operations.record_failed, word="refused", reason=str(refusal))
        else:
            work = partial(operations.postpone, reason=str(refusal))
    except Unanswered as silence:
        work = partial(operations.record_uncertain, reason=str(silence))
    except Exception as error:
        log.exception("A message could not be sent because of a fault of ours", extra={"message_kind": message.kind})
        record = operations.record_uncertain if handed_over else operations.postpone
        work = partial(record, reason=f"internal {type(error).__name__}")
    else:
        crash_point("mail.after_data")
        work = partial(operations.record_accepted)
    work = partial(work, key=key, attempt=attempt, now=delivery.clock(), followers=delivery.followers)
    database.run(work, attempts=_PATIENT, within=math.inf)
    crash_point("mail.after_accepted")


def _letter(delivery: Delivery, message: Message) -> Letter:
    secrets = secrets_of(message, delivery.vault)
    if message.attachment_sha256 is None:
        return delivery.letters.compose(message, secrets)
    try:
        file = delivery.read_file(message.attachment_sha256)
    except OSError as error:
        raise NotAccepted(f"the attachment: {type(error).__name__} {error.strerror or error}") from error
    except DomainError as error:
        raise _AttachmentLost(str(error)) from error
    return delivery.letters.compose(message, secrets, file)


def sweep_messages(delivery: Delivery) -> None:
    """Bring back what dead workers left behind, and find queued messages whose task is gone."""
    now = delivery.clock()
    with delivery.database.read() as session:
        abandoned = queries.abandoned_messages(session, now)
        overdue = queries.overdue_messages(session, now - delivery.overdue)
        tasks = in_queue(session, DELIVER_MESSAGE, {(each.province_code, str(each.id)) for each in overdue})
    for message in abandoned:
        taken = delivery.carrier_of(message.kind).has_taken(message.id)
        settle = partial(operations.settle_abandoned, taken=taken, now=now, followers=delivery.followers)
        delivery.database.run(partial(settle, seen=message))
    for message in overdue:
        if (message.province_code, str(message.id)) not in tasks:
            key = (message.province_code, message.id)
            delivery.database.run(partial(operations.enqueue_lost, key=key, now=now))


_ONWARD = "onward"


def pace_mail(delivery: Delivery, onward: str = "") -> None:
    """Let held mail go as the pace allows, and end what stood in line for too long.

    As long as something could go, the next look follows those that have gone: few are on their way at once, and a
    relay that is quick need not wait for the schedule.
    """
    with delivery.database.read() as session:
        if not queries.any_held(session):
            return
    now = delivery.clock()
    delivery.database.run(partial(expire_held, now=now, followers=delivery.followers))
    delivery.database.run(partial(_release, now=now, pace=delivery.pace, onward=onward))


def _release(session: Session, *, now: datetime, pace: Pace, onward: str) -> None:
    if release_held(session, now, pace) and (onward or not in_queue(session, PACE_MAIL, {(_ONWARD,)})):
        enqueue(session, PACE_MAIL, _ONWARD, behind_others=True)


def read_returned(delivery: Delivery) -> None:
    """Look into the mailbox of the settings, if there is one."""
    if delivery.returned is not None:
        read_bounces(delivery, delivery.returned)


@dataclass(frozen=True)
class BouncesRead:
    """What a look into the mailbox brought."""

    mails: int
    bounced: int
    """Reports about messages of ours, those that were known already among them."""
    unknown: int
    """Reports about messages that were never sent from here."""


def read_bounces(delivery: Delivery, mailbox: Mailbox) -> BouncesRead:
    """Record what has come back since the last time; reading the same mail again changes nothing."""
    read = BouncesRead(0, 0, 0)
    mails = mailbox.unread()
    try:
        while chunk := list(islice(mails, _CHUNK)):
            with delivery.database.read() as session:
                new = not_seen(session, chunk)
            if new:
                found = delivery.database.run(partial(_record_returned, delivery=delivery, mails=new))
                read = BouncesRead(*(before + more for before, more in zip(astuple(read), astuple(found), strict=True)))
    except BaseException:
        mailbox.forget()
        raise
    if read.mails:
        delivery.database.run(partial(forget_seen, now=delivery.clock()))
        events.info("mail returned", **asdict(read))
    return read


def _record_returned(session: Session, *, delivery: Delivery, mails: list[Returned]) -> BouncesRead:
    letters, now = delivery.letters, delivery.clock()
    known: list[bool] = []
    mails = [mail for mail in mails if remember(session, mail.digest, now)]
    for mail in mails:
        bounce = parse_bounce(mail.head, host=letters.host, bounce_address=letters.bounce_address)
        if bounce is not None:
            known.append(record_bounce(session, bounce, now, delivery.followers))
    return BouncesRead(len(mails), sum(known), len(known) - sum(known))
