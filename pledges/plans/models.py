"""Provinces, communes, agencies, plans, clauses, obligation entries and wordings: data, loaded from files."""

from __future__ import annotations

import re
import uuid
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pledges.core.db import Base, enum_column, new_id


class Instrument(StrEnum):
    PLEDGE = "pledge"
    ACKNOWLEDGEMENT = "acknowledgement"
    VOLUNTARY = "voluntary"


class Unit(StrEnum):
    ENTITY = "entity"
    CHANNEL = "channel"


class UnitKind(StrEnum):
    """What a reporting unit is; duties name the first two kinds as a whole."""

    DEPARTMENT = "department"
    COMMUNE = "commune"
    PRESS = "press"
    MARKET_CONTROL = "market_control"
    """Passes on what communes and departments report (Lạng Sơn)."""
    SUPERIOR = "superior"
    """Only receives: the people's committee of the province, the national steering committee."""


class ReportForm(StrEnum):
    GENERAL = "general"
    """How the plan is being carried out: figures of pledges, and a text."""
    FALSE_INFORMATION = "false_information"
    """What was reviewed, violated and handled by field."""
    FALSE_ADVERTISING = "false_advertising"


class Province(Base):
    """One of the 34; `in_use` where a plan is loaded."""

    __tablename__ = "province"

    code: Mapped[str] = mapped_column(String(2), primary_key=True)
    name: Mapped[str]
    """With its kind: "thành phố Huế", "tỉnh Lạng Sơn"."""
    short_name: Mapped[str]
    kind: Mapped[str] = mapped_column(String(20))
    in_use: Mapped[bool] = mapped_column(default=False)
    settings: Mapped[dict[str, Any]]
    """Retention, data contact, consent basis, days until an answer, brand colour: `plans.settings` reads them typed."""


class Commune(Base):
    __tablename__ = "commune"
    __table_args__ = (Index("ix_commune_fold", "province_code", "name_fold"),)

    province_code: Mapped[str] = mapped_column(ForeignKey("province.code"), primary_key=True)
    code: Mapped[str] = mapped_column(String(5), primary_key=True)
    name: Mapped[str]
    """With its kind: "phường Thuận Hóa"."""
    name_fold: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class FormerCommune(Base):
    """A name used before July 2025 and the commune that holds (most of) it now; several rows where it was split."""

    __tablename__ = "former_commune"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "commune_code"], ["commune.province_code", "commune.code"]),
        Index("ix_former_commune_fold", "province_code", "name_fold"),
    )

    province_code: Mapped[str] = mapped_column(String(2), primary_key=True)
    commune_code: Mapped[str] = mapped_column(String(5), primary_key=True)
    former_code: Mapped[str] = mapped_column(String(5), primary_key=True)
    name: Mapped[str]
    district: Mapped[str]
    former_province: Mapped[str]
    name_fold: Mapped[str]


class Agency(Base):
    __tablename__ = "agency"

    province_code: Mapped[str] = mapped_column(ForeignKey("province.code"), primary_key=True)
    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str]
    field: Mapped[str] = mapped_column(String(20), default="")
    """What it looks after: `trade`, `culture`, `health`; empty for bodies that receive no pledges."""
    signature_method: Mapped[str] = mapped_column(String(20), default="key")
    """`key`: the agency's own PKCS#12; `named_approver`: the system's seal, naming who approved (`model.md` 11)."""
    signing_title: Mapped[str] = mapped_column(default="")
    """"KT. GIÁM ĐỐC – PHÓ GIÁM ĐỐC"; empty until the agency has said it."""
    waiting_days: Mapped[int] = mapped_column(default=10)
    """Working days from an ask until its subject counts as not having pledged; asks recorded before keep theirs."""
    reminder_days: Mapped[list[int]] = mapped_column(default=lambda: [30, 14, 7])
    """How many days before the day shown in a round reminders go out."""


class Plan(Base):
    __tablename__ = "plan"

    province_code: Mapped[str] = mapped_column(ForeignKey("province.code"), primary_key=True)
    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    title: Mapped[str]
    kind: Mapped[str]
    number: Mapped[str] = mapped_column(default="")
    """Empty where the source leaves it blank."""
    issued_on: Mapped[date | None]
    issuer: Mapped[str]
    basis: Mapped[str] = mapped_column(default="")
    source_file: Mapped[str]
    source_sha256: Mapped[str] = mapped_column(String(64))
    operative: Mapped[bool] = mapped_column(default=False)
    """The plan that the wordings cite; the other documents only explain it."""
    version: Mapped[str] = mapped_column(String(20))
    content: Mapped[dict[str, Any]]


