"""Data files read and checked: what comes out of here contradicts neither itself nor its sources.

Every refusal is a `DataError` that names file and line. Nothing here knows a database.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from pledges.core.errors import N_
from pledges.plans.books import AgencyData, ClauseData, EntryData, PlanBooks, PlanData, ProvinceBook
from pledges.plans.duty_reading import CADENCES, read_duties, read_unit
from pledges.plans.models import Instrument, Unit
from pledges.plans.places import Gazetteer, read_gazetteer
from pledges.plans.quotations import Lock, lock_path, quotation_hash, refuse_changed_quotations
from pledges.plans.reading import Record, Scalar, read_yaml
from pledges.plans.rules import SUBJECT_TYPES
from pledges.plans.settings import ProvinceSettings
from pledges.plans.wording_files import WordingTemplate, is_wording, read_wordings

DATA = Path(__file__).parent / "data"

KINDS = ("target", "pledge", "instruction", "report", "principle", "support")
RESULTS = ("ban_cam_ket", "van_ban_quan_triet", "van_ban_dinh_huong", "bao_cao", "other")
FIELDS = ("trade", "culture", "health")

_DOCUMENT_REMARKS = (
    *("number_printed", "date_printed", "signed", "coordinating_default", "steering_committee", "standing_body"),
    *("culture_department", "pledge_clauses", "note"),
)
_CLAUSE_READINGS = (
    *("subjects", "targets", "by", "result", "first_deadline", "cadence", "cadence_applies_to", "lead_note"),
    *("coordinating", "duties", "rows", "summed_up", "pledge_text", "feature", "notes"),
)


def read_books(paths: Sequence[Path] | None = None) -> PlanBooks:
    """The product's own files, or the province and wording files named, checked against the rest of the data."""
    gazetteer = own_gazetteer()
    given = sorted((DATA / "plans").glob("*.yaml")) if not paths else [Path(path) for path in paths]
    records = [(path, read_yaml(path)) for path in given]
    wordings = read_wordings(DATA / "wordings", [path for path, record in records if is_wording(record)])
    words = _subject_words(read_yaml(DATA / "subject_words.yaml"))
    reader = _BookReader(frozenset(row.code for row in gazetteer.provinces), wordings, words)
    books: dict[str, ProvinceBook] = {}
    for path, record in records:
        if is_wording(record):
            continue
        book = reader.book(path, record)
        if book.province_code in books:
            record.at("province").refuse(
                N_("tỉnh “%(code)s” đã có trong %(file)s"),
                code=book.province_code,
                file=books[book.province_code].file,
            )
        books[book.province_code] = book
    return PlanBooks(gazetteer, wordings, tuple(books.values()))


@functools.cache
def own_gazetteer() -> Gazetteer:
    """The product's own places: thousands of rows, read once in a process."""
    return read_gazetteer(DATA)


def _subject_words(file: Record) -> frozenset[str]:
    """The words under which the plans' clauses name subjects: the subject types and what else the plans say."""
    file.only("schema_version", "aliases", "no_subject_type")
    aliases = file.record("aliases")
    for alias in aliases.values:
        for word in aliases.scalars(alias):
            if word.text not in SUBJECT_TYPES:
                word.place.refuse(N_("không có nhóm đối tượng “%(word)s”"), word=word.text)
    others = {word.text for word in file.scalars("no_subject_type")}
    return frozenset(SUBJECT_TYPES) | frozenset(aliases.values) | others


