"""Where a clause makes everybody sign each quarter (`model.md` 6): what was signed for an earlier one runs out."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.audit.operations import SYSTEM, record
from pledges.core.calendar import Quarter, local_day
from pledges.plans.models import ObligationEntry
from pledges.registry.counters import mark_asked
from pledges.registry.counts import Count
from pledges.registry.models import Obligation
from pledges.signing.models import PledgeCover
from pledges.signing.states import settle_obligations

_CHUNK = 200


def end_periods(
    session: Session,
    province_code: str,
    entry: ObligationEntry,
    quarter: Quarter,
    *,
    now: datetime,
    limit: int = _CHUNK,
) -> int:
    """Let what was signed for a quarter before this one count no more; how many covers there were, `limit` at most.

    The pledge stays as it is: what it says was true for its quarter. Its subject owes anew, and nobody has asked yet;
    the agency has the quarter to do so. A pledge without a period was given without limit and stays in force.
    """
    if not entry.resign or local_day(now) < quarter.first_day:
        return 0
    covers = session.scalars(
        select(PledgeCover)
        .where(
            PledgeCover.province_code == province_code,
            PledgeCover.entry_id == entry.id,
            PledgeCover.obligation_id.is_not(None),
            PledgeCover.period != "",
            PledgeCover.period < str(quarter),
            PledgeCover.hold != "ended",
        )
        .order_by(PledgeCover.obligation_id)
        .limit(limit)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for cover in covers:
        cover.hold = "ended"
    session.flush()
    ids = sorted({cover.obligation_id for cover in covers if cover.obligation_id is not None})
    _owe_anew(session, province_code, ids, quarter, now)
    return len(covers)


def _owe_anew(
    session: Session, province_code: str, obligation_ids: Sequence[uuid.UUID], quarter: Quarter, now: datetime
) -> None:
    counts: dict[uuid.UUID, list[Count]] = {obligation_id: [] for obligation_id in obligation_ids}
    for count in settle_obligations(session, province_code, obligation_ids, now=now):
        counts.setdefault(uuid.UUID(count["obligation"]), []).append(count)
    for obligation_id, moved in counts.items():
        obligation = session.get_one(Obligation, (province_code, obligation_id))
        if not (obligation.in_force or obligation.waiting_for_agency):
            unasked = mark_asked(session, obligation, asked_on=None, waits_until=quarter.last_day, day=local_day(now))
            moved.extend(unasked)
        if not moved:
            continue  # Somebody has signed for this quarter already.
        record(
            session,
            "obligation.period_ended",
            province_code=province_code,
            object_id=obligation_id,
            actor=SYSTEM,
            now=now,
            data={"quarter": str(quarter), "counts": moved},
        )
