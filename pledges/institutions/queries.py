"""Named questions about institutions, their lists, and who of them has signed."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from pledges.core.errors import N_, DomainError
from pledges.core.identity import fold
from pledges.core.secrecy import sha256_hex
from pledges.institutions.models import Institution, InstitutionMember
from pledges.institutions.rules import LINK_LIFETIME, Matched, match_members
from pledges.signing.models import Draft, Pledge, PledgeState


class FocalLinkDead(DomainError):
    """The link is not ours, was replaced, is too old, or the institution was closed: one answer for all."""

    status = 410


@dataclass(frozen=True)
class Standing:
    """An institution in the list of its agency, with how far its people are."""

    institution: Institution
    listed: int
    signed: int
    in_force: int


def institutions_of(session: Session, province_code: str, agency_code: str) -> list[Standing]:
    """Those of one agency by name, the open ones first."""
    found = session.scalars(
        select(Institution)
        .where(Institution.province_code == province_code, Institution.agency_code == agency_code)
        .order_by(Institution.closed_at.is_not(None), Institution.name_fold, Institution.id)
    ).all()
    return [standing_of(session, institution) for institution in found]


def standing_of(session: Session, institution: Institution) -> Standing:
    members = members_of(session, institution)
    matched = matched_of(session, institution, members)
    states = Counter(pledge.state for pledge in matched.signed.values())
    return Standing(institution, len(members), len(matched.signed), states[PledgeState.APPROVED])


def get_institution(session: Session, province_code: str, institution_id: uuid.UUID) -> Institution | None:
    return session.get(Institution, (province_code, institution_id))


def institution_by_focal_link(session: Session, token: str, now: datetime) -> Institution:
    """The institution of a living link; raises `FocalLinkDead`."""
    found = session.scalar(select(Institution).where(Institution.focal_token_sha256 == sha256_hex(token.encode())))
    sent = found.focal_token_at if found is not None else None
    if found is None or sent is None or found.closed_at is not None or now > sent + LINK_LIFETIME:
        raise FocalLinkDead(N_("Liên kết này không còn dùng được. Hãy nhờ cơ quan đã mời đơn vị gửi lại liên kết mới."))
    return found


def institution_by_join_code(session: Session, code: str) -> Institution | None:
    """The open institution whose link or QR code this is."""
    found = session.scalar(select(Institution).where(Institution.join_code == code.upper()))
    return found if found is not None and found.closed_at is None else None


def members_of(session: Session, institution: Institution, *, removed: bool = False) -> list[InstitutionMember]:
    """The list by name; with `removed` also those taken off it."""
    statement = (
        select(InstitutionMember)
        .where(
            InstitutionMember.province_code == institution.province_code,
            InstitutionMember.institution_id == institution.id,
        )
        .order_by(InstitutionMember.name_fold, InstitutionMember.detail_fold, InstitutionMember.id)
    )
    if not removed:
        statement = statement.where(InstitutionMember.removed_at.is_(None))
    return list(session.scalars(statement))


def pledges_through(session: Session, institution: Institution) -> list[Pledge]:
    """What was signed through the link, oldest first; long texts stay where they are."""
    return list(
        session.scalars(
            select(Pledge)
            .options(defer(Pledge.paper), defer(Pledge.rendered_text))
            .where(Pledge.province_code == institution.province_code, Pledge.institution_id == institution.id)
            .order_by(Pledge.signed_at, Pledge.id)
        )
    )


def matched_of(session: Session, institution: Institution, members: Sequence[InstitutionMember]) -> Matched:
    """Who of the list has signed, through the link or (as their entity in the register) by another way."""
    pledges = pledges_through(session, institution)
    entities = [member.entity_id for member in members if member.entity_id is not None]
    chosen = [member.pledge_id for member in members if member.pledge_id is not None]
    if entities or chosen:
        known = {pledge.id for pledge in pledges}
        others = session.scalars(
            select(Pledge)
            .options(defer(Pledge.paper), defer(Pledge.rendered_text))
            .where(
                Pledge.province_code == institution.province_code,
                Pledge.agency_code == institution.agency_code,
                Pledge.entity_id.in_(entities) | Pledge.id.in_(chosen),
            )
            .order_by(Pledge.signed_at, Pledge.id)
        )
        pledges += [pledge for pledge in others if pledge.id not in known]
    return match_members(members, pledges)


def presumed_entity(session: Session, draft: Draft, province_code: str, name: str) -> uuid.UUID | None:
    """The registered person whom a signer through an institution's link says to be; None where it is not sure.

    A name that stands twice in the list decides nothing: then the agency matches by hand.
    """
    if draft.institution_id is None:
        return None
    rows = session.scalars(
        select(InstitutionMember.entity_id).where(
            InstitutionMember.province_code == province_code,
            InstitutionMember.institution_id == draft.institution_id,
            InstitutionMember.removed_at.is_(None),
            InstitutionMember.name_fold == fold(name),
        )
    ).all()
    return rows[0] if len(rows) == 1 else None
