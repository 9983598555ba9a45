"""Rounds, their asks and attempts, for whoever shows or works on them."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from pledges.core.calendar import Quarter
from pledges.core.errors import NotFound
from pledges.messaging.models import Message
from pledges.registry.families import family
from pledges.registry.models import Contact, Entity, Obligation
from pledges.rounds.models import Ask, AskedObligation, Attempt, Round, RoundState, Why
from pledges.rounds.operations import Key


def get_round(session: Session, key: Key) -> Round:
    of_round = session.get(Round, key)
    if of_round is None:
        raise NotFound
    return of_round


def find_round(session: Session, province_code: str, agency_code: str, quarter: Quarter) -> Round | None:
    return session.scalars(
        select(Round).where(
            Round.province_code == province_code, Round.agency_code == agency_code, Round.quarter == str(quarter)
        )
    ).first()


def rounds_of(session: Session, province_code: str, agency_code: str | None = None) -> list[Round]:
    """Of one agency, or of all in a province; the newest quarter first."""
    found = select(Round).where(Round.province_code == province_code)
    if agency_code is not None:
        found = found.where(Round.agency_code == agency_code)
    return list(session.scalars(found.order_by(Round.quarter.desc(), Round.agency_code)))


def rounds_in(session: Session, *states: RoundState) -> list[Key]:
    """Of the whole system, the oldest first: what the worker looks after."""
    rows = session.execute(
        select(Round.province_code, Round.id)
        .where(Round.state.in_(states))
        .order_by(Round.quarter, Round.province_code, Round.agency_code)
    )
    return [(province_code, round_id) for province_code, round_id in rows]


@dataclass(frozen=True)
class AskHistory:
    """One ask with what was tried, the oldest attempt first."""

    ask: Ask
    of_round: Round
    contact: Contact | None
    obligations: tuple[tuple[Obligation, Why], ...] = ()
    attempts: tuple[Attempt, ...] = ()
    errors: dict[uuid.UUID, str] = field(default_factory=dict)
    """Per attempt by mail what the relay or the report of its return says."""


def asks_of_entity(session: Session, entity: Entity) -> list[AskHistory]:
    """How often this subject was asked, under all its names; the newest ask first."""
    rows = session.execute(
        select(Ask, Round, Contact)
        .join(Round, and_(Round.province_code == Ask.province_code, Round.id == Ask.round_id))
        .outerjoin(Contact, and_(Contact.province_code == Ask.province_code, Contact.id == Ask.contact_id))
        .where(Ask.province_code == entity.province_code, Ask.entity_id.in_(family(session, entity)))
        .order_by(Ask.asked_at.desc(), Ask.id.desc())
    ).all()
    ids = [ask.id for ask, _round, _contact in rows]
    attempts = attempts_of(session, entity.province_code, ids)
    owed = _obligations(session, entity.province_code, ids)
    errors = _errors(session, entity.province_code, [each for found in attempts.values() for each in found])
    return [
        AskHistory(
            ask,
            of_round,
            contact,
            tuple(owed.get(ask.id, ())),
            tuple(attempts.get(ask.id, ())),
            {each.id: errors[each.id] for each in attempts.get(ask.id, ()) if each.id in errors},
        )
        for ask, of_round, contact in rows
    ]


def attempts_of(session: Session, province_code: str, ask_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Attempt]]:
    """Per ask, the oldest first."""
    found: dict[uuid.UUID, list[Attempt]] = defaultdict(list)
    for attempt in session.scalars(
        select(Attempt)
        .where(Attempt.province_code == province_code, Attempt.ask_id.in_(ask_ids))
        .order_by(Attempt.recorded_at, Attempt.id)
    ):
        found[attempt.ask_id].append(attempt)
    return dict(found)


def _obligations(
    session: Session, province_code: str, ask_ids: Sequence[uuid.UUID]
) -> dict[uuid.UUID, list[tuple[Obligation, Why]]]:
    rows = session.execute(
        select(AskedObligation.ask_id, Obligation, AskedObligation.why)
        .join(
            Obligation,
            and_(
                Obligation.province_code == AskedObligation.province_code,
                Obligation.id == AskedObligation.obligation_id,
            ),
        )
        .where(AskedObligation.province_code == province_code, AskedObligation.ask_id.in_(ask_ids))
        .order_by(Obligation.entry_id, Obligation.id)
    )
    found: dict[uuid.UUID, list[tuple[Obligation, Why]]] = defaultdict(list)
    for ask_id, obligation, why in rows:
        found[ask_id].append((obligation, why))
    return dict(found)


def _errors(session: Session, province_code: str, attempts: Sequence[Attempt]) -> dict[uuid.UUID, str]:
    ids = {attempt.message_id: attempt.id for attempt in attempts if attempt.message_id is not None}
    rows = session.execute(
        select(Message.id, Message.last_error, Message.bounce_reason).where(
            Message.province_code == province_code, Message.id.in_(list(ids))
        )
    )
    return {ids[message_id]: bounced or error for message_id, error, bounced in rows if bounced or error}
