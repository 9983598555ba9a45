"""Mail as rows: written in the transaction of its cause, delivered by a job."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, String, UniqueConstraint, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column

from pledges.core.db import Base, InProvince, enum_column


class MessageState(StrEnum):
    HELD = "held"
    """One of many that leave at a measured pace: no task delivers it until its turn has come."""
    QUEUED = "queued"
    SENDING = "sending"
    """A worker talks to the relay; the text has not been handed over yet, so a dead worker's message is sent again."""
    HANDING_OVER = "handing_over"
    """Recorded just before the text is handed over: after a crash here nobody can know whether it was accepted."""
    ACCEPTED = "accepted"
    UNCERTAIN = "uncertain"
    FAILED = "failed"


def _only(rows: str) -> dict[str, Any]:
    """For an index that holds some of the rows: most mail is sent by itself and long ago."""
    return {"sqlite_where": text(rows), "postgresql_where": text(rows)}


class Message(InProvince, Base):
    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("province_code", "dedupe_key"),
        Index("ix_message_state", "state", "next_attempt_at"),
        Index("ix_message_address", "province_code", "to_address"),
        # A bounce names a message without its province.
        Index("ix_message_id", "id"),
        Index("ix_message_batch", "province_code", "batch", "state", **_only("batch IS NOT NULL")),
        Index("ix_message_held", "next_attempt_at", "id", "to_domain", **_only("state = 'held'")),
        Index("ix_message_held_expires", "expires_at", **_only("state = 'held'")),
        Index("ix_message_released", "released_at", "to_domain", **_only("released_at IS NOT NULL")),
    )

    kind: Mapped[str] = mapped_column(String(40))
    """Name of its folder in `templates/email/`."""
    dedupe_key: Mapped[str] = mapped_column(String(200))
    """What makes it "only one": such as `pledge_received:<pledge id>`."""
    to_address: Mapped[str]
    to_domain: Mapped[str | None] = mapped_column(String(255))
    """Where one of many goes to: each domain has its own pace. Null for a message that is sent by itself."""
    batch: Mapped[str | None] = mapped_column(String(60))
    """What it was written for together with many others, such as `round:<id>`; held, resumed and cancelled as one."""
    language: Mapped[str] = mapped_column(String(2), default="vi")
    params: Mapped[dict[str, Any]]
    secret_params: Mapped[bytes | None]
    """Codes and links, encrypted, and erased once the message is accepted or given up."""
    attachment_sha256: Mapped[str | None] = mapped_column(String(64))
    """The file that goes with it, by its name in the document storage; the bytes are read when it is sent."""
    attachment_name: Mapped[str | None] = mapped_column(String(100))
    """What that file is called in the letter; set exactly where `attachment_sha256` is."""
    state: Mapped[MessageState] = mapped_column(enum_column(MessageState), default=MessageState.QUEUED)
    attempts: Mapped[int] = mapped_column(default=0)
    """Grows with every claim, so that a worker whose lease has run out cannot speak for the next one."""
    created_at: Mapped[datetime]
    next_attempt_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    """Until when the worker that is sending may be thought alive."""
    expires_at: Mapped[datetime | None]
    """When sending it has become pointless (a code that has run out)."""
    released_at: Mapped[datetime | None]
    """When one of many last left the line; the pace of the next ones is counted by it."""
    accepted_at: Mapped[datetime | None]
    bounced_at: Mapped[datetime | None]
    """When a report was read that it could not be delivered. It stays accepted: the relay had taken it."""
    bounce_reason: Mapped[str] = mapped_column(default="")
    """What the report says, in one line."""
    message_id: Mapped[str] = mapped_column(String(200), default="")
    """The Message-ID header: set by the first attempt, the same in every later one."""
    last_error: Mapped[str] = mapped_column(default="")
    """Why not accepted: `expired`, `refused: …`, `attachment: …`, `gave up: …`, `cancelled`, `temporary: …` or
    `unanswered: …`."""


IS_HELD = Message.state == literal_column("'held'")
"""Written out, not as a parameter: only so is an index of the held rows used by every plan."""


class PausedBatch(Base):
    """A row as long as nothing of that batch may leave."""

    __tablename__ = "paused_batch"

    province_code: Mapped[str] = mapped_column(String(2), primary_key=True)
    batch: Mapped[str] = mapped_column(String(60), primary_key=True)


class MailTurn(Base):
    """One row: whoever releases mail or pauses a batch locks it, so that two at once cannot both count the same places.

    A row rather than an advisory lock, which poolers and distributed engines do not keep.
    """

    __tablename__ = "mail_turn"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)


class BounceSeen(Base):
    """A mail of the bounce mailbox that has been read; the mailbox itself is never changed."""

    __tablename__ = "bounce_seen"
    __table_args__ = (Index("ix_bounce_seen_age", "seen_at"),)

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    """SHA-256 of the mail."""
    seen_at: Mapped[datetime]
