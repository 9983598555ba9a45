"""The last page: the text, the consents, the code and the name."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.core.calendar import local_day
from pledges.core.crashpoints import crash_point
from pledges.core.errors import Conflict, DomainError
from pledges.core.identity import mask_email
from pledges.plans.wordings import Consents
from pledges.rounds.prefill import presumed_signer
from pledges.signing.acts import Confirmation
from pledges.signing.codes import CodePurpose, address_hash, newest_code, send_code
from pledges.signing.models import ConfirmationCode, Draft, DraftPurpose
from pledges.signing.operations import ConfirmationErrors, SigningOutcome, sign_draft
from pledges.signing.reopening import NotOpen
from pledges.signing.rules import Page
from pledges.signing.signing_again import the_one_text
from pledges.signing.texts import DraftAnswers, TextToSign, texts_to_sign
from pledges.web.components import PageForm
from pledges.web.current import now, product, reader, write
from pledges.web.i18n import error_text, language
from pledges.web.network import network
from pledges.web.security import soft_csrf
from pledges.web.signer.access import form_token, held_draft, let_open_file
from pledges.web.signer.forms import ActForm, SignForm
from pledges.web.signer.journey import away, blueprint, page_url, progress_of, step


def answers_of(draft: Draft) -> DraftAnswers:
    return progress_of(draft).complete()


@blueprint.post("/ky-cam-ket/ma")
@soft_csrf
def send_codes() -> ResponseReturnValue:
    """Send a code to the signer, and one to the representative of a signer under age."""
    draft = held_draft(reader())
    if elsewhere := away(draft, Page.SIGN):
        return elsewhere
    assert draft is not None  # noqa: S101 - `away` has answered otherwise
    if not ActForm().validate_on_submit():
        flash(_("Phiên làm việc đã được làm mới. Hãy bấm gửi mã lần nữa."), "warning")
        return redirect(page_url(Page.SIGN))
    answers, peer, at, lang, vault = answers_of(draft), network(), now(), language(), product().vault
    wanted = [(CodePurpose.SIGN, answers.group.email)]
    if answers.signer.under_age:
        wanted.append((CodePurpose.SIGN_AS_REPRESENTATIVE, answers.signer.representative_email))

    def send(db: Any) -> None:
        for purpose, address in wanted:
            send_code(
                db,
                purpose,
                draft.id,
                address,
                network=peer,
                language=lang,
                now=at,
                vault=vault,
                province_code=answers.group.province_code,
            )

    try:
        write(send)
    except DomainError as error:
        flash(error_text(error), "warning")
    else:
        addresses = ", ".join(address for _purpose, address in wanted)
        flash(_("Đã gửi mã xác nhận tới %(addresses)s. Thư thường đến trong một phút.", addresses=addresses), "success")
    return redirect(page_url(Page.SIGN))


@blueprint.get("/ky-cam-ket/ky")
def sign() -> ResponseReturnValue:
    draft = held_draft(reader())
    if elsewhere := away(draft, Page.SIGN):
        return elsewhere
    assert draft is not None  # noqa: S101
    return _sign_page(draft, SignForm(formdata=None))


def _sign_page(draft: Draft, form: SignForm) -> ResponseReturnValue:
    answers = answers_of(draft)
    today = local_day(now())
    texts = texts_to_sign(reader(), answers, Consents(publication=False), today=today)
    if draft.purpose is not DraftPurpose.NEW:
        the_one_text(texts)  # refuses kindly where the plan asks for another one by now
    published = [text.with_consents(Consents(publication=True)) for text in texts]
    form.draft.data = form_token(draft)
    form.shown.data = " ".join(text.rendered.sha256 for text in (*texts, *published))
    form.fit(_consent_sentences(texts), under_age=answers.signer.under_age)
    sent = newest_code(reader(), CodePurpose.SIGN, draft.id)
    return render_template(
        "signer/sign.html",
        form=form,
        act=ActForm(data={"draft": form_token(draft)}, formdata=None),
        answers=answers,
        texts=list(zip(texts, published, strict=True)),
        code_sent=sent if sent is not None and may_confirm(sent, answers.group.email) else None,
        masked=mask_email(answers.group.email),
        purpose=draft.purpose.value,
        **step(Page.SIGN, draft),
    )


def may_confirm(code: ConfirmationCode, address: str) -> bool:
    """Whether a code is still of use: one that went to a former address is not."""
    here = code.address_hash == address_hash(product().vault, address)
    return here and code.void_at is None and code.expires_at > now()


def _consent_sentences(texts: list[TextToSign]) -> dict[str, str]:
    """The sentences to agree to, in the words of the texts; those of several texts follow one another."""
    found: dict[str, list[str]] = {}
    for text in texts:
        for consent, sentence in text.rendered.consents.items():
            found.setdefault(f"consent_{consent}", []).append(sentence.removeprefix("(không bắt buộc)").strip())
    return {name: " ".join(dict.fromkeys(sentences)) for name, sentences in found.items()}


@blueprint.post("/ky-cam-ket/ky")
@soft_csrf
def sign_post() -> ResponseReturnValue:
    draft = held_draft(reader())
    if elsewhere := away(draft, Page.SIGN):
        return elsewhere
    assert draft is not None  # noqa: S101
    form = SignForm()
    if not form.validate_on_submit():
        return _sign_page(draft, form)
    confirmation = Confirmation(
        typed_name=form.typed_name.raw,
        code=form.code.raw,
        representative_code=form.representative_code.raw,
        consent_processing=bool(form.consent_processing.data),
        consent_publication=bool(form.consent_publication.data),
        shown_hashes=tuple((form.shown.data or "").split()),
        network=network(),
    )
    at, vault, public_url = now(), product().vault, product().settings.public_url
    try:
        outcome = write(
            lambda db: sign_draft(
                db, draft.id, confirmation, now=at, vault=vault, public_url=public_url, presume=presumed_signer
            )
        )
    except ConfirmationErrors as errors:
        for error in errors.errors.values():
            form.refuse(error)
        return _sign_page(draft, form)
    except NotOpen as closed:
        flash(error_text(closed), "warning")
        return redirect(url_for("signer.file", reference=closed.pledge.reference))
    except Conflict as conflict:
        form.refuse(conflict)
        return _sign_page(draft, form)
    crash_point("sign.after_commit")
    if outcome.refusals:
        for refusal in outcome.refusals.values():
            form.refuse(refusal)
        return _sign_page(draft, form)
    return _after_signing(draft, outcome)


def _after_signing(draft: Draft, outcome: SigningOutcome) -> ResponseReturnValue:
    for pledge in (*outcome.signed, *outcome.already):
        let_open_file(pledge.reference, now())
    # What the same draft has signed is the other half of a double click: its answer is the same.
    before = [pledge for pledge in outcome.already if pledge.draft_id != draft.id]
    if not outcome.signed and len(before) == len(outcome.already) == 1:
        flash(_("Bạn đã ký bản cam kết này trước đó; không cần ký lại."), "success")
        return redirect(url_for("signer.file", reference=before[0].reference))
    for pledge in before:
        flash(_("Đã có từ trước, không ký lại: %(reference)s.", reference=pledge.reference), "success")
    return redirect(url_for("signer.done"))


@blueprint.post("/ky-cam-ket/bo-sung")
@soft_csrf
def sign_more() -> ResponseReturnValue:
    """After signing: start a new draft with the same answers, for another group."""
    draft = held_draft(reader())
    if draft is None or draft.signed_at is None or not PageForm().validate_on_submit():
        return redirect(url_for("signer.start"))
    return redirect(url_for("signer.start", tinh=draft.answers["nhom"].get("province", "")))
