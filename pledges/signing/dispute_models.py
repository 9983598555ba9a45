"""Two who claim one website or tax code: the dispute, and the papers that a person has asked either of them for."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from pledges.core.db import Base, InProvince, enum_column


class DisputeState(StrEnum):
    OPEN = "open"
    ASKED = "asked"
    """One of them has been asked for papers and has not answered yet."""
    DECIDED = "decided"
    LAPSED = "lapsed"
    """The newer one does not name anything of the other any more."""


class Side(StrEnum):
    CLAIM = "claim"
    """Who named it last."""
    OWNER = "owner"
    """Under whom it was registered before."""


_OPEN = "state IN ('open', 'asked')"


class Dispute(InProvince, Base):
    """What the newer one named is the other's in the register, and stays so until a person has decided."""

    __tablename__ = "dispute"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "claim_id"], ["entity.province_code", "entity.id"]),
        ForeignKeyConstraint(["province_code", "owner_id"], ["entity.province_code", "entity.id"]),
        Index(
            "uq_dispute_open",
            "province_code",
            "claim_id",
            "owner_id",
            unique=True,
            sqlite_where=text(_OPEN),
            postgresql_where=text(_OPEN),
        ),
        Index("ix_dispute_agency", "province_code", "agency_code", "state", "opened_at"),
        Index("ix_dispute_claim", "province_code", "claim_id"),
    )

    claim_id: Mapped[uuid.UUID]
    owner_id: Mapped[uuid.UUID]
    agency_code: Mapped[str] = mapped_column(String(20))
    """Who decides: the agency to which the newer one has signed."""
    state: Mapped[DisputeState] = mapped_column(enum_column(DisputeState), default=DisputeState.OPEN)
    revision: Mapped[int] = mapped_column(default=0)
    opened_at: Mapped[datetime]
    about: Mapped[list[str]]
    """Addresses of channels, and `tax_code`, as they were named when it was opened."""
    import_id: Mapped[uuid.UUID | None]
    """The list that named them for the newer one, where no signer did."""
    verdict: Mapped[str] = mapped_column(String(20), default="")
    note: Mapped[str] = mapped_column(default="")
    decided_by: Mapped[uuid.UUID | None]
    decided_at: Mapped[datetime | None]
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """How the register stood before the decision (`dispute_undoing`): the way back needs it."""


class DisputeQuestion(InProvince, Base):
    """What one of the two was asked for, by a link, and what they sent."""

    __tablename__ = "dispute_question"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "dispute_id"], ["dispute.province_code", "dispute.id"]),
        Index("ix_dispute_question", "province_code", "dispute_id"),
    )

    dispute_id: Mapped[uuid.UUID]
    side: Mapped[Side] = mapped_column(enum_column(Side))
    question: Mapped[str]
    asked_by: Mapped[uuid.UUID]
    asked_at: Mapped[datetime]
    answer: Mapped[str] = mapped_column(default="")
    papers: Mapped[list[str]] = mapped_column(default=list)
    """`picture:<SHA-256>` of a cleaned picture, `pdf:<SHA-256>` of a checked PDF."""
    answered_at: Mapped[datetime | None]
