"""What a member of staff signs in with besides the password, and the steps between password and session."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from pledges.core.db import Base, InProvince, enum_column, new_id


class FactorKind(StrEnum):
    TOTP = "totp"
    PASSKEY = "passkey"


class StepPurpose(StrEnum):
    CODE = "code"
    """The password was right; a code or a passkey is to come."""
    ENROL = "enrol"
    """The password was right, and there is no second factor yet."""
    ADD_TOTP = "add_totp"
    """Somebody who is signed in sets up an authenticator application."""
    REGISTER = "register"
    """A challenge for a new passkey."""
    AUTHENTICATE = "authenticate"
    """A challenge for a passkey that signs in or confirms."""


class StaffFactor(InProvince, Base):
    """An authenticator application or a passkey. Ended ones stay, so that what somebody used then can be read."""

    __tablename__ = "staff_factor"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "staff_id"], ["staff.province_code", "staff.id"]),
        Index("ix_staff_factor_staff", "province_code", "staff_id", "ended_at"),
    )

    staff_id: Mapped[uuid.UUID]
    kind: Mapped[FactorKind] = mapped_column(enum_column(FactorKind))
    name: Mapped[str] = mapped_column(default="")
    """How its owner tells it apart from others."""
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Of an application: the key, encrypted; an ended one has none any more."""
    last_counter: Mapped[int | None] = mapped_column(BigInteger)
    """The half minute of the last code that was taken: none of that time or before is taken again."""
    credential_id: Mapped[str | None] = mapped_column(Text, unique=True)
    """Of a passkey, as base64url."""
    public_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger, default=0)


class RecoveryCode(InProvince, Base):
    """One of ten codes for whoever has lost the rest. The first letter finds the row, the hash says if it is right."""

    __tablename__ = "staff_recovery_code"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "staff_id"], ["staff.province_code", "staff.id"]),
        Index("ix_staff_recovery_code_staff", "province_code", "staff_id", "ended_at"),
    )

    staff_id: Mapped[uuid.UUID]
    beginning: Mapped[str] = mapped_column(String(1))
    code_hash: Mapped[str] = mapped_column(String(200))
    """Argon2id of a keyed hash."""
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class StaffStep(Base):
    """A step that a browser has begun and may finish once. The cookie names it; here stands only a SHA-256."""

    __tablename__ = "staff_step"
    __table_args__ = (ForeignKeyConstraint(["province_code", "staff_id"], ["staff.province_code", "staff.id"]),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    purpose: Mapped[StepPurpose] = mapped_column(enum_column(StepPurpose))
    province_code: Mapped[str | None] = mapped_column(String(2))
    staff_id: Mapped[uuid.UUID | None]
    """Nobody yet where a passkey is to say who it is."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    challenge: Mapped[str] = mapped_column(String(100), default="")
    """What a passkey has to sign, as base64url."""
    secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The key that an application is being given, encrypted."""
