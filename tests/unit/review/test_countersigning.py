"""From an approval to the countersigned file in force: once, whatever fails or happens at the same time."""

from __future__ import annotations

import shutil
import uuid
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from pledges.audit.models import Fact
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.documents.agency_keys import AgencyKeys
from pledges.documents.models import Document, DocumentKind
from pledges.documents.queries import get_document
from pledges.documents.sealing import Sealer
from pledges.documents.storage import Storage
from pledges.jobs.tasks import Task, TaskTable
from pledges.jobs.worker import run_worker
from pledges.messaging.models import Message
from pledges.messaging.operations import DELIVER_MESSAGE
from pledges.plans.models import Agency
from pledges.review.countersigning import Countersigner
from pledges.review.operations import COUNTERSIGN_TASK
from pledges.settings import Settings
from pledges.signing.models import Pledge, PledgeCover, PledgeState
from pledges.signing.operations import SEAL_TASK
from pledges.signing.states import change_state
from tests.support.clock import FixedClock
from tests.support.offices import Office
from tests.support.pdf_tools import pdfsig, squeezed, text_of
from tests.support.sealing import sealed_pledge
from tests.support.signing import HUE, PUBLIC_URL, run_together

S = PledgeState


@dataclass
class Signing:
    office: Office
    job: Countersigner
    storage: Storage
    sealed: bytes
    keys: Path

    def run(self) -> None:
        self.job.countersign(self.office.key[0], str(self.office.key[1]))

    def work(self) -> None:
        """Do what is in the queue; mail is only taken from it, and the seal has been made."""
        tasks = TaskTable(
            Task(COUNTERSIGN_TASK, self.job.countersign),
            Task(DELIVER_MESSAGE, lambda *_key: None),
            Task(SEAL_TASK, lambda *_key: None),
        )
        assert run_worker(self.office.database, tasks, (), once=True).raised == 0

    def file(self) -> bytes:
        pledge = self.office.pledge()
        with self.office.database.read() as session:
            document = get_document(session, pledge.province_code, pledge.document_id)
        assert document is not None
        return self.storage.get(document.sha256)

    def count(self, kind: str) -> int:
        with self.office.database.read() as session:
            return session.scalar(select(func.count()).select_from(Message).where(Message.kind == kind)) or 0


def signing_on(database: Database, clock: FixedClock, vault: Vault, settings: Settings) -> Signing:
    storage, sealer = Storage(settings.storage), Sealer.from_settings(settings, clock)
    sealed = sealed_pledge(database, storage, sealer, clock, vault)
    office = Office(database, clock, vault, sealed.pledge)
    job = Countersigner(
        database,
        storage,
        AgencyKeys.from_settings(settings, clock),
        sealer,
        clock,
        vault,
        administrator_email="quan-tri@vidu.vn",
        public_url=PUBLIC_URL,
    )
    return Signing(office, job, storage, sealed.pdf, settings.var)


@pytest.fixture
def signing(database: Database, clock: FixedClock, vault: Vault, settings_for_test: Settings) -> Signing:
    return signing_on(database, clock, vault, settings_for_test)


@pytest.fixture
def small_signing(sqlite_database: Database, clock: FixedClock, vault: Vault, settings_for_test: Settings) -> Signing:
    return signing_on(sqlite_database, clock, vault, settings_for_test)


def approve(signing: Signing) -> None:
    signing.office.do("recommend")
    signing.office.clock.advance(timedelta(minutes=5))
    signing.office.do("approve")


