"""Lead agencies decide, others propose; counters, as-of and the record of decisions agree after every step."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.accounts.models import Role, Staff
from pledges.accounts.permissions import NotPermitted
from pledges.core.db import Database
from pledges.core.errors import Conflict, DomainError, NotFound
from pledges.registry.models import Cohort, Obligation, Scope
from pledges.registry.scope import (
    Said,
    decide_cohort,
    decide_cohorts,
    decide_proposal,
    decide_scope,
    decide_scopes,
    mark_of,
    propose_scope,
    take_back,
)
from pledges.registry.scope_words import CohortReason
from pledges.registry.timeline import as_of
from pledges.registry.upkeep_models import ObligationDecision, ProposalState, ScopeProposal, ScopeReason
from tests.support.clock import START
from tests.unit.registry.care_support import TODAY, add, decide, into, new, out, owed, person
from tests.unit.registry.conftest import P
from tests.unit.registry.declarations import declared, drifts, register_in
from tests.unit.registry.test_counters import lines, sign

IN, OUT = into(), out()


@pytest.fixture
def officer(register: Database) -> Staff:
    return person(register, "sct@vidu.vn")


@pytest.fixture
def other(register: Database) -> Staff:
    return person(register, "svh@vidu.vn", agency="97-SVH")


def seller(database: Database) -> Obligation:
    return owed(database, add(database, new()))["97-seller"]


STEPS = [
    ([OUT], Scope.CONFIRMED_OUT, 0),
    ([IN], Scope.CONFIRMED_IN, 1),
    ([OUT, OUT, IN, IN, OUT, IN], Scope.CONFIRMED_IN, 1),
]


@pytest.mark.parametrize(("steps", "scope", "counted"), STEPS)
def test_a_decision_moves_the_counters_and_another_takes_it_back(
    register: Database, officer: Staff, steps: list[Said], scope: Scope, counted: int
) -> None:
    first = register_in(register, declared())
    register.run(lambda session: sign(session, first))
    for step in steps:
        decide(register, first.obligations[0], step, officer)
        assert drifts(register) == []
    with register.read() as session:
        assert session.get_one(Obligation, (P, first.obligations[0].id)).scope is scope
        assert session.scalar(select(func.count()).select_from(ObligationDecision)) == len(steps)
    assert lines(register) == [("97-seller", None, None, counted, counted, 0)]


REFUSED: list[tuple[str, Said, str]] = [
    ("no evidence", replace(OUT, evidence=""), "evidence"),
    ("a reason for out", replace(OUT, in_scope=True), "reason"),
    ("a reason for in", replace(IN, in_scope=False), "reason"),
    ("other without words", replace(OUT, reason=ScopeReason.OTHER), "note"),
    ("tomorrow", replace(OUT, effective_on=TODAY + timedelta(days=1)), "effective_on"),
    ("hidden signs", replace(OUT, evidence="a\u202eb"), "evidence"),
]


def test_what_says_too_little_decides_nothing(register: Database, officer: Staff) -> None:
    obligation = seller(register)
    for name, what, field in REFUSED:
        with pytest.raises(DomainError) as refused:
            decide(register, obligation, what, officer)
        assert refused.value.field == field, name
    assert lines(register) == [("97-seller", None, None, 1, 0, 0)]


def test_only_the_lead_agency_decides(register: Database, other: Staff) -> None:
    obligation = seller(register)
    with pytest.raises(NotFound):
        decide(register, obligation, OUT, other)
    approver = person(register, "lanh.dao@vidu.vn", role=Role.APPROVER)
    with pytest.raises(NotPermitted):
        decide(register, obligation, OUT, approver)


def test_of_twenty_at_once_one_decides(register: Database, officer: Staff) -> None:
    obligation = seller(register)
    with register.read() as session:
        seen = mark_of(session, session.get_one(Obligation, (P, obligation.id)))

    together = Barrier(20)

    def attempt(number: int) -> bool:
        what = OUT if number % 2 else IN
        together.wait(30)
        try:
            register.run(
                lambda session: decide_scope(session, (P, obligation.id), what, staff=officer, seen=seen, now=START),
                attempts=20,
                within=60,
            )
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        decided = list(pool.map(attempt, range(20)))
    assert sum(decided) == 1
    with register.read() as session:
        assert session.scalar(select(func.count()).select_from(ObligationDecision)) == 1
    assert drifts(register) == []


def test_as_of_any_day_tells_what_was_recorded_then(register: Database, officer: Staff) -> None:
    obligation = seller(register)
    days = {TODAY - timedelta(days=1): None, TODAY: (Scope.PRESUMED_IN, Cohort.UNKNOWN)}
    # Decided on the second day about something that was true long before: only from then on is it so.
    decide(register, obligation, out(on=date(2026, 1, 1)), officer, START + timedelta(days=1))
    days[TODAY + timedelta(days=1)] = (Scope.CONFIRMED_OUT, Cohort.UNKNOWN)
    register.run(
        lambda session: decide_cohort(
            session,
            (P, obligation.id),
            staff=officer,
            cohort=Cohort.INITIAL,
            reason=CohortReason.LICENCE,
            appeared_on=date(2025, 3, 1),
            seen=None,
            now=START + timedelta(days=2),
        )
    )
    days[TODAY + timedelta(days=2)] = (Scope.CONFIRMED_OUT, Cohort.INITIAL)
    # Three at one moment: what stands last follows from what each began with.
    for what in (IN, OUT, IN):
        decide(register, obligation, what, officer, START + timedelta(days=3))
    days[TODAY + timedelta(days=9)] = (Scope.CONFIRMED_IN, Cohort.INITIAL)
    with register.read() as session:
        mine = session.get_one(Obligation, (P, obligation.id))
        found = {day: as_of(session, mine, day) for day in days}
    assert {day: each and (each.scope, each.cohort) for day, each in found.items()} == days


# --- Proposals -------------------------------------------------------------------------------------------------------


@pytest.fixture
def propose(register: Database, other: Staff) -> Callable[[Obligation], ScopeProposal]:
    return lambda obligation: register.run(
        lambda session: propose_scope(session, (P, obligation.id), OUT, staff=other, now=START)
    )


def answer(
    database: Database, proposal: ScopeProposal, staff: Staff, *, accept: bool, words: str = ""
) -> ScopeProposal:
    return database.run(
        lambda session: decide_proposal(
            session, P, proposal.id, staff=staff, accept=accept, answer=words, seen=None, now=START
        )
    )


def test_another_agency_proposes_and_the_lead_accepts(
    register: Database, officer: Staff, propose: Callable[[Obligation], ScopeProposal]
) -> None:
    obligation = seller(register)
    proposal = propose(obligation)
    assert (proposal.from_agency, proposal.to_agency) == ("97-SVH", "97-SCT")
    assert lines(register) == [("97-seller", None, None, 1, 0, 0)]
    assert answer(register, proposal, officer, accept=True).state is ProposalState.ACCEPTED
    with register.read() as session:
        decision = session.scalars(select(ObligationDecision)).one()
    assert (decision.proposal_id, decision.reason, decision.staff_id) == (proposal.id, "closed", officer.id)
    assert lines(register) == [("97-seller", None, None, 0, 0, 0)]
    assert drifts(register) == []
    with pytest.raises(Conflict):
        answer(register, proposal, officer, accept=False, words="Vẫn hoạt động.")


def test_refusing_says_why_and_changes_nothing(
    register: Database, officer: Staff, other: Staff, propose: Callable[[Obligation], ScopeProposal]
) -> None:
    proposal = propose(seller(register))
    with pytest.raises(DomainError):
        answer(register, proposal, officer, accept=False)
    with pytest.raises(NotFound):
        answer(register, proposal, other, accept=True)
    assert answer(register, proposal, officer, accept=False, words="Vẫn hoạt động.").state is ProposalState.REFUSED
    assert lines(register) == [("97-seller", None, None, 1, 0, 0)]


def test_one_open_proposal_per_agency_and_it_can_be_taken_back(
    register: Database, officer: Staff, other: Staff, propose: Callable[[Obligation], ScopeProposal]
) -> None:
    obligation = seller(register)
    proposal = propose(obligation)
    with pytest.raises(Conflict):
        propose(obligation)
    with pytest.raises(NotFound):
        register.run(lambda session: take_back(session, P, proposal.id, staff=officer, now=START))
    register.run(lambda session: take_back(session, P, proposal.id, staff=other, now=START))
    assert propose(obligation).id != proposal.id
    with pytest.raises(DomainError):
        register.run(lambda session: propose_scope(session, (P, obligation.id), OUT, staff=officer, now=START))


def test_a_decision_of_the_same_sense_answers_the_proposal(
    register: Database, officer: Staff, propose: Callable[[Obligation], ScopeProposal]
) -> None:
    obligation = seller(register)
    proposal = propose(obligation)
    decide(register, obligation, IN, officer)
    with register.read() as session:
        assert session.get_one(ScopeProposal, (P, proposal.id)).state is ProposalState.OPEN
    decide(register, obligation, OUT, officer)
    with register.read() as session:
        assert session.get_one(ScopeProposal, (P, proposal.id)).state is ProposalState.ACCEPTED


# --- In bulk, and cohorts --------------------------------------------------------------------------------------------


def test_several_are_decided_at_once_where_nobody_has(register: Database, officer: Staff) -> None:
    first, second = seller(register), owed(register, add(register, new(name="Cửa hàng khác")))["97-seller"]
    decide(register, first, IN, officer)
    done = register.run(lambda session: decide_scopes(session, P, [first.id, second.id], OUT, staff=officer, now=START))
    assert done == 1
    assert lines(register) == [("97-seller", None, None, 1, 0, 0)]
    assert drifts(register) == []


def test_cohorts_of_many_are_decided_once(register: Database, officer: Staff) -> None:
    ids = [seller(register).id, owed(register, add(register, new(name="Cửa hàng khác")))["97-seller"].id]

    def work(session: Session) -> int:
        return decide_cohorts(
            session,
            P,
            ids,
            staff=officer,
            cohort=Cohort.INITIAL,
            reason=CohortReason.STATEMENT,
            note="Đã xác nhận qua điện thoại (thử nghiệm).",
            evidence="",
            now=START,
        )

    assert register.run(work) == 2
    assert register.run(work) == 0


COHORTS: list[tuple[Cohort, dict[str, object], str]] = [
    (Cohort.INITIAL, {}, "evidence"),
    (Cohort.INITIAL, {"appeared_on": date(2026, 4, 1)}, "appeared_on"),
    (Cohort.NEWCOMER, {"appeared_on": date(2025, 4, 1)}, "appeared_on"),
    (Cohort.NEWCOMER, {"appeared_on": TODAY + timedelta(days=1)}, "appeared_on"),
]


def test_a_cohort_needs_evidence_that_fits(register: Database, officer: Staff) -> None:
    obligation = seller(register)
    for cohort, told, field in COHORTS:
        with pytest.raises(DomainError) as refused:
            register.run(
                lambda session, cohort=cohort, told=told: decide_cohort(  # type: ignore[misc]
                    session,
                    (P, obligation.id),
                    staff=officer,
                    cohort=cohort,
                    reason=CohortReason.LICENCE,
                    seen=None,
                    now=START,
                    **told,
                )
            )
        assert refused.value.field == field
