"""Administration of the hotlines of a province: `/quan-tri/<code>/duong-day-nong`."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from pledges.accounts.permissions import Action
from pledges.core.calendar import local_day
from pledges.core.errors import Conflict, DomainError, NotFound
from pledges.hotlines import operations
from pledges.hotlines.models import Hotline
from pledges.hotlines.operations import Key
from pledges.hotlines.pasting import BadLine, places_of, read_lines
from pledges.hotlines.queries import directory, ended_hotlines, get_hotline
from pledges.hotlines.rules import is_old
from pledges.plans.models import Province
from pledges.plans.queries import agencies_of
from pledges.web.admin.blueprint import blueprint
from pledges.web.admin.hotline_forms import (
    ChangeHotlineForm,
    HotlineForm,
    MoveForm,
    PasteForm,
    SeenForm,
    as_said,
)
from pledges.web.admin.reach import own_or_chosen, province_within
from pledges.web.current import now, reader, write
from pledges.web.i18n import error_text
from pledges.web.officer.authentication import current_staff
from pledges.web.security import may, soft_csrf

keeps_hotlines = may(Action.HOTLINE_MANAGE)


def _province(code: str) -> Province:
    return province_within(code, Action.HOTLINE_MANAGE)


def _hotline(code: str, hotline_id: uuid.UUID) -> Hotline:
    found = get_hotline(reader(), _province(code).code, hotline_id)
    if found is None:
        raise NotFound
    return found


def _to_list(code: str) -> ResponseReturnValue:
    return redirect(url_for("admin.hotlines", code=code), 303)


# --- The list ------------------------------------------------------------------------------------------------------


@blueprint.get("/duong-day-nong")
@keeps_hotlines
def hotline_provinces() -> ResponseReturnValue:
    return own_or_chosen(Action.HOTLINE_MANAGE, "admin.hotlines", _("Đường dây nóng"))


@blueprint.get("/<code>/duong-day-nong")
@keeps_hotlines
def hotlines(code: str) -> ResponseReturnValue:
    return _list_page(_province(code))


def _list_page(province: Province, *, conflict: str = "", status: int = 200) -> ResponseReturnValue:
    found, today = directory(reader(), province.code), local_day(now())
    page = render_template(
        "admin/hotlines.html",
        province=province,
        everywhere=[_row(hotline, today) for hotline in found.everywhere],
        in_communes=[_row(hotline, today, commune) for commune, hotline in found.in_communes],
        old=sum(is_old(hotline, today) for hotline in found.lines),
        ended=ended_hotlines(reader(), province.code),
        conflict=conflict,
    )
    return page, status


def _row(hotline: Hotline, today: Any, commune: str = "") -> dict[str, Any]:
    return {"hotline": hotline, "commune": commune, "old": is_old(hotline, today)}


# --- Adding --------------------------------------------------------------------------------------------------------


@blueprint.route("/<code>/duong-day-nong/them", methods=["GET", "POST"])
@keeps_hotlines
@soft_csrf
def add_hotline(code: str) -> ResponseReturnValue:
    province = _province(code)
    form = HotlineForm(data={"checked_on": local_day(now())})
    form.fit(code, agencies_of(reader(), code))
    status = 200
    if form.validate_on_submit():
        said, staff, at = form.said(), current_staff(), now()
        try:
            write(lambda session: operations.add_hotline(session, code, said, staff=staff, now=at))
        except DomainError as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            flash(_("Đã thêm %(name)s vào danh bạ.", name=said.name), "success")
            return _to_list(code)
    page = render_template("admin/hotline_new.html", province=province, form=form)
    return page, 400 if form.problems and status == 200 else status


@blueprint.route("/<code>/duong-day-nong/dan", methods=["GET", "POST"])
@keeps_hotlines
@soft_csrf
def paste_hotlines(code: str) -> ResponseReturnValue:
    """All lines or none: until each can be read, everything that was pasted stays in its field."""
    province = _province(code)
    form = PasteForm(data={"checked_on": local_day(now())})
    bad: list[BadLine] = []
    if form.validate_on_submit():
        try:
            bad = _paste(code, form)
        except DomainError as refusal:
            form.refuse(DomainError(refusal.message, field="lines", **refusal.params))
        else:
            if not bad:
                return _to_list(code)
            form.lines.errors = [_("Chưa ghi dòng nào. Hãy sửa những dòng nêu ở trên, rồi gửi lại.")]
    page = render_template(
        "admin/hotline_paste.html",
        province=province,
        form=form,
        bad=[(line.number, line.typed, error_text(line.refusal)) for line in bad],
    )
    return page, 400 if form.problems else 200


def _paste(code: str, form: PasteForm) -> list[BadLine]:
    today = local_day(now())
    lines, bad = read_lines(
        form.lines.data or "",
        places_of(reader(), code),
        checked_on=form.checked_on.data,
        source=form.source.data or "",
        today=today,
    )
    if bad:
        return bad
    staff, at = current_staff(), now()
    write(lambda session: operations.add_hotlines(session, code, lines, staff=staff, now=at))
    flash(_("Đã thêm vào danh bạ: %(count)s dòng.", count=len(lines)), "success")
    return []


# --- One line ------------------------------------------------------------------------------------------------------


@blueprint.route("/<code>/duong-day-nong/<uuid:hotline_id>", methods=["GET", "POST"])
@keeps_hotlines
@soft_csrf
def hotline(code: str, hotline_id: uuid.UUID) -> ResponseReturnValue:
    found = _hotline(code, hotline_id)
    form = ChangeHotlineForm(data=as_said(found))
    form.fit(code, agencies_of(reader(), code))
    conflict, status = "", 200
    if found.ended_at is None and form.validate_on_submit():
        said, seen, staff, at = form.said(), form.seen.data, current_staff(), now()
        try:
            write(
                lambda session: operations.change_hotline(
                    session, (code, hotline_id), said, seen=seen, staff=staff, now=at
                )
            )
        except Conflict as refusal:
            conflict, status = error_text(refusal), refusal.status
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            flash(_("Đã lưu: %(name)s.", name=said.name), "success")
            return _to_list(code)
    page = render_template(
        "admin/hotline.html",
        province=_province(code),
        hotline=_hotline(code, hotline_id),
        form=form,
        conflict=conflict,
    )
    return page, 400 if form.problems else status


@blueprint.post("/<code>/duong-day-nong/<uuid:hotline_id>/da-kiem-tra")
@keeps_hotlines
def check_hotline(code: str, hotline_id: uuid.UUID) -> ResponseReturnValue:
    return _do(code, hotline_id, SeenForm(), operations.check_hotline, _("Đã ghi: kiểm tra hôm nay."))


@blueprint.post("/<code>/duong-day-nong/<uuid:hotline_id>/thu-tu")
@keeps_hotlines
def move_hotline(code: str, hotline_id: uuid.UUID) -> ResponseReturnValue:
    form, province = MoveForm(), _province(code)
    _hotline(code, hotline_id)  # what is out of reach looks like nothing, also with a wrong form
    form.validate()
    if form.move.errors:
        return _list_page(province, conflict=_("Hãy bấm Lên, Xuống hoặc Lên đầu."), status=400)
    move = form.move.data

    def work(session: Session, key: Key, **said: Any) -> object:
        return operations.move_hotline(session, key, move, **said)

    return _do(code, hotline_id, form, work, _("Đã đổi thứ tự."))


@blueprint.post("/<code>/duong-day-nong/<uuid:hotline_id>/ket-thuc")
@keeps_hotlines
def end_hotline(code: str, hotline_id: uuid.UUID) -> ResponseReturnValue:
    done = _("Đã đưa ra khỏi danh bạ. Có thể dùng lại ở cuối trang này.")
    return _do(code, hotline_id, SeenForm(), operations.end_hotline, done)


@blueprint.post("/<code>/duong-day-nong/<uuid:hotline_id>/dung-lai")
@keeps_hotlines
def bring_back_hotline(code: str, hotline_id: uuid.UUID) -> ResponseReturnValue:
    done = _("Đã đưa trở lại cuối danh bạ. Hãy kiểm tra xem số còn đúng không.")
    return _do(code, hotline_id, SeenForm(), operations.bring_back_hotline, done)


def _do(
    code: str, hotline_id: uuid.UUID, form: SeenForm, work: Callable[..., object], done: str
) -> ResponseReturnValue:
    """One button of the list; whoever was slower sees the list as it stands now."""
    found = _hotline(code, hotline_id)
    key, seen, staff, at = (found.province_code, found.id), form.seen.data, current_staff(), now()
    try:
        write(lambda session: work(session, key, seen=seen, staff=staff, now=at))
    except DomainError as refusal:
        return _list_page(_province(code), conflict=error_text(refusal), status=refusal.status)
    flash(done, "success")
    return _to_list(code)
