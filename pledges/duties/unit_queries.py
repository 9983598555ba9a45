"""Named selections of reporting units and of the people who work for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.permissions import Action, reach_of, unit_code_of
from pledges.core.text import fold
from pledges.plans.models import ReportingUnit, UnitKind

ORDER = (UnitKind.DEPARTMENT, UnitKind.MARKET_CONTROL, UnitKind.PRESS, UnitKind.SUPERIOR, UnitKind.COMMUNE)
"""As lists show them: a hundred communes come last."""


@dataclass(frozen=True)
class StaffedUnit:
    unit: ReportingUnit
    people: tuple[Staff, ...]
    """Everybody whose account opens its reports, by name; disabled accounts are left out."""

    @property
    def reporters(self) -> tuple[Staff, ...]:
        """Who can write and send: where there is nobody, nothing is ever reported and nobody is reminded."""
        return tuple(person for person in self.people if reach_of(person, Action.REPORT_WRITE) is not None)


def living_units(session: Session, province_code: str, today: date) -> list[ReportingUnit]:
    """The units of a province that have not ended, in the order of lists."""
    found = session.scalars(
        select(ReportingUnit).where(
            ReportingUnit.province_code == province_code,
            or_(ReportingUnit.ended_on.is_(None), ReportingUnit.ended_on > today),
        )
    )
    return sorted(found, key=lambda unit: (ORDER.index(unit.kind), fold(unit.name), unit.code))


def units_by_code(session: Session, province_code: str, only: str | None = None) -> dict[str, ReportingUnit]:
    """All units of a province or one of them, also those that have ended: what they sent still bears their names."""
    found = select(ReportingUnit).where(ReportingUnit.province_code == province_code)
    if only is not None:
        found = found.where(ReportingUnit.code == only)
    return {unit.code: unit for unit in session.scalars(found)}


def staffed(session: Session, province_code: str, units: Sequence[ReportingUnit]) -> list[StaffedUnit]:
    """The units with their people, by one query however many there are."""
    people: dict[str, list[Staff]] = {}
    active = select(Staff).where(Staff.province_code == province_code, Staff.active).order_by(Staff.name, Staff.id)
    for person in session.scalars(active):
        if reach_of(person, Action.REPORT_VIEW) is not None and (code := unit_code_of(person)):
            people.setdefault(code, []).append(person)
    return [StaffedUnit(unit, tuple(people.get(unit.code, ()))) for unit in units]


def matching(units: Sequence[StaffedUnit], typed: str) -> list[StaffedUnit]:
    """Those of which name, code or a person contains what was typed, without marks."""
    wanted = fold(typed)

    def says(one: StaffedUnit) -> bool:
        texts = (one.unit.name, one.unit.code, *(text for each in one.people for text in (each.name, each.email)))
        return any(wanted in fold(text) for text in texts)

    return [one for one in units if says(one)] if wanted else list(units)
