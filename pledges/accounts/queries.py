"""Named selections of staff, sessions and links."""

from __future__ import annotations

import unicodedata
import uuid
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.accounts.models import Delegation, LinkPurpose, Staff, StaffLink, StaffSession
from pledges.accounts.rules import is_alive
from pledges.core.errors import N_, DomainError
from pledges.core.secrecy import sha256_hex
from pledges.plans.models import Agency

MOST_DELEGATIONS = 200
"""What the page shows of them; older ones stay in the facts."""


def plain_address(typed: str) -> str:
    """An address as it is compared: typed blanks and capitals make no difference."""
    return unicodedata.normalize("NFC", typed).strip().casefold()[:254]


def staff_by_email(session: Session, typed: str) -> Staff | None:
    return session.scalar(select(Staff).where(Staff.email == plain_address(typed)))


def get_staff(session: Session, province_code: str, staff_id: uuid.UUID) -> Staff | None:
    return session.get(Staff, (province_code, staff_id))


def lock_staff(session: Session, staff: Staff) -> None:
    """Hold a person's row until the transaction ends: what depends on all their factors is decided by one at a time."""
    session.execute(
        select(Staff.id).where(Staff.province_code == staff.province_code, Staff.id == staff.id).with_for_update()
    ).one()


def count_staff(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Staff)) or 0


def staff_of(session: Session, province_code: str) -> list[Staff]:
    """Everybody who works for one province (or `00`), by name."""
    return list(session.scalars(select(Staff).where(Staff.province_code == province_code).order_by(Staff.name)))


def staff_page(session: Session, province_code: str | None, *, page: int, size: int) -> tuple[list[Staff], int]:
    """One page of the people of a province (None: of all), and how many there are; who works comes first.

    A number beyond the end gives the last page.
    """
    where = [Staff.province_code == province_code] if province_code is not None else []
    count = session.scalar(select(func.count()).select_from(Staff).where(*where)) or 0
    page = min(page, max(1, -(-count // size)))
    rows = session.scalars(
        select(Staff)
        .where(*where)
        .order_by(Staff.active.desc(), Staff.province_code, Staff.name, Staff.id)
        .limit(size)
        .offset((page - 1) * size)
    )
    return list(rows), count


def delegations_of(session: Session, province_code: str, giver_id: uuid.UUID | None = None) -> list[Delegation]:
    """The delegations of a province, or of one approver, latest days first."""
    given = [Delegation.from_staff_id == giver_id] if giver_id is not None else []
    return list(
        session.scalars(
            select(Delegation)
            .where(Delegation.province_code == province_code, *given)
            .order_by(Delegation.ends_on.desc(), Delegation.created_at.desc(), Delegation.id)
            .limit(MOST_DELEGATIONS)
        )
    )


def living_session(session: Session, token: str, now: datetime) -> tuple[StaffSession, Staff] | None:
    """The session that a cookie names and its person; None where it has ended or the person is disabled."""
    found = session.execute(
        select(StaffSession, Staff)
        .join(Staff, (Staff.province_code == StaffSession.province_code) & (Staff.id == StaffSession.staff_id))
        .where(StaffSession.token_sha256 == sha256_hex(token.encode()))
    ).first()
    if found is None or not is_alive(found[0], now) or not found[1].active:
        return None
    return found[0], found[1]


def sessions_of(session: Session, staff: Staff, now: datetime) -> list[StaffSession]:
    """The living sessions of one person, newest first."""
    rows = session.scalars(
        select(StaffSession)
        .where(
            StaffSession.province_code == staff.province_code,
            StaffSession.staff_id == staff.id,
            StaffSession.ended_at.is_(None),
        )
        .order_by(StaffSession.last_seen_at.desc())
    )
    return [row for row in rows if is_alive(row, now)]


def living_link_until(session: Session, staff: Staff, now: datetime) -> datetime | None:
    """When the link that somebody was sent runs out; None where none of theirs works."""
    return session.scalar(
        select(func.max(StaffLink.expires_at)).where(
            StaffLink.province_code == staff.province_code,
            StaffLink.staff_id == staff.id,
            StaffLink.used_at.is_(None),
            StaffLink.revoked_at.is_(None),
            StaffLink.expires_at > now,
        )
    )


def link_by_token(session: Session, purpose: LinkPurpose, token: str) -> StaffLink | None:
    return session.scalar(
        select(StaffLink).where(StaffLink.purpose == purpose, StaffLink.token_sha256 == sha256_hex(token.encode()))
    )


def province_of_agency(session: Session, agency_code: str) -> str:
    """The one province that has an agency of this code; refuses where there is none, or several."""
    codes = session.scalars(select(Agency.province_code).where(Agency.code == agency_code)).all()
    if len(codes) != 1:
        raise DomainError(
            N_("Mã cơ quan %(code)s không thuộc về đúng một tỉnh, thành phố. Hãy nêu cả mã tỉnh."),
            field="province",
            code=agency_code,
        )
    return codes[0]
