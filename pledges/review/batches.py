"""Decisions in bulk: a batch is written at once, and a job decides its items one by one, each in a transaction."""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, defer

from pledges.accounts.delegation import living_delegation
from pledges.accounts.models import Staff
from pledges.accounts.operations import actor_of
from pledges.accounts.permissions import Action, NotPermitted, Place, require
from pledges.audit.operations import record
from pledges.core.calendar import Clock, local_day
from pledges.core.crashpoints import crash_point
from pledges.core.db import Database, new_id
from pledges.core.errors import N_, Conflict, DomainError, NotFound
from pledges.jobs.operations import enqueue
from pledges.review.checks import CheckOutcome, check_pledges, passes_all
from pledges.review.models import Batch, BatchItem, BatchKind, ItemState
from pledges.review.operations import Key, approve, recommend
from pledges.signing.models import Pledge

WORK_BATCH_TASK = "work_batch"
SWEEP_BATCHES = "sweep_batches"

MOST_ITEMS = 2000
LEASE = timedelta(minutes=2)
"""After that long without a sign of life of its job a batch is given another one."""
_RENEW_EVERY = 25
_MOST_FAILED = 5
"""Items that the database refused in one run; then it is itself the reason."""

ACTIONS = {BatchKind.RECOMMEND: Action.PLEDGE_RECOMMEND, BatchKind.APPROVE: Action.PLEDGE_APPROVE}

FAULT = N_("Hệ thống gặp lỗi với hồ sơ này nên chưa ghi gì. Hãy mở hồ sơ và thử lại; nếu vẫn lỗi, báo người quản trị.")

Items = list[tuple[uuid.UUID, int]]
"""Ids of pledges with the revisions that the person saw."""

log = logging.getLogger("pledges.review")


def start_batch(
    session: Session,
    kind: BatchKind,
    *,
    staff: Staff,
    agency_code: str,
    items: Items,
    now: datetime,
    batch_id: uuid.UUID | None = None,
) -> Batch:
    """Write down what one person decides in bulk, and enqueue the work; the same `batch_id` again gives the first one.

    Nothing is decided yet: each item is judged anew when its turn comes.
    """
    delegated = living_delegation(session, staff, local_day(now)) is not None
    require(staff, ACTIONS[kind], Place(staff.province_code, agency_code), delegated=delegated)
    if batch_id is not None and (known := session.get(Batch, (staff.province_code, batch_id))) is not None:
        if known.staff_id != staff.id:
            raise NotFound
        return known
    _check_items(session, staff.province_code, agency_code, items)
    batch = Batch(
        province_code=staff.province_code,
        id=batch_id or new_id(),
        agency_code=agency_code,
        kind=kind,
        staff_id=staff.id,
        created_at=now,
        work_due_at=now + LEASE,
    )
    session.add(batch)
    session.flush()
    # Worked on in the order in which they were chosen: ids made in one millisecond have no order of their own.
    ids = sorted(new_id() for _ in items)
    session.add_all(
        BatchItem(
            province_code=batch.province_code, id=item_id, batch_id=batch.id, pledge_id=pledge_id, seen_revision=seen
        )
        for item_id, (pledge_id, seen) in zip(ids, items, strict=True)
    )
    record(
        session,
        "batch.started",
        province_code=batch.province_code,
        object_id=batch.id,
        actor=actor_of(staff),
        now=now,
        data={"kind": kind.value, "agency": agency_code, "items": len(items)},
    )
    enqueue(session, WORK_BATCH_TASK, batch.province_code, str(batch.id))
    return batch


def _check_items(session: Session, province_code: str, agency_code: str, items: Items) -> None:
    ids = [pledge_id for pledge_id, _seen in items]
    if not ids:
        raise DomainError(N_("Hãy chọn ít nhất một hồ sơ."), field="items")
    if len(ids) > MOST_ITEMS:
        raise DomainError(
            N_("Mỗi lần xử lý được tối đa %(most)s hồ sơ; bạn đã chọn %(number)s hồ sơ. Hãy chọn ít hơn."),
            field="items",
            most=MOST_ITEMS,
            number=len(ids),
        )
    if len(set(ids)) != len(ids):
        raise DomainError(N_("Có hồ sơ được chọn hai lần. Hãy tải lại trang và chọn lại."), field="items")
    found = session.scalars(
        select(Pledge.id).where(
            Pledge.province_code == province_code, Pledge.agency_code == agency_code, Pledge.id.in_(ids)
        )
    ).all()
    if len(found) != len(ids):
        raise NotFound


