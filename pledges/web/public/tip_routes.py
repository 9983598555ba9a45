"""`/bao-trang-web`: anybody reports a website, account, shop or person, and asks later what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog
from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.exceptions import RequestEntityTooLarge

from pledges.core.errors import N_, DomainError
from pledges.plans.models import Province
from pledges.plans.queries import provinces_in_use
from pledges.plans.settings import province_settings
from pledges.tips.errors import FormUsed
from pledges.tips.models import Tip, TipState
from pledges.tips.operations import count_look_up, count_upload, give_back_look_up, send_tip
from pledges.tips.proof import LARGEST_NUMBER, is_proven, target_of
from pledges.tips.queries import agency_for, tip_of_code
from pledges.tips.rules import plain_code, printed_code
from pledges.web.components import PageForm
from pledges.web.current import now, product, reader, write
from pledges.web.errors import error_page
from pledges.web.fields import TextField, lazy
from pledges.web.network import network
from pledges.web.picture_fields import LARGEST_POST
from pledges.web.security import audience, declare_audience, soft_csrf
from pledges.web.tip_form import CitizenTipForm

log = structlog.get_logger()

blueprint = declare_audience(Blueprint("tips", __name__, url_prefix="/bao-trang-web"), "public")


def _province() -> Province | None:
    """The one that was chosen, or the only one there is."""
    provinces = provinces_in_use(reader())
    for province in provinces:
        if province.code == request.args.get("tinh"):
            return province
    return provinces[0] if len(provinces) == 1 else None


# --- Reporting -----------------------------------------------------------------------------------------------------


@blueprint.get("")
def report() -> ResponseReturnValue:
    province = _province()
    if province is None:
        return render_template("public/tip_province.html", provinces=provinces_in_use(reader()))
    form = CitizenTipForm(formdata=None)
    form.begin(province.code)
    return _page(form, province)


@blueprint.post("")
@audience("signer")
@soft_csrf
def send() -> ResponseReturnValue:
    """Keep the report and show its private code, once. Every refusal brings the page back as it was filled in."""
    request.max_content_length = LARGEST_POST
    try:
        form = CitizenTipForm()
    except RequestEntityTooLarge:
        return error_page(413, _("Các ảnh quá lớn. Hãy quay lại trang trước và chọn ít ảnh hơn hoặc ảnh nhỏ hơn."))
    province = _province()
    if province is None:
        return render_template("public/tip_province.html", provinces=provinces_in_use(reader())), 400
    form.begin(province.code)
    valid = form.validate_on_submit()
    if form.stale:
        return _page(form, province)
    if held_back := _held_back(form):
        return _page(form, province, again=held_back)
    try:
        _keep_pictures(form)
        if not valid or form.problems:
            return _page(form, province, status=400 if form.problems else 200)
        return _sent(form, province)
    except FormUsed as used:
        form.renew()
        form.refuse(used)
        return _page(form, province, status=used.status)
    except DomainError as refusal:
        form.refuse(refusal)
        return _page(form, province, status=refusal.status)


def _held_back(form: CitizenTipForm) -> str:
    """Why nothing is done with this form now; a machine learns nothing from the answer, a person sends again."""
    stamp = form.own_stamp
    if stamp is not None and stamp.too_old(now()):
        form.renew()
        return str(_("Trang này đã mở từ lâu. Những gì bạn viết vẫn còn đây; hãy bấm “Gửi tin báo” một lần nữa."))
    reason = "trap" if form.looks_automated else "no stamp" if stamp is None else ""
    if not reason and stamp is not None and stamp.too_fast(now()):
        reason = "too fast"
    if not reason:
        return ""
    log.info("tip held back", reason=reason)
    if stamp is None:
        form.renew()
    return str(_("Tin báo chưa được gửi. Hãy xem lại rồi bấm “Gửi tin báo” một lần nữa."))


def _keep_pictures(form: CitizenTipForm) -> None:
    if form.pictures.sent:
        peer, at, vault = network(), now(), product().vault
        write(lambda session: count_upload(session, peer, now=at, vault=vault))
    form.keep_pictures()


def _sent(form: CitizenTipForm, province: Province) -> ResponseReturnValue:
    stamp = form.own_stamp
    assert stamp is not None  # noqa: S101 - `_held_back` has seen to it
    said, peer, at, vault = form.report(province.code), network(), now(), product().vault
    doubtful = not is_proven(vault, stamp, form.work.data or "")
    sent = write(
        lambda session: send_tip(session, said, stamp=stamp, now=at, vault=vault, network=peer, doubtful=doubtful)
    )
    return render_template(
        "public/tip_sent.html",
        code=printed_code(sent.code),
        sent_at=sent.tip.sent_at,
        agency=agency_for(reader(), province.code, sent.tip.subject_type),
        province=province,
        hotline=province_settings(province).hotline,
    )


def _page(form: CitizenTipForm, province: Province, *, again: str = "", status: int = 200) -> ResponseReturnValue:
    stamp = form.own_stamp
    if stamp is None:
        form.renew()
        stamp = form.own_stamp
    assert stamp is not None  # noqa: S101
    work: dict[str, Any] = {
        "data-work": stamp.challenge,
        "data-target": target_of(product().vault, stamp),
        "data-largest": LARGEST_NUMBER,
    }
    page = render_template(
        "public/tip.html",
        form=form,
        province=province,
        many=len(provinces_in_use(reader())) > 1,
        hotline=province_settings(province).hotline,
        again=again,
        work=work,
    )
    return page, status


# --- Following up --------------------------------------------------------------------------------------------------


def _clean_code(typed: str) -> str:
    code = plain_code(typed)
    if not code:
        raise DomainError(N_("Mã gồm 12 chữ và số, ví dụ 3F4K-7MNP-9QRW. Hãy chép lại đúng như khi gửi tin báo."))
    return code


class FollowForm(PageForm):
    code = TextField(
        lazy("Mã theo dõi"),
        hint=lazy("Mã gồm 12 chữ và số hiện ra khi bạn gửi tin báo. Viết thường hay viết hoa đều được."),
        required=lazy("Hãy nhập mã theo dõi."),
        clean=_clean_code,
        autocomplete="off",
        width="20",
    )


@dataclass(frozen=True)
class Became:
    """What the sender learns: how far it is, and why it was rejected; nothing else."""

    title: str
    text: str
    kind: str
    reason: str


@blueprint.get("/theo-doi")
def follow() -> ResponseReturnValue:
    return render_template("public/tip_follow.html", form=FollowForm(formdata=None), became=None)


@blueprint.post("/theo-doi")
@audience("signer")
@soft_csrf
def look_up() -> ResponseReturnValue:
    form = FollowForm()
    if not form.validate_on_submit():
        return render_template("public/tip_follow.html", form=form, became=None), 200 if form.stale else 400
    typed, peer, at, vault = form.code.data, network(), now(), product().vault

    def find(session: Session) -> Tip | None:
        count_look_up(session, peer, now=at, vault=vault)
        found = tip_of_code(session, vault, typed)
        if found is not None:
            give_back_look_up(session, peer, now=at, vault=vault)
        return found

    try:
        tip = write(find)
        if tip is None:
            raise DomainError(N_("Không có tin báo nào với mã này. Hãy xem lại từng chữ của mã."), field="code")
    except DomainError as refusal:
        form.refuse(refusal)
        return render_template("public/tip_follow.html", form=form, became=None), refusal.status
    return render_template("public/tip_follow.html", form=FollowForm(formdata=None), became=_became(tip), tip=tip)


def _became(tip: Tip) -> Became:
    if tip.state is TipState.NEW:
        return Became(_("Cơ quan chưa xem xong"), _("Tin báo đang chờ cơ quan xem xét."), "info", "")
    if tip.state is TipState.REJECTED:
        text = _("Cơ quan đã xem tin báo và không đưa vào danh sách.")
        return Became(_("Cơ quan không tiếp nhận"), text, "plain", tip.reason)
    if tip.state is TipState.MERGED:
        text = _("Đối tượng này đã có trong danh sách cần ký cam kết; tin báo của bạn được ghi thêm vào đó.")
        return Became(_("Cơ quan đã ghi nhận"), text, "success", "")
    text = _("Cơ quan đã đưa trang, tài khoản hoặc người này vào danh sách cần ký cam kết. Cảm ơn bạn.")
    return Became(_("Cơ quan đã xác nhận"), text, "success", "")
