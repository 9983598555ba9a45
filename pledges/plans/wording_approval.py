"""Approving a version of a wording takes two people: one asks for it, another one approves it or sends it back."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from pledges.audit.operations import Actor, record
from pledges.core.errors import N_, Conflict, DomainError, NotFound
from pledges.core.text import clean_block
from pledges.plans.models import PledgeText, Province, TextApproval, TextProposal

LONGEST_ANSWER = 1000


class OwnProposal(DomainError):
    """Whoever asks for the approval does not give it."""

    status = 409

    def __init__(self) -> None:
        super().__init__(
            N_("Bạn là người đã đề nghị duyệt mẫu này, nên người khác phải duyệt. Hãy nhờ một người quản trị khác.")
        )


def waiting_proposal(session: Session, province_code: str, pledge_text_id: uuid.UUID) -> TextProposal | None:
    """What nobody has answered yet."""
    found = session.get(TextProposal, (province_code, pledge_text_id))
    return found if found is not None and found.answered_at is None else None


def propose_wording(
    session: Session, province_code: str, pledge_text_id: uuid.UUID, *, actor: Actor, now: datetime
) -> TextProposal:
    """Ask for the approval of the newest version, again where it had been sent back."""
    text = _approvable(session, province_code, pledge_text_id)
    if waiting_proposal(session, province_code, pledge_text_id) is not None:
        raise Conflict(N_("Mẫu này đã có người đề nghị duyệt. Hãy tải lại trang."))
    proposal = session.merge(
        TextProposal(
            province_code=province_code,
            pledge_text_id=pledge_text_id,
            proposed_at=now,
            proposed_by=actor.id,
            answer="",
            answered_at=None,
            answered_by=None,
        )
    )
    session.flush()
    _record(session, "wording.proposed", province_code, text, actor, now)
    return proposal


def take_proposal_back(
    session: Session, province_code: str, pledge_text_id: uuid.UUID, *, actor: Actor, now: datetime
) -> None:
    """By whoever has asked, as long as nobody has answered."""
    taken = session.execute(
        delete(TextProposal)
        .where(
            TextProposal.province_code == province_code,
            TextProposal.pledge_text_id == pledge_text_id,
            TextProposal.proposed_by == actor.id,
            TextProposal.answered_at.is_(None),
        )
        .returning(TextProposal.pledge_text_id)
    ).first()
    if taken is None:
        raise Conflict(N_("Không còn đề nghị nào của bạn để rút. Hãy tải lại trang."))
    _record(session, "wording.taken_back", province_code, session.get_one(PledgeText, pledge_text_id), actor, now)


def send_proposal_back(
    session: Session, province_code: str, pledge_text_id: uuid.UUID, *, answer: str, actor: Actor, now: datetime
) -> None:
    """Not approved, with a reason that whoever asked reads; it stays with the proposal and out of the facts."""
    proposal = _of_another(_locked(session, province_code, pledge_text_id), actor)
    said = clean_block(answer, most=LONGEST_ANSWER, field="answer")
    if not said:
        raise DomainError(N_("Hãy ghi vì sao chưa duyệt, để người đề nghị biết cần làm gì."), field="answer")
    proposal.answer, proposal.answered_at, proposal.answered_by = said, now, actor.id
    session.flush()
    _record(session, "wording.sent_back", province_code, session.get_one(PledgeText, pledge_text_id), actor, now)


def approve_wording(
    session: Session, province_code: str, pledge_text_id: uuid.UUID, *, actor: Actor, now: datetime
) -> TextApproval:
    """A second person approves: DỰ THẢO no longer stands on what is signed from now on."""
    # Locked first: of two who approve at once the slower one then sees what the other has done.
    proposal = _locked(session, province_code, pledge_text_id)
    text = _approvable(session, province_code, pledge_text_id)
    proposal = _of_another(proposal, actor)
    earlier = last_approved(session, province_code, text)
    approval = TextApproval(
        province_code=province_code, pledge_text_id=pledge_text_id, approved_at=now, approved_by=actor.id
    )
    session.add(approval)
    proposal.answered_at, proposal.answered_by = now, actor.id
    session.flush()
    _record(
        session,
        "wording.approved",
        province_code,
        text,
        actor,
        now,
        proposed_by=proposal.proposed_by,
        before={"version": earlier.version if earlier is not None else None},
        after={"version": text.version},
    )
    return approval


def last_approved(session: Session, province_code: str, text: PledgeText) -> PledgeText | None:
    """The newest earlier version that this province has approved: what the new one is compared with."""
    return session.scalar(
        select(PledgeText)
        .join(TextApproval, TextApproval.pledge_text_id == PledgeText.id)
        .where(
            TextApproval.province_code == province_code,
            PledgeText.text_id == text.text_id,
            PledgeText.version < text.version,
        )
        .order_by(PledgeText.version.desc())
        .limit(1)
    )


def _approvable(session: Session, province_code: str, pledge_text_id: uuid.UUID) -> PledgeText:
    text = session.get(PledgeText, pledge_text_id)
    province = session.get(Province, province_code)
    if text is None or province is None or not province.in_use:
        raise NotFound
    newest = session.scalar(
        select(PledgeText.id).where(PledgeText.text_id == text.text_id).order_by(PledgeText.version.desc()).limit(1)
    )
    if newest != text.id:
        raise DomainError(N_("Mẫu này đã có phiên bản mới hơn. Hãy xem và duyệt phiên bản mới."))
    if session.get(TextApproval, (province_code, pledge_text_id)) is not None:
        raise Conflict(N_("Mẫu này đã được duyệt từ trước."))
    return text


def _locked(session: Session, province_code: str, pledge_text_id: uuid.UUID) -> TextProposal | None:
    return session.scalar(
        select(TextProposal)
        .where(TextProposal.province_code == province_code, TextProposal.pledge_text_id == pledge_text_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def _of_another(proposal: TextProposal | None, actor: Actor) -> TextProposal:
    """A proposal that waits; refused to whoever has made it."""
    if proposal is None or proposal.answered_at is not None:
        raise Conflict(N_("Chưa có ai đề nghị duyệt mẫu này, hoặc đề nghị đã được rút. Hãy tải lại trang."))
    if proposal.proposed_by == actor.id:
        raise OwnProposal
    return proposal


def _record(
    session: Session,
    kind: str,
    province_code: str,
    text: PledgeText,
    actor: Actor,
    now: datetime,
    **more: object,
) -> None:
    data = {"text_id": text.text_id, "version": text.version, "template_hash": text.template_hash, **more}
    record(session, kind, province_code=province_code, object_id=text.id, actor=actor, now=now, data=data)
