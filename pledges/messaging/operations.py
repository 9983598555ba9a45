"""Writing messages and moving them from state to state. Nothing here talks to a mail relay."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
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
from pledges.messaging.models import Message, MessageState
from pledges.messaging.rules import TRANSITIONS, WITHOUT_SECRETS, pause_after, why_give_up

DELIVER_MESSAGE = "deliver_message"
"""Name of the task that delivers one message."""

Key = tuple[str, uuid.UUID]
"""Province and id of a message."""

_LONGEST_ERROR = 300


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
) -> Message:
    """Write a message and the task that delivers it; the same `dedupe_key` again gives back the first one.

    Raises ValueError for an address, parameters or an attachment that could never be delivered.
    """
    if not 0 < len(dedupe_key) <= 200:
        raise ValueError("a dedupe key has 1 to 200 characters")
    if attachment is not None and not MESSAGE_KINDS[kind].may_attach:
        raise ValueError(f"nothing can be attached to {kind}")
    message_id = new_id()
    plain, secret = checked_params(kind, params, secret_params or {})
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(Message).values(
        province_code=province_code,
        id=message_id,
        kind=kind,
        dedupe_key=dedupe_key,
        to_address=callable_number(to_address) if MESSAGE_KINDS[kind].by_phone else deliverable(to_address),
        language=language,
        params=plain,
        secret_params=vault.encrypt(_purpose(message_id), json.dumps(secret)) if secret else None,
        attachment_sha256=attachment.sha256 if attachment else None,
        attachment_name=attachment.filename if attachment else None,
        state=MessageState.QUEUED,
        attempts=0,
        created_at=now,
        next_attempt_at=now,
        expires_at=expires_at,
        message_id="",
        last_error="",
    )
    statement = statement.on_conflict_do_nothing(index_elements=["province_code", "dedupe_key"])
    if session.scalar(statement.returning(Message.id)) is not None:
        enqueue(session, DELIVER_MESSAGE, province_code, str(message_id))
    return session.scalars(
        select(Message).where(Message.province_code == province_code, Message.dedupe_key == dedupe_key)
    ).one()


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


def claim_message(session: Session, key: Key, *, now: datetime, lease: timedelta, host: str) -> Message | None:
    """Take a queued message for one attempt; None: there is nothing to do (any more)."""
    message = _locked(session, key)
    if message is None or message.state is not MessageState.QUEUED:
        return None
    if given_up := why_give_up(now, created_at=message.created_at, expires_at=message.expires_at):
        _enter(message, MessageState.FAILED)
        message.last_error = _error(given_up, message.last_error)
        return None
    _enter(message, MessageState.SENDING)
    message.attempts += 1
    message.leased_until = now + lease
    message.message_id = message.message_id or f"<{message.id}@{host}>"
    return message


def record_handover(session: Session, key: Key, attempt: int, *, now: datetime, lease: timedelta) -> bool:
    """State that the text is about to be handed over; False: this attempt lost its lease and must stop."""
    message = _of_attempt(session, key, attempt, MessageState.HANDING_OVER)
    if message is None:
        return False
    _enter(message, MessageState.HANDING_OVER)
    message.leased_until = now + lease
    return True


def record_accepted(session: Session, key: Key, attempt: int, *, now: datetime) -> bool:
    message = _of_attempt(session, key, attempt, MessageState.ACCEPTED)
    if message is None:
        return False
    _enter(message, MessageState.ACCEPTED)
    message.accepted_at = now
    message.last_error = ""
    return True


def record_uncertain(session: Session, key: Key, attempt: int, reason: str) -> bool:
    """Nobody can know whether the relay has taken it: shown as such and never sent again by itself."""
    return _end(session, key, attempt, MessageState.UNCERTAIN, _error("unanswered", reason))


def record_refused(session: Session, key: Key, attempt: int, reason: str) -> bool:
    return _end(session, key, attempt, MessageState.FAILED, _error("refused", reason))


def record_attachment_lost(session: Session, key: Key, attempt: int, reason: str) -> bool:
    """The file that must go with it cannot be read any more: nobody gets half of what was announced."""
    return _end(session, key, attempt, MessageState.FAILED, _error("attachment", reason))


def postpone(session: Session, key: Key, attempt: int, reason: str, *, now: datetime) -> bool:
    """Try again later, or give up when later would be too late."""
    message = _of_attempt(session, key, attempt, MessageState.QUEUED)
    if message is None:
        return False
    pause = pause_after(message.attempts, message.id)
    given_up = why_give_up(now + pause, created_at=message.created_at, expires_at=message.expires_at)
    if given_up:
        _enter(message, MessageState.FAILED)
        message.last_error = _error(given_up, reason)
        return True
    _enter(message, MessageState.QUEUED)
    message.last_error = _error("temporary", reason)
    message.next_attempt_at = now + pause
    enqueue(session, DELIVER_MESSAGE, message.province_code, str(message.id), after=pause)
    return True


def settle_abandoned(session: Session, seen: Message, *, taken: bool | None, now: datetime) -> bool:
    """Bring back, accept or give up what a dead worker left; `taken`: what the carrier knows of it.

    Nothing happens when the row is no longer as it was `seen`: its worker lives after all and has just gone on.
    """
    message = _locked(session, (seen.province_code, seen.id))
    if message is None or (message.state, message.attempts) != (seen.state, seen.attempts):
        return False
    if message.state is MessageState.SENDING or taken is False:
        _enter(message, MessageState.QUEUED)
        message.next_attempt_at = now
        enqueue(session, DELIVER_MESSAGE, message.province_code, str(message.id))
    elif taken:
        _enter(message, MessageState.ACCEPTED)
        message.accepted_at = now
    else:
        _enter(message, MessageState.UNCERTAIN)
        message.last_error = _error("unanswered", "the worker died while it handed the text over")
    return True


def enqueue_lost(session: Session, key: Key, *, now: datetime) -> bool:
    """Give a queued message whose task is gone a new one."""
    message = _locked(session, key)
    if message is None or message.state is not MessageState.QUEUED:
        return False
    message.next_attempt_at = now + pause_after(max(message.attempts, 5), message.id)
    enqueue(session, DELIVER_MESSAGE, message.province_code, str(message.id))
    return True


def _locked(session: Session, key: Key) -> Message | None:
    """The row as it is now, locked until the transaction ends, so that reading and changing it are one step."""
    return session.get(Message, key, with_for_update=True, populate_existing=True)


def _of_attempt(session: Session, key: Key, attempt: int, end: MessageState) -> Message | None:
    """The message, if this attempt is still the one that counts and may lead it to `end`."""
    message = _locked(session, key)
    if message is None or message.attempts != attempt or end not in TRANSITIONS[message.state]:
        return None
    return message


def _end(session: Session, key: Key, attempt: int, end: MessageState, error: str) -> bool:
    message = _of_attempt(session, key, attempt, end)
    if message is None:
        return False
    _enter(message, end)
    message.last_error = error
    return True


def _enter(message: Message, state: MessageState) -> None:
    assert state in TRANSITIONS[message.state]  # noqa: S101
    message.state = state
    message.leased_until = None
    if state in WITHOUT_SECRETS:
        message.secret_params = None


def _error(word: str, reason: str) -> str:
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in reason).split())
    return (f"{word}: {line}" if line else word)[:_LONGEST_ERROR]
