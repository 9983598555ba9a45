"""firm-queue behind our port: its tables, its run-time object and its names are known only here and in the worker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

from firm._core.config import Runtime
from firm.queue import schema
from firm.queue.config import QueueSettings
from firm.queue.job import Job, RetryPolicy
from firm.queue.registry import REGISTRY
from firm.queue.serialization import deserialize, serialize
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from pledges.core.db import Database
from pledges.jobs.tasks import Task, TaskTable

QUEUE = "default"
AT_ONCE = 0
BEHIND_OTHERS = 10
"""A larger number waits until nothing with a smaller one is ready."""

job_table = schema.jobs
ready_table = schema.ready_executions
claimed_table = schema.claimed_executions
scheduled_table = schema.scheduled_executions
failed_table = schema.failed_executions
process_table = schema.processes


class _InOurTransaction:
    """Stands where firm-queue expects an engine; its transactions are the caller's, which commits or not."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        yield self._session.connection()


def session_runtime(session: Session) -> Runtime:
    """firm-queue's run-time object for one session: whatever it writes belongs to that session's transaction."""
    return cast(Runtime, SimpleNamespace(engine=_InOurTransaction(session)))


@dataclass(frozen=True)
class _Retries(RetryPolicy):
    """firm-queue asks this object how long to wait; the task knows."""

    task: Task | None = None

    def retry_delay(self, attempt: int) -> float | None:
        return None if self.task is None else self.task.delay_after(attempt)


def job_named(name: str, priority: int = AT_ONCE) -> Job:
    """What firm-queue needs for putting a task into the queue; only the worker knows what to run."""
    return Job(_not_here, class_name=name, queue_name=QUEUE, priority=priority, retry_policy=RetryPolicy())


def _not_here(*_: Any) -> None:
    raise RuntimeError("only a worker runs tasks")


def register(tasks: TaskTable) -> None:
    """Tell firm-queue what to run for each name. Its register is one per process, and so is our table of tasks."""
    for task in tasks:
        job = Job(task.run, class_name=task.name, queue_name=QUEUE, priority=AT_ONCE, retry_policy=_Retries(task=task))
        REGISTRY.register(task.name, job)


def worker_runtime(database: Database) -> Runtime:
    """firm-queue on our own engine, so that it stands in line at the same write gate; finished jobs are deleted."""
    return Runtime(QueueSettings(preserve_finished_jobs=False), engine=database.engine)


def pack(args: tuple[str, ...]) -> str:
    return str(serialize(args, {}))


def unpack(arguments: str | None) -> tuple[str, ...]:
    return tuple(str(part) for part in deserialize(arguments)[0])
