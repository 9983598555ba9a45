"""The six groups in figures: they add up, and they drift visibly."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from pledges.core.calendar import local_day
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.registry.models import Counter
from pledges.rounds.figures import Figures, Moment, Only, at, at_end_of, disagreeing, group_figures, total
from pledges.rounds.list_models import Group
from tests.support.clock import FixedClock
from tests.support.signing import COMMUNES, HUE
from tests.unit.rounds.quarter import AGENCY, QuarterOffice


@pytest.fixture
def office(database: Database, clock: FixedClock, vault: Vault) -> QuarterOffice:
    return QuarterOffice(database, clock, vault)


def of_agency(office: QuarterOffice, moment: Moment, **only: str) -> Figures:
    with office.database.read() as session:
        return total(session, HUE, moment, Only(agency=AGENCY, **only))


def test_counters_say_the_six_groups_of_now_and_of_every_day(office: QuarterOffice) -> None:
    """The passing of days alone leads from waiting to silent, and from not due to not reached."""
    asked = office.subject("an@vidu.vn", types=("digital_seller", "ecommerce_platform"))
    office.subject()
    office.rounds.ask((HUE, office.start().id))
    office.deliver()
    first = local_day(office.clock())
    assert of_agency(office, at_end_of(first - timedelta(days=1))).in_scope == 0
    seen = [of_agency(office, at_end_of(first + timedelta(days=days))) for days in range(0, 100, 7)]
    assert all(figures.agrees and figures.in_scope == 2 for figures in seen)
    assert (seen[0][Group.WAITING_TIME], seen[0][Group.NOT_DUE], seen[0].not_pledged) == (1, 1, 0)
    assert (seen[-1][Group.NOT_PLEDGED], seen[-1][Group.UNREACHABLE]) == (1, 1)
    with office.database.read() as session:
        moment = at_end_of(first + timedelta(days=100))
        by_type = group_figures(session, HUE, moment, by=("subject_type",), only=Only(agency=AGENCY))
    [turned] = {each.turns_on for each in office.owed(asked) if each.asked_on is not None}
    # Today is not over: nobody turns before its end.
    office.clock.advance(turned - first)
    assert of_agency(office, at(office.clock()))[Group.NOT_PLEDGED] == 0
    assert of_agency(office, at_end_of(turned))[Group.NOT_PLEDGED] == 1
    assert {each.key["subject_type"]: each.in_scope for each in by_type} == {"digital_seller": 2}
    [owed] = [each for each in office.owed(asked) if each.asked_on is not None]
    office.sign(asked, owed)
    assert of_agency(office, at(office.clock()))[Group.WAITING_FOR_AGENCY] == 1
    assert of_agency(office, at(office.clock()), commune=COMMUNES[HUE]).in_scope == 2
    assert of_agency(office, at(office.clock()), commune="").in_scope == 0


def test_drift_of_counters_is_seen(office: QuarterOffice) -> None:
    office.subject()
    moment = at_end_of(date(2026, 12, 31))
    assert disagreeing([of_agency(office, moment)]) == []

    def drift(session: Session) -> None:
        session.execute(update(Counter).values(in_scope=Counter.in_scope + 1))

    office.database.run(drift)
    assert len(disagreeing([of_agency(office, moment)])) == 1
