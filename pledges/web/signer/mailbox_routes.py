"""A mailbox that its signer does not reach any more: asking at `/ho-so/doi-hop-thu`, and the word of the old one."""

from __future__ import annotations

import base64
import json
import uuid
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.exceptions import RequestEntityTooLarge

from pledges.audit.operations import WHOLE_SYSTEM
from pledges.core.db import new_id
from pledges.core.errors import DomainError
from pledges.core.identity import mask_email
from pledges.plans.queries import get_agency
from pledges.signing.address_changes import (
    Wish,
    agree_to,
    ask_for_change,
    change_of_link,
    object_to,
)
from pledges.signing.address_models import AddressChange
from pledges.signing.address_moves import Post
from pledges.signing.address_rules import WORKING_DAYS
from pledges.signing.codes import CodePurpose, newest_code, send_code
from pledges.signing.links import LinkDead
from pledges.signing.queries import get_pledge
from pledges.web.components import PageForm
from pledges.web.current import now, product, reader, write
from pledges.web.errors import error_page
from pledges.web.evidence_field import kept_evidence
from pledges.web.i18n import error_text, language
from pledges.web.network import network
from pledges.web.picture_fields import LARGEST_POST
from pledges.web.security import soft_csrf
from pledges.web.signer.access import tokens
from pledges.web.signer.journey import blueprint
from pledges.web.signer.mailbox_forms import AskMailboxForm, ConfirmMailboxForm, OldMailboxForm
from pledges.web.signer.sent_papers import keep_papers

PURPOSE = "mailbox-wish"
"""Under which the vault encrypts what stands in the cookie between the two pages."""


@dataclass(frozen=True)
class Begun:
    """What the first page was told."""

    id: uuid.UUID
    which: str
    email: str


def _hold(begun: Begun) -> None:
    said = json.dumps([str(begun.id), begun.which, begun.email])
    session["mailbox"] = base64.b64encode(product().vault.encrypt(PURPOSE, said)).decode()


def _held() -> Begun | None:
    sealed = session.get("mailbox")
    if not sealed:
        return None
    begun, which, email = json.loads(product().vault.decrypt(PURPOSE, base64.b64decode(sealed)))
    return Begun(uuid.UUID(begun), which, email)


# --- Asking ----------------------------------------------------------------------------------------------------------


@blueprint.route("/ho-so/doi-hop-thu", methods=["GET", "POST"])
@soft_csrf
def ask_mailbox() -> ResponseReturnValue:
    form = AskMailboxForm(data={"which": request.args.get("ho_so", "")[:40]})
    if form.validate_on_submit():
        begun = Begun(new_id(), form.which.data, form.email.data)
        try:
            _send_code(begun)
        except DomainError as refusal:
            form.refuse(refusal)
            return render_template("signer/mailbox_ask.html", form=form), refusal.status
        _hold(begun)
        return redirect(url_for("signer.confirm_mailbox"), 303)
    wrong = form.is_submitted() and bool(form.problems)
    return render_template("signer/mailbox_ask.html", form=form, days=WORKING_DAYS), 400 if wrong else 200


def _send_code(begun: Begun) -> None:
    """Nothing here asks whether there is such a file: the code goes to the new mailbox in any case."""
    peer, at, vault, spoken = network(), now(), product().vault, language()
    write(
        lambda db: send_code(
            db,
            CodePurpose.NEW_MAILBOX,
            begun.id,
            begun.email,
            network=peer,
            language=spoken,
            now=at,
            vault=vault,
            province_code=WHOLE_SYSTEM,
        )
    )


@blueprint.post("/ho-so/doi-hop-thu/ma")
@soft_csrf
def send_mailbox_code() -> ResponseReturnValue:
    begun = _held()
    if begun is None:
        return redirect(url_for("signer.ask_mailbox"), 303)
    if not PageForm().validate_on_submit():
        flash(_("Phiên làm việc đã được làm mới. Hãy bấm gửi mã lần nữa."), "warning")
        return redirect(url_for("signer.confirm_mailbox"), 303)
    try:
        _send_code(begun)
    except DomainError as error:
        flash(error_text(error), "warning")
    else:
        flash(_("Đã gửi mã xác nhận tới %(address)s.", address=mask_email(begun.email)), "success")
    return redirect(url_for("signer.confirm_mailbox"), 303)


@blueprint.get("/ho-so/doi-hop-thu/xac-nhan")
def confirm_mailbox() -> ResponseReturnValue:
    begun = _held()
    if begun is None:
        return redirect(url_for("signer.ask_mailbox"), 303)
    return _confirm_page(ConfirmMailboxForm(formdata=None), begun)


