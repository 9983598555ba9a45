"""Bringing the rows of an import into the register, chunk by chunk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from pledges.core.secrecy import Vault
from pledges.imports.errors import Reason
from pledges.imports.models import Import, ImportRow
from pledges.imports.rows import ParsedRow
from pledges.registry.models import Entity

RecordPaper = Callable[[Session, Import, ParsedRow, Entity, datetime], Reason | None]
"""Records the paper pledge that a row tells of; returns why it was not recorded, or None."""


@dataclass(frozen=True)
class Applying:
    """What bringing rows into the register needs besides the database."""

    vault: Vault
    record_paper: RecordPaper | None = None


def apply_decided_row(session: Session, import_: Import, row: ImportRow, *, applying: Applying, now: datetime) -> None:
    """Bring one row whose clash was decided after the commit into the register."""
    raise NotImplementedError
