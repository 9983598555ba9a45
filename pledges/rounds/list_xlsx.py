"""A list as a workbook: days are days, the headings stay in sight, and nothing in it is run or followed as a link."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import xlsxwriter

from pledges.core.formulas import formula_safe
from pledges.rounds.list_columns import Column, columns_of
from pledges.rounds.list_heading import ListHeading
from pledges.rounds.list_rows import ListRow
from pledges.rounds.list_words import RowWords

MOST_IN_SHEET = 1_000_000
"""Programs read 1,048,576 rows of a sheet."""
HEAD = 3
"""The row of the headings of columns."""
_LONGEST_CELL = 32_000
_A4 = 9


def write_xlsx(rows: Iterable[ListRow], heading: ListHeading, words: RowWords, path: Path) -> None:
    """Written row by row: the size of the list does not matter for the memory. Parts lie beside `path` meanwhile."""
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "tmpdir": str(path.parent),
        "default_date_format": "dd/mm/yyyy",
    }
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"title": heading.title, "company": heading.agency, "author": heading.agency})
        columns = columns_of(heading.kind, words, formula_safe)
        sheets = _Sheets(book, heading, columns)
        number = 0
        for number, row in enumerate(rows, start=1):
            sheets.add(number, row)
        sheets.end()
        _write_facts(book, heading, number)


class _Sheets:
    """The sheets of the list itself, a new one where the last is full."""

    def __init__(self, book: Any, heading: ListHeading, columns: list[Column]) -> None:
        self._book, self._heading, self._columns = book, heading, columns
        self._day = book.add_format({"num_format": "dd/mm/yyyy", "valign": "top", "border": 1, "align": "center"})
        self._text = book.add_format({"valign": "top", "text_wrap": True, "border": 1})
        self._begun = 0
        self._begin()

    def _begin(self) -> None:
        self._begun += 1
        self._line = HEAD
        name = "Danh sách" if self._begun == 1 else f"Danh sách {self._begun}"
        sheet = self._sheet = self._book.add_worksheet(name)
        sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.set_margins(left=0.6, right=0.4, top=0.6, bottom=0.6)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(HEAD)
        sheet.set_footer(f"&L{self._heading.agency.replace('&', '&&')}&RTrang &P/&N")
        sheet.freeze_panes(HEAD + 1, 0)
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        sheet.set_column(0, 0, 8)
        for place, column in enumerate(self._columns, start=1):
            sheet.set_column(place, place, column.width)
        self._top(sheet)

    def _top(self, sheet: Any) -> None:
        heading, last = self._heading, len(self._columns)
        plain = self._book.add_format({"bold": True})
        title = self._book.add_format({"bold": True, "font_size": 13})
        caution = self._book.add_format({"italic": True, "text_wrap": True, "valign": "top"})
        head = self._book.add_format(
            {
                "bold": True,
                "text_wrap": True,
                "valign": "vcenter",
                "align": "center",
                "border": 1,
                "bg_color": "#DDE8E8",
            }
        )
        names = f"{heading.superior} – {heading.agency}" if heading.superior else heading.agency
        sheet.write_string(0, 0, names, plain)
        sheet.write_string(1, 0, f"{heading.title.upper()} – {heading.subtitle}", title)
        sheet.set_row(2, 15.0 * (1 + len(" ".join(heading.caution)) // 190))
        sheet.merge_range(2, 0, 2, last, "", caution)
        sheet.write_string(2, 0, " ".join(heading.caution), caution)
        sheet.set_row(HEAD, 32)
        for place, text in enumerate(["Số thứ tự", *(column.title for column in self._columns)]):
            sheet.write_string(HEAD, place, text, head)

    def add(self, number: int, row: ListRow) -> None:
        if self._line - HEAD >= MOST_IN_SHEET:
            self.end()
            self._begin()
        self._line += 1
        sheet, line = self._sheet, self._line
        sheet.write_number(line, 0, number, self._text)
        for place, column in enumerate(self._columns, start=1):
            day = column.day(row) if column.day is not None else None
            if day is not None:
                sheet.write_datetime(line, place, day, self._day)
            else:
                sheet.write_string(line, place, column.text(row)[:_LONGEST_CELL], self._text)

    def end(self) -> None:
        self._sheet.autofilter(HEAD, 0, max(self._line, HEAD), len(self._columns))


def _write_facts(book: Any, heading: ListHeading, rows: int) -> None:
    sheet = book.add_worksheet("Thông tin")
    label = book.add_format({"bold": True, "valign": "top"})
    value = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 100)
    facts = [("Cơ quan", heading.agency), ("Danh sách", heading.title), ("Thời điểm", heading.subtitle)]
    facts += [
        *heading.facts,
        ("Số dòng", str(rows)),
        *(("Lưu ý", each.removeprefix("Lưu ý: ")) for each in heading.caution),
    ]
    for line, (name, text) in enumerate(facts):
        sheet.write_string(line, 0, name, label)
        sheet.write_string(line, 1, formula_safe(text), value)
