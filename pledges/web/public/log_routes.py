"""`/nhat-ky-cong-khai` tells people of the log; below `/log/` programs read it and check that it has only grown."""

from __future__ import annotations

import json
import time
from typing import Any

from flask import Blueprint, Response, current_app, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from pledges.core.errors import N_, DomainError
from pledges.signing.rules import plain_code
from pledges.signing.verification import LONGEST_CODE
from pledges.transparency import publishing
from pledges.transparency.publishing import NothingSigned, published_checkpoint
from pledges.transparency.queries import latest_checkpoint
from pledges.web.current import product, reader
from pledges.web.public.log_of_pledge import log_object
from pledges.web.security import declare_audience

blueprint = declare_audience(Blueprint("log", __name__), "public")

USUAL_ENTRIES = 100
KEYS, KEYS_SECONDS = "log_keys", 600
MOST_DIGITS = 18
"""Of a number in an address; with more no database takes it."""


@blueprint.get("/nhat-ky-cong-khai")
def explained() -> ResponseReturnValue:
    return render_template(
        "public/log.html", checkpoint=latest_checkpoint(reader()), site_url=product().settings.public_url
    )


@blueprint.get("/log/checkpoint")
def checkpoint() -> ResponseReturnValue:
    """The signed note as it is; `?size=` for an earlier one."""
    return _kept(_text(published_checkpoint(reader(), _number("size")).note))


@blueprint.get("/log/key")
def key() -> ResponseReturnValue:
    """One verifier key on each line, the newest first."""
    known: tuple[float, tuple[str, ...]] | None = current_app.extensions.get(KEYS)
    if known is None or time.monotonic() - known[0] > KEYS_SECONDS:
        known = time.monotonic(), tuple(publishing.keys_of_log(reader()))
        if known[1]:
            current_app.extensions[KEYS] = known
    if not known[1]:
        published_checkpoint(reader())
    return _kept(_text("".join(f"{line}\n" for line in known[1])))


@blueprint.get("/log/entries")
def entries() -> ResponseReturnValue:
    """JSON lines: each line without its end is, byte for byte, what the leaf of the tree is the hash of."""
    count = _number("count")
    found = publishing.published_entries(reader(), _number("start") or 0, USUAL_ENTRIES if count is None else count)
    answer = Response("".join(f"{entry.body}\n" for entry in found), content_type="application/x-ndjson; charset=utf-8")
    return _kept(answer)


@blueprint.get("/log/proof/<index>")
def proof(index: str) -> ResponseReturnValue:
    return _file(publishing.proof_of_entry(reader(), _read("index", index), _number("size")), f"muc-{index}.json")


@blueprint.get("/log/consistency")
def consistency() -> ResponseReturnValue:
    old = _number("old")
    if old is None:
        raise DomainError(N_("Hãy cho biết hai số mục, ví dụ /log/consistency?old=100&new=200."), field="old")
    found = publishing.consistency_file(reader(), old, _number("new"))
    return _file(found, f"nhat-quan-{old}.json")


@blueprint.get("/xac-minh/<code>/bang-chung.json")
def proof_of_pledge(code: str) -> ResponseReturnValue:
    """For whoever holds the paper: everything that the log says of this pledge, to be checked without us."""
    pledge_id = log_object(reader(), plain_code(code)[:LONGEST_CODE])
    found = publishing.proof_file(reader(), pledge_id) if pledge_id is not None else None
    if found is None:
        raise NothingSigned(N_("Nhật ký công khai chưa có gì về mã này. Hãy thử lại sau ít phút."))
    about = product().settings.public_url + url_for("log.explained")
    answer = _file({**found, "about": about}, f"bang-chung-{plain_code(code)}.json")
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


# --- Parts -----------------------------------------------------------------------------------------------------------


def _number(name: str) -> int | None:
    given = request.args.get(name, "")
    return _read(name, given) if given else None


def _read(name: str, given: str) -> int:
    if not (given.isascii() and given.isdigit() and len(given) <= MOST_DIGITS):
        raise DomainError(N_("“%(name)s” phải là một số từ 0 trở lên, chỉ gồm chữ số."), field=name, name=name)
    return int(given)


def _text(content: str) -> Response:
    return Response(content, content_type="text/plain; charset=utf-8")


def _file(content: dict[str, Any], name: str) -> Response:
    answer = make_response(json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    answer.content_type = "application/json; charset=utf-8"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return _kept(answer)


def _kept(answer: Response) -> Response:
    """Who has it already is told so."""
    answer.add_etag()
    answer.make_conditional(request)
    return answer
