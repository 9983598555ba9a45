"""Decisions in bulk on both engines: each item once, refusals beside the others, lost work found again."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func, select, update

from pledges.accounts.delegation import NewDelegation, delegate
from pledges.accounts.models import Staff
from pledges.accounts.operations import actor_of
from pledges.accounts.permissions import NotPermitted
from pledges.audit.models import Fact
from pledges.core.calendar import local_day
from pledges.core.db import Database, new_id
from pledges.core.errors import DomainError, NotFound
from pledges.core.secrecy import Vault
from pledges.jobs.queries import in_queue
from pledges.jobs.queue import job_table
from pledges.review.batches import (
    FAULT,
    LEASE,
    MOST_ITEMS,
    WORK_BATCH_TASK,
    BatchWorker,
    Items,
    Progress,
    progress,
    start_batch,
)
from pledges.review.models import Batch, BatchItem, BatchKind, Decision, ItemState
from pledges.review.operations import recommend
from pledges.signing.models import Pledge, PledgeState
from tests.support.clock import FixedClock
from tests.support.reviewing import TRADE, officer_of, submitted, submitted_copies
from tests.support.signing import HUE, doctor_pages, run_together


@pytest.fixture
def worker(database: Database, clock: FixedClock) -> BatchWorker:
    return BatchWorker(database, clock)


@pytest.fixture
def pledges(database: Database, pledge: Pledge) -> list[Pledge]:
    """Six that pass all checks."""
    return [pledge, *submitted_copies(database, pledge, 5)]


def started(database: Database, staff: Staff, pledges: list[Pledge], clock: FixedClock, kind: BatchKind) -> Batch:
    items = [(pledge.id, _now(database, pledge).revision) for pledge in pledges]
    return database.run(
        lambda session: start_batch(session, kind, staff=staff, agency_code=TRADE, items=items, now=clock())
    )


def _now(database: Database, pledge: Pledge) -> Pledge:
    with database.read() as session:
        return session.get_one(Pledge, (pledge.province_code, pledge.id))


def result(database: Database, batch: Batch) -> Progress:
    with database.read() as session:
        return progress(session, batch)


def decisions(database: Database) -> Counter[tuple[str, uuid.UUID]]:
    with database.read() as session:
        return Counter((kind.value, each) for kind, each in session.execute(select(Decision.kind, Decision.pledge_id)))


def queued(database: Database, batch: Batch) -> bool:
    arguments = (batch.province_code, str(batch.id))
    with database.read() as session:
        return in_queue(session, WORK_BATCH_TASK, [arguments]) == {arguments}


def change(database: Database, pledge: Pledge, **columns: object) -> None:
    database.run(lambda session: session.execute(update(Pledge).where(Pledge.id == pledge.id).values(**columns)))


def test_recommended_and_approved_in_bulk(
    database: Database,
    clock: FixedClock,
    worker: BatchWorker,
    officer: Staff,
    approver: Staff,
    pledges: list[Pledge],
) -> None:
    batch = started(database, officer, pledges, clock, BatchKind.RECOMMEND)
    assert queued(database, batch)
    before = result(database, batch)
    assert (before.total, before.waiting, before.finished) == (6, 6, False)
    worker.work(HUE, str(batch.id))
    after = result(database, batch)
    assert (after.done, after.refused, after.waiting, after.signed, after.finished) == (6, 0, 0, 0, True)
    assert [item.pledge.id for item in after.items] == [pledge.id for pledge in pledges]
    second = started(database, approver, pledges, clock, BatchKind.APPROVE)
    worker.work(HUE, str(second.id))
    assert {item.pledge.state for item in result(database, second).items} == {PledgeState.COUNTERSIGNING}
    change(database, pledges[0], state=PledgeState.APPROVED, approved_at=clock())
    assert result(database, second).signed == 1
    assert set(decisions(database).values()) == {1}
    with database.read() as session:
        assert {row.batch_id for row in session.scalars(select(Decision))} == {batch.id, second.id}
        facts = session.scalars(select(Fact.data).where(Fact.kind == "batch.started").order_by(Fact.recorded_at)).all()
    assert {(fact["kind"], fact["items"]) for fact in facts} == {("recommend", 6), ("approve", 6)}
    worker.work(HUE, str(batch.id))
    assert sum(decisions(database).values()) == 12


def test_a_refusal_does_not_stop_the_others(
    database: Database,
    clock: FixedClock,
    worker: BatchWorker,
    officer: Staff,
    approver: Staff,
    pledges: list[Pledge],
) -> None:
    """Between the confirmed page and its turn: one is decided by another, one fails a check, one loses its seal."""
    other = officer_of(database, number=2)
    batch = started(database, officer, pledges, clock, BatchKind.RECOMMEND)
    clock.advance(timedelta(minutes=1))
    faster, doubtful, unsealed, good = pledges[0], pledges[1], pledges[2], pledges[3:]
    database.run(lambda session: recommend(session, (HUE, faster.id), staff=other, seen=0, now=clock()))
    change(database, doubtful, contact_email="a@mailinator.com")
    change(database, unsealed, document_id=None)
    worker.work(HUE, str(batch.id))
    found = {item.pledge.id: item for item in result(database, batch).items}
    assert {found[pledge.id].state for pledge in good} == {ItemState.DONE}
    assert other.name in found[faster.id].reason
    assert "Cần người xem" in found[doubtful.id].reason
    assert "mailinator.com" in found[doubtful.id].reason
    assert "chờ niêm phong" in found[unsealed.id].reason
    assert _now(database, doubtful).state is PledgeState.SUBMITTED
    approving = started(database, approver, [*good, faster], clock, BatchKind.APPROVE)
    change(database, good[0], recommended_by=approver.id)
    worker.work(HUE, str(approving.id))
    refused = [item for item in result(database, approving).items if item.state is ItemState.REFUSED]
    assert [item.pledge.id for item in refused] == [good[0].id]
    assert "người khác phải duyệt" in refused[0].reason


def test_twenty_runs_at_once_decide_each_item_once(
    database: Database, clock: FixedClock, worker: BatchWorker, officer: Staff, pledges: list[Pledge]
) -> None:
    batch = started(database, officer, pledges, clock, BatchKind.RECOMMEND)
    run_together(lambda _number: worker.work(HUE, str(batch.id)), 20)
    assert result(database, batch).waiting == 0
    worker.work(HUE, str(batch.id))
    assert (result(database, batch).done, len(decisions(database)), sum(decisions(database).values())) == (6, 6, 6)


def test_lost_work_is_asked_for_again(
    database: Database, clock: FixedClock, worker: BatchWorker, officer: Staff, pledges: list[Pledge]
) -> None:
    batch = started(database, officer, pledges, clock, BatchKind.RECOMMEND)

    def jobs() -> int:
        with database.read() as session:
            return session.scalar(select(func.count()).where(job_table.c.class_name == WORK_BATCH_TASK)) or 0

    worker.sweep()
    assert jobs() == 1
    clock.advance(LEASE)
    worker.sweep()
    worker.sweep()
    assert jobs() == 2
    worker.work(HUE, str(batch.id))
    clock.advance(LEASE)
    worker.sweep()
    assert jobs() == 2


def test_what_cannot_be_started(
    database: Database, clock: FixedClock, officer: Staff, approver: Staff, pledge: Pledge, vault: Vault
) -> None:
    doctor = submitted(database, now=clock(), vault=vault, pages=doctor_pages())

    def start(staff: Staff, items: Items, kind: BatchKind = BatchKind.RECOMMEND, agency: str = TRADE) -> Batch:
        return database.run(
            lambda session: start_batch(session, kind, staff=staff, agency_code=agency, items=items, now=clock())
        )

    for items, said in (
        ([], "ít nhất một"),
        ([(pledge.id, 0), (pledge.id, 0)], "hai lần"),
        ([(new_id(), 0) for _ in range(MOST_ITEMS + 1)], "tối đa 2000"),
    ):
        with pytest.raises(DomainError, match=said):
            start(officer, items)
    for wrong in ([(doctor.id, 0)], [(new_id(), 0)]):
        with pytest.raises(NotFound):
            start(officer, wrong)
    with pytest.raises(NotFound):
        start(officer, [(doctor.id, 0)], agency=doctor.agency_code)
    with pytest.raises(NotPermitted):
        start(approver, [(pledge.id, 0)])
    with pytest.raises(NotPermitted):
        start(officer, [(pledge.id, 0)], BatchKind.APPROVE)
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Batch)) == 0


def test_the_same_page_twice_is_one_batch(
    database: Database, clock: FixedClock, officer: Staff, pledge: Pledge
) -> None:
    batch_id = new_id()

    def start(_number: int) -> uuid.UUID:
        return database.run(
            lambda session: (
                start_batch(
                    session,
                    BatchKind.RECOMMEND,
                    staff=officer,
                    agency_code=TRADE,
                    items=[(pledge.id, 0)],
                    now=clock(),
                    batch_id=batch_id,
                ).id
            )
        )

    assert set(run_together(start, 4)) == {batch_id}
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(BatchItem)) == 1


def test_who_may_not_decide_any_more_decides_nothing(
    database: Database, clock: FixedClock, worker: BatchWorker, officer: Staff, approver: Staff, pledges: list[Pledge]
) -> None:
    """A delegation ends, an account is closed: what still waits is refused, not carried out."""
    first, second, third = pledges[:3]
    for pledge in (first, second, third):
        database.run(partial(recommend, key=(HUE, pledge.id), staff=officer, seen=0, now=clock()))
    deputy = officer_of(database, number=2)
    today = local_day(clock())
    new = NewDelegation(deputy.id, "TUQ. GIÁM ĐỐC – CHÁNH VĂN PHÒNG", today, today)
    database.run(lambda session: delegate(session, approver, new, actor=actor_of(approver), now=clock()))
    batch = started(database, deputy, [first], clock, BatchKind.APPROVE)
    late = started(database, deputy, [second], clock, BatchKind.APPROVE)
    closed = started(database, approver, [third], clock, BatchKind.APPROVE)
    worker.work(HUE, str(batch.id))
    assert result(database, batch).done == 1
    clock.advance(timedelta(days=1))
    database.run(lambda session: session.execute(update(Staff).where(Staff.id == approver.id).values(active=False)))
    for each in (late, closed):
        worker.work(HUE, str(each.id))
        [item] = result(database, each).items
        assert (item.state, "Vai trò của bạn" in item.reason) == (ItemState.REFUSED, True)


def test_a_fault_of_one_item_is_its_own(sqlite_database: Database, clock: FixedClock, vault: Vault) -> None:
    """Answers of a wrong shape make the checks fail in a way that nobody foresaw."""
    officer = officer_of(sqlite_database)
    first = submitted(sqlite_database, now=clock(), vault=vault)
    broken = submitted_copies(sqlite_database, first, 1)[0]
    change(sqlite_database, broken, answers=[])
    batch = started(sqlite_database, officer, [broken, first], clock, BatchKind.RECOMMEND)
    BatchWorker(sqlite_database, clock).work(HUE, str(batch.id))
    found = {item.pledge.id: item for item in result(sqlite_database, batch).items}
    assert (found[broken.id].state, found[broken.id].reason) == (ItemState.REFUSED, FAULT)
    assert found[first.id].state is ItemState.DONE


def test_an_item_that_the_database_refuses_waits_and_the_others_go_on(
    sqlite_database: Database, clock: FixedClock, vault: Vault
) -> None:
    officer = officer_of(sqlite_database)
    first = submitted(sqlite_database, now=clock(), vault=vault)
    copies = submitted_copies(sqlite_database, first, 2)
    batch = started(sqlite_database, officer, [first, *copies], clock, BatchKind.RECOMMEND)
    trigger = (
        "CREATE TRIGGER refuse BEFORE UPDATE ON pledge WHEN old.reference = '{0}' "
        "BEGIN SELECT RAISE(ABORT, 'refused by the test'); END"
    )

    def run(statement: str) -> None:
        with sqlite_database.engine.begin() as connection:
            connection.exec_driver_sql(statement)

    run(trigger.format(first.reference))
    worker = BatchWorker(sqlite_database, clock)
    with pytest.raises(Exception, match="refused by the test"):
        worker.work(HUE, str(batch.id))
    assert (result(sqlite_database, batch).done, result(sqlite_database, batch).waiting) == (2, 1)
    run("DROP TRIGGER refuse")
    worker.work(HUE, str(batch.id))
    assert result(sqlite_database, batch).done == 3
