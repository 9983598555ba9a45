"""Withdrawing a pledge, or the consent to processing that it rests on: `/ho-so/<reference>/rut` and `/du-lieu`.

Both say first what follows, send a code when asked to, and act once it is given back.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from pledges.core.crashpoints import crash_point
from pledges.core.errors import DomainError
from pledges.core.identity import mask_email
from pledges.signing.codes import CodePurpose, newest_code, send_code
from pledges.signing.consent import withdraw_processing
from pledges.signing.models import Pledge
from pledges.signing.reopening import NotOpen
from pledges.signing.withdrawing import Withdrawal, withdraw
from pledges.web.components import PageForm
from pledges.web.current import now, product, reader, write
from pledges.web.i18n import error_text, language
from pledges.web.network import network
from pledges.web.security import soft_csrf
from pledges.web.signer.access import let_open_beside
from pledges.web.signer.file_access import FileView, file_view, opened_pledge
from pledges.web.signer.forms import FileCodeForm
from pledges.web.signer.journey import blueprint
from pledges.web.signer.sign_routes import may_confirm

Act = Callable[[Session, Pledge, str], Withdrawal]


def _to_file(reference: str) -> ResponseReturnValue:
    return redirect(url_for("signer.file", reference=reference))


# --- The pledge ------------------------------------------------------------------------------------------------------


@blueprint.get("/ho-so/<reference>/rut")
def withdrawal(reference: str) -> ResponseReturnValue:
    view = _opened_view(reference)
    if view is None or not view.can_withdraw:
        return _to_file(reference)
    return _page("signer/withdraw.html", view, CodePurpose.WITHDRAW, FileCodeForm(formdata=None))


@blueprint.post("/ho-so/<reference>/rut/ma")
@soft_csrf
def send_withdrawal_code(reference: str) -> ResponseReturnValue:
    return _send(reference, CodePurpose.WITHDRAW, "signer.withdrawal")


@blueprint.post("/ho-so/<reference>/rut")
@soft_csrf
def withdraw_pledge(reference: str) -> ResponseReturnValue:
    at, vault, public_url = now(), product().vault, product().settings.public_url

    def act(db: Session, pledge: Pledge, typed: str) -> Withdrawal:
        key = (pledge.province_code, pledge.id)
        return withdraw(db, key, typed_code=typed, now=at, vault=vault, public_url=public_url)

    return _act(reference, "signer/withdraw.html", CodePurpose.WITHDRAW, act, _("Bạn đã rút bản cam kết."))


# --- The consent to processing ---------------------------------------------------------------------------------------


@blueprint.get("/ho-so/<reference>/du-lieu")
def data_withdrawal(reference: str) -> ResponseReturnValue:
    view = _opened_view(reference)
    if view is None or not view.can_withdraw_data:
        return _to_file(reference)
    return _page("signer/withdraw_data.html", view, CodePurpose.WITHDRAW_CONSENT, FileCodeForm(formdata=None))


@blueprint.post("/ho-so/<reference>/du-lieu/ma")
@soft_csrf
def send_data_code(reference: str) -> ResponseReturnValue:
    return _send(reference, CodePurpose.WITHDRAW_CONSENT, "signer.data_withdrawal")


@blueprint.post("/ho-so/<reference>/du-lieu")
@soft_csrf
def withdraw_data(reference: str) -> ResponseReturnValue:
    at, vault, settings = now(), product().vault, product().settings

    def act(db: Session, pledge: Pledge, typed: str) -> Withdrawal:
        return withdraw_processing(
            db,
            (pledge.province_code, pledge.id),
            typed_code=typed,
            now=at,
            vault=vault,
            public_url=settings.public_url,
            administrator_email=settings.administrator_email,
        )

    done = _("Đã ghi nhận: bạn rút sự đồng ý xử lý dữ liệu cá nhân.")
    return _act(reference, "signer/withdraw_data.html", CodePurpose.WITHDRAW_CONSENT, act, done)


# --- Both ------------------------------------------------------------------------------------------------------------


def _opened_view(reference: str) -> FileView | None:
    pledge = opened_pledge(reference)
    return file_view(pledge) if pledge is not None else None


def _page(template: str, view: FileView, purpose: CodePurpose, form: FileCodeForm) -> ResponseReturnValue:
    sent = newest_code(reader(), purpose, view.pledge.id)
    usable = sent is not None and sent.used_at is None and may_confirm(sent, view.pledge.contact_email)
    return render_template(
        template,
        view=view,
        form=form,
        code_sent=sent if usable else None,
        masked=mask_email(view.pledge.contact_email),
    )


def _send(reference: str, purpose: CodePurpose, back_to: str) -> ResponseReturnValue:
    view = _opened_view(reference)
    if view is None or not (view.can_withdraw if purpose is CodePurpose.WITHDRAW else view.can_withdraw_data):
        return _to_file(reference)
    pledge = view.pledge
    if not PageForm().validate_on_submit():
        flash(_("Phiên làm việc đã được làm mới. Hãy bấm gửi mã lần nữa."), "warning")
        return redirect(url_for(back_to, reference=reference))
    peer, at, vault, lang = network(), now(), product().vault, language()

    def send(db: Session) -> None:
        send_code(
            db,
            purpose,
            pledge.id,
            pledge.contact_email,
            network=peer,
            language=lang,
            now=at,
            vault=vault,
            province_code=pledge.province_code,
        )

    try:
        write(send)
    except DomainError as error:
        flash(error_text(error), "warning")
    else:
        flash(_("Đã gửi mã xác nhận tới %(address)s.", address=mask_email(pledge.contact_email)), "success")
    return redirect(url_for(back_to, reference=reference))


def _act(reference: str, template: str, purpose: CodePurpose, act: Act, done: str) -> ResponseReturnValue:
    pledge = opened_pledge(reference)
    if pledge is None:
        return _to_file(reference)
    form = FileCodeForm()
    if not form.validate_on_submit():
        return _page(template, file_view(pledge), purpose, form)
    typed = form.code.raw
    try:
        outcome = write(lambda db: act(db, pledge, typed))
    except NotOpen as closed:
        flash(error_text(closed), "warning")
        let_open_beside(reference, closed.pledge.reference)
        return _to_file(closed.pledge.reference)
    if outcome.refusal is not None:
        form.refuse(outcome.refusal)
        return _page(template, file_view(pledge), purpose, form)
    crash_point("withdraw.after_commit")
    flash(done, "success")
    return _to_file(reference)
