"""Hotlines as the provinces publish them."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKeyConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from pledges.core.db import Base, InProvince


class Hotline(InProvince, Base):
    """One number that the public may call; a row that left the directory stays with its `ended_at`."""

    __tablename__ = "hotline"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "agency_code"], ["agency.province_code", "agency.code"]),
        ForeignKeyConstraint(["province_code", "commune_code"], ["commune.province_code", "commune.code"]),
        Index("ix_hotline_place", "province_code", "ended_at", "position"),
    )

    name: Mapped[str]
    """Who answers: "Chi cục Quản lý thị trường"."""
    about: Mapped[str] = mapped_column(default="")
    """What to call about, in the words of the agency."""
    agency_code: Mapped[str | None] = mapped_column(String(20))
    commune_code: Mapped[str | None] = mapped_column(String(5))
    phone: Mapped[str] = mapped_column(String(30))
    """As people read and dial it: "0205 3812 345"."""
    email: Mapped[str] = mapped_column(String(254), default="")
    hours: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")
    source: Mapped[str] = mapped_column(default="")
    """Where the agency publishes it."""
    checked_on: Mapped[date]
    """When somebody last called or asked whether it is right."""
    position: Mapped[int] = mapped_column(default=0)
    revision: Mapped[int] = mapped_column(default=0)
    added_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
