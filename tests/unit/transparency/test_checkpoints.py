"""Checkpoints: signed by their own key in the form that others read, only forwards, and not too often."""

from __future__ import annotations

import base64
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.core.db import Database
from pledges.transparency import notes, queries
from pledges.transparency.checkpoints import LEAST_PAUSE, has_shrunk, sign_if_due, unsigned_since
from pledges.transparency.keys import LogKey, LogKeyUnavailable
from pledges.transparency.models import Checkpoint
from pledges.transparency.operations import append
from tests.support.clock import START, FixedClock

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
TOLD = notes.Told("camket.vidu.vn/log", 7, bytes(range(32, 64)))


@pytest.fixture
def key(tmp_path: Path) -> LogKey:
    return LogKey(tmp_path / "var" / "log-key.pem", "camket.vidu.vn/log", trial=True)


def grow(database: Database, clock: FixedClock, count: int = 1) -> None:
    def work(session: Session) -> None:
        for _ in range(count):
            append(session, "thing.done", "thing", uuid.UUID(int=1), {}, clock())

    database.run(work)


def sizes(database: Database) -> list[int]:
    with database.read() as session:
        return list(session.scalars(select(Checkpoint.size).order_by(Checkpoint.size)))


def test_a_checkpoint_has_the_form_that_other_programs_read() -> None:
    """Read apart as the two specifications say, with a key of known bytes."""
    verifier = notes.verifier_key(TOLD.origin, KEY.public_key().public_bytes_raw())
    note = notes.sign(notes.checkpoint_text(TOLD), TOLD.origin, KEY)
    text, signature = note.split("\n\n")
    assert text == "camket.vidu.vn/log\n7\nICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="
    assert signature.startswith("— camket.vidu.vn/log ")
    name, key_id, encoded = verifier.split("+", 2)
    raw = base64.b64decode(signature.split()[2])
    assert (name, key_id, raw[:4].hex()) == (TOLD.origin, raw[:4].hex(), key_id)
    assert base64.b64decode(encoded)[:1] == b"\x01"
    KEY.public_key().verify(raw[4:], (text + "\n").encode())
    assert notes.read_checkpoint(note, verifier) == TOLD


def test_no_byte_of_a_checkpoint_can_be_changed() -> None:
    verifier = notes.verifier_key(TOLD.origin, KEY.public_key().public_bytes_raw())
    note = notes.sign(notes.checkpoint_text(TOLD), TOLD.origin, KEY).encode()
    for at in range(len(note)):
        for bit in (1, 2, 0x20):
            changed = note[:at] + bytes([note[at] ^ bit]) + note[at + 1 :]
            with pytest.raises(notes.WrongNote):
                notes.read_checkpoint(changed.decode(errors="replace"), verifier)
    other = notes.verifier_key(TOLD.origin, Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    for wrong in (other, verifier[:-1], "", "a+b+c"):
        with pytest.raises(notes.WrongNote):
            notes.read_checkpoint(note.decode(), wrong)


def test_it_is_signed_when_the_log_has_grown_and_only_forwards(
    database: Database, clock: FixedClock, key: LogKey
) -> None:
    assert sign_if_due(database, key, clock()) is None
    grow(database, clock, 3)
    made = sign_if_due(database, key, clock())
    assert made is not None
    with database.read() as session:
        assert notes.read_checkpoint(made.note, made.key) == notes.Told(key.origin, 3, queries.root_at(session, 3))
        assert unsigned_since(session) is None
    clock.advance(LEAST_PAUSE)
    assert sign_if_due(database, key, clock()) is None, "nothing was added"
    grow(database, clock)
    with database.read() as session:
        assert unsigned_since(session) == clock()
    clock.advance(timedelta(days=-1))
    assert sign_if_due(database, key, clock()) is None, "the clock was set back"
    clock.advance(timedelta(days=1, seconds=-1))
    assert sign_if_due(database, key, clock()) is None, "the last one is too young"
    clock.advance(timedelta(seconds=1))
    assert sign_if_due(database, key, clock()) is not None
    assert sizes(database) == [3, 4]
    with database.read() as session:
        assert not has_shrunk(session)
        found = [queries.checkpoint_at_least(session, size) for size in (1, 3, 4, 5)]
    assert [each.size if each is not None else None for each in found] == [3, 3, 4, None]


def test_twenty_who_sign_at_once_make_one(database: Database, clock: FixedClock, key: LogKey) -> None:
    """They make the trial key too, all of them at its first use."""
    grow(database, clock, 5)
    with ThreadPoolExecutor(20) as threads:
        made = list(threads.map(lambda _: sign_if_due(database, key, START), range(20)))
    assert len([each for each in made if each is not None]) == 1
    assert sizes(database) == [5]
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Checkpoint)) == 1
    assert (key.file.stat().st_mode & 0o777) == 0o600


def test_a_key_that_cannot_be_used_is_named(sqlite_database: Database, clock: FixedClock, tmp_path: Path) -> None:
    grow(sqlite_database, clock)
    file = tmp_path / "log.pem"
    for content in (None, b"", b"-----BEGIN PRIVATE KEY-----\n"):
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(LogKeyUnavailable, match=r"log\.pem"):
            sign_if_due(sqlite_database, LogKey(file, "camket.vidu.vn/log", trial=False), clock())
    assert sizes(sqlite_database) == []
