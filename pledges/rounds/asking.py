"""Asking and reminding, a chunk per transaction: each entity once in a round, each step once, whatever is killed.

A chunk holds the row of its round, so that pausing and closing wait for it and two workers follow one another. What
it has written is committed as a whole: the ask, what it is about, the attempt, the mail in line and the fact.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from pledges.audit.operations import SYSTEM, Actor, record_many
from pledges.core.calendar import Quarter, local_day
from pledges.core.db import new_id
from pledges.core.errors import N_, Conflict, NotFound
from pledges.core.secrecy import Vault
from pledges.messaging.operations import OneOfMany, queue_many
from pledges.registry.models import Entity, Obligation
from pledges.rounds.invitations import Invitee, Sender, compose, day_shown, invitees, sender_of
from pledges.rounds.links import new_short_code, token_of, token_sha256
from pledges.rounds.models import Ask, AskedObligation, Attempt, Outcome, Round, RoundState, Way
from pledges.rounds.population import entries_led, owner_joined, to_ask
from pledges.rounds.rules import ASK_STEP, batch_of, is_time_for, more_step
from pledges.rounds.tried import keep_tried

Key = tuple[str, uuid.UUID]
"""Province and id of a round."""

CHUNK = 200
PASS = 20_000
"""So many are looked for at once, to be asked in chunks: looking costs a pass over all that is open."""

_FACTS = {"asked": "ask.made"}

NOBODY_TO_ASK = N_(
    "Không mời được: đối tượng này đã được mời trong đợt, đã ký, chưa đến thời gian vận động hoặc không thuộc diện mời."
)


@dataclass(frozen=True)
class Asked:
    """What one chunk, or one run, has done."""

    asked: int = 0
    """Entities that were not asked in this round before."""
    joined: int = 0
    """Entities asked before to whom something has been added."""
    reminded: int = 0
    messages: int = 0
    without_contact: int = 0
    """Of those asked: only letters, calls and visits can reach them."""

    def __add__(self, other: Asked) -> Asked:
        return Asked(
            self.asked + other.asked,
            self.joined + other.joined,
            self.reminded + other.reminded,
            self.messages + other.messages,
            self.without_contact + other.without_contact,
        )

    @property
    def nothing(self) -> bool:
        return self == Asked()


# --- Who is next -----------------------------------------------------------------------------------------------------


def who_is_next(session: Session, of_round: Round, *, now: datetime, limit: int = PASS) -> list[uuid.UUID]:
    """Entities with something that they have not been asked about in this round, newly appeared ones among them.

    Who was told of something more today already is left for tomorrow.
    """
    today = local_day(now)
    entries = entries_led(session, of_round.province_code, of_round.agency_code, today)
    told_today = exists().where(
        Ask.province_code == Obligation.province_code,
        Ask.round_id == of_round.id,
        Ask.entity_id == Obligation.entity_id,
        Attempt.province_code == Ask.province_code,
        Attempt.ask_id == Ask.id,
        Attempt.step == more_step(today),
    )
    found = session.scalars(
        select(Obligation.entity_id)
        .join(Entity, owner_joined())
        .where(*to_ask(of_round, entries), ~told_today)
        .distinct()
        .limit(limit)
    )
    return sorted(each for each in found if each is not None)


# --- Asking ----------------------------------------------------------------------------------------------------------


def ask_chunk(
    session: Session,
    key: Key,
    *,
    now: datetime,
    vault: Vault,
    public_url: str,
    chunk: int = CHUNK,
    only: Sequence[uuid.UUID] | None = None,
    actor: Actor = SYSTEM,
) -> Asked:
    """Ask those who have not been asked in this round (`only`: of these entities), in a handful of statements.

    Nothing happens in a round that is not running, or outside its quarter.
    """
    of_round = hold_running(session, key, now)
    if of_round is None:
        return Asked()
    ids = who_is_next(session, of_round, now=now, limit=chunk) if only is None else only[:chunk]
    return _ask(session, of_round, ids, now=now, vault=vault, public_url=public_url, actor=actor)


def only_this_one(
    session: Session,
    key: Key,
    entity_id: uuid.UUID,
    *,
    now: datetime,
    vault: Vault,
    public_url: str,
    actor: Actor,
) -> Asked:
    """Ask one entity now; also in a round that has not been started, to see how it goes."""
    of_round = hold_running(session, key, now, also={RoundState.OPENED})
    if of_round is None:
        raise Conflict(N_("Đợt vận động không ở bước gửi lời mời nên chưa gửi gì."))
    done = _ask(session, of_round, [entity_id], now=now, vault=vault, public_url=public_url, actor=actor)
    if done.nothing:
        raise Conflict(NOBODY_TO_ASK)
    return done


def hold_running(session: Session, key: Key, now: datetime, *, also: Collection[RoundState] = ()) -> Round | None:
    """The round, held until the transaction ends, if it is its time; None: nobody is asked."""
    of_round = session.get(Round, key, with_for_update=True, populate_existing=True)
    if of_round is None:
        raise NotFound
    going_on = of_round.state in {RoundState.RUNNING, *also}
    in_time = is_time_for(Quarter.parse(of_round.quarter), local_day(now))
    return of_round if going_on and in_time else None


def _ask(
    session: Session,
    of_round: Round,
    ids: Sequence[uuid.UUID],
    *,
    now: datetime,
    vault: Vault,
    public_url: str,
    actor: Actor,
) -> Asked:
    if not ids:
        return Asked()
    sender = sender_of(session, of_round, now=now, vault=vault, public_url=public_url)
    found = invitees(session, sender, ids, *to_ask(of_round, sender.entries))
    known = _asks_of(session, of_round, [each.entity_id for each in found])
    new = _add_asks(session, sender, [each for each in found if each.entity_id not in known], now)
    asks = known | new
    told = [each for each in found if each.entity_id in asks]
    _add_obligations(session, sender, asks, told, now)
    mails = []
    for invitee in told:
        ask = asks[invitee.entity_id]
        step = ASK_STEP if invitee.entity_id in new else more_step(sender.today)
        if (contact := invitee.address()) is not None:
            mails.append((ask, step, compose(sender, ask, invitee, step=step, address=contact[1])))
    written = write(session, sender, "round_ask", mails, now=now)
    keep_tried(session, of_round.province_code, [asks[each.entity_id].id for each in told])
    facts = [
        (_FACTS["asked"], asks[each.entity_id].id, {"round": str(of_round.id), "obligations": len(each.owed)})
        for each in told
    ]
    record_many(session, facts, province_code=of_round.province_code, actor=actor, now=now)
    without = sum(1 for ask in new.values() if ask.contact_id is None)
    return Asked(asked=len(new), joined=len(told) - len(new), messages=written, without_contact=without)


def _asks_of(session: Session, of_round: Round, entity_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Ask]:
    asks = session.scalars(
        select(Ask).where(
            Ask.province_code == of_round.province_code,
            Ask.round_id == of_round.id,
            Ask.entity_id.in_(entity_ids),
        )
    )
    return {ask.entity_id: ask for ask in asks}


def _add_asks(session: Session, sender: Sender, found: Sequence[Invitee], now: datetime) -> dict[uuid.UUID, Ask]:
    """Per entity the ask that was added; whose code somebody else has just been given is asked at the next run."""
    of_round = sender.of_round
    codes = _free_codes(session, len(found))
    asks = {}
    for invitee, short_code in zip(found, codes, strict=True):
        contact = invitee.address()
        ask = Ask(
            province_code=of_round.province_code,
            id=new_id(),
            round_id=of_round.id,
            entity_id=invitee.entity_id,
            contact_id=contact[0].id if contact is not None else None,
            shown_day=day_shown(sender, invitee.owed),
            short_code=short_code,
            asked_at=now,
        )
        ask.token_sha256 = token_sha256(token_of(sender.vault, ask))
        asks[invitee.entity_id] = ask
    if not asks:
        return {}
    dialect = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    added = session.connection().execute(
        dialect(Ask).on_conflict_do_nothing().returning(Ask.id), [_columns(ask) for ask in asks.values()]
    )
    ids = set(added.scalars())
    return {entity_id: ask for entity_id, ask in asks.items() if ask.id in ids}


def _columns(ask: Ask) -> dict[str, object]:
    names = ("province_code", "id", "round_id", "entity_id", "contact_id", "shown_day", "token_sha256", "short_code")
    return {name: getattr(ask, name) for name in (*names, "asked_at")}


def _free_codes(session: Session, number: int) -> list[str]:
    """Of a million codes two may be alike: those that somebody has are made anew."""
    codes: set[str] = set()
    while len(codes) < number:
        fresh = {new_short_code() for _ in range(number - len(codes))}
        codes |= fresh - set(session.scalars(select(Ask.short_code).where(Ask.short_code.in_(fresh))))
    return list(codes)


def _add_obligations(
    session: Session, sender: Sender, asks: dict[uuid.UUID, Ask], told: Sequence[Invitee], now: datetime
) -> None:
    rows = [
        {
            "province_code": sender.of_round.province_code,
            "ask_id": asks[each.entity_id].id,
            "obligation_id": owed.obligation_id,
            "why": owed.why,
            "asked_at": now,
        }
        for each in told
        for owed in each.owed
    ]
    if rows:
        session.connection().execute(insert(AskedObligation), rows)


def write(
    session: Session, sender: Sender, kind: str, mails: Sequence[tuple[Ask, str, OneOfMany]], *, now: datetime
) -> int:
    """Put one mail per step into the line of the round, each with the attempt that follows it; how many are new."""
    if not mails:
        return 0
    of_round = sender.of_round
    dialect = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    added = session.connection().execute(
        dialect(Attempt).on_conflict_do_nothing().returning(Attempt.message_id),
        [
            {
                "province_code": of_round.province_code,
                "id": new_id(),
                "ask_id": ask.id,
                "step": step,
                "way": Way.MAIL,
                "outcome": Outcome.WAITING,
                "made_on": sender.today,
                "recorded_at": now,
                "message_id": mail.id,
                "note": "",
            }
            for ask, step, mail in mails
        ],
    )
    ids = set(added.scalars())
    queued = queue_many(
        session,
        [mail for _ask, _step, mail in mails if mail.id in ids],
        province_code=of_round.province_code,
        kind=kind,
        batch=batch_of(of_round.id),
        now=now,
        vault=sender.vault,
    )
    return len(queued)
