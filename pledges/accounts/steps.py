"""Steps between password and session, and challenges for passkeys: begun once, finished once, soon over."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from pledges.accounts.factor_models import StaffStep, StepPurpose
from pledges.accounts.models import Staff
from pledges.accounts.queries import get_staff
from pledges.accounts.rules import ENROL_LIFETIME, STEP_LIFETIME
from pledges.core.errors import N_, DomainError
from pledges.core.secrecy import sha256_hex

KEPT = timedelta(days=1)
_LONG = frozenset({StepPurpose.ENROL, StepPurpose.ADD_TOTP})


class StepOver(DomainError):
    """The step has run out, was finished, or belongs to another browser: one answer for all."""

    status = 410

    def __init__(self) -> None:
        super().__init__(N_("Bước này đã hết hạn hoặc đã xong. Hãy bắt đầu lại từ trang đăng nhập."))


def begin_step(
    session: Session,
    purpose: StepPurpose,
    staff: Staff | None,
    *,
    now: datetime,
    challenge: str = "",
    secret: bytes | None = None,
) -> str:
    """Begin a step and return the secret for the cookie."""
    token = secrets.token_urlsafe(32)
    session.add(
        StaffStep(
            token_sha256=sha256_hex(token.encode()),
            purpose=purpose,
            province_code=staff.province_code if staff is not None else None,
            staff_id=staff.id if staff is not None else None,
            created_at=now,
            expires_at=now + (ENROL_LIFETIME if purpose in _LONG else STEP_LIFETIME),
            challenge=challenge,
            secret=secret,
        )
    )
    return token


def living_step(session: Session, token: str | None, purpose: StepPurpose, now: datetime) -> StaffStep | None:
    if not token:
        return None
    step = session.scalar(
        select(StaffStep).where(StaffStep.token_sha256 == sha256_hex(token.encode()), StaffStep.purpose == purpose)
    )
    return step if step is not None and step.used_at is None and now < step.expires_at else None


def staff_of_step(session: Session, step: StaffStep | None) -> Staff | None:
    """Whose step it is; nobody where the account has been disabled meanwhile."""
    if step is None or step.province_code is None or step.staff_id is None:
        return None
    staff = get_staff(session, step.province_code, step.staff_id)
    return staff if staff is not None and staff.active else None


def finish_step(session: Session, step: StaffStep, now: datetime) -> None:
    """Use a step up; of several at once one succeeds, the others raise `StepOver`."""
    used = session.execute(
        update(StaffStep)
        .where(StaffStep.id == step.id, StaffStep.used_at.is_(None), StaffStep.expires_at > now)
        .values(used_at=now, secret=None)
        .returning(StaffStep.id)
        .execution_options(synchronize_session=False)
    ).first()
    if used is None:
        raise StepOver


def end_steps(session: Session, staff: Staff, now: datetime) -> None:
    """What somebody has begun elsewhere leads nowhere any more."""
    session.execute(
        update(StaffStep)
        .where(
            StaffStep.province_code == staff.province_code,
            StaffStep.staff_id == staff.id,
            StaffStep.used_at.is_(None),
        )
        .values(used_at=now, secret=None)
        .execution_options(synchronize_session=False)
    )


def forget_old_steps(session: Session, now: datetime) -> None:
    session.execute(
        delete(StaffStep).where(StaffStep.expires_at < now - KEPT).execution_options(synchronize_session=False)
    )
