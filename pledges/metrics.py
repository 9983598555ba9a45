"""How the installation does, as figures for a monitoring: read from the database and the disk when it asks."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from pledges.continuity.marks import last_backup
from pledges.jobs.queries import count_failed, queue_age, workers_alive
from pledges.messaging.models import Message, MessageState
from pledges.product import Product
from pledges.signing.models import Pledge
from pledges.signing.rules import OPEN_STATES
from pledges.transparency.checkpoints import unsigned_since

COUNTED_MESSAGES = (MessageState.QUEUED, MessageState.HELD, MessageState.UNCERTAIN, MessageState.FAILED)
HOLDS = timedelta(seconds=30)
"""Counting what is open reads an index of all pledges: whoever asks more often gets the same figures."""


@dataclass(frozen=True)
class Gauge:
    name: str
    help: str
    labels: tuple[str, ...]
    values: tuple[tuple[tuple[str, ...], float], ...]


class Gauges:
    """All gauges of one product. Labels are few and fixed: states, and the provinces in which something is open."""

    def __init__(self, product: Product) -> None:
        self._product = product
        self._lock = threading.Lock()
        self._read: tuple[datetime, list[Gauge]] | None = None

    def read(self) -> list[Gauge]:
        now = self._product.clock()
        with self._lock:
            if self._read is None or not timedelta(0) <= now - self._read[0] < HOLDS:
                self._read = now, [*self._database(now), *self._disk(), *self._seal(now)]
            return self._read[1]

    def _database(self, now: datetime) -> Iterator[Gauge]:
        """A database that does not answer is a figure too; the rest is then left out rather than called nothing."""
        found: list[Gauge] = []
        try:
            with self._product.database.read() as session:
                found = [look(session, now) for look in _LOOKS]
        except DBAPIError:
            found = []
        yield _one("pledges_database_up", "Whether the database answers.", 1 if found else 0)
        yield from found

    def _disk(self) -> Iterator[Gauge]:
        try:
            space = shutil.disk_usage(self._product.storage.folder)
        except OSError:
            return
        yield _one("pledges_storage_free_bytes", "Free space where the sealed files lie.", space.free)
        yield _one("pledges_storage_size_bytes", "Size of the disk on which the sealed files lie.", space.total)

    def _seal(self, now: datetime) -> Iterator[Gauge]:
        state = self._product.sealer.state(now)
        usable = 1 if state.error is None else 0
        yield _one("pledges_seal_usable", "Whether the seal passes all its checks.", usable)
        if state.days_left is not None:
            yield _one("pledges_seal_days_left", "Days until the certificate of the seal ends.", state.days_left)


def _one(name: str, said: str, value: float) -> Gauge:
    return Gauge(name, said, (), (((), value),))


def _queue(session: Session, _now: datetime) -> Gauge:
    said = "Seconds by which the oldest task is overdue."
    return _one("pledges_queue_overdue_seconds", said, queue_age(session))


def _failed(session: Session, _now: datetime) -> Gauge:
    return _one("pledges_tasks_failed", "Tasks that used up their tries and wait for a person.", count_failed(session))


def _workers(session: Session, _now: datetime) -> Gauge:
    return _one("pledges_workers_alive", "Workers that have shown a sign of life lately.", workers_alive(session))


def _messages(session: Session, _now: datetime) -> Gauge:
    rows = session.execute(
        select(Message.state, func.count()).where(Message.state.in_(COUNTED_MESSAGES)).group_by(Message.state)
    )
    counted = {row[0]: row[1] for row in rows}
    values = tuple(((state.value,), float(counted.get(state, 0))) for state in COUNTED_MESSAGES)
    return Gauge("pledges_messages", "Mail that has not arrived at the relay for certain.", ("state",), values)


def _overdue(session: Session, now: datetime) -> Gauge:
    oldest = session.scalar(select(func.min(Message.next_attempt_at)).where(Message.state == MessageState.QUEUED))
    seconds = max(0.0, (now - oldest).total_seconds()) if oldest is not None else 0.0
    return _one("pledges_mail_overdue_seconds", "Seconds by which the oldest message is overdue.", seconds)


def _open(session: Session, _now: datetime) -> Gauge:
    counted = session.execute(
        select(Pledge.province_code, Pledge.state, func.count())
        .where(Pledge.state.in_(OPEN_STATES))
        .group_by(Pledge.province_code, Pledge.state)
        .order_by(Pledge.province_code, Pledge.state)
    )
    values = tuple(((province, state.value), float(count)) for province, state, count in counted)
    return Gauge("pledges_open", "Pledges that wait for somebody.", ("province", "state"), values)


def _backup(session: Session, now: datetime) -> Gauge:
    """Nothing rather than nought where none was ever made: a rule has to ask whether the figure is there."""
    last = last_backup(session)
    values = () if last is None else (((), max(0.0, (now - last.at).total_seconds())),)
    return Gauge("pledges_backup_age_seconds", "Age of what the last backup shows.", (), values)


def _checkpoint(session: Session, now: datetime) -> Gauge:
    """Of what waits, not of the checkpoint itself: a log that nothing was added to needs no new one."""
    since = unsigned_since(session)
    seconds = max(0.0, (now - since).total_seconds()) if since is not None else 0.0
    return _one(
        "pledges_log_unsigned_seconds", "Seconds for which an entry of the log waits for its checkpoint.", seconds
    )


_LOOKS: tuple[Callable[[Session, datetime], Gauge], ...] = (
    _queue,
    _failed,
    _workers,
    _messages,
    _overdue,
    _open,
    _backup,
    _checkpoint,
)
