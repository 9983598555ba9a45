"""The phone numbers of one cell: several of them, with area codes said once, extensions, and codes of before 2018."""

from __future__ import annotations

import re
import unicodedata

from pledges.core.errors import N_, DomainError
from pledges.core.identity import parse_phone
from pledges.imports.phone_codes import area_in, area_of, is_national, renewed

NO_AREA = N_("Số máy bàn này thiếu mã vùng. Hãy ghi đủ mã vùng, ví dụ 0234 3812 345.")
NOT_A_PHONE = N_("Không đọc được số điện thoại này. Hãy kiểm tra lại.")

_EXTENSION = re.compile(
    r"(?:[-–,(/]\s*)?(?:\b(?:ext|extension|máy lẻ|may le|số lẻ|so le|máy nhánh|may nhanh|nhánh|nhanh|lẻ)\b|\(?#)"
    r"[\s.:]*\d{1,5}\)?",
    re.IGNORECASE,
)
_HAS_WORDS = re.compile(r"[^\W\d_]|#")
_PARTING = re.compile(r"[/;,|\n\r\t&\\]|\s[-–—]+\s|\s+(?:và|va|hoặc|hoac|or|and)\s+", re.IGNORECASE)
_FIRST = re.compile(r"\s*\(?(0\d{1,3})\)?[\s.-]+(?=\S)")
_OLD_HANOI_OR_SAIGON = re.compile(
    r"\s*\(\s*(?:\+?84[\s.-]*)?0?([48])\s*\)[\s.-]*((?:\d[\s.-]*){8})"
    # Without brackets 08 also begins mobile numbers: only the grouping of the old ones is taken for one.
    r"|\s*0([48])[\s.-]+(3\d{3}[\s.-]+\d{4})\s*"
)


def split_phones(text: str) -> tuple[list[str], list[tuple[str, str]]]:
    """The numbers in E.164, and the parts that cannot be read with the reason."""
    text = unicodedata.normalize("NFKC", text).translate(_DASHES)
    if _HAS_WORDS.search(text):
        text = _EXTENSION.sub(" ", text)
    found: list[str] = []
    unread: list[tuple[str, str]] = []
    area = _area_before(text)
    for part in _PARTING.split(text):
        if not any(letter.isdigit() for letter in part):
            continue
        numbers = _numbers(part, area)
        if not numbers:
            unread.append((" ".join(part.split()), NO_AREA if _looks_local(part) else NOT_A_PHONE))
        for number in numbers:
            found += [number] if number not in found else []
            area = _area_of_number(number) or area
    return found, unread


_DASHES = dict.fromkeys(map(ord, "‐‑‒−－"), "-")


def _area_before(text: str) -> str | None:
    """Many lists put the area code before everything, also before a mobile number: "0234 0912 345 678"."""
    first = _FIRST.match(text)
    return area_of(first[1]) if first else None


def _area_of_number(number: str) -> str | None:
    return area_in(number[3:]) if number.startswith("+842") else None


def _numbers(part: str, area: str | None) -> list[str]:
    """One number, or several that only blanks or dashes part."""
    one = _one(part, area)
    if one is not None:
        return [one]
    if sum(letter.isdigit() for letter in part) < 13:
        return []
    for pattern in (r"\s{2,}", r"[-–—]", r"(?=\()", r"\s"):
        cuts = [match.start() for match in re.finditer(pattern, part)]
        for cut in cuts:
            first, second = _one(part[:cut], area), None
            if first is not None:
                second = _numbers(part[cut:].lstrip(" -–—."), _area_of_number(first) or area)
            if first is not None and second:
                return [first, *second]
    return []


def _one(part: str, area: str | None) -> str | None:
    old = _OLD_HANOI_OR_SAIGON.fullmatch(part)
    if old is not None:
        national = renewed((old[1] or old[3]) + _digits(old[2] or old[4]))
        if national is not None:
            return "+84" + national
    whole = _complete(part)
    if whole is not None:
        return whole
    first = _FIRST.match(part)
    if first is not None and (after := _one(part[first.end() :], None)) is not None:
        return after
    digits = _digits(part)
    if area is not None and 6 <= len(digits) <= 8 and digits[0] != "0" and is_national(area + digits):
        return "+84" + area + digits
    return None


def _complete(part: str) -> str | None:
    digits = _digits(part.replace("(0)", ""))
    national = digits
    if digits.startswith("0084"):
        national = digits[4:].removeprefix("0")
    elif digits.startswith("84") and len(digits) >= 11:
        national = digits[2:].removeprefix("0")
    elif digits.startswith("0"):
        national = digits[1:]
    elif "+" in part:
        return _by_library("+" + digits)
    if is_national(national):
        return "+84" + national
    if digits[:1] in ("0", "8") and (new := renewed(national)) is not None:
        return "+84" + new
    # Free and special numbers (1800, 1900) have a length of their own.
    return _by_library(digits) if digits[:4] in ("1800", "1900") else None


def _by_library(digits: str) -> str | None:
    try:
        return parse_phone(digits)
    except DomainError:
        return None


def _digits(text: str) -> str:
    return "".join(str(unicodedata.digit(letter)) for letter in text if letter.isdecimal())


def _looks_local(part: str) -> bool:
    digits = _digits(part)
    return 6 <= len(digits) <= 8 and digits[0] != "0"
