"""Printed letters of a round: `/can-bo/dot-van-dong/<quarter>/thu`."""

from __future__ import annotations

import uuid
from typing import Any

import structlog
from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from pledges.accounts.permissions import Action, Place
from pledges.accounts.queries import get_staff
from pledges.core.calendar import Quarter, local_day
from pledges.core.errors import DomainError, NotFound
from pledges.documents.errors import DocumentDamaged
from pledges.plans.queries import commune_names, communes_of, get_agency
from pledges.rounds.letters import (
    MOST_LETTERS,
    batches_of,
    print_again,
    record_sent,
    start_letters,
    take_back_sent,
)
from pledges.rounds.models import BatchState, LetterBatch, Round, RoundState
from pledges.rounds.rules import OVER
from pledges.rounds.unsigned import Recipients, count_needed
from pledges.web.current import now, product, reader, write
from pledges.web.errors import error_page
from pledges.web.i18n import error_text, quarter_text, translate
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.reach import reaches, scope_of
from pledges.web.officer.round_letter_forms import LettersForm, SentForm, TakeBackForm, commune_choices
from pledges.web.officer.words import Label
from pledges.web.security import may, soft_csrf

log = structlog.get_logger()


def managed_round(quarter: str) -> Round:
    """The round of one's own agency, with the right to see addresses and phones."""
    scope = scope_of(Action.ROUND_MANAGE)
    if scope.agency_code is None or not reaches(Action.ENTITY_CONTACTS, Place(scope.province_code, scope.agency_code)):
        raise NotFound
    found = reader().scalar(
        select(Round).where(
            Round.province_code == scope.province_code,
            Round.agency_code == scope.agency_code,
            Round.quarter == quarter,
        )
    )
    if found is None:
        raise NotFound
    return found


def round_words(of_round: Round) -> dict[str, Any]:
    """What every page around a round shows."""
    return {
        "round": of_round,
        "quarter_text": quarter_text(Quarter.parse(of_round.quarter)),
        "agency": get_agency(reader(), of_round.province_code, of_round.agency_code),
        "running": of_round.state is RoundState.RUNNING,
        "ended": of_round.state in OVER,
    }


def _batch_for(quarter: str, batch_id: uuid.UUID) -> tuple[Round, LetterBatch]:
    of_round = managed_round(quarter)
    batch = reader().get(LetterBatch, (of_round.province_code, batch_id))
    if batch is None or batch.round_id != of_round.id:
        raise NotFound
    return of_round, batch


# --- Choosing ------------------------------------------------------------------------------------------------------


@blueprint.route("/dot-van-dong/<quarter>/thu", methods=["GET", "POST"])
@may(Action.ROUND_MANAGE)
@soft_csrf
def letters(quarter: str) -> ResponseReturnValue:
    """Who needs a letter, a button that prints them, and the files that were made."""
    of_round = managed_round(quarter)
    form = LettersForm()
    form.commune.choices = commune_choices(communes_of(reader(), of_round.province_code))
    if not form.validate_on_submit():
        return _letters_page(of_round, form)
    staff, at = current_staff(), now()
    try:
        batch = write(
            lambda session: start_letters(
                session,
                of_round,
                recipients=Recipients(form.recipients.data),
                commune_code=form.commune.data or None,
                again=bool(form.again.data),
                staff=staff,
                now=at,
            )
        )
    except DomainError as refusal:
        form.refuse(refusal)
        return _letters_page(managed_round(quarter), form, refusal.status)
    return redirect(url_for("officer.letter_batch", quarter=quarter, batch_id=batch.id), 303)


def _letters_page(of_round: Round, form: LettersForm, status: int = 400) -> ResponseReturnValue:
    batches = batches_of(reader(), of_round)
    names = commune_names(
        reader(), of_round.province_code, {each.commune_code for each in batches if each.commune_code}
    )
    rows = [
        {
            "batch": each,
            "label": _label(each),
            "place": names.get(each.commune_code or "", _("Tất cả xã, phường, đặc khu")),
            "href": url_for("officer.letter_batch", quarter=of_round.quarter, batch_id=each.id),
        }
        for each in batches
    ]
    page = render_template(
        "officer/letters.html",
        form=form,
        rows=rows,
        need=count_needed(reader(), of_round, Recipients.UNREACHED),
        most=MOST_LETTERS,
        **round_words(of_round),
    )
    return page, status if form.problems else 200


def _label(batch: LetterBatch) -> Label:
    if batch.sent_on is not None:
        return Label(str(_("Đã ghi nhận gửi")), "success")
    if batch.state is BatchState.READY:
        return Label(str(_("Sẵn sàng in")), "info")
    if batch.state is BatchState.FAILED:
        return Label(str(_("Gặp lỗi")), "warning")
    return Label(str(_("Đang làm")), "plain")


# --- One file ------------------------------------------------------------------------------------------------------


