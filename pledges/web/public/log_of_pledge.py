"""What the page of a code says of the log: under which number and on which day it holds the pledge."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.signing.models import Pledge
from pledges.transparency.queries import entries_of, latest_checkpoint


@dataclass(frozen=True)
class LogPlace:
    """The newest entry about a pledge."""

    number: int
    entered_at: datetime
    several: bool
    """Whether there are earlier ones."""
    proved: bool
    """Whether a signed checkpoint covers an entry about it already, so that there is a file with proofs."""


def log_object(session: Session, code: str) -> uuid.UUID | None:
    """Under which id the log speaks of the pledge with this code."""
    return session.scalar(select(Pledge.id).where(Pledge.verification_code == code))


def log_place(session: Session, code: str) -> LogPlace | None:
    pledge_id = log_object(session, code)
    found = entries_of(session, pledge_id) if pledge_id is not None else ()
    if not found:
        return None
    newest, checkpoint = found[-1], latest_checkpoint(session)
    return LogPlace(
        number=newest.index,
        entered_at=newest.recorded_at,
        several=len(found) > 1,
        proved=checkpoint is not None and found[0].index < checkpoint.size,
    )
