"""The mailbox of returned mail, an mbox file or a Maildir folder: it is only read, and what was read is remembered."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from pledges.messaging.bounces import MOST_BYTES, Bounce, without_others
from pledges.messaging.following import NO_FOLLOWERS, Followers, tell
from pledges.messaging.models import BounceSeen, Message, MessageState
from pledges.messaging.operations import locked
from pledges.messaging.rules import enter

MOST_MAILS = 2000
"""In one go; the others follow in the next one."""
REMEMBERED = timedelta(days=90)

_LINE = 64 * 1024
_BEGINS = 4096
_TAKEN = {MessageState.HANDING_OVER, MessageState.ACCEPTED, MessageState.UNCERTAIN}


@dataclass(frozen=True)
class Returned:
    """One mail as it lies in the mailbox."""

    digest: str
    """SHA-256 of all of it."""
    head: bytes
    """Its beginning, so much as is ever looked at."""


class _Growing:
    """A mail that is read line by line and never held whole."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._head = bytearray()

    def add(self, line: bytes) -> None:
        self._digest.update(line)
        if len(self._head) < MOST_BYTES:
            self._head += line

    def end(self) -> Returned:
        return Returned(self._digest.hexdigest(), bytes(self._head[:MOST_BYTES]))


@dataclass
class Mailbox:
    """Where returned mail arrives. It knows what it gave out, so that a long file is not read anew every minute; when
    that is lost, the remembered digests keep everything right."""

    path: Path
    _file: tuple[int, int, int, int] | None = field(default=None, init=False)
    """Device, number, length and time of the mbox when its end was last reached."""
    _offset: int = field(default=0, init=False)
    """Where the last mail that was read begins: it may have been written only in part."""
    _begins: bytes = field(default=b"", init=False)
    """Its first bytes, with number and time of its first mail."""
    _names: set[str] = field(default_factory=set, init=False)
    """Files of the Maildir that were read."""

    def unread(self, limit: int = MOST_MAILS) -> Iterator[Returned]:
        """What was not given out yet, and perhaps something that was; nothing where there is no mailbox (yet)."""
        if self.path.is_dir():
            yield from self._from_folder(limit)
        elif self.path.exists():
            with self.path.open("rb") as file:
                yield from self._from_file(file, limit)

    def forget(self) -> None:
        """Begin again from the start: what was given out last could not be recorded."""
        self._file, self._offset, self._begins, self._names = None, 0, b"", set()

    def _from_file(self, file: BinaryIO, limit: int) -> Iterator[Returned]:
        now = os.fstat(file.fileno())
        state = (now.st_dev, now.st_ino, now.st_size, now.st_mtime_ns)
        if state == self._file:
            return
        same = self._file is not None and self._file[:2] == state[:2]
        # A file that was emptied and filled again since has the same number and begins differently.
        if not same or self._offset >= now.st_size or file.read(len(self._begins)) != self._begins:
            self._offset = 0
        self._file = (*state[:2], -1, -1)
        file.seek(0)
        self._begins = file.read(_BEGINS)
        file.seek(self._offset)
        for given, (start, mail) in enumerate(_split(file)):
            if given == limit:
                return
            self._offset = start
            yield mail
        self._file = state

    def _from_folder(self, limit: int) -> Iterator[Returned]:
        found = {
            each.name.partition(":")[0]: each.path
            for part in ("cur", "new")
            for each in os.scandir(self.path / part)
            if not each.name.startswith(".")
        }
        self._names &= set(found)
        for name in sorted(set(found) - self._names)[:limit]:
            mail = _whole(found[name])
            self._names.add(name)
            if mail is not None:
                yield mail


def _split(file: BinaryIO) -> Iterator[tuple[int, Returned]]:
    """The mails of an mbox with the place where each begins."""
    start, position, mail = file.tell(), file.tell(), _Growing()
    begins_line, after_blank = True, True
    while line := file.readline(_LINE):
        if begins_line and after_blank and line.startswith(b"From "):
            if position > start:
                yield start, mail.end()
            start, mail = position, _Growing()
        else:
            mail.add(line)
        after_blank = begins_line and line.strip(b"\r\n") == b""
        begins_line = line.endswith(b"\n")
        position += len(line)
    if position > start:
        yield start, mail.end()


def _whole(path: str) -> Returned | None:
    """A file of a Maildir; None for one that has been moved meanwhile, or that is no file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.ELOOP, errno.ENXIO}:
            return None
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    with os.fdopen(descriptor, "rb") as file:
        mail = _Growing()
        while part := file.read(_LINE):
            mail.add(part)
        return mail.end()


def not_seen(session: Session, mails: list[Returned]) -> list[Returned]:
    """Those that nobody has read before, each once."""
    digests = {mail.digest: mail for mail in mails}
    seen = session.scalars(select(BounceSeen.digest).where(BounceSeen.digest.in_(digests)))
    for digest in seen:
        del digests[digest]
    return list(digests.values())


def remember(session: Session, digest: str, now: datetime) -> bool:
    """Note that this mail has been read; False: another worker was faster."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(BounceSeen).values(digest=digest, seen_at=now).on_conflict_do_nothing()
    return session.scalar(statement.returning(BounceSeen.digest)) is not None


def forget_seen(session: Session, now: datetime) -> None:
    """Mails that are read again after so long change nothing: their messages are known as bounced."""
    session.execute(delete(BounceSeen).where(BounceSeen.seen_at < now - REMEMBERED))


def record_bounce(session: Session, bounce: Bounce, now: datetime, followers: Followers = NO_FOLLOWERS) -> bool:
    """Note that the message came back and tell whoever follows it; False: it is none that was sent.

    A report about an uncertain message proves that the relay had taken it. The second report of the same says nothing.
    """
    province_code = session.scalar(select(Message.province_code).where(Message.id == bounce.message_id))
    message = locked(session, (province_code, bounce.message_id)) if province_code is not None else None
    if message is None or message.state not in _TAKEN:
        return False
    if message.bounced_at is not None:
        return True
    if message.state is MessageState.UNCERTAIN:
        enter(message, MessageState.ACCEPTED)
        message.accepted_at = now
    message.bounced_at = now
    message.bounce_reason = without_others(bounce.reason, message.to_address)
    tell(followers, session, message, now)
    return True
