"""The morning mail: to whom, when, about what, and never twice."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pledges.accounts.delegation import NewDelegation, delegate
from pledges.accounts.models import Staff
from pledges.accounts.operations import actor_of
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.messaging.models import Message
from pledges.plans.models import Province
from pledges.review.morning import MorningMail
from pledges.review.operations import recommend
from pledges.review.revocations import ask_revocation
from pledges.signing.models import Pledge, PledgeState
from tests.support.clock import START, FixedClock
from tests.support.messages import letters
from tests.support.reviewing import TRADE, approver_of, officer_of, put_into, submitted, submitted_copies
from tests.support.signing import HUE, PUBLIC_URL, run_together

SEVEN_ON_MONDAY = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
"""In Vietnam; the pledges of these tests are signed on the Friday before."""


@pytest.fixture
def mail(database: Database, clock: FixedClock, vault: Vault) -> MorningMail:
    return MorningMail(database, clock, vault, PUBLIC_URL)


def told(database: Database) -> list[Message]:
    with database.read() as session:
        rows = session.scalars(
            select(Message).where(Message.kind == "morning_list").order_by(Message.created_at, Message.to_address)
        )
        return list(rows)


def recommended(database: Database, pledge: Pledge, staff: Staff, now: datetime = START) -> None:
    key = (pledge.province_code, pledge.id)
    database.run(lambda session: recommend(session, key, staff=staff, seen=0, now=now))


def test_an_approver_is_told_once_on_a_working_morning(
    database: Database, clock: FixedClock, mail: MorningMail, officer: Staff, approver: Staff, pledge: Pledge
) -> None:
    approver_of(database, "46-SYT")
    approver_of(database, "20-SCT")
    mail.send()
    assert told(database) == []
    recommended(database, pledge, officer)
    later = submitted_copies(database, pledge, 24)
    for number, each in enumerate(later):
        put_into(
            database,
            each,
            PledgeState.RECOMMENDED,
            recommended_by=officer.id,
            state_since=START + timedelta(minutes=number),
        )
    for too_early in (START, START + timedelta(days=1), SEVEN_ON_MONDAY - timedelta(seconds=1)):
        clock.set(too_early)
        mail.send()
    assert told(database) == []
    clock.set(SEVEN_ON_MONDAY)
    run_together(lambda _number: mail.send(), 4)
    clock.advance(timedelta(hours=5))
    mail.send()
    [message] = told(database)
    assert message.to_address == approver.email
    params: dict[str, Any] = message.params
    assert (params["count"], params["oldest_days"], params["revocations"]) == (25, 3, 0)
    assert params["references"] == [pledge.reference, *(each.reference for each in later[:19])]
    assert params["link"] == f"{PUBLIC_URL}/can-bo/hang-doi?muc=recommended"
    letter = letters().compose(message, {}).data.decode()
    assert pledge.reference in letter
    clock.set(SEVEN_ON_MONDAY + timedelta(days=2))
    mail.send()
    assert [message.params["oldest_days"] for message in told(database)] == [3, 5]


def test_nobody_hears_of_what_they_proposed_or_of_what_came_later(
    database: Database, clock: FixedClock, mail: MorningMail, officer: Staff, approver: Staff, pledge: Pledge
) -> None:
    """A deputy who recommended the only file gets no mail; whoever asked for a revocation hears nothing of it."""
    second = approver_of(database, number=2)
    [in_force, late] = submitted_copies(database, pledge, 2)
    recommended(database, pledge, officer)
    put_into(database, in_force, PledgeState.APPROVED, approved_at=START)
    ask = START + timedelta(hours=1)
    database.run(lambda s: ask_revocation(s, (HUE, in_force.id), staff=approver, reason="Không đúng", now=ask))
    new = NewDelegation(officer.id, "TUQ. GIÁM ĐỐC – CHÁNH VĂN PHÒNG", date(2026, 11, 20), date(2026, 12, 20))
    database.run(lambda session: delegate(session, approver, new, actor=actor_of(approver), now=START))
    clock.set(SEVEN_ON_MONDAY + timedelta(hours=2))
    put_into(database, late, PledgeState.RECOMMENDED, recommended_by=officer.id, state_since=clock())
    mail.send()
    said = {message.to_address: message.params for message in told(database)}
    assert {address: (params["count"], params["revocations"]) for address, params in said.items()} == {
        approver.email: (1, 0),
        second.email: (1, 1),
        officer.email: (0, 1),
    }
    assert said[officer.email]["link"].endswith("?muc=revocation")
    subject = {m.to_address: letters().compose(m, {}).data for m in told(database)}[officer.email]
    assert b"Subject: " in subject


def test_days_off_and_people_who_left(sqlite_database: Database, clock: FixedClock, vault: Vault) -> None:
    officer, approver = officer_of(sqlite_database), approver_of(sqlite_database)
    recommended(sqlite_database, submitted(sqlite_database, now=START, vault=vault), officer)
    mail = MorningMail(sqlite_database, clock, vault, PUBLIC_URL)

    def take_off(session: Session) -> None:
        province = session.get_one(Province, HUE)
        province.settings = {**province.settings, "days_off_in_lieu": ["2026-11-23"]}

    sqlite_database.run(take_off)
    clock.set(SEVEN_ON_MONDAY)
    mail.send()
    # The 24th of November is a public holiday.
    clock.advance(timedelta(days=1))
    mail.send()
    assert told(sqlite_database) == []
    closed = update(Staff).where(Staff.id == approver.id)
    sqlite_database.run(lambda session: session.execute(closed.values(active=False)))
    clock.advance(timedelta(days=1))
    mail.send()
    assert told(sqlite_database) == []
    sqlite_database.run(lambda session: session.execute(closed.values(active=True)))
    mail.send()
    assert [message.to_address for message in told(sqlite_database)] == [approver.email]
    assert approver.agency_code == TRADE
