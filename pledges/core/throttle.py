"""Limits that hold across processes and restarts: how often one key may do one thing in a window of time."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import BigInteger, String, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from pledges.core.db import Base
from pledges.core.errors import N_, TooMany


class ThrottleCount(Base):
    """Uses of one limit by one key in one window."""

    __tablename__ = "throttle_count"

    limit_name: Mapped[str] = mapped_column(String(40), primary_key=True)
    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    window: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    uses: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime]


def use(session: Session, limit: str, key_hash: str, *, most: int, per: timedelta, now: datetime) -> None:
    """Count one use and refuse (`TooMany`) beyond `most` uses per window; the refused use is not counted.

    `key_hash` is a keyed hash: neither addresses nor networks stand in this table.
    """
    window = int(now.timestamp() // per.total_seconds())
    ends = datetime.fromtimestamp((window + 1) * per.total_seconds(), tz=now.tzinfo)
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(ThrottleCount).values(
        limit_name=limit, key_hash=key_hash, window=window, uses=1, expires_at=ends
    )
    statement = statement.on_conflict_do_update(
        index_elements=["limit_name", "key_hash", "window"],
        set_={"uses": ThrottleCount.uses + 1},
        where=ThrottleCount.uses < most,
    )
    if session.execute(statement.returning(ThrottleCount.uses)).first() is None:
        minutes = max(1, round((ends - now).total_seconds() / 60))
        raise TooMany(N_("Bạn đã thử quá nhiều lần. Hãy thử lại sau %(minutes)s phút."), minutes=minutes)


def uses(session: Session, limit: str, key_hash: str, *, per: timedelta, now: datetime) -> int:
    """Uses counted in the current window."""
    window = int(now.timestamp() // per.total_seconds())
    found = session.scalar(
        select(ThrottleCount.uses).where(
            ThrottleCount.limit_name == limit,
            ThrottleCount.key_hash == key_hash,
            ThrottleCount.window == window,
        )
    )
    return found or 0


def give_back(session: Session, limit: str, key_hash: str, *, per: timedelta, now: datetime) -> None:
    """Take one use of the current window back: what was counted beforehand turned out to be harmless."""
    session.execute(
        update(ThrottleCount)
        .where(
            ThrottleCount.limit_name == limit,
            ThrottleCount.key_hash == key_hash,
            ThrottleCount.window == int(now.timestamp() // per.total_seconds()),
            ThrottleCount.uses > 0,
        )
        .values(uses=ThrottleCount.uses - 1)
        .execution_options(synchronize_session=False)
    )


def forget_key(session: Session, limit: str, key_hash: str) -> None:
    """Let one key begin anew."""
    session.execute(
        delete(ThrottleCount)
        .where(ThrottleCount.limit_name == limit, ThrottleCount.key_hash == key_hash)
        .execution_options(synchronize_session=False)
    )


def forget_old(session: Session, now: datetime) -> None:
    session.execute(delete(ThrottleCount).where(ThrottleCount.expires_at < now))
