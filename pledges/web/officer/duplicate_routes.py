"""Subjects that may be one: `/can-bo/trung-lap`."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.permissions import Action, Place
from pledges.core.errors import Conflict, DomainError, NotFound
from pledges.plans.queries import communes_of
from pledges.registry.duplicate_queries import (
    PairFilter,
    count_decided_pairs,
    count_open_pairs,
    decided_pairs,
    merge_of_pair,
    open_pairs,
)
from pledges.registry.duplicates import keep_apart, look_again, suspect_by_person
from pledges.registry.models import Entity
from pledges.registry.upkeep_models import DuplicatePair, PairState
from pledges.signing.merging import merge_entities, undo_merge
from pledges.web.components import PageForm
from pledges.web.current import now, reader, write
from pledges.web.fields import Choice
from pledges.web.i18n import error_text
from pledges.web.officer.authentication import current_staff
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.decision_forms import DecisionForm
from pledges.web.officer.duplicate_forms import RULES, KeepApartForm, MergeForm, PairFilterForm, SuspectForm
from pledges.web.officer.duplicate_view import (
    PAIRS_A_PAGE,
    better_to_keep,
    comparison,
    history_of,
    list_rows,
    pairs_url,
)
from pledges.web.officer.entity_search import let_pick, picked
from pledges.web.officer.reach import entity_for, reaches, scope_of
from pledges.web.security import may, soft_csrf


def pair_for(pair_id: uuid.UUID) -> DuplicatePair:
    pair = reader().get(DuplicatePair, (current_staff().province_code, pair_id))
    if pair is None or not reaches(Action.DUPLICATE_DECIDE, Place(pair.province_code)):
        raise NotFound
    return pair


# --- Lists -----------------------------------------------------------------------------------------------------------


@blueprint.get("/trung-lap")
@may(Action.DUPLICATE_DECIDE)
def duplicates() -> ResponseReturnValue:
    province_code = scope_of(Action.DUPLICATE_DECIDE).province_code
    communes = {commune.code: commune.name for commune in communes_of(reader(), province_code)}
    wanted = _read_filter(request.args, communes)
    total = count_open_pairs(reader(), province_code, wanted)
    page, last = _page(total)
    found = open_pairs(reader(), province_code, wanted, skip=(page - 1) * PAIRS_A_PAGE, limit=PAIRS_A_PAGE)
    form = PairFilterForm(formdata=None, data={"dau_hieu": wanted.rule, "xa": wanted.commune})
    form.xa.choices = [Choice(code, name) for code, name in communes.items()]
    return render_template(
        "officer/duplicates.html",
        rows=list_rows(found),
        total=total,
        page=page,
        last=last,
        address=lambda number: pairs_url(wanted, number),
        form=form,
        chips=_chips(wanted, communes),
        clear=pairs_url(PairFilter()),
        decided=count_decided_pairs(reader(), province_code),
    )


def _read_filter(args: Mapping[str, str], communes: Mapping[str, str]) -> PairFilter:
    """The filter that stands in an address; what makes no sense there is left out."""
    rule, commune = args.get("dau_hieu", ""), args.get("xa", "")
    return PairFilter(rule if rule in RULES else "", commune if commune in communes else "")


def _page(total: int) -> tuple[int, int]:
    last = max(1, -(-total // PAIRS_A_PAGE))
    typed = request.args.get("trang", "")
    number = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 9 else 1
    return min(max(number, 1), last), last


def _chips(wanted: PairFilter, communes: Mapping[str, str]) -> list[dict[str, str]]:
    chips = []
    if wanted.rule:
        chips.append({"text": str(RULES[wanted.rule]), "href": pairs_url(PairFilter(commune=wanted.commune))})
    if wanted.commune:
        chips.append({"text": communes[wanted.commune], "href": pairs_url(PairFilter(rule=wanted.rule))})
    return chips


@blueprint.get("/trung-lap/da-xu-ly")
@may(Action.DUPLICATE_DECIDE)
def decided_duplicates() -> ResponseReturnValue:
    province_code = scope_of(Action.DUPLICATE_DECIDE).province_code
    total = count_decided_pairs(reader(), province_code)
    page, last = _page(total)
    found = decided_pairs(reader(), province_code, skip=(page - 1) * PAIRS_A_PAGE, limit=PAIRS_A_PAGE)
    return render_template(
        "officer/duplicates_decided.html",
        rows=list_rows(found),
        page=page,
        last=last,
        address=lambda number: url_for("officer.decided_duplicates", trang=number),
    )


@blueprint.route("/trung-lap/moi", methods=["GET", "POST"])
@may(Action.DUPLICATE_DECIDE)
@soft_csrf
def suspect_duplicate() -> ResponseReturnValue:
    """The subject that the page is about stands in the address, the other one is searched for."""
    entity = picked(request.args.get("doi-tuong", ""))
    if entity is None:
        raise NotFound
    entity = entity_for(entity.id, Action.DUPLICATE_DECIDE)
    form = SuspectForm()
    let_pick(form.other, without=entity.id)
    if form.validate_on_submit():
        other = picked(form.other.data)
        staff, at = current_staff(), now()
        try:
            if other is None:
                raise NotFound
            pair = write(
                lambda session: suspect_by_person(
                    session, entity.province_code, entity.id, other.id, staff=staff, now=at
                )
            )
            return redirect(url_for("officer.duplicate", pair_id=pair.id), 303)
        except DomainError as refusal:
            form.refuse(refusal)
    wrong = bool(form.problems) or form.stale
    return render_template("officer/duplicate_new.html", entity=entity, form=form), 400 if wrong else 200


# --- One pair --------------------------------------------------------------------------------------------------------


@blueprint.get("/trung-lap/<uuid:pair_id>")
@may(Action.DUPLICATE_DECIDE)
def duplicate(pair_id: uuid.UUID) -> ResponseReturnValue:
    return _pair_page(pair_for(pair_id))


def _pair_page(
    pair: DuplicatePair, sent: DecisionForm | None = None, conflict: DomainError | None = None, status: int = 200
) -> ResponseReturnValue:
    first = reader().get_one(Entity, (pair.province_code, pair.first_id))
    second = reader().get_one(Entity, (pair.province_code, pair.second_id))
    past = history_of(pair)
    elsewhere = past is None and (first.merged_into is not None or second.merged_into is not None)
    merge_form, apart_form = _forms(pair, first, second, sent)
    page = render_template(
        "officer/duplicate.html",
        pair=pair,
        first=first,
        second=second,
        lines=comparison(first, second),
        rules=[str(RULES[rule]) for rule in pair.rules if rule in RULES],
        past=past,
        elsewhere=elsewhere,
        merge_form=merge_form,
        apart_form=apart_form,
        sent=sent,
        form=sent if conflict is None else None,
        conflict=error_text(conflict) if conflict is not None else "",
        two_codes=bool(first.tax_code and second.tax_code and first.tax_code != second.tax_code),
    )
    return page, status


def _forms(
    pair: DuplicatePair, first: Entity, second: Entity, sent: DecisionForm | None
) -> tuple[MergeForm, KeepApartForm]:
    """The form that came back stays as it was typed; a fresh one names what the page shows."""
    seen = {"seen": pair.revision}
    if isinstance(sent, MergeForm):
        merge_form = sent
    else:
        kept = better_to_keep(first, second) if pair.state is PairState.OPEN else first
        merge_form = MergeForm(formdata=None, data=seen | {"kept": str(kept.id)})
    merge_form.kept.choices = _sides(first, second)
    apart_form = sent if isinstance(sent, KeepApartForm) else KeepApartForm(formdata=None, data=seen)
    return merge_form, apart_form


def _sides(first: Entity, second: Entity) -> list[Choice]:
    return [
        Choice(str(first.id), first.name, _("Đối tượng A")),
        Choice(str(second.id), second.name, _("Đối tượng B")),
    ]


Work = Callable[[Session, Staff], object]


def _decide(pair: DuplicatePair, form: DecisionForm, work: Work, done: str) -> ResponseReturnValue:
    """Decide and go back to the list; a mistake or a conflict brings the pair back as it is now."""
    if form.seen.data != pair.revision and not form.stale:
        return _pair_page(pair, form, _changed(), 409)
    if not form.validate_on_submit():
        return _pair_page(pair, form, None, 400)
    staff = current_staff()
    try:
        write(lambda session: work(session, staff))
    except Conflict as conflict:
        return _pair_page(pair_for(pair.id), form, conflict, conflict.status)
    except DomainError as refusal:
        form.refuse(refusal)
        return _pair_page(pair_for(pair.id), form, None, refusal.status)
    flash(done, "success")
    return redirect(url_for("officer.duplicates"), 303)


def _changed() -> Conflict:
    return Conflict(_("Cặp này vừa được người khác xử lý. Chưa ghi gì thêm; hãy xem lại."))


@blueprint.post("/trung-lap/<uuid:pair_id>/gop")
@may(Action.DUPLICATE_DECIDE)
@soft_csrf
def merge_duplicate(pair_id: uuid.UUID) -> ResponseReturnValue:
    pair, at = pair_for(pair_id), now()
    form = MergeForm()
    both = {str(pair.first_id): pair.second_id, str(pair.second_id): pair.first_id}
    form.kept.choices = [Choice(each, each) for each in both]

    def work(session: Session, staff: Staff) -> object:
        kept = uuid.UUID(form.kept.data)
        return merge_entities(
            session,
            pair.province_code,
            kept,
            both[form.kept.data],
            staff=staff,
            note=form.note.data or "",
            now=at,
            pair_id=pair.id,
        )

    return _decide(pair, form, work, _("Đã gộp hai đối tượng. Có thể hoàn tác ở danh sách các cặp đã xử lý."))


@blueprint.post("/trung-lap/<uuid:pair_id>/giu-rieng")
@may(Action.DUPLICATE_DECIDE)
@soft_csrf
def keep_duplicate_apart(pair_id: uuid.UUID) -> ResponseReturnValue:
    pair, at = pair_for(pair_id), now()
    form = KeepApartForm()

    def work(session: Session, staff: Staff) -> object:
        return keep_apart(
            session, pair.province_code, pair.id, staff=staff, seen=form.seen.data, note=form.note.data, now=at
        )

    return _decide(pair, form, work, _("Đã ghi là hai đối tượng khác nhau; cặp này sẽ không bị nêu lại."))


class TakeBackForm(PageForm):
    """Nothing but a press."""


@blueprint.post("/trung-lap/<uuid:pair_id>/hoan-tac")
@may(Action.DUPLICATE_DECIDE)
@soft_csrf
def take_back_duplicate(pair_id: uuid.UUID) -> ResponseReturnValue:
    """Undo the merge of the pair, or open again what was kept apart; then it waits among the open ones."""
    pair, at, staff = pair_for(pair_id), now(), current_staff()
    form = TakeBackForm()
    if not form.validate_on_submit():
        return _pair_page(pair, None, _changed(), 400)
    merge = merge_of_pair(reader(), pair)

    def work(session: Session) -> object:
        if merge is not None:
            return undo_merge(session, pair.province_code, merge.id, staff=staff, now=at)
        return look_again(session, pair.province_code, pair.id, staff=staff, seen=pair.revision, now=at)

    try:
        write(work)
    except DomainError as refusal:
        return _pair_page(pair_for(pair_id), None, refusal, refusal.status)
    done = _("Đã hoàn tác việc gộp; hai đối tượng lại đứng riêng như trước.") if merge else _("Cặp này được xem lại.")
    flash(done, "success")
    return redirect(url_for("officer.duplicate", pair_id=pair.id), 303)
