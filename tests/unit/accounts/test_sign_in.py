from __future__ import annotations

import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.passwords import hash_password
from pledges.accounts.rules import FAILURE_WINDOW, FAILURES_PER_ACCOUNT, FAILURES_PER_NETWORK
from pledges.accounts.sign_in import NETWORK_LIMIT, SignInRefused, check_password
from pledges.core import throttle
from pledges.core.db import Database
from pledges.core.errors import DomainError, TooMany
from pledges.core.secrecy import Vault
from pledges.core.throttle import ThrottleCount
from tests.support.clock import FixedClock
from tests.unit.accounts.conftest import AddStaff

PASSWORD = "con trâu đỏ ăn mây chiều"
NETWORK = "203.0.113.7"


class Door:
    def __init__(self, database: Database, vault: Vault, clock: FixedClock) -> None:
        self.database, self.vault, self.clock = database, vault, clock

    def knock(self, email: str = "can-bo@vidu.vn", password: str = PASSWORD, network: str = NETWORK) -> Staff:
        return check_password(
            self.database, self.vault, email=email, password=password, network=network, now=self.clock()
        )

    def refusal(self, **how: str) -> DomainError:
        with pytest.raises(DomainError) as refused:
            self.knock(**how)
        return refused.value


@pytest.fixture
def door(database: Database, vault: Vault, clock: FixedClock) -> Door:
    return Door(database, vault, clock)


@pytest.fixture
def staff(database: Database, add: AddStaff) -> Staff:
    staff = add("can-bo@vidu.vn")
    set_values(database, staff, password=hash_password(PASSWORD))
    return staff


def set_values(database: Database, staff: Staff, **values: object) -> None:
    database.run(lambda session: session.execute(update(Staff).where(Staff.id == staff.id).values(**values)))


def test_the_right_password_opens(door: Door, staff: Staff) -> None:
    assert door.knock(email=" CAN-BO@vidu.vn ").id == staff.id


def test_all_wrong_ways_get_one_answer(door: Door, staff: Staff, add: AddStaff, database: Database) -> None:
    add("chua-dat@vidu.vn")
    disabled = add("da-khoa@vidu.vn")
    set_values(database, disabled, password=hash_password(PASSWORD), active=False)
    answers = {
        str(door.refusal(password="sai mật khẩu rồi")),
        str(door.refusal(email="khong-co@vidu.vn")),
        str(door.refusal(email="chua-dat@vidu.vn")),
        str(door.refusal(email="da-khoa@vidu.vn")),
        str(door.refusal(email="không phải thư")),
        str(door.refusal(email="", password="")),
    }
    assert len(answers) == 1


@pytest.mark.parametrize("email", ["can-bo@vidu.vn", "khong-co@vidu.vn"])
def test_after_five_failures_the_account_waits_known_or_not(door: Door, staff: Staff, email: str) -> None:
    for _ in range(FAILURES_PER_ACCOUNT):
        assert isinstance(door.refusal(email=email, password="sai mật khẩu rồi"), SignInRefused)
    refusal = door.refusal(email=email, network="198.51.100.1")
    assert isinstance(refusal, TooMany)
    assert "15 phút" in str(refusal)
    door.clock.advance(FAILURE_WINDOW)
    if email == staff.email:
        assert door.knock().id == staff.id


def test_two_hundred_guesses_at_once_are_five_comparisons(door: Door, staff: Staff) -> None:
    def guess(number: int) -> str:
        return type(door.refusal(password=f"đoán lần thứ {number}", network=f"198.51.100.{number}")).__name__

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(guess, range(40)))
    assert sorted(set(answers)) == ["SignInRefused", "TooMany"]
    assert answers.count("SignInRefused") == FAILURES_PER_ACCOUNT


def test_one_network_cannot_try_many_accounts(door: Door, staff: Staff, vault: Vault) -> None:
    network_hash = vault.keyed_hash("network", NETWORK)

    def others_have_failed(session: Session) -> None:
        for _ in range(FAILURES_PER_NETWORK - 1):
            throttle.use(
                session, NETWORK_LIMIT, network_hash, most=FAILURES_PER_NETWORK, per=FAILURE_WINDOW, now=door.clock()
            )

    door.database.run(others_have_failed)
    assert isinstance(door.refusal(email="khong-co@vidu.vn"), SignInRefused)
    assert isinstance(door.refusal(), TooMany)
    assert door.knock(network="198.51.100.1").id == staff.id


def test_a_success_forgets_the_failures_of_the_account_and_is_none_of_the_network(door: Door, staff: Staff) -> None:
    for _ in range(FAILURES_PER_ACCOUNT - 1):
        door.refusal(password="sai mật khẩu rồi")
    door.knock()
    with door.database.read() as session:
        counted = {row.limit_name: row.uses for row in session.scalars(select(ThrottleCount))}
    assert counted == {NETWORK_LIMIT: FAILURES_PER_ACCOUNT - 1}


def test_the_limits_hold_no_addresses(door: Door, staff: Staff) -> None:
    door.refusal(password="sai mật khẩu rồi")
    with door.database.read() as session:
        for row in session.scalars(select(ThrottleCount)):
            assert len(row.key_hash) == 64
            assert "vidu" not in row.key_hash


def test_known_and_unknown_take_similar_time(door: Door, staff: Staff) -> None:
    def median(email: str) -> float:
        times = []
        for number in range(5):
            started = time.process_time()
            door.refusal(email=email, password="sai mật khẩu rồi", network=f"198.51.100.{number}")
            times.append(time.process_time() - started)
        return statistics.median(times)

    median("lam-nong@vidu.vn")
    known, unknown = median("can-bo@vidu.vn"), median("khong-co@vidu.vn")
    assert 0.6 < known / unknown < 1.7
