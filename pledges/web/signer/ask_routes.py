"""What an invitation leads to: its landing page, the code that proves who holds it, and the form."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta

import structlog
from flask import Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from pledges.core import throttle
from pledges.core.calendar import Quarter
from pledges.core.errors import DomainError, NotFound
from pledges.documents.errors import DocumentDamaged
from pledges.plans.models import Agency, Province
from pledges.plans.queries import get_agency, get_province
from pledges.plans.rules import SUBJECT_TYPES
from pledges.plans.settings import province_settings
from pledges.rounds import links
from pledges.rounds.links import Invitation, Standing
from pledges.rounds.prefill import AskedFor, asked_for, begin, returned_pledge
from pledges.signing.codes import CodePurpose, newest_code, send_code, try_code
from pledges.signing.models import Draft, Pledge
from pledges.signing.rules import Page
from pledges.web.current import now, product, reader, write
from pledges.web.errors import error_page
from pledges.web.i18n import error_text, language, quarter_text, translate
from pledges.web.network import network
from pledges.web.security import soft_csrf
from pledges.web.signer.access import browser_id, held_draft, hold_draft, let_open_file, name_browser
from pledges.web.signer.forms import ActForm, AskCodeForm, ShortCodeForm
from pledges.web.signer.journey import blueprint, page_url

log = structlog.get_logger()

_TRIES, _HOUR = "ask.code", timedelta(hours=1)


@dataclass(frozen=True)
class LandingView:
    """What whoever holds the link may see: who asks, for what, until when, and a name that only its owner knows."""

    agency: Agency
    province: Province
    quarter: str
    name: str
    groups: list[str]
    asked: list[AskedFor]
    hotline: str
    paused: bool
    reachable: bool
    goes_on: bool
    """This browser has the form of the invitation open already."""

    @property
    def only_receipt(self) -> bool:
        return bool(self.asked) and all(each.acknowledges for each in self.asked)

    @property
    def signed(self) -> bool:
        """Nothing is left to sign."""
        return any(each.held for each in self.asked) and not self.is_open

    @property
    def is_open(self) -> bool:
        return any(each.open for each in self.asked)


# --- The landing page -----------------------------------------------------------------------------------------------


@blueprint.get("/ky-cam-ket/loi-moi/<token>")
def asked(token: str) -> ResponseReturnValue:
    """Only a button: a mail scanner that opens the link changes nothing, and learns nothing about anybody."""
    invitation = links.by_token(reader(), token)
    if invitation is None or invitation.standing is Standing.DEAD:
        return _dead(None)
    if invitation.standing is Standing.OVER:
        return _dead(invitation)
    view = _view(invitation)
    return render_template("signer/asked.html", form=ActForm(formdata=None), view=view, ask=invitation.ask, token=token)


def _dead(invitation: Invitation | None) -> ResponseReturnValue:
    """Nobody is sent away without a way to sign; that a round is over is all that is said of a real link."""
    quarter = quarter_text(Quarter.parse(invitation.round.quarter)) if invitation is not None else ""
    province = invitation.ask.province_code if invitation is not None else None
    return render_template("signer/asked_dead.html", quarter=quarter, province_code=province), 410


def _view(invitation: Invitation) -> LandingView:
    session, ask = reader(), invitation.ask
    asked = asked_for(session, invitation)
    province = get_province(session, ask.province_code)
    types = dict.fromkeys(code for each in asked for code in each.subject_types)
    draft = _open_form(invitation)
    return LandingView(
        agency=get_agency(session, ask.province_code, invitation.round.agency_code),
        province=province,
        quarter=quarter_text(Quarter.parse(invitation.round.quarter)),
        name=links.masked_name(invitation.entity.name),
        groups=[translate(SUBJECT_TYPES[code].label) for code in types],
        asked=asked,
        hotline=province_settings(province).hotline,
        paused=invitation.standing is Standing.PAUSED,
        reachable=invitation.contact is not None,
        goes_on=draft is not None,
    )


def _open_form(invitation: Invitation) -> Draft | None:
    """The unfinished form of this invitation, where this browser has it open."""
    draft = held_draft(reader())
    if draft is None or draft.signed_at is not None or draft.ask_id != invitation.ask.id:
        return None
    return draft


def _living(session: Session, token: str) -> Invitation:
    """The invitation, where something can still be signed through it."""
    invitation = links.by_token(session, token)
    if invitation is None or invitation.standing is not Standing.OPEN:
        raise NotFound
    if not any(each.open for each in asked_for(session, invitation)):
        raise NotFound
    return invitation


def _back(token: str) -> ResponseReturnValue:
    return redirect(url_for("signer.asked", token=token), 303)


@blueprint.post("/ky-cam-ket/loi-moi/<token>")
@soft_csrf
def asked_post(token: str) -> ResponseReturnValue:
    """The button: what counts as opened. Where somebody is known, a code goes to their address first."""
    if not ActForm().validate_on_submit():
        return _back(token)
    try:
        invitation = _living(reader(), token)
    except NotFound:
        return _back(token)
    if _open_form(invitation) is not None:
        return redirect(page_url(Page.WHO), 303)
    if invitation.contact is None:
        return _begin_blank(token)
    return _send(token)


def _send(token: str) -> ResponseReturnValue:
    name_browser()
    peer, at, lang, vault, browser = network(), now(), language(), product().vault, browser_id()

    def send(db: Session) -> DomainError | None:
        invitation = _living(db, token)
        ask, contact = invitation.ask, invitation.contact
        links.record_opened(db, ask, at)
        if contact is None:
            raise NotFound
        try:
            send_code(
                db,
                CodePurpose.ASK,
                uuid.uuid5(ask.id, browser),
                contact.value,
                network=peer,
                language=lang,
                now=at,
                vault=vault,
                province_code=ask.province_code,
                # Limits of its own: whoever holds a link cannot use up the codes that sign.
                counted_as=f"{ask.id}@loi-moi.invalid",
            )
        except DomainError as refusal:
            return refusal  # that it was opened stays true
        return None

    refusal = write(send)
    if refusal is not None:
        flash(error_text(refusal), "warning")
    return redirect(url_for("signer.ask_code", token=token), 303)


# --- The code -------------------------------------------------------------------------------------------------------


@blueprint.get("/ky-cam-ket/loi-moi/<token>/ma")
def ask_code(token: str) -> ResponseReturnValue:
    try:
        return _code_page(token, _living(reader(), token), AskCodeForm(formdata=None))
    except NotFound:
        return _back(token)


def _code_page(token: str, invitation: Invitation, form: AskCodeForm) -> ResponseReturnValue:
    if invitation.contact is None:
        return _back(token)
    sent = newest_code(reader(), CodePurpose.ASK, uuid.uuid5(invitation.ask.id, browser_id()))
    waiting = sent is not None and sent.void_at is None and sent.used_at is None and sent.expires_at > now()
    return render_template(
        "signer/ask_code.html",
        form=form,
        token=token,
        masked=links.masked_address(invitation.contact.value),
        sent=sent if waiting else None,
    )


@blueprint.post("/ky-cam-ket/loi-moi/<token>/gui-lai")
@soft_csrf
def ask_code_again(token: str) -> ResponseReturnValue:
    if not ActForm().validate_on_submit():
        flash(_("Phiên làm việc đã được làm mới. Hãy bấm gửi mã lần nữa."), "warning")
        return redirect(url_for("signer.ask_code", token=token), 303)
    try:
        return _send(token)
    except NotFound:
        return _back(token)


@blueprint.post("/ky-cam-ket/loi-moi/<token>/ma")
@soft_csrf
def ask_code_post(token: str) -> ResponseReturnValue:
    """The right code opens the form with all that is known; what was sent back is corrected instead."""
    form = AskCodeForm()
    try:
        invitation = _living(reader(), token)
    except NotFound:
        return _back(token)
    if not form.validate_on_submit():
        return _code_page(token, invitation, form)
    typed, peer, at, lang, vault, browser = form.code.raw, network(), now(), language(), product().vault, browser_id()

    def confirm(db: Session) -> Draft | Pledge | DomainError:
        found = _living(db, token)
        code = try_code(db, CodePurpose.ASK, uuid.uuid5(found.ask.id, browser), typed, now=at, vault=vault)
        if isinstance(code, DomainError):
            return code
        code.used_at = at
        returned = returned_pledge(db, found, asked_for(db, found))
        return returned or begin(
            db, found, confirmed=True, browser=browser, network=peer, language=lang, now=at, vault=vault
        )

    try:
        outcome = write(confirm)
        if isinstance(outcome, DomainError):
            raise outcome
    except DomainError as refusal:
        form.refuse(refusal)
        return _code_page(token, invitation, form)
    if isinstance(outcome, Pledge):
        return _to_returned(outcome, invitation)
    hold_draft(outcome.id)
    flash(_("Chúng tôi đã điền sẵn những gì cơ quan biết. Hãy xem từng trang và sửa chỗ chưa đúng."), "info")
    return redirect(page_url(Page.WHO), 303)


def _to_returned(pledge: Pledge, invitation: Invitation) -> ResponseReturnValue:
    """The file opens at once where the code went to the address from which it was signed; elsewhere with its own."""
    if invitation.contact is not None and pledge.contact_email.casefold() == invitation.contact.value.casefold():
        let_open_file(pledge.reference, now())
    flash(_("Bạn đã ký và cơ quan đã trả lại để bổ sung. Hãy sửa và ký lại bản này."), "info")
    return redirect(url_for("signer.file", reference=pledge.reference), 303)


# --- Without a code: the form knows no more than the landing page ---------------------------------------------------


@blueprint.post("/ky-cam-ket/loi-moi/<token>/khong-ma")
@soft_csrf
def ask_blank(token: str) -> ResponseReturnValue:
    if not ActForm().validate_on_submit():
        return _back(token)
    return _begin_blank(token)


def _begin_blank(token: str) -> ResponseReturnValue:
    name_browser()
    peer, at, lang, vault, browser = network(), now(), language(), product().vault, browser_id()

    def start(db: Session) -> Draft:
        invitation = _living(db, token)
        links.record_opened(db, invitation.ask, at)
        return begin(db, invitation, confirmed=False, browser=browser, network=peer, language=lang, now=at, vault=vault)

    try:
        draft = write(start)
    except NotFound:
        return _back(token)
    hold_draft(draft.id)
    return redirect(page_url(Page.GROUP), 303)


# --- The document to be acknowledged, and the typed code ------------------------------------------------------------


@blueprint.get("/ky-cam-ket/loi-moi/<token>/van-ban/<uuid:document_id>.pdf")
def ask_document(token: str, document_id: uuid.UUID) -> ResponseReturnValue:
    invitation = links.by_token(reader(), token)
    if invitation is None or invitation.standing not in {Standing.OPEN, Standing.PAUSED}:
        return _dead(None)
    documents = [each.document for each in asked_for(reader(), invitation) if each.document is not None]
    document = next((each for each in documents if each.id == document_id), None)
    if document is None:
        raise NotFound
    try:
        data = product().storage.get(document.file_sha256)
    except (OSError, DocumentDamaged) as fault:
        log.error("stored file not readable", sha256=document.file_sha256, reason=str(fault))
        return error_page(503, _("Chưa lấy được văn bản lúc này. Hãy thử lại sau ít phút."))
    shown = {"Content-Disposition": 'inline; filename="van-ban.pdf"'}
    return Response(data, mimetype="application/pdf", headers=shown)


@blueprint.route("/ky-cam-ket/ma-moi", methods=["GET", "POST"])
@soft_csrf
def short_code() -> ResponseReturnValue:
    """The code printed in a letter, typed by hand."""
    form = ShortCodeForm()
    if form.validate_on_submit():
        typed, at, vault = form.short_code.raw, now(), product().vault
        key = vault.keyed_hash("network", network())

        def find(db: Session) -> Invitation | DomainError:
            throttle.use(db, _TRIES, key, most=links.SHORT_CODES_AN_HOUR, per=_HOUR, now=at)
            found = links.by_short_code(db, typed)
            if isinstance(found, Invitation):
                throttle.give_back(db, _TRIES, key, per=_HOUR, now=at)
            return found

        try:
            found = write(find)
            if isinstance(found, DomainError):
                raise found
        except DomainError as refusal:
            form.refuse(DomainError(refusal.message, field="short_code", **refusal.params))
        else:
            return redirect(url_for("signer.asked", token=links.token_of(vault, found.ask)), 303)
    return render_template("signer/ask_short_code.html", form=form)
