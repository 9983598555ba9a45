"""Requests about personal data: `/can-bo/quyen-du-lieu`, with the clocks of the law."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from pledges.accounts.operations import actor_of
from pledges.accounts.permissions import Action, Place, require
from pledges.core.calendar import local_day
from pledges.core.errors import Conflict, DomainError, NotFound
from pledges.plans.queries import get_agency
from pledges.registry.models import Entity
from pledges.rights import operations
from pledges.rights.asking import AskedAlready, Received, Withdrawn, record_request, record_withdrawal
from pledges.rights.files import forget_files
from pledges.rights.models import DataRequest, Outcome, RequestKind, Way
from pledges.rights.operations import Verdict
from pledges.rights.queries import (
    PAGE_SIZE,
    copy_is_of_whom_it_was,
    count_decided,
    count_waiting,
    decided_requests,
    get_request,
    gives_copy,
    open_requests,
    withdrawals_waiting,
)
from pledges.rights.steps import Post
from pledges.signing.models import Pledge
from pledges.signing.queries import pledge_by_reference
from pledges.web.components import PageForm
from pledges.web.current import now, product, reader, write
from pledges.web.i18n import error_text
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.queue_routes import own_agency
from pledges.web.officer.reach import entity_for
from pledges.web.officer.rights_forms import AcknowledgeForm, ExtendForm, RecordForm, VerdictForm
from pledges.web.officer.rights_view import line_of, page_of
from pledges.web.rights_copy import copy_answer
from pledges.web.security import may, soft_csrf

DECIDED = "xong"


def request_for(request_id: uuid.UUID, action: Action) -> DataRequest:
    """The request of this id, where this person's agency decides about it."""
    asked = get_request(reader(), current_staff().province_code, request_id)
    if asked is None:
        raise NotFound
    require(current_staff(), action, Place(asked.province_code, asked.agency_code))
    return asked


def _post() -> Post:
    return Post(product().vault, product().settings.public_url)


# --- The list ------------------------------------------------------------------------------------------------------


