"""Which messages wait, which are in trouble, and what became of one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.messaging.models import Message, MessageState

_BATCH = 200
_UNDER_WAY = (MessageState.SENDING, MessageState.HANDING_OVER)


@dataclass(frozen=True)
class MailState:
    """Mail at a glance, for readiness."""

    waiting: int
    waiting_since: datetime | None
    """When the oldest message that waits was written."""
    failed: int
    uncertain: int


def mail_state(session: Session, province_code: str | None = None, *, since: datetime | None = None) -> MailState:
    """Of one province or of all; failed and uncertain ones counted from `since` on."""
    rows = select(Message.state, func.count(), func.min(Message.created_at)).group_by(Message.state)
    if province_code is not None:
        rows = rows.where(Message.province_code == province_code)
    open_states = (MessageState.QUEUED, *_UNDER_WAY)
    if since is not None:
        rows = rows.where((Message.created_at >= since) | Message.state.in_(open_states))
    found = {state: (count, oldest) for state, count, oldest in session.execute(rows)}
    return MailState(
        waiting=sum(found[state][0] for state in open_states if state in found),
        waiting_since=min((found[state][1] for state in open_states if state in found), default=None),
        failed=found.get(MessageState.FAILED, (0, None))[0],
        uncertain=found.get(MessageState.UNCERTAIN, (0, None))[0],
    )


def message_of(session: Session, province_code: str, dedupe_key: str) -> Message | None:
    """What became of the message with that key, for the page that waits for it."""
    return session.scalar(
        select(Message).where(Message.province_code == province_code, Message.dedupe_key == dedupe_key)
    )


def troubled_messages(session: Session, province_code: str | None = None, limit: int = 50) -> list[Message]:
    """Failed and uncertain messages, newest first."""
    found = select(Message).where(Message.state.in_((MessageState.FAILED, MessageState.UNCERTAIN)))
    if province_code is not None:
        found = found.where(Message.province_code == province_code)
    return list(session.scalars(found.order_by(Message.created_at.desc()).limit(limit)))


def abandoned_messages(session: Session, now: datetime, limit: int = _BATCH) -> list[Message]:
    """Messages under way whose worker should have finished long ago."""
    found = select(Message).where(Message.state.in_(_UNDER_WAY), Message.leased_until < now)
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
