"""Freezing the two lists of a round whose quarter is over: chunk by chunk, resumable, and never changed afterwards.

What is frozen is what was recorded before the quarter's last midnight, whenever the freezing runs. Rows are written in
chunks, each in a transaction that holds the snapshot and continues where the last one ended, so that any number of
processes may work at once and any of them may die; one last transaction says that it is done.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, delete, insert, select
from sqlalchemy.orm import Session

from pledges.audit.operations import SYSTEM, Actor, record
from pledges.core.calendar import Clock, Quarter, end_of_day
from pledges.core.crashpoints import crash_point
from pledges.core.db import Database, new_id
from pledges.core.errors import NotFound
from pledges.documents.storage import Storage
from pledges.rounds import as_of
from pledges.rounds.canonical import line_of, values_of, whole
from pledges.rounds.figures import Figures, Only, at_end_of, disagreeing, group_figures
from pledges.rounds.list_models import ListKind, Snapshot, SnapshotRow
from pledges.rounds.list_rows import PARTS, ListFilters, ListRow, Wanted, entries_of
from pledges.rounds.log_entries import enter_closed
from pledges.rounds.models import Round, RoundState
from pledges.rounds.operations import Key, RoundChanged, begin_closing
from pledges.rounds.progress import journeys
from pledges.rounds.rules import RULE_VERSION
from pledges.rounds.snapshots import of_list

CHUNK = 2000
GRACE = timedelta(minutes=1)
"""Whoever began to write before midnight has ended by then, or has been refused."""


class ListsDisagree(RuntimeError):
    """Rows and counters say different things: `pledges ops recount` first; nothing is frozen until they agree."""


@dataclass(frozen=True)
class Closing:
    """Closes rounds; `close` may be called at any time, by several at once, and again after any failure."""

    database: Database
    storage: Storage
    clock: Clock
    chunk: int = CHUNK

    def close(self, key: Key, *, actor: Actor = SYSTEM) -> Snapshot | None:
        """The frozen lists; None while those who began to write before midnight may still be at it.

        Refused (`DomainError`) while the quarter is not over.
        """
        of_round = self._begin(key, actor)
        if of_round.state is not RoundState.CLOSED:
            day = Quarter.parse(of_round.quarter).last_day
            if self.clock() < end_of_day(day) + GRACE:
                return None
            snapshot = self.database.run(partial(self._snapshot, of_round=of_round, day=day))
            for kind in ListKind:
                self._freeze(of_round, snapshot, kind)
            files = {kind: self._write_file(snapshot, kind) for kind in ListKind}
            crash_point("closing.before_end")
            self.database.run(partial(self._end, key=key, files=files, actor=actor))
        with self.database.read() as session:
            return session.scalars(select(Snapshot).where(*_of_round(key))).one()

    def _begin(self, key: Key, actor: Actor) -> Round:
        with self.database.read() as session:
            of_round = session.get(Round, key)
        if of_round is None:
            raise NotFound
        if of_round.state in (RoundState.CLOSING, RoundState.CLOSED):
            return of_round
        try:
            return self.database.run(
                lambda session: begin_closing(session, key, seen_revision=None, actor=actor, now=self.clock())
            )
        except RoundChanged:
            with self.database.read() as session:
                return session.get_one(Round, key)

    def _snapshot(self, session: Session, of_round: Round, day: date) -> Snapshot:
        """The one snapshot of the round; who holds the round's row adds it."""
        key = (of_round.province_code, of_round.id)
        session.get_one(Round, key, with_for_update=True, populate_existing=True)
        known = session.scalars(select(Snapshot).where(*_of_round(key))).first()
        if known is not None:
            return known
        snapshot = Snapshot(
            province_code=of_round.province_code,
            id=new_id(),
            round_id=of_round.id,
            as_of=day,
            rule_version=RULE_VERSION,
            begun_at=self.clock(),
            rows={kind.value: 0 for kind in ListKind},
            sha256={},
            files={},
            figures={},
        )
        session.add(snapshot)
        session.flush()
        return snapshot

    # --- Rows --------------------------------------------------------------------------------------------------------

    def _freeze(self, of_round: Round, snapshot: Snapshot, kind: ListKind) -> None:
        """Write what is not written yet. The order of the lines is always the same, so that a place is a number."""
        with self.database.read() as session:
            wanted = whole_list(session, of_round, kind)
            last = _last(session, snapshot, kind)
            start = 0
            for chunk in _chunks(as_of.rows(session, wanted, snapshot.as_of, chunk=self.chunk), self.chunk):
                if last is not None and not _fits(chunk, start, last):
                    self.database.run(partial(_begin_again, key=_key(snapshot)))
                    raise ListsDisagree(f"the ledger has changed since the freezing of {of_round.id} began")
                if last is None or start + len(chunk) > last[0] + 1:
                    self.database.run(partial(_write, key=_key(snapshot), kind=kind, start=start, chunk=chunk))
                start += len(chunk)
                crash_point("closing.after_chunk")

    def _write_file(self, snapshot: Snapshot, kind: ListKind) -> str:
        """The canonical CSV into the storage; written again after a crash it gets the same name."""
        with self.database.read() as session, self.storage.unfinished() as path:
            with path.open("wb") as file:
                file.writelines(whole(_lines(session, snapshot, kind)))
            return self.storage.put_file(path)

    # --- The end -----------------------------------------------------------------------------------------------------

    def _end(self, session: Session, key: Key, files: dict[ListKind, str], actor: Actor) -> None:
        """One transaction makes it true: figures, sums, the state of the round and its fact."""
        of_round = session.get_one(Round, key, with_for_update=True, populate_existing=True)
        if of_round.state is RoundState.CLOSED:
            return
        now = self.clock()
        snapshot = session.scalars(select(Snapshot).where(*_of_round(key))).one()
        figures = _figures(session, of_round, snapshot.as_of)
        _check(snapshot, figures)
        snapshot.figures = {
            "groups": [_as_data(each) for each in figures],
            "journeys": journeys(session, of_round, until=snapshot.as_of).as_data(),
        }
        snapshot.sha256 = {kind.value: sha256 for kind, sha256 in files.items()}
        snapshot.files = dict(snapshot.sha256)
        snapshot.frozen_at = now
        of_round.state, of_round.closed_at = RoundState.CLOSED, now
        of_round.revision += 1
        enter_closed(session, of_round, snapshot, now)
        record(
            session,
            "round.closed",
            province_code=of_round.province_code,
            object_id=of_round.id,
            actor=actor,
            now=now,
            data={
                "agency": of_round.agency_code,
                "quarter": of_round.quarter,
                "rules": snapshot.rule_version,
                "rows": snapshot.rows,
                "sha256": snapshot.sha256,
            },
        )


