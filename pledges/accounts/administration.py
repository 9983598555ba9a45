"""What an administrator does to accounts: invite, change the post, disable, enable, end sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.accounts import operations
from pledges.accounts.factors import end_all_factors, factors_of
from pledges.accounts.models import Role, Staff
from pledges.accounts.operations import NewStaff, actor_of, check_places, clean_name, clean_title
from pledges.accounts.permissions import Action, NotPermitted, Place, require
from pledges.accounts.rules import LINK_LIFETIME, check_post
from pledges.audit.operations import WHOLE_SYSTEM, Actor, record
from pledges.core.errors import N_, Conflict, DomainError
from pledges.core.secrecy import Vault, sha256_hex
from pledges.core.tokens import Tokens
from pledges.messaging.operations import queue_message


@dataclass(frozen=True)
class Post:
    """What an administrator can change about a person; address and province stay what they are."""

    name: str
    role: Role
    agency_code: str | None = None
    commune_code: str | None = None
    signing_title: str = ""
    unit_code: str | None = None


@dataclass(frozen=True)
class Inviting:
    """What an invitation is made with."""

    tokens: Tokens
    vault: Vault
    public_url: str


def invite(session: Session, new: NewStaff, *, by: Staff, inviting: Inviting, now: datetime) -> Staff:
    """Add a person and mail them the link by which they choose their password."""
    require(by, Action.STAFF_MANAGE, Place(new.province_code))
    staff = operations.add_staff(session, new, actor=actor_of(by), now=now)
    mail_link(session, staff, actor=actor_of(by), inviting=inviting, now=now)
    return staff


def send_new_link(session: Session, staff: Staff, *, by: Staff, inviting: Inviting, now: datetime) -> None:
    """Mail a new link, for whoever has lost the first one or forgotten the password; earlier links die."""
    require(by, Action.STAFF_MANAGE, Place(staff.province_code))
    if not staff.active:
        raise Conflict(N_("Tài khoản này đang bị khóa. Hãy mở lại tài khoản trước khi gửi liên kết."))
    mail_link(session, staff, actor=actor_of(by), inviting=inviting, now=now)


def mail_link(session: Session, staff: Staff, *, actor: Actor, inviting: Inviting, now: datetime) -> None:
    token = operations.make_set_up_link(session, staff, tokens=inviting.tokens, actor=actor, now=now)
    valid_until = now + LINK_LIFETIME
    queue_message(
        session,
        province_code=staff.province_code,
        kind="staff_link",
        to_address=staff.email,
        dedupe_key=f"staff_link:{sha256_hex(token.encode())}",
        params={"name": staff.name, "valid_until": valid_until},
        secret_params={"link": f"{inviting.public_url}/can-bo/thiet-lap/{token}"},
        language="vi",
        now=now,
        vault=inviting.vault,
        expires_at=valid_until,
    )


def change_post(session: Session, staff: Staff, post: Post, *, by: Staff, now: datetime) -> list[str]:
    """Change a person's name, role, place or title; a new role or place ends their sessions, so that it holds at once.

    Returns the names of what has changed.
    """
    require(by, Action.STAFF_MANAGE, Place(staff.province_code))
    values = _checked(session, staff, post)
    before = {name: getattr(staff, name) for name in values}
    changed = [name for name, value in values.items() if value != before[name]]
    if not changed:
        return []
    if "role" in changed:
        _check_demotion(session, staff, by)
    for name in changed:
        setattr(staff, name, values[name])
    moved = [name for name in changed if name in {"role", "agency_code", "commune_code", "unit_code"}]
    if moved:
        operations.end_all_sessions(session, staff, because="post_changed", now=now)
    data = {
        "fields": changed,
        "before": {name: before[name] for name in moved},
        "after": {name: values[name] for name in moved},
    }
    _record(session, "staff.changed", staff, by, now, data)
    return changed


def _checked(session: Session, staff: Staff, post: Post) -> dict[str, Any]:
    check_post(
        post.role,
        province_code=staff.province_code,
        agency_code=post.agency_code,
        commune_code=post.commune_code,
        unit_code=post.unit_code,
    )
    check_places(session, staff.province_code, post.agency_code, post.commune_code, post.unit_code)
    return {
        "name": clean_name(post.name),
        "role": post.role,
        "agency_code": post.agency_code or None,
        "commune_code": post.commune_code or None,
        "unit_code": post.unit_code or None,
        "signing_title": clean_title(post.signing_title),
    }


def disable(session: Session, staff: Staff, *, by: Staff, now: datetime) -> None:
    """Shut an account, never one's own nor the last that could open others again."""
    require(by, Action.STAFF_MANAGE, Place(staff.province_code))
    _check_demotion(session, staff, by)
    operations.disable_staff(session, staff, actor=actor_of(by), now=now)


