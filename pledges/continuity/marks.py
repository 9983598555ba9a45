"""When the last backup was made and when the last rehearsal was passed: facts, which every part of the product sees."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.audit.models import Fact
from pledges.audit.operations import WHOLE_SYSTEM, Actor, record

BACKUP = uuid.UUID("00000000-0000-4000-8000-00000000ba01")
"""All these facts are about one thing: the continuity of this installation."""


@dataclass(frozen=True)
class LastTime:
    at: datetime
    data: dict[str, Any]


def note_backup(session: Session, *, shows: datetime, data: dict[str, Any], actor: Actor, now: datetime) -> None:
    """`shows`: the moment that the copy shows, not that at which copying ended."""
    record(
        session,
        "backup.made",
        province_code=WHOLE_SYSTEM,
        object_id=BACKUP,
        actor=actor,
        now=now,
        data={"shows": shows.isoformat(), **data},
    )


def note_drill(session: Session, *, data: dict[str, Any], actor: Actor, now: datetime) -> None:
    """`data["ok"]` says whether everything was there."""
    record(
        session,
        "backup.drilled",
        province_code=WHOLE_SYSTEM,
        object_id=BACKUP,
        actor=actor,
        now=now,
        data=data,
    )


def last_backup(session: Session) -> LastTime | None:
    found = _newest(session, "backup.made")
    return None if found is None else LastTime(datetime.fromisoformat(found.data["shows"]), found.data)


def last_drill(session: Session) -> LastTime | None:
    found = _newest(session, "backup.drilled")
    return None if found is None else LastTime(found.recorded_at, found.data)


def first_fact(session: Session) -> datetime | None:
    """Since when this installation has had something to lose."""
    return session.scalar(
        select(Fact.recorded_at).where(Fact.province_code == WHOLE_SYSTEM).order_by(Fact.recorded_at, Fact.id).limit(1)
    )


def _newest(session: Session, kind: str) -> Fact | None:
    return session.scalar(
        select(Fact)
        .where(Fact.province_code == WHOLE_SYSTEM, Fact.kind == kind)
        .order_by(Fact.recorded_at.desc(), Fact.id.desc())
        .limit(1)
    )
