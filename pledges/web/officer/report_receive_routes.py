"""What the receiver of a report does, or who passes it on: take it in, or return it with a reason."""

from __future__ import annotations

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.accounts.permissions import Action
from pledges.duties import operations
from pledges.duties.calendar import Due
from pledges.duties.models import ReportState
from pledges.web.current import now, product
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.entity_pages import Words
from pledges.web.officer.report_calendar_view import report_url
from pledges.web.officer.report_forms import PressForm, ReturnReportForm
from pledges.web.officer.report_reach import due_for
from pledges.web.officer.report_steps import ADDRESS, press, step
from pledges.web.officer.report_view import report_page
from pledges.web.security import may, soft_csrf


def _not_sent(due: Due) -> ResponseReturnValue:
    if request.method == "GET":
        return redirect(report_url(due), 303)
    return report_page(due, conflict=_("Đơn vị chưa gửi báo cáo này."), status=409)


def _list_of(due: Due) -> str:
    """Where the next one waits."""
    return url_for("officer.report_period", duty_id=due.duty.id, period=due.period)


@blueprint.post(f"{ADDRESS}/nhan")
@may(Action.REPORT_RECEIVE)
@soft_csrf
def accept_report(duty_id: str, period: str, unit_code: str) -> ResponseReturnValue:
    due = due_for(duty_id, period, unit_code, Action.REPORT_RECEIVE)
    report = due.report
    if report is None or report.state is ReportState.DRAFT:
        return _not_sent(due)
    key, seen, staff, at = (report.province_code, report.id), int(PressForm().seen.data), current_staff(), now()
    return press(
        due,
        lambda session: operations.accept(session, key, staff=staff, seen=seen, now=at),
        _("Đã nhận báo cáo của %(unit)s.", unit=due.unit.name),
        _list_of(due),
    )


@blueprint.route(f"{ADDRESS}/tra-lai", methods=["GET", "POST"])
@may(Action.REPORT_RECEIVE)
@soft_csrf
def return_report(duty_id: str, period: str, unit_code: str) -> ResponseReturnValue:
    due = due_for(duty_id, period, unit_code, Action.REPORT_RECEIVE)
    report = due.report
    if report is None or report.state is ReportState.DRAFT:
        return _not_sent(due)
    form = ReturnReportForm(data={"seen": report.revision})
    key, staff, at = (report.province_code, report.id), current_staff(), now()
    vault, public_url = product().vault, product().settings.public_url
    words = Words(
        _("Trả lại báo cáo"),
        _("Trả lại"),
        lead=_("%(unit)s nhận thư kèm lý do, sửa và gửi bản mới. Bản này vẫn được giữ.", unit=due.unit.name),
        done=_("Đã trả lại báo cáo của %(unit)s.", unit=due.unit.name),
        kind="warning",
    )
    return step(
        due,
        form,
        words,
        lambda session: operations.return_(
            session,
            key,
            reason=form.reason.data,
            staff=staff,
            seen=form.seen.data,
            now=at,
            vault=vault,
            public_url=public_url,
        ),
        href=_list_of(due),
    )
