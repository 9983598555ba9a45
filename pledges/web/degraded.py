"""When the disk is full or the files are away: pages can still be read and say so, and nothing is begun that could not
be finished. Nobody has to restart anything: each request looks anew."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from flask import Flask, current_app, request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from pledges.continuity.machine import disks
from pledges.core.db import is_full
from pledges.core.errors import N_
from pledges.documents.errors import StorageUnavailable
from pledges.messaging.queries import mail_is_slow
from pledges.web.current import now, product, reader, write
from pledges.web.security import UNSAFE_METHODS

FULL = N_(
    "Hệ thống đang hết chỗ lưu nên lúc này chưa nhận được nội dung bạn gửi. Những gì bạn đã lưu trước đó vẫn được giữ; "
    "hãy gửi lại sau ít phút."
)
AWAY = N_("Kho tệp đang tạm ngừng nên chưa mở được tệp này. Hãy thử lại sau ít phút.")

SECONDS_BETWEEN_LOOKS = 2.0
SECONDS_REMEMBERED = 60.0
"""So long pages say that a write found no room. Writing itself is tried again at once."""


class Room:
    """What this process knows about the room on the disks."""

    def __init__(self) -> None:
        self._looked_at = float("-inf")
        self._full = False
        self._refused_at = float("-inf")

    def refused(self) -> None:
        self._refused_at = time.monotonic()

    def is_full(self) -> bool:
        """Whether the disks have too little room for anything; looked at every few seconds at most."""
        now = time.monotonic()
        if now - self._looked_at >= SECONDS_BETWEEN_LOOKS:
            self._looked_at = now
            self._full = any(disk.full for disk in disks(product().settings, product().database))
        return self._full

    def was_refused_lately(self) -> bool:
        """A database server tells only by refusing that its disk is full."""
        return time.monotonic() - self._refused_at < SECONDS_REMEMBERED


def set_up_degraded_mode(app: Flask) -> None:
    app.extensions["room"] = Room()
    app.before_request(_refuse_to_begin)
    app.jinja_env.globals.update(out_of_room=out_of_room, mail_is_slow=_mail_is_slow)


def _room() -> Room:
    room: Room = current_app.extensions["room"]
    return room


def note_full() -> None:
    """A write has just found no room."""
    _room().refused()


def out_of_room() -> bool:
    """For every page: nothing can be sent in now."""
    return _room().is_full() or _room().was_refused_lately()


class NoRoom(StorageUnavailable):
    """Nothing is begun while nothing can be written."""

    def __init__(self) -> None:
        super().__init__(FULL)


def _refuse_to_begin() -> None:
    if request.method in UNSAFE_METHODS and _room().is_full():
        raise NoRoom


def _mail_is_slow() -> bool:
    """For pages on which somebody waits for a code."""
    return mail_is_slow(reader(), now())


def write_if_room(work: Callable[[Session], object]) -> None:
    """What a page that is only read notes by the way: without room the page is worth more than the note."""
    try:
        write(work)
    except DBAPIError as error:
        if not is_full(error):
            raise
        note_full()


def is_storage_fault(error: BaseException) -> bool:
    """A file of ours that cannot be read: the disk is away or not mounted."""
    if not isinstance(error, OSError) or not isinstance(error.filename, str | bytes):
        return False
    name = error.filename if isinstance(error.filename, str) else error.filename.decode(errors="replace")
    return Path(name).is_relative_to(product().settings.storage)
