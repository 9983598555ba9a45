"""Administration of people: `/quan-tri/can-bo`."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from pledges.accounts import administration
from pledges.accounts.administration import Inviting
from pledges.accounts.factors import factors_of, recovery_codes_left
from pledges.accounts.models import Staff
from pledges.accounts.permissions import Action, Place, Reach, require
from pledges.accounts.queries import get_staff, living_link_until, sessions_of, staff_page
from pledges.audit.operations import WHOLE_SYSTEM
from pledges.core.calendar import local_day
from pledges.core.errors import DomainError, NotFound
from pledges.core.tokens import Tokens
from pledges.duties.unit_queries import living_units
from pledges.plans.models import Province, ReportingUnit, UnitKind
from pledges.plans.queries import agencies_of, provinces_in_use
from pledges.web.admin.blueprint import blueprint
from pledges.web.admin.staff_forms import NewStaffForm, PostForm, as_typed
from pledges.web.admin.staff_words import StaffWords
from pledges.web.current import now, product, reader, write
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.reach import scope_of
from pledges.web.security import may, soft_csrf

PAGE_SIZE = 50
DONE = frozenset({"moi", "luu", "lien-ket", "khoa", "mo-lai", "phien", "xac-thuc"})
"""What may stand in the address after something was done, for the banner that says so."""

manages_staff = may(Action.STAFF_MANAGE)


# --- Within reach --------------------------------------------------------------------------------------------------


def _province(code: str) -> Province | None:
    """The province of an address, None for the whole system; out of reach it looks like one that does not exist."""
    province = reader().get(Province, code)
    if code != WHOLE_SYSTEM and (province is None or not province.in_use):
        raise NotFound
    require(current_staff(), Action.STAFF_MANAGE, Place(code))
    return province


def _person(code: str, staff_id: uuid.UUID) -> Staff:
    found = get_staff(reader(), code, staff_id)
    if found is None:
        raise NotFound
    require(current_staff(), Action.STAFF_MANAGE, Place(code))
    return found


def inviting() -> Inviting:
    settings = product().settings
    return Inviting(Tokens(settings.secret_key), product().vault, settings.public_url)


def other_units(code: str) -> list[ReportingUnit]:
    """The reporting units that people are added to by name; officers of communes choose their commune."""
    return [unit for unit in living_units(reader(), code, local_day(now())) if unit.kind is not UnitKind.COMMUNE]


def _again(session: Session, staff: Staff) -> Staff:
    """The same person in the session that writes."""
    return session.get_one(Staff, (staff.province_code, staff.id))


def _to_person(staff: Staff, done: str) -> ResponseReturnValue:
    address = url_for("admin.person", code=staff.province_code, staff_id=staff.id, xong=done)
    return redirect(address, 303)


# --- The list ------------------------------------------------------------------------------------------------------


@blueprint.get("/can-bo")
@manages_staff
def people() -> ResponseReturnValue:
    everywhere = scope_of(Action.STAFF_MANAGE).reach is Reach.WHOLE_SYSTEM
    chosen = request.args.get("tinh", "") if everywhere else current_staff().province_code
    provinces = provinces_in_use(reader()) if everywhere else []
    if chosen and everywhere:
        _province(chosen)
    page = max(1, request.args.get("trang", 1, type=int))
    rows, count = staff_page(reader(), chosen or None, page=page, size=PAGE_SIZE)
    last = max(1, -(-count // PAGE_SIZE))
    return render_template(
        "admin/people.html",
        people=rows,
        words=StaffWords(reader(), rows),
        provinces=provinces,
        everywhere=everywhere,
        chosen=chosen,
        page=min(page, last),
        last=last,
        count=count,
        pages=lambda number: url_for("admin.people", tinh=chosen or None, trang=number),
    )


# --- Adding --------------------------------------------------------------------------------------------------------


@blueprint.get("/can-bo/them")
@manages_staff
def choose_province() -> ResponseReturnValue:
    if scope_of(Action.STAFF_MANAGE).reach is not Reach.WHOLE_SYSTEM:
        return redirect(url_for("admin.add_person", code=current_staff().province_code))
    return render_template("admin/choose_province.html", provinces=provinces_in_use(reader()), whole=WHOLE_SYSTEM)


@blueprint.route("/can-bo/them/<code>", methods=["GET", "POST"])
@manages_staff
@soft_csrf
def add_person(code: str) -> ResponseReturnValue:
    province = _province(code)
    form = NewStaffForm()
    form.fit(code, agencies_of(reader(), code), other_units(code))
    if form.validate_on_submit():
        new, me, sending = form.new_staff(code), current_staff(), inviting()
        try:
            added = write(
                lambda session: administration.invite(session, new, by=_again(session, me), inviting=sending, now=now())
            )
            return _to_person(added, "moi")
        except DomainError as refusal:
            form.refuse(refusal)
    return render_template("admin/add_person.html", form=form, province=province)


# --- One person ----------------------------------------------------------------------------------------------------


@blueprint.get("/can-bo/<code>/<uuid:staff_id>")
@manages_staff
def person(code: str, staff_id: uuid.UUID) -> ResponseReturnValue:
    found = _person(code, staff_id)
    done = request.args.get("xong", "")
    return render_template(
        "admin/person.html",
        person=found,
        words=StaffWords(reader(), [found]),
        link_until=living_link_until(reader(), found, now()),
        sessions=len(sessions_of(reader(), found, now())),
        factors=factors_of(reader(), found),
        codes_left=recovery_codes_left(reader(), found),
        oneself=found.id == current_staff().id,
        done=done if done in DONE else "",
    )


@blueprint.route("/can-bo/<code>/<uuid:staff_id>/sua", methods=["GET", "POST"])
@manages_staff
@soft_csrf
def change_person(code: str, staff_id: uuid.UUID) -> ResponseReturnValue:
    found = _person(code, staff_id)
    form = PostForm(data=as_typed(found))
    form.fit(code, agencies_of(reader(), code), other_units(code))
    if form.validate_on_submit():
        post, me = form.post(), current_staff()
        try:
            write(
                lambda session: administration.change_post(
                    session, _again(session, found), post, by=_again(session, me), now=now()
                )
            )
            return _to_person(found, "luu")
        except DomainError as refusal:
            form.refuse(refusal)
    return render_template("admin/change_person.html", form=form, person=found)


def _do(code: str, staff_id: uuid.UUID, done: str, act: Callable[[Session, Staff, Staff], None]) -> ResponseReturnValue:
    """Do one thing to a person and come back to their page, which says so."""
    found, me = _person(code, staff_id), current_staff()
    write(lambda session: act(session, _again(session, found), _again(session, me)))
    return _to_person(found, done)


@blueprint.post("/can-bo/<code>/<uuid:staff_id>/lien-ket")
@manages_staff
def send_link(code: str, staff_id: uuid.UUID) -> ResponseReturnValue:
    sending = inviting()
    return _do(
        code,
        staff_id,
        "lien-ket",
        lambda session, staff, me: administration.send_new_link(session, staff, by=me, inviting=sending, now=now()),
    )


@blueprint.post("/can-bo/<code>/<uuid:staff_id>/dat-lai-xac-thuc")
@manages_staff
def reset_factors(code: str, staff_id: uuid.UUID) -> ResponseReturnValue:
    vault = product().vault
    return _do(
        code,
        staff_id,
        "xac-thuc",
        lambda session, staff, me: administration.reset_factors(session, staff, by=me, vault=vault, now=now()),
    )


@blueprint.post("/can-bo/<code>/<uuid:staff_id>/khoa")
@manages_staff
def disable_person(code: str, staff_id: uuid.UUID) -> ResponseReturnValue:
    return _do(
        code, staff_id, "khoa", lambda session, staff, me: administration.disable(session, staff, by=me, now=now())
    )


@blueprint.post("/can-bo/<code>/<uuid:staff_id>/mo-lai")
@manages_staff
def enable_person(code: str, staff_id: uuid.UUID) -> ResponseReturnValue:
    return _do(
        code, staff_id, "mo-lai", lambda session, staff, me: administration.enable(session, staff, by=me, now=now())
    )


@blueprint.post("/can-bo/<code>/<uuid:staff_id>/ket-thuc-phien")
@manages_staff
def end_sessions(code: str, staff_id: uuid.UUID) -> ResponseReturnValue:
    return _do(
        code,
        staff_id,
        "phien",
        lambda session, staff, me: administration.sign_out_everywhere(session, staff, by=me, now=now()),
    )
