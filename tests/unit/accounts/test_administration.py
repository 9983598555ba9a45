from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.accounts import administration, operations, queries
from pledges.accounts.administration import Inviting, Post
from pledges.accounts.models import Role, Staff
from pledges.accounts.operations import NewStaff
from pledges.accounts.permissions import NotPermitted
from pledges.audit.models import Fact
from pledges.audit.operations import WHOLE_SYSTEM
from pledges.core.db import Database
from pledges.core.errors import Conflict, DomainError, NotFound
from pledges.core.secrecy import Vault
from pledges.core.tokens import Tokens
from pledges.messaging.models import Message
from pledges.messaging.operations import secrets_of
from tests.support.clock import FixedClock
from tests.support.signing import run_together
from tests.unit.accounts.conftest import PROVINCE, AddStaff


@pytest.fixture
def inviting(tokens: Tokens, vault: Vault) -> Inviting:
    return Inviting(tokens, vault, "https://camket.vidu.vn")


@pytest.fixture
def own(add: AddStaff) -> Staff:
    """The administrator of the invented province."""
    return add("quan-tri-tinh@vidu.vn", role=Role.ADMINISTRATOR, agency_code=None)


def again(session: Session, staff: Staff) -> Staff:
    return session.get_one(Staff, (staff.province_code, staff.id))


def change(database: Database, staff: Staff, by: Staff, clock: FixedClock, **changes: Any) -> list[str]:
    def work(session: Session) -> list[str]:
        found = again(session, staff)
        post = Post(found.name, found.role, found.agency_code, found.commune_code, found.signing_title)
        return administration.change_post(session, found, replace(post, **changes), by=again(session, by), now=clock())

    return database.run(work)


def test_an_invitation_mails_the_only_living_link(
    database: Database, own: Staff, inviting: Inviting, vault: Vault, clock: FixedClock
) -> None:
    new = NewStaff("moi@vidu.vn", "Lê Thị Mẫu", Role.APPROVER, PROVINCE, "SCT", signing_title="GIÁM ĐỐC")
    staff = database.run(lambda session: administration.invite(session, new, by=own, inviting=inviting, now=clock()))
    database.run(
        lambda session: administration.send_new_link(
            session, again(session, staff), by=own, inviting=inviting, now=clock()
        )
    )
    with database.read() as session:
        first, second = session.scalars(select(Message).order_by(Message.created_at, Message.id)).all()
        assert (first.kind, first.to_address, first.expires_at) == (
            "staff_link",
            "moi@vidu.vn",
            queries.living_link_until(session, staff, clock()),
        )
        links = [secrets_of(message, vault)["link"].rpartition("/") for message in (first, second)]
        assert links[0][0] == "https://camket.vidu.vn/can-bo/thiet-lap"
        with pytest.raises(operations.LinkDead):
            operations.follow_set_up_link(session, links[0][2], tokens=inviting.tokens, now=clock())
        assert operations.follow_set_up_link(session, links[1][2], tokens=inviting.tokens, now=clock()).id == staff.id
        facts = session.scalars(select(Fact).where(Fact.object_id == staff.id)).all()
    assert all("vidu.vn" not in str(fact.data) and "Mẫu" not in str(fact.data) for fact in facts)


def test_a_province_reaches_only_its_own_people(
    database: Database, own: Staff, administrator: Staff, inviting: Inviting, clock: FixedClock
) -> None:
    new = NewStaff("moi@vidu.vn", "Lê Thị Mẫu", Role.ADMINISTRATOR, WHOLE_SYSTEM)
    for act in (
        lambda session: administration.invite(session, new, by=own, inviting=inviting, now=clock()),
        lambda session: administration.disable(session, again(session, administrator), by=own, now=clock()),
        lambda session: administration.sign_out_everywhere(session, again(session, administrator), by=own, now=clock()),
        lambda session: administration.send_new_link(
            session, again(session, administrator), by=own, inviting=inviting, now=clock()
        ),
    ):
        with pytest.raises(NotFound):
            database.run(act)
    with pytest.raises(NotFound):
        change(database, administrator, own, clock, name="Khác")


def test_a_new_post_ends_sessions_and_its_fact_carries_codes(
    database: Database, add: AddStaff, own: Staff, clock: FixedClock
) -> None:
    staff = add()
    token = database.run(lambda session: operations.begin_session(session, again(session, staff), clock()))
    assert change(database, staff, own, clock, name="Tên Mới", signing_title="GIÁM ĐỐC") == ["name", "signing_title"]
    with database.read() as session:
        assert queries.living_session(session, token, clock()) is not None
    assert change(database, staff, own, clock, role=Role.APPROVER) == ["role"]
    assert change(database, staff, own, clock) == []
    with database.read() as session:
        assert queries.living_session(session, token, clock()) is None
        facts = session.scalars(select(Fact).where(Fact.kind == "staff.changed").order_by(Fact.id)).all()
    assert [fact.data for fact in facts] == [
        {"fields": ["name", "signing_title"], "before": {}, "after": {}},
        {"fields": ["role"], "before": {"role": "officer"}, "after": {"role": "approver"}},
    ]
    for wrong, field in (
        ({"agency_code": None}, "agency"),
        ({"agency_code": "KHONG"}, "agency"),
        ({"name": " "}, "name"),
    ):
        with pytest.raises(DomainError) as refused:
            change(database, staff, own, clock, **wrong)
        assert refused.value.field == field


def test_nobody_locks_themselves_out(database: Database, own: Staff, administrator: Staff, clock: FixedClock) -> None:
    for staff in (own, administrator):
        with pytest.raises(DomainError, match="không tự khóa"):
            database.run(
                lambda session, staff=staff: administration.disable(
                    session, again(session, staff), by=staff, now=clock()
                )
            )
    with pytest.raises(DomainError, match="không tự khóa"):
        change(database, own, own, clock, role=Role.PROVINCE_VIEWER)
    assert change(database, own, own, clock, name="Tên Mới") == ["name"]


def test_administrators_who_disable_each_other_at_once_leave_one(
    database: Database, add: AddStaff, own: Staff, clock: FixedClock
) -> None:
    both = [own, add("quan-tri-hai@vidu.vn", role=Role.ADMINISTRATOR, agency_code=None)]

    def disable(number: int) -> bool:
        staff, by = both[number], both[1 - number]
        try:
            database.run(lambda session: administration.disable(session, again(session, staff), by=by, now=clock()))
        except NotPermitted:
            return False
        return True

    assert sorted(run_together(disable, 2)) == [False, True]
    with database.read() as session:
        assert sorted(again(session, one).active for one in both) == [False, True]


def test_the_disabled_get_no_link_and_come_back_with_their_password(
    database: Database, add: AddStaff, own: Staff, inviting: Inviting, clock: FixedClock
) -> None:
    staff = add()
    database.run(lambda session: administration.disable(session, again(session, staff), by=own, now=clock()))
    with pytest.raises(Conflict):
        database.run(
            lambda session: administration.send_new_link(
                session, again(session, staff), by=own, inviting=inviting, now=clock()
            )
        )
    database.run(lambda session: administration.enable(session, again(session, staff), by=own, now=clock()))
    with database.read() as session:
        assert again(session, staff).active
