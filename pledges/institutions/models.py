"""Institutions whose people sign: a hospital, a newsroom, an art troupe, a market."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pledges.core.db import Base, InProvince


class Institution(InProvince, Base):
    """One institution of one agency and one subject type, with the person who looks after the list."""

    __tablename__ = "institution"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "agency_code"], ["agency.province_code", "agency.code"]),
        ForeignKeyConstraint(["province_code", "commune_code"], ["commune.province_code", "commune.code"]),
        Index("ix_institution_agency", "province_code", "agency_code", "name_fold"),
    )

    agency_code: Mapped[str] = mapped_column(String(20))
    name: Mapped[str]
    name_fold: Mapped[str]
    subject_type: Mapped[str] = mapped_column(String(40))
    commune_code: Mapped[str | None] = mapped_column(String(5))
    entity_id: Mapped[uuid.UUID | None]
    """The institution itself where the register knows it."""
    focal_name: Mapped[str]
    focal_email: Mapped[str] = mapped_column(String(254))
    focal_phone: Mapped[str] = mapped_column(default="")
    focal_token_sha256: Mapped[str | None] = mapped_column(String(64), unique=True)
    """Of the focal person's link; None while there is none."""
    focal_token_at: Mapped[datetime | None]
    join_code: Mapped[str] = mapped_column(String(20), unique=True)
    """Stands in the link and the QR code for the staff; it only prefills a form."""
    added_by: Mapped[uuid.UUID]
    added_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class InstitutionMember(InProvince, Base):
    """One person of the list; who has signed is found by the pledge that came through the link."""

    __tablename__ = "institution_member"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "institution_id"], ["institution.province_code", "institution.id"]),
        UniqueConstraint("province_code", "institution_id", "name_fold", "detail_fold"),
        Index("ix_institution_member_pledge", "province_code", "pledge_id"),
    )

    institution_id: Mapped[uuid.UUID]
    name: Mapped[str]
    name_fold: Mapped[str]
    detail: Mapped[str] = mapped_column(default="")
    """What tells two of one name apart: department, title, licence."""
    detail_fold: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    entity_id: Mapped[uuid.UUID | None]
    pledge_id: Mapped[uuid.UUID | None]
    added_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
