"""One report of one reporting unit for one period; what is owed but not begun has no row and follows from the plan."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pledges.core.db import Base, InProvince, enum_column


class ReportState(StrEnum):
    DRAFT = "draft"
    SENT = "sent"
    RETURNED = "returned"
    ACCEPTED = "accepted"
    REPLACED = "replaced"
    """A newer version, with its reason, has been sent; this one stays readable."""


class Report(InProvince, Base):
    """What one unit reports. Never changed once it was sent: a correction is a new version (`version` + 1)."""

    __tablename__ = "report"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "duty_id"], ["reporting_duty.province_code", "reporting_duty.id"]),
        ForeignKeyConstraint(["province_code", "unit_code"], ["reporting_unit.province_code", "reporting_unit.code"]),
        UniqueConstraint("province_code", "duty_id", "period", "unit_code", "version"),
        Index("ix_report_unit", "province_code", "unit_code", "duty_id", "period"),
    )

    duty_id: Mapped[str] = mapped_column(String(40))
    period: Mapped[str] = mapped_column(String(8))
    """`2026`, `2026Q3`, `2026-10`, or for what is owed once the year of its day, `2027`."""
    unit_code: Mapped[str] = mapped_column(String(20))
    version: Mapped[int] = mapped_column(default=1)
    state: Mapped[ReportState] = mapped_column(enum_column(ReportState), default=ReportState.DRAFT)
    revision: Mapped[int] = mapped_column(default=0)
    """Compare and swap: whoever acts on what they did not see is refused."""
    nothing_to_report: Mapped[bool] = mapped_column(default=False)
    as_of: Mapped[date | None]
    """The day whose figures it holds; None where it holds none."""
    figures: Mapped[dict[str, Any]]
    """Figures of the register as they stood when it was drafted, frozen with it (`duties.figures`)."""
    answers: Mapped[dict[str, Any]]
    """What its form asks: reviewed, violating, handled, fines and links by field; or paragraphs of text."""
    correction_reason: Mapped[str] = mapped_column(default="")
    """Of every version after the first."""
    document_number: Mapped[str] = mapped_column(default="")
    """Of the signed report: "05/BC-SCT"."""
    document_date: Mapped[date | None]
    file_sha256: Mapped[str] = mapped_column(String(64), default="")
    """Of the signed PDF in the storage; empty: none was uploaded."""
    filename: Mapped[str] = mapped_column(default="")
    sent_outside: Mapped[bool] = mapped_column(default=False)
    """Sent on paper or by another system, and only recorded here."""
    drafted_at: Mapped[datetime]
    drafted_by: Mapped[uuid.UUID]
    sent_at: Mapped[datetime | None]
    sent_by: Mapped[uuid.UUID | None]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[uuid.UUID | None]
    answer: Mapped[str] = mapped_column(default="")
    """Why it was returned."""
