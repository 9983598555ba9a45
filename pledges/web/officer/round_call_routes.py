"""Whom to call or visit in a round, and what came of it: `/can-bo/dot-van-dong/<quarter>/goi-dien`."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.accounts.permissions import Action
from pledges.accounts.queries import staff_of
from pledges.core.calendar import local_day
from pledges.core.errors import DomainError, NotFound
from pledges.core.identity import national_phone
from pledges.plans.queries import communes_of
from pledges.rounds.attempts import take_back_batch
from pledges.rounds.call_list import (
    MOST_PICKED,
    PAGE_SIZE,
    CallRow,
    Show,
    call_page,
    call_table,
    count_calls,
    matters,
    picked_asks,
    record_call_export,
    record_results,
    recorded_results,
    rows_of,
)
from pledges.rounds.models import Outcome, Round, RoundState, Way
from pledges.rounds.rules import OUTCOME_LABELS, WAY_LABELS
from pledges.web.current import now, product, reader, write
from pledges.web.i18n import translate
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.round_letter_forms import (
    RESULTS,
    CallExportForm,
    CallFilterForm,
    ResultsForm,
    TakeBackForm,
    commune_choices,
)
from pledges.web.officer.round_letter_routes import managed_round, round_words
from pledges.web.security import may, soft_csrf

PICKED = "chon"
ATTEMPTS_SHOWN = 3


def _filter(of_round: Round) -> tuple[CallFilterForm, Show, str | None]:
    form = CallFilterForm(request.args, meta={"csrf": False})
    communes = communes_of(reader(), of_round.province_code)
    form.xa.choices = commune_choices(communes)
    show = Show(form.hien.data) if form.hien.data in set(Show) else Show.PHONE
    commune = form.xa.data if form.xa.data in {commune.code for commune in communes} else None
    return form, show, commune


def _kept(show: Show, commune: str | None, page: int = 1) -> dict[str, Any]:
    kept = {"hien": show.value, "xa": commune, "trang": page if page > 1 else None}
    return {name: value for name, value in kept.items() if value}


# --- The list ------------------------------------------------------------------------------------------------------


@blueprint.get("/dot-van-dong/<quarter>/goi-dien")
@may(Action.ROUND_MANAGE)
def calls(quarter: str) -> ResponseReturnValue:
    return _calls_page(managed_round(quarter))


def _calls_page(
    of_round: Round, export: CallExportForm | None = None, problem: str = "", status: int = 200
) -> ResponseReturnValue:
    filter_form, show, commune = _filter(of_round)
    total = count_calls(reader(), of_round, show, commune)
    last = max(1, -(-total // PAGE_SIZE))
    page = min(max(1, request.args.get("trang", 1, type=int)), last)
    found = call_page(reader(), of_round, show, commune, page)
    export = export or CallExportForm(formdata=None)
    return (
        render_template(
            "officer/calls.html",
            filter_form=filter_form,
            form=export,
            export_form=export,
            rows=[_row(row) for row in found],
            total=total,
            page=page,
            last=last,
            address=lambda number: url_for("officer.calls", quarter=of_round.quarter, **_kept(show, commune, number)),
            kept=_kept(show, commune, page),
            problem=problem,
            recorded=_recorded(of_round),
            can_record=of_round.state in {RoundState.RUNNING, RoundState.PAUSED},
            **round_words(of_round),
        ),
        status,
    )


def _row(row: CallRow) -> dict[str, Any]:
    entity, commune = row.recipient.entity, row.recipient.commune
    return {
        "ask_id": row.ask.id,
        "name": entity.name,
        "href": url_for("officer.entity", entity_id=entity.id),
        "place": ", ".join(filter(None, (entity.address, commune.name if commune else ""))),
        "phones": [
            {"value": each.value, "text": national_phone(each.value), "holder": each.holder} for each in row.phones
        ],
        "matters": matters(row.recipient),
        "code": row.ask.short_code,
        "shown_day": row.ask.shown_day,
        "attempts": [
            {
                "text": _result_text(each.way, each.outcome),
                "day": each.made_on,
            }
            for each in row.attempts[:ATTEMPTS_SHOWN]
        ],
    }


def _result_text(way: Way, outcome: Outcome) -> str:
    """As the form calls it; mail and what was taken over from it in the words of the round."""
    own = next((label for value, label, _hint in RESULTS if value == f"{way.value}:{outcome.value}"), None)
    return (
        str(own) if own is not None else f"{translate(WAY_LABELS[way])}: {translate(OUTCOME_LABELS[outcome]).lower()}"
    )


# --- Recording -----------------------------------------------------------------------------------------------------


def _picked(of_round: Round) -> list[uuid.UUID]:
    """The asks of this round that were ticked; of what is not there nothing is told."""
    ids = []
    for typed in (request.form if request.method == "POST" else request.args).getlist(PICKED)[:MOST_PICKED]:
        try:
            ids.append(uuid.UUID(typed))
        except ValueError:
            continue
    return picked_asks(reader(), of_round, ids)


@blueprint.route("/dot-van-dong/<quarter>/goi-dien/ket-qua", methods=["GET", "POST"])
@may(Action.ROUND_MANAGE)
@soft_csrf
def call_results(quarter: str) -> ResponseReturnValue:
    """One result for all that were ticked."""
    of_round = managed_round(quarter)
    ask_ids = _picked(of_round)
    if not ask_ids:
        return _calls_page(of_round, problem=_("Hãy chọn ít nhất một người trên trang này."), status=400)
    form = ResultsForm()
    form.fit(local_day(now()))
    if not form.validate_on_submit():
        if request.method != "POST":
            form.made_on.data = local_day(now())
        return _results_page(of_round, form, ask_ids)
    staff, at = current_staff(), now()
    try:
        number = write(
            lambda session: record_results(
                session,
                (of_round.province_code, of_round.id),
                ask_ids,
                *form.chosen,
                made_on=form.made_on.data,
                note=form.note.data or "",
                staff=staff,
                now=at,
            )
        )
    except DomainError as refusal:
        form.refuse(refusal)
        return _results_page(managed_round(quarter), form, ask_ids, refusal.status)
    flash(_("Đã ghi kết quả cho %(number)s người.", number=number), "success")
    _form, show, commune = _filter(of_round)
    return redirect(url_for("officer.calls", quarter=quarter, **_kept(show, commune)), 303)


def _results_page(
    of_round: Round, form: ResultsForm, ask_ids: Sequence[uuid.UUID], status: int = 400
) -> ResponseReturnValue:
    _form, show, commune = _filter(of_round)
    page = render_template(
        "officer/call_results.html",
        form=form,
        rows=[_row(row) for row in rows_of(reader(), of_round, ask_ids)],
        back=url_for("officer.calls", quarter=of_round.quarter, **_kept(show, commune)),
        here=url_for("officer.call_results", quarter=of_round.quarter, **_kept(show, commune)),
        **round_words(of_round),
    )
    return page, status if form.problems else 200


# --- Taking back ---------------------------------------------------------------------------------------------------


def _recorded(of_round: Round) -> list[dict[str, Any]]:
    people = {person.id: person.name for person in staff_of(reader(), of_round.province_code)}
    return [
        {
            "text": _result_text(each.way, each.outcome),
            "number": each.number,
            "made_on": each.made_on,
            "recorded_at": each.recorded_at,
            "who": people.get(each.recorded_by, "") if each.recorded_by else "",
            "href": url_for("officer.call_results_back", quarter=of_round.quarter, batch_id=each.id),
        }
        for each in recorded_results(reader(), of_round)
    ]


@blueprint.route("/dot-van-dong/<quarter>/goi-dien/hoan-tac/<uuid:batch_id>", methods=["GET", "POST"])
@may(Action.ROUND_MANAGE)
@soft_csrf
def call_results_back(quarter: str, batch_id: uuid.UUID) -> ResponseReturnValue:
    """Take back what was recorded in one go."""
    of_round = managed_round(quarter)
    recorded = next((each for each in recorded_results(reader(), of_round) if each.id == batch_id), None)
    if recorded is None:
        raise NotFound
    form = TakeBackForm()
    if form.validate_on_submit():
        staff, at = current_staff(), now()
        try:
            key = (of_round.province_code, of_round.id)
            number = write(
                lambda session: take_back_batch(session, key, batch_id, reason=form.reason.data, staff=staff, now=at)
            )
        except DomainError as refusal:
            form.refuse(refusal)
        else:
            flash(_("Đã bỏ kết quả của %(number)s người.", number=number), "success")
            return redirect(url_for("officer.calls", quarter=quarter), 303)
    page = render_template(
        "officer/call_results_back.html",
        form=form,
        recorded=recorded,
        text=_result_text(recorded.way, recorded.outcome),
        **round_words(of_round),
    )
    return page, 400 if form.problems else 200


# --- As a table ----------------------------------------------------------------------------------------------------


@blueprint.post("/dot-van-dong/<quarter>/goi-dien/tep")
@may(Action.ROUND_MANAGE)
@soft_csrf
def call_file(quarter: str) -> ResponseReturnValue:
    """The whole list with phones; that it was taken, by whom and why stands in the log first."""
    of_round = managed_round(quarter)
    _form, show, commune = _filter(of_round)
    form = CallExportForm()
    if not form.validate_on_submit():
        return _calls_page(of_round, form, status=400)
    staff, at = current_staff(), now()
    write(
        lambda session: record_call_export(
            session, of_round, show, commune, reason=form.reason.data, staff=staff, now=at
        )
    )
    database = product().database

    def lines() -> Iterator[str]:
        with database.read() as session:
            yield from call_table(session, of_round, show, commune)

    name = f"goi-dien-{of_round.quarter}-{local_day(at):%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(lines(), mimetype="text/csv", headers=headers)
