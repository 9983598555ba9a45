"""What the cells of a column look like, where its heading says nothing or something else."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pledges.core.errors import DomainError
from pledges.core.identity import parse_tax_code
from pledges.core.text import fold
from pledges.imports.rows import Field

MOSTLY = 0.6
HARDLY = 0.1

_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[a-z]{2,}", re.IGNORECASE)
_CHANNEL = re.compile(
    r"https?://|www\.|(?:^|[\s/])(?:[a-z0-9-]+\.)+(?:vn|com|net|org|info|shop|store|biz|asia|online|xyz|io|me|top)(?:$|[\s/?;,])",
    re.IGNORECASE,
)
_PHONE = re.compile(r"(?:\+?84|0)[\d .()/-]{8,14}|[235789]\d{8}|1[89]00[\d .]{4,7}")
_DATE = re.compile(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}(?: \d{1,2}:\d{2})?|\d{4}-\d{1,2}-\d{1,2}")
_PERSONAL = re.compile(r"0\d{11}")
_TAX = re.compile(r"\d{9,10}(?:-?\d{3})?")
_PLACE = re.compile(
    r"(?:^|[\s,.])(?:phuong|xa|thi tran|quan|huyen|thi xa|tinh|thanh pho|tp|duong|thon|to dan pho|ap|kp|khu pho"
    r"|dac khu)[\s.]"
)


def _is_phone(cell: str) -> bool:
    return any(_PHONE.fullmatch(part.strip()) for part in re.split(r"[;,/\n]|\s-\s", cell))


def _is_tax_code(cell: str) -> bool:
    plain = cell.replace(" ", "")
    if not _TAX.fullmatch(plain):
        return False
    try:
        parse_tax_code(plain.zfill(10) if len(plain) < 10 else plain)
    except DomainError:
        return False
    return True


def _is_address(cell: str) -> bool:
    return len(cell) > 12 and ("," in cell or " - " in cell) and _PLACE.search(fold(cell)) is not None


_LOOKS = {
    Field.EMAIL: lambda cell: _EMAIL.search(cell) is not None,
    Field.CHANNEL: lambda cell: "@" not in cell and _CHANNEL.search(cell) is not None,
    Field.TAX_CODE: _is_tax_code,
    Field.PERSONAL_NUMBER: lambda cell: _PERSONAL.fullmatch(cell) is not None,
    Field.PHONE: _is_phone,
    Field.APPEARED_ON: lambda cell: _DATE.fullmatch(cell) is not None,
    Field.ADDRESS: _is_address,
}


def look_of(cells: Sequence[str]) -> tuple[Field | None, dict[Field, float]]:
    """What most of the cells look like, and the share of each look; None where they look like nothing special."""
    filled = [cell for cell in cells if cell]
    if not filled:
        return None, {}
    shares = {field: sum(map(looks, filled)) / len(filled) for field, looks in _LOOKS.items()}
    best = max(shares, key=lambda field: shares[field])
    return (best if shares[best] >= MOSTLY else None), shares


def looks_like_data(cell: str) -> bool:
    """Whether a cell is certainly no heading."""
    return len(cell) > 120 or any(looks(cell) for field, looks in _LOOKS.items() if field is not Field.ADDRESS)


def name_share(cells: Sequence[str]) -> float:
    """How much a column reads like names: different texts of letters, neither long nor numbers."""
    filled = [cell for cell in cells if cell]
    if not filled:
        return 0.0
    texts = {cell for cell in filled if sum(map(str.isalpha, cell)) > len(cell) / 2 and len(cell) <= 150}
    return len(texts) / len(cells)
