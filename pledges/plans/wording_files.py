"""Wording files read: shared blocks and one wording become one self-contained template."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from pledges.core.errors import N_
from pledges.plans.models import Instrument
from pledges.plans.reading import Listing, Located, Place, Record, Scalar, read_yaml
from pledges.plans.rules import SUBJECT_TYPES
from pledges.plans.settings import ProvinceSettings
from pledges.plans.wordings import CONDITIONS, PLACEHOLDER, PLACEHOLDERS, Consents, template_hash

SHARED = "shared.yaml"

_SIGNATURE_PLACES = {
    "public_digital_signature": {"ten_tren_chung_thu", "thoi_gian", "to_chuc_cap"},
    "otp_confirm": {"noi_nhan_ma", "thoi_gian", "ma_tra_cuu", "ma_bam"},
    "scanned_paper": {"can_bo", "ngay"},
}
_CONSENTS = tuple(item.name for item in fields(Consents))


@dataclass(frozen=True)
class WordingTemplate:
    """One version of one wording, complete in itself: `content` is what `wordings.render_wording` reads."""

    text_id: str
    version: int
    instrument: Instrument
    title: str
    """In one line, for lists: "Bản cam kết về …"."""
    content: dict[str, Any]
    hash: str
    place: Place


def read_wordings(folder: Path, extra: Iterable[Path] = ()) -> tuple[WordingTemplate, ...]:
    """The wordings of `folder` and of further files; all use the shared blocks of `folder`."""
    shared = read_yaml(folder / SHARED)
    files = [path for path in sorted(folder.glob("*.yaml")) if path.name != SHARED]
    found: dict[tuple[str, int], WordingTemplate] = {}
    for path in (*files, *extra):
        wording = _wording(read_yaml(path), shared)
        key = (wording.text_id, wording.version)
        if key in found:
            wording.place.refuse(
                N_("mẫu “%(text_id)s” phiên bản %(version)s có hai lần"), text_id=key[0], version=key[1]
            )
        found[key] = wording
    return tuple(found.values())


def is_wording(record: Record) -> bool:
    return "text_id" in record.values


def _wording(file: Record, shared: Record) -> WordingTemplate:
    file.only(
        *("schema_version", "text_id", "version", "instrument", "title", "subtitle", "consents", "options", "basis"),
        *("opening", "commitments", "attachments", "notes", "choices"),
    )
    shared.only(
        *("schema_version", "party", "addressee", "responsibility", "receipt_note", "notice", "consents"),
        "signature_lines",
    )
    text_id = file.text("text_id")
    instrument = Instrument(file.one_of("instrument", (Instrument.PLEDGE, Instrument.ACKNOWLEDGEMENT)))
    options = {option.text("id"): option.text("label") for option in file.records("options", required=False)}
    reader = _TemplateReader(frozenset(options))
    pledge = instrument is Instrument.PLEDGE
    content = {
        "text_id": text_id,
        "version": file.number("version", most=9999),
        "instrument": instrument.value,
        "title": file.text("title"),
        "subtitle": file.optional("subtitle") or "",
        "options": [{"id": key, "label": label} for key, label in options.items()],
        "party": [reader.item(row, "label") for row in shared.records("party")],
        "addressee": reader.parts(shared, "addressee"),
        "basis": reader.items(file, "basis"),
        "opening": reader.parts(file, "opening"),
        "commitments": reader.items(file, "commitments", sourced=True, required=pledge),
        "responsibility": _responsibility(shared.record("responsibility"), reader) if pledge else None,
        "notes": [
            *reader.items(file, "attachments", sourced=True),
            *reader.items(file, "notes", sourced=True),
            *([_receipt_note(shared, reader)] if pledge else []),
        ],
        "notice": _notice(shared.record("notice"), reader),
        "choices": reader.items(file, "choices", "id", sourced=True),
        "consents": _consents(file, shared, reader),
        "signature_lines": _signature_lines(shared.record("signature_lines")),
    }
    content = _composed(content)
    title = " ".join(part for part in (content["title"].capitalize(), _lower_first(content["subtitle"])) if part)
    return WordingTemplate(
        text_id, content["version"], instrument, title, content, template_hash(content), file.at("text_id")
    )


def _responsibility(block: Record, reader: _TemplateReader) -> dict[str, Any]:
    block.only("heading", "items")
    return {"heading": block.text("heading"), "items": reader.items(block, "items", sourced=True, required=True)}


def _receipt_note(shared: Record, reader: _TemplateReader) -> dict[str, Any]:
    note = reader.item(shared.record("receipt_note"), sourced=True)
    note["when"] = {**note["when"], "setting": ["receipt_note"]}
    return note


def _notice(block: Record, reader: _TemplateReader) -> dict[str, Any]:
    block.only("heading", "text", "source")
    return {"heading": block.text("heading"), "text": reader.parts(block, "text"), "source": block.text("source")}


def _consents(file: Record, shared: Record, reader: _TemplateReader) -> list[dict[str, Any]]:
    wanted = []
    for item in file.scalars("consents"):
        if item.text not in _CONSENTS:
            item.place.refuse(
                N_("không có sự đồng ý “%(name)s”; phải là một trong: %(names)s"),
                name=item.text,
                names=", ".join(_CONSENTS),
            )
        wanted.append(item.text)
    if "processing" not in wanted:
        file.at("consents").refuse(N_("mọi mẫu phải hỏi sự đồng ý “processing”"))
    blocks = [reader.item(block, "id") for block in shared.records("consents")]
    return [block for block in blocks if block["id"] in wanted]


def _signature_lines(lines: Record) -> dict[str, str]:
    lines.only(*_SIGNATURE_PLACES)
    for kind, places in _SIGNATURE_PLACES.items():
        unknown = set(PLACEHOLDER.findall(lines.text(kind))) - places
        if unknown:
            lines.at(kind).refuse(N_("không có chỗ điền “%(name)s”"), name=min(unknown))
    return {kind: lines.text(kind) for kind in _SIGNATURE_PLACES}


class _TemplateReader:
    """Reads texts with their parts and conditions; knows which options this wording has."""

    def __init__(self, options: frozenset[str]) -> None:
        self.allowed = {
            "entity": {"organisation", "person"},
            "subject_types": set(SUBJECT_TYPES),
            "not_subject_types": set(SUBJECT_TYPES),
            "has": PLACEHOLDERS,
            "lacks": PLACEHOLDERS,
            "option": options,
            "consent_basis": {"consent", "task"},
            "instrument": {Instrument.PLEDGE.value, Instrument.ACKNOWLEDGEMENT.value},
            "setting": {item.name for item in fields(ProvinceSettings)},
        }

    def items(
        self, owner: Record, key: str, *names: str, sourced: bool = False, required: bool = False
    ) -> list[dict[str, Any]]:
        return [self.item(record, *names, sourced=sourced) for record in owner.records(key, required=required)]

    def item(self, record: Record, *names: str, sourced: bool = False) -> dict[str, Any]:
        """A text with its condition, the further fields `names`, and, where `sourced`, the source it must have."""
        record.only("text", "when", "source", *names)
        found: dict[str, Any] = {"text": self.parts(record, "text"), "when": self.when(record)}
        if sourced or record.has("source"):
            found["source"] = record.text("source")
        return found | {name: record.text(name) for name in names}

    def parts(self, record: Record, key: str) -> list[dict[str, Any]]:
        """A text, or a list of texts of which some have a condition."""
        if key not in record.values:
            record.place.refuse(N_("thiếu “%(key)s”"), key=key)
        value = record.values[key]
        pieces = value.items if isinstance(value, Listing) else (value,)
        return [self._part(piece) for piece in pieces]

    def _part(self, piece: Located) -> dict[str, Any]:
        if isinstance(piece, Record):
            piece.only("text", "when")
            return {"text": self._text(piece.text("text"), piece.at("text")), "when": self.when(piece)}
        if not isinstance(piece, Scalar) or not piece.text.strip():
            piece.place.refuse(N_("đoạn chữ trống"))
        return {"text": self._text(piece.text, piece.place), "when": {}}

    def _text(self, text: str, place: Place) -> str:
        for name in PLACEHOLDER.findall(text):
            if name not in PLACEHOLDERS:
                place.refuse(N_("không có chỗ điền “%(name)s”"), name=name)
        rest = PLACEHOLDER.sub("", text)
        for leftover in ("{{", "}}", "[nếu", "‹", "›"):
            if leftover in rest:
                place.refuse(N_("còn sót “%(mark)s” trong câu chữ"), mark=leftover)
        return " ".join(text.split())

    def when(self, record: Record) -> dict[str, list[str]]:
        if "when" not in record.values:
            return {}
        conditions = record.record("when")
        conditions.only(*sorted(CONDITIONS))
        found = {}
        for key in conditions.values:
            words = conditions.scalars(key)
            for word in words:
                # Province codes are checked where all provinces are known.
                if key in self.allowed and word.text not in self.allowed[key]:
                    word.place.refuse(N_("“%(key)s” không có “%(word)s”"), key=key, word=word.text)
            found[key] = [word.text for word in words]
        return found


def _composed(value: Any) -> Any:
    """Everything in NFC, so that the hash does not depend on how an editor writes its marks."""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, list):
        return [_composed(item) for item in value]
    if isinstance(value, dict):
        return {key: _composed(item) for key, item in value.items()}
    return value


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
