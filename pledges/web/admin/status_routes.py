"""The state of the installation for the officer of IT: `/quan-tri/tinh-trang`. Nothing here can be changed."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from pledges.accounts.permissions import Action
from pledges.readiness import check_readiness
from pledges.web.admin.blueprint import blueprint
from pledges.web.admin.status_words import BAD, ORDER, SOON, line_of
from pledges.web.current import now, product
from pledges.web.security import may


@blueprint.get("/tinh-trang")
@may(Action.AUDIT_VIEW)
def status() -> ResponseReturnValue:
    parts = {part.name: part for part in check_readiness(product())}
    lines = [line_of(parts[name]) for name in ORDER if name in parts]
    return render_template(
        "admin/status.html",
        lines=lines,
        bad=[line for line in lines if line.kind == BAD],
        soon=[line for line in lines if line.kind == SOON],
        at=now(),
    )
