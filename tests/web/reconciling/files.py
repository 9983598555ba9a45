"""Files, commands and interfaces for programs: every number of theirs."""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter as Tally
from collections.abc import Iterable
from datetime import date
from typing import Any

from python_calamine import CalamineWorkbook

from pledges.reporting.exports import RollupFormat
from pledges.reporting.standing import Place
from tests.support.pdf_tools import text_of
from tests.support.reckoned import ACKNOWLEDGEMENT, GROUPS, PLEDGE, Line, Reckoned, written
from tests.support.signing import HUE
from tests.unit.rounds.quarter import AGENCY
from tests.web.reconciling.books import Books

TOLD = ("in_scope", *GROUPS)
NO_FIGURES = "chưa có số liệu"
Told = Tally[tuple[Any, ...]]


# --- Rows and totals as JSON -----------------------------------------------------------------------------------------


def check_data(reckoned: Reckoned, told: dict[str, Any], province: str = "", agency: str = "") -> None:
    """`reports rollup --json` and what an agency reads with its key."""
    assert told["as_of"] == (reckoned.day.isoformat() if reckoned.day else None)
    cells = {
        key: line
        for key, line in reckoned.cells.items()
        if (not province or key[0] == province) and (not agency or key[1] == agency)
    }
    expected = Tally(_of_cell(key[1:], line) for key, line in cells.items() if key[4])
    assert Tally(_of_row(row) for row in told["rows"]) == expected
    whole: dict[tuple[str, ...], Line] = {}
    for key, line in cells.items():
        if not key[4]:
            entry = (*key[1:4], "", "")
            whole[entry] = tuple(map(sum, zip(whole.get(entry, (0,) * 7), line, strict=True)))
    totals = [_of_row(row) for row in told["totals"]]
    assert Tally(row for row in totals if row[5]) == Tally(_of_cell(key, line) for key, line in whole.items())
    assert all(not any(row[5:12]) and row[12] is None for row in totals if not row[5])


def _of_cell(key: tuple[str, ...], line: Line) -> tuple[Any, ...]:
    return (*key, *line, line[1] / line[0])


def _of_row(row: dict[str, Any]) -> tuple[Any, ...]:
    names = ("agency", "obligation", "instrument", "subject_type", "commune", *TOLD, "coverage")
    assert set(row) == set(names)
    return tuple(row[name] for name in names)


def check_command(books: Books, day: date | None) -> None:
    for place in (Place(HUE), Place(HUE, AGENCY), Place("")):
        where = ["--province", place.province_code or "all"] + (["--agency", AGENCY] if place.agency_code else [])
        then = ["--as-of", day.isoformat()] if day else []
        found = books.app.test_cli_runner().invoke(args=["reports", "rollup", *where, *then, "--json"])
        assert found.exit_code == 0, found.output
        check_data(books.at(day), json.loads(found.stdout), place.province_code, place.agency_code)
    plain = books.app.test_cli_runner().invoke(args=["reports", "rollup", *where, *then]).stdout
    lines = [line.split("\t") for line in plain.splitlines()[1:]]
    assert sum(int(line[5]) for line in lines if line[3]) == sum(
        books.at(day).line(kind=None, instrument=each)[0] for each in (PLEDGE, ACKNOWLEDGEMENT)
    )


def check_key(books: Books, day: date | None) -> None:
    told = books.key.read("/coverage", **({"as_of": day.isoformat()} if day else {}))
    check_data(books.at(day), told, HUE, AGENCY)


# --- Files for people ------------------------------------------------------------------------------------------------


def check_csv(books: Books, place: Place, day: date | None) -> None:
    reckoned, text = books.at(day), books.file(place, day, RollupFormat.CSV).decode("utf-8-sig")
    rows = list(csv.reader(line for line in text.splitlines() if not line.startswith(("# ", '"# '))))[1:]
    of_place = [(key, line) for key, line in reckoned.cells.items() if _in(key, place)]
    parts = Tally((key[1], key[2], key[5], *map(str, line), _share(line)) for key, line in of_place if key[4])
    known = Tally((row[0], row[2], row[6], *row[8:15], row[15]) for row in rows if row[5] != ONCE_EACH)
    assert known == parts
    entries = [*books.entries(place, PLEDGE), *books.entries(place, ACKNOWLEDGEMENT)]
    for row in (row for row in rows if row[5] == ONCE_EACH):
        kind = ACKNOWLEDGEMENT if row[4] == "Xác nhận văn bản" else PLEDGE
        line = reckoned.line(place.province_code, place.agency_code, row[2], instrument=kind)
        assert row[8:] == [*map(str, line), _share(line)]
        entries.remove(row[2])
    assert entries == []


