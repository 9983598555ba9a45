"""What still works when something that the product stands on is full, away or wrong; it comes back by itself."""

from __future__ import annotations

import resource
import shutil
from collections import namedtuple
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from firm._core import process
from firm.queue.claim import WILDCARD, claim_ready
from flask import Flask
from sqlalchemy import event, func, select, text, update
from sqlalchemy.engine import Engine

from pledges.audit.operations import SYSTEM
from pledges.continuity.machine import FREE_BYTES_NEEDED
from pledges.continuity.marks import note_backup, note_drill
from pledges.core.calendar import system_clock
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.documents.storage import Storage
from pledges.jobs.operations import enqueue
from pledges.jobs.queue import process_table, worker_runtime
from pledges.jobs.tasks import Task, TaskTable
from pledges.jobs.worker import run_worker
from pledges.messaging.delivery import deliver_message
from pledges.messaging.models import MessageState
from pledges.product import Product
from pledges.readiness import Part, check_readiness
from pledges.registry.recounting import recount
from pledges.signing.models import Draft
from pledges.web import degraded
from tests.support.browsing import Browser
from tests.support.clock import FixedClock
from tests.support.mail_sink import mail_sink
from tests.support.messages import delivery_for, queue_code, state_of
from tests.support.signer_client import ATTRIBUTE, FIELD
from tests.support.signing import seller_pages, signed_by
from tests.support.staff import add_person, enter

FULL = "Hệ thống đang hết chỗ lưu"
SLOW = "Thư đang chậm"
GROUP = {"province": "46", "subject_type": "digital_seller"}


def part(product: Product, name: str) -> Part:
    return next(each for each in check_readiness(product) if each.name == name)


# --- The disk --------------------------------------------------------------------------------------------------------


@contextmanager
def no_room(engine: Engine) -> Iterator[None]:
    """SQLite refuses every page more, as on a full disk."""

    def limit(connection: Any, _record: Any, _proxy: Any) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages if full else 1 << 30}")

    full = True
    with engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("VACUUM")
        connection.exec_driver_sql("BEGIN")
    event.listen(engine, "checkout", limit)
    try:
        yield
    finally:
        full = False
        with engine.connect():
            event.remove(engine, "checkout", limit)


def drafts(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Draft)) or 0


def answers(browser: Browser, number: int) -> dict[str, str]:
    """Of the first page, with its hidden fields."""
    fields = (dict(ATTRIBUTE.findall(field)) for field in FIELD.findall(browser.page))
    hidden = {field["name"]: field.get("value", "") for field in fields if field.get("type") == "hidden"}
    return {**hidden, **GROUP, "email": f"chu.shop.{number}@vidu.vn"}


def begin(browser: Browser, number: int) -> int:
    """Answer the first page; whoever does it again begins another draft."""
    browser.client.delete_cookie("session")
    browser.open("/ky-cam-ket?tinh=46")
    return browser.send("/ky-cam-ket", answers(browser, number)).status_code


def test_a_full_database_refuses_with_a_sentence_and_takes_again_by_itself(
    small_app: Flask, small_product: Product
) -> None:
    browser, database = Browser(small_app), small_product.database
    kept = 0
    with no_room(database.engine):
        while (status := begin(browser, kept)) == 302:
            kept += 1
            assert kept < 50, "the limit does not hold"
        assert status == 503
        assert FULL in browser.text
        assert drafts(database) == kept, "nothing half written"
        browser.open("/")
        assert "Tạm thời chỉ xem được" in browser.text
    with database.read() as session:
        assert session.scalar(text("PRAGMA integrity_check")) == "ok"
    assert begin(browser, kept) == 302
    assert drafts(database) == kept + 1