def whole_list(session: Session, of_round: Round, kind: ListKind) -> Wanted:
    entries = entries_of(session, of_round.province_code, of_round.agency_code)
    return Wanted(of_round.province_code, of_round.agency_code, kind, ListFilters(), entries, None)


def _of_round(key: Key) -> list[ColumnElement[bool]]:
    return [Snapshot.province_code == key[0], Snapshot.round_id == key[1]]


def _key(snapshot: Snapshot) -> Key:
    return snapshot.province_code, snapshot.id


def _last(session: Session, snapshot: Snapshot, kind: ListKind) -> tuple[int, uuid.UUID] | None:
    """The last line that has been written so far, and whose it is."""
    found = session.execute(
        select(SnapshotRow.position, SnapshotRow.obligation_id)
        .where(*of_list(snapshot, kind))
        .order_by(SnapshotRow.position.desc())
        .limit(1)
    ).first()
    return (found.position, found.obligation_id) if found is not None else None


def _fits(chunk: list[ListRow], start: int, last: tuple[int, uuid.UUID]) -> bool:
    """Whether the last line that was written stands where it stood; true where it stands in another chunk."""
    place = last[0] - start
    return not 0 <= place < len(chunk) or chunk[place].obligation_id == last[1]


def _chunks(rows: Iterable[ListRow], size: int) -> Iterator[list[ListRow]]:
    left = iter(rows)
    while chunk := list(islice(left, size)):
        yield chunk


