"""The register of one province: `/can-bo/doi-tuong`. Everybody of its staff finds everybody in it."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from pledges.accounts.permissions import Action
from pledges.plans.queries import communes_of, get_province
from pledges.registry.models import Channel
from pledges.registry.queries import find_channel
from pledges.registry.register_list import MOST_COUNTED, RegisterPage, register_page
from pledges.registry.search_queries import is_personal, read_query
from pledges.registry.searching import Within
from pledges.web.current import reader
from pledges.web.fields import Choice
from pledges.web.officer.blueprint import blueprint
from pledges.web.officer.entity_search import search_box
from pledges.web.officer.reach import scope_of
from pledges.web.officer.register_view import (
    FilterForm,
    SearchForm,
    chips_of,
    read_id,
    read_text,
    read_within,
    register_url,
    sees_own_agency,
    table_rows,
)
from pledges.web.security import may

MOST_HITS = 50


@blueprint.get("/doi-tuong")
@may(Action.ENTITY_VIEW)
def register() -> ResponseReturnValue:
    communes = _communes()
    within, text = read_within(request.args, communes), read_text(request.args)
    if text and is_personal(text):
        # Somebody made this address by hand: nothing is looked up, and the page says how.
        return _answer(SearchForm(formdata=None), within, communes, misplaced=True)
    form = SearchForm(formdata=None, data={"tim": text})
    return _answer(form, within, communes, text=text)


@blueprint.post("/doi-tuong")
@may(Action.ENTITY_VIEW)
def find_in_register() -> ResponseReturnValue:
    """What may stand in an address gets one, which can be handed on; numbers of people are answered at once."""
    communes = _communes()
    within = read_within(request.args, communes)
    form = SearchForm()
    if not form.validate_on_submit():
        return _answer(form, within, communes, status=400 if form.problems else 200)
    text = read_text(request.form)
    if not is_personal(text):
        return redirect(register_url(within, text), 303)
    return _answer(form, within, communes, text=text, secret=True)


def _communes() -> dict[str, str]:
    return {commune.code: commune.name for commune in communes_of(reader(), _province())}


def _province() -> str:
    return scope_of(Action.ENTITY_VIEW).province_code


def _answer(
    form: SearchForm,
    within: Within,
    communes: dict[str, str],
    *,
    text: str = "",
    secret: bool = False,
    misplaced: bool = False,
    status: int = 200,
) -> ResponseReturnValue:
    """`secret`: what was typed stands in the search box and in no link of the page."""
    kept = "" if secret else text
    filter_form = FilterForm(formdata=request.args)
    filter_form.xa.choices = [Choice(code, name) for code, name in communes.items()]
    hits = search_box(text, limit=MOST_HITS, within=within) if text else []
    page = _page(within) if not text and not misplaced else None
    entities = [hit.entity for hit in hits] if page is None else list(page.entities)
    answer = render_template(
        "officer/register.html",
        form=form,
        action=register_url(within),
        province=get_province(reader(), _province()),
        filter_form=filter_form,
        with_agency=sees_own_agency(),
        kept={"tim": kept} if kept else {},
        chips=chips_of(within, kept, communes),
        clear=register_url(Within()),
        without_filter=register_url(Within(), kept),
        rows=table_rows(entities),
        page=page,
        total=_total(page),
        turns=_turns(page, within) if page is not None else [],
        text=text,
        filtered=bool(within) and not secret,
        unowned=_unowned(text) if text and not hits else None,
        full=len(hits) == MOST_HITS,
        misplaced=misplaced,
    )
    return answer, status


def _page(within: Within) -> RegisterPage:
    return register_page(
        reader(),
        _province(),
        within,
        after=read_id(request.args, "sau"),
        before=read_id(request.args, "truoc"),
    )


def _total(page: RegisterPage | None) -> str:
    if page is None:
        return ""
    if page.total < MOST_COUNTED:
        return ""
    return str(_("Hơn %(number)s đối tượng. Hãy tìm hoặc lọc.", number=f"{MOST_COUNTED:,}".replace(",", ".")))


def _turns(page: RegisterPage, within: Within) -> list[dict[str, Any]]:
    """Ways to the pages before and after: their addresses name a subject by its id, never by its name."""
    if not page.entities:
        return []
    first, last = page.entities[0].id, page.entities[-1].id
    ways: list[tuple[bool, str, str, dict[str, Any]]] = [
        (not page.first, "prev", _("Trang trước"), {"truoc": first}),
        (not page.last, "next", _("Trang sau"), {"sau": last}),
    ]
    return [
        {"rel": rel, "text": text, "href": register_url(within, **args)} for open_, rel, text, args in ways if open_
    ]


def _unowned(text: str) -> Channel | None:
    """A website that is registered while nobody knows whose it is."""
    address = read_query(text).channel
    found = find_channel(reader(), _province(), address) if address else None
    return found if found is not None and found.entity_id is None else None
