"""An agency of Huế and the invented subjects of its quarter, for tests of rounds."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.accounts.models import Role, Staff
from pledges.audit.models import Fact
from pledges.audit.operations import SYSTEM, record
from pledges.core.calendar import Quarter, local_day
from pledges.core.channels import canonical_channel
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.messaging.models import Message, MessageState
from pledges.registry.adding import NewEntity, Seen, add_channel, add_entity
from pledges.registry.counters import move_counters
from pledges.registry.models import Contact, Entity, EntityKind, Obligation, Scope
from pledges.registry.recounting import recount
from pledges.registry.rules import OFFICER
from pledges.rounds import operations
from pledges.rounds.attempts import record_attempts
from pledges.rounds.followers import FOLLOWERS
from pledges.rounds.models import Ask, Attempt, Outcome, Round, Way
from pledges.rounds.runs import Rounds
from tests.support.clock import FixedClock
from tests.support.signing import COMMUNES, HUE, PUBLIC_URL
from tests.support.staff import add_person

AGENCY = "46-SCT"
Q4 = Quarter(2026, 4)
FIRST_MORNING = datetime(2026, 10, 1, 2, 0, tzinfo=UTC)
"""Nine o'clock in Vietnam."""


class QuarterOffice:
    """Opens the round of its agency, and lets mail be accepted or come back as a relay would."""

    def __init__(self, database: Database, clock: FixedClock, vault: Vault, agency: str = AGENCY) -> None:
        self.database, self.clock, self.vault, self.agency = database, clock, vault, agency
        clock.set(FIRST_MORNING)
        self.rounds = Rounds(database, clock, vault, PUBLIC_URL, chunk=3)
        self._number = 0
        self._officers: dict[str, Staff] = {}

    # --- The register ---

    def subject(self, *emails: str, types: Sequence[str] = ("digital_seller",), **told: Any) -> Entity:
        """Somebody in scope of an entry of this agency."""
        self._number += 1
        new = NewEntity(
            kind=EntityKind.ORGANISATION,
            name=f"Công ty Thử Nghiệm {self._number}",
            subject_types=tuple(types),
            emails=emails,
            **({"commune_code": COMMUNES[HUE]} | told),
        )
        seen = Seen(OFFICER, local_day(self.clock()), source_name="Danh sách thử nghiệm")
        add = partial(add_entity, new=new, seen=seen, province_code=HUE, actor=SYSTEM, vault=self.vault)
        return self.database.run(lambda session: add(session, now=self.clock()))

    def website(self, entity: Entity, address: str) -> None:
        """Found today."""
        seen, channel = Seen(OFFICER, local_day(self.clock())), canonical_channel(address)
        add = partial(add_channel, address=channel, seen=seen, province_code=HUE, actor=SYSTEM)
        self.database.run(lambda session: add(session, session.get_one(Entity, (HUE, entity.id)), now=self.clock()))

    def owed(self, entity: Entity) -> list[Obligation]:
        with self.database.read() as session:
            found = select(Obligation).where(Obligation.province_code == HUE, Obligation.entity_id == entity.id)
            return list(session.scalars(found.order_by(Obligation.entry_id, Obligation.id)))

    def sign(self, entity: Entity, obligation: Obligation | None = None) -> None:
        """As far as the counters see it."""
        self._move(obligation or self.owed(entity)[0], waiting_for_agency=1)

    def approve(self, entity: Entity) -> None:
        self._move(self.owed(entity)[0], waiting_for_agency=-1, in_force=1)

    def revoke(self, entity: Entity) -> None:
        self._move(self.owed(entity)[0], in_force=-1)

    def hand_back(self, entity: Entity) -> None:
        self._move(self.owed(entity)[0], waiting_for_agency=-1)

    def _move(self, obligation: Obligation, **figures: int) -> None:
        def move(session: Session) -> None:
            found = session.get_one(Obligation, (HUE, obligation.id), with_for_update=True)
            entity = session.get_one(Entity, (HUE, found.entity_id)) if found.entity_id else None
            counts = move_counters(session, found, entity, day=local_day(self.clock()), **figures)
            record_counts(session, found, counts, self.clock())

        self.database.run(move)

    def put(self, obligation: Obligation, **values: Any) -> None:
        """Change columns without a decision: for conditions that only read them."""

        def change(session: Session) -> None:
            found = session.get_one(Obligation, (HUE, obligation.id))
            for name, value in values.items():
                setattr(found, name, value)

        self.database.run(change)

    def out_of_scope(self, entity: Entity) -> None:
        self.put(self.owed(entity)[0], scope=Scope.CONFIRMED_OUT)

    def contacts(self, entity: Entity) -> list[Contact]:
        with self.database.read() as session:
            return list(session.scalars(select(Contact).where(Contact.entity_id == entity.id).order_by(Contact.value)))

    # --- The round ---

    def open(self) -> Round:
        return self.database.run(
            partial(
                operations.open_round,
                province_code=HUE,
                agency_code=self.agency,
                quarter=Q4,
                actor=SYSTEM,
                now=self.clock(),
            )
        )

    def start(self) -> Round:
        return self.lead("start_round", self.open())

    def lead(self, verb: str, of_round: Round, seen: int | None = None) -> Round:
        change = partial(getattr(operations, verb), key=(HUE, of_round.id), seen_revision=seen, actor=SYSTEM)
        found: Round = self.database.run(lambda session: change(session, now=self.clock()))
        return found

    def officer(self, email: str = "can-bo.quy@vidu.vn") -> Staff:
        if email not in self._officers:
            self._officers[email] = add_person(
                self.database, email, role=Role.OFFICER, province_code=HUE, agency_code=self.agency, ready=False
            )
        return self._officers[email]

    def asks(self) -> list[Ask]:
        with self.database.read() as session:
            return list(session.scalars(select(Ask).order_by(Ask.asked_at, Ask.id)))

    def ask_of(self, entity: Entity) -> Ask:
        return next(ask for ask in self.asks() if ask.entity_id == entity.id)

    def attempts(self, entity: Entity | None = None) -> list[Attempt]:
        with self.database.read() as session:
            found = select(Attempt).order_by(Attempt.recorded_at, Attempt.id)
            if entity is not None:
                found = found.where(Attempt.ask_id == self.ask_of(entity).id)
            return list(session.scalars(found))

    def attempt(self, entity: Entity, way: Way, outcome: Outcome) -> int:
        """Recorded today, of today."""
        record_one = partial(
            record_attempts,
            key=(HUE, self.open().id),
            ask_ids=[self.ask_of(entity).id],
            way=way,
            outcome=outcome,
            made_on=local_day(self.clock()),
            staff=self.officer(),
        )
        return self.database.run(lambda session: record_one(session, now=self.clock()))

    # --- The mail ---

    def mails(self, *states: MessageState) -> list[Message]:
        with self.database.read() as session:
            found = select(Message).where(Message.batch.is_not(None)).order_by(Message.created_at, Message.id)
            return [each for each in session.scalars(found) if not states or each.state in states]

    def settle(self, message: Message, state: MessageState, error: str = "", **values: Any) -> None:
        """What messaging does when it knows what became of a mail."""

        def end(session: Session) -> None:
            found = session.get_one(Message, (HUE, message.id), with_for_update=True)
            found.state, found.last_error = state, error
            for name, value in values.items():
                setattr(found, name, value)
            session.flush()
            FOLLOWERS[found.kind](session, found, self.clock())

        self.database.run(end)

    def deliver(self) -> int:
        """Let everything that stands in line be accepted."""
        held = self.mails(MessageState.HELD)
        for message in held:
            self.settle(message, MessageState.ACCEPTED, accepted_at=self.clock())
        return len(held)

    def come_back(self, message: Message) -> None:
        self.settle(message, MessageState.ACCEPTED, bounced_at=self.clock(), bounce_reason="550 No such user")

    # --- What follows ---

    def facts(self, kind: str) -> int:
        with self.database.read() as session:
            return session.scalar(select(func.count()).select_from(Fact).where(Fact.kind == kind)) or 0

    def check_counters(self) -> None:
        assert self.database.run(lambda session: recount(session, repair=False)) == []

    def days(self, days: float) -> date:
        self.clock.advance(timedelta(days=days))
        return local_day(self.clock())


def record_counts(session: Session, obligation: Obligation, counts: Any, now: datetime) -> None:
    record(
        session,
        "obligation.retimed",
        province_code=HUE,
        object_id=obligation.id,
        actor=SYSTEM,
        now=now,
        data={"counts": counts},
    )


def ids(found: Sequence[Any]) -> list[uuid.UUID]:
    return [each.id for each in found]
