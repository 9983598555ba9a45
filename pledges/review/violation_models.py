"""What departments have decided about those who broke the law after they had pledged."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from pledges.core.db import Base, InProvince, enum_column


class ViolationField(StrEnum):
    FOOD = "food"
    MEDICINE = "medicine"
    COSMETICS = "cosmetics"
    MILK = "milk"
    MEDICAL_DEVICES = "medical_devices"
    CONSUMER_GOODS = "consumer_goods"
    ADVERTISING = "advertising"
    OTHER = "other"


_VALID = "ended_at IS NULL"


class Violation(InProvince, Base):
    """A decision of an authority against one subject, as one agency has recorded it.

    What it says is never changed: a correction ends the record and adds another one, and both stay visible.
    """

    __tablename__ = "violation"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "agency_code"], ["agency.province_code", "agency.code"]),
        ForeignKeyConstraint(["province_code", "entity_id"], ["entity.province_code", "entity.id"]),
        ForeignKeyConstraint(["province_code", "pledge_id"], ["pledge.province_code", "pledge.id"]),
        ForeignKeyConstraint(["province_code", "recorded_by"], ["staff.province_code", "staff.id"]),
        Index("ix_violation_entity", "province_code", "entity_id"),
        Index("ix_violation_decided", "province_code", "agency_code", "decided_on"),
        Index(
            "uq_violation_valid",
            "province_code",
            "entity_id",
            "decided_on",
            "number_key",
            "field",
            unique=True,
            sqlite_where=text(_VALID),
            postgresql_where=text(_VALID),
        ),
        Index("uq_violation_corrects", "province_code", "corrects_id", unique=True),
    )

    agency_code: Mapped[str] = mapped_column(String(20))
    """The agency that has recorded it, and whose officers alone read all of it."""
    entity_id: Mapped[uuid.UUID]
    pledge_id: Mapped[uuid.UUID | None]
    """The pledge that was in force on the day of the violation."""
    field: Mapped[ViolationField] = mapped_column(enum_column(ViolationField))
    happened_on: Mapped[date]
    what: Mapped[str]
    """What was done, in the words of the decision."""
    channel: Mapped[str] = mapped_column(default="")
    """Address of the website, shop or account that it is about, as `core.channels` writes it."""
    decision_number: Mapped[str]
    number_key: Mapped[str]
    """The number as it is compared: folded, without blanks."""
    decided_on: Mapped[date]
    decided_by: Mapped[str]
    """The authority or the office that has decided; never the name of a person."""
    fine: Mapped[int | None] = mapped_column(BigInteger)
    """In đồng; None: the decision fines nobody."""
    source_link: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    """Internal to the agency."""
    recorded_by: Mapped[uuid.UUID]
    recorded_at: Mapped[datetime]
    corrects_id: Mapped[uuid.UUID | None]
    """The record in whose place this one stands."""
    ended_at: Mapped[datetime | None]
    """When it was corrected or taken back; such a record counts nowhere."""
    ended_by: Mapped[uuid.UUID | None]
    end_reason: Mapped[str] = mapped_column(default="")
