"""Invented subjects that an agency of Huế has invited to sign, by mail or by letter; nothing is sent here."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.audit.models import Fact
from pledges.audit.operations import Actor
from pledges.core.calendar import Quarter, local_day
from pledges.core.channels import canonical_channel
from pledges.core.db import Database, new_id
from pledges.core.secrecy import Vault
from pledges.registry.adding import NewEntity, Seen, add_entity
from pledges.registry.models import Entity, EntityKind, Obligation
from pledges.registry.queries import obligations_of
from pledges.registry.rules import OFFICER
from pledges.rounds.links import new_short_code, token_of, token_sha256
from pledges.rounds.models import Ask, AskedObligation, Round, RoundState, Why
from pledges.rounds.operations import open_round
from pledges.rounds.population import contacts_of
from pledges.rounds.tried import keep_tried
from tests.support.signing import COMMUNES, HUE, invented_tax_code

OFFICE = Actor("staff", "0")
SHOP = "Công ty TNHH Thương mại và Dịch vụ Đặc sản Thử Nghiệm"
SHOP_TAX_CODE = invented_tax_code(4711)
DOCTOR = "Lê Văn Thử Lời Mời"


def shop(**changes: Any) -> NewEntity:
    """An online seller whom the register knows well."""
    told: dict[str, Any] = {
        "kind": EntityKind.ORGANISATION,
        "name": SHOP,
        "subject_types": ("digital_seller",),
        "tax_code": SHOP_TAX_CODE,
        "commune_code": COMMUNES[HUE],
        "address": "Kiệt 3 đường Ví Dụ",
        "emails": ("ke.toan@vidu.vn",),
        "phones": ("+84912345678",),
        "channels": (canonical_channel("https://www.facebook.com/dacsan.thu.nghiem"),),
    }
    return NewEntity(**(told | changes))


def doctor(**changes: Any) -> NewEntity:
    """Somebody whom only a name and perhaps an address point to."""
    told: dict[str, Any] = {
        "kind": EntityKind.PERSON,
        "name": DOCTOR,
        "subject_types": ("doctor",),
        "commune_code": COMMUNES[HUE],
        "emails": ("bac.si.thu@vidu.vn",),
    }
    return NewEntity(**(told | changes))


def registered(database: Database, new: NewEntity, *, now: datetime, vault: Vault) -> Entity:
    seen = Seen(OFFICER, local_day(now), source_name="Danh sách thử nghiệm")
    return database.run(
        lambda session: add_entity(session, new, seen, province_code=HUE, actor=OFFICE, now=now, vault=vault)
    )


def invite(database: Database, new: NewEntity, *, now: datetime, vault: Vault) -> Ask:
    """Register somebody and invite them for all that they owe to the agency of their first obligation."""
    entity = registered(database, new, now=now, vault=vault)
    return database.run(lambda session: ask_for(session, entity, now=now, vault=vault))


def ask_for(session: Session, entity: Entity, *, now: datetime, vault: Vault) -> Ask:
    owed = obligations_of(session, entity)
    agency = owed[0].entry.lead_agency
    of_round = open_round(session, HUE, agency, Quarter.of(local_day(now)), actor=OFFICE, now=now)
    of_round.state = RoundState.RUNNING
    known = contacts_of(session, HUE, [entity.id]).get(entity.id, [])
    ask = Ask(
        province_code=HUE,
        id=new_id(),
        round_id=of_round.id,
        entity_id=entity.id,
        contact_id=known[0].id if known else None,
        shown_day=date(2026, 12, 31),
        short_code=new_short_code(),
        asked_at=now,
    )
    ask.token_sha256 = token_sha256(token_of(vault, ask))
    session.add(ask)
    session.flush()
    session.add_all(
        AskedObligation(
            province_code=HUE, ask_id=ask.id, obligation_id=each.obligation.id, why=Why.CARRIED_OVER, asked_at=now
        )
        for each in owed
        if each.entry.lead_agency == agency
    )
    keep_tried(session, HUE, [ask.id])
    return ask


def landing_of(vault: Vault, ask: Ask) -> str:
    return f"/ky-cam-ket/loi-moi/{token_of(vault, ask)}"


def reread(database: Database, ask: Ask) -> Ask:
    with database.read() as session:
        return session.get_one(Ask, (ask.province_code, ask.id))


def put(database: Database, ask: Ask, state: RoundState) -> None:
    """Let the round of an ask be in another state."""

    def change(session: Session) -> None:
        session.get_one(Round, (ask.province_code, ask.round_id)).state = state

    database.run(change)


def facts(database: Database, kind: str) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Fact).where(Fact.kind == kind)) or 0


def entities(database: Database) -> list[Entity]:
    with database.read() as session:
        return list(session.scalars(select(Entity).order_by(Entity.added_at, Entity.id)))


def owed_by(database: Database, entity_id: Any) -> list[Obligation]:
    with database.read() as session:
        rows = session.scalars(select(Obligation).where(Obligation.entity_id == entity_id).order_by(Obligation.id))
        return list(rows)
