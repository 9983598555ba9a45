"""Duties, what is due and reports that stand in addresses, within the reach of who is signed in."""

from __future__ import annotations

import uuid

from pledges.accounts.permissions import Action, Reach, unit_code_of
from pledges.core.errors import NotFound
from pledges.duties import calendar
from pledges.duties.calendar import Due
from pledges.duties.models import Report
from pledges.duties.rules import place_of
from pledges.plans.models import ReportingDuty, ReportingUnit
from pledges.web.current import reader
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.reach import reaches, scope_of


def own_unit() -> ReportingUnit | None:
    """The unit for which the person works; None where nobody has entered it."""
    staff = current_staff()
    code = unit_code_of(staff)
    return reader().get(ReportingUnit, (staff.province_code, code)) if code else None


def sees_province() -> bool:
    """Viewers of a province belong to no unit and read what all of them have sent."""
    return scope_of(Action.REPORT_VIEW).reach is Reach.SAME_PROVINCE


def duty_for(duty_id: str) -> ReportingDuty:
    """For those who receive it or pass it on, and the viewers of the province; who owes it opens their own report."""
    duty = reader().get(ReportingDuty, (current_staff().province_code, duty_id))
    if duty is None or not reaches(Action.REPORT_VIEW, place_of(duty, "", Action.REPORT_RECEIVE)):
        raise NotFound
    return duty


def due_for(duty_id: str, period: str, unit_code: str, action: Action = Action.REPORT_VIEW) -> Due:
    found = calendar.due(reader(), current_staff().province_code, duty_id, period, unit_code)
    if found is None or not may_reach(found, action):
        raise NotFound
    return found


def report_for(report_id: uuid.UUID, action: Action = Action.REPORT_VIEW) -> Report:
    """One version; what was not sent is its unit's alone."""
    report = reader().get(Report, (current_staff().province_code, report_id))
    if report is None:
        raise NotFound
    due = due_for(report.duty_id, report.period, report.unit_code, action)
    if report.sent_at is None and not may_reach(due, Action.REPORT_WRITE):
        raise NotFound
    return report


def may_reach(due: Due, action: Action) -> bool:
    return reaches(action, place_of(due.duty, due.unit.code, action))
