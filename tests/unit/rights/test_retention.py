"""Retention: a dry run changes nothing, what has run out goes, what has not stays, and a killed run is gone on with."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.accounts.models import StaffSession
from pledges.audit.models import Fact
from pledges.audit.operations import SYSTEM
from pledges.core.calendar import local_day, system_clock
from pledges.documents.storage import ASIDE, TEMPORARY, Storage
from pledges.imports.models import Import, ImportRow, ImportState, RowOutcome
from pledges.messaging.models import Message, MessageState
from pledges.registry.models import Sighting
from pledges.rights.files import sweep_files
from pledges.rights.models import RequestKind
from pledges.rights.retention import FILES, Retention
from pledges.signing.address_models import AddressChange, ChangeState
from pledges.signing.models import Draft, Signature
from pledges.tips.models import Tip, TipSource, TipState
from tests.support.signing import HUE, ready_draft, run_together, seller_pages
from tests.unit.rights.conftest import RightsDesk
from tests.unit.rights.test_erasing import address_change

LONG_AGO = timedelta(days=1000)


class Attic:
    """Everything that may run out, once old and once of today."""

    def __init__(self, desk: RightsDesk, storage: Storage) -> None:
        self.desk, self.storage = desk, storage
        self.retention = Retention(desk.database, storage, desk.clock)

    def fill(self, mark: str) -> None:
        desk, at = self.desk, self.desk.clock()
        pledge = desk.signed(len(mark))
        desk.decide(desk.ask(pledge, RequestKind.VIEW, "Muốn xem (thử nghiệm)."))

        def add(session: Session) -> None:
            begun = ready_draft(session, seller_pages(9), now=at, vault=desk.vault)
            begun.answers = begun.answers | {"pictures": [self.file(mark, "draft")]}
            for state, picture in ((TipState.REJECTED, "rejected"), (TipState.CONFIRMED, "confirmed")):
                session.add(self.tip(state, self.file(mark, picture), f"{mark}-{picture}"))
            for state, name in ((ImportState.COMMITTED, "list"), (ImportState.CHECKED, "unfinished")):
                self.list(session, state, self.file(mark, name))
            seen = session.scalars(select(Sighting).where(Sighting.entity_id == pledge.entity_id)).first()
            assert seen is not None
            seen.picture_sha256 = self.file(mark, "sighting")
            session.add(
                StaffSession(
                    token_sha256=mark.ljust(64, "0"),
                    province_code=HUE,
                    staff_id=desk.officer.id,
                    created_at=at,
                    last_seen_at=at,
                    ended_at=at,
                )
            )
            # Of somebody who was not the signer, and never will be.
            session.add(address_change(pledge, ChangeState.STOPPED, at))
            for message in session.scalars(select(Message)):
                message.state, message.secret_params = MessageState.ACCEPTED, None

        desk.database.run(add)

    def file(self, *words: str) -> str:
        return self.storage.put(" ".join(words).encode())

    def tip(self, state: TipState, picture: str, mark: str) -> Tip:
        at = self.desk.clock()
        return Tip(
            province_code=HUE,
            source=TipSource.CITIZEN,
            agency_code="46-SCT",
            subject_type="",
            name="Cửa hàng thử nghiệm",
            note="Thử nghiệm",
            seen_on=local_day(at),
            pictures=[picture],
            code_hash=mark,
            sent_at=at,
            state=state,
            decided_at=at,
        )

    def list(self, session: Session, state: ImportState, file: str) -> None:
        at = self.desk.clock()
        made = Import(
            province_code=HUE,
            agency_code="46-SCT",
            subject_type="digital_seller",
            source="Danh sách thử nghiệm",
            source_fold="danh sach thu nghiem",
            seen_on=local_day(at),
            filename="thu.csv",
            file_sha256=file,
            state=state,
            rows=3,
            started_at=at,
            committed_at=at if state is ImportState.COMMITTED else None,
            work_due_at=at,
        )
        session.add(made)
        session.flush()
        for number in range(1, 4):
            row = ImportRow(province_code=HUE, import_id=made.id, number=number, cells=["Thử nghiệm"])
            row.parsed, row.outcome = {"name": "Thử nghiệm", "added": {"contacts": []}}, RowOutcome.NEW
            session.add(row)

    def grow_old(self) -> None:
        """The files as well: they go by the clock of the disk."""
        self.desk.clock.advance(LONG_AGO)
        old = (system_clock() - LONG_AGO).timestamp()
        for path in self.storage.folder.glob("??/??/*"):
            os.utime(path, (old, old))

    def run(self, *, apply: bool = True, **more: int) -> dict[str, dict[str, int]]:
        return self.retention.run(apply=apply, actor=SYSTEM, **more)  # type: ignore[arg-type]

    def state(self) -> dict[str, object]:
        """What a test compares: all that may be emptied, and the names of all files."""
        with self.desk.database.read() as session:
            return {
                "drafts": len(session.scalars(select(Draft)).all()),
                "sessions": len(session.scalars(select(StaffSession)).all()),
                "networks": sorted(one.network is not None for one in session.scalars(select(Signature))),
                "messages": sorted("emptied" in one.params for one in session.scalars(select(Message))),
                "tips": sorted((one.state, one.note, tuple(one.pictures)) for one in session.scalars(select(Tip))),
                "mailboxes": sorted((one.name, len(one.evidence)) for one in session.scalars(select(AddressChange))),
                "sightings": sorted(session.scalars(select(Sighting.picture_sha256))),
                "imports": sorted((one.state, one.file_sha256) for one in session.scalars(select(Import))),
                "rows": sorted(str((one.cells, one.parsed)) for one in session.scalars(select(ImportRow))),
                "files": sorted(path.name for path in self.storage.folder.glob("??/??/*")),
            }


@pytest.fixture
def attic(desk: RightsDesk, tmp_path: Path) -> Attic:
    return Attic(desk, Storage(tmp_path / "storage"))


def test_a_dry_run_changes_nothing_and_the_run_empties_what_it_said(attic: Attic) -> None:
    attic.fill("old")
    attic.grow_old()
    attic.fill("today")
    before = attic.state()
    foreseen = attic.run(apply=False)
    assert attic.state() == before
    wanted = dict.fromkeys(
        ("sessions", "signature_networks", "requests_words", "uploads_unfinished", "import_files"), 1
    )
    wanted |= dict.fromkeys(("mailbox_papers", "tips_rejected", "tip_pictures", "sighting_pictures"), 1) | {
        "import_rows": 3
    }
    assert {name: foreseen[HUE][name] for name in wanted} == wanted
    assert foreseen["00"]["drafts"] == 2
    done = attic.run()
    assert {**done[HUE]} == foreseen[HUE]
    assert done["00"][FILES] == 6, "the files of what was just emptied go too"
    after = attic.state()
    assert len(after["files"]) == 6  # type: ignore[arg-type]
    assert (after["drafts"], after["sessions"]) == (2, 1)
    with attic.desk.database.read() as session:
        assert session.scalars(select(Fact.data).where(Fact.kind == "retention.applied")).all()
        emptied = [one.params for one in session.scalars(select(Message)) if "emptied" in one.params]
        assert emptied
        assert all(set(params) <= {"reference", "references", "emptied"} for params in emptied)
        rows = session.scalars(select(ImportRow).where(ImportRow.parsed["name"].as_string().is_(None))).all()
        assert [row.parsed for row in rows] == [{"added": {"contacts": []}}] * 3, "it can still be taken back"
    assert not any(count for counts in attic.run().values() for count in counts.values()), "nothing is emptied twice"


def test_a_run_that_was_killed_anywhere_is_gone_on_with(attic: Attic) -> None:
    attic.fill("one")
    attic.fill("four")
    attic.grow_old()
    attic.run(step=1, most_steps=1)
    attic.run(step=1, most_steps=2)
    attic.run(step=2)
    assert attic.state() == {
        "drafts": 0,
        "sessions": 0,
        "networks": [False, False],
        "messages": [True] * len(attic.state()["messages"]),  # type: ignore[arg-type]
        "tips": [(TipState.CONFIRMED, "Thử nghiệm", ())] * 2 + [(TipState.REJECTED, "", ())] * 2,
        "mailboxes": [("", 0)] * 2,
        "sightings": [""] * len(attic.state()["sightings"]),  # type: ignore[arg-type]
        "imports": [(ImportState.CANCELLED, "")] * 2 + [(ImportState.COMMITTED, "")] * 2,
        "rows": [str(([], {"added": {"contacts": []}}))] * 6,
        "files": [],
    }


def test_twice_at_once_on_both_databases_is_like_once(attic: Attic) -> None:
    """The worker of the day and somebody with the command: neither fails, nothing is emptied twice or forgotten."""
    attic.fill("one")
    attic.fill("four")
    attic.grow_old()
    run_together(lambda _number: attic.run(step=1), 3)
    after = attic.state()
    assert (after["files"], after["drafts"], set(after["networks"])) == ([], 0, {False})  # type: ignore[call-overload]
    with attic.desk.database.read() as session:
        cancelled = session.scalars(select(Fact.object_id).where(Fact.kind == "import.cancelled")).all()
    assert len(cancelled) == len(set(cancelled)) == 2
    assert not any(count for counts in attic.run().values() for count in counts.values())


def test_the_sweep_leaves_what_a_row_names_and_what_is_young(attic: Attic) -> None:
    attic.fill("kept")
    attic.file("nobody names this")
    attic.grow_old()
    young = attic.file("nobody names this yet")
    cutoff = system_clock() - timedelta(days=7)
    assert sweep_files(attic.desk.database, attic.storage, older_than=cutoff, apply=False) == 1
    assert sweep_files(attic.desk.database, attic.storage, older_than=cutoff, apply=True) == 1
    assert len(attic.state()["files"]) == 7  # type: ignore[arg-type]
    assert attic.storage.holds(young)


def test_a_file_that_is_put_again_is_never_swept(tmp_path: Path) -> None:
    """Somebody uploads the same bytes between the look at the rows and the taking away; and a crash in between."""
    storage = Storage(tmp_path)
    name = storage.put(b"the same bytes")
    old = (system_clock() - LONG_AGO).timestamp()
    os.utime(storage.path_of(name), (old, old))
    cutoff = system_clock() - timedelta(days=7)
    storage.put(b"the same bytes")
    assert not storage.forget_left_over(name, cutoff)
    assert storage.holds(name)
    aside = tmp_path / TEMPORARY / f"{ASIDE}{name}"
    storage.path_of(name).replace(aside)
    os.utime(aside, (old, old))
    assert storage.sweep_temporary(system_clock()) == 0
    storage.bring_back_aside()
    assert storage.holds(name)
    assert storage.forget_left_over(name, cutoff)
    assert not storage.holds(name)
