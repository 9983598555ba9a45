"""How long a pledge has waited: for the agency ("với cơ quan") and for its signer ("với người ký")."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.audit.models import Fact
from pledges.core.calendar import is_working_day, local_day
from pledges.review.models import Decision, DecisionKind
from pledges.signing.models import EarlierVersion, Origin, Pledge, PledgeState

_FINAL = frozenset(
    {
        PledgeState.APPROVED,
        PledgeState.REJECTED,
        PledgeState.SUPERSEDED,
        PledgeState.REVOKED,
        PledgeState.WITHDRAWN,
    }
)


class Side(StrEnum):
    """Who has to act."""

    AGENCY = "agency"
    SIGNER = "signer"
    NOBODY = "nobody"


Turn = tuple[datetime, Side]
"""From when on it is whose turn."""


@dataclass(frozen=True)
class WaitingTimes:
    with_us: timedelta
    with_signer: timedelta
    side: Side
    """Whose turn it is now."""
    since: datetime
    """Since when it is theirs."""


def measure(turns: Iterable[Turn], now: datetime) -> WaitingTimes:
    """Add up who had the pledge how long until now; what comes after the end (`Side.NOBODY`) counts no more."""
    ordered = sorted(turns, key=lambda turn: turn[0])
    spent = {Side.AGENCY: timedelta(), Side.SIGNER: timedelta()}
    since, side = ordered[0]
    for moment, following in [*ordered[1:], (max(now, ordered[-1][0]), None)]:
        if side is Side.NOBODY:
            break
        spent[side] += moment - since if following is not side else timedelta()
        if following is not None and following is not side:
            since, side = moment, following
    return WaitingTimes(spent[Side.AGENCY], spent[Side.SIGNER], side, since)


def waiting_times(session: Session, pledge: Pledge, now: datetime) -> WaitingTimes:
    return waiting_times_of(session, pledge.province_code, [pledge], now)[pledge.id]


def waiting_times_of(
    session: Session, province_code: str, pledges: Sequence[Pledge], now: datetime
) -> dict[uuid.UUID, WaitingTimes]:
    """For a page of pledges of one province, with two queries."""
    ids = [pledge.id for pledge in pledges]
    handed_in = _handed_in(session, province_code, pledges)
    turns = {pledge.id: [*_begin(pledge, handed_in), *_end(pledge)] for pledge in pledges}
    returned = select(Decision.pledge_id, Decision.decided_at).where(
        Decision.province_code == province_code,
        Decision.pledge_id.in_(ids),
        Decision.kind == DecisionKind.RETURNED,
    )
    for pledge_id, moment in session.execute(returned):
        turns[pledge_id].append((moment, Side.SIGNER))
    corrected = select(EarlierVersion.pledge_id, EarlierVersion.signed_at, EarlierVersion.replaced_at).where(
        EarlierVersion.province_code == province_code, EarlierVersion.pledge_id.in_(ids)
    )
    for pledge_id, signed_at, replaced_at in session.execute(corrected):
        turns[pledge_id] += [(handed_in.get(pledge_id, signed_at), Side.AGENCY), (replaced_at, Side.AGENCY)]
    return {pledge_id: measure(known, now) for pledge_id, known in turns.items()}


def _handed_in(session: Session, province_code: str, pledges: Iterable[Pledge]) -> dict[uuid.UUID, datetime]:
    """When what was signed by hand reached the agency: the day on the paper may be an earlier one."""
    ids = [pledge.id for pledge in pledges if pledge.origin is Origin.ASSISTED]
    if not ids:
        return {}
    rows = session.execute(
        select(Fact.object_id, Fact.recorded_at).where(
            Fact.province_code == province_code, Fact.object_id.in_(ids), Fact.kind == "pledge.submitted"
        )
    )
    return {row.object_id: row.recorded_at for row in rows}


def _begin(pledge: Pledge, handed_in: dict[uuid.UUID, datetime]) -> list[Turn]:
    """Since when the agency has had this signing; what it wrote down itself never waited."""
    if pledge.origin is Origin.PAPER_RECORD:
        return []
    return [(handed_in.get(pledge.id, pledge.signed_at), Side.AGENCY)]


def _end(pledge: Pledge) -> list[Turn]:
    """When the waiting was over: at the agency's signature, or when the pledge ended without one."""
    if pledge.approved_at is not None:
        return [(pledge.approved_at, Side.NOBODY)]
    return [(pledge.state_since, Side.NOBODY)] if pledge.state in _FINAL else []


def working_days(first: datetime, last: datetime, days_off_in_lieu: frozenset[date]) -> int:
    """Working days after the day of `first` up to the day of `last` in Vietnam, as an agency's terms are counted."""
    start, end = local_day(first), local_day(last)
    passed = (start + timedelta(days=number) for number in range(1, (end - start).days + 1))
    return sum(1 for day in passed if is_working_day(day, days_off_in_lieu))
