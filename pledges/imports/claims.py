"""Who works on an import: a claim holds until somebody else claims it, and every chunk is written under it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from pledges.imports.errors import ImportChanged
from pledges.imports.models import Import, ImportState
from pledges.imports.operations import LEASE
from pledges.imports.states import RUNNING, Key

CHUNK = 500
"""Rows in one transaction: others wait for about a third of a second at most."""

Progress = Callable[[ImportState, int, int], None]
"""Told after every chunk: the state, the rows done and the rows in all (0: not known yet)."""


@dataclass(frozen=True)
class Claim:
    """The right to do the running step; whoever claims the import next makes this one worthless."""

    key: Key
    import_: Import
    """As it was when the claim was made."""
    revision: int


def claim_import(session: Session, key: Key, now: datetime) -> Claim | None:
    """Claim the running step; None: nothing is to be done for this import."""
    claimed = session.execute(
        update(Import)
        .where(Import.province_code == key[0], Import.id == key[1], Import.state.in_(RUNNING))
        .values(revision=Import.revision + 1, work_due_at=now + LEASE)
        .returning(Import.id)
        .execution_options(synchronize_session=False)
    ).first()
    if claimed is None:
        return None
    import_ = session.get_one(Import, key, populate_existing=True)
    return Claim(key, import_, import_.revision)


def hold(session: Session, claim: Claim, now: datetime, **values: Any) -> Import:
    """Renew the claim and note how far the work is; `ImportChanged` where somebody else has it by now."""
    held = session.execute(
        update(Import)
        .where(
            Import.province_code == claim.key[0],
            Import.id == claim.key[1],
            Import.state == claim.import_.state,
            Import.revision == claim.revision,
        )
        .values(work_due_at=now + LEASE, **values)
        .returning(Import.id)
        .execution_options(synchronize_session=False)
    ).first()
    if held is None:
        raise ImportChanged
    return session.get_one(Import, claim.key, populate_existing=True)
