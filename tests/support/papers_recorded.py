"""Subjects that signed on paper, for tests of what an agency records. Every name and number is invented."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from pledges.audit.operations import Actor
from pledges.core.calendar import local_day
from pledges.core.db import Database, new_id
from pledges.core.identity import fold, name_key
from pledges.registry.models import Channel, Entity, EntityKind, EntityType
from pledges.registry.obligations import recompute_obligations
from pledges.signing.paper_checks import PaperPledge
from pledges.signing.paper_pledges import Recorded, Recorder, record_paper_pledge
from tests.support.signing import COMMUNES, HUE, PUBLIC_URL, invented_tax_code

SIGNED_ON = date(2026, 2, 12)
COMMAND = Actor("command")
TRADE = "46-SCT"


def registered(
    database: Database,
    number: int = 1,
    *types: str,
    now: datetime,
    websites: tuple[str, ...] = (),
    name: str = "",
) -> Entity:
    """A subject that an agency knows, with what it owes."""

    def add(session: Session) -> Entity:
        named = name or f"Cửa hàng Thử Nghiệm {number}"
        entity = Entity(
            province_code=HUE,
            id=new_id(),
            kind=EntityKind.ORGANISATION,
            name=named,
            name_fold=fold(named),
            name_key=name_key(named),
            tax_code=invented_tax_code(number),
            commune_code=COMMUNES[HUE],
            address="12 đường Thử Nghiệm",
            added_at=now,
        )
        session.add(entity)
        session.flush()
        for code in types or ("digital_seller",):
            session.add(EntityType(province_code=HUE, entity_id=entity.id, subject_type=code))
        for address in websites:
            session.add(
                Channel(
                    province_code=HUE,
                    entity_id=entity.id,
                    kind="website",
                    address=address,
                    as_typed=address,
                    first_seen_on=local_day(now),
                    added_at=now,
                )
            )
        session.flush()
        recompute_obligations(session, entity, actor=COMMAND, now=now)
        return entity

    return database.run(add)


def record(database: Database, entity: Entity, *, now: datetime, by: Recorder | None = None, **said: Any) -> Recorded:
    """Record the paper of this subject; `said` changes what it says, `confirmed` the question about what is unusual."""
    confirmed = said.pop("confirmed", False)
    paper = PaperPledge(
        **{
            "entry_id": "46-seller",
            "signed_on": SIGNED_ON,
            "signer_name": "Trần Thị Thử Nghiệm",
            "number": "12/CK-TN",
            **said,
        }
    )
    recorder = by or Recorder(COMMAND, "lệnh của người quản trị", TRADE)

    def work(session: Session) -> Recorded:
        subject = session.get_one(Entity, (entity.province_code, entity.id))
        return record_paper_pledge(
            session, subject, paper, by=recorder, now=now, public_url=PUBLIC_URL, confirmed=confirmed
        )

    return database.run(work)
