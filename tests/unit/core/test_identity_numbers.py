"""Tax codes, personal numbers, phones and e-mail. All are invented; the tax codes only satisfy the check digit."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledges.core.errors import DomainError
from pledges.core.identity import (
    mask_email,
    mask_personal_number,
    mask_phone,
    national_phone,
    parse_email,
    parse_personal_number,
    parse_phone,
    parse_tax_code,
)

WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)


def tax_code(nine: str) -> str | None:
    """The ten digits whose check digit is right; None where the rule gives no single digit."""
    check = 10 - sum(int(digit) * weight for digit, weight in zip(nine, WEIGHTS, strict=True)) % 11
    return None if check == 10 else nine + str(check)


def refusal(parse: Callable[..., str], typed: str) -> str:
    with pytest.raises(DomainError) as caught:
        parse(typed, field="f")
    assert caught.value.field == "f"
    return str(caught.value)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("0123456787", "0123456787"),
        (" 0123 456 787 ", "0123456787"),
        ("0123.456.787", "0123456787"),
        ("０１２３４５６７８７", "0123456787"),
        ("0123456787-001", "0123456787-001"),
        ("0123456787001", "0123456787-001"),
        ("0123456787 - 001", "0123456787-001"),
        ("0123456787–001", "0123456787-001"),
        ("0123456787/001", "0123456787-001"),
        ("MST: 0123456787", "0123456787"),
        ("mst0123456787", "0123456787"),
    ],
)
def test_tax_codes_are_read(typed: str, code: str) -> None:
    assert parse_tax_code(typed) == code
    assert parse_tax_code(code) == code


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Hãy ghi mã số thuế"),
        ("0123456789", "chữ số kiểm tra không khớp"),
        ("0123456789-001", "chữ số kiểm tra không khớp"),
        ("01234567", "bạn đã ghi 8 chữ số"),
        ("01234567870", "bạn đã ghi 11 chữ số"),
        ("123456787", "thiếu số 0 ở đầu? Nếu đúng, hãy ghi 0123456787"),
        ("0123456787-000", "từ 001 đến 999"),
        ("001199012345", "số định danh cá nhân"),
        ("0100000003", "Không có mã số thuế nào như vậy"),
        ("46A8001234", "hộ kinh doanh kiểu cũ"),
        ("không có", "chỉ gồm chữ số"),
        ("0123456787\u202e", "đổi chiều"),
    ],
)
def test_wrong_tax_codes_say_what_is_wrong(typed: str, said: str) -> None:
    assert said in refusal(parse_tax_code, typed)


def test_a_personal_number_is_not_repeated_in_a_message() -> None:
    assert "001199012345" not in refusal(parse_tax_code, "001199012345")
    assert "000199012345" not in refusal(parse_personal_number, "000199012345")


@given(st.text("0123456789", min_size=9, max_size=9), st.integers(0, 9))
def test_only_the_right_check_digit_is_taken(nine: str, digit: int) -> None:
    typed = f"{nine}{digit}"
    if typed == tax_code(nine):
        assert parse_tax_code(typed) == typed
    else:
        assert re.search("không khớp|Không có mã số thuế", refusal(parse_tax_code, typed))


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("001199012345", "001199012345"),
        ("096 304 012 345", "096304012345"),
        ("００１１９９０１２３４５", "001199012345"),
        ("001-199-012345", "001199012345"),
        ("192099012345", "192099012345"),
    ],
)
def test_personal_numbers_are_read(typed: str, number: str) -> None:
    assert parse_personal_number(typed) == number


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "12 chữ số"),
        ("00119901234", "bạn đã ghi 11 chữ số"),
        ("0011990123456", "bạn đã ghi 13 chữ số"),
        ("123456789", "chứng minh nhân dân cũ"),
        ("00119901234a", "chỉ gồm 12 chữ số"),
        ("000199012345", "không đúng cấu trúc"),
        ("097199012345", "không đúng cấu trúc"),
        ("001999012345", "không đúng cấu trúc"),
    ],
)
def test_wrong_personal_numbers_say_what_is_wrong(typed: str, said: str) -> None:
    assert said in refusal(parse_personal_number, typed)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("0912345678", "+84912345678"),
        ("0912 345 678", "+84912345678"),
        ("0912.345.678", "+84912345678"),
        ("84912345678", "+84912345678"),
        ("+84 (0) 912 345 678", "+84912345678"),
        ("０９１２３４５６７８", "+84912345678"),
        ("(0205) 3 812 345", "+842053812345"),
        ("0205 3812345 ext 12", "+842053812345"),
        ("+1 650 253 0000", "+16502530000"),
    ],
)
def test_phones_are_read(typed: str, number: str) -> None:
    assert parse_phone(typed) == number
    assert parse_phone(number) == number


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Hãy ghi số điện thoại"),
        ("113", "chưa đúng. Di động"),
        ("0168 123 4567", "chưa đúng. Di động"),
        ("không có", "chưa đúng. Di động"),
        ("0912345678 / 0987654321", "một số điện thoại"),
        ("0912345678, 0987654321", "một số điện thoại"),
        ("0912345678 hoặc 0987654321", "một số điện thoại"),
        ("an@vidu.vn", "địa chỉ thư điện tử"),
    ],
)
def test_wrong_phones_say_what_is_wrong(typed: str, said: str) -> None:
    assert said in refusal(parse_phone, typed)


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("an@vidu.vn", "an@vidu.vn"),
        ("  An.Nguyen+ck@ViDu.COM.VN ", "an.nguyen+ck@vidu.com.vn"),
        ("mailto:an@vidu.vn", "an@vidu.vn"),
        ("an@vidu.vn,", "an@vidu.vn"),
        ("an＠vidu.vn", "an@vidu.vn"),
        ("an@vidu\u200b.vn", "an@vidu.vn"),
        ("an@tênmiền.vn", "an@tênmiền.vn"),
        ("an@xn--tnmin-hsa0954c.vn", "an@tênmiền.vn"),
    ],
)
def test_addresses_are_read(typed: str, address: str) -> None:
    assert parse_email(typed) == address
    assert parse_email(address) == address


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Hãy ghi địa chỉ thư"),
        ("an", "thiếu dấu @"),
        ("an.vidu", "trang web"),
        ("https://vidu.vn", "trang web"),
        ("www.vidu.vn/an", "trang web"),
        ("tiktok.com/@an", "trang web"),
        ("0912345678", "số điện thoại"),
        ("an@", "không đúng"),
        ("@vidu.vn", "không đúng"),
        ("an@vidu", "không đúng"),
        ("a..n@vidu.vn", "không đúng"),
        ("an@vidu.test", "không đúng"),
        ("an@localhost", "không đúng"),
        ("an@[127.0.0.1]", "không đúng"),
        ('"an nguyen"@vidu.vn', "dấu cách"),
        ("an nguyen@vidu.vn", "dấu cách"),
        ("an@vidu.vn, binh@vidu.vn", "một địa chỉ thư"),
        ("ân@vidu.vn", "dấu tiếng Việt"),
        ("an@gmail.con", "“gmail.con”"),
        ("An <an@vidu.vn>", "< hoặc >"),
        ("an@vidu.vn\u202e", "đổi chiều"),
        ("a" * 250 + "@vidu.vn", "tối đa 254"),
        ("a" * 70 + "@vidu.vn", "không đúng"),
    ],
)
def test_wrong_addresses_say_what_is_wrong(typed: str, said: str) -> None:
    assert said in refusal(parse_email, typed)


@given(st.text(st.characters(), max_size=80))
def test_any_text_is_read_or_refused_kindly(typed: str) -> None:
    for parse in (parse_tax_code, parse_personal_number, parse_phone, parse_email):
        try:
            once = parse(typed)
        except DomainError:
            continue
        assert parse(once) == once


@given(st.emails())
def test_any_address_is_read_or_refused_kindly(typed: str) -> None:
    try:
        once = parse_email(typed)
    except DomainError:
        return
    assert parse_email(once) == once == once.lower()


def test_masks_hide_enough() -> None:
    assert mask_email("nguyenan@vidu.vn") == "n•••n@vidu.vn"
    assert mask_email("an@vidu.vn") == "a•••@vidu.vn"
    assert mask_email("a@vidu.vn") == "a•••@vidu.vn"
    assert mask_phone("+84912345678") == "09•••••678"
    assert mask_phone("+16502530000") == "+16••••••000"
    assert mask_personal_number("001199012345") == "••••••••2345"


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+842343812345", "0234 3812 345"),
        ("+84912345678", "0912 345 678"),
        ("+14155552671", "+1 415-555-2671"),
        ("chưa rõ", "chưa rõ"),
    ],
)
def test_a_phone_is_shown_as_people_here_write_it(number: str, shown: str) -> None:
    assert national_phone(number) == shown
