"""The real worker and web process are killed while a department approves; afterwards all is there, once."""

from __future__ import annotations

import os
import random
import time
import urllib.error
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from pathlib import Path

import pyotp
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.accounts.models import Role, Staff
from pledges.audit.models import Fact
from pledges.core.db import Database
from pledges.documents.models import Document, DocumentKind
from pledges.messaging.models import Message, MessageState
from pledges.product import Product
from pledges.registry.recounting import recount
from pledges.review.batches import start_batch
from pledges.review.models import BatchItem, BatchKind, Decision, DecisionKind, ItemState
from pledges.review.operations import approve, recommend
from pledges.settings import read_settings
from pledges.signing.models import Pledge, PledgeState
from pledges.signing.sealing import PledgeSealer
from tests.support.databases import PostgresTemplate, SqliteTemplate
from tests.support.live_server import LiveServer
from tests.support.pdf_tools import pdfsig
from tests.support.signer_client import SignerClient
from tests.support.signing import seller_pages, signed_by
from tests.support.staff import PASSWORD, add_person, key_on

pytestmark = pytest.mark.fault

SOAK = bool(os.environ.get("PLEDGES_SOAK"))
KILLS = 12 if SOAK else 2
"""At random during one batch, on each engine."""
ROUNDS = 10 if SOAK else 1
IN_BATCH = 28 if SOAK else 14
"""Signed from one network, which gets 30 codes an hour."""

CUT_OFF = (urllib.error.URLError, HTTPException, ConnectionError)
"""What a browser sees of a server that dies."""

POINTS = (
    "batch.before_item",
    "batch.before_commit",
    "batch.after_item",
    "countersign.after_sign",
    "countersign.after_keep",
    "countersign.after_store",
    "countersign.before_commit",
    "countersign.after_commit",
)

_numbers = iter(range(5000, 100_000))


