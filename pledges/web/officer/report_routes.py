"""Reports that units owe upwards: the calendar, one period of all units, one report: `/can-bo/bao-cao`."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.accounts.permissions import Action
from pledges.core.calendar import local_day
from pledges.core.errors import NotFound
from pledges.duties.calendar import Due, Standing, dues, incoming, reckoned_duties, sends
from pledges.duties.calendar import due as find_due
from pledges.duties.consolidation import consolidate
from pledges.duties.unit_queries import units_by_code
from pledges.plans.duty_reading import ONCE
from pledges.plans.queries import get_province
from pledges.web.current import now, reader
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.report_calendar_view import (
    late_rows,
    missing_text,
    own_rows,
    period_facts,
    period_rows,
    report_url,
    sections,
    tiles,
)
from pledges.web.officer.report_figures_view import gathered_shown
from pledges.web.officer.report_reach import due_for, duty_for, may_reach, own_unit, sees_province
from pledges.web.officer.report_view import report_page
from pledges.web.officer.report_words import period_text
from pledges.web.security import may


@blueprint.get("/bao-cao")
@may(Action.REPORT_VIEW)
def reports() -> ResponseReturnValue:
    """What one's own unit owes and receives; viewers of the province see all units."""
    staff, today = current_staff(), local_day(now())
    everyone = sees_province()
    unit = None if everyone else own_unit()
    names = units_by_code(reader(), staff.province_code)
    owed: list[Due] = []
    received: list[Due] = []
    if everyone:
        received = dues(reader(), staff.province_code, today)
    elif unit is not None:
        owed = dues(reader(), staff.province_code, today, unit_code=unit.code)
        received = incoming(reader(), staff.province_code, unit.code, today)
    own = own_rows(owed, today, names)
    current, later = period_rows(received, today)
    late_units, late_more = late_rows(received, today, names) if everyone else ([], 0)
    return render_template(
        "officer/reports.html",
        caption=unit.name if unit is not None else get_province(reader(), staff.province_code).name,
        everyone=everyone,
        unknown_unit=not everyone and unit is None,
        anything=bool(owed or received),
        own=bool(owed),
        late=sum(due.standing(today) is Standing.LATE for due in owed),
        incoming=current,
        incoming_later=later,
        late_units=late_units,
        late_more=late_more,
        **own,
    )


@blueprint.get("/bao-cao/<duty_id>/<period>")
@may(Action.REPORT_VIEW)
def report_period(duty_id: str, period: str) -> ResponseReturnValue:
    """Who has sent and who has not, for those who receive it or pass it on."""
    duty, today = duty_for(duty_id), local_day(now())
    found = dues(reader(), duty.province_code, today, duty_id=duty.id, period=period)
    if not found:
        raise NotFound
    names = units_by_code(reader(), duty.province_code)
    sums = consolidate(reader(), duty, found[0].period, today)
    return render_template(
        "officer/report_period.html",
        title=duty.report,
        period=period_text(found[0].period),
        facts=period_facts(found[0], names),
        rows=found,
        tiles=tiles(found, today),
        sections=sections(found, today, names),
        missing=missing_text(found, today),
        gathered=gathered_shown(sums) if sums.sent else None,
        consolidating=_consolidating(found[0]),
    )


def _consolidating(due: Due) -> dict[str, str] | None:
    """The report that one's own unit makes of these."""
    unit = own_unit()
    if unit is None:
        return None
    for duty in reckoned_duties(reader(), due.duty.province_code):
        if duty.gathers == due.duty.id and sends(duty, unit):
            period = str(duty.due_date.year) if duty.follow_as == ONCE and duty.due_date else due.period
            above = find_due(reader(), duty.province_code, duty.id, period, unit.code)
            if above is not None:
                return {"text": _("Mở báo cáo tổng hợp"), "href": report_url(above)}
    return None


@blueprint.get("/bao-cao/<duty_id>/<period>/<unit_code>")
@may(Action.REPORT_VIEW)
def report(duty_id: str, period: str, unit_code: str) -> ResponseReturnValue:
    return report_page(due_for(duty_id, period, unit_code))


@blueprint.get("/bao-cao/<duty_id>/<period>/<unit_code>/ban/<int:version>")
@may(Action.REPORT_VIEW)
def report_version(duty_id: str, period: str, unit_code: str, version: int) -> ResponseReturnValue:
    """One version as it was sent; a draft is seen by its own unit alone."""
    due = due_for(duty_id, period, unit_code)
    found = next((each for each in due.versions if each.version == version), None)
    if found is None or (found.sent_at is None and not may_reach(due, Action.REPORT_WRITE)):
        raise NotFound
    return report_page(due, version=found)
