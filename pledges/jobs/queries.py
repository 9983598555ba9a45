"""What waits, what failed, and who works: for readiness and for pages of the administration."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.core.calendar import system_clock
from pledges.jobs.models import ScheduleMark
from pledges.jobs.queue import (
    claimed_table,
    failed_table,
    job_table,
    pack,
    process_table,
    ready_table,
    scheduled_table,
    unpack,
)


@dataclass(frozen=True)
class FailedTask:
    id: int
    task: str
    args: tuple[str, ...]
    error: str
    """The last line of the traceback."""
    failed_at: datetime


def failed_tasks(session: Session, limit: int = 50) -> list[FailedTask]:
    """Tasks that used up their attempts, newest first."""
    rows = session.execute(
        select(
            job_table.c.id,
            job_table.c.class_name,
            job_table.c.arguments,
            failed_table.c.error,
            failed_table.c.created_at,
        )
        .join(job_table, job_table.c.id == failed_table.c.job_id)
        .order_by(failed_table.c.id.desc())
        .limit(limit)
    )
    return [
        FailedTask(
            id=row.id,
            task=row.class_name,
            args=unpack(row.arguments),
            error=(row.error or "").strip().rpartition("\n")[2],
            failed_at=row.created_at.replace(tzinfo=UTC),
        )
        for row in rows
    ]


def count_failed(session: Session) -> int:
    """Tasks that used up their attempts, however long ago."""
    return session.scalar(select(func.count()).select_from(failed_table)) or 0


def failed_lately(
    session: Session, tasks: Collection[str], *, within: timedelta = timedelta(hours=24)
) -> dict[str, int]:
    """How many tasks of each of these names used up their attempts lately and were not tried again since."""
    since = system_clock().replace(tzinfo=None) - within
    counted = session.execute(
        select(job_table.c.class_name, func.count())
        .join(failed_table, job_table.c.id == failed_table.c.job_id)
        .where(job_table.c.class_name.in_(tasks), failed_table.c.created_at >= since)
        .group_by(job_table.c.class_name)
    )
    return {name: int(count) for name, count in counted}


def queue_age(session: Session) -> float:
    """Seconds by which the oldest task is overdue; 0 when none waits.

    Read by the machine's clock, which stamps the queue, also where development has shifted the product's clock.
    """
    now = system_clock().replace(tzinfo=None)
    ready: datetime | None = session.scalar(select(func.min(ready_table.c.created_at)))
    scheduled: datetime | None = session.scalar(select(func.min(scheduled_table.c.scheduled_at)))
    waiting_since = min(ready or now, scheduled or now)
    return max(0.0, (now - waiting_since).total_seconds())


def workers_alive(session: Session, *, within: timedelta = timedelta(seconds=60)) -> int:
    """Workers that have shown a sign of life lately."""
    since = system_clock().replace(tzinfo=None) - within
    alive = select(func.count()).select_from(process_table).where(process_table.c.last_heartbeat_at >= since)
    return session.scalar(alive) or 0


@dataclass(frozen=True)
class WorkerState:
    last_beat: datetime | None
    """The latest sign of life of any worker, also of one that has ended meanwhile; None: there never was one."""
    longest_task: str
    """The task that has been running for longest, and since when; empty where nothing runs."""
    longest_since: datetime | None


def worker_state(session: Session) -> WorkerState:
    """By the machine's clock, like everything in the queue."""
    beat = session.scalar(select(func.max(process_table.c.last_heartbeat_at)))
    # Whoever ends in order leaves the list of workers; when it last started something is still known.
    beats = [
        each.replace(tzinfo=UTC) for each in (beat, session.scalar(select(func.max(ScheduleMark.enqueued_at)))) if each
    ]
    longest = session.execute(
        select(job_table.c.class_name, claimed_table.c.created_at)
        .join(job_table, job_table.c.id == claimed_table.c.job_id)
        .order_by(claimed_table.c.created_at)
        .limit(1)
    ).first()
    return WorkerState(
        last_beat=max(beats, default=None),
        longest_task=longest[0] if longest else "",
        longest_since=longest[1].replace(tzinfo=UTC) if longest else None,
    )


def in_queue(session: Session, task: str, args: Collection[tuple[str, ...]]) -> set[tuple[str, ...]]:
    """Those of `args` with which `task` waits, runs or will be tried again; a failed task no longer counts."""
    packed = {pack(each): each for each in args}
    found = session.scalars(
        select(job_table.c.arguments).where(
            job_table.c.class_name == task,
            job_table.c.arguments.in_(packed),
            job_table.c.id.not_in(select(failed_table.c.job_id)),
        )
    )
    return {packed[arguments] for arguments in found}


def work_is_ready(session: Session) -> bool:
    return session.execute(select(ready_table.c.id).limit(1)).first() is not None


def work_has_come_due(session: Session) -> bool:
    now = system_clock().replace(tzinfo=None)
    return (
        session.execute(select(scheduled_table.c.id).where(scheduled_table.c.scheduled_at <= now).limit(1)).first()
        is not None
    )
