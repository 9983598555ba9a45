"""Opening a round, deciding whom it leaves out, and leading it from state to state."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.operations import actor_of
from pledges.accounts.permissions import Action, Place, require
from pledges.audit.operations import Actor, record
from pledges.core.calendar import Quarter, local_day
from pledges.core.db import new_id
from pledges.core.errors import N_, Conflict, DomainError, NotFound, Said
from pledges.core.text import clean_block
from pledges.messaging.bulk import cancel_batch, hold_batch, resume_batch
from pledges.messaging.models import Message, MessageState
from pledges.plans.decisions import MOST_DAYS_BEFORE, MOST_REMINDERS
from pledges.plans.models import Agency, ObligationEntry
from pledges.registry.models import Obligation
from pledges.rounds.models import Attempt, LeftOut, Outcome, Round, RoundState, Way
from pledges.rounds.rules import ADJUSTABLE, STATE_LABELS, batch_of, states_before
from pledges.rounds.tried import keep_tried

Key = tuple[str, uuid.UUID]
"""Province and id of a round."""

OPENED_EARLY = timedelta(days=31)
"""So long before its quarter a round can be opened and looked at."""
MOST_AT_ONCE = 2000
_LONGEST_REASON = 500


class RoundChanged(Conflict):
    """Somebody else was faster: the round is not in that state, or not as the person saw it, any more."""

    def __init__(self, of_round: Round) -> None:
        super().__init__(
            N_(
                "Đợt vận động vừa được người khác thay đổi, hiện ở trạng thái “%(state)s”. "
                "Chưa ghi gì thêm; hãy xem lại."
            ),
            state=Said(STATE_LABELS[of_round.state]),
        )
        self.round = of_round


# --- Opening ---------------------------------------------------------------------------------------------------------


def open_round(
    session: Session, province_code: str, agency_code: str, quarter: Quarter, *, actor: Actor, now: datetime
) -> Round:
    """The round of an agency and quarter, made now if there is none: opening twice, or two at once, makes one."""
    agency = session.get(Agency, (province_code, agency_code))
    if agency is None:
        raise NotFound
    if local_day(now) < quarter.first_day - OPENED_EARLY:
        raise DomainError(
            N_("%(quarter)s chưa bắt đầu. Đợt vận động mở được từ ngày %(day)s."),
            quarter=quarter.vietnamese,
            day=f"{quarter.first_day - OPENED_EARLY:%d/%m/%Y}",
        )
    if not _leads_anything(session, province_code, agency_code):
        raise DomainError(N_("Kế hoạch không giao cơ quan này chủ trì nhóm nào nên không có đợt vận động."))
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    opened = session.execute(
        insert(Round)
        .values(
            province_code=province_code,
            id=new_id(),
            agency_code=agency_code,
            quarter=str(quarter),
            state=RoundState.OPENED,
            revision=0,
            day=quarter.last_day,
            reminder_days=list(agency.reminder_days),
            opened_at=now,
            opened_by=_by(actor),
            started_by="",
        )
        .on_conflict_do_nothing(index_elements=["province_code", "agency_code", "quarter"])
        .returning(Round.id)
    ).first()
    of_round = session.scalars(
        select(Round).where(
            Round.province_code == province_code, Round.agency_code == agency_code, Round.quarter == str(quarter)
        )
    ).one()
    if opened is not None:
        _record(session, "round.opened", of_round, actor=actor, now=now)
    return of_round


def _leads_anything(session: Session, province_code: str, agency_code: str) -> bool:
    found = select(ObligationEntry.id).where(
        ObligationEntry.province_code == province_code, ObligationEntry.lead_agency == agency_code
    )
    return session.scalars(found.limit(1)).first() is not None


# --- Adjusting -------------------------------------------------------------------------------------------------------


def set_round_day(
    session: Session,
    key: Key,
    *,
    seen_revision: int,
    day: date,
    reminder_days: Collection[int],
    actor: Actor,
    now: datetime,
) -> Round:
    """Give the round another day and other reminders. Who has been asked keeps the day that was shown."""
    of_round = _round(session, key)
    quarter = Quarter.parse(of_round.quarter)
    if not max(quarter.first_day, local_day(now)) <= day <= quarter.last_day:
        raise DomainError(
            N_("Ngày của đợt phải nằm trong %(quarter)s và không ở quá khứ, muộn nhất là %(last)s."),
            field="day",
            quarter=quarter.vietnamese,
            last=f"{quarter.last_day:%d/%m/%Y}",
        )
    days = sorted(set(reminder_days), reverse=True)
    if len(days) > MOST_REMINDERS or any(not 1 <= each <= MOST_DAYS_BEFORE for each in days):
        raise DomainError(
            N_("Ghi nhiều nhất %(most)s lần nhắc, mỗi lần là số ngày trước hạn, từ 1 đến %(days)s."),
            field="reminder_days",
            most=MOST_REMINDERS,
            days=MOST_DAYS_BEFORE,
        )
    changed = _change(session, key, ADJUSTABLE, seen_revision, day=day, reminder_days=days)
    _record(session, "round.changed", changed, actor=actor, now=now, day=day.isoformat(), reminder_days=days)
    return changed


def leave_out(
    session: Session, key: Key, obligation_ids: Sequence[uuid.UUID], *, reason: str, staff: Staff, now: datetime
) -> int:
    """Ask nobody about these in this round; they stay in scope and on the lists. How many were not left out yet."""
    of_round = _adjusted(session, key, staff)
    told = clean_block(reason, most=_LONGEST_REASON, field="reason")
    if not told:
        raise DomainError(N_("Hãy ghi lý do không mời, để đồng nghiệp và thanh tra hiểu được sau này."), field="reason")
    ids = _own(session, of_round, obligation_ids)
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    added = session.connection().execute(
        insert(LeftOut).on_conflict_do_nothing().returning(LeftOut.id),
        [
            {
                "province_code": of_round.province_code,
                "id": new_id(),
                "round_id": of_round.id,
                "obligation_id": obligation_id,
                "reason": told,
                "left_out_by": staff.id,
                "left_out_at": now,
            }
            for obligation_id in ids
        ],
    )
    number = len(added.all())
    if number:
        _record(session, "round.left_out", of_round, actor=actor_of(staff), now=now, items=number)
    return number


def bring_back(session: Session, key: Key, obligation_ids: Sequence[uuid.UUID], *, staff: Staff, now: datetime) -> int:
    """Take that decision back; at the next run they are asked like everybody else."""
    of_round = _adjusted(session, key, staff)
    back = session.execute(
        update(LeftOut)
        .where(
            LeftOut.province_code == of_round.province_code,
            LeftOut.round_id == of_round.id,
            LeftOut.obligation_id.in_(_own(session, of_round, obligation_ids)),
            LeftOut.brought_back_at.is_(None),
        )
        .values(brought_back_by=staff.id, brought_back_at=now)
        .returning(LeftOut.id)
        .execution_options(synchronize_session=False)
    ).all()
    if back:
        _record(session, "round.brought_back", of_round, actor=actor_of(staff), now=now, items=len(back))
    return len(back)


def _adjusted(session: Session, key: Key, staff: Staff) -> Round:
    """The round, held so that it is neither asked nor closed meanwhile."""
    of_round = _round(session, key, lock=True)
    require(staff, Action.ROUND_MANAGE, Place(of_round.province_code, of_round.agency_code))
    if of_round.state not in ADJUSTABLE:
        raise RoundChanged(of_round)
    return of_round


def _own(session: Session, of_round: Round, obligation_ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    """The ids, if all of them are of entries that the agency leads."""
    if not obligation_ids:
        raise DomainError(N_("Hãy chọn ít nhất một dòng."), field="obligations")
    if len(obligation_ids) > MOST_AT_ONCE:
        raise DomainError(N_("Mỗi lần chọn được tối đa %(most)s dòng."), field="obligations", most=MOST_AT_ONCE)
    ids = session.scalars(
        select(Obligation.id)
        .join(
            ObligationEntry,
            (ObligationEntry.province_code == Obligation.province_code) & (ObligationEntry.id == Obligation.entry_id),
        )
        .where(
            Obligation.province_code == of_round.province_code,
            Obligation.id.in_(obligation_ids),
            ObligationEntry.lead_agency == of_round.agency_code,
        )
        .order_by(Obligation.id)
    ).all()
    if len(ids) != len(set(obligation_ids)):
        raise NotFound
    return list(ids)


# --- From state to state ---------------------------------------------------------------------------------------------


def start_round(session: Session, key: Key, *, seen_revision: int | None, actor: Actor, now: datetime) -> Round:
    """Let the worker begin to ask. `seen_revision` None: however it stands."""
    quarter = Quarter.parse(_round(session, key).quarter)
    today = local_day(now)
    if today < quarter.first_day:
        raise DomainError(
            N_("%(quarter)s chưa bắt đầu nên chưa gửi lời mời. Hãy bắt đầu đợt từ ngày %(day)s."),
            quarter=quarter.vietnamese,
            day=f"{quarter.first_day:%d/%m/%Y}",
        )
    if today > quarter.last_day:
        raise DomainError(
            N_("%(quarter)s đã kết thúc nên không gửi lời mời nữa. Hãy mở đợt của quý này."), quarter=quarter.vietnamese
        )
    started = _change(
        session,
        key,
        {RoundState.OPENED},
        seen_revision,
        state=RoundState.RUNNING,
        started_at=now,
        started_by=_by(actor),
    )
    _record(session, "round.started", started, actor=actor, now=now)
    return started


def pause_round(session: Session, key: Key, *, seen_revision: int | None, actor: Actor, now: datetime) -> Round:
    """Send nothing more until it is resumed; what a worker is just sending ends by itself."""
    paused = _change(session, key, {RoundState.RUNNING}, seen_revision, state=RoundState.PAUSED)
    hold_batch(session, paused.province_code, batch_of(paused.id))
    _record(session, "round.paused", paused, actor=actor, now=now)
    return paused


def resume_round(session: Session, key: Key, *, seen_revision: int | None, actor: Actor, now: datetime) -> Round:
    running = _change(session, key, {RoundState.PAUSED}, seen_revision, state=RoundState.RUNNING)
    resume_batch(session, running.province_code, batch_of(running.id))
    _record(session, "round.resumed", running, actor=actor, now=now)
    return running


def begin_closing(session: Session, key: Key, *, seen_revision: int | None, actor: Actor, now: datetime) -> Round:
    """End the round once its quarter is over: nothing that has not left by then leaves any more."""
    quarter = Quarter.parse(_round(session, key).quarter)
    if local_day(now) <= quarter.last_day:
        raise DomainError(
            N_("%(quarter)s chưa kết thúc nên chưa chốt được danh sách. Chốt được từ ngày %(day)s."),
            quarter=quarter.vietnamese,
            day=f"{quarter.last_day + timedelta(days=1):%d/%m/%Y}",
        )
    closing = _change(session, key, states_before(RoundState.CLOSING), seen_revision, state=RoundState.CLOSING)
    batch = batch_of(closing.id)
    # What the cancelling ends is settled below by one statement: there may be a hundred thousand of them.
    cancel_batch(session, closing.province_code, batch, now)
    ended = select(Message.id).where(
        Message.province_code == closing.province_code, Message.batch == batch, Message.state == MessageState.FAILED
    )
    settled = session.execute(
        update(Attempt)
        .where(
            Attempt.province_code == closing.province_code,
            Attempt.way == Way.MAIL,
            Attempt.outcome == Outcome.WAITING,
            Attempt.message_id.in_(ended),
        )
        .values(outcome=Outcome.NOT_REACHED, settled_at=now, note="closed")
        .returning(Attempt.ask_id)
        .execution_options(synchronize_session=False)
    )
    keep_tried(session, closing.province_code, settled.scalars().all())
    _record(session, "round.changed", closing, actor=actor, now=now, state=RoundState.CLOSING.value)
    return closing


def _change(session: Session, key: Key, before: Collection[RoundState], seen: int | None, **values: Any) -> Round:
    """Compare-and-swap: of twenty at once one succeeds, the others are told how it stands."""
    changed = session.execute(
        update(Round)
        .where(
            Round.province_code == key[0],
            Round.id == key[1],
            Round.state.in_(before),
            *([Round.revision == seen] if seen is not None else []),
        )
        .values(revision=Round.revision + 1, **values)
        .returning(Round.id)
        .execution_options(synchronize_session=False)
    ).first()
    of_round = session.get(Round, key, populate_existing=True)
    if of_round is None:
        raise NotFound
    if changed is None:
        raise RoundChanged(of_round)
    return of_round


def _round(session: Session, key: Key, *, lock: bool = False) -> Round:
    of_round = session.get(Round, key, with_for_update=lock or None, populate_existing=True)
    if of_round is None:
        raise NotFound
    return of_round


def _by(actor: Actor) -> str:
    return f"{actor.kind}:{actor.id}"[:64]


def _record(session: Session, kind: str, of_round: Round, *, actor: Actor, now: datetime, **data: Any) -> None:
    about = {"agency": of_round.agency_code, "quarter": of_round.quarter}
    record(
        session,
        kind,
        province_code=of_round.province_code,
        object_id=of_round.id,
        actor=actor,
        now=now,
        data=about | data,
    )
