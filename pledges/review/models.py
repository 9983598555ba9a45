"""What a department decided about pledges: single decisions, decisions in bulk, revocations."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKeyConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from pledges.core.db import Base, InProvince, enum_column


class DecisionKind(StrEnum):
    RECOMMENDED = "recommended"
    RETURNED = "returned"
    DEFERRED = "deferred"
    RESUMED = "resumed"
    REJECTED = "rejected"
    APPROVED = "approved"
    REVOCATION_ASKED = "revocation_asked"
    REVOCATION_REFUSED = "revocation_refused"
    REVOKED = "revoked"
    RECORD_REMOVED = "record_removed"
    """What was recorded of a paper pledge by mistake was taken back."""


class Decision(InProvince, Base):
    """One decision of one person about one pledge; never changed."""

    __tablename__ = "decision"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "pledge_id"], ["pledge.province_code", "pledge.id"]),
        ForeignKeyConstraint(["province_code", "staff_id"], ["staff.province_code", "staff.id"]),
        Index("ix_decision_pledge", "province_code", "pledge_id", "decided_at"),
    )

    pledge_id: Mapped[uuid.UUID]
    version: Mapped[int]
    """Of the pledge: which signing was decided about."""
    kind: Mapped[DecisionKind] = mapped_column(enum_column(DecisionKind))
    staff_id: Mapped[uuid.UUID]
    decided_at: Mapped[datetime]
    message: Mapped[str] = mapped_column(default="")
    """What the signer is told: what to correct, why it was rejected or revoked."""
    note: Mapped[str] = mapped_column(default="")
    """Internal to the agency: never shown to signers, other agencies or the public."""
    asked: Mapped[list[str]] = mapped_column(default=list)
    """What the signer may correct (`signing.rules.Correctable`)."""
    staff_name: Mapped[str]
    """As it was on that day, and as it is printed under an approval."""
    signing_title: Mapped[str] = mapped_column(default="")
    """Of an approval: the title as it is printed, with KT./TL./TUQ."""
    signature_method: Mapped[str] = mapped_column(String(20), default="")
    """Of an approval: `key` or `named_approver`, as the approver was told; `pledge.approved` says how it came."""
    delegation_id: Mapped[uuid.UUID | None]
    batch_id: Mapped[uuid.UUID | None]


class BatchKind(StrEnum):
    RECOMMEND = "recommend"
    APPROVE = "approve"


class ItemState(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"


class Batch(InProvince, Base):
    """Many pledges that one person recommends or approves at once; a job goes through them one by one."""

    __tablename__ = "batch"
    __table_args__ = (ForeignKeyConstraint(["province_code", "staff_id"], ["staff.province_code", "staff.id"]),)

    agency_code: Mapped[str] = mapped_column(String(20))
    kind: Mapped[BatchKind] = mapped_column(enum_column(BatchKind))
    staff_id: Mapped[uuid.UUID]
    created_at: Mapped[datetime]
    work_due_at: Mapped[datetime]
    """When the sweep asks for the job (again), should items still be waiting."""


class BatchItem(InProvince, Base):
    """One pledge of a batch and what came of it."""

    __tablename__ = "batch_item"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "batch_id"], ["batch.province_code", "batch.id"]),
        ForeignKeyConstraint(["province_code", "pledge_id"], ["pledge.province_code", "pledge.id"]),
        UniqueConstraint("province_code", "batch_id", "pledge_id"),
        Index(
            "ix_batch_item_waiting",
            "province_code",
            "batch_id",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    batch_id: Mapped[uuid.UUID]
    pledge_id: Mapped[uuid.UUID]
    seen_revision: Mapped[int]
    """The revision of the pledge that stood on the confirmed page."""
    state: Mapped[ItemState] = mapped_column(enum_column(ItemState), default=ItemState.WAITING)
    reason: Mapped[str] = mapped_column(default="")
    """Why it was refused: a Vietnamese sentence of the catalogue with its places filled in."""
    decided_at: Mapped[datetime | None]


class RevocationState(StrEnum):
    ASKED = "asked"
    REFUSED = "refused"
    REVOKED = "revoked"


class Revocation(InProvince, Base):
    """One person asks for a revocation with a reason, another one decides; in force the moment they do.

    Where the pledge is withdrawn or replaced meanwhile, there is nothing left to decide.
    """

    __tablename__ = "revocation"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "pledge_id"], ["pledge.province_code", "pledge.id"]),
        Index(
            "uq_revocation_asked",
            "province_code",
            "pledge_id",
            unique=True,
            sqlite_where=text("state = 'asked'"),
            postgresql_where=text("state = 'asked'"),
        ),
    )

    pledge_id: Mapped[uuid.UUID]
    agency_code: Mapped[str] = mapped_column(String(20))
    state: Mapped[RevocationState] = mapped_column(enum_column(RevocationState), default=RevocationState.ASKED)
    reason: Mapped[str]
    """Told to the signer when it takes effect."""
    asked_by: Mapped[uuid.UUID]
    asked_at: Mapped[datetime]
    decided_by: Mapped[uuid.UUID | None]
    decided_at: Mapped[datetime | None]