class _BookReader:
    """Reads province files against what all of them share."""

    def __init__(
        self, province_codes: frozenset[str], wordings: Iterable[WordingTemplate], subject_words: frozenset[str]
    ) -> None:
        self.province_codes = province_codes
        self.subject_words = subject_words
        self.instruments = {wording.text_id: wording.instrument for wording in wordings}

    def book(self, path: Path, record: Record) -> ProvinceBook:
        record.only(
            *("schema_version", "version", "province", "settings", "agencies", "documents", "clauses", "obligations"),
            *("reporting_units", "reporting_duties"),
        )
        record.one_of("schema_version", ("1",))
        lock = Lock.read(lock_path(path))
        province = record.one_of("province", self.province_codes)
        agencies = tuple(self._agency(item, province) for item in _unique(record.records("agencies"), "code"))
        _refuse_missing_fields(record, agencies)
        plans = tuple(self._plan(item, lock) for item in _unique(record.records("documents"), "id"))
        if sum(plan.operative for plan in plans) != 1:
            record.at("documents").refuse(
                N_("phải có đúng một văn bản “operative: true”: kế hoạch được các mẫu viện dẫn")
            )
        plan_codes = {plan.code: plan for plan in plans}
        clause_records = _unique(record.records("clauses"), "id")
        refuse_changed_quotations(record, lock)
        clauses = tuple(self._clause(item, position, plan_codes) for position, item in enumerate(clause_records, 1))
        clause_ids = frozenset(clause.id for clause in clauses)
        units = tuple(read_unit(item) for item in _unique(record.records("reporting_units", required=False), "code"))
        duty_records = _unique(record.records("reporting_duties", required=False), "id")
        duties = read_duties(duty_records, plan_codes, clause_ids, units)
        agency_codes = frozenset(agency.code for agency in agencies)
        entry_records = _unique(record.records("obligations"), "id")
        entries = tuple(self._entry(item, clause_ids, agency_codes) for item in entry_records)
        _refuse_two_leads(entry_records, entries)
        return ProvinceBook(
            str(path),
            record.text("version"),
            province,
            self._settings(record.record("settings")),
            agencies,
            plans,
            clauses,
            units,
            duties,
            entries,
        )

    def _settings(self, record: Record) -> ProvinceSettings:
        record.only(
            *("retention", "data_contact", "hotline", "consent_basis", "consent_decided", "days_to_answer"),
            *("update_days", "receipt_note", "publish_coverage", "days_off_in_lieu"),
        )
        basis = record.one_of("consent_basis", ("consent", "task"), "consent")
        return ProvinceSettings(
            retention=record.optional("retention") or "",
            data_contact=record.optional("data_contact") or "",
            hotline=record.optional("hotline") or "",
            consent_basis="task" if basis == "task" else "consent",
            consent_decided=record.flag("consent_decided", default=False),
            days_to_answer=record.number("days_to_answer", most=365, default=10),
            update_days=record.number("update_days", most=365, default=10),
            receipt_note=record.flag("receipt_note", default=True),
            publish_coverage=record.flag("publish_coverage", default=False),
            days_off_in_lieu=frozenset(record.days("days_off_in_lieu")),
        )

    def _agency(self, record: Record, province: str) -> AgencyData:
        record.only("code", "name", "field", "signing_title")
        code = record.text("code")
        if not re.fullmatch(rf"{province}-[A-Z0-9]{{2,12}}", code):
            record.at("code").refuse(
                N_("mã cơ quan “%(code)s” phải có dạng %(province)s-SCT"), code=code, province=province
            )
        return AgencyData(
            code,
            record.text("name"),
            record.one_of("field", (*FIELDS, ""), ""),
            record.optional("signing_title") or "",
        )

    def _plan(self, record: Record, lock: Lock) -> PlanData:
        record.only(
            *("id", "operative", "source_file", "kind", "title", "issuer", "number", "issued_on", "citation", "basis"),
            *_DOCUMENT_REMARKS,
        )
        source = record.text("source_file")
        if source not in lock.sources:
            record.at("source_file").refuse(
                N_("văn bản nguồn “%(file)s” không có trong tệp khóa trích dẫn"), file=source
            )
        operative = record.flag("operative", default=False)
        number, issued_on = record.optional("number") or "", record.day("issued_on")
        content = record.plain(*_DOCUMENT_REMARKS)
        if operative:
            citation = record.record("citation")
            citation.only("numbered", "unnumbered")
            if not all(mark in citation.text("numbered") for mark in ("{{so}}", "{{ngay}}")):
                citation.at("numbered").refuse(N_("“numbered” phải có {{so}} và {{ngay}}"))
            content["citation"] = {"numbered": citation.text("numbered"), "unnumbered": citation.text("unnumbered")}
        return PlanData(
            record.text("id"),
            operative,
            record.text("title"),
            record.text("kind"),
            number,
            issued_on,
            record.text("issuer"),
            record.optional("basis") or "",
            source,
            lock.sources[source],
            content,
        )

    def _clause(self, record: Record, position: int, plans: dict[str, PlanData]) -> ClauseData:
        record.only(
            "id", "document", "kind", "place", "text", "deadline_printed", "result_printed", "lead", *_CLAUSE_READINGS
        )
        for word in record.scalars("subjects"):
            if word.text not in self.subject_words:
                word.place.refuse(N_("không có nhóm đối tượng “%(word)s”"), word=word.text)
        for word in record.scalars("result"):
            if word.text not in RESULTS:
                word.place.refuse(N_("không có loại kết quả “%(word)s”"), word=word.text)
        if record.has("cadence"):
            record.one_of("cadence", CADENCES)
        if record.has("pledge_text"):
            record.one_of("pledge_text", self.instruments)
        plan = plans[record.one_of("document", plans)]
        content = record.plain(*_CLAUSE_READINGS)
        if content.get("coordinating") == "default":
            content["coordinating"] = plan.content.get("coordinating_default", "")
        text = record.text("text")
        return ClauseData(
            record.text("id"),
            plan.code,
            position,
            record.one_of("kind", KINDS),
            record.text("place"),
            text,
            quotation_hash(text),
            record.optional("deadline_printed") or "",
            record.optional("result_printed") or "",
            record.optional("lead") or "",
            content,
        )

    def _entry(self, record: Record, clause_ids: frozenset[str], agency_codes: frozenset[str]) -> EntryData:
        record.only(
            *("id", "clause", "unit", "subject_types", "instrument", "lead", "text", "cutoff", "first_due"),
            *("newcomers", "ask_from", "resign", "reading", "enabled", "note", "document_number", "document_date"),
        )
        instrument = Instrument(record.one_of("instrument", Instrument))
        entry = EntryData(
            id=record.text("id"),
            clause_id=record.reference("clause", clause_ids),
            unit=Unit(record.one_of("unit", Unit)),
            subject_types=self._subject_types(record),
            instrument=instrument,
            lead_agency=record.one_of("lead", agency_codes),
            text_id=record.one_of("text", self.instruments),
            cutoff=record.day("cutoff"),
            first_due=record.day("first_due"),
            newcomers=record.one_of("newcomers", ("quarter_end", "none"), "quarter_end"),
            ask_from=record.day("ask_from"),
            resign=record.flag("resign", default=False),
            reading=record.one_of("reading", ("printed", "ours")),
            enabled=record.flag("enabled", default=True),
            note=record.optional("note") or "",
            document_number=record.optional("document_number") or "",
            document_date=record.day("document_date"),
        )
        self._refuse_contradiction(record, entry)
        return entry

    def _subject_types(self, record: Record) -> tuple[str, ...]:
        found: dict[str, Scalar] = {}
        for item in record.scalars("subject_types"):
            if item.text not in SUBJECT_TYPES:
                item.place.refuse(N_("không có nhóm đối tượng “%(word)s”"), word=item.text)
            if item.text in found:
                item.place.refuse(N_("nhóm đối tượng “%(word)s” có hai lần"), word=item.text)
            found[item.text] = item
        if not found:
            record.at("subject_types").refuse(N_("phải có ít nhất một nhóm đối tượng"))
        return tuple(found)

    def _refuse_contradiction(self, record: Record, entry: EntryData) -> None:
        acknowledges = entry.instrument is Instrument.ACKNOWLEDGEMENT
        if acknowledges != (self.instruments[entry.text_id] is Instrument.ACKNOWLEDGEMENT):
            record.at("text").refuse(N_("mẫu “%(text)s” không hợp với hình thức này"), text=entry.text_id)
        if entry.instrument is Instrument.VOLUNTARY:
            if entry.cutoff or entry.first_due or entry.ask_from:
                record.place.refuse(N_("cam kết tự nguyện không có thời hạn"))
            return
        if entry.clause_id is None:
            record.at("clause").refuse(N_("thiếu điều khoản: chỉ cam kết tự nguyện mới không cần điều khoản"))
        if entry.cutoff is None:
            record.at("cutoff").refuse(N_("thiếu “cutoff”: ngày cuối của nhóm ban đầu"))
        if entry.first_due and entry.first_due < entry.cutoff:
            record.at("first_due").refuse(N_("“first_due” không được trước “cutoff”"))
        if entry.ask_from and entry.first_due and entry.ask_from > entry.first_due:
            record.at("ask_from").refuse(N_("“ask_from” không được sau “first_due”"))


