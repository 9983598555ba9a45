"""Taking invitations out of the line that have become pointless: signed meanwhile, out of scope, left out, merged."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from pledges.core.errors import NotFound
from pledges.messaging.bulk import cancel_message
from pledges.messaging.models import Message, MessageState
from pledges.registry.models import IN_SCOPE, Entity, Obligation
from pledges.rounds.followers import FOLLOWERS
from pledges.rounds.models import Ask, AskedObligation, Attempt, Outcome, Round, RoundState, Way
from pledges.rounds.operations import Key
from pledges.rounds.population import left_out, owned
from pledges.rounds.reminding import still_open
from pledges.rounds.tried import keep_tried

_CHUNK = 500


def cancel_pointless(session: Session, key: Key, *, now: datetime, limit: int = _CHUNK) -> int:
    """Cancel what waits in line about nothing that is still open; the attempt says why. How many.

    What a worker is just sending goes out.
    """
    of_round = session.get(Round, key, with_for_update=True, populate_existing=True)
    if of_round is None:
        raise NotFound
    if of_round.state not in {RoundState.OPENED, RoundState.RUNNING, RoundState.PAUSED}:
        return 0
    cancelled = []
    for ask, message_id in _pointless(session, of_round, limit):
        because = _because(session, of_round, ask)
        # The message is locked before its attempt, as by the worker that tells what became of it.
        if cancel_message(session, (of_round.province_code, message_id), now, followers=FOLLOWERS):
            attempt = session.scalars(
                select(Attempt).where(Attempt.province_code == of_round.province_code, Attempt.message_id == message_id)
            ).one()
            attempt.note = because
            cancelled.append(ask.id)
    keep_tried(session, of_round.province_code, cancelled)
    return len(cancelled)


def _pointless(session: Session, of_round: Round, limit: int) -> Sequence[tuple[Ask, uuid.UUID]]:
    rows = session.execute(
        select(Ask, Message.id)
        .join(Attempt, and_(Attempt.province_code == Ask.province_code, Attempt.ask_id == Ask.id))
        .join(Message, and_(Message.province_code == Attempt.province_code, Message.id == Attempt.message_id))
        .join(Entity, and_(Entity.province_code == Ask.province_code, Entity.id == Ask.entity_id))
        .where(
            Ask.province_code == of_round.province_code,
            Ask.round_id == of_round.id,
            Attempt.way == Way.MAIL,
            Attempt.outcome == Outcome.WAITING,
            Message.state.in_((MessageState.HELD, MessageState.QUEUED)),
            or_(Ask.revoked_at.is_not(None), ~owned(), ~still_open(of_round)),
        )
        .order_by(Message.id)
        .limit(limit)
    )
    return [(ask, message_id) for ask, message_id in rows]


def _because(session: Session, of_round: Round, ask: Ask) -> str:
    """A word of `rules.NOTE_LABELS`."""
    entity = session.get_one(Entity, (ask.province_code, ask.entity_id))
    if ask.revoked_at is not None:
        return "revoked"
    if entity.merged_into is not None:
        return "merged"
    if _any(
        session, ask, Obligation.scope.in_(IN_SCOPE), (Obligation.in_force > 0) | (Obligation.waiting_for_agency > 0)
    ):
        return "signed"
    return "left_out" if _any(session, ask, Obligation.scope.in_(IN_SCOPE), left_out(of_round)) else "out_of_scope"


def _any(session: Session, ask: Ask, *which: ColumnElement[bool]) -> bool:
    found = (
        select(Obligation.id)
        .join(
            AskedObligation,
            and_(
                AskedObligation.province_code == Obligation.province_code,
                AskedObligation.obligation_id == Obligation.id,
            ),
        )
        .where(AskedObligation.province_code == ask.province_code, AskedObligation.ask_id == ask.id, *which)
    )
    return session.scalars(found.limit(1)).first() is not None
