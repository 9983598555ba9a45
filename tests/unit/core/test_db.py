"""The two ways to the database: reading changes nothing, a write is one transaction that may be run again."""

from __future__ import annotations

import fcntl
import os
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import event, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, StatementError
from sqlalchemy.orm import Session

from pledges.core.db import Database, is_retriable, new_id
from pledges.core.errors import DomainError
from pledges.core.throttle import ThrottleCount
from tests.support.clock import START


def row(key: str = "k", uses: int = 1, expires_at: datetime = START) -> ThrottleCount:
    return ThrottleCount(limit_name="test", key_hash=key, window=1, uses=uses, expires_at=expires_at)


def count(database: Database, key: str = "k") -> int | None:
    with database.read() as session:
        return session.scalar(text("SELECT uses FROM throttle_count WHERE key_hash = :key"), {"key": key})


def add_one(session: Session, key: str = "k") -> None:
    session.execute(
        update(ThrottleCount).where(ThrottleCount.key_hash == key).values(uses=ThrottleCount.uses + 1),
        execution_options={"synchronize_session": False},
    )


def test_an_error_tells_no_values(database: Database) -> None:
    """A failed job keeps the text of its error."""
    with pytest.raises(DBAPIError) as fault, database.read() as session:
        session.execute(text("SELECT 1 FROM no_such_table WHERE email = :email"), {"email": "ai.do@vidu.vn"})
    assert "no_such_table" in str(fault.value)
    assert "ai.do" not in str(fault.value)


def test_a_write_is_committed_and_its_result_returned(database: Database) -> None:
    def work(session: Session) -> str:
        session.add(row())
        return "done"

    assert database.run(work) == "done"
    assert count(database) == 1


@pytest.mark.parametrize("failure", [DomainError("không"), RuntimeError("a fault"), KeyboardInterrupt()])
def test_a_failed_write_leaves_nothing_and_is_not_repeated(database: Database, failure: BaseException) -> None:
    runs = []

    def work(session: Session) -> None:
        runs.append(1)
        session.add(row())
        session.flush()
        raise failure

    with pytest.raises(type(failure)):
        database.run(work)
    assert count(database) is None
    assert len(runs) == 1
    database.run(lambda session: session.add(row()))
    assert count(database) == 1


def test_reading_refuses_changed_objects(database: Database) -> None:
    database.run(lambda session: session.add(row()))
    with database.read() as session:
        session.add(row("other"))
        with pytest.raises(RuntimeError, match="may not write"):
            session.flush()
    assert count(database, "other") is None


def test_reading_cannot_write_by_statement_either(database: Database) -> None:
    database.run(lambda session: session.add(row()))
    with database.read() as session, pytest.raises(DBAPIError, match=r"read-?only"):
        add_one(session)
    assert count(database) == 1
    database.run(add_one)
    assert count(database) == 2


def test_reading_sees_one_state(database: Database) -> None:
    database.run(lambda session: session.add(row()))
    with database.read() as session:
        assert session.scalar(text("SELECT uses FROM throttle_count")) == 1
        database.run(add_one)
        assert session.scalar(text("SELECT uses FROM throttle_count")) == 1
    assert count(database) == 2


def test_eight_threads_write_without_a_lock_error(database: Database) -> None:
    database.run(lambda session: session.add(row(uses=0)))

    def work(_: int) -> None:
        for _ in range(10):
            database.run(add_one)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert count(database) == 80


def test_the_same_row_added_twice_at_once_is_met_by_the_second_run(database: Database) -> None:
    """Two writers that both find nothing: the second is run again and then finds the row of the first."""
    both_looked = threading.Barrier(2, timeout=10)
    found: list[bool] = []

    def work(session: Session) -> None:
        there = session.get(ThrottleCount, ("test", "k", 1))
        if not there and database.engine.dialect.name == "postgresql" and len(found) < 2:
            both_looked.wait()
        found.append(there is not None)
        if there is None:
            session.add(row())

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(database.run, work) for _ in range(2)]:
            done.result()
    assert count(database) == 1
    assert found[-1] is True


def test_a_serialization_failure_runs_the_whole_write_again(postgresql_database: Database) -> None:
    postgresql_database.run(lambda session: session.add(row(uses=1)))
    seen: list[int] = []

    def work(session: Session) -> None:
        session.connection(execution_options={"isolation_level": "SERIALIZABLE"})
        now = session.scalar(text("SELECT uses FROM throttle_count"))
        seen.append(now)
        if len(seen) == 1:
            other = Database(str(postgresql_database.url.render_as_string(hide_password=False)))
            other.run(add_one)
            other.dispose()
        session.execute(text("UPDATE throttle_count SET uses = :n"), {"n": now * 10})

    postgresql_database.run(work)
    assert seen == [1, 2]
    assert count(postgresql_database) == 20


def test_a_deadlock_is_resolved_by_running_again(postgresql_database: Database) -> None:
    postgresql_database.run(lambda session: session.add_all([row("a"), row("b")]))
    meet = threading.Barrier(2, timeout=10)
    first_time = threading.local()

    def work(first: str, second: str) -> None:
        first_time.value = True

        def change(session: Session) -> None:
            add_one(session, first)
            if first_time.value:
                first_time.value = False
                meet.wait()
            add_one(session, second)

        postgresql_database.run(change)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(work, "a", "b"), pool.submit(work, "b", "a")]:
            done.result()
    assert (count(postgresql_database, "a"), count(postgresql_database, "b")) == (3, 3)


