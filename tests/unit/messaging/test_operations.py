"""Queuing a message: once per key, secrets unreadable, only with an address that can be reached."""

from __future__ import annotations

import threading
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
from cryptography.exceptions import InvalidTag
from firm.queue import schema
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.messaging.models import Message, MessageState
from pledges.messaging.operations import Attachment, claim_message, deliverable, queue_message, secrets_of
from tests.support.clock import FixedClock
from tests.support.messages import ADDRESS, DATA_KEY, queue_code, state_of


def counts(database: Database) -> tuple[int, int]:
    """Messages and tasks in the queue."""
    with database.read() as session:
        return (
            session.scalar(select(func.count()).select_from(Message)) or 0,
            session.scalar(select(func.count()).select_from(schema.jobs)) or 0,
        )


def test_a_message_is_written_with_its_task(database: Database, clock: FixedClock) -> None:
    message = queue_code(database, clock)
    assert message.state is MessageState.QUEUED
    assert message.to_address == ADDRESS
    assert message.params == {"minutes": 10}
    assert message.expires_at == clock() + timedelta(minutes=10)
    assert counts(database) == (1, 1)


def test_the_same_key_gives_back_the_first_message(database: Database, clock: FixedClock) -> None:
    first = queue_code(database, clock)
    again = queue_code(database, clock, to_address="nguoi.khac@vidu.vn", secret_params={"code": "000000"})
    assert (again.id, again.to_address) == (first.id, ADDRESS)
    assert secrets_of(again, Vault(DATA_KEY)) == {"code": "471902"}
    assert counts(database) == (1, 1)
    assert queue_code(database, clock, "code:2").id != first.id
    assert queue_code(database, clock, province_code="82").id != first.id
    assert counts(database) == (3, 3)


def test_twenty_at_once_with_one_key_are_one_message(database: Database, clock: FixedClock) -> None:
    found: list[object] = []
    barrier = threading.Barrier(20)

    def ask() -> None:
        barrier.wait()
        found.append(queue_code(database, clock).id)

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 20
    assert len(set(found)) == 1
    assert counts(database) == (1, 1)


def test_a_rolled_back_cause_leaves_neither_message_nor_task(database: Database, clock: FixedClock) -> None:
    with Session(database.engine) as session:
        queue_message(
            session,
            province_code="20",
            kind="draft_link",
            to_address=ADDRESS,
            dedupe_key="draft_link:1",
            params={"days": 30},
            secret_params={"link": "https://camket.vidu.vn/x"},
            language="vi",
            now=clock(),
            vault=Vault(DATA_KEY),
        )
        session.rollback()
    assert counts(database) == (0, 0)


def test_secrets_are_encrypted_for_this_message_only(database: Database, clock: FixedClock) -> None:
    message = queue_code(database, clock)
    assert message.secret_params is not None
    assert b"471902" not in message.secret_params
    other = queue_code(database, clock, "code:2", secret_params={"code": "111111"})
    other.secret_params = message.secret_params
    with pytest.raises(InvalidTag):
        secrets_of(other, Vault(DATA_KEY))


@pytest.mark.parametrize(
    "address",
    [
        "",
        "khong-co-a-cong",
        "a@vidu.vn\nBcc: ke.xau@vidu.vn",
        "a@vidu.vn\r\n",
        "An <a@vidu.vn>",
        "a b@vidu.vn",
        "a@vidu.vn, b@vidu.vn",
        '"a b"@vidu.vn',
        "đào@vidu.vn",
        "x\n@localhost",
        "<x>@localhost",
        "@localhost",
    ],
)
def test_an_address_that_cannot_be_one_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="valid address"):
        deliverable(address)


def test_addresses_are_ascii_in_the_envelope() -> None:
    assert deliverable("a@cửa-hàng.vn") == "a@xn--ca-hng-lta4562d.vn"
    assert deliverable("quan-tri@localhost") == "quan-tri@localhost"


def test_a_missing_parameter_stops_the_cause(database: Database, clock: FixedClock) -> None:
    with pytest.raises(ValueError, match="minutes"):
        queue_code(database, clock, params={})
    with pytest.raises(ValueError, match="dedupe key"):
        queue_code(database, clock, "k" * 201)
    assert counts(database) == (0, 0)


def test_only_a_safe_name_and_a_fitting_kind_take_an_attachment(database: Database, clock: FixedClock) -> None:
    good = Attachment("0a" * 32, "CK-20-2026-A7C4.v2.pdf")
    for name in ("", ".pdf", "../a.pdf", "a b.pdf", "a..pdf", "a.pdf.exe", "bản.pdf", 'a".pdf', "a\n.pdf", "a.pdf\n"):
        with pytest.raises(ValueError, match="safe name"):
            Attachment(good.sha256, name)
    with pytest.raises(ValueError, match="safe name"):
        Attachment(good.sha256, "a" * 97 + ".pdf")
    for sha256 in ("", "0A" * 32, "0" * 63, "/" * 64):
        with pytest.raises(ValueError, match="SHA-256"):
            Attachment(sha256, good.filename)
    with pytest.raises(ValueError, match="attached to code"):
        queue_code(database, clock, attachment=good)
    assert counts(database) == (0, 0)


def test_only_one_worker_claims_a_message(database: Database, clock: FixedClock) -> None:
    message = queue_code(database, clock)
    key = (message.province_code, message.id)
    claim = partial(claim_message, key=key, now=clock(), lease=timedelta(seconds=45), host="camket.vidu.vn")
    won: list[Message] = []
    barrier = threading.Barrier(8)

    def ask() -> None:
        barrier.wait()
        claimed = database.run(claim)
        if claimed is not None:
            won.append(claimed)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.attempts for each in won] == [1]
    now = state_of(database, message)
    assert now.state is MessageState.SENDING
    assert now.message_id == f"<{message.id}@camket.vidu.vn>"
    assert now.leased_until == clock() + timedelta(seconds=45)
    assert database.run(partial(claim, key=("20", uuid4()))) is None
