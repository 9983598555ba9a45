"""What the form of a report asks, as it is kept in `Report.answers` and as programs read it.

The JSON: `{"schema": 1, "texts": {"results": "…", …}, "fields": [{"field": "food", "reviewed": 12, "violating": 1,
"handled": 1, "fines": 15000000, "links": ["https://…"]}, …]}`; `fields` only in reviews of false information, where a
number that nobody has entered yet is null.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pledges.core.errors import N_, DomainError
from pledges.core.text import clean_block, clean_line
from pledges.plans.models import ReportForm
from pledges.review.violation_models import ViolationField
from pledges.review.violation_rules import FIELD_LABELS

SCHEMA = 1
LONGEST_TEXT = 10_000
LONGEST_LINK = 500
MOST_LINKS = 1000
LARGEST_NUMBER = 10_000_000
LARGEST_FINES = 1_000_000_000_000


@dataclass(frozen=True)
class Asked:
    """One thing that a form asks; `name` is that of its input."""

    name: str
    label: str
    hint: str = ""
    money: bool = False


TEXTS: Mapping[ReportForm, tuple[Asked, ...]] = {
    ReportForm.GENERAL: (
        Asked("results", N_("Kết quả thực hiện"), N_("Số liệu ký cam kết đã có trong báo cáo, không cần chép lại.")),
        Asked("difficulties", N_("Khó khăn, vướng mắc")),
        Asked("proposals", N_("Kiến nghị, đề xuất")),
    ),
    ReportForm.FALSE_INFORMATION: (
        Asked("results", N_("Cách làm, kết quả nổi bật")),
        Asked("difficulties", N_("Khó khăn, vướng mắc")),
        Asked("proposals", N_("Kiến nghị, đề xuất")),
    ),
    ReportForm.FALSE_ADVERTISING: (
        Asked("results", N_("Kết quả rà soát quảng cáo sai sự thật")),
        Asked("difficulties", N_("Khó khăn, vướng mắc")),
        Asked("proposals", N_("Kiến nghị, đề xuất")),
    ),
}
"""Paragraphs, in their order in the document."""

NUMBERS = (
    Asked("reviewed", N_("Đã rà soát"), N_("Số trang, cửa hàng, tài khoản, cơ sở đã rà soát, kiểm tra.")),
    Asked("violating", N_("Có vi phạm")),
    Asked("handled", N_("Đã xử lý")),
    Asked("fines", N_("Tiền phạt (đồng)"), money=True),
)
LINKS = Asked("links", N_("Đường dẫn vi phạm"), N_("Mỗi dòng một đường dẫn."))
FIELDS = FIELD_LABELS
"""By field of goods, in the order of the rows."""


@dataclass(frozen=True)
class FieldRow:
    """One row of the review of false information. None: not entered yet."""

    field: ViolationField
    reviewed: int | None = None
    violating: int | None = None
    handled: int | None = None
    fines: int | None = None
    links: tuple[str, ...] = ()

    @property
    def entered(self) -> bool:
        return None not in (self.reviewed, self.violating, self.handled, self.fines)


@dataclass(frozen=True)
class Totals:
    reviewed: int
    violating: int
    handled: int
    fines: int
    links: int
    """Different ones."""


@dataclass(frozen=True)
class Answers:
    texts: Mapping[str, str]
    rows: tuple[FieldRow, ...] = ()
    """One per field in reviews of false information, else none."""

    @property
    def totals(self) -> Totals:
        links = {link for row in self.rows for link in row.links}
        sums = {asked.name: sum(getattr(row, asked.name) or 0 for row in self.rows) for asked in NUMBERS}
        return Totals(**sums, links=len(links))

    @property
    def complete(self) -> bool:
        return all(row.entered for row in self.rows)


def empty(form: ReportForm) -> Answers:
    rows = tuple(FieldRow(field) for field in FIELDS) if form is ReportForm.FALSE_INFORMATION else ()
    return Answers(dict.fromkeys((asked.name for asked in TEXTS[form]), ""), rows)


def nothing(form: ReportForm) -> Answers:
    """ "Không phát sinh": every number is 0."""
    blank = empty(form)
    return replace(blank, rows=tuple(FieldRow(row.field, 0, 0, 0, 0) for row in blank.rows))


def read(form: ReportForm, kept: Mapping[str, Any]) -> Answers:
    """What a report holds; rows come in the order of `FIELDS`, whatever was asked when it was written."""
    blank = empty(form)
    texts = kept.get("texts", {})
    rows = {str(row["field"]): row for row in kept.get("fields", ())}
    return Answers(
        {name: str(texts.get(name, "")) for name in blank.texts},
        tuple(_row(row.field, rows.get(row.field.value, {})) for row in blank.rows),
    )


def _row(field: ViolationField, kept: Mapping[str, Any]) -> FieldRow:
    numbers = {asked.name: kept.get(asked.name) for asked in NUMBERS}
    return FieldRow(field, **numbers, links=tuple(kept.get("links", ())))


def as_json(answers: Answers) -> dict[str, Any]:
    found: dict[str, Any] = {"schema": SCHEMA, "texts": dict(answers.texts)}
    if answers.rows:
        found["fields"] = [
            {
                "field": row.field.value,
                **{asked.name: getattr(row, asked.name) for asked in NUMBERS},
                "links": list(row.links),
            }
            for row in answers.rows
        ]
    return found


def checked(form: ReportForm, answers: Answers) -> Answers:
    """The same, clean; raises `DomainError` at the input to be corrected (`results`, `food-fines`, `food-links`)."""
    texts = {
        asked.name: clean_block(answers.texts.get(asked.name, ""), most=LONGEST_TEXT, field=asked.name)
        for asked in TEXTS[form]
    }
    given = {row.field: row for row in answers.rows}
    rows = tuple(_checked_row(given.get(row.field, row)) for row in empty(form).rows)
    return Answers(texts, rows)


def _checked_row(row: FieldRow) -> FieldRow:
    for asked in NUMBERS:
        number = getattr(row, asked.name)
        most = LARGEST_FINES if asked.money else LARGEST_NUMBER
        if number is not None and not 0 <= number <= most:
            raise DomainError(
                N_("Số này phải từ 0 đến %(most)s. Hãy kiểm tra lại."),
                field=f"{row.field.value}-{asked.name}",
                most=f"{most:,}".replace(",", "."),
            )
    name = f"{row.field.value}-{LINKS.name}"
    if len(row.links) > MOST_LINKS:
        raise DomainError(
            N_("Ô này nhận nhiều nhất %(most)s đường dẫn. Hãy gửi danh sách đầy đủ trong tệp PDF."),
            field=name,
            most=MOST_LINKS,
        )
    cleaned = (clean_line(link, most=LONGEST_LINK, field=name) for link in row.links)
    return replace(row, links=tuple(dict.fromkeys(link for link in cleaned if link)))


def completed(answers: Answers) -> Answers:
    """As it is sent: what was left empty beside nothing is 0; refused where the numbers cannot be right."""
    if answers.rows and all(row.reviewed is None for row in answers.rows):
        raise DomainError(
            N_("Hãy nhập số đã rà soát của từng lĩnh vực. Nếu kỳ này không có gì, hãy bấm “Không phát sinh”."),
            field=f"{answers.rows[0].field.value}-reviewed",
        )
    return replace(answers, rows=tuple(_completed_row(row) for row in answers.rows))


def _completed_row(row: FieldRow) -> FieldRow:
    numbers: dict[str, Any] = {asked.name: getattr(row, asked.name) or 0 for asked in NUMBERS}
    filled = replace(row, **numbers)
    if row.reviewed is None and (filled.violating or filled.handled or filled.fines or filled.links):
        raise DomainError(
            N_("Lĩnh vực này có số liệu vi phạm nên cần cả số đã rà soát."), field=f"{row.field.value}-reviewed"
        )
    if (filled.violating or 0) > (filled.reviewed or 0):
        raise DomainError(
            N_("Số có vi phạm không thể lớn hơn số đã rà soát. Hãy kiểm tra lại."),
            field=f"{row.field.value}-violating",
        )
    return filled


def summed(form: ReportForm, parts: Iterable[Answers]) -> Answers:
    """The numbers of several reports added up by field; texts are not put together."""
    rows = {row.field: row for row in nothing(form).rows}
    for part in parts:
        for row in part.rows:
            known = rows[row.field]
            numbers = {
                asked.name: (getattr(known, asked.name) or 0) + (getattr(row, asked.name) or 0) for asked in NUMBERS
            }
            rows[row.field] = FieldRow(row.field, **numbers, links=tuple(dict.fromkeys((*known.links, *row.links))))
    return Answers(empty(form).texts, tuple(rows.values()))