ONCE_EACH = "(mỗi nghĩa vụ đếm một lần)"


def _in(key: tuple[str, ...], place: Place) -> bool:
    return key[0] == place.province_code and (not place.agency_code or key[1] == place.agency_code)


def _share(line: Line) -> str:
    return str(round(line[1] / line[0], 6)) if line[0] else ""


def check_workbook(books: Books, place: Place, day: date | None) -> None:
    reckoned, where = books.at(day), (place.province_code, place.agency_code)
    book = CalamineWorkbook.from_filelike(io.BytesIO(books.file(place, day, RollupFormat.XLSX)))
    total = reckoned.line(*where)
    kinds, communes = books.by_type(reckoned, place), books.by_commune(reckoned, place)
    sums = reckoned.line(*where, kind=None)
    entries, received = books.by_entry(reckoned, place), books.by_entry(reckoned, place, ACKNOWLEDGEMENT)
    summary: list[tuple[str, Line]] = [*entries, ("Cộng", total), *received]
    if received:
        summary.append(("Cộng", reckoned.line(*where, instrument=ACKNOWLEDGEMENT)))
    # The sums stand in the first column, names of entries in the second.
    assert _sheet(book, "Tổng hợp", 4) == _lines(summary)
    assert _sheet(book, "Theo xã", 1) == _lines([*communes, ("Cộng", total)] if communes else [])
    assert _sheet(book, "Theo nhóm", 1) == _lines(
        [*kinds, ("Cộng", sums), ("Mỗi nghĩa vụ đếm một lần", total)] if kinds else []
    )
    typed = [(key, line) for key, line in reckoned.cells.items() if key[4] and _in(key, place)]
    names = books.names[place.province_code]
    assert _sheet(book, "Chi tiết", 8) == _lines([(names.commune(key[5]), line) for key, line in typed])
    about = {str(row[0]): row[1] for row in book.get_sheet_by_name("Thông tin").to_python()}
    assert about["Cam kết tự nguyện đang có hiệu lực"] == reckoned.voluntary(*where)


def _sheet(book: CalamineWorkbook, name: str, names: int) -> Told:
    """Below the headings: the last name of each row, its figures, its share, what is left of the sum."""
    rows = book.get_sheet_by_name(name).to_python()[4:]
    place = 1 if name == "Tổng hợp" else names - 1
    return Tally((str(row[place] or row[0]), *row[names : names + 9]) for row in rows)


def _lines(lines: Iterable[tuple[str, Line]]) -> Told:
    return Tally((name, *map(float, line), line[1] / line[0] if line[0] else "", 0.0) for name, line in lines)


def check_paper(books: Books, place: Place, day: date | None) -> None:
    """The rows of all tables, and beside the bars of all charts how many of how many."""
    reckoned, where = books.at(day), (place.province_code, place.agency_code)
    text = " ".join(text_of(books.file(place, day, RollupFormat.PDF), books.folder).split())
    total, sums = reckoned.line(*where), reckoned.line(*where, kind=None)
    entries, kinds = books.by_entry(reckoned, place), books.by_type(reckoned, place)
    received = books.by_entry(reckoned, place, ACKNOWLEDGEMENT)
    tables = [*entries, *kinds, *books.by_commune(reckoned, place), *received]
    expected = Tally(written(line) for line in (*(line for _name, line in tables), total, total, total, sums))
    assert Tally(ROW.findall(text)) == expected
    quarters = books.quarters(reckoned, place)
    charted = [*(line for _day, line in quarters), *(line for _name, line in kinds)]
    drawn = Tally(FRACTION.findall(re.sub(r"Trang \d+/\d+", "", text)))
    assert drawn == Tally(f"{line[1]}/{line[0]}" for line in charted if line[0])
    stacks = Tally(f"tổng số {line[0]}" for _name, line in entries if line[0])
    assert Tally(re.findall(r"tổng số \d+", text)) == stacks
    times = reckoned.times(*where)
    assert (f"({times[0]} hồ sơ gần nhất" if times else "chưa có hồ sơ nào được quyết định") in text


ROW = re.compile(rf"(?<!\S)(\d+) (\d+) ([\d,]+%|{NO_FIGURES}) (\d+) (\d+) (\d+) (\d+) (\d+)(?!\S)")
FRACTION = re.compile(r"(?<!\S)\d+/\d+(?!\S)")
