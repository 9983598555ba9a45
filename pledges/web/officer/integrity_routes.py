"""What is doubtful in the register: `/can-bo/can-xem-lai`, list by list, some decided for many at once."""

from __future__ import annotations

import uuid
from contextlib import suppress
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from pledges.accounts.permissions import Action
from pledges.core.calendar import local_day
from pledges.core.errors import NotFound
from pledges.plans.queries import all_provinces, get_commune
from pledges.registry import integrity, scope
from pledges.registry.care_queries import proposals_to
from pledges.registry.claims import open_claims, open_disputes
from pledges.registry.integrity import COUNTED, LISTED, Doubt, Found
from pledges.registry.models import Cohort, Entity
from pledges.registry.scope_words import CohortReason
from pledges.signing.claims import pledges_of_claims
from pledges.web.components import PageForm
from pledges.web.current import now, reader
from pledges.web.fields import Choice
from pledges.web.i18n import number_text
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.entity_pages import Refused, Work, attempt
from pledges.web.officer.integrity_forms import ManyCohortsForm, ManyScopesForm
from pledges.web.officer.queue_routes import own_agency
from pledges.web.officer.words import state_label
from pledges.web.security import may, soft_csrf

_ADDRESS = {
    "thieu-lien-he": Doubt.NO_CONTACT,
    "chua-ro-xa": Doubt.NO_COMMUNE,
    "hai-dien": Doubt.TWO_SCOPES,
    "ngoai-dien-da-ky": Doubt.SIGNED_OUT,
    "kenh-khong-mo-duoc": Doubt.DEAD_CHANNEL,
    "chua-doc-duoc": Doubt.UNREAD,
    "chua-ro-dot": Doubt.UNKNOWN_COHORT,
    "cho-quyet-dinh": Doubt.TO_DECIDE,
}
_PATHS = {doubt: path for path, doubt in _ADDRESS.items()}


def _words(doubt: Doubt) -> tuple[str, str]:
    """Title, and what to do about it."""
    words = {
        Doubt.NO_CONTACT: (
            _("Thiếu liên hệ"),
            _("Không mời ký được. Hãy tìm số điện thoại hoặc thư điện tử, hoặc nhờ xã, phường."),
        ),
        Doubt.NO_COMMUNE: (
            _("Chưa rõ xã, phường"),
            _("Địa chỉ không đủ để biết xã, phường hiện nay, nên chưa tính vào số liệu của xã, phường nào. Hãy chọn."),
        ),
        Doubt.TWO_SCOPES: (
            _("Nơi nói đã đóng, nơi nói còn"),
            _(
                "Một cơ quan đã quyết định là ngừng, chuyển đi hoặc trùng; nghĩa vụ khác vẫn tính. "
                "Hãy xem lại phần mình."
            ),
        ),
        Doubt.SIGNED_OUT: (
            _("Đã ký nhưng ngoài diện"),
            _("Bản cam kết có đó mà không được tính. Hãy xem quyết định về diện ký còn đúng không."),
        ),
        Doubt.DEAD_CHANNEL: (
            _("Kênh không mở được"),
            _("Hãy tìm địa chỉ mới, hoặc quyết định ngoài diện nếu đã ngừng."),
        ),
        Doubt.UNREAD: (
            _("Nội dung chưa đọc được"),
            _("Danh sách ghi điều mà máy không đọc được, ví dụ đường dẫn chỉ tới trang chủ của sàn. Hãy sửa hoặc bỏ."),
        ),
        Doubt.UNKNOWN_COHORT: (
            _("Chưa rõ có từ khi nào"),
            _(
                "Chưa rõ ngày bắt đầu hoạt động nên chưa có hạn chắc chắn. "
                "Không ai bị coi là mới phát sinh chỉ vì ta biết muộn."
            ),
        ),
        Doubt.TO_DECIDE: (
            _("Chờ quyết định diện ký"),
            _("Sàn, mạng xã hội và đối tượng ở nơi khác chỉ thuộc diện ký khi cơ quan chủ trì quyết định."),
        ),
    }
    title, what = words[doubt]
    return str(title), str(what)


@blueprint.get("/can-xem-lai")
@may(Action.ENTITY_EDIT)
def doubts() -> ResponseReturnValue:
    province_code, agency_code = own_agency()
    rows = []
    for doubt in Doubt:
        title, what = _words(doubt)
        number = integrity.count(reader(), province_code, doubt, agency_code)
        rows.append({"title": title, "what": what, "count": _bounded(number), "href": _list_url(doubt), "any": number})
    rows.append(
        {
            "title": _("Địa chỉ không khớp địa bàn"),
            "what": _("Địa chỉ đọc ra tỉnh hoặc xã, phường khác với nơi đang ghi."),
            "count": "",
            "href": url_for("officer.misplaced_entities"),
            "any": 1,
        }
    )
    return render_template(
        "officer/doubts.html",
        rows=rows,
        claims=open_claims(reader(), province_code),
        disputes=_disputed(province_code),
        proposals=len(proposals_to(reader(), province_code, agency_code)),
        pledges=[_pledge(pledge) for pledge in pledges_of_claims(reader(), province_code, agency_code)],
    )


def _bounded(number: int) -> str:
    return str(_("hơn %(number)s", number=number_text(COUNTED))) if number > COUNTED else number_text(number)


