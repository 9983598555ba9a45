"""The worker: one process, some threads, made from firm-queue's parts.

firm-queue's own supervisor is not used: it forks (SQLite does not survive that well), and its worker waits for a whole
batch before it takes more, so that one slow relay would hold up every code mail.
"""

from __future__ import annotations

import logging
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from firm._core import process
from firm.queue.claim import WILDCARD, claim_ready
from firm.queue.dispatcher import dispatch_once
from firm.queue.recovery import recover_orphaned_claims
from firm.queue.results import execute_claimed

from pledges.core.db import Database
from pledges.jobs.operations import enqueue_if_due
from pledges.jobs.queries import work_has_come_due, work_is_ready
from pledges.jobs.queue import register, worker_runtime
from pledges.jobs.tasks import Schedule, TaskTable

log = logging.getLogger("pledges.jobs")

POLL_SECONDS = 0.2
ALIVE_SECONDS = 30.0
"""A worker silent for so long is taken for dead, and its tasks are run again."""
DRAIN_SECONDS = 25.0
"""How long a worker that is told to stop waits for what it is doing."""
_PAUSE_AFTER_FAULT = 1.0


@dataclass(frozen=True)
class Finished:
    """What a worker did: tasks that succeeded, and attempts that raised."""

    succeeded: int
    raised: int


def run_worker(
    database: Database,
    tasks: TaskTable,
    schedules: Iterable[Schedule] = (),
    *,
    once: bool = False,
    threads: int = 4,
    alive_seconds: float = ALIVE_SECONDS,
    drain_seconds: float = DRAIN_SECONDS,
    stop: threading.Event | None = None,
) -> Finished:
    """Run tasks until SIGTERM or SIGINT (or `stop`); with `once` until nothing is ready any more.

    One table of tasks per process. A task that outlives `drain_seconds` is given back: another worker runs it again.
    """
    schedules = tuple(schedules)
    if unknown := [schedule.task for schedule in schedules if schedule.task not in tasks]:
        raise ValueError(f"schedules name unknown tasks: {unknown}")
    register(tasks)
    worker = _Worker(database, schedules, threads=threads, alive_seconds=alive_seconds, stop=stop or threading.Event())
    restore = _stop_on_signals(worker.stop)
    try:
        return worker.run(once=once, drain_seconds=drain_seconds)
    finally:
        restore()


def _stop_on_signals(stop: threading.Event) -> Callable[[], None]:
    if threading.current_thread() is not threading.main_thread():
        return lambda: None
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}

    def restore() -> None:
        for number, action in before.items():
            signal.signal(number, action)

    return restore


