"""Days as lists write them: numbers of a spreadsheet, dd/mm/yyyy, ISO, and words."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta

from pledges.core.errors import N_, DomainError

NOT_A_DAY = N_("Không đọc được ngày này. Hãy ghi dạng 03/02/2026.")
_FIRST_SERIAL, _LAST_SERIAL = 14_611, 73_050
"""1940 to 2099; smaller numbers are years or counts."""
_FORMS = (
    re.compile(r"(?P<day>\d{1,2})[/.\- ](?P<month>\d{1,2})[/.\- ](?P<year>\d{4}|\d{2})"),
    re.compile(r"(?P<year>\d{4})[/.\-](?P<month>\d{1,2})[/.\-](?P<day>\d{1,2})"),
    re.compile(r"(?:ngay )?(?P<day>\d{1,2}) thang (?P<month>\d{1,2}) nam (?P<year>\d{4})"),
    re.compile(r"(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})"),
)
_WITHOUT_DAY = re.compile(
    r"(?:thang )?(?:\d{1,2}[/.\- ]|\d{1,2} nam )?(?:nam )?(?:19|20)\d{2}|(?:19|20)\d{2}[/.-]\d{1,2}"
)
_TIME = re.compile(r"[ t]+\d{1,2}[:h]\d{0,2}(?::\d{2}(?:\.\d+)?)?(?: ?(?:am|pm|sa|ch))?(?:z|[+-]\d{2}:?\d{2})?$")


def parse_day(typed: str) -> date:
    """The day; raises `DomainError` with what is wrong."""
    text = unicodedata.normalize("NFKC", typed).strip().strip("'").lower()
    text = text.replace("ngày", "ngay").replace("tháng", "thang").replace("năm", "nam").replace(",", " ")
    text = re.sub(r"\s*([/.\-–])\s*", r"\1", " ".join(text.split())).replace("–", "-")
    text = _TIME.sub("", text)
    if re.fullmatch(r"\d{5}(?:\.\d+)?", text):
        return _from_serial(int(text.partition(".")[0]))
    for form in _FORMS:
        match = form.fullmatch(text)
        if match is not None:
            return _day(_year(match["year"]), int(match["month"]), int(match["day"]))
    if _WITHOUT_DAY.fullmatch(text):
        raise DomainError(N_("Chỉ có tháng hoặc năm, không có ngày. Hãy ghi đủ ngày, tháng, năm."))
    raise DomainError(NOT_A_DAY)


def _from_serial(number: int) -> date:
    if not _FIRST_SERIAL <= number <= _LAST_SERIAL:
        raise DomainError(NOT_A_DAY)
    # The 1900 system counts a 29 February 1900 that never was.
    return date(1899, 12, 30) + timedelta(days=number)


def _year(digits: str) -> int:
    year = int(digits)
    return year if year > 99 else year + (2000 if year < 70 else 1900)


def _day(year: int, month: int, day: int) -> date:
    if not 1900 <= year <= 2099:
        raise DomainError(N_("Năm %(year)s không hợp lý. Hãy kiểm tra lại."), year=year)
    if month == 0 or month > 12:
        raise DomainError(N_("Không có tháng %(month)s. Ngày được ghi theo thứ tự ngày, tháng, năm."), month=month)
    try:
        return date(year, month, day)
    except ValueError:
        raise DomainError(
            N_("Tháng %(month)s năm %(year)s không có ngày %(day)s. Hãy kiểm tra lại."), month=month, year=year, day=day
        ) from None