def _disputed(province_code: str) -> list[Entity]:
    ids = dict.fromkeys(fact.object_id for fact in open_disputes(reader(), province_code))
    return [reader().get_one(Entity, (province_code, each)) for each in ids]


def _pledge(pledge: Any) -> dict[str, Any]:
    return {
        "reference": pledge.reference,
        "name": pledge.answers["name"],
        "label": state_label(pledge),
        "entity": pledge.entity_id,
    }


def _list_url(doubt: Doubt, after: uuid.UUID | None = None) -> str:
    return url_for("officer.doubt", muc=_PATHS[doubt], sau=str(after) if after is not None else None)


def _after() -> uuid.UUID | None:
    with suppress(ValueError):
        return uuid.UUID(request.args.get("sau", ""))
    return None


# --- One list --------------------------------------------------------------------------------------------------------


@blueprint.route("/can-xem-lai/danh-sach", methods=["GET", "POST"])
@may(Action.ENTITY_EDIT)
@soft_csrf
def doubt() -> ResponseReturnValue:
    kind = _ADDRESS.get(request.args.get("muc", ""))
    if kind is None:
        raise NotFound
    form = _form(kind)
    found = integrity.listed(reader(), *_of(kind), after=_after())
    shown, more = found[:LISTED], len(found) > LISTED
    if form is None:
        return _list(kind, shown, more)
    form.chosen.choices = [Choice(str(each.id), _name(each)) for each in shown]
    refused: Refused | None = None
    if form.validate_on_submit():
        done: list[int] = []
        refused = attempt(form, _work(form, done))
        if refused is None:
            flash(_("Đã ghi quyết định cho %(number)s nghĩa vụ.", number=number_text(done[0])), "success")
            return redirect(_list_url(kind), 303)
    wrong = form.is_submitted() and (refused is not None or bool(form.problems) or form.stale)
    page = _list(kind, shown, more, form, refused)
    return page, (refused.status if refused is not None else 400) if wrong else 200


def _of(kind: Doubt) -> tuple[str, Doubt, str]:
    province_code, agency_code = own_agency()
    return province_code, kind, agency_code


def _form(kind: Doubt) -> ManyCohortsForm | ManyScopesForm | None:
    if kind is Doubt.UNKNOWN_COHORT:
        return ManyCohortsForm()
    return ManyScopesForm(data={"effective_on": local_day(now())}) if kind is Doubt.TO_DECIDE else None


def _work(form: ManyCohortsForm | ManyScopesForm, done: list[int]) -> Work:
    staff, at = current_staff(), now()
    ids = [uuid.UUID(each) for each in form.chosen.data]

    def work(session: Session) -> object:
        if isinstance(form, ManyScopesForm):
            done[:] = [scope.decide_scopes(session, staff.province_code, ids, form.said(), staff=staff, now=at)]
        else:
            done[:] = [
                scope.decide_cohorts(
                    session,
                    staff.province_code,
                    ids,
                    staff=staff,
                    cohort=Cohort(form.cohort.data),
                    reason=CohortReason(form.reason.data),
                    note=form.note.data or "",
                    evidence=form.evidence.data or "",
                    now=at,
                )
            ]
        return done

    return work


def _name(found: Found) -> str:
    parts = [found.entity.name if found.entity is not None else "", found.channel.address if found.channel else ""]
    return " · ".join(part for part in parts if part)


def _list(
    kind: Doubt, shown: list[Found], more: bool, form: PageForm | None = None, refused: Refused | None = None
) -> str:
    title, what = _words(kind)
    return render_template(
        "officer/doubt.html",
        title=title,
        what=what,
        form=form,
        refused=refused,
        rows=[_row(each) for each in shown],
        following=_list_url(kind, shown[-1].id) if more else "",
        fields=[field for field in form if field.name not in {"csrf_token", "chosen", "seen"}] if form else [],
    )


def _row(found: Found) -> dict[str, Any]:
    entity, obligation = found.entity, found.obligation
    commune = ""
    if entity is not None and entity.commune_code:
        known = get_commune(reader(), entity.province_code, entity.commune_code)
        commune = known.name if known is not None else ""
    href = (
        url_for("officer.obligation", obligation_id=obligation.id)
        if obligation is not None
        else url_for("officer.entity", entity_id=found.id)
    )
    return {"id": found.id, "name": _name(found), "href": href, "commune": commune}


# --- Addresses -------------------------------------------------------------------------------------------------------


@blueprint.get("/can-xem-lai/dia-chi")
@may(Action.ENTITY_EDIT)
def misplaced_entities() -> ResponseReturnValue:
    province_code, _agency = own_agency()
    found, after = integrity.misplaced(reader(), province_code, after=_after())
    names = {province.code: province.name for province in all_provinces(reader())}
    rows = []
    for each in found:
        place = names.get(each.province_code, "")
        if each.commune_code is not None:
            commune = get_commune(reader(), each.province_code, each.commune_code)
            place = f"{commune.name}, {place}" if commune is not None else place
        written = get_commune(reader(), province_code, each.entity.commune_code or "")
        rows.append(
            {
                "name": each.entity.name,
                "href": url_for("officer.entity", entity_id=each.entity.id),
                "address": each.entity.address,
                "written": written.name if written is not None else _("Chưa rõ"),
                "read": place,
            }
        )
    following = url_for("officer.misplaced_entities", sau=str(after)) if after is not None else ""
    return render_template("officer/misplaced.html", rows=rows, following=following)
