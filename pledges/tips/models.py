"""Websites, accounts and people that a commune or a citizen reports, until the department has decided."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ForeignKeyConstraint, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from pledges.core.db import Base, InProvince, enum_column


class TipSource(StrEnum):
    CITIZEN = "citizen"
    COMMUNE = "commune"


class TipState(StrEnum):
    NEW = "new"
    CONFIRMED = "confirmed"
    """It became an entity or a channel of the register."""
    MERGED = "merged"
    """It is about something that the register already has: one more sighting."""
    REJECTED = "rejected"


class Tip(InProvince, Base):
    """One report. A citizen gives neither name nor address; the private code is the only way back to it."""

    __tablename__ = "tip"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "agency_code"], ["agency.province_code", "agency.code"]),
        ForeignKeyConstraint(["province_code", "commune_code"], ["commune.province_code", "commune.code"]),
        Index("ix_tip_queue", "province_code", "agency_code", "state", "sent_at"),
        Index("ix_tip_address", "province_code", "address"),
        Index("ix_tip_reporter", "province_code", "staff_id", "sent_at"),
    )

    source: Mapped[TipSource] = mapped_column(enum_column(TipSource))
    agency_code: Mapped[str] = mapped_column(String(20))
    """Who decides: the lead of the subject type that was reported."""
    subject_type: Mapped[str] = mapped_column(String(40))
    typed: Mapped[str] = mapped_column(default="")
    """The address of the website or account as it was typed; empty where a person or shop has none."""
    kind: Mapped[str] = mapped_column(String(20), default="")
    address: Mapped[str] = mapped_column(default="")
    """Canonical, where it could be read."""
    name: Mapped[str] = mapped_column(default="")
    commune_code: Mapped[str | None] = mapped_column(String(5))
    place: Mapped[str] = mapped_column(default="")
    seen_on: Mapped[date]
    link: Mapped[str] = mapped_column(default="")
    """Where it was seen: a post, an advertisement."""
    note: Mapped[str] = mapped_column(default="")
    pictures: Mapped[list[str]] = mapped_column(default=list)
    """SHA-256 of the cleaned pictures."""
    staff_id: Mapped[uuid.UUID | None]
    """The commune officer; None: a citizen."""
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    """Keyed hash of the private code."""
    doubtful: Mapped[bool] = mapped_column(default=False)
    """Sent without the proof of work (no scripts): shown behind the others."""
    network: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The IP address, encrypted; erased by retention."""
    sent_at: Mapped[datetime]
    state: Mapped[TipState] = mapped_column(enum_column(TipState), default=TipState.NEW)
    revision: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(default="")
    """Of a rejection, as the reporter reads it."""
    entity_id: Mapped[uuid.UUID | None]
    channel_id: Mapped[uuid.UUID | None]
    decided_by: Mapped[uuid.UUID | None]
    decided_at: Mapped[datetime | None]


class WorkProof(Base):
    """A proof of work that was used, until it expires: nobody sends two reports with one."""

    __tablename__ = "work_proof"

    challenge: Mapped[str] = mapped_column(String(64), primary_key=True)
    used_at: Mapped[datetime]
