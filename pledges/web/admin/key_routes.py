"""Keys and certificates, since when and until when: `/quan-tri/khoa`. None of them can be seen or changed here."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from pledges.accounts.permissions import Action
from pledges.web.admin.blueprint import blueprint
from pledges.web.key_view import SOON, agency_lines, api_lines, codes_within, seal_line
from pledges.web.officer.authentication import current_staff
from pledges.web.security import may


@blueprint.get("/khoa")
@may(Action.PROVINCE_SET_UP)
def keys() -> ResponseReturnValue:
    codes = codes_within(current_staff())
    return render_template(
        "admin/keys.html",
        seal=seal_line(),
        agencies=agency_lines(codes),
        programs=api_lines(codes),
        soon=SOON,
    )
