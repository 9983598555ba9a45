"""The data of provinces as they come out of the files: typed, frozen, checked, and without a database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from pledges.plans.models import Instrument, ReportForm, Unit, UnitKind
from pledges.plans.places import Gazetteer
from pledges.plans.settings import ProvinceSettings
from pledges.plans.wording_files import WordingTemplate


@dataclass(frozen=True)
class AgencyData:
    code: str
    name: str
    field: str
    signing_title: str


@dataclass(frozen=True)
class PlanData:
    code: str
    operative: bool
    title: str
    kind: str
    number: str
    issued_on: date | None
    issuer: str
    basis: str
    source_file: str
    source_sha256: str
    content: dict[str, Any]


@dataclass(frozen=True)
class ClauseData:
    id: str
    plan_code: str
    position: int
    kind: str
    place: str
    text: str
    text_sha256: str
    deadline_printed: str
    result_printed: str
    lead: str
    content: dict[str, Any]


@dataclass(frozen=True)
class DutyData:
    id: str
    plan_code: str
    clause_id: str | None
    position: int
    report: str
    sender: str | None
    recipient: str | None
    before_printed: str | None
    cadence: str
    due_date: date | None
    recurs: str
    followed: bool
    content: dict[str, Any]
    form: ReportForm
    follow_as: str
    senders: list[str]
    recipients: list[str]
    via: str
    gathers: str
    due_day: int | None
    starts_on: date | None


@dataclass(frozen=True)
class UnitData:
    """A reporting unit; those of the communes follow from the communes."""

    code: str
    name: str
    kind: UnitKind


@dataclass(frozen=True)
class EntryData:
    id: str
    clause_id: str | None
    unit: Unit
    subject_types: tuple[str, ...]
    instrument: Instrument
    lead_agency: str
    text_id: str
    cutoff: date | None
    first_due: date | None
    newcomers: str
    ask_from: date | None
    resign: bool
    reading: str
    enabled: bool
    note: str
    document_number: str
    document_date: date | None


@dataclass(frozen=True)
class ProvinceBook:
    """All of one province's file."""

    file: str
    version: str
    province_code: str
    settings: ProvinceSettings
    agencies: tuple[AgencyData, ...]
    plans: tuple[PlanData, ...]
    clauses: tuple[ClauseData, ...]
    units: tuple[UnitData, ...]
    duties: tuple[DutyData, ...]
    entries: tuple[EntryData, ...]


@dataclass(frozen=True)
class PlanBooks:
    gazetteer: Gazetteer
    wordings: tuple[WordingTemplate, ...]
    books: tuple[ProvinceBook, ...]