def test_an_approval_becomes_a_countersigned_file_in_force(signing: Signing, tmp_path: Path) -> None:
    approve(signing)
    assert signing.office.figures() == (1, 0)
    signing.work()
    pledge = signing.office.pledge()
    assert pledge.state is S.APPROVED
    assert pledge.approved_at == signing.office.clock()
    assert signing.office.figures() == (0, 1)
    final = signing.file()
    assert final.startswith(signing.sealed)
    assert len(final) > len(signing.sealed)
    assert pdfsig(final, tmp_path).count("Signature is Valid") == 2
    text = squeezed(text_of(final, tmp_path))
    assert squeezed("PHÓ GIÁM ĐỐC") in text
    assert squeezed(signing.office.approver.name) in text
    with signing.office.database.read() as session:
        letter = session.scalars(select(Message).where(Message.kind == "pledge_approved")).one()
        kinds = session.scalars(select(Document.kind).order_by(Document.created_at)).all()
    assert letter.attachment_name == f"{pledge.reference}.pdf"
    assert letter.to_address == pledge.contact_email
    assert kinds == [DocumentKind.SEALED, DocumentKind.COUNTERSIGNED]


def test_twenty_runs_at_once_make_one_file(signing: Signing) -> None:
    approve(signing)
    run_together(lambda _number: signing.run(), 20)
    assert signing.office.pledge().state is S.APPROVED
    assert signing.office.facts("pledge.approved") == 1
    assert signing.count("pledge_approved") == 1
    with signing.office.database.read() as session:
        files = session.scalars(select(Document.sha256).where(Document.kind == DocumentKind.COUNTERSIGNED)).all()
    assert len(files) == 1
    stored = [path for path in signing.storage.folder.rglob("*") if path.is_file() and len(path.name) == 64]
    assert len(stored) == 2
    assert not list((signing.storage.folder / ".pending").iterdir())


def test_a_failing_key_leaves_it_waiting_and_says_so_once_a_day(small_signing: Signing) -> None:
    """The agency's key is broken: the pledge waits, is tried again, and goes on by itself when the key is back."""
    signing = small_signing
    (folder,) = _agency_key_folders(signing)
    away = folder.with_name("away")
    approve(signing)
    shutil.move(folder, away)
    folder.mkdir()
    for _hour in range(3):
        signing.office.clock.advance(timedelta(hours=1))
        signing.job.sweep()
        signing.work()
    pledge = signing.office.pledge()
    assert pledge.state is S.COUNTERSIGNING
    assert pledge.seal_error
    assert signing.office.facts("pledge.countersign_failed") == 1
    assert signing.count("countersign_waiting") == 1
    shutil.rmtree(folder)
    shutil.move(away, folder)
    signing.office.clock.advance(timedelta(hours=1))
    signing.job.sweep()
    signing.work()
    assert signing.office.pledge().state is S.APPROVED
    assert signing.office.pledge().seal_error == ""
    assert signing.office.figures() == (0, 1)


def _agency_key_folders(signing: Signing) -> list[Path]:
    """The trial key of the agency, made by asking for it once."""
    agency = signing.office.agency
    signing.job._agency_keys.signer(HUE, agency, "Sở Công Thương thành phố Huế", signing.office.clock())
    return [path for path in signing.keys.rglob("*") if path.is_dir() and path.name.endswith(agency)]


def test_files_go_on_without_a_key_that_does_not_come_back(small_signing: Signing, tmp_path: Path) -> None:
    """The administrator lets the agency go on by naming the approver: what was approved before is finished that way."""
    signing = small_signing
    (folder,) = _agency_key_folders(signing)
    approve(signing)
    shutil.rmtree(folder)
    folder.mkdir()
    signing.work()
    assert signing.office.pledge().state is S.COUNTERSIGNING
    signing.office.database.run(
        lambda session: (
            session.execute(
                update(Agency).where(Agency.code == signing.office.agency).values(signature_method="named_approver")
            )
            and None
        )
    )
    signing.office.clock.advance(timedelta(hours=1))
    signing.job.sweep()
    signing.work()
    assert signing.office.pledge().state is S.APPROVED
    assert squeezed("Duyệt trên hệ thống") in squeezed(text_of(signing.file(), tmp_path))
    with signing.office.database.read() as session:
        fact = session.scalars(select(Fact).where(Fact.kind == "pledge.approved")).one()
    assert fact.data["method"] == "named_approver"
    assert not list((signing.storage.folder / ".pending").iterdir())


