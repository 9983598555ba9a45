"""The rollup: one row per agency, obligation entry, subject type and commune, with the six groups (`model.md` 13).

Rows have a subject type and add up to more than the totals where a subject belongs to two types of one entry; the
totals, one per entry, count every subject once. An empty commune is that of subjects outside the province or without
one. In every row and total `in_scope` is the sum of the six groups.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.core.calendar import Quarter, local_day
from pledges.core.errors import N_, DomainError, NotFound
from pledges.plans.models import Agency, ObligationEntry
from pledges.plans.queries import get_province, provinces_in_use
from pledges.registry.rules import COUNTED_INSTRUMENTS
from pledges.reporting.standing import DISTINCT, Place, Standing, standing_of, summed
from pledges.rounds.figures import Figures, together
from pledges.rounds.list_models import Group

GROUPS = tuple(Group)
"""In the order of the columns."""
FIELDS = (
    "agency",
    "obligation",
    "instrument",
    "subject_type",
    "commune",
    "in_scope",
    *(group.value for group in GROUPS),
    "coverage",
)


@dataclass(frozen=True)
class RollupRow:
    agency: str
    obligation: str
    instrument: str
    subject_type: str
    """Empty in totals."""
    commune: str
    figures: Figures

    def as_data(self) -> dict[str, Any]:
        """By the names of `FIELDS`; without anything in scope there is no coverage."""
        counts = [self.figures[group] for group in GROUPS]
        values = (self.agency, self.obligation, self.instrument, self.subject_type, self.commune)
        return dict(zip(FIELDS, (*values, self.figures.in_scope, *counts, self.figures.share), strict=True))


@dataclass(frozen=True)
class Rollup:
    province_code: str
    day: date | None
    """None: as it stood when this was read."""
    rows: tuple[RollupRow, ...]
    totals: tuple[RollupRow, ...]
    """One per obligation entry, also for those of which nothing is in scope."""
    frozen: tuple[str, ...]
    """The agencies whose figures were frozen when their quarter was closed."""


def day_of(quarter: Quarter | None, as_of: date | None, now: datetime) -> date | None:
    """As of which day figures are wanted: of a quarter that is over its last day, of the running one now (None)."""
    today = local_day(now)
    if as_of is not None and as_of >= today:
        raise DomainError(N_("Ngày này chưa kết thúc. Hãy chọn một ngày trước hôm nay."), field="ngay")
    if quarter is None:
        return as_of
    if quarter.first_day > today:
        raise DomainError(N_("%(quarter)s chưa bắt đầu."), quarter=quarter.vietnamese)
    if as_of is not None and Quarter.of(as_of) != quarter:
        raise DomainError(
            N_("Ngày %(day)s không nằm trong %(quarter)s."), day=_typed(as_of), quarter=quarter.vietnamese
        )
    return as_of or (quarter.last_day if quarter.last_day < today else None)


def _typed(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def rollup_of(session: Session, place: Place, day: date | None, now: datetime) -> Rollup:
    """Of one agency, or of all agencies of a province."""
    return rollup_from(standing_of(session, place, day, now), entries_led(session, place), place)


def rollup_from(standing: Standing, entries: Sequence[ObligationEntry], place: Place) -> Rollup:
    """`entries` are those that the place leads."""
    typed = [part for part in standing.parts if part.key["subject_type"] != DISTINCT]
    whole = {(line.key["agency_code"], line.key["entry_id"]): line for line in _whole(standing.parts)}
    totals = [
        RollupRow(
            entry.lead_agency,
            entry.id,
            entry.instrument.value,
            DISTINCT,
            "",
            whole.pop((entry.lead_agency, entry.id), together([])),
        )
        for entry in entries
    ]
    # An entry that has changed hands still has the figures of the agency that led it before.
    former = [_row(line) for line in whole.values()]
    rows = sorted(map(_row, typed), key=lambda row: (row.agency, row.obligation, row.subject_type, row.commune))
    frozen = tuple(sorted(agency for _province, agency in standing.frozen))
    return Rollup(place.province_code, standing.day, tuple(rows), (*totals, *former), frozen)


def _whole(parts: Iterable[Figures]) -> list[Figures]:
    distinct = (part for part in parts if part.key["subject_type"] == DISTINCT)
    return summed(distinct, ("agency_code", "entry_id", "instrument"))


def _row(part: Figures) -> RollupRow:
    key = part.key
    return RollupRow(
        key["agency_code"],
        key["entry_id"],
        key["instrument"],
        key.get("subject_type", DISTINCT),
        key.get("commune_code", ""),
        part,
    )


def rollup_data(rollups: Sequence[Rollup], quarter: Quarter | None) -> dict[str, Any]:
    """As JSON. Totals count every subject once; they stand beside the rows, so that who adds up rows is not misled."""
    day = rollups[0].day if rollups else None
    return {
        "as_of": day.isoformat() if day is not None else None,
        "quarter": str(quarter) if quarter is not None else None,
        "frozen": [code for rollup in rollups for code in rollup.frozen],
        "rows": [row.as_data() for rollup in rollups for row in rollup.rows],
        "totals": [row.as_data() for rollup in rollups for row in rollup.totals],
    }


def entries_led(session: Session, place: Place) -> Sequence[ObligationEntry]:
    """The entries that somebody can owe: pledges and acknowledgements, agency by agency."""
    wanted = [
        ObligationEntry.province_code == place.province_code,
        ObligationEntry.instrument.in_(COUNTED_INSTRUMENTS),
    ]
    if place.agency_code:
        wanted.append(ObligationEntry.lead_agency == place.agency_code)
    found = select(ObligationEntry).where(*wanted)
    return session.scalars(found.order_by(ObligationEntry.lead_agency, ObligationEntry.id)).all()


def places_of(session: Session, province_code: str, agency_code: str = "") -> list[Place]:
    """One province, or all that have a plan; with an agency only where it is. Refused where there is none."""
    codes = [each.code for each in provinces_in_use(session)] if province_code == "all" else [province_code]
    for code in codes:
        _check_province(session, code)
    if not agency_code:
        return [Place(code) for code in codes]
    found = session.scalars(
        select(Agency.province_code).where(Agency.province_code.in_(codes), Agency.code == agency_code)
    ).all()
    if not found:
        raise DomainError(N_("Không có cơ quan %(code)s ở tỉnh, thành phố này."), code=agency_code)
    return [Place(code, agency_code) for code in found]


def _check_province(session: Session, code: str) -> None:
    try:
        get_province(session, code)
    except NotFound:
        raise DomainError(N_("Không có tỉnh, thành phố mang mã %(code)s."), code=code) from None
