"""Reminding of the law's days for requests about data: once when a day is near, and once when it is over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.accounts.models import Role, Staff
from pledges.core.calendar import VIETNAM, Clock, is_working_day, local_day
from pledges.core.db import Database
from pledges.core.secrecy import sha256_hex
from pledges.messaging.models import Message
from pledges.messaging.operations import queue_message
from pledges.plans.models import Province
from pledges.plans.queries import get_agency, provinces_in_use
from pledges.plans.settings import province_settings
from pledges.rights.models import DataRequest
from pledges.rights.rules import KIND_LABELS
from pledges.rights.steps import Post
from pledges.signing.consent import who_answers
from pledges.signing.models import Consent, ConsentWithdrawal, Pledge

REMIND_OF_RIGHTS = "remind_of_data_requests"
REMIND_OF_RIGHTS_SECONDS = 1800.0
BEGINS = time(7, 0)
ACKNOWLEDGE, DECIDE, CONSENT = "acknowledge", "decide", "consent"


@dataclass(frozen=True)
class DueDay:
    """One day of one request or withdrawal by which something has to be done."""

    about: DataRequest | ConsentWithdrawal
    what: str
    due: date
    agency_code: str
    reference: str
    path: str
    right: str = ""


@dataclass(frozen=True)
class Reminder:
    clock: DueDay
    late: bool
    address: str

    @property
    def key(self) -> str:
        """A day that was moved is a new one; whoever was told once of a stage is not told again."""
        stage, whom = "late" if self.late else "soon", sha256_hex(self.address.encode())[:16]
        return f"rights_due:{self.clock.about.id}:{self.clock.what}:{self.clock.due.isoformat()}:{stage}:{whom}"


class RightsReminders:
    """`remind` is a task that is started every half hour; it writes on working days, from the morning on."""

    def __init__(self, database: Database, clock: Clock, post: Post, administrator_email: str) -> None:
        self._database, self._clock, self._post = database, clock, post
        self._administrator_email = administrator_email

    def remind(self) -> None:
        now = self._clock()
        if now < datetime.combine(local_day(now), BEGINS, tzinfo=VIETNAM):
            return
        with self._database.read() as session:
            due = [
                province.code
                for province in provinces_in_use(session)
                if reminders(session, province, local_day(now), self._administrator_email)
            ]
        for province_code in due:
            self._database.run(partial(self._tell, province_code=province_code, now=now))

    def _tell(self, session: Session, province_code: str, now: datetime) -> None:
        """Read again in the writing transaction: what was answered meanwhile needs no reminder."""
        province = session.get_one(Province, province_code)
        for each in reminders(session, province, local_day(now), self._administrator_email):
            clock = each.clock
            more = {"right": clock.right} if clock.right else {}
            queue_message(
                session,
                province_code=province_code,
                kind="rights_due",
                to_address=each.address,
                dedupe_key=each.key,
                params={
                    "reference": clock.reference,
                    "agency_name": get_agency(session, province_code, clock.agency_code).name,
                    "what": clock.what,
                    "due": clock.due,
                    "link": f"{self._post.public_url}{clock.path}",
                    **more,
                    **({"late": "yes"} if each.late else {}),
                },
                language="vi",
                now=now,
                vault=self._post.vault,
            )


def reminders(session: Session, province: Province, today: date, administrator_email: str) -> list[Reminder]:
    """Who is to be told of what today, and has not been."""
    settings = province_settings(province)
    if not is_working_day(today, settings.days_off_in_lieu):
        return []
    answering = who_answers(session, province.code, settings.data_contact, administrator_email)
    near = _next_working_day(today, settings.days_off_in_lieu)
    found = []
    for clock in (*_of_requests(session, province.code, near), *_of_withdrawals(session, province.code, near)):
        late = clock.due < today
        people = [] if clock.what == CONSENT else _who_acts(session, province.code, clock.agency_code, late=late)
        found += [Reminder(clock, late, address) for address in people or answering]
    told = _told(session, province.code, [each.key for each in found])
    return [each for each in found if each.key not in told]


def _next_working_day(day: date, days_off: frozenset[date]) -> date:
    """What is due until then, days without work included, is near: tomorrow nobody may be there to do it."""
    day += timedelta(days=1)
    while not is_working_day(day, days_off):
        day += timedelta(days=1)
    return day


def _of_requests(session: Session, province_code: str, near: date) -> Iterator[DueDay]:
    waiting = session.scalars(
        select(DataRequest)
        .where(DataRequest.province_code == province_code, DataRequest.decided_at.is_(None))
        .order_by(DataRequest.decide_by, DataRequest.id)
    )
    for asked in waiting:
        days = {ACKNOWLEDGE: asked.acknowledge_by} if asked.acknowledged_at is None else {}
        for what, due in (days | {DECIDE: asked.decide_by}).items():
            if due <= near:
                path = f"/can-bo/quyen-du-lieu/{asked.id}"
                yield DueDay(asked, what, due, asked.agency_code, asked.number, path, KIND_LABELS[asked.kind])


def _of_withdrawals(session: Session, province_code: str, near: date) -> Iterator[DueDay]:
    """The letter that a consent was taken back has acknowledged it; only the answer has to come from a person."""
    rows = session.execute(
        select(ConsentWithdrawal, Pledge)
        .join(
            Pledge,
            (Pledge.province_code == ConsentWithdrawal.province_code) & (Pledge.id == ConsentWithdrawal.pledge_id),
        )
        .where(
            ConsentWithdrawal.province_code == province_code,
            ConsentWithdrawal.consent == Consent.PROCESSING,
            ConsentWithdrawal.handled_at.is_(None),
            ConsentWithdrawal.answer_by <= near,
        )
        .order_by(ConsentWithdrawal.answer_by, ConsentWithdrawal.id)
    )
    for withdrawal, pledge in rows:
        if withdrawal.answer_by is not None:
            path = f"/quan-tri/du-lieu/{withdrawal.id}"
            yield DueDay(withdrawal, CONSENT, withdrawal.answer_by, pledge.agency_code, pledge.reference, path)


def _who_acts(session: Session, province_code: str, agency_code: str, *, late: bool) -> list[str]:
    """The officers of the agency; once it is late, or where there are none, its approvers too."""
    people = session.execute(
        select(Staff.email, Staff.role)
        .where(
            Staff.province_code == province_code,
            Staff.agency_code == agency_code,
            Staff.role.in_((Role.OFFICER, Role.APPROVER)),
            Staff.active,
        )
        .order_by(Staff.email)
    ).all()
    officers = [email for email, role in people if role is Role.OFFICER]
    return officers if officers and not late else [email for email, _role in people]


def _told(session: Session, province_code: str, keys: list[str]) -> set[str]:
    return {
        key
        for some in _chunks(keys)
        for key in session.scalars(
            select(Message.dedupe_key).where(Message.province_code == province_code, Message.dedupe_key.in_(some))
        )
    }


def _chunks(keys: list[str], size: int = 400) -> Iterable[list[str]]:
    return (keys[first : first + size] for first in range(0, len(keys), size))
