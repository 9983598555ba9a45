"""Reports: communes send them at `/can-bo/bao-moi`, the department that leads decides at `/can-bo/tin-bao`."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import structlog
from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.exceptions import RequestEntityTooLarge

from pledges.accounts.permissions import Action, Place, require
from pledges.core.errors import Conflict, DomainError, NotFound
from pledges.documents.errors import DocumentDamaged
from pledges.plans.queries import get_agency
from pledges.tips.deciding import confirm_tip, merge_tip, reject_tip, reopen_tip
from pledges.tips.errors import FormUsed, TipDecided
from pledges.tips.models import Tip, TipState
from pledges.tips.operations import send_tip
from pledges.tips.queries import count_waiting, decided, get_tip, own_tips, waiting
from pledges.web.communes import let_search
from pledges.web.current import now, product, reader, write
from pledges.web.errors import error_page
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.reach import scope_of
from pledges.web.officer.tip_forms import ConfirmForm, MergeForm, RejectTipForm, ReopenForm
from pledges.web.officer.tip_view import (
    CONFIRM,
    MERGE,
    REJECT,
    REOPEN,
    Sent,
    about,
    group_of,
    let_search_register,
    place_of_tip,
    source_of,
    state_label,
    tip_page,
)
from pledges.web.picture_fields import LARGEST_POST
from pledges.web.security import may, soft_csrf
from pledges.web.tip_form import TipForm

log = structlog.get_logger()

WAITING, DECIDED = "cho", "xong"


# --- What a commune reports ----------------------------------------------------------------------------------------


@blueprint.route("/bao-moi", methods=["GET", "POST"])
@may(Action.TIP_SEND)
@soft_csrf
def send_new() -> ResponseReturnValue:
    """A report from a telephone, with the own commune chosen beforehand, above the list of one's own reports."""
    request.max_content_length = LARGEST_POST
    staff = current_staff()
    try:
        form = TipForm()
    except RequestEntityTooLarge:
        return error_page(413, _("Các ảnh quá lớn. Hãy quay lại trang trước và chọn ít ảnh hơn hoặc ảnh nhỏ hơn."))
    form.begin(staff.province_code, staff.commune_code)
    if request.method == "GET":
        return _send_page(form)
    valid = form.validate_on_submit()
    if form.stale:
        return _send_page(form)
    stamp = form.own_stamp
    try:
        form.keep_pictures()
        if not valid or form.problems:
            return _send_page(form, 400 if form.problems else 200)
        if stamp is None or stamp.too_old(now()):
            form.renew()
            return _send_page(form, again=True)
        said, at, vault = form.report(staff.province_code), now(), product().vault
        write(lambda session: send_tip(session, said, stamp=stamp, now=at, vault=vault, staff=staff))
    except DomainError as refusal:
        if isinstance(refusal, FormUsed):
            form.renew()
        form.refuse(refusal)
        return _send_page(form, refusal.status)
    flash(_("Đã gửi tin báo. Cơ quan chủ trì sẽ xem; câu trả lời hiện trong danh sách bên dưới."), "success")
    return redirect(url_for("officer.send_new"), 303)


def _send_page(form: TipForm, status: int = 200, *, again: bool = False) -> ResponseReturnValue:
    staff = current_staff()
    own = [
        {
            "name": about(tip),
            "sent": tip.sent_at,
            "label": state_label(tip),
            "agency": get_agency(reader(), tip.province_code, tip.agency_code).name,
            "reason": tip.reason,
        }
        for tip in own_tips(reader(), staff.province_code, staff.id)
    ]
    return render_template("officer/tip_send.html", form=form, own=own, again=again), status


# --- The queue of the department -----------------------------------------------------------------------------------


def _own_agency() -> tuple[str, str]:
    scope = scope_of(Action.TIP_DECIDE)
    if scope.agency_code is None:
        raise NotFound
    return scope.province_code, scope.agency_code


@blueprint.get("/tin-bao")
@may(Action.TIP_DECIDE)
def tips() -> ResponseReturnValue:
    place, done = _own_agency(), request.args.get("muc") == DECIDED
    number = max(1, min(request.args.get("trang", 1, type=int), 100_000))
    found = (decided if done else waiting)(reader(), *place, number)
    rows = [_row(matter.tip, matter.reports) for matter in found.matters]
    tabs = [
        {
            "text": _("Chờ xem xét"),
            "count": count_waiting(reader(), *place),
            "href": url_for("officer.tips"),
            "current": not done,
        },
        {
            "text": _("Đã xử lý"),
            "count": found.total if done else decided(reader(), *place).total,
            "href": url_for("officer.tips", muc=DECIDED),
            "current": done,
        },
    ]
    return render_template(
        "officer/tips.html",
        agency=get_agency(reader(), *place),
        rows=rows,
        found=found,
        tabs=tabs,
        done=done,
        address=lambda page: url_for("officer.tips", muc=DECIDED if done else None, trang=page),
    )


