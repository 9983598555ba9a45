"""Rounds, asks and attempts: one agency's asking of one quarter (`model.md` 5, 13, 15)."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKeyConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from pledges.core.db import Base, InProvince, enum_column


class RoundState(StrEnum):
    OPENED = "opened"
    """Listed and looked at; nothing has been sent."""
    RUNNING = "running"
    PAUSED = "paused"
    CLOSING = "closing"
    """The quarter is over and the lists are being frozen."""
    CLOSED = "closed"


class Round(InProvince, Base):
    """One per agency and quarter, however many open it at once."""

    __tablename__ = "round"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "agency_code"], ["agency.province_code", "agency.code"]),
        UniqueConstraint("province_code", "agency_code", "quarter"),
        Index("ix_round_state", "state"),
    )

    agency_code: Mapped[str] = mapped_column(String(20))
    quarter: Mapped[str] = mapped_column(String(6))
    """Such as `2026Q3`."""
    state: Mapped[RoundState] = mapped_column(enum_column(RoundState), default=RoundState.OPENED)
    revision: Mapped[int] = mapped_column(default=0)
    """Grows with every change of state: who changes it names the one they saw."""
    day: Mapped[date]
    """The round's day, shown to those who are asked unless theirs is later (`rules.shown_day`)."""
    reminder_days: Mapped[list[int]]
    """Days before the shown day on which reminders go out, the earliest first."""
    opened_at: Mapped[datetime]
    opened_by: Mapped[str] = mapped_column(String(64))
    started_at: Mapped[datetime | None]
    started_by: Mapped[str] = mapped_column(String(64), default="")
    closed_at: Mapped[datetime | None]
    worked_at: Mapped[datetime | None]
    """When somebody last asked, reminded or froze a part of it: a lease for those who do it in steps."""


class LeftOut(InProvince, Base):
    """An obligation that is not asked in this round, by a person's decision; it stays in scope and on the lists."""

    __tablename__ = "left_out"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "round_id"], ["round.province_code", "round.id"]),
        ForeignKeyConstraint(["province_code", "obligation_id"], ["obligation.province_code", "obligation.id"]),
        Index(
            "uq_left_out_now",
            "province_code",
            "round_id",
            "obligation_id",
            unique=True,
            sqlite_where=text("brought_back_at IS NULL"),
            postgresql_where=text("brought_back_at IS NULL"),
        ),
    )

    round_id: Mapped[uuid.UUID]
    obligation_id: Mapped[uuid.UUID]
    reason: Mapped[str]
    left_out_by: Mapped[uuid.UUID]
    left_out_at: Mapped[datetime]
    brought_back_by: Mapped[uuid.UUID | None]
    brought_back_at: Mapped[datetime | None]


class Ask(InProvince, Base):
    """One invitation of one entity in one round, with its personal link and short code (`model.md` 15)."""

    __tablename__ = "ask"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "round_id"], ["round.province_code", "round.id"]),
        ForeignKeyConstraint(["province_code", "entity_id"], ["entity.province_code", "entity.id"]),
        UniqueConstraint("province_code", "round_id", "entity_id"),
        Index("ix_ask_entity", "province_code", "entity_id"),
        Index("ix_ask_round_number", "province_code", "round_id", "id"),
    )

    round_id: Mapped[uuid.UUID]
    entity_id: Mapped[uuid.UUID]
    contact_id: Mapped[uuid.UUID | None]
    """The e-mail address that is written to; None: only letters, calls and visits can reach them."""
    shown_day: Mapped[date]
    """Until when the invitation asks them to sign."""
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    short_code: Mapped[str] = mapped_column(String(12), unique=True)
    """Printed on letters, typed at `/ky-cam-ket/ma-moi`; without look-alikes."""
    asked_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    """The button on the landing page, not the picture in a mail."""
    started_at: Mapped[datetime | None]
    """When a form was begun through it."""
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[uuid.UUID | None]


class Why(StrEnum):
    """Why an obligation is asked in this round."""

    CARRIED_OVER = "carried_over"
    """Of the initial cohort, or of unknown day, and not signed yet."""
    NEWCOMER = "newcomer"
    """Appeared after the cut-off, in this or an earlier quarter."""
    RETURNED = "returned"
    """Signed, returned for correction and not corrected."""
    ENDED = "ended"
    """A pledge was rejected, withdrawn or revoked."""
    SIGN_AGAIN = "sign_again"
    """The clause makes everybody sign each quarter."""