def test_a_lost_connection_is_made_again(postgresql_database: Database) -> None:
    postgresql_database.run(lambda session: session.add(row()))
    killed = []

    def work(session: Session) -> None:
        if not killed:
            killed.append(session.scalar(text("SELECT pg_backend_pid()")))
            with postgresql_database.engine.connect() as other:
                other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": killed[0]})
            time.sleep(0.05)
        add_one(session)

    postgresql_database.run(work)
    assert count(postgresql_database) == 2


def test_after_six_failures_the_error_passes(postgresql_database: Database) -> None:
    runs = []

    def work(session: Session) -> None:
        runs.append(1)
        session.execute(text("DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$"))

    with pytest.raises(OperationalError, match="again"):
        postgresql_database.run(work)
    assert len(runs) == 6


def test_a_broken_rule_of_the_schema_is_not_run_again(database: Database) -> None:
    runs = []

    def work(session: Session) -> None:
        runs.append(1)
        session.execute(text("INSERT INTO throttle_count (limit_name, key_hash) VALUES ('x', 'y')"))

    with pytest.raises(IntegrityError) as refused:
        database.run(work)
    assert not is_retriable(refused.value)
    assert len(runs) == 1


def test_foreign_keys_hold(database: Database) -> None:
    with pytest.raises(IntegrityError):
        database.run(
            lambda session: session.execute(
                text("INSERT INTO agency (province_code, code, name, signing_title) VALUES ('zz', 'x', 'x', '')")
            )
        )


def test_times_come_back_in_utc_and_naive_ones_are_refused(database: Database) -> None:
    vietnam = timezone(timedelta(hours=7))
    database.run(lambda session: session.add(row(expires_at=datetime(2026, 11, 20, 10, 0, tzinfo=vietnam))))
    with database.read() as session:
        found = session.get_one(ThrottleCount, ("test", "k", 1)).expires_at
    assert found == START
    assert found.tzinfo is UTC
    with pytest.raises(StatementError, match="without time zone"):
        database.run(lambda session: session.add(row("n", expires_at=datetime(2026, 11, 20))))  # noqa: DTZ001


# The write gate of SQLite.


@pytest.fixture
def gate(sqlite_database: Database) -> Iterator[int]:
    path = Path(f"{sqlite_database.url.database}.gate")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    yield descriptor
    os.close(descriptor)


def is_free(gate: int) -> bool:
    try:
        fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(gate, fcntl.LOCK_UN)
    return True


def test_a_writer_holds_the_gate_until_its_commit(sqlite_database: Database, gate: int) -> None:
    seen: list[bool] = []

    def work(session: Session) -> None:
        session.add(row())
        session.flush()
        seen.append(is_free(gate))

    sqlite_database.run(work)
    assert seen == [False]
    assert is_free(gate)


def test_a_reader_needs_no_gate(sqlite_database: Database, gate: int) -> None:
    fcntl.flock(gate, fcntl.LOCK_EX)
    assert count(sqlite_database) is None


def test_the_gate_is_free_after_an_error(sqlite_database: Database, gate: int) -> None:
    def work(session: Session) -> None:
        session.add(row())
        session.flush()
        raise RuntimeError("a fault")

    with pytest.raises(RuntimeError):
        sqlite_database.run(work)
    assert is_free(gate)


def test_the_gate_is_free_when_the_transaction_cannot_begin(sqlite_database: Database, gate: int) -> None:
    def fail(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement == "BEGIN IMMEDIATE":
            raise RuntimeError("a fault")

    event.listen(sqlite_database.engine, "before_cursor_execute", fail)
    with pytest.raises(RuntimeError, match="a fault"):
        sqlite_database.run(lambda session: session.add(row()))
    assert is_free(gate)
    event.remove(sqlite_database.engine, "before_cursor_execute", fail)
    sqlite_database.run(lambda session: session.add(row()))
    assert count(sqlite_database) == 1


def test_a_lock_that_stays_is_not_waited_for_again_and_again(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gate is held by another process: one wait, then the error passes, however many attempts would be left."""
    monkeypatch.setattr("pledges.core.db.BUSY_SECONDS", 0.2)
    path = f"{sqlite_database.url.database}.gate"
    holder = os.open(path, os.O_RDWR | os.O_CREAT)
    fcntl.flock(holder, fcntl.LOCK_EX)
    began = time.monotonic()
    with pytest.raises(OperationalError, match="locked") as refused:
        sqlite_database.run(lambda session: session.add(row()), attempts=50, within=0.2)
    assert time.monotonic() - began < 5
    assert is_retriable(refused.value)
    os.close(holder)
    sqlite_database.run(lambda session: session.add(row()))
    assert count(sqlite_database) == 1


def test_nobody_waits_long_while_others_write(sqlite_database: Database) -> None:
    """Without the gate some writer starves for seconds; the figure leaves room for a busy machine."""
    sqlite_database.run(lambda session: session.add(row(uses=0)))
    waits: list[float] = []
    stop = time.monotonic() + 1.0

    def write() -> None:
        while time.monotonic() < stop:
            before = time.monotonic()
            sqlite_database.run(add_one)
            waits.append(time.monotonic() - before)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(sqlite_database) == len(waits)
    assert max(waits) < 3.0


def test_ids_are_version_seven_and_grow_with_time() -> None:
    first = new_id()
    time.sleep(0.002)
    second = new_id()
    assert (first.version, first.variant) == (7, uuid.RFC_4122)
    assert first.hex[:12] < second.hex[:12]
    assert len({new_id() for _ in range(1000)}) == 1000


def test_a_new_sqlite_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new.sqlite'}")
    with database.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE thing (id INTEGER PRIMARY KEY)")
    modes = {path.name: path.stat().st_mode & 0o077 for path in tmp_path.iterdir()}
    database.dispose()
    assert "new.sqlite" in modes
    assert set(modes.values()) == {0}, modes
