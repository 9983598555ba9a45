"""The child process that opens tables from strangers: capped before it reads anything, it sends one JSON per row.

`python -E -s -B -m pledges.imports.sheet_child SECONDS NAME < FILE`. It gets no settings, no secrets and no database.
Values only are read, by a parser that knows neither macros nor links nor formulas: nothing of the file is executed or
followed.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

from pledges.core.child_limits import cap
from pledges.imports.sheet_formats import Format, Refused, sniffed
from pledges.imports.sheets import LONGEST_CELL, MOST_BYTES, MOST_COLUMNS, MOST_ROWS

MOST_MEMORY = 512 * 1024 * 1024
MOST_TEXT = 150_000_000
"""Letters in all rows together."""
SAMPLE_ROWS = 200

Row = tuple[int, list[str]]


def send(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")


def send_rows(rows: Iterable[Row]) -> None:
    """Every row that is not empty, cut to measure; a refusal in the middle ends it."""
    sent = letters = 0
    for number, cells in rows:
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            continue
        if len(cells) > MOST_COLUMNS:
            raise Refused("too_many_columns", columns=len(cells), most=MOST_COLUMNS)
        sent += 1
        if sent > MOST_ROWS:
            raise Refused("too_many_rows", most=f"{MOST_ROWS:,}".replace(",", "."))
        line: dict[str, Any] = {"n": number, "c": cells}
        cut = [place for place, cell in enumerate(cells) if len(cell) > LONGEST_CELL]
        if cut:
            line |= {"c": [cell[:LONGEST_CELL] for cell in cells], "x": cut}
        letters += sum(map(len, line["c"]))
        if letters > MOST_TEXT:
            raise Refused("too_much_text")
        send(line)
    send({"end": sent})


def read(data: bytes, wanted: str) -> None:
    """Find out by the content what it is, then send its sheets and rows."""
    if sniffed(data) is Format.TEXT:
        from pledges.imports.sheet_text import text_rows

        rows, letters = text_rows(data)
        _send_all([""], "", letters, rows)
        return
    from pledges.imports.sheet_workbook import open_workbook

    workbook = open_workbook(data)
    name, rows = workbook.choose(wanted)
    first, letters, rows = _in_letters(rows)
    _send_all(workbook.names, name, letters, chain(first, rows))


def _in_letters(rows: Iterator[Row]) -> tuple[list[Row], str, Iterator[Row]]:
    """Cells that hold the codes of an old font become letters, where the first rows show that they do."""
    from pledges.imports.legacy_letters import converted, letters_of

    first = list(islice(rows, SAMPLE_ROWS))
    letters = letters_of(cell for _number, cells in first for cell in cells)
    if not letters:
        return first, "", rows
    late = ((number, [converted(cell, letters) for cell in cells]) for number, cells in rows)
    return [(number, [converted(cell, letters) for cell in cells]) for number, cells in first], letters, late


def _send_all(names: list[str], name: str, letters: str, rows: Iterable[Row]) -> None:
    send({"sheets": names, "sheet": name, "letters": letters})
    send_rows(rows)


def main() -> None:
    cap(cpu_seconds=int(sys.argv[1]), memory=MOST_MEMORY)
    wanted = sys.argv[2]
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    try:
        read(sys.stdin.buffer.read(MOST_BYTES + 1), wanted)
    except Refused as refusal:
        send({"refused": refusal.code, "params": refusal.params})
    except MemoryError:
        send({"refused": "limits"})
    except BaseException:  # a parser that panics raises past Exception
        # Whatever a stranger's file does to a parser, the answer is that we could not read it.
        send({"refused": "unreadable"})


if __name__ == "__main__":
    main()
