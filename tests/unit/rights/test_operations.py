"""Requests: their clocks, who decides, and what follows for the register, mail and files."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.audit.models import Fact
from pledges.core.db import Database
from pledges.core.errors import Conflict, DomainError, NotFound
from pledges.core.secrecy import Vault
from pledges.messaging.models import Message, MessageState
from pledges.registry.models import Entity
from pledges.registry.restrictions import is_restricted, restrict, restricted
from pledges.rights import operations
from pledges.rights.asking import AskedAlready, Received, record_request
from pledges.rights.models import DataRequest, Outcome, RequestKind, Way
from pledges.rights.queries import count_waiting, open_requests
from pledges.rights.rules import clocks
from pledges.rounds.models import Ask
from pledges.rounds.tidying import cancel_pointless
from pledges.rounds.unsigned import still_open
from pledges.signing.merging import merge_entities, undo_merge
from pledges.signing.public_pledges import public_pledge
from pledges.signing.published import PublishedFilter, published_pledges
from tests.support.clock import FixedClock
from tests.support.signing import HUE, approve, run_together
from tests.unit.rights.conftest import GRANT, REFUSE, RightsDesk
from tests.unit.rounds.quarter import QuarterOffice


@pytest.mark.parametrize(
    ("kind", "received", "acknowledge", "decide"),
    [
        (RequestKind.VIEW, date(2026, 10, 9), date(2026, 10, 13), date(2026, 10, 19)),
        (RequestKind.COPY, date(2026, 8, 31), date(2026, 9, 4), date(2026, 9, 10)),  # over National Day
        (RequestKind.CORRECT, date(2026, 11, 23), date(2026, 11, 26), date(2026, 12, 3)),
        (RequestKind.RESTRICT, date(2026, 11, 23), date(2026, 11, 26), date(2026, 12, 8)),
        (RequestKind.DELETE, date(2026, 11, 23), date(2026, 11, 26), date(2026, 12, 13)),
    ],
)
def test_the_clocks_of_the_law(kind: RequestKind, received: date, acknowledge: date, decide: date) -> None:
    assert clocks(kind, received, frozenset()) == (acknowledge, decide)


def test_a_request_is_acknowledged_at_once_and_answered_once(desk: RightsDesk) -> None:
    pledge = desk.signed()
    asked = desk.ask(pledge, RequestKind.COPY)
    with pytest.raises(AskedAlready, match=asked.number):
        desk.ask(pledge, RequestKind.COPY)
    with pytest.raises(DomainError, match="nội dung nào chưa đúng"):
        desk.ask(pledge, RequestKind.CORRECT)
    outsider = desk.person("khac@vidu.vn", "46-SYT")
    with pytest.raises(NotFound):
        desk.decide(asked, staff=outsider)
    with pytest.raises(DomainError, match="căn cứ") as refusal:
        desk.decide(asked, REFUSE, ground="because")
    assert refusal.value.field == "ground"
    decided, _ = desk.decide(asked, REFUSE)
    with pytest.raises(Conflict):
        desk.decide(asked)
    assert (decided.outcome, decided.ground) == (Outcome.REFUSED, "identity")
    assert desk.ask(pledge, RequestKind.COPY).id != asked.id
    with desk.database.read() as session:
        letters = session.scalars(
            select(Message.kind).where(
                Message.kind.like("rights%"), Message.params["reference"].as_string() == asked.number
            )
        ).all()
        assert sorted(letters) == ["rights_answered", "rights_received"]
        facts = session.scalars(select(Fact).where(Fact.object_id == asked.id).order_by(Fact.recorded_at, Fact.id))
        assert [fact.kind for fact in facts] == ["rights.asked", "rights.acknowledged", "rights.decided"]


def test_late_ones_lead_and_are_extended_only_in_time(desk: RightsDesk) -> None:
    desk.on(date(2026, 11, 23))
    deletion = desk.ask(desk.signed(1), RequestKind.DELETE)
    copy = desk.ask(desk.signed(2), RequestKind.COPY)
    key = (HUE, copy.id)

    def extend(seen: int) -> None:
        work = partial(operations.extend, staff=desk.officer, now=desk.clock(), post=desk.post)
        desk.database.run(lambda session: work(session, key, "Nhiều hồ sơ (thử nghiệm).", seen=seen))

    desk.on(date(2026, 12, 3))
    extend(0)
    with pytest.raises(Conflict, match="một lần"):
        extend(1)
    desk.on(date(2026, 12, 14))
    with desk.database.read() as session:
        assert [line.request.id for line in open_requests(session, HUE, "46-SCT")] == [deletion.id, copy.id]
        assert open_requests(session, HUE, "46-SCT")[1].request.decide_by == date(2026, 12, 13)
        waiting = count_waiting(session, HUE, "46-SCT", date(2026, 12, 14))
    assert (waiting.open, waiting.late) == (2, 2)
    late = desk.ask(desk.signed(3), RequestKind.VIEW)
    desk.on(date(2026, 12, 25))
    key = (HUE, late.id)
    with pytest.raises(DomainError, match="quá hạn"):
        extend(0)


def test_who_comes_in_person_needs_papers_and_is_acknowledged_on_paper(desk: RightsDesk) -> None:
    pledge = desk.signed()
    received = Received(RequestKind.VIEW, Way.IN_PERSON, desk.clock().date(), "Muốn xem (thử nghiệm).")

    def record(told: Received) -> DataRequest:
        def work(session: Session) -> DataRequest:
            entity = session.get_one(Entity, (HUE, pledge.entity_id))
            return record_request(
                session, entity, told, pledge=pledge, staff=desk.officer, now=desk.clock(), post=desk.post
            )

        return desk.database.run(work)

    with pytest.raises(DomainError) as refusal:
        record(received)
    assert refusal.value.field == "identified"
    asked = record(Received(**{**received.__dict__, "identified": True}))
    assert asked.acknowledged_at is None
    acknowledge = partial(operations.acknowledge, staff=desk.officer, now=desk.clock(), post=desk.post)
    done = desk.database.run(lambda session: acknowledge(session, (HUE, asked.id), seen=0))
    assert done.acknowledged_at is not None
    with desk.database.read() as session:
        assert not session.scalars(select(Message).where(Message.kind.like("rights%"))).all()


def test_restriction_hides_at_once_and_is_lifted(desk: RightsDesk) -> None:
    pledge = approve(desk.database, desk.signed(publish=True), now=desk.clock())

    def shown() -> tuple[int, bool]:
        with desk.database.read() as session:
            rows = published_pledges(session, PublishedFilter()).rows
            return len(rows), public_pledge(session, pledge).name is not None

    assert shown() == (1, True)
    asked, _ = desk.decide(desk.ask(pledge, RequestKind.RESTRICT))
    assert shown() == (0, False)
    with desk.database.read() as session:
        assert is_restricted(session, HUE, pledge.entity_id)
    lift = partial(operations.lift_restriction, staff=desk.officer, now=desk.clock())
    assert desk.database.run(lambda session: lift(session, (HUE, asked.id)))
    assert not desk.database.run(lambda session: lift(session, (HUE, asked.id)))
    assert shown() == (1, True)


def test_a_restriction_holds_for_whom_the_subject_is_merged_with(desk: RightsDesk) -> None:
    """Whoever is the same person is asked for nothing either, and until the merge is taken back."""
    one, other = desk.signed(1), desk.signed(2)
    desk.decide(desk.ask(other, RequestKind.RESTRICT))
    common = {"staff": desk.officer, "now": desk.clock()}
    merge = desk.database.run(
        lambda session: merge_entities(session, HUE, one.entity_id, other.entity_id, note="Một người.", **common)
    )

    def held() -> list[bool]:
        with desk.database.read() as session:
            rows = session.scalars(select(Entity.id).where(restricted(Entity.province_code, Entity.id))).all()
        return [each.entity_id in rows for each in (one, other)]

    assert held() == [True, True]
    desk.database.run(lambda session: undo_merge(session, HUE, merge.id, **common))
    assert held() == [False, True]


def test_of_twenty_that_ask_together_one_request_comes(desk: RightsDesk) -> None:
    pledge = desk.signed()

    def ask(_: int) -> object:
        try:
            return desk.ask(pledge, RequestKind.DELETE).id
        except AskedAlready as refusal:
            return refusal.request.id

    assert len(set(run_together(ask, 20))) == 1


def test_of_twenty_that_decide_together_one_decides(desk: RightsDesk) -> None:
    asked = desk.ask(desk.signed(), RequestKind.RESTRICT)

    def decide(_: int) -> str:
        try:
            desk.decide(asked, GRANT)
        except Conflict as refusal:
            return str(refusal)
        return "decided"

    answers = run_together(decide, 20)
    assert answers.count("decided") == 1
    assert all("vừa được người khác xử lý" in answer for answer in answers if answer != "decided")


def test_extending_needs_a_reason(desk: RightsDesk) -> None:
    asked = desk.ask(desk.signed(), RequestKind.VIEW)
    desk.clock.advance(timedelta(days=1))
    work = partial(operations.extend, seen=0, staff=desk.officer, now=desk.clock(), post=desk.post)
    with pytest.raises(DomainError) as refusal:
        desk.database.run(lambda session: work(session, (HUE, asked.id), " "))
    assert refusal.value.field == "because"


def test_who_is_restricted_gets_neither_mail_nor_letters(
    sqlite_database: Database, clock: FixedClock, vault: Vault
) -> None:
    office = QuarterOffice(sqlite_database, clock, vault)
    asked, silent = office.subject("mot@vidu.vn"), office.subject("hai@vidu.vn")
    of_round = office.start()
    office.rounds.ask((HUE, of_round.id))
    assert len(office.mails(MessageState.HELD)) == 2

    def keep_quiet(session: Session) -> int:
        restrict(session, HUE, [silent.id], request_id=silent.id, now=clock())
        session.flush()
        return cancel_pointless(session, (HUE, of_round.id), now=clock())

    assert sqlite_database.run(keep_quiet) == 1
    assert [mail.to_address for mail in office.mails(MessageState.HELD)] == ["mot@vidu.vn"]
    with sqlite_database.read() as session:
        assert list(session.scalars(select(Ask.id).where(still_open()))) == [office.ask_of(asked).id]
