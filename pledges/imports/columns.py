"""What the columns of a list mean: guessed from headings and contents, corrected by people, remembered per source."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.orm import Session

from pledges.core.db import new_id
from pledges.imports.column_contents import HARDLY, MOSTLY, look_of, looks_like_data, name_share
from pledges.imports.heading_words import FAMILY_NAMES, NAMES_OF_PEOPLE, heading_key, meaning_of
from pledges.imports.models import Import, ImportPurpose, SourceColumns
from pledges.imports.rows import Field

HEADINGS_WITHIN = 25
"""Rows in which headings are looked for: above them stand the titles of the list."""
MANY = frozenset({Field.PHONE, Field.EMAIL, Field.CHANNEL, Field.ADDRESS, Field.NOTE, Field.IGNORE})
"""Fields that several columns may mean; of the others the first column that says so best counts."""
OF_PAPER = frozenset({Field.SIGNED_ON, Field.PAPER_NUMBER, Field.SIGNER})
JOINT = " / "
_SHAPED = frozenset({Field.CHANNEL, Field.PHONE, Field.EMAIL, Field.TAX_CODE, Field.PERSONAL_NUMBER})
"""Fields whose contents have a shape: a heading is not believed where no cell fits it and most fit another."""

Rows = Sequence[tuple[int, Sequence[str]]]


@dataclass(frozen=True)
class Guess:
    header_row: int
    """The number of the (last) row with headings; 0: there is none."""
    headings: list[str] = field(default_factory=list)
    mapping: dict[int, Field] = field(default_factory=dict)
    """Per column (from 0) what it means; columns that mean nothing are `Field.IGNORE`."""


def guess(
    rows: Rows,
    purpose: ImportPurpose,
    remembered: Mapping[str, str] | None = None,
    *,
    header_row: int | None = None,
) -> Guess:
    """From the first rows (number, cells), about fifty; with `header_row` people have said where the headings are."""
    known = dict(remembered or {})
    width = max((len(cells) for _number, cells in rows), default=0)
    first, last = _said_headings(rows, header_row) if header_row is not None else _find_headings(rows, known)
    headings = _joined([cells for _number, cells in rows[first:last]], width)
    data = [cells for _number, cells in rows[last:]]
    columns = [[cells[column] if column < len(cells) else "" for cells in data] for column in range(width)]
    number = 0 if last == first else _last_number(rows, last)
    return Guess(number, headings, _meanings(headings, columns, known, purpose))


# --- Where the headings stand --------------------------------------------------------------------------------------


def _said_headings(rows: Rows, header_row: int) -> tuple[int, int]:
    """The place of the row that people named, and of the one behind it; headings above it are not joined."""
    place = next((place for place, (number, _cells) in enumerate(rows) if number == header_row), None)
    return (0, 0) if place is None else (place, place + 1)


def _find_headings(rows: Rows, known: Mapping[str, str]) -> tuple[int, int]:
    """From which place to which the headings go: the best row, a second one below, a row of column numbers."""
    within = [cells for _number, cells in rows[:HEADINGS_WITHIN]]
    scores = [_score(cells, known) for cells in within]
    best = max(scores, default=0)
    width = max(map(len, within), default=0)
    if not best or best < min(2, width):
        return 0, 0
    first = scores.index(best)
    last = first + 1
    if last < len(within) and _is_second_heading(within[last], within[first], known):
        last += 1
    elif first and _is_group_heading(within[first - 1], within[first], known):
        first -= 1
    if last < len(within) and _is_numbering(within[last]):
        return first, last + 1
    return first, last


def _score(cells: Sequence[str], known: Mapping[str, str]) -> int:
    """How many different headings a row holds; a row with data is none."""
    if any(looks_like_data(cell) for cell in cells if cell):
        return 0
    return len({heading_key(cell) for cell in cells if _is_heading(cell, known)})


def _is_heading(cell: str, known: Mapping[str, str]) -> bool:
    return bool(cell) and (heading_key(cell) in known or meaning_of(cell) is not None)


def _is_second_heading(below: Sequence[str], above: Sequence[str], known: Mapping[str, str]) -> bool:
    """Every cell repeats the one above (merged downwards) or is a heading under a group; not all are repeats."""
    filled = [(column, cell) for column, cell in enumerate(below) if cell]
    if not filled or any(looks_like_data(cell) for _column, cell in filled):
        return False
    own = [(column, cell) for column, cell in filled if _at(above, column) != cell]
    return bool(own) and all(_is_heading(cell, known) and _is_under_group(above, column) for column, cell in own)


def _at(cells: Sequence[str], column: int) -> str:
    return cells[column] if 0 <= column < len(cells) else ""


def _is_under_group(above: Sequence[str], column: int) -> bool:
    """Above it stands nothing, or a heading that covers a neighbour too."""
    here, before, behind = (_at(above, each) for each in (column, column - 1, column + 1))
    return not here or here in {before, behind} or (column + 1 < len(above) and not behind)


def _is_group_heading(above: Sequence[str], below: Sequence[str], known: Mapping[str, str]) -> bool:
    """A row of groups over the headings: it names at least two things, and some column the same as below."""
    filled = {cell for cell in above if cell}
    repeats = sum(1 for upper, lower in zip(above, below, strict=False) if upper and upper == lower)
    return len(filled) > 1 and repeats > 0


def _is_numbering(cells: Sequence[str]) -> bool:
    """(1) (2) (3) … or A B 1 2 …, which stand below the headings of official lists."""
    filled = [cell.strip("()[] ") for cell in cells if cell]
    counted = [int(cell) for cell in filled if re.fullmatch(r"\d{1,2}", cell)]
    letters = [cell for cell in filled if re.fullmatch(r"[A-ZĐ]", cell)]
    return (
        len(counted) > 1
        and len(counted) + len(letters) == len(filled)
        and all(after - before == 1 for before, after in pairwise(counted))
    )


def _last_number(rows: Rows, last: int) -> int:
    return rows[last - 1][0]


def _joined(heading_rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """One heading per column: what stands above it and its own, once."""
    rows = [cells for cells in heading_rows if not _is_numbering(cells)]
    headings = []
    for column in range(width):
        parts = dict.fromkeys(cells[column] for cells in rows if column < len(cells) and cells[column])
        headings.append(JOINT.join(" ".join(part.split()) for part in parts))
    return headings


# --- What the columns mean -----------------------------------------------------------------------------------------


def _meanings(
    headings: list[str], columns: list[list[str]], known: Mapping[str, str], purpose: ImportPurpose
) -> dict[int, Field]:
    found = {column: _meaning(headings[column], columns[column], known) for column in range(len(headings))}
    said = {column for column, heading in enumerate(headings) if heading_key(heading) in known}
    _read_neighbours(found, headings, said)
    if Field.NAME not in found.values():
        _find_name(found, headings, columns, said)
    _keep_one_each(found, headings, columns, said)
    if purpose is not ImportPurpose.PAPER_PLEDGES:
        found = {column: Field.IGNORE if meant in OF_PAPER else meant for column, meant in found.items()}
    return found


def _meaning(heading: str, cells: list[str], known: Mapping[str, str]) -> Field:
    """As people said before, else as the heading says unless the contents contradict it, else as they look."""
    if (remembered := known.get(heading_key(heading))) in set(Field):
        return Field(remembered)
    says = meaning_of(heading.rpartition(JOINT)[2]) or meaning_of(heading)
    looks, shares = look_of(cells)
    if says is None:
        return looks or Field.IGNORE
    contradicted = says in _SHAPED and shares.get(says, 0.0) <= HARDLY
    if looks is not None and (contradicted or (says is Field.LICENCE and looks is Field.TAX_CODE)):
        return looks
    return says


def _read_neighbours(found: dict[int, Field], headings: list[str], said: set[int]) -> None:
    """ "Ngày cấp" behind an identity card is the day of the card; "Họ đệm" before "Tên" is half of a name."""
    for column, heading in enumerate(headings):
        key = heading_key(heading.rpartition(JOINT)[2])
        before = found.get(column - 1)
        if column in said:
            continue
        if key == "ngay cap" and before is Field.PERSONAL_NUMBER:
            found[column] = Field.IGNORE
        if FAMILY_NAMES.fullmatch(key) and found.get(column + 1) is Field.NAME:
            found[column] = Field.NAME


def _find_name(found: dict[int, Field], headings: list[str], columns: list[list[str]], said: set[int]) -> None:
    """Nothing is headed as a name: the owner is, or the first column that reads like names."""
    for column, meant in found.items():
        if meant is Field.REPRESENTATIVE and column not in said:
            found[column] = Field.NAME
            return
    free = [column for column, meant in found.items() if meant is Field.IGNORE and column not in said]
    likely = [column for column in free if not headings[column] and name_share(columns[column]) >= MOSTLY]
    likely = likely or [column for column in free if name_share(columns[column]) > 1 - HARDLY and not headings[column]]
    if likely:
        found[likely[0]] = Field.NAME


def _keep_one_each(found: dict[int, Field], headings: list[str], columns: list[list[str]], said: set[int]) -> None:
    """Of two columns with one meaning the better one keeps it; of two names the person's becomes the representative."""
    for meant in set(found.values()) - MANY:
        claims = [column for column, other in found.items() if other is meant]
        if len(claims) < 2 or (meant is Field.NAME and _is_split_name(claims, headings)):
            continue
        kept = max(
            claims, key=lambda column: (column in said, *_rank(meant, headings[column], columns[column]), -column)
        )
        for column in claims:
            if column != kept:
                person = meant is Field.NAME and Field.REPRESENTATIVE not in found.values()
                is_person = NAMES_OF_PEOPLE.fullmatch(heading_key(headings[column])) is not None
                found[column] = Field.REPRESENTATIVE if person and is_person else Field.IGNORE


