"""The row report says of every row what became of it, and runs nothing in a spreadsheet program."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from pledges.core.formulas import csv_safe, formula_safe
from pledges.imports.report import lines_of, write_csv, write_xlsx
from tests.support.lists import HEADINGS, HUE, Lists, row
from tests.unit.registry.declarations import NUMBER


@pytest.mark.parametrize("text", ["=1+1", "+84", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1+1"])
def test_what_would_run_is_made_text(text: str) -> None:
    assert formula_safe(text) == f"'{text}"


def test_a_table_of_text_is_cut_at_semicolons_too() -> None:
    assert csv_safe("Chợ Thử; =HYPERLINK(1)\t@x; 0912345678") == "Chợ Thử; '=HYPERLINK(1)\t'@x; 0912345678"


def test_what_is_text_stays() -> None:
    assert [formula_safe(text) for text in ("", "Cửa hàng = 1", "12/03/2026", "1-2")] == [
        "",
        "Cửa hàng = 1",
        "12/03/2026",
        "1-2",
    ]


def test_a_report_names_every_row(lists_on_sqlite: Lists, tmp_path: Path) -> None:
    lists = lists_on_sqlite
    rows = [
        row("Cửa hàng Hoa Mai", number=NUMBER),
        row("", phone="0912345678"),
        row("Tiệm bánh Ví Dụ", phone="@SUM(A1)"),
    ]
    import_ = lists.bring_in(rows)
    with lists.database.read() as session:
        lines = list(lines_of(session, (HUE, import_.id)))
    write_xlsx(lines, import_.headings, tmp_path / "report.xlsx")
    sheet = CalamineWorkbook.from_path(str(tmp_path / "report.xlsx")).get_sheet_by_index(0).to_python()
    assert sheet[0] == ["Dòng", "Kết quả", "Đối tượng", "Lý do, ghi chú", *HEADINGS]
    assert [(line[0], line[1], line[2]) for line in sheet[1:]] == [
        (2, "Thêm mới", "Cửa hàng Hoa Mai"),
        (3, "Không dùng được", ""),
        (4, "Thêm mới", "Tiệm bánh Ví Dụ"),
    ]
    assert (sheet[1][6], sheet[3][8]) == ("••••••••2345", "'@SUM(A1)")
    assert sheet[2][3]
    target = io.BytesIO()
    write_csv(lines, import_.headings, target)
    assert target.getvalue().startswith(b"\xef\xbb\xbf")
    read = list(csv.reader(io.StringIO(target.getvalue().decode("utf-8-sig"))))
    assert [line[:3] for line in read] == [[str(cell).removesuffix(".0") for cell in line[:3]] for line in sheet]
