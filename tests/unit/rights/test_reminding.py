"""The law's days: who is reminded of them, when, and that nobody is twice."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select

from pledges.accounts.models import Role, Staff
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.messaging.models import Message
from pledges.registry.models import Entity
from pledges.rights.asking import Received, Withdrawn, record_request, record_withdrawal
from pledges.rights.models import DataRequest, RequestKind, Way
from pledges.rights.operations import acknowledge, extend
from pledges.rights.queries import open_requests
from pledges.rights.reminding import RightsReminders
from pledges.signing.models import Pledge
from tests.support.clock import FixedClock
from tests.support.signing import HUE, run_together
from tests.support.staff import add_person
from tests.unit.rights.conftest import RightsDesk

ADMINISTRATOR = "quan-tri@vidu.vn"


def reminders(desk: RightsDesk) -> RightsReminders:
    return RightsReminders(desk.database, desk.clock, desk.post, ADMINISTRATOR)


def told(desk: RightsDesk) -> list[tuple[str, str, str, str]]:
    """What is new since the last look: what, the day, whether it was over, and to whom."""
    with desk.database.read() as session:
        letters = session.scalars(select(Message).where(Message.kind == "rights_due")).all()
    seen: set[str] = desk.__dict__.setdefault("seen", set())
    new = [each for each in letters if each.dedupe_key not in seen]
    seen.update(each.dedupe_key for each in letters)
    return sorted((e.params["what"], e.params["due"], e.params.get("late", ""), e.to_address) for e in new)


def by_letter(desk: RightsDesk, pledge: Pledge, kind: RequestKind) -> DataRequest:
    received = Received(kind, Way.LETTER, desk.clock().date(), "", identified=True)

    def work(session):  # type: ignore[no-untyped-def]
        entity = session.get_one(Entity, (HUE, pledge.entity_id))
        return record_request(
            session, entity, received, pledge=pledge, staff=desk.officer, now=desk.clock(), post=desk.post
        )

    return desk.database.run(work)


def step(desk: RightsDesk, operation, asked: DataRequest, *said: str) -> DataRequest:  # type: ignore[no-untyped-def]
    with desk.database.read() as session:
        seen = session.get_one(DataRequest, (HUE, asked.id)).revision
    common = {"seen": seen, "staff": desk.officer, "now": desk.clock(), "post": desk.post}
    return desk.database.run(lambda session: operation(session, (HUE, asked.id), *said, **common))


def test_each_day_is_told_once_before_and_once_after(desk: RightsDesk) -> None:
    approver = add_person(
        desk.database, "ld@vidu.vn", role=Role.APPROVER, province_code=HUE, agency_code="46-SCT", ready=False
    )
    desk.person("khac@vidu.vn", "46-SYT")
    desk.on(date(2026, 11, 23))  # a Monday; the 24th is a holiday of culture
    asked = by_letter(desk, desk.signed(), RequestKind.COPY)
    assert (asked.acknowledge_by, asked.decide_by) == (date(2026, 11, 26), date(2026, 12, 3))
    days = {}
    while desk.clock().date() < date(2026, 12, 8):
        run_together(lambda _number: reminders(desk).remind(), 2)
        if new := told(desk):
            days[desk.clock().date()] = new
        desk.clock.advance(timedelta(days=1))
    officer, both = [desk.officer.email], sorted([desk.officer.email, approver.email])
    assert days == {
        date(2026, 11, 25): [("acknowledge", "2026-11-26", "", each) for each in officer],
        date(2026, 11, 27): [("acknowledge", "2026-11-26", "yes", each) for each in both],
        date(2026, 12, 2): [("decide", "2026-12-03", "", each) for each in officer],
        date(2026, 12, 4): [("decide", "2026-12-03", "yes", each) for each in both],
    }


def test_what_was_done_or_moved_is_not_reminded_of(sqlite_database: Database, clock: FixedClock, vault: Vault) -> None:
    desk = RightsDesk(sqlite_database, clock, vault)
    desk.on(date(2026, 11, 25))
    asked = by_letter(desk, desk.signed(), RequestKind.VIEW)
    step(desk, acknowledge, asked)
    desk.on(date(2026, 12, 4))
    reminders(desk).remind()
    assert told(desk) == [("decide", "2026-12-05", "", desk.officer.email)], "the 5th is a Saturday"
    step(desk, extend, asked, "Hồ sơ nhiều (thử nghiệm).")
    desk.on(date(2026, 12, 7))
    reminders(desk).remind()
    assert told(desk) == []
    desk.on(date(2026, 12, 14))
    reminders(desk).remind()
    assert told(desk) == [("decide", "2026-12-15", "", desk.officer.email)]
    desk.decide(step(desk, lambda session, key, **more: session.get_one(DataRequest, key), asked))
    desk.on(date(2026, 12, 17))
    reminders(desk).remind()
    assert told(desk) == []


def test_where_nobody_can_act_those_are_told_who_answer_for_the_province(
    sqlite_database: Database, clock: FixedClock, vault: Vault
) -> None:
    """An agency whose only officer has left, and consents that were taken back."""
    desk = RightsDesk(sqlite_database, clock, vault)
    desk.on(date(2026, 11, 25))
    pledge = desk.signed()
    by_letter(desk, pledge, RequestKind.RESTRICT)
    desk.database.run(
        lambda session: record_withdrawal(
            session,
            session.get_one(Pledge, (HUE, pledge.id)),
            Withdrawn.PROCESSING,
            identified=True,
            staff=desk.officer,
            now=desk.clock(),
            post=desk.post,
            administrator_email=ADMINISTRATOR,
        )
    )
    desk.database.run(lambda session: setattr(session.get_one(Staff, (HUE, desk.officer.id)), "active", False))
    desk.on(date(2026, 12, 11))
    reminders(desk).remind()
    assert told(desk) == [
        ("acknowledge", "2026-11-27", "yes", ADMINISTRATOR),
        ("consent", "2026-12-10", "yes", ADMINISTRATOR),
        ("decide", "2026-12-10", "yes", ADMINISTRATOR),
    ]


def test_what_is_due_next_leads_be_it_only_the_acknowledgement(
    sqlite_database: Database, clock: FixedClock, vault: Vault
) -> None:
    desk = RightsDesk(sqlite_database, clock, vault)
    desk.on(date(2026, 11, 25))
    pledge = desk.signed()
    copy = desk.ask(pledge, RequestKind.COPY)
    deletion = by_letter(desk, pledge, RequestKind.DELETE)
    restriction = desk.ask(pledge, RequestKind.RESTRICT)
    with desk.database.read() as session:
        lines = open_requests(session, HUE, "46-SCT")
        assert [line.request.number for line in lines] == [deletion.number, copy.number, restriction.number]
        assert len(open_requests(session, HUE, "46-SCT", limit=2)) == 2
