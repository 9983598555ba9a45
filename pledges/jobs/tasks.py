"""What a worker knows how to do, and when it starts something by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

LONGEST_BACKOFF_SECONDS = 3600.0


@dataclass(frozen=True)
class Task:
    """A kind of background work. It may run twice: it looks at its row of the domain first and then does the rest.

    `run` receives the strings that were enqueued. When it raises it is tried again, `attempts` times in all, after
    `backoff_seconds`, then twice as long and so on; after the last attempt it stays in the list of failed tasks.
    """

    name: str
    run: Callable[..., None]
    attempts: int = 8
    backoff_seconds: float = 5.0

    def delay_after(self, attempt: int) -> float | None:
        """Seconds until the next attempt after attempt number `attempt` failed; None: that was the last."""
        if attempt >= self.attempts:
            return None
        return float(min(self.backoff_seconds * 2.0 ** (attempt - 1), LONGEST_BACKOFF_SECONDS))


class TaskTable:
    """The tasks of a worker by name."""

    def __init__(self, *tasks: Task) -> None:
        self._tasks = {task.name: task for task in tasks}
        if len(self._tasks) != len(tasks):
            raise ValueError("two tasks have the same name")

    def __iter__(self) -> Iterator[Task]:
        return iter(self._tasks.values())

    def __contains__(self, name: str) -> bool:
        return name in self._tasks


@dataclass(frozen=True)
class Schedule:
    """A task without arguments that some worker starts every `every_seconds`, however many workers there are."""

    name: str
    task: str
    every_seconds: float
