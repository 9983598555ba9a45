"""Child processes that open files from strangers: how each is started, and how many there may be at a time."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pledges.core.errors import DomainError

ROOT = Path(__file__).resolve().parents[2]
MOST_CHILDREN = 2
"""Of one kind, in each process of the web."""

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
"""All that a child is given. Nothing is inherited, so there is no secret to be found in it."""


def command(module: str, *arguments: str) -> list[str]:
    """One of our own modules; nothing of a stranger's file stands in the command."""
    return [sys.executable, "-E", "-s", "-B", "-m", module, *arguments]


class Places:
    """So many children at a time: nobody may fill the machine with files. Who waits too long is asked to come back."""

    def __init__(self, busy: Callable[[], DomainError], *, wait_seconds: float, most: int = MOST_CHILDREN) -> None:
        self.wait_seconds = wait_seconds
        self._busy = busy
        self._free = threading.BoundedSemaphore(most)

    @contextmanager
    def one(self) -> Iterator[None]:
        if not self._free.acquire(timeout=self.wait_seconds):
            raise self._busy()
        try:
            yield
        finally:
            self._free.release()
