"""A real mail relay on the loopback interface that can be told to behave badly."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from enum import Enum
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope


class Mood(Enum):
    ACCEPT = "accept"
    STALL = "stall"
    """Never answers the recipient."""
    STALL_AFTER_DATA = "stall after data"
    """Takes the text and never answers."""
    DIE_AFTER_DATA = "die after data"
    """Takes the text and closes the connection without an answer."""
    REFUSE_TEXT = "refuse text"
    BUSY_AFTER_DATA = "busy after data"


@dataclass
class MailSink:
    """Takes mail and keeps it; `refused` addresses get 550, the first `busy` recipients 451."""

    port: int = 0
    mood: Mood = Mood.ACCEPT
    refused: set[str] = field(default_factory=set)
    busy: int = 0
    seconds_for_text: float = 0.0
    """Before it takes a text, and once more before it says so."""
    recipients: int = 0
    """Asked for so far, whatever the answer."""
    accepted: list[Envelope] = field(default_factory=list)
    taken_without_answer: list[Envelope] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def mails(self) -> list[EmailMessage]:
        return [parsed(bytes(envelope.content or b"")) for envelope in self.accepted]


class _Relay:
    """What aiosmtpd calls. It reads every attribute of this object for each connection, so there are few."""

    def __init__(self, sink: MailSink) -> None:
        self._sink = sink

    async def handle_RCPT(self, _server: SMTP, _session: Any, envelope: Envelope, address: str, _options: Any) -> str:
        self._sink.recipients += 1
        if self._sink.mood is Mood.STALL:
            await asyncio.sleep(600)
        if address in self._sink.refused:
            return f"550 5.1.1 <{address}>: no such mailbox"
        if self._sink.busy > 0:
            self._sink.busy -= 1
            return "451 4.3.2 try again later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, _session: Any, envelope: Envelope) -> str:
        await asyncio.sleep(self._sink.seconds_for_text)
        if self._sink.mood is Mood.REFUSE_TEXT:
            return "554 5.7.1 not wanted"
        if self._sink.mood is Mood.BUSY_AFTER_DATA:
            return "452 4.3.1 disk full"
        if self._sink.mood in {Mood.DIE_AFTER_DATA, Mood.STALL_AFTER_DATA}:
            self._sink.taken_without_answer.append(envelope)
            if self._sink.mood is Mood.STALL_AFTER_DATA:
                await asyncio.sleep(600)
            server.transport.abort()
            return "250 never heard"
        self._sink.accepted.append(envelope)
        await asyncio.sleep(self._sink.seconds_for_text)
        return "250 2.0.0 taken"


def parsed(data: bytes) -> EmailMessage:
    mail = message_from_bytes(data, policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


def text_of(mail: EmailMessage, subtype: str = "plain") -> str:
    body = mail.get_body((subtype,))
    assert body is not None
    return str(body.get_content())


@contextmanager
def mail_sink() -> Iterator[MailSink]:
    """A relay on a free port of 127.0.0.1, in a thread of its own."""
    sink = MailSink()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="mail sink", daemon=True)
    thread.start()

    async def open_server() -> asyncio.Server:
        return await loop.create_server(lambda: SMTP(_Relay(sink), hostname="sink.vidu.vn", loop=loop), "127.0.0.1", 0)

    async def close_all(server: asyncio.Server) -> None:
        server.close()
        others = [task for task in asyncio.all_tasks(loop) if task is not asyncio.current_task(loop)]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0)

    server = asyncio.run_coroutine_threadsafe(open_server(), loop).result(10)
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        asyncio.run_coroutine_threadsafe(close_all(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
