"""Letters, calls and visits that people record, many at once; and taking back what was recorded by mistake."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.operations import actor_of
from pledges.accounts.permissions import Action, Place, require
from pledges.audit.operations import record_many
from pledges.core.calendar import local_day
from pledges.core.db import new_id
from pledges.core.errors import N_, Conflict, DomainError, NotFound
from pledges.core.text import clean_line
from pledges.rounds.marking import counts_of, mark_not_reached, mark_reached, obligations_asked, told_by
from pledges.rounds.models import Ask, Attempt, Outcome, Round, Way
from pledges.rounds.operations import Key, RoundChanged
from pledges.rounds.rules import ADJUSTABLE, is_taken_back, taken_back_step
from pledges.rounds.tried import keep_tried

MOST_ATTEMPTS = 5000
LONGEST_NOTE = 300
_CHUNK = 500

_FACTS = {"recorded": "attempt.recorded", "taken_back": "attempt.taken_back"}


def record_attempts(
    session: Session,
    key: Key,
    ask_ids: Sequence[uuid.UUID],
    *,
    way: Way,
    outcome: Outcome,
    made_on: date,
    staff: Staff,
    now: datetime,
    note: str = "",
    batch_id: uuid.UUID | None = None,
) -> int:
    """Record one letter, call or visit for each of these asks of a round; how many were not recorded yet.

    The same way, day and outcome for one ask is the same attempt: a form that is sent twice records it once.
    """
    of_round = _adjusted(session, key, staff)
    _check(of_round, way, outcome, made_on, now)
    told = clean_line(note, most=LONGEST_NOTE, field="note")
    wanted = sorted(set(ask_ids))
    if not wanted:
        raise DomainError(N_("Hãy chọn ít nhất một dòng."), field="asks")
    if len(wanted) > MOST_ATTEMPTS:
        raise DomainError(N_("Mỗi lần chọn được tối đa %(most)s dòng."), field="asks", most=MOST_ATTEMPTS)
    recorded = 0
    for start in range(0, len(wanted), _CHUNK):
        chunk = wanted[start : start + _CHUNK]
        _check_asks(session, of_round, chunk)
        known = _known(session, of_round, chunk, way, outcome, made_on)
        attempts = [
            Attempt(
                province_code=of_round.province_code,
                id=new_id(),
                ask_id=ask_id,
                step=way.value,
                way=way,
                outcome=outcome,
                made_on=made_on,
                recorded_at=now,
                recorded_by=staff.id,
                settled_at=now,
                batch_id=batch_id,
                note=told,
            )
            for ask_id in chunk
            if ask_id not in known
        ]
        _write(session, of_round, attempts, staff, now)
        recorded += len(attempts)
    return recorded


def _adjusted(session: Session, key: Key, staff: Staff) -> Round:
    of_round = session.get(Round, key, with_for_update=True, populate_existing=True)
    if of_round is None:
        raise NotFound
    require(staff, Action.ROUND_MANAGE, Place(of_round.province_code, of_round.agency_code))
    if of_round.state not in ADJUSTABLE:
        raise RoundChanged(of_round)
    return of_round


def _check(of_round: Round, way: Way, outcome: Outcome, made_on: date, now: datetime) -> None:
    if way is Way.MAIL or outcome not in {Outcome.REACHED, Outcome.NOT_REACHED}:
        raise ValueError("mail is recorded by the system, and people know what came out of the rest")
    begun = local_day(of_round.opened_at)
    if made_on > local_day(now):
        raise DomainError(N_("Ngày này chưa đến. Hãy ghi ngày đã gửi thư, gọi điện hoặc đến gặp."), field="made_on")
    if made_on < begun:
        raise DomainError(
            N_("Ngày này ở trước khi mở đợt (%(day)s). Hãy ghi ngày trong đợt vận động này."),
            field="made_on",
            day=f"{begun:%d/%m/%Y}",
        )


def _check_asks(session: Session, of_round: Round, ask_ids: Sequence[uuid.UUID]) -> None:
    found = session.scalars(
        select(Ask.id).where(
            Ask.province_code == of_round.province_code, Ask.round_id == of_round.id, Ask.id.in_(ask_ids)
        )
    ).all()
    if len(found) != len(ask_ids):
        raise NotFound


def _known(
    session: Session, of_round: Round, ask_ids: Sequence[uuid.UUID], way: Way, outcome: Outcome, made_on: date
) -> set[uuid.UUID]:
    return set(
        session.scalars(
            select(Attempt.ask_id).where(
                Attempt.province_code == of_round.province_code,
                Attempt.ask_id.in_(ask_ids),
                Attempt.step == way.value,
                Attempt.outcome == outcome,
                Attempt.made_on == made_on,
            )
        )
    )


def _write(session: Session, of_round: Round, attempts: Sequence[Attempt], staff: Staff, now: datetime) -> None:
    if not attempts:
        return
    province_code, today = of_round.province_code, local_day(now)
    session.connection().execute(insert(Attempt), [_columns(attempt) for attempt in attempts])
    reached = [attempt.ask_id for attempt in attempts if attempt.outcome is Outcome.REACHED]
    made_on = attempts[0].made_on
    owed = obligations_asked(session, province_code, reached, until=told_by(attempts[0]))
    days = {obligation_id: made_on for ids in owed.values() for obligation_id in ids}
    counts = mark_reached(session, province_code, days, day=today)
    keep_tried(session, province_code, [attempt.ask_id for attempt in attempts])
    record_many(
        session,
        (
            (
                _FACTS["recorded"],
                attempt.id,
                _about(of_round, attempt) | {"counts": counts_of(counts, owed.get(attempt.ask_id, []))},
            )
            for attempt in attempts
        ),
        province_code=province_code,
        actor=actor_of(staff),
        now=now,
    )


def _columns(attempt: Attempt) -> dict[str, object]:
    names = (
        *("province_code", "id", "ask_id", "step", "way", "outcome", "made_on", "recorded_at", "recorded_by"),
        *("settled_at", "batch_id", "note"),
    )
    return {name: getattr(attempt, name) for name in names}


def _about(of_round: Round, attempt: Attempt) -> dict[str, object]:
    return {
        "round": str(of_round.id),
        "ask": str(attempt.ask_id),
        "way": attempt.way.value,
        "outcome": attempt.outcome.value,
        "made_on": attempt.made_on.isoformat(),
    }


# --- Taking back -----------------------------------------------------------------------------------------------------


def take_back_attempts(
    session: Session, key: Key, attempt_ids: Sequence[uuid.UUID], *, reason: str, staff: Staff, now: datetime
) -> int:
    """Let letters, calls or visits that were recorded by mistake count for nothing; the rows and the reason stay.

    How many there were: what somebody else has taken back already is passed over.
    """
    of_round = _adjusted(session, key, staff)
    told = clean_line(reason, most=LONGEST_NOTE, field="reason")
    if not told:
        raise DomainError(N_("Hãy ghi lý do hoàn tác, ví dụ “ghi nhầm danh sách”."), field="reason")
    attempts = _manual(session, of_round, attempt_ids)
    if not attempts:
        raise Conflict(N_("Ghi nhận này đã được hoàn tác trước đó."))
    days: dict[uuid.UUID, set[date]] = defaultdict(set)
    owed = obligations_asked(session, of_round.province_code, [attempt.ask_id for attempt in attempts])
    for attempt in attempts:
        if attempt.outcome is Outcome.REACHED:
            for obligation_id in owed.get(attempt.ask_id, []):
                days[obligation_id].add(attempt.made_on)
    about = {attempt.id: _about(of_round, attempt) for attempt in attempts}
    for attempt in attempts:
        attempt.step, attempt.note = taken_back_step(attempt.step), told
        attempt.outcome, attempt.settled_at = Outcome.NOT_REACHED, now
    session.flush()
    counts = mark_not_reached(session, of_round.province_code, days, list(about), day=local_day(now))
    keep_tried(session, of_round.province_code, [attempt.ask_id for attempt in attempts])
    told_of: set[uuid.UUID] = set()
    facts = []
    for attempt in attempts:
        # Two attempts of one ask move its obligations once.
        moved = [each for each in owed.get(attempt.ask_id, []) if each not in told_of]
        told_of.update(moved)
        facts.append((_FACTS["taken_back"], attempt.id, about[attempt.id] | {"counts": counts_of(counts, moved)}))
    record_many(session, facts, province_code=of_round.province_code, actor=actor_of(staff), now=now)
    return len(attempts)


def _manual(session: Session, of_round: Round, attempt_ids: Sequence[uuid.UUID]) -> list[Attempt]:
    """Those of the attempts that people have recorded in this round and nobody has taken back, locked."""
    if len(attempt_ids) > MOST_ATTEMPTS:
        raise DomainError(N_("Mỗi lần chọn được tối đa %(most)s dòng."), field="attempts", most=MOST_ATTEMPTS)
    found = session.scalars(
        select(Attempt)
        .join(Ask, (Ask.province_code == Attempt.province_code) & (Ask.id == Attempt.ask_id))
        .where(
            Attempt.province_code == of_round.province_code,
            Attempt.id.in_(attempt_ids),
            Attempt.way != Way.MAIL,
            Ask.round_id == of_round.id,
        )
        .order_by(Attempt.id)
        .with_for_update(of=Attempt)
        .execution_options(populate_existing=True)
    ).all()
    if len(found) != len(set(attempt_ids)):
        raise NotFound
    return [attempt for attempt in found if not is_taken_back(attempt.step)]


def take_back_batch(
    session: Session, key: Key, batch_id: uuid.UUID, *, reason: str, staff: Staff, now: datetime
) -> int:
    """The same for all letters that were recorded as one batch."""
    ids = session.scalars(select(Attempt.id).where(Attempt.province_code == key[0], Attempt.batch_id == batch_id)).all()
    return take_back_attempts(session, key, ids, reason=reason, staff=staff, now=now)