def test_a_named_approver_needs_no_key(small_signing: Signing, tmp_path: Path) -> None:
    signing = small_signing

    def switch(session: Session) -> None:
        session.execute(
            update(Agency).where(Agency.code == signing.office.agency).values(signature_method="named_approver")
        )

    signing.office.database.run(switch)
    approve(signing)
    signing.work()
    assert squeezed("Duyệt trên hệ thống") in squeezed(text_of(signing.file(), tmp_path))
    assert pdfsig(signing.file(), tmp_path).count("Signature is Valid") == 2
    with signing.office.database.read() as session:
        certificates = set(session.scalars(select(Document.signer_certificate)))
    assert len(certificates) == 1


def test_who_withdraws_during_countersigning_wins(small_signing: Signing) -> None:
    """The signature was made, the pledge has gone: nothing comes into force and nobody is told that it did."""
    signing = small_signing
    approve(signing)
    stale = replace(signing)
    pledge = signing.office.pledge()
    signing.office.enter(S.WITHDRAWN)
    with signing.office.database.read() as session:
        document = get_document(session, pledge.province_code, pledge.document_id)
    assert document is not None
    stale.run()
    assert signing.office.pledge().state is S.WITHDRAWN
    assert signing.office.pledge().document_id == document.id
    assert signing.count("pledge_approved") == 0
    assert not list((signing.storage.folder / ".pending").glob("*.json"))


def test_the_amended_pledge_leaves_when_the_new_one_comes(small_signing: Signing) -> None:
    """In one transaction: never both in force, never none."""
    signing = small_signing
    approve(signing)
    signing.work()
    office = signing.office

    def amend(session: Session) -> None:
        """What signing an amendment leaves: a new pledge that names the old one."""
        old = session.get_one(Pledge, office.key)
        columns = {column.name: getattr(old, column.name) for column in Pledge.__table__.columns}
        sealed = session.scalars(select(Document).where(Document.kind == DocumentKind.SEALED)).one()
        columns |= {
            "id": _other_id(old),
            "reference": "CK-46-2026-AMENDX",
            "verification_code": "y" * 29,
            "draft_id": _other_id(old),
            "state": S.RECOMMENDED,
            "recommended_by": office.officer.id,
            "document_id": sealed.id,
            "amends_id": old.id,
            "approved_at": None,
        }
        session.add(Pledge(**columns))
        session.flush()
        for cover in session.scalars(select(PledgeCover).where(PledgeCover.pledge_id == old.id)).all():
            session.add(
                PledgeCover(
                    province_code=HUE,
                    pledge_id=_other_id(old),
                    entry_id=cover.entry_id,
                    obligation_id=cover.obligation_id,
                    period=cover.period,
                )
            )

    old = office.pledge()
    office.database.run(amend)
    first_key, office.key = office.key, (HUE, _other_id(old))
    office.do("approve")
    assert office.figures() == (0, 1)
    signing.run()
    with office.database.read() as session:
        states = [session.get_one(Pledge, key).state for key in (first_key, office.key)]
    assert states == [S.SUPERSEDED, S.APPROVED]
    assert office.figures() == (0, 1)
    assert office.facts("pledge.superseded") == 1


def _other_id(pledge: Pledge) -> uuid.UUID:
    return uuid.uuid5(pledge.id, "amendment")


def test_a_second_decision_overtaken_by_the_signer_is_refused(small_signing: Signing) -> None:
    signing = small_signing
    signing.office.do("recommend")
    seen = signing.office.pledge().revision
    signing.office.enter(S.WITHDRAWN)
    with pytest.raises(Exception, match="đã thay đổi"):
        signing.office.do("approve", seen=seen)
    with pytest.raises(Exception, match="đã thay đổi"):
        signing.office.database.run(
            lambda session: change_state(session, *signing.office.key, S.APPROVED, now=signing.office.clock())
        )
