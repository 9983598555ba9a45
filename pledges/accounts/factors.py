"""Second factors: authenticator applications, passkeys and recovery codes, as rows."""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Sequence
from datetime import datetime

import pyotp
from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.exceptions import InvalidTag
from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from pledges.accounts.data_key import TOTP_PURPOSE, KeyLost, keep_mark
from pledges.accounts.factor_models import FactorKind, RecoveryCode, StaffFactor
from pledges.accounts.models import Staff
from pledges.accounts.operations import actor_of
from pledges.accounts.passkeys import NewPasskey
from pledges.accounts.queries import lock_staff
from pledges.audit.operations import Actor, record
from pledges.core.db import new_id
from pledges.core.errors import N_, Conflict, DomainError, NotFound
from pledges.core.identity import clean_line
from pledges.core.secrecy import PLAIN_LETTERS, Vault, random_code

TOTP_SECONDS = 30
TOTP_DRIFT = 1
"""Codes of the half minute before and after are taken too: telephones are not always on time."""
RECOVERY_PURPOSE = "staff-recovery"
RECOVERY_CODES = 10
RECOVERY_LETTERS = 10
MOST_PASSKEYS = 10

# Forty random bits under a key that is in no copy of the database, so a tenth of a password's cost is enough.
_HASHER = PasswordHasher(time_cost=1, memory_cost=4_096, parallelism=1, type=Type.ID)


# --- Looking -------------------------------------------------------------------------------------------------------


def factors_of(session: Session, staff: Staff) -> list[StaffFactor]:
    """What somebody can sign in with today, oldest first."""
    return list(
        session.scalars(
            select(StaffFactor)
            .where(
                StaffFactor.province_code == staff.province_code,
                StaffFactor.staff_id == staff.id,
                StaffFactor.ended_at.is_(None),
            )
            .order_by(StaffFactor.created_at, StaffFactor.id)
        )
    )


def recovery_codes_left(session: Session, staff: Staff) -> int:
    return (
        session.scalar(
            select(func.count())
            .select_from(RecoveryCode)
            .where(
                RecoveryCode.province_code == staff.province_code,
                RecoveryCode.staff_id == staff.id,
                RecoveryCode.used_at.is_(None),
                RecoveryCode.ended_at.is_(None),
            )
        )
        or 0
    )


# --- Authenticator applications ------------------------------------------------------------------------------------


def new_secret() -> str:
    """160 random bits, as applications take them."""
    return pyotp.random_base32(32)


