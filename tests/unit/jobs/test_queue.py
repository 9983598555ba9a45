"""The contract of the queue, kept by whichever library stands behind the port: nothing lost, nothing twice."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from firm.queue import schema
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from pledges.core.calendar import system_clock
from pledges.core.db import Database
from pledges.jobs.operations import enqueue, enqueue_if_due, retry_failed_task
from pledges.jobs.queries import failed_tasks, in_queue, queue_age, workers_alive
from pledges.jobs.tasks import Schedule, Task, TaskTable
from pledges.jobs.worker import Finished, run_worker
from tests.support.job_process import effect, runs, task_table
from tests.support.processes import Process, process, url_of, wait_until

Start = Callable[..., AbstractContextManager[Process]]


@pytest.fixture
def folder(tmp_path: Path, database: Database) -> Path:
    """Where tasks leave their traces; the table of effects exists."""
    effect.metadata.create_all(database.engine)
    traces = tmp_path / "traces"
    traces.mkdir()
    return traces


@pytest.fixture
def start(database: Database, folder: Path) -> Start:
    """Start a real process of tests/support/job_process.py."""
    return lambda command, *rest: process("tests.support.job_process", command, url_of(database), str(folder), *rest)


def effects(database: Database) -> list[str]:
    with database.read() as session:
        return sorted(session.scalars(select(effect.c.key)))


def waiting(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(schema.jobs)) or 0


def drain(database: Database, folder: Path) -> Finished:
    return run_worker(database, task_table(database, folder), once=True)


def test_a_committed_task_runs_once_and_leaves_no_row(database: Database, folder: Path) -> None:
    database.run(lambda session: enqueue(session, "quick", "a"))
    assert waiting(database) == 1
    assert drain(database, folder) == Finished(succeeded=1, raised=0)
    assert runs(folder) == effects(database) == ["a"]
    assert waiting(database) == 0
    assert drain(database, folder) == Finished(succeeded=0, raised=0)


def test_a_rolled_back_task_never_was(database: Database, folder: Path) -> None:
    with Session(database.engine) as session:
        enqueue(session, "quick", "a")
        session.rollback()
    assert waiting(database) == 0
    assert drain(database, folder) == Finished(0, 0)


@pytest.mark.fault
def test_a_process_killed_before_its_commit_leaves_no_task(database: Database, folder: Path, start: Start) -> None:
    with start("hang", "a") as hanging:
        wait_until((folder / "enqueued").exists, what="the uncommitted task")
        hanging.kill()
    assert waiting(database) == 0
    assert drain(database, folder) == Finished(0, 0)


def test_work_that_appears_meanwhile_is_done_in_the_same_run(database: Database, tmp_path: Path) -> None:
    done: list[str] = []

    def chain(count: str) -> None:
        done.append(count)
        if int(count) > 0:
            database.run(lambda session: enqueue(session, "chain", str(int(count) - 1)))

    database.run(lambda session: enqueue(session, "chain", "3"))
    assert run_worker(database, TaskTable(Task("chain", chain)), once=True) == Finished(4, 0)
    assert done == ["3", "2", "1", "0"]


@pytest.mark.fault
def test_a_killed_workers_task_runs_again_with_one_effect(database: Database, folder: Path, start: Start) -> None:
    database.run(lambda session: enqueue(session, "slow", "a"))
    with start("work") as first:
        wait_until(lambda: effects(database) == ["a"], what="the first run")
        first.kill()
    assert waiting(database) == 1
    (folder / "go").touch()
    with start("work") as second:
        wait_until(lambda: waiting(database) == 0, what="the second run")
        assert second.terminate() == 0
    assert runs(folder) == ["a", "a"]
    assert effects(database) == ["a"]


def _beaten(database: Database) -> object:
    with database.read() as session:
        return session.scalar(select(func.max(schema.processes.c.last_heartbeat_at)))


@pytest.mark.fault
def test_a_hanging_worker_is_relieved_and_does_no_harm_when_it_wakes(
    database: Database, folder: Path, start: Start
) -> None:
    """Stopped by the system, as on a machine that was suspended: its task is somebody else's meanwhile."""
    database.run(lambda session: enqueue(session, "slow", "a"))
    with start("work") as hanging:
        wait_until(lambda: effects(database) == ["a"], what="the first run")
        last = _beaten(database)
        wait_until(lambda: _beaten(database) != last, what="a sign of life")
        time.sleep(0.2)  # until the next one it holds no lock, which nobody could take from a stopped process
        hanging.signal(signal.SIGSTOP)
        (folder / "go").touch()
        with start("work") as second:
            wait_until(lambda: waiting(database) == 0, what="the second run")
            hanging.signal(signal.SIGCONT)
            assert second.terminate() == 0
        assert hanging.terminate() == 0
    assert runs(folder) == ["a", "a"]
    assert effects(database) == ["a"]


