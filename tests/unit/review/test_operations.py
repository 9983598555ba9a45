"""What each decision does, from which state, by whom; and that of many at once one has an effect."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.accounts.models import Role, Staff
from pledges.accounts.permissions import PERMISSIONS, Action, NotPermitted
from pledges.core.db import Database
from pledges.core.errors import Conflict, DomainError, NotFound
from pledges.core.secrecy import Vault
from pledges.messaging.models import Message
from pledges.registry.models import Obligation
from pledges.review import operations
from pledges.review.errors import AlreadyDecided, SecondPersonNeeded
from pledges.review.models import Decision, DecisionKind
from pledges.signing.models import Pledge, PledgeCover, PledgeState
from pledges.signing.rules import TRANSITIONS, WITH_AGENCY, hold_of, may_follow
from pledges.signing.states import StateChanged, change_state
from tests.support.clock import FixedClock
from tests.support.offices import MESSAGE, WAY_TO, Office
from tests.support.signing import HUE, run_together

S = PledgeState


@pytest.fixture
def office(database: Database, clock: FixedClock, vault: Vault) -> Office:
    return Office(database, clock, vault)


@pytest.fixture
def small_office(sqlite_database: Database, clock: FixedClock, vault: Vault) -> Office:
    return Office(sqlite_database, clock, vault)


VERBS: dict[str, tuple[Action, PledgeState]] = {
    "recommend": (Action.PLEDGE_RECOMMEND, S.RECOMMENDED),
    "return_for_correction": (Action.PLEDGE_RETURN, S.RETURNED),
    "defer": (Action.PLEDGE_DEFER, S.DEFERRED),
    "resume": (Action.PLEDGE_RESUME, S.SUBMITTED),
    "reject": (Action.PLEDGE_REJECT, S.REJECTED),
    "approve": (Action.PLEDGE_APPROVE, S.COUNTERSIGNING),
}


def test_the_way_to_every_state_is_known() -> None:
    assert set(WAY_TO) == set(S)


def test_permissions_and_transitions_say_the_same() -> None:
    """A page shows a button exactly where the state table lets the decision happen."""
    for verb, (action, after) in VERBS.items():
        before = {state for state in S if may_follow(state, after)}
        if verb == "resume":
            before = {S.DEFERRED}
        assert PERMISSIONS[action].states == {state.value for state in before}, verb


@pytest.mark.parametrize("before", list(S))
def test_each_decision_in_each_state(small_office: Office, before: PledgeState) -> None:
    """A decision happens where the table has it, and leaves everything as it was where it has not."""
    office = small_office
    office.enter(*WAY_TO[before])
    for verb, (action, _after) in VERBS.items():
        allowed = PERMISSIONS[action].states or frozenset()
        if before.value in allowed:
            continue
        with pytest.raises(Conflict):
            office.do(verb)
        assert office.pledge().state is before
    possible = [verb for verb, (action, _after) in VERBS.items() if before.value in (PERMISSIONS[action].states or ())]
    for verb in possible[:1]:
        decision = office.do(verb)
        assert office.pledge().state is VERBS[verb][1]
        assert decision.kind in set(DecisionKind)


@pytest.mark.parametrize("verb", list(VERBS))
def test_every_decision_moves_state_covers_and_counters_together(small_office: Office, verb: str) -> None:
    office = small_office
    office.enter(*{"approve": (S.RECOMMENDED,), "resume": (S.DEFERRED,)}.get(verb, ()))
    before = office.pledge()
    office.do(verb)
    after = office.pledge()
    assert after.revision == before.revision + 1
    assert after.state_since == office.clock()
    with office.database.read() as session:
        holds = set(session.scalars(select(PledgeCover.hold)))
    assert holds == {hold_of(after.state)}
    assert office.figures() == (int(after.state in WITH_AGENCY), 0)


def test_every_state_is_counted_as_the_table_says(small_office: Office) -> None:
    """Along the longest way, forth and back: the counters follow and agree with the facts."""
    office = small_office

    def step(state: PledgeState) -> None:
        office.clock.advance(timedelta(minutes=1))

        def change(session: Session) -> None:
            changed = change_state(session, *office.key, state, now=office.clock())
            if changed.counts:
                operations.record(
                    session,
                    "pledge.resumed",
                    province_code=office.key[0],
                    object_id=office.key[1],
                    actor=operations.actor_of(office.officer),
                    now=office.clock(),
                    data={"counts": changed.counts},
                )

        office.database.run(change)

    expected = {state: (int(state in WITH_AGENCY), int(state is S.APPROVED)) for state in S}
    way = (S.DEFERRED, S.RETURNED, S.SUBMITTED, S.RECOMMENDED, S.COUNTERSIGNING, S.APPROVED, S.REVOKED)
    for state in way:
        step(state)
        assert office.figures() == expected[state], state


def test_twenty_approvals_at_once_are_one(office: Office) -> None:
    office.enter(S.RECOMMENDED)
    seen = office.pledge().revision
    approvers = [office.approver, office.person("lanh.dao.2@vidu.vn", Role.APPROVER)]

    def one(number: int) -> str:
        try:
            office.do("approve", approvers[number % 2], seen=seen)
        except AlreadyDecided as kind:
            return str(kind)
        return "done"

    answers = run_together(one, 20)
    assert answers.count("done") == 1
    kind_answers = [answer for answer in answers if answer != "done"]
    assert len(kind_answers) == 19
    assert all("đã duyệt hồ sơ này lúc" in answer for answer in kind_answers)
    assert office.pledge().state is S.COUNTERSIGNING
    assert office.facts("pledge.approval_decided") == 1
    with office.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Decision)) == 1
    assert office.figures() == (1, 0)


def test_approving_and_returning_at_once_leave_one_of_both(office: Office) -> None:
    office.enter(S.RECOMMENDED)
    seen = office.pledge().revision

    def one(number: int) -> str:
        try:
            office.do("approve" if number % 2 else "return_for_correction", office.approver, seen=seen)
        except Conflict:
            return "late"
        return "done"

    assert sorted(run_together(one, 10)) == ["done"] + ["late"] * 9
    state = office.pledge().state
    assert state in {S.COUNTERSIGNING, S.RETURNED}
    with office.database.read() as session:
        letters = session.scalar(select(func.count()).select_from(Message).where(Message.kind == "pledge_returned"))
    assert letters == int(state is S.RETURNED)


def test_what_was_not_seen_is_not_decided(small_office: Office) -> None:
    seen = small_office.pledge().revision
    small_office.do("defer")
    with pytest.raises(AlreadyDecided, match="đã tạm hoãn hồ sơ này"):
        small_office.do("recommend", seen=seen)
    small_office.enter(S.WITHDRAWN)
    with pytest.raises(StateChanged):
        small_office.do("recommend")


def test_nobody_approves_what_they_recommended(small_office: Office) -> None:
    """Also where an approver had once recommended it as an officer."""
    small_office.enter(S.RECOMMENDED)

    def mine(session: Session) -> None:
        session.get_one(Pledge, small_office.key).recommended_by = small_office.approver.id

    small_office.database.run(mine)
    with pytest.raises(SecondPersonNeeded):
        small_office.do("approve")
    assert small_office.pledge().state is S.RECOMMENDED


def test_who_may_not_gets_the_answer_of_their_place(small_office: Office) -> None:
    office = small_office
    other_agency = office.person("so.khac@vidu.vn", Role.OFFICER, agency="46-SYT")
    other_province = office.person("tinh.khac@vidu.vn", Role.OFFICER, agency="20-SCT", province="20")
    for stranger in (other_agency, other_province):
        with pytest.raises(NotFound) as refused:
            office.do("recommend", stranger)
        assert str(refused.value) == str(NotFound())
    with pytest.raises(NotPermitted):
        office.do("recommend", office.approver)
    office.enter(S.RECOMMENDED)
    with pytest.raises(NotPermitted):
        office.do("approve", office.second)


@pytest.mark.parametrize(
    ("verb", "said", "field"),
    [
        ("return_for_correction", {"message": " \n "}, "message"),
        ("return_for_correction", {"asked": []}, "asked"),
        ("return_for_correction", {"asked": ["email", "state"]}, "asked"),
        ("return_for_correction", {"message": "á" * 2001}, "message"),
        ("reject", {"message": ""}, "message"),
        ("defer", {"note": "\u200b"}, "note"),
    ],
)
def test_what_is_missing_is_asked_for(small_office: Office, verb: str, said: dict[str, Any], field: str) -> None:
    with pytest.raises(DomainError) as refused:
        small_office.do(verb, **said)
    assert refused.value.field == field
    assert small_office.pledge().state is S.SUBMITTED


def test_an_unsealed_pledge_waits(small_office: Office) -> None:
    def unseal(session: Session) -> None:
        session.get_one(Pledge, small_office.key).document_id = None

    small_office.database.run(unseal)
    with pytest.raises(Conflict, match="chờ niêm phong"):
        small_office.do("recommend")


def test_without_a_title_nothing_is_approved(small_office: Office) -> None:
    office = small_office
    office.enter(S.RECOMMENDED)

    def untitle(session: Session) -> None:
        session.get_one(Staff, (HUE, office.approver.id)).signing_title = ""

    office.database.run(untitle)
    office.approver = office.database.run(lambda session: session.get_one(Staff, (HUE, office.approver.id)))
    with pytest.raises(DomainError, match="chức danh"):
        office.do("approve")
    assert office.pledge().state is S.RECOMMENDED


def test_the_signer_is_told_what_to_correct(small_office: Office) -> None:
    small_office.do("return_for_correction", note="Nghi trùng với hồ sơ khác.")
    with small_office.database.read() as session:
        letter = session.scalars(select(Message).where(Message.kind == "pledge_returned")).one()
    assert letter.params["message"] == [MESSAGE]
    assert letter.params["asked"] == ["Mã số thuế hoặc số định danh"]
    assert "Nghi trùng" not in str(letter.params)


def test_the_table_of_transitions_leaves_no_state_alone() -> None:
    assert set(TRANSITIONS) == set(S)


def test_an_obligation_is_never_counted_twice(small_office: Office) -> None:
    """Two pledges for one subject, as with an amendment: in force wins over waiting."""
    office = small_office
    office.enter(S.RECOMMENDED, S.COUNTERSIGNING, S.APPROVED)

    def second_pledge(session: Session) -> tuple[str, uuid.UUID]:
        first = session.get_one(Pledge, office.key)
        columns = {column.name: getattr(first, column.name) for column in Pledge.__table__.columns}
        columns |= {
            "id": uuid.uuid4(),
            "reference": "CK-46-2026-ZZZZZZ",
            "verification_code": "z" * 29,
            "draft_id": uuid.uuid4(),
            "state": S.SUBMITTED,
            "amends_id": first.id,
        }
        amendment = Pledge(**columns)
        session.add(amendment)
        session.flush()
        for cover in session.scalars(select(PledgeCover).where(PledgeCover.pledge_id == first.id)).all():
            session.add(
                PledgeCover(
                    province_code=HUE,
                    pledge_id=amendment.id,
                    entry_id=cover.entry_id,
                    obligation_id=cover.obligation_id,
                )
            )
        session.flush()
        change_state(session, HUE, amendment.id, S.DEFERRED, now=office.clock())
        return HUE, amendment.id

    amendment = office.database.run(second_pledge)

    def read() -> list[tuple[int, int]]:
        with office.database.read() as session:
            return [(row.waiting_for_agency, row.in_force) for row in session.scalars(select(Obligation))]

    assert read() == [(0, 1)]
    office.enter(S.REVOKED)
    assert read() == [(1, 0)]
    office.database.run(lambda session: change_state(session, *amendment, S.REJECTED, now=office.clock()))
    assert read() == [(0, 0)]
