"""A list as CSV for people and programs: UTF-8 with the mark that spreadsheet programs need, one line of headings.

Nothing stands above the headings or below the rows, so that every program reads it. The caution is the title of the
last column; in its first cell stands what other formats say above the table. The canonical CSV of a frozen list, which
its hash is about, is `canonical.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby, islice
from operator import attrgetter

from pledges.core.formulas import csv_safe
from pledges.rounds.list_columns import Column, columns_of
from pledges.rounds.list_heading import ListHeading
from pledges.rounds.list_rows import ListRow, Shared
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
    cells = [
        cells
        for own, together in groupby(columns, attrgetter("own"))
        for cells in ([_own(column) for column in together] if own else [_Together(list(together)).of])
    ]
    about = _quoted(csv_safe(" | ".join(heading.lines)))
    number = 0
    remaining = iter(rows)
    while taken := list(islice(remaining, AT_ONCE)):
        numbers = map(str, range(number + 1, number + len(taken) + 1))
        abouts = [about, *[""] * (len(taken) - 1)]
        lines = map(",".join, zip(numbers, *[each(taken) for each in cells], abouts, strict=True))
        yield END.join([*lines, ""]).encode()
        number, about = number + len(taken), ""


def _own(column: Column) -> Callable[[list[ListRow]], list[str]]:
    """The cells of a column in which every line says something else."""
    text = column.text

    def of(rows: list[ListRow]) -> list[str]:
        texts = list(map(text, rows))
        # Seldom does one of a thousand cells have to be quoted: a look at all of them at once is quicker.
        return list(map(_quoted, texts)) if _NEEDS_QUOTES("".join(texts)) else texts

    return of


class _Together:
    """Columns side by side whose cells follow from what lines share: one text, made once for all that share it."""

    def __init__(self, columns: list[Column]) -> None:
        self._columns = columns
        self._known: dict[int, tuple[str, Shared]] = {}
        """By identity, which is quick; that it stands here keeps it alive, so that no other one gets its number."""

    def of(self, rows: list[ListRow]) -> list[str]:
        known = self._known
        if len(known) > _MOST_KNOWN:
            known.clear()
        texts = []
        for row in rows:
            shared = row[-1]
            found = known.get(id(shared))
            if found is None:
                text = ",".join([_quoted(column.text(row)) for column in self._columns])
                found = known[id(shared)] = text, shared
            texts.append(found[0])
        return texts


def _quoted(text: str) -> str:
    """As the csv module does it, which would look at every cell of every line anew."""
    return '"' + text.replace('"', '""') + '"' if _NEEDS_QUOTES(text) else text
