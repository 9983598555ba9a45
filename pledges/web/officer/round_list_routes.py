"""Who has not pledged in a quarter, and who has: `/can-bo/dot-van-dong/<quarter>/danh-sach`."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.accounts.permissions import Action, Place
from pledges.core.calendar import Quarter, local_day
from pledges.plans.queries import communes_of
from pledges.registry.search_queries import is_personal
from pledges.rounds.list_models import ListKind
from pledges.rounds.list_rows import ListFilters, ListPage
from pledges.rounds.list_words import RowWords
from pledges.rounds.lists import list_page
from pledges.rounds.models import Round
from pledges.rounds.queries import find_round
from pledges.rounds.snapshots import Verified, verify_list
from pledges.web.current import now, reader
from pledges.web.i18n import translate
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.reach import reaches
from pledges.web.officer.round_list_forms import (
    KINDS,
    Chosen,
    ExportForm,
    ListFilterForm,
    ListSearchForm,
    read_text,
    usual_day,
)
from pledges.web.officer.round_list_view import (
    chips_of,
    figures_of,
    frozen,
    group_rows,
    kind_tabs,
    narrowing,
    shown_row,
    when_text,
)
from pledges.web.officer.round_view import entry_labels, round_for, round_heading
from pledges.web.security import may, soft_csrf


def read_chosen(of_round: Round, text: str | None = None) -> tuple[Chosen, ListFilterForm]:
    """What the address says; the day is the usual one where none, or none that makes sense, is given."""
    today = local_day(now())
    kind = KINDS.get(request.args.get("loai", ""), ListKind.NOT_PLEDGED)
    form = ListFilterForm(request.args)
    communes = {each.code: each.name for each in communes_of(reader(), of_round.province_code)}
    form.fit(kind, communes, entry_labels(of_round), today)
    given = request.args.get("ngay", "").strip() != ""
    valid = form.validate() if given else False
    day = form.ngay.data if valid else None
    typed = read_text(request.args.get("tim", "")) if text is None else text
    chosen = Chosen(of_round, kind, day or usual_day(of_round, today), form.filters(typed))
    return chosen, form


# --- The list --------------------------------------------------------------------------------------------------------


@blueprint.get("/dot-van-dong/<quarter>/danh-sach")
@may(Action.LIST_VIEW)
def round_list(quarter: str) -> ResponseReturnValue:
    of_round = round_for(quarter, Action.LIST_VIEW)
    chosen, form = read_chosen(of_round)
    if chosen.filters.text and is_personal(chosen.filters.text):
        # Somebody made this address by hand: nothing is looked up, and the page says how.
        return list_answer(chosen.without(text=""), form, misplaced=True)
    elsewhere = _round_of_day(chosen)
    if elsewhere is not None:
        return redirect(elsewhere, 303)
    return list_answer(chosen, form, status=400 if form.problems else 200)


def _round_of_day(chosen: Chosen) -> str | None:
    """A day of another quarter belongs to the round of that quarter, where there is one."""
    of_round, day = chosen.of_round, chosen.as_of
    if day is None or str(Quarter.of(day)) == of_round.quarter:
        return None
    found = find_round(reader(), of_round.province_code, of_round.agency_code, Quarter.of(day))
    if found is None:
        return None
    return Chosen(found, chosen.kind, day, chosen.filters).url()


@blueprint.post("/dot-van-dong/<quarter>/danh-sach")
@may(Action.LIST_VIEW)
@soft_csrf
def find_in_round_list(quarter: str) -> ResponseReturnValue:
    """What may stand in an address gets one; numbers of people are answered at once."""
    of_round = round_for(quarter, Action.LIST_VIEW)
    search = ListSearchForm()
    if not search.validate_on_submit():
        chosen, form = read_chosen(of_round)
        return list_answer(chosen, form, search=search, status=400)
    text = read_text(search.tim.data)
    chosen, form = read_chosen(of_round, text)
    if not is_personal(text):
        return redirect(chosen.url(), 303)
    return list_answer(chosen, form, search=search, secret=True)


@blueprint.route("/dot-van-dong/<quarter>/danh-sach/doi-chieu", methods=["GET", "POST"])
@may(Action.LIST_VIEW)
@soft_csrf
def verify_round_list(quarter: str) -> ResponseReturnValue:
    """Reckon the hashes of a frozen list again, from what is stored now; who comes by the address gets the list."""
    of_round = round_for(quarter, Action.LIST_VIEW)
    chosen, form = read_chosen(of_round)
    snapshot = frozen(chosen)
    if snapshot is None or request.method == "GET":
        return redirect(chosen.url(), 303)
    return list_answer(chosen, form, verified=verify_list(reader(), snapshot, chosen.kind))


def list_answer(
    chosen: Chosen,
    form: ListFilterForm,
    *,
    search: ListSearchForm | None = None,
    export: ExportForm | None = None,
    verified: Verified | None = None,
    secret: bool = False,
    misplaced: bool = False,
    status: int = 200,
) -> ResponseReturnValue:
    """`secret`: what was typed stands in the search box and in no link of the page."""
    of_round, linked = chosen.of_round, chosen.without(text="") if secret else chosen
    words = RowWords.read(reader(), of_round.province_code, translate)
    page = _page(chosen)
    snapshot = frozen(chosen)
    narrowed = narrowing(chosen.filters)
    whole = figures_of(chosen)
    left = figures_of(chosen, narrowed) if narrowed is not None else None
    entries = entry_labels(of_round)
    if search is None:
        search = ListSearchForm(formdata=None, data={"tim": chosen.filters.text})
    answer = render_template(
        "officer/round_list.html",
        form=next((each for each in (export, search, form) if each is not None and each.problems), form),
        filter_form=form,
        search_form=search,
        search_action=linked.without(text="").url("officer.find_in_round_list"),
        chosen=chosen,
        when=when_text(chosen, snapshot),
        tabs=kind_tabs(linked, left or whole),
        chips=chips_of(linked, words, entries),
        clear=Chosen(of_round, chosen.kind, chosen.as_of, ListFilters()).url(),
        kept={name: value for name, value in request.args.items() if name in {"loai", "tim"} and not secret},
        groups=group_rows(whole, left),
        narrowed=left is not None,
        snapshot=snapshot,
        sha256=snapshot.sha256[chosen.kind.value] if snapshot is not None else "",
        verified=verified,
        verify_action=linked.url("officer.verify_round_list"),
        rows=[shown_row(row, words) for row in page.rows],
        total=page.total,
        first=not request.args.get("sau"),
        turns=_turns(linked, page) if not secret else [],
        misplaced=misplaced,
        export_form=export or ExportForm(formdata=None),
        may_export=not secret and reaches(Action.LIST_EXPORT, Place(of_round.province_code, of_round.agency_code)),
        export_action=linked.url("officer.take_round_list"),
        files=url_for("officer.round_files", quarter=of_round.quarter),
        **round_heading(of_round),
    )
    return answer, status


def _page(chosen: Chosen) -> ListPage:
    of_round = chosen.of_round
    return list_page(
        reader(),
        of_round.province_code,
        of_round.agency_code,
        chosen.kind,
        chosen.filters,
        as_of=chosen.as_of,
        now=now(),
        after=request.args.get("sau", "")[:200] if request.method == "GET" else "",
    )


def _turns(chosen: Chosen, page: ListPage) -> list[dict[str, Any]]:
    turns = []
    if request.args.get("sau"):
        turns.append({"rel": "first", "text": _("Trang đầu"), "href": chosen.url()})
    if page.after:
        turns.append({"rel": "next", "text": _("Trang sau"), "href": chosen.url(sau=page.after)})
    return turns
