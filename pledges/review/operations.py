"""The decisions of a department about one pledge. Each is a compare-and-swap with its fact, counters and mail."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.accounts.delegation import approval_title, living_delegation
from pledges.accounts.models import Role, Staff
from pledges.accounts.operations import actor_of
from pledges.accounts.permissions import Action, Place, require
from pledges.audit.operations import record
from pledges.core.calendar import local_day
from pledges.core.crashpoints import crash_point
from pledges.core.errors import N_, Conflict, DomainError, NotFound
from pledges.core.secrecy import Vault
from pledges.core.text import clean_block
from pledges.jobs.operations import enqueue
from pledges.plans.queries import get_agency
from pledges.review.errors import AlreadyDecided, SecondPersonNeeded
from pledges.review.letters import tell_of_decision
from pledges.review.models import Decision, DecisionKind
from pledges.signing.least_kinds import refuse_weak
from pledges.signing.models import Origin, Pledge, PledgeState
from pledges.signing.rules import CORRECTABLE_LABELS, Correctable
from pledges.signing.states import Changed, StateChanged, change_state

Key = tuple[str, uuid.UUID]
"""Province and id of a pledge."""

COUNTERSIGN_TASK = "countersign_pledge"
COUNTERSIGN_GRACE = timedelta(seconds=20)
"""How long the job has before the sweep asks for the signature a second time."""

LONGEST_MESSAGE = 2000


def recommend(
    session: Session,
    key: Key,
    *,
    staff: Staff,
    seen: int,
    now: datetime,
    note: str = "",
    batch_id: uuid.UUID | None = None,
) -> Decision:
    """Propose the approval; somebody else has to approve."""
    pledge = in_reach(session, key, staff, Action.PLEDGE_RECOMMEND, now)
    if helped_and_others_can(session, pledge, staff):
        raise SecondPersonNeeded(N_("Bạn là người đã giúp ký bản này, nên đồng nghiệp khác phải xem và đề nghị duyệt."))
    refuse_weak(session, pledge)
    if pledge.document_id is None:
        raise Conflict(N_("Bản PDF của hồ sơ này còn chờ niêm phong; đề nghị duyệt được ngay sau khi niêm phong xong."))
    return _decide(
        session,
        key,
        PledgeState.RECOMMENDED,
        DecisionKind.RECOMMENDED,
        staff=staff,
        seen=seen,
        now=now,
        note=_note(note),
        batch_id=batch_id,
        columns={"recommended_by": staff.id},
    )[0]


def return_for_correction(
    session: Session,
    key: Key,
    *,
    staff: Staff,
    seen: int,
    message: str,
    asked: Sequence[str],
    now: datetime,
    vault: Vault,
    public_url: str,
    note: str = "",
) -> Decision:
    """Give the pledge back to its signer, who may correct what was `asked` (`Correctable` values) and nothing else."""
    in_reach(session, key, staff, Action.PLEDGE_RETURN, now)
    told = _message(message, N_("Hãy viết cho người ký biết cần sửa gì và sửa thế nào."))
    wanted = [part for part in Correctable if part.value in asked]
    if not wanted:
        raise DomainError(N_("Hãy đánh dấu ít nhất một phần mà người ký cần sửa."), field="asked")
    decision, changed = _decide(
        session,
        key,
        PledgeState.RETURNED,
        DecisionKind.RETURNED,
        staff=staff,
        seen=seen,
        now=now,
        message=told,
        note=_note(note),
        asked=[part.value for part in wanted],
        columns={"recommended_by": None},
    )
    tell_of_decision(
        session,
        changed.pledge,
        "pledge_returned",
        cause=str(decision.id),
        now=now,
        vault=vault,
        public_url=public_url,
        message=told,
        asked=[CORRECTABLE_LABELS[part] for part in wanted],
    )
    return decision


def defer(session: Session, key: Key, *, staff: Staff, seen: int, note: str, now: datetime) -> Decision:
    """Put the pledge aside with an internal note; for the signer it goes on waiting for the agency."""
    in_reach(session, key, staff, Action.PLEDGE_DEFER, now)
    kept = _note(note)
    if not kept:
        raise DomainError(N_("Hãy ghi vì sao tạm hoãn, để đồng nghiệp cùng biết."), field="note")
    return _decide(
        session,
        key,
        PledgeState.DEFERRED,
        DecisionKind.DEFERRED,
        staff=staff,
        seen=seen,
        now=now,
        note=kept,
        columns={"recommended_by": None},
    )[0]


def resume(session: Session, key: Key, *, staff: Staff, seen: int, now: datetime) -> Decision:
    """Take a deferred pledge up again."""
    in_reach(session, key, staff, Action.PLEDGE_RESUME, now)
    where = (Pledge.state == PledgeState.DEFERRED,)
    return _decide(
        session, key, PledgeState.SUBMITTED, DecisionKind.RESUMED, staff=staff, seen=seen, now=now, where=where
    )[0]


def reject(
    session: Session,
    key: Key,
    *,
    staff: Staff,
    seen: int,
    message: str,
    now: datetime,
    vault: Vault,
    public_url: str,
    note: str = "",
) -> Decision:
    """Refuse the pledge for good, with a reason that the signer is told."""
    in_reach(session, key, staff, Action.PLEDGE_REJECT, now)
    told = _message(message, N_("Hãy viết lý do từ chối; người ký sẽ đọc được."))
    decision, changed = _decide(
        session,
        key,
        PledgeState.REJECTED,
        DecisionKind.REJECTED,
        staff=staff,
        seen=seen,
        now=now,
        message=told,
        note=_note(note),
    )
    tell_of_decision(
        session,
        changed.pledge,
        "pledge_rejected",
        cause=str(decision.id),
        now=now,
        vault=vault,
        public_url=public_url,
        message=told,
    )
    return decision


def approve(
    session: Session, key: Key, *, staff: Staff, seen: int, now: datetime, batch_id: uuid.UUID | None = None
) -> Decision:
    """Decide that the agency receives the pledge; a job signs, and only then it is in force (`model.md` 10)."""
    pledge = in_reach(session, key, staff, Action.PLEDGE_APPROVE, now)
    if pledge.recommended_by == staff.id:
        raise SecondPersonNeeded(
            N_("Bạn là người đã đề nghị duyệt hồ sơ này, nên người khác phải duyệt. Hãy chuyển cho lãnh đạo khác.")
        )
    if pledge.origin is Origin.ASSISTED and pledge.recorded_by == staff.id:
        raise SecondPersonNeeded(N_("Bạn là người đã giúp ký bản này, nên người khác phải duyệt."))
    refuse_weak(session, pledge)
    agency = get_agency(session, pledge.province_code, pledge.agency_code)
    title, delegation = approval_title(session, staff, agency, local_day(now))
    if not title:
        raise DomainError(
            N_("Chưa có chức danh in dưới chữ ký của bạn. Hãy nhờ người quản trị ghi chức danh rồi duyệt lại.")
        )
    decision, _changed = _decide(
        session,
        key,
        PledgeState.COUNTERSIGNING,
        DecisionKind.APPROVED,
        staff=staff,
        seen=seen,
        now=now,
        signing_title=title,
        signature_method=agency.signature_method,
        delegation_id=delegation.id if delegation is not None else None,
        batch_id=batch_id,
        where=(Pledge.recommended_by != staff.id, Pledge.document_id.is_not(None)),
        columns={"seal_due_at": now + COUNTERSIGN_GRACE, "seal_attempts": 0, "seal_error": ""},
    )
    enqueue(session, COUNTERSIGN_TASK, pledge.province_code, str(pledge.id))
    crash_point("approve.before_commit")
    return decision


def helped_and_others_can(session: Session, pledge: Pledge, staff: Staff) -> bool:
    """Whether this person photographed the signature and the agency has somebody else to look at it.

    In an office with one officer the rule would stop all work; somebody else approves in any case.
    """
    if pledge.origin is not Origin.ASSISTED or pledge.recorded_by != staff.id:
        return False
    others = select(Staff.id).where(
        Staff.province_code == pledge.province_code,
        Staff.agency_code == pledge.agency_code,
        Staff.role == Role.OFFICER,
        Staff.active.is_(True),
        Staff.id != staff.id,
    )
    return session.scalar(others.limit(1)) is not None


_FACTS = {
    DecisionKind.RECOMMENDED: "pledge.recommended",
    DecisionKind.RETURNED: "pledge.returned",
    DecisionKind.DEFERRED: "pledge.deferred",
    DecisionKind.RESUMED: "pledge.resumed",
    DecisionKind.REJECTED: "pledge.rejected",
    DecisionKind.APPROVED: "pledge.approval_decided",
}


def _decide(
    session: Session,
    key: Key,
    after: PledgeState,
    kind: DecisionKind,
    *,
    staff: Staff,
    seen: int,
    now: datetime,
    where: Sequence[Any] = (),
    columns: dict[str, Any] | None = None,
    **said: Any,
) -> tuple[Decision, Changed]:
    """Change the state, keep the decision, record the fact; who comes second learns who was first."""
    try:
        changed = change_state(session, *key, after, now=now, seen=seen, where=where, **(columns or {}))
    except StateChanged as late:
        first = last_decision(session, key)
        if first is not None and late.pledge is not None and first.decided_at == late.pledge.state_since:
            raise AlreadyDecided(first) from late
        raise
    decision = add_decision(session, changed.pledge, kind, staff=staff, now=now, **said)
    record(
        session,
        _FACTS[kind],
        province_code=key[0],
        object_id=key[1],
        actor=actor_of(staff),
        now=now,
        data={
            "decision": str(decision.id),
            "version": changed.pledge.version,
            **({"counts": changed.counts} if changed.counts else {}),
        },
    )
    return decision, changed


def add_decision(
    session: Session, pledge: Pledge, kind: DecisionKind, *, staff: Staff, now: datetime, **said: Any
) -> Decision:
    decision = Decision(
        province_code=pledge.province_code,
        pledge_id=pledge.id,
        version=pledge.version,
        kind=kind,
        staff_id=staff.id,
        staff_name=staff.name,
        decided_at=now,
        **said,
    )
    session.add(decision)
    session.flush()
    return decision


def last_decision(session: Session, key: Key, kind: DecisionKind | None = None) -> Decision | None:
    """The newest decision about a pledge (of one kind): what was said of an earlier signing is never newer."""
    statement = select(Decision).where(Decision.province_code == key[0], Decision.pledge_id == key[1])
    if kind is not None:
        statement = statement.where(Decision.kind == kind)
    newest = (Decision.version.desc(), Decision.decided_at.desc(), Decision.id.desc())
    return session.scalar(statement.order_by(*newest).limit(1))


def in_reach(session: Session, key: Key, staff: Staff, action: Action, now: datetime) -> Pledge:
    """The pledge, if this person may do this to it; else the answer for nothing (`NotFound`) or `NotPermitted`."""
    pledge = session.get(Pledge, key)
    if pledge is None:
        raise NotFound
    delegated = living_delegation(session, staff, local_day(now)) is not None
    require(staff, action, Place(pledge.province_code, pledge.agency_code), delegated=delegated)
    return pledge


def _message(typed: str, missing: str) -> str:
    text = clean_block(typed, most=LONGEST_MESSAGE, field="message")
    if not text:
        raise DomainError(missing, field="message")
    return text


def _note(typed: str) -> str:
    return clean_block(typed, most=LONGEST_MESSAGE, field="note")
