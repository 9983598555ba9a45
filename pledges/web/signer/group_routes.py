"""Page one and the page that adds groups: who signs, and in which province."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.core.db import new_id
from pledges.core.errors import DomainError
from pledges.plans.queries import duties_by_type, get_province, provinces_in_use
from pledges.plans.rules import SUBJECT_TYPES
from pledges.signing.answers import AnswerErrors, Raw, check_group
from pledges.signing.drafts import save_page, send_draft_link, start_draft, typed_answers
from pledges.signing.links import RESUME_DRAFT, revoke_links
from pledges.signing.models import Draft, DraftPurpose
from pledges.signing.rules import Page, new_resume_code
from pledges.web.current import now, product, reader, write
from pledges.web.fields import Choice
from pledges.web.i18n import language, translate
from pledges.web.network import network
from pledges.web.security import soft_csrf
from pledges.web.signer.access import START_TOKEN, form_token, held_draft, hold_draft, tokens
from pledges.web.signer.duties import hint_of
from pledges.web.signer.forms import GroupForm, MoreGroupsForm
from pledges.web.signer.journey import after, away, blueprint, locked_draft, page_url, progress_of, step


@blueprint.get("/ky-cam-ket")
def start() -> ResponseReturnValue:
    provinces = provinces_in_use(reader())
    chosen = next((province for province in provinces if province.code == request.args.get("tinh")), None)
    draft = held_draft(reader())
    if draft is not None and draft.assisted_by is not None:
        draft = None  # the answers of somebody who was helped are no beginning for the next one
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
    shown = step(Page.GROUP, context.get("draft"))
    return render_template("signer/group.html", form=form, province=province, **shown, **context)


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
    before = before if before is not None and before.assisted_by is None else None
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
    if elsewhere := away(draft, Page.GROUP):
        return elsewhere
    assert draft is not None  # noqa: S101 - `away` has answered otherwise
    assisted = draft.assisted_by is not None
    provinces = [each for each in provinces_in_use(reader()) if not assisted or each.code == draft.assisted_province]
    codes = tuple(province.code for province in provinces)
    typed = typed_answers(draft, Page.GROUP, product().vault)
    form = GroupForm(data={**typed, "draft": form_token(draft)})
    wanted = form.province.data if request.method == "POST" else request.args.get("tinh", typed.get("province"))
    province = get_province(reader(), wanted if wanted in codes else typed["province"])
    form.province.data = province.code
    if assisted:
        form.for_somebody_else()
    if not form.validate_on_submit():
        return _group_page(form, province, provinces=provinces, draft=draft)
    raw = {"email": form.email.raw, "province": province.code, "subject_type": form.subject_type.data or ""}
    try:
        checked = check_group(raw, codes, by_hand=assisted)
    except AnswerErrors as errors:
        form.show_errors(errors)
        return _group_page(form, province, provinces=provinces, draft=draft)
    settings, vault, at, key = product().settings, product().vault, now(), tokens()

    def keep(db: Any) -> None:
        kept = locked_draft(db, draft)
        if _keep_group(db, kept, raw, checked.email, at) and not assisted:
            send_draft_link(db, kept, tokens=key, public_url=settings.public_url, now=at, vault=vault)

    write(keep)
    return redirect(after(draft, Page.GROUP))


@blueprint.route("/ky-cam-ket/them-nhom", methods=["GET", "POST"])
@soft_csrf
def more() -> ResponseReturnValue:
    """More groups, signed with the same answers and one code."""
    draft = held_draft(reader())
    if elsewhere := away(draft, Page.CHECK):
        return elsewhere
    assert draft is not None  # noqa: S101
    if draft.purpose is not DraftPurpose.NEW:
        return redirect(page_url(Page.CHECK))  # the group of a pledge that is signed already stays
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
    write(lambda db: save_page(db, locked_draft(db, draft), Page.GROUP, raw, now=at, vault=product().vault))
    kept = reader().get(Draft, draft.id)
    if kept is not None and progress_of(kept).first_open is not Page.SIGN:
        flash(_("Nhóm vừa thêm cần vài thông tin nữa."), "info")
    return redirect(page_url(Page.CHECK))
