"""Two people revoke, at once and for everybody; of many at once one has an effect."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import func, select

from pledges.accounts.models import Role, Staff
from pledges.accounts.permissions import NotPermitted
from pledges.core.db import Database
from pledges.core.errors import Conflict, DomainError, NotFound
from pledges.core.secrecy import Vault
from pledges.messaging.models import Message
from pledges.review.errors import AlreadyDecided, SecondPersonNeeded
from pledges.review.models import Revocation, RevocationState
from pledges.review.revocations import ask_revocation, open_revocation, refuse_revocation, revoke
from pledges.signing.models import PledgeState
from tests.support.clock import FixedClock
from tests.support.offices import WAY_TO, Office
from tests.support.signing import run_together

S = PledgeState
REASON = "Trang đã bán hàng giả, theo quyết định xử phạt thử nghiệm số 01."


@pytest.fixture
def office(database: Database, clock: FixedClock, vault: Vault) -> Office:
    office = Office(database, clock, vault)
    office.enter(*WAY_TO[S.APPROVED])
    return office


@pytest.fixture
def small_office(sqlite_database: Database, clock: FixedClock, vault: Vault) -> Office:
    office = Office(sqlite_database, clock, vault)
    office.enter(*WAY_TO[S.APPROVED])
    return office


def ask(office: Office, staff: Staff | None = None, reason: str = REASON) -> Revocation:
    return office.database.run(
        lambda session: ask_revocation(
            session, office.key, staff=staff or office.officer, reason=reason, now=office.clock()
        )
    )


def confirm(office: Office, revocation_id: uuid.UUID, staff: Staff | None = None) -> None:
    office.database.run(
        lambda session: revoke(
            session, office.key[0], revocation_id, staff=staff or office.approver, now=office.clock(), **office.mail
        )
    )


def test_a_second_person_revokes(office: Office) -> None:
    before = office.pledge()
    asked = ask(office)
    assert office.pledge().state is S.APPROVED
    confirm(office, asked.id)
    pledge = office.pledge()
    assert pledge.state is S.REVOKED
    assert pledge.document_id == before.document_id
    with office.database.read() as session:
        letter = session.scalars(select(Message).where(Message.kind == "pledge_revoked")).one()
        assert open_revocation(session, office.key) is None
    assert letter.params["message"] == [REASON]
    assert office.facts("pledge.revoked") == 1


def test_nobody_confirms_their_own_request(small_office: Office) -> None:
    asked = ask(small_office, small_office.approver)
    with pytest.raises(SecondPersonNeeded):
        confirm(small_office, asked.id)
    assert small_office.pledge().state is S.APPROVED
    confirm(small_office, asked.id, small_office.person("lanh.dao.2@vidu.vn", Role.APPROVER))
    assert small_office.pledge().state is S.REVOKED


def test_twenty_requests_and_twenty_confirmations_are_one_each(office: Office) -> None:
    def one_request(number: int) -> str:
        try:
            ask(office, (office.officer, office.second)[number % 2])
        except AlreadyDecided as kind:
            return str(kind)
        return "done"

    answers = run_together(one_request, 20)
    assert answers.count("done") == 1
    assert all("đề nghị đang chờ người thứ hai" in answer for answer in answers if answer != "done")
    with office.database.read() as session:
        revocation = open_revocation(session, office.key)
    assert revocation is not None

    def one_confirmation(_number: int) -> str:
        try:
            confirm(office, revocation.id)
        except AlreadyDecided as kind:
            return str(kind)
        return "done"

    answers = run_together(one_confirmation, 20)
    assert answers.count("done") == 1
    assert all("đã thu hồi bản cam kết này lúc" in answer for answer in answers if answer != "done")
    with office.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Message).where(Message.kind == "pledge_revoked")) == 1


def test_a_refused_request_leaves_it_in_force_and_may_come_again(small_office: Office) -> None:
    asked = ask(small_office)
    with pytest.raises(DomainError) as missing:
        _refuse(small_office, asked.id, "")
    assert missing.value.field == "note"
    _refuse(small_office, asked.id, "Chưa đủ căn cứ.")
    assert small_office.pledge().state is S.APPROVED
    with pytest.raises(AlreadyDecided, match="không đồng ý thu hồi"):
        confirm(small_office, asked.id)
    small_office.clock.set(small_office.clock())
    assert ask(small_office).state is RevocationState.ASKED


def _refuse(office: Office, revocation_id: uuid.UUID, note: str) -> None:
    office.database.run(
        lambda session: refuse_revocation(
            session, office.key[0], revocation_id, staff=office.approver, note=note, now=office.clock()
        )
    )


@pytest.mark.parametrize("state", [state for state in S if state is not S.APPROVED])
def test_only_what_is_in_force_is_revoked(
    sqlite_database: Database, clock: FixedClock, vault: Vault, state: PledgeState
) -> None:
    office = Office(sqlite_database, clock, vault)
    office.enter(*WAY_TO[state])
    with pytest.raises(Conflict):
        ask(office)


def test_a_pledge_withdrawn_meanwhile_is_not_revoked_any_more(small_office: Office) -> None:
    asked = ask(small_office)
    small_office.enter(S.WITHDRAWN)
    with small_office.database.read() as session:
        assert open_revocation(session, small_office.key) is None
    with pytest.raises(Conflict):
        confirm(small_office, asked.id)
    assert small_office.pledge().state is S.WITHDRAWN


def test_strangers_and_officers_do_not_decide(small_office: Office) -> None:
    asked = ask(small_office)
    with pytest.raises(NotPermitted):
        confirm(small_office, asked.id, small_office.second)
    for place in ({"agency": "46-SYT"}, {"agency": "20-SCT", "province": "20"}):
        stranger = small_office.person(f"la.{place['agency']}@vidu.vn", Role.APPROVER, **place)
        with pytest.raises(NotFound):
            confirm(small_office, asked.id, stranger)
        with pytest.raises(NotFound):
            ask(small_office, stranger)
    with pytest.raises(NotFound):
        confirm(small_office, uuid.uuid4())
    assert small_office.pledge().state is S.APPROVED
