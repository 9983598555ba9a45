"""Reading tables out of files: every format, untidy and hostile ones; what a file may cost is bounded."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from pledges.imports import sheet_child, sheet_formats, sheet_text, sheet_workbook, sheets
from pledges.imports.legacy_letters import _TCVN3, share_of_syllables
from pledges.imports.sheet_formats import Refused
from pledges.imports.sheets import LONGEST_CELL, SheetRefused, SheetRow, open_sheets
from tests.support.workbooks import archive, ods, with_part, xlsx

HEADINGS = ["Tên cơ sở", "Mã số thuế", "Ngày cấp"]
ROW = ["Công ty TNHH Thử Nghiệm Đặng Ngữ", "0101243150", "05/12/2025"]
LINES = f"{','.join(HEADINGS)}\r\n{','.join(ROW)}\r\n"

Read = Callable[..., tuple[dict[str, Any], list[SheetRow]]]


@pytest.fixture
def read(capsys: pytest.CaptureFixture[str]) -> Read:
    """What the child would send, without a process: its limits have tests of their own."""

    def read(data: bytes, sheet: str = "") -> tuple[dict[str, Any], list[SheetRow]]:
        capsys.readouterr()
        sheet_child.read(data, sheet)
        opened, *rows, _end = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        return opened, [SheetRow(row["n"], row["c"], row.get("x", [])) for row in rows]

    return read


def texts(rows: list[SheetRow]) -> list[list[str]]:
    return [row.cells for row in rows]


# --- Through the process -------------------------------------------------------------------------------------------


def test_a_file_becomes_rows_through_the_process() -> None:
    with open_sheets(xlsx([HEADINGS, [], [ROW[0], 101243150.0, ROW[2]]])) as book:
        assert (book.sheets, book.sheet, book.letters) == (["Trang 1"], "Trang 1", "")
        assert list(book.rows()) == [(1, HEADINGS, []), (3, [ROW[0], "101243150", ROW[2]], [])]


def test_what_reaches_too_far_ends_at_the_limits_and_says_what_to_do() -> None:
    def far(_book: Any, sheet: Any) -> None:
        sheet.write(1_048_575, 16_383, "x")

    with pytest.raises(SheetRefused, match="ô nằm rất xa bảng"), open_sheets(xlsx([HEADINGS], draw=far)):
        pass


def test_a_table_repeated_by_the_million_ends_at_the_limits() -> None:
    row = '<table:table-row table:number-rows-repeated="1048576"><table:table-cell table:number-columns-repeated="5" '
    bomb = ods(
        HEADINGS, raw_rows=row + 'office:value-type="string"><text:p>x</text:p></table:table-cell></table:table-row>'
    )
    with pytest.raises(SheetRefused) as refusal, open_sheets(bomb) as book:
        list(book.rows())
    assert refusal.value.code == "limits"


def test_nothing_and_too_much_are_refused_before_any_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "_start", None)
    for data, message in ((b"", "trống"), (b"x" * (sheets.MOST_BYTES + 1), "lớn hơn 20 MB")):
        with pytest.raises(SheetRefused, match=message), open_sheets(data):
            pass


def test_whoever_stops_reading_stops_the_process() -> None:
    with open_sheets(("Tên,Số\n" + "a,1\n" * 50_000).encode()) as book:
        assert next(book.rows()).cells == ["Tên", "Số"]
        child = book._child
        assert child.poll() is None
    assert child.poll() is not None


# --- Formats and values --------------------------------------------------------------------------------------------


def test_values_read_as_they_are_seen(read: Read) -> None:
    def draw(book: Any, sheet: Any) -> None:
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        sheet.write_datetime(1, 0, date(2025, 12, 5), day)
        sheet.write_datetime(
            1,
            1,
            datetime(2025, 12, 5, 8, 30, tzinfo=UTC).replace(tzinfo=None),
            book.add_format({"num_format": "dd/mm/yyyy hh:mm"}),
        )
        sheet.write_number(1, 2, 79012345678.0)
        sheet.write_number(1, 3, 1.5)
        sheet.write_boolean(1, 4, True)
        sheet.write_formula(1, 5, '=HYPERLINK("https://vidu.vn","x")', value="tính sẵn")
        sheet.write_formula(1, 6, "=1/0", value="#DIV/0!")
        sheet.write_string(1, 7, unicodedata.normalize("NFD", " Huế\u00a0\x07"))
        sheet.write_string(1, 8, "090\r\n091")

    _opened, rows = read(xlsx([["a"]], draw=draw))
    assert rows[1].cells == [
        *("05/12/2025", "05/12/2025 08:30", "79012345678", "1.5", "TRUE", "tính sẵn", "", "Huế", "090\n091"),
    ]


def test_ods(read: Read) -> None:
    empty = '<table:table-row table:number-rows-repeated="1000000"><table:table-cell/></table:table-row>'
    opened, rows = read(ods(HEADINGS, [], ROW, raw_rows=empty))
    assert opened["sheets"] == ["Bảng"]
    assert rows == [(1, HEADINGS, []), (3, ROW, [])]


def test_sheets_can_be_chosen_and_the_first_that_holds_rows_is_the_first_choice(read: Read) -> None:
    book = xlsx(Bìa=[], Huế=[["Tên", "Số"]], Khác=[["Họ tên"]])
    opened, rows = read(book)
    assert (opened["sheets"], opened["sheet"], texts(rows)) == (["Bìa", "Huế", "Khác"], "Huế", [["Tên", "Số"]])
    assert texts(read(book, "Khác")[1]) == [["Họ tên"]]
    for name, code in (("Bìa", "empty_sheet"), ("Không có", "no_sheet")):
        with pytest.raises(Refused, match=code):
            read(book, name)


def test_a_sheet_whose_name_fits_on_no_command_line_is_left_out() -> None:
    with pytest.raises(Refused, match="empty_sheet"):
        sheet_workbook.open_workbook(ods(HEADINGS, sheet="T" * 200_000)).choose("")


def test_merged_headings_stand_over_each_of_their_columns(read: Read) -> None:
    def draw(_book: Any, sheet: Any) -> None:
        sheet.merge_range("A1:D1", "DANH SÁCH CƠ SỞ (thử nghiệm)")
        sheet.merge_range("A2:A3", "Tên")
        sheet.merge_range("B2:C2", "Liên hệ")
        sheet.write_row(2, 1, ["Điện thoại", "Email", "Ghi chú"])
        sheet.merge_range("A4:A5", "Shop thử nghiệm")
        sheet.write_row(3, 1, ["0905123456"])
        sheet.write_row(4, 1, ["0905123457"])

    _opened, rows = read(xlsx(draw=draw))
    assert texts(rows) == [
        ["DANH SÁCH CƠ SỞ (thử nghiệm)"],
        ["Tên", "Liên hệ", "Liên hệ"],
        ["Tên", "Điện thoại", "Email", "Ghi chú"],
        ["Shop thử nghiệm", "0905123456"],
        ["Shop thử nghiệm", "0905123457"],
    ]


def test_rows_and_columns_keep_the_numbers_of_the_spreadsheet(read: Read) -> None:
    def draw(_book: Any, sheet: Any) -> None:
        sheet.write(4, 2, "Tên")
        sheet.write(6, 2, "Shop thử nghiệm")

    _opened, rows = read(xlsx(draw=draw))
    assert rows == [(5, ["", "", "Tên"], []), (7, ["", "", "Shop thử nghiệm"], [])]


def test_a_far_last_row_costs_no_rows(read: Read) -> None:
    _opened, rows = read(xlsx([HEADINGS], draw=lambda _book, sheet: sheet.write(300_000, 0, "x")))
    assert rows == [(1, HEADINGS, []), (300_001, ["x"], [])]


def test_a_formula_in_every_cell_gives_stored_values(read: Read) -> None:
    def draw(_book: Any, sheet: Any) -> None:
        for row in range(300):
            for column in range(10):
                sheet.write_formula(row, column, "=cmd|'/c calc'!A1", value=f"v{row}")

    _opened, rows = read(xlsx(draw=draw))
    assert texts(rows) == [[f"v{row}"] * 10 for row in range(300)]


def test_macros_and_links_to_other_files_are_left_alone(read: Read) -> None:
    book = with_part(xlsx([HEADINGS, ROW]), "xl/vbaProject.bin", b"\xd0\xcf macro")
    link = '<externalLink><ddeLink ddeService="cmd" ddeTopic="/c calc"/></externalLink>'
    assert texts(read(with_part(book, "xl/externalLinks/externalLink1.xml", link))[1]) == [HEADINGS, ROW]


# --- Measures ------------------------------------------------------------------------------------------------------


def test_a_long_cell_is_cut_and_says_so(read: Read) -> None:
    _opened, [row] = read(("Tên," + "á" * 3000 + ",cuối").encode())
    assert (len(row.cells[1]), row.cut, row.cells[2]) == (LONGEST_CELL, [1], "cuối")


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_too_many_columns_and_rows(read: Read, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wide = xlsx([["x"] * 201]) if kind == "xlsx" else b",".join([b"x"] * 201)
    with pytest.raises(Refused) as refusal:
        read(wide)
    assert (refusal.value.code, refusal.value.params) == ("too_many_columns", {"columns": 201, "most": 200})
    for module in (sheet_workbook, sheet_text):
        monkeypatch.setattr(module, "MOST_ROWS", 20)
    rows = [["x", "y"]] * 21
    with pytest.raises(Refused, match="too_many_rows"):
        read(xlsx(rows) if kind == "xlsx" else b"x,y\n" * 21)
    assert len(read(xlsx(rows[1:]) if kind == "xlsx" else b"x,y\n" * 20 + b"\n" * 9)[1]) == 20


def test_the_message_says_how_many_rows_fit() -> None:
    with pytest.raises(SheetRefused, match=r"hơn 200\.000 dòng\. Hãy chia thành nhiều tệp"):
        raise SheetRefused("too_many_rows", most="200.000")


# --- What is no table ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"%PDF-1.7 ...", "pdf"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b"<html><table><tr><td>T\xc3\xaan</td></tr></table></html>", "web_page"),
        (b"{\\rtf1 ...}", "document"),
        (archive({"word/document.xml": "<w/>"}), "document"),
        (archive({"a.csv": LINES}), "archive"),
        (b"PK\x03\x04 broken", "unreadable"),
        (sheet_formats.OLE + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        (sheet_formats.OLE + "WordDocument".encode("utf-16-le"), "document"),
        (ods(HEADINGS, encrypted=True), "encrypted"),
        (bytes(range(1, 32)) * 40, "unreadable"),
        (b" \r\n\r\n ", "empty_file"),
        (archive({"xl/workbook.xml": "<x/>", "xl/worksheets/sheet1.xml": b" " * 40_000_000}), "bomb"),
        (archive({"xl/workbook.xml": "<x/>"} | {f"x/{number}": "" for number in range(5_001)}), "bomb"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_table_is_told_by_what_it_is(read: Read, data: bytes, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        read(data)
    assert refusal.value.code == code
    assert str(SheetRefused(code, **refusal.value.params)).endswith((".", ")."))


def test_a_parser_that_panics_is_a_file_that_cannot_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    broken = with_part(xlsx([HEADINGS]), "xl/workbook.xml", "<workbook><sheets><sheet")
    with pytest.raises(SheetRefused) as refusal, open_sheets(broken):
        pass
    assert refusal.value.code == "unreadable"


# --- Text ----------------------------------------------------------------------------------------------------------


def in_tcvn3(text: str) -> bytes:
    old = {letter: chr(code) for code, letter in _TCVN3.items()}
    return "".join(old.get(letter, letter) for letter in text).encode("latin-1")


def in_windows_1258(text: str) -> bytes:
    """As Windows writes it: letters with a roof or a bowl in one sign, the tone as a combining mark behind."""
    made = []
    for letter in unicodedata.normalize("NFC", text):
        try:
            made.append(letter.encode("cp1258"))
        except UnicodeEncodeError:
            parts = unicodedata.normalize("NFD", letter)
            tone = next(mark for mark in parts[1:] if mark in "\u0300\u0301\u0303\u0309\u0323")
            made.append((unicodedata.normalize("NFC", parts.replace(tone, "")) + tone).encode("cp1258"))
    return b"".join(made)


VNI = "Teân cô sôû,Ñòa chæ\nCoâng ty Thöû Nghieäm,Phöôøng Thuaän Hoùa\n".encode("latin-1")


@pytest.mark.parametrize(
    ("data", "letters"),
    [
        (LINES.encode("utf-8-sig"), ""),
        (LINES.encode(), ""),
        (unicodedata.normalize("NFD", LINES).encode(), ""),
        (LINES.encode("utf-16"), ""),
        (b"\xfe\xff" + LINES.encode("utf-16-be"), ""),
        (in_windows_1258(LINES), "cp1258"),
        (in_tcvn3(LINES), "tcvn3"),
        (LINES.replace(",", ";").encode(), ""),
        (LINES.replace(",", "\t").encode("utf-16"), ""),
        (LINES.replace(",", "|").encode(), ""),
        (b"sep=;\r\n" + LINES.replace(",", ";").encode(), ""),
    ],
)
def test_text_in_many_letters_and_separators(read: Read, data: bytes, letters: str) -> None:
    opened, rows = read(data)
    assert texts(rows) == [HEADINGS, ROW]
    assert opened["letters"] == letters


def test_vni(read: Read) -> None:
    opened, rows = read(VNI)
    assert opened["letters"] == "vni"
    assert texts(rows) == [["Tên cơ sở", "Địa chỉ"], ["Công ty Thử Nghiệm", "Phường Thuận Hóa"]]


def test_unknown_letters_are_refused_kindly(read: Read) -> None:
    with pytest.raises(Refused, match="letters"):
        read("Название,Адрес\nМагазин,Хюэ\n".encode("koi8-r"))


def test_cells_in_an_old_font_become_letters_and_others_stay(read: Read) -> None:
    old = [in_tcvn3(text).decode("latin-1") for text in (ROW[0], "Phường Thuận Hóa")]
    opened, rows = read(xlsx([["Tªn c¬ së", "§Þa chØ"], [*old, "Ghi chú đã đúng"]]))
    assert opened["letters"] == "tcvn3"
    assert texts(rows) == [["Tên cơ sở", "Địa chỉ"], [ROW[0], "Phường Thuận Hóa", "Ghi chú đã đúng"]]


def test_ordinary_vietnamese_is_made_of_syllables() -> None:
    text = "Hợp tác xã nghệ thuật truyền thống Huế; quầy thuốc Nguyễn Huệ, khuỷu, ngoằn ngoèo, giếng, quýt, thuở, rượu"
    assert share_of_syllables(text) == 1.0


def test_a_quoted_cell_may_hold_separators_and_lines(read: Read) -> None:
    _opened, rows = read('Tên,Địa chỉ\n"Shop ""A""","1 Lê Lợi,\nHuế"\n\nShop B,\n'.encode())
    assert rows == [
        (1, ["Tên", "Địa chỉ"], []),
        (2, ['Shop "A"', "1 Lê Lợi,\nHuế"], []),
        (4, ["Shop B"], []),
    ]
