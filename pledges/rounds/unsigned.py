"""Who was asked in a round and has not signed, for letters, calls and visits."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from pledges.plans.models import Commune
from pledges.registry.models import IN_SCOPE, Entity, Obligation
from pledges.registry.restrictions import restricted
from pledges.rounds.models import Ask, AskedObligation, Attempt, LeftOut, LetterBatch, Outcome, Round


class Recipients(StrEnum):
    """Who of those that have not signed gets a letter."""

    UNREACHED = "unreached"
    """Nobody has reached them in this round yet, and no mail is on its way."""
    ALL = "all"


def still_open() -> ColumnElement[bool]:
    """Something of an ask is neither signed nor out of scope nor left out by now."""
    return (
        select(AskedObligation.ask_id)
        .join(
            Obligation,
            (Obligation.province_code == AskedObligation.province_code)
            & (Obligation.id == AskedObligation.obligation_id),
        )
        .where(
            AskedObligation.province_code == Ask.province_code,
            AskedObligation.ask_id == Ask.id,
            # Also what leads SQLite to the few obligations of one subject instead of to all of the province.
            Obligation.entity_id == Ask.entity_id,
            Obligation.scope.in_(IN_SCOPE),
            Obligation.in_force == 0,
            Obligation.waiting_for_agency == 0,
            ~_left_out(),
            ~restricted(Ask.province_code, Ask.entity_id),
        )
        .exists()
    )


def _left_out() -> ColumnElement[bool]:
    return (
        select(LeftOut.id)
        .where(
            LeftOut.province_code == Ask.province_code,
            LeftOut.round_id == Ask.round_id,
            LeftOut.obligation_id == Obligation.id,
            LeftOut.brought_back_at.is_(None),
        )
        .correlate(Ask, Obligation)
        .exists()
    )


def reached(*outcomes: Outcome) -> ColumnElement[bool]:
    """One of the attempts of an ask came out like this."""
    return (
        select(Attempt.id)
        .where(Attempt.province_code == Ask.province_code, Attempt.ask_id == Ask.id, Attempt.outcome.in_(outcomes))
        .exists()
    )


def open_asks(of_round: Round, recipients: Recipients, commune_code: str | None) -> Select[uuid.UUID]:
    """Ids of asks whose subjects have not signed, in the order in which letters are delivered."""
    found = (
        select(Ask.id)
        .join(Entity, (Entity.province_code == Ask.province_code) & (Entity.id == Ask.entity_id))
        .outerjoin(Commune, (Commune.province_code == Entity.province_code) & (Commune.code == Entity.commune_code))
        .where(
            Ask.province_code == of_round.province_code,
            Ask.round_id == of_round.id,
            Ask.revoked_at.is_(None),
            Entity.merged_into.is_(None),
            still_open(),
        )
        .order_by(Commune.name_fold.is_(None), Commune.name_fold, Commune.code, Entity.name_fold, Ask.id)
    )
    if recipients is Recipients.UNREACHED:
        found = found.where(~reached(Outcome.REACHED, Outcome.WAITING))
    return found if commune_code is None else found.where(Entity.commune_code == commune_code)


def printed_asks(session: Session, of_round: Round) -> set[str]:
    """Ids of the asks whose letters are in some file of the round already."""
    rows = session.scalars(
        select(LetterBatch.asks).where(
            LetterBatch.province_code == of_round.province_code, LetterBatch.round_id == of_round.id
        )
    )
    return {ask_id for asks in rows for ask_id in asks}


@dataclass(frozen=True)
class Need:
    """How many letters could be printed now: without and with those that were printed before."""

    new: int
    all: int


def count_needed(session: Session, of_round: Round, recipients: Recipients, commune_code: str | None = None) -> Need:
    printed = printed_asks(session, of_round)
    wanted = open_asks(of_round, recipients, commune_code)
    if not printed:
        number = session.scalar(select(func.count()).select_from(wanted.order_by(None).subquery())) or 0
        return Need(number, number)
    ids = [str(ask_id) for ask_id in session.scalars(wanted.order_by(None))]
    return Need(sum(1 for ask_id in ids if ask_id not in printed), len(ids))
