"""Deliveries and messages for tests; all addresses are invented."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from pledges.core.calendar import Clock, system_clock
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.messaging.bulk import Pace
from pledges.messaging.carriers import FolderCarrier, SmtpCarrier
from pledges.messaging.delivery import Delivery
from pledges.messaging.following import NO_FOLLOWERS, Followers
from pledges.messaging.letters import Letters
from pledges.messaging.models import Message
from pledges.messaging.operations import queue_message

ADDRESS = "chu.shop@vidu.vn"
DATA_KEY = "tests-only-data-key-0123456789abcdef"


def letters() -> Letters:
    return Letters(
        mail_from="Cam kết Thương mại điện tử <khong-tra-loi@vidu.vn>",
        public_url="https://camket.vidu.vn",
        owner_name="Hệ thống ký cam kết (dữ liệu kiểm thử)",
        owner_contact="lien-he@vidu.vn",
    )


def carrier_for(target: str) -> SmtpCarrier | FolderCarrier:
    """Of an `smtp://…` address or a folder."""
    if not target.startswith("smtp"):
        return FolderCarrier(Path(target))
    relay = SmtpCarrier.from_url(target, hello_name="camket.vidu.vn")
    return SmtpCarrier(relay.host, relay.port, relay.security, hello_name=relay.hello_name, seconds=2, answer_seconds=2)


def no_files(sha256: str) -> bytes:
    raise AssertionError(f"no message here names the file {sha256}")


def delivery_for(
    database: Database,
    target: str,
    *,
    clock: Clock = system_clock,
    read_file: Callable[[str], bytes] = no_files,
    followers: Followers = NO_FOLLOWERS,
    pace: Pace | None = None,
) -> Delivery:
    """With leases so short that a test can wait for their end."""
    return Delivery(
        database=database,
        vault=Vault(DATA_KEY),
        clock=clock,
        letters=letters(),
        carrier=carrier_for(target),
        read_file=read_file,
        sending_lease=timedelta(seconds=1),
        handover_lease=timedelta(seconds=2),
        overdue=timedelta(seconds=2),
        followers=followers,
        pace=pace or Pace(),
    )


def queue_code(database: Database, clock: Clock, key: str = "code:1", **changes: Any) -> Message:
    """A code mail, the most impatient kind of message."""
    return database.run(partial(queue_message, **_code(clock, key, **changes)))


def queue_one_of_many(database: Database, clock: Clock, name: str, **changes: Any) -> Message:
    return database.run(partial(queue_message, **one_of_many(clock, name, **changes)))


def one_of_many(clock: Clock, name: str, *, batch: str = "round:1", **changes: Any) -> dict[str, Any]:
    """What `queue_message` wants for one of a batch, to `name` where that is an address."""
    values: dict[str, Any] = {
        "kind": "draft_link",
        "to_address": name if "@" in name else f"{name}@vidu.vn",
        "params": {"days": 30},
        "secret_params": {"link": f"https://camket.vidu.vn/{name}"},
        "expires_at": None,
        **changes,
    }
    return _code(clock, f"{batch}:{name}", batch=batch, **values)


def _code(clock: Clock, key: str, **changes: Any) -> dict[str, Any]:
    return {
        "province_code": "20",
        "kind": "code",
        "to_address": ADDRESS,
        "dedupe_key": key,
        "params": {"minutes": 10},
        "secret_params": {"code": "471902"},
        "language": "vi",
        "now": clock(),
        "vault": Vault(DATA_KEY),
        "expires_at": clock() + timedelta(minutes=10),
        **changes,
    }


def state_of(database: Database, message: Message) -> Message:
    """The row as it is now."""
    with database.read() as session:
        return _get(session, message)


def _get(session: Session, message: Message) -> Message:
    found = session.get(Message, (message.province_code, message.id))
    assert found is not None
    return found
