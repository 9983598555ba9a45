"""Another `PLEDGES_DATA_KEY` than the one with which the database was written: noticed, and a way out."""

from __future__ import annotations

import pyotp
import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from pledges.accounts import factors
from pledges.accounts.administration import take_factors
from pledges.accounts.data_key import KeyLost, KeyState, accept_key, keep_mark, key_state
from pledges.accounts.models import DataKeyMark, Staff
from pledges.accounts.rules import FAILURES_PER_ACCOUNT
from pledges.accounts.second_step import check_code, check_recovery_code
from pledges.audit.operations import Actor
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from tests.support.clock import FixedClock
from tests.unit.accounts.conftest import AddStaff

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
OTHER = Vault("thử nghiệm: một khóa dữ liệu khác")


def state(database: Database, vault: Vault) -> KeyState:
    with database.read() as session:
        return key_state(session, vault)


def enrol(session: Session, person: Staff, vault: Vault, clock: FixedClock) -> str:
    secret = factors.new_secret()
    factors.add_totp(session, person, secret, 1, vault=vault, now=clock())
    return secret


def test_nobody_gets_in_or_is_shut_out_by_trying_and_reset_factor_leads_out(
    database: Database, add: AddStaff, vault: Vault, clock: FixedClock
) -> None:
    person = add()
    assert state(database, vault) is KeyState.UNKNOWN
    secret = database.run(lambda session: enrol(session, person, vault, clock))
    codes = factors.new_recovery_codes()
    hashed = factors.hash_recovery_codes(codes, vault)
    database.run(lambda session: factors.keep_recovery_codes(session, person, hashed, now=clock()))
    assert (state(database, vault), state(database, OTHER)) == (KeyState.FITS, KeyState.OTHER)
    for _try in range(FAILURES_PER_ACCOUNT + 1):
        with pytest.raises(KeyLost, match="khóa dữ liệu"):
            check_code(database, OTHER, person, pyotp.TOTP(secret).at(clock()), network="x", now=clock())
        with pytest.raises(KeyLost):
            check_recovery_code(database, OTHER, person, codes[0], network="x", now=clock())
    check_recovery_code(database, vault, person, codes[0], network="x", now=clock())

    def lead_out(session: Session) -> None:
        found = session.get_one(Staff, (person.province_code, person.id))
        take_factors(session, found, actor=Actor("command"), vault=OTHER, now=clock())

    database.run(lead_out)
    secret = database.run(lambda session: enrol(session, person, OTHER, clock))
    check_code(database, OTHER, person, pyotp.TOTP(secret).at(clock()), network="x", now=clock())
    assert state(database, OTHER) is KeyState.OTHER, "it is said until somebody accepts the loss"
    assert database.run(lambda session: accept_key(session, OTHER, clock()))
    assert not database.run(lambda session: accept_key(session, OTHER, clock()))
    assert (state(database, vault), state(database, OTHER)) == (KeyState.OTHER, KeyState.FITS)


def test_a_database_from_before_the_mark_is_told_by_its_applications(
    database: Database, add: AddStaff, vault: Vault, clock: FixedClock
) -> None:
    person = add()
    database.run(lambda session: enrol(session, person, vault, clock))
    database.run(lambda session: session.execute(delete(DataKeyMark)))
    assert state(database, OTHER) is KeyState.OTHER
    database.run(lambda session: keep_mark(session, OTHER, clock()))
    assert state(database, vault) is KeyState.FITS, "a wrong key leaves no mark of its own"
    for _twice in range(2):
        database.run(lambda session: keep_mark(session, vault, clock()))
    assert (state(database, vault), state(database, OTHER)) == (KeyState.FITS, KeyState.OTHER)
