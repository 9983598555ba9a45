"""`plans load [FILE …]` without its command line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from sqlalchemy.orm import Session

from pledges.audit.operations import Actor
from pledges.core.db import Database
from pledges.plans.books import PlanBooks
from pledges.plans.loader import read_books
from pledges.plans.operations import LoadCounts, load_plans


class _Rehearsed(Exception):
    """Carries the counts out of a transaction that is to be rolled back."""

    def __init__(self, counts: LoadCounts) -> None:
        super().__init__()
        self.counts = counts


def load_from_files(
    database: Database, paths: Sequence[Path] | None, actor: Actor, now: datetime, *, dry_run: bool = False
) -> LoadCounts:
    """Read the files (none: the product's own) and load them in one transaction; `dry_run` rolls it back.

    Raises `DataError` naming file and line; then nothing was changed.
    """
    books = read_books(paths)
    if not dry_run:
        return database.run(partial(load_plans, books=books, actor=actor, now=now))
    try:
        return database.run(partial(_rehearse, books=books, actor=actor, now=now))
    except _Rehearsed as rehearsed:
        return rehearsed.counts


def _rehearse(session: Session, books: PlanBooks, *, actor: Actor, now: datetime) -> LoadCounts:
    counts = load_plans(session, books, actor=actor, now=now)
    session.flush()
    raise _Rehearsed(counts)
