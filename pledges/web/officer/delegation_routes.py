"""Handing over the right to approve: `/can-bo/uy-quyen`, for approvers themselves and for their administrators."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from pledges.accounts.delegation import NewDelegation, delegate, end_delegation, get_delegation, possible_receivers
from pledges.accounts.models import Delegation, Role, Staff
from pledges.accounts.permissions import Action, Place, Reach, require
from pledges.accounts.queries import delegations_of, get_staff, staff_of
from pledges.core.calendar import local_day
from pledges.core.errors import DomainError, NotFound
from pledges.plans.queries import agencies_of
from pledges.web.current import now, reader, write
from pledges.web.fields import Choice
from pledges.web.officer.authentication import current_actor, current_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.delegation_forms import DelegationForm
from pledges.web.officer.reach import scope_of
from pledges.web.security import may, soft_csrf

ENDED = ("past", "ended")


@dataclass(frozen=True)
class Shown:
    """One delegation with the names that stand on the page."""

    id: uuid.UUID
    giver: str
    receiver: str
    agency: str
    title: str
    basis: str
    starts_on: date
    ends_on: date
    state: str
    """`now`, `coming`, `past`, `ended` or `void`: somebody of the two has left, so it has no effect."""


@blueprint.get("/uy-quyen")
@may(Action.DELEGATION_MANAGE)
def delegations() -> ResponseReturnValue:
    own = scope_of(Action.DELEGATION_MANAGE).reach is Reach.SELF
    me = current_staff()
    found = _shown(
        delegations_of(reader(), me.province_code, me.id if own else None), staff_of(reader(), me.province_code)
    )
    return render_template(
        "officer/delegations.html",
        current=sorted(
            (one for one in found if one.state not in ENDED), key=lambda one: (one.state != "now", one.starts_on)
        ),
        past=[one for one in found if one.state in ENDED],
        own=own,
        me=me,
        givers=[] if own else _givers(me.province_code),
        done=request.args.get("xong", ""),
    )


def _givers(province_code: str) -> list[tuple[Staff, str]]:
    """The approvers of a province, each with the name of their agency."""
    agencies = {agency.code: agency.name for agency in agencies_of(reader(), province_code)}
    return [
        (person, agencies.get(person.agency_code or "", ""))
        for person in staff_of(reader(), province_code)
        if person.active and person.role is Role.APPROVER
    ]


def _shown(rows: Sequence[Delegation], people: Sequence[Staff]) -> list[Shown]:
    by_id = {person.id: person for person in people}
    agencies = {agency.code: agency.name for agency in agencies_of(reader(), current_staff().province_code)}
    return [
        Shown(
            id=row.id,
            giver=by_id[row.from_staff_id].name,
            receiver=by_id[row.to_staff_id].name,
            agency=agencies.get(row.agency_code, ""),
            title=row.title,
            basis=row.basis,
            starts_on=row.starts_on,
            ends_on=row.ends_on,
            state=_state(row, by_id[row.from_staff_id], by_id[row.to_staff_id]),
        )
        for row in rows
    ]


def _state(row: Delegation, giver: Staff, receiver: Staff) -> str:
    today = local_day(now())
    if row.ended_at is not None:
        return "ended"
    if row.ends_on < today:
        return "past"
    if not (_holds_post(giver, Role.APPROVER, row) and _holds_post(receiver, Role.OFFICER, row)):
        return "void"
    return "coming" if row.starts_on > today else "now"


def _holds_post(person: Staff, role: Role, row: Delegation) -> bool:
    return person.active and person.role is role and person.agency_code == row.agency_code


@blueprint.route("/uy-quyen/cua/<uuid:giver_id>", methods=["GET", "POST"])
@may(Action.DELEGATION_MANAGE)
@soft_csrf
def new_delegation(giver_id: uuid.UUID) -> ResponseReturnValue:
    giver = _giver(giver_id)
    form = DelegationForm()
    form.to.choices = [Choice(str(person.id), person.name) for person in possible_receivers(reader(), giver)]
    if form.validate_on_submit():
        new = NewDelegation(
            to_staff_id=uuid.UUID(form.to.data),
            title=form.title.data,
            basis=form.basis.data or "",
            starts_on=form.starts_on.data,
            ends_on=form.ends_on.data,
        )
        try:
            write(lambda session: delegate(session, giver, new, actor=current_actor(), now=now()))
            return redirect(url_for("officer.delegations", xong="them"), 303)
        except DomainError as refusal:
            form.refuse(refusal)
    return render_template("officer/delegation.html", form=form, giver=giver, own=giver.id == current_staff().id)


def _giver(giver_id: uuid.UUID) -> Staff:
    """An approver within reach: oneself, or anybody of an administrator's province."""
    me = current_staff()
    giver = get_staff(reader(), me.province_code, giver_id)
    if giver is None or giver.role is not Role.APPROVER or not giver.active:
        raise NotFound
    require(me, Action.DELEGATION_MANAGE, Place(giver.province_code, giver.agency_code, giver.id))
    return giver


@blueprint.post("/uy-quyen/<uuid:delegation_id>/cham-dut")
@may(Action.DELEGATION_MANAGE)
def end_one(delegation_id: uuid.UUID) -> ResponseReturnValue:
    me = current_staff()
    found = get_delegation(reader(), me.province_code, delegation_id)
    if found is None:
        raise NotFound
    require(me, Action.DELEGATION_MANAGE, Place(found.province_code, found.agency_code, found.from_staff_id))
    write(lambda session: end_delegation(session, found, actor=current_actor(), now=now()))
    return redirect(url_for("officer.delegations", xong="cham-dut"), 303)