@blueprint.post("/ho-so/doi-hop-thu/xac-nhan")
@soft_csrf
def send_mailbox_wish() -> ResponseReturnValue:
    """Keep the request. Whatever the file is, or is not, the answer is the same page."""
    request.max_content_length = LARGEST_POST
    begun = _held()
    if begun is None:
        return redirect(url_for("signer.ask_mailbox"), 303)
    try:
        form = ConfirmMailboxForm()
    except RequestEntityTooLarge:
        return error_page(413, _("Các tệp quá lớn. Hãy quay lại trang trước và chọn ít tệp hơn hoặc tệp nhỏ hơn."))
    form.papers.required = not kept_evidence(tokens(), form.kept.data)
    valid = form.validate_on_submit()
    if form.stale:
        return _confirm_page(form, begun)
    try:
        keep_papers(form)
        papers = kept_evidence(tokens(), form.kept.data)
        if not papers and not form.papers.errors:
            form.papers.errors = [_("Hãy gửi ít nhất một ảnh hoặc tệp PDF giấy tờ.")]
        if not valid or form.problems:
            return _confirm_page(form, begun, 400)
        refusal = _ask(form, begun, papers)
    except DomainError as error:
        refusal = error
    if refusal is not None:
        form.refuse(refusal)
        return _confirm_page(form, begun, refusal.status)
    session.pop("mailbox", None)
    return redirect(url_for("signer.mailbox_asked"), 303)


def _ask(form: ConfirmMailboxForm, begun: Begun, papers: tuple[str, ...]) -> DomainError | None:
    wish = Wish(
        which=begun.which,
        name=form.name.data,
        new_email=begun.email,
        phone=form.phone.data,
        reason=form.reason.data,
        evidence=papers,
        language=language(),
    )
    peer, at, vault, typed, signs = network(), now(), product().vault, form.code.data, tokens()
    return write(
        lambda db: ask_for_change(
            db,
            wish,
            typed_code=typed,
            code_subject=begun.id,
            network=peer,
            now=at,
            vault=vault,
            tokens=signs,
            public_url=product().settings.public_url,
        )
    )


def _confirm_page(form: ConfirmMailboxForm, begun: Begun, status: int = 200) -> ResponseReturnValue:
    sent = newest_code(reader(), CodePurpose.NEW_MAILBOX, begun.id)
    usable = sent is not None and sent.used_at is None and sent.void_at is None and sent.expires_at > now()
    page = render_template(
        "signer/mailbox_confirm.html",
        form=form,
        masked=mask_email(begun.email),
        code_sent=sent if usable else None,
        papers_kept=len(kept_evidence(tokens(), form.kept.data)),
    )
    return page, status


@blueprint.get("/ho-so/doi-hop-thu/da-gui")
def mailbox_asked() -> ResponseReturnValue:
    return render_template("signer/mailbox_asked.html", days=WORKING_DAYS)


# --- The old mailbox -------------------------------------------------------------------------------------------------


@blueprint.get("/ho-so/hop-thu-cu/<token>")
def old_mailbox(token: str) -> ResponseReturnValue:
    """Only buttons: a mail scanner that opens the link changes nothing."""
    try:
        change = change_of_link(reader(), tokens(), token, now())
    except LinkDead:
        return _dead_link()
    return _old_page(change, OldMailboxForm(formdata=None))


@blueprint.post("/ho-so/hop-thu-cu/<token>")
@soft_csrf
def answer_from_old_mailbox(token: str) -> ResponseReturnValue:
    try:
        change = change_of_link(reader(), tokens(), token, now())
    except LinkDead:
        return _dead_link()
    form = OldMailboxForm()
    if not form.validate_on_submit():
        return _old_page(change, form)
    answer = {"khong-phai-toi": object_to, "dung-la-toi": agree_to}.get(request.form.get("answer", ""))
    if answer is None:
        return _old_page(change, form)
    at, post = now(), Post(product().vault, product().settings.public_url)

    def work(db: Session) -> AddressChange:
        return answer(db, db.get_one(AddressChange, (change.province_code, change.id)), now=at, post=post)

    return _old_page(write(work), None)


def _old_page(change: AddressChange, form: Any) -> ResponseReturnValue:
    pledge = get_pledge(reader(), change.province_code, change.pledge_id)
    return render_template(
        "signer/mailbox_old.html",
        change=change,
        form=form,
        reference=pledge.reference if pledge is not None else "",
        agency=get_agency(reader(), change.province_code, change.agency_code),
        masked=mask_email(change.new_email),
    )


def _dead_link() -> ResponseReturnValue:
    return error_page(410, _("Liên kết này không còn dùng được: yêu cầu đã dừng, hoặc liên kết đã quá 30 ngày."))
