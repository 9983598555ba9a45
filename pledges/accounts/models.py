"""People who work with the service: accounts, their sessions and their one-time links."""

from __future__ import annotations

import secrets
import uuid
from datetime import date, datetime
from enum import StrEnum

from flask_security.core import UserMixin
from sqlalchemy import ForeignKeyConstraint, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from pledges.core.db import Base, InProvince, enum_column, new_id


class Role(StrEnum):
    OFFICER = "officer"
    APPROVER = "approver"
    ADMINISTRATOR = "administrator"
    PROVINCE_VIEWER = "province_viewer"
    COMMUNE_OFFICER = "commune_officer"
    REPORTING_UNIT = "reporting_unit"
    AUDITOR = "auditor"
    """Reads facts and technical logs, and changes nothing."""


class LinkPurpose(StrEnum):
    SET_UP = "staff-set-up"
    """Choose the first password, or a new one after the administrator has sent a new link."""


class SignInWay(StrEnum):
    """With what a session was opened."""

    UNKNOWN = "unknown"
    TOTP = "totp"
    PASSKEY = "passkey"
    RECOVERY_CODE = "recovery_code"
    ENROLMENT = "enrolment"


class Staff(InProvince, Base, UserMixin):  # type: ignore[misc]
    """One member of staff. Province `00`: an administrator of the whole system.

    `password`, `active` and `fs_uniquifier` carry the names that Flask-Security looks for.
    """

    __tablename__ = "staff"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "agency_code"], ["agency.province_code", "agency.code"]),
        ForeignKeyConstraint(["province_code", "commune_code"], ["commune.province_code", "commune.code"]),
    )

    email: Mapped[str] = mapped_column(String(254), unique=True)
    """As `core.identity.parse_email` writes it, in small letters."""
    name: Mapped[str]
    role: Mapped[Role] = mapped_column(enum_column(Role))
    agency_code: Mapped[str | None] = mapped_column(String(20))
    commune_code: Mapped[str | None] = mapped_column(String(5))
    unit_code: Mapped[str | None] = mapped_column(String(20))
    """Of somebody who works for a reporting unit that is neither an agency nor a commune here."""
    signing_title: Mapped[str] = mapped_column(default="")
    """What stands above an approver's name: "GIÁM ĐỐC", "KT. GIÁM ĐỐC – PHÓ GIÁM ĐỐC"; empty: the agency's."""
    active: Mapped[bool] = mapped_column(default=True)
    password: Mapped[str | None] = mapped_column("password_hash", String(200))
    """Argon2id; None until the set-up link was used."""
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True, default=lambda: secrets.token_hex(32))
    """What a browser's cookie names; a new one makes every older cookie worthless."""
    created_at: Mapped[datetime]
    last_signed_in_at: Mapped[datetime | None]

    @property
    def roles(self) -> list[RoleName]:  # type: ignore[override]
        """The one role, in the form that Flask-Security expects."""
        return [RoleName(self.role.value)]


class AgencyKey(InProvince, Base):
    """Lets a program of an agency read what is that agency's. Only the SHA-256 of the key is kept."""

    __tablename__ = "agency_key"
    __table_args__ = (ForeignKeyConstraint(["province_code", "agency_code"], ["agency.province_code", "agency.code"]),)

    agency_code: Mapped[str] = mapped_column(String(20))
    name: Mapped[str]
    """What uses it, in the words of whoever made it."""
    key_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    beginning: Mapped[str] = mapped_column(String(12))
    """The first characters, by which people tell keys apart."""
    created_at: Mapped[datetime]
    created_by: Mapped[uuid.UUID]
    expires_on: Mapped[date]
    """The last day on which it opens anything."""
    last_used_on: Mapped[date | None]
    ended_at: Mapped[datetime | None]


class RoleName:
    """A role as Flask-Security reads it; what a role may do is our own table, never permissions on the role."""

    def __init__(self, name: str) -> None:
        self.name = name

    def get_permissions(self) -> set[str]:
        return set()


class StaffSession(Base):
    """One signed-in browser. The cookie holds 256 random bits; here stands only their SHA-256."""

    __tablename__ = "staff_session"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "staff_id"], ["staff.province_code", "staff.id"]),
        Index("ix_staff_session_staff", "province_code", "staff_id", "ended_at"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    province_code: Mapped[str] = mapped_column(String(2))
    staff_id: Mapped[uuid.UUID]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str] = mapped_column(String(20), default="")
    """Why it ended before its time: `sign_out`, `disabled`, `new_password`, `post_changed`, `administrator`,
    `factor_changed`, `elsewhere`, `upgrade`."""
    confirmed_at: Mapped[datetime | None]
    """When its owner last showed that it is them: at the sign-in, or when asked again."""
    way: Mapped[SignInWay] = mapped_column(enum_column(SignInWay), default=SignInWay.UNKNOWN)
    browser: Mapped[str] = mapped_column(String(60), default="")
    """Family and system, such as "Firefox, Windows", by which people know their own."""


class StaffLink(Base):
    """A one-time link; only the SHA-256 of its token is kept, so a copy of the database opens nothing."""

    __tablename__ = "staff_link"
    __table_args__ = (ForeignKeyConstraint(["province_code", "staff_id"], ["staff.province_code", "staff.id"]),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    purpose: Mapped[LinkPurpose] = mapped_column(enum_column(LinkPurpose))
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    province_code: Mapped[str] = mapped_column(String(2))
    staff_id: Mapped[uuid.UUID]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Delegation(InProvince, Base):
    """An approver lets another person of the same agency approve, from one day to another, under a title of its own."""

    __tablename__ = "delegation"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "agency_code"], ["agency.province_code", "agency.code"]),
        ForeignKeyConstraint(["province_code", "from_staff_id"], ["staff.province_code", "staff.id"]),
        ForeignKeyConstraint(["province_code", "to_staff_id"], ["staff.province_code", "staff.id"]),
        Index("ix_delegation_to", "province_code", "to_staff_id", "ends_on"),
    )

    agency_code: Mapped[str] = mapped_column(String(20))
    from_staff_id: Mapped[uuid.UUID]
    to_staff_id: Mapped[uuid.UUID]
    title: Mapped[str]
    """As it is printed: "TUQ. GIÁM ĐỐC – CHÁNH VĂN PHÒNG"."""
    basis: Mapped[str] = mapped_column(default="")
    """Number and day of the document by which the right was handed over."""
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    """The last day on which it holds."""
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class RefusalCount(Base):
    """Refusals of one reason, to one account, from one network, in one window; gone once the fact is recorded."""

    __tablename__ = "refusal_count"

    window: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(60), primary_key=True)
    province_code: Mapped[str] = mapped_column(String(2), primary_key=True)
    object_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(String(30), primary_key=True)
    network: Mapped[str] = mapped_column(String(16), primary_key=True)
    """The beginning of a keyed hash; empty for all that are too many to be told apart."""
    uses: Mapped[int]


class DataKeyMark(Base):
    """One row, encrypted with the data key: whoever cannot open it has another key."""

    __tablename__ = "data_key_mark"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime]
