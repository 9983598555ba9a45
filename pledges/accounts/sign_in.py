"""Checking a password, with limits that hold before anything is compared."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.passwords import is_right
from pledges.accounts.queries import plain_address, staff_by_email
from pledges.accounts.refusals import Reason, count_refusal
from pledges.accounts.rules import FAILURE_WINDOW, FAILURES_PER_ACCOUNT, FAILURES_PER_NETWORK
from pledges.core import throttle
from pledges.core.db import Database
from pledges.core.errors import N_, DomainError, TooMany
from pledges.core.secrecy import Vault

ACCOUNT_LIMIT = "sign_in.account"
NETWORK_LIMIT = "sign_in.network"


class SignInRefused(DomainError):
    """One answer for an unknown address, a wrong password, a disabled account and one that is not set up."""

    status = 400


def check_password(
    database: Database, vault: Vault, *, email: str, password: str, network: str, now: datetime
) -> Staff:
    """The person whose password this is; raises `SignInRefused` or `TooMany`, in equal time for known and unknown.

    It takes the database rather than a session because the slow comparison must not hold up other writers. The
    attempt is counted before the comparison, so that many guesses at once cannot slip through together.
    """
    account_hash = vault.keyed_hash("sign-in", plain_address(email))
    network_hash = vault.keyed_hash("network", network)

    def count_attempt(session: Session) -> None:
        throttle.use(session, NETWORK_LIMIT, network_hash, most=FAILURES_PER_NETWORK, per=FAILURE_WINDOW, now=now)
        throttle.use(session, ACCOUNT_LIMIT, account_hash, most=FAILURES_PER_ACCOUNT, per=FAILURE_WINDOW, now=now)

    def note(reason: Reason) -> None:
        with database.read() as session:
            whose = staff_by_email(session, email)
        database.run(lambda session: count_refusal(session, reason, whose, network_hash=network_hash, now=now))

    try:
        database.run(count_attempt)
    except TooMany as refusal:
        note(Reason.THROTTLED)
        raise TooMany(
            N_("Đăng nhập sai quá nhiều lần. Hãy đợi %(minutes)s phút rồi thử lại."), **refusal.params
        ) from None
    with database.read() as session:
        staff = staff_by_email(session, email)
    known_hash = staff.password if staff is not None and staff.active else None
    if not is_right(password, known_hash) or staff is None:
        note(Reason.PASSWORD)
        raise SignInRefused(N_("Thư điện tử hoặc mật khẩu chưa đúng. Hãy kiểm tra rồi nhập lại."), field="password")

    def forget_attempts(session: Session) -> None:
        throttle.give_back(session, NETWORK_LIMIT, network_hash, per=FAILURE_WINDOW, now=now)
        throttle.forget_key(session, ACCOUNT_LIMIT, account_hash)

    database.run(forget_attempts)
    return staff
