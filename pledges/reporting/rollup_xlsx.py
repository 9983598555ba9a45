"""The figures as a workbook: numbers are numbers, days are days, sums are formulas that a person can follow."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from pledges.core.calendar import VIETNAM
from pledges.core.formulas import formula_safe
from pledges.plans.models import Instrument
from pledges.reporting.report import COUNTED, ONCE, RollupReport
from pledges.reporting.rollup import GROUPS
from pledges.reporting.rollup_csv import HEADS, cells_of
from pledges.rounds.figures import Figures, together
from pledges.rounds.list_columns import columns_of
from pledges.rounds.list_models import ListKind
from pledges.rounds.list_rows import ListRow
from pledges.rounds.list_words import KIND_LABELS, RowWords

_A4 = 9
_LINE, _HIGHEST = 16.0, 400.0
"""Points of a line, and the most that programs give to a row."""
_LONGEST_CELL = 32_000
_HEAD = 3
"""The row of the headings of columns."""
_FIGURES = (
    "Thuộc diện ký",
    "Đang có hiệu lực",
    "Chờ cơ quan duyệt",
    "Đang chờ ký",
    "Chưa cam kết",
    "Chưa liên hệ được",
    "Chưa đến hạn",
    "Tỷ lệ",
    "Chênh lệch (phải bằng 0)",
)


@dataclass(frozen=True)
class ListSheet:
    """One of the lists by name; without `rows` the sheet says why they are left out."""

    kind: ListKind
    rows: Iterable[ListRow] | None
    notes: tuple[str, ...]


def write_rollup_xlsx(
    report: RollupReport, path: Path, lists: Sequence[ListSheet] = (), words: RowWords | None = None
) -> None:
    """Written row by row, so that long lists need no memory; parts lie beside `path` meanwhile."""
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "tmpdir": str(path.parent),
        "default_date_format": "dd/mm/yyyy",
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"title": report.title, "company": report.agency, "author": report.agency})
        looks = _Looks.of(book)
        _figures_sheets(book, report, looks)
        for each in lists:
            if words is not None:
                _list_sheet(book, report, each, words, looks)
        _frozen_sheet(book, report, looks)
        _facts_sheet(book, report, looks)


@dataclass(frozen=True)
class _Looks:
    bold: Any
    title: Any
    note: Any
    head: Any
    text: Any
    number: Any
    share: Any
    day: Any
    moment: Any
    caution: Any
    fact: Any
    fact_number: Any
    fact_day: Any
    sum: Any
    sum_share: Any
    sum_text: Any

    @classmethod
    def of(cls, book: Any) -> _Looks:
        cell = {"border": 1, "valign": "top"}
        count, share = {**cell, "num_format": "#,##0"}, {**cell, "num_format": "0.0%"}
        fact = {"text_wrap": True, "valign": "top", "align": "left"}
        strong = {"bold": True, "top": 2}
        return cls(
            bold=book.add_format({"bold": True}),
            title=book.add_format({"bold": True, "font_size": 13}),
            note=book.add_format({"italic": True}),
            head=book.add_format(
                {**cell, "bold": True, "text_wrap": True, "align": "center", "valign": "vcenter", "bg_color": "#DDE8E8"}
            ),
            text=book.add_format({**cell, "text_wrap": True}),
            number=book.add_format(count),
            share=book.add_format(share),
            day=book.add_format({**cell, "num_format": "dd/mm/yyyy", "align": "center"}),
            moment=book.add_format({**cell, "num_format": "hh:mm dd/mm/yyyy", "align": "center"}),
            caution=book.add_format({"italic": True, "text_wrap": True, "valign": "top"}),
            fact=book.add_format(fact),
            fact_number=book.add_format({**fact, "num_format": "#,##0"}),
            fact_day=book.add_format({**fact, "num_format": "dd/mm/yyyy"}),
            sum=book.add_format({**count, **strong}),
            sum_share=book.add_format({**share, **strong}),
            sum_text=book.add_format({**cell, **strong, "text_wrap": True}),
        )


def _sheet(book: Any, report: RollupReport, name: str, *, frozen: int = 0) -> Any:
    """Printed across A4 with its headings on every page; `frozen` columns stay in sight, as the headings do."""
    sheet = book.add_worksheet(name)
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.set_margins(left=0.6, right=0.4, top=0.6, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(_HEAD)
    sheet.set_footer(f"&L{report.agency.replace('&', '&&')}&RTrang &P/&N")
    sheet.freeze_panes(_HEAD + 1, frozen)
    return sheet


def _height(cells: Iterable[tuple[str, float]]) -> float:
    """Of a row whose texts have these widths in letters: not every program makes room for lines that wrap."""
    lines = max((math.ceil(len(text) * 1.1 / width) for text, width in cells), default=1)
    return min(_LINE * max(lines, 1), _HIGHEST)


class _Table:
    """One sheet of figures: some columns of names, then the groups, the share and the check of the sum as formulas."""

    def __init__(self, book: Any, report: RollupReport, looks: _Looks, name: str, heads: dict[str, float]) -> None:
        self.looks, self.names, self.widths = looks, len(heads), list(heads.values())
        self.sheet = sheet = _sheet(book, report, name, frozen=self.names)
        self.line = _HEAD
        for place, width in enumerate(heads.values()):
            sheet.set_column(place, place, width)
        sheet.set_column(self.names, self.names + len(_FIGURES) - 1, 13)
        sheet.write_string(0, 0, report.agency, looks.bold)
        sheet.write_string(1, 0, f"{report.title.upper()}, {name.lower()} – {report.subtitle}", looks.title)
        sheet.set_row(_HEAD, 48)

    def heads(self, note: str, heads: Iterable[str]) -> None:
        self.sheet.write_string(2, 0, note, self.looks.note)
        for place, text in enumerate((*heads, *_FIGURES)):
            self.sheet.write_string(_HEAD, place, text, self.looks.head)

    def add(self, names: Sequence[str], figures: Figures, *, sum_of: tuple[int, int] | None = None) -> None:
        """`sum_of`: the first and last row whose numbers this line adds up."""
        self.line += 1
        self.sheet.set_row(self.line, _height(zip(names, self.widths, strict=False)))
        looks, row = self.looks, self.line + 1
        number, share, text = looks.number, looks.share, looks.text
        if sum_of is not None:
            number, share, text = looks.sum, looks.sum_share, looks.sum_text
        for place, name in enumerate(names):
            self.sheet.write_string(self.line, place, formula_safe(name), text)
        counts = [figures.in_scope, *(figures[group] for group in GROUPS)]
        for place, count in enumerate(counts, start=self.names):
            if sum_of is None:
                self.sheet.write_number(self.line, place, count, number)
            else:
                column = xl_col_to_name(place)
                formula = f"=SUM({column}{sum_of[0] + 1}:{column}{sum_of[1] + 1})"
                self.sheet.write_formula(self.line, place, formula, number, count)
        whole, first, last = (xl_col_to_name(self.names + place) for place in (0, 1, len(GROUPS)))
        end = self.names + len(counts)
        coverage = f'=IF({whole}{row}=0,"",{first}{row}/{whole}{row})'
        self.sheet.write_formula(self.line, end, coverage, share, "" if figures.share is None else figures.share)
        check = f"={whole}{row}-SUM({first}{row}:{last}{row})"
        left = figures.in_scope - sum(figures.groups.values())
        self.sheet.write_formula(self.line, end + 1, check, number, left)

    def end(self) -> None:
        self.sheet.autofilter(_HEAD, 0, max(self.line, _HEAD), self.names + len(_FIGURES) - 1)


def _figures_sheets(book: Any, report: RollupReport, looks: _Looks) -> None:
    _summary(book, report, looks)
    coverage, names = report.coverage, report.names
    communes = [((name,), line) for _code, name, line in names.by_commune(coverage.lines("commune_code"))]
    _plain(book, report, looks, "Theo xã", {"Xã, phường, đặc khu": 36}, communes, COUNTED)
    types = [((name,), line) for _code, name, line in names.by_type(coverage.lines("subject_type"))]
    _plain(book, report, looks, "Theo nhóm", {"Nhóm đối tượng": 44}, types, ONCE, once=coverage.total)
    _details(book, report, looks)


def _summary(book: Any, report: RollupReport, looks: _Looks) -> None:
    """Pledges and their sum, then acknowledgements and theirs."""
    names = report.names
    heads = {"Cơ quan": 32.0, "Nghĩa vụ": 50.0, "Nơi yêu cầu": 30.0, "Hình thức": 20.0}
    table = _Table(book, report, looks, "Tổng hợp", heads)
    table.heads(COUNTED, heads)
    kinds = ((Instrument.PLEDGE, "Cam kết"), (Instrument.ACKNOWLEDGEMENT, "Xác nhận văn bản"))
    for instrument, kind in kinds:
        begun = table.line + 1
        lines = [row for row in report.rollup.totals if row.instrument == instrument.value]
        for row in lines:
            where = names.clauses.get(row.obligation, "")
            agency = names.agencies.get(row.agency, row.agency)
            table.add((agency, names.entry(row.obligation), where, kind), row.figures)
        if lines:
            total = report.coverage.standing.total(instrument)
            table.add(("Cộng", "", "", kind), total, sum_of=(begun, table.line))


def _plain(
    book: Any,
    report: RollupReport,
    looks: _Looks,
    name: str,
    heads: dict[str, float],
    lines: Sequence[tuple[tuple[str, ...], Figures]],
    note: str,
    *,
    once: Figures | None = None,
) -> None:
    """Lines of pledges and their sum; `once`: what is left of the sum if everybody counts once."""
    table = _Table(book, report, looks, name, heads)
    table.heads(note, heads)
    for names, figures in lines:
        table.add(names, figures)
    if lines:
        table.add(("Cộng",), together(figures for _names, figures in lines), sum_of=(_HEAD + 1, table.line))
    if once is not None and lines:
        table.add(("Mỗi nghĩa vụ đếm một lần",), once)


def _details(book: Any, report: RollupReport, looks: _Looks) -> None:
    """The rows of the rollup, for those who reckon further."""
    names = len(HEADS) - len(_FIGURES) + 1
    widths = (12.0, 32.0, 16.0, 44.0, 18.0, 36.0, 10.0, 32.0)
    heads = dict(zip(HEADS[:names], widths, strict=True))
    table = _Table(book, report, looks, "Chi tiết", heads)
    table.heads("Từng dòng theo nhóm và xã; đối tượng thuộc hai nhóm đếm ở cả hai dòng.", heads)
    for row in report.rollup.rows:
        table.add([str(cell) for cell in cells_of(row, report)[:names]], row.figures)
    table.end()


def _list_sheet(book: Any, report: RollupReport, wanted: ListSheet, words: RowWords, looks: _Looks) -> None:
    sheet = _sheet(book, report, "DS " + KIND_LABELS[wanted.kind].removeprefix("Danh sách "))
    columns = columns_of(wanted.kind, words, formula_safe)
    sheet.set_column(0, 0, 8)
    for place, column in enumerate(columns, start=1):
        sheet.set_column(place, place, column.width)
    sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    sheet.write_string(0, 0, KIND_LABELS[wanted.kind], looks.title)
    sheet.write_string(1, 0, wanted.notes[0], looks.note)
    if wanted.rows is None:
        return
    cautions = " ".join(wanted.notes[1:])
    sheet.set_row(2, 15.0 * (1 + len(cautions) // 190))
    sheet.merge_range(2, 0, 2, len(columns), cautions, looks.caution)
    sheet.set_row(_HEAD, 2 * _LINE)
    for place, text in enumerate(["Số thứ tự", *(column.title for column in columns)]):
        sheet.write_string(_HEAD, place, text, looks.head)
    line = _HEAD
    for line, row in enumerate(wanted.rows, start=_HEAD + 1):
        texts = [column.text(row)[:_LONGEST_CELL] for column in columns]
        sheet.set_row(line, _height((text, column.width) for text, column in zip(texts, columns, strict=True)))
        sheet.write_number(line, 0, line - _HEAD, looks.number)
        for place, (column, text) in enumerate(zip(columns, texts, strict=True), start=1):
            day = column.day(row) if column.day is not None else None
            if day is not None:
                sheet.write_datetime(line, place, day, looks.day)
            else:
                sheet.write_string(line, place, text, looks.text)
    sheet.autofilter(_HEAD, 0, line, len(columns))


def _frozen_sheet(book: Any, report: RollupReport, looks: _Looks) -> None:
    """The lists behind the figures by their hashes: whoever holds the file of a list can show that it is that one."""
    sheet = _sheet(book, report, "Danh sách đã chốt")
    columns = {
        "Cơ quan": 36.0,
        "Quý": 14.0,
        "Danh sách": 34.0,
        "Số dòng": 12.0,
        "Số liệu hết ngày": 14.0,
        "Chốt lúc": 18.0,
        "Quy tắc": 12.0,
        "SHA-256": 70.0,
    }
    for place, width in enumerate(columns.values()):
        sheet.set_column(place, place, width)
    sheet.write_string(0, 0, report.agency, looks.bold)
    sheet.write_string(1, 0, "DANH SÁCH ĐÃ CHỐT CỦA CÁC ĐỢT VẬN ĐỘNG ĐÃ ĐÓNG", looks.title)
    note = (
        "Danh sách lấy ở trang danh sách của đợt vận động; mã SHA-256 cho biết tệp đang giữ có đúng là danh sách này."
    )
    sheet.write_string(2, 0, note if report.frozen_lists else "Chưa có đợt vận động nào đã đóng.", looks.note)
    sheet.set_row(_HEAD, 2 * _LINE)
    for place, text in enumerate(columns):
        sheet.write_string(_HEAD, place, text, looks.head)
    line = _HEAD
    for line, found in enumerate(report.frozen_lists, start=_HEAD + 1):
        agency = report.names.agencies.get(found.agency, found.agency)
        for place, text in enumerate((agency, found.quarter.vietnamese, KIND_LABELS[found.kind])):
            sheet.write_string(line, place, formula_safe(text), looks.text)
        sheet.write_number(line, 3, found.rows, looks.number)
        sheet.write_datetime(line, 4, found.as_of, looks.day)
        sheet.write_datetime(line, 5, found.frozen_at.astimezone(VIETNAM).replace(tzinfo=None), looks.moment)
        sheet.write_string(line, 6, found.rule_version, looks.text)
        sheet.write_string(line, 7, found.sha256, looks.text)
    sheet.autofilter(_HEAD, 0, line, len(columns) - 1)


def _facts_sheet(book: Any, report: RollupReport, looks: _Looks) -> None:
    sheet = book.add_worksheet("Thông tin")
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 100)
    facts = [("Cơ quan", report.agency), ("Số liệu", report.title), ("Thời điểm", report.subtitle), *report.facts]
    facts.append(("Cách tính", f"{COUNTED} {ONCE}"))
    line = 0
    for line, (name, text) in enumerate(facts):
        sheet.write_string(line, 0, name, looks.bold)
        sheet.write_string(line, 1, formula_safe(text), looks.fact)
    sheet.write_string(line + 1, 0, "Cam kết tự nguyện đang có hiệu lực", looks.bold)
    sheet.write_number(line + 1, 1, report.volunteers.total, looks.fact_number)
    if report.coverage.day is not None:
        sheet.write_string(line + 2, 0, "Số liệu hết ngày", looks.bold)
        sheet.write_datetime(line + 2, 1, report.coverage.day, looks.fact_day)