class BatchWorker:
    """The two tasks of the worker: `work` goes through one batch, `sweep` finds batches whose work was lost."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def work(self, province_code: str, batch_id_text: str) -> None:
        """Decide about every item that still waits. Several may run at once: each item is decided by one of them.

        An item whose transaction fails is passed over, and this raises at the end, so that the job comes again.
        """
        key = (province_code, uuid.UUID(batch_id_text))
        failed: dict[uuid.UUID, DBAPIError] = {}
        number, going_on = 0, True
        while going_on:
            tried: list[uuid.UUID] = []
            try:
                going_on = self._database.run(partial(self._decide_next, key=key, without=set(failed), tried=tried))
            except DBAPIError as error:
                if not tried or len(failed) == _MOST_FAILED:
                    raise
                failed[tried[-1]] = error
            crash_point("batch.after_item")
            number += 1
            if number % _RENEW_EVERY == 0:
                self._database.run(partial(self._renew, key=key))
        if failed:
            raise next(iter(failed.values()))

    def _decide_next(self, session: Session, key: Key, without: set[uuid.UUID], tried: list[uuid.UUID]) -> bool:
        """Decide about one item and mark it, in one transaction; False: none waits that nobody else works on."""
        batch = session.get(Batch, key)
        item = session.scalars(
            select(BatchItem)
            .where(
                BatchItem.province_code == key[0],
                BatchItem.batch_id == key[1],
                BatchItem.state == ItemState.WAITING,
                BatchItem.id.not_in(without),
            )
            .order_by(BatchItem.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).first()
        if batch is None or item is None:
            return False
        tried.append(item.id)
        crash_point("batch.before_item")
        item.reason = self._try(session, batch, item)
        item.state = ItemState.REFUSED if item.reason else ItemState.DONE
        item.decided_at = self._clock()
        session.flush()
        crash_point("batch.before_commit")
        return True

    def _try(self, session: Session, batch: Batch, item: BatchItem) -> str:
        """Empty, or why nothing was decided: then nothing of the attempt is kept, except this reason."""
        try:
            with session.begin_nested():
                self._decide(session, batch, item)
        except DomainError as refusal:
            return str(refusal)
        except DBAPIError:
            raise  # A lost connection or a clash with another writer: the transaction is run again, or later the job.
        except Exception:
            log.exception("An item of a batch failed", extra={"pledge": str(item.pledge_id), "batch": str(batch.id)})
            return FAULT
        return ""

    def _decide(self, session: Session, batch: Batch, item: BatchItem) -> None:
        staff = session.get(Staff, (batch.province_code, batch.staff_id))
        if staff is None or not staff.active or staff.agency_code != batch.agency_code:
            raise NotPermitted
        key = (item.province_code, item.pledge_id)
        now = self._clock()
        if batch.kind is BatchKind.APPROVE:
            approve(session, key, staff=staff, seen=item.seen_revision, now=now, batch_id=batch.id)
            return
        _check_again(session, session.get_one(Pledge, key), item.seen_revision)
        recommend(session, key, staff=staff, seen=item.seen_revision, now=now, batch_id=batch.id)

    def _renew(self, session: Session, key: Key) -> None:
        session.execute(
            update(Batch)
            .where(Batch.province_code == key[0], Batch.id == key[1])
            .values(work_due_at=self._clock() + LEASE)
            .execution_options(synchronize_session=False)
        )

    def sweep(self) -> None:
        """Ask again for every batch whose items wait although nobody works on it."""
        self._database.run(self._ask_again)

    def _ask_again(self, session: Session) -> None:
        now = self._clock()
        waiting = (
            select(BatchItem.id)
            .where(
                BatchItem.province_code == Batch.province_code,
                BatchItem.batch_id == Batch.id,
                BatchItem.state == ItemState.WAITING,
            )
            .exists()
        )
        due = session.scalars(
            select(Batch).where(Batch.work_due_at <= now, waiting).order_by(Batch.work_due_at).limit(200)
        )
        for batch in due.all():
            batch.work_due_at = now + LEASE
            enqueue(session, WORK_BATCH_TASK, batch.province_code, str(batch.id))


def _check_again(session: Session, pledge: Pledge, seen: int) -> None:
    """A recommendation in bulk needs all checks at this moment; who looks at one file alone may decide otherwise."""
    if pledge.revision != seen:
        return  # `recommend` says who was first.
    checks = check_pledges(session, pledge.province_code, [pledge])[pledge.id]
    if not passes_all(checks):
        bad = next(check for check in checks if check.outcome in {CheckOutcome.WARNING, CheckOutcome.FAILED})
        raise Conflict(N_("Cần người xem: %(reason)s"), reason=str(bad))


# --- Progress ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ItemProgress:
    pledge: Pledge
    state: ItemState
    reason: str


@dataclass(frozen=True)
class Progress:
    total: int
    done: int
    refused: int
    waiting: int
    signed: int
    """Of a batch of approvals: how many bear the agency's signature already."""
    items: tuple[ItemProgress, ...]
    """In the order in which they are worked on."""

    @property
    def finished(self) -> bool:
        return self.waiting == 0


def progress(session: Session, batch: Batch) -> Progress:
    # A page asks for this every few seconds: what is long in a pledge stays where it is.
    rows = session.execute(
        select(BatchItem, Pledge)
        .options(defer(Pledge.paper), defer(Pledge.rendered_text))
        .join(Pledge, (Pledge.province_code == BatchItem.province_code) & (Pledge.id == BatchItem.pledge_id))
        .where(BatchItem.province_code == batch.province_code, BatchItem.batch_id == batch.id)
        .order_by(BatchItem.id)
    )
    items = tuple(ItemProgress(pledge, item.state, item.reason) for item, pledge in rows)
    states = [item.state for item in items]
    signed = sum(1 for item in items if item.state is ItemState.DONE and item.pledge.approved_at is not None)
    return Progress(
        total=len(items),
        done=states.count(ItemState.DONE),
        refused=states.count(ItemState.REFUSED),
        waiting=states.count(ItemState.WAITING),
        signed=signed if batch.kind is BatchKind.APPROVE else 0,
        items=items,
    )
