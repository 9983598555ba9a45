"""Scope and cohort of an obligation as people decide them: appended decisions, and what other agencies propose.

Only the lead agency decides; everybody else in the province proposes (`model.md` 9). A decision is taken back by
another one. Counters follow at once: whatever pledges an obligation has, out of scope it counts nowhere.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.operations import actor_of
from pledges.accounts.permissions import Action, Place, require
from pledges.core.calendar import local_day
from pledges.core.db import new_id
from pledges.core.errors import N_, Conflict, DomainError, NotFound
from pledges.core.text import clean_block
from pledges.plans.rules import cohort_of
from pledges.registry.acts import Act
from pledges.registry.counters import move_scope, retime_as_it_stands
from pledges.registry.deciding import LONGEST_NOTE, Deciding, Key, check_day, mark_of, said, take_up
from pledges.registry.models import Cohort, Obligation, Scope
from pledges.registry.scope_words import IN_REASONS, OUT_REASONS, CohortReason
from pledges.registry.upkeep_models import Matter, ObligationDecision, ProposalState, ScopeProposal, ScopeReason

__all__ = [
    "decide_cohort",
    "decide_cohorts",
    "decide_proposal",
    "decide_scope",
    "decide_scopes",
    "mark_of",
    "propose_scope",
    "take_back",
]


_FACTS = {
    ProposalState.ACCEPTED: "proposal.answered",
    ProposalState.REFUSED: "proposal.answered",
    ProposalState.TAKEN_BACK: "proposal.taken_back",
}


@dataclass(frozen=True)
class Said:
    """What somebody says about the scope of an obligation."""

    in_scope: bool
    reason: ScopeReason
    effective_on: date
    note: str = ""
    evidence: str = ""
    """A link, or the number and day of a document."""


def decide_scope(
    session: Session, key: Key, what: Said, *, staff: Staff, seen: str | None, now: datetime
) -> ObligationDecision:
    """Decide for the lead agency whether an obligation is asked of its subject; counted from today on.

    `seen` is the `mark_of` that stood on the page; of twenty at once one decides, the others raise `Conflict`.
    Proposals that say the same are accepted with it.
    """
    found = take_up(session, key, staff, Action.SCOPE_DECIDE, seen=seen)
    decision = _decide(session, found, _checked(what, now), staff=staff, now=now)
    _accept_agreeing(session, found.obligation, what.in_scope, staff=staff, now=now)
    return decision


def decide_scopes(
    session: Session,
    province_code: str,
    obligation_ids: Collection[uuid.UUID],
    what: Said,
    *,
    staff: Staff,
    now: datetime,
) -> int:
    """The same decision about several obligations that are still presumed; returns about how many it was taken."""
    what = _checked(what, now)
    done = 0
    for obligation_id in sorted(set(obligation_ids)):
        found = take_up(session, (province_code, obligation_id), staff, Action.SCOPE_DECIDE, seen=None)
        if found.obligation.scope in (Scope.PRESUMED_IN, Scope.PRESUMED_OUT):
            _decide(session, found, what, staff=staff, now=now)
            _accept_agreeing(session, found.obligation, what.in_scope, staff=staff, now=now)
            done += 1
    return done


def _checked(what: Said, now: datetime) -> Said:
    """With clean texts; whoever says that something is not asked any more says why, so that it can be followed."""
    if what.reason not in (IN_REASONS if what.in_scope else OUT_REASONS):
        raise DomainError(N_("Lý do này không hợp với quyết định. Hãy chọn lại."), field="reason")
    note, evidence = said(what.note, what.evidence)
    if what.reason is ScopeReason.OTHER and not note:
        raise DomainError(N_("Hãy ghi rõ lý do khác là gì."), field="note")
    if not what.in_scope and not (note or evidence):
        raise DomainError(
            N_("Hãy ghi căn cứ: đường dẫn, số và ngày của văn bản, hoặc ai xác nhận điều này."), field="evidence"
        )
    check_day(what.effective_on, now)
    return Said(what.in_scope, what.reason, what.effective_on, note, evidence)


def _decide(
    session: Session,
    found: Deciding,
    what: Said,
    *,
    staff: Staff,
    now: datetime,
    proposal_id: uuid.UUID | None = None,
) -> ObligationDecision:
    obligation = found.obligation
    before = obligation.scope
    scope = Scope.CONFIRMED_IN if what.in_scope else Scope.CONFIRMED_OUT
    counts = move_scope(session, obligation, found.entity, scope, day=local_day(now))
    decision = ObligationDecision(
        province_code=obligation.province_code,
        id=new_id(),
        obligation_id=obligation.id,
        matter=Matter.SCOPE,
        before=before.value,
        after=scope.value,
        reason=what.reason.value,
        note=what.note,
        evidence=what.evidence,
        effective_on=what.effective_on,
        decided_at=now,
        staff_id=staff.id,
        proposal_id=proposal_id,
    )
    session.add(decision)
    _act(session, obligation.province_code, staff, now).record(
        "obligation.scope_decided",
        obligation.id,
        {"entry": found.entry.id, "before": before.value, "scope": scope.value, "reason": what.reason.value},
        counts=counts,
        effective_on=what.effective_on,
    )
    session.flush()
    return decision


# --- Proposals of other agencies -----------------------------------------------------------------------------------


def propose_scope(session: Session, key: Key, what: Said, *, staff: Staff, now: datetime) -> ScopeProposal:
    """Tell the lead agency of an obligation what one's own agency knows; nothing changes until it answers."""
    found = take_up(session, key, staff, Action.SCOPE_PROPOSE, seen=None)
    lead = found.entry.lead_agency
    if staff.agency_code is None or staff.agency_code == lead:
        raise DomainError(N_("Nghĩa vụ này do chính cơ quan bạn chủ trì. Hãy quyết định thay vì đề nghị."))
    what = _checked(what, now)
    if _open_proposal(session, found.obligation, staff.agency_code) is not None:
        raise Conflict(N_("Cơ quan bạn đã có một đề nghị đang chờ về nghĩa vụ này. Hãy rút đề nghị đó trước."))
    proposal = ScopeProposal(
        province_code=key[0],
        id=new_id(),
        obligation_id=found.obligation.id,
        from_agency=staff.agency_code,
        to_agency=lead,
        in_scope=what.in_scope,
        reason=what.reason,
        note=what.note,
        evidence=what.evidence,
        effective_on=what.effective_on,
        proposed_by=staff.id,
        proposed_at=now,
        state=ProposalState.OPEN,
    )
    session.add(proposal)
    _act(session, key[0], staff, now).record(
        "proposal.made",
        proposal.id,
        {
            "obligation": str(found.obligation.id),
            "from": staff.agency_code,
            "to": lead,
            "in_scope": what.in_scope,
            "reason": what.reason.value,
        },
        effective_on=what.effective_on,
    )
    session.flush()
    return proposal


