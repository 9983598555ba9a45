"""Second factors as rows: used up once however many ask at once, unreadable in a copy of the database."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Barrier

import pyotp
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.accounts import factors, operations
from pledges.accounts.factor_models import RecoveryCode, StaffFactor, StaffStep, StepPurpose
from pledges.accounts.models import Staff, StaffSession
from pledges.accounts.passkeys import NewPasskey
from pledges.accounts.rules import FRESH, STEP_LIFETIME
from pledges.accounts.sessions import is_fresh
from pledges.accounts.steps import KEPT, StepOver, begin_step, finish_step, forget_old_steps, living_step
from pledges.audit.operations import Actor
from pledges.core.db import Database
from pledges.core.errors import DomainError
from pledges.core.secrecy import Vault
from tests.support.clock import FixedClock
from tests.unit.accounts.conftest import AddStaff

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture
def staff(database: Database, add: AddStaff, vault: Vault, clock: FixedClock) -> Staff:
    """Somebody with an application whose first code was taken, and ten recovery codes that begin with `CODES`."""
    person = add()

    def work(session: Session) -> None:
        counter = factors.matching_counter(SECRET, pyotp.TOTP(SECRET).at(clock()), clock())
        assert counter is not None
        factors.add_totp(session, person, SECRET, counter, vault=vault, now=clock())

    database.run(work)
    return person


def at_once(database: Database, work: Callable[[Session], bool]) -> list[bool]:
    with ThreadPoolExecutor(20) as pool:
        return list(pool.map(lambda _number: database.run(work), range(20)))


def test_of_twenty_at_once_with_one_code_of_an_application_one_is_in(
    database: Database, staff: Staff, vault: Vault, clock: FixedClock
) -> None:
    clock.advance(timedelta(seconds=30))
    code = pyotp.TOTP(SECRET).at(clock())
    answers = at_once(database, lambda session: factors.use_totp(session, staff, code, vault=vault, now=clock()))
    assert answers.count(True) == 1


def test_of_twenty_at_once_with_one_recovery_code_one_is_in(
    database: Database, staff: Staff, vault: Vault, clock: FixedClock
) -> None:
    codes = factors.new_recovery_codes()
    hashed = factors.hash_recovery_codes(codes, vault)
    database.run(lambda session: factors.keep_recovery_codes(session, staff, hashed, now=clock()))

    def use(session: Session) -> bool:
        row = factors.recovery_code_row(session, staff, f" {codes[3].lower()} ", vault)
        return row is not None and factors.use_recovery_code(session, row, clock())

    assert at_once(database, use).count(True) == 1
    with database.read() as session:
        assert factors.recovery_codes_left(session, staff) == factors.RECOVERY_CODES - 1
        assert factors.recovery_code_row(session, staff, codes[3], vault) is None
        assert factors.recovery_code_row(session, staff, codes[4][0] + codes[5][1:], vault) is None
        assert factors.recovery_code_row(session, staff, "", vault) is None


def test_a_code_is_taken_a_half_minute_early_or_late_and_never_again(
    sqlite_database: Database, vault: Vault, clock: FixedClock
) -> None:
    now = clock()
    for seconds, taken in ((-60, False), (-30, True), (0, True), (30, True), (60, False)):
        code = pyotp.TOTP(SECRET).at(now + timedelta(seconds=seconds))
        assert (factors.matching_counter(SECRET, code, now) is not None) is taken, seconds


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_copy_of_the_database_opens_nothing(
    database: Database, staff: Staff, vault: Vault, clock: FixedClock
) -> None:
    codes = factors.new_recovery_codes()
    assert len({code[0] for code in codes}) == factors.RECOVERY_CODES
    hashed = factors.hash_recovery_codes(codes, vault)
    database.run(lambda session: factors.keep_recovery_codes(session, staff, hashed, now=clock()))
    with database.read() as session:
        [factor] = session.scalars(select(StaffFactor))
        assert factor.secret is not None
        assert SECRET.encode() not in factor.secret
        kept = " ".join(row.code_hash for row in session.scalars(select(RecoveryCode)))
        assert not any(factors.plain_recovery_code(code) in kept for code in codes)
        assert factors.recovery_code_row(session, staff, codes[0], Vault("another key")) is None
        assert factors.recovery_code_row(session, staff, codes[0], vault) is not None


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_steps_are_taken_once_and_forgotten(database: Database, staff: Staff, clock: FixedClock) -> None:
    token = database.run(lambda session: begin_step(session, StepPurpose.CODE, staff, now=clock()))
    with database.read() as session:
        step = living_step(session, token, StepPurpose.CODE, clock())
        assert step is not None
        assert living_step(session, token, StepPurpose.ENROL, clock()) is None, "a step is good for one purpose"
    database.run(lambda session: finish_step(session, step, clock()))
    with pytest.raises(StepOver):
        database.run(lambda session: finish_step(session, step, clock()))
    clock.advance(STEP_LIFETIME + KEPT)
    database.run(lambda session: forget_old_steps(session, clock()))
    assert database.run(lambda session: session.scalars(select(StaffStep)).all()), "kept for a day"
    clock.advance(timedelta(seconds=1))
    database.run(lambda session: forget_old_steps(session, clock()))
    assert database.run(lambda session: session.scalars(select(StaffStep)).all()) == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_last_factor_stays_and_a_new_application_replaces_the_old_one(
    database: Database, staff: Staff, vault: Vault, clock: FixedClock
) -> None:
    with database.read() as session:
        [factor] = factors.factors_of(session, staff)
    with pytest.raises(DomainError, match="duy nhất"):
        database.run(lambda session: factors.end_factor(session, staff, factor.id, now=clock()))
    other = factors.new_secret()
    database.run(lambda session: factors.add_totp(session, staff, other, 1, vault=vault, now=clock()))
    with database.read() as session:
        [living] = factors.factors_of(session, staff)
        assert living.id != factor.id
        old = session.get_one(StaffFactor, (factor.province_code, factor.id))
        assert old.secret is None


def test_two_factors_taken_away_at_once_leave_one(
    database: Database, staff: Staff, vault: Vault, clock: FixedClock
) -> None:
    """With none left, whoever knows the password could set up their own."""
    made = NewPasskey("Y3JlZA", b"key", 0)
    database.run(lambda session: factors.add_passkey(session, staff, made=made, name="", now=clock()))
    with database.read() as session:
        living = [factor.id for factor in factors.factors_of(session, staff)]
    together = Barrier(2)

    def end(factor_id: uuid.UUID) -> None:
        together.wait()
        with suppress(DomainError):
            database.run(lambda session: factors.end_factor(session, staff, factor_id, now=clock()))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(end, living))
    with database.read() as session:
        assert len(factors.factors_of(session, staff)) == 1


def test_new_codes_made_twice_at_once_are_ten(
    database: Database, staff: Staff, vault: Vault, clock: FixedClock
) -> None:
    hashed = factors.hash_recovery_codes(factors.new_recovery_codes(), vault)
    together = Barrier(3)

    def make(_number: int) -> None:
        together.wait()
        database.run(lambda session: factors.keep_recovery_codes(session, staff, hashed, now=clock()))

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(make, range(3)))
    with database.read() as session:
        assert factors.recovery_codes_left(session, staff) == factors.RECOVERY_CODES


def test_a_clock_that_is_set_back_keeps_no_confirmation_fresh(clock: FixedClock) -> None:
    row = StaffSession(confirmed_at=clock())
    assert is_fresh(row, clock() - timedelta(minutes=1))
    assert not is_fresh(row, clock() - FRESH)
    assert not is_fresh(row, clock() + FRESH)
    assert not is_fresh(StaffSession(confirmed_at=None), clock())


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_somebody_disabled_between_code_and_session_gets_none(
    database: Database, staff: Staff, clock: FixedClock
) -> None:
    """Otherwise it would come to life when the account is opened again."""
    token = database.run(lambda session: begin_step(session, StepPurpose.CODE, staff, now=clock()))

    def disable(session: Session) -> None:
        found = session.get_one(Staff, (staff.province_code, staff.id))
        operations.disable_staff(session, found, actor=Actor("command"), now=clock())

    database.run(disable)
    with pytest.raises(StepOver):
        database.run(lambda session: operations.begin_session(session, staff, clock()))
    with database.read() as session:
        assert living_step(session, token, StepPurpose.CODE, clock()) is None, "what was begun leads nowhere"