def test_without_room_nothing_is_begun(
    small_app: Flask, small_product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    browser = Browser(small_app)
    monkeypatch.setattr(degraded, "SECONDS_BETWEEN_LOOKS", 0.0)
    with monkeypatch.context() as disk:
        disk.setattr(shutil, "disk_usage", lambda _path: usage(1 << 40, 0, FREE_BYTES_NEEDED - 1))
        assert browser.open("/ky-cam-ket?tinh=46").status_code == 200
        assert "Tạm thời chỉ xem được" in browser.text
        assert browser.send("/ky-cam-ket", answers(browser, 0)).status_code == 503
        assert FULL in browser.text
        assert (part(small_product, "disk").state, drafts(small_product.database)) == ("full", 0)
    assert begin(browser, 1) == 302
    assert "Tạm thời chỉ xem được" not in browser.open("/").text


def test_no_half_file_stays_on_a_full_disk(tmp_path: Path) -> None:
    """The kernel's own limit on the size of files refuses in the middle of a write."""
    storage = Storage(tmp_path / "storage")
    sound = storage.put(b"before")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        for write in (storage.put, lambda data: storage.lay_aside("part", data)):
            with pytest.raises(OSError, match="File too large"):
                write(b"x" * 50_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path.name for path in storage.folder.rglob("*") if path.is_file()] == [sound]
    assert storage.get(storage.put(b"x" * 50_000))


def test_a_page_is_worth_more_than_the_note_that_it_was_opened(
    small_app: Flask, small_product: Product, clock: FixedClock
) -> None:
    """Staff must be able to read what is wrong while the disk is full; when they were last seen can wait."""
    refusing = "CREATE TRIGGER no_room BEFORE UPDATE ON staff_session BEGIN SELECT RAISE(ABORT, '{}'); END"
    browser = Browser(small_app)
    enter(browser.client, small_product, add_person(small_product.database))
    clock.advance(timedelta(minutes=5))
    said = refusing.format("database or disk is full")
    small_product.database.run(lambda session: session.execute(text(said)) and None)
    assert browser.open("/quan-tri/tinh-trang").status_code == 200
    assert "Tạm thời chỉ xem được" in browser.text


# --- Mail ------------------------------------------------------------------------------------------------------------


def test_hours_without_a_relay(small_app: Flask, small_product: Product, clock: FixedClock) -> None:
    """Who waits for a code is told; the officer of IT too; afterwards each letter arrives once."""
    browser, database = Browser(small_app), small_product.database
    door = "/ho-so/CK-46-2026-7KXA3Q"
    browser.open(door)
    assert SLOW not in browser.text
    with mail_sink() as sink:
        delivery = delivery_for(database, sink.url, clock=clock)
        letters = [queue_code(database, clock, f"code:{number}", expires_at=None) for number in range(5)]
        sink.busy = 1_000
        for _ in range(4):
            clock.advance(timedelta(minutes=30))
            for letter in letters:
                deliver_message(delivery, letter.province_code, str(letter.id))
        assert sink.accepted == []
        assert {state_of(database, letter).state for letter in letters} == {MessageState.QUEUED}
        browser.open(door)
        assert SLOW in browser.text
        assert part(small_product, "mail").state in {"late", "put_off"}
        sink.busy = 0
        clock.advance(timedelta(hours=1))
        for _ in range(2):
            for letter in letters:
                deliver_message(delivery, letter.province_code, str(letter.id))
        assert len(sink.accepted) == len(letters)
    assert {state_of(database, letter).state for letter in letters} == {MessageState.ACCEPTED}
    browser.open(door)
    assert SLOW not in browser.text
    assert part(small_product, "mail").state == "fine"


# --- The clock, the worker, the backups ------------------------------------------------------------------------------


def test_a_clock_set_back_and_forth(small_product: Product, clock: FixedClock, vault: Vault) -> None:
    """It is said, people go on signing, and nothing is counted wrong."""
    database, now = small_product.database, clock()
    signed_by(database, seller_pages(1), now=now, vault=vault)
    shifts = ((timedelta(days=-1), "back"), (timedelta(days=400), "fine"), (timedelta(), "back"))
    for number, (shift, state) in enumerate(shifts, start=2):
        clock.set(now + shift)
        assert part(small_product, "clock").state == state, shift
        assert signed_by(database, seller_pages(number), now=clock(), vault=vault).signed
    assert database.run(lambda session: recount(session, repair=False)) == []


def test_a_hanging_worker_is_shown_and_relieved(small_product: Product) -> None:
    database, done = small_product.database, []
    database.run(lambda session: enqueue(session, "quick", "a"))
    hanging = process.register(database.engine, process.ProcessInfo(kind="Worker", name="hanging", pid=1))
    runtime = worker_runtime(database)
    assert claim_ready(runtime.engine, runtime.dialect, [WILDCARD], 1, int(hanging))
    long_ago = system_clock().replace(tzinfo=None) - timedelta(minutes=10)
    database.run(lambda session: session.execute(update(process_table).values(last_heartbeat_at=long_ago)) and None)
    seen = part(small_product, "worker")
    assert (seen.state, seen.figures["task"], seen.warning) == ("silent", "quick", True)
    assert run_worker(database, TaskTable(Task("quick", done.append)), once=True).succeeded == 1
    assert done == ["a"]
    assert part(small_product, "worker").figures["task"] == ""


def test_a_backup_grows_old_and_a_drill_fails(small_product: Product, clock: FixedClock) -> None:
    database = small_product.database
    real = replace(small_product, settings=replace(small_product.settings, env="production"))
    assert (part(small_product, "backup").ok, part(real, "backup").state) == (True, "never")
    clock.advance(timedelta(days=2))
    assert (part(small_product, "backup").ok, part(real, "backup").ok) == (True, False)
    database.run(lambda session: note_backup(session, shows=clock(), data={}, actor=SYSTEM, now=clock()))
    database.run(lambda session: note_drill(session, data={"ok": True}, actor=SYSTEM, now=clock()))
    assert (part(real, "backup").state, part(real, "drill").state) == ("fine", "fine")
    clock.advance(timedelta(hours=27))
    assert (part(real, "backup").ok, part(real, "backup").figures["hours"]) == (False, 27)
    clock.advance(timedelta(days=40))
    assert (part(real, "drill").ok, part(real, "drill").state) == (True, "old")
    database.run(lambda session: note_drill(session, data={"ok": False, "faults": 2}, actor=SYSTEM, now=clock()))
    assert (part(real, "drill").ok, part(real, "drill").figures["faults"]) == (False, 2)
