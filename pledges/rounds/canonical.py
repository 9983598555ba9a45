"""The canonical CSV of a list (`model.md` 14): fixed columns, one line per obligation, no personal data.

UTF-8, LF, one line of headings, no quotes: no field can hold a comma, a quote or a line end. Name, tax code and
website stand in it as a commitment: SHA-256 over a random salt and the canonical JSON of the three. Whoever has the
salt and the values can prove them; once both are erased the line still verifies and nobody can guess them.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import lru_cache

from pledges.rounds.list_models import Group
from pledges.rounds.list_rows import ListRow, Shared, Unreached, WayDay

COLUMNS = (
    "part",
    "commune",
    "entry",
    "clause",
    "obligation",
    "subject",
    "subject_types",
    "cohort",
    "asked_on",
    "turns_on",
    "ways",
    "unreached_reason",
    "first_seen_on",
    "commitment",
)
HEADER = ",".join(COLUMNS)
VALUES = ("name", "tax_code", "channel")
"""What stands only behind the commitment."""

_LINE = re.compile(r"[A-Za-z0-9._:/, -]*")
_LINES_AT_ONCE = 1000
_GROUPS = {group.value: group for group in Group}


def values_of(row: ListRow) -> dict[str, str]:
    return {"name": row.name, "tax_code": row.tax_code, "channel": row.channel}


# Made once: a list of a hundred thousand lines is reckoned while somebody waits.
_JSON = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def commitment(salt: str, values: Mapping[str, str]) -> str:
    """SHA-256 over the salt (32 hexadecimal digits) and JSON of the three values: sorted names, no blanks, NFC."""
    told = {name: unicodedata.normalize("NFC", values[name]) for name in VALUES}
    text = _JSON.encode(told)
    return hashlib.sha256((salt + text).encode()).hexdigest()


def line_of(row: ListRow, salt: str) -> str:
    """The line of a row, without its line end."""
    fields = (
        row.group.value,
        row.commune_code,
        row.entry_id,
        row.clause,
        row.obligation,
        row.entity,
        " ".join(row.subject_types),
        row.cohort,
        _day(row.asked_on),
        _day(row.turns_on),
        " ".join(f"{way}:{day.isoformat()}" for way, day in row.ways),
        row.unreached_reason.value if row.unreached_reason is not None else "",
        _day(row.first_seen_on),
        commitment(salt, values_of(row)),
    )
    line = ",".join(fields)
    if line.count(",") != len(COLUMNS) - 1 or not _LINE.fullmatch(line):
        raise ValueError(f"a code of obligation {row.obligation} does not fit into the canonical list")
    return line


def read_line(line: str, values: Mapping[str, str]) -> ListRow:
    """The row that a line was made of; `values` are empty once they have been erased."""
    group, commune, entry, clause, obligation, entity, types, cohort, asked, turns, ways, why, seen, _ = line.split(",")
    shared = Shared(
        _GROUPS[group],
        entry,
        clause,
        commune,
        _read_types(types),
        cohort,
        _read_day(asked),
        _read_day(turns),
        _read_ways(ways),
        Unreached(why) if why else None,
        _read_day(seen),
    )
    told = (values.get("name", ""), values.get("tax_code", ""), values.get("channel", ""))
    return ListRow(obligation, entity, *told, shared)


def commitment_in(line: str) -> str:
    return line.rpartition(",")[2]


def whole(lines: Iterable[str]) -> Iterator[bytes]:
    """The file: the headings, then the lines, each with its line end; in pieces of many lines."""
    piece = [HEADER]
    for line in lines:
        piece.append(line)
        if len(piece) >= _LINES_AT_ONCE:
            yield ("\n".join(piece) + "\n").encode()
            piece = []
    if piece:
        yield ("\n".join(piece) + "\n").encode()


def sha256_of(lines: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for piece in whole(lines):
        digest.update(piece)
    return digest.hexdigest()


def _day(day: date | None) -> str:
    return day.isoformat() if day is not None else ""


# Thousands of lines have these in common: reading a list again costs half as much where each is read once.


@lru_cache(maxsize=10_000)
def _read_day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


@lru_cache(maxsize=1000)
def _read_types(text: str) -> tuple[str, ...]:
    return tuple(text.split())


@lru_cache(maxsize=10_000)
def _read_ways(text: str) -> tuple[WayDay, ...]:
    parts = (each.partition(":") for each in text.split())
    return tuple((way, date.fromisoformat(day)) for way, _, day in parts)
