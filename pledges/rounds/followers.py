"""What becomes of the mail of a round, as messaging tells it: reached, not reached, uncertain, or back again."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from types import MappingProxyType

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pledges.audit.operations import SYSTEM, record
from pledges.core.calendar import add_working_days, local_day
from pledges.messaging.bulk import CANCELLED
from pledges.messaging.following import Followers
from pledges.messaging.models import Message, MessageState
from pledges.plans.models import Agency
from pledges.registry.models import Contact
from pledges.registry.turning import days_off
from pledges.rounds.marking import counts_of, mark_not_reached, mark_reached, obligations_asked
from pledges.rounds.models import Ask, Attempt, Outcome, Round
from pledges.rounds.population import EMAIL
from pledges.rounds.tried import keep_tried


def on_message(session: Session, message: Message, now: datetime) -> None:
    """Write what is known of a mail into its attempt, and into the days from which its subjects count as asked."""
    attempt = session.scalars(
        select(Attempt)
        .where(Attempt.province_code == message.province_code, Attempt.message_id == message.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if attempt is None:
        return
    before = _said(attempt)
    if message.bounced_at is not None:
        _came_back(session, message, attempt, now)
    elif message.state is MessageState.ACCEPTED:
        _arrived(session, message, attempt, now)
    elif message.state is MessageState.UNCERTAIN:
        _settle(attempt, Outcome.UNCERTAIN, now)
    elif message.state is MessageState.FAILED:
        _settle(attempt, Outcome.NOT_REACHED, now, attempt.note or _why_failed(message.last_error))
    if _said(attempt) != before:
        keep_tried(session, attempt.province_code, [attempt.ask_id])


FOLLOWERS: Followers = MappingProxyType({"round_ask": on_message, "round_reminder": on_message})
"""For `Delivery.followers`."""


def _said(attempt: Attempt) -> tuple[Outcome, date, str]:
    """What lists say of it."""
    return attempt.outcome, attempt.made_on, attempt.note


def _settle(attempt: Attempt, outcome: Outcome, now: datetime, note: str = "") -> None:
    attempt.outcome, attempt.settled_at, attempt.note = outcome, now, note


def _why_failed(error: str) -> str:
    """A word of `rules.NOTE_LABELS`."""
    word = error.partition(":")[0]
    return {"expired": "expired", CANCELLED: "closed"}.get(word, "failed")


def _arrived(session: Session, message: Message, attempt: Attempt, now: datetime) -> None:
    """The relay has taken it. From today on its subjects count as asked, those that nobody had reached before."""
    if attempt.outcome is Outcome.REACHED:
        return
    _settle(attempt, Outcome.REACHED, now)
    attempt.made_on = local_day(now)
    _revive_contacts(session, message)
    owed = _about(session, attempt)
    counts = mark_reached(session, message.province_code, dict.fromkeys(owed, attempt.made_on), day=local_day(now))
    record(
        session,
        "ask.reached",
        province_code=message.province_code,
        object_id=attempt.ask_id,
        actor=SYSTEM,
        now=now,
        data={"step": attempt.step, "counts": counts_of(counts, owed)},
    )


def _came_back(session: Session, message: Message, attempt: Attempt, now: datetime) -> None:
    """Nobody was reached, if it came back within the waiting time; later it only says that the address is dead."""
    _mark_contacts(session, message)
    if attempt.outcome is Outcome.NOT_REACHED and attempt.note == "bounced":
        return
    came_back_on = local_day(message.bounced_at or now)
    if attempt.outcome is Outcome.REACHED and came_back_on > _waiting_time_of(session, attempt):
        return
    had_arrived, made_on = attempt.outcome is Outcome.REACHED, attempt.made_on
    _settle(attempt, Outcome.NOT_REACHED, now, "bounced")
    counts, owed = {}, list[uuid.UUID]()
    if had_arrived:
        owed = _about(session, attempt)
        days = dict.fromkeys(owed, (made_on,))
        counts = mark_not_reached(session, message.province_code, days, [attempt.id], day=local_day(now))
    record(
        session,
        "ask.bounced",
        province_code=message.province_code,
        object_id=attempt.ask_id,
        actor=SYSTEM,
        now=now,
        data={"step": attempt.step, "counts": counts_of(counts, owed)},
    )


def _about(session: Session, attempt: Attempt) -> list[uuid.UUID]:
    """What the mail was about: not what has come up since it was written."""
    ids = [attempt.ask_id]
    return obligations_asked(session, attempt.province_code, ids, until=attempt.recorded_at).get(attempt.ask_id, [])


def _waiting_time_of(session: Session, attempt: Attempt) -> date:
    """The last day on which a mail that comes back takes the ask with it."""
    ask = session.get_one(Ask, (attempt.province_code, attempt.ask_id))
    of_round = session.get_one(Round, (ask.province_code, ask.round_id))
    agency = session.get_one(Agency, (of_round.province_code, of_round.agency_code))
    return add_working_days(attempt.made_on, agency.waiting_days, days_off(session, ask.province_code))


def _mark_contacts(session: Session, message: Message) -> None:
    """The address is dead for everybody who has given it."""
    session.execute(
        update(Contact)
        .where(
            Contact.province_code == message.province_code,
            Contact.kind == EMAIL,
            Contact.value.in_({message.to_address, message.to_address.lower()}),
            Contact.bounced_at.is_(None),
        )
        .values(bounced_at=message.bounced_at, bounce_reason=message.bounce_reason)
        .execution_options(synchronize_session="fetch")
    )


def _revive_contacts(session: Session, message: Message) -> None:
    """Mail has arrived there that was written after the last one had come back."""
    session.execute(
        update(Contact)
        .where(
            Contact.province_code == message.province_code,
            Contact.kind == EMAIL,
            Contact.value.in_({message.to_address, message.to_address.lower()}),
            Contact.bounced_at < message.created_at,
        )
        .values(bounced_at=None, bounce_reason="")
        .execution_options(synchronize_session="fetch")
    )
