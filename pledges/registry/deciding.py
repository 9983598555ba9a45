"""What every decision about an obligation begins with: who may decide it, and that it is still as the person saw it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.permissions import Action, Place, require
from pledges.core.calendar import local_day
from pledges.core.errors import N_, Conflict, DomainError, NotFound
from pledges.core.text import clean_block, clean_line
from pledges.plans.models import ObligationEntry
from pledges.registry.counters import lock_obligations
from pledges.registry.models import Entity, Obligation
from pledges.registry.upkeep_models import ObligationDecision

Key = tuple[str, uuid.UUID]

LONGEST_NOTE = 2000
LONGEST_EVIDENCE = 500


@dataclass(frozen=True)
class Deciding:
    """One locked obligation with its entry and owner (None: a website whose owner nobody knows)."""

    obligation: Obligation
    entry: ObligationEntry
    entity: Entity | None

    @property
    def place(self) -> Place:
        return Place(self.obligation.province_code, self.entry.lead_agency)


def take_up(session: Session, key: Key, staff: Staff, action: Action, *, seen: str | None) -> Deciding:
    """The obligation, locked, if this person may do this to it and it is as they saw it (None: however it is)."""
    found = read(session, key)
    place = found.place if action is Action.SCOPE_DECIDE else Place(key[0])
    require(staff, action, place)
    lock_obligations(session, [found.obligation])
    if found.entity is not None and found.entity.merged_into is not None:
        raise Conflict(N_("Đối tượng này đã được gộp vào đối tượng khác. Hãy quyết định ở đối tượng đang dùng."))
    if seen is not None and seen != mark_of(session, found.obligation):
        raise Conflict(
            N_("Nghĩa vụ này vừa được người khác quyết định hoặc đã thay đổi. Chưa ghi gì thêm; hãy xem lại.")
        )
    return found


def read(session: Session, key: Key) -> Deciding:
    obligation = session.get(Obligation, key)
    if obligation is None:
        raise NotFound
    entry = session.get_one(ObligationEntry, (key[0], obligation.entry_id))
    entity = session.get_one(Entity, (key[0], obligation.entity_id)) if obligation.entity_id is not None else None
    return Deciding(obligation, entry, entity)


def mark_of(session: Session, obligation: Obligation) -> str:
    """What stands on the page and has to stand there still when somebody decides."""
    last = session.scalars(
        select(ObligationDecision.id)
        .where(
            ObligationDecision.province_code == obligation.province_code,
            ObligationDecision.obligation_id == obligation.id,
        )
        .order_by(ObligationDecision.decided_at.desc(), ObligationDecision.id.desc())
        .limit(1)
    ).first()
    return f"{obligation.scope.value}.{obligation.cohort.value}.{last or ''}"


def said(note: str, evidence: str) -> tuple[str, str]:
    return clean_block(note, most=LONGEST_NOTE, field="note"), clean_line(
        evidence, most=LONGEST_EVIDENCE, field="evidence"
    )


def check_day(day: date, now: datetime, *, field: str = "effective_on") -> None:
    if day > local_day(now):
        raise DomainError(N_("Ngày này còn ở phía trước. Hãy ghi hôm nay hoặc một ngày đã qua."), field=field)
