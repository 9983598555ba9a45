"""`/tra-cuu`: anybody looks up who has pledged and agreed to be listed.

What search engines may keep: only the list of enterprises, without a search. Every other answer may name persons
(a household business carries its owner's name), so it says `noindex`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.core import throttle
from pledges.core.errors import N_, DomainError
from pledges.plans.queries import communes_of, provinces_in_use
from pledges.plans.rules import SUBJECT_TYPES
from pledges.registry.search_queries import LONGEST, is_personal, read_query
from pledges.signing.published import PublishedFilter, PublishedPage, PublishedPledge, hidden_fields, published_pledges
from pledges.web.components import PageForm
from pledges.web.current import close_reader, now, product, reader, write
from pledges.web.fields import AgreeField, Choice, SelectField, TextField, lazy
from pledges.web.i18n import translate
from pledges.web.network import network
from pledges.web.security import declare_audience, soft_csrf

blueprint = declare_audience(Blueprint("look_up", __name__), "public")

SEARCHES_AN_HOUR_FROM_ONE_NETWORK = 300

NOT_BY_PEOPLES_NUMBERS = N_(
    "Không tra cứu bằng số định danh, số điện thoại hoặc thư điện tử. "
    "Hãy tìm theo tên, tên miền, kênh hoặc mã số thuế doanh nghiệp."
)
UNREADABLE = N_("Hãy gõ ít nhất một chữ của tên, hoặc 3 ký tự của tên miền, kênh.")


def searchable(typed: str) -> str:
    """The text itself; raises `DomainError` for what nobody is looked up by."""
    if is_personal(typed):
        raise DomainError(NOT_BY_PEOPLES_NUMBERS)
    if read_query(typed).empty:
        raise DomainError(UNREADABLE)
    return typed


class LookUpForm(PageForm):
    """Posted, so that whatever somebody types by mistake stands in no address and no log."""

    tim = TextField(
        lazy("Tên, tên miền, kênh hoặc mã số thuế doanh nghiệp"),
        hint=lazy("Ví dụ: nuocmamvidu.vn. Tên viết không dấu cũng được."),
        required=False,
        clean=searchable,
        autocomplete="off",
    )
    tinh = SelectField(lazy("Tỉnh, thành phố"), required=False, empty=lazy("Mọi tỉnh, thành phố"))
    xa = SelectField(lazy("Xã, phường, đặc khu"), required=False, empty=lazy("Mọi nơi"))
    nhom = SelectField(
        lazy("Nhóm đối tượng"),
        required=False,
        choices=[Choice(code, lazy(info.label)) for code, info in SUBJECT_TYPES.items()],
        empty=lazy("Mọi nhóm"),
    )
    doanh_nghiep = AgreeField(lazy("Chỉ doanh nghiệp"), required=False)


def _form(args: Mapping[str, str] | None, wanted: PublishedFilter) -> LookUpForm:
    values = {
        "tim": wanted.text,
        "tinh": wanted.province_code,
        "xa": wanted.commune_code,
        "nhom": wanted.subject_type,
        "doanh_nghiep": wanted.enterprises,
    }
    form = LookUpForm(formdata=args, data=values)
    form.tinh.choices = [Choice(province.code, province.name) for province in provinces_in_use(reader())]
    if wanted.province_code and not _hides_communes(wanted.province_code):
        communes = communes_of(reader(), wanted.province_code)
        form.xa.choices = [Choice(commune.code, commune.name) for commune in communes]
    return form


def read_filter(args: Mapping[str, str]) -> PublishedFilter:
    """What an address or a form asks for; what makes no sense is left out, other provinces' communes too."""
    province = args.get("tinh", "")
    if province not in {each.code for each in provinces_in_use(reader())}:
        province = ""
    commune = args.get("xa", "")
    if commune and (
        not province
        or _hides_communes(province)
        or commune not in {each.code for each in communes_of(reader(), province)}
    ):
        commune = ""
    group = args.get("nhom", "")
    return PublishedFilter(
        province_code=province,
        commune_code=commune,
        subject_type=group if group in SUBJECT_TYPES else "",
        enterprises=args.get("doanh_nghiep") == "yes",
        text=" ".join(args.get("tim", "").replace("\x00", " ").split())[:LONGEST],
    )


