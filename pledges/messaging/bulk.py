"""Mail to many: it stands in line and leaves at a measured pace, batch by batch it can be held, resumed and cancelled.

The pace is counted from the rows themselves, so that any number of workers together keep it.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from pledges.jobs.operations import enqueue
from pledges.messaging.following import NO_FOLLOWERS, Followers, tell
from pledges.messaging.models import IS_HELD, MailTurn, Message, MessageState, PausedBatch
from pledges.messaging.operations import DELIVER_MESSAGE, Key, finish, locked
from pledges.messaging.rules import UNDER_WAY

PACE_SECONDS = 5.0
"""How often somebody looks whether more may leave."""
WINDOW = timedelta(seconds=60)
CANCELLED = "cancelled"

_TURN = "release"
_CHUNK = 500


@dataclass(frozen=True)
class Pace:
    """How many leave in any minute."""

    per_minute: int = 600
    per_domain: int = 300

    @property
    def most_under_way(self) -> int:
        """So few wait in the queue of tasks at once that whatever else comes is served soon.

        Twice what leaves between two looks, so that a look that comes late is made up for.
        """
        return max(1, round(2 * self.per_minute * PACE_SECONDS / 60))


class _InLine(NamedTuple):
    province_code: str
    id: uuid.UUID
    to_domain: str


def release_held(session: Session, now: datetime, pace: Pace) -> int:
    """Let go as many of the oldest held messages as the pace allows; how many.

    Domains that have had their share in the last minute are looked past. Nothing is released where another worker is
    just doing so.
    """
    if not take_turn(session, wait=False):
        return 0
    recent = _released_lately(session, now)
    under_way = session.scalar(
        select(func.count()).where(Message.state.in_(UNDER_WAY), Message.batch.is_not(None)).select_from(Message)
    )
    places = min(pace.per_minute - recent.total(), pace.most_under_way - (under_way or 0))
    released = 0
    while released < places:
        full = [domain for domain, count in recent.items() if count >= pace.per_domain]
        found = _first_in_line(session, now, full, limit=places - released)
        for each in found:
            if recent[each.to_domain] < pace.per_domain and _release(session, each, now):
                recent[each.to_domain] += 1
                released += 1
        if not found:
            break
    return released


def take_turn(session: Session, *, wait: bool) -> bool:
    """Lock the one row until the transaction ends. On SQLite only one transaction writes at a time anyway."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    wanted = select(MailTurn.name).where(MailTurn.name == _TURN)
    if session.scalar(wanted) is None:
        session.execute(insert(MailTurn).values(name=_TURN).on_conflict_do_nothing())
    return session.scalar(wanted.with_for_update(skip_locked=not wait)) is not None


def _released_lately(session: Session, now: datetime) -> Counter[str]:
    """By domain. What was released far in the future says nothing: the clock has been set back since."""
    counted = session.execute(
        select(Message.to_domain, func.count())
        .where(Message.released_at > now - WINDOW, Message.released_at <= now + WINDOW)
        .group_by(Message.to_domain)
    )
    return Counter({domain: count for domain, count in counted if domain is not None})


def _first_in_line(session: Session, now: datetime, full: Collection[str], limit: int) -> list[_InLine]:
    paused = exists().where(PausedBatch.province_code == Message.province_code, PausedBatch.batch == Message.batch)
    rows = session.execute(
        select(Message.province_code, Message.id, Message.to_domain)
        .where(
            IS_HELD,
            # A first attempt is never too early, even where the clock was set back meanwhile.
            or_(Message.attempts == 0, Message.next_attempt_at <= now),
            Message.to_domain.not_in(full),
            ~paused,
        )
        .order_by(Message.next_attempt_at, Message.id)
        .limit(limit)
    )
    return [_InLine(code, message_id, domain or "") for code, message_id, domain in rows]


def _release(session: Session, each: _InLine, now: datetime) -> bool:
    taken = session.execute(
        update(Message)
        .where(Message.province_code == each.province_code, Message.id == each.id, Message.state == MessageState.HELD)
        .values(state=MessageState.QUEUED, released_at=now, next_attempt_at=now)
        .execution_options(synchronize_session=False)
        .returning(Message.id)
    ).first()
    if taken is not None:
        enqueue(session, DELIVER_MESSAGE, each.province_code, str(each.id), behind_others=True)
    return taken is not None


def expire_held(session: Session, now: datetime, *, followers: Followers = NO_FOLLOWERS, limit: int = _CHUNK) -> int:
    """End held messages that it has become pointless to send, also those of paused batches; how many."""
    keys = session.execute(
        select(Message.province_code, Message.id)
        .where(IS_HELD, Message.expires_at <= now)
        .order_by(Message.expires_at)
        .limit(limit)
    )
    return sum(_end_waiting(session, (code, message_id), "expired", now, followers) for code, message_id in keys.all())


def hold_batch(session: Session, province_code: str, batch: str) -> None:
    """Let nothing of that batch leave until it is resumed; what a worker is just sending ends by itself."""
    take_turn(session, wait=True)
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(insert(PausedBatch).values(province_code=province_code, batch=batch).on_conflict_do_nothing())
    session.execute(
        update(Message)
        .where(Message.province_code == province_code, Message.batch == batch, Message.state == MessageState.QUEUED)
        .values(state=MessageState.HELD)
        .execution_options(synchronize_session="fetch")
    )


def resume_batch(session: Session, province_code: str, batch: str) -> None:
    """Let the batch stand in line with all others again."""
    session.execute(delete(PausedBatch).where(PausedBatch.province_code == province_code, PausedBatch.batch == batch))


def is_paused(session: Session, province_code: str, batch: str) -> bool:
    return session.get(PausedBatch, (province_code, batch)) is not None


def cancel_batch(
    session: Session, province_code: str, batch: str, now: datetime, *, followers: Followers = NO_FOLLOWERS
) -> int:
    """End everything of that batch that has not been begun; how many. What is being sent ends by itself."""
    waiting = (MessageState.HELD, MessageState.QUEUED)
    ended = session.scalars(
        update(Message)
        .where(Message.province_code == province_code, Message.batch == batch, Message.state.in_(waiting))
        .values(state=MessageState.FAILED, last_error=CANCELLED, secret_params=None, leased_until=None)
        .execution_options(synchronize_session="fetch")
        .returning(Message.id)
    ).all()
    resume_batch(session, province_code, batch)
    for start in range(0, len(ended) if followers else 0, _CHUNK):
        chunk = ended[start : start + _CHUNK]
        found = select(Message).where(Message.province_code == province_code, Message.id.in_(chunk))
        for message in session.scalars(found.execution_options(populate_existing=True)).all():
            tell(followers, session, message, now)
    return len(ended)


def cancel_message(session: Session, key: Key, now: datetime, *, followers: Followers = NO_FOLLOWERS) -> bool:
    """End one message that has not been begun; False: it is being sent or has ended already."""
    return _end_waiting(session, key, CANCELLED, now, followers)


def _end_waiting(session: Session, key: Key, error: str, now: datetime, followers: Followers) -> bool:
    message = locked(session, key)
    if message is None or message.state not in {MessageState.HELD, MessageState.QUEUED}:
        return False
    finish(session, message, MessageState.FAILED, error, now, followers)
    return True