@blueprint.get("/quyen-du-lieu")
@may(Action.RIGHTS_HANDLE)
def data_requests() -> ResponseReturnValue:
    place, done = own_agency(), request.args.get("muc") == DECIDED
    today, page = local_day(now()), max(1, min(request.args.get("trang", 1, type=int), 100_000))
    found = decided_requests(reader(), *place, page) if done else open_requests(reader(), *place)
    decided = count_decided(reader(), *place)
    tabs = [
        {
            "text": _("Chờ trả lời"),
            "count": count_waiting(reader(), *place, today).open,
            "href": url_for("officer.data_requests"),
            "current": not done,
        },
        {
            "text": _("Đã trả lời"),
            "count": decided,
            "href": url_for("officer.data_requests", muc=DECIDED),
            "current": done,
        },
    ]
    return render_template(
        "officer/data_requests.html",
        agency=get_agency(reader(), *place),
        rows=[line_of(line, today) for line in found],
        withdrawals=[] if done else _withdrawals(place),
        tabs=tabs,
        done=done,
        page=page,
        last=max(1, -(-decided // PAGE_SIZE)),
        address=lambda number: url_for("officer.data_requests", muc=DECIDED, trang=number),
    )


def _withdrawals(place: tuple[str, str]) -> list[dict[str, Any]]:
    today = local_day(now())
    return [
        {
            "reference": pledge.reference,
            "href": url_for("officer.file", reference=pledge.reference),
            "withdrawn": withdrawal.withdrawn_at,
            "answer_by": withdrawal.answer_by,
            "late": withdrawal.answer_by is not None and withdrawal.answer_by < today,
        }
        for withdrawal, pledge in withdrawals_waiting(reader(), *place)
    ]


# --- Writing down what came in person or by letter -----------------------------------------------------------------


@blueprint.route("/quyen-du-lieu/moi", methods=["GET", "POST"])
@may(Action.RIGHTS_HANDLE)
@soft_csrf
def new_data_request() -> ResponseReturnValue:
    form = RecordForm()
    given = form.entity.data or request.args.get("doi-tuong", "")
    entity = _entity(given)
    if entity is not None:
        form.entity.data = str(entity.id)
        form.reference.required = False
    if request.method == "GET":
        form.received_on.data = local_day(now())
        form.reference.data = request.args.get("ho-so", "")
    if form.validate_on_submit():
        try:
            return _recorded(form, entity)
        except AskedAlready as refusal:
            flash(error_text(refusal), "warning")
            return redirect(url_for("officer.data_request", request_id=refusal.request.id), 303)
        except DomainError as refusal:
            form.refuse(refusal)
    page = render_template("officer/data_request_new.html", form=form, entity=entity)
    return page, 400 if form.problems or form.stale else 200


def _entity(typed: str) -> Entity | None:
    try:
        return entity_for(uuid.UUID(typed), Action.ENTITY_CONTACTS) if typed else None
    except ValueError:
        return None


def _recorded(form: RecordForm, entity: Entity | None) -> ResponseReturnValue:
    staff, at, kind = current_staff(), now(), form.kind.data
    pledge = _named(form)
    if kind in set(Withdrawn):
        if pledge is None:
            raise DomainError(_("Hãy nhập mã hồ sơ của bản cam kết có sự đồng ý cần rút."), field="reference")
        return _withdrawn(pledge, Withdrawn(kind), identified=form.identified.data)
    received = Received(
        RequestKind(kind),
        Way(form.way.data),
        form.received_on.data,
        form.details.data or "",
        reply_to=form.reply_to.data or "",
        identified=form.identified.data,
    )

    def work(session: Session) -> DataRequest:
        about = entity if pledge is None else session.get_one(Entity, (pledge.province_code, pledge.entity_id))
        assert about is not None  # noqa: S101 - the form demands one of the two
        return record_request(session, about, received, pledge=pledge, staff=staff, now=at, post=_post())

    asked = write(work)
    flash(_("Đã ghi nhận yêu cầu %(number)s.", number=asked.number), "success")
    return redirect(url_for("officer.data_request", request_id=asked.id), 303)


def _named(form: RecordForm) -> Pledge | None:
    """The pledge that was named, if this agency has received it; others are told where to go."""
    if not form.reference.data:
        return None
    pledge = pledge_by_reference(reader(), form.reference.data)
    place = own_agency()
    if pledge is None or pledge.province_code != place[0]:
        raise DomainError(_("Không tìm thấy hồ sơ này. Hãy xem lại từng chữ của mã hồ sơ."), field="reference")
    if pledge.agency_code != place[1]:
        other = get_agency(reader(), pledge.province_code, pledge.agency_code).name
        raise DomainError(
            _("Hồ sơ này do %(agency)s tiếp nhận. Hãy hướng dẫn người yêu cầu đến cơ quan đó.", agency=other),
            field="reference",
        )
    return pledge


def _withdrawn(pledge: Pledge, which: Withdrawn, *, identified: bool) -> ResponseReturnValue:
    staff, at, settings = current_staff(), now(), product().settings
    done = write(
        lambda session: record_withdrawal(
            session,
            pledge,
            which,
            identified=identified,
            staff=staff,
            now=at,
            post=_post(),
            administrator_email=settings.administrator_email,
        )
    )
    if not done:
        flash(_("Không còn gì để rút: bản này không công khai, hoặc sự đồng ý đã được rút trước đó."), "warning")
    elif which is Withdrawn.PUBLICATION:
        flash(_("Bản cam kết %(reference)s không còn được công khai.", reference=pledge.reference), "success")
    else:
        flash(_("Đã ghi nhận: sự đồng ý xử lý dữ liệu được rút. Người quản trị trả lời người ký."), "success")
    return redirect(url_for("officer.data_requests"), 303)


# --- One request ---------------------------------------------------------------------------------------------------


@blueprint.get("/quyen-du-lieu/<uuid:request_id>")
@may(Action.RIGHTS_HANDLE)
def data_request(request_id: uuid.UUID) -> ResponseReturnValue:
    return page_of(request_for(request_id, Action.RIGHTS_HANDLE))


@blueprint.post("/quyen-du-lieu/<uuid:request_id>/xac-nhan")
@may(Action.RIGHTS_HANDLE)
@soft_csrf
def acknowledge_request(request_id: uuid.UUID) -> ResponseReturnValue:
    asked, form = request_for(request_id, Action.RIGHTS_HANDLE), AcknowledgeForm()
    staff, at, key = current_staff(), now(), (asked.province_code, asked.id)
    seen = form.seen.data

    def work(session: Session) -> object:
        return operations.acknowledge(session, key, seen=seen, staff=staff, now=at, post=_post())

    return _done(asked, form, work, _("Đã ghi: người yêu cầu đã được xác nhận."))


@blueprint.post("/quyen-du-lieu/<uuid:request_id>/gia-han")
@may(Action.RIGHTS_HANDLE)
@soft_csrf
def extend_request(request_id: uuid.UUID) -> ResponseReturnValue:
    asked, form = request_for(request_id, Action.RIGHTS_HANDLE), ExtendForm()
    staff, at, key = current_staff(), now(), (asked.province_code, asked.id)
    seen, because = form.seen.data, form.because.data

    def work(session: Session) -> object:
        return operations.extend(session, key, because, seen=seen, staff=staff, now=at, post=_post())

    return _done(asked, form, work, _("Đã gia hạn và báo cho người yêu cầu."))


@blueprint.post("/quyen-du-lieu/<uuid:request_id>/quyet-dinh")
@may(Action.RIGHTS_DECIDE)
@soft_csrf
def decide_request(request_id: uuid.UUID) -> ResponseReturnValue:
    """Answer, and do what is granted; the files of what was erased leave the storage after the rows."""
    asked, form = request_for(request_id, Action.RIGHTS_DECIDE), VerdictForm()
    staff, at, key, seen = current_staff(), now(), (asked.province_code, asked.id), form.seen.data
    files: list[str] = []

    def work(session: Session) -> object:
        verdict = Verdict(
            Outcome(form.outcome.data), form.answer.data, ground=form.ground.data or "", contacts=form.contacts.data
        )
        decided, erased = operations.decide(session, key, verdict, seen=seen, staff=staff, now=at, post=_post())
        files[:] = erased.files if erased is not None else ()
        return decided

    answer = _done(asked, form, work, _("Đã trả lời yêu cầu %(number)s.", number=asked.number))
    if files:
        forget_files(product().database, product().storage, files)
    return answer


@blueprint.post("/quyen-du-lieu/<uuid:request_id>/thoi-han-che")
@may(Action.RIGHTS_HANDLE)
@soft_csrf
def lift_restriction(request_id: uuid.UUID) -> ResponseReturnValue:
    asked, form = request_for(request_id, Action.RIGHTS_HANDLE), PageForm()
    staff, at, key = current_staff(), now(), (asked.province_code, asked.id)
    work = lambda session: operations.lift_restriction(session, key, staff=staff, now=at)  # noqa: E731
    return _done(asked, form, work, _("Đã thôi hạn chế xử lý dữ liệu."))


@blueprint.post("/quyen-du-lieu/<uuid:request_id>/ban-sao")
@may(Action.RIGHTS_HANDLE)
@soft_csrf
def hand_over_copy(request_id: uuid.UUID) -> ResponseReturnValue:
    """The copy that was granted, to be handed to a person who has no mail."""
    asked = request_for(request_id, Action.RIGHTS_HANDLE)
    if not PageForm().validate_on_submit() or not gives_copy(asked):
        return redirect(url_for("officer.data_request", request_id=asked.id), 303)
    if not copy_is_of_whom_it_was(reader(), asked):
        flash(_("Sau quyết định này đối tượng đã được gộp với đối tượng khác. Hãy ghi nhận yêu cầu mới."), "warning")
        return redirect(url_for("officer.data_request", request_id=asked.id), 303)
    return copy_answer(asked, actor_of(current_staff()))


def _done(asked: DataRequest, form: PageForm, work: Any, said: str) -> ResponseReturnValue:
    """One step: the page again with what was typed and what is wrong, or the page as it is afterwards."""
    if not form.validate_on_submit():
        return page_of(asked, sent=form), 400
    try:
        write(work)
    except Conflict as refusal:
        flash(error_text(refusal), "warning")
        return redirect(url_for("officer.data_request", request_id=asked.id), 303)
    except DomainError as refusal:
        form.refuse(refusal)
        return page_of(asked, sent=form), refusal.status
    flash(said, "success")
    return redirect(url_for("officer.data_request", request_id=asked.id), 303)
