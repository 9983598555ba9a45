"""Whoever changes a byte of the log, or of what it speaks of, is named by the next audit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import delete, insert, select, text, update

from pledges.audit.models import Fact
from pledges.audit.operations import SYSTEM, WHOLE_SYSTEM, record
from pledges.core.db import Database, new_id
from pledges.core.secrecy import Vault
from pledges.documents.models import Document, DocumentKind
from pledges.rounds.log_entries import RoundBook
from pledges.settings import Settings
from pledges.signing.log_entries import CHANGE_LATER, PLEDGE_COLUMNS, SIGNATURE_COLUMNS, PledgeBook
from pledges.signing.models import Pledge, PledgeState, Signature
from pledges.transparency import queries, tree
from pledges.transparency.keys import LogKey
from pledges.transparency.models import Checkpoint, LogEntry, LogHead, LogNode
from pledges.transparency.worker import LogWorker, last_audit
from tests.support.clock import FixedClock
from tests.unit.review.test_countersigning import Signing, approve, signing_on


class Logged:
    """An approved pledge with its entry, between two batches of sealed facts, and two checkpoints."""

    def __init__(self, signing: Signing, settings: Settings) -> None:
        self.signing, self.database, self.clock = signing, signing.office.database, signing.office.clock
        key = LogKey.from_settings(settings)
        self.worker = LogWorker(self.database, signing.storage, self.clock, key, (PledgeBook(), RoundBook()))
        self.keep()
        approve(signing)
        signing.run()
        self.keep()
        with self.database.read() as session:
            self.entry = queries.entries_of(session, signing.office.key[1])[0].index
            self.size = queries.size(session)

    def keep(self) -> None:
        self.worker.keep()
        self.worker.sign()
        self.clock.advance(timedelta(minutes=10))

    def audit(self) -> list[str]:
        return [str(fault) for fault in self.worker.audit(storage=self.signing.storage).faults]

    @contextmanager
    def changed(self, column: Any, where: Any = None, new: Any = None) -> Iterator[None]:
        """As somebody with the password of the database does it; without `new` one bit of the old value."""
        table = column.class_.__table__
        keys = list(table.primary_key.columns)
        with self.database.engine.begin() as connection:
            found = connection.execute(select(*keys, column.label("old")).where(*([] if where is None else [where])))
            row = found.first()
            assert row is not None
            one = [key == value for key, value in zip(keys, row, strict=False)]
            changed = {column.property.columns[0].name: flipped(row.old) if new is None else new}
            connection.execute(update(table).where(*one).values(changed))
        yield
        with self.database.engine.begin() as connection:
            connection.execute(update(table).where(*one).values(dict.fromkeys(changed, row.old)))


def flipped(old: Any) -> Any:
    """The value with one bit of its last byte changed."""
    if isinstance(old, str):
        return old[:-1] + chr(ord(old[-1]) ^ 1)
    if isinstance(old, int):
        return old + 1
    data = bytes(old)
    return data[:-1] + bytes([data[-1] ^ 1])


@pytest.fixture
def logged(database: Database, clock: FixedClock, vault: Vault, settings_for_test: Settings) -> Logged:
    return Logged(signing_on(database, clock, vault, settings_for_test), settings_for_test)


@pytest.fixture
def small_logged(sqlite_database: Database, clock: FixedClock, vault: Vault, settings_for_test: Settings) -> Logged:
    return Logged(signing_on(sqlite_database, clock, vault, settings_for_test), settings_for_test)


def test_every_changed_byte_is_found_where_it_was_changed(logged: Logged) -> None:
    assert logged.audit() == []
    entry, size = logged.entry, logged.size
    of_entry, of_last = LogEntry.index == entry, Checkpoint.size == size
    mine, pledge = f"entry {entry}: ", f"entry {entry}: the pledge"
    last = f"entry {size - 1}: the checkpoint over {size} entries"
    changes: list[tuple[Any, Any, str]] = [
        (LogEntry.body, of_entry, f"{mine}its body"),
        (LogEntry.leaf_hash, of_entry, f"{mine}its body"),
        (LogEntry.kind, of_entry, f"{mine}its columns"),
        (LogEntry.object_kind, of_entry, f"{mine}its columns"),
        (LogNode.hash, LogNode.level == 1, "entry 1: the subtree of the entries 0 to 1"),
        (Checkpoint.root, of_last, f"{last} has another root"),
        (Checkpoint.note, of_last, f"{last} is not what was signed"),
        (Checkpoint.key, of_last, last),
        (LogHead.size, None, "says that there are"),
        (Pledge.rendered_text, None, pledge),
        (Pledge.verification_code, None, pledge),
        (Pledge.version, None, pledge),
        (Signature.typed_name, None, pledge),
        (Document.signer_certificate, Document.kind == DocumentKind.COUNTERSIGNED, pledge),
        (Document.sha256, Document.kind == DocumentKind.COUNTERSIGNED, f"{mine}the countersigned file"),
        (Document.sha256, Document.kind == DocumentKind.SEALED, f"{mine}the issued file"),
        (Fact.actor_id, Fact.kind == "pledge.recommended", "a fact between"),
        (Fact.kind, Fact.kind == "pledge.approved", "a fact between"),
    ]
    for column, where, told in changes:
        with logged.changed(column, where):
            found = logged.audit()
            assert any(told in fault for fault in found), (column, found)
    for new, told in (({"sha256": "0" * 64}, "a fact between"), ({}, "a fact between")):
        with logged.changed(Fact.data, Fact.kind == "pledge.approved", new):
            assert any(told in fault for fault in logged.audit())
    with logged.changed(Pledge.answers, None, {"name": "Tên khác"}):
        assert logged.audit() == [f"{pledge} {logged.signing.office.key[1]} is not what was accepted"]
    with logged.changed(Pledge.state, None, PledgeState.REVOKED):
        assert logged.audit() == [f"{pledge} {logged.signing.office.key[1]} is revoked, not approved"]
    assert logged.audit() == []


def test_a_changed_file_is_found_by_its_entry(small_logged: Logged) -> None:
    logged = small_logged
    with logged.database.read() as session:
        found = queries.entry(session, logged.entry)
    assert found is not None
    data = json.loads(found.body)["data"]
    for name in ("issued", "countersigned"):
        path = logged.signing.storage.path_of(data[name])
        whole = path.read_bytes()
        path.chmod(0o600)
        path.write_bytes(flipped(whole))
        assert logged.audit() == [f"entry {logged.entry}: the {name} file {data[name]} is lost or damaged"]
        path.write_bytes(whole)
    assert logged.audit() == []
    assert logged.worker.audit(storage=None).ok


def test_who_reckons_the_whole_tree_anew_is_found_by_the_checkpoint(small_logged: Logged) -> None:
    """An insider who knows the format changes an entry and everything above it; the key is not in the database."""
    logged = small_logged

    def rewrite(session: Any) -> None:
        entry = session.get_one(LogEntry, logged.entry)
        entry.body = entry.body.replace("approved", "revoked")
        entry.leaf_hash = tree.leaf_hash(entry.body.encode())
        entry.kind = "pledge.revoked"
        session.get_one(Pledge, logged.signing.office.key).state = "revoked"
        session.flush()
        session.execute(delete(LogNode))
        known: dict[tree.Place, bytes] = {}
        for each in queries.entries(session, 0, 1000):
            for (level, number), digest in tree.grow(each.index, each.leaf_hash, known):
                known[level, number] = digest
                if level:
                    session.execute(insert(LogNode).values(level=level, index=number, hash=digest))

    logged.database.run(rewrite)
    found = logged.audit()
    assert len(found) == 1
    assert f"the checkpoint over {logged.size} entries has another root" in found[0]
    # Nor does the worker sign on top of it.
    logged.database.run(
        lambda s: record(
            s, "plans.loaded", province_code=WHOLE_SYSTEM, object_id=new_id(), actor=SYSTEM, now=logged.clock()
        )
    )
    logged.worker.keep()
    with pytest.raises(Exception, match="does not continue"):
        logged.worker.sign()


def test_a_forged_checkpoint_and_entries_cut_off_are_found(small_logged: Logged, tmp_path: Any) -> None:
    logged = small_logged
    forger = tmp_path / "forger.pem"
    forger.write_bytes(Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    key = replace(logged.worker.key, file=forger, trial=False)
    logged.database.run(
        lambda s: record(
            s, "plans.loaded", province_code=WHOLE_SYSTEM, object_id=new_id(), actor=SYSTEM, now=logged.clock()
        )
    )
    logged.worker.keep()
    replace(logged.worker, key=key).sign()
    assert any("signed with another key than ours" in fault for fault in logged.audit())

    def cut(session: Any) -> None:
        session.execute(delete(LogEntry).where(LogEntry.index >= logged.entry))
        session.execute(update(LogHead).values(size=logged.entry))

    logged.database.run(cut)
    assert any(f"the checkpoint over {logged.size} entries was signed" in fault for fault in logged.audit())


def test_what_is_missing_and_what_was_slipped_in_is_found(small_logged: Logged) -> None:
    logged = small_logged
    with logged.database.engine.begin() as connection:
        names = ", ".join(column.name for column in Fact.__table__.c if column.name not in ("id", "number"))
        copied = f"SELECT -5, '{new_id().hex}', {names} FROM fact WHERE kind = 'pledge.approved'"  # noqa: S608
        connection.execute(text(f"INSERT INTO fact (rowid, id, {names}) {copied}"))
    assert logged.audit() == ["facts that stand before sealed ones and are in no batch: 1"]
    with logged.database.engine.begin() as connection:
        connection.execute(text("DELETE FROM fact WHERE kind = 'pledge.approved'"))
        connection.execute(text("DELETE FROM log_entry WHERE kind = 'pledge.approved'"))
    found = logged.audit()
    assert f"entry {logged.entry}: it is not there" in found
    assert any("facts were sealed and" in fault for fault in found)
    assert any("is approved, and the log does not say so" in fault for fault in found)


def test_what_was_found_stays_for_the_administrator(small_logged: Logged) -> None:
    logged = small_logged
    with logged.changed(Pledge.rendered_text):
        logged.audit()
        with logged.database.read() as session:
            last = last_audit(session)
    assert last is not None
    assert (last.at, last.data["ok"], last.data["faults"]) == (logged.clock(), False, 1)
    assert last.data["first"][0].startswith(f"entry {logged.entry}: ")


def test_every_column_of_what_was_signed_is_weighed() -> None:
    """Whoever adds a column decides whether it belongs to what was accepted; with it, old hashes must not change."""
    assert {column.key for column in Pledge.__mapper__.column_attrs} == {*PLEDGE_COLUMNS, *CHANGE_LATER}
    assert {column.key for column in Signature.__mapper__.column_attrs} == {*SIGNATURE_COLUMNS, "network"}