class _Worker:
    """Claims tasks for idle threads, keeps a sign of life in the database, and takes over from dead workers."""

    def __init__(
        self,
        database: Database,
        schedules: tuple[Schedule, ...],
        *,
        threads: int,
        alive_seconds: float,
        stop: threading.Event,
    ) -> None:
        self.database = database
        self.runtime = worker_runtime(database)
        self.schedules = schedules
        self.threads = threads
        self.alive_seconds = alive_seconds
        self.stop = stop
        self._process_id = 0
        self._claimed: queue.SimpleQueue[tuple[int, int] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._busy = 0
        self._succeeded = 0
        self._raised = 0
        self._next_look: dict[str, float] = {}
        self._idle = threading.Event()
        self._ended = threading.Event()

    def run(self, *, once: bool, drain_seconds: float) -> Finished:
        self._process_id = self._sign_on()
        self._take_over()
        beat = threading.Thread(target=self._beat, name="sign of life", daemon=True)
        beat.start()
        for number in range(self.threads):
            threading.Thread(target=self._work, name=f"task {number}", daemon=True).start()
        try:
            self._claim_until_stopped(once=once)
        finally:
            self._drain(drain_seconds)
            self._ended.set()
            beat.join(self.alive_seconds)
            self._sign_off()
        return Finished(self._succeeded, self._raised)

    def _claim_until_stopped(self, *, once: bool) -> None:
        while not self.stop.is_set():
            self._idle.clear()
            was_busy = self._busy > 0
            try:
                found = self._claim()
            except Exception:
                if once:
                    raise
                log.exception("The worker cannot read the queue")
                self.stop.wait(_PAUSE_AFTER_FAULT)
                continue
            if once and not found and not was_busy:
                return
            if not found or self._busy >= self.threads:
                # A finished task wakes this loop at once; new work and signals are seen when it looks again.
                self._idle.wait(POLL_SECONDS)

    def _claim(self) -> bool:
        """Give ready tasks to idle threads; whether anything moved."""
        self._start_schedules()
        with self.database.read() as session:
            come_due, ready = work_has_come_due(session), work_is_ready(session)
        if come_due:
            ready = dispatch_once(self.runtime) > 0 or ready
        free = self.threads - self._busy
        if not ready or free <= 0:
            return False
        owner = self._process_id
        job_ids = claim_ready(self.runtime.engine, self.runtime.dialect, [WILDCARD], free, owner)
        with self._lock:
            self._busy += len(job_ids)
        for job_id in job_ids:
            self._claimed.put((job_id, owner))
        return bool(job_ids)

    def _start_schedules(self) -> None:
        for schedule in self.schedules:
            now = time.monotonic()
            if now >= self._next_look.get(schedule.name, 0.0):
                self._next_look[schedule.name] = now + schedule.every_seconds / 2
                self.database.run(partial(enqueue_if_due, schedule=schedule))

    def _work(self) -> None:
        while (claim := self._claimed.get()) is not None:
            succeeded = self._execute(*claim)
            with self._lock:
                self._busy -= 1
                self._succeeded += succeeded
                self._raised += not succeeded
            self._idle.set()

    def _execute(self, job_id: int, owner: int) -> bool:
        """Run one task and record the outcome.

        When the outcome cannot be recorded (the database is away) the task is run again: it looks at its row of the
        domain first. Giving up would leave it claimed by a worker that is alive, and nobody would ever take it over.
        """
        while True:
            try:
                return bool(execute_claimed(self.runtime, job_id, owner))
            except Exception:
                log.exception("The outcome of a task cannot be recorded", extra={"job_id": job_id})
                if self.stop.wait(_PAUSE_AFTER_FAULT):
                    return False

    def _beat(self) -> None:
        while not self._ended.wait(self.alive_seconds / 6):
            try:
                process.heartbeat(self.database.engine, self._process_id)
            except process.ProcessExitError:
                # Another worker took this one for dead, as after a suspended machine. What runs is being repeated
                # there; new claims are made under a new name.
                self._process_id = self._sign_on()
            except Exception:
                log.exception("The worker cannot show a sign of life")
                continue
            try:
                self._take_over()
            except Exception:
                log.exception("The worker cannot take over from dead workers")

    def _sign_on(self) -> int:
        info = process.ProcessInfo(kind="Worker", name=process.generate_name("worker"), pid=os.getpid())
        return int(process.register(self.database.engine, info))

    def _take_over(self) -> None:
        process.prune_dead(self.database.engine, self.alive_seconds)
        recovered = recover_orphaned_claims(self.runtime)
        if recovered:
            log.warning("Tasks of a dead worker are run again", extra={"tasks": recovered})

    def _drain(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self._busy and time.monotonic() < deadline:
            self._idle.wait(0.05)
            self._idle.clear()
        for _ in range(self.threads):
            self._claimed.put(None)

    def _sign_off(self) -> None:
        """Leave the list of living workers, and give back what is still claimed."""
        try:
            process.deregister(self.database.engine, self._process_id)
            recover_orphaned_claims(self.runtime)
        except Exception:
            log.exception("The worker could not sign off; its tasks are taken over when it is missed")
