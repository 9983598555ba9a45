"""Pages for anybody: home, data protection, accessibility; for operators, the two health addresses."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from pledges.plans.models import Province
from pledges.web.current import product_of, reader
from pledges.web.public import development, health
from pledges.web.security import declare_audience

blueprint = declare_audience(Blueprint("public", __name__), "public")


def set_up(app: Flask) -> None:
    """The development pages do not even exist in production."""
    app.register_blueprint(health.blueprint)
    if not product_of(app).settings.production:
        app.register_blueprint(development.blueprint)


@blueprint.get("/")
def home() -> ResponseReturnValue:
    provinces = reader().scalars(select(Province).where(Province.in_use).order_by(Province.code)).all()
    return render_template("public/home.html", provinces=provinces)


@blueprint.get("/quyen-rieng-tu")
def privacy() -> ResponseReturnValue:
    provinces = reader().scalars(select(Province).where(Province.in_use).order_by(Province.code)).all()
    return render_template("public/privacy.html", provinces=provinces, notices={})


@blueprint.get("/tro-nang")
def accessibility() -> ResponseReturnValue:
    return render_template("public/accessibility.html")


@blueprint.get("/robots.txt")
def robots() -> ResponseReturnValue:
    text = (
        "User-agent: *\nAllow: /$\nDisallow: /ho-so\nDisallow: /ky-cam-ket/\nDisallow: /can-bo\nDisallow: /quan-tri\n"
    )
    return Response(text, mimetype="text/plain")
