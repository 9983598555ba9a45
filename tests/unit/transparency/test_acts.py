"""Every rare act has its entry, with its transaction; what lost the race has none; what is older is entered once."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.documents.sealing import Sealer
from pledges.documents.storage import Storage
from pledges.review.errors import AlreadyDecided
from pledges.review.revocations import ask_revocation, revoke
from pledges.rounds.log_entries import RoundBook
from pledges.settings import Settings
from pledges.signing.log_entries import PledgeBook
from pledges.signing.models import Pledge, PledgeState
from pledges.signing.paper_pledges import remove_paper_pledge
from pledges.signing.sealing import PledgeSealer
from pledges.signing.states import StateChanged
from pledges.signing.withdrawing import end_pledge
from pledges.transparency import queries
from pledges.transparency.keys import LogKey
from pledges.transparency.models import LogEntry, LogHead, LogMark, LogNode
from pledges.transparency.operations import append
from pledges.transparency.worker import LogWorker
from tests.support.clock import FixedClock
from tests.support.offices import WAY_TO, Office
from tests.support.papers_recorded import COMMAND, record, registered
from tests.support.signing import run_together
from tests.unit.review.test_countersigning import approve, signing_on
from tests.unit.rounds.quarter import QuarterOffice
from tests.unit.rounds.test_closing import Ending

S = PledgeState


def told(database: Database, object_id: uuid.UUID) -> list[tuple[str, dict[str, Any]]]:
    with database.read() as session:
        return [(each.kind, json.loads(each.body)["data"]) for each in queries.entries_of(session, object_id)]


def keeper(database: Database, storage: Storage, clock: FixedClock, settings: Settings) -> LogWorker:
    return LogWorker(database, storage, clock, LogKey.from_settings(settings), (PledgeBook(), RoundBook()))


def test_an_approval_a_revocation_and_what_was_there_before(
    sqlite_database: Database, clock: FixedClock, vault: Vault, settings_for_test: Settings
) -> None:
    database = sqlite_database
    signing = signing_on(database, clock, vault, settings_for_test)
    office = signing.office
    approve(signing)
    assert told(database, office.key[1]) == [], "the decision alone is not in force yet"
    signing.run()
    signing.run()
    [(kind, data)] = told(database, office.key[1])
    assert (kind, data["state"], data["province"], data["version"]) == ("pledge.approved", "approved", "46", 1)
    assert set(data) == {"province", "state", "version", "issued", "countersigned", "content"}
    assert signing.storage.get(data["countersigned"]) == signing.file()
    assert signing.storage.get(data["issued"]) == signing.sealed
    body = json.dumps(data)
    assert not [word for word in (office.pledge().reference, office.pledge().verification_code) if word in body]

    asked = database.run(
        lambda session: ask_revocation(session, office.key, staff=office.officer, reason="Thử nghiệm.", now=clock())
    )
    database.run(lambda session: revoke(session, "46", asked.id, staff=office.approver, now=clock(), **office.mail))
    assert [kind for kind, _ in told(database, office.key[1])] == ["pledge.approved", "pledge.revoked"]
    assert told(database, office.key[1])[1][1]["state"] == "revoked"

    # As if all of it had happened before there was a log.
    with database.engine.begin() as connection:
        for model in (LogEntry, LogNode, LogHead, LogMark):
            connection.execute(delete(model))
    worker = keeper(database, signing.storage, clock, settings_for_test)
    for _ in range(2):
        worker.keep()
    [(kind, found)] = told(database, office.key[1])
    assert (kind, found) == ("pledge.found", data | {"state": "revoked"})
    assert worker.audit(storage=signing.storage).ok
    # Whoever has it begun again enters nothing, and what is called older now is named.
    with database.engine.begin() as connection:
        connection.execute(delete(LogMark).where(LogMark.name == "former"))
    worker.keep()
    assert len(told(database, office.key[1])) == 1
    database.run(lambda session: append(session, "pledge.found", "pledge", office.key[1], data, clock()))
    assert any("as older than the log" in str(fault) for fault in worker.audit(storage=None).faults)
    # Nor is a pledge entered that somebody puts into the database now: it is named.
    with database.engine.begin() as connection:
        connection.execute(delete(LogEntry).where(LogEntry.object_id == office.key[1]))
    assert any("the log does not say so" in str(fault) for fault in worker.audit(storage=None).faults)


def test_twenty_revocations_at_once_are_one_entry(database: Database, clock: FixedClock, vault: Vault) -> None:
    office = Office(database, clock, vault)
    office.enter(*WAY_TO[S.APPROVED])
    asked = database.run(
        lambda session: ask_revocation(session, office.key, staff=office.officer, reason="Thử nghiệm.", now=clock())
    )

    def confirm(_number: int) -> bool:
        try:
            database.run(
                lambda session: revoke(session, "46", asked.id, staff=office.approver, now=clock(), **office.mail)
            )
        except (AlreadyDecided, StateChanged):
            return False
        return True

    assert run_together(confirm, 20).count(True) == 1
    assert [kind for kind, _ in told(database, office.key[1])] == ["pledge.revoked"]
    with database.read() as session:
        assert queries.size(session) == 1


def test_a_withdrawal_that_fails_leaves_nothing(sqlite_database: Database, clock: FixedClock, vault: Vault) -> None:
    office = Office(sqlite_database, clock, vault)

    def withdraw(session: Session, *, fail: bool) -> None:
        end_pledge(session, session.get_one(Pledge, office.key), now=clock(), **office.mail)
        if fail:
            raise RuntimeError("the power goes")

    with pytest.raises(RuntimeError):
        sqlite_database.run(lambda session: withdraw(session, fail=True))
    assert told(sqlite_database, office.key[1]) == []
    sqlite_database.run(lambda session: withdraw(session, fail=False))
    [(kind, data)] = told(sqlite_database, office.key[1])
    assert (kind, data["state"], "content" in data) == ("pledge.withdrawn", "withdrawn", False)


def test_a_paper_is_told_when_its_sheet_is_sealed(
    sqlite_database: Database, clock: FixedClock, vault: Vault, settings_for_test: Settings
) -> None:
    database, storage = sqlite_database, Storage(settings_for_test.storage)
    papers = [
        record(database, registered(database, number, now=clock()), now=clock(), number="").pledge for number in (1, 2)
    ]
    sealer = PledgeSealer(
        database, storage, Sealer.from_settings(settings_for_test, clock), clock, vault, "quan-tri@vidu.vn"
    )
    worker = keeper(database, storage, clock, settings_for_test)
    assert worker.audit(storage=storage).ok, "a paper may wait for its sheet"
    assert told(database, papers[0].id) == []

    def remove(session: Session, paper: Pledge) -> None:
        remove_paper_pledge(session, session.get_one(Pledge, ("46", paper.id)), actor=COMMAND, now=clock())

    # The second is taken back before its sheet is sealed, the first afterwards.
    database.run(lambda session: remove(session, papers[1]))
    for paper in papers:
        sealer.seal("46", str(paper.id))
        sealer.seal("46", str(paper.id))
    assert worker.audit(storage=storage).ok
    database.run(lambda session: remove(session, papers[0]))
    first, second = (told(database, paper.id) for paper in papers)
    assert [(kind, data["state"]) for kind, data in first] == [
        ("pledge.recorded", "approved"),
        ("pledge.withdrawn", "withdrawn"),
    ]
    assert [(kind, data["state"]) for kind, data in second] == [
        ("pledge.withdrawn", "withdrawn"),
        ("pledge.recorded", "withdrawn"),
    ]
    assert first[0][1]["issued"] == first[1][1]["issued"]
    assert worker.audit(storage=storage).ok


def test_a_closed_round_is_told_with_its_hashes_and_weighed(
    sqlite_database: Database, clock: FixedClock, vault: Vault, settings_for_test: Settings
) -> None:
    ending = Ending(QuarterOffice(sqlite_database, clock, vault), settings_for_test.storage)
    snapshot = ending.close()
    ending.close()
    [(kind, data)] = told(sqlite_database, ending.round.id)
    assert (kind, data["sha256"], data["rows"]) == ("round.closed", snapshot.sha256, snapshot.rows)
    assert (data["quarter"], data["snapshot"]) == (ending.round.quarter, str(snapshot.id))
    worker = keeper(sqlite_database, ending.storage, clock, settings_for_test)
    worker.keep()
    faults = [str(fault) for fault in worker.audit(storage=ending.storage).faults if fault.index is not None]
    assert faults == []

    path = ending.storage.path_of(snapshot.sha256["pledged"])
    path.chmod(0o600)
    path.write_bytes(path.read_bytes() + b"\n")
    with sqlite_database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE snapshot_row SET line = 'x' || line WHERE list = 'not_pledged'")
        connection.exec_driver_sql("UPDATE snapshot SET rule_version = 'x'")
    with sqlite_database.read() as session:
        [entry] = queries.entries_of(session, ending.round.id)
    found = [str(fault) for fault in worker.audit(storage=ending.storage).faults if fault.index == entry.index]
    assert [words in " ".join(found) for words in ("the rules of", "list not_pledged", "list pledged")] == [True] * 3