def _is_split_name(claims: list[int], headings: list[str]) -> bool:
    return any(FAMILY_NAMES.fullmatch(heading_key(headings[column])) for column in claims)


def _rank(meant: Field, heading: str, cells: list[str]) -> tuple[bool, bool, float]:
    """How well a column fits: a name said in so many words, of an undertaking before a person, and filled."""
    key = heading_key(heading)
    filled = sum(1 for cell in cells if cell) / max(1, len(cells))
    if meant is not Field.NAME:
        return False, False, filled
    return key.startswith("ten"), NAMES_OF_PEOPLE.fullmatch(key) is None, filled


def column_letter(column: int) -> str:
    """A, B, … Z, AA, as the spreadsheet names its columns."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = string.ascii_uppercase[rest] + letters
    return letters


# --- Remembered per source -----------------------------------------------------------------------------------------


def recall(session: Session, import_: Import) -> dict[str, str]:
    """Per folded heading the name of a field, as this agency said the last time for this source."""
    found = session.scalars(
        select(SourceColumns.fields).where(
            SourceColumns.province_code == import_.province_code,
            SourceColumns.agency_code == import_.agency_code,
            SourceColumns.purpose == import_.purpose,
            SourceColumns.source_fold == import_.source_fold,
        )
    ).first()
    return {str(key): str(name) for key, name in (found or {}).items()}


def remember(session: Session, import_: Import, *, now: datetime) -> None:
    """Keep what the columns of this import mean for the next list of the same source."""
    said = {
        heading_key(import_.headings[int(column)]): str(name)
        for column, name in import_.mapping.items()
        if int(column) < len(import_.headings) and heading_key(import_.headings[int(column)])
    }
    values = {
        "province_code": import_.province_code,
        "id": new_id(),
        "agency_code": import_.agency_code,
        "purpose": import_.purpose,
        "source": import_.source,
        "source_fold": import_.source_fold,
        "fields": recall(session, import_) | said,
        "used_at": now,
    }
    insert = insert_postgresql if session.get_bind().dialect.name == "postgresql" else insert_sqlite
    statement = insert(SourceColumns).values(values)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["province_code", "agency_code", "purpose", "source_fold"],
            set_={name: statement.excluded[name] for name in ("source", "fields", "used_at")},
        )
    )
