"""Where a Vietnamese address lies today, as people write it: before and after July 2025, with and without marks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Located:
    """`certain` is about the province; a commune is named only if it is certain. `note`: why something is open."""

    province_code: str | None
    commune_code: str | None
    certain: bool
    former: bool
    """Written with names of before July 2025."""
    note: str = ""
    country: str = "VN"


def locate(text: str, *, province_hint: str | None = None) -> Located:
    """Today's province and commune of an address; never raises.

    `province_hint` is whose list it is: it decides only where the address names no province.
    """
    return Located(province_hint, None, certain=False, former=False)
