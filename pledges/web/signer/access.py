"""What this browser may open: its drafts and the files it has shown a code for. Nothing else is kept in the session."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime, timedelta

from flask import request, session
from sqlalchemy.orm import Session

from pledges.accounts.permissions import Action, Place, allows
from pledges.core.errors import NotFound
from pledges.core.tokens import Tokens
from pledges.signing.drafts import open_draft
from pledges.signing.models import Draft
from pledges.web.current import now, product
from pledges.web.officer.authentication import signed_in_staff

FORM_TOKEN = "draft-form"  # noqa: S105 - the purpose of a token, not a secret
START_TOKEN = "draft-start"  # noqa: S105
FILE_OPEN_FOR = timedelta(hours=1)
MOST_FILES = 12


def tokens() -> Tokens:
    return Tokens(product().settings.secret_key)


def hold_draft(draft_id: uuid.UUID) -> None:
    session["draft"] = str(draft_id)
    session.permanent = True


def drop_draft() -> None:
    session.pop("draft", None)


def form_token(draft: Draft) -> str:
    """Proof that a form was made for its draft: a page left open for hours still finds its answers."""
    return tokens().make(FORM_TOKEN, str(draft.id))


def held_draft(reading: Session) -> Draft | None:
    """The draft of the form that was sent, else the one of this session; None where there is none (any more).

    A form that outlived its session brings the draft back by its token. Another site cannot do this for a visitor:
    posts that it starts are refused before any view runs.
    """
    token = request.form.get("draft", "")
    value = (tokens().read(FORM_TOKEN, token) if token else None) or session.get("draft")
    if not value:
        return None
    try:
        draft = open_draft(reading, uuid.UUID(value), now())
    except (NotFound, ValueError):
        return None
    if draft.assisted_by is not None and not is_helper(draft):
        return None
    if session.get("draft") != value:
        hold_draft(draft.id)
    return draft


def is_helper(draft: Draft) -> bool:
    """Whether the one who is signed in is who began this draft beside a signer; nobody else opens it, from anywhere."""
    staff = signed_in_staff()
    if staff is None or draft.assisted_province is None:
        return False
    return allows(staff, Action.SIGNING_ASSIST, Place(draft.assisted_province, staff_id=draft.assisted_by))


def browser_id() -> str:
    """What the codes that open a file are bound to: a random id of this browser, empty until one was asked for here.

    Whoever merely knows a reference has codes of their own, and cannot use up the tries of somebody else's.
    """
    return str(session.get("browser", ""))


def name_browser() -> None:
    """Give this browser its id, unless it has one."""
    session.setdefault("browser", secrets.token_urlsafe(12))


def let_open_beside(reference: str, other: str) -> None:
    """Who may open a file may open another of the same signer for as long."""
    files = session.get("files", {})
    if reference in files and files.get(other) != files[reference]:
        session["files"] = {**files, other: files[reference]}


def let_open_file(reference: str, at: datetime) -> None:
    """Remember that this browser has shown a code for a file, for an hour."""
    files = dict(list(session.get("files", {}).items())[-MOST_FILES:])
    files[reference] = int((at + FILE_OPEN_FOR).timestamp())
    session["files"] = files


def may_open_file(reference: str, *, since: datetime | None = None) -> bool:
    """`since`: when the file was moved to another mailbox; a code shown before then opens it no more."""
    until = session.get("files", {}).get(reference)
    if until is None or now().timestamp() >= until:
        return False
    return since is None or until - FILE_OPEN_FOR.total_seconds() > since.timestamp()
