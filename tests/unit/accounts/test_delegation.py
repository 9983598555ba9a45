from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.accounts import operations
from pledges.accounts.delegation import (
    NewDelegation,
    approval_title,
    delegate,
    end_delegation,
    living_delegation,
    possible_receivers,
)
from pledges.accounts.models import Delegation, Role, Staff
from pledges.audit.models import Fact
from pledges.core.calendar import local_day
from pledges.core.db import Database
from pledges.core.errors import Conflict, DomainError
from pledges.plans.models import Agency
from tests.support.clock import FixedClock
from tests.support.signing import run_together
from tests.unit.accounts.conftest import COMMAND, PROVINCE, AddStaff

TITLE = "TUQ. GIÁM ĐỐC – CHÁNH VĂN PHÒNG"


@pytest.fixture
def giver(add: AddStaff) -> Staff:
    return add("lanh-dao@vidu.vn", role=Role.APPROVER, signing_title="GIÁM ĐỐC")


@pytest.fixture
def receiver(add: AddStaff, giver: Staff) -> Staff:
    return add("chuyen-vien@vidu.vn")


@pytest.fixture
def today(clock: FixedClock) -> date:
    return local_day(clock())


@pytest.fixture
def new(receiver: Staff, today: date) -> NewDelegation:
    return NewDelegation(
        receiver.id, TITLE, today + timedelta(days=1), today + timedelta(days=3), "12/QĐ-SCT (giả định)"
    )


def give(database: Database, giver: Staff, new: NewDelegation, clock: FixedClock) -> Delegation:
    return database.run(lambda session: delegate(session, giver, new, actor=COMMAND, now=clock()))


def living(database: Database, staff: Staff, day: date) -> Delegation | None:
    with database.read() as session:
        return living_delegation(session, session.get_one(Staff, (PROVINCE, staff.id)), day)


def test_holds_from_the_first_day_to_the_last(
    database: Database, giver: Staff, receiver: Staff, new: NewDelegation, today: date, clock: FixedClock
) -> None:
    made = give(database, giver, new, clock)
    days = [day for day in range(6) if living(database, receiver, today + timedelta(days=day))]
    assert days == [1, 2, 3]
    assert living(database, giver, new.starts_on) is None
    with database.read() as session:
        fact = session.scalars(select(Fact).where(Fact.kind == "delegation.made")).one()
        agency = session.get_one(Agency, (PROVINCE, "SCT"))
        officer = session.get_one(Staff, (PROVINCE, receiver.id))
        title, by = approval_title(session, officer, agency, new.starts_on)
        assert (title, by.id if by else None) == (TITLE, made.id)
        assert approval_title(session, session.get_one(Staff, (PROVINCE, giver.id)), agency, new.starts_on) == (
            "GIÁM ĐỐC",
            None,
        )
        agency.signing_title = "KT. GIÁM ĐỐC"
        assert approval_title(session, officer, agency, today) == ("KT. GIÁM ĐỐC", None)
    assert (fact.object_id, set(fact.data)) == (made.id, {"agency", "from", "to", "starts_on", "ends_on"})


def test_ends_when_told_to_and_only_once(
    database: Database, giver: Staff, receiver: Staff, new: NewDelegation, today: date, clock: FixedClock
) -> None:
    made = give(database, giver, replace(new, starts_on=today), clock)
    database.run(lambda session: end_delegation(session, made, actor=COMMAND, now=clock()))
    assert living(database, receiver, today) is None
    with pytest.raises(Conflict):
        database.run(lambda session: end_delegation(session, made, actor=COMMAND, now=clock()))
    over = give(database, giver, replace(new, starts_on=today, ends_on=today), clock)
    clock.advance(timedelta(days=1))
    with pytest.raises(Conflict):
        database.run(lambda session: end_delegation(session, over, actor=COMMAND, now=clock()))


@pytest.mark.parametrize("who", ["giver", "receiver"])
@pytest.mark.parametrize("change", ["disabled", "other role", "other agency"])
def test_dies_with_either_person(
    database: Database,
    giver: Staff,
    receiver: Staff,
    new: NewDelegation,
    clock: FixedClock,
    who: str,
    change: str,
) -> None:
    give(database, giver, new, clock)

    def leave(session: Session) -> None:
        session.add(Agency(province_code=PROVINCE, code="SYT", name="Sở Y tế Thử Nghiệm"))
        session.flush()
        found = session.get_one(Staff, (PROVINCE, giver.id if who == "giver" else receiver.id))
        if change == "disabled":
            operations.disable_staff(session, found, actor=COMMAND, now=clock())
        elif change == "other role":
            found.role = Role.REPORTING_UNIT
        else:
            found.agency_code = "SYT"

    database.run(leave)
    assert living(database, receiver, new.starts_on) is None


class TestRefusals:
    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"title": "GIÁM ĐỐC"}, "title"),
            ({"title": "TUQ."}, "title"),
            ({"starts": -1}, "starts_on"),
            ({"starts": 4}, "ends_on"),
            ({"ends": 367}, "ends_on"),
        ],
    )
    def test_of_titles_and_days(
        self,
        database: Database,
        giver: Staff,
        new: NewDelegation,
        today: date,
        clock: FixedClock,
        changes: dict[str, object],
        field: str,
    ) -> None:
        values = {
            {"starts": "starts_on", "ends": "ends_on"}.get(name, name): today + timedelta(days=value)
            if isinstance(value, int)
            else value
            for name, value in changes.items()
        }
        with pytest.raises(DomainError) as refused:
            give(database, giver, replace(new, **values), clock)  # type: ignore[arg-type]
        assert refused.value.field == field

    def test_of_people(
        self, database: Database, add: AddStaff, giver: Staff, receiver: Staff, new: NewDelegation, clock: FixedClock
    ) -> None:
        other_approver = add("pho@vidu.vn", role=Role.APPROVER)
        reporting = add("bao-cao@vidu.vn", role=Role.REPORTING_UNIT)
        with database.read() as session:
            assert [person.id for person in possible_receivers(session, giver)] == [receiver.id]
        for wrong in (giver, other_approver, reporting):
            with pytest.raises(DomainError) as refused:
                give(database, giver, replace(new, to_staff_id=wrong.id), clock)
            assert refused.value.field == "to"
        with pytest.raises(DomainError) as refused:
            give(database, receiver, replace(new, to_staff_id=giver.id), clock)
        assert refused.value.field == "giver"

    def test_of_the_same_days_twice_even_at_once(
        self, database: Database, giver: Staff, receiver: Staff, new: NewDelegation, clock: FixedClock
    ) -> None:
        def attempt(_number: int) -> bool:
            try:
                give(database, giver, new, clock)
            except DomainError as refusal:
                return refusal.field != "starts_on"
            return True

        assert sorted(run_together(attempt, 6)) == [False] * 5 + [True]
        give(
            database,
            giver,
            replace(new, starts_on=new.ends_on + timedelta(days=1), ends_on=new.ends_on + timedelta(days=9)),
            clock,
        )
