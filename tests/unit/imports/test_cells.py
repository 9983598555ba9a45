"""Cells as lists have them. Every number, name and address is invented."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pledges.core.errors import DomainError
from pledges.core.identity import parse_email, parse_phone
from pledges.imports.cells import (
    OLD_HOUSEHOLD_NUMBER,
    UNCLEAR_NUMBER,
    NumberKind,
    Read,
    read_channels,
    read_date,
    read_emails,
    read_personal_number,
    read_phones,
    read_tax_code,
)
from pledges.imports.days import NOT_A_DAY
from pledges.imports.phone_codes import area_of, renewed
from pledges.imports.phones import NO_AREA, NOT_A_PHONE

READERS: list[Callable[[str], Read]] = [
    read_phones,
    read_emails,
    read_channels,
    read_tax_code,
    read_personal_number,
    read_date,
]

HUE, MOBILE, OTHER = "+842343812345", "+84912345678", "+84987654321"

PHONES = [
    ("0912345678", [MOBILE]),
    ("0912 345 678", [MOBILE]),
    ("0912.345.678", [MOBILE]),
    ("0912-345-678", [MOBILE]),
    ("+84 912 345 678", [MOBILE]),
    ("0084912345678", [MOBILE]),
    ("84912345678", [MOBILE]),
    ("912345678", [MOBILE]),
    ("(0234) 3812 345", [HUE]),
    ("0234.3812.345", [HUE]),
    ("2343812345", [HUE]),
    ("+84 (0) 234 3812 345", [HUE]),
    ("(84.234) 3812345", [HUE]),
    ("0912345678/0987654321", [MOBILE, OTHER]),
    ("0912 345 678 - 0987 654 321", [MOBILE, OTHER]),
    ("0912 345 678 – 0987.654.321", [MOBILE, OTHER]),
    ("0912345678, 0987654321", [MOBILE, OTHER]),
    ("0912345678; 0912345678", [MOBILE]),
    ("0912345678 và 0987654321", [MOBILE, OTHER]),
    ("0912345678 0987654321", [MOBILE, OTHER]),
    ("0912345678-0987654321", [MOBILE, OTHER]),
    ("0912345678\n0987654321", [MOBILE, OTHER]),
    # The area code is said once.
    ("0234 3812345 - 3812346", [HUE, "+842343812346"]),
    ("0234 3812 345/ 3812 346/ 0912 345 678", [HUE, "+842343812346", MOBILE]),
    ("0234 3812345-3812346", [HUE, "+842343812346"]),
    ("(0234) 3812345 - (024) 38123456", [HUE, "+842438123456"]),
    ("0234 0912345678 / 3812 345", [MOBILE, HUE]),
    # Before a mobile number it means nothing, before a whole number it is there twice.
    ("0234 0912 345 678", [MOBILE]),
    ("0234 \u00a00234 3812 345", [HUE]),
    ("0234 (0234) 3 812 345", [HUE]),
    ("0274 (+84) 234 3812345 - (+84) 24 38123456", [HUE, "+842438123456"]),
    # Extensions and words.
    ("0234 3812 345 ext 12", [HUE]),
    ("0234 3812 345 - Ext: 119/ 3812 346", [HUE, "+842343812346"]),
    ("0234 3812345 (máy lẻ 12)", [HUE]),
    ("ĐT: 0912 345 678 (chị Thử)", [MOBILE]),
    # Before 2017 and 2018.
    ("054 3812345", [HUE]),
    ("(054) 3812 345", [HUE]),
    ("+84 54 3812345", [HUE]),
    ("04 38123456", ["+842438123456"]),
    ("(08) 3812 3456", ["+842838123456"]),
    ("08 3812 3456", ["+842838123456"]),
    ("(84-08) 3812 3456", ["+842838123456"]),
    ("0838123456", ["+84838123456"]),
    ("025 3812345", ["+842053812345"]),
    ("067 3812345", ["+842773812345"]),
    ("073 3812345", ["+842733812345"]),
    ("0511 3812345", ["+842363812345"]),
    ("0120 1234567", ["+84701234567"]),
    ("0169 123 4567", ["+84391234567"]),
    ("+84 126 123 4567", ["+84761234567"]),
    # Others.
    ("1900 1234", ["+8419001234"]),
    ("0234 1800 1234", ["+8418001234"]),
    ("+1 415 555 2671", ["+14155552671"]),
    ("０９１２３４５６７８", [MOBILE]),
    ("không có", []),
    ("", []),
]


@pytest.mark.parametrize(("typed", "numbers"), PHONES)
def test_phones_are_read(typed: str, numbers: list[str]) -> None:
    assert read_phones(typed) == Read(numbers, [])


@pytest.mark.parametrize(
    ("typed", "numbers", "left", "reason"),
    [
        ("3812345", [], "3812345", NO_AREA),
        ("0912345678 / 12345", [MOBILE], "12345", NOT_A_PHONE),
        ("09123456789", [], "09123456789", NOT_A_PHONE),
        ("0298 123", [], "0298 123", NOT_A_PHONE),
        ("9.12E+08", [], "9.12E+08", NOT_A_PHONE),
        ("001085012345", [], "••••••••2345", NOT_A_PHONE),
        # Twelve digits that cannot be a personal number are a phone number with two too many.
        ("0204 39381 707", [], "0204 39381 707", NOT_A_PHONE),
    ],
)
def test_what_is_no_phone_is_kept_beside_the_reason(typed: str, numbers: list[str], left: str, reason: str) -> None:
    found = read_phones(typed)
    assert found.values == numbers
    assert [(one.typed, one.reason) for one in found.unread] == [(left, reason)]


def test_every_area_code_of_before_2017_becomes_one_of_today() -> None:
    assert {renewed(old + "3812345") for old in ("54", "25", "67", "73")} == {
        "2343812345",
        "2053812345",
        "2773812345",
        "2733812345",
    }
    assert area_of("054") == area_of("0234") == "234"
    assert area_of("099") is None


@given(st.from_regex(r"0[23579][0-9]{8,9}", fullmatch=True))
def test_the_quick_way_reads_what_the_library_reads(typed: str) -> None:
    try:
        expected = [parse_phone(typed)]
    except DomainError:
        return  # Only numbers of before 2018 are read beyond it.
    assert read_phones(typed).values == expected


EMAILS = [
    ("thu@vidu.vn", ["thu@vidu.vn"]),
    ("Thu@ViDu.VN", ["thu@vidu.vn"]),
    ("thu@vidu.vn; khac@vidu.vn", ["thu@vidu.vn", "khac@vidu.vn"]),
    ("thu@vidu.vn/khac@vidu.vn", ["thu@vidu.vn", "khac@vidu.vn"]),
    ("thu@vidu.vn - khac@vidu.vn", ["thu@vidu.vn", "khac@vidu.vn"]),
    ("thu@vidu.vn      khac@vidu.vn", ["thu@vidu.vn", "khac@vidu.vn"]),
    ("thu@vidu.vn, thu@vidu.vn", ["thu@vidu.vn"]),
    ("thu @ vidu.vn", ["thu@vidu.vn"]),
    ("Email: thu@vidu.vn", ["thu@vidu.vn"]),
    ("Chị Thử <thu@vidu.vn>", ["thu@vidu.vn"]),
    ("mailto:thu@vidu.vn", ["thu@vidu.vn"]),
    ("n/a", []),
]


@pytest.mark.parametrize(("typed", "emails"), EMAILS)
def test_emails_are_read(typed: str, emails: list[str]) -> None:
    assert read_emails(typed) == Read(emails, [])


@pytest.mark.parametrize("typed", ["thu@vidu", "thu.vidu.vn", "thử@vidu.vn", "a..b@vidu.vn", "0912345678", "@"])
def test_what_is_no_email_is_kept_beside_the_reason(typed: str) -> None:
    found = read_emails(typed)
    assert found.values == []
    assert len(found.unread) == 1 or typed == "@"


@given(st.from_regex(r"[a-zA-Z0-9][a-zA-Z0-9._+-]{0,11}@[a-z0-9-]{1,8}\.(?:vn|com|khong)", fullmatch=True))
def test_remembering_domains_changes_no_email(typed: str) -> None:
    try:
        expected = [parse_email(typed)]
    except DomainError:
        expected = []
    assert [one for one in read_emails(typed).values if one == typed.lower()] == expected


CHANNELS = [
    ("tenshop.vn", ["tenshop.vn"]),
    ("https://tenshop.vn/ https://www.facebook.com/tenpage/", ["tenshop.vn", "facebook.com/tenpage"]),
    ("https://tenshop.vn/  /  https://www.facebook.com/tenpage", ["tenshop.vn", "facebook.com/tenpage"]),
    ("/ https://tenshop.vn/", ["tenshop.vn"]),
    ("tenshop.vn; shopee.vn/tenshop", ["tenshop.vn", "shopee.vn/tenshop"]),
    ("tenshop.vn, www.tenshop.vn", ["tenshop.vn"]),
    ("https://a-shop.vn/x,https://b-shop.vn", ["a-shop.vn", "b-shop.vn"]),
    ("fb: tenpage", ["facebook.com/tenpage"]),
    ("Facebook: facebook.com/tenpage", ["facebook.com/tenpage"]),
    ("tiktok: @ten.shop", ["tiktok.com/@ten.shop"]),
    ("fb: ten.trang", ["facebook.com/tentrang"]),
    ("fb: tenshop.vn", ["tenshop.vn"]),
    ("Zalo: 0912345678", ["zalo.me/0912345678"]),
    ("Web: tenshop.vn FB: tenpage", ["tenshop.vn", "facebook.com/tenpage"]),
    ("shopee: tenshop; lazada: tenshop", ["shopee.vn/tenshop", "lazada.vn/shop/tenshop"]),
    ("-", []),
]


@pytest.mark.parametrize(("typed", "addresses"), CHANNELS)
def test_channels_are_read(typed: str, addresses: list[str]) -> None:
    found = read_channels(typed)
    assert [one.address for one in found.values] == addresses
    assert found.unread == []


@pytest.mark.parametrize(
    ("typed", "addresses", "left"),
    [
        ("Đang xây dựng", [], ["Đang xây dựng"]),
        ("Bán tại chợ, không có web", [], ["Bán tại chợ, không có web"]),
        ("FB: Hàng nhà Thử", [], ["Hàng nhà Thử"]),
        ("tenshop.vn (đang sửa)", ["tenshop.vn"], ["(đang sửa)"]),
        ("thu@vidu.vn", [], ["thu@vidu.vn"]),
        ("https://bit.ly/abc", [], ["https://bit.ly/abc"]),
    ],
)
def test_plain_words_are_no_channel_and_are_kept(typed: str, addresses: list[str], left: list[str]) -> None:
    found = read_channels(typed)
    assert [one.address for one in found.values] == addresses
    assert [one.typed for one in found.unread] == left


TAX, PERSONAL = NumberKind
NUMBERS = [
    ("0100109106", TAX, "0100109106"),
    ("MST: 0100109106", TAX, "0100109106"),
    ("0100 109 106", TAX, "0100109106"),
    ("100109106", TAX, "0100109106"),
    ("100109106.0", TAX, "0100109106"),
    ("'0100109106", TAX, "0100109106"),
    ("0100109106-001", TAX, "0100109106-001"),
    ("0100109106001", TAX, "0100109106-001"),
    ("100109106-001", TAX, "0100109106-001"),
    ("046185012345", PERSONAL, "046185012345"),
    ("046 185 012 345", PERSONAL, "046185012345"),
    ("46185012345", PERSONAL, "046185012345"),
]


@pytest.mark.parametrize(("typed", "kind", "value"), NUMBERS)
def test_tax_codes_and_what_stands_in_their_place_are_read(typed: str, kind: NumberKind, value: str) -> None:
    found = read_tax_code(typed)
    assert [(one.kind, one.value) for one in found.values] == [(kind, value)]
    assert found.unread == []


@pytest.mark.parametrize(
    ("typed", "left", "reason"),
    [
        ("29A8012345", "29A8012345", OLD_HOUSEHOLD_NUMBER),
        ("1185012345", "••••••••2345", UNCLEAR_NUMBER),
        ("0100109107", "0100109107", None),
        ("1.23E+11", "1.23E+11", None),
        ("046985012345", "••••••••2345", None),
        ("chưa cấp", "chưa cấp", None),
    ],
)
def test_what_is_no_tax_code_is_kept_without_personal_numbers(typed: str, left: str, reason: str | None) -> None:
    found = read_tax_code(typed)
    assert found.values == []
    assert [one.typed for one in found.unread] == [left]
    assert reason is None or found.unread[0].reason == reason


def test_a_personal_number_is_read_in_its_own_column_and_a_tax_code_there_too() -> None:
    assert read_personal_number("CCCD: 046185012345").values[0].kind is PERSONAL
    assert read_personal_number("0100109106").values[0].kind is TAX
    refused = read_personal_number("123456789").unread
    assert [one.typed for one in refused] == ["••••••••6789"]


DAYS = [
    ("03/02/2026", date(2026, 2, 3)),
    ("3/2/26", date(2026, 2, 3)),
    ("3-2-2026", date(2026, 2, 3)),
    ("03.02.2026", date(2026, 2, 3)),
    ("03 / 02 / 2026", date(2026, 2, 3)),
    ("2026-02-03", date(2026, 2, 3)),
    ("2026-02-03T08:30:00", date(2026, 2, 3)),
    ("03/02/2026 08:30", date(2026, 2, 3)),
    ("46056", date(2026, 2, 3)),
    ("46056.75", date(2026, 2, 3)),
    ("20260203", date(2026, 2, 3)),
    ("ngày 3 tháng 2 năm 2026", date(2026, 2, 3)),
    ("29/02/2024", date(2024, 2, 29)),
    ("1/1/85", date(1985, 1, 1)),
]


@pytest.mark.parametrize(("typed", "day"), DAYS)
def test_days_are_read(typed: str, day: date) -> None:
    assert read_date(typed) == Read([day], [])


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("29/02/2026", "Tháng 2 năm 2026 không có ngày 29"),
        ("02/13/2026", "Không có tháng 13"),
        ("02/2026", "Chỉ có tháng hoặc năm"),
        ("2026", "Chỉ có tháng hoặc năm"),
        ("01/01/1026", "Năm 1026 không hợp lý"),
        ("99999", NOT_A_DAY),
        ("hôm qua", NOT_A_DAY),
        ("٣", NOT_A_DAY),
    ],
)
def test_impossible_days_say_why(typed: str, said: str) -> None:
    found = read_date(typed)
    assert found.values == []
    assert (found.unread[0].reason % found.unread[0].params).startswith(said)


@given(st.one_of(st.text(st.characters(), max_size=80), st.from_regex(r"[0-9 ./@:a-z-]{0,40}", fullmatch=True)))
def test_no_text_raises_and_all_that_is_kept_can_be_stored(typed: str) -> None:
    for read in READERS:
        found = read(typed)
        for one in found.unread:
            json.dumps([one.typed, one.reason, dict(one.params)], allow_nan=False).encode()
            assert one.reason % one.params


@settings(max_examples=30)
@given(
    st.from_regex(r"0(?:0[1-9]|[1-8][0-9]|9[0-6])[0-3][0-9]{8}", fullmatch=True), st.sampled_from(["", " ", ".", "-"])
)
def test_no_personal_number_stands_in_what_is_kept(number: str, blank: str) -> None:
    typed = blank.join((number[:3], number[3:6], number[6:9], number[9:]))
    for text in (typed, f"{typed} / 12", f"x{typed}y", f"{typed}@", f"fb {typed}"):
        for read in READERS:
            for one in read(text).unread:
                said = one.typed + one.reason % one.params
                assert number not in said.replace(" ", "").replace(".", "").replace("-", ""), (read, text)
