"""What stands in one cell of a list: several phones, e-mails or channels, numbers and days in many shapes.

Nothing raises: what cannot be read is kept as typed, beside the reason. Personal numbers are in neither.
"""

from __future__ import annotations

import dataclasses
import functools
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Generic, TypeVar

from stdnum.vn import mst

from pledges.core.errors import N_, DomainError
from pledges.core.identity import (
    ChannelAddress,
    fold,
    mask_personal_number,
    parse_email,
    parse_personal_number,
    parse_tax_code,
)
from pledges.core.platform_rules import words
from pledges.imports.channel_cells import split_channels
from pledges.imports.days import parse_day
from pledges.imports.phones import split_phones

Value = TypeVar("Value")

LONGEST_KEPT = 500

UNCLEAR_NUMBER = N_(
    "Không rõ số này là mã số thuế hay số định danh cá nhân, có thể đã mất số 0 ở đầu. Hãy ghi đủ các chữ số."
)
OLD_HOUSEHOLD_NUMBER = N_("Đây là số đăng ký hộ kinh doanh kiểu cũ; được giữ ở ô số giấy đăng ký.")

_NOTHING = words(
    "- -- --- _ / . .. ... … x 0 ? n/a na #n/a none null nil khong khongco chuaco chua ko koco kco k trong dangcapnhat"
)
_TWELVE_DIGITS = re.compile(r"(?<!\d)\d(?:[ .\u00a0-]?\d){11}(?!\d)")
_OTHER_DIGITS = re.compile(r"[^\D0-9]")
_MAIL_PARTING = re.compile(r"[\s,;/|<>()]+")
_PLAIN_MAILBOX = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_+-]|\.(?!\.)){0,60}(?<!\.)")
_OLD_HOUSEHOLD = re.compile(r"\d{2}[A-Z]\d{7}")


@dataclass(frozen=True)
class Unread:
    """A cell or a part of it that could not be read: `reason` is a message with places for `params`."""

    typed: str
    """As typed; of a personal number only the last four digits."""
    reason: str
    params: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    field: str = ""
    """The field that the column means (`rows.Field`)."""


@dataclass(frozen=True)
class Read(Generic[Value]):
    values: list[Value]
    unread: list[Unread]


class NumberKind(StrEnum):
    TAX_CODE = "tax_code"
    PERSONAL_NUMBER = "personal_number"


@dataclass(frozen=True)
class Number:
    """A tax code, or the personal number that households and citizens use in its place."""

    kind: NumberKind
    value: str = dataclasses.field(repr=False)


def says_nothing(text: str) -> bool:
    """Empty, or one of the words by which people say that there is nothing."""
    return not text or (len(text) < 16 and fold(text).replace(" ", "").strip("()") in _NOTHING)


def without_personal_numbers(text: str, *, only_sound: bool = False) -> str:
    """Every run of twelve digits as its last four; `only_sound`: if it has the structure of a personal number."""

    def masked(match: re.Match[str]) -> str:
        number = re.sub(r"\D", "", match[0])
        return match[0] if only_sound and _personal(number) is None else mask_personal_number(number)

    return _TWELVE_DIGITS.sub(masked, _ascii_digits(text))


def kept(text: str, *, only_sound: bool = False) -> str:
    """As typed, as far as it may be kept."""
    printable = "".join(letter for letter in text if letter.isprintable() or letter == " ")
    return without_personal_numbers(printable, only_sound=only_sound)[:LONGEST_KEPT]


def _ascii_digits(text: str) -> str:
    if not _OTHER_DIGITS.search(text):
        return text
    return "".join(str(unicodedata.decimal(letter)) if letter.isdecimal() else letter for letter in text)


def _refused(typed: str, refusal: DomainError) -> Unread:
    params = {name: kept(value) if isinstance(value, str) else value for name, value in refusal.params.items()}
    return Unread(kept(typed), refusal.message, params)


def _nothing_raises(read: Callable[[str], Read[Value]]) -> Callable[[str], Read[Value]]:
    """An empty cell says nothing; a refusal of the whole cell is a reason like another."""

    @functools.wraps(read)
    def reading(text: str) -> Read[Value]:
        text = text[:5000].strip()
        if says_nothing(text):
            return Read([], [])
        try:
            return read(text)
        except DomainError as refusal:
            return Read([], [_refused(text, refusal)])

    return reading


@_nothing_raises
def read_phones(text: str) -> Read[str]:
    """Every phone number in E.164; an old area code or prefix becomes the one of today."""
    numbers, unread = split_phones(text)
    if not numbers and not unread:
        return Read([], [Unread(kept(text), N_("Ô này không có số điện thoại nào."))])
    # Twelve digits in the column of phones are mostly a phone number with two digits too many: people want to see them.
    return Read(numbers, [Unread(kept(part, only_sound=True), reason) for part, reason in unread])


