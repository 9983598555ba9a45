"""Reminders in steps before the day shown, and the same ask to another address where nothing has arrived."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from pledges.core.calendar import end_of_day, local_day
from pledges.core.secrecy import Vault
from pledges.registry.models import Contact, Entity, Obligation
from pledges.rounds.asking import CHUNK, PASS, Asked, Key, hold_running, write
from pledges.rounds.invitations import Invitee, Sender, compose, invitees, sender_of
from pledges.rounds.models import Ask, AskedObligation, Attempt, Outcome, Round, Way
from pledges.rounds.population import asked_about, is_open, left_out, owned, usable
from pledges.rounds.rules import ASK_STEP, Step, again_step, latest_ask, reminder_steps, step_due
from pledges.rounds.tried import keep_tried

Due = tuple[uuid.UUID, str]
"""An ask and the step that is due."""


# --- Reminders -------------------------------------------------------------------------------------------------------


def reminders_due(session: Session, of_round: Round, *, now: datetime, limit: int = PASS) -> list[Due]:
    """Who is to be reminded today, and has not been: asks of which something is still open."""
    today = local_day(now)
    found: list[Due] = []
    for name, days in _steps_today(session, of_round, today).items():
        reached_by_then = or_(
            *(and_(Ask.shown_day == shown, Ask.asked_at < end_of_day(latest_ask(step))) for shown, step in days)
        )
        asks = session.scalars(
            select(Ask.id)
            .join(Entity, and_(Entity.province_code == Ask.province_code, Entity.id == Ask.entity_id))
            .join(Contact, and_(Contact.province_code == Ask.province_code, Contact.id == Ask.contact_id))
            .where(
                Ask.province_code == of_round.province_code,
                Ask.round_id == of_round.id,
                Ask.revoked_at.is_(None),
                reached_by_then,
                owned(),
                usable(),
                still_open(of_round),
                ~_attempted(Attempt.step == name),
                ~_attempted(Attempt.outcome == Outcome.WAITING),
            )
            .order_by(Ask.id)
            .limit(limit - len(found))
        )
        found += [(ask_id, name) for ask_id in asks]
        if len(found) >= limit:
            break
    return found


def _steps_today(session: Session, of_round: Round, today: date) -> dict[str, list[tuple[date, Step]]]:
    """Per step the days shown for which it is due today. Few days are shown in one round."""
    days = session.scalars(
        select(Ask.shown_day)
        .where(Ask.province_code == of_round.province_code, Ask.round_id == of_round.id, Ask.shown_day >= today)
        .distinct()
    )
    steps: dict[str, list[tuple[date, Step]]] = defaultdict(list)
    for shown in sorted(days):
        # When they were asked is compared by the statement: here everybody was asked long ago.
        step = step_due(reminder_steps(shown, of_round.reminder_days, date.min), shown, today)
        if step is not None:
            steps[step.name].append((shown, step))
    return dict(steps)


def still_open(of_round: Round) -> ColumnElement[bool]:
    """Something of the ask is owed by the entity, not signed for, and not left out of the round."""
    return exists().where(
        AskedObligation.province_code == Ask.province_code,
        AskedObligation.ask_id == Ask.id,
        Obligation.province_code == AskedObligation.province_code,
        Obligation.id == AskedObligation.obligation_id,
        Obligation.entity_id == Ask.entity_id,
        is_open(),
        ~left_out(of_round),
    )


def _attempted(*which: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(
        Attempt.province_code == Ask.province_code, Attempt.ask_id == Ask.id, Attempt.way == Way.MAIL, *which
    )


def remind_chunk(
    session: Session,
    key: Key,
    *,
    now: datetime,
    vault: Vault,
    public_url: str,
    chunk: int = CHUNK,
    only: Sequence[Due] | None = None,
) -> Asked:
    """Remind those whose step is due (`only`: of these); whoever has signed by now gets nothing."""
    of_round = hold_running(session, key, now)
    if of_round is None:
        return Asked()
    due = dict(reminders_due(session, of_round, now=now, limit=chunk) if only is None else only[:chunk])
    last = f"remind-{min(of_round.reminder_days)}" if of_round.reminder_days else ""
    sender = sender_of(session, of_round, now=now, vault=vault, public_url=public_url)
    mails = []
    for ask, invitee in _still_asked(session, sender, list(due)):
        if (address := _address(ask, invitee)) is not None:
            step = due[ask.id]
            mail = compose(sender, ask, invitee, step=step, address=address[1], last=step == last)
            mails.append((ask, step, mail))
    written = write(session, sender, "round_reminder", mails, now=now)
    keep_tried(session, of_round.province_code, [ask.id for ask, _step, _mail in mails])
    return Asked(reminded=written, messages=written)


def _still_asked(session: Session, sender: Sender, ask_ids: Sequence[uuid.UUID]) -> list[tuple[Ask, Invitee]]:
    """Of these asks those that still have something open, with what that is now."""
    of_round = sender.of_round
    asks = session.scalars(
        select(Ask).where(
            Ask.province_code == of_round.province_code,
            Ask.round_id == of_round.id,
            Ask.id.in_(ask_ids),
            Ask.revoked_at.is_(None),
        )
    )
    by_entity = {ask.entity_id: ask for ask in asks}
    which = (is_open(), owned(), asked_about(of_round), ~left_out(of_round))
    return [(by_entity[each.entity_id], each) for each in invitees(session, sender, list(by_entity), *which)]


def _address(ask: Ask, invitee: Invitee) -> tuple[Contact, str] | None:
    """Where the ask went, if mail still goes there; else the best that is known today."""
    same = replace(invitee, contacts=[each for each in invitee.contacts if each.id == ask.contact_id])
    return same.address() or invitee.address()


# --- To another address ----------------------------------------------------------------------------------------------


def unreached(session: Session, of_round: Round, *, limit: int = PASS) -> list[uuid.UUID]:
    """Asks that reached nobody and have no address that works, where one has become known since."""
    dead = or_(Contact.id.is_(None), ~usable())
    one = aliased(Contact, name="other_contact")
    other = exists().where(one.province_code == Ask.province_code, one.entity_id == Ask.entity_id, usable(one))
    found = session.scalars(
        select(Ask.id)
        .join(Entity, and_(Entity.province_code == Ask.province_code, Entity.id == Ask.entity_id))
        .outerjoin(Contact, and_(Contact.province_code == Ask.province_code, Contact.id == Ask.contact_id))
        .where(
            Ask.province_code == of_round.province_code,
            Ask.round_id == of_round.id,
            Ask.revoked_at.is_(None),
            owned(),
            dead,
            other,
            still_open(of_round),
            ~_attempted(Attempt.outcome != Outcome.NOT_REACHED),
        )
        .order_by(Ask.id)
        .limit(limit)
    )
    return list(found)


def again_chunk(
    session: Session,
    key: Key,
    *,
    now: datetime,
    vault: Vault,
    public_url: str,
    chunk: int = CHUNK,
    only: Sequence[uuid.UUID] | None = None,
) -> Asked:
    """Send the ask to another address where the mails so far came back or there was none."""
    of_round = hold_running(session, key, now)
    if of_round is None:
        return Asked()
    ids = unreached(session, of_round, limit=chunk) if only is None else only[:chunk]
    if not ids:
        return Asked()
    sender = sender_of(session, of_round, now=now, vault=vault, public_url=public_url)
    mails_before = _mails_of(session, of_round, ids)
    mails = []
    for ask, invitee in _still_asked(session, sender, ids):
        address = invitee.address()
        if address is None or address[0].id == ask.contact_id:
            continue
        ask.contact_id = address[0].id
        step = again_step(mails_before.get(ask.id, 0))
        mails.append((ask, step, compose(sender, ask, invitee, step=step, address=address[1])))
    session.flush()
    written = write(session, sender, "round_ask", mails, now=now)
    keep_tried(session, of_round.province_code, [ask.id for ask, _step, _mail in mails])
    return Asked(messages=written)


def _mails_of(session: Session, of_round: Round, ask_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    """How many mails have asked already, reminders not counted."""
    rows = session.execute(
        select(Attempt.ask_id, func.count())
        .where(
            Attempt.province_code == of_round.province_code,
            Attempt.ask_id.in_(ask_ids),
            Attempt.way == Way.MAIL,
            Attempt.step.startswith(ASK_STEP),
        )
        .group_by(Attempt.ask_id)
    )
    return {row[0]: row[1] for row in rows}