def _write(session: Session, key: Key, kind: ListKind, start: int, chunk: list[ListRow]) -> None:
    """Add the lines of a chunk that nobody has written yet; who holds the snapshot's row writes."""
    snapshot = session.get_one(Snapshot, key, with_for_update=True, populate_existing=True)
    done = int(snapshot.rows[kind.value])
    if snapshot.frozen_at is not None or done >= start + len(chunk):
        return
    if done < start:
        raise ListsDisagree("another process has begun to freeze this round again")
    rows = [_row(snapshot, kind, start + place, row) for place, row in enumerate(chunk) if start + place >= done]
    session.connection().execute(insert(SnapshotRow), rows)
    snapshot.rows = snapshot.rows | {kind.value: start + len(chunk)}
    crash_point("closing.before_chunk")


def _row(snapshot: Snapshot, kind: ListKind, position: int, row: ListRow) -> dict[str, Any]:
    salt = secrets.token_hex(16)
    return {
        "province_code": snapshot.province_code,
        "snapshot_id": snapshot.id,
        "list": kind,
        "position": position,
        "part": row.group,
        "entry_id": row.entry_id,
        "obligation_id": row.obligation_id,
        "entity_id": row.entity_id,
        "commune_code": row.commune_code,
        "line": line_of(row, salt),
        "salt": salt,
        "values": values_of(row),
    }


def _begin_again(session: Session, key: Key) -> None:
    snapshot = session.get_one(Snapshot, key, with_for_update=True, populate_existing=True)
    if snapshot.frozen_at is not None:
        return
    session.execute(delete(SnapshotRow).where(SnapshotRow.province_code == key[0], SnapshotRow.snapshot_id == key[1]))
    snapshot.rows = {kind.value: 0 for kind in ListKind}


def _lines(session: Session, snapshot: Snapshot, kind: ListKind) -> Iterator[str]:
    lines = select(SnapshotRow.line).where(*of_list(snapshot, kind)).order_by(SnapshotRow.position)
    yield from session.scalars(lines.execution_options(yield_per=CHUNK))


def _figures(session: Session, of_round: Round, day: date) -> list[Figures]:
    """By entry, subject type (empty: each subject once) and commune, as they stood at the end of the day."""
    by, only = ("entry_id", "subject_type", "commune_code"), Only(agency=of_round.agency_code)
    distinct = group_figures(
        session, of_round.province_code, at_end_of(day), by=("entry_id", "commune_code"), only=only
    )
    for each in distinct:
        each.key["subject_type"] = ""
    return [*distinct, *group_figures(session, of_round.province_code, at_end_of(day), by=by, only=only)]


def _check(snapshot: Snapshot, figures: list[Figures]) -> None:
    """What is frozen for ever has been reckoned twice: from the ledger, and from the counters."""
    if drifted := disagreeing(figures):
        raise ListsDisagree(f"the groups do not add up to what is in scope: {drifted[0]}")
    for kind in ListKind:
        counted = sum(each[part] for each in figures if not each.key["subject_type"] for part in PARTS[kind])
        if counted != snapshot.rows[kind.value]:
            raise ListsDisagree(f"{kind}: {snapshot.rows[kind.value]} lines, and {counted} in the counters")


def _as_data(figures: Figures) -> dict[str, Any]:
    key = figures.key
    place = {"entry": key["entry_id"], "subject_type": key["subject_type"], "commune": key["commune_code"]}
    return place | {"in_scope": figures.in_scope} | {group.value: count for group, count in figures.groups.items()}
