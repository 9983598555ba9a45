"""Text that goes into a table for a spreadsheet program."""

from __future__ import annotations

import re

_SIGNS = "=+\\-@＝＋－＠"
"""The wide ones are read as the others where East Asian spreadsheets are in use."""
_BEGINS_FORMULA = re.compile(rf"[ \u00a0]*[{_SIGNS}\t\r\n]")
_AFTER_SEPARATOR = re.compile(rf"([;\t|]\s*)(?=[{_SIGNS}])")


def formula_safe(text: str) -> str:
    """The text with an apostrophe before it where a spreadsheet program would run it as a formula."""
    # Some programs skip blanks before they look for the sign.
    return f"'{text}" if _BEGINS_FORMULA.match(text) else text


def csv_safe(text: str) -> str:
    """The same for a table of text, whose commas a Vietnamese spreadsheet program ignores: it cuts at semicolons."""
    if ";" in text or "\t" in text or "|" in text:
        text = _AFTER_SEPARATOR.sub(r"\1'", text)
    return formula_safe(text)
