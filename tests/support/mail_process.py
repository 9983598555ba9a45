"""Workers that deliver mail, as processes that can be killed.

The nursery imports everything once and forks a worker for each line that it reads
(`<database url> <smtp url or folder> <crash point or -> …`), so that a test can kill many of them in a short time.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from pledges.core.db import Database
from pledges.jobs.tasks import Schedule, TaskTable
from pledges.jobs.worker import run_worker
from pledges.messaging.delivery import PACE_MAIL, SWEEP_MESSAGES, delivery_tasks
from tests.support.messages import delivery_for
from tests.support.processes import ROOT


class Nursery:
    """Starts workers of a module; all of them are dead when it is closed."""

    def __init__(self, module: str = __name__) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PLEDGES_ENV": "development"},
        )
        self._started: list[int] = []

    def start(self, database_url: str, target: str, crash_at: str = "-", *more: object) -> int:
        """Process id of a new worker."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(" ".join(map(str, (database_url, target, crash_at, *more))) + "\n")
        self._process.stdin.flush()
        pid = int(self._process.stdout.readline())
        self._started.append(pid)
        return pid

    def kill(self, pid: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        if pid in self._started:
            self._started.remove(pid)

    def is_alive(self, pid: int) -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return True

    def kill_all(self) -> None:
        for pid in list(self._started):
            self.kill(pid)

    def close(self) -> None:
        self.kill_all()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(10)


@contextmanager
def nursery(module: str = __name__) -> Iterator[Nursery]:
    opened = Nursery(module)
    try:
        yield opened
    finally:
        opened.close()


def deliver(database_url: str, target: str) -> None:
    tasks = TaskTable(*delivery_tasks(delivery_for(Database(database_url), target)))
    schedules = [Schedule(SWEEP_MESSAGES, SWEEP_MESSAGES, 0.4), Schedule(PACE_MAIL, PACE_MAIL, 0.4)]
    run_worker(Database(database_url), tasks, schedules, threads=3, alive_seconds=2)


def main(work: Callable[..., None] = deliver) -> None:
    """Read lines and fork a worker for each, which is given everything of it but the crash point."""
    # Dead children need no funeral: the kernel removes them, and their ids are gone at once.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        database_url, target, crash_at, *more = line.split()
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.environ["PLEDGES_CRASH_AT"] = crash_at
            try:
                work(database_url, target, *more)
            finally:
                os._exit(0)
        print(pid, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