class Clause(Base):
    """One row of a plan, quoted verbatim, with our reading beside what is printed."""

    __tablename__ = "clause"
    __table_args__ = (ForeignKeyConstraint(["province_code", "plan_code"], ["plan.province_code", "plan.code"]),)

    province_code: Mapped[str] = mapped_column(String(2), primary_key=True)
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    plan_code: Mapped[str] = mapped_column(String(20))
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    place: Mapped[str]
    text: Mapped[str]
    text_sha256: Mapped[str] = mapped_column(String(64))
    deadline_printed: Mapped[str] = mapped_column(default="")
    result_printed: Mapped[str] = mapped_column(default="")
    lead: Mapped[str] = mapped_column(default="")
    """Who is in charge, as printed or read from a merged cell."""
    content: Mapped[dict[str, Any]]

    @property
    def place_in_words(self) -> str:
        """Where it stands, without the copyist's notes: "(ngắt trang)" tells a reader of the plan nothing."""
        return re.sub(r" *\(ngắt trang[^)]*\)", "", self.place)


class ReportingDuty(Base):
    """A report that a plan asks of agencies: from whom, to whom, before which day, as printed."""

    __tablename__ = "reporting_duty"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "plan_code"], ["plan.province_code", "plan.code"]),
        ForeignKeyConstraint(["province_code", "clause_id"], ["clause.province_code", "clause.id"]),
    )

    province_code: Mapped[str] = mapped_column(String(2), primary_key=True)
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    plan_code: Mapped[str] = mapped_column(String(20))
    clause_id: Mapped[str | None] = mapped_column(String(40))
    position: Mapped[int]
    report: Mapped[str]
    sender: Mapped[str | None]
    recipient: Mapped[str | None]
    before_printed: Mapped[str | None]
    """"30/9 hằng năm" and the like: the last day that is surely in time is the day before."""
    cadence: Mapped[str] = mapped_column(String(30))
    due_date: Mapped[date | None]
    recurs: Mapped[str] = mapped_column(String(7), default="")
    """`--09-30`: each year on this day."""
    followed: Mapped[bool]
    """False: past, or foreign to pledges."""
    content: Mapped[dict[str, Any]]
    form: Mapped[ReportForm] = mapped_column(enum_column(ReportForm), default=ReportForm.GENERAL)
    """From here on: our reading, by which the calendar is reckoned."""
    follow_as: Mapped[str] = mapped_column(String(20), default="")
    """`once`, `yearly`, `quarterly`, `monthly`; "định kỳ" is read as one of them. Empty: the file has no reading of it,
    so the calendar cannot reckon it, and says so."""
    senders: Mapped[list[str]] = mapped_column(default=list)
    """Codes of reporting units, or `departments` and `communes` for all units of these kinds."""
    recipients: Mapped[list[str]] = mapped_column(default=list)
    via: Mapped[str] = mapped_column(String(20), default="")
    """The unit that collects for the recipient."""
    gathers: Mapped[str] = mapped_column(String(40), default="")
    """The duty whose reports this one consolidates."""
    due_day: Mapped[int | None]
    """Monthly and quarterly: before which day of the month after the period, where the source names none."""
    starts_on: Mapped[date | None]
    """Periods that were due before this day are not followed."""
    added_at: Mapped[datetime | None]
    """By an administrator; None: read from the plan."""
    ended_on: Mapped[date | None]


class ReportingUnit(Base):
    """Who owes or receives reports. The unit of an agency or commune has its code: that is how staff find theirs."""

    __tablename__ = "reporting_unit"

    province_code: Mapped[str] = mapped_column(ForeignKey("province.code"), primary_key=True)
    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str]
    kind: Mapped[UnitKind] = mapped_column(enum_column(UnitKind))
    since: Mapped[date | None]
    """Owes nothing that was due before this day; None: from the beginning."""
    ended_on: Mapped[date | None]
    added_at: Mapped[datetime | None]
    """By an administrator; None: from the province's file."""


