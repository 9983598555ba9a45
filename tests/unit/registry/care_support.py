"""People of invented agencies and shortly written additions, for the tests of care."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Session

from pledges.accounts.models import Role, Staff
from pledges.audit.operations import Actor
from pledges.core.calendar import local_day
from pledges.core.db import Database
from pledges.core.identity import canonical_channel
from pledges.registry.adding import NewEntity, Seen, add_entity
from pledges.registry.models import Entity, EntityKind, Obligation
from pledges.registry.queries import obligations_of
from pledges.registry.rules import OFFICER
from pledges.registry.scope import Said, decide_scope
from pledges.registry.upkeep_models import ScopeReason
from tests.support.clock import START
from tests.unit.registry.conftest import P
from tests.unit.registry.declarations import VAULT

TODAY = local_day(START)
LATER = START + timedelta(days=1)
ACTOR = Actor("staff", "0")
SEEN = Seen(OFFICER, TODAY, source_name="Danh sách thử nghiệm")


def new(
    *channels: str, name: str = "Cửa hàng Ví Dụ", types: tuple[str, ...] = ("digital_seller",), **more: Any
) -> NewEntity:
    told: dict[str, Any] = {"commune_code": "97001"} | more
    return NewEntity(
        kind=EntityKind.ORGANISATION,
        name=name,
        subject_types=types,
        channels=tuple(canonical_channel(each) for each in channels),
        **told,
    )


def add(database: Database, what: NewEntity, seen: Seen = SEEN, now: Any = START) -> Entity:
    return database.run(
        lambda session: add_entity(session, what, seen, province_code=P, actor=ACTOR, now=now, vault=VAULT)
    )


def person(database: Database, email: str, agency: str = "97-SCT", role: Role = Role.OFFICER) -> Staff:
    def work(session: Session) -> Staff:
        staff = Staff(
            province_code=P,
            email=email,
            name="Cán bộ thử nghiệm",
            role=role,
            agency_code=agency,
            active=True,
            created_at=START,
        )
        session.add(staff)
        session.flush()
        return staff

    return database.run(work)


def owed(database: Database, entity: Entity) -> dict[str, Obligation]:
    """What the entity owes, by entry."""
    with database.read() as session:
        return {found.entry.id: found.obligation for found in obligations_of(session, session.merge(entity, load=True))}


def out(reason: ScopeReason = ScopeReason.CLOSED, on: date = TODAY) -> Said:
    return Said(False, reason, on, evidence="Thông báo số 01/TB (thử nghiệm)")


def into(on: date = TODAY) -> Said:
    return Said(True, ScopeReason.CONFIRMED, on)


def decide(database: Database, obligation: Obligation, what: Said, staff: Staff, now: Any = START) -> None:
    database.run(lambda session: decide_scope(session, (P, obligation.id), what, staff=staff, seen=None, now=now))