@pytest.mark.fault
def test_a_stopped_worker_finishes_its_task_first(database: Database, folder: Path, start: Start) -> None:
    database.run(lambda session: enqueue(session, "slow", "a"))
    with start("work") as worker:
        wait_until(lambda: effects(database) == ["a"])
        (folder / "go").touch()
        assert worker.terminate() == 0
    assert waiting(database) == 0
    assert runs(folder) == ["a"]


@pytest.mark.fault
def test_a_stopped_worker_gives_back_what_takes_too_long(database: Database, folder: Path, start: Start) -> None:
    database.run(lambda session: enqueue(session, "slow", "a"))
    with start("work") as worker:
        wait_until(lambda: effects(database) == ["a"])
        assert worker.terminate() == 0
    with database.read() as session:
        assert workers_alive(session) == 0
    (folder / "go").touch()
    assert drain(database, folder) == Finished(1, 0), "it is ready at once, without waiting for a sign of life"
    assert runs(folder) == ["a", "a"]


@pytest.mark.fault
def test_two_workers_share_the_work(database: Database, folder: Path, start: Start) -> None:
    wanted = [f"{number:03}" for number in range(60)]
    with start("work") as one, start("work") as two:
        wait_until(lambda: _workers(database) == 2, what="two workers")
        for key in wanted:
            database.run(lambda session, key=key: enqueue(session, "quick", key))
        wait_until(lambda: waiting(database) == 0, what="all tasks")
        assert one.terminate() == two.terminate() == 0
    assert Counter(runs(folder)) == Counter(wanted)
    assert effects(database) == wanted


def _workers(database: Database) -> int:
    with database.read() as session:
        return workers_alive(session)


def pause_of_next(database: Database) -> float:
    """Seconds until the task that waits for its time."""
    with database.read() as session:
        due = session.scalar(select(func.min(schema.scheduled_executions.c.scheduled_at)))
    assert due is not None
    return (due - system_clock().replace(tzinfo=None)).total_seconds()


def pass_time(database: Database, by: timedelta) -> None:
    """What waits for its time waits that much less."""
    table = schema.scheduled_executions

    def move(session: Session) -> None:
        for row in session.execute(select(table.c.id, table.c.scheduled_at)).all():
            session.execute(update(table).where(table.c.id == row.id).values(scheduled_at=row.scheduled_at - by))

    database.run(move)


def test_a_failing_task_is_tried_again_later(database: Database, folder: Path) -> None:
    database.run(lambda session: enqueue(session, "flaky", "a", "3"))
    assert drain(database, folder) == Finished(0, 1)
    assert 10 < pause_of_next(database) <= 20
    assert drain(database, folder) == Finished(0, 0), "the second attempt waits for its time"
    pass_time(database, timedelta(seconds=20))
    assert drain(database, folder) == Finished(0, 1)
    assert 30 < pause_of_next(database) <= 40, "the pause doubles"
    pass_time(database, timedelta(seconds=40))
    assert drain(database, folder) == Finished(1, 0)
    assert waiting(database) == 0


def test_a_task_that_keeps_failing_stays_visible_and_can_be_given_another_chance(
    database: Database, folder: Path
) -> None:
    database.run(lambda session: enqueue(session, "flaky", "a", "5"))
    for _ in range(4):
        assert drain(database, folder) == Finished(0, 1)
        pass_time(database, timedelta(hours=1))
    with database.read() as session:
        (failed,) = failed_tasks(session)
    assert (failed.task, failed.args) == ("flaky", ("a", "5"))
    assert failed.error == "ConnectionError: invented fault"
    assert abs(failed.failed_at - system_clock()) < timedelta(seconds=10)
    assert runs(folder) == ["a"] * 4

    assert database.run(lambda session: retry_failed_task(session, failed.id))
    assert drain(database, folder) == Finished(1, 0)
    with database.read() as session:
        assert failed_tasks(session) == []
    assert not database.run(lambda session: retry_failed_task(session, failed.id))


