"""A reporting unit and a duty that an administrator has added, for the walk through the pages of staff."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.core.calendar import local_day
from pledges.plans.models import Plan, ReportingDuty, ReportingUnit, UnitKind
from tests.support.clock import START


def duty_beside(session: Session, province_code: str, agency_code: str) -> dict[str, str]:
    """Names of `Spot`; one of each for every agency of the walk."""
    plan = session.scalars(select(Plan).where(Plan.province_code == province_code, Plan.operative)).one()
    unit = ReportingUnit(
        province_code=province_code,
        code=f"{agency_code}-T",
        name=f"Sở Thử Nghiệm {agency_code}",
        kind=UnitKind.DEPARTMENT,
        since=local_day(START),
        added_at=START,
    )
    duty = ReportingDuty(
        province_code=province_code,
        id=f"{agency_code}-T",
        plan_code=plan.code,
        position=1000,
        report="Báo cáo thử nghiệm",
        cadence="monthly",
        followed=True,
        content={},
        follow_as="monthly",
        senders=[unit.code],
        recipients=[agency_code],
        due_day=5,
        added_at=START,
    )
    session.add_all([unit, duty])
    session.flush()
    return {"added_unit": unit.code, "added_duty": duty.id}
