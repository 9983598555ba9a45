"""Periods, days and standings of reports in words; the one place where they are chosen."""

from __future__ import annotations

from datetime import date

from flask_babel import gettext as _

from pledges.core.calendar import Quarter
from pledges.duties.calendar import Due, Standing
from pledges.duties.models import Report, ReportState
from pledges.web.i18n import date_text, quarter_text, time_text
from pledges.web.officer.words import Label


def period_text(period: str) -> str:
    """`2026`, `2026Q4` and `2026-10` as people say them."""
    if "Q" in period:
        return quarter_text(Quarter.parse(period))
    year, _dash, month = period.partition("-")
    return str(_("Tháng %(month)s/%(year)s", month=month, year=year) if month else _("Năm %(year)s", year=year))


def before_text(due: Due) -> str:
    return str(_("trước ngày %(day)s", day=date_text(due.before)))


def days_text(due: Due, today: date) -> str:
    """How long is left until the last day that is in time; how long ago that was."""
    left = (due.last_day - today).days
    if left < 0:
        return str(_("quá hạn %(days)s ngày", days=-left))
    if left == 0:
        return str(_("hôm nay là ngày cuối"))
    return str(_("còn %(days)s ngày", days=left))


def standing_label(standing: Standing) -> Label:
    labels = {
        Standing.NOT_YET: (_("Chưa đến kỳ"), "plain"),
        Standing.OPEN: (_("Chưa gửi"), "plain"),
        Standing.SOON: (_("Sắp đến hạn"), "warning"),
        Standing.LATE: (_("Quá hạn"), "wrong"),
        Standing.DRAFTED: (_("Đang soạn"), "info"),
        Standing.SENT: (_("Đã gửi"), "info"),
        Standing.RETURNED: (_("Bị trả lại"), "wrong"),
        Standing.ACCEPTED: (_("Đã nhận"), "success"),
    }
    text, kind = labels[standing]
    return Label(str(text), kind)


def state_label(report: Report) -> Label:
    """Of one version, also of one that is no longer the latest."""
    labels = {
        ReportState.DRAFT: (_("Đang soạn"), "info"),
        ReportState.SENT: (_("Đã gửi"), "info"),
        ReportState.RETURNED: (_("Bị trả lại"), "wrong"),
        ReportState.ACCEPTED: (_("Đã nhận"), "success"),
        ReportState.REPLACED: (_("Đã có bản đính chính"), "plain"),
    }
    text, kind = labels[report.state]
    return Label(str(text), kind)


def way_text(report: Report | None) -> str:
    """What a sent report is: nothing to report, or sent on another way."""
    if report is None or report.sent_at is None:
        return ""
    if report.nothing_to_report:
        return str(_("không phát sinh"))
    return str(_("gửi ngoài hệ thống")) if report.sent_outside else ""


def sent_text(due: Due) -> str:
    """When it was sent, and that this was late."""
    report = due.report
    if report is None or report.sent_at is None:
        return ""
    when = time_text(report.sent_at)
    return str(_("%(time)s, gửi muộn", time=when)) if due.sent_late else when
