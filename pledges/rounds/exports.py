"""Files made from lists: CSV is streamed, XLSX and PDF are made by the worker and kept for a month."""

from __future__ import annotations

import logging
import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from pledges.audit.operations import Actor
from pledges.core.calendar import Clock, Quarter, local_day
from pledges.core.crashpoints import crash_point
from pledges.core.db import Database
from pledges.core.errors import N_
from pledges.documents.errors import StorageUnavailable
from pledges.documents.storage import Storage
from pledges.documents.writing import writing_files
from pledges.jobs.operations import enqueue
from pledges.jobs.queries import in_queue
from pledges.rounds.export_requests import KEPT, MAKE_EXPORT, filename_of, note_export, order_of, taker_of
from pledges.rounds.list_csv import csv_pieces
from pledges.rounds.list_heading import ListHeading, ListOrder, heading_of
from pledges.rounds.list_models import ExportState, FileFormat, ListExport, ListKind
from pledges.rounds.list_pdf import write_pdf
from pledges.rounds.list_rows import ListFilters, ListRow
from pledges.rounds.list_words import RowWords
from pledges.rounds.list_xlsx import write_xlsx
from pledges.rounds.lists import stream_list

SWEEP_EXPORTS = "sweep_exports"
TELL_EVERY = 5_000
"""Rows after which the worker says how far it is."""

FAULT = N_("Hệ thống gặp lỗi khi làm tệp này. Hãy bấm “Làm lại”; nếu vẫn lỗi, báo người quản trị.")

Key = tuple[str, uuid.UUID]

log = logging.getLogger("pledges.rounds")


# --- Writing ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Opened:
    """A list about to be written: everything but its rows has been read."""

    heading: ListHeading
    words: RowWords
    rows: Iterator[ListRow]


def _open(session: Session, export: ListExport, who: str, now: datetime) -> _Opened:
    order = order_of(export, now)
    words = RowWords.read(session, order.province_code)
    heading = heading_of(session, order, words, reason=export.reason, who=who, now=now)
    rows = stream_list(
        session, order.province_code, order.agency_code, order.kind, order.filters, as_of=order.as_of, now=now
    )
    return _Opened(heading, words, rows)


class Counted:
    """Rows, and how many have been taken so far; `tell` hears of it now and then."""

    def __init__(self, rows: Iterator[ListRow], tell: Callable[[int], None] | None = None) -> None:
        self.count = 0
        self._rows = rows
        self._tell = tell

    def __iter__(self) -> Iterator[ListRow]:
        for row in self._rows:
            self.count += 1
            if self._tell is not None and self.count % TELL_EVERY == 0:
                self._tell(self.count)
            yield row


def csv_file(database: Database, export: ListExport, who: str, clock: Clock) -> Iterator[bytes]:
    """The CSV piece by piece, in bounded memory; how many rows left is noted at the end."""
    with database.read() as session:
        opened = _open(session, export, who, clock())
        rows = Counted(opened.rows)
        yield from csv_pieces(rows, opened.heading, opened.words)
    database.run(partial(_finish, key=(export.province_code, export.id), rows=rows.count, now=clock()))


def _write(opened: _Opened, rows: Iterable[ListRow], format: FileFormat, path: Path, fonts: Path | None) -> str:
    """Write a file and say how its name ends."""
    if format is FileFormat.XLSX:
        write_xlsx(rows, opened.heading, opened.words, path)
        return "xlsx"
    if format is FileFormat.PDF:
        return write_pdf(rows, opened.heading, opened.words, path, fonts=fonts)
    with path.open("wb") as file:
        file.writelines(csv_pieces(rows, opened.heading, opened.words))
    return "csv"


def _finish(session: Session, key: Key, rows: int, now: datetime) -> None:
    session.execute(
        update(ListExport)
        .where(*_is(key))
        .values(rows=rows, finished_at=now, state=ExportState.READY)
        .execution_options(synchronize_session=False)
    )


def _is(key: Key) -> tuple[Any, ...]:
    return (ListExport.province_code == key[0], ListExport.id == key[1])


