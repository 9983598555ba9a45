"""Sums of the counters up to the end of some days, so that figures of any day are few rows and the latest deltas."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from pledges.core.db import Base, enum_column
from pledges.plans.models import Instrument


class Checkpoint(Base):
    """The sums of this province up to the end of this day are there, and nothing was recorded for it since."""

    __tablename__ = "checkpoint"

    province_code: Mapped[str] = mapped_column(ForeignKey("province.code"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    made_at: Mapped[datetime]


class CounterSum(Base):
    """`Counter` up to the end of a day."""

    __tablename__ = "counter_sum"

    province_code: Mapped[str] = mapped_column(ForeignKey("province.code"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    agency_code: Mapped[str] = mapped_column(String(20), primary_key=True)
    entry_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    instrument: Mapped[Instrument] = mapped_column(enum_column(Instrument), primary_key=True)
    subject_type: Mapped[str] = mapped_column(String(40), primary_key=True)
    commune_code: Mapped[str] = mapped_column(String(5), primary_key=True)
    in_scope: Mapped[int] = mapped_column(default=0)
    waiting_for_agency: Mapped[int] = mapped_column(default=0)
    in_force: Mapped[int] = mapped_column(default=0)


class OpenSum(Base):
    """`OpenCounter` up to the end of a day; what has turned by then stands under that day as one."""

    __tablename__ = "open_sum"

    province_code: Mapped[str] = mapped_column(ForeignKey("province.code"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    agency_code: Mapped[str] = mapped_column(String(20), primary_key=True)
    entry_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    instrument: Mapped[Instrument] = mapped_column(enum_column(Instrument), primary_key=True)
    subject_type: Mapped[str] = mapped_column(String(40), primary_key=True)
    commune_code: Mapped[str] = mapped_column(String(5), primary_key=True)
    turns_on: Mapped[date] = mapped_column(primary_key=True)
    asked: Mapped[int] = mapped_column(default=0)
    unasked: Mapped[int] = mapped_column(default=0)
