"""Merging two entities together with what they have signed, and taking it back."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.registry.upkeep_models import Merge


def merge_entities(
    session: Session,
    province_code: str,
    kept_id: uuid.UUID,
    merged_id: uuid.UUID,
    *,
    staff: Staff,
    note: str,
    now: datetime,
    pair_id: uuid.UUID | None = None,
) -> Merge:
    """Let `kept_id` stand for both; of several at once one succeeds, the others raise a kind `Conflict`."""
    raise NotImplementedError


def undo_merge(session: Session, province_code: str, merge_id: uuid.UUID, *, staff: Staff, now: datetime) -> Merge:
    """Make two of them again, exactly as before; refused with the reason where something was built on the merge."""
    raise NotImplementedError
