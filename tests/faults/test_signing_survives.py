"""The real web and worker processes are killed between "sign" and "mail delivered"; all is there, once, afterwards."""

from __future__ import annotations

import os
import random
import time
import urllib.error
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from pathlib import Path

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.documents.models import Document
from pledges.messaging.models import Message, MessageState
from pledges.messaging.operations import secrets_of
from pledges.registry.recounting import recount
from pledges.settings import read_settings
from pledges.signing.models import Pledge
from pledges.signing.rules import Page
from tests.support.databases import PostgresTemplate, SqliteTemplate
from tests.support.live_server import LiveServer
from tests.support.signer_client import SignerClient
from tests.support.signing import seller_pages, signed_by

pytestmark = pytest.mark.fault

SIGNER = "Trần Thị Thử Nghiệm"
SOAK = bool(os.environ.get("PLEDGES_SOAK"))
KILLS = {"sqlite": 20, "postgresql": 20} if SOAK else {"postgresql": 3}
"""At random in one round. Each needs a code, and one network gets 30 of them an hour."""
ROUNDS = 15 if SOAK else 1

CUT_OFF = (urllib.error.URLError, HTTPException, ConnectionError)
"""What a browser sees of a server that dies."""

SIGNING_SHARE = 0.4
"""Signing takes about a third as long as the pages before it, on an idle machine as on a busy one: a death within
this share of their time comes before, in and after the transaction."""

WEB_POINTS = ("sign.before_commit", "sign.after_commit")
SEAL_POINTS = (
    "seal.before_render",
    "seal.after_render",
    "seal.after_seal",
    "seal.after_keep",
    "storage.after_temp_write",
    "storage.before_rename",
    "storage.after_rename",
    "seal.after_store",
    "seal.after_commit",
)
MAIL_POINTS = (
    "mail.after_claim",
    "mail.before_handover",
    "mail.after_handover_commit",
    "mail.after_data",
    "mail.after_accepted",
)

_numbers = iter(range(1000, 100_000))


@contextmanager
def running(fresh: AbstractContextManager[Database], folder: Path) -> Iterator[LiveServer]:
    """Only the web process, on a database of its own: the limits per network count from nothing."""
    with fresh as database:
        server = LiveServer(folder, database, warm=True)
        server.start_web()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="module")
