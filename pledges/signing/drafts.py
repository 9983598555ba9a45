"""Drafts: started on page one, saved after every page, resumed by code or link, kept for 30 days."""

from __future__ import annotations

import base64
import uuid
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from pledges.audit.operations import WHOLE_SYSTEM
from pledges.core import throttle
from pledges.core.errors import N_, DomainError, NotFound
from pledges.core.secrecy import Vault
from pledges.core.tokens import Tokens
from pledges.messaging.operations import queue_message
from pledges.signing.answers import Raw
from pledges.signing.codes import address_hash
from pledges.signing.links import RESUME_DRAFT, make_link
from pledges.signing.models import AccessLink, ConfirmationCode, Draft, Signature
from pledges.signing.rules import (
    CLOCK_SKEW,
    DRAFT_LIFETIME,
    DRAFTS_AN_HOUR_FROM_ONE_NETWORK,
    RESUME_TRIES_AN_HOUR,
    Page,
    plain_code,
)

MOST_TYPED = 12_000
"""Letters kept of one field: more than any field may hold, so that the signer can shorten what was too long."""

LINKS_AN_HOUR = 3


def start_draft(
    session: Session,
    raw: Raw,
    *,
    email: str,
    resume_code: str,
    network: str,
    language: str,
    now: datetime,
    vault: Vault,
    draft_id: uuid.UUID,
    like: Draft | None = None,
) -> Draft:
    """Add a draft with the answers of page one; a repeated request with the same `draft_id` finds the first one.

    `like` is a signed draft of the same person, whose other answers are taken over ("Ký thêm cho nhóm khác").
    """
    before = session.get(Draft, draft_id)
    if before is not None:
        return before
    throttle.use(
        session,
        "draft.network",
        vault.keyed_hash("network", network),
        most=DRAFTS_AN_HOUR_FROM_ONE_NETWORK,
        per=timedelta(hours=1),
        now=now,
    )
    draft = Draft(
        id=draft_id,
        resume_code_hash=resume_code_hash(vault, resume_code),
        email=email,
        language=language,
        answers={**(like.answers if like is not None else {}), Page.GROUP.value: bounded(raw)},
        created_at=now,
        changed_at=now,
        expires_at=now + DRAFT_LIFETIME,
    )
    session.add(draft)
    session.flush()
    return draft


def resume_code_hash(vault: Vault, resume_code: str) -> str:
    return vault.keyed_hash("resume", plain_code(resume_code))


def bounded(raw: Raw) -> dict[str, Any]:
    """The typed answers without anything endless."""
    return {
        name: [str(item)[:MOST_TYPED] for item in value[:60]] if isinstance(value, list) else str(value)[:MOST_TYPED]
        for name, value in raw.items()
    }


def save_page(session: Session, draft: Draft, page: Page, raw: Raw, *, now: datetime, vault: Vault) -> None:
    """Keep what was typed, right or wrong; a personal number only encrypted."""
    kept = bounded(raw)
    if page is Page.WHO:
        typed = kept.pop("personal_number", "").strip()
        before = draft.answers.get(page.value, {}).get("personal_number_sealed", "")
        kept["personal_number_sealed"] = base64.b64encode(vault.encrypt("draft", typed)).decode() if typed else before
    draft.answers = {**draft.answers, page.value: kept}
    draft.changed_at = now
    draft.expires_at = now + DRAFT_LIFETIME
    session.flush()


def typed_answers(draft: Draft, page: Page, vault: Vault) -> Raw:
    """What was typed on a page, with the personal number readable again."""
    raw = dict(draft.answers.get(page.value, {}))
    sealed = raw.pop("personal_number_sealed", "")
    if sealed:
        raw["personal_number"] = vault.decrypt("draft", base64.b64decode(sealed))
    return raw


def open_draft(session: Session, draft_id: uuid.UUID, now: datetime) -> Draft:
    """The living draft; raises `NotFound`."""
    draft = session.get(Draft, draft_id)
    if draft is None or now > draft.expires_at + CLOCK_SKEW:
        raise NotFound(N_("Bản đang viết này không còn: chúng tôi chỉ giữ 30 ngày. Hãy bắt đầu lại."))
    return draft


def find_by_code(
    session: Session, email: str, resume_code: str, *, network: str, now: datetime, vault: Vault
) -> Draft | DomainError:
    """The draft of this address and code. The refusal is returned, so that the counted try is committed."""
    throttle.use(
        session,
        "resume.network",
        vault.keyed_hash("network", network),
        most=RESUME_TRIES_AN_HOUR,
        per=timedelta(hours=1),
        now=now,
    )
    draft = session.scalar(select(Draft).where(Draft.resume_code_hash == resume_code_hash(vault, resume_code)))
    found = draft is not None and draft.assisted_by is None and draft.email.casefold() == email.casefold()
    if draft is None or not found or now > draft.expires_at + CLOCK_SKEW:
        return DomainError(
            N_("Không tìm thấy bản đang viết với mã và địa chỉ này. Hãy xem lại từng chữ; mã có hiệu lực 30 ngày."),
            field="resume_code",
        )
    return draft


def send_draft_link(
    session: Session, draft: Draft, *, tokens: Tokens, public_url: str, now: datetime, vault: Vault
) -> bool:
    """Queue the mail with the link that resumes the draft; False where this address has had enough of them."""
    who = address_hash(vault, draft.email)
    hour = timedelta(hours=1)
    if throttle.uses(session, "draft.link", who, per=hour, now=now) >= LINKS_AN_HOUR:
        return False
    throttle.use(session, "draft.link", who, most=LINKS_AN_HOUR, per=hour, now=now)
    token = make_link(session, tokens, RESUME_DRAFT, draft.id, now)
    queue_message(
        session,
        province_code=WHOLE_SYSTEM,
        kind="draft_link",
        to_address=draft.email,
        dedupe_key=f"draft_link:{draft.id}:{token[-12:]}",
        params={"days": DRAFT_LIFETIME.days},
        secret_params={"link": f"{public_url}/ky-cam-ket/tiep-tuc/{token}"},
        language=draft.language,
        now=now,
        vault=vault,
        expires_at=draft.expires_at,
    )
    return True


def forget_old_drafts(session: Session, now: datetime) -> int:
    """Erase drafts past their 30 days, with their links and codes; what was signed lives on in the pledge."""
    gone = session.scalars(delete(Draft).where(Draft.expires_at < now - CLOCK_SKEW).returning(Draft.id)).all()
    session.execute(delete(AccessLink).where(AccessLink.expires_at < now - CLOCK_SKEW))
    evidence = select(Signature.code_id)
    session.execute(
        delete(ConfirmationCode).where(
            ConfirmationCode.expires_at < now - DRAFT_LIFETIME, ConfirmationCode.id.not_in(evidence)
        )
    )
    return len(gone)
