"""The check of the answers, and the page after signing."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from pledges.plans.queries import get_province
from pledges.plans.settings import province_settings
from pledges.review.models import DecisionKind
from pledges.signing.models import Draft, DraftPurpose
from pledges.signing.queries import get_pledge, pledges_of_draft
from pledges.signing.rules import Page
from pledges.signing.signing_again import is_changed
from pledges.web.components import PageForm
from pledges.web.current import product, reader
from pledges.web.security import soft_csrf
from pledges.web.signer.access import drop_draft, form_token, held_draft
from pledges.web.signer.file_access import said_about
from pledges.web.signer.forms import ActForm
from pledges.web.signer.journey import away, blueprint, open_of, progress_of, step
from pledges.web.signer.summary import Row, group_rows, place_rows, province_names, signer_rows, who_rows


@blueprint.get("/ky-cam-ket/kiem-tra")
def check() -> ResponseReturnValue:
    draft = held_draft(reader())
    if elsewhere := away(draft, Page.CHECK):
        return elsewhere
    assert draft is not None  # noqa: S101
    answers = progress_of(draft).complete()
    types = tuple(answers.again.subject_types) if answers.again is not None else answers.group.subject_types
    rows = {
        "group": _with_links(draft, Page.GROUP, group_rows(answers.group, types, answers.province.name)),
        "who": _with_links(draft, Page.WHO, who_rows(answers.who, province_names())),
        "place": _with_links(draft, Page.PLACE, place_rows(answers.who, answers.place)),
        "signer": _with_links(draft, Page.SIGNER, signer_rows(answers.signer)),
    }
    said = None
    if answers.again is not None and draft.purpose is DraftPurpose.CORRECTION:
        said = said_about(answers.again, DecisionKind.RETURNED, answers.again.paper["agency_name"])
    unchanged = (
        answers.again is not None
        and draft.purpose is DraftPurpose.AMENDMENT
        and not is_changed(reader(), answers.again, answers, product().vault)
    )
    return render_template(
        "signer/check.html",
        form=ActForm(data={"draft": form_token(draft)}),
        answers=answers,
        rows=rows,
        purpose=draft.purpose.value,
        draft_id=draft.id,
        said=said,
        unchanged=unchanged,
        **step(Page.CHECK, draft),
    )


def _with_links(draft: Draft, page: Page, rows: list[Row]) -> list[Row]:
    """The way to change each answer, where this draft may change it."""
    kept_open = open_of(draft, page)
    href = url_for(f"signer.{page.name.lower()}", ve="kiem-tra")
    return [{**row, "href": href if kept_open is None or kept_open & row["fields"] else None} for row in rows]


@blueprint.get("/ky-cam-ket/xong")
def done() -> ResponseReturnValue:
    draft = held_draft(reader())
    if draft is None or draft.signed_at is None or draft.assisted_by is not None:
        return away(draft, Page.GROUP) or redirect(url_for("signer.start"))
    pledges = pledges_of_draft(reader(), draft.id)
    province = get_province(reader(), pledges[0].province_code) if pledges else None
    days = province_settings(province).days_to_answer if province is not None else None
    amended = [get_pledge(reader(), pledge.province_code, pledge.amends_id) for pledge in pledges if pledge.amends_id]
    return render_template(
        "signer/done.html", pledges=pledges, days=days, purpose=draft.purpose.value, amended=[*filter(None, amended)]
    )


@blueprint.post("/ky-cam-ket/bat-dau-lai")
@soft_csrf
def again() -> ResponseReturnValue:
    """Leave the draft of this browser; it stays on the server and can be resumed."""
    if PageForm().validate_on_submit():
        drop_draft()
    return redirect(url_for("signer.start"))
