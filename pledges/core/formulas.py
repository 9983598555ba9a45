"""Text that goes into a table for a spreadsheet program."""

from __future__ import annotations

_BEGINS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def formula_safe(text: str) -> str:
    """The text with an apostrophe before it where a spreadsheet program would run it as a formula."""
    # Some programs skip blanks before they look for the sign.
    return f"'{text}" if text.lstrip(" \u00a0").startswith(_BEGINS_FORMULA) else text