class Department:
    """A live installation with one department's people; pledges come in sealed."""

    def __init__(self, server: LiveServer) -> None:
        self.server = server
        self.product = Product.from_settings(read_settings(server.environ))
        self.pledges: list[Pledge] = []
        self.people: dict[Role, Staff] = {}

    @property
    def database(self) -> Database:
        return self.server.database

    def take_in(self, count: int) -> list[Pledge]:
        """So many sealed and recommended pledges; their first mail is no business of these tests."""
        product = self.product
        seals = PledgeSealer(
            self.database, product.storage, product.sealer, product.clock, product.vault, "quan-tri@vidu.vn"
        )
        fresh = []
        for _ in range(count):
            outcome = signed_by(self.database, seller_pages(next(_numbers)), now=product.clock(), vault=product.vault)
            [pledge] = outcome.signed
            seals.seal(pledge.province_code, str(pledge.id))
            fresh.append(pledge)
        if not self.people:
            for role, title in ((Role.OFFICER, ""), (Role.APPROVER, "GIÁM ĐỐC")):
                self.people[role] = self._person(role, title, fresh[0])
        self.database.run(lambda session: [self._recommend(session, pledge) for pledge in fresh])
        self.database.run(lambda session: [session.delete(message) for message in session.scalars(select(Message))])
        self.pledges += fresh
        return fresh

    def _person(self, role: Role, title: str, pledge: Pledge) -> Staff:
        staff = add_person(
            self.database,
            f"{role.value}@vidu.vn",
            role=role,
            province_code=pledge.province_code,
            agency_code=pledge.agency_code,
        )

        def entitle(session: Session) -> Staff:
            person = session.get_one(Staff, (staff.province_code, staff.id))
            person.signing_title = title
            return person

        return self.database.run(entitle)

    def _recommend(self, session: Session, pledge: Pledge) -> None:
        staff, now = self.people[Role.OFFICER], self.product.clock()
        recommend(session, (pledge.province_code, pledge.id), staff=staff, seen=0, now=now)

    def approve(self, pledge: Pledge) -> None:
        staff, now = self.people[Role.APPROVER], self.product.clock()
        key = (pledge.province_code, pledge.id)
        self.database.run(lambda session: approve(session, key, staff=staff, seen=1, now=now))

    def approve_all(self, pledges: list[Pledge]) -> uuid.UUID:
        staff, now = self.people[Role.APPROVER], self.product.clock()
        items = [(pledge.id, 1) for pledge in pledges]
        agency = pledges[0].agency_code
        return self.database.run(
            lambda session: start_batch(
                session, BatchKind.APPROVE, staff=staff, agency_code=agency, items=items, now=now
            )
        ).id

    def start_worker(self, *, minutes_later: int = 0, crash_at: str = "") -> None:
        """`minutes_later`: a clock that runs ahead, so that what a dead worker held is taken over at once."""
        clock = (datetime.now(UTC) + timedelta(minutes=minutes_later)).isoformat()
        self.server.start_worker(PLEDGES_CLOCK=clock, PLEDGES_CRASH_AT=crash_at, PLEDGES_WORKER_ALIVE_SECONDS="1")

    def wait_until_done(self, *, seconds: float = 60) -> None:
        """Until every pledge is in force and every mail has an end."""
        deadline = time.monotonic() + seconds
        ended = {MessageState.ACCEPTED, MessageState.UNCERTAIN, MessageState.FAILED}
        while True:
            with self.database.read() as session:
                states = set(session.scalars(select(Pledge.state)))
                mails = set(session.scalars(select(Message.state)))
            kept = any((self.server.var / "storage" / ".pending").glob("*.json"))
            if states == {PledgeState.APPROVED} and mails <= ended and not kept:
                return
            assert time.monotonic() < deadline, (states, mails, kept, self.server.log("worker")[-20_000:])
            time.sleep(0.1)

    def assert_everything_once(self, folder: Path) -> None:
        """Each pledge: one decision, one final file that begins with the sealed one, one letter, counted once."""
        with self.database.read() as session:
            for pledge in session.scalars(select(Pledge)):
                of_pledge = (Decision.pledge_id == pledge.id, Decision.kind == DecisionKind.APPROVED)
                assert session.scalar(select(func.count()).select_from(Decision).where(*of_pledge)) == 1
                facts = (Fact.object_id == pledge.id, Fact.kind.in_(("pledge.approved", "pledge.approval_decided")))
                assert session.scalar(select(func.count()).select_from(Fact).where(*facts)) == 2
                letters = session.scalars(
                    select(Message).where(Message.to_address == pledge.contact_email, Message.kind == "pledge_approved")
                ).all()
                assert len(letters) == 1
                mails = self.server.mails_to(pledge.contact_email)
                assert len(mails) == 1 or letters[0].state is MessageState.UNCERTAIN
                assert len(mails) <= 1
            final = session.scalars(select(Document).where(Document.kind == DocumentKind.COUNTERSIGNED)).all()
            sealed = session.scalars(select(Document.sha256).where(Document.kind == DocumentKind.SEALED)).all()
            named = set(session.scalars(select(Pledge.document_id)))
        assert {document.id for document in final} == named
        storage = self.product.storage
        stored = {path.name for path in storage.folder.rglob("*") if path.is_file() and len(path.name) == 64}
        assert stored == {document.sha256 for document in final} | set(sealed)
        beginnings = [storage.get(sha256) for sha256 in sealed]
        for document in final:
            data = storage.get(document.sha256)
            assert sum(data.startswith(beginning) for beginning in beginnings) == 1
        assert pdfsig(storage.get(final[0].sha256), folder).count("Signature is Valid") == 2
        assert self.database.run(lambda session: recount(session, repair=False)) == []

    def assert_batches_done(self) -> None:
        with self.database.read() as session:
            assert set(session.scalars(select(BatchItem.state))) == {ItemState.DONE}


@contextmanager
def department_on(fresh: AbstractContextManager[Database], folder: Path) -> Iterator[Department]:
    with fresh as database:
        server = LiveServer(folder, database, warm=True)
        department = Department(server)
        try:
            yield department
        finally:
            server.stop()
            department.product.database.dispose()


