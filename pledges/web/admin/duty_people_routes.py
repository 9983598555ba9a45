"""Inviting many people of reporting units at once: `/quan-tri/<province>/bao-cao/moi`."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.core.calendar import local_day
from pledges.core.errors import DomainError
from pledges.duties import units as operations
from pledges.duties.pasted_lines import PersonLine, read_people
from pledges.duties.unit_queries import StaffedUnit
from pledges.web.admin.blueprint import blueprint
from pledges.web.admin.duty_routes import manages_duties, me, province_for
from pledges.web.admin.duty_unit_forms import InviteForm
from pledges.web.admin.duty_unit_routes import ADD, acts, all_staffed, leave_open, shown, stays
from pledges.web.admin.staff_routes import inviting
from pledges.web.current import now, reader, write
from pledges.web.security import soft_csrf

EVERYBODY = "tat-ca"
"""In the address: every unit without anybody."""


@blueprint.route("/<code>/bao-cao/moi", methods=["GET", "POST"])
@manages_duties
@soft_csrf
def invite_people(code: str) -> ResponseReturnValue:
    """Begun with the units that were ticked, one line each; each person gets a link by mail, nobody gets two."""
    province = province_for(code)
    everything = all_staffed(code)
    form = InviteForm(data={"lines": "\n".join(f"{one.unit.name}; ; " for one in _chosen(everything))})
    lines: list[PersonLine] = []
    invited = 0
    if form.validate_on_submit():
        try:
            lines, invited = _act(code, form)
        except DomainError as refusal:
            form.refuse(refusal)
        if invited and not any(stays(line) for line in lines):
            return redirect(url_for("admin.units", code=code, xong="moi", so=invited), 303)
    return render_template(
        "admin/invite_people.html",
        province=province,
        form=form,
        lines=[shown(line, line.unit.name if line.unit else "", _("Sẽ mời")) for line in lines],
        to_mend=sum(1 for line in lines if line.problem),
        ready=sum(line.ready for line in lines),
        invited=invited,
        without=sum(1 for one in everything if not one.reporters),
        everybody=url_for("admin.invite_people", code=code, chon=EVERYBODY),
        fingerprint=form.fingerprint,
        add=ADD,
    )


def _act(code: str, form: InviteForm) -> tuple[list[PersonLine], int]:
    """How the lines are understood, and how many people were invited just now; what is still open stays in the box."""
    text, today, at, invited = form.lines.data, local_day(now()), now(), 0
    if acts(form):
        sending = inviting()
        invited = write(
            lambda session: operations.invite_people(
                session, code, read_people(session, code, text, today), staff=me(session), inviting=sending, now=at
            )
        )
    lines = read_people(reader(), code, text, today)
    return (leave_open(form, lines) if invited else lines), invited


def _chosen(everything: list[StaffedUnit]) -> list[StaffedUnit]:
    wanted = set(request.args.getlist("chon"))
    if EVERYBODY in wanted:
        return [one for one in everything if not one.reporters]
    return [one for one in everything if one.unit.code in wanted]
