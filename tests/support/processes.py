"""Real processes for tests of crashes: started from a module of tests/support, killed without warning."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pledges.core.db import Database
from tests.support.warm_processes import WANTED, WarmProcess, start_warm

ROOT = Path(__file__).resolve().parents[2]


class Process:
    """One running program of ours."""

    def __init__(self, module: str, *arguments: str, environ: dict[str, str] | None = None) -> None:
        environ = {**os.environ, "PLEDGES_ENV": "development", **(environ or {})}
        reading, writing = os.pipe()
        self._output = os.fdopen(reading, encoding="utf-8")
        command = [module, *arguments]
        self._process: subprocess.Popen[bytes] | WarmProcess
        if WANTED:
            self._process = start_warm(["python", "-m", *command], environ=environ, output=writing)
        else:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *command], cwd=ROOT, env=environ, stdout=writing, stderr=writing
            )
        os.close(writing)

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait(30)

    def signal(self, number: int) -> None:
        os.kill(self._process.pid, number)

    def terminate(self, seconds: float = 60) -> int:
        """SIGTERM; the exit status."""
        self._process.terminate()
        return self._process.wait(seconds)

    def wait(self, seconds: float = 60) -> int:
        return self._process.wait(seconds)

    def output(self) -> str:
        return self._output.read()

    def close(self) -> None:
        if self.running:
            self.kill()
        self._output.close()


@contextmanager
def process(module: str, *arguments: str, environ: dict[str, str] | None = None) -> Iterator[Process]:
    """A program that is killed at the latest when the block ends."""
    started = Process(module, *arguments, environ=environ)
    try:
        yield started
    finally:
        started.close()


def wait_until(condition: Callable[[], bool], seconds: float = 60, *, what: str = "it") -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} seconds in vain for {what}")
        time.sleep(0.02)


def url_of(database: Database) -> str:
    """The database's address with its password, for another process."""
    return database.url.render_as_string(hide_password=False)
