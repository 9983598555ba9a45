"""The two ways out: an SMTP relay, or a folder on the development machine."""

from __future__ import annotations

import contextlib
import os
import re
import smtplib
import ssl
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from pledges.core.crashpoints import crash_point
from pledges.messaging.letters import Letter


class NotAccepted(Exception):
    """The letter was certainly not taken; `permanent`: and never will be."""

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        super().__init__(reason)
        self.permanent = permanent


class Unanswered(Exception):
    """The letter was handed over, but no answer came: nobody can know whether it was taken."""


class Carrier(Protocol):
    def send(self, letter: Letter, about_to_hand_over: Callable[[], None]) -> None:
        """Return once the letter is taken; call `about_to_hand_over` right before its text leaves our hands."""

    def has_taken(self, message_id: uuid.UUID) -> bool | None:
        """Whether an earlier process handed this letter over; None: that cannot be known."""


_OUR_FAULT = frozenset({530, 534, 535, 538})
"""Refusals that mean wrong credentials: the letter is fine and waits until they are corrected."""


@dataclass(frozen=True)
class SmtpCarrier:
    """One connection for each letter, with the phases driven one by one: only so is it known what a crash left."""

    host: str
    port: int
    security: str
    """`none`, `starttls` (never sends without it) or `tls`."""
    user: str = ""
    password: str = field(default="", repr=False)
    hello_name: str = "localhost"
    seconds: float = 15
    """For each step up to the envelope."""
    answer_seconds: float = 60
    """For taking the text and answering."""

    @classmethod
    def from_url(cls, url: str, *, hello_name: str) -> SmtpCarrier:
        parts = urlsplit(url)
        security, port = {"smtp": ("none", 25), "smtp+starttls": ("starttls", 587), "smtps": ("tls", 465)}[parts.scheme]
        return cls(
            host=parts.hostname or "",
            port=parts.port or port,
            security=security,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            hello_name=hello_name,
        )

    def send(self, letter: Letter, about_to_hand_over: Callable[[], None]) -> None:
        with _not_accepted_on_error("connecting"):
            relay = self._connect()
        try:
            with _not_accepted_on_error("the envelope"):
                self._address(relay, letter)
            crash_point("mail.before_handover")
            about_to_hand_over()
            crash_point("mail.after_handover_commit")
            with _not_accepted_on_error("the announcement of the text"):
                _expect(relay.docmd("DATA"), 354)
            self._hand_over(relay, letter.data)
            # The answer to QUIT is not awaited: until the acceptance is recorded, every moment counts.
            with contextlib.suppress(OSError):
                relay.putcmd("QUIT")
        finally:
            relay.close()

    def has_taken(self, message_id: uuid.UUID) -> bool | None:
        return None

    def _connect(self) -> smtplib.SMTP:
        if self.security == "tls":
            relay: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, self.hello_name, timeout=self.seconds, context=ssl.create_default_context()
            )
        else:
            relay = smtplib.SMTP(self.host, self.port, self.hello_name, timeout=self.seconds)
        try:
            relay.ehlo_or_helo_if_needed()
            if self.security == "starttls":
                relay.starttls(context=ssl.create_default_context())
                relay.ehlo()
            if self.user:
                relay.login(self.user, self.password)
        except BaseException:
            relay.close()
            raise
        return relay

    def _address(self, relay: smtplib.SMTP, letter: Letter) -> None:
        code, reply = relay.mail(letter.sender)
        if code != 250:
            # A refused sender is our set-up, not this letter: it waits.
            raise NotAccepted(_text(code, reply))
        _expect(relay.rcpt(letter.to_address), 250, 251)

    def _hand_over(self, relay: smtplib.SMTP, data: bytes) -> None:
        lines = re.sub(rb"(?m)^\.", b"..", data)
        try:
            if relay.sock is not None:
                relay.sock.settimeout(self.answer_seconds)
            relay.send(lines + b".\r\n")
            answer = relay.getreply()
        except (OSError, smtplib.SMTPException) as error:
            raise Unanswered(_name(error)) from error
        if not 200 <= answer[0] < 600:
            raise Unanswered(_text(*answer))
        _expect(answer, 250)


def _expect(answer: tuple[int, bytes], *good: int) -> None:
    code, reply = answer
    if code not in good:
        raise NotAccepted(_text(code, reply), permanent=500 <= code < 600 and code not in _OUR_FAULT)


@contextmanager
def _not_accepted_on_error(phase: str) -> Iterator[None]:
    try:
        yield
    except (OSError, smtplib.SMTPException) as error:
        raise NotAccepted(f"{phase}: {_name(error)}") from error


def _name(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return _text(error.smtp_code, error.smtp_error)
    return f"{type(error).__name__} {error}".strip()


def _text(code: int, reply: bytes | str) -> str:
    return f"{code} {reply.decode(errors='replace') if isinstance(reply, bytes) else reply}"


@dataclass(frozen=True)
class FolderCarrier:
    """A file per letter, named after the message: after a crash the file itself tells that it was taken."""

    folder: Path

    def send(self, letter: Letter, about_to_hand_over: Callable[[], None]) -> None:
        # Each attempt writes its own draft of the file, so that a worker thought dead cannot spoil it.
        draft = self.folder / f".{letter.id}.{uuid.uuid4().hex}"
        try:
            with _not_accepted_on_error("the draft of the file"):
                self._write(draft, letter.data)
            crash_point("mail.before_handover")
            about_to_hand_over()
            crash_point("mail.after_handover_commit")
            with _not_accepted_on_error("the file"):
                draft.rename(self._file(letter.id))
                _make_lasting(self.folder)
        finally:
            with contextlib.suppress(OSError):
                draft.unlink()

    def _write(self, draft: Path, data: bytes) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def has_taken(self, message_id: uuid.UUID) -> bool | None:
        return self._file(message_id).exists()

    def _file(self, message_id: uuid.UUID) -> Path:
        return self.folder / f"{message_id}.eml"


def _make_lasting(folder: Path) -> None:
    """A renamed file survives a power cut only once its folder is on the disk too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
