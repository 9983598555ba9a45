"""Putting work into the queue, inside the transaction of its cause."""

from __future__ import annotations

from datetime import datetime, timedelta

from firm.queue import enqueue as firm_enqueue
from firm.queue import maintenance
from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from pledges.core.calendar import system_clock
from pledges.jobs.models import ScheduleMark
from pledges.jobs.queue import AT_ONCE, BEHIND_OTHERS, failed_table, job_named, job_table, session_runtime
from pledges.jobs.tasks import Schedule


def enqueue(
    session: Session,
    task: str,
    *args: str,
    run_at: datetime | None = None,
    after: timedelta | None = None,
    behind_others: bool = False,
) -> None:
    """Have a worker run `task` with `args` once this transaction is committed; without commit nothing happens.

    `after` waits that long. `run_at` is a time by the machine's clock, which development may have shifted for the
    rest of the product: prefer `after`. `behind_others`: whatever else is ready goes first.
    """
    if after is not None:
        run_at = system_clock() + after
    job = job_named(task, BEHIND_OTHERS if behind_others else AT_ONCE)
    firm_enqueue.enqueue(job, args, {}, scheduled_at=run_at, runtime=session_runtime(session))


def retry_failed_task(session: Session, job_id: int) -> bool:
    """Give a failed task all its attempts again; False: it is not in the list any more."""
    return bool(maintenance.retry_failed(session_runtime(session), job_id))


def enqueue_if_due(session: Session, schedule: Schedule) -> bool:
    """Enqueue the schedule's task if its time has come and the last one is done; several workers may ask at once.

    The failed run before it is dropped: a schedule leaves at most one row in the list of failed tasks.
    """
    now = system_clock()
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    due = now - timedelta(seconds=schedule.every_seconds)
    session.execute(
        insert(ScheduleMark).values(name=schedule.name, enqueued_at=due - timedelta(days=1)).on_conflict_do_nothing()
    )
    taken = session.execute(
        update(ScheduleMark)
        .where(ScheduleMark.name == schedule.name, ScheduleMark.enqueued_at <= due)
        .values(enqueued_at=now)
        .returning(ScheduleMark.name)
    ).first()
    if taken is None:
        return False
    failed = select(failed_table.c.job_id)
    of_this = job_table.c.class_name == schedule.task
    if session.execute(select(job_table.c.id).where(of_this, job_table.c.id.not_in(failed)).limit(1)).first():
        return False
    session.execute(delete(job_table).where(of_this, job_table.c.id.in_(failed)))
    enqueue(session, schedule.task)
    return True
