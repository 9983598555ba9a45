"""The order of the form's pages, and who may be on which."""

from __future__ import annotations

import itertools
import json
from typing import Any

from flask import Blueprint, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from pledges.core.calendar import local_day
from pledges.core.errors import NotFound
from pledges.signing.models import Draft, DraftPurpose
from pledges.signing.reopening import NotOpen, check_open, open_fields
from pledges.signing.rules import Page
from pledges.signing.texts import Progress, pledge_of_draft, read_progress
from pledges.web.current import now, product, reader
from pledges.web.i18n import error_text
from pledges.web.security import declare_audience
from pledges.web.signer.access import drop_draft

blueprint = Blueprint("signer", __name__)
declare_audience(blueprint, "signer")

PAGES = tuple(Page)
NEXT = dict(itertools.pairwise(PAGES))
ANSWER_PAGES = (Page.GROUP, Page.WHO, Page.PLACE, Page.SIGNER)


def page_url(page: Page) -> str:
    return url_for(f"signer.{page.name.lower()}")


def step(page: Page, draft: Draft | None = None) -> dict[str, Any]:
    """Number and neighbours of a page, for the caption and the way back.

    Who signs again what is signed already starts at the check, goes from there where something is open, and back.
    """
    index = PAGES.index(page)
    assisting = draft is not None and draft.assisted_by is not None
    if draft is not None and draft.purpose is not DraftPurpose.NEW:
        return {"back": file_url(draft) if page is Page.CHECK else page_url(Page.CHECK), "assisting": assisting}
    back = page_url(PAGES[index - 1]) if index else None
    return {"step": index + 1, "total": len(PAGES), "back": back, "assisting": assisting}


def file_url(draft: Draft) -> str:
    """The file of the pledge that the draft is about; for somebody of the staff the list of those they help."""
    if draft.assisted_by is not None:
        return url_for("officer.assisted")
    pledge = pledge_of_draft(reader(), draft)
    return url_for("signer.file", reference=pledge.reference) if pledge is not None else url_for("signer.find_file")


def after(draft: Draft, page: Page) -> str:
    """The next page, or back to the check of answers when the signer came from there."""
    to_check = request.args.get("ve") == "kiem-tra" or draft.purpose is not DraftPurpose.NEW
    return page_url(Page.CHECK) if to_check else page_url(NEXT[page])


def locked_draft(db: Session, draft: Draft) -> Draft:
    """The draft in a writing session, locked; signed meanwhile in another tab, it may not change any more."""
    found = db.get(Draft, draft.id, with_for_update=True)
    if found is None or found.signed_at is not None:
        raise NotFound
    return found


def open_of(draft: Draft, page: Page) -> frozenset[str] | None:
    """The fields of a page that may be changed; None: all."""
    if page not in ANSWER_PAGES:
        return None
    wrong = progress_of(draft).errors.get(page)
    return open_fields(draft, page, wrong.errors if wrong is not None else ())


def progress_of(draft: Draft) -> Progress:
    """How far the draft is; asked several times in one request, read once for each state of its answers."""
    known: dict[tuple[object, ...], Progress] = g.setdefault("progress", {})
    state = (draft.id, json.dumps(draft.answers, sort_keys=True))
    if state not in known:
        known[state] = read_progress(reader(), draft, vault=product().vault, today=local_day(now()))
    return known[state]


def away(draft: Draft | None, page: Page) -> ResponseReturnValue | None:
    """Where to go instead: to the start without a draft, to the end of a signed one, to the first page still open."""
    if draft is None:
        return redirect(url_for("signer.resume"))
    if draft.assisted_by is not None and (draft.signed_at is not None or page is Page.SIGN):
        return redirect(url_for("officer.assisted_draft", draft_id=draft.id))
    if draft.signed_at is not None:
        return redirect(url_for("signer.done"))
    progress = progress_of(draft)
    if draft.purpose is not DraftPurpose.NEW:
        return _away_again(draft, page, progress)
    if PAGES.index(page) > PAGES.index(progress.first_open):
        return redirect(page_url(progress.first_open))
    return None


def _away_again(draft: Draft, page: Page, progress: Progress) -> ResponseReturnValue | None:
    """For who signs again: to the file once that is no longer possible, and to no page where nothing is open."""
    if progress.again is None:
        raise NotFound
    try:
        check_open(progress.again, draft.purpose, since=draft.created_at)
    except NotOpen as closed:
        flash(error_text(closed), "warning")
        address = file_url(draft)
        drop_draft()
        return redirect(address)
    first = progress.first_open
    if first is Page.GROUP:
        raise NotFound  # the province does not take pledges any more
    if PAGES.index(page) > PAGES.index(first):
        return redirect(page_url(first))
    if open_of(draft, page) == frozenset():
        return redirect(page_url(Page.CHECK))
    return None
