"""The text of a cell as people see it in the spreadsheet. Runs in the child process only."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from typing import Any

_STRANGE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\xa0]")
_DROPPED: dict[int, str | None] = {code: None for code in (*range(32), *range(127, 160)) if code not in (9, 10)}
_DROPPED[0xA0] = " "
_ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#GETTING_DATA"})
LARGEST_WHOLE = 1e18


def clean_cell(text: str) -> str:
    """Composed letters (NFC) without control characters and blanks at the ends; line breaks stay."""
    if _STRANGE.search(text):
        text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_DROPPED)
    return unicodedata.normalize("NFC", text).strip()


def cell_text(value: Any) -> str:
    """A stored value: whole numbers without ".0", days as dd/mm/yyyy; what a formula could not compute is empty."""
    if isinstance(value, str):
        return "" if value in _ERRORS else clean_cell(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return _number_text(value)
    if isinstance(value, datetime):
        return f"{value:%d/%m/%Y}" if value.time() == time() else f"{value:%d/%m/%Y %H:%M}"
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, timedelta):
        return str(value)
    return str(value)


def _number_text(value: float) -> str:
    if value.is_integer() and abs(value) < LARGEST_WHOLE:
        return str(int(value))
    return f"{value:.15g}"
