"""What departments and signers do in the simulated year: done in the product, written into the book.

Pledges are rows that go through the product's own states; no document is made of them.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.audit.operations import SYSTEM, record
from pledges.core.calendar import Quarter
from pledges.core.db import new_id
from pledges.plans.decisions import AGENCY, decide
from pledges.registry.models import Cohort, Entity, Obligation
from pledges.registry.queries import find_channel, obligations_of
from pledges.registry.scope import Said, decide_cohort, decide_scope
from pledges.registry.scope_words import CohortReason
from pledges.registry.upkeep_models import ScopeReason
from pledges.rounds import operations
from pledges.rounds.agency_documents import NewDocument, upload_document
from pledges.rounds.attempts import record_attempts, take_back_attempts
from pledges.rounds.models import Ask, AskedObligation, Attempt, Outcome, Way
from pledges.signing.covering import bind
from pledges.signing.models import Pledge, PledgeState
from pledges.signing.rules import new_reference, new_verification_code
from pledges.signing.states import change_state, settle
from tests.support.year.register import Register
from tests.support.year.register_book import Owed

FACTS = {
    PledgeState.RETURNED: "pledge.returned",
    PledgeState.SUBMITTED: "pledge.corrected",
    PledgeState.REJECTED: "pledge.rejected",
    PledgeState.WITHDRAWN: "pledge.withdrawn",
    PledgeState.REVOKED: "pledge.revoked",
    PledgeState.APPROVED: "pledge.approved",
}


class Office(Register):
    """The product's side and the book's, kept in step."""

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
        """Letters, calls or visits of a day; what was recorded before in the same words is not recorded again."""
        key, wanted = (agency[:2], self.rounds[agency, quarter]), {self.ids[number] for number in subjects}
        outcome = Outcome.REACHED if reached else Outcome.NOT_REACHED

        def write(session: Session) -> dict[uuid.UUID, uuid.UUID]:
            asks = session.scalars(select(Ask).where(Ask.round_id == key[1], Ask.entity_id.in_(wanted))).all()
            ids = {ask.id: ask.entity_id for ask in asks}
            record_attempts(
                session,
                key,
                list(ids),
                way=Way(way),
                outcome=outcome,
                made_on=made_on,
                staff=self.officers[agency],
                now=self.clock(),
            )
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
