"""One's own sessions: staying, seeing where else one is signed in, and ending those. `/can-bo/phien`."""

from __future__ import annotations

import uuid
from urllib.parse import urlsplit

from flask import Response, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.accounts.models import SignInWay
from pledges.accounts.operations import note_seen
from pledges.accounts.permissions import Action
from pledges.accounts.queries import sessions_of
from pledges.accounts.sessions import end_others, end_own
from pledges.core.errors import NotFound
from pledges.web.current import now, reader, write
from pledges.web.officer.authentication import current_session, current_staff, safe_next, session_ends
from pledges.web.officer.blueprint import blueprint
from pledges.web.security import may


@blueprint.post("/o-lai")
@may(Action.ACCOUNT_OWN)
def stay() -> ResponseReturnValue:
    """The gate has noted that somebody is there; the script of the warning reads how long that lasts."""
    row, at = current_session(), now()
    write(lambda writing: note_seen(writing, row, at))
    if "application/json" in request.headers.get("Accept", ""):
        response: Response = jsonify(session_ends())
        return response
    return redirect(safe_next(urlsplit(request.referrer or "").path), 303)


@blueprint.get("/phien")
@may(Action.ACCOUNT_OWN)
def sessions() -> ResponseReturnValue:
    here = current_session()
    rows = sorted(sessions_of(reader(), current_staff(), now()), key=lambda row: row.id != here.id)
    return render_template(
        "officer/sessions.html", rows=rows, here=here.id, ways=_ways(), done=request.args.get("xong") == "1"
    )


def _ways() -> dict[SignInWay, str]:
    return {
        SignInWay.TOTP: _("Mật khẩu và mã của ứng dụng"),
        SignInWay.PASSKEY: _("Khóa truy cập"),
        SignInWay.RECOVERY_CODE: _("Mật khẩu và mã dự phòng"),
        SignInWay.ENROLMENT: _("Lần đầu thiết lập xác thực"),
        SignInWay.UNKNOWN: "",
    }


@blueprint.post("/phien/ket-thuc")
@may(Action.ACCOUNT_OWN)
def end_one_session() -> ResponseReturnValue:
    try:
        session_id = uuid.UUID(request.form.get("session", ""))
    except ValueError:
        raise NotFound from None
    staff, at = current_staff(), now()
    write(lambda writing: end_own(writing, staff, session_id, now=at))
    return redirect(url_for("officer.sessions", xong=1), 303)


@blueprint.post("/phien/ket-thuc-noi-khac")
@may(Action.ACCOUNT_OWN)
def end_other_sessions() -> ResponseReturnValue:
    staff, keep, at = current_staff(), current_session().id, now()
    write(lambda writing: end_others(writing, staff, keep, because="elsewhere", now=at))
    return redirect(url_for("officer.sessions", xong=1), 303)
