"""Requests to move a file to another e-mail address, made by somebody who does not reach the old mailbox any more."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from pledges.core.db import Base, InProvince, enum_column


class ChangeState(StrEnum):
    WAITING = "waiting"
    """For a person of the agency."""
    GRANTED = "granted"
    """Decided; it takes effect when the old mailbox has had its time to object, or has agreed."""
    DONE = "done"
    """The file is at the new address."""
    REFUSED = "refused"
    STOPPED = "stopped"
    """By whoever reads the old mailbox."""


_OPEN = "state IN ('waiting', 'granted')"


class AddressChange(InProvince, Base):
    """One request about one file. What it led to stands in `applied`, so that it can be taken back."""

    __tablename__ = "address_change"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "pledge_id"], ["pledge.province_code", "pledge.id"]),
        Index(
            "uq_address_change_open",
            "province_code",
            "pledge_id",
            "new_email",
            unique=True,
            sqlite_where=text(_OPEN),
            postgresql_where=text(_OPEN),
        ),
        Index("ix_address_change_agency", "province_code", "agency_code", "state", "asked_at"),
    )

    pledge_id: Mapped[uuid.UUID]
    agency_code: Mapped[str] = mapped_column(String(20))
    """Who decides: the agency that holds the pledge."""
    state: Mapped[ChangeState] = mapped_column(enum_column(ChangeState), default=ChangeState.WAITING)
    revision: Mapped[int] = mapped_column(default=0)
    name: Mapped[str]
    """As typed by whoever asks; a person holds it against the file."""
    phone: Mapped[str]
    reason: Mapped[str]
    new_email: Mapped[str]
    """A code sent there came back."""
    old_email: Mapped[str]
    evidence: Mapped[list[str]] = mapped_column(default=list)
    """`picture:<SHA-256>` of a cleaned picture, `pdf:<SHA-256>` of a checked PDF."""
    language: Mapped[str] = mapped_column(String(2), default="vi")
    asked_at: Mapped[datetime]
    waits_until: Mapped[date]
    """The last day on which the old mailbox is waited for."""
    agreed_at: Mapped[datetime | None]
    """When whoever reads the old mailbox said that it was them."""
    objected_at: Mapped[datetime | None]
    """When they said that it was not, before it took effect or after."""
    decided_by: Mapped[uuid.UUID | None]
    decided_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(default="")
    """Why it was granted (for colleagues) or refused (the one who asks reads it)."""
    done_at: Mapped[datetime | None]
    applied: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """`pledges`: `<id>:<revision>` of those moved; `ended`, `added`: contacts of the register."""
