"""What stands above the tables of coverage: the figures in large, how long files take, how fresh the register is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from markupsafe import Markup, escape

from pledges.accounts.permissions import Action
from pledges.accounts.permissions import Place as Where
from pledges.core.calendar import local_day
from pledges.reporting.circumstances import Reviewed, Times, last_reviewed, median_times, oldest_file
from pledges.reporting.coverage import Coverage, Goal
from pledges.rounds.list_models import Group
from pledges.web.current import now, reader
from pledges.web.i18n import date_text, number_text, quarter_text
from pledges.web.officer.coverage_lines import SILENT, Links, share_text
from pledges.web.officer.reach import reaches


def tiles(coverage: Coverage, links: Links) -> list[dict[str, Any]]:
    total, before = coverage.total, coverage.before
    in_force = total[Group.IN_FORCE]
    silent = total.not_pledged
    return [
        {
            "name": _("Tỷ lệ cam kết"),
            "value": share_text(total),
            "href": "",
            "note": _fraction(in_force, total.in_scope, links) if total.in_scope else "",
        },
        {
            "name": _("So với cuối %(quarter)s", quarter=quarter_text(before.quarter)),
            "value": points_text(coverage.points),
            "href": "",
            "note": _("điểm phần trăm; %(change)s nghĩa vụ có hiệu lực", change=signed(in_force - before.in_force)),
        },
        {
            "name": _("Vào diện ký trong quý"),
            "value": number_text(coverage.flow.came),
            "href": links.members(came=True) if coverage.flow.came else "",
            "note": _("Ra khỏi diện: %(number)s", number=number_text(coverage.flow.went)),
        },
        {
            "name": _("Chưa cam kết, chưa liên hệ được"),
            "value": number_text(silent),
            "href": links.members(SILENT) if silent else "",
            "note": _("Lâu nhất từ ngày %(day)s", day=date_text(coverage.oldest)) if coverage.oldest else "",
        },
        {
            "name": _("Chờ cơ quan duyệt"),
            "value": number_text(total[Group.WAITING_FOR_AGENCY]),
            "href": links.members(Group.WAITING_FOR_AGENCY) if total[Group.WAITING_FOR_AGENCY] else "",
            "note": "",
        },
    ]


def _fraction(in_force: int, in_scope: int, links: Links) -> Markup:
    """Each of the two numbers opens its list."""
    return Markup("/").join(
        Markup('<a href="{}">{}</a>').format(href, number_text(number)) if href and number else number_text(number)
        for number, href in ((in_force, links.members(Group.IN_FORCE)), (in_scope, links.members()))
    )


def points_text(points: float | None) -> str:
    return str(_("chưa có số liệu")) if points is None else signed(round(points * 100, 1))


def signed(change: float) -> str:
    sign = "+" if change > 0 else "−" if change < 0 else "±"
    return f"{sign}{number_text(abs(change))}"


def facts(coverage: Coverage, goal: Goal) -> list[dict[str, Any]]:
    """How long files take, what has waited longest, how fresh the register is, what the goal rests on."""
    place = coverage.place
    rows = [
        {
            "key": _("Thời gian ở cơ quan và ở người ký"),
            "value": _times(median_times(reader(), place, coverage.day, now())),
        },
    ]
    if coverage.day is None:
        rows.append({"key": _("Hồ sơ chờ cơ quan lâu nhất"), "value": _oldest(coverage)})
    rows.append(
        {"key": _("Danh sách đối tượng được rà soát"), "value": _reviewed(last_reviewed(reader(), place, coverage.day))}
    )
    rows.append({"key": _("Mục tiêu"), "value": _goal(goal)})
    return rows


def _times(times: Times | None) -> list[str]:
    if times is None:
        return [str(_("Chưa có hồ sơ nào được quyết định trong 90 ngày."))]
    return [
        _("Ở cơ quan: một nửa số hồ sơ không quá %(days)s.", days=days_text(times.with_agency)),
        _("Ở người ký (bổ sung, sửa): một nửa không quá %(days)s.", days=days_text(times.with_signer)),
        _("Tính trên %(number)s hồ sơ mới được quyết định gần nhất trong 90 ngày.", number=number_text(times.files)),
    ]


def days_text(spent: timedelta) -> str:
    return str(_("%(number)s ngày", number=number_text(round(spent / timedelta(days=1), 1))))


def _oldest(coverage: Coverage) -> str:
    found = oldest_file(reader(), coverage.place)
    if found is None:
        return str(_("Không có hồ sơ nào đang chờ."))
    reference = escape(found.reference)
    if reaches(Action.PLEDGE_VIEW, Where(found.place.province_code, found.place.agency_code)):
        address = url_for("officer.file", reference=found.reference)
        reference = Markup('<a href="{}">{}</a>').format(address, reference)
    told = _("%(reference)s, ký ngày %(day)s, đã %(days)s ngày.")
    waited = (local_day(now()) - local_day(found.signed_at)).days
    # A text of the catalogue: what comes from outside is escaped where it is put in.
    return Markup(told) % {  # noqa: S704
        "reference": reference,
        "day": date_text(found.signed_at),
        "days": number_text(waited),
    }


def _reviewed(found: Reviewed) -> list[str]:
    told = []
    if found.imported_at is not None:
        told.append(
            _("Nhập danh sách gần nhất: %(day)s (%(source)s).", day=date_text(found.imported_at), source=found.source)
        )
    if found.decided_at is not None:
        told.append(_("Xác nhận thuộc hay ngoài diện ký gần nhất: %(day)s.", day=date_text(found.decided_at)))
    return told or [str(_("Chưa lần nào; mẫu số có thể thiếu."))]


def _goal(goal: Goal) -> str:
    share = f"{number_text(round(goal.share * 100))}%"
    if goal.clause is None:
        return str(_("%(share)s, mục tiêu chung của chương trình; kế hoạch không ghi tỷ lệ.", share=share))
    return str(_("%(share)s, theo kế hoạch: %(place)s.", share=share, place=goal.clause.place_in_words))
