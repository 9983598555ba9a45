"""What people ask about their personal data (Luật 91/2025/QH15), and what became of it."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from pledges.core.db import Base, InProvince, enum_column


class RequestKind(StrEnum):
    """Taking a consent back is no request: it takes effect at once (`signing.consent`), with clocks of its own."""

    VIEW = "view"
    COPY = "copy"
    CORRECT = "correct"
    RESTRICT = "restrict"
    DELETE = "delete"


class Way(StrEnum):
    FILE = "file"
    """From the signer's own file, after the code to their address."""
    IN_PERSON = "in_person"
    LETTER = "letter"


class Outcome(StrEnum):
    GRANTED = "granted"
    PARTLY = "partly"
    REFUSED = "refused"


_OPEN = "decided_at IS NULL"


class DataRequest(InProvince, Base):
    """One request of one subject, with the days by which the law wants it acknowledged and decided."""

    __tablename__ = "data_request"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "entity_id"], ["entity.province_code", "entity.id"]),
        ForeignKeyConstraint(["province_code", "pledge_id"], ["pledge.province_code", "pledge.id"]),
        ForeignKeyConstraint(["province_code", "agency_code"], ["agency.province_code", "agency.code"]),
        Index("ix_data_request_agency", "province_code", "agency_code", "decided_at", "decide_by"),
        Index("ix_data_request_entity", "province_code", "entity_id"),
        Index("ix_data_request_pledge", "province_code", "pledge_id"),
        Index(
            "uq_data_request_open",
            "province_code",
            "entity_id",
            "kind",
            unique=True,
            sqlite_where=text(_OPEN),
            postgresql_where=text(_OPEN),
        ),
    )

    number: Mapped[str] = mapped_column(String(20), unique=True)
    """`DL-46-2026-7KXA3Q`, for letters and talks; it opens nothing."""
    entity_id: Mapped[uuid.UUID]
    pledge_id: Mapped[uuid.UUID | None]
    """The pledge from whose file it came, or which the person named."""
    agency_code: Mapped[str] = mapped_column(String(20))
    """Who decides."""
    kind: Mapped[RequestKind] = mapped_column(enum_column(RequestKind))
    way: Mapped[Way] = mapped_column(enum_column(Way))
    details: Mapped[str] = mapped_column(default="")
    """In the words of whoever asks; forgotten once the answer is old."""
    reply_to: Mapped[str] = mapped_column(default="")
    """The address that is answered; empty: on paper. Forgotten together with the words."""
    received_on: Mapped[date]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[uuid.UUID | None]
    acknowledge_by: Mapped[date]
    acknowledged_at: Mapped[datetime | None]
    decide_by: Mapped[date]
    extended_at: Mapped[datetime | None]
    extended_because: Mapped[str] = mapped_column(default="")
    revision: Mapped[int] = mapped_column(default=0)
    """Grows with every step: who takes the next one names the one they saw."""
    outcome: Mapped[Outcome | None] = mapped_column(enum_column(Outcome))
    ground: Mapped[str] = mapped_column(String(20), default="")
    """Why not (all of it): a name of `rules.GROUNDS`."""
    answer: Mapped[str] = mapped_column(default="")
    """As the person reads it."""
    result: Mapped[dict[str, Any]]
    """Of a deletion: how many rows of each part were erased, and how many were kept (`erasing`)."""
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[uuid.UUID | None]