def _refuse_missing_fields(record: Record, agencies: tuple[AgencyData, ...]) -> None:
    """Every field has one agency, so that a voluntary pledge always finds who reviews it."""
    for field in FIELDS:
        found = [agency.code for agency in agencies if agency.field == field]
        if len(found) != 1:
            record.at("agencies").refuse(
                N_("lĩnh vực “%(field)s” phải có đúng một cơ quan phụ trách, hiện có: %(found)s"),
                field=field,
                found=", ".join(found) or N_("chưa có"),
            )


def _unique(records: tuple[Record, ...], key: str) -> tuple[Record, ...]:
    seen: dict[str, Record] = {}
    for record in records:
        name = record.text(key)
        if name in seen:
            record.at(key).refuse(N_("“%(name)s” đã có ở dòng %(line)s"), name=name, line=seen[name].at(key).line)
        seen[name] = record
    return records


def _refuse_two_leads(records: tuple[Record, ...], entries: tuple[EntryData, ...]) -> None:
    """Each subject type has one lead agency per instrument: the plans' own principle, and a unique constraint."""
    holder: dict[tuple[str, Instrument], EntryData] = {}
    for record, entry in zip(records, entries, strict=True):
        for item in record.scalars("subject_types"):
            first = holder.setdefault((item.text, entry.instrument), entry)
            if first is not entry:
                item.place.refuse(
                    N_("nhóm “%(word)s” đã có cơ quan chủ trì %(agency)s cho hình thức này (mục %(entry)s)"),
                    word=item.text,
                    agency=first.lead_agency,
                    entry=first.id,
                )
