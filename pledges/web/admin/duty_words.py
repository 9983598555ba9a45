"""Reporting duties in words: what the plan prints, and beside it how the calendar reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from flask_babel import gettext as _

from pledges.core.errors import N_
from pledges.duties.periods import next_period
from pledges.plans.duty_reading import COMMUNES, DEPARTMENTS, MONTHLY, ONCE, QUARTERLY, YEARLY
from pledges.plans.models import ReportForm, ReportingDuty, ReportingUnit, UnitKind
from pledges.web.fields import lazy
from pledges.web.i18n import date_text, translate

FORMS = {
    ReportForm.GENERAL: N_("Kết quả thực hiện kế hoạch"),
    ReportForm.FALSE_INFORMATION: N_("Rà soát thông tin sai sự thật về hàng hóa"),
    ReportForm.FALSE_ADVERTISING: N_("Đánh giá rà soát quảng cáo sai sự thật"),
}
KINDS = {
    UnitKind.DEPARTMENT: N_("Sở, ngành"),
    UnitKind.MARKET_CONTROL: N_("Quản lý thị trường"),
    UnitKind.PRESS: N_("Báo, phát thanh, truyền hình"),
    UnitKind.SUPERIOR: N_("Cấp trên, chỉ nhận báo cáo"),
    UnitKind.COMMUNE: N_("Xã, phường, đặc khu"),
}
GROUPS = {DEPARTMENTS: lazy("Tất cả các sở, ngành"), COMMUNES: lazy("Tất cả các xã, phường, đặc khu")}
"""Names that stand for all units of a kind."""


def names_of(codes: Sequence[str], units: Mapping[str, ReportingUnit]) -> list[str]:
    """Units and groups by name; a code that has no unit any more stands for itself."""
    return [str(GROUPS[code]) if code in GROUPS else units[code].name if code in units else code for code in codes]


def day_of_year(recurs: str) -> str:
    """`--09-30` as plans write it: "30/9"."""
    month, _dash, day = recurs[2:].partition("-")
    return f"{int(day)}/{int(month)}"


def when(duty: ReportingDuty) -> str:
    """By which days the calendar takes it."""
    if duty.follow_as == ONCE:
        return str(_("Một lần, trước ngày %(day)s", day=date_text(duty.due_date)))
    if duty.follow_as == YEARLY:
        return str(_("Hằng năm, trước ngày %(day)s", day=day_of_year(duty.recurs)))
    if duty.follow_as == QUARTERLY:
        return str(_("Hằng quý, trước ngày %(day)s của tháng ngay sau quý", day=duty.due_day))
    if duty.follow_as == MONTHLY:
        return str(_("Hằng tháng, trước ngày %(day)s của tháng sau", day=duty.due_day))
    return str(_("Chưa tính được hạn"))


def next_day(duty: ReportingDuty, today: date) -> date | None:
    """The next day before which it is asked for; None where none will come any more."""
    if not is_followed(duty):
        return None
    period = next_period(duty, max(today, duty.starts_on or today))
    return period.before if period is not None else None


def is_followed(duty: ReportingDuty) -> bool:
    return duty.followed and bool(duty.follow_as) and duty.ended_on is None


def why_not(duty: ReportingDuty, today: date) -> str:
    """Why the calendar leaves it out."""
    if duty.ended_on is not None:
        return str(_("Người quản trị đã ngừng theo dõi từ ngày %(day)s.", day=date_text(duty.ended_on)))
    if duty.followed:
        return str(_("Dữ liệu chưa nói tính hạn thế nào."))
    if duty.due_date is not None and duty.due_date <= today:
        return str(_("Hạn đã qua."))
    if duty.cadence == "unknown":
        return str(_("Nguồn không in ai gửi, gửi cho ai, trước ngày nào."))
    return str(_("Hạn đã qua, hoặc không liên quan tới bản cam kết."))


def kind_text(kind: UnitKind) -> str:
    return translate(KINDS[kind])


def form_text(form: ReportForm) -> str:
    return translate(FORMS[form])
