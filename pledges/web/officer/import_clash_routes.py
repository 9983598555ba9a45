"""Deciding the clashes of a list one by one: the row on the left, whom it may be about on the right."""

from __future__ import annotations

import uuid

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.accounts.permissions import Action
from pledges.core.errors import DomainError, NotFound
from pledges.imports import operations
from pledges.imports.clashes import count_open, next_open
from pledges.imports.models import ClashDecision, Import, ImportRow, ImportState, RowOutcome
from pledges.imports.queries import Candidate, candidates_of
from pledges.web.current import now, product, reader, write
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.import_clash_view import comparison, names_of
from pledges.web.officer.import_forms import NEW, SAME, ClashForm
from pledges.web.officer.import_routes import import_for, key_of
from pledges.web.officer.import_view import row_views
from pledges.web.security import may, soft_csrf

DECIDABLE = {ImportState.CHECKED, ImportState.COMMITTED}


@blueprint.route("/nhap/<uuid:import_id>/trung/<int:number>", methods=["GET", "POST"])
@may(Action.IMPORT_MANAGE)
@soft_csrf
def import_clash(import_id: uuid.UUID, number: int) -> ResponseReturnValue:
    found = import_for(import_id)
    row = reader().get(ImportRow, (*key_of(found), number)) if number < 2**31 else None
    if row is None or row.outcome is not RowOutcome.CLASH:
        raise NotFound
    candidates = candidates_of(reader(), row)
    form = ClashForm()
    form.fit(names_of(candidates))
    if not form.validate_on_submit():
        if not form.is_submitted() and row.decision is not None:
            form.decision.data = _chosen(row)
        return _page(found, row, form, candidates)
    try:
        _decide(found, row, form.decision.data)
    except DomainError as refusal:
        form.refuse(refusal)
        return _page(found, row, form, candidates, refusal.status)
    return _to_next(found, number)


def _chosen(row: ImportRow) -> str:
    if row.decision is ClashDecision.SAME:
        return f"{SAME}{row.entity_id}"
    return row.decision.value if row.decision is not None else ""


def _decide(import_: Import, row: ImportRow, chosen: str) -> None:
    same = chosen.startswith(SAME)
    decision = ClashDecision.SAME if same else ClashDecision.NEW if chosen == NEW else ClashDecision.SKIP
    entity_id = uuid.UUID(chosen.removeprefix(SAME)) if same else None
    staff, applying = current_staff(), product().applying()
    write(
        lambda session: operations.decide_clash(
            session, key_of(import_), row.number, decision, entity_id, staff=staff, applying=applying, now=now()
        )
    )


def _to_next(import_: Import, number: int) -> ResponseReturnValue:
    following = next_open(reader(), key_of(import_), number)
    if following is None:
        flash(_("Đã quyết định mọi dòng."), "success")
        return redirect(url_for("officer.import_page", import_id=import_.id, muc=RowOutcome.CLASH.value), 303)
    flash(_("Đã ghi quyết định cho dòng %(number)s.", number=number), "success")
    return redirect(url_for("officer.import_clash", import_id=import_.id, number=following), 303)


def _page(
    import_: Import, row: ImportRow, form: ClashForm, candidates: list[Candidate], status: int = 200
) -> ResponseReturnValue:
    names, lines = comparison(row, candidates)
    [view] = row_views(import_, [row])
    following = next_open(reader(), key_of(import_), row.number)
    page = render_template(
        "officer/import_clash.html",
        import_=import_,
        row=row,
        view=view,
        form=form,
        names=names,
        lines=lines,
        reasons=view["reasons"],
        open_number=count_open(reader(), key_of(import_)),
        following=following if following != row.number else None,
        decidable=import_.state in DECIDABLE and row.applied_at is None,
    )
    return page, status if status != 200 else 400 if form.problems else 200