def decide_proposal(
    session: Session,
    province_code: str,
    proposal_id: uuid.UUID,
    *,
    staff: Staff,
    accept: bool,
    answer: str,
    seen: str | None,
    now: datetime,
) -> ScopeProposal:
    """Answer for the lead agency: accepting is a decision like any other, refusing says why."""
    proposal = _proposal(session, province_code, proposal_id)
    require(staff, Action.SCOPE_DECIDE, Place(province_code, proposal.to_agency))
    answer = clean_block(answer, most=LONGEST_NOTE, field="answer")
    if not accept and not answer:
        raise DomainError(N_("Hãy ghi vì sao không đồng ý, để cơ quan đề nghị biết."), field="answer")
    found = take_up(session, (province_code, proposal.obligation_id), staff, Action.SCOPE_DECIDE, seen=seen)
    state = ProposalState.ACCEPTED if accept else ProposalState.REFUSED
    _close(session, proposal, state, staff=staff, answer=answer, now=now)
    if accept:
        what = Said(proposal.in_scope, proposal.reason, proposal.effective_on, proposal.note, proposal.evidence)
        _decide(session, found, what, staff=staff, now=now, proposal_id=proposal.id)
        _accept_agreeing(session, found.obligation, proposal.in_scope, staff=staff, now=now)
    return proposal


def take_back(
    session: Session, province_code: str, proposal_id: uuid.UUID, *, staff: Staff, now: datetime
) -> ScopeProposal:
    """Take back a proposal of one's own agency that nobody has answered yet."""
    proposal = _proposal(session, province_code, proposal_id)
    require(staff, Action.SCOPE_PROPOSE, Place(province_code))
    if staff.agency_code != proposal.from_agency:
        raise NotFound
    _close(session, proposal, ProposalState.TAKEN_BACK, staff=staff, answer="", now=now)
    return proposal


def _proposal(session: Session, province_code: str, proposal_id: uuid.UUID) -> ScopeProposal:
    proposal = session.get(ScopeProposal, (province_code, proposal_id))
    if proposal is None:
        raise NotFound
    return proposal


def _open_proposal(session: Session, obligation: Obligation, from_agency: str) -> ScopeProposal | None:
    return session.scalars(
        select(ScopeProposal).where(
            ScopeProposal.province_code == obligation.province_code,
            ScopeProposal.obligation_id == obligation.id,
            ScopeProposal.from_agency == from_agency,
            ScopeProposal.state == ProposalState.OPEN,
        )
    ).first()


