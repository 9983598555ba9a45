"""The first page of the staff: `/can-bo`."""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.accounts.models import Staff
from pledges.accounts.permissions import Action, unit_code_of
from pledges.accounts.rules import ROLES
from pledges.audit.operations import WHOLE_SYSTEM
from pledges.core.calendar import local_day
from pledges.duties.calendar import Standing, dues
from pledges.hotlines.queries import count_old
from pledges.plans.models import Agency, Commune, Province, ReportingUnit
from pledges.review.queries import QueueFilter, Tab, count_for_approval, queue_counts
from pledges.signing.address_changes import count_open_changes
from pledges.signing.consent import waiting_withdrawals
from pledges.signing.dispute_queries import count_open_disputes
from pledges.web.current import now, reader
from pledges.web.i18n import translate
from pledges.web.key_view import ending_next, ending_soon
from pledges.web.officer.authentication import current_delegation, current_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.menu import menu
from pledges.web.officer.queue_routes import own_agency
from pledges.web.officer.queue_view import queue_url
from pledges.web.officer.reach import has_right
from pledges.web.officer.rights_view import waiting_requests
from pledges.web.officer.words import tab_text
from pledges.web.security import may


@blueprint.get("")
@may(Action.ACCOUNT_OWN)
def landing() -> ResponseReturnValue:
    staff = current_staff()
    keys_ending = ending_soon(staff)
    return render_template(
        "officer/landing.html",
        rows=_who(staff),
        menu=menu(),
        waiting=_waiting(staff),
        queue=_queue() if has_right(Action.QUEUE_VIEW) else None,
        delegation=current_delegation(),
        to_approve=_to_approve(staff),
        old_hotlines=_old_hotlines(staff),
        late_reports=_late_reports(staff),
        data_requests=waiting_requests(staff.province_code, staff.agency_code),
        withdrawals=_withdrawals(staff),
        keys_ending=keys_ending,
        key_next=None if keys_ending else ending_next(staff),
        sees_keys=has_right(Action.PROVINCE_SET_UP),
    )


def _waiting(staff: Staff) -> dict[str, int]:
    """How much waits behind some pages of the menu, by their addresses; 0 stands beside none."""
    place = staff.province_code, staff.agency_code or ""
    counts = {}
    if has_right(Action.MAILBOX_DECIDE):
        counts[url_for("officer.mailboxes")] = count_open_changes(reader(), *place)
    if has_right(Action.DISPUTE_DECIDE):
        counts[url_for("officer.ownership_disputes")] = count_open_disputes(reader(), *place)
    return counts


def _to_approve(staff: Staff) -> int | None:
    return count_for_approval(reader(), *own_agency(), staff.id) if has_right(Action.PLEDGE_APPROVE) else None


def _old_hotlines(staff: Staff) -> int:
    """How many numbers of the own province nobody has checked for long; the whole system's are asked about none."""
    own = has_right(Action.HOTLINE_MANAGE) and staff.province_code != WHOLE_SYSTEM
    return count_old(reader(), staff.province_code, local_day(now())) if own else 0


def _withdrawals(staff: Staff) -> dict[str, Any] | None:
    """Consents that were taken back in the own province and wait for an answer of this person."""
    if not has_right(Action.CONSENT_HANDLE) or staff.province_code == WHOLE_SYSTEM:
        return None
    waiting = [each for each, _of in waiting_withdrawals(reader(), staff.province_code) if each.handled_at is None]
    days = [each.answer_by for each in waiting if each.answer_by is not None]
    return {"open": len(waiting), "due": min(days), "late": min(days) < local_day(now())} if days else None


def _late_reports(staff: Staff) -> int:
    """How many reports of the own unit are overdue, or came back."""
    unit_code = unit_code_of(staff)
    if unit_code is None or not has_right(Action.REPORT_WRITE):
        return 0
    today = local_day(now())
    owed = dues(reader(), staff.province_code, today, unit_code=unit_code)
    return sum(due.standing(today) in (Standing.LATE, Standing.RETURNED) for due in owed)


def _queue() -> list[dict[str, Any]]:
    """What stands in each tab of the own agency's queue; what waits for this person comes first."""
    counts = queue_counts(reader(), *own_agency())
    mine = Tab.WAITING if has_right(Action.PLEDGE_RECOMMEND) else Tab.RECOMMENDED
    return [
        {
            "tab": tab,
            "text": tab_text(tab),
            "count": counts[tab],
            "href": queue_url(QueueFilter(tab=tab)),
            "mine": tab is mine,
        }
        for tab in sorted(Tab, key=lambda tab: tab is not mine)
        if tab is not Tab.DONE
    ]


def _who(staff: Staff) -> list[dict[str, Any]]:
    province = None if staff.province_code == WHOLE_SYSTEM else reader().get(Province, staff.province_code)
    agency = reader().get(Agency, (staff.province_code, staff.agency_code)) if staff.agency_code else None
    commune = reader().get(Commune, (staff.province_code, staff.commune_code)) if staff.commune_code else None
    rows = [
        {"key": _("Họ và tên"), "value": staff.name},
        {"key": _("Thư điện tử"), "value": staff.email},
        {"key": _("Vai trò"), "value": translate(ROLES[staff.role].label)},
        {"key": _("Tỉnh, thành phố"), "value": province.name if province else _("Toàn hệ thống")},
    ]
    if agency is not None:
        rows.append({"key": _("Cơ quan"), "value": agency.name})
    if commune is not None:
        rows.append({"key": _("Xã, phường, đặc khu"), "value": commune.name})
    unit = reader().get(ReportingUnit, (staff.province_code, staff.unit_code)) if staff.unit_code else None
    if unit is not None:
        rows.append({"key": _("Đơn vị báo cáo"), "value": unit.name})
    return rows
