"""The queue of one agency: a page of it, the figures on its tabs, and which file comes next."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import Select, String, func, literal, select, type_coerce, union_all
from sqlalchemy.orm import Session, defer

from pledges.core.errors import NotFound
from pledges.plans.queries import get_province
from pledges.plans.settings import ProvinceSettings, province_settings
from pledges.registry.models import Entity
from pledges.review.checks import Check, CheckOutcome, check_pledges, passes_all
from pledges.review.history import HistoryStep, StepKind, earlier_versions, history
from pledges.review.models import Decision, DecisionKind, Revocation, RevocationState
from pledges.review.operations import last_decision
from pledges.review.queue_filter import CHECKED, STATES, WITH_US, Order, QueueFilter, Tab, behind, chosen, in_order
from pledges.review.waiting_times import (
    Side,
    WaitingTimes,
    waiting_times,
    waiting_times_of,
    working_days,
)
from pledges.signing.models import Pledge, PledgeState

__all__ = [
    "PAGE_SIZES",
    "HistoryStep",
    "Order",
    "QueueFilter",
    "QueuePage",
    "QueueRow",
    "StepKind",
    "Tab",
    "WaitingTimes",
    "count_for_approval",
    "earlier_versions",
    "history",
    "last_decision",
    "next_in_queue",
    "passing_pledges",
    "queue_counts",
    "queue_page",
    "waiting_times",
    "waiting_times_of",
]

PAGE_SIZES = (25, 50, 100)
MOST_LOOKED_AT = 2000
"""Files of a tab that are checked for one page of those that pass all checks: about two seconds."""
_FIRST_CHUNK, _LARGEST_CHUNK = 30, 480

_SEVERITY = (CheckOutcome.OK, CheckOutcome.NOTE, CheckOutcome.WARNING, CheckOutcome.FAILED)


@dataclass(frozen=True)
class QueueRow:
    pledge: Pledge
    entity: Entity
    checks: tuple[Check, ...]
    """Empty in tabs where nothing is left to decide about the file itself."""
    waiting: WaitingTimes
    days: int
    """Working days since it came to the one whose turn it is."""
    late: bool
    """The agency has had it longer than it tells the signers (`ProvinceSettings.days_to_answer`)."""
    decision: Decision | None
    """The last one."""
    revocation: Revocation | None
    """The request that waits, in the tab of revocations."""

    @property
    def name(self) -> str:
        """As it was signed."""
        return str(self.pledge.answers.get("name") or self.entity.name)

    @property
    def outcome(self) -> CheckOutcome:
        """The worst of the checks."""
        return max((check.outcome for check in self.checks), key=_SEVERITY.index, default=CheckOutcome.OK)

    @property
    def passes(self) -> bool:
        return passes_all(self.checks)


@dataclass(frozen=True)
class QueuePage:
    rows: tuple[QueueRow, ...]
    total: int
    page: int
    """From 1; a number beyond the end gives the last page."""
    pages: int
    size: int
    exact: bool = True
    """False: `total` and `pages` count only as far as files have been checked; there may be more."""


def queue_page(
    session: Session,
    province_code: str,
    agency_code: str,
    wanted: QueueFilter,
    *,
    page: int = 1,
    size: int = PAGE_SIZES[0],
    now: datetime,
) -> QueuePage:
    """One page of one agency's tab; the number of queries does not grow with its rows."""
    counted = chosen(select(func.count()).select_from(Pledge), province_code, agency_code, wanted)
    total, exact = session.scalar(counted) or 0, True
    passing: list[uuid.UUID] = []
    if wanted.needs_checks:
        found = passing_pledges(session, province_code, agency_code, wanted, most=MOST_LOOKED_AT)
        end = min(max(page, 1) * size, MOST_LOOKED_AT)  # an address may name any page
        passing = [pledge.id for pledge in islice(found, end + 1)]
        exact = total <= MOST_LOOKED_AT and len(passing) <= end
        total = len(passing)
    pages = max(1, -(-total // size))
    page = min(max(page, 1), pages)
    start = (page - 1) * size
    statement = in_order(_rows(province_code, agency_code, wanted), wanted)
    if wanted.needs_checks:
        statement = statement.where(Pledge.id.in_(passing[start : start + size]))
    else:
        statement = statement.offset(start).limit(size)
    shown = [tuple(row) for row in session.execute(statement)]
    rows = _queue_rows(session, province_code, wanted.tab, shown, now) if shown else ()
    return QueuePage(rows, total, page, pages, size, exact)


def _rows(province_code: str, agency_code: str, wanted: QueueFilter) -> Select[Any]:
    """Pledge, entity and the request of revocation; the blocks of the paper are large and nobody reads them here."""
    columns = (Pledge, Entity, Revocation) if wanted.tab is Tab.REVOCATION else (Pledge, Entity)
    return chosen(select(*columns), province_code, agency_code, wanted).options(defer(Pledge.paper))


def _queue_rows(
    session: Session, province_code: str, tab: Tab, found: Sequence[tuple[Any, ...]], now: datetime
) -> tuple[QueueRow, ...]:
    pledges: list[Pledge] = [row[0] for row in found]
    checks = check_pledges(session, province_code, pledges) if tab in CHECKED else {}
    waiting = waiting_times_of(session, province_code, pledges, now)
    decisions = _last_decisions(session, province_code, [pledge.id for pledge in pledges])
    settings = province_settings(get_province(session, province_code))
    rows = []
    for pledge, entity, *revocation in found:
        days, late = _age(waiting[pledge.id], now, settings)
        rows.append(
            QueueRow(
                pledge=pledge,
                entity=entity,
                checks=checks.get(pledge.id, ()),
                waiting=waiting[pledge.id],
                days=days,
                late=late,
                decision=decisions.get(pledge.id),
                revocation=revocation[0] if revocation else None,
            )
        )
    return tuple(rows)


def _age(waiting: WaitingTimes, now: datetime, settings: ProvinceSettings) -> tuple[int, bool]:
    days_off: frozenset[date] = settings.days_off_in_lieu
    days = working_days(waiting.since, now, days_off)
    return days, waiting.side is Side.AGENCY and days > settings.days_to_answer


def _last_decisions(session: Session, province_code: str, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Decision]:
    decisions = session.scalars(
        select(Decision)
        .where(Decision.province_code == province_code, Decision.pledge_id.in_(ids))
        .order_by(Decision.version, Decision.decided_at, Decision.id)
    )
    return {decision.pledge_id: decision for decision in decisions}


def queue_counts(session: Session, province_code: str, agency_code: str) -> dict[Tab, int]:
    """How many stand in each tab, without filters, from one query."""
    by_state = (
        select(type_coerce(Pledge.state, String), func.count())
        .where(Pledge.province_code == province_code, Pledge.agency_code == agency_code)
        .group_by(Pledge.state)
    )
    asked = (
        select(literal(Tab.REVOCATION.value), func.count())
        .select_from(Revocation)
        .join(Pledge, (Pledge.province_code == Revocation.province_code) & (Pledge.id == Revocation.pledge_id))
        .where(
            Revocation.province_code == province_code,
            Revocation.state == RevocationState.ASKED,
            Pledge.agency_code == agency_code,
            Pledge.state == PledgeState.APPROVED,
        )
    )
    numbers: dict[str, int] = {row[0]: row[1] for row in session.execute(union_all(by_state, asked))}
    counts = {tab: sum(numbers.get(state.value, 0) for state in states) for tab, states in STATES.items()}
    return counts | {Tab.REVOCATION: numbers[Tab.REVOCATION.value]}


def count_for_approval(session: Session, province_code: str, agency_code: str, staff_id: uuid.UUID) -> int:
    """How many wait for this person's approval: not what they recommended themselves."""
    waiting = select(func.count()).where(
        Pledge.province_code == province_code,
        Pledge.agency_code == agency_code,
        Pledge.state == PledgeState.RECOMMENDED,
        Pledge.recommended_by != staff_id,
    )
    return session.scalar(waiting) or 0


def passing_pledges(
    session: Session,
    province_code: str,
    agency_code: str,
    wanted: QueueFilter,
    *,
    after: tuple[datetime, uuid.UUID] | None = None,
    most: int | None = None,
) -> Iterator[Pledge]:
    """The pledges of a tab in its order, chunk by chunk; with `only_passing` only those that pass all checks.

    `after` is a place in the order of the tab; after `most` files nothing more is looked at.
    """
    statement = in_order(_rows(province_code, agency_code, wanted), wanted)
    size, looked_at = _FIRST_CHUNK, 0
    while most is None or looked_at < most:
        part = statement if after is None else statement.where(behind(wanted, *after))
        found = [tuple(row) for row in session.execute(part.limit(size))]
        pledges: list[Pledge] = [row[0] for row in found]
        checks = check_pledges(session, province_code, pledges) if wanted.needs_checks else {}
        yield from (pledge for pledge in pledges if passes_all(checks.get(pledge.id, ())))
        if len(found) < size:
            return
        last = found[-1]
        after = (_place(wanted, last), last[0].id)
        size, looked_at = min(size * 4, _LARGEST_CHUNK), looked_at + size


def _place(wanted: QueueFilter, row: tuple[Any, ...]) -> datetime:
    """The time by which a found row is sorted, as in `queue_filter.stands_since`."""
    if wanted.tab is Tab.REVOCATION:
        asked_at: datetime = row[2].asked_at
        return asked_at
    pledge: Pledge = row[0]
    return pledge.signed_at if wanted.tab in WITH_US else pledge.state_since


def next_in_queue(session: Session, pledge: Pledge, wanted: QueueFilter) -> Pledge | None:
    """The file behind this one under the same filter and in the same order, also after this one has been decided.

    At the end it goes on with the oldest that was passed over, as long as this file itself is dealt with.
    """
    place = (province, agency) = (pledge.province_code, pledge.agency_code)
    following = passing_pledges(session, *place, wanted, after=(_stood_since(session, pledge, wanted), pledge.id))
    found = next(following, None)
    if found is None and not _stands_in(session, pledge, wanted):
        found = next(passing_pledges(session, province, agency, wanted), None)
    return found


def _stands_in(session: Session, pledge: Pledge, wanted: QueueFilter) -> bool:
    tab = QueueFilter(tab=wanted.tab)
    statement = chosen(select(Pledge.id), pledge.province_code, pledge.agency_code, tab)
    return session.scalar(statement.where(Pledge.id == pledge.id)) is not None


def _stood_since(session: Session, pledge: Pledge, wanted: QueueFilter) -> datetime:
    """The time by which this pledge is, or before the last decision was, sorted in the tab."""
    if wanted.tab in WITH_US:
        return pledge.signed_at
    if wanted.tab is Tab.REVOCATION:
        asked = session.scalar(
            select(func.max(Revocation.asked_at)).where(
                Revocation.province_code == pledge.province_code, Revocation.pledge_id == pledge.id
            )
        )
        if asked is None:
            raise NotFound
        return asked
    if pledge.state in STATES[wanted.tab]:
        return pledge.state_since
    returned = session.scalar(
        select(func.max(Decision.decided_at)).where(
            Decision.province_code == pledge.province_code,
            Decision.pledge_id == pledge.id,
            Decision.kind == DecisionKind.RETURNED,
        )
    )
    return returned or pledge.state_since
