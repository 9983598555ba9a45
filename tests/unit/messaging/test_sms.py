"""Text messages by a real HTTP gateway on the loopback interface: taken, refused for good, busy, silent, not there."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.messaging.delivery import Delivery, deliver_message
from pledges.messaging.models import Message, MessageState
from pledges.messaging.operations import queue_message
from pledges.settings import Settings
from tests.support.clock import FixedClock
from tests.support.sms_gateway import sms_gateway

S = MessageState


def queued(database: Database, clock: FixedClock, vault: Vault, to: str = "+84912345678") -> Message:
    return database.run(
        lambda session: queue_message(
            session,
            province_code="46",
            kind="sms_code",
            to_address=to,
            dedupe_key="code:thu",
            params={"minutes": 10},
            secret_params={"code": "482913"},
            language="vi",
            now=clock(),
            vault=vault,
            expires_at=clock() + timedelta(minutes=10),
        )
    )


@pytest.mark.parametrize(
    ("status", "state"),
    [(202, S.ACCEPTED), (422, S.FAILED), (503, S.QUEUED), (401, S.QUEUED), (0, S.UNCERTAIN), (-1, S.QUEUED)],
)
def test_what_the_gateway_says_is_what_becomes_of_the_message(
    sqlite_database: Database,
    clock: FixedClock,
    vault: Vault,
    settings_for_test: Settings,
    status: int,
    state: MessageState,
) -> None:
    message = queued(sqlite_database, clock, vault)
    with sms_gateway() as gateway:
        gateway.status = max(status, 0)
        url = "http://127.0.0.1:9/nobody" if status == -1 else gateway.url
        delivery = Delivery.from_settings(
            replace(settings_for_test, sms_url=url, sms_token="khoa-thu"),
            database=sqlite_database,
            vault=vault,
            clock=clock,
            read_file=lambda _sha256: b"",
        )
        deliver_message(delivery, message.province_code, str(message.id))
    with sqlite_database.read() as session:
        found = session.get_one(Message, (message.province_code, message.id))
    assert found.state is state, found.last_error
    assert "482913" not in found.last_error
    if status >= 0:
        assert gateway.tokens == ["Bearer khoa-thu"]
        [sent] = gateway.sent
        assert sent["to"] == "+84912345678"
        assert "localhost: 482913." in sent["text"]
        assert "\n" not in sent["text"]


def test_only_numbers_in_full_are_taken(sqlite_database: Database, clock: FixedClock, vault: Vault) -> None:
    for wrong in ("0912345678", "chu.shop@vidu.vn", "+84", ""):
        with pytest.raises(ValueError, match=r"E\.164"):
            queued(sqlite_database, clock, vault, wrong)