def _hides_communes(province_code: str) -> bool:
    return "commune" in hidden_fields(reader())[province_code]


def filter_args(wanted: PublishedFilter) -> dict[str, Any]:
    args = {
        "tim": wanted.text,
        "tinh": wanted.province_code,
        "xa": wanted.commune_code,
        "nhom": wanted.subject_type,
        "doanh_nghiep": "yes" if wanted.enterprises else "",
    }
    return {name: value for name, value in args.items() if value}


@blueprint.get("/tra-cuu")
def look_up() -> ResponseReturnValue:
    wanted = read_filter(request.args)
    form = _form(None, wanted)
    if wanted.text:
        try:
            searchable(wanted.text)
        except DomainError as refusal:
            # Somebody made this address by hand; what stands in it is not shown again.
            refused = refusal.message == NOT_BY_PEOPLES_NUMBERS
            form.tim.data = "" if refused else wanted.text
            return _refuse(form, DomainError(refusal.message, field="tim"))
    try:
        page = published_pledges(reader(), wanted, cursor=request.args.get("tiep", ""))
    except DomainError as refusal:
        close_reader()
        return _refuse(_form(None, wanted), refusal)
    return _page(form, wanted, page)


@blueprint.post("/tra-cuu")
@soft_csrf
def find() -> ResponseReturnValue:
    """The way to an address that can be kept and handed on; counted, because each search costs something."""
    wanted = read_filter(request.form)
    form = _form(request.form, wanted)
    if wanted.province_code != request.form.get("tinh", "") or wanted.commune_code != request.form.get("xa", ""):
        # A commune of the province that was chosen before: the province decides.
        form.xa.data = wanted.commune_code
    if not form.validate_on_submit():
        return _shown(form, status=400 if form.problems else 200)
    key, at = product().vault.keyed_hash("network", network()), now()
    most, hour = SEARCHES_AN_HOUR_FROM_ONE_NETWORK, timedelta(hours=1)
    try:
        write(lambda session: throttle.use(session, "look_up.network", key, most=most, per=hour, now=at))
    except DomainError as refusal:
        return _refuse(form, refusal)
    return redirect(url_for("look_up.look_up", **filter_args(wanted)), 303)


def _refuse(form: LookUpForm, refusal: DomainError) -> ResponseReturnValue:
    form.refuse(refusal)
    return _shown(form, status=refusal.status)


def _page(form: LookUpForm, wanted: PublishedFilter, page: PublishedPage) -> ResponseReturnValue:
    indexed = wanted.enterprises and not wanted.text
    following = url_for("look_up.look_up", **filter_args(wanted), tiep=page.following) if page.following else ""
    return _shown(
        form,
        indexed=indexed,
        searched=True,
        wanted=wanted,
        filtered=bool(filter_args(wanted)),
        lines=[_line(row) for row in page.rows],
        turns=[{"rel": "next", "text": _("Trang sau"), "href": following}] if following else [],
        first=url_for("look_up.look_up", **filter_args(wanted)) if request.args.get("tiep") else "",
    )


def _shown(form: LookUpForm, *, status: int = 200, indexed: bool = False, **shown: Any) -> Response:
    for field in form:
        # That a filter may be left open needs no words at each of them.
        field.required = True
    answer = make_response(render_template("public/look_up.html", form=form, indexed=indexed, **shown), status)
    if not indexed:
        answer.headers["X-Robots-Tag"] = "noindex"
    return answer


def _line(row: PublishedPledge) -> dict[str, Any]:
    return {
        "name": row.name,
        "href": url_for("verification.by_code", code=row.code),
        "tax_code": row.tax_code or "",
        "groups": [translate(SUBJECT_TYPES[code].label) for code in row.subject_types],
        "place": ", ".join(part for part in (row.commune, row.province) if part),
        "channels": row.channels,
        "signed_on": row.signed_on,
        "voluntary": row.voluntary,
    }
