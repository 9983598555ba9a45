"""A year of Huế and two other provinces: a closed quarter, then decisions, moves, a merge, pledges."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.accounts.models import Role, Staff
from pledges.audit.operations import SYSTEM, record
from pledges.core.calendar import local_day
from pledges.core.channels import canonical_channel
from pledges.documents.storage import Storage
from pledges.product import Product
from pledges.registry import care
from pledges.registry.adding import NewEntity, Seen, add_entity
from pledges.registry.counters import move_counters
from pledges.registry.models import Entity, EntityKind, Location, Obligation
from pledges.registry.rules import OFFICER
from pledges.registry.scope import Said, decide_scope
from pledges.registry.upkeep_models import ScopeReason
from pledges.reporting.nation import count_subjects
from pledges.rounds.closing import Closing
from pledges.signing.merging import merge_entities
from pledges.signing.models import Pledge
from tests.support.clock import FixedClock
from tests.support.signing import (
    COMMUNES,
    DONG_THAP,
    HUE,
    LANG_SON,
    approve,
    doctor_pages,
    invented_tax_code,
    seller_pages,
    signed_by,
)
from tests.support.staff import add_person
from tests.unit.reporting.played import OTHER_COMMUNE, Quarterly
from tests.unit.rounds.quarter import AGENCY

HEALTH = "46-SYT"
DAYS = (date(2026, 12, 31), date(2027, 2, 15), date(2027, 3, 31))
"""A quarter whose figures are frozen, a day amid another, and the end of one that nobody has closed."""
NOW = datetime(2027, 6, 15, 3, tzinfo=UTC)


class PlayedYear:
    def __init__(self, product: Product, clock: FixedClock) -> None:
        self.product, self.database, self.clock = product, product.database, clock
        self._number = 0
        self.quarter = Quarterly(product.database, clock, product.vault)
        self.staff = {code: self._officer(code) for code in (AGENCY, HEALTH, "20-SCT")}
        Closing(product.database, Storage(product.settings.storage), clock).close((HUE, self.quarter.round.id))
        self._winter()
        self._spring()
        self._summer()
        clock.set(NOW)
        count_subjects(product.database, clock)

    def _officer(self, agency: str) -> Staff:
        email, where = f"{agency}@vidu.vn".lower(), {"province_code": agency[:2], "agency_code": agency}
        return add_person(self.database, email, role=Role.OFFICER, ready=False, **where)

    def at(self, month: int, day: int, hour: int = 3) -> None:
        self.clock.set(datetime(2027, month, day, hour, tzinfo=UTC))

    def arrive(self, *types: str, province: str = HUE, tax_code: str | None = None, **told: Any) -> Entity:
        self._number += 1
        new = NewEntity(
            kind=EntityKind.ORGANISATION,
            name=f"Cơ sở Thử Nghiệm Năm {self._number}",
            subject_types=types,
            tax_code=tax_code,
            **({"commune_code": COMMUNES[province]} | told),
        )
        seen = Seen(OFFICER, local_day(self.clock()), source_name="Danh sách thử nghiệm")
        return self.database.run(
            lambda session: add_entity(
                session, new, seen, province_code=province, actor=SYSTEM, now=self.clock(), vault=self.product.vault
            )
        )

    def owed(self, entity: Entity) -> Sequence[Obligation]:
        found = select(Obligation).where(
            Obligation.province_code == entity.province_code, Obligation.entity_id == entity.id
        )
        with self.database.read() as session:
            return session.scalars(found.order_by(Obligation.entry_id)).all()

    def move(self, entity: Entity, **figures: int) -> None:
        """Everything that somebody owes, as signing and deciding count it."""

        def work(session: Session) -> None:
            for each in self.owed(entity):
                obligation = session.get_one(Obligation, (each.province_code, each.id))
                owner = session.get_one(Entity, (entity.province_code, entity.id))
                counts = move_counters(session, obligation, owner, day=local_day(self.clock()), **figures)
                record_counts_of(session, obligation, counts, self.clock())

        self.database.run(work)

    def receive(self, *entities: Entity) -> None:
        for entity in entities:
            self.move(entity, waiting_for_agency=1)
            self.move(entity, waiting_for_agency=-1, in_force=1)

    def decide(self, entity: Entity, *, into: bool, by: str = AGENCY) -> None:
        """About the first that somebody owes."""
        said = Said(into, ScopeReason.OTHER, local_day(self.clock()), note="thử nghiệm")
        key = (entity.province_code, self.owed(entity)[0].id)
        staff = self.staff[by]
        self.database.run(lambda session: decide_scope(session, key, said, staff=staff, seen=None, now=self.clock()))

    # --- What happens ------------------------------------------------------------------------------------------------

    def _winter(self) -> None:
        self.at(1, 12)
        self.north = [self.arrive("digital_seller", province=LANG_SON) for _ in range(4)]
        south = [
            self.arrive(kind, province=DONG_THAP) for kind in ("doctor", "doctor", "press", "influencer", "doctor")
        ]
        self.receive(self.north[0], south[0], south[2])
        for province in (HUE, LANG_SON):
            self.arrive("digital_seller", province=province, tax_code=invented_tax_code(70))
        self.arrive("ecommerce_website", channels=(canonical_channel("https://thu-nghiem-nam.vn"),))
        self.at(2, 3)
        self.doctors = [self.arrive("doctor", commune_code=OTHER_COMMUNE) for _ in range(4)]
        self.both = self.arrive("doctor", "scientist", "health_manager")
        self.press = [self.arrive("press") for _ in range(3)]
        self.receive(self.doctors[0], self.both, self.press[0])
        self.move(self.doctors[1], waiting_for_agency=1)

    def _spring(self) -> None:
        staff = self.staff[AGENCY]
        self.at(2, 20)
        self.decide(self.north[1], into=False, by="20-SCT")
        seat = care.Seat(Location.LOCAL, commune_code=OTHER_COMMUNE)
        moved = self.press[0]
        self.database.run(
            lambda session: care.change_place(session, (HUE, moved.id), seat, staff=staff, now=self.clock())
        )
        self.at(3, 8)
        sellers = [self.arrive("digital_seller"), self.arrive("digital_seller")]
        self.receive(sellers[1])
        self.at(3, 20)
        self.database.run(
            lambda session: merge_entities(
                session, HUE, sellers[0].id, sellers[1].id, staff=staff, note="thử nghiệm", now=self.clock()
            )
        )
        kinds = ("enterprise", "digital_seller")
        self.database.run(
            lambda session: care.change_types(session, (HUE, sellers[0].id), kinds, staff=staff, now=self.clock())
        )
        self.decide(self.north[1], into=True, by="20-SCT")
        self.decide(self.north[2], into=False, by="20-SCT")

    def _summer(self) -> None:
        vault = self.product.vault
        self.at(4, 5)
        self.arrive("enterprise")
        leaving = self.arrive("enterprise")
        self.at(5, 4)
        volunteer = doctor_pages(7, LANG_SON, group__subject_type="scientist")
        everybody = [*map(seller_pages, (1, 2, 3)), volunteer]
        signed = [signed_by(self.database, pages, now=self.clock(), vault=vault).signed[0] for pages in everybody]
        self.at(5, 10, 9)
        for pledge in (signed[0], signed[1], signed[3]):
            self.clock.advance(timedelta(days=4))
            self._approve(pledge)
        self.at(5, 25)
        self.move(self.doctors[0], in_force=-1)
        self.decide(leaving, into=False)
        self.decide(self.doctors[3], into=False, by=HEALTH)

    def _approve(self, pledge: Pledge) -> None:
        approve(self.database, pledge, now=self.clock())

        def note(session: Session) -> None:
            """What countersigning writes down beside the state."""
            session.get_one(Pledge, (pledge.province_code, pledge.id)).approved_at = self.clock()

        self.database.run(note)


def record_counts_of(session: Session, obligation: Obligation, counts: Any, now: datetime) -> None:
    record(
        session,
        "obligation.retimed",
        province_code=obligation.province_code,
        object_id=obligation.id,
        actor=SYSTEM,
        now=now,
        data={"counts": counts},
    )
