"""A list as CSV for people and programs: UTF-8 with the mark that spreadsheet programs need, one line of headings.

Nothing stands above the headings or below the rows, so that every program reads it. The caution is the title of the
last column; in its first cell stands what other formats say above the table. The canonical CSV of a frozen list, which
its hash is about, is `canonical.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator
from itertools import islice

from pledges.core.formulas import csv_safe
from pledges.rounds.list_columns import Column, columns_of
from pledges.rounds.list_heading import ListHeading
from pledges.rounds.list_rows import ListRow
from pledges.rounds.list_words import RowWords

AT_ONCE = 1000
END = "\r\n"
_MOST_KNOWN = 20_000
_NEEDS_QUOTES = re.compile(r'[",\r\n]').search


def csv_pieces(rows: Iterable[ListRow], heading: ListHeading, words: RowWords) -> Iterator[bytes]:
    """The file piece by piece, each of many lines; memory does not grow with the list."""
    columns = columns_of(heading.kind, words, csv_safe)
    titles = ["Số thứ tự", *(column.title for column in columns), heading.caution[0]]
    yield ("\ufeff" + ",".join(map(_quoted, titles)) + END).encode()
    cells = [_Cells(column) for column in columns]
    about = _quoted(csv_safe(" | ".join(heading.lines)))
    number = 0
    remaining = iter(rows)
    while taken := list(islice(remaining, AT_ONCE)):
        lines = zip(*[each.of(taken) for each in cells], strict=True)
        first, *others = (f"{place},{','.join(line)}," for place, line in enumerate(lines, number + 1))
        yield END.join([first + about, *others, ""]).encode()
        number, about = number + len(taken), ""


class _Cells:
    """The cells of one column. What many lines have in common is put into words and quoted once."""

    def __init__(self, column: Column) -> None:
        self._text = column.text
        self._key = column.key
        self._plain = column.plain
        self._known: dict[Hashable, str] = {}

    def of(self, rows: list[ListRow]) -> list[str]:
        key = self._key
        if key is None:
            texts = map(self._text, rows)
            return list(texts) if self._plain else list(map(_quoted, texts))
        if len(self._known) > _MOST_KNOWN:
            self._known.clear()
        return self._shared(rows, key)

    def _shared(self, rows: list[ListRow], key: Callable[[ListRow], Hashable]) -> list[str]:
        keys = list(map(key, rows))
        while True:
            try:
                return list(map(self._known.__getitem__, keys))
            except KeyError:
                # Seldom: the words are few, and are looked up without a step of ours for each line.
                for shared, row in zip(keys, rows, strict=True):
                    if shared not in self._known:
                        self._known[shared] = _quoted(self._text(row))


def _quoted(text: str) -> str:
    """As the csv module does it, which would look at every cell of every line anew."""
    return '"' + text.replace('"', '""') + '"' if _NEEDS_QUOTES(text) else text