def _close(
    session: Session, proposal: ScopeProposal, state: ProposalState, *, staff: Staff, answer: str, now: datetime
) -> None:
    closed = session.execute(
        update(ScopeProposal)
        .where(
            ScopeProposal.province_code == proposal.province_code,
            ScopeProposal.id == proposal.id,
            ScopeProposal.state == ProposalState.OPEN,
        )
        .values(state=state, decided_by=staff.id, decided_at=now, answer=answer)
        .returning(ScopeProposal.id)
        .execution_options(synchronize_session=False)
    ).first()
    session.refresh(proposal)
    if closed is None:
        raise Conflict(N_("Đề nghị này đã được trả lời hoặc đã rút. Bạn không cần làm gì thêm."))
    _act(session, proposal.province_code, staff, now).record(
        _FACTS[state], proposal.id, {"obligation": str(proposal.obligation_id), "state": state.value}
    )


def _accept_agreeing(session: Session, obligation: Obligation, in_scope: bool, *, staff: Staff, now: datetime) -> None:
    """What others proposed and is decided now needs no answer of its own."""
    agreeing = session.scalars(
        select(ScopeProposal).where(
            ScopeProposal.province_code == obligation.province_code,
            ScopeProposal.obligation_id == obligation.id,
            ScopeProposal.in_scope == in_scope,
            ScopeProposal.state == ProposalState.OPEN,
        )
    ).all()
    for proposal in agreeing:
        _close(session, proposal, ProposalState.ACCEPTED, staff=staff, answer="", now=now)


# --- Cohorts ---------------------------------------------------------------------------------------------------------


def decide_cohort(
    session: Session,
    key: Key,
    *,
    staff: Staff,
    cohort: Cohort,
    reason: CohortReason,
    seen: str | None,
    now: datetime,
    note: str = "",
    evidence: str = "",
    appeared_on: date | None = None,
) -> ObligationDecision:
    """Decide for the lead agency since when a subject has been there; no later import or sighting changes it."""
    found = take_up(session, key, staff, Action.SCOPE_DECIDE, seen=seen)
    note, evidence = said(note, evidence)
    if not (note or evidence or appeared_on):
        raise DomainError(N_("Hãy ghi căn cứ: ngày, đường dẫn hoặc văn bản cho thấy điều này."), field="evidence")
    if appeared_on is not None:
        check_day(appeared_on, now, field="appeared_on")
        if cohort_of(found.entry, appeared_on) != cohort.value:
            raise DomainError(
                N_("Ngày bắt đầu hoạt động này không hợp với đợt đã chọn. Hãy xem lại ngày hoặc đợt."),
                field="appeared_on",
            )
    obligation = found.obligation
    before, obligation.cohort = obligation.cohort, cohort
    counts = retime_as_it_stands(session, obligation, day=local_day(now))
    decision = ObligationDecision(
        province_code=obligation.province_code,
        id=new_id(),
        obligation_id=obligation.id,
        matter=Matter.COHORT,
        before=before.value,
        after=cohort.value,
        reason=reason.value,
        note=note,
        evidence=evidence,
        effective_on=appeared_on or local_day(now),
        decided_at=now,
        staff_id=staff.id,
    )
    session.add(decision)
    _act(session, obligation.province_code, staff, now).record(
        "obligation.cohort_decided",
        obligation.id,
        {"entry": found.entry.id, "before": before.value, "cohort": cohort.value, "reason": reason.value},
        counts=counts,
        effective_on=decision.effective_on,
    )
    session.flush()
    return decision


def decide_cohorts(
    session: Session,
    province_code: str,
    obligation_ids: Collection[uuid.UUID],
    *,
    staff: Staff,
    cohort: Cohort,
    reason: CohortReason,
    note: str,
    evidence: str,
    now: datetime,
) -> int:
    """The same decision about several obligations whose cohort is still unknown; returns about how many."""
    done = 0
    for obligation_id in sorted(set(obligation_ids)):
        obligation = session.get(Obligation, (province_code, obligation_id))
        if obligation is None or obligation.cohort is not Cohort.UNKNOWN:
            continue
        decide_cohort(
            session,
            (province_code, obligation_id),
            staff=staff,
            cohort=cohort,
            reason=reason,
            note=note,
            evidence=evidence,
            seen=None,
            now=now,
        )
        done += 1
    return done


def _act(session: Session, province_code: str, staff: Staff, now: datetime) -> Act:
    return Act(session, province_code, actor_of(staff), now)
