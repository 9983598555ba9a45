"""E-mailed links: signed tokens whose expiry and revocation stand in the database."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pledges.core.errors import N_, DomainError
from pledges.core.secrecy import sha256_hex
from pledges.core.tokens import Tokens
from pledges.signing.models import AccessLink
from pledges.signing.rules import CLOCK_SKEW, LINK_LIFETIME

RESUME_DRAFT = "resume-draft"


class LinkDead(DomainError):
    """The link is not ours, has expired, was revoked or was made for another purpose: one answer for all."""

    status = 410


def make_link(session: Session, tokens: Tokens, purpose: str, subject_id: uuid.UUID, now: datetime) -> str:
    """Add a link row and return its token; only the SHA-256 of the token is stored."""
    token = tokens.make(purpose, secrets.token_urlsafe(18))
    session.add(
        AccessLink(
            purpose=purpose,
            subject_id=subject_id,
            token_sha256=sha256_hex(token.encode()),
            created_at=now,
            expires_at=now + LINK_LIFETIME,
        )
    )
    return token


def follow_link(session: Session, tokens: Tokens, purpose: str, token: str, now: datetime) -> uuid.UUID:
    """The subject of a living link; raises `LinkDead`."""
    link = None
    if tokens.read(purpose, token) is not None:
        link = session.scalar(
            select(AccessLink).where(
                AccessLink.token_sha256 == sha256_hex(token.encode()), AccessLink.purpose == purpose
            )
        )
    if link is None or link.revoked_at is not None or now > link.expires_at + CLOCK_SKEW:
        raise LinkDead(
            N_("Liên kết này không còn dùng được. Hãy mở lại bằng mã tiếp tục và địa chỉ thư điện tử của bạn.")
        )
    return link.subject_id


def revoke_links(session: Session, purpose: str, subject_id: uuid.UUID, now: datetime) -> None:
    session.execute(
        update(AccessLink)
        .where(AccessLink.purpose == purpose, AccessLink.subject_id == subject_id, AccessLink.revoked_at.is_(None))
        .values(revoked_at=now)
    )