def _row(tip: Tip, reports: int) -> dict[str, Any]:
    return {
        "href": url_for("officer.tip", tip_id=tip.id),
        "name": about(tip),
        "address": tip.address or tip.typed if tip.name else "",
        "group": group_of(tip),
        "place": ", ".join(place_of_tip(tip)),
        "source": source_of(tip),
        "sent": tip.sent_at,
        "reports": reports,
        "doubtful": tip.doubtful and tip.state is TipState.NEW,
        "pictures": len(tip.pictures),
        "label": state_label(tip),
    }


# --- One report ----------------------------------------------------------------------------------------------------


def tip_for(tip_id: uuid.UUID) -> Tip:
    """The report of this id, where this person's agency decides about it."""
    tip = get_tip(reader(), current_staff().province_code, tip_id)
    if tip is None:
        raise NotFound
    require(current_staff(), Action.TIP_DECIDE, Place(tip.province_code, tip.agency_code))
    return tip


@blueprint.get("/tin-bao/<uuid:tip_id>")
@may(Action.TIP_DECIDE)
def tip(tip_id: uuid.UUID) -> ResponseReturnValue:
    return tip_page(tip_for(tip_id))


@blueprint.get("/tin-bao/<uuid:tip_id>/anh/<int:number>")
@may(Action.TIP_DECIDE)
def tip_picture(tip_id: uuid.UUID, number: int) -> ResponseReturnValue:
    """A picture as it was cleaned; only whoever decides sees it, and it is kept in no cache."""
    pictures = tip_for(tip_id).pictures
    if not 1 <= number <= len(pictures):
        raise NotFound
    try:
        data = product().storage.get(pictures[number - 1])
    except (OSError, DocumentDamaged) as fault:
        log.error("stored picture not readable", sha256=pictures[number - 1], reason=str(fault))
        return error_page(503, _("Chưa lấy được ảnh này lúc này. Hãy thử lại sau ít phút."))
    name = f'inline; filename="tin-bao-{number}.jpg"'
    return Response(data, mimetype="image/jpeg", headers={"Content-Disposition": name})


Work = Callable[[Session, Any, dict[str, Any]], object]


def _decide(tip_id: uuid.UUID, name: str, form: Any, work: Work, done: str) -> ResponseReturnValue:
    """Check the form, decide, and go back to the queue; a mistake or a conflict shows the report as it is now."""
    found = tip_for(tip_id)
    if name == CONFIRM:
        let_search(form.commune, found.province_code)
    if name == MERGE:
        let_search_register(form.entity, found.province_code)
    if not form.validate_on_submit():
        if form.seen.data != found.revision and not form.stale:
            return tip_page(found, Sent(name, form, TipDecided(found, "")), 409)
        return tip_page(found, Sent(name, form), 400 if form.problems else 200)
    staff, at = current_staff(), now()
    try:
        write(lambda session: work(session, (found.province_code, found.id), {"staff": staff, "now": at}))
    except Conflict as conflict:
        return tip_page(tip_for(tip_id), Sent(name, form, conflict), conflict.status)
    except DomainError as refusal:
        form.refuse(refusal)
        return tip_page(tip_for(tip_id), Sent(name, form), refusal.status)
    flash(done, "success")
    return redirect(url_for("officer.tips"), 303)


@blueprint.post("/tin-bao/<uuid:tip_id>/xac-nhan")
@may(Action.TIP_DECIDE)
@soft_csrf
def tip_confirm(tip_id: uuid.UUID) -> ResponseReturnValue:
    form = ConfirmForm()

    def work(session: Session, key: Any, common: dict[str, Any]) -> object:
        return confirm_tip(session, key, form.finding(), seen=form.page(), vault=product().vault, **common)

    return _decide(tip_id, CONFIRM, form, work, _("Đã xác nhận tin báo và thêm vào danh sách đối tượng."))


@blueprint.post("/tin-bao/<uuid:tip_id>/gop")
@may(Action.TIP_DECIDE)
@soft_csrf
def tip_merge(tip_id: uuid.UUID) -> ResponseReturnValue:
    form = MergeForm()

    def work(session: Session, key: Any, common: dict[str, Any]) -> object:
        return merge_tip(session, key, uuid.UUID(form.entity.data), seen=form.page(), **common)

    return _decide(tip_id, MERGE, form, work, _("Đã gộp tin báo vào đối tượng có sẵn."))


@blueprint.post("/tin-bao/<uuid:tip_id>/tu-choi")
@may(Action.TIP_DECIDE)
@soft_csrf
def tip_reject(tip_id: uuid.UUID) -> ResponseReturnValue:
    form = RejectTipForm()

    def work(session: Session, key: Any, common: dict[str, Any]) -> object:
        return reject_tip(session, key, seen=form.page(), reason=form.reason.data, **common)

    return _decide(tip_id, REJECT, form, work, _("Đã từ chối tin báo; người báo tin đọc được lý do."))


@blueprint.post("/tin-bao/<uuid:tip_id>/mo-lai")
@may(Action.TIP_DECIDE)
@soft_csrf
def tip_reopen(tip_id: uuid.UUID) -> ResponseReturnValue:
    form = ReopenForm()

    def work(session: Session, key: Any, common: dict[str, Any]) -> object:
        return reopen_tip(session, key, revision=form.seen.data, **common)

    return _decide(tip_id, REOPEN, form, work, _("Đã mở lại tin báo; tin báo đứng trong mục chờ xem xét."))
