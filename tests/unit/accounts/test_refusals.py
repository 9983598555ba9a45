"""What the auditor learns of refusals: one fact for an account and a quarter of an hour, never what was typed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.accounts.models import RefusalCount, Staff
from pledges.accounts.refusals import (
    MOST_FACTS,
    MOST_NETWORKS,
    NOBODY,
    WINDOW,
    Reason,
    count_refusal,
    record_refusals,
)
from pledges.accounts.rules import FAILURES_PER_ACCOUNT
from pledges.accounts.sign_in import SignInRefused, check_password
from pledges.audit.models import Fact
from pledges.core.db import Database, new_id
from pledges.core.errors import TooMany
from pledges.core.secrecy import Vault
from tests.support.clock import FixedClock
from tests.unit.accounts.conftest import AddStaff


def refused(database: Database) -> list[Fact]:
    with database.read() as session:
        return list(session.scalars(select(Fact).where(Fact.kind.endswith("_refused")).order_by(Fact.id)))


def test_guesses_become_one_fact_for_each_account_and_quarter_of_an_hour(
    database: Database, add: AddStaff, vault: Vault, clock: FixedClock
) -> None:
    known = add("can-bo@vidu.vn")
    for email in ("can-bo@vidu.vn", "khong-co@vidu.vn", "cung-khong@vidu.vn"):
        for number in range(FAILURES_PER_ACCOUNT + 2):
            with pytest.raises((SignInRefused, TooMany)):
                check_password(
                    database, vault, email=email, password="sai", network=f"203.0.113.{number % 2}", now=clock()
                )
    record_refusals(database, clock())
    assert refused(database) == [], "the quarter of an hour is not over"
    clock.advance(WINDOW)
    for _twice in range(2):
        record_refusals(database, clock())
    nobody, person = sorted(refused(database), key=lambda fact: fact.object_id != NOBODY)
    assert (person.province_code, person.object_id) == (known.province_code, known.id)
    assert (nobody.province_code, nobody.object_id) == ("00", NOBODY)
    counted = {"wrong_passwords": 5, "throttled": 2, "networks": 2}
    assert {name: person.data[name] for name in counted} == counted
    assert nobody.data["wrong_passwords"] == 10
    assert "vidu.vn" not in str([nobody.data, person.data])
    with database.read() as session:
        assert session.scalars(select(RefusalCount)).all() == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_nobody_fills_the_database_with_refusals(database: Database, clock: FixedClock) -> None:
    def attack(session: Session) -> None:
        for network in range(MOST_NETWORKS + 30):
            name = f"{network:064x}"[::-1]
            count_refusal(session, Reason.PASSWORD, None, network_hash=name, now=clock())
        for number in range(MOST_FACTS + 10):
            person = Staff(province_code="20", id=new_id())
            for _again in range(1 + (number == 7)):
                count_refusal(session, Reason.CODE, person, network_hash="a" * 64, now=clock())

    database.run(attack)
    with database.read() as session:
        rows = session.scalars(select(RefusalCount).where(RefusalCount.object_id == NOBODY)).all()
        assert len(rows) == MOST_NETWORKS + 1
    clock.advance(timedelta(days=1))
    record_refusals(database, clock())
    facts = refused(database)
    assert len(facts) == MOST_FACTS + 1
    assert facts[0].data["wrong_passwords"] == MOST_NETWORKS + 30
    assert facts[1].data["wrong_codes"] == 2, "who was refused most is told first"
    assert facts[-1].data["accounts"] == 11
    assert facts[-1].data["wrong_codes"] == 11
