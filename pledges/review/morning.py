"""The morning mail: what waits for the approval of each approver, once on each working day."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased, load_only

from pledges.accounts.delegation import is_living
from pledges.accounts.models import Delegation, Role, Staff
from pledges.core.calendar import VIETNAM, Clock, is_working_day, local_day
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.messaging.models import Message
from pledges.messaging.operations import queue_message
from pledges.plans.models import Agency
from pledges.plans.queries import agencies_of, get_agency, provinces_in_use
from pledges.plans.settings import province_settings
from pledges.review.models import Revocation, RevocationState
from pledges.signing.models import Pledge, PledgeState

MORNING_TASK = "send_morning_lists"
MORNING_SECONDS = 600.0
BEGINS = time(7, 0)
MOST_REFERENCES = 20
LIST_PATH = "/can-bo/hang-doi"

Place = tuple[str, str]
"""Province and agency."""


@dataclass(frozen=True)
class _Letter:
    """What waits for one person."""

    person: Staff
    pledges: Sequence[Pledge]
    """Oldest first."""
    revocations: int


class MorningMail:
    """`send` is a task that is started every ten minutes; each person gets at most one mail a day."""

    def __init__(self, database: Database, clock: Clock, vault: Vault, public_url: str) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._public_url = public_url

    def send(self) -> None:
        now = self._clock()
        if now < _beginning(now):
            return
        with self._database.read() as session:
            places = [place for place in _places(session, now) if _letters(session, place, now)]
        for place in places:
            self._database.run(partial(self._tell, place=place, now=now))

    def _tell(self, session: Session, place: Place, now: datetime) -> None:
        agency = get_agency(session, *place)
        for letter in _letters(session, place, now):
            self._queue(session, letter, agency, now)

    def _queue(self, session: Session, letter: _Letter, agency: Agency, now: datetime) -> None:
        person, pledges, today = letter.person, letter.pledges, local_day(now)
        tab = "recommended" if pledges else "revocation"
        queue_message(
            session,
            province_code=person.province_code,
            kind="morning_list",
            to_address=person.email,
            dedupe_key=_dedupe_key(person, now),
            params={
                "name": person.name,
                "agency_name": agency.name,
                "count": len(pledges),
                "oldest_days": max([(today - local_day(pledge.state_since)).days for pledge in pledges], default=0),
                "references": [pledge.reference for pledge in pledges[:MOST_REFERENCES]],
                "revocations": letter.revocations,
                "link": f"{self._public_url}{LIST_PATH}?muc={tab}",
            },
            language="vi",
            now=now,
            vault=self._vault,
        )


def _beginning(now: datetime) -> datetime:
    """Seven o'clock of this day in Vietnam. What comes later is in the list of the next working day."""
    return datetime.combine(local_day(now), BEGINS, tzinfo=VIETNAM)


def _dedupe_key(person: Staff, now: datetime) -> str:
    return f"morning_list:{person.id}:{local_day(now).isoformat()}"


def _places(session: Session, now: datetime) -> list[Place]:
    """The agencies that receive pledges, of the provinces that work today."""
    today = local_day(now)
    return [
        (province.code, agency.code)
        for province in provinces_in_use(session)
        if is_working_day(today, province_settings(province).days_off_in_lieu)
        for agency in agencies_of(session, province.code)
        if agency.field
    ]


def _letters(session: Session, place: Place, now: datetime) -> list[_Letter]:
    """Whom to tell in one agency: nobody twice a day, nobody of what they proposed themselves, nobody of nothing."""
    people = _who_may_approve(session, place, now)
    if not people:
        return []
    pledges, askers = _waiting(session, place, _beginning(now))
    letters = [
        _Letter(
            person,
            [pledge for pledge in pledges if pledge.recommended_by != person.id],
            sum(1 for asker in askers if asker != person.id),
        )
        for person in people
    ]
    return [letter for letter in letters if letter.pledges or letter.revocations]


def _waiting(session: Session, place: Place, before: datetime) -> tuple[Sequence[Pledge], Sequence[uuid.UUID]]:
    """What had been recommended before that time, oldest first, and who had asked for each revocation that waits."""
    pledges = session.scalars(
        select(Pledge)
        .where(
            Pledge.province_code == place[0],
            Pledge.agency_code == place[1],
            Pledge.state == PledgeState.RECOMMENDED,
            Pledge.state_since < before,
        )
        .order_by(Pledge.state_since, Pledge.id)
        .options(load_only(Pledge.reference, Pledge.recommended_by, Pledge.state_since))
    ).all()
    asked = session.scalars(
        select(Revocation.asked_by)
        .join(Pledge, (Pledge.province_code == Revocation.province_code) & (Pledge.id == Revocation.pledge_id))
        .where(
            Revocation.province_code == place[0],
            Revocation.agency_code == place[1],
            Revocation.state == RevocationState.ASKED,
            Revocation.asked_at < before,
            Pledge.state == PledgeState.APPROVED,
        )
    ).all()
    return pledges, asked


def _who_may_approve(session: Session, place: Place, now: datetime) -> Sequence[Staff]:
    """Active approvers and living delegates of the agency who have not had today's mail, by name."""
    giver = aliased(Staff)
    delegated = (
        select(Delegation.id)
        .join(giver, is_living(giver, local_day(now)))
        .where(
            Delegation.province_code == Staff.province_code,
            Delegation.to_staff_id == Staff.id,
            Delegation.agency_code == Staff.agency_code,
        )
        .exists()
    )
    people = session.scalars(
        select(Staff)
        .where(
            Staff.province_code == place[0],
            Staff.agency_code == place[1],
            Staff.active,
            (Staff.role == Role.APPROVER) | ((Staff.role == Role.OFFICER) & delegated),
        )
        .order_by(Staff.name, Staff.id)
    ).all()
    told = set(
        session.scalars(
            select(Message.dedupe_key).where(
                Message.province_code == place[0],
                Message.dedupe_key.in_([_dedupe_key(person, now) for person in people]),
            )
        )
    )
    return [person for person in people if _dedupe_key(person, now) not in told]
