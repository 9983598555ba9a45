"""What the columns of a list mean: guessed from headings and contents, corrected by people, remembered per source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from pledges.imports.models import Import, ImportPurpose
from pledges.imports.rows import Field


@dataclass(frozen=True)
class Guess:
    header_row: int
    """The number of the (last) row with headings; 0: there is none."""
    headings: list[str] = field(default_factory=list)
    mapping: dict[int, Field] = field(default_factory=dict)
    """Per column (from 0) what it means; columns that mean nothing are `Field.IGNORE`."""


def guess(
    rows: Sequence[tuple[int, Sequence[str]]],
    purpose: ImportPurpose,
    remembered: Mapping[str, str] | None = None,
    *,
    header_row: int | None = None,
) -> Guess:
    """From the first rows (number, cells), about fifty; with `header_row` people have said where the headings are."""
    raise NotImplementedError


def recall(session: Session, import_: Import) -> dict[str, str]:
    """Per folded heading the name of a field, as this agency said the last time for this source."""
    raise NotImplementedError


def remember(session: Session, import_: Import, *, now: datetime) -> None:
    """Keep what the columns of this import mean for the next list of the same source."""
    raise NotImplementedError
