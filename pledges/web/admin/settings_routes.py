"""Plan settings of a province: `/quan-tri/<code>/cai-dat`, each change with its reason, a history, and the way back."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from pledges.accounts.models import Staff
from pledges.accounts.permissions import Action, Place
from pledges.audit.operations import WHOLE_SYSTEM
from pledges.core.errors import DomainError, NotFound
from pledges.plans.decisions import PROVINCE, fact_id
from pledges.plans.models import Clause, EntrySubjectType, ObligationEntry, Province
from pledges.plans.queries import agencies_of, entries_of
from pledges.plans.retention import RETENTION
from pledges.plans.rules import SUBJECT_TYPES
from pledges.plans.setting_changes import change_settings, history, is_undoable, undo_change
from pledges.plans.settings import HIDEABLE, ProvinceSettings, province_settings
from pledges.web.admin import settings_forms as forms
from pledges.web.admin.blueprint import blueprint
from pledges.web.admin.reach import own_or_chosen, province_within
from pledges.web.admin.settings_words import FIELD_LABELS, SIGNATURE_LABELS, change_line, value_text
from pledges.web.current import now, reader, write
from pledges.web.i18n import translate
from pledges.web.officer.authentication import current_actor
from pledges.web.officer.reach import reaches
from pledges.web.security import may, soft_csrf

sets = may(Action.PROVINCE_SET_UP)
DAYS, SIGNING, PUBLIC, KEEPING = "thoi-han", "cach-ky", "cong-khai", "luu-giu"


def _province(code: str) -> Province:
    return province_within(code, Action.PROVINCE_SET_UP)


# --- All of them -----------------------------------------------------------------------------------------------------


@blueprint.get("/cai-dat")
@sets
def setting_provinces() -> ResponseReturnValue:
    return own_or_chosen(Action.PROVINCE_SET_UP, "admin.settings", _("Cài đặt của kế hoạch"))


@blueprint.get("/<code>/cai-dat")
@sets
def settings(code: str) -> ResponseReturnValue:
    province = _province(code)
    held = province_settings(province)
    entries = _entries(code)
    return render_template(
        "admin/settings.html",
        province=province,
        days=_days_rows(code, held),
        agencies=_agency_rows(code),
        signing=[(title, str(SIGNATURE_LABELS[entry.least_signature])) for entry, title in entries],
        public=[str(FIELD_LABELS[name]) for name in HIDEABLE if name not in held.hidden_fields],
        keeping=[(kept, held.days_kept(kind)) for kind, kept in RETENTION.items()],
        changes=len(history(reader(), code)),
    )


def _days_rows(code: str, held: ProvinceSettings) -> list[dict[str, Any]]:
    off = sorted(day.isoformat() for day in held.days_off_in_lieu)
    href = url_for("admin.change_setting", code=code, part=DAYS)
    return [
        {
            "key": _("Cơ quan thường trả lời trong"),
            "value": _("%(days)s ngày làm việc", days=held.days_to_answer),
            "href": href,
        },
        {
            "key": _("Người ký cập nhật thông tin trong"),
            "value": _("%(days)s ngày làm việc", days=held.update_days),
            "href": href,
        },
        {"key": _("In câu về việc tiếp nhận"), "value": value_text("receipt_note", held.receipt_note), "href": href},
        {
            "key": _("Ngày không tính là ngày làm việc"),
            "value": value_text("days_off_in_lieu", off),
            "href": href,
        },
    ]


def _agency_rows(code: str) -> list[dict[str, Any]]:
    """Of agencies that ask somebody to sign: the others neither wait nor remind."""
    asking = {entry.lead_agency for entry, _title in _entries(code)}
    return [
        {
            "key": agency.name,
            "value": [
                _("chờ %(days)s ngày làm việc sau khi mời", days=agency.waiting_days),
                _("nhắc trước hạn %(days)s ngày", days=", ".join(map(str, agency.reminder_days)))
                if agency.reminder_days
                else _("không nhắc"),
            ],
            "href": url_for("admin.change_agency_days", code=code, agency_code=agency.code),
        }
        for agency in agencies_of(reader(), code)
        if agency.code in asking
    ]


def _entries(code: str) -> list[tuple[ObligationEntry, str]]:
    """The entries that are in use, each with whom it binds, where it stands in the plan and who leads."""
    bound: dict[str, list[str]] = defaultdict(list)
    for row in reader().scalars(select(EntrySubjectType).where(EntrySubjectType.province_code == code)):
        bound[row.entry_id].append(translate(SUBJECT_TYPES[row.subject_type].label))
    agencies = {agency.code: agency.name for agency in agencies_of(reader(), code)}
    clauses = {
        clause.id: clause.place_in_words
        for clause in reader().scalars(select(Clause).where(Clause.province_code == code))
    }
    return [
        (entry, _title(sorted(bound[entry.id]), [clauses.get(entry.clause_id or "", ""), agencies[entry.lead_agency]]))
        for entry in entries_of(reader(), code)
        if entry.enabled
    ]


def _title(groups: list[str], places: list[str]) -> str:
    return f"{'; '.join(groups)} ({', '.join(place for place in places if place)})"


# --- Changing --------------------------------------------------------------------------------------------------------


def _least_form(code: str, _held: ProvinceSettings) -> forms.SettingsForm:
    entries = _entries(code)
    return forms.LeastSignatureForm.for_entries([entry for entry, _ in entries], [title for _, title in entries])


MAKERS: dict[str, Callable[[str, ProvinceSettings], forms.SettingsForm]] = {
    DAYS: lambda _code, held: forms.DaysForm.of(held),
    SIGNING: _least_form,
    PUBLIC: lambda _code, held: forms.PublicFieldsForm.of(held),
    KEEPING: lambda _code, held: forms.RetentionForm.of(held),
}


def _titles() -> dict[str, str]:
    return {
        DAYS: _("Thời hạn"),
        SIGNING: _("Cách ký thấp nhất được nhận"),
        PUBLIC: _("Phần hiện ở trang tra cứu"),
        KEEPING: _("Thời gian lưu giữ"),
    }


@blueprint.route("/<code>/cai-dat/<part>", methods=["GET", "POST"])
@sets
@soft_csrf
def change_setting(code: str, part: str) -> ResponseReturnValue:
    province = _province(code)
    if part not in MAKERS:
        raise NotFound
    form = MAKERS[part](code, province_settings(province))
    return _save(province, form) or render_template(
        "admin/setting_change.html",
        province=province,
        form=form,
        part=part,
        title=_titles()[part],
        fixed=[kept for kept in RETENTION.values() if kept.fixed],
    )


@blueprint.route("/<code>/cai-dat/co-quan/<agency_code>", methods=["GET", "POST"])
@sets
@soft_csrf
def change_agency_days(code: str, agency_code: str) -> ResponseReturnValue:
    province = _province(code)
    agency = next((one for one in agencies_of(reader(), code) if one.code == agency_code), None)
    if agency is None:
        raise NotFound
    form = forms.AgencyDaysForm.of(agency)
    return _save(province, form) or render_template(
        "admin/setting_change.html", province=province, form=form, part="co-quan", title=agency.name, fixed=[]
    )


def _save(province: Province, form: forms.SettingsForm) -> ResponseReturnValue | None:
    code = province.code
    if not form.validate_on_submit():
        return None
    changes, reason, actor, at = form.changes(), form.reason.data, current_actor(), now()
    try:
        write(lambda session: change_settings(session, code, changes, reason=reason, actor=actor, now=at))
    except DomainError as refusal:
        form.refuse(refusal)
        return None
    flash(_("Đã lưu. Thay đổi có hiệu lực ngay và nằm trong lịch sử, nơi có thể hoàn tác."), "success")
    return redirect(url_for("admin.settings", code=code), 303)


# --- History ---------------------------------------------------------------------------------------------------------


@blueprint.get("/<code>/cai-dat/lich-su")
@sets
def setting_history(code: str) -> ResponseReturnValue:
    province = _province(code)
    changes = history(reader(), code)
    people = _people({change.changed_by for change in changes}, code)
    agencies = {agency.code: agency.name for agency in agencies_of(reader(), code)}
    log = url_for("admin.audit", tinh=code, ma=str(fact_id(code, PROVINCE)))
    return render_template(
        "admin/setting_history.html",
        province=province,
        lines=[change_line(one, people, agencies) | {"undoable": is_undoable(reader(), one)} for one in changes],
        log=log if reaches(Action.AUDIT_VIEW, Place(code)) else "",
    )


def _people(ids: set[str], code: str) -> dict[str, str]:
    known = [uuid.UUID(each) for each in ids if len(each) == 36]
    found = reader().scalars(select(Staff).where(Staff.province_code.in_([code, WHOLE_SYSTEM]), Staff.id.in_(known)))
    return {str(person.id): person.name for person in found}


@blueprint.post("/<code>/cai-dat/lich-su/<uuid:setting_change_id>/hoan-tac")
@sets
@soft_csrf
def undo_setting(code: str, setting_change_id: uuid.UUID) -> ResponseReturnValue:
    _province(code)
    actor, at = current_actor(), now()
    write(lambda session: undo_change(session, code, setting_change_id, actor=actor, now=at))
    flash(_("Đã hoàn tác: cài đặt trở lại như trước."), "success")
    return redirect(url_for("admin.setting_history", code=code), 303)