@_nothing_raises
def read_emails(text: str) -> Read[str]:
    found: dict[str, None] = {}
    unread: list[Unread] = []
    # "a @ b.vn" is one address, "a@x.vn - b@y.vn" are two.
    text = re.sub(r"\s*@\s*", "@", text)
    parts = [text] if "://" in text or "@" not in text else _MAIL_PARTING.split(text)
    for part in parts:
        typed = part.strip(" .-–:'\"")
        if not typed or ("@" not in typed and len(parts) > 1):
            continue
        try:
            found[_email(typed)] = None
        except DomainError as refusal:
            unread.append(_refused(typed, refusal))
    return Read(list(found), unread)


def _email(typed: str) -> str:
    """As `parse_email`; the domain, which is slow to judge, is remembered."""
    typed = re.sub(r"^(?:e-?mail|mail|thư)[:\s]+", "", typed, flags=re.IGNORECASE)
    mailbox, _, domain = typed.partition("@")
    if _PLAIN_MAILBOX.fullmatch(mailbox) and len(domain) < 60 and domain.isascii():
        known = _mail_domain(domain.lower())
        if known is not None:
            return f"{mailbox.lower()}@{known}"
    return parse_email(typed)


@functools.lru_cache(maxsize=5_000)
def _mail_domain(domain: str) -> str | None:
    try:
        return parse_email("a@" + domain).removeprefix("a@")
    except DomainError:
        return None


@_nothing_raises
def read_channels(text: str) -> Read[ChannelAddress]:
    """Every address, also after words such as "fb:"; plain words are kept as not read."""
    found, unread = split_channels(text)
    if not found and len(unread) > 1:
        return Read([], [_refused(" ".join(text.split()), unread[0][1])])
    return Read(found, [_refused(part, refusal) for part, refusal in unread])


@_nothing_raises
def read_tax_code(text: str) -> Read[Number]:
    """At most one value; a lost leading zero is restored where the check digit fits."""
    digits = _number_as_text(text)
    personal = _personal(digits)
    code = _tax_code(digits)
    if code is not None and (personal is None or "-" in digits or len(digits) == 10):
        return Read([Number(NumberKind.TAX_CODE, code)], [])
    if personal is not None and code is None and len(digits) > 10:
        return Read([Number(NumberKind.PERSONAL_NUMBER, personal)], [])
    if personal is not None:
        return Read([], [Unread(mask_personal_number(personal), UNCLEAR_NUMBER)])
    if _OLD_HOUSEHOLD.fullmatch(digits):
        return Read([], [Unread(digits, OLD_HOUSEHOLD_NUMBER)])
    parse_tax_code(digits)
    return Read([], [])


def _tax_code(digits: str) -> str | None:
    """Also where a spreadsheet took the zero before it: nine digits were ten, twelve were thirteen."""
    without_dash = digits.replace("-", "")
    for number in (without_dash, "0" + without_dash):
        if len(number) in (10, 13) and number.isdecimal() and mst.is_valid(number):
            return str(mst.format(number))
    return None


@_nothing_raises
def read_personal_number(text: str) -> Read[Number]:
    """At most one value; a tax code in the wrong column is taken for what it is."""
    digits = _number_as_text(text)
    personal = _personal(digits)
    if personal is not None:
        return Read([Number(NumberKind.PERSONAL_NUMBER, personal)], [])
    if mst.is_valid(digits):
        return Read([Number(NumberKind.TAX_CODE, mst.format(mst.validate(digits)))], [])
    try:
        parse_personal_number(digits)
    except DomainError as refusal:
        typed = mask_personal_number(digits) if sum(map(str.isdigit, digits)) > 4 else kept(text)
        return Read([], [Unread(typed, refusal.message, refusal.params)])
    return Read([], [])


@_nothing_raises
def read_date(text: str) -> Read[date]:
    """At most one value."""
    return Read([parse_day(text)], [])


def _number_as_text(text: str) -> str:
    """Without what spreadsheets and people put around a number."""
    text = unicodedata.normalize("NFKC", _ascii_digits(text)).strip("'\"` =").upper()
    text = re.sub(r"^(?:MST|MSDN|MSHKD|MÃ SỐ THUẾ|MA SO THUE|CCCD|SỐ|SO)[\s:.]*", "", text)
    text = re.sub(r"[‐‑‒–—−]", "-", text)
    text = re.sub(r"\.0+$", "", text)
    return re.sub(r"[\s.,]", "", text)


def _personal(digits: str) -> str | None:
    """The personal number, also if a spreadsheet took the zeros before it."""
    digits = digits.replace("-", "")
    if not digits.isdecimal() or not 10 <= len(digits) <= 12:
        return None
    try:
        return parse_personal_number(digits.zfill(12))
    except DomainError:
        return None
