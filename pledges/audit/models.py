"""Append-only facts: who did what to which object, when we recorded it and from which day it holds."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, FetchedValue, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from pledges.core.db import Base, InProvince


class Fact(InProvince, Base):
    """One fact; never changed, never deleted. Facts of the whole system carry province `00`."""

    __tablename__ = "fact"
    __table_args__ = (
        Index("ix_fact_object", "province_code", "object_id", "recorded_at", "id"),
        Index("ix_fact_kind", "province_code", "kind", "recorded_at", "id"),
        Index("ix_fact_recorded", "province_code", "recorded_at", "id"),
        Index("ix_fact_actor", "province_code", "actor_id", "recorded_at", "id"),
        Index("uq_fact_number", "number", unique=True, sqlite_where=text("number IS NOT NULL")),
    )
    # Nobody who records a fact asks for its number, so that it is not fetched either.
    __mapper_args__ = {"eager_defaults": False}

    kind: Mapped[str] = mapped_column(String(60))
    object_kind: Mapped[str] = mapped_column(String(30))
    object_id: Mapped[uuid.UUID]
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[str] = mapped_column(String(64), default="")
    recorded_at: Mapped[datetime]
    recorded_day: Mapped[date]
    """The Vietnamese day of `recorded_at`: "as of day D" reads facts recorded on or before D."""
    effective_on: Mapped[date]
    data: Mapped[dict[str, Any]]
    """No personal data: ids, states, codes, counts."""
    number: Mapped[int | None] = mapped_column(BigInteger, server_default=FetchedValue(), deferred=True)
    """In the order of writing, from PostgreSQL's sequence; empty on SQLite, whose row id is the same thing."""
