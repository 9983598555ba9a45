"""Decisions against those who have pledged: `/can-bo/vi-pham`."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.accounts.permissions import Action, Place
from pledges.core.errors import NotFound
from pledges.plans.queries import get_agency
from pledges.registry.models import Entity
from pledges.registry.queries import channels_of
from pledges.registry.search_queries import is_personal
from pledges.review.violation_models import Violation
from pledges.review.violation_queries import ViolationFilter, violation_page
from pledges.review.violations import correct_violation, record_violation, take_back_violation
from pledges.web.components import PageForm
from pledges.web.current import now, reader
from pledges.web.i18n import number_text
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.entity_pages import Refused, Words, attempt
from pledges.web.officer.entity_search import picked
from pledges.web.officer.reach import entity_for, has_right, reaches, scope_of
from pledges.web.officer.violation_forms import (
    CorrectViolationForm,
    TakeBackForm,
    ViolationFilterForm,
    ViolationForm,
    as_said,
)
from pledges.web.officer.violation_view import chips_of, record_page, table_rows, violations_url
from pledges.web.security import may, soft_csrf


def violation_for(violation_id: uuid.UUID, action: Action = Action.VIOLATION_VIEW) -> Violation:
    violation = reader().get(Violation, (current_staff().province_code, violation_id))
    if violation is None or not reaches(action, Place(violation.province_code, violation.agency_code)):
        raise NotFound
    return violation


@blueprint.get("/vi-pham")
@may(Action.VIOLATION_VIEW)
def violations() -> ResponseReturnValue:
    scope = scope_of(Action.VIOLATION_VIEW)
    agency = get_agency(reader(), scope.province_code, scope.agency_code or "")
    # A number of a person has no business in an address: nothing is looked up by it.
    personal = is_personal(request.args.get("tim", ""))
    form = ViolationFilterForm(formdata=request.args)
    if personal:
        form.tim.raw = form.tim.data = ""
    wanted = form.wanted()
    found = violation_page(reader(), scope.province_code, agency.code, wanted, page=_page())
    page = render_template(
        "officer/violations.html",
        agency=agency,
        form=form,
        found=found,
        rows=table_rows(found),
        fines=number_text(found.fines),
        chips=chips_of(wanted),
        clear=violations_url(ViolationFilter()),
        address=lambda number: violations_url(wanted, trang=number),
        personal=personal,
        records=has_right(Action.VIOLATION_RECORD),
    )
    return page, 400 if form.problems else 200


def _page() -> int:
    typed = request.args.get("trang", "")
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 9 else 1


@blueprint.route("/vi-pham/moi", methods=["GET", "POST"])
@may(Action.VIOLATION_RECORD)
@soft_csrf
def new_violation() -> ResponseReturnValue:
    """The subject stands in the address behind the question mark: any one of the province may have been punished."""
    entity = picked(request.args.get("doi-tuong", ""))
    if entity is None:
        raise NotFound
    entity = entity_for(entity.id)
    form = ViolationForm()
    _suggest(form, entity)
    refused = None
    if form.validate_on_submit():
        key, said, staff, at = (entity.province_code, entity.id), form.said(), current_staff(), now()
        made: list[Violation] = []
        refused = attempt(
            form,
            lambda session: made.append(record_violation(session, key, said, staff=staff, now=at)),
        )
        if refused is None:
            flash(_("Đã ghi nhận quyết định số %(number)s.", number=made[-1].decision_number), "success")
            return redirect(url_for("officer.violation", violation_id=made[-1].id), 303)
    words = Words(
        _("Ghi nhận vi phạm"),
        _("Ghi nhận"),
        lead=_("Ghi quyết định xử lý đã có hiệu lực. Cơ quan khác chỉ thấy số, ngày, lĩnh vực và nơi ra quyết định."),
    )
    return _form_page(entity, form, words, refused, url_for("officer.entity", entity_id=entity.id))


@blueprint.get("/vi-pham/<uuid:violation_id>")
@may(Action.VIOLATION_VIEW)
def violation(violation_id: uuid.UUID) -> ResponseReturnValue:
    return record_page(violation_for(violation_id))


@blueprint.route("/vi-pham/<uuid:violation_id>/sua", methods=["GET", "POST"])
@may(Action.VIOLATION_RECORD)
@soft_csrf
def correct_one_violation(violation_id: uuid.UUID) -> ResponseReturnValue:
    record = violation_for(violation_id, Action.VIOLATION_RECORD)
    if record.ended_at is not None:
        return _too_late(record)
    entity = reader().get_one(Entity, (record.province_code, record.entity_id))
    form = CorrectViolationForm(data=as_said(record))
    _suggest(form, entity)
    refused = None
    if form.validate_on_submit():
        key, said, reason, staff, at = _key(record), form.said(), form.reason.data, current_staff(), now()
        made: list[Violation] = []
        refused = attempt(
            form,
            lambda session: made.append(
                correct_violation(session, key, said, reason=reason, staff=staff, now=at),
            ),
        )
        if refused is None:
            flash(_("Đã sửa ghi nhận; bản cũ vẫn được giữ."), "success")
            return redirect(url_for("officer.violation", violation_id=made[-1].id), 303)
    words = Words(_("Sửa ghi nhận vi phạm"), _("Lưu bản đã sửa"))
    return _form_page(entity, form, words, refused, url_for("officer.violation", violation_id=record.id))


@blueprint.route("/vi-pham/<uuid:violation_id>/rut", methods=["GET", "POST"])
@may(Action.VIOLATION_RECORD)
@soft_csrf
def take_back_one_violation(violation_id: uuid.UUID) -> ResponseReturnValue:
    record = violation_for(violation_id, Action.VIOLATION_RECORD)
    if record.ended_at is not None:
        return _too_late(record)
    entity = reader().get_one(Entity, (record.province_code, record.entity_id))
    form = TakeBackForm()
    refused = None
    if form.validate_on_submit():
        key, reason, staff, at = _key(record), form.reason.data, current_staff(), now()
        refused = attempt(form, lambda session: take_back_violation(session, key, reason=reason, staff=staff, now=at))
        if refused is None:
            flash(_("Đã rút lại ghi nhận; bản ghi không còn tính vào báo cáo nào."), "success")
            return redirect(url_for("officer.violation", violation_id=record.id), 303)
    words = Words(
        _("Rút lại ghi nhận"),
        _("Rút lại ghi nhận"),
        lead=_("Quyết định số %(number)s sẽ không còn tính vào báo cáo nào.", number=record.decision_number),
        kind="warning",
    )
    return _form_page(entity, form, words, refused, url_for("officer.violation", violation_id=record.id))


def _key(record: Violation) -> tuple[str, uuid.UUID]:
    return record.province_code, record.id


def _too_late(record: Violation) -> ResponseReturnValue:
    message = _("Bản ghi này đã được sửa hoặc rút lại, nên không đổi được nữa.")
    return record_page(record, conflict=message, status=409)


def _suggest(form: ViolationForm, entity: Entity) -> None:
    """Names that are often meant, so that nobody has to type them."""
    form.channel.suggestions = tuple(channel.address for channel in channels_of(reader(), entity))
    staff = current_staff()
    form.decided_by.suggestions = (get_agency(reader(), staff.province_code, staff.agency_code or "").name,)


def _form_page(entity: Entity, form: PageForm, words: Words, refused: Refused | None, back: str) -> ResponseReturnValue:
    wrong = request.method == "POST" and (refused is not None or bool(form.problems) or form.stale)
    shown: dict[str, Any] = {"entity": entity, "form": form, "words": words, "refused": refused, "back": back}
    page = render_template("officer/entity_change.html", **shown)
    return page, (refused.status if refused is not None else 400) if wrong else 200
