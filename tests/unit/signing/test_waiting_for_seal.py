"""A seal that cannot be made: the pledge waits, is tried again, and the administrator is told once a day."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from pledges.audit.models import Fact
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.documents.models import Document
from pledges.documents.storage import Storage
from pledges.jobs.tasks import Task, TaskTable
from pledges.jobs.worker import run_worker
from pledges.messaging.models import Message
from pledges.messaging.operations import DELIVER_MESSAGE
from pledges.signing.models import Pledge
from pledges.signing.operations import SEAL_TASK
from pledges.signing.sealing import PledgeSealer
from tests.support.clock import FixedClock
from tests.support.seal_keys import Authority, SealFolder, p256
from tests.support.signing import run_together, seller_pages, signed_by

ADMINISTRATOR = "quan-tri@vidu.vn"


@pytest.fixture
def keys(tmp_path: Path) -> SealFolder:
    """An operator who has not laid down any key yet."""
    folder = tmp_path / "keys"
    folder.mkdir()
    return SealFolder(folder)


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "storage")


@pytest.fixture
def seals(database: Database, clock: FixedClock, vault: Vault, keys: SealFolder, storage: Storage) -> PledgeSealer:
    signed_by(database, seller_pages(), now=clock(), vault=vault)
    return PledgeSealer(database, storage, keys.sealer(), clock, vault, ADMINISTRATOR)


def work(database: Database, seals: PledgeSealer) -> None:
    """Do what is in the queue; mail is only taken from it."""
    tasks = TaskTable(Task(SEAL_TASK, seals.seal), Task(DELIVER_MESSAGE, lambda *_key: None))
    done = run_worker(database, tasks, (), once=True, alive_seconds=30)
    assert done.raised == 0


def only_pledge(database: Database) -> Pledge:
    with database.read() as session:
        return session.scalars(select(Pledge)).one()


def told(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(Message.to_address).where(Message.kind == "seal_waiting")))


def test_it_waits_is_tried_again_and_the_administrator_is_told(
    database: Database, clock: FixedClock, seals: PledgeSealer, keys: SealFolder, storage: Storage
) -> None:
    work(database, seals)
    pledge = only_pledge(database)
    assert (pledge.document_id, pledge.seal_attempts) == (None, 1)
    assert "Không đọc được tệp khóa niêm phong" in pledge.seal_error
    assert pledge.seal_due_at == clock() + timedelta(seconds=20)
    assert told(database) == [ADMINISTRATOR]

    seals.sweep()
    work(database, seals)
    assert only_pledge(database).seal_attempts == 1, "asked for again before it was due"
    clock.advance(timedelta(seconds=20))
    seals.sweep()
    work(database, seals)
    assert only_pledge(database).seal_attempts == 2
    assert told(database) == [ADMINISTRATOR]
    clock.advance(timedelta(days=1))
    seals.sweep()
    work(database, seals)
    assert told(database) == [ADMINISTRATOR] * 2

    authority = Authority()
    keys.lay_down(authority, p256())
    clock.advance(timedelta(minutes=10))
    seals.sweep()
    work(database, seals)
    sealed = only_pledge(database)
    assert sealed.document_id is not None
    assert sealed.seal_error == ""
    with database.read() as session:
        kinds = list(session.scalars(select(Fact.kind).where(Fact.object_id == sealed.id)))
    assert (kinds.count("pledge.sealed"), kinds.count("pledge.seal_failed")) == (1, 1)


@pytest.mark.parametrize("blocked", [".pending", ".temporary"])
def test_a_disk_that_takes_nothing_is_told_like_a_missing_key(
    database: Database, clock: FixedClock, seals: PledgeSealer, keys: SealFolder, storage: Storage, blocked: str
) -> None:
    keys.lay_down(Authority(), p256())
    storage.folder.mkdir()
    (storage.folder / blocked).write_text("a file where a folder has to be")
    work(database, seals)
    pledge = only_pledge(database)
    assert (pledge.document_id, pledge.seal_attempts) == (None, 1)
    assert str(storage.folder) in pledge.seal_error
    assert told(database) == [ADMINISTRATOR]

    (storage.folder / blocked).unlink()
    clock.advance(timedelta(minutes=1))
    seals.sweep()
    work(database, seals)
    assert only_pledge(database).document_id is not None


def test_eight_runs_at_once_leave_one_file(
    database: Database, clock: FixedClock, seals: PledgeSealer, keys: SealFolder, storage: Storage
) -> None:
    """A run that renders while another finishes must not leave a second sealed file behind."""
    keys.lay_down(Authority(), p256())
    pledge = only_pledge(database)
    run_together(lambda _number: seals.seal(pledge.province_code, str(pledge.id)), 8)
    stored = [path for path in storage.folder.rglob("*") if path.is_file()]
    with database.read() as session:
        [document] = session.scalars(select(Document)).all()
    assert [path.name for path in stored] == [document.sha256]
    assert only_pledge(database).document_id == document.id
