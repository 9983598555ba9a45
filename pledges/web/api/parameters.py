"""What stands behind the question mark, read strictly: who asks for a part must never get all of it by mistake."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import NoReturn

from flask import request

from pledges.core.calendar import Quarter, local_day
from pledges.core.errors import N_, DomainError
from pledges.web.current import now
from pledges.web.i18n import LANGUAGES

ALWAYS = "lang"
DAY = "^20[0-9]{2}-[0-9]{2}-[0-9]{2}$"
QUARTER = "^20[0-9]{2}Q[1-4]$"
LONGEST_VALUE = 1000


def read_parameters(*names: str) -> Mapping[str, str]:
    """Those that are given; refused where one is unknown, empty, far too long or there twice."""
    for name in request.args:
        if name not in {*names, ALWAYS}:
            raise DomainError(N_("Không có tham số %(name)s ở địa chỉ này."), name=name[:40])
        values = request.args.getlist(name)
        if len(values) > 1:
            raise DomainError(N_("Tham số %(name)s chỉ được ghi một lần."), field=name, name=name)
        wrong_language = name == ALWAYS and values[0] not in LANGUAGES
        if not values[0].strip() or len(values[0]) > LONGEST_VALUE or wrong_language:
            refuse(name)
    return {name: value for name, value in request.args.items() if name != ALWAYS}


def refuse(name: str) -> NoReturn:
    raise DomainError(N_("Giá trị của tham số %(name)s không đúng."), field=name, name=name)


def past_day_in(given: Mapping[str, str], name: str = "as_of") -> date | None:
    """A day that is over, as YYYY-MM-DD."""
    text = given.get(name)
    if text is None:
        return None
    day = _day(text) if re.fullmatch(DAY, text, re.ASCII) else None
    if day is None:
        refuse(name)
    if day >= local_day(now()):
        raise DomainError(N_("Ngày này chưa kết thúc. Hãy chọn một ngày trước hôm nay."), field=name)
    return day


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def quarter_in(given: Mapping[str, str], name: str = "quarter") -> Quarter | None:
    text = given.get(name)
    if text is None:
        return None
    if not re.fullmatch(QUARTER, text, re.ASCII):
        refuse(name)
    return Quarter.parse(text)


def number_in(given: Mapping[str, str], name: str, *, default: int, most: int) -> int:
    text = given.get(name)
    if text is None:
        return default
    if not re.fullmatch("[1-9][0-9]{0,5}", text, re.ASCII) or int(text) > most:
        refuse(name)
    return int(text)


def one_of(given: Mapping[str, str], name: str, allowed: set[str]) -> str:
    """Empty where it is not given."""
    text = given.get(name, "")
    if text and text not in allowed:
        refuse(name)
    return text
