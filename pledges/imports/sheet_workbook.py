"""Workbooks of every kind, by calamine. Runs in the child process only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from python_calamine import (
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from pledges.imports.sheet_formats import Refused
from pledges.imports.sheet_values import cell_text
from pledges.imports.sheets import MOST_COLUMNS, MOST_ROWS

MOST_SHEETS = 100
LONGEST_SHEET_NAME = 255
"""Excel allows 31 letters. A name is handed to the process that reads the sheet, and must fit on its command line."""
MOST_MERGED = 20_000
HEADING_ROWS = 30
"""Only headings are merged over columns to mean each of them; further down it is a title between groups."""
TITLE_SHARE = 0.8
"""What is merged over nearly the whole width is a title."""

Row = tuple[int, list[str]]


class Workbook:
    def __init__(self, book: CalamineWorkbook) -> None:
        self._book = book
        self.names = [
            sheet.name
            for sheet in book.sheets_metadata
            if sheet.typ == SheetTypeEnum.WorkSheet
            and sheet.visible != SheetVisibleEnum.VeryHidden
            and len(sheet.name) <= LONGEST_SHEET_NAME
        ][:MOST_SHEETS]

    def choose(self, wanted: str) -> tuple[str, Iterator[Row]]:
        """The sheet of this name, else the first one that holds anything; refuses one without rows."""
        if wanted and wanted not in self.names:
            raise Refused("no_sheet", sheet=wanted)
        for name in [wanted] if wanted else self.names:
            sheet = self._book.get_sheet_by_name(name)
            if sheet.start is not None and sheet.height:
                _check_measure(sheet)
                return name, sheet_rows(sheet)
        raise Refused("empty_sheet", sheet=wanted or "".join(self.names[:1]))


def open_workbook(data: bytes) -> Workbook:
    try:
        return Workbook(CalamineWorkbook.from_filelike(BytesIO(data)))
    except PasswordError as error:
        raise Refused("encrypted") from error


def _check_measure(sheet: CalamineSheet) -> None:
    """Before anything is sent: half a list that was read already would have to be taken back."""
    columns = (sheet.end or (0, 0))[1] + 1
    if columns > MOST_COLUMNS:
        raise Refused("too_many_columns", columns=columns, most=MOST_COLUMNS)
    if sheet.height > MOST_ROWS and sum(1 for cells in sheet.iter_rows() if not _is_empty(cells)) > MOST_ROWS:
        raise Refused("too_many_rows", most=f"{MOST_ROWS:,}".replace(",", "."))


def _is_empty(stored: list[Any]) -> bool:
    """Of a million rows without anything: counted by the list itself, which is quick."""
    return stored.count("") == len(stored)


def sheet_rows(sheet: CalamineSheet) -> Iterator[Row]:
    """The rows with the numbers and columns of the spreadsheet; what is merged stands in every cell it covers."""
    first_column = (sheet.start or (0, 0))[1]
    merged = _merged(sheet)
    before = [""] * first_column
    values: dict[tuple[int, int], str] = {}
    # The parser begins with the first row, but with the first column that holds anything.
    for place, stored in enumerate(sheet.iter_rows()):
        here = merged.get(place, ())
        if not here and _is_empty(stored):
            continue
        cells = before + [cell_text(value) for value in stored]
        for column, source in here:
            if (place, column) == source:
                values[source] = cells[column]
            elif not cells[column]:
                cells[column] = values.get(source, "")
        yield place + 1, cells


def _merged(sheet: CalamineSheet) -> dict[int, list[tuple[int, tuple[int, int]]]]:
    """Per row the cells that show another cell's value, and that other cell, which always comes first."""
    covered: dict[int, list[tuple[int, tuple[int, int]]]] = defaultdict(list)
    last_row, last_column = sheet.end or (0, 0)
    first_column = (sheet.start or (0, 0))[1]
    width = last_column - first_column + 1
    budget = MOST_MERGED
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        columns = range(left, min(right, last_column) + 1)
        rows = range(top, min(bottom, last_row) + 1)
        spreads = left == right or (top < HEADING_ROWS and right - left + 1 < TITLE_SHARE * width)
        budget -= len(rows) * len(columns)
        if budget < 0:
            break
        if spreads and left >= first_column:
            for row in rows:
                covered[row] += [(column, (top, left)) for column in columns]
    return covered
