"""A list as CSV for people: UTF-8 with the mark that spreadsheet programs need, headings in lines that begin with #.

The canonical CSV of a frozen list, which its hash is about, is `canonical.py`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from pledges.core.formulas import csv_safe
from pledges.rounds.list_columns import columns_of
from pledges.rounds.list_heading import ListHeading
from pledges.rounds.list_rows import ListRow
from pledges.rounds.list_words import RowWords

AT_ONCE = 1000


def csv_pieces(rows: Iterable[ListRow], heading: ListHeading, words: RowWords) -> Iterator[bytes]:
    """The file piece by piece, each of many lines; memory does not grow with the list."""
    text = io.StringIO()
    write = csv.writer(text, lineterminator="\r\n").writerow
    for line in heading.lines:
        write([csv_safe(f"# {line}")])
    columns = columns_of(heading.kind, words, csv_safe)
    write(["Số thứ tự", *(column.title for column in columns)])
    cells: list[Callable[[ListRow], str]] = [column.text for column in columns]
    number = 0
    remaining = iter(rows)
    yield "\ufeff".encode()
    while True:
        taken = list(islice(remaining, AT_ONCE))
        for row in taken:
            number += 1
            write([number, *[cell(row) for cell in cells]])
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()
        if len(taken) < AT_ONCE:
            return
