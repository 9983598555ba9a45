"""What the survivor's obligation takes over from the merged entity's one of the same entry: its scope and cohort."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pledges.registry.counters import move_scope, retime_as_it_stands
from pledges.registry.counts import Count
from pledges.registry.models import IN_SCOPE, Cohort, Entity, Obligation, Scope
from pledges.registry.upkeep_models import Matter, ObligationDecision, ProposalState, ScopeProposal, ScopeReason


def adopt_scope(session: Session, twin: Obligation, own: Obligation, kept: Entity, *, day: date) -> list[Count]:
    """Let the survivor's obligation say for both whether and since when they are asked."""
    if own.cohort is Cohort.UNKNOWN or twin.cohort is Cohort.INITIAL:
        own.cohort = twin.cohort
    counts = retime_as_it_stands(session, own, day=day)
    scope = _common_scope(session, twin, own)
    return counts + (move_scope(session, own, kept, scope, day=day) if scope is not own.scope else [])


def _common_scope(session: Session, twin: Obligation, own: Obligation) -> Scope:
    """In scope where one of them is, unless the survivor's agency has decided otherwise.

    That the merged one was out says nothing: the register may have called it out because it stood there twice.
    """
    decided = own.scope is Scope.CONFIRMED_IN or (
        own.scope is Scope.CONFIRMED_OUT and _last_reason(session, own) != ScopeReason.DUPLICATE.value
    )
    if decided or twin.scope not in IN_SCOPE:
        return own.scope
    return twin.scope if own.scope not in IN_SCOPE or twin.scope is Scope.CONFIRMED_IN else own.scope


def _last_reason(session: Session, obligation: Obligation) -> str | None:
    return session.scalars(
        select(ObligationDecision.reason)
        .where(
            ObligationDecision.province_code == obligation.province_code,
            ObligationDecision.obligation_id == obligation.id,
            ObligationDecision.matter == Matter.SCOPE,
        )
        .order_by(ObligationDecision.decided_at.desc(), ObligationDecision.id.desc())
        .limit(1)
    ).first()


def move_proposals(session: Session, twin: Obligation, own: Obligation) -> list[str]:
    """Open questions of other agencies are put about the obligation that counts from now on, once per agency."""
    asked = select(ScopeProposal.from_agency).where(
        ScopeProposal.province_code == own.province_code,
        ScopeProposal.obligation_id == own.id,
        ScopeProposal.state == ProposalState.OPEN,
    )
    rows = session.scalars(
        update(ScopeProposal)
        .where(
            ScopeProposal.province_code == twin.province_code,
            ScopeProposal.obligation_id == twin.id,
            ScopeProposal.state == ProposalState.OPEN,
            ScopeProposal.from_agency.not_in(asked),
        )
        .values(obligation_id=own.id)
        .returning(ScopeProposal.id)
        .execution_options(synchronize_session=False)
    ).all()
    return sorted(str(row) for row in rows)


def judge_again(
    session: Session,
    obligations: Iterable[Obligation],
    judged: dict[str, list[list[str]]],
    owners: dict[uuid.UUID, Entity],
    *,
    day: date,
) -> list[Count]:
    """Scopes and cohorts as before the merge, where nobody has decided about them since."""
    counts: list[Count] = []
    for obligation in obligations:
        (scope, cohort), (scope_then, cohort_then) = judged.get(str(obligation.id), [["", ""], ["", ""]])
        if obligation.scope.value == scope_then != scope:
            owner = owners.get(obligation.entity_id) if obligation.entity_id is not None else None
            counts += move_scope(session, obligation, owner, Scope(scope), day=day)
        if cohort and obligation.cohort.value == cohort_then:
            obligation.cohort = Cohort(cohort)
            counts += retime_as_it_stands(session, obligation, day=day)
    return counts


def give_proposals_back(session: Session, province_code: str, pair: dict[str, Any]) -> None:
    """The open questions that the merge had put about the survivor's obligation."""
    session.execute(
        update(ScopeProposal)
        .where(
            ScopeProposal.province_code == province_code,
            ScopeProposal.id.in_([uuid.UUID(each) for each in pair["proposals"]]),
            ScopeProposal.obligation_id == uuid.UUID(pair["kept"]),
            ScopeProposal.state == ProposalState.OPEN,
        )
        .values(obligation_id=uuid.UUID(pair["twin"]))
        .execution_options(synchronize_session=False)
    )
