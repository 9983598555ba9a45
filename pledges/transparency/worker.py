"""What the worker does for the log: enter what is older than it, seal facts, sign checkpoints, audit every night."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy.orm import Session

from pledges.core.calendar import VIETNAM, Clock, local_day
from pledges.core.db import Database
from pledges.documents.storage import Storage
from pledges.transparency.auditing import COMPLETE, LOG, MARK, Auditing, Report
from pledges.transparency.books import Book
from pledges.transparency.checkpoints import sign_if_due
from pledges.transparency.fact_batches import held_mark, seal_new_facts
from pledges.transparency.keys import LogKey
from pledges.transparency.models import LogMark
from pledges.transparency.operations import append, time_text
from pledges.transparency.queries import entries_of

KEEP_LOG = "keep_log"
KEEP_LOG_SECONDS = 300.0
SIGN_CHECKPOINT = "sign_checkpoint"
SIGN_CHECKPOINT_SECONDS = 60.0
AUDIT_LOG = "audit_log"
AUDIT_LOG_SECONDS = 1800.0
NIGHT = range(1, 5)
"""The hours in Vietnam in which an audit disturbs nobody; one that is overdue for long runs at any."""
OVERDUE = timedelta(hours=30)
FILES_EVERY = 28
"""Each night reads this part of all files, so that every file is read in four weeks."""
FORMER = "former"
"""The mark of how far entering what is older than the log has come."""
FORMER_AT_ONCE = 200
MOST_KEPT = 10

log = structlog.get_logger()


@dataclass(frozen=True)
class LogWorker:
    """The three tasks: `keep`, `sign` and `audit_at_night`."""

    database: Database
    storage: Storage
    clock: Clock
    key: LogKey
    books: Sequence[Book]

    def keep(self) -> None:
        """Enter what is older than the log, once and for all, then seal the facts that are new."""
        while not self.database.run(self._enter_former):
            pass
        seal_new_facts(self.database, self.clock)

    def _enter_former(self, session: Session) -> bool:
        """Some objects in one transaction; whether all is done. After that, whatever lacks an entry is a fault.

        That it is done is an entry itself: nobody can have it begin again by changing a mark.
        """
        mark = held_mark(session, FORMER, {})
        if entries_of(session, LOG):
            return True
        for book in self.books:
            after = mark.data.get(book.object_kind, "")
            if after is None:
                continue
            after = book.enter_former(session, after, FORMER_AT_ONCE, self.clock()) or None
            mark.data = mark.data | {book.object_kind: after}
            if after is not None:
                return False
        append(session, COMPLETE, "log", LOG, {}, self.clock())
        return True

    def sign(self) -> None:
        sign_if_due(self.database, self.key, self.clock())

    def audit_at_night(self) -> None:
        now = self.clock()
        with self.database.read() as session:
            last = last_audit(session)
        late = last is None or now - last.at > OVERDUE
        if late or (
            last is not None and now.astimezone(VIETNAM).hour in NIGHT and local_day(last.at) != local_day(now)
        ):
            self.audit(storage=self.storage, every=FILES_EVERY, turn=local_day(now).toordinal())

    def audit(self, *, storage: Storage | None, every: int = 1, turn: int = 0) -> Report:
        """Reckon and compare everything, and keep what was found where the administrator sees it."""
        self.keep()
        began = time.monotonic()
        verifier = self.key.verifier() if self.key.readable else None
        report = Auditing(self.database, self.books, verifier).run(storage, every=every, turn=turn)
        kept = {
            "at": time_text(self.clock()),
            "ok": report.ok,
            "entries": report.size,
            "faults": len(report.faults),
            "first": [str(fault) for fault in report.faults[:MOST_KEPT]],
            "seconds": round(time.monotonic() - began),
        }
        self.database.run(partial(_keep, data=kept))
        if not report.ok:
            log.error("the audit of the log found faults", faults=len(report.faults), first=kept["first"])
        return report


@dataclass(frozen=True)
class LastAudit:
    at: datetime
    data: dict[str, Any]


def last_audit(session: Session) -> LastAudit | None:
    mark = session.get(LogMark, MARK)
    return LastAudit(datetime.fromisoformat(mark.data["at"]), mark.data) if mark is not None else None


def _keep(session: Session, data: dict[str, Any]) -> None:
    held_mark(session, MARK, data).data = data
