"""Lists that are read into the register: the file, its rows, and the columns that a source has."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pledges.core.db import Base, InProvince, enum_column


class ImportPurpose(StrEnum):
    SUBJECTS = "subjects"
    """Who should sign."""
    PAPER_PLEDGES = "paper_pledges"
    """Who has signed on paper: number, day, signer."""
    SELLERS = "sellers"
    """Local sellers whom a platform has bound by its own commitments."""


class ImportState(StrEnum):
    READING = "reading"
    """The file is being read into rows."""
    COLUMNS = "columns"
    """Read; a person says what the columns mean."""
    CHECKING = "checking"
    CHECKED = "checked"
    """The preview is there; clashes can be decided."""
    COMMITTING = "committing"
    COMMITTED = "committed"
    UNDOING = "undoing"
    UNDONE = "undone"
    FAILED = "failed"
    """The file could not be read; `problem` says why."""
    CANCELLED = "cancelled"


class RowOutcome(StrEnum):
    NEW = "new"
    MATCHED = "matched"
    """An entity that is there already, with nothing new."""
    ADDS = "adds"
    """An entity that is there already and gets a channel, a contact or a number."""
    CLASH = "clash"
    """It contradicts the register, or fits two entities: a person decides."""
    OUTSIDE = "outside"
    """Its address lies in another province: put aside."""
    REFUSED = "refused"
    """It says too little, or nothing that can be used."""


class ClashDecision(StrEnum):
    SAME = "same"
    """It is the entity `entity_id` of the row."""
    NEW = "new"
    SKIP = "skip"


class Import(InProvince, Base):
    """One file of one agency. Its rows are there until retention removes them; what it led to stays."""

    __tablename__ = "import"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "agency_code"], ["agency.province_code", "agency.code"]),
        Index("ix_import_agency", "province_code", "agency_code", "started_at"),
    )

    agency_code: Mapped[str] = mapped_column(String(20))
    """Empty province-wide imports do not exist: a command names the agency that leads the subject type."""
    staff_id: Mapped[uuid.UUID | None]
    """None: a command."""
    purpose: Mapped[ImportPurpose] = mapped_column(enum_column(ImportPurpose), default=ImportPurpose.SUBJECTS)
    platform_id: Mapped[uuid.UUID | None]
    """With `sellers`: whose list it is."""
    subject_type: Mapped[str] = mapped_column(String(40))
    """Of rows that do not say their own."""
    entry_id: Mapped[str] = mapped_column(String(40), default="")
    """With `paper_pledges`: which duty was fulfilled on paper."""
    source: Mapped[str]
    """The name of the list, under which its columns are remembered and its repetition is compared."""
    source_fold: Mapped[str]
    seen_on: Mapped[date]
    """The day on which the list was true: `first_seen_on` of what is new in it."""
    filename: Mapped[str]
    file_sha256: Mapped[str] = mapped_column(String(64))
    sheet: Mapped[str] = mapped_column(default="")
    sheets: Mapped[list[str]] = mapped_column(default=list)
    header_row: Mapped[int] = mapped_column(default=0)
    """Number of the row with the headings; 0: there is none."""
    headings: Mapped[list[str]] = mapped_column(default=list)
    mapping: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Per column number (as text) the name of a field (`columns.Field`)."""
    state: Mapped[ImportState] = mapped_column(enum_column(ImportState), default=ImportState.READING)
    revision: Mapped[int] = mapped_column(default=0)
    problem: Mapped[str] = mapped_column(default="")
    problem_params: Mapped[dict[str, Any]] = mapped_column(default=dict)
    rows: Mapped[int] = mapped_column(default=0)
    """Data rows, without headings and without rows that are wholly empty."""
    done: Mapped[int] = mapped_column(default=0)
    """Rows that the running step has worked on."""
    totals: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Numbers per outcome and of what was added; for the pages and the command's JSON."""
    gone: Mapped[int] = mapped_column(default=0)
    """Entities that the last import of this source held and this one does not."""
    started_at: Mapped[datetime]
    committed_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    work_due_at: Mapped[datetime]
    """When the sweep asks again for the work of a running step."""


class ImportRow(Base):
    """One row of the file, as it was read and what became of it."""

    __tablename__ = "import_row"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "import_id"], ["import.province_code", "import.id"]),
        Index("ix_import_row_outcome", "province_code", "import_id", "outcome", "number"),
        Index("ix_import_row_entity", "province_code", "entity_id"),
    )

    province_code: Mapped[str] = mapped_column(String(2), primary_key=True)
    import_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    """As the spreadsheet numbers it, from 1."""
    cells: Mapped[list[str]]
    """As typed, but personal numbers only as the last four digits once the columns are known."""
    parsed: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What was understood (`rows.ParsedRow`), personal numbers encrypted."""
    outcome: Mapped[RowOutcome | None] = mapped_column(enum_column(RowOutcome))
    reasons: Mapped[list[Any]] = mapped_column(default=list)
    """Why, and what could not be read: each a pair [msgid, params]."""
    entity_id: Mapped[uuid.UUID | None]
    """What it matches or became."""
    other_ids: Mapped[list[str]] = mapped_column(default=list)
    """With a clash: the entities that it may be."""
    decision: Mapped[ClashDecision | None] = mapped_column(enum_column(ClashDecision))
    other_province: Mapped[str] = mapped_column(String(2), default="")
    """With `outside`: the province in which the address lies, where that is certain."""
    handed_over_at: Mapped[datetime | None]
    applied_at: Mapped[datetime | None]


class SourceColumns(InProvince, Base):
    """What the columns of a source mean, as an agency said the last time."""

    __tablename__ = "source_columns"
    __table_args__ = (UniqueConstraint("province_code", "agency_code", "purpose", "source_fold"),)

    agency_code: Mapped[str] = mapped_column(String(20))
    purpose: Mapped[ImportPurpose] = mapped_column(enum_column(ImportPurpose), default=ImportPurpose.SUBJECTS)
    source: Mapped[str]
    source_fold: Mapped[str]
    fields: Mapped[dict[str, Any]]
    """Per folded heading the name of a field."""
    used_at: Mapped[datetime]
