"""The signer's own file: `/ho-so/<reference>`, opened with the reference and a code by e-mail."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from pledges.core import throttle
from pledges.core.errors import N_, DomainError, NotFound
from pledges.review.models import DecisionKind
from pledges.review.operations import last_decision
from pledges.signing.codes import CodePurpose, address_hash, newest_code, send_code, try_code
from pledges.signing.models import Draft, Pledge
from pledges.signing.queries import earlier_versions, pledge_by_reference
from pledges.signing.reopening import NotOpen, start_amendment, start_correction
from pledges.signing.rules import Page, normal_reference
from pledges.web.components import PageForm
from pledges.web.current import now, product, reader, write
from pledges.web.i18n import error_text, language
from pledges.web.network import network
from pledges.web.pdf_files import pdf_answer
from pledges.web.security import soft_csrf
from pledges.web.signer.access import browser_id, hold_draft, let_open_beside, let_open_file, name_browser
from pledges.web.signer.file_access import file_view, opened_pledge
from pledges.web.signer.forms import FileCodeForm, ReferenceForm
from pledges.web.signer.journey import blueprint, page_url

log = structlog.get_logger()

CODES_OF_ONE_FILE_FROM_ONE_NETWORK = ((timedelta(hours=1), 2), (timedelta(days=1), 4))
"""Fewer than may be sent for a file in all: whoever knows a reference must leave its owner some."""

_NOBODY = uuid.UUID("00000000-0000-4000-8000-000000000000")


@blueprint.route("/ho-so", methods=["GET", "POST"])
@soft_csrf
def find_file() -> ResponseReturnValue:
    form = ReferenceForm()
    if form.validate_on_submit():
        reference = normal_reference(form.reference.raw)
        if reference:
            return redirect(url_for("signer.file", reference=reference))
        form.refuse(
            DomainError(
                N_("Mã hồ sơ có dạng CK-46-2026-7KXA3Q. Hãy chép lại từ bản cam kết hoặc từ thư."), field="reference"
            )
        )
    return render_template("signer/find_file.html", form=form)


@blueprint.get("/ho-so/<reference>")
def file(reference: str) -> ResponseReturnValue:
    normal = normal_reference(reference)
    if normal and normal != reference:
        return redirect(url_for("signer.file", reference=normal))
    if not normal:
        raise NotFound
    pledge = opened_pledge(normal)
    if pledge is None:
        return _door(normal, FileCodeForm(formdata=None))
    return render_template("signer/file.html", view=file_view(pledge))


def _refuse_other_spelling(reference: str) -> None:
    """Only the one form: each spelling would have limits of its own, and would tell a known reference from others."""
    if normal_reference(reference) != reference:
        raise NotFound


def _subject(pledge: Pledge | None, reference: str) -> uuid.UUID:
    """What a code is bound to: the file and this browser.

    An unknown reference has codes as well, so that nothing tells it from a known one.
    """
    known = pledge.id if pledge is not None else uuid.uuid5(_NOBODY, reference)
    return uuid.uuid5(known, browser_id())


def _door(reference: str, form: FileCodeForm) -> ResponseReturnValue:
    pledge = pledge_by_reference(reader(), reference)
    sent = newest_code(reader(), CodePurpose.OPEN_FILE, _subject(pledge, reference))
    waiting = sent is not None and sent.void_at is None and sent.used_at is None and sent.expires_at > now()
    return render_template("signer/file_door.html", reference=reference, form=form, waiting=waiting)


@blueprint.post("/ho-so/<reference>/ma")
@soft_csrf
def send_file_code(reference: str) -> ResponseReturnValue:
    _refuse_other_spelling(reference)
    if not PageForm().validate_on_submit():
        flash(_("Phiên làm việc đã được làm mới. Hãy bấm gửi mã lần nữa."), "warning")
        return redirect(url_for("signer.file", reference=reference))
    name_browser()
    pledge = pledge_by_reference(reader(), reference)
    subject, peer, at, vault = _subject(pledge, reference), network(), now(), product().vault
    # Of a pledge signed on paper no address is known: it is answered like one that does not exist.
    address = pledge.contact_email if pledge is not None else ""

    def send(db: Any) -> None:
        _count_from_here(db, reference, at)
        send_code(
            db,
            CodePurpose.OPEN_FILE,
            subject,
            address or f"{reference}@khong-co.invalid",
            network=peer,
            language=pledge.language if pledge is not None else language(),
            now=at,
            vault=vault,
            province_code=pledge.province_code if pledge is not None else "00",
            deliver=bool(address),
            counted_as=f"{reference}@ho-so.invalid",
        )

    try:
        write(send)
    except DomainError as error:
        flash(error_text(error), "warning")
    else:
        flash(_("Nếu mã hồ sơ đúng, mã mở hồ sơ đã được gửi tới thư điện tử dùng khi ký."), "success")
    return redirect(url_for("signer.file", reference=reference))


def _count_from_here(db: Session, reference: str, at: datetime) -> None:
    key = product().vault.keyed_hash("file from network", f"{reference} {network()}")
    for per, most in CODES_OF_ONE_FILE_FROM_ONE_NETWORK:
        throttle.use(db, f"code.file.{per.total_seconds():.0f}", key, most=most, per=per, now=at)


@blueprint.post("/ho-so/<reference>")
@soft_csrf
def open_file(reference: str) -> ResponseReturnValue:
    form = FileCodeForm()
    _refuse_other_spelling(reference)
    if not form.validate_on_submit():
        return _door(reference, form)
    pledge = pledge_by_reference(reader(), reference)
    subject, typed, at, vault = _subject(pledge, reference), form.code.raw, now(), product().vault

    def check(db: Any) -> DomainError | None:
        found = try_code(db, CodePurpose.OPEN_FILE, subject, typed, now=at, vault=vault)
        if isinstance(found, DomainError):
            return found
        found.used_at = at
        if pledge is not None and found.address_hash != address_hash(vault, pledge.contact_email):
            # It went to a mailbox from which the file has been moved away since.
            return DomainError(N_("Mã không đúng. Hãy xem lại thư mới nhất hoặc bấm gửi mã mới."), field="code")
        return None

    refusal = write(check)
    if refusal is not None or pledge is None:
        form.refuse(
            refusal or DomainError(N_("Mã không đúng. Hãy xem lại thư mới nhất hoặc bấm gửi mã mới."), field="code")
        )
        return _door(reference, form)
    let_open_file(reference, at)
    return redirect(url_for("signer.file", reference=reference))


@blueprint.post("/ho-so/<reference>/sua")
@soft_csrf
def correct(reference: str) -> ResponseReturnValue:
    """Open the returned pledge in the form; sent again it is the same draft."""
    return _sign_again(reference, _start_correction)


@blueprint.post("/ho-so/<reference>/thay-doi")
@soft_csrf
def amend(reference: str) -> ResponseReturnValue:
    """Open the pledge in force in the form, for a new one that takes its place."""
    return _sign_again(reference, _start_amendment)


def _start_correction(db: Session, pledge: Pledge) -> Draft:
    said = last_decision(db, (pledge.province_code, pledge.id), DecisionKind.RETURNED)
    asked = said.asked if said is not None else ()
    return start_correction(db, pledge, asked=asked, now=now(), vault=product().vault)


def _start_amendment(db: Session, pledge: Pledge) -> Draft:
    return start_amendment(db, pledge, now=now(), vault=product().vault)


def _sign_again(reference: str, start: Callable[[Session, Pledge], Draft]) -> ResponseReturnValue:
    pledge = opened_pledge(reference)
    if pledge is None or not PageForm().validate_on_submit():
        return redirect(url_for("signer.file", reference=reference))
    try:
        draft = write(lambda db: start(db, pledge))
    except NotOpen as closed:
        flash(error_text(closed), "warning")
        if closed.pledge.reference != reference:
            let_open_beside(reference, closed.pledge.reference)
        return redirect(url_for("signer.file", reference=closed.pledge.reference))
    hold_draft(draft.id)
    return redirect(page_url(Page.CHECK))


@blueprint.get("/ho-so/<reference>/ban-cam-ket.pdf")
def file_pdf(reference: str) -> ResponseReturnValue:
    pledge = opened_pledge(reference)
    if pledge is None:
        raise NotFound
    return pdf_answer(pledge, pledge.document_id, pledge.reference)


@blueprint.get("/ho-so/<reference>/ban-<int:version>.pdf")
def earlier_pdf(reference: str, version: int) -> ResponseReturnValue:
    """What was signed before a correction."""
    pledge = opened_pledge(reference)
    if pledge is None:
        raise NotFound
    found = [earlier for earlier in earlier_versions(reader(), pledge) if earlier.version == version]
    return pdf_answer(pledge, found[0].document_id if found else None, f"{pledge.reference}-ban-{version}")
