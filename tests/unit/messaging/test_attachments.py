"""Letters that take a stored file along: the whole file arrives, or the letter waits or fails, never without it."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from pledges.core.db import Database
from pledges.documents.errors import DocumentDamaged
from pledges.documents.storage import Storage
from pledges.messaging.delivery import Delivery, deliver_message
from pledges.messaging.models import Message, MessageState
from pledges.messaging.operations import Attachment
from pledges.messaging.queries import troubled_messages
from pledges.product import Product
from pledges.settings import Settings
from tests.support.clock import FixedClock
from tests.support.mail_sink import MailSink, mail_sink, text_of
from tests.support.messages import delivery_for, queue_code, state_of


@pytest.fixture
def sink() -> Iterator[MailSink]:
    with mail_sink() as relay:
        yield relay


def attempt(delivery: Delivery, message: Message) -> Message:
    deliver_message(delivery, message.province_code, str(message.id))
    return state_of(delivery.database, message)


def queue_approval(database: Database, clock: FixedClock, sha256: str) -> Message:
    """A letter that must go with the stored file."""
    link = "https://camket.vidu.vn/ho-so/CK-20-2026-A7C4"
    params = {"reference": "CK-20-2026-A7C4", "agency_name": "Sở thử nghiệm", "approved_at": clock()}
    return queue_code(
        database,
        clock,
        kind="pledge_approved",
        params={**params, "verify_link": "https://camket.vidu.vn/xac-minh/0123", "link": link},
        secret_params=None,
        expires_at=None,
        attachment=Attachment(sha256, "CK-20-2026-A7C4.pdf"),
    )


def test_a_stored_file_arrives_byte_for_byte(
    database: Database, clock: FixedClock, sink: MailSink, tmp_path: Path
) -> None:
    storage = Storage(tmp_path)
    file = b"%PDF-1.7\r\n.\r\n..\n.\r" + bytes(range(256)) * 4_000
    message = queue_approval(database, clock, storage.put(file))
    delivery = delivery_for(database, sink.url, clock=clock, read_file=storage.get)
    assert attempt(delivery, message).state is MessageState.ACCEPTED
    (attached,) = sink.mails[0].iter_attachments()
    assert attached.get_content() == file
    assert attached.get_filename() == "CK-20-2026-A7C4.pdf"
    assert "gửi kèm thư này" in text_of(sink.mails[0])


def test_a_storage_that_is_away_delays_the_letter(sqlite_database: Database, clock: FixedClock, sink: MailSink) -> None:
    message = queue_approval(sqlite_database, clock, "0" * 64)

    def away(sha256: str) -> bytes:
        raise OSError(errno.EIO, "Input/output error", sha256)

    now = attempt(delivery_for(sqlite_database, sink.url, clock=clock, read_file=away), message)
    assert (now.state, now.attempts) == (MessageState.QUEUED, 1)
    assert now.last_error == "temporary: the attachment: OSError Input/output error"
    assert now.next_attempt_at > clock()
    back = delivery_for(sqlite_database, sink.url, clock=clock, read_file=lambda _: b"%PDF-1.7")
    assert attempt(back, message).state is MessageState.ACCEPTED
    assert len(list(sink.mails[0].iter_attachments())) == 1


@pytest.mark.parametrize("damage", [Path.unlink, partial(Path.write_bytes, data=b"other bytes")], ids=["gone", "other"])
def test_a_file_that_is_damaged_or_gone_stops_its_letter(
    sqlite_database: Database, clock: FixedClock, sink: MailSink, tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    storage = Storage(tmp_path)
    sha256 = storage.put(b"%PDF-1.7")
    damage(storage.path_of(sha256))
    delivery = delivery_for(sqlite_database, sink.url, clock=clock, read_file=storage.get)
    now = attempt(delivery, queue_approval(sqlite_database, clock, sha256))
    assert now.state is MessageState.FAILED
    assert now.last_error.startswith(f"attachment: Tệp đã lưu {sha256} bị mất hoặc bị hỏng.")
    assert sink.recipients == 0, "nobody gets a letter without the file that it announces"
    with sqlite_database.read() as session:
        assert [each.id for each in troubled_messages(session, "20")] == [now.id]


def test_a_storage_without_a_file_is_away_and_one_with_others_has_lost_it(settings_for_test: Settings) -> None:
    product = Product.from_settings(settings_for_test)
    with pytest.raises(FileNotFoundError):
        product.read_attachment("0" * 64)
    product.storage.folder.mkdir(parents=True)
    (product.storage.folder / ".temporary").mkdir()
    with pytest.raises(FileNotFoundError, match="mounted"):
        product.read_attachment("0" * 64)
    assert product.read_attachment(product.storage.put(b"%PDF-1.7")) == b"%PDF-1.7"
    with pytest.raises(DocumentDamaged):
        product.read_attachment("0" * 64)
