"""Recording facts."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from pledges.audit.catalogue import FACT_KINDS
from pledges.audit.models import Fact
from pledges.core.calendar import local_day

WHOLE_SYSTEM = "00"


@dataclass(frozen=True)
class Actor:
    """Who acts: a signer (by pledge), a member of staff, a command or the system itself. Never a name or address."""

    kind: str
    id: str = ""


SYSTEM = Actor("system")
SIGNER = Actor("signer")


def record(
    session: Session,
    kind: str,
    *,
    province_code: str,
    object_id: uuid.UUID,
    actor: Actor,
    now: datetime,
    effective_on: date | None = None,
    data: dict[str, Any] | None = None,
) -> Fact:
    """Append one fact of a kind that the catalogue knows; `effective_on` is today in Vietnam unless given."""
    day = local_day(now)
    fact = Fact(
        province_code=province_code,
        kind=kind,
        object_kind=FACT_KINDS[kind].object_kind,
        object_id=object_id,
        actor_kind=actor.kind,
        actor_id=actor.id,
        recorded_at=now,
        recorded_day=day,
        effective_on=effective_on or day,
        data=data or {},
    )
    session.add(fact)
    return fact


def record_many(
    session: Session,
    facts: Iterable[tuple[str, uuid.UUID, dict[str, Any]]],
    *,
    province_code: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Append many facts (kind, object and data) by one statement: a list brings thousands of them."""
    day = local_day(now)
    rows = [
        {
            "province_code": province_code,
            "kind": kind,
            "object_kind": FACT_KINDS[kind].object_kind,
            "object_id": object_id,
            "actor_kind": actor.kind,
            "actor_id": actor.id,
            "recorded_at": now,
            "recorded_day": day,
            "effective_on": day,
            "data": data,
        }
        for kind, object_id, data in facts
    ]
    if rows:
        session.connection().execute(insert(Fact), rows)
