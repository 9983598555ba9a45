"""Six-digit codes by e-mail: who may have one sent, and whether a typed one is right."""

from __future__ import annotations

import hmac
import secrets
import uuid
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pledges.core import throttle
from pledges.core.db import new_id
from pledges.core.errors import N_, DomainError, TooMany
from pledges.core.secrecy import Vault
from pledges.messaging.operations import queue_message
from pledges.signing.models import ConfirmationCode
from pledges.signing.rules import (
    CLOCK_SKEW,
    CODE_LENGTH,
    CODE_LIFETIME,
    CODE_TRIES,
    CODES_A_DAY,
    CODES_AN_HOUR,
    CODES_AN_HOUR_FROM_ONE_NETWORK,
    RESEND_AFTER,
)

NO_CODE = N_("Hãy nhập mã gồm 6 chữ số đã gửi tới thư điện tử.")


class CodePurpose(StrEnum):
    SIGN = "sign"
    SIGN_AS_REPRESENTATIVE = "sign_as_representative"
    OPEN_FILE = "open_file"
    WITHDRAW = "withdraw"
    WITHDRAW_CONSENT = "withdraw_consent"
    NEW_MAILBOX = "new_mailbox"
    """Who asks to move a file reads the new mailbox."""
    ASK = "ask"
    """Whoever holds an invitation reads the mail of who was invited; it signs nothing."""


MESSAGE_KINDS = {
    CodePurpose.SIGN: "code",
    CodePurpose.SIGN_AS_REPRESENTATIVE: "code",
    CodePurpose.OPEN_FILE: "file_code",
    CodePurpose.WITHDRAW: "code",
    CodePurpose.WITHDRAW_CONSENT: "code",
    CodePurpose.NEW_MAILBOX: "code",
    CodePurpose.ASK: "code",
}


_MORE_PARAMS: dict[CodePurpose, dict[str, str]] = {
    purpose: {"purpose": purpose.value}
    for purpose in MESSAGE_KINDS
    if purpose not in {CodePurpose.SIGN, CodePurpose.OPEN_FILE}
}
"""The letter says what the code is for."""


def address_hash(vault: Vault, address: str) -> str:
    return vault.keyed_hash("e-mail", address.casefold())


def newest_code(session: Session, purpose: CodePurpose, subject_id: uuid.UUID) -> ConfirmationCode | None:
    return session.scalar(
        select(ConfirmationCode)
        .where(ConfirmationCode.purpose == purpose, ConfirmationCode.subject_id == subject_id)
        .order_by(ConfirmationCode.created_at.desc(), ConfirmationCode.id.desc())
        .limit(1)
    )


def send_code(
    session: Session,
    purpose: CodePurpose,
    subject_id: uuid.UUID,
    address: str,
    *,
    network: str,
    language: str,
    now: datetime,
    vault: Vault,
    province_code: str,
    deliver: bool = True,
    counted_as: str = "",
    by_phone: bool = False,
) -> ConfirmationCode:
    """Void older codes and send a new one; `TooMany` beyond the limits per address and per network.

    With `deliver=False` everything happens except the mail: the caller must not show that the address is unknown.
    `counted_as` takes the place of the address in the limits, where the limits themselves would tell about it.
    """
    who, counted = address_hash(vault, address), address_hash(vault, counted_as or address)
    before = newest_code(session, purpose, subject_id)
    if (
        before is not None
        and before.void_at is None
        and before.address_hash == who  # a corrected address has had no code yet
        and before.created_at + RESEND_AFTER > now
    ):
        raise TooMany(
            N_("Mã vừa được gửi. Hãy xem cả thư mục thư rác; nếu chưa thấy, yêu cầu gửi lại sau %(seconds)s giây."),
            seconds=max(1, round((before.created_at + RESEND_AFTER - now).total_seconds())),
        )
    network_hash = vault.keyed_hash("network", network)
    hour, day = timedelta(hours=1), timedelta(days=1)
    throttle.use(session, "code.network", network_hash, most=CODES_AN_HOUR_FROM_ONE_NETWORK, per=hour, now=now)
    throttle.use(session, "code.address.hour", counted, most=CODES_AN_HOUR, per=hour, now=now)
    throttle.use(session, "code.address.day", counted, most=CODES_A_DAY, per=day, now=now)
    session.execute(
        update(ConfirmationCode)
        .where(
            ConfirmationCode.purpose == purpose,
            ConfirmationCode.subject_id == subject_id,
            ConfirmationCode.used_at.is_(None),
            ConfirmationCode.void_at.is_(None),
        )
        .values(void_at=now)
    )
    digits = f"{secrets.randbelow(10**CODE_LENGTH):0{CODE_LENGTH}d}"
    code_id = new_id()
    code = ConfirmationCode(
        id=code_id,
        purpose=purpose,
        subject_id=subject_id,
        address_hash=who,
        code_hash=_code_hash(vault, code_id, digits),
        created_at=now,
        expires_at=now + CODE_LIFETIME,
    )
    session.add(code)
    session.flush()
    if deliver:
        queue_message(
            session,
            province_code=province_code,
            kind="sms_code" if by_phone else MESSAGE_KINDS[purpose],
            to_address=address,
            dedupe_key=f"code:{code_id}",
            params={"minutes": int(CODE_LIFETIME.total_seconds() // 60)}
            | ({} if by_phone else _MORE_PARAMS.get(purpose, {})),
            secret_params={"code": digits},
            language=language,
            now=now,
            vault=vault,
            expires_at=code.expires_at,
        )
    return code


def _code_hash(vault: Vault, code_id: uuid.UUID, digits: str) -> str:
    return vault.keyed_hash("code", f"{code_id}:{digits}")


def try_code(
    session: Session,
    purpose: CodePurpose,
    subject_id: uuid.UUID,
    typed: str,
    *,
    now: datetime,
    vault: Vault,
    field: str = "code",
) -> ConfirmationCode | DomainError:
    """Check a typed code against the newest one sent; the right one is returned unused, a wrong one counts a try.

    The refusal is returned rather than raised, because the counted try must be committed. Callers set `used_at`
    in the transaction of what the code confirms.
    """
    digits = "".join(letter for letter in typed if letter.isdecimal())
    if not digits:
        return DomainError(NO_CODE, field=field)
    code = newest_code(session, purpose, subject_id)
    if code is None or code.void_at is not None or code.used_at is not None:
        return DomainError(N_("Chưa có mã nào còn dùng được. Hãy bấm gửi mã mới."), field=field)
    if now > code.expires_at or now < code.created_at - CLOCK_SKEW:
        return DomainError(N_("Mã đã hết hạn sau 10 phút. Hãy bấm gửi mã mới."), field=field)
    counted = session.execute(
        update(ConfirmationCode)
        .where(ConfirmationCode.id == code.id, ConfirmationCode.tries < CODE_TRIES)
        .values(tries=ConfirmationCode.tries + 1)
        .returning(ConfirmationCode.tries)
    ).first()
    if counted is None:
        return TooMany(N_("Mã này đã bị nhập sai 5 lần nên không còn dùng được. Hãy bấm gửi mã mới."), field=field)
    if hmac.compare_digest(code.code_hash, _code_hash(vault, code.id, digits)):
        return code
    left = CODE_TRIES - counted[0]
    if left == 0:
        return DomainError(N_("Mã không đúng. Mã này không còn dùng được, hãy bấm gửi mã mới."), field=field)
    return DomainError(
        N_("Mã không đúng. Hãy xem lại thư mới nhất của chúng tôi; bạn còn %(left)s lần nhập."), field=field, left=left
    )