class AskedObligation(Base):
    """What one ask is about."""

    __tablename__ = "asked_obligation"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "ask_id"], ["ask.province_code", "ask.id"]),
        ForeignKeyConstraint(["province_code", "obligation_id"], ["obligation.province_code", "obligation.id"]),
        Index("ix_asked_obligation_obligation", "province_code", "obligation_id"),
    )

    province_code: Mapped[str] = mapped_column(String(2), primary_key=True)
    ask_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    obligation_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    why: Mapped[Why] = mapped_column(enum_column(Why))
    asked_at: Mapped[datetime]
    """Later than the ask itself where something came up since: what was tried before was not about it."""


class Way(StrEnum):
    MAIL = "mail"
    LETTER = "letter"
    CALL = "call"
    VISIT = "visit"


class Outcome(StrEnum):
    WAITING = "waiting"
    """A mail that nobody has accepted yet."""
    REACHED = "reached"
    """Accepted by the relay and not bounced; a letter that was sent; a call that was answered; somebody met."""
    NOT_REACHED = "not_reached"
    UNCERTAIN = "uncertain"
    """Nobody can know whether the relay took it: never sent again by itself, and held against nobody."""


class Attempt(InProvince, Base):
    """One way in which an ask was made, or made again as a reminder."""

    __tablename__ = "attempt"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "ask_id"], ["ask.province_code", "ask.id"]),
        Index(
            "uq_attempt_step",
            "province_code",
            "ask_id",
            "step",
            unique=True,
            sqlite_where=text("way = 'mail'"),
            postgresql_where=text("way = 'mail'"),
        ),
        Index("ix_attempt_ask", "province_code", "ask_id"),
        Index("ix_attempt_message", "province_code", "message_id"),
        Index("ix_attempt_batch", "province_code", "batch_id"),
    )

    ask_id: Mapped[uuid.UUID]
    step: Mapped[str] = mapped_column(String(20))
    """`ask`, or `remind-14` for the reminder 14 days before; `letter`, `call`, `visit` otherwise."""
    way: Mapped[Way] = mapped_column(enum_column(Way))
    outcome: Mapped[Outcome] = mapped_column(enum_column(Outcome), default=Outcome.WAITING)
    made_on: Mapped[date]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[uuid.UUID | None]
    settled_at: Mapped[datetime | None]
    """When the outcome became known, or changed."""
    message_id: Mapped[uuid.UUID | None]
    batch_id: Mapped[uuid.UUID | None]
    """The batch of letters that it was printed in."""
    note: Mapped[str] = mapped_column(default="")


class BatchState(StrEnum):
    WAITING = "waiting"
    READY = "ready"
    FAILED = "failed"


class LetterBatch(InProvince, Base):
    """Letters of a round in one PDF, sorted by commune."""

    __tablename__ = "letter_batch"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "round_id"], ["round.province_code", "round.id"]),
        Index("ix_letter_batch_round", "province_code", "round_id", "made_at"),
    )

    round_id: Mapped[uuid.UUID]
    commune_code: Mapped[str | None] = mapped_column(String(5))
    """None: of all communes."""
    asks: Mapped[list[str]]
    """Ids of the asks in the order of printing."""
    state: Mapped[BatchState] = mapped_column(enum_column(BatchState), default=BatchState.WAITING)
    done: Mapped[int] = mapped_column(default=0)
    file_sha256: Mapped[str | None] = mapped_column(String(64))
    error: Mapped[str] = mapped_column(default="")
    made_by: Mapped[uuid.UUID]
    made_at: Mapped[datetime]
    sent_on: Mapped[date | None]
    """The day on which somebody recorded that they were posted or handed over."""


class AgencyDocument(InProvince, Base):
    """The document (văn bản quán triệt, định hướng) whose receipt an entry asks to acknowledge."""

    __tablename__ = "agency_document"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "entry_id"], ["obligation_entry.province_code", "obligation_entry.id"]),
        Index(
            "uq_agency_document_now",
            "province_code",
            "entry_id",
            unique=True,
            sqlite_where=text("replaced_at IS NULL"),
            postgresql_where=text("replaced_at IS NULL"),
        ),
    )

    entry_id: Mapped[str] = mapped_column(String(40))
    number: Mapped[str] = mapped_column(String(60))
    issued_on: Mapped[date]
    title: Mapped[str] = mapped_column(default="")
    file_sha256: Mapped[str] = mapped_column(String(64))
    filename: Mapped[str] = mapped_column(String(100))
    uploaded_by: Mapped[uuid.UUID]
    uploaded_at: Mapped[datetime]
    replaced_at: Mapped[datetime | None]
