"""Signing beside somebody of the staff: `/can-bo/ky-ho`. The questions are those of the signer's own pages."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import RequestEntityTooLarge

from pledges.accounts.permissions import Action, Place, require
from pledges.core.calendar import local_day
from pledges.core.db import new_id
from pledges.core.errors import DomainError, NotFound
from pledges.core.identity import mask_phone
from pledges.core.tokens import Tokens
from pledges.documents.rendering import render_pledge
from pledges.review.models import DecisionKind
from pledges.review.operations import last_decision
from pledges.signing import assisting
from pledges.signing.acts import Confirmation
from pledges.signing.least_kinds import TooWeak
from pledges.signing.models import Draft, Origin, Pledge, PledgeState
from pledges.signing.queries import pledge_by_reference, pledges_of_draft
from pledges.signing.rules import Page
from pledges.signing.texts import DraftAnswers, Progress
from pledges.web.components import PageForm
from pledges.web.current import now, product, reader, write
from pledges.web.errors import error_page
from pledges.web.i18n import date_text, error_text
from pledges.web.network import network
from pledges.web.officer.assist_forms import HandInForm, PhoneForm, PrintForm
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.words import state_label
from pledges.web.pdf_files import pdf_answer
from pledges.web.picture_fields import LARGEST_POST
from pledges.web.security import may, soft_csrf
from pledges.web.signer.access import hold_draft
from pledges.web.signer.journey import page_url, progress_of


def draft_for(draft_id: uuid.UUID) -> Draft:
    """The draft that this member of staff has begun; everybody else gets the answer of nothing."""
    draft = reader().get(Draft, draft_id)
    if draft is None or draft.assisted_by is None or draft.assisted_province is None or draft.expires_at < now():
        raise NotFound
    require(current_staff(), Action.SIGNING_ASSIST, Place(draft.assisted_province, staff_id=draft.assisted_by))
    return draft


def _helped_pledge(reference: str) -> Pledge:
    pledge = pledge_by_reference(reader(), reference)
    if pledge is None or pledge.origin is not Origin.ASSISTED:
        raise NotFound
    require(current_staff(), Action.SIGNING_ASSIST, Place(pledge.province_code, staff_id=pledge.recorded_by))
    return pledge


@blueprint.route("/ky-ho", methods=["GET", "POST"])
@may(Action.SIGNING_ASSIST)
@soft_csrf
def assisted() -> ResponseReturnValue:
    """Everybody whom this member of staff helps or has helped; a post begins with the next one."""
    staff, at, vault = current_staff(), now(), product().vault
    if request.method == "POST" and PageForm().validate_on_submit():
        draft_id = new_id()
        write(lambda db: assisting.start_assisted(db, staff, now=at, vault=vault, draft_id=draft_id))
        hold_draft(draft_id)
        return redirect(page_url(Page.GROUP), 303)
    return render_template(
        "officer/assisted.html",
        drafts=[(draft, _name_of(draft), assisting.print_code(draft)) for draft in _drafts(at)],
        pledges=[_helped(pledge) for pledge in assisting.pledges_helped_by(reader(), staff)],
    )


def _drafts(at: Any) -> list[Draft]:
    return assisting.open_drafts_of(reader(), current_staff(), at)


def _name_of(draft: Draft) -> str:
    name = draft.answers.get(Page.WHO.value, {}).get("name", "")
    return str(name) or str(_("Chưa ghi tên"))


def _helped(pledge: Pledge) -> dict[str, Any]:
    returned = None
    if pledge.state is PledgeState.RETURNED:
        returned = last_decision(reader(), (pledge.province_code, pledge.id), DecisionKind.RETURNED)
    return {
        "pledge": pledge,
        "label": state_label(pledge),
        "message": returned.message.splitlines() if returned is not None else [],
    }


@blueprint.post("/ky-ho/<uuid:draft_id>/dien")
@may(Action.SIGNING_ASSIST)
@soft_csrf
def fill_in(draft_id: uuid.UUID) -> ResponseReturnValue:
    """Go on with the questions of a draft."""
    draft = draft_for(draft_id)
    if not PageForm().validate_on_submit() or draft.signed_at is not None:
        return redirect(url_for("officer.assisted_draft", draft_id=draft_id), 303)
    hold_draft(draft.id)
    first = progress_of(draft).first_open
    return redirect(page_url(Page.CHECK if first is Page.SIGN else first), 303)


@blueprint.get("/ky-ho/<uuid:draft_id>")
@may(Action.SIGNING_ASSIST)
def assisted_draft(draft_id: uuid.UUID) -> ResponseReturnValue:
    """Where the code of the print-out leads: the text, the print-out, and the pictures of what was signed."""
    return _page(draft_for(draft_id))


def _page(
    draft: Draft,
    *,
    print_form: PrintForm | None = None,
    hand_in: HandInForm | None = None,
    phone: PhoneForm | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    if draft.signed_at is not None:
        signed = [_helped(pledge) for pledge in pledges_of_draft(reader(), draft.id)]
        return render_template("officer/assisted_done.html", pledges=signed), 200
    progress: Progress = progress_of(draft)
    if progress.first_open is not Page.SIGN:
        return render_template("officer/assisted_open.html", draft=draft, name=_name_of(draft))
    answers = progress.complete()
    texts = assisting.texts_of_print(reader(), draft, answers, local_day(now()))
    last = assisting.printed(draft)
    current = assisting.is_print_current(draft, texts)
    if print_form is None:
        print_form = PrintForm(formdata=None)
        if last is not None:
            print_form.publication.data = last.publication
    if hand_in is None:
        hand_in = HandInForm(formdata=None)
        hand_in.signed_on.data = local_day(now())
    kept = hand_in.number_kept(Tokens(product().settings.secret_key))
    hand_in.pictures.required = not kept
    page = render_template(
        "officer/assisted_draft.html",
        draft=draft,
        answers=answers,
        texts=texts,
        code=assisting.print_code(draft),
        printed=last,
        current=current,
        print_form=print_form,
        hand_in=hand_in,
        form=next((sent for sent in (phone, hand_in) if sent is not None and sent.problems), print_form),
        **_by_phone(draft, answers, phone),
        kept=kept,
    )
    return page, status


def _by_phone(draft: Draft, answers: DraftAnswers, sent: PhoneForm | None) -> dict[str, Any]:
    """Signing by a code to the phone, where there is a gateway and a phone."""
    if product().settings.sms_url is None or not assisting.can_sign_by_phone(answers):
        return {"phone": None}
    form = sent or PhoneForm(formdata=None)
    both = [
        text.rendered.sha256
        for agreed in (False, True)
        for text in assisting.texts_for(reader(), draft, answers, agreed, local_day(now()))
    ]
    form.shown.data = " ".join(both)
    return {"phone": form, "masked": mask_phone(answers.place.phone or "")}


@blueprint.post("/ky-ho/<uuid:draft_id>/ma")
@may(Action.SIGNING_ASSIST)
@soft_csrf
def send_phone_code(draft_id: uuid.UUID) -> ResponseReturnValue:
    """Send a code to the signer's phone."""
    draft = draft_for(draft_id)
    if product().settings.sms_url is None or draft.signed_at is not None or not PageForm().validate_on_submit():
        return redirect(url_for("officer.assisted_draft", draft_id=draft_id), 303)
    peer, at, vault = network(), now(), product().vault
    try:
        masked = write(lambda db: assisting.send_phone_code(db, draft, network=peer, now=at, vault=vault))
    except DomainError as refusal:
        flash(error_text(refusal), "warning")
    else:
        flash(_("Đã gửi mã tới %(phone)s. Tin nhắn thường đến trong một phút.", phone=masked), "success")
    return redirect(url_for("officer.assisted_draft", draft_id=draft_id, _anchor="ma"), 303)


