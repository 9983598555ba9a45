"""Sessions after they have begun: confirming anew, listing, and ending those of other browsers."""

from __future__ import annotations

import re
import secrets
import uuid
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff, StaffSession
from pledges.accounts.operations import actor_of, end_links
from pledges.accounts.rules import ABSOLUTE, FRESH, IDLE
from pledges.audit.operations import record
from pledges.core.errors import NotFound
from pledges.core.secrecy import sha256_hex

_FAMILIES = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def browser_words(user_agent: str) -> str:
    """What people recognise their browser by, and nothing that tells two of a kind apart."""
    found = [next((word for mark, word in words if mark in user_agent), "") for words in (_FAMILIES, _SYSTEMS)]
    return ", ".join(re.sub(r"[^A-Za-z]", "", word) for word in found if word)


def is_fresh(row: StaffSession, now: datetime) -> bool:
    """Whether its owner has shown lately that it is still them; a clock that was set back makes nothing fresher."""
    return row.confirmed_at is not None and abs(now - row.confirmed_at) < FRESH


def seconds_left(row: StaffSession, now: datetime, *, seen: datetime | None = None) -> int:
    """Until the session ends if nothing more happens; `seen`: when it was last used, if later than the row says."""
    end = min((seen or row.last_seen_at) + IDLE, row.created_at + ABSOLUTE)
    return max(0, int((end - now).total_seconds()))


def renew(session: Session, row: StaffSession, *, confirmed: bool, now: datetime) -> str | None:
    """Give a living session a new secret, which is returned; the old one, and every copy of it, opens nothing."""
    token = secrets.token_urlsafe(32)
    values = {"token_sha256": sha256_hex(token.encode()), "last_seen_at": now}
    renewed = session.execute(
        update(StaffSession)
        .where(
            StaffSession.id == row.id,
            StaffSession.ended_at.is_(None),
            StaffSession.token_sha256 == row.token_sha256,
        )
        .values(values | ({"confirmed_at": now} if confirmed else {}))
        .returning(StaffSession.id)
        .execution_options(synchronize_session=False)
    ).first()
    return token if renewed is not None else None


def end_others(session: Session, staff: Staff, keep: uuid.UUID, *, because: str, now: datetime) -> int:
    """End every session of a person but one; how many there were."""
    ended = session.execute(
        update(StaffSession)
        .where(
            StaffSession.province_code == staff.province_code,
            StaffSession.staff_id == staff.id,
            StaffSession.id != keep,
            StaffSession.ended_at.is_(None),
        )
        .values(ended_at=now, ended_by=because)
        .returning(StaffSession.id)
        .execution_options(synchronize_session=False)
    ).all()
    if ended:
        _record(session, "staff.other_sessions_ended", staff, now)
    return len(ended)


def end_own(session: Session, staff: Staff, session_id: uuid.UUID, *, now: datetime) -> None:
    """End one session of one's own; of anybody else's one is told nothing."""
    ended = session.execute(
        update(StaffSession)
        .where(
            StaffSession.province_code == staff.province_code,
            StaffSession.staff_id == staff.id,
            StaffSession.id == session_id,
            StaffSession.ended_at.is_(None),
        )
        .values(ended_at=now, ended_by="elsewhere")
        .returning(StaffSession.id)
        .execution_options(synchronize_session=False)
    ).first()
    if ended is None:
        raise NotFound
    _record(session, "staff.other_sessions_ended", staff, now)


def change_password(session: Session, staff: Staff, password_hash: str, *, now: datetime) -> None:
    """Set a password that its owner has chosen; the old one was asked for before. Second factors stay.

    A link that still lies in a mailbox sets no other one afterwards.
    """
    end_links(session, staff, now)
    session.execute(
        update(Staff)
        .where(Staff.province_code == staff.province_code, Staff.id == staff.id)
        .values(password=password_hash)
        .execution_options(synchronize_session=False)
    )
    _record(session, "staff.password_changed", staff, now)


def _record(session: Session, kind: str, staff: Staff, now: datetime) -> None:
    record(session, kind, province_code=staff.province_code, object_id=staff.id, actor=actor_of(staff), now=now)
