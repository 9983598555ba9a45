"""The pages of the form, from the first answer to the signature: `/ky-cam-ket/…`."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.core.calendar import local_day
from pledges.core.countries import countries
from pledges.core.db import new_id
from pledges.core.errors import DomainError, NotFound
from pledges.plans.queries import (
    all_provinces,
    duties_by_type,
    get_commune,
    get_province,
    provinces_in_use,
    search_communes,
)
from pledges.plans.rules import SUBJECT_TYPES
from pledges.plans.settings import province_settings
from pledges.registry.models import EntityKind, Location
from pledges.signing.answers import AnswerErrors, Raw, check_group
from pledges.signing.drafts import (
    save_page,
    send_draft_link,
    start_draft,
    typed_answers,
)
from pledges.signing.links import RESUME_DRAFT, revoke_links
from pledges.signing.models import Draft
from pledges.signing.queries import pledges_of_draft
from pledges.signing.rules import Page, new_resume_code
from pledges.signing.texts import extra_fields_of
from pledges.web.components import PageForm
from pledges.web.current import now, product, reader, write
from pledges.web.fields import Choice
from pledges.web.i18n import language, translate
from pledges.web.network import network
from pledges.web.security import soft_csrf
from pledges.web.signer.access import (
    START_TOKEN,
    drop_draft,
    form_token,
    held_draft,
    hold_draft,
    tokens,
)
from pledges.web.signer.duties import duty_views, hint_of
from pledges.web.signer.forms import (
    ActForm,
    AnswerForm,
    GroupForm,
    MoreGroupsForm,
    PlaceForm,
    SignerForm,
    WhoForm,
)
from pledges.web.signer.journey import NEXT, away, blueprint, page_url, progress_of, step
from pledges.web.signer.summary import group_rows, place_rows, signer_rows, who_rows

# --- Page one --------------------------------------------------------------------------------------------------------


@blueprint.get("/ky-cam-ket")
def start() -> ResponseReturnValue:
    provinces = provinces_in_use(reader())
    chosen = next((province for province in provinces if province.code == request.args.get("tinh")), None)
    draft = held_draft(reader())
    unfinished = draft if draft is not None and draft.signed_at is None else None
    if chosen is None:
        return render_template("signer/province.html", provinces=provinces, unfinished=unfinished)
    code = new_resume_code()
    form = GroupForm(formdata=None)
    form.province.data = chosen.code
    form.start.data = tokens().make(START_TOKEN, f"{new_id()}:{code}")
    if draft is not None and draft.signed_at is not None:
        form.email.data = draft.email  # the same person goes on, with the same answers
    return _group_page(form, chosen, resume_code=code, unfinished=unfinished)


def _group_page(form: GroupForm, province: Any, **context: Any) -> ResponseReturnValue:
    form.subject_type.choices = _group_choices(province.code, tuple(SUBJECT_TYPES))
    context.setdefault("resume_code", "")
    context.setdefault("unfinished", None)
    return render_template("signer/group.html", form=form, province=province, **step(Page.GROUP), **context)


def _group_choices(province_code: str, codes: tuple[str, ...]) -> tuple[Choice, ...]:
    """The groups in order, each heading above the first of its kind."""
    duties = duties_by_type(reader(), province_code, codes)
    choices = []
    heading = ""
    for kind in (SUBJECT_TYPES[code] for code in codes):
        shown = "" if kind.group == heading else kind.group
        heading = kind.group
        hint = hint_of(kind, duties[kind.code])
        choices.append(Choice(kind.code, translate(kind.label), hint, translate(shown) if shown else ""))
    return tuple(choices)


@blueprint.post("/ky-cam-ket")
@soft_csrf
def start_post() -> ResponseReturnValue:
    form = GroupForm()
    started = (tokens().read(START_TOKEN, form.start.data or "") or "").partition(":")
    codes = tuple(province.code for province in provinces_in_use(reader()))
    province = get_province(reader(), form.province.data) if form.province.data in codes else None
    if province is None or not started[2]:
        return redirect(url_for("signer.start"))
    draft_id, _colon, resume_code = started
    if not form.validate_on_submit():
        return _group_page(form, province, resume_code=resume_code)
    raw = {"email": form.email.raw, "province": province.code, "subject_type": form.subject_type.data or ""}
    try:
        group = check_group(raw, codes)
    except AnswerErrors as errors:
        form.show_errors(errors)
        return _group_page(form, province, resume_code=resume_code)
    before = held_draft(reader())
    settings, vault, at, key, lang, peer = product().settings, product().vault, now(), tokens(), language(), network()

    def begin(db: Any) -> None:
        draft = start_draft(
            db,
            raw,
            email=group.email,
            resume_code=resume_code,
            network=peer,
            language=lang,
            now=at,
            vault=vault,
            draft_id=uuid.UUID(draft_id),
            like=before if before is not None and before.signed_at is not None else None,
        )
        if draft.signed_at is None:
            moved = _keep_group(db, draft, raw, group.email, at)
            if moved or draft.created_at == at:
                send_draft_link(db, draft, tokens=key, public_url=settings.public_url, now=at, vault=vault)

    try:
        write(begin)
    except DomainError as error:
        form.refuse(error)
        return _group_page(form, province, resume_code=resume_code)
    hold_draft(uuid.UUID(draft_id))
    return redirect(page_url(Page.WHO))


def _keep_group(db: Any, draft: Draft, raw: Raw, email: str, at: Any) -> bool:
    """Save page one; links that went to a former address stop working. True where the new address needs one."""
    before = draft.answers.get(Page.GROUP.value, {})
    raw = {**raw, "more_types": raw.get("more_types", before.get("more_types", []))}
    save_page(db, draft, Page.GROUP, raw, now=at, vault=product().vault)
    moved = draft.email.casefold() != email.casefold()
    if moved:
        revoke_links(db, RESUME_DRAFT, draft.id, at)
    draft.email = email
    return moved


@blueprint.route("/ky-cam-ket/nhom", methods=["GET", "POST"])
@soft_csrf
def group() -> ResponseReturnValue:
    """Page one again, to change an answer of a draft."""
    draft = held_draft(reader())
    if draft is None or draft.signed_at is not None:
        return away(draft, Page.GROUP) or redirect(url_for("signer.start"))
    provinces = provinces_in_use(reader())
    codes = tuple(province.code for province in provinces)
    typed = typed_answers(draft, Page.GROUP, product().vault)
    form = GroupForm(data={**typed, "draft": form_token(draft)})
    wanted = form.province.data if request.method == "POST" else request.args.get("tinh", typed.get("province"))
    province = get_province(reader(), wanted if wanted in codes else typed["province"])
    form.province.data = province.code
    if not form.validate_on_submit():
        return _group_page(form, province, provinces=provinces, draft=draft)
    raw = {"email": form.email.raw, "province": province.code, "subject_type": form.subject_type.data or ""}
    try:
        checked = check_group(raw, codes)
    except AnswerErrors as errors:
        form.show_errors(errors)
        return _group_page(form, province, provinces=provinces, draft=draft)
    settings, vault, at, key = product().settings, product().vault, now(), tokens()

    def keep(db: Any) -> None:
        kept = _again(db, draft)
        if _keep_group(db, kept, raw, checked.email, at):
            send_draft_link(db, kept, tokens=key, public_url=settings.public_url, now=at, vault=vault)

    write(keep)
    return redirect(_after(Page.GROUP))


def _again(db: Any, draft: Draft) -> Draft:
    """The draft in a writing session, locked; signed meanwhile in another tab, it may not change any more."""
    found = db.get(Draft, draft.id, with_for_update=True)
    if found is None or found.signed_at is not None:
        raise NotFound
    return found  # type: ignore[no-any-return]


def _after(page: Page) -> str:
    """The next page, or back to the check of answers when the signer came from there."""
    return page_url(Page.CHECK) if request.args.get("ve") == "kiem-tra" else page_url(NEXT[page])


# --- Pages two to four -----------------------------------------------------------------------------------------------


def answer_page(draft: Draft, page: Page, form: AnswerForm, template: str, **context: Any) -> ResponseReturnValue:
    """Show a page, or keep what was typed and go on when it is right; wrong answers are kept as well."""
    form.draft.data = form_token(draft)
    context |= step(page)
    if not form.validate_on_submit():
        return render_template(template, form=form, **context)
    raw = {name: _plain(value) for name, value in form.kept().items() if name != "draft"}
    at, vault = now(), product().vault
    write(lambda db: save_page(db, _again(db, draft), page, raw, now=at, vault=vault))
    kept = reader().get(Draft, draft.id)
    errors = progress_of(kept).errors.get(page) if kept is not None else None
    if errors is not None:
        form.show_errors(errors)
        return render_template(template, form=form, **context)
    return redirect(_after(page))


def _plain(value: Any) -> Any:
    """A ticked box is kept as the word that its control sends."""
    return {True: "yes", False: "", None: ""}.get(value, value) if isinstance(value, bool | None) else value


@blueprint.route("/ky-cam-ket/doi-tuong", methods=["GET", "POST"])
@soft_csrf
def who() -> ResponseReturnValue:
    draft = held_draft(reader())
    if elsewhere := away(draft, Page.WHO):
        return elsewhere
    assert draft is not None  # noqa: S101 - `away` has answered otherwise
    progress = progress_of(draft)
    assert progress.group is not None  # noqa: S101
    typed = typed_answers(draft, Page.WHO, product().vault)
    number_kept = typed.pop("personal_number", "")
    province = get_province(reader(), progress.group.province_code)
    form = WhoForm(data=typed)
    form.fit(
        progress.group,
        extra_fields=extra_fields_of(reader(), progress.group),
        countries=countries(language()),
        provinces={other.code: other.name for other in all_provinces(reader()) if other.code != province.code},
    )
    return answer_page(
        draft,
        Page.WHO,
        form,
        "signer/who.html",
        duties=duty_views(reader(), progress.group, local_day(now())),
        province=province,
        number_kept=number_kept[-4:],
    )


@blueprint.route("/ky-cam-ket/dia-ban", methods=["GET", "POST"])
@soft_csrf
def place() -> ResponseReturnValue:
    draft = held_draft(reader())
    if elsewhere := away(draft, Page.PLACE):
        return elsewhere
    assert draft is not None  # noqa: S101
    progress = progress_of(draft)
    assert progress.group is not None  # noqa: S101
    assert progress.who is not None  # noqa: S101
    form = PlaceForm(data=typed_answers(draft, Page.PLACE, product().vault))
    province_code = progress.group.province_code
    _let_search(form, province_code)
    form.fit(progress.group, local=progress.who.location is Location.LOCAL)
    return answer_page(draft, Page.PLACE, form, "signer/place.html", province=progress.province, group=progress.group)


def _let_search(form: PlaceForm, province_code: str) -> None:
    form.commune.live_url = url_for("signer.communes", tinh=province_code)
    form.commune.search = lambda query: _commune_choices(province_code, query)
    form.commune.name_of = lambda code: _commune_choice(province_code, code)


def _commune_choice(province_code: str, code: str) -> Choice | None:
    commune = get_commune(reader(), province_code, code)
    return Choice(commune.code, commune.name) if commune is not None else None


def _commune_choices(province_code: str, query: str) -> list[Choice]:
    """Each commune once; several of its old names may have matched."""
    names: dict[str, str] = {}
    former: dict[str, list[str]] = {}
    for hit in search_communes(reader(), province_code, query):
        names[hit.code] = hit.name
        former.setdefault(hit.code, []).extend([hit.former] if hit.former else [])
    return [
        Choice(code, name, _("tên cũ: %(name)s", name="; ".join(former[code])) if former[code] else "")
        for code, name in names.items()
    ]


@blueprint.get("/ky-cam-ket/xa-phuong")
def communes() -> ResponseReturnValue:
    """The communes that match what is typed, as a fragment of the page."""
    province_code = request.args.get("tinh", "")
    form = PlaceForm(formdata=None, data={"commune": request.args.get("chosen", "")})
    _let_search(form, province_code)
    form.commune.query = request.args.get("q", "")[:100]
    return render_template("signer/_communes.html", field=form.commune)


@blueprint.route("/ky-cam-ket/nguoi-ky", methods=["GET", "POST"])
@soft_csrf
def signer() -> ResponseReturnValue:
    draft = held_draft(reader())
    if elsewhere := away(draft, Page.SIGNER):
        return elsewhere
    assert draft is not None  # noqa: S101
    progress = progress_of(draft)
    assert progress.who is not None  # noqa: S101
    form = SignerForm(data=typed_answers(draft, Page.SIGNER, product().vault))
    form.fit(person=progress.who.kind is EntityKind.PERSON)
    return answer_page(draft, Page.SIGNER, form, "signer/signer.html", who=progress.who)


@blueprint.route("/ky-cam-ket/them-nhom", methods=["GET", "POST"])
@soft_csrf
def more() -> ResponseReturnValue:
    """More groups, signed with the same answers and one code."""
    draft = held_draft(reader())
    if elsewhere := away(draft, Page.CHECK):
        return elsewhere
    assert draft is not None  # noqa: S101
    progress = progress_of(draft)
    group = progress.group
    assert group is not None  # noqa: S101
    form = MoreGroupsForm(data={"more_types": list(group.subject_types[1:])})
    form.draft.data = form_token(draft)
    others = tuple(code for code in SUBJECT_TYPES if code != group.subject_types[0] and progress.fits(code))
    form.more_types.choices = _group_choices(group.province_code, others)
    if not form.validate_on_submit():
        return render_template("signer/more.html", form=form)
    raw = {**typed_answers(draft, Page.GROUP, product().vault), "more_types": form.more_types.data or []}
    at = now()
    write(lambda db: save_page(db, _again(db, draft), Page.GROUP, raw, now=at, vault=product().vault))
    kept = reader().get(Draft, draft.id)
    if kept is not None and progress_of(kept).first_open is not Page.SIGN:
        flash(_("Nhóm vừa thêm cần vài thông tin nữa."), "info")
    return redirect(page_url(Page.CHECK))


# --- Check answers and the end ---------------------------------------------------------------------------------------


@blueprint.get("/ky-cam-ket/kiem-tra")
def check() -> ResponseReturnValue:
    draft = held_draft(reader())
    if elsewhere := away(draft, Page.CHECK):
        return elsewhere
    assert draft is not None  # noqa: S101
    progress = progress_of(draft)
    answers = progress.complete()
    names = {province.code: province.name for province in all_provinces(reader())}
    rows = {
        "group": group_rows(answers.group, answers.province.name, url_for("signer.group", ve="kiem-tra")),
        "who": who_rows(answers.who, names, url_for("signer.who", ve="kiem-tra")),
        "place": place_rows(answers.who, answers.place, url_for("signer.place", ve="kiem-tra")),
        "signer": signer_rows(answers.signer, url_for("signer.signer", ve="kiem-tra")),
    }
    form = ActForm(data={"draft": form_token(draft)})
    return render_template("signer/check.html", form=form, answers=answers, rows=rows, **step(Page.CHECK))


@blueprint.get("/ky-cam-ket/xong")
def done() -> ResponseReturnValue:
    draft = held_draft(reader())
    if draft is None or draft.signed_at is None:
        return away(draft, Page.GROUP) or redirect(url_for("signer.start"))
    pledges = pledges_of_draft(reader(), draft.id)
    province = get_province(reader(), pledges[0].province_code) if pledges else None
    days = province_settings(province).days_to_answer if province is not None else None
    return render_template("signer/done.html", pledges=pledges, days=days)


@blueprint.post("/ky-cam-ket/bat-dau-lai")
@soft_csrf
def again() -> ResponseReturnValue:
    """Leave the draft of this browser; it stays on the server and can be resumed."""
    if PageForm().validate_on_submit():
        drop_draft()
    return redirect(url_for("signer.start"))
