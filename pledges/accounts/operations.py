"""Adding people, letting them choose a password, beginning and ending their sessions."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from pledges.accounts.models import LinkPurpose, Role, SignInWay, Staff, StaffLink, StaffSession
from pledges.accounts.notices import Change, tell_owner
from pledges.accounts.queries import get_staff, link_by_token, staff_by_email
from pledges.accounts.rules import LINK_LIFETIME, SEEN_EVERY, check_post
from pledges.accounts.steps import StepOver, end_steps
from pledges.audit.operations import WHOLE_SYSTEM, Actor, record
from pledges.core.db import new_id
from pledges.core.errors import N_, Conflict, DomainError
from pledges.core.identity import clean_line, parse_email
from pledges.core.secrecy import Vault, sha256_hex
from pledges.core.tokens import Tokens
from pledges.plans.models import Agency, Commune, Province, ReportingUnit


class LinkDead(DomainError):
    """The link is not ours, has run out, was used or was replaced: one answer for all."""

    status = 410


@dataclass(frozen=True)
class NewStaff:
    email: str
    name: str
    role: Role
    province_code: str = WHOLE_SYSTEM
    agency_code: str | None = None
    commune_code: str | None = None
    signing_title: str = ""
    unit_code: str | None = None


def actor_of(staff: Staff) -> Actor:
    return Actor("staff", str(staff.id))


def add_staff(session: Session, new: NewStaff, *, actor: Actor, now: datetime) -> Staff:
    """Add one person without a password; they choose it by the link of `make_set_up_link`."""
    email = parse_email(new.email).casefold()
    name = clean_name(new.name)
    check_post(
        new.role,
        province_code=new.province_code,
        agency_code=new.agency_code,
        commune_code=new.commune_code,
        unit_code=new.unit_code,
    )
    check_places(session, new.province_code, new.agency_code, new.commune_code, new.unit_code)
    if staff_by_email(session, email) is not None:
        raise Conflict(N_("Địa chỉ %(email)s đã có tài khoản. Không có gì được thay đổi."), field="email", email=email)
    staff = Staff(
        id=new_id(),
        province_code=new.province_code,
        email=email,
        name=name,
        role=new.role,
        agency_code=new.agency_code,
        commune_code=new.commune_code,
        unit_code=new.unit_code,
        signing_title=clean_title(new.signing_title),
        created_at=now,
    )
    session.add(staff)
    session.flush()
    _record(session, "staff.added", staff, actor, now, role=new.role.value, agency=new.agency_code, unit=new.unit_code)
    return staff


def clean_name(typed: str) -> str:
    name = clean_line(typed, most=100, field="name")
    if not name:
        raise DomainError(N_("Hãy nhập họ và tên."), field="name")
    return name


def clean_title(typed: str) -> str:
    return clean_line(typed, most=200, field="signing_title")


def check_places(
    session: Session,
    province_code: str,
    agency_code: str | None,
    commune_code: str | None,
    unit_code: str | None = None,
) -> None:
    """Refuse a province, agency, commune or reporting unit that is not in the data, or is a unit no more."""
    if province_code != WHOLE_SYSTEM and session.get(Province, province_code) is None:
        raise DomainError(N_("Không có tỉnh, thành phố mang mã %(code)s."), field="province", code=province_code)
    if agency_code and session.get(Agency, (province_code, agency_code)) is None:
        raise DomainError(
            N_("Tỉnh, thành phố này không có cơ quan mang mã %(code)s."), field="agency", code=agency_code
        )
    if commune_code and session.get(Commune, (province_code, commune_code)) is None:
        raise DomainError(
            N_("Tỉnh, thành phố này không có xã, phường, đặc khu mang mã %(code)s."),
            field="commune",
            code=commune_code,
        )
    if unit_code:
        unit = session.get(ReportingUnit, (province_code, unit_code))
        if unit is None or unit.ended_on is not None:
            raise DomainError(
                N_("Tỉnh, thành phố này không có đơn vị báo cáo mang mã %(code)s."), field="unit", code=unit_code
            )


def make_set_up_link(session: Session, staff: Staff, *, tokens: Tokens, actor: Actor, now: datetime) -> str:
    """Make the one living set-up link of a person and return its token; earlier ones stop working."""
    end_links(session, staff, now)
    token = tokens.make(LinkPurpose.SET_UP, secrets.token_urlsafe(32))
    session.add(
        StaffLink(
            purpose=LinkPurpose.SET_UP,
            token_sha256=sha256_hex(token.encode()),
            province_code=staff.province_code,
            staff_id=staff.id,
            created_at=now,
            expires_at=now + LINK_LIFETIME,
        )
    )
    _record(session, "staff.link_made", staff, actor, now)
    return token


def end_links(session: Session, staff: Staff, now: datetime) -> None:
    """Links that lie in a mailbox set no password any more."""
    session.execute(
        update(StaffLink)
        .where(
            StaffLink.province_code == staff.province_code,
            StaffLink.staff_id == staff.id,
            StaffLink.used_at.is_(None),
            StaffLink.revoked_at.is_(None),
        )
        .values(revoked_at=now)
    )


def follow_set_up_link(session: Session, token: str, *, tokens: Tokens, now: datetime) -> Staff:
    """Whom a living link is for; raises `LinkDead`. Looking uses nothing up."""
    link = None
    if tokens.read(LinkPurpose.SET_UP, token) is not None:
        link = link_by_token(session, LinkPurpose.SET_UP, token)
    staff = None
    if link is not None and link.used_at is None and link.revoked_at is None and now < link.expires_at:
        staff = get_staff(session, link.province_code, link.staff_id)
    if staff is None or not staff.active:
        raise LinkDead(
            N_("Liên kết này đã được dùng, đã hết hạn hoặc đã được thay. Hãy nhờ người quản trị gửi liên kết mới.")
        )
    return staff


def choose_password(
    session: Session, token: str, password_hash: str, *, tokens: Tokens, vault: Vault, now: datetime
) -> Staff:
    """Use the link up and set the password; every earlier session and begun sign-in of the person ends.

    The caller has checked the password against `follow_set_up_link`'s person. Of several posts at once one succeeds.
    """
    staff = follow_set_up_link(session, token, tokens=tokens, now=now)
    used = session.execute(
        update(StaffLink)
        .where(
            StaffLink.token_sha256 == sha256_hex(token.encode()),
            StaffLink.used_at.is_(None),
            StaffLink.revoked_at.is_(None),
        )
        .values(used_at=now)
        .returning(StaffLink.id)
    ).first()
    if used is None:
        raise LinkDead(N_("Liên kết này vừa được dùng. Hãy đăng nhập bằng mật khẩu đã đặt."))
    if staff.password is not None:
        tell_owner(session, staff, Change.PASSWORD, vault=vault, now=now)
    staff.password = password_hash
    end_all_sessions(session, staff, because="new_password", now=now)
    _record(session, "staff.password_chosen", staff, actor_of(staff), now)
    return staff


def begin_session(
    session: Session, staff: Staff, now: datetime, *, way: SignInWay = SignInWay.UNKNOWN, browser: str = ""
) -> str:
    """Open a server-side session and return the secret for the cookie; called once the person is known for certain."""
    token = secrets.token_urlsafe(32)
    session.add(
        StaffSession(
            token_sha256=sha256_hex(token.encode()),
            province_code=staff.province_code,
            staff_id=staff.id,
            created_at=now,
            last_seen_at=now,
            confirmed_at=now,
            way=way,
            browser=browser[:60],
        )
    )
    signed_in = session.execute(
        update(Staff)
        .where(Staff.province_code == staff.province_code, Staff.id == staff.id, Staff.active)
        .values(last_signed_in_at=now)
        .returning(Staff.id)
        .execution_options(synchronize_session=False)
    ).first()
    if signed_in is None:
        # Disabled between the last check and here: the session would come to life when the account is opened again.
        raise StepOver
    _record(session, "staff.signed_in", staff, actor_of(staff), now, way="" if way is SignInWay.UNKNOWN else way.value)
    return token


def end_session(session: Session, token: str, now: datetime) -> None:
    """End the session that a cookie names: a copy of the cookie is worthless from now on."""
    ended = session.execute(
        update(StaffSession)
        .where(StaffSession.token_sha256 == sha256_hex(token.encode()), StaffSession.ended_at.is_(None))
        .values(ended_at=now, ended_by="sign_out")
        .returning(StaffSession.province_code, StaffSession.staff_id)
    ).first()
    if ended is not None and (staff := get_staff(session, ended[0], ended[1])) is not None:
        _record(session, "staff.signed_out", staff, actor_of(staff), now)


def end_all_sessions(session: Session, staff: Staff, *, because: str, now: datetime) -> None:
    """End every session of a person, and what they have begun; nobody gets in by a step from before.

    The new name in `fs_uniquifier` also kills cookies without a session row.
    """
    staff.fs_uniquifier = secrets.token_hex(32)
    end_steps(session, staff, now)
    session.execute(
        update(StaffSession)
        .where(
            StaffSession.province_code == staff.province_code,
            StaffSession.staff_id == staff.id,
            StaffSession.ended_at.is_(None),
        )
        .values(ended_at=now, ended_by=because)
    )


def note_seen(session: Session, row: StaffSession, now: datetime) -> None:
    """Keep a session alive; at most one write a minute, and never backwards."""
    session.execute(
        update(StaffSession)
        .where(
            StaffSession.id == row.id,
            StaffSession.ended_at.is_(None),
            StaffSession.last_seen_at <= now - SEEN_EVERY,
        )
        .values(last_seen_at=now)
    )


def disable_staff(session: Session, staff: Staff, *, actor: Actor, now: datetime) -> None:
    """Shut an account: its sessions and links end at once."""
    if not staff.active:
        raise Conflict(N_("Tài khoản này đã bị khóa từ trước."))
    staff.active = False
    end_all_sessions(session, staff, because="disabled", now=now)
    end_links(session, staff, now)
    _record(session, "staff.disabled", staff, actor, now)


def enable_staff(session: Session, staff: Staff, *, actor: Actor, now: datetime) -> None:
    if staff.active:
        raise Conflict(N_("Tài khoản này đang hoạt động."))
    staff.active = True
    _record(session, "staff.enabled", staff, actor, now)


def _record(session: Session, kind: str, staff: Staff, actor: Actor, now: datetime, **data: str | None) -> None:
    record(
        session,
        kind,
        province_code=staff.province_code,
        object_id=staff.id,
        actor=actor,
        now=now,
        data={key: value for key, value in data.items() if value},
    )