@blueprint.get("/dot-van-dong/<quarter>/thu/<uuid:batch_id>")
@may(Action.ROUND_MANAGE)
def letter_batch(quarter: str, batch_id: uuid.UUID) -> ResponseReturnValue:
    """How far a file is; a script asks for the fragment until it is ready."""
    of_round, batch = _batch_for(quarter, batch_id)
    if request.headers.get("X-Fragment"):
        return render_template("officer/_letter_state.html", **_shown(of_round, batch))
    return _batch_page(of_round, batch)


def _batch_page(
    of_round: Round,
    batch: LetterBatch,
    sent: SentForm | None = None,
    back: TakeBackForm | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    sent, back = sent or SentForm(formdata=None), back or TakeBackForm(formdata=None)
    if sent.sent_on.data is None and not sent.problems:
        sent.sent_on.data = local_day(now())
    maker = get_staff(reader(), batch.province_code, batch.made_by)
    return (
        render_template(
            "officer/letter_batch.html",
            sent_form=sent,
            back_form=back,
            form=sent if sent.problems else back,
            maker=maker.name if maker else "",
            **_shown(of_round, batch),
        ),
        status,
    )


def _shown(of_round: Round, batch: LetterBatch) -> dict[str, Any]:
    place = commune_names(reader(), batch.province_code, [batch.commune_code]) if batch.commune_code else {}
    return {
        "batch": batch,
        "total": len(batch.asks),
        "label": _label(batch),
        "making": batch.state is BatchState.WAITING,
        "ready": batch.state is BatchState.READY,
        "failed": translate(batch.error) if batch.state is BatchState.FAILED else "",
        "place": place.get(batch.commune_code or "", _("Tất cả xã, phường, đặc khu")),
        "here": url_for("officer.letter_batch", quarter=of_round.quarter, batch_id=batch.id),
        "open": of_round.state in {RoundState.RUNNING, RoundState.PAUSED},
        **round_words(of_round),
    }


@blueprint.get("/dot-van-dong/<quarter>/thu/<uuid:batch_id>/tep")
@may(Action.ROUND_MANAGE)
def letter_file(quarter: str, batch_id: uuid.UUID) -> ResponseReturnValue:
    of_round, batch = _batch_for(quarter, batch_id)
    if batch.file_sha256 is None:
        raise NotFound
    try:
        data = product().storage.get(batch.file_sha256)
    except (OSError, DocumentDamaged) as fault:
        log.error("stored file not readable", sha256=batch.file_sha256, reason=str(fault))
        return error_page(503, _("Chưa lấy được tệp thư lúc này. Hãy thử lại sau ít phút."))
    name = f"thu-moi-{of_round.quarter}-{batch.made_at:%Y%m%d-%H%M}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(data, mimetype="application/pdf", headers=headers)


@blueprint.post("/dot-van-dong/<quarter>/thu/<uuid:batch_id>/lam-lai")
@may(Action.ROUND_MANAGE)
@soft_csrf
def make_letters_again(quarter: str, batch_id: uuid.UUID) -> ResponseReturnValue:
    of_round, batch = _batch_for(quarter, batch_id)
    staff = current_staff()
    try:
        write(lambda session: print_again(session, batch, staff))
    except DomainError as refusal:
        flash(error_text(refusal), "warning")
    return redirect(url_for("officer.letter_batch", quarter=of_round.quarter, batch_id=batch.id), 303)


@blueprint.post("/dot-van-dong/<quarter>/thu/<uuid:batch_id>/da-gui")
@may(Action.ROUND_MANAGE)
@soft_csrf
def letters_sent(quarter: str, batch_id: uuid.UUID) -> ResponseReturnValue:
    of_round, batch = _batch_for(quarter, batch_id)
    form = SentForm()
    form.fit(local_day(now()))
    if not form.validate_on_submit():
        return _batch_page(of_round, batch, sent=form, status=400)
    staff, at = current_staff(), now()
    try:
        number = write(lambda session: record_sent(session, batch, form.sent_on.data, staff=staff, now=at))
    except DomainError as refusal:
        form.refuse(refusal)
        return _batch_page(*_batch_for(quarter, batch_id), sent=form, status=refusal.status)
    flash(_("Đã ghi nhận gửi %(number)s thư.", number=number), "success")
    return redirect(url_for("officer.letter_batch", quarter=quarter, batch_id=batch_id), 303)


@blueprint.post("/dot-van-dong/<quarter>/thu/<uuid:batch_id>/bo-ghi")
@may(Action.ROUND_MANAGE)
@soft_csrf
def letters_not_sent(quarter: str, batch_id: uuid.UUID) -> ResponseReturnValue:
    of_round, batch = _batch_for(quarter, batch_id)
    form = TakeBackForm()
    if not form.validate_on_submit():
        return _batch_page(of_round, batch, back=form, status=400)
    staff, at = current_staff(), now()
    try:
        write(lambda session: take_back_sent(session, batch, form.reason.data, staff=staff, now=at))
    except DomainError as refusal:
        form.refuse(refusal)
        return _batch_page(*_batch_for(quarter, batch_id), back=form, status=refusal.status)
    flash(_("Đã bỏ ghi nhận gửi thư của tệp này."), "success")
    return redirect(url_for("officer.letter_batch", quarter=quarter, batch_id=batch_id), 303)
