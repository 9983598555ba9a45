"""`/api/v1/agency/reports`: what the agency itself has to report, to whom, before which day, and how far it is."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue

from pledges.core.calendar import local_day
from pledges.duties.calendar import Due, dues
from pledges.duties.models import Report
from pledges.web.api.access import holder
from pledges.web.api.blueprint import blueprint
from pledges.web.api.parameters import read_parameters
from pledges.web.current import now, reader


@blueprint.get("/reports")
def reports() -> ResponseReturnValue:
    read_parameters()
    place, today = holder().place, local_day(now())
    owed = dues(reader(), place.province_code, today, unit_code=place.agency_code)
    return jsonify({"items": [_item(due, due.standing(today).value) for due in owed]})


def _item(due: Due, standing: str) -> dict[str, Any]:
    duty, span = due.duty, due.span
    return {
        "duty": duty.id,
        "title": duty.report,
        "clause": duty.clause_id,
        "form": duty.form.value,
        "cadence": duty.follow_as,
        "period": due.period,
        "first_day": span.first.isoformat(),
        "final_day": span.last.isoformat(),
        "before": due.before.isoformat(),
        "last_day": due.last_day.isoformat(),
        "recipients": list(duty.recipients),
        "via": duty.via or None,
        "standing": standing,
        "sent_late": due.sent_late,
        "report": _report(due.report) if due.report is not None else None,
    }


def _report(report: Report) -> dict[str, Any]:
    return {
        "version": report.version,
        "state": report.state.value,
        "nothing_to_report": report.nothing_to_report,
        "sent_outside": report.sent_outside,
        "document_number": report.document_number or None,
        "document_date": report.document_date.isoformat() if report.document_date is not None else None,
        "sent_at": report.sent_at.isoformat() if report.sent_at is not None else None,
    }
