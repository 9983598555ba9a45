"""`plans load [FILE …]` without its command line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.audit.operations import Actor
from pledges.core.db import Database
from pledges.jobs.operations import enqueue
from pledges.plans.books import PlanBooks
from pledges.plans.loader import read_books
from pledges.plans.models import ObligationEntry
from pledges.plans.operations import LoadCounts, load_plans

RECOMPUTE_TASK = "recompute_obligations"
"""With the code of a province: what its subjects owe follows its plan (`registry.obligations`)."""


class _Rehearsed(Exception):
    """Carries the counts out of a transaction that is to be rolled back."""

    def __init__(self, counts: LoadCounts) -> None:
        super().__init__()
        self.counts = counts


def load_from_files(
    database: Database, paths: Sequence[Path] | None, actor: Actor, now: datetime, *, dry_run: bool = False
) -> LoadCounts:
    """Read the files (none: the product's own) and load them in one transaction; `dry_run` rolls it back.

    What subjects owe follows from the plans: where these changed, the worker is asked to follow, province by province.
    Raises `DataError` naming file and line; then nothing was changed.
    """
    books = read_books(paths)
    if not dry_run:
        return database.run(partial(_load, books=books, actor=actor, now=now))
    try:
        return database.run(partial(_rehearse, books=books, actor=actor, now=now))
    except _Rehearsed as rehearsed:
        return rehearsed.counts


def _load(session: Session, books: PlanBooks, *, actor: Actor, now: datetime) -> LoadCounts:
    known = session.scalars(select(ObligationEntry.province_code).distinct()).all()
    counts = load_plans(session, books, actor=actor, now=now)
    if counts:
        _ask_for(session, known)
    return counts


def recompute_everywhere(session: Session) -> None:
    """Ask the worker to follow in every province: a new version may reckon anew what is owed and when it is due."""
    _ask_for(session, session.scalars(select(ObligationEntry.province_code).distinct()).all())


def _ask_for(session: Session, province_codes: Iterable[str]) -> None:
    for province_code in sorted(province_codes):
        enqueue(session, RECOMPUTE_TASK, province_code)


def _rehearse(session: Session, books: PlanBooks, *, actor: Actor, now: datetime) -> LoadCounts:
    counts = load_plans(session, books, actor=actor, now=now)
    session.flush()
    raise _Rehearsed(counts)
