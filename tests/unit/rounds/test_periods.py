"""Where a clause makes everybody sign each quarter, what was signed for the last one runs out with it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import partial

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.audit.operations import SYSTEM
from pledges.core.calendar import Quarter
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.plans.models import ObligationEntry
from pledges.registry.models import Entity, Obligation
from pledges.registry.obligations import recompute_province
from pledges.rounds.candidates import preview
from pledges.rounds.models import Why
from pledges.rounds.operations import open_round, start_round
from pledges.rounds.population import Part
from pledges.signing.models import Pledge, PledgeCover, PledgeState
from pledges.signing.periods import end_periods
from tests.support.clock import FixedClock
from tests.support.signing import HUE, lead_to, seller_pages, signed_by
from tests.unit.rounds.quarter import AGENCY, QuarterOffice

S = PledgeState
NEW_YEAR = datetime(2026, 12, 31, 17, 0, tzinfo=UTC)
Q1 = Quarter(2027, 1)
TO_APPROVED = (S.RECOMMENDED, S.COUNTERSIGNING, S.APPROVED)


@pytest.fixture
def office(database: Database, clock: FixedClock, vault: Vault) -> QuarterOffice:
    office = QuarterOffice(database, clock, vault)
    database.run(partial(_resign, resign=True))
    return office


def _resign(session: Session, *, resign: bool) -> None:
    session.get_one(ObligationEntry, (HUE, "46-seller")).resign = resign


def sign(office: QuarterOffice, number: int, *states: PledgeState) -> Pledge:
    pledge = signed_by(office.database, seller_pages(number), now=office.clock(), vault=office.vault).signed[0]
    return lead_to(office.database, pledge, *states, now=office.clock())


def owed(office: QuarterOffice, pledge: Pledge) -> Obligation:
    with office.database.read() as session:
        return office.owed(session.get_one(Entity, (HUE, pledge.entity_id)))[0]


def end(office: QuarterOffice, quarter: Quarter = Q1) -> int:
    def work(session: Session) -> int:
        entry = session.get_one(ObligationEntry, (HUE, "46-seller"))
        return end_periods(session, HUE, entry, quarter, now=office.clock())

    return office.database.run(work)


def test_everybody_owes_anew_at_the_quarters_first_moment_and_not_before(office: QuarterOffice) -> None:
    approved, waiting, returned = sign(office, 1, *TO_APPROVED), sign(office, 2), sign(office, 3, S.RETURNED)
    office.clock.set(datetime(2026, 12, 31, 16, 59, 59, tzinfo=UTC))
    assert end(office) == 0
    assert owed(office, approved).in_force == 1
    office.clock.set(NEW_YEAR)
    assert [end(office), end(office)] == [3, 0]
    for pledge in (approved, waiting):
        now = owed(office, pledge)
        assert (now.in_force, now.waiting_for_agency, now.asked_on) == (0, 0, None)
        assert now.turns_on == now.waits_until == date(2027, 3, 31), "the agency has the quarter to ask"
    assert owed(office, returned).asked_on is None
    office.check_counters()
    lead_to(office.database, waiting, *TO_APPROVED, now=office.clock())
    assert owed(office, waiting).in_force == 0, "approved at last, for the quarter that is over"
    office.check_counters()


def test_recomputing_the_plan_leaves_the_day_as_it_is(office: QuarterOffice) -> None:
    pledge = sign(office, 1, *TO_APPROVED)
    office.clock.set(NEW_YEAR)
    end(office)
    recompute_province(office.database, HUE, clock=office.clock)
    assert owed(office, pledge).turns_on == date(2027, 3, 31)
    office.check_counters()


def test_who_signs_again_in_the_new_quarter_is_in_force(office: QuarterOffice) -> None:
    first = sign(office, 1, *TO_APPROVED)
    office.clock.set(NEW_YEAR)
    again = sign(office, 1, *TO_APPROVED)
    assert again.id != first.id
    assert end(office) == 1
    now = owed(office, again)
    assert (now.in_force, now.waiting_for_agency) == (1, 0)
    with office.database.read() as session:
        periods = session.execute(select(PledgeCover.period, PledgeCover.hold).order_by(PledgeCover.period)).all()
    assert [tuple(row) for row in periods] == [("2026Q4", "ended"), ("2027Q1", "in_force")]
    office.check_counters()


def test_a_pledge_without_period_and_an_entry_without_it_are_left_alone(office: QuarterOffice) -> None:
    office.database.run(partial(_resign, resign=False))
    unlimited = sign(office, 1, *TO_APPROVED)
    office.database.run(partial(_resign, resign=True))
    limited = sign(office, 2, *TO_APPROVED)
    office.clock.set(NEW_YEAR)
    office.database.run(partial(_resign, resign=False))
    assert end(office) == 0
    office.database.run(partial(_resign, resign=True))
    assert end(office) == 1
    assert [owed(office, each).in_force for each in (unlimited, limited)] == [1, 0]


def test_the_round_asks_everybody_to_sign_again(office: QuarterOffice) -> None:
    pledge = sign(office, 1, *TO_APPROVED)
    office.clock.set(NEW_YEAR)
    opening = partial(open_round, province_code=HUE, agency_code=AGENCY, quarter=Q1, actor=SYSTEM)
    of_round = office.database.run(lambda session: opening(session, now=office.clock()))
    start = partial(start_round, key=(HUE, of_round.id), seen_revision=0, actor=SYSTEM)
    office.database.run(lambda session: start(session, now=office.clock()))
    end(office)
    with office.database.read() as session:
        seen = preview(session, of_round, now=office.clock())
    assert seen.count(part=Part.TO_ASK, why=Why.SIGN_AGAIN) == 1
    assert office.rounds.ask((HUE, of_round.id)).asked == 1
    [mail] = office.mails()
    office.settle(mail, mail.state.__class__.ACCEPTED)
    assert owed(office, pledge).asked_on == date(2027, 1, 1)
    office.come_back(mail)
    now = owed(office, pledge)
    assert (now.asked_on, now.turns_on) == (None, date(2027, 3, 31)), "the quarter to ask is still there"
    office.check_counters()
