"""What people and departments do in the simulated year: each is done in the product and written into the book.

Everything is invented. Pledges are rows that go through the product's own states; no document is made of them.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pledges.accounts.models import Role, Staff
from pledges.audit.operations import SYSTEM, record
from pledges.core.calendar import Quarter, local_day
from pledges.core.channels import canonical_channel
from pledges.core.db import Database, new_id
from pledges.core.secrecy import Vault
from pledges.plans.decisions import AGENCY, decide
from pledges.plans.models import Commune, ObligationEntry, PledgeText
from pledges.registry.adding import NewEntity, Seen, add_channel, add_contact, add_entity, add_sighting
from pledges.registry.care import Seat, change_name, change_place, change_types
from pledges.registry.models import Cohort, Entity, EntityKind, Location, Obligation
from pledges.registry.queries import find_channel, obligations_of
from pledges.registry.scope import Said, decide_cohort, decide_scope
from pledges.registry.scope_words import CohortReason
from pledges.registry.upkeep_models import ScopeReason
from pledges.rounds import operations
from pledges.rounds.agency_documents import NewDocument, upload_document
from pledges.rounds.attempts import record_attempts, take_back_attempts
from pledges.rounds.models import Ask, AskedObligation, Attempt, Outcome, Way
from pledges.signing.covering import bind
from pledges.signing.merging import merge_entities
from pledges.signing.models import Pledge, PledgeState
from pledges.signing.rules import new_reference, new_verification_code
from pledges.signing.states import change_state, settle
from tests.support.clock import FixedClock
from tests.support.signing import invented_tax_code
from tests.support.staff import add_person
from tests.support.year.book import Book, Owed

T = TypeVar("T")

FACTS = {
    PledgeState.RETURNED: "pledge.returned",
    PledgeState.SUBMITTED: "pledge.corrected",
    PledgeState.REJECTED: "pledge.rejected",
    PledgeState.WITHDRAWN: "pledge.withdrawn",
    PledgeState.REVOKED: "pledge.revoked",
    PledgeState.APPROVED: "pledge.approved",
}


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


class Office:
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

    # --- Decisions ---------------------------------------------------------------------------------------------------

    def _find(self, session: Session, owed: Owed) -> tuple[str, uuid.UUID]:
        province = owed.duty.province
        found = select(Obligation.id).where(Obligation.province_code == province, Obligation.entry_id == owed.duty.id)
        if owed.website:
            channel = find_channel(session, province, owed.website)
            assert channel is not None
            return province, session.scalars(found.where(Obligation.channel_id == channel.id)).one()
        return province, session.scalars(found.where(Obligation.entity_id == self.ids[owed.subject or 0])).one()

    def decide_scope(self, owed: Owed, into: bool) -> None:
        what = Said(into, ScopeReason.OTHER, self.today, note="quyết định thử nghiệm")
        staff = self.officers[owed.duty.agency]
        self.run(
            lambda session: decide_scope(
                session, self._find(session, owed), what, staff=staff, seen=None, now=self.clock()
            )
        )
        self.note("scope_decided", owed.duty.id, owed.website or owed.subject, into)

    def decide_cohort(self, owed: Owed, cohort: str) -> None:
        self.run(
            lambda session: decide_cohort(
                session,
                self._find(session, owed),
                staff=self.officers[owed.duty.agency],
                cohort=Cohort(cohort),
                reason=CohortReason.OTHER,
                note="thử nghiệm",
                seen=None,
                now=self.clock(),
            )
        )
        self.note("cohort_decided", owed.duty.id, owed.website or owed.subject, cohort)

    def upload(self, entry: str) -> None:
        staff = self.officers[self.book.duties[entry].agency]
        document = NewDocument("12/VB-TN", self.today, "Văn bản thử nghiệm", "0" * 64, "van-ban.pdf")
        self.run(lambda session: upload_document(session, entry, document, staff=staff, now=self.clock()))
        self.note("document_uploaded", entry)

    def set_waiting_days(self, agency: str, days: int) -> None:
        values = {"waiting_days": days}
        self.run(lambda session: decide(session, agency[:2], AGENCY, agency, values, actor=SYSTEM, now=self.clock()))
        self.note("waiting_days_set", agency, days)

    # --- Pledges -----------------------------------------------------------------------------------------------------

    def sign(self, signers: Sequence[tuple[int, str, str]]) -> None:
        """Subject, agency and wording of each."""
        first = len(self.pledges) + 1
        found = self.run(lambda session: [self._sign(session, *each) for each in signers])
        for number, (each, pledge_id) in enumerate(zip(signers, found, strict=True), first):
            self.pledges[number] = pledge_id
            self.note("signed", number, *each)

    def _sign(self, session: Session, subject: int, agency: str, text: str) -> uuid.UUID:
        now, (province, entity_id) = self.clock(), self.key(subject)
        entity = session.get_one(Entity, (province, entity_id))
        everything = obligations_of(session, entity)
        owed = [each for each in everything if (each.entry.lead_agency, each.entry.text_id) == (agency, text)]
        pledge_id = new_id()
        pledge = Pledge(
            province_code=province,
            id=pledge_id,
            reference=new_reference(province, self.today),
            verification_code=new_verification_code(),
            draft_id=pledge_id,
            entity_id=entity_id,
            agency_code=agency,
            instrument=owed[0].entry.instrument,
            text_id=text,
            pledge_text_id=self.text,
            state_since=now,
            signed_at=now,
            contact_email="",
            subject_types=[],
            answers={"name": entity.name},
            wording_approved=True,
            template_hash="0" * 64,
            rendered_text="",
            rendered_hash="0" * 64,
            paper={},
            seal_due_at=now + timedelta(days=9999),
        )
        session.add(pledge)
        session.flush()
        quarter = str(Quarter.of(self.today))
        bind(
            session,
            pledge,
            [each.obligation for each in owed],
            {each.entry.id: quarter if each.entry.resign else "" for each in owed},
        )
        self._record(session, "pledge.submitted", pledge, settle(session, pledge, now=now))
        return pledge_id

    def lead_to(self, numbers: Sequence[int], state: PledgeState) -> None:
        def lead(session: Session) -> None:
            for number in numbers:
                province = self.book.subjects[self.book.pledges[number].subject].province
                if state is PledgeState.APPROVED:
                    # Proposing and deciding change nothing that is counted.
                    session.get_one(Pledge, (province, self.pledges[number])).state = PledgeState.COUNTERSIGNING
                    session.flush()
                changed = change_state(session, province, self.pledges[number], state, now=self.clock())
                self._record(session, FACTS[state], changed.pledge, changed.counts)

        self.run(lead)
        for number in numbers:
            self.note("pledge_became", number, state.value)

    def _record(self, session: Session, fact: str, pledge: Pledge, counts: Any) -> None:
        told = {"counts": counts} if counts else {}
        record(
            session,
            fact,
            province_code=pledge.province_code,
            object_id=pledge.id,
            actor=SYSTEM,
            now=self.clock(),
            data=told,
        )

    # --- Rounds ------------------------------------------------------------------------------------------------------

    def open_round(self, agency: str, quarter: str) -> None:
        self.rounds[agency, quarter] = self.run(
            lambda session: operations.open_round(
                session, agency[:2], agency, Quarter.parse(quarter), actor=SYSTEM, now=self.clock()
            )
        ).id

    def lead_round(self, verb: str, agency: str, quarter: str) -> None:
        """`start_round`, `pause_round`, `resume_round`."""
        key = (agency[:2], self.rounds[agency, quarter])
        change = getattr(operations, verb)
        self.run(lambda session: change(session, key, seen_revision=None, actor=SYSTEM, now=self.clock()))

    def leave_out(self, quarter: str, owed: Owed, *, back: bool = False) -> None:
        agency = owed.duty.agency
        key, staff = (agency[:2], self.rounds[agency, quarter]), self.officers[agency]

        def change(session: Session) -> None:
            ids = [self._find(session, owed)[1]]
            if back:
                operations.bring_back(session, key, ids, staff=staff, now=self.clock())
            else:
                operations.leave_out(session, key, ids, reason="thử nghiệm", staff=staff, now=self.clock())

        self.run(change)
        self.note("brought_back" if back else "left_out", agency, quarter, owed.duty.id, owed.website or owed.subject)

    def record(
        self, agency: str, quarter: str, subjects: Sequence[int], way: str, made_on: date, *, reached: bool
    ) -> None:
        """Letters, calls or visits of a day."""
        key, wanted = (agency[:2], self.rounds[agency, quarter]), {self.ids[number] for number in subjects}
        outcome = Outcome.REACHED if reached else Outcome.NOT_REACHED

        def write(session: Session) -> dict[uuid.UUID, uuid.UUID]:
            asks = session.scalars(select(Ask).where(Ask.round_id == key[1], Ask.entity_id.in_(wanted))).all()
            ids = {ask.id: ask.entity_id for ask in asks}
            made = record_attempts(
                session,
                key,
                list(ids),
                way=Way(way),
                outcome=outcome,
                made_on=made_on,
                staff=self.officers[agency],
                now=self.clock(),
            )
            assert made == len(subjects)
            found = select(Attempt).where(
                Attempt.ask_id.in_(ids), Attempt.way == Way(way), Attempt.recorded_at == self.clock()
            )
            return {attempt.id: ids[attempt.ask_id] for attempt in session.scalars(found)}

        for attempt_id, entity_id in self.run(write).items():
            letter = len(self.letters) + 1
            self.letters[letter] = attempt_id
            told = (agency, quarter, self.numbers[entity_id], way, outcome.value, made_on)
            self.note("recorded", letter, *told)

    def take_back(self, letter: int) -> None:
        ask, _name = self.book.letters[letter]
        key, staff = (ask.agency[:2], self.rounds[ask.agency, ask.quarter]), self.officers[ask.agency]
        self.run(
            lambda session: take_back_attempts(
                session, key, [self.letters[letter]], reason="thử nghiệm", staff=staff, now=self.clock()
            )
        )
        self.note("taken_back", letter)

    # --- Asking whom there is to ask ---------------------------------------------------------------------------------

    def asked(self, agency: str, quarter: str) -> dict[int, int]:
        """Per subject of a round about how much it has been asked."""
        with self.database.read() as session:
            rows = session.execute(
                select(Ask.entity_id, AskedObligation.obligation_id)
                .join(AskedObligation, AskedObligation.ask_id == Ask.id)
                .where(Ask.round_id == self.rounds[agency, quarter])
            )
            found: dict[int, int] = {}
            for entity_id, _obligation_id in rows:
                found[self.numbers[entity_id]] = found.get(self.numbers[entity_id], 0) + 1
            return found
