"""Who is signed in: Flask-Security bound to our accounts, our server-side sessions and our gate (ADR 0060).

Nobody is signed in without a living row in `staff_session`: Flask-Login's user loader asks that table and nothing else.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar, cast

from flask import Flask, current_app, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login.signals import user_logged_out
from flask_security.core import Security
from flask_security.datastore import FSQLALiteUserDatastore
from flask_security.utils import login_user, logout_user, set_request_attr
from flask_sqlalchemy_lite import SQLAlchemy
from werkzeug.exceptions import Forbidden

from pledges.accounts.delegation import living_delegation
from pledges.accounts.models import Delegation, RoleName, SignInWay, Staff, StaffSession
from pledges.accounts.operations import actor_of, begin_session, end_session, note_seen
from pledges.accounts.permissions import PERMISSIONS, Action, NotPermitted, reach_of
from pledges.accounts.queries import living_session
from pledges.accounts.refusals import Reason
from pledges.accounts.rules import SEEN_EVERY, WARNING_BEFORE
from pledges.accounts.sessions import browser_words, is_fresh, renew, seconds_left
from pledges.audit.operations import Actor
from pledges.core.calendar import local_day
from pledges.web.current import now, product, product_of, write
from pledges.web.degraded import write_if_room
from pledges.web.refusing import note_refusal
from pledges.web.security import UNSAFE_METHODS, set_staff_gate

COOKIE_KEY = "staff"
"""Where the secret of the server-side session stands in the signed cookie."""
KEPT_AT_SIGN_IN = ("language",)
STAFF_PATHS = ("/can-bo", "/quan-tri")
BACKGROUND = "X-Fragment"
"""Header of what a page asks by itself: it keeps no session alive, and takes nobody's cookie away."""

View = TypeVar("View", bound=Callable[..., Any])

# Everything of Flask-Security that is not used is off: no endpoint, no command, no mail, no token, no other hash.
SETTINGS: dict[str, Any] = {
    "SECURITY_CLI_USERS_NAME": None,
    "SECURITY_CLI_ROLES_NAME": None,
    "SECURITY_PASSWORD_HASH": "argon2",
    "SECURITY_PASSWORD_SCHEMES": ["argon2"],
    "SECURITY_PASSWORD_SINGLE_HASH": ["argon2"],
    "SECURITY_PASSWORD_NORMALIZE_FORM": "NFKC",
    "SECURITY_USER_IDENTITY_ATTRIBUTES": [{"email": {"mapper": lambda typed: typed, "case_insensitive": True}}],
    "SECURITY_DEFAULT_REMEMBER_ME": False,
    "SECURITY_LOGIN_URL": "/can-bo/dang-nhap",
    "SECURITY_FLASH_MESSAGES": False,
    "SECURITY_SEND_REGISTER_EMAIL": False,
}


def set_up_authentication(app: Flask) -> None:
    """Bind Flask-Security to the app; its sessions read through our reading engine, so it can change nothing."""
    app.config.update(SETTINGS)
    app.config.setdefault("SECURITY_PASSWORD_SALT", "")
    tables = SQLAlchemy(require_default_engine=False, session_options={"autoflush": False})
    tables.init_app(app)
    _leave_out_asynchronous_teardown(app)
    with app.app_context():
        tables.sessionmaker.configure(bind=product_of(app).database.readers)
    security = Security(app, FSQLALiteUserDatastore(tables, Staff, RoleName), register_blueprint=False)  # type: ignore[arg-type]
    security.login_manager.user_loader(_load_staff)
    # No tokens in headers or addresses: a browser session is the only way in.
    security.login_manager.request_loader(lambda _request: None)
    user_logged_out.connect(_close_session, app)
    app.before_request_funcs.setdefault(None, []).insert(0, _drop_dead_session)
    app.jinja_env.globals["signed_in_staff"] = signed_in_staff
    app.jinja_env.globals["session_ends"] = session_ends
    app.extensions["note_refused_act"] = _note_refused_act
    set_staff_gate(app, _gate)


def _leave_out_asynchronous_teardown(app: Flask) -> None:
    """Flask-SQLAlchemy-Lite also closes asynchronous sessions: there are none, and each request would pay a loop."""
    kept = [function for function in app.teardown_appcontext_funcs if not inspect.iscoroutinefunction(function)]
    app.teardown_appcontext_funcs[:] = kept


# --- Who is here ---------------------------------------------------------------------------------------------------


def signed_in_staff() -> Staff | None:
    """The member of staff of this request, or None."""
    found = _living()
    return found[1] if found else None


def current_staff() -> Staff:
    """The member of staff; for views that the gate has let through."""
    staff = signed_in_staff()
    if staff is None:
        raise Forbidden
    return staff


def current_actor() -> Actor:
    return actor_of(current_staff())


def current_delegation() -> Delegation | None:
    """The living delegation that lets this person approve today."""
    if "staff_delegation" not in g:
        with product().database.read() as reading:
            g.staff_delegation = living_delegation(reading, current_staff(), local_day(now()))
    return cast("Delegation | None", g.staff_delegation)


def acts_by_delegation(action: Action) -> bool:
    """Whether a delegation counts for this action; asked only where it can matter."""
    return PERMISSIONS[action].delegable and current_delegation() is not None


def current_session() -> StaffSession:
    """The session row of this request; for views that the gate has let through."""
    found = _living()
    if found is None:
        raise Forbidden
    return found[0]