@blueprint.post("/ky-ho/<uuid:draft_id>/ky")
@may(Action.SIGNING_ASSIST)
@soft_csrf
def sign_by_phone(draft_id: uuid.UUID) -> ResponseReturnValue:
    """The signer reads the code out, and has signed."""
    draft = draft_for(draft_id)
    if product().settings.sms_url is None or draft.signed_at is not None:
        return redirect(url_for("officer.assisted_draft", draft_id=draft_id), 303)
    form = PhoneForm()
    shown = tuple((form.shown.data or "").split())
    if not form.validate_on_submit():
        return _page(draft, phone=form, status=400)
    confirmation = Confirmation(
        typed_name=progress_of(draft).complete().signer.name,
        code=form.code.data,
        representative_code="",
        consent_processing=True,
        consent_publication=bool(form.publication.data),
        shown_hashes=shown,
        network=network(),
    )
    staff, at, vault, public_url = current_staff(), now(), product().vault, product().settings.public_url
    try:
        outcome = write(
            lambda db: assisting.sign_by_phone(
                db, draft_id, confirmation, staff=staff, now=at, vault=vault, public_url=public_url
            )
        )
    except DomainError as refusal:
        form.refuse(refusal)
        return _page(draft_for(draft_id), phone=form, status=refusal.status)
    if outcome.refusal is not None:
        form.refuse(outcome.refusal)
        return _page(draft_for(draft_id), phone=form, status=400)
    return redirect(url_for("officer.assisted_draft", draft_id=draft_id), 303)


