"""The figures of an agency, a province or all provinces at one moment, in their smallest parts.

Pages, files and commands put together what they show from these parts, so that one fact is counted in one way. What
stood at the end of a quarter whose round is closed is what was frozen then, whatever was recorded or repaired since.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.core.calendar import Quarter, local_day
from pledges.core.errors import N_, DomainError
from pledges.plans.models import Instrument, ObligationEntry
from pledges.rounds.figures import CELL, Figures, Moment, Only, at, at_end_of, cells, group_figures, together
from pledges.rounds.list_models import Group, Snapshot
from pledges.rounds.models import Round

DISTINCT = ""
"""The subject type of the parts in which a subject with several types counts once."""


@dataclass(frozen=True)
class Place:
    """Whose figures: of one agency, of all agencies of a province, or (both empty) of all provinces."""

    province_code: str = ""
    agency_code: str = ""


@dataclass(frozen=True)
class Standing:
    """What stood at the end of a day, or stands now."""

    day: date | None
    """None: now."""
    parts: tuple[Figures, ...]
    frozen: frozenset[tuple[str, str]]
    """Province and agency of those whose figures were frozen when the quarter was closed."""
    _known: dict[tuple[Any, ...], list[Figures]] = field(default_factory=dict, compare=False, repr=False)
    """A page asks for the same sums in several places."""

    def lines(self, *by: str, instrument: Instrument | None = Instrument.PLEDGE, entry_id: str = "") -> list[Figures]:
        """Summed up by some dimensions, in their order; without `subject_type` every subject counts once."""
        asked = (by, instrument, entry_id)
        if asked not in self._known:
            self._known[asked] = summed(self._parts("subject_type" in by, instrument, entry_id), by)
        return self._known[asked]

    def _parts(self, typed: bool, instrument: Instrument | None, entry_id: str) -> Iterable[Figures]:
        kind = instrument.value if instrument is not None else ""
        for part in self.parts:
            key = part.key
            if (
                (key["subject_type"] != DISTINCT) == typed
                and (not kind or key["instrument"] == kind)
                and (not entry_id or key["entry_id"] == entry_id)
            ):
                yield part

    def total(self, instrument: Instrument = Instrument.PLEDGE, entry_id: str = "") -> Figures:
        return together(self.lines(instrument=instrument, entry_id=entry_id))


def summed(parts: Iterable[Figures], by: Sequence[str]) -> list[Figures]:
    found: defaultdict[tuple[str, ...], list[Figures]] = defaultdict(list)
    for part in parts:
        found[tuple(part.key[name] for name in by)].append(part)
    return [together(found[key], dict(zip(by, key, strict=True))) for key in sorted(found)]


def past_day(day: date | None, now: datetime) -> date | None:
    """The day itself where it is over; refused (`DomainError`) where it is not."""
    if day is not None and day >= local_day(now):
        raise DomainError(N_("Ngày này chưa kết thúc. Hãy chọn một ngày trước hôm nay."), field="ngay")
    return day


def standing_of(session: Session, place: Place, day: date | None, now: datetime) -> Standing:
    """Everything in its smallest parts; refused (`DomainError`) for a day that is not over."""
    snapshots = _closed(session, place, past_day(day, now))
    moment = at(now) if day is None else at_end_of(day)
    only = Only(agency=place.agency_code)
    counted: list[Figures] = []
    if not place.province_code:
        counted = _whole_entries(session, moment)
    elif (place.province_code, place.agency_code) not in snapshots:
        counted = cells(session, place.province_code, moment, only=only)
    parts = [part for part in counted if (part.key["province_code"], part.key["agency_code"]) not in snapshots]
    entries = _instruments(session, place) if snapshots else {}
    for owner, snapshot in snapshots.items():
        parts += _frozen_parts(owner, snapshot, entries)
    return Standing(day, tuple(parts), frozenset(snapshots))


def moment_of(standing: Standing, now: datetime) -> Moment:
    return at(now) if standing.day is None else at_end_of(standing.day)


def _whole_entries(session: Session, moment: Moment) -> list[Figures]:
    """Of all provinces, not taken apart by types and communes: nobody compares these over provinces."""
    found = group_figures(session, None, moment, by=("province_code", "agency_code", "entry_id", "instrument"))
    return [
        Figures({**part.key, "subject_type": DISTINCT, "commune_code": ""}, part.in_scope, part.groups)
        for part in found
    ]


def _closed(session: Session, place: Place, day: date | None) -> dict[tuple[str, str], Snapshot]:
    """By province and agency the snapshots of the quarter that ended on this day."""
    if day is None or Quarter.of(day).last_day != day or not place.province_code:
        return {}
    wanted = [Round.quarter == str(Quarter.of(day)), Snapshot.frozen_at.is_not(None)]
    wanted.append(Round.province_code == place.province_code)
    if place.agency_code:
        wanted.append(Round.agency_code == place.agency_code)
    rows = session.execute(
        select(Round.agency_code, Snapshot)
        .join(Round, (Round.province_code == Snapshot.province_code) & (Round.id == Snapshot.round_id))
        .where(*wanted)
        .order_by(Round.province_code, Round.agency_code)
    )
    return {(snapshot.province_code, agency_code): snapshot for agency_code, snapshot in rows}


def _instruments(session: Session, place: Place) -> dict[tuple[str, str], str]:
    found = select(ObligationEntry.province_code, ObligationEntry.id, ObligationEntry.instrument)
    if place.province_code:
        found = found.where(ObligationEntry.province_code == place.province_code)
    return {(province, entry_id): instrument.value for province, entry_id, instrument in session.execute(found)}


def _frozen_parts(
    owner: tuple[str, str], snapshot: Snapshot, instruments: dict[tuple[str, str], str]
) -> Iterable[Figures]:
    province_code, agency_code = owner
    for row in snapshot.figures["groups"]:
        values = (
            province_code,
            agency_code,
            str(row["entry"]),
            instruments.get((province_code, str(row["entry"])), Instrument.PLEDGE.value),
            str(row["subject_type"]),
            str(row["commune"]),
        )
        groups = {group: int(row[group.value]) for group in Group}
        yield Figures(dict(zip(CELL, values, strict=True)), int(row["in_scope"]), groups)
