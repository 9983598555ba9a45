"""Writing messages and moving them from state to state. Nothing here talks to a mail relay."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from pledges.core.db import new_id
from pledges.core.secrecy import Vault
from pledges.jobs.operations import enqueue
from pledges.messaging.catalogue import MESSAGE_KINDS, checked_params
from pledges.messaging.following import NO_FOLLOWERS, Followers, tell
from pledges.messaging.models import Message, MessageState
from pledges.messaging.rules import (
    TRANSITIONS,
    enter,
    error_line,
    pause_after,
    why_give_up,
    why_give_up_one_of_many,
)

DELIVER_MESSAGE = "deliver_message"
"""Name of the task that delivers one message."""

Key = tuple[str, uuid.UUID]
"""Province and id of a message."""

_LONGEST_BATCH = 60


@dataclass(frozen=True)
class Attachment:
    """A PDF of the document storage that goes with a message."""

    sha256: str
    filename: str
    """ASCII letters, digits, `-`, `_` and single dots, ending in `.pdf`: every mail program takes that."""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[0-9a-f]{64}", self.sha256):
            raise ValueError("an attachment is named by its SHA-256 in hexadecimal digits")
        if len(self.filename) > 100 or not re.fullmatch(
            r"[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*\.pdf", self.filename
        ):
            raise ValueError(f"not a safe name for an attachment: {self.filename!r}")


def queue_message(
    session: Session,
    *,
    province_code: str,
    kind: str,
    to_address: str,
    dedupe_key: str,
    params: Mapping[str, Any],
    language: str,
    now: datetime,
    vault: Vault,
    secret_params: Mapping[str, Any] | None = None,
    expires_at: datetime | None = None,
    attachment: Attachment | None = None,
    batch: str | None = None,
) -> Message:
    """Write a message and the task that delivers it; the same `dedupe_key` again gives back the first one.

    With a `batch`, such as `round:<id>`, it is one of many: held until the pace of bulk mail lets it go.
    Raises ValueError for an address, parameters or an attachment that could never be delivered.
    """
    if not 0 < len(dedupe_key) <= 200:
        raise ValueError("a dedupe key has 1 to 200 characters")
    if attachment is not None and not MESSAGE_KINDS[kind].may_attach:
        raise ValueError(f"nothing can be attached to {kind}")
    if batch is not None and (MESSAGE_KINDS[kind].by_phone or not 0 < len(batch) <= _LONGEST_BATCH):
        raise ValueError("a batch is of mail and has a name of 1 to 60 characters")
    message_id = new_id()
    address = callable_number(to_address) if MESSAGE_KINDS[kind].by_phone else deliverable(to_address)
    one = OneOfMany(
        id=message_id,
        to_address=address,
        dedupe_key=dedupe_key,
        params=params,
        secret_params=secret_params or {},
        language=language,
        expires_at=expires_at,
    )
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(Message).values(
        **_row(one, province_code, kind, batch, now, vault),
        attachment_sha256=attachment.sha256 if attachment else None,
        attachment_name=attachment.filename if attachment else None,
    )
    statement = statement.on_conflict_do_nothing(index_elements=["province_code", "dedupe_key"])
    if session.scalar(statement.returning(Message.id)) is not None and batch is None:
        enqueue(session, DELIVER_MESSAGE, province_code, str(message_id))
    return session.scalars(
        select(Message).where(Message.province_code == province_code, Message.dedupe_key == dedupe_key)
    ).one()


@dataclass(frozen=True)
class OneOfMany:
    """What is its own in each of many messages that are written at once."""

    id: uuid.UUID
    to_address: str
    """As `deliverable` gives it."""
    dedupe_key: str
    params: Mapping[str, Any]
    secret_params: Mapping[str, Any]
    language: str
    expires_at: datetime | None = None


def queue_many(
    session: Session,
    messages: Sequence[OneOfMany],
    *,
    province_code: str,
    kind: str,
    batch: str,
    now: datetime,
    vault: Vault,
) -> set[uuid.UUID]:
    """Write messages of one batch by one statement; returns the ids of those whose `dedupe_key` is new."""
    if not messages:
        return set()
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    written = session.connection().execute(
        insert(Message).on_conflict_do_nothing(index_elements=["province_code", "dedupe_key"]).returning(Message.id),
        [_row(each, province_code, kind, batch, now, vault) for each in messages],
    )
    return set(written.scalars())


def _row(
    one: OneOfMany, province_code: str, kind: str, batch: str | None, now: datetime, vault: Vault
) -> dict[str, Any]:
    plain, secret = checked_params(kind, one.params, one.secret_params)
    return {
        "province_code": province_code,
        "id": one.id,
        "kind": kind,
        "dedupe_key": one.dedupe_key,
        "to_address": one.to_address,
        "to_domain": None if batch is None else one.to_address.rpartition("@")[2].lower(),
        "batch": batch,
        "language": one.language,
        "params": plain,
        "secret_params": vault.encrypt(_purpose(one.id), json.dumps(secret)) if secret else None,
        "state": MessageState.QUEUED if batch is None else MessageState.HELD,
        "attempts": 0,
        "created_at": now,
        "next_attempt_at": now,
        "expires_at": one.expires_at,
        "message_id": "",
        "last_error": "",
        "bounce_reason": "",
    }


def deliverable(address: str) -> str:
    """The address as it stands in the envelope: ASCII, without blanks, line breaks, quotes or display name."""
    mailbox, _, domain = address.rpartition("@")
    try:
        if domain == "localhost":
            validate_email(f"{mailbox}@localhost.vn", check_deliverability=False, allow_smtputf8=False)
            return address
        found = validate_email(address, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise ValueError("a message needs a valid address") from error
    return str(found.ascii_email)


def callable_number(number: str) -> str:
    """The number as gateways take it: E.164."""
    if not re.fullmatch(r"\+[1-9][0-9]{6,14}", number):
        raise ValueError("a text message needs a number in E.164")
    return number


def secrets_of(message: Message, vault: Vault) -> dict[str, Any]:
    """The codes and links of a message that is still to be sent."""
    if message.secret_params is None:
        return {}
    opened: dict[str, Any] = json.loads(vault.decrypt(_purpose(message.id), message.secret_params))
    return opened


def _purpose(message_id: uuid.UUID) -> str:
    return f"message:{message_id}"


def claim_message(
    session: Session, key: Key, *, now: datetime, lease: timedelta, host: str, followers: Followers = NO_FOLLOWERS
) -> Message | None:
    """Take a queued message for one attempt; None: there is nothing to do (any more)."""
    message = locked(session, key)
    if message is None or message.state is not MessageState.QUEUED:
        return None
    if given_up := _why_give_up(message, now):
        finish(session, message, MessageState.FAILED, error_line(given_up, message.last_error), now, followers)
        return None
    enter(message, MessageState.SENDING)
    message.attempts += 1
    message.leased_until = now + lease
    message.message_id = message.message_id or f"<{message.id}@{host}>"
    return message


def record_handover(session: Session, key: Key, attempt: int, *, now: datetime, lease: timedelta) -> bool:
    """State that the text is about to be handed over; False: this attempt lost its lease and must stop."""
    message = _of_attempt(session, key, attempt, MessageState.HANDING_OVER)
    if message is None:
        return False
    enter(message, MessageState.HANDING_OVER)
    message.leased_until = now + lease
    return True


def record_accepted(
    session: Session, key: Key, attempt: int, *, now: datetime, followers: Followers = NO_FOLLOWERS
) -> bool:
    message = _of_attempt(session, key, attempt, MessageState.ACCEPTED)
    if message is None:
        return False
    message.accepted_at = now
    finish(session, message, MessageState.ACCEPTED, "", now, followers)
    return True


def record_uncertain(
    session: Session, key: Key, attempt: int, reason: str, *, now: datetime, followers: Followers = NO_FOLLOWERS
) -> bool:
    """Nobody can know whether the relay has taken it: shown as such and never sent again by itself."""
    message = _of_attempt(session, key, attempt, MessageState.UNCERTAIN)
    if message is None:
        return False
    finish(session, message, MessageState.UNCERTAIN, error_line("unanswered", reason), now, followers)
    return True


def record_failed(
    session: Session,
    key: Key,
    attempt: int,
    word: str,
    reason: str,
    *,
    now: datetime,
    followers: Followers = NO_FOLLOWERS,
) -> bool:
    """It will never be taken. `word`: `refused` by the relay, or `attachment`, where the file to go with it is lost."""
    message = _of_attempt(session, key, attempt, MessageState.FAILED)
    if message is None:
        return False
    finish(session, message, MessageState.FAILED, error_line(word, reason), now, followers)
    return True


def postpone(
    session: Session, key: Key, attempt: int, reason: str, *, now: datetime, followers: Followers = NO_FOLLOWERS
) -> bool:
    """Try again later, or give up when later would be too late. One of many stands in line again."""
    message = _of_attempt(session, key, attempt, MessageState.QUEUED)
    if message is None:
        return False
    pause = pause_after(message.attempts, message.id)
    if given_up := _why_give_up(message, now + pause):
        finish(session, message, MessageState.FAILED, error_line(given_up, reason), now, followers)
        return True
    message.last_error = error_line("temporary", reason)
    _wait_again(session, message, now=now, pause=pause)
    return True


def settle_abandoned(
    session: Session, seen: Message, *, taken: bool | None, now: datetime, followers: Followers = NO_FOLLOWERS
) -> bool:
    """Bring back, accept or give up what a dead worker left; `taken`: what the carrier knows of it.

    Nothing happens when the row is no longer as it was `seen`: its worker lives after all and has just gone on.
    """
    message = locked(session, (seen.province_code, seen.id))
    if message is None or (message.state, message.attempts) != (seen.state, seen.attempts):
        return False
    if message.state is MessageState.SENDING or taken is False:
        _wait_again(session, message, now=now, pause=None)
    elif taken or message.bounced_at is not None:
        message.accepted_at = now
        finish(session, message, MessageState.ACCEPTED, "", now, followers)
    else:
        reason = error_line("unanswered", "the worker died while it handed the text over")
        finish(session, message, MessageState.UNCERTAIN, reason, now, followers)
    return True


def enqueue_lost(session: Session, key: Key, *, now: datetime) -> bool:
    """Give a queued message whose task is gone a new one."""
    message = locked(session, key)
    if message is None or message.state is not MessageState.QUEUED:
        return False
    message.next_attempt_at = now + pause_after(max(message.attempts, 5), message.id)
    enqueue(session, DELIVER_MESSAGE, message.province_code, str(message.id), behind_others=message.batch is not None)
    return True


def finish(
    session: Session, message: Message, end: MessageState, error: str, now: datetime, followers: Followers
) -> None:
    """Bring a message to an end, and tell whoever follows it."""
    enter(message, end)
    message.last_error = error
    tell(followers, session, message, now)


def locked(session: Session, key: Key) -> Message | None:
    """The row as it is now, locked until the transaction ends, so that reading and changing it are one step."""
    return session.get(Message, key, with_for_update=True, populate_existing=True)


def _of_attempt(session: Session, key: Key, attempt: int, end: MessageState) -> Message | None:
    """The message, if this attempt is still the one that counts and may lead it to `end`."""
    message = locked(session, key)
    if message is None or message.attempts != attempt or end not in TRANSITIONS[message.state]:
        return None
    return message


def _wait_again(session: Session, message: Message, *, now: datetime, pause: timedelta | None) -> None:
    """Back to the queue; one of many back into the line, where another attempt takes a place like the first one."""
    message.next_attempt_at = now + (pause or timedelta())
    if message.batch is not None:
        enter(message, MessageState.HELD)
        return
    enter(message, MessageState.QUEUED)
    enqueue(session, DELIVER_MESSAGE, message.province_code, str(message.id), after=pause)


def _why_give_up(message: Message, when: datetime) -> str | None:
    if message.batch is not None:
        return why_give_up_one_of_many(when, attempts=message.attempts, expires_at=message.expires_at)
    return why_give_up(when, created_at=message.created_at, expires_at=message.expires_at)
