"""A worker with a few invented tasks, and a program that enqueues and then hangs: both only for tests.

Every run of a task leaves a line in the file `runs`; every effect is a row of the table `effect`.
"""

from __future__ import annotations

import sys
import time
from functools import partial
from pathlib import Path

from sqlalchemy import Column, MetaData, String, Table, select
from sqlalchemy.orm import Session

from pledges.core.db import Database
from pledges.jobs.operations import enqueue
from pledges.jobs.tasks import Schedule, Task, TaskTable
from pledges.jobs.worker import run_worker

effect = Table("effect", MetaData(), Column("key", String(60), primary_key=True))


def runs(folder: Path) -> list[str]:
    """One line for each start of a task, oldest first."""
    noted = folder / "runs"
    return noted.read_text().split("\n")[:-1] if noted.exists() else []


def _note(folder: Path, line: str) -> None:
    with (folder / "runs").open("a") as file:
        file.write(line + "\n")


def _make_effect(session: Session, key: str) -> None:
    if session.scalar(select(effect.c.key).where(effect.c.key == key)) is None:
        session.execute(effect.insert().values(key=key))


def quick(database: Database, folder: Path, key: str) -> None:
    _note(folder, key)
    database.run(partial(_make_effect, key=key))


def slow(database: Database, folder: Path, key: str) -> None:
    """Has its effect, and does not come to an end before the file `go` exists."""
    _note(folder, key)
    database.run(partial(_make_effect, key=key))
    while not (folder / "go").exists():
        time.sleep(0.02)


def flaky(database: Database, folder: Path, key: str, good_at: str) -> None:
    _note(folder, key)
    if runs(folder).count(key) < int(good_at):
        raise ConnectionError("invented fault")
    database.run(partial(_make_effect, key=key))


def task_table(database: Database, folder: Path) -> TaskTable:
    return TaskTable(
        Task("quick", partial(quick, database, folder)),
        Task("slow", partial(slow, database, folder)),
        Task("flaky", partial(flaky, database, folder), attempts=4, backoff_seconds=20),
        Task("tick", partial(quick, database, folder, "tick")),
    )


def main(command: str, url: str, folder: Path, *arguments: str) -> None:
    database = Database(url)
    if command == "work":
        schedules = [Schedule("tick", "tick", float(every)) for every in arguments]
        run_worker(database, task_table(database, folder), schedules, alive_seconds=3, drain_seconds=2)
    else:
        with Session(database.engine) as session:
            enqueue(session, "quick", *arguments)
            session.flush()
            (folder / "enqueued").touch()
            time.sleep(60)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), *sys.argv[4:])