def totp_address(secret: str, *, account: str, issuer: str) -> str:
    """What the picture for the application says."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def matching_counter(secret: str, code: str, now: datetime) -> int | None:
    """The half minute to which a code belongs, or None where it is wrong."""
    here = int(now.timestamp()) // TOTP_SECONDS
    totp = pyotp.TOTP(secret)
    found = None
    for counter in range(here - TOTP_DRIFT, here + TOTP_DRIFT + 1):
        if hmac.compare_digest(totp.generate_otp(counter), code):
            found = counter
    return found


def use_totp(session: Session, staff: Staff, code: str, *, vault: Vault, now: datetime) -> bool:
    """Whether the code is right and newer than every code that was taken before; it is then used up.

    Raises `KeyLost` where the key of the application cannot be read.
    """
    for factor in factors_of(session, staff):
        if factor.kind is not FactorKind.TOTP or factor.secret is None:
            continue
        try:
            counter = matching_counter(vault.decrypt(TOTP_PURPOSE, factor.secret), code, now)
        except InvalidTag:
            raise KeyLost from None
        if counter is None:
            continue
        taken = session.execute(
            update(StaffFactor)
            .where(
                StaffFactor.province_code == factor.province_code,
                StaffFactor.id == factor.id,
                StaffFactor.ended_at.is_(None),
                or_(StaffFactor.last_counter.is_(None), StaffFactor.last_counter < counter),
            )
            .values(last_counter=counter, last_used_at=now)
            .returning(StaffFactor.id)
            .execution_options(synchronize_session=False)
        ).first()
        return taken is not None
    return False


def add_totp(session: Session, staff: Staff, secret: str, counter: int, *, vault: Vault, now: datetime) -> StaffFactor:
    """Take an application whose first code (of `counter`) was right; it replaces an earlier one."""
    lock_staff(session, staff)
    keep_mark(session, vault, now)
    for factor in factors_of(session, staff):
        if factor.kind is FactorKind.TOTP:
            _end(factor, now)
    factor = StaffFactor(
        province_code=staff.province_code,
        id=new_id(),
        staff_id=staff.id,
        kind=FactorKind.TOTP,
        created_at=now,
        last_used_at=now,
        secret=vault.encrypt(TOTP_PURPOSE, secret),
        last_counter=counter,
    )
    session.add(factor)
    _record(session, "staff.factor_added", staff, now, kind=FactorKind.TOTP.value)
    return factor


# --- Passkeys ------------------------------------------------------------------------------------------------------


def add_passkey(session: Session, staff: Staff, *, made: NewPasskey, name: str, now: datetime) -> StaffFactor:
    lock_staff(session, staff)
    mine = [factor for factor in factors_of(session, staff) if factor.kind is FactorKind.PASSKEY]
    if len(mine) >= MOST_PASSKEYS:
        raise Conflict(
            N_("Bạn đã có %(most)s khóa truy cập. Hãy gỡ một khóa không dùng nữa trước."), most=MOST_PASSKEYS
        )
    if session.scalar(select(StaffFactor.id).where(StaffFactor.credential_id == made.credential_id)) is not None:
        raise Conflict(N_("Khóa truy cập này đã được thêm từ trước."))
    factor = StaffFactor(
        province_code=staff.province_code,
        id=new_id(),
        staff_id=staff.id,
        kind=FactorKind.PASSKEY,
        name=clean_line(name, most=60, field="name"),
        created_at=now,
        credential_id=made.credential_id,
        public_key=made.public_key,
        sign_count=made.sign_count,
    )
    session.add(factor)
    _record(session, "staff.factor_added", staff, now, kind=FactorKind.PASSKEY.value)
    return factor


def passkey_by_credential(session: Session, credential_id: str) -> StaffFactor | None:
    return session.scalar(
        select(StaffFactor).where(StaffFactor.credential_id == credential_id, StaffFactor.ended_at.is_(None))
    )


def note_passkey_used(session: Session, factor: StaffFactor, sign_count: int, now: datetime) -> bool:
    """Keep the new count; False where another answer of the same key came in between."""
    noted = session.execute(
        update(StaffFactor)
        .where(
            StaffFactor.province_code == factor.province_code,
            StaffFactor.id == factor.id,
            StaffFactor.ended_at.is_(None),
            StaffFactor.sign_count == factor.sign_count,
        )
        .values(sign_count=sign_count, last_used_at=now)
        .returning(StaffFactor.id)
        .execution_options(synchronize_session=False)
    ).first()
    return noted is not None


# --- Recovery codes ------------------------------------------------------------------------------------------------


def new_recovery_codes() -> list[str]:
    """Ten codes that begin with ten different letters, as they are shown: `A4KMX-97TQR`."""
    beginnings: list[str] = []
    while len(beginnings) < RECOVERY_CODES:
        letter = random_code(1)
        if letter not in beginnings:
            beginnings.append(letter)
    codes = [beginning + random_code(RECOVERY_LETTERS - 1) for beginning in beginnings]
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def plain_recovery_code(typed: str) -> str:
    """Capitals; blanks and hyphens do not count, nor whatever stands in no code."""
    return "".join(letter for letter in typed.upper() if letter in PLAIN_LETTERS)[: RECOVERY_LETTERS + 1]


def hash_recovery_codes(codes: Sequence[str], vault: Vault) -> list[tuple[str, str]]:
    """First letter and hash of each; made before the write begins, because it takes time."""
    plain = [plain_recovery_code(code) for code in codes]
    return [(code[0], _HASHER.hash(vault.keyed_hash(RECOVERY_PURPOSE, code))) for code in plain]


def keep_recovery_codes(session: Session, staff: Staff, hashed: Sequence[tuple[str, str]], *, now: datetime) -> None:
    """Keep new codes; all earlier ones are worthless from now on."""
    lock_staff(session, staff)
    _end_recovery_codes(session, staff, now)
    session.add_all(
        RecoveryCode(
            province_code=staff.province_code,
            id=new_id(),
            staff_id=staff.id,
            beginning=beginning,
            code_hash=code_hash,
            created_at=now,
        )
        for beginning, code_hash in hashed
    )
    _record(session, "staff.recovery_codes_made", staff, now)


def recovery_code_row(session: Session, staff: Staff, typed: str, vault: Vault) -> RecoveryCode | None:
    """The unused code that was typed. The same work is done where there is none."""
    plain = plain_recovery_code(typed)
    row = session.scalar(
        select(RecoveryCode).where(
            RecoveryCode.province_code == staff.province_code,
            RecoveryCode.staff_id == staff.id,
            RecoveryCode.beginning == plain[:1],
            RecoveryCode.used_at.is_(None),
            RecoveryCode.ended_at.is_(None),
        )
    )
    try:
        _HASHER.verify(row.code_hash if row is not None else _NOBODYS, vault.keyed_hash(RECOVERY_PURPOSE, plain))
    except (VerificationError, InvalidHashError):
        return None
    return row


def use_recovery_code(session: Session, row: RecoveryCode, now: datetime) -> bool:
    """Use a code up; False where another browser was faster."""
    used = session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.province_code == row.province_code,
            RecoveryCode.id == row.id,
            RecoveryCode.used_at.is_(None),
            RecoveryCode.ended_at.is_(None),
        )
        .values(used_at=now)
        .returning(RecoveryCode.id)
        .execution_options(synchronize_session=False)
    ).first()
    return used is not None


def _end_recovery_codes(session: Session, staff: Staff, now: datetime) -> None:
    session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.province_code == staff.province_code,
            RecoveryCode.staff_id == staff.id,
            RecoveryCode.used_at.is_(None),
            RecoveryCode.ended_at.is_(None),
        )
        .values(ended_at=now)
        .execution_options(synchronize_session=False)
    )


# --- Ending --------------------------------------------------------------------------------------------------------


def end_factor(session: Session, staff: Staff, factor_id: uuid.UUID, *, now: datetime) -> StaffFactor:
    """Take one factor away, never the last."""
    lock_staff(session, staff)
    living = factors_of(session, staff)
    factor = next((one for one in living if one.id == factor_id), None)
    if factor is None:
        raise NotFound
    if len(living) == 1:
        raise DomainError(N_("Đây là cách xác thực duy nhất của bạn. Hãy thêm cách khác trước khi gỡ."))
    _end(factor, now)
    _record(session, "staff.factor_removed", staff, now, kind=factor.kind.value)
    return factor


def end_all_factors(session: Session, staff: Staff, *, actor: Actor, now: datetime) -> None:
    """Everything but the password is gone: at the next sign-in a new factor is demanded."""
    for factor in factors_of(session, staff):
        _end(factor, now)
    _end_recovery_codes(session, staff, now)
    record(session, "staff.factors_reset", province_code=staff.province_code, object_id=staff.id, actor=actor, now=now)


def _end(factor: StaffFactor, now: datetime) -> None:
    factor.ended_at = now
    factor.secret = None


def _record(session: Session, fact: str, staff: Staff, now: datetime, **data: str) -> None:
    record(
        session,
        fact,
        province_code=staff.province_code,
        object_id=staff.id,
        actor=actor_of(staff),
        now=now,
        data=dict(data),
    )


_NOBODYS = _HASHER.hash("nobody has this code")