def server(sqlite_template: SqliteTemplate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("faults")
    with running(sqlite_template.fresh(), folder) as server:
        yield server


@pytest.fixture
def signer(server: LiveServer) -> SignerClient:
    return SignerClient(server.base_url)


def start_worker(server: LiveServer, *, minutes_later: int = 0, crash_at: str = "") -> None:
    """`minutes_later`: a clock that runs ahead, so that what a dead worker held is given up without waiting for it."""
    clock = (datetime.now(UTC) + timedelta(minutes=minutes_later)).isoformat()
    server.start_worker(PLEDGES_CLOCK=clock, PLEDGES_CRASH_AT=crash_at, PLEDGES_WORKER_ALIVE_SECONDS="1")


def ready_to_sign(server: LiveServer, signer: SignerClient) -> tuple[str, str]:
    """Everything filled in and no other mail on its way, so that a worker dies over the pledge: address and code."""
    pages = seller_pages(next(_numbers))
    email = pages[Page.GROUP]["email"]
    signer.fill_in(pages)
    vault = Vault(read_settings(server.environ).data_key)

    def take(session: Session) -> str:
        waiting = session.scalars(select(Message).where(Message.to_address == email)).all()
        codes = [secrets_of(message, vault)["code"] for message in waiting if message.kind == "code"]
        for message in waiting:
            session.delete(message)
        return str(codes[0])

    return email, server.database.run(take)


def sign_at_once(server: LiveServer) -> str:
    """A signature without the way through the pages, where only what the worker makes of it matters: the address."""
    pages = seller_pages(next(_numbers))
    settings = read_settings(server.environ)
    signed_by(server.database, pages, now=datetime.now(UTC), vault=Vault(settings.data_key))
    email = pages[Page.GROUP]["email"]
    codes = delete(Message).where(Message.to_address == email, Message.kind == "code")
    server.database.run(lambda session: session.execute(codes))
    return str(email)


def wait_until_done(server: LiveServer, email: str, *, seconds: float = 40) -> None:
    """Until the pledge of this address is sealed and its mail has an end."""
    deadline = time.monotonic() + seconds
    while True:
        with server.database.read() as session:
            pledge = session.scalars(select(Pledge).where(Pledge.contact_email == email)).one()
            states = session.scalars(select(Message.state).where(Message.to_address == email)).all()
        ended = {MessageState.ACCEPTED, MessageState.UNCERTAIN, MessageState.FAILED}
        kept = any((server.var / "storage" / ".pending").glob("*.json"))
        if pledge.document_id is not None and set(states) <= ended and not kept:
            return
        assert time.monotonic() < deadline, (pledge.document_id, states, server.log("worker")[-2000:])
        time.sleep(0.1)


def assert_everything_once(server: LiveServer, email: str) -> None:
    """One pledge, one sealed file that is the one named, one mail, or a mail that says that nobody can know."""
    with server.database.read() as session:
        pledge = session.scalars(select(Pledge).where(Pledge.contact_email == email)).one()
        document = session.get_one(Document, (pledge.province_code, pledge.document_id))
        [message] = session.scalars(
            select(Message).where(Message.to_address == email, Message.kind == "pledge_received")
        ).all()
        known = set(session.scalars(select(Document.sha256)))
    storage = server.var / "storage"
    stored = {path.name for path in storage.rglob("*") if path.is_file() and len(path.name) == 64}
    assert document.sha256 in stored
    assert stored == known
    assert not any((storage / ".pending").glob("*.json"))
    mails = [mail for mail in server.mails_to(email) if pledge.reference in str(mail["Subject"])]
    if message.state is MessageState.ACCEPTED:
        assert len(mails) == 1
    else:
        assert message.state is MessageState.UNCERTAIN
        assert len(mails) <= 1
    assert server.database.run(lambda session: recount(session, repair=False)) == []


@pytest.mark.parametrize("point", WEB_POINTS)
def test_a_web_process_killed_while_signing(server: LiveServer, signer: SignerClient, point: str) -> None:
    email, code = ready_to_sign(server, signer)
    server.kill_web()
    server.start_web(PLEDGES_CRASH_AT=point)
    with pytest.raises(CUT_OFF):
        signer.sign(SIGNER, code)
    server.kill_web()
    server.start_web()
    with server.database.read() as session:
        signed = session.scalars(select(Pledge).where(Pledge.contact_email == email)).all()
    assert len(signed) == (0 if point == "sign.before_commit" else 1)
    signer.sign(SIGNER, code)
    assert len(signer.references) == 1, signer.complaints()
    start_worker(server)
    wait_until_done(server, email)
    server.kill_worker()
    assert_everything_once(server, email)


def test_a_worker_killed_at_every_boundary(server: LiveServer) -> None:
    """Each worker dies at another boundary, over a new pledge or over what the one before left behind."""
    emails = []
    for number, point in enumerate(SEAL_POINTS + MAIL_POINTS):
        emails.append(sign_at_once(server))
        start_worker(server, minutes_later=10 * number, crash_at=point)
        assert server.wait_for_end("worker") == -9, server.log("worker")[-2000:]
    start_worker(server, minutes_later=10 * len(emails))
    for email in emails:
        wait_until_done(server, email)
    server.kill_worker()
    for email in emails:
        assert_everything_once(server, email)


def sign_while_web_dies(server: LiveServer, signer: SignerClient, code: str, *, seconds: float) -> None:
    """Send the signature, kill the web process that many seconds later, and send the same page to its successor."""
    page = signer.url, signer.text
    with ThreadPoolExecutor(1) as browser:
        sending = browser.submit(signer.sign, SIGNER, code)
        time.sleep(seconds)
        server.kill_web()
        lost = sending.exception()
    assert lost is None or isinstance(lost, CUT_OFF), lost
    assert not isinstance(lost, urllib.error.HTTPError), lost
    server.start_web()
    signer.url, signer.text = page
    signer.sign(SIGNER, code)


def references_of(server: LiveServer, email: str) -> list[str]:
    with server.database.read() as session:
        return list(session.scalars(select(Pledge.reference).where(Pledge.contact_email == email)))


@pytest.mark.parametrize("seed", range(ROUNDS))
@pytest.mark.parametrize("engine", list(KILLS))
def test_web_and_worker_killed_at_random(
    sqlite_template: SqliteTemplate, postgres_template: PostgresTemplate, tmp_path: Path, engine: str, seed: int
) -> None:
    """As many deaths as signatures, half of them the web's; each worker finds what the one before left behind."""
    chance = random.Random(f"{engine} {seed}")  # noqa: S311 - moments of death
    victims = [("web", "worker")[number % 2] for number in range(KILLS[engine])]
    chance.shuffle(victims)
    fresh = sqlite_template.fresh() if engine == "sqlite" else postgres_template.fresh()
    with running(fresh, tmp_path) as server:
        emails = []
        for number, victim in enumerate(victims, start=1):
            signer = SignerClient(server.base_url)
            began = time.monotonic()
            email, code = ready_to_sign(server, signer)
            signing_seconds = (time.monotonic() - began) * SIGNING_SHARE
            emails.append(email)
            if victim == "web":
                sign_while_web_dies(server, signer, code, seconds=chance.random() * signing_seconds)
            else:
                signer.sign(SIGNER, code)
                start_worker(server, minutes_later=10 * number)
                time.sleep(0.8 + chance.random() * 1.2)
                server.kill_worker()
            assert len(signer.references) == 1, signer.complaints()
            assert references_of(server, email) == signer.references
        start_worker(server, minutes_later=10 * (len(victims) + 1))
        for email in emails:
            wait_until_done(server, email)
        server.kill_worker()
        for email in emails:
            assert_everything_once(server, email)
