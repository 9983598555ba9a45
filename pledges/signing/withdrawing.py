"""Withdrawing a pledge: the signer's right at any time before and after the agency's decision."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from pledges.audit.operations import Actor, record
from pledges.core.crashpoints import crash_point
from pledges.core.errors import N_, DomainError, NotFound
from pledges.core.secrecy import Vault
from pledges.plans.queries import get_agency
from pledges.signing.codes import CodePurpose, try_code
from pledges.signing.letters import tell_signer
from pledges.signing.log_entries import enter
from pledges.signing.models import Pledge, PledgeState
from pledges.signing.queries import amendment_under_way
from pledges.signing.reopening import NotOpen, end_drafts
from pledges.signing.rules import may_follow
from pledges.signing.states import change_state

Key = tuple[str, uuid.UUID]
"""Province and id of a pledge."""

_NOTHING_TO_WITHDRAW = {
    PledgeState.REJECTED: N_("Cơ quan đã không tiếp nhận bản này nên bản không có hiệu lực; bạn không cần rút."),
    PledgeState.REVOKED: N_("Cơ quan đã thu hồi bản cam kết này; bạn không cần rút."),
    PledgeState.SUPERSEDED: N_("Bản này đã được thay bằng bản mới hơn. Nếu muốn rút, hãy mở hồ sơ của bản mới."),
}


@dataclass(frozen=True)
class Withdrawal:
    """What a request to withdraw led to: the pledges withdrawn now, or a refusal of the code."""

    withdrawn: tuple[Pledge, ...] = ()
    already: bool = False
    """It had been done before: the same answer again, and no second effect."""
    refusal: DomainError | None = None


def withdraw(
    session: Session, key: Key, *, typed_code: str, now: datetime, vault: Vault, public_url: str
) -> Withdrawal:
    """Withdraw the pledge, and an amendment of it that is under way with it; confirmed by a fresh code.

    A wrong code comes back as `refusal`, because its counted try must be committed; `NotOpen` is raised where there is
    nothing to withdraw. Nothing is asked or kept about the reason.
    """
    pledge = locked_pledge(session, key)
    if pledge.state is PledgeState.WITHDRAWN:
        return Withdrawal(already=True)
    if not can_withdraw(pledge):
        raise NotOpen(_NOTHING_TO_WITHDRAW[pledge.state], pledge)
    code = try_code(session, CodePurpose.WITHDRAW, pledge.id, typed_code, now=now, vault=vault)
    if isinstance(code, DomainError):
        return Withdrawal(refusal=code)
    code.used_at = now
    withdrawn = end_pledge(session, pledge, now=now, vault=vault, public_url=public_url)
    session.flush()
    crash_point("withdraw.before_commit")
    return Withdrawal(withdrawn=withdrawn)


def can_withdraw(pledge: Pledge) -> bool:
    return may_follow(pledge.state, PledgeState.WITHDRAWN)


def locked_pledge(session: Session, key: Key) -> Pledge:
    pledge = session.get(Pledge, key, with_for_update=True, populate_existing=True)
    if pledge is None:
        raise NotFound
    return pledge


def end_pledge(
    session: Session,
    pledge: Pledge,
    *,
    now: datetime,
    vault: Vault,
    public_url: str,
    data_answer_by: date | None = None,
) -> tuple[Pledge, ...]:
    """Withdraw, without asking for anything more: the pledge, and what would have taken its place."""
    ended = [_end_one(session, pledge, now=now)]
    under_way = amendment_under_way(session, pledge)
    if under_way is not None:
        ended.append(_end_one(session, under_way, now=now))
    for each in ended:
        agency = get_agency(session, each.province_code, each.agency_code)
        tell_signer(
            session,
            each,
            "pledge_withdrawn",
            cause=str(each.id),
            now=now,
            vault=vault,
            public_url=public_url,
            agency_name=agency.name,
            withdrawn_at=now,
            data_answer_by=data_answer_by,
        )
    return tuple(ended)


def _end_one(session: Session, pledge: Pledge, *, now: datetime) -> Pledge:
    before = pledge.state
    changed = change_state(session, pledge.province_code, pledge.id, PledgeState.WITHDRAWN, now=now)
    enter(session, changed.pledge, now)
    record(
        session,
        "pledge.withdrawn",
        province_code=pledge.province_code,
        object_id=pledge.id,
        actor=Actor("signer", str(pledge.id)),
        now=now,
        data={"before": before.value, **({"counts": changed.counts} if changed.counts else {})},
    )
    end_drafts(session, changed.pledge, now)
    return changed.pledge
