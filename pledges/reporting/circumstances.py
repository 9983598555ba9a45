"""What stands beside coverage: who came and went, voluntary pledges, how long files take, how fresh the register is."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, cast, func, literal_column, or_, select
from sqlalchemy.orm import Session, load_only

from pledges.audit.models import Fact
from pledges.core.calendar import end_of_day
from pledges.imports.models import Import, ImportState
from pledges.plans.models import Instrument, ObligationEntry
from pledges.registry.models import Obligation, ObligationMove
from pledges.reporting.standing import Place
from pledges.review.queue_filter import STATES, WITH_US
from pledges.review.waiting_times import waiting_times_of
from pledges.rounds.figures import Moment
from pledges.rounds.list_models import Group
from pledges.rounds.live import stands_in
from pledges.signing.models import Origin, Pledge, PledgeState

MEASURED_DAYS = 90
MOST_MEASURED = 200
"""Files whose times are measured: the latest ones say what the agency is like now."""

_ENDED = (PledgeState.SUPERSEDED, PledgeState.REVOKED, PledgeState.WITHDRAWN)


# --- Who came and went -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Flow:
    """How what is in scope has changed: `came` less `went` is the difference of the two figures."""

    came: int
    went: int


def flow_between(
    session: Session, place: Place, entry_ids: Sequence[str], after: date, until: date, *, change: int
) -> Flow:
    """Obligations that left the scope after the end of one day, and until the end of another, and those that came.

    `change`: by how much what is in scope has grown meanwhile. Only those who left are looked up in the ledger, because
    they are few; whoever only moved to another commune has neither come nor gone.
    """
    meanwhile = [
        ObligationMove.province_code == place.province_code,
        ObligationMove.entry_id.in_(entry_ids),
        ObligationMove.day > after,
        ObligationMove.day <= until,
    ]
    moved_out = select(ObligationMove.obligation_id).where(*meanwhile, ObligationMove.in_scope < literal_column("0"))
    gone = (
        select(ObligationMove.obligation_id)
        .where(*meanwhile, ObligationMove.obligation_id.in_(moved_out))
        .group_by(ObligationMove.obligation_id)
        .having(func.sum(ObligationMove.in_scope) < 0)
        .subquery()
    )
    went = session.scalar(select(func.count()).select_from(gone)) or 0
    return Flow(change + went, went)


def arrivals(province_code: str, entry_ids: Sequence[str], after: date, until: date) -> Select[Any]:
    """The obligations that `flow_between` counts as come."""
    return (
        select(ObligationMove.obligation_id)
        .where(
            ObligationMove.province_code == province_code,
            ObligationMove.entry_id.in_(entry_ids),
            ObligationMove.day > after,
            ObligationMove.day <= until,
        )
        .group_by(ObligationMove.obligation_id)
        .having(func.sum(ObligationMove.in_scope) > 0)
    )


def longest_silent(session: Session, province_code: str, entry_ids: Sequence[str], now: Moment) -> date | None:
    """The earliest day that has passed without a pledge of somebody who was asked; None: nobody is late."""
    days = [
        session.scalar(
            select(Obligation.turns_on)
            .where(
                Obligation.province_code == province_code,
                Obligation.entry_id == entry_id,
                *stands_in(Group.NOT_PLEDGED, now),
            )
            .order_by(Obligation.turns_on)
            .limit(1)
        )
        for entry_id in entry_ids
    ]
    return min((day for day in days if day is not None), default=None)


# --- Voluntary pledges -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Voluntary:
    """Voluntary pledges in force: owed to nobody, and in no coverage."""

    total: int
    by_type: dict[str, int]
    """A pledge of a subject with two types counts under both."""


def voluntary_pledges(session: Session, place: Place, day: date | None) -> Voluntary:
    """Those in force now, or at the end of a day."""
    types = cast(Pledge.subject_types, Text)
    rows = session.execute(
        select(types, func.count())
        .where(*_of(Pledge, place), Pledge.instrument == Instrument.VOLUNTARY, _in_force(day))
        .group_by(types)
    )
    total, by_type = 0, defaultdict[str, int](int)
    for text, count in rows:
        total += count
        for subject_type in json.loads(text):
            by_type[subject_type] += count
    return Voluntary(total, dict(by_type))


def _in_force(day: date | None) -> ColumnElement[bool]:
    if day is None:
        return Pledge.state == PledgeState.APPROVED
    until = end_of_day(day)
    since_then = and_(Pledge.state.in_(_ENDED), Pledge.state_since >= until)
    return and_(Pledge.approved_at < until, or_(Pledge.state == PledgeState.APPROVED, since_then))


# --- How long files take ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Times:
    """Of the files that were decided in the last months, at most `MOST_MEASURED` of them, the latest."""

    files: int
    with_agency: timedelta
    """Half of the files took no longer."""
    with_signer: timedelta


def median_times(session: Session, place: Place, day: date | None, now: datetime) -> Times | None:
    """None where nothing was decided in that time."""
    until = now if day is None else end_of_day(day)
    since = until - timedelta(days=MEASURED_DAYS)
    wanted = [*_of(Pledge, place), Pledge.origin != Origin.PAPER_RECORD]
    approved = _latest([*wanted, Pledge.approved_at >= since, Pledge.approved_at < until], Pledge.approved_at)
    rejected = [*wanted, Pledge.state == PledgeState.REJECTED, Pledge.state_since >= since, Pledge.state_since < until]
    found = {
        pledge.id: pledge
        for statement in (approved, _latest(rejected, Pledge.state_since))
        for pledge in session.scalars(statement)
    }
    if not found:
        return None
    by_province = defaultdict[str, list[Pledge]](list)
    for pledge in found.values():
        by_province[pledge.province_code].append(pledge)
    times = [
        measured
        for province_code, pledges in by_province.items()
        for measured in waiting_times_of(session, province_code, pledges, until).values()
    ]
    return Times(
        len(times),
        timedelta(seconds=median(each.with_us.total_seconds() for each in times)),
        timedelta(seconds=median(each.with_signer.total_seconds() for each in times)),
    )


def _latest(wanted: Sequence[ColumnElement[bool]], since: Any) -> Any:
    columns = (Pledge.state, Pledge.state_since, Pledge.origin, Pledge.signed_at, Pledge.approved_at)
    return select(Pledge).options(load_only(*columns)).where(*wanted).order_by(since.desc()).limit(MOST_MEASURED)


@dataclass(frozen=True)
class OldestFile:
    reference: str
    signed_at: datetime
    place: Place
    """Of the agency for which it waits."""


def oldest_file(session: Session, place: Place) -> OldestFile | None:
    """The file that has waited longest for the agency, as things stand now."""
    found = [
        row
        for tab in sorted(WITH_US)
        for state in STATES[tab]
        for row in session.execute(
            select(Pledge.signed_at, Pledge.reference, Pledge.province_code, Pledge.agency_code)
            .where(*_of(Pledge, place), Pledge.state == state)
            .order_by(Pledge.signed_at)
            .limit(1)
        )
    ]
    if not found:
        return None
    oldest = min(found)
    return OldestFile(oldest.reference, oldest.signed_at, Place(oldest.province_code, oldest.agency_code))


# --- How fresh the register is ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reviewed:
    """When the register was last looked through; None: never, as far as the product knows."""

    imported_at: datetime | None
    source: str
    decided_at: datetime | None
    """When somebody last decided for one of these obligations whether it is in scope."""


def last_reviewed(session: Session, place: Place, day: date | None) -> Reviewed:
    wanted = [*_of(Import, place), Import.state == ImportState.COMMITTED]
    decided = [Fact.province_code == place.province_code, Fact.kind == "obligation.scope_decided"]
    if day is not None:
        wanted.append(Import.committed_at < end_of_day(day))
        decided.append(Fact.recorded_at < end_of_day(day))
    if place.agency_code:
        decided.append(ObligationEntry.lead_agency == place.agency_code)
    imported = session.execute(
        select(Import.committed_at, Import.source).where(*wanted).order_by(Import.committed_at.desc()).limit(1)
    ).first()
    decided_at = session.scalar(
        select(Fact.recorded_at)
        .join(Obligation, and_(Obligation.province_code == Fact.province_code, Obligation.id == Fact.object_id))
        .join(
            ObligationEntry,
            and_(ObligationEntry.province_code == Obligation.province_code, ObligationEntry.id == Obligation.entry_id),
        )
        .where(*decided)
        .order_by(Fact.recorded_at.desc())
        .limit(1)
    )
    source = imported.source if imported is not None else ""
    return Reviewed(imported.committed_at if imported is not None else None, source, decided_at)


def _of(model: type[Pledge] | type[Import], place: Place) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if place.province_code:
        conditions.append(model.province_code == place.province_code)
    if place.agency_code:
        conditions.append(model.agency_code == place.agency_code)
    return conditions
