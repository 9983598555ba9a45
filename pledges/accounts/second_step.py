"""The second step of a sign-in, and showing again that it is still oneself; limits hold before anything is compared."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from pledges.accounts.data_key import KeyLost, KeyState, key_state
from pledges.accounts.factors import recovery_code_row, use_recovery_code, use_totp
from pledges.accounts.models import Staff
from pledges.accounts.notices import Change, tell_owner
from pledges.accounts.operations import actor_of
from pledges.accounts.passwords import is_right
from pledges.accounts.refusals import Reason, count_refusal
from pledges.accounts.rules import FAILURE_WINDOW, FAILURES_PER_ACCOUNT, FAILURES_PER_DAY, FAILURES_PER_NETWORK
from pledges.audit.operations import record
from pledges.core import throttle
from pledges.core.db import Database
from pledges.core.errors import N_, DomainError, TooMany
from pledges.core.secrecy import Vault

CODE_LIMIT = "factor.account"
CODE_DAY_LIMIT = "factor.account.day"
CODE_NETWORK_LIMIT = "factor.network"
CONFIRM_LIMIT = "confirm.account"
CHALLENGE_LIMIT = "passkey.network"
DAY = timedelta(days=1)


class CodeRefused(DomainError):
    """Wrong, used before or run out: one answer for all."""

    status = 400


class Attempts:
    """Counts one attempt of a person before it is compared, and forgets it where it was right."""

    def __init__(self, database: Database, vault: Vault, staff: Staff, network: str, now: datetime) -> None:
        self.database, self.vault, self.staff, self.now = database, vault, staff, now
        self.account = vault.keyed_hash("factor", f"{staff.province_code}/{staff.id}")
        self.network = vault.keyed_hash("network", network)

    def count(self, limit: str = CODE_LIMIT) -> None:
        def count(session: Session) -> None:
            now = self.now
            throttle.use(
                session, CODE_NETWORK_LIMIT, self.network, most=FAILURES_PER_NETWORK, per=FAILURE_WINDOW, now=now
            )
            throttle.use(session, limit, self.account, most=FAILURES_PER_ACCOUNT, per=FAILURE_WINDOW, now=now)
            throttle.use(session, CODE_DAY_LIMIT, self.account, most=FAILURES_PER_DAY, per=DAY, now=now)

        try:
            self.database.run(count)
        except TooMany as refusal:
            self.refused(Reason.THROTTLED)
            raise TooMany(
                N_("Nhập sai quá nhiều lần. Hãy đợi %(minutes)s phút rồi thử lại."), **refusal.params
            ) from None

    def refused(self, reason: Reason) -> None:
        """Count it for the auditor."""
        self.database.run(
            lambda session: count_refusal(session, reason, self.staff, network_hash=self.network, now=self.now)
        )

    def refuse_if_key_is_lost(self) -> None:
        """Where nothing that was kept can be read, no guess was made: the attempt is given back."""
        with self.database.read() as session:
            lost = key_state(session, self.vault) is KeyState.OTHER
        if lost:
            self.database.run(self.forget)
            raise KeyLost

    def forget(self, session: Session, limit: str = CODE_LIMIT) -> None:
        throttle.give_back(session, CODE_NETWORK_LIMIT, self.network, per=FAILURE_WINDOW, now=self.now)
        throttle.forget_key(session, limit, self.account)
        throttle.give_back(session, CODE_DAY_LIMIT, self.account, per=DAY, now=self.now)


def check_code(database: Database, vault: Vault, staff: Staff, code: str, *, network: str, now: datetime) -> None:
    """Take the code of an application; raises `CodeRefused`, `TooMany` or `KeyLost`."""
    attempts = Attempts(database, vault, staff, network, now)
    attempts.count()

    def take(session: Session) -> bool:
        right = use_totp(session, staff, code, vault=vault, now=now)
        if right:
            attempts.forget(session)
        return right

    try:
        taken = database.run(take)
    except KeyLost:
        database.run(attempts.forget)
        raise
    if not taken:
        attempts.refused(Reason.CODE)
        raise CodeRefused(
            N_("Mã chưa đúng hoặc đã dùng. Hãy đợi ứng dụng hiện mã mới rồi nhập lại; giờ của điện thoại cần đúng."),
            field="code",
        )


def check_recovery_code(
    database: Database, vault: Vault, staff: Staff, code: str, *, network: str, now: datetime
) -> None:
    """Take a recovery code, which is then used up; raises `CodeRefused`, `TooMany` or `KeyLost`."""
    attempts = Attempts(database, vault, staff, network, now)
    attempts.count()
    with database.read() as session:
        row = recovery_code_row(session, staff, code, vault)

    def take(session: Session) -> bool:
        if row is None or not use_recovery_code(session, row, now):
            return False
        attempts.forget(session)
        tell_owner(session, staff, Change.CODE_USED, vault=vault, now=now)
        record(
            session,
            "staff.recovery_code_used",
            province_code=staff.province_code,
            object_id=staff.id,
            actor=actor_of(staff),
            now=now,
        )
        return True

    if not database.run(take):
        attempts.refuse_if_key_is_lost()
        attempts.refused(Reason.RECOVERY_CODE)
        raise CodeRefused(N_("Mã dự phòng chưa đúng hoặc đã dùng. Hãy nhập một mã khác."), field="recovery_code")


def check_password_again(
    database: Database, vault: Vault, staff: Staff, password: str, *, network: str, now: datetime, field: str
) -> None:
    """The password of somebody who is signed in; raises `CodeRefused` or `TooMany`."""
    attempts = Attempts(database, vault, staff, network, now)
    attempts.count(CONFIRM_LIMIT)
    if not is_right(password, staff.password):
        attempts.refused(Reason.CONFIRMATION)
        raise CodeRefused(N_("Mật khẩu chưa đúng. Hãy kiểm tra rồi nhập lại."), field=field)
    database.run(lambda session: attempts.forget(session, CONFIRM_LIMIT))
