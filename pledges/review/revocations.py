"""Revoking a pledge in force: one person asks with a reason, another one decides, and it holds at once."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.operations import actor_of
from pledges.accounts.permissions import Action
from pledges.audit.operations import record
from pledges.core.crashpoints import crash_point
from pledges.core.errors import N_, Conflict, DomainError, NotFound
from pledges.core.secrecy import Vault
from pledges.core.text import clean_block
from pledges.review.errors import AlreadyDecided, SecondPersonNeeded
from pledges.review.letters import tell_of_decision
from pledges.review.models import Decision, DecisionKind, Revocation, RevocationState
from pledges.review.operations import LONGEST_MESSAGE, Key, add_decision, in_reach, last_decision
from pledges.signing.log_entries import enter
from pledges.signing.models import Pledge, PledgeState
from pledges.signing.states import change_state


def open_revocation(session: Session, key: Key) -> Revocation | None:
    """The request that waits for its second person, if the pledge is still in force."""
    return session.scalar(
        select(Revocation)
        .join(Pledge, (Pledge.province_code == Revocation.province_code) & (Pledge.id == Revocation.pledge_id))
        .where(
            Revocation.province_code == key[0],
            Revocation.pledge_id == key[1],
            Revocation.state == RevocationState.ASKED,
            Pledge.state == PledgeState.APPROVED,
        )
    )


def ask_revocation(session: Session, key: Key, *, staff: Staff, reason: str, now: datetime) -> Revocation:
    """Ask a second person to revoke; until they do, nothing changes."""
    pledge = in_reach(session, key, staff, Action.REVOCATION_ASK, now)
    told = clean_block(reason, most=LONGEST_MESSAGE, field="message")
    if not told:
        raise DomainError(N_("Hãy viết lý do thu hồi; người ký sẽ đọc được lý do này."), field="message")
    if pledge.state is not PledgeState.APPROVED:
        raise Conflict(N_("Chỉ thu hồi được bản cam kết đang có hiệu lực. Hãy xem lại trạng thái của hồ sơ."))
    if open_revocation(session, key) is not None:
        asked = last_decision(session, key, DecisionKind.REVOCATION_ASKED)
        raise AlreadyDecided(asked) if asked is not None else Conflict(N_("Đã có đề nghị thu hồi đang chờ xác nhận."))
    revocation = Revocation(
        province_code=pledge.province_code,
        pledge_id=pledge.id,
        agency_code=pledge.agency_code,
        reason=told,
        asked_by=staff.id,
        asked_at=now,
    )
    session.add(revocation)
    session.flush()
    _record(session, pledge, DecisionKind.REVOCATION_ASKED, "pledge.revocation_asked", staff, now, note=told)
    return revocation


def refuse_revocation(
    session: Session, province_code: str, revocation_id: uuid.UUID, *, staff: Staff, note: str, now: datetime
) -> Decision:
    """A person who may decide does not agree; the pledge stays in force."""
    revocation, pledge = _asked(session, province_code, revocation_id, staff, now)
    kept = clean_block(note, most=LONGEST_MESSAGE, field="note")
    if not kept:
        raise DomainError(N_("Hãy ghi vì sao không thu hồi, để đồng nghiệp cùng biết."), field="note")
    _close(session, revocation, RevocationState.REFUSED, staff, now)
    return _record(session, pledge, DecisionKind.REVOCATION_REFUSED, "pledge.revocation_refused", staff, now, note=kept)


def revoke(
    session: Session,
    province_code: str,
    revocation_id: uuid.UUID,
    *,
    staff: Staff,
    now: datetime,
    vault: Vault,
    public_url: str,
) -> Decision:
    """The second person agrees: from this transaction on the pledge counts nowhere and verification says revoked."""
    revocation, pledge = _asked(session, province_code, revocation_id, staff, now)
    if revocation.asked_by == staff.id:
        raise SecondPersonNeeded(N_("Bạn là người đã đề nghị thu hồi, nên người khác phải xác nhận."))
    _close(session, revocation, RevocationState.REVOKED, staff, now)
    changed = change_state(session, pledge.province_code, pledge.id, PledgeState.REVOKED, now=now)
    enter(session, changed.pledge, now)
    decision = add_decision(
        session, changed.pledge, DecisionKind.REVOKED, staff=staff, now=now, message=revocation.reason
    )
    record(
        session,
        "pledge.revoked",
        province_code=pledge.province_code,
        object_id=pledge.id,
        actor=actor_of(staff),
        now=now,
        data={
            "decision": str(decision.id),
            "asked_by": str(revocation.asked_by),
            **({"counts": changed.counts} if changed.counts else {}),
        },
    )
    tell_of_decision(
        session,
        changed.pledge,
        "pledge_revoked",
        cause=str(decision.id),
        now=now,
        vault=vault,
        public_url=public_url,
        message=revocation.reason,
        revoked_at=now,
    )
    crash_point("revoke.before_commit")
    return decision


def _asked(
    session: Session, province_code: str, revocation_id: uuid.UUID, staff: Staff, now: datetime
) -> tuple[Revocation, Pledge]:
    """The request as it is now and its pledge; who comes second learns who was first."""
    revocation = session.get(Revocation, (province_code, revocation_id), with_for_update=True, populate_existing=True)
    if revocation is None:
        raise NotFound
    key = (province_code, revocation.pledge_id)
    pledge = in_reach(session, key, staff, Action.REVOCATION_DECIDE, now)
    if revocation.state is not RevocationState.ASKED:
        first = last_decision(session, key)
        raise AlreadyDecided(first) if first is not None else NotFound
    if pledge.state is not PledgeState.APPROVED:
        raise Conflict(N_("Bản cam kết này không còn hiệu lực, nên không còn gì để thu hồi."))
    return revocation, pledge


def _close(session: Session, revocation: Revocation, state: RevocationState, staff: Staff, now: datetime) -> None:
    closed = session.execute(
        update(Revocation)
        .where(
            Revocation.province_code == revocation.province_code,
            Revocation.id == revocation.id,
            Revocation.state == RevocationState.ASKED,
        )
        .values(state=state, decided_by=staff.id, decided_at=now)
        .returning(Revocation.id)
        .execution_options(synchronize_session=False)
    ).first()
    if closed is None:
        raise Conflict(N_("Đề nghị thu hồi này vừa được người khác xử lý."))


def _record(
    session: Session, pledge: Pledge, kind: DecisionKind, fact: str, staff: Staff, now: datetime, *, note: str
) -> Decision:
    decision = add_decision(session, pledge, kind, staff=staff, now=now, note=note)
    record(
        session,
        fact,
        province_code=pledge.province_code,
        object_id=pledge.id,
        actor=actor_of(staff),
        now=now,
        data={"decision": str(decision.id)},
    )
    return decision