@blueprint.post("/ky-ho/<uuid:draft_id>/in")
@may(Action.SIGNING_ASSIST)
@soft_csrf
def print_draft(draft_id: uuid.UUID) -> ResponseReturnValue:
    """Fix what is printed, with the signer's answer about publication."""
    draft = draft_for(draft_id)
    form = PrintForm()
    if not form.validate_on_submit():
        return _page(draft, print_form=form, status=400)
    publication, at, vault = bool(form.publication.data), now(), product().vault

    def prepare(db: Any) -> None:
        kept = db.get(Draft, draft_id, with_for_update=True)
        if kept is None or kept.signed_at is not None:
            raise NotFound
        assisting.prepare_print(db, kept, publication=publication, now=at, vault=vault)

    try:
        write(prepare)
    except TooWeak as refusal:
        form.refuse(refusal)
        return _page(draft, print_form=form, status=refusal.status)
    return redirect(url_for("officer.assisted_draft", draft_id=draft_id, _anchor="ban-in"), 303)


@blueprint.get("/ky-ho/<uuid:draft_id>/ban-in-<int:number>.pdf")
@may(Action.SIGNING_ASSIST)
def print_out(draft_id: uuid.UUID, number: int) -> ResponseReturnValue:
    """The text with room for a signature; it bears no seal, because nobody has signed it yet."""
    draft = draft_for(draft_id)
    progress = progress_of(draft)
    if draft.signed_at is not None or progress.first_open is not Page.SIGN or assisting.printed(draft) is None:
        raise NotFound
    answers = progress.complete()
    texts = assisting.texts_of_print(reader(), draft, answers, local_day(now()))
    if not 1 <= number <= len(texts):
        raise NotFound
    paper = assisting.paper_to_sign(draft, answers, texts[number - 1], product().settings.public_url)
    name = f"{paper.reference}-{number}"
    return Response(
        render_pledge(paper, trial=False),
        mimetype="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}.pdf"'},
    )


@blueprint.post("/ky-ho/<uuid:draft_id>/gui")
@may(Action.SIGNING_ASSIST)
@soft_csrf
def hand_in(draft_id: uuid.UUID) -> ResponseReturnValue:
    """Send the pictures of the signed paper; from then on it waits for the department."""
    request.max_content_length = LARGEST_POST
    draft = draft_for(draft_id)
    if draft.signed_at is not None:
        return redirect(url_for("officer.assisted_draft", draft_id=draft_id), 303)
    try:
        form = HandInForm()
    except RequestEntityTooLarge:
        return error_page(413, _("Các ảnh quá lớn. Hãy quay lại trang trước và chọn ít ảnh hơn hoặc ảnh nhỏ hơn."))
    valid = form.validate_on_submit()
    if form.stale:
        return _page(draft, hand_in=form)
    staff, at, vault, public_url = current_staff(), now(), product().vault, product().settings.public_url
    try:
        pictures = form.keep(Tokens(product().settings.secret_key), product().storage)
        if not valid or form.problems:
            return _page(draft, hand_in=form, status=400)
        signed = assisting.SignedPaper(form.signed_on.data, pictures, witnessed=bool(form.witnessed.data))
        outcome = write(
            lambda db: assisting.hand_in(db, draft_id, signed, staff=staff, now=at, vault=vault, public_url=public_url)
        )
    except DomainError as refusal:
        form.refuse(refusal)
        return _page(draft_for(draft_id), hand_in=form, status=refusal.status)
    for pledge in outcome.already if outcome.signed == () else ():
        if pledge.draft_id != draft_id:
            flash(
                _(
                    "Người này đã có bản cam kết %(reference)s ký ngày %(day)s; không cần ký lại.",
                    reference=pledge.reference,
                    day=date_text(pledge.signed_at),
                ),
                "info",
            )
    return redirect(url_for("officer.assisted_draft", draft_id=draft_id), 303)


@blueprint.get("/ky-ho/ho-so/<reference>.pdf")
@may(Action.SIGNING_ASSIST)
def helped_pdf(reference: str) -> ResponseReturnValue:
    """The sealed file, to be printed for the person: after the department's decision the final one."""
    pledge = _helped_pledge(reference)
    return pdf_answer(pledge, pledge.document_id, pledge.reference, inline=True)


@blueprint.post("/ky-ho/ho-so/<reference>/sua")
@may(Action.SIGNING_ASSIST)
@soft_csrf
def correct_helped(reference: str) -> ResponseReturnValue:
    """Open what the department has returned, with the same person beside."""
    pledge = _helped_pledge(reference)
    if not PageForm().validate_on_submit():
        return redirect(url_for("officer.assisted"), 303)
    said = last_decision(reader(), (pledge.province_code, pledge.id), DecisionKind.RETURNED)
    asked = list(said.asked) if said is not None else []
    staff, at, vault = current_staff(), now(), product().vault
    try:
        draft = write(
            lambda db: assisting.correct_assisted(
                db, db.get_one(Pledge, (pledge.province_code, pledge.id)), staff, asked=asked, now=at, vault=vault
            )
        )
    except DomainError as closed:
        flash(error_text(closed), "warning")
        return redirect(url_for("officer.assisted"), 303)
    hold_draft(draft.id)
    return redirect(page_url(Page.CHECK), 303)
