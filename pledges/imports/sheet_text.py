"""Tables as text: which sign separates the columns, and the rows. Runs in the child process only."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from io import StringIO
from itertools import islice

from pledges.imports.legacy_letters import LettersUnknown, decoded
from pledges.imports.sheet_formats import Refused
from pledges.imports.sheet_values import clean_cell
from pledges.imports.sheets import MOST_ROWS

SEPARATORS = (",", ";", "\t", "|")
SAMPLE_LINES = 40
LONGEST_QUOTED = 1_000_000
MOST_CONTROL_SHARE = 0.01
_SAID = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)


def text_rows(data: bytes) -> tuple[Iterator[tuple[int, list[str]]], str]:
    """The rows with their numbers, and the old letters of which they were converted."""
    csv.field_size_limit(LONGEST_QUOTED)
    try:
        text, letters = decoded(data)
    except LettersUnknown as error:
        raise Refused("letters") from error
    _refuse_binary(text)
    said = _SAID.match(text)
    separator = said[1] if said else _separator(text)
    if text.count("\n") > MOST_ROWS:
        _refuse_too_many(text, separator)
    return _rows(text, separator, skip=1 if said else 0), letters


def _rows(text: str, separator: str, skip: int = 0) -> Iterator[tuple[int, list[str]]]:
    for number, cells in enumerate(_reader(text, separator), 1):
        if number > skip:
            yield number, [clean_cell(cell) for cell in cells]


def _reader(text: str, separator: str) -> Iterator[list[str]]:
    lines = StringIO(text.replace("\x00", ""), newline="")
    return csv.reader(lines, delimiter=separator)


def _separator(text: str) -> str:
    """The sign that cuts most of the first lines into the same number of columns, and into most."""

    def rank(separator: str) -> tuple[int, int]:
        try:
            widths = Counter(len(cells) for cells in islice(_reader(text, separator), SAMPLE_LINES) if cells)
        except csv.Error:
            return (0, 0)
        width, lines = max(((width, lines) for width, lines in widths.items() if width > 1), default=(0, 0))
        usual = max(widths.values(), default=0) if width else 0
        return (usual if widths[width] == usual else lines, width)

    return max(SEPARATORS, key=rank)


def _refuse_binary(text: str) -> None:
    head = text[:5000]
    control = sum(1 for letter in head if unicodedata.category(letter) == "Cc" and letter not in "\r\n\t")
    if control > len(head) * MOST_CONTROL_SHARE:
        raise Refused("unreadable")
    if not head.strip():
        raise Refused("empty_file")


def _refuse_too_many(text: str, separator: str) -> None:
    """Before anything is sent: half a list that was read already would have to be taken back."""
    if sum(1 for cells in _reader(text, separator) if any(cells)) > MOST_ROWS:
        raise Refused("too_many_rows", most=f"{MOST_ROWS:,}".replace(",", "."))
