"""`/api/v1/register`: the same list as the page `/tra-cuu`, for programs."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from pledges.core.errors import N_, DomainError
from pledges.signing.models import PledgeState
from pledges.signing.published import LARGEST_PAGE, PAGE_SIZE, PublishedFilter, PublishedPledge, published_pledges
from pledges.web.current import close_reader, product, reader
from pledges.web.i18n import error_text
from pledges.web.public.look_up import read_filter, searchable
from pledges.web.security import declare_audience

blueprint = declare_audience(Blueprint("look_up_api", __name__), "public")

ENTERPRISE = "enterprise"
NAMES = {"q": "tim", "province": "tinh", "commune": "xa", "group": "nhom"}
"""What the parameters are called on the page."""


@blueprint.get("/api/v1/register")
def register() -> ResponseReturnValue:
    args = {ours: request.args.get(name, "") for name, ours in NAMES.items()}
    wanted = read_filter(args | {"doanh_nghiep": "yes" if request.args.get("kind") == ENTERPRISE else ""})
    size = request.args.get("limit", PAGE_SIZE, type=int)
    try:
        _check(wanted, args)
        page = published_pledges(reader(), wanted, cursor=request.args.get("cursor", ""), size=min(size, LARGEST_PAGE))
    except DomainError as refusal:
        close_reader()
        return _answer({"error": error_text(refusal)}, refusal.status)
    return _answer({"items": [_item(row) for row in page.rows], "next": page.following or None})


def _check(wanted: PublishedFilter, args: dict[str, str]) -> None:
    """A page may leave out what makes no sense; a program that asks for one province must not get all of them."""
    if wanted.text:
        searchable(wanted.text)
    asked = (wanted.province_code, wanted.commune_code, wanted.subject_type)
    if asked != (args["tinh"], args["xa"], args["nhom"]):
        raise DomainError(N_("Không có tỉnh, xã hoặc nhóm nào như vậy. Hãy kiểm tra mã trong địa chỉ."))


def _item(row: PublishedPledge) -> dict[str, Any]:
    item: dict[str, Any] = {
        "code": row.code,
        "url": f"{product().settings.public_url}/xac-minh/{row.code}",
        "name": row.name,
        "province": row.province_code,
        "province_name": row.province,
        "commune": row.commune or None,
        "groups": list(row.subject_types),
        "channels": list(row.channels),
        "signed_on": row.signed_on.isoformat(),
        "state": PledgeState.APPROVED.value,
        "voluntary": row.voluntary,
    }
    return item | ({"tax_code": row.tax_code} if row.tax_code else {})


def _answer(said: dict[str, Any], status: int = 200) -> Response:
    answer = jsonify(said)
    answer.status_code = status
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer
