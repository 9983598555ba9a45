"""The order of the form's pages, and who may be on which."""

from __future__ import annotations

import itertools
import json
from typing import Any

from flask import Blueprint, g, redirect, url_for
from flask.typing import ResponseReturnValue

from pledges.core.calendar import local_day
from pledges.signing.models import Draft
from pledges.signing.rules import Page
from pledges.signing.texts import Progress, read_progress
from pledges.web.current import now, product, reader
from pledges.web.security import declare_audience

blueprint = Blueprint("signer", __name__)
declare_audience(blueprint, "signer")

PAGES = tuple(Page)
NEXT = dict(itertools.pairwise(PAGES))


def page_url(page: Page) -> str:
    return url_for(f"signer.{page.name.lower()}")


def step(page: Page) -> dict[str, Any]:
    """Number and neighbours of a page, for the caption and the way back."""
    index = PAGES.index(page)
    return {"step": index + 1, "total": len(PAGES), "back": page_url(PAGES[index - 1]) if index else None}


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
    if draft.signed_at is not None:
        return redirect(url_for("signer.done"))
    progress = progress_of(draft)
    if PAGES.index(page) > PAGES.index(progress.first_open):
        return redirect(page_url(progress.first_open))
    return None
