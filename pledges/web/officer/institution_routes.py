"""Institutions of one's own agency: `/can-bo/don-vi`."""

from __future__ import annotations

import tempfile
import uuid
from typing import Any

from flask import redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from pledges.accounts.permissions import Action, Place
from pledges.core.errors import DomainError, NotFound
from pledges.core.tokens import Tokens
from pledges.institutions import operations
from pledges.institutions.dossier import write_dossier
from pledges.institutions.models import Institution, InstitutionMember
from pledges.institutions.queries import get_institution, institutions_of, matched_of, members_of
from pledges.institutions.registering import register_members, waiting_members
from pledges.institutions.rules import Matched
from pledges.signing.models import Pledge, PledgeState
from pledges.web.components import PageForm
from pledges.web.current import now, product, reader, write
from pledges.web.institution_words import join_address, member_rows, qr_svg
from pledges.web.officer.authentication import current_actor, current_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.institution_forms import InstitutionForm
from pledges.web.officer.queue_routes import own_agency
from pledges.web.officer.queue_view import FILES
from pledges.web.officer.reach import reaches
from pledges.web.officer.words import state_label
from pledges.web.security import may, soft_csrf


def institution_for(institution_id: uuid.UUID) -> Institution:
    found = get_institution(reader(), current_staff().province_code, institution_id)
    if found is None or not reaches(Action.INSTITUTION_MANAGE, Place(found.province_code, found.agency_code)):
        raise NotFound
    return found


def _of(session: Any, found: Institution) -> Institution:
    """The same row in a writing session."""
    kept: Institution = session.get_one(Institution, (found.province_code, found.id))
    return kept


def _sending() -> dict[str, Any]:
    settings = product().settings
    return {
        "staff": current_staff(),
        "now": now(),
        "vault": product().vault,
        "tokens": Tokens(settings.secret_key),
        "public_url": settings.public_url,
    }


@blueprint.get("/don-vi")
@may(Action.INSTITUTION_MANAGE)
def institutions() -> ResponseReturnValue:
    found = institutions_of(reader(), *own_agency())
    return render_template(
        "officer/institutions.html",
        current=[one for one in found if one.institution.closed_at is None],
        closed=[one for one in found if one.institution.closed_at is not None],
    )


@blueprint.route("/don-vi/moi", methods=["GET", "POST"])
@may(Action.INSTITUTION_MANAGE)
@soft_csrf
def new_institution() -> ResponseReturnValue:
    form = _form()
    if form.validate_on_submit():
        try:
            added = write(lambda session: operations.add_institution(session, form.new(), **_sending()))
            return redirect(url_for("officer.institution", institution_id=added.id, xong="them"), 303)
        except DomainError as refusal:
            form.refuse(refusal)
    return render_template("officer/institution_form.html", form=form, institution=None)


def _form() -> InstitutionForm:
    form = InstitutionForm()
    province_code, agency_code = own_agency()
    form.fit(province_code, operations.subject_types_for(reader(), province_code, agency_code))
    return form


@blueprint.get("/don-vi/<uuid:institution_id>")
@may(Action.INSTITUTION_MANAGE)
def institution(institution_id: uuid.UUID) -> ResponseReturnValue:
    return _page(institution_for(institution_id))


def _page(found: Institution, form: PageForm | None = None, status: int = 200) -> ResponseReturnValue:
    members = members_of(reader(), found)
    matched = matched_of(reader(), found, members)
    address = join_address(found)
    page = render_template(
        "officer/institution.html",
        institution=found,
        form=form,
        rows=member_rows(members, matched, staff=True),
        unmatched=[member for place, member in enumerate(members) if place not in matched.signed],
        strangers=[(pledge, state_label(pledge)) for pledge in matched.strangers],
        signed=len(matched.signed),
        in_force=sum(1 for pledge in matched.signed.values() if pledge.state is PledgeState.APPROVED),
        waiting=_waiting(matched),
        files_name=FILES,
        to_register=len(waiting_members(members)),
        join_address=address,
        qr=qr_svg(address),
        done=request.args.get("xong", ""),
        count=request.args.get("so", type=int),
    )
    return page, status


def _waiting(matched: Matched) -> list[Pledge]:
    """The files that an officer can recommend together, as many as one page of the queue holds."""
    found = (*matched.signed.values(), *matched.strangers)
    return [pledge for pledge in found if pledge.state is PledgeState.SUBMITTED and pledge.document_id][:100]