def test_a_worker_killed_at_every_boundary(sqlite_template: SqliteTemplate, tmp_path: Path) -> None:
    """One pledge by itself and the others in bulk; each worker dies at another boundary of what is left."""
    with department_on(sqlite_template.fresh(), tmp_path) as department:
        [single, *others] = department.take_in(len(POINTS) + 3)
        department.approve(single)
        department.approve_all(others)
        for number, point in enumerate(POINTS):
            department.start_worker(minutes_later=10 * number, crash_at=point)
            assert department.server.wait_for_end("worker") == -9, department.server.log("worker")[-2000:]
        department.start_worker(minutes_later=10 * len(POINTS))
        department.wait_until_done()
        department.server.kill_worker()
        department.assert_batches_done()
        department.assert_everything_once(tmp_path)


def test_a_web_process_killed_while_somebody_approves(sqlite_template: SqliteTemplate, tmp_path: Path) -> None:
    """Before the commit nothing has happened; the same page sent again decides once, and once more says who did."""
    with department_on(sqlite_template.fresh(), tmp_path) as department:
        [pledge] = department.take_in(1)
        server = department.server
        server.start_web(PLEDGES_CRASH_AT="approve.before_commit")
        approver = SignerClient(server.base_url)
        approver.get("/can-bo/dang-nhap")
        approver.post("/can-bo/dang-nhap", {"email": "approver@vidu.vn", "password": PASSWORD})
        approver.post(approver.url, {"code": pyotp.TOTP(key_on(approver.text)).now()})
        approver.get(f"/can-bo/ho-so/{pledge.reference}")
        page = approver.url, approver.text
        with pytest.raises(CUT_OFF):
            approver.post(f"/can-bo/ho-so/{pledge.reference}/duyet", {})
        with department.database.read() as session:
            assert session.scalars(select(Pledge.state)).one() is PledgeState.RECOMMENDED
        server.start_web()
        for attempt in ("first", "second"):
            approver.url, approver.text = page
            if attempt == "first":
                approver.post(f"/can-bo/ho-so/{pledge.reference}/duyet", {})
                continue
            with pytest.raises(urllib.error.HTTPError) as late:
                approver.post(f"/can-bo/ho-so/{pledge.reference}/duyet", {})
            assert late.value.code == 409
            assert "đã duyệt hồ sơ này lúc" in late.value.read().decode()
        department.start_worker()
        department.wait_until_done()
        department.server.kill_worker()
        department.assert_everything_once(tmp_path)


@pytest.mark.parametrize("seed", range(ROUNDS))
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"] if SOAK else ["postgresql"])
def test_a_worker_killed_at_random_during_a_batch(
    sqlite_template: SqliteTemplate, postgres_template: PostgresTemplate, tmp_path: Path, engine: str, seed: int
) -> None:
    chance = random.Random(f"{engine} {seed}")  # noqa: S311 - moments of death
    fresh = sqlite_template.fresh() if engine == "sqlite" else postgres_template.fresh()
    with department_on(fresh, tmp_path) as department:
        department.approve_all(department.take_in(IN_BATCH))
        for number in range(KILLS):
            department.start_worker(minutes_later=10 * number)
            _wait_until_it_works(department)
            time.sleep(chance.random() * 0.6)
            department.server.kill_worker()
        department.start_worker(minutes_later=10 * KILLS)
        department.wait_until_done()
        department.server.kill_worker()
        department.assert_batches_done()
        department.assert_everything_once(tmp_path)


def _wait_until_it_works(department: Department) -> None:
    """A process takes seconds to start; only then a death means something."""
    with department.database.read() as session:
        before = session.scalar(select(func.count()).select_from(Fact)) or 0
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with department.database.read() as session:
            if (session.scalar(select(func.count()).select_from(Fact)) or 0) > before:
                return
        time.sleep(0.02)
