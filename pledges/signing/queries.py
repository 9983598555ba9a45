"""Named selections of drafts and pledges."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from pledges.registry.models import Entity
from pledges.signing.models import EarlierVersion, Pledge, PledgeChannel, Signature
from pledges.signing.rules import OPEN_STATES, normal_reference


def pledges_of_draft(session: Session, draft_id: uuid.UUID) -> Sequence[Pledge]:
    """What was signed with this draft, also where it has been corrected and signed again since."""
    earlier = select(EarlierVersion.pledge_id).where(
        EarlierVersion.province_code == Pledge.province_code, EarlierVersion.draft_id == draft_id
    )
    return session.scalars(
        select(Pledge).where(or_(Pledge.draft_id == draft_id, Pledge.id.in_(earlier))).order_by(Pledge.id)
    ).all()


def pledge_by_reference(session: Session, typed: str) -> Pledge | None:
    """The pledge of a reference as people type it (lower case, without dashes), or None."""
    reference = normal_reference(typed)
    return session.scalar(select(Pledge).where(Pledge.reference == reference)) if reference else None


def get_pledge(session: Session, province_code: str, pledge_id: uuid.UUID) -> Pledge | None:
    return session.get(Pledge, (province_code, pledge_id))


def amendment_under_way(session: Session, pledge: Pledge) -> Pledge | None:
    """The signed amendment of this pledge that the agency has not decided about yet."""
    return session.scalars(
        select(Pledge).where(
            Pledge.province_code == pledge.province_code,
            Pledge.amends_id == pledge.id,
            Pledge.state.in_(OPEN_STATES),
        )
    ).first()


def replacement_of(session: Session, pledge: Pledge) -> Pledge | None:
    """The pledge that has taken the place of a superseded one."""
    return session.scalars(
        select(Pledge)
        .where(
            Pledge.province_code == pledge.province_code,
            Pledge.amends_id == pledge.id,
            Pledge.approved_at.is_not(None),
        )
        .order_by(Pledge.approved_at.desc())
    ).first()


def earlier_versions(session: Session, pledge: Pledge) -> Sequence[EarlierVersion]:
    """What was signed before each correction, the oldest first."""
    return session.scalars(
        select(EarlierVersion)
        .where(EarlierVersion.province_code == pledge.province_code, EarlierVersion.pledge_id == pledge.id)
        .order_by(EarlierVersion.version)
    ).all()


def signatures_of(session: Session, pledge: Pledge, *, version: int | None = None) -> Sequence[Signature]:
    """Of the last signing, or of an earlier one: the signer's own signature first, then the representative's."""
    return session.scalars(
        select(Signature)
        .where(
            Signature.province_code == pledge.province_code,
            Signature.pledge_id == pledge.id,
            Signature.version == (version or pledge.version),
        )
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
    # What was signed by hand carries its own day; it waits only since it came here.
    query = select(func.count()).select_from(Pledge).where(Pledge.document_id.is_(None), Pledge.state_since < before)
    return session.scalar(query) or 0


def count_waiting_for_seal(session: Session, province_code: str | None = None) -> int:
    query = select(func.count()).select_from(Pledge).where(Pledge.document_id.is_(None))
    if province_code is not None:
        query = query.where(Pledge.province_code == province_code)
    return session.scalar(query) or 0


def pledges_of_entity(session: Session, province_code: str, entity_id: uuid.UUID, agency_code: str) -> Sequence[Pledge]:
    """The pledges of a subject that one agency receives, newest first; a survivor's with those of what it took in."""
    merged = select(Entity.id).where(Entity.province_code == province_code, Entity.merged_into == entity_id)
    return session.scalars(
        select(Pledge)
        .where(
            Pledge.province_code == province_code,
            or_(Pledge.entity_id == entity_id, Pledge.entity_id.in_(merged)),
            Pledge.agency_code == agency_code,
        )
        .order_by(Pledge.signed_at.desc(), Pledge.id.desc())
    ).all()


def pledges_by_reference(
    session: Session, province_code: str, agency_code: str, references: Sequence[str]
) -> Sequence[Pledge]:
    """Those of one agency, the longest waiting first."""
    return session.scalars(
        select(Pledge)
        .where(
            Pledge.province_code == province_code,
            Pledge.agency_code == agency_code,
            Pledge.reference.in_(references),
        )
        .order_by(Pledge.state_since, Pledge.id)
    ).all()
