"""Frozen lists of closed rounds, and files made from lists."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pledges.core.db import Base, InProvince, enum_column


class ListKind(StrEnum):
    NOT_PLEDGED = "not_pledged"
    """In two parts: who has not pledged, and who could not be reached."""
    PLEDGED = "pledged"
    """In two parts: in force, and signed and waiting for the agency."""


class Group(StrEnum):
    """Every obligation in scope is in exactly one (`model.md` 13)."""

    IN_FORCE = "in_force"
    WAITING_FOR_AGENCY = "waiting_for_agency"
    WAITING_TIME = "waiting_time"
    NOT_PLEDGED = "not_pledged"
    UNREACHABLE = "unreachable"
    NOT_DUE = "not_due"


class Snapshot(InProvince, Base):
    """The two lists of a closed round as they stood at the end of its quarter: never changed (`model.md` 14)."""

    __tablename__ = "snapshot"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "round_id"], ["round.province_code", "round.id"]),
        UniqueConstraint("province_code", "round_id"),
    )

    round_id: Mapped[uuid.UUID]
    as_of: Mapped[date]
    """The last day of the quarter."""
    rule_version: Mapped[str] = mapped_column(String(40))
    begun_at: Mapped[datetime]
    frozen_at: Mapped[datetime | None]
    """None while its rows are being written."""
    rows: Mapped[dict[str, Any]]
    """Per list the number of rows."""
    sha256: Mapped[dict[str, Any]]
    """Per list that of its canonical CSV."""
    files: Mapped[dict[str, Any]]
    """Per list the name of the canonical CSV in the storage."""
    figures: Mapped[dict[str, Any]]
    """The groups per entry, commune and subject type, and the way from asked to approved, as they stood."""


class SnapshotRow(Base):
    """One line of a frozen list: the canonical columns, and beside them the values behind its commitment."""

    __tablename__ = "snapshot_row"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "snapshot_id"], ["snapshot.province_code", "snapshot.id"]),
        Index("ix_snapshot_row_entity", "province_code", "entity_id"),
    )

    province_code: Mapped[str] = mapped_column(String(2), primary_key=True)
    snapshot_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    list: Mapped[ListKind] = mapped_column(enum_column(ListKind), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    group: Mapped[Group] = mapped_column("part", enum_column(Group))
    entry_id: Mapped[str] = mapped_column(String(40))
    obligation_id: Mapped[uuid.UUID]
    entity_id: Mapped[uuid.UUID | None]
    commune_code: Mapped[str] = mapped_column(String(5))
    line: Mapped[str]
    """The line of the canonical CSV, without its line end."""
    salt: Mapped[str] = mapped_column(String(32))
    values: Mapped[dict[str, Any]]
    """Name, tax code and channel as they stood; empty once erased, while the commitment in the line still stands."""


class FileFormat(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    PDF = "pdf"


class ExportState(StrEnum):
    WAITING = "waiting"
    READY = "ready"
    FAILED = "failed"


class ListExport(InProvince, Base):
    """A file that somebody asked for, with the reason; made by the worker where it is large."""

    __tablename__ = "list_export"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "agency_code"], ["agency.province_code", "agency.code"]),
        Index("ix_list_export_agency", "province_code", "agency_code", "requested_at"),
    )

    agency_code: Mapped[str] = mapped_column(String(20))
    quarter: Mapped[str] = mapped_column(String(6))
    list: Mapped[ListKind] = mapped_column(enum_column(ListKind))
    as_of: Mapped[date]
    format: Mapped[FileFormat] = mapped_column(enum_column(FileFormat))
    filters: Mapped[dict[str, Any]]
    reason: Mapped[str]
    requested_by: Mapped[str] = mapped_column(String(64))
    requested_at: Mapped[datetime]
    state: Mapped[ExportState] = mapped_column(enum_column(ExportState), default=ExportState.WAITING)
    rows: Mapped[int] = mapped_column(default=0)
    """Written so far; all of them once it is ready."""
    file_sha256: Mapped[str | None] = mapped_column(String(64))
    filename: Mapped[str] = mapped_column(String(120), default="")
    finished_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(default="")
