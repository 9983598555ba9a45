"""Administration: `/quan-tri/san-sang`, what each province still has to decide before people sign for real."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.accounts.permissions import Action, Place, allows
from pledges.audit.operations import WHOLE_SYSTEM
from pledges.core.errors import DomainError, NotFound
from pledges.plans.decisions import AGENCY, PLAN, PROVINCE
from pledges.plans.models import Agency
from pledges.plans.readiness import ReadinessItem
from pledges.plans.setting_changes import AT_READINESS, keep_settings
from pledges.province_readiness import ProvinceReadiness, province_readiness, provinces_readiness
from pledges.web.admin.blueprint import blueprint
from pledges.web.admin.forms import CONSENT, UNDECIDED, AgencyForm, PlanForm, ProvinceForm
from pledges.web.components import PageForm
from pledges.web.current import now, product, reader, write
from pledges.web.i18n import translate
from pledges.web.officer.authentication import current_actor, current_staff, recently_confirmed
from pledges.web.security import may, soft_csrf

sets_up = may(Action.PROVINCE_SET_UP)


def readiness_of(code: str) -> ProvinceReadiness:
    """One province in use; another province looks to its administrator like one that does not exist."""
    within = allows(current_staff(), Action.PROVINCE_SET_UP, Place(code))
    found = province_readiness(reader(), product(), code) if within else None
    if found is None:
        raise NotFound
    return found


def _back(code: str) -> ResponseReturnValue:
    return redirect(url_for("admin.province", code=code, luu=1), 303)


@blueprint.get("")
@sets_up
def landing() -> ResponseReturnValue:
    return redirect(url_for("admin.provinces"))


@blueprint.get("/san-sang")
@sets_up
def provinces() -> ResponseReturnValue:
    own = current_staff().province_code
    if own != WHOLE_SYSTEM:
        return redirect(url_for("admin.province", code=own))
    return render_template("admin/provinces.html", provinces=provinces_readiness(reader(), product()))


@blueprint.get("/san-sang/<code>")
@sets_up
def province(code: str) -> ResponseReturnValue:
    state = readiness_of(code)
    return render_template(
        "admin/province.html",
        state=state,
        tasks=_open_tasks(state),
        documents=[item for item in state.items if item.code.startswith("entry.")],
        saved=request.args.get("luu") == "1",
    )


def _open_tasks(state: ProvinceReadiness) -> list[dict[str, str]]:
    """What is open, one line for each part of the page: its place, its title, and what is missing there."""
    parts = {
        "wording": ("mau", _("Mẫu cam kết")),
        "plan": ("ke-hoach", _("Kế hoạch")),
        "entry": ("ke-hoach", _("Văn bản quán triệt, định hướng")),
        "setting": ("du-lieu", _("Dữ liệu cá nhân và liên hệ")),
        "agency": ("co-quan", _("Cơ quan tiếp nhận")),
        "mail": ("thu", _("Thư điện tử")),
        "seal": ("niem-phong", _("Niêm phong")),
    }
    tasks = []
    for part, (anchor, title) in parts.items():
        items = [item for item in state.missing if item.code.partition(".")[0] == part]
        if items:
            tasks.append({"anchor": anchor, "title": title, "text": _what_is_missing(part, items)})
    return tasks


def _what_is_missing(part: str, items: list[ReadinessItem]) -> str:
    count = len(items)
    if part == "wording":
        return str(_("%(count)s mẫu chưa duyệt, bản ký mang dòng DỰ THẢO", count=count))
    if part == "agency":
        return _about_agencies(items)
    if part == "entry":
        return str(_("%(count)s văn bản chưa có số và ngày", count=count))
    if part in {"mail", "seal"}:
        return " ".join(translate(item.what_to_do, **item.params) for item in items)
    return "; ".join(translate(item.title, **item.params) for item in items)


def _about_agencies(items: list[ReadinessItem]) -> str:
    untitled = sum(item.code.endswith(".signing_title") for item in items)
    keyless = sum(item.code.endswith(".key") for item in items)
    said = [str(_("%(count)s cơ quan chưa có chức danh người ký", count=untitled))] if untitled else []
    if keyless:
        said.append(str(_("%(count)s cơ quan chưa có khóa ký số thật dùng được", count=keyless)))
    return "; ".join(said)


# --- Plain data ----------------------------------------------------------------------------------------------------


def _save(code: str, kind: str, object_code: str, values: dict[str, Any], form: PageForm) -> ResponseReturnValue | None:
    actor, at = current_actor(), now()
    try:
        write(
            lambda session: keep_settings(
                session, code, kind, object_code, values, where=AT_READINESS, actor=actor, now=at
            )
        )
    except DomainError as refusal:
        form.refuse(refusal)
        return None
    return _back(code)


@blueprint.route("/san-sang/<code>/thong-tin", methods=["GET", "POST"])
@sets_up
@soft_csrf
def details(code: str) -> ResponseReturnValue:
    state = readiness_of(code)
    held = state.settings
    form = ProvinceForm(
        data={
            "retention": held.retention,
            "data_contact": held.data_contact,
            "hotline": held.hotline,
            "consent_basis": held.consent_basis if held.consent_decided else UNDECIDED,
        }
    )
    if form.validate_on_submit():
        basis = form.consent_basis.data
        values = {
            "retention": form.retention.data,
            "data_contact": form.data_contact.data,
            "hotline": form.hotline.data,
            "consent_basis": CONSENT if basis == UNDECIDED else basis,
            "consent_decided": basis != UNDECIDED,
        }
        if (done := _save(code, PROVINCE, "", values, form)) is not None:
            return done
    return render_template("admin/details.html", state=state, form=form)


@blueprint.route("/san-sang/<code>/ke-hoach", methods=["GET", "POST"])
@sets_up
@soft_csrf
def plan(code: str) -> ResponseReturnValue:
    state = readiness_of(code)
    form = PlanForm(data={"number": state.plan.number, "issued_on": state.plan.issued_on})
    if form.validate_on_submit():
        values = {"number": form.number.data, "issued_on": form.issued_on.data or None}
        if (done := _save(code, PLAN, state.plan.code, values, form)) is not None:
            return done
    return render_template("admin/plan.html", state=state, plan=state.plan, form=form)


@blueprint.route("/san-sang/<code>/co-quan/<agency_code>", methods=["GET", "POST"])
@recently_confirmed
@sets_up
@soft_csrf
def agency(code: str, agency_code: str) -> ResponseReturnValue:
    state = readiness_of(code)
    found: Agency | None = next((one for one in state.agencies if one.code == agency_code), None)
    if found is None:
        raise NotFound
    form = AgencyForm(data={"signing_title": found.signing_title, "signature_method": found.signature_method})
    if form.validate_on_submit():
        values = {"signing_title": form.signing_title.data, "signature_method": form.signature_method.data}
        if (done := _save(code, AGENCY, agency_code, values, form)) is not None:
            return done
    key = product().agency_keys.state(code, found.code, found.name, now())
    return render_template("admin/agency.html", state=state, agency=found, key=key, form=form)