class ObligationEntry(Base):
    """Which subject types owe what to which agency, by when: our operative reading of a clause (`model.md` 1, 5)."""

    __tablename__ = "obligation_entry"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "clause_id"], ["clause.province_code", "clause.id"]),
        ForeignKeyConstraint(["province_code", "lead_agency"], ["agency.province_code", "agency.code"]),
    )

    province_code: Mapped[str] = mapped_column(ForeignKey("province.code"), primary_key=True)
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    clause_id: Mapped[str | None] = mapped_column(String(40))
    unit: Mapped[Unit] = mapped_column(enum_column(Unit))
    instrument: Mapped[Instrument] = mapped_column(enum_column(Instrument))
    lead_agency: Mapped[str] = mapped_column(String(20))
    text_id: Mapped[str] = mapped_column(String(40))
    cutoff: Mapped[date | None]
    first_due: Mapped[date | None]
    newcomers: Mapped[str] = mapped_column(String(20), default="quarter_end")
    ask_from: Mapped[date | None]
    resign: Mapped[bool] = mapped_column(default=False)
    reading: Mapped[str] = mapped_column(String(10))
    enabled: Mapped[bool] = mapped_column(default=True)
    note: Mapped[str] = mapped_column(default="")
    document_number: Mapped[str] = mapped_column(default="")
    """Acknowledgements: number of the agency's document; empty until the agency has issued it."""
    document_date: Mapped[date | None]
    least_signature: Mapped[str] = mapped_column(String(30), default="scanned_paper")
    """The weakest kind of signature (`signing.models.SignatureKind`) that is accepted; decided by the province."""


class EntrySubjectType(Base):
    """The subject types of an entry; one lead agency per province, subject type and instrument."""

    __tablename__ = "entry_subject_type"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "entry_id"], ["obligation_entry.province_code", "obligation_entry.id"]),
        UniqueConstraint("province_code", "subject_type", "instrument"),
    )

    province_code: Mapped[str] = mapped_column(String(2), primary_key=True)
    entry_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    subject_type: Mapped[str] = mapped_column(String(40), primary_key=True)
    instrument: Mapped[Instrument] = mapped_column(enum_column(Instrument))


class PledgeText(Base):
    """One version of one wording; never changed, only succeeded."""

    __tablename__ = "pledge_text"
    __table_args__ = (UniqueConstraint("text_id", "version"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    text_id: Mapped[str] = mapped_column(String(40))
    version: Mapped[int]
    title: Mapped[str]
    template_hash: Mapped[str] = mapped_column(String(64), unique=True)
    content: Mapped[dict[str, Any]]
    loaded_at: Mapped[datetime]


class TextApproval(Base):
    """A province's approval of one version of a wording; without it DỰ THẢO stands on every page of the PDF."""

    __tablename__ = "text_approval"
    __table_args__ = (ForeignKeyConstraint(["pledge_text_id"], ["pledge_text.id"]),)

    province_code: Mapped[str] = mapped_column(ForeignKey("province.code"), primary_key=True)
    pledge_text_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    approved_at: Mapped[datetime]
    approved_by: Mapped[str] = mapped_column(String(64))


class TextProposal(Base):
    """Somebody asks that a version of a wording be approved; somebody else approves it, or sends it back."""

    __tablename__ = "text_proposal"
    __table_args__ = (ForeignKeyConstraint(["pledge_text_id"], ["pledge_text.id"]),)

    province_code: Mapped[str] = mapped_column(ForeignKey("province.code"), primary_key=True)
    pledge_text_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    proposed_at: Mapped[datetime]
    proposed_by: Mapped[str] = mapped_column(String(64))
    answer: Mapped[str] = mapped_column(default="")
    """Why it was sent back; empty while it waits."""
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None] = mapped_column(String(64))


class SettingChange(Base):
    """One change of a setting, never altered: what the history of the settings shows, and what can be undone."""

    __tablename__ = "setting_change"
    __table_args__ = (Index("ix_setting_change_changed_at", "province_code", "changed_at"),)

    province_code: Mapped[str] = mapped_column(ForeignKey("province.code"), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    object_kind: Mapped[str] = mapped_column(String(20))
    object_code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(40))
    part: Mapped[str] = mapped_column(String(40), default="")
    """Of a setting with several parts, such as the days of one kind of data."""
    before: Mapped[dict[str, Any]]
    """Under the key `value`, like `after`."""
    after: Mapped[dict[str, Any]]
    reason: Mapped[str]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(64))
    undoes: Mapped[uuid.UUID | None]


class ProvinceDecision(Base):
    """One value that the province has decided through the administration: it wins over the data files at every load.

    `plans.decisions` knows which values there are.
    """

    __tablename__ = "province_decision"

    province_code: Mapped[str] = mapped_column(ForeignKey("province.code"), primary_key=True)
    object_kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    """`province`, `plan`, `agency` or `entry`."""
    object_code: Mapped[str] = mapped_column(String(40), primary_key=True)
    """Code of the plan or agency, id of the entry; empty for the province itself."""
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[dict[str, Any]]
    """Under the key `value`: JSON needs one shape on both engines."""
    decided_at: Mapped[datetime]
    decided_by: Mapped[str] = mapped_column(String(64))
