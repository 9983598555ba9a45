"""Two entities that may be one: found by rule or pointed out by a person, decided by a person."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.registry.upkeep_models import DuplicatePair


@dataclass(frozen=True)
class Found:
    """What one search led to; `capped`: there were more than are kept, so the rules are too wide for these names."""

    pairs: int
    capped: bool = False


def find_pairs(
    session: Session, province_code: str, entity_ids: Collection[uuid.UUID] | None = None, *, now: datetime
) -> Found:
    """Write down the pairs that the rules suspect, among all entities or only those with one of `entity_ids`."""
    raise NotImplementedError


def suspect(
    session: Session,
    province_code: str,
    one: uuid.UUID,
    other: uuid.UUID,
    rules: Collection[str],
    score: int,
    *,
    now: datetime,
) -> DuplicatePair | None:
    """Write down one pair, or add the rules to it; None where a person has decided about the two already."""
    raise NotImplementedError


def keep_apart(
    session: Session, province_code: str, pair_id: uuid.UUID, *, staff: Staff, seen: int, note: str, now: datetime
) -> DuplicatePair:
    """Decide that the two are two, for good: the rules do not suspect them again."""
    raise NotImplementedError
