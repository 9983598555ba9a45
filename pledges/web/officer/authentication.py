"""Who is signed in: Flask-Security bound to our accounts, our server-side sessions and our gate (ADR 0060).

Nobody is signed in without a living row in `staff_session`: Flask-Login's user loader asks that table and nothing else.
"""

from __future__ import annotations

import inspect
from typing import Any, cast

from flask import Flask, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login.signals import user_logged_in, user_logged_out
from flask_security.core import Security
from flask_security.datastore import FSQLALiteUserDatastore
from flask_security.utils import login_user, logout_user, set_request_attr
from flask_sqlalchemy_lite import SQLAlchemy
from werkzeug.exceptions import Forbidden

from pledges.accounts.delegation import living_delegation
from pledges.accounts.models import Delegation, RoleName, Staff, StaffSession
from pledges.accounts.operations import actor_of, begin_session, end_session, note_seen
from pledges.accounts.permissions import PERMISSIONS, Action, NotPermitted, reach_of
from pledges.accounts.queries import living_session
from pledges.accounts.rules import SEEN_EVERY
from pledges.audit.operations import Actor
from pledges.core.calendar import local_day
from pledges.web.current import now, product, product_of, write
from pledges.web.security import set_staff_gate

COOKIE_KEY = "staff"
"""Where the secret of the server-side session stands in the signed cookie."""
KEPT_AT_SIGN_IN = ("language",)
STAFF_PATHS = ("/can-bo", "/quan-tri")

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
    user_logged_in.connect(_open_session, app)
    user_logged_out.connect(_close_session, app)
    app.before_request_funcs.setdefault(None, []).insert(0, _drop_dead_session)
    app.jinja_env.globals["signed_in_staff"] = signed_in_staff
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
        empty_session()
    elif now() - found[0].last_seen_at >= SEEN_EVERY:
        write(lambda writing: note_seen(writing, found[0], now()))


# --- Signing in and out --------------------------------------------------------------------------------------------


def sign_in(staff: Staff) -> ResponseReturnValue | None:
    """Let a person in whose password was right; a response where a second step comes first.

    The seam for second factors: Flask-Security's two-factor methods hook in at `tf_enter`, and whatever way ends in its
    `login_user` gets a server-side session by `_open_session`.
    """
    response = current_app.extensions["security"].two_factor_plugins.tf_enter(staff, False, "password", next_loc=None)
    if response is not None:
        return cast(ResponseReturnValue, response)
    empty_session()
    login_user(staff, remember=False, authn_via=["password"])
    return None


def sign_out() -> None:
    logout_user()
    empty_session()


def empty_session() -> None:
    """Forget everything but the language: what another person did in this browser is not handed on."""
    kept = {name: session[name] for name in KEPT_AT_SIGN_IN if name in session}
    session.clear()
    session.update(kept)
    g.pop("csrf_token", None)


def _open_session(_app: Flask, user: Staff, **_: Any) -> None:
    session[COOKIE_KEY] = write(lambda writing: begin_session(writing, user, now()))
    g.pop("staff_living", None)


def _close_session(_app: Flask, **_: Any) -> None:
    token = session.pop(COOKIE_KEY, None)
    if token:
        write(lambda writing: end_session(writing, token, now()))
    g.staff_living = None


# --- The gate ------------------------------------------------------------------------------------------------------


def _gate(action: Action) -> ResponseReturnValue | None:
    staff = signed_in_staff()
    if staff is None:
        # After a post the form cannot be repeated, so the person comes back to the page that showed it.
        wanted = request.full_path.rstrip("?") if request.method in {"GET", "HEAD"} else request.path
        return redirect(url_for("officer.sign_in_page", next=wanted), 303)
    if reach_of(staff, action, delegated=acts_by_delegation(action)) is None:
        raise NotPermitted
    return None


def safe_next(address: str) -> str:
    """Where to go after signing in: only pages for staff, never another host."""
    plain = address.isascii() and "\\" not in address and not any(letter <= " " for letter in address)
    return address if plain and address.startswith(tuple(f"{path}/" for path in STAFF_PATHS)) else "/can-bo"