def session_ends() -> dict[str, int]:
    """In how many seconds this session ends if nothing more happens, and how long before that people are warned."""
    left = seconds_left(current_session(), now(), seen=cast("datetime | None", g.get("staff_seen_at")))
    return {"left": left, "warning": int(WARNING_BEFORE.total_seconds())}


def _living() -> tuple[StaffSession, Staff] | None:
    if "staff_living" not in g:
        token = session.get(COOKIE_KEY)
        with product().database.read() as reading:
            g.staff_living = living_session(reading, token, now()) if token else None
    return cast("tuple[StaffSession, Staff] | None", g.staff_living)


def _load_staff(uniquifier: str) -> Staff | None:
    staff = signed_in_staff()
    if staff is None or staff.fs_uniquifier != uniquifier:
        return None
    set_request_attr("fs_authn_via", "session")
    set_request_attr("fs_paa", session.get("fs_paa", 0))
    return staff


def _drop_dead_session() -> None:
    """First of all: a cookie whose session has ended is emptied, a living session is noted as used."""
    if COOKIE_KEY not in session and "_user_id" not in session:
        return
    found = _living()
    if found is None or found[1].fs_uniquifier != session.get("_user_id"):
        g.staff_living = None
        g.staff_session_over = True
        # What a page asks in the background may cross with a new cookie on its way: it must not take that one away.
        if BACKGROUND not in request.headers:
            empty_session()
    elif BACKGROUND not in request.headers and now() - found[0].last_seen_at >= SEEN_EVERY:
        write_if_room(lambda writing: note_seen(writing, found[0], now()))
        g.staff_seen_at = now()


# --- Signing in and out --------------------------------------------------------------------------------------------


def sign_in(staff: Staff, way: SignInWay) -> None:
    """Let a person in who has shown all that is asked of them: the password and a second factor, or a passkey.

    Nothing else may call Flask-Security's `login_user`: a session without a second factor must not come to be.
    """
    empty_session()
    at, browser = now(), browser_words(request.user_agent.string)
    token = write(lambda writing: begin_session(writing, staff, at, way=way, browser=browser))
    login_user(staff, remember=False, authn_via=[way.value])
    session[COOKIE_KEY] = token
    g.pop("staff_living", None)


def confirm_session() -> None:
    """Note that the person has shown again that it is them; the session goes on under a new secret."""
    _renew(confirmed=True)


def renew_session() -> None:
    """Go on under a new secret, after something about the account has changed."""
    g.pop("staff_living", None)
    _renew(confirmed=False)


def _renew(*, confirmed: bool) -> None:
    row, at = current_session(), now()
    token = write(lambda writing: renew(writing, row, confirmed=confirmed, now=at))
    if token is None:
        raise Forbidden
    session[COOKIE_KEY] = token
    session["_user_id"] = current_staff().fs_uniquifier
    g.pop("staff_living", None)


def sign_out() -> None:
    logout_user()
    empty_session()


def empty_session() -> None:
    """Forget everything but the language: what another person did in this browser is not handed on."""
    kept = {name: session[name] for name in KEPT_AT_SIGN_IN if name in session}
    session.clear()
    session.update(kept)
    g.pop("csrf_token", None)


def _close_session(_app: Flask, **_: Any) -> None:
    token = session.pop(COOKIE_KEY, None)
    if token:
        write(lambda writing: end_session(writing, token, now()))
    g.staff_living = None


# --- The gate ------------------------------------------------------------------------------------------------------


def recently_confirmed(view: View | None = None, *, when: Callable[[], bool] | None = None) -> Any:
    """Ask for a confirmation before a post to this view, where its action alone does not say so (`Rule.fresh`).

    `when`: only where this answers true, for a view of which only some posts are of that kind.
    """

    def mark(view: View) -> View:
        view.fresh = when or (lambda: True)  # type: ignore[attr-defined]
        return view

    return mark(view) if view is not None else mark


def _gate(action: Action) -> ResponseReturnValue | None:
    staff = signed_in_staff()
    if staff is None:
        if request.method == "POST" and g.get("staff_session_over") and (kept := kept_fields()):
            return render_template("officer/session_over.html", kept=kept, here=request.full_path.rstrip("?")), 403
        # After a post the form cannot be repeated, so the person comes back to the page that showed it.
        wanted = request.full_path.rstrip("?") if request.method in {"GET", "HEAD"} else request.path
        return redirect(url_for("officer.sign_in_page", next=wanted), 303)
    if reach_of(staff, action, delegated=acts_by_delegation(action)) is None:
        raise NotPermitted
    if request.method in UNSAFE_METHODS and _needs_confirmation(action) and not is_fresh(current_session(), now()):
        return cast(ResponseReturnValue, current_app.extensions["ask_to_confirm"]())
    return None


def _note_refused_act() -> None:
    if (staff := signed_in_staff()) is not None:
        note_refusal(Reason.ACTION, staff)


def _needs_confirmation(action: Action) -> bool:
    if PERMISSIONS[action].fresh:
        return True
    fresh: Callable[[], bool] | None = getattr(current_app.view_functions[str(request.endpoint)], "fresh", None)
    return fresh is not None and fresh()


def kept_fields() -> list[tuple[str, str]]:
    """What was typed, for a page that sends it again; never the token and what was asked to confirm."""
    return [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name != "csrf_token" and not name.startswith("confirm_") and "password" not in name
    ]


def safe_next(address: str) -> str:
    """Where to go after signing in: only pages for staff, never another host."""
    plain = address.isascii() and "\\" not in address and not any(letter <= " " for letter in address)
    return address if plain and address.startswith(tuple(f"{path}/" for path in STAFF_PATHS)) else "/can-bo"
