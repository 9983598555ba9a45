"""What a province file quotes, and the lock that holds every quotation to its source."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from pledges.core.errors import N_
from pledges.core.secrecy import sha256_hex
from pledges.plans.reading import Place, Record

PARTS = ("text", "deadline_printed", "result_printed")


@dataclass(frozen=True)
class Quotation:
    """`key` is the id of the clause or of its row, a blank, and which part of it is quoted."""

    key: str
    part: str
    text: str
    source_file: str
    place: Place
    summed_up: bool = False
    """The cell sums up several cells of its rows: locked, but not to be found like this in the source."""

    @property
    def line(self) -> int:
        return self.place.line


@dataclass(frozen=True)
class Lock:
    """Made once by `scripts/lock-quotations` from the published documents; here it is only compared with."""

    sources: dict[str, str]
    """SHA-256 of each source document, by file name."""
    quotations: dict[str, str]

    @classmethod
    def read(cls, path: Path) -> Lock:
        place = Place(str(path), 1)
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            sources, quotations = dict(data["sources"]), dict(data["quotations"])
        except OSError:
            place.refuse(N_("thiếu tệp khóa trích dẫn; tạo bằng scripts/lock-quotations"))
        except (ValueError, KeyError, TypeError):
            place.refuse(N_("tệp khóa trích dẫn hỏng"))
        return cls(sources, quotations)


def lock_path(file: Path) -> Path:
    """`hue.yaml` → `hue.lock`, beside it."""
    return file.with_suffix(".lock")


def quotation_hash(text: str) -> str:
    """SHA-256 of the words: NFC, line breaks joined, runs of blanks collapsed."""
    return sha256_hex(" ".join(unicodedata.normalize("NFC", text).split()).encode())


def quotations_of(book: Record) -> tuple[Quotation, ...]:
    """Every quotation of a province file, in its order."""
    source_of = {document.text("id"): document.text("source_file") for document in book.records("documents")}
    found: list[Quotation] = []
    for clause in book.records("clauses"):
        document = clause.text("document")
        if document not in source_of:
            clause.at("document").refuse(N_("không có văn bản “%(document)s”"), document=document)
        for record in (clause, *clause.records("rows", required=False)):
            summed_up = {item.text for item in record.scalars("summed_up")}
            found += [
                Quotation(
                    f"{record.text('id')} {part}",
                    part,
                    record.text(part),
                    source_of[document],
                    record.at(part),
                    part in summed_up,
                )
                for part in PARTS
                if record.has(part)
            ]
    return tuple(found)


def refuse_changed_quotations(book: Record, lock: Lock) -> None:
    """Every quotation must have the hash that the lock holds for it, and nothing that was locked may be gone."""
    quotations = quotations_of(book)
    gone = lock.quotations.keys() - {quotation.key for quotation in quotations}
    if gone:
        book.at("clauses").refuse(N_("thiếu trích dẫn “%(key)s” mà tệp khóa đang giữ"), key=min(gone))
    for quotation in quotations:
        held = lock.quotations.get(quotation.key)
        if held is None:
            quotation.place.refuse(
                N_(
                    "trích dẫn “%(key)s” chưa có trong tệp khóa; "
                    "đối chiếu với văn bản nguồn bằng scripts/lock-quotations"
                ),
                key=quotation.key,
            )
        if held != quotation_hash(quotation.text):
            quotation.place.refuse(
                N_("trích dẫn “%(key)s” khác với văn bản nguồn; sửa lại đúng từng chữ"), key=quotation.key
            )
