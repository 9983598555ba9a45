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

ROOT = Path(__file__).resolve().parents[2]


class Process:
    """One running program of ours."""

    def __init__(self, module: str, *arguments: str, environ: dict[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env={**os.environ, **(environ or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(30)

    def terminate(self, seconds: float = 60) -> int:
        """SIGTERM; the exit status."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(seconds)

    def wait(self, seconds: float = 60) -> int:
        return self._process.wait(seconds)

    def output(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.read()

    def close(self) -> None:
        if self.running:
            self.kill()
        assert self._process.stdout is not None
        self._process.stdout.close()


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
