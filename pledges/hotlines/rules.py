"""Numbers as people dial them, what a line of the directory must say, and when it was checked too long ago."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta

import phonenumbers

from pledges.core.errors import N_, DomainError
from pledges.core.identity import clean_line, national_phone, parse_email, parse_phone
from pledges.core.text import fold
from pledges.hotlines.models import Hotline

OLD_AFTER = timedelta(days=180)
LONGEST_NAME = 120
LONGEST_PART = 160

# Three or four digits that are dialled as they are: 113, 1022; the latter also behind the code of a province.
_SHORT = re.compile(r"1\d{2,3}")
_SHORT_IN_PROVINCE = re.compile(r"(0\d{2,3})(1022)")
_WHOLE_COUNTRY = re.compile(r"(1[89]00)(\d{4}|\d{6})")

NOT_CALLABLE = N_("Số này chưa gọi được. Hãy ghi đủ mã vùng, ví dụ 0205 3000 000, hoặc số ngắn như 1900 0000, 113.")


@dataclass(frozen=True)
class Said:
    """One line of the directory as somebody has written it."""

    name: str
    phone: str
    checked_on: date
    about: str = ""
    agency_code: str | None = None
    commune_code: str | None = None
    email: str = ""
    hours: str = ""
    address: str = ""
    source: str = ""


def checked(said: Said, *, today: date) -> Said:
    """The same, clean; raises `DomainError` for what nobody could call."""
    name = clean_line(said.name, most=LONGEST_NAME, field="name")
    if not any(letter.isalpha() for letter in name):
        raise DomainError(
            N_("Hãy ghi tên cơ quan, bộ phận nhận cuộc gọi, ví dụ: Đội Quản lý thị trường."), field="name"
        )
    if said.checked_on > today:
        raise DomainError(N_("Ngày kiểm tra không thể ở tương lai. Hãy sửa lại ngày."), field="checked_on")
    return replace(
        said,
        name=name,
        phone=read_phone(said.phone),
        about=clean_line(said.about, most=LONGEST_PART, field="about"),
        agency_code=said.agency_code or None,
        commune_code=said.commune_code or None,
        email=parse_email(said.email) if said.email else "",
        hours=clean_line(said.hours, most=80, field="hours"),
        address=clean_line(said.address, most=LONGEST_PART, field="address"),
        source=clean_line(said.source, most=300, field="source"),
    )


def read_phone(raw: str) -> str:
    """A number of Vietnam as people read it: `0205 3812 345`, `1900 1234`, `113`. Its extension stays with it."""
    typed = clean_line(raw, field="phone")
    typed = re.sub(r"(?i)\s*[(,]?\s*(?:số\s+)?(?:máy lẻ|nhánh|ext\.?)\s*[:.]?\s*(\d+)\s*\)?$", r" ext \1", typed)
    digits = re.sub(r"[\s.\-()]", "", typed)
    if _SHORT.fullmatch(digits):
        return digits
    if found := _SHORT_IN_PROVINCE.fullmatch(digits) or _WHOLE_COUNTRY.fullmatch(digits):
        return f"{found[1]} {found[2]}"
    try:
        number = parse_phone(typed)
    except DomainError:
        # One number too many and other common slips have messages of their own.
        if not typed or re.search(r"[@/,;&]", typed):
            raise
        raise DomainError(NOT_CALLABLE, field="phone") from None
    if not number.startswith("+84"):
        raise DomainError(N_("Đây là số của nước ngoài. Hãy ghi số gọi được ở Việt Nam."), field="phone")
    extension = phonenumbers.parse(typed, "VN").extension
    shown = national_phone(number)
    return f"{shown} máy lẻ {extension}" if extension else shown


def dial(phone: str) -> str:
    """What a telephone dials for a number that `read_phone` gave, for `tel:`."""
    number, _, extension = phone.partition(" máy lẻ ")
    digits = re.sub(r"\D", "", number)
    if not digits.startswith("0") or _SHORT_IN_PROVINCE.fullmatch(digits):
        return digits
    return f"+84{digits[1:]}" + (f";ext={extension}" if extension else "")


def is_old(hotline: Hotline, today: date) -> bool:
    """Whether nobody has checked for so long that the number may be wrong."""
    return today - hotline.checked_on > OLD_AFTER


def body_of(hotline: Hotline) -> tuple[str, str]:
    """Whose number it is: all numbers of one body stand on one poster. Many bodies are no agency of the plan."""
    if hotline.agency_code:
        return "agency", hotline.agency_code
    if hotline.commune_code:
        return "commune", hotline.commune_code
    return "name", fold(hotline.name)


def same_line(one: Said | Hotline, other: Said | Hotline) -> bool:
    """Whether both lead to the same desk."""
    return dial(one.phone) == dial(other.phone) and fold(one.name) == fold(other.name)
