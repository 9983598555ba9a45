"""Which messages wait, which are in trouble, and what became of one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.messaging.models import IS_HELD, Message, MessageState, PausedBatch
from pledges.messaging.rules import UNDER_WAY

SLOW_AFTER = timedelta(minutes=1)
_BATCH = 200
_TROUBLES_OR_WAITS = (Message.state != MessageState.FAILED) | Message.batch.is_(None)
"""A failed message of a batch is shown by whoever sent the batch: with thousands of addresses some always fail."""
_WITH_A_WORKER = (MessageState.SENDING, MessageState.HANDING_OVER)


@dataclass(frozen=True)
class MailState:
    """Mail at a glance, for readiness."""

    waiting: int
    """On its way; one of many counts only once it has left the line."""
    waiting_since: datetime | None
    """Since when the oldest of them has been waiting."""
    failed: int
    """Sent by itself. What becomes of a batch is shown by whoever sent it."""
    uncertain: int


def mail_state(session: Session, province_code: str | None = None, *, since: datetime | None = None) -> MailState:
    """Of one province or of all; failed and uncertain ones counted from `since` on."""
    waiting_since = func.min(func.coalesce(Message.released_at, Message.created_at))
    counted = (*UNDER_WAY, MessageState.FAILED, MessageState.UNCERTAIN)
    rows = select(Message.state, func.count(), waiting_since).where(Message.state.in_(counted), _TROUBLES_OR_WAITS)
    if province_code is not None:
        rows = rows.where(Message.province_code == province_code)
    if since is not None:
        rows = rows.where((Message.created_at >= since) | Message.state.in_(UNDER_WAY))
    found = {state: (count, oldest) for state, count, oldest in session.execute(rows.group_by(Message.state))}
    return MailState(
        waiting=sum(found[state][0] for state in UNDER_WAY if state in found),
        waiting_since=min((found[state][1] for state in UNDER_WAY if state in found), default=None),
        failed=found.get(MessageState.FAILED, (0, None))[0],
        uncertain=found.get(MessageState.UNCERTAIN, (0, None))[0],
    )


def mail_is_slow(session: Session, now: datetime) -> bool:
    """Whether whoever waits for a code now may have to wait for longer: no worker sends, or the relay takes nothing.

    One letter that its own provider puts off says nothing, as long as others have been accepted lately.
    """
    by_itself = (Message.state == MessageState.QUEUED, Message.batch.is_(None))
    if session.scalar(select(Message.id).where(*by_itself, Message.next_attempt_at < now - SLOW_AFTER).limit(1)):
        return True
    if session.scalar(select(Message.id).where(*by_itself, Message.attempts > 0).limit(1)) is None:
        return False
    accepted = (Message.state == MessageState.ACCEPTED, Message.next_attempt_at >= now - 5 * SLOW_AFTER)
    return session.scalar(select(Message.id).where(*accepted).limit(1)) is None


def last_accepted(session: Session) -> datetime | None:
    """When the relay took the letter that was tried last."""
    latest = select(Message.accepted_at).where(Message.state == MessageState.ACCEPTED)
    return session.scalar(latest.order_by(Message.next_attempt_at.desc()).limit(1))


def message_of(session: Session, province_code: str, dedupe_key: str) -> Message | None:
    """What became of the message with that key, for the page that waits for it."""
    return session.scalar(
        select(Message).where(Message.province_code == province_code, Message.dedupe_key == dedupe_key)
    )


def troubled_messages(session: Session, province_code: str | None = None, limit: int = 50) -> list[Message]:
    """Failed and uncertain messages, newest first; those of a batch only where nobody knows what became of them."""
    troubled = (MessageState.FAILED, MessageState.UNCERTAIN)
    found = select(Message).where(Message.state.in_(troubled), _TROUBLES_OR_WAITS)
    if province_code is not None:
        found = found.where(Message.province_code == province_code)
    return list(session.scalars(found.order_by(Message.created_at.desc()).limit(limit)))


@dataclass(frozen=True)
class BatchState:
    """How far a batch has come."""

    paused: bool
    held: int
    """Stand in line, those among them that are to be tried again."""
    under_way: int
    accepted: int
    """Taken by the relay and not bounced."""
    bounced: int
    failed: int
    """Refused, given up, expired or cancelled."""
    uncertain: int


def batch_state(session: Session, province_code: str, batch: str) -> BatchState:
    rows = session.execute(
        select(Message.state, Message.bounced_at.is_not(None), func.count())
        .where(Message.province_code == province_code, Message.batch == batch)
        .group_by(Message.state, Message.bounced_at.is_not(None))
    )
    counts: Counter[MessageState | None] = Counter()
    for state, bounced, count in rows:
        counts[None if bounced else state] += count
    return BatchState(
        paused=session.get(PausedBatch, (province_code, batch)) is not None,
        held=counts[MessageState.HELD],
        under_way=sum(counts[state] for state in UNDER_WAY),
        accepted=counts[MessageState.ACCEPTED],
        bounced=counts[None],
        failed=counts[MessageState.FAILED],
        uncertain=counts[MessageState.UNCERTAIN],
    )


def any_held(session: Session) -> bool:
    return session.scalar(select(Message.id).where(IS_HELD).limit(1)) is not None


def abandoned_messages(session: Session, now: datetime, limit: int = _BATCH) -> list[Message]:
    """Messages under way whose worker should have finished long ago."""
    found = select(Message).where(Message.state.in_(_WITH_A_WORKER), Message.leased_until < now)
    return list(session.scalars(found.order_by(Message.leased_until).limit(limit)))


def overdue_messages(session: Session, before: datetime, limit: int = _BATCH) -> list[Message]:
    """Queued messages that should have been tried before then, longest overdue first."""
    found = select(Message).where(Message.state == MessageState.QUEUED, Message.next_attempt_at < before)
    return list(session.scalars(found.order_by(Message.next_attempt_at).limit(limit)))


def messages_to(session: Session, province_code: str, addresses: Collection[str], limit: int = 100) -> list[Message]:
    """What was written to these addresses, newest first."""
    return list(
        session.scalars(
            select(Message)
            .where(Message.province_code == province_code, Message.to_address.in_(list(addresses)))
            .order_by(Message.created_at.desc(), Message.id.desc())
            .limit(limit)
        )
    )
