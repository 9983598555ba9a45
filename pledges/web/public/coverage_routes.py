"""`/so-lieu`: how many have pledged, for everybody, of the provinces that publish it; the same numbers as open data.

As of the end of yesterday: whoever asks twice a day gets the same answer, and learns that it is the same.
"""

from __future__ import annotations

import json
import time

from flask import Blueprint, Response, current_app, make_response, render_template, request
from flask.typing import ResponseReturnValue

from pledges.core.calendar import Quarter
from pledges.reporting import open_data
from pledges.reporting.published import (
    LEAST,
    PublicCoverage,
    day_published,
    public_coverage,
    public_provinces,
    publishing,
)
from pledges.reporting.words import plain
from pledges.web.current import now, product, reader
from pledges.web.i18n import date_text, quarter_text, translate
from pledges.web.public.coverage_view import nation_shown, province_shown
from pledges.web.security import declare_audience

blueprint = declare_audience(Blueprint("coverage", __name__), "public")

OF_PROVINCE = "/so-lieu/<string(length=2):province_code>"
KNOWN, KNOWN_SECONDS = "figures_published", 60
EVERYWHERE = "các tỉnh, thành phố công bố số liệu"


def figures_published() -> bool:
    """For the links to these pages; asked once in a while, because the foot of every page has one."""
    known: tuple[float, bool] | None = current_app.extensions.get(KNOWN)
    at = time.monotonic()
    if known is None or at - known[0] > KNOWN_SECONDS:
        known = current_app.extensions[KNOWN] = (at, bool(publishing(reader())))
    return known[1]


@blueprint.get("/so-lieu")
def everywhere() -> ResponseReturnValue:
    lines = public_provinces(reader(), now())
    page = render_template(
        "public/coverage_nation.html",
        day=date_text(day_published(now())),
        least=LEAST,
        licence=open_data.LICENCE,
        **nation_shown(lines),
    )
    return _kept(make_response(page))


@blueprint.get(OF_PROVINCE)
def of_province(province_code: str) -> ResponseReturnValue:
    found = public_coverage(reader(), province_code, now(), translate)
    page = render_template(
        "public/coverage.html",
        province=found.province,
        day=date_text(found.day),
        frozen=quarter_text(Quarter.of(found.day)) if found.frozen else "",
        least=LEAST,
        licence=open_data.LICENCE,
        **province_shown(found),
    )
    return _kept(make_response(page))


# --- Open data -------------------------------------------------------------------------------------------------------


@blueprint.get("/so-lieu.csv")
def everywhere_csv() -> ResponseReturnValue:
    rows = open_data.nation_rows(public_provinces(reader(), now()))
    return _csv(open_data.as_csv(_about_everywhere(), rows), "so-lieu")


@blueprint.get("/so-lieu.json")
def everywhere_json() -> ResponseReturnValue:
    rows = open_data.nation_rows(public_provinces(reader(), now()))
    return _json(open_data.as_json(_about_everywhere(), rows))


@blueprint.get(f"{OF_PROVINCE}.csv")
def of_province_csv(province_code: str) -> ResponseReturnValue:
    found = public_coverage(reader(), province_code, now(), plain)
    return _csv(open_data.as_csv(_about(found), open_data.province_rows(found)), f"so-lieu-{province_code}")


@blueprint.get(f"{OF_PROVINCE}.json")
def of_province_json(province_code: str) -> ResponseReturnValue:
    found = public_coverage(reader(), province_code, now(), plain)
    rows = open_data.province_rows(found)
    return _json(open_data.as_json(_about(found), rows, open_data.province_more(found)))


def _about(found: PublicCoverage) -> open_data.Row:
    return _told(found.province.name, f"/so-lieu/{found.province.code}")


def _about_everywhere() -> open_data.Row:
    return _told(EVERYWHERE, "/so-lieu")


def _told(where: str, path: str) -> open_data.Row:
    day, settings = day_published(now()), product().settings
    return open_data.about(
        day.isoformat(),
        title=open_data.title_of(where, day),
        source=settings.owner_name,
        address=f"{settings.public_url}{path}",
    )


def _csv(content: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}-{day_published(now()).isoformat()}.csv"'}
    return _vietnamese(Response(content, content_type="text/csv; charset=utf-8", headers=headers))


def _json(told: open_data.Row) -> Response:
    content = json.dumps(told, ensure_ascii=False, indent=1) + "\n"
    return _vietnamese(Response(content, content_type="application/json; charset=utf-8"))


def _vietnamese(answer: Response) -> Response:
    """Files are the same whatever language somebody reads pages in."""
    answer.headers["Content-Language"] = "vi"
    return _kept(answer)


def _kept(answer: Response) -> Response:
    """Who has it already is told so."""
    answer.add_etag()
    answer.make_conditional(request)
    return answer
