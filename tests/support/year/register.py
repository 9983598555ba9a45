"""Who stands in the register of the simulated year: each change is made in the product and written into the book.

Everything is invented.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pledges.accounts.models import Role, Staff
from pledges.audit.operations import SYSTEM
from pledges.core.calendar import local_day
from pledges.core.channels import canonical_channel
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.plans.models import Commune, ObligationEntry, PledgeText
from pledges.registry.adding import NewEntity, Seen, add_channel, add_contact, add_entity, add_sighting
from pledges.registry.care import Seat, change_name, change_place, change_types
from pledges.registry.models import Entity, EntityKind, Location
from pledges.signing.merging import merge_entities
from tests.support.clock import FixedClock
from tests.support.signing import invented_tax_code
from tests.support.staff import add_person
from tests.support.year.book import Book

T = TypeVar("T")


@dataclass(frozen=True)
class Arrival:
    """Somebody whom a department hears of."""

    number: int
    province: str
    person: bool
    types: tuple[str, ...]
    local: bool
    commune: str
    source: str
    seen: date
    appeared: date | None
    address: str
    websites: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{'Người Thử Nghiệm' if self.person else 'Công ty Thử Nghiệm'} {self.number}"

    @property
    def tax_code(self) -> str:
        return "" if self.person or self.number % 4 else invented_tax_code(self.number * 7)


class Register:
    """The product's side and the book's, kept in step."""

    def __init__(self, database: Database, clock: FixedClock, vault: Vault, book: Book) -> None:
        self.database, self.clock, self.vault, self.book = database, clock, vault, book
        self.ids: dict[int, uuid.UUID] = {}
        self.numbers: dict[uuid.UUID, int] = {}
        self.pledges: dict[int, uuid.UUID] = {}
        self.letters: dict[int, uuid.UUID] = {}
        self.rounds: dict[tuple[str, str], uuid.UUID] = {}
        self.officers: dict[str, Staff] = {}
        self.communes: dict[str, list[str]] = {}
        self.text: uuid.UUID

    @property
    def today(self) -> date:
        return local_day(self.clock())

    def run(self, work: Callable[[Session], T]) -> T:
        return self.database.run(work)

    def note(self, what: str, *told: Any) -> Any:
        return self.book.write(self.today, what, *told)

    def begin(self) -> None:
        """Officers of every agency, and what the start data leave to decisions."""
        duties = [duty for duty in self.book.duties.values() if duty.counted]
        for agency in sorted({duty.agency for duty in duties}):
            self.officers[agency] = add_person(
                self.database,
                f"can-bo.{agency.lower()}@vidu.vn",
                role=Role.OFFICER,
                province_code=agency[:2],
                agency_code=agency,
                ready=False,
            )
        with self.database.read() as session:
            for province in sorted({duty.province for duty in duties}):
                found = select(Commune.code).where(Commune.province_code == province, Commune.valid_to.is_(None))
                self.communes[province] = list(session.scalars(found.order_by(Commune.code).limit(12)))
            self.text = session.scalars(select(PledgeText.id).limit(1)).one()
        resign = [duty.id for duty in duties if duty.resign]
        self.run(
            lambda session: session.execute(
                update(ObligationEntry).where(ObligationEntry.id.in_(resign)).values(resign=True)
            )
        )

    def key(self, number: int) -> tuple[str, uuid.UUID]:
        return self.book.subjects[number].province, self.ids[number]

    # --- The register ------------------------------------------------------------------------------------------------

    def arrive(self, arrivals: Sequence[Arrival]) -> None:
        def add(session: Session) -> list[uuid.UUID]:
            return [self._add(session, each).id for each in arrivals]

        for each, entity_id in zip(arrivals, self.run(add), strict=True):
            self.ids[each.number], self.numbers[entity_id] = entity_id, each.number
            about = (each.person, each.name, each.tax_code, each.types, each.local, each.commune)
            evidence = (each.source, each.seen, each.appeared)
            self.note("arrived", each.number, each.province, *about, evidence, each.address, each.websites)

    def _add(self, session: Session, each: Arrival) -> Entity:
        new = NewEntity(
            kind=EntityKind.PERSON if each.person else EntityKind.ORGANISATION,
            name=each.name,
            subject_types=each.types,
            tax_code=each.tax_code or None,
            location=Location.LOCAL if each.local else Location.ELSEWHERE,
            commune_code=each.commune or None,
            emails=(each.address,) if each.address else (),
            channels=tuple(canonical_channel(website) for website in each.websites),
        )
        seen = Seen(each.source, each.seen, source_name="Danh sách thử nghiệm", appeared_on=each.appeared)
        return add_entity(
            session, new, seen, province_code=each.province, actor=SYSTEM, now=self.clock(), vault=self.vault
        )

    def see_website(self, province: str, website: str, owner: int | None, appeared: date | None) -> None:
        seen = Seen("citizen", self.today, appeared_on=appeared)

        def add(session: Session) -> None:
            entity = session.get_one(Entity, self.key(owner)) if owner is not None else None
            where = {"province_code": province, "actor": SYSTEM, "now": self.clock()}
            add_channel(session, entity, canonical_channel(website), seen, **where)  # type: ignore[arg-type]

        self.run(add)
        self.note("website_seen", province, website, owner, self.today, appeared)

    def see_again(self, number: int, source: str, seen_on: date, appeared: date | None) -> None:
        seen = Seen(source, seen_on, appeared_on=appeared)

        def add(session: Session) -> None:
            entity = session.get_one(Entity, self.key(number))
            where = {"province_code": entity.province_code, "actor": SYSTEM, "now": self.clock()}
            add_sighting(session, seen, entity=entity, **where)  # type: ignore[arg-type]

        self.run(add)
        self.note("seen_again", number, source, seen_on, appeared)

    def rename(self, number: int, name: str) -> None:
        staff = self.any_officer(number)
        self.run(lambda session: change_name(session, self.key(number), name, staff=staff, now=self.clock()))
        self.note("renamed", number, name)

    def move(self, number: int, commune: str) -> None:
        staff, seat = self.any_officer(number), Seat(Location.LOCAL, commune_code=commune)
        self.run(lambda session: change_place(session, self.key(number), seat, staff=staff, now=self.clock()))
        self.note("moved", number, commune)

    def give_types(self, number: int, types: tuple[str, ...]) -> None:
        staff = self.any_officer(number)
        self.run(lambda session: change_types(session, self.key(number), types, staff=staff, now=self.clock()))
        self.note("given_types", number, types)

    def give_address(self, number: int, address: str) -> None:
        def add(session: Session) -> None:
            entity = session.get_one(Entity, self.key(number))
            add_contact(session, entity, "email", address, actor=SYSTEM, now=self.clock())

        self.run(add)
        self.note("given_address", number, address)

    def merge(self, kept: int, gone: int) -> None:
        province, staff = self.book.subjects[kept].province, self.any_officer(kept)
        self.run(
            lambda session: merge_entities(
                session, province, self.ids[kept], self.ids[gone], staff=staff, note="thử nghiệm", now=self.clock()
            )
        )
        self.note("merged", kept, gone)

    def any_officer(self, number: int) -> Staff:
        """Of the same province."""
        province = self.book.subjects[number].province
        return next(staff for agency, staff in self.officers.items() if agency.startswith(province))
