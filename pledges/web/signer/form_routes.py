"""The pages of the form between page one and the check of the answers: `/ky-cam-ket/…`."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue

from pledges.core.calendar import local_day
from pledges.core.countries import countries
from pledges.plans.queries import all_provinces, get_province
from pledges.registry.models import EntityKind, Location
from pledges.signing.drafts import save_page, typed_answers
from pledges.signing.models import Draft
from pledges.signing.rules import Page
from pledges.signing.texts import extra_fields_of
from pledges.web.communes import let_search
from pledges.web.current import now, product, reader, write
from pledges.web.i18n import language
from pledges.web.officer.authentication import signed_in_staff
from pledges.web.security import soft_csrf
from pledges.web.signer.access import form_token, held_draft
from pledges.web.signer.duties import duty_views
from pledges.web.signer.forms import AnswerForm, PlaceForm, SignerForm, WhoForm
from pledges.web.signer.journey import after, away, blueprint, locked_draft, open_of, page_url, progress_of, step
from pledges.web.signer.summary import Row, place_rows, province_names, signer_rows, who_rows


def answer_page(draft: Draft, page: Page, form: AnswerForm, template: str, **context: Any) -> ResponseReturnValue:
    """Show a page, or keep what was typed and go on when it is right; wrong answers are kept as well.

    Of a pledge that is signed again only the open fields are there; what is sent for the others is not even read.
    """
    kept_open = open_of(draft, page)
    if kept_open is not None:
        form.close_all_but(kept_open)
        context["closed"] = _closed_rows(draft, page, kept_open)
    form.draft.data = form_token(draft)
    context |= step(page, draft)
    if not form.validate_on_submit():
        return render_template(template, form=form, **context)
    before = draft.answers.get(page.value, {}) if kept_open is not None else {}
    typed = {name: _plain(value) for name, value in form.kept().items() if name != "draft"}
    raw = {name: value for name, value in before.items() if not name.endswith("_sealed")} | typed
    at, vault = now(), product().vault
    write(lambda db: save_page(db, locked_draft(db, draft), page, raw, now=at, vault=vault))
    kept = reader().get(Draft, draft.id)
    errors = progress_of(kept).errors.get(page) if kept is not None else None
    if errors is not None and not form.has_all(errors):
        return redirect(page_url(page))  # another answer has become wrong with this one: now its field is open
    if errors is not None:
        form.show_errors(errors)
        return render_template(template, form=form, **context)
    return redirect(after(draft, page))


def _closed_rows(draft: Draft, page: Page, kept_open: frozenset[str]) -> list[Row]:
    """What stays as it was signed on this page, to be read beside the questions."""
    progress = progress_of(draft)
    who, place, signer = progress.who, progress.place, progress.signer
    rows: list[Row] = []
    if page is Page.WHO and who is not None:
        rows = who_rows(who, province_names())
    elif page is Page.PLACE and who is not None and place is not None:
        rows = place_rows(who, place)
    elif page is Page.SIGNER and signer is not None:
        rows = signer_rows(signer)
    return [row for row in rows if not kept_open & row["fields"]]


def _plain(value: Any) -> Any:
    """A ticked box is kept as the word that its control sends."""
    return {True: "yes", False: "", None: ""}.get(value, value) if isinstance(value, bool | None) else value


@blueprint.route("/ky-cam-ket/doi-tuong", methods=["GET", "POST"])
@soft_csrf
def who() -> ResponseReturnValue:
    draft = held_draft(reader())
    if elsewhere := away(draft, Page.WHO):
        return elsewhere
    assert draft is not None  # noqa: S101 - `away` has answered otherwise
    progress = progress_of(draft)
    assert progress.group is not None  # noqa: S101
    typed = typed_answers(draft, Page.WHO, product().vault)
    number_kept = typed.pop("personal_number", "")
    province = get_province(reader(), progress.group.province_code)
    form = WhoForm(data=typed)
    form.fit(
        progress.group,
        extra_fields=extra_fields_of(reader(), progress.group),
        countries=countries(language()),
        provinces={other.code: other.name for other in all_provinces(reader()) if other.code != province.code},
    )
    return answer_page(
        draft,
        Page.WHO,
        form,
        "signer/who.html",
        duties=duty_views(reader(), progress.group, local_day(now())),
        province=province,
        number_kept=number_kept[-4:],
    )


@blueprint.route("/ky-cam-ket/dia-ban", methods=["GET", "POST"])
@soft_csrf
def place() -> ResponseReturnValue:
    draft = held_draft(reader())
    if elsewhere := away(draft, Page.PLACE):
        return elsewhere
    assert draft is not None  # noqa: S101
    progress = progress_of(draft)
    assert progress.group is not None  # noqa: S101
    assert progress.who is not None  # noqa: S101
    form = PlaceForm(data=typed_answers(draft, Page.PLACE, product().vault) or _own_commune(draft))
    province_code = progress.group.province_code
    let_search(form.commune, province_code)
    form.fit(progress.group, local=progress.who.location is Location.LOCAL)
    return answer_page(draft, Page.PLACE, form, "signer/place.html", province=progress.province, group=progress.group)


def _own_commune(draft: Draft) -> dict[str, str]:
    """Who helps in a commune mostly helps people of that commune."""
    helper = signed_in_staff() if draft.assisted_by is not None else None
    return {"commune": helper.commune_code} if helper is not None and helper.commune_code else {}


@blueprint.get("/ky-cam-ket/xa-phuong")
def communes() -> ResponseReturnValue:
    """The communes that match what is typed, as a fragment of the page."""
    province_code = request.args.get("tinh", "")
    form = PlaceForm(formdata=None, data={"commune": request.args.get("chosen", "")})
    let_search(form.commune, province_code)
    form.commune.query = request.args.get("q", "")[:100]
    return render_template("signer/_communes.html", field=form.commune)


@blueprint.route("/ky-cam-ket/nguoi-ky", methods=["GET", "POST"])
@soft_csrf
def signer() -> ResponseReturnValue:
    draft = held_draft(reader())
    if elsewhere := away(draft, Page.SIGNER):
        return elsewhere
    assert draft is not None  # noqa: S101
    progress = progress_of(draft)
    assert progress.who is not None  # noqa: S101
    form = SignerForm(data=typed_answers(draft, Page.SIGNER, product().vault))
    person = progress.who.kind is EntityKind.PERSON
    form.fit(person=person, by_hand=draft.assisted_by is not None)
    return answer_page(draft, Page.SIGNER, form, "signer/signer.html", who=progress.who, person=person)
