"""The first page of the staff: `/can-bo`."""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.accounts.models import Role, Staff
from pledges.accounts.permissions import Action
from pledges.accounts.rules import ROLES
from pledges.audit.operations import WHOLE_SYSTEM
from pledges.plans.models import Agency, Commune, Province
from pledges.web.current import reader
from pledges.web.i18n import translate
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.security import may


@blueprint.get("")
@may(Action.ACCOUNT_OWN)
def landing() -> ResponseReturnValue:
    staff = current_staff()
    return render_template("officer/landing.html", rows=_who(staff), tasks=_tasks(staff))


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
    return rows


def _tasks(staff: Staff) -> list[tuple[str, str, str]]:
    """(address, title, what for) of the pages that this role can open."""
    if staff.role is Role.ADMINISTRATOR:
        return [
            (
                url_for("admin.provinces"),
                _("Mức độ sẵn sàng của từng tỉnh, thành phố"),
                _("Duyệt mẫu cam kết, ghi số kế hoạch, chức danh người ký, đầu mối về dữ liệu."),
            )
        ]
    return []