@blueprint.route("/don-vi/<uuid:institution_id>/sua", methods=["GET", "POST"])
@may(Action.INSTITUTION_MANAGE)
@soft_csrf
def change_institution(institution_id: uuid.UUID) -> ResponseReturnValue:
    found = institution_for(institution_id)
    form = _form()
    if request.method == "GET":
        form.show(found)
    elif form.validate_on_submit():
        sending = _sending()

        def change(session: Any) -> None:
            kept = _of(session, found)
            if operations.change_institution(session, kept, form.new(), staff=sending["staff"], now=sending["now"]):
                operations.send_focal_link(session, kept, **sending)

        try:
            write(change)
            return redirect(url_for("officer.institution", institution_id=found.id, xong="sua"), 303)
        except DomainError as refusal:
            form.refuse(refusal)
    return render_template("officer/institution_form.html", form=form, institution=found)


@blueprint.post("/don-vi/<uuid:institution_id>/gui-lien-ket")
@may(Action.INSTITUTION_MANAGE)
def send_institution_link(institution_id: uuid.UUID) -> ResponseReturnValue:
    found, sending = institution_for(institution_id), _sending()
    return _do(found, lambda session: operations.send_focal_link(session, _of(session, found), **sending), "gui")


@blueprint.post("/don-vi/<uuid:institution_id>/dong")
@may(Action.INSTITUTION_MANAGE)
def close_institution(institution_id: uuid.UUID) -> ResponseReturnValue:
    found, staff, at = institution_for(institution_id), current_staff(), now()
    close = operations.close_institution
    return _do(found, lambda session: close(session, _of(session, found), staff=staff, now=at), "dong")


@blueprint.post("/don-vi/<uuid:institution_id>/mo-lai")
@may(Action.INSTITUTION_MANAGE)
def reopen_institution(institution_id: uuid.UUID) -> ResponseReturnValue:
    found, staff, at = institution_for(institution_id), current_staff(), now()
    reopen = operations.reopen_institution
    return _do(found, lambda session: reopen(session, _of(session, found), staff=staff, now=at), "mo")


@blueprint.post("/don-vi/<uuid:institution_id>/dua-vao-danh-sach")
@may(Action.INSTITUTION_MANAGE)
def register_institution(institution_id: uuid.UUID) -> ResponseReturnValue:
    """Confirm the list: who stands on it is somebody who should sign."""
    found, actor, staff, at, vault = (
        institution_for(institution_id),
        current_actor(),
        current_staff(),
        now(),
        product().vault,
    )
    try:
        number = write(
            lambda session: register_members(
                session, _of(session, found), actor=actor, staff_id=staff.id, now=at, vault=vault
            )
        )
    except DomainError as refusal:
        return _refused(found, refusal)
    return redirect(url_for("officer.institution", institution_id=found.id, xong="ghi", so=number), 303)


@blueprint.post("/don-vi/<uuid:institution_id>/gan")
@may(Action.INSTITUTION_MANAGE)
def match_member(institution_id: uuid.UUID) -> ResponseReturnValue:
    """Say which person of the list a pledge is of, where the names don't tell."""
    found = institution_for(institution_id)
    actor, at = current_actor(), now()

    def match(session: Any) -> None:
        member = session.get(InstitutionMember, (found.province_code, _id("member")))
        pledge = session.get(Pledge, (found.province_code, _id("pledge")))
        if member is None or pledge is None or pledge.institution_id != found.id:
            raise DomainError(operations.CHOOSE_MEMBER)
        operations.match_member(session, _of(session, found), member, pledge, actor=actor, now=at)

    return _do(found, match, "gan")


def _id(name: str) -> uuid.UUID:
    try:
        return uuid.UUID(request.form.get(name, ""))
    except ValueError:
        return uuid.UUID(int=0)


def _do(found: Institution, work: Any, done: str) -> ResponseReturnValue:
    try:
        write(work)
    except DomainError as refusal:
        return _refused(found, refusal)
    return redirect(url_for("officer.institution", institution_id=found.id, xong=done), 303)


def _refused(found: Institution, refusal: DomainError) -> ResponseReturnValue:
    form = PageForm(formdata=None)
    form.refuse(refusal)
    return _page(institution_for(found.id), form, 400)


@blueprint.get("/don-vi/<uuid:institution_id>/ho-so.zip")
@may(Action.INSTITUTION_MANAGE)
def institution_dossier(institution_id: uuid.UUID) -> ResponseReturnValue:
    found = institution_for(institution_id)
    target = tempfile.TemporaryFile(dir=product().settings.var)  # noqa: SIM115 - the answer closes it
    write_dossier(reader(), found, product().storage, target)
    target.seek(0)
    return send_file(
        target, mimetype="application/zip", as_attachment=True, download_name=f"ho-so-don-vi-{found.join_code}.zip"
    )
