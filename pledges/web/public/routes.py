"""Pages for anybody: home, data protection, accessibility; for operators, the two health addresses."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, current_app, render_template
from flask.typing import ResponseReturnValue

from pledges.plans.queries import agencies_of, provinces_in_use
from pledges.plans.settings import province_settings
from pledges.web.current import product_of, reader
from pledges.web.public import (
    coverage_api,
    coverage_routes,
    development,
    health,
    hotline_routes,
    log_routes,
    look_up,
    look_up_api,
    metrics,
    openapi,
    tip_routes,
    verification,
)
from pledges.web.public.log_of_pledge import log_place
from pledges.web.security import declare_audience

blueprint = declare_audience(Blueprint("public", __name__), "public")


def set_up(app: Flask) -> None:
    """The development pages do not even exist in production."""
    app.register_blueprint(health.blueprint)
    app.register_blueprint(metrics.blueprint)
    metrics.set_up(app)
    app.register_blueprint(verification.blueprint)
    app.register_blueprint(log_routes.blueprint)
    app.register_blueprint(look_up.blueprint)
    app.register_blueprint(look_up_api.blueprint)
    app.register_blueprint(coverage_api.blueprint)
    app.register_blueprint(openapi.blueprint)
    app.register_blueprint(tip_routes.blueprint)
    app.register_blueprint(hotline_routes.blueprint)
    app.register_blueprint(coverage_routes.blueprint)
    app.jinja_env.globals.update(
        figures_published=coverage_routes.figures_published, log_place=lambda code: log_place(reader(), code)
    )
    if not product_of(app).settings.production:
        app.register_blueprint(development.blueprint)


@blueprint.get("/")
def home() -> ResponseReturnValue:
    return render_template("public/home.html", provinces=provinces_in_use(reader()))


@blueprint.get("/quyen-rieng-tu")
def privacy() -> ResponseReturnValue:
    session = reader()
    provinces = [
        (province, province_settings(province), agencies_of(session, province.code))
        for province in provinces_in_use(session)
    ]
    return render_template("public/privacy.html", provinces=provinces)


@blueprint.get("/tro-nang")
def accessibility() -> ResponseReturnValue:
    return render_template("public/accessibility.html")


@blueprint.get("/robots.txt")
def robots() -> ResponseReturnValue:
    text = (
        "User-agent: *\nAllow: /$\nDisallow: /ho-so\nDisallow: /ky-cam-ket/\nDisallow: /can-bo\nDisallow: /quan-tri\n"
    )
    return Response(text, mimetype="text/plain")


@blueprint.get("/favicon.ico")
def favicon() -> ResponseReturnValue:
    """Browsers ask here whatever the page says."""
    return current_app.send_static_file("img/favicon.ico")
