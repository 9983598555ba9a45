"""What everybody may read: the numbers of the pages and of the open data, without those of a few."""

from __future__ import annotations

import csv
from datetime import date
from typing import Any

from pledges.reporting.published import LEAST
from tests.support.reckoned import ACKNOWLEDGEMENT, Line, Reckoned, charted, percent
from tests.web.reconciling.books import ALL, NAMES, ONCE, SUMS, Books
from tests.web.reconciling.pages import drawn, rows, tables, tiles

FEW = f"ít hơn {LEAST}, không nêu"
Row = tuple[Any, ...]


def check_published(books: Books, province: str) -> None:
    reckoned = books.at(books.yesterday)
    told = _read(books, f"/so-lieu/{province}", f"/api/v1/coverage/{province}")
    assert told["as_of"] == books.yesterday.isoformat()
    groups = [row for row in told["rows"] if row["line"] == "group"]
    expected = _groups(reckoned, province, [row["group"].split("+") for row in groups])
    total, received = reckoned.line(province), reckoned.line(province, instrument=ACKNOWLEDGEMENT)
    sums: Line = _added([line for _codes, line in expected])
    voluntary = reckoned.voluntary(province)
    assert [_numbers(row) for row in told["rows"]] == [
        *(("group", *_of(line)) for _codes, line in expected),
        ("sum", *_of(sums)),
        ("total", *_of(total)),
        ("acknowledgement", *_of(received if _enough(reckoned, province, ACKNOWLEDGEMENT) else None)),
        ("voluntary", None, voluntary if not 0 < voluntary < LEAST else None, None),
    ]
    ends = [(reckoned.day, total), *((end.day, end.line(province)) for end in reckoned.ends())]
    quarters = [(day, line) for day, line in reversed(ends) if line[0] >= LEAST]
    assert [(row["as_of"], row["in_scope"], row["in_force"]) for row in told["quarters"]] == [
        (day.isoformat(), line[0], line[1]) for day, line in quarters if day
    ]
    _check_page(books, province, groups, [*(line for _codes, line in expected), sums, total], quarters)


def _check_page(books: Books, province: str, groups: list[Any], lines: list[Line], quarters: list[Any]) -> None:
    page = books.viewers["anybody"].get(f"/so-lieu/{province}")
    names = [row["group_name"] if "+" not in row["group"] else "Các nhóm ít đối tượng, gộp chung" for row in groups]
    labelled = list(zip([*names, SUMS, ONCE], lines, strict=True))
    charts = {
        "Tỷ lệ cam kết theo nhóm đối tượng": rows(labelled[:-2], charted),
        "Tỷ lệ cam kết cuối mỗi quý": rows([(_quarter(day), line) for day, line in quarters], charted),
    }
    shown = sorted((name, str(line[0]), str(line[1]), percent(line[1], line[0])) for name, line in labelled)
    assert tables(page) == {"Số nghĩa vụ của từng nhóm": shown, **charts}
    assert sorted(drawn(page).elements()) == sorted(f"{row[1]}/{row[2]}" for found in charts.values() for row in found)
    total = lines[-1]
    values = [value for value, _note in tiles(page)]
    assert values == [percent(total[1], total[0]), str(total[0]), str(total[1]), "100%"]


def _quarter(day: date) -> str:
    ends = {(3, 31): "I", (6, 30): "II", (9, 30): "III", (12, 31): "IV"}
    quarter = ends.get((day.month, day.day))
    return f"Quý {quarter}/{day.year}" if quarter else f"{day:%d/%m/%Y}"


def check_published_everywhere(books: Books, published: list[str]) -> None:
    """In the order of their names."""
    reckoned = books.at(books.yesterday)
    told = _read(books, "/so-lieu", "/api/v1/coverage")
    expected: list[Row] = []
    shown: list[Row] = []
    for code in published:
        received = reckoned.line(code, instrument=ACKNOWLEDGEMENT)
        known = received if _enough(reckoned, code, ACKNOWLEDGEMENT) else None
        assert _enough(reckoned, code)
        line = reckoned.line(code)
        expected += [(code, "total", *_of(line)), (code, "acknowledgement", *_of(known))]
        shown.append((NAMES[code], str(line[0]), str(line[1]), percent(line[1], line[0]), _fraction(known)))
    assert [(row["province"], *_numbers(row)) for row in told["rows"]] == expected
    whole: Line = _added([reckoned.line(code) for code in published])
    acknowledged = [reckoned.line(code, instrument=ACKNOWLEDGEMENT) for code in published]
    enough = [
        line for code, line in zip(published, acknowledged, strict=True) if _enough(reckoned, code, ACKNOWLEDGEMENT)
    ]
    received = _added(enough)
    shown.append(
        ("Cộng các nơi công bố", str(whole[0]), str(whole[1]), percent(whole[1], whole[0]), _fraction(received))
    )
    page = tables(books.viewers["anybody"].get("/so-lieu"))
    assert page["Tỉnh, thành phố; mở từng nơi để xem theo nhóm"] == sorted(shown)
    assert ALL not in page


def _fraction(line: Line | None) -> str:
    if line is None:
        return FEW
    return f"{line[1]}/{line[0]}" if line[0] else "chưa có ai thuộc diện"


def _read(books: Books, path: str, api: str) -> dict[str, Any]:
    """The same numbers in JSON, in CSV and for programs."""
    visitor = books.viewers["anybody"].client
    told: dict[str, Any] = visitor.get(f"{path}.json").get_json()
    assert visitor.get(api).json == told
    text = visitor.get(f"{path}.csv").data.decode("utf-8-sig")
    read = list(csv.DictReader(line for line in text.splitlines() if not line.startswith("# ")))
    assert read == [{name: "" if cell is None else str(cell) for name, cell in row.items()} for row in told["rows"]]
    return told


def _groups(reckoned: Reckoned, province: str, codes: list[list[str]]) -> list[tuple[list[str], Line]]:
    """Every group stands in one line, and none in a line of its own or beside others whom too few are behind."""
    told = [code for line in codes for code in line]
    assert sorted(told) == sorted(reckoned.among(4, province) - {""})
    for line in codes:
        assert any(_enough(reckoned, province, kind=code) for code in line), line
        assert len(line) == 1 or any(not _enough(reckoned, province, kind=code) for code in line), line
    return [(line, _added([reckoned.line(province, kind=code) for code in line])) for line in codes]


def _added(lines: list[Line]) -> Line:
    return tuple(map(sum, zip(*lines, strict=True)))


def _enough(reckoned: Reckoned, province: str, instrument: str = "pledge", kind: str = "") -> bool:
    entries = {key[2] for key in reckoned.cells}
    counts = [reckoned.line(province, "", entry, instrument=instrument, kind=kind)[0] for entry in entries]
    return max(counts) >= LEAST or not any(counts)


def _of(line: Line | None) -> Row:
    if line is None:
        return (None, None, None)
    return (line[0], line[1], round(line[1] / line[0], 6) if line[0] else None)


def _numbers(row: dict[str, Any]) -> Row:
    return (row["line"], row["in_scope"], row["in_force"], row["share"])