class ExportWorker:
    """Two tasks of the worker: `make` writes one file, `sweep` finds lost ones and takes away what is old.

    A list is read in one view of the database, so that a file which was cut off is written anew from its first line;
    what a killed worker leaves behind lies among the unfinished files, which are swept.
    """

    def __init__(self, database: Database, storage: Storage, clock: Clock, fonts: Path | None = None) -> None:
        self._database = database
        self._storage = storage
        self._clock = clock
        self._fonts = fonts

    def make(self, province_code: str, export_id_text: str) -> None:
        key = (province_code, uuid.UUID(export_id_text))
        with self._database.read() as session:
            export = session.get(ListExport, key)
        if export is None or export.state is not ExportState.WAITING:
            return
        try:
            with writing_files(self._storage):
                values = self._make(export)
        except (DBAPIError, StorageUnavailable):
            raise  # The job comes again.
        except Exception:
            log.exception("A file of a list could not be made", extra={"export": export_id_text})
            values = {"state": ExportState.FAILED, "error": FAULT}
        crash_point("export.before_end")
        self._database.run(partial(_change, key=key, values=values))

    def _make(self, export: ListExport) -> dict[str, Any]:
        key = (export.province_code, export.id)

        def tell(count: int) -> None:
            self._database.run(partial(_change, key=key, values={"rows": count}))
            crash_point("export.after_rows")

        with self._storage.unfinished() as path, self._database.read() as session:
            opened = _open(session, export, taker_of(session, export), self._clock())
            rows = Counted(opened.rows, tell)
            suffix = _write(opened, rows, export.format, path, self._fonts)
            crash_point("export.before_file")
            sha256 = self._storage.put_file(path)
        return {
            "state": ExportState.READY,
            "rows": rows.count,
            "file_sha256": sha256,
            "filename": filename_of(export, suffix),
            "finished_at": self._clock(),
        }

    def sweep(self) -> None:
        """Ask again for files that wait although nobody works on them; take away those that are old."""
        self._database.run(self._ask_again)
        for sha256 in self._database.run(self._let_go):
            self._storage.forget(sha256)

    def _ask_again(self, session: Session) -> None:
        waiting = session.execute(
            select(ListExport.province_code, ListExport.id)
            .where(ListExport.state == ExportState.WAITING)
            .order_by(ListExport.requested_at)
            .limit(50)
        ).all()
        args = [(province_code, str(export_id)) for province_code, export_id in waiting]
        queued = in_queue(session, MAKE_EXPORT, args) if args else set()
        for each in args:
            if each not in queued:
                enqueue(session, MAKE_EXPORT, *each, behind_others=True)

    def _let_go(self, session: Session) -> list[str]:
        """Files of which no row speaks any more. The row goes first: a crash leaves a file, never a broken link."""
        old = [ListExport.file_sha256.is_not(None), ListExport.finished_at < self._clock() - KEPT]
        found = set(session.scalars(select(ListExport.file_sha256).where(*old)))
        session.execute(
            update(ListExport).where(*old).values(file_sha256=None).execution_options(synchronize_session=False)
        )
        kept = set(session.scalars(select(ListExport.file_sha256).where(ListExport.file_sha256.in_(found))))
        return [sha256 for sha256 in found - kept if sha256 is not None]


def _change(session: Session, key: Key, values: dict[str, Any]) -> None:
    """Only while it waits: somebody else may have finished the same work."""
    session.execute(
        update(ListExport)
        .where(*_is(key), ListExport.state == ExportState.WAITING)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


# --- By command ------------------------------------------------------------------------------------------------------


def write_list_file(
    database: Database,
    province_code: str,
    agency_code: str,
    quarter: Quarter,
    *,
    kind: ListKind,
    as_of: date | None,
    format: FileFormat,
    out: Path,
    reason: str,
    actor: Actor,
    now: datetime,
    filters: ListFilters | None = None,
    fonts: Path | None = None,
) -> dict[str, Any]:
    """Write a list to a file and say what was written; a large PDF becomes a ZIP beside it.

    Without a day: of a quarter that is over as it stood on its last day, else as it stands now.
    """
    if as_of is None and quarter.last_day < local_day(now):
        as_of = quarter.last_day
    order = ListOrder(province_code, agency_code, quarter, kind, as_of, filters or ListFilters())
    export = database.run(lambda session: note_export(session, order, format, reason=reason, actor=actor, now=now))
    with database.read() as session, tempfile.TemporaryDirectory(dir=out.parent) as folder:
        opened = _open(session, export, taker_of(session, export), now)
        rows = Counted(opened.rows)
        path = Path(folder) / "list"
        suffix = _write(opened, rows, format, path, fonts)
        target = out.with_suffix(".zip") if suffix == "zip" else out
        path.replace(target)
    database.run(partial(_finish, key=(province_code, export.id), rows=rows.count, now=now))
    told = {"list": kind.value, "agency": agency_code, "quarter": str(quarter), "as_of": export.as_of.isoformat()}
    return {**told, "rows": rows.count, "sha256": opened.heading.sha256, "file": str(target)}
