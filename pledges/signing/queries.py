"""Named selections of drafts and pledges."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.signing.models import Pledge, PledgeChannel, Signature
from pledges.signing.rules import normal_reference


def pledges_of_draft(session: Session, draft_id: uuid.UUID) -> Sequence[Pledge]:
    return session.scalars(select(Pledge).where(Pledge.draft_id == draft_id).order_by(Pledge.id)).all()


def pledge_by_reference(session: Session, typed: str) -> Pledge | None:
    """The pledge of a reference as people type it (lower case, without dashes), or None."""
    reference = normal_reference(typed)
    return session.scalar(select(Pledge).where(Pledge.reference == reference)) if reference else None


def get_pledge(session: Session, province_code: str, pledge_id: uuid.UUID) -> Pledge | None:
    return session.get(Pledge, (province_code, pledge_id))


def signatures_of(session: Session, pledge: Pledge) -> Sequence[Signature]:
    """The signer's own signature first, then the representative's."""
    return session.scalars(
        select(Signature)
        .where(Signature.province_code == pledge.province_code, Signature.pledge_id == pledge.id)
        .order_by(Signature.role.desc())
    ).all()


def channels_of(session: Session, pledge: Pledge) -> Sequence[PledgeChannel]:
    return session.scalars(
        select(PledgeChannel)
        .where(PledgeChannel.province_code == pledge.province_code, PledgeChannel.pledge_id == pledge.id)
        .order_by(PledgeChannel.id)
    ).all()


def pledges_due_for_seal(session: Session, now: datetime, *, limit: int = 200) -> Sequence[Pledge]:
    """Pledges whose sealed PDF is missing ("chờ niêm phong") and should be asked for now, longest due first."""
    return session.scalars(
        select(Pledge)
        .where(Pledge.document_id.is_(None), Pledge.seal_due_at <= now)
        .order_by(Pledge.seal_due_at)
        .limit(limit)
    ).all()


def count_signed_and_unsealed(session: Session, before: datetime) -> int:
    """Pledges that were signed before that time and still wait for their seal, whenever the next try is due."""
    query = select(func.count()).select_from(Pledge).where(Pledge.document_id.is_(None), Pledge.signed_at < before)
    return session.scalar(query) or 0


def count_waiting_for_seal(session: Session, province_code: str | None = None) -> int:
    query = select(func.count()).select_from(Pledge).where(Pledge.document_id.is_(None))
    if province_code is not None:
        query = query.where(Pledge.province_code == province_code)
    return session.scalar(query) or 0
