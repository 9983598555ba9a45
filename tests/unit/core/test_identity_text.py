"""What people type: cleaned without changing its meaning, refused kindly, folded for searching."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledges.core.errors import DomainError
from pledges.core.identity import clean_block, clean_line, fold, name_key

ANY_TEXT = st.text(st.characters(), max_size=200)


def refusal(typed: str, **limits: int) -> str:
    with pytest.raises(DomainError) as caught:
        clean_line(typed, field="name", **limits)
    assert caught.value.field == "name"
    return str(caught.value)


@pytest.mark.parametrize(
    ("typed", "clean"),
    [
        ("", ""),
        ("   ", ""),
        ("  Nguyễn  Thị\tÁnh ", "Nguyễn Thị Ánh"),
        ("Hai\ndòng\r\ndán vào", "Hai dòng dán vào"),
        (unicodedata.normalize("NFD", "Đặng Thị Hường"), "Đặng Thị Hường"),
        ("Hoa\u200bMai\ufeff\u00ad", "HoaMai"),
        # A zero-width character between letter and mark must not keep them apart.
        ("a\u200b\u0301", "á"),
        ("Cách\u00a0không\u3000vỡ", "Cách không vỡ"),
        ("\u3164\uffa0", ""),
        ("Tiệm 100% & “Bạn”", "Tiệm 100% & “Bạn”"),
        ("Quán 😀", "Quán 😀"),
    ],
)
def test_a_line_is_cleaned(typed: str, clean: str) -> None:
    assert clean_line(typed) == clean


@pytest.mark.parametrize("letter", ["\u202e", "\u200f", "\u2066", "\u061c"])
def test_direction_controls_are_refused(letter: str) -> None:
    assert refusal(f"Cửa hàng{letter}gpj.exe") == (
        f"Trong ô này có ký tự ẩn đổi chiều chữ (U+{ord(letter):04X}). "
        "Hãy xóa nội dung và gõ lại bằng tay, không dán từ nơi khác."
    )


@pytest.mark.parametrize("letter", ["\x00", "\x1b", "\x7f", "\u2028", "\u2029", "\ud800", "\ue000", "\uffff"])
def test_other_controls_are_refused(letter: str) -> None:
    assert "ký tự không đọc được" in refusal(f"Cửa hàng{letter}")
    with pytest.raises(DomainError):
        clean_block(f"Cửa hàng{letter}")


@pytest.mark.parametrize("typed", ["<b>đậm</b>", "5 < 6", "->"])
def test_angle_brackets_are_refused_in_a_line(typed: str) -> None:
    assert refusal(typed) == "Ô này không dùng ký tự < hoặc >. Hãy xóa các ký tự đó."


def test_too_long_says_how_long_and_how_much_is_allowed() -> None:
    assert refusal("ă" * 10_000) == "Nội dung dài 10000 ký tự; ô này nhận tối đa 200 ký tự. Hãy rút ngắn."
    assert clean_line("ă" * 200) == "ă" * 200
    assert "tối đa 5 ký tự" in refusal("sáu ký", most=5)
    # Decomposed letters count as what they become.
    assert clean_line("a\u0306" * 200) == "ă" * 200


def test_a_flood_of_text_is_refused_at_once() -> None:
    flood = "\u202e" * 5_000_000
    started = time.monotonic()
    assert refusal(flood).startswith("Nội dung dài 5000000 ký tự")
    assert time.monotonic() - started < 0.5


def test_heaped_marks_are_refused() -> None:
    assert "quá nhiều dấu chồng" in refusal("Q" + "\u0301\u0302\u0303\u0304\u0305" + "uán")
    assert clean_line("Q" + "\u0316\u0317\u0318\u0319")


def test_a_block_keeps_its_lines() -> None:
    typed = "  Số 1, đường Ví Dụ \r\n\r\n\r\n\r\nxã  Ví Dụ\rtỉnh <Ví Dụ>\n"
    assert clean_block(typed) == "Số 1, đường Ví Dụ\n\nxã Ví Dụ\ntỉnh <Ví Dụ>"
    with pytest.raises(DomainError, match="tối đa 3 ký tự"):
        clean_block("bốn chữ", most=3)


@given(ANY_TEXT)
def test_cleaning_twice_changes_nothing_and_refuses_only_kindly(typed: str) -> None:
    for clean in (clean_line, clean_block):
        try:
            once = clean(typed)
        except DomainError:
            continue
        assert clean(once) == once
        assert unicodedata.is_normalized("NFC", once)
        assert once == once.strip()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hoà", "Hòa"),
        ("Thuỷ", "thủy"),
        ("ĐÀ NẴNG", "da nang"),
        ("Ðồng Tháp", "Đồng Tháp"),
        ("Ɖồng Tháp", "đong thap"),
        (unicodedata.normalize("NFD", "Thừa Thiên Huế"), "thua  thien hue"),
        ("Ｓhop\u200b", "shop"),
        ("GROẞ", "gross"),
    ],
)
def test_folding_brings_spellings_together(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_folding_keeps_what_differs() -> None:
    assert fold("Đồng Tháp") == "dong thap"
    assert fold("Phường 1") != fold("Phường 2")


@given(ANY_TEXT)
def test_folding_is_idempotent_and_blind_to_case_and_form(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded
    assert fold(unicodedata.normalize("NFD", text)) == folded
    assert fold(unicodedata.normalize("NFC", text)) == folded


@given(st.text("aăâbcdđeêghiklmnoôơpqrstuưvxyáàảãạ ", max_size=60))
def test_folding_is_blind_to_capitals(text: str) -> None:
    assert fold(text.upper()) == fold(text)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Công ty TNHH MTV Hoà Bình Ví Dụ", "hoa binh vi du"),
        ("CTY TNHH Một thành viên Hòa Bình - Ví Dụ", "hoa binh vi du"),
        ("Công ty trách nhiệm hữu hạn hai thành viên trở lên Ví Dụ", "vi du"),
        ("Công ty Cổ phần Ví Dụ", "vi du"),
        ("C.ty CP Ví Dụ", "vi du"),
        ("CTCP Ví Dụ", "vi du"),
        ("Công ty hợp danh Ví Dụ", "vi du"),
        ("Hộ kinh doanh Nguyễn Thị Ví Dụ", "nguyen thi vi du"),
        ("HKD Nguyễn Thị Ví Dụ", "nguyen thi vi du"),
        ("DNTN Ví Dụ", "vi du"),
        ("Doanh nghiệp tư nhân “Ví Dụ”", "vi du"),
        ("HTX Ví Dụ", "vi du"),
        ("Ví Dụ Co., Ltd", "vi du"),
        ("Vi Du Joint Stock Company", "vi du"),
        ("Chi nhánh Công ty TNHH Ví Dụ", "chi nhanh cong ty tnhh vi du"),
        ("Hộ kinh doanh", "ho kinh doanh"),
        ("A & B", "a b"),
        ("!!!", "!!!"),
    ],
)
def test_the_key_of_a_name_forgets_its_legal_form(name: str, key: str) -> None:
    assert name_key(name) == key


@given(ANY_TEXT)
def test_the_key_of_a_key_is_itself(text: str) -> None:
    assert name_key(name_key(text)) == name_key(text)