def enable(session: Session, staff: Staff, *, by: Staff, now: datetime) -> None:
    require(by, Action.STAFF_MANAGE, Place(staff.province_code))
    operations.enable_staff(session, staff, actor=actor_of(by), now=now)


def sign_out_everywhere(session: Session, staff: Staff, *, by: Staff, now: datetime) -> None:
    """End every session of a person, as after a lost telephone; their password stays."""
    require(by, Action.STAFF_MANAGE, Place(staff.province_code))
    operations.end_all_sessions(session, staff, because="administrator", now=now)
    _record(session, "staff.sessions_ended", staff, by, now, {})


def reset_factors(session: Session, staff: Staff, *, by: Staff, vault: Vault, now: datetime) -> None:
    """Help somebody who has lost their second factor: it is set up anew at the next sign-in, after the password.

    Only somebody else can do it. The person is written to, so that they notice what they did not ask for.
    """
    require(by, Action.STAFF_MANAGE, Place(staff.province_code))
    if (staff.province_code, staff.id) == (by.province_code, by.id):
        raise DomainError(N_("Bạn không tự đặt lại xác thực của mình được. Hãy nhờ một người quản trị khác."))
    take_factors(session, staff, actor=actor_of(by), vault=vault, now=now)


def take_factors(session: Session, staff: Staff, *, actor: Actor, vault: Vault, now: datetime) -> None:
    """End factors, recovery codes, sessions and begun sign-ins, and say so by mail."""
    if not factors_of(session, staff):
        raise Conflict(N_("Tài khoản này chưa có cách xác thực nào để đặt lại."))
    end_all_factors(session, staff, actor=actor, now=now)
    operations.end_all_sessions(session, staff, because="factor_changed", now=now)
    queue_message(
        session,
        province_code=staff.province_code,
        kind="staff_factors_reset",
        to_address=staff.email,
        dedupe_key=f"staff_factors_reset:{staff.fs_uniquifier}",
        params={"name": staff.name, "at": now},
        language="vi",
        now=now,
        vault=vault,
    )


def _check_demotion(session: Session, staff: Staff, by: Staff) -> None:
    """Refuse to take administration from oneself: so whoever takes it from others is there to give it back."""
    if (staff.province_code, staff.id) == (by.province_code, by.id):
        raise DomainError(
            N_("Bạn không tự khóa hoặc tự đổi vai trò của mình được. Hãy nhờ một người quản trị khác."), field="role"
        )
    if staff.role is not Role.ADMINISTRATOR:
        return
    # Locked in one order: of two who disable each other at once the slower one is no administrator any more.
    administrators = session.scalars(
        select(Staff)
        .where(
            Staff.province_code.in_({staff.province_code, WHOLE_SYSTEM}), Staff.role == Role.ADMINISTRATOR, Staff.active
        )
        .order_by(Staff.province_code, Staff.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    if by.id not in {one.id for one in administrators}:
        raise NotPermitted


def _record(session: Session, kind: str, staff: Staff, by: Staff, now: datetime, data: dict[str, Any]) -> None:
    record(
        session,
        kind,
        province_code=staff.province_code,
        object_id=staff.id,
        actor=actor_of(by),
        now=now,
        data=data,
    )
