"""Recording a decision against somebody who has pledged, correcting the record, taking it back.

A record is never changed: it is ended with a reason, and a corrected one is added. Whoever wants the pledge revoked
for it goes the way of every revocation (`revocations`), with a second person.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.operations import actor_of
from pledges.accounts.permissions import Action, Place, require
from pledges.audit.operations import record
from pledges.core.calendar import local_day
from pledges.core.errors import N_, Conflict, DomainError, NotFound
from pledges.plans.queries import get_agency
from pledges.registry.families import family, lock_survivor
from pledges.registry.models import Entity, Standing
from pledges.review.violation_models import Violation
from pledges.review.violation_queries import pledge_on
from pledges.review.violation_rules import Said, checked, number_key, reason_given

Key = tuple[str, uuid.UUID]
"""Province and id of an entity or of a violation."""


def record_violation(session: Session, entity_key: Key, said: Said, *, staff: Staff, now: datetime) -> Violation:
    """Record a decision for the officer's own agency; of a merged entity at the one that stands for it."""
    place = Place(entity_key[0], staff.agency_code)
    require(staff, Action.VIOLATION_RECORD, place)
    entity = session.get(Entity, entity_key)
    if entity is None:
        raise NotFound
    violation = _add(session, entity, said, staff=staff, now=now)
    _record(session, "violation.recorded", violation, staff, now, {"entity": str(violation.entity_id)})
    return violation


def correct_violation(session: Session, key: Key, said: Said, *, reason: str, staff: Staff, now: datetime) -> Violation:
    """Put a corrected record in the place of this one, which stays visible with the reason."""
    old = _own(session, key, staff)
    why = reason_given(reason, N_("Hãy ghi vì sao sửa, để người sau hiểu."))
    if _same(old, checked(said, today=local_day(now))):
        raise DomainError(N_("Chưa có gì khác với bản đang ghi. Hãy sửa mục cần sửa, hoặc quay lại."))
    _end(session, old, why, staff, now)
    entity = session.get_one(Entity, (old.province_code, old.entity_id))
    violation = _add(session, entity, said, staff=staff, now=now, corrects=old.id)
    _record(session, "violation.corrected", violation, staff, now, {"corrects": str(old.id)})
    return violation


def take_back_violation(session: Session, key: Key, *, reason: str, staff: Staff, now: datetime) -> Violation:
    """End a record that was wrong altogether; it stays visible and counts nowhere."""
    violation = _own(session, key, staff)
    _end(session, violation, reason_given(reason, N_("Hãy ghi vì sao rút lại, để người sau hiểu.")), staff, now)
    _record(session, "violation.taken_back", violation, staff, now, {})
    return violation


def _own(session: Session, key: Key, staff: Staff) -> Violation:
    violation = session.get(Violation, key)
    if violation is None:
        raise NotFound
    require(staff, Action.VIOLATION_RECORD, Place(violation.province_code, violation.agency_code))
    return violation


def _same(old: Violation, said: Said) -> bool:
    return all(getattr(old, name) == value for name, value in vars(said).items())


def _add(
    session: Session, entity: Entity, said: Said, *, staff: Staff, now: datetime, corrects: uuid.UUID | None = None
) -> Violation:
    said = checked(said, today=local_day(now))
    entity = lock_survivor(session, entity)
    if entity.standing is not Standing.REGISTERED:
        raise Conflict(N_("Đối tượng này còn chờ xem xét. Hãy quyết định về đối tượng trước, rồi ghi vi phạm."))
    ids = family(session, entity)
    _refuse_twice(session, entity.province_code, ids, said, staff)
    agency_code = staff.agency_code or ""
    pledge = pledge_on(
        session, entity.province_code, ids, said.happened_on, agency_code=agency_code, channel=said.channel
    )
    violation = Violation(
        province_code=entity.province_code,
        agency_code=agency_code,
        entity_id=entity.id,
        pledge_id=pledge.id if pledge is not None else None,
        number_key=number_key(said.decision_number),
        recorded_by=staff.id,
        recorded_at=now,
        corrects_id=corrects,
        **vars(said),
    )
    session.add(violation)
    session.flush()
    return violation


def _refuse_twice(session: Session, province_code: str, ids: list[uuid.UUID], said: Said, staff: Staff) -> None:
    """One decision is recorded once in a province; the unique index says the same to those who come together."""
    first = session.scalars(
        select(Violation).where(
            Violation.province_code == province_code,
            Violation.entity_id.in_(ids),
            Violation.decided_on == said.decided_on,
            Violation.number_key == number_key(said.decision_number),
            Violation.field == said.field,
            Violation.ended_at.is_(None),
        )
    ).first()
    if first is None:
        return
    number, day = first.decision_number, f"{first.decided_on:%d/%m/%Y}"
    if first.agency_code == staff.agency_code:
        raise DomainError(
            N_("Cơ quan bạn đã ghi quyết định số %(number)s ngày %(day)s cho đối tượng này, cùng lĩnh vực."),
            field="decision_number",
            number=number,
            day=day,
        )
    raise DomainError(
        N_("%(agency)s đã ghi quyết định số %(number)s ngày %(day)s. Mỗi quyết định chỉ ghi một lần."),
        field="decision_number",
        agency=get_agency(session, province_code, first.agency_code).name,
        number=number,
        day=day,
    )


def _end(session: Session, violation: Violation, reason: str, staff: Staff, now: datetime) -> None:
    """Of several who correct or take back at once one succeeds."""
    ended = session.execute(
        update(Violation)
        .where(
            Violation.province_code == violation.province_code,
            Violation.id == violation.id,
            Violation.ended_at.is_(None),
        )
        .values(ended_at=now, ended_by=staff.id, end_reason=reason)
        .returning(Violation.id)
        .execution_options(synchronize_session=False)
    ).first()
    if ended is None:
        raise Conflict(N_("Bản ghi này vừa được sửa hoặc rút lại. Chưa ghi gì thêm; hãy xem lại."))
    session.refresh(violation)


def _record(
    session: Session, kind: str, violation: Violation, staff: Staff, now: datetime, data: dict[str, str]
) -> None:
    record(
        session,
        kind,
        province_code=violation.province_code,
        object_id=violation.id,
        actor=actor_of(staff),
        now=now,
        data=data,
    )
