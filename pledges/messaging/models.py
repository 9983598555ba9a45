"""Mail as rows: written in the transaction of its cause, delivered by a job."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pledges.core.db import Base, InProvince, enum_column


class MessageState(StrEnum):
    QUEUED = "queued"
    SENDING = "sending"
    """A worker talks to the relay; the text has not been handed over yet, so a dead worker's message is sent again."""
    HANDING_OVER = "handing_over"
    """Recorded just before the text is handed over: after a crash here nobody can know whether it was accepted."""
    ACCEPTED = "accepted"
    UNCERTAIN = "uncertain"
    FAILED = "failed"


class Message(InProvince, Base):
    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("province_code", "dedupe_key"),
        Index("ix_message_state", "state", "next_attempt_at"),
        Index("ix_message_address", "province_code", "to_address"),
    )

    kind: Mapped[str] = mapped_column(String(40))
    """Name of its folder in `templates/email/`."""
    dedupe_key: Mapped[str] = mapped_column(String(200))
    """What makes it "only one": such as `pledge_received:<pledge id>`."""
    to_address: Mapped[str]
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
    accepted_at: Mapped[datetime | None]
    message_id: Mapped[str] = mapped_column(String(200), default="")
    """The Message-ID header: set by the first attempt, the same in every later one."""
    last_error: Mapped[str] = mapped_column(default="")
    """Why not accepted: `expired`, `refused: …`, `attachment: …`, `gave up: …`, `temporary: …` or `unanswered: …`."""
