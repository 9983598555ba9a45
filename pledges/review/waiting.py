"""Pledges that are approved and wait for the agency's signature."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.signing.models import Pledge, PledgeState


def pledges_due_for_countersigning(session: Session, now: datetime, *, limit: int = 200) -> Sequence[Pledge]:
    """Those that should be asked for now, longest due first."""
    return session.scalars(
        select(Pledge)
        .where(Pledge.state == PledgeState.COUNTERSIGNING, Pledge.seal_due_at <= now)
        .order_by(Pledge.seal_due_at)
        .limit(limit)
    ).all()


def count_countersigning(
    session: Session, province_code: str | None = None, agency_code: str | None = None, *, since: datetime | None = None
) -> int:
    """How many wait (of one province, of one agency), or have waited since before that time."""
    query = select(func.count()).select_from(Pledge).where(Pledge.state == PledgeState.COUNTERSIGNING)
    if province_code is not None:
        query = query.where(Pledge.province_code == province_code)
    if agency_code is not None:
        query = query.where(Pledge.agency_code == agency_code)
    if since is not None:
        query = query.where(Pledge.state_since < since)
    return session.scalar(query) or 0
