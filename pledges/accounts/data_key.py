"""Whether `PLEDGES_DATA_KEY` is still the key with which this database was written."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from cryptography.exceptions import InvalidTag
from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from pledges.accounts.factor_models import FactorKind, StaffFactor
from pledges.accounts.models import DataKeyMark
from pledges.core.errors import N_, DomainError
from pledges.core.secrecy import Vault

PURPOSE = "data-key-mark"
SAYING = "opened"
TOTP_PURPOSE = "staff-totp"


class KeyState(StrEnum):
    FITS = "fine"
    OTHER = "other"
    UNKNOWN = "unknown"
    """Nothing was encrypted yet."""


class KeyLost(DomainError):
    """What the database holds cannot be opened: no code that somebody types could be right."""

    status = 503

    def __init__(self) -> None:
        super().__init__(
            N_(
                "Máy chủ không đọc được dữ liệu xác thực đã lưu, vì khóa dữ liệu của hệ thống đã bị thay hoặc bị mất; "
                "mã đúng lúc này cũng không dùng được. Lỗi này không phải do bạn. Hãy báo bộ phận công nghệ thông tin "
                "của cơ quan. Nếu bạn có khóa truy cập, hãy dùng khóa đó."
            )
        )


def key_state(session: Session, vault: Vault) -> KeyState:
    """By the mark; in a database from before there was one, by the application that was set up last."""
    mark = session.get(DataKeyMark, 1)
    if mark is not None:
        return KeyState.FITS if _opens(vault, PURPOSE, mark.sealed) else KeyState.OTHER
    sealed = session.scalar(
        select(StaffFactor.secret)
        .where(StaffFactor.kind == FactorKind.TOTP, StaffFactor.secret.is_not(None), StaffFactor.ended_at.is_(None))
        .order_by(StaffFactor.created_at.desc())
        .limit(1)
    )
    if sealed is None:
        return KeyState.UNKNOWN
    return KeyState.FITS if _opens(vault, TOTP_PURPOSE, sealed) else KeyState.OTHER


def keep_mark(session: Session, vault: Vault, now: datetime) -> None:
    """Write the mark where there is none, unless this key is plainly another one."""
    if session.get(DataKeyMark, 1) is not None or key_state(session, vault) is KeyState.OTHER:
        return
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = {"id": 1, "sealed": vault.encrypt(PURPOSE, SAYING), "made_at": now}
    session.execute(insert(DataKeyMark).values(**row).on_conflict_do_nothing(index_elements=["id"]))


def accept_key(session: Session, vault: Vault, now: datetime) -> bool:
    """Take the key of the settings from now on, after the old one is lost for good; False where it fits already."""
    if key_state(session, vault) is not KeyState.OTHER:
        return False
    if session.get(DataKeyMark, 1) is None:
        session.add(DataKeyMark(id=1, sealed=vault.encrypt(PURPOSE, SAYING), made_at=now))
    else:
        session.execute(update(DataKeyMark).values(sealed=vault.encrypt(PURPOSE, SAYING), made_at=now))
    return True


def _opens(vault: Vault, purpose: str, sealed: bytes) -> bool:
    try:
        vault.decrypt(purpose, sealed)
    except InvalidTag:
        return False
    return True
