"""`create_app`: settings, product, extensions, blueprints, error pages and security put together."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import structlog
from flask import Flask, Response, request

from pledges.cli import set_up_commands
from pledges.product import Product
from pledges.settings import Settings, SettingsError, read_settings
from pledges.web import components, current, i18n, logging, measuring
from pledges.web.degraded import set_up_degraded_mode
from pledges.web.errors import set_up_error_pages
from pledges.web.security import refuse_undeclared_views, set_up_security

ROOT = Path(__file__).resolve().parent.parent
BLUEPRINTS = ("public", "signer", "officer", "admin", "api")

log = structlog.get_logger()


def create_app(settings: Settings | None = None, product: Product | None = None) -> Flask:
    """The application for `settings` (read from the environment unless given) or around a product that exists."""
    settings = product.settings if product else settings or _read_settings_or_stop()
    app = Flask("pledges", template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.jinja_env.autoescape = True
    app.extensions["product"] = product or Product.from_settings(settings)
    logging.set_up_logging()
    app.before_request(measuring.start_watch)
    # Before the gates: whoever is refused at one reads why in the language that they asked for.
    i18n.set_up_languages(app)
    set_up_security(app, settings)
    components.set_up_components(app)
    set_up_error_pages(app)
    set_up_degraded_mode(app)
    for audience in BLUEPRINTS:
        _register(app, f"pledges.web.{audience}.routes")
    set_up_commands(app)
    app.teardown_appcontext(current.close_reader)
    app.after_request(_log_request)
    app.after_request(measuring.count_request)
    refuse_undeclared_views(app)
    return app


def _read_settings_or_stop() -> Settings:
    try:
        return read_settings()
    except SettingsError as wrong:
        print(wrong, file=sys.stderr)  # noqa: T201 - the sentences are for the person at the terminal
        raise


def _register(app: Flask, module: str) -> None:
    """Each audience offers `blueprint`, and `set_up(app)` where it needs more than routes."""
    routes = importlib.import_module(module)
    app.register_blueprint(routes.blueprint)
    if hasattr(routes, "set_up"):
        routes.set_up(app)


def _log_request(response: Response) -> Response:
    route = request.url_rule.rule if request.url_rule else "-"
    if request.endpoint != "static":
        log.info(
            "request",
            method=request.method if request.method in {"GET", "POST", "HEAD", "OPTIONS"} else "other",
            route=route,
            status=response.status_code,
            milliseconds=round(measuring.seconds_so_far() * 1000),
        )
    return response
