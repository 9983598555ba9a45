"""Asking one side of a dispute for papers, by a link, and what they send."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.operations import actor_of
from pledges.accounts.permissions import Action, Place, require
from pledges.audit.operations import SIGNER, Actor, record
from pledges.core.db import new_id
from pledges.core.errors import N_, Conflict, DomainError, NotFound
from pledges.core.text import clean_block
from pledges.core.tokens import Tokens
from pledges.signing.address_moves import Post
from pledges.signing.dispute_models import Dispute, DisputeQuestion, DisputeState, Side
from pledges.signing.dispute_rules import LONGEST_ANSWER, LONGEST_QUESTION, OPEN
from pledges.signing.disputes import Key, addresses_of, tell
from pledges.signing.links import follow_link, make_link

PAPERS = "dispute-papers"
"""The purpose of the link by which papers are sent."""


def ask_for_papers(
    session: Session,
    key: Key,
    side: Side,
    question: str,
    *,
    seen: int,
    staff: Staff,
    now: datetime,
    tokens: Tokens,
    post: Post,
) -> DisputeQuestion:
    """Mail one side a link to a page on which they say something and send papers."""
    question = clean_block(question, most=LONGEST_QUESTION, field="question")
    if not question:
        raise DomainError(N_("Hãy viết cần giấy tờ gì; người nhận đọc được nguyên văn."), field="question")
    dispute = session.get(Dispute, key)
    if dispute is None:
        raise NotFound
    require(staff, Action.DISPUTE_DECIDE, Place(key[0], dispute.agency_code))
    if not addresses_of(session, dispute, side):
        raise DomainError(
            N_("Bên này chưa có thư điện tử. Hãy gọi điện hoặc gửi công văn; giấy tờ nhận được thì ghi vào căn cứ."),
            field="side",
        )
    _move(session, dispute, DisputeState.ASKED, seen=seen)
    asked = DisputeQuestion(
        province_code=key[0],
        id=new_id(),
        dispute_id=dispute.id,
        side=side,
        question=question,
        asked_by=staff.id,
        asked_at=now,
    )
    session.add(asked)
    session.flush()
    link = f"{post.public_url}/ho-so/giay-to/{make_link(session, tokens, PAPERS, asked.id, now)}"
    secret = {"link": link}
    tell(
        session,
        dispute,
        side,
        "dispute_papers",
        cause=str(asked.id),
        now=now,
        post=post,
        secret_params=secret,
        message=question,
    )
    _record(session, dispute, "dispute.asked", actor_of(staff), now, side)
    return asked


def question_of_link(session: Session, tokens: Tokens, token: str, now: datetime) -> DisputeQuestion:
    """What was asked by this link; raises `LinkDead`."""
    question_id = follow_link(session, tokens, PAPERS, token, now)
    found = session.scalar(select(DisputeQuestion).where(DisputeQuestion.id == question_id))
    if found is None:
        raise NotFound
    return found


def answer_question(
    session: Session, key: Key, *, answer: str, papers: tuple[str, ...], now: datetime
) -> DisputeQuestion:
    """Keep what one side sends, once. When everybody who was asked has answered, the dispute waits for a decision."""
    answer = clean_block(answer, most=LONGEST_ANSWER, field="answer")
    found = session.get(DisputeQuestion, key, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound
    dispute = session.get_one(Dispute, (key[0], found.dispute_id), with_for_update=True, populate_existing=True)
    if found.answered_at is not None or dispute.state not in OPEN:
        raise Conflict(N_("Cơ quan đã nhận trả lời này hoặc đã quyết định xong. Bạn không cần gửi thêm."))
    found.answer, found.papers, found.answered_at = answer, list(papers), now
    session.flush()
    waiting = select(DisputeQuestion.id).where(
        DisputeQuestion.province_code == key[0],
        DisputeQuestion.dispute_id == dispute.id,
        DisputeQuestion.answered_at.is_(None),
    )
    after = DisputeState.ASKED if session.scalar(waiting.limit(1)) is not None else DisputeState.OPEN
    _move(session, dispute, after, seen=dispute.revision)
    _record(session, dispute, "dispute.answered", SIGNER, now, found.side)
    return found


def _move(session: Session, dispute: Dispute, after: DisputeState, *, seen: int) -> None:
    """Between the two open states; whoever looks at the page as it was before has to look again."""
    moved = session.execute(
        update(Dispute)
        .where(
            Dispute.province_code == dispute.province_code,
            Dispute.id == dispute.id,
            Dispute.state.in_(OPEN),
            Dispute.revision == seen,
        )
        .values(state=after, revision=Dispute.revision + 1)
        .returning(Dispute.id)
        .execution_options(synchronize_session=False)
    ).first()
    if moved is None:
        raise Conflict(N_("Tranh chấp này vừa được xử lý hoặc vừa có giấy tờ mới. Chưa ghi gì thêm; hãy xem lại."))
    session.refresh(dispute)


def _record(session: Session, dispute: Dispute, kind: str, actor: Actor, now: datetime, side: Side) -> None:
    record(
        session,
        kind,
        province_code=dispute.province_code,
        object_id=dispute.id,
        actor=actor,
        now=now,
        data={"side": side.value},
    )


def papers_of(session: Session, key: Key, question_id: uuid.UUID) -> DisputeQuestion:
    """One answer of this dispute; that of another one is answered like nothing."""
    found = session.get(DisputeQuestion, (key[0], question_id))
    if found is None or found.dispute_id != key[1]:
        raise NotFound
    return found
