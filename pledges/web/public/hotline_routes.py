"""`/duong-day-nong`: whom to call about counterfeit goods and false advertising, and posters of these numbers."""

from __future__ import annotations

import functools
import uuid
from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from pledges.core.calendar import local_day
from pledges.core.errors import NotFound
from pledges.documents.fonts import faces_of
from pledges.documents.poster import Poster, write_poster
from pledges.hotlines.models import Hotline
from pledges.hotlines.poster import poster_of
from pledges.hotlines.queries import Directory, commune_lines, directory, everywhere_by_province
from pledges.hotlines.rules import body_of, dial, is_old
from pledges.plans.models import Province
from pledges.plans.queries import agencies_of, provinces_in_use
from pledges.plans.settings import province_settings
from pledges.web.current import now, product, reader
from pledges.web.security import declare_audience

blueprint = declare_audience(Blueprint("hotlines", __name__, url_prefix="/duong-day-nong"), "public")

# One page costs a hundredth of a second of drawing; whoever asks for it again and again gets the same bytes.
written = functools.lru_cache(maxsize=32)(write_poster)


@blueprint.get("")
def hotlines() -> ResponseReturnValue:
    """One province in full, or what holds in whole provinces for all of them."""
    provinces = provinces_in_use(reader())
    chosen = next((each for each in provinces if each.code == request.args.get("tinh")), None)
    if chosen is None and len(provinces) == 1:
        chosen = provinces[0]
    if chosen is not None:
        return _province_page(chosen, many=len(provinces) > 1)
    codes = [province.code for province in provinces]
    lines, more = everywhere_by_province(reader(), codes), commune_lines(reader(), codes)
    return render_template(
        "public/hotlines.html",
        sections=[
            {
                "name": province.name,
                "short_name": province.short_name,
                "href": url_for("hotlines.hotlines", tinh=province.code),
                "anchor": f"tinh-{province.code}",
                "lines": [_line(hotline) for hotline in lines[province.code]],
                "communes": more.get(province.code, 0),
            }
            for province in provinces
        ],
    )


def _province_page(province: Province, *, many: bool) -> ResponseReturnValue:
    found = directory(reader(), province.code)
    poster = url_for("hotlines.poster", province_code=province.code)
    return render_template(
        "public/hotlines_province.html",
        province=province,
        many=many,
        everywhere=[_line(hotline) for hotline in found.everywhere],
        in_communes=[{**_line(hotline), "commune": commune} for commune, hotline in found.in_communes],
        posters=[
            {"name": _owner(province, found, hotline), "href": f"{poster}?so={hotline.id}"} for hotline in found.bodies
        ],
        poster=poster,
        agencies=agencies_of(reader(), province.code) if not found.lines else [],
        printed=province_settings(province).hotline,
    )


def _line(hotline: Hotline) -> dict[str, Any]:
    return {
        "name": hotline.name,
        "about": hotline.about,
        "phone": hotline.phone,
        "dial": dial(hotline.phone),
        "email": hotline.email,
        "hours": hotline.hours,
        "address": hotline.address,
        "checked_on": hotline.checked_on,
        "old": is_old(hotline, local_day(now())),
    }


@blueprint.get("/<province_code>/ap-phich.pdf")
def poster(province_code: str) -> ResponseReturnValue:
    """All numbers of a province; `?so=` names one of them: then those of the same body."""
    province = next((each for each in provinces_in_use(reader()) if each.code == province_code), None)
    if province is None:
        raise NotFound
    found = directory(reader(), province.code)
    chosen = _chosen(found, request.args["so"]) if "so" in request.args else None
    lines = [each for each in found.lines if chosen is None or body_of(each) == body_of(chosen)]
    if not lines:
        raise NotFound
    owner = province.name if chosen is None else _owner(province, found, chosen)
    link = f"{product().settings.public_url}{url_for('hotlines.hotlines', tinh=province.code)}"
    return _pdf(poster_of(owner, lines, link=link, today=local_day(now())), province.code)


def _chosen(found: Directory, typed: str) -> Hotline:
    try:
        wanted = uuid.UUID(typed)
    except ValueError:
        raise NotFound from None
    for hotline in found.lines:
        if hotline.id == wanted:
            return hotline
    raise NotFound


def _owner(province: Province, found: Directory, hotline: Hotline) -> str:
    """Whose poster it is: the name of the agency or body, of a commune its own."""
    commune = next((name for name, each in found.in_communes if each.id == hotline.id), "")
    return f"{commune}, {province.name}" if commune and not hotline.agency_code else hotline.name


def _pdf(poster: Poster, province_code: str) -> Response:
    name = f"duong-day-nong-{province_code}.pdf"
    data = written(poster, faces_of(product().settings.pdf_fonts))
    answer = Response(data, mimetype="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'})
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