def test_an_unknown_task_is_kept_as_failed(database: Database, folder: Path) -> None:
    database.run(lambda session: enqueue(session, "of another version", "a"))
    assert drain(database, folder) == Finished(0, 1)
    with database.read() as session:
        assert [failed.task for failed in failed_tasks(session)] == ["of another version"]


def test_a_task_for_later_waits(database: Database, folder: Path) -> None:
    def ask(session: Session) -> None:
        enqueue(session, "quick", "soon", after=timedelta(minutes=1))
        enqueue(session, "quick", "much later", run_at=system_clock() + timedelta(days=1))

    database.run(ask)
    assert drain(database, folder) == Finished(0, 0)
    pass_time(database, timedelta(minutes=1))
    assert drain(database, folder) == Finished(1, 0)
    assert effects(database) == ["soon"]
    assert waiting(database) == 1


def test_a_schedule_is_enqueued_once_per_period_by_all_workers_together(database: Database, folder: Path) -> None:
    schedule = Schedule("tick", "tick", 0.5)

    def ask() -> bool:
        return database.run(partial(enqueue_if_due, schedule=schedule))

    assert [ask(), ask()] == [True, False]
    time.sleep(0.6)
    assert not ask(), "the one before is not done yet"
    drain(database, folder)
    time.sleep(0.6)
    assert ask()


def test_a_failing_schedule_leaves_one_failed_task(database: Database) -> None:
    def fail() -> None:
        raise ConnectionError("invented fault")

    tasks = TaskTable(Task("sweep", fail, attempts=1))
    for _ in range(3):
        assert run_worker(database, tasks, [Schedule("sweep", "sweep", 0.05)], once=True).raised >= 1
        time.sleep(0.1)
    with database.read() as session:
        assert len(failed_tasks(session)) == 1


@pytest.mark.fault
def test_a_running_worker_is_quick_and_ticks(database: Database, folder: Path, start: Start) -> None:
    with start("work", "0.5") as worker:
        wait_until(lambda: runs(folder).count("tick") >= 3, what="three ticks")
        before = time.monotonic()
        database.run(lambda session: enqueue(session, "quick", "a"))
        wait_until(lambda: "a" in effects(database))
        assert time.monotonic() - before < 1.5
        assert worker.terminate() == 0


def test_a_schedule_must_name_a_task(database: Database) -> None:
    with pytest.raises(ValueError, match="unknown"):
        run_worker(database, TaskTable(), [Schedule("tick", "tick", 1)], once=True)


def test_task_names_are_unique() -> None:
    with pytest.raises(ValueError, match="same name"):
        TaskTable(Task("a", print), Task("a", print))


def test_the_age_of_the_queue_and_what_is_in_it(database: Database, folder: Path) -> None:
    with database.read() as session:
        assert queue_age(session) == 0
    database.run(lambda session: enqueue(session, "quick", "a"))
    database.run(lambda session: enqueue(session, "quick", "b", after=timedelta(days=1)))
    time.sleep(0.3)
    with database.read() as session:
        assert 0.3 <= queue_age(session) < 10
        assert in_queue(session, "quick", [("a",), ("b",), ("c",)]) == {("a",), ("b",)}
        assert in_queue(session, "slow", [("a",)]) == set()
    drain(database, folder)
    with database.read() as session:
        assert queue_age(session) == 0
        assert in_queue(session, "quick", [("a",), ("b",)]) == {("b",)}


@pytest.mark.parametrize(("attempt", "delay"), [(1, 5), (2, 10), (3, 20), (11, 3600), (12, None), (13, None)])
def test_pauses_double_up_to_an_hour(attempt: int, delay: float | None) -> None:
    assert Task("a", print, attempts=12, backoff_seconds=5).delay_after(attempt) == delay
