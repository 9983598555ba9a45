"""Deny by default: audiences, CSRF, same-origin posts, trusted hosts, headers, the session cookie."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

import structlog
from flask import Blueprint, Flask, Response, abort, current_app, g, request
from flask.sessions import SecureCookieSessionInterface
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from pledges.accounts.permissions import Action
from pledges.settings import Settings

View = TypeVar("View", bound=Callable[..., Any])
Gate = Callable[[Action], ResponseReturnValue | None]

AUDIENCES = ("public", "signer", "staff", "program")
"""`program`: programs of agencies, which show a key; like staff they meet a gate first."""
UNSAFE_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
LARGEST_REQUEST = 4 * 1024 * 1024

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
POLICY_WITH_PICTURES = POLICY.replace("img-src 'self'", "img-src 'self' data:")
"""For pages that show pictures made of an upload which is not kept anywhere."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

csrf = CSRFProtect()


# --- Who a page is for ---------------------------------------------------------------------------------------------


def audience(kind: str) -> Callable[[View], View]:
    """Declare who a view is for; views of staff also name what is done there: `may`."""
    if kind not in AUDIENCES:
        raise ValueError(f"unknown audience {kind!r}")

    def mark(view: View) -> View:
        view.audience = kind  # type: ignore[attr-defined]
        return view

    return mark


def public(view: View) -> View:
    """Anybody, no personal data."""
    return audience("public")(view)


def signer(view: View) -> View:
    """Pages of the signer's journey: they carry personal data and are never stored by a cache."""
    return audience("signer")(view)


def may(action: Action) -> Callable[[View], View]:
    """Signed-in staff whose role has this right somewhere; the view still holds its object against their reach."""

    def mark(view: View) -> View:
        view.action = action  # type: ignore[attr-defined]
        return audience("staff")(view)

    return mark


def declare_audience(blueprint: Blueprint, kind: str) -> Blueprint:
    """Give every view of a blueprint an audience; a mark on the view itself wins."""
    if kind not in AUDIENCES:
        raise ValueError(f"unknown audience {kind!r}")
    blueprint.audience = kind  # type: ignore[attr-defined]
    return blueprint


def audience_of(app: Flask, endpoint: str) -> str | None:
    if endpoint == "static":
        return "public"
    found: str | None = getattr(app.view_functions[endpoint], "audience", None)
    if found is None and "." in endpoint:
        found = getattr(app.blueprints.get(endpoint.rpartition(".")[0]), "audience", None)
    return found


def action_of(app: Flask, endpoint: str) -> Action | None:
    """What a view of staff does, as the permission table names it."""
    found: Action | None = getattr(app.view_functions[endpoint], "action", None)
    return found


def refuse_undeclared_views(app: Flask) -> None:
    """Stop the start when a view says nothing about who may open it, or one of staff not what is done there."""
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    silent = sorted(endpoint for endpoint in endpoints if not audience_of(app, endpoint))
    if silent:
        raise RuntimeError(f"views without an audience (pledges.web.security.audience): {', '.join(silent)}")
    loose = sorted(
        endpoint for endpoint in endpoints if audience_of(app, endpoint) == "staff" and action_of(app, endpoint) is None
    )
    if loose:
        raise RuntimeError(f"views of staff without an action (pledges.web.security.may): {', '.join(loose)}")


def set_staff_gate(app: Flask, gate: Gate) -> None:
    """`gate(action)` answers None for a person who may go on, else the response; without a gate nobody may."""
    app.extensions["staff_gate"] = gate


def set_program_gate(app: Flask, gate: Callable[[], None]) -> None:
    """`gate()` refuses (`DomainError`) who shows no living key; without a gate nobody may."""
    app.extensions["program_gate"] = gate


def _check_audience() -> ResponseReturnValue | None:
    if request.endpoint is None:
        return None
    kind = audience_of(current_app, request.endpoint)
    if kind == "program":
        current_app.extensions.get("program_gate", lambda: abort(403))()
    if kind != "staff":
        return None
    gate: Gate | None = current_app.extensions.get("staff_gate")
    action = action_of(current_app, request.endpoint)
    if gate is None or action is None:
        abort(403)
    return gate(action)


# --- Posts ---------------------------------------------------------------------------------------------------------


def soft_csrf(view: View) -> View:
    """For public forms: a stale or missing token gives the page back filled in, with a fresh token.

    The view must use a `PageForm` and change nothing before `validate_on_submit()` is true.
    """
    view.soft_csrf = True  # type: ignore[attr-defined]
    return view


def _check_origin() -> None:
    """Refuse posts that another site started; browsers name the origin in one of two headers."""
    if request.method not in UNSAFE_METHODS:
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in {"same-origin", "none"}:
        abort(403)
    origin = request.headers.get("Origin")
    if site is None and origin is not None and urlsplit(origin).netloc != request.host:
        abort(403)


def _check_csrf() -> None:
    if request.endpoint is None or not current_app.config["WTF_CSRF_ENABLED"]:
        return
    if not getattr(current_app.view_functions[request.endpoint], "soft_csrf", False):
        csrf.protect()


def _refuse_null_character() -> None:
    """Nobody types NUL into an address, and PostgreSQL takes it in no text; fields of forms drop it."""
    if any("\x00" in value for _name, value in request.args.items(multi=True)):
        abort(400)


# --- Answers -------------------------------------------------------------------------------------------------------


def _name_request() -> None:
    g.request_id = uuid.uuid4().hex[:16]
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers[name] = value
    if g.get("embedded_pictures"):
        response.headers["Content-Security-Policy"] = POLICY_WITH_PICTURES
    if current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    response.headers["X-Request-Id"] = g.get("request_id", "")
    response.headers["Cache-Control"] = _cache_rule(response)
    return response


def _cache_rule(response: Response) -> str:
    """Nothing personal may stay in a cache; static files are named by their content and may stay for ever."""
    endpoint = request.endpoint
    if endpoint is None or response.status_code >= 400:
        return "no-store"
    if endpoint == "static":
        return "public, max-age=31536000, immutable" if "v" in request.args else "public, max-age=300"
    return "private, no-cache" if audience_of(current_app, endpoint) == "public" else "no-store"


class StrongSessions(SecureCookieSessionInterface):
    """Flask's signed session cookie, signed with SHA-256 instead of SHA-1."""

    salt = "pledges.session"
    digest_method = staticmethod(hashlib.sha256)


def set_up_security(app: Flask, settings: Settings) -> None:
    secure = settings.secure_cookies
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="__Host-session" if secure else "session",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        MAX_FORM_MEMORY_SIZE=500_000,
        MAX_FORM_PARTS=1_000,
        TRUSTED_HOSTS=[urlsplit(settings.public_url).hostname, "127.0.0.1", "localhost"],
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_SSL_STRICT=False,
        WTF_I18N_ENABLED=False,
    )
    app.session_interface = StrongSessions()
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    csrf.init_app(app)
    app.before_request(_name_request)
    app.before_request(_refuse_null_character)
    app.before_request(_check_origin)
    app.before_request(_check_csrf)
    app.before_request(_check_audience)
    app.after_request(_add_headers)
