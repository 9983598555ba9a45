"""Frozen lists: found, shown and taken out again for ever the same, verified, freed of a person's data."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from pledges.core.calendar import Quarter
from pledges.rounds.canonical import commitment, commitment_in, read_line, sha256_of
from pledges.rounds.figures import Figures, together
from pledges.rounds.list_models import Group, ListKind, Snapshot, SnapshotRow
from pledges.rounds.list_rows import Entries, ListFilters, ListPage, ListRow, Wanted, found_in
from pledges.rounds.models import Round
from pledges.rounds.streaming import in_chunks

CHUNK = 2000


def snapshot_of(session: Session, round_: Round) -> Snapshot | None:
    """The frozen lists of a round; None while it is not closed."""
    return session.scalars(
        select(Snapshot).where(
            Snapshot.province_code == round_.province_code,
            Snapshot.round_id == round_.id,
            Snapshot.frozen_at.is_not(None),
        )
    ).first()


def frozen_on(session: Session, province_code: str, agency_code: str, day: date) -> Snapshot | None:
    """The frozen lists of the quarter that ended on this day, if its round is closed."""
    quarter = Quarter.of(day)
    if quarter.last_day != day:
        return None
    return session.scalars(
        select(Snapshot)
        .join(Round, (Round.province_code == Snapshot.province_code) & (Round.id == Snapshot.round_id))
        .where(
            Round.province_code == province_code,
            Round.agency_code == agency_code,
            Round.quarter == str(quarter),
            Snapshot.frozen_at.is_not(None),
        )
    ).first()


# --- Showing ---------------------------------------------------------------------------------------------------------


def rows(session: Session, snapshot: Snapshot, wanted: Wanted) -> Iterator[ListRow]:
    """The lines in their order, cut down by the filters; the same ones whenever it is asked."""
    return (row for _position, row in numbered(session, snapshot, wanted, behind=-1, chunk=CHUNK))


def page(session: Session, snapshot: Snapshot, wanted: Wanted, *, after: str, limit: int) -> ListPage:
    """`after` is the position of the last line of the page before."""
    behind = int(after) if after.isdecimal() else -1
    found = list(islice(numbered(session, snapshot, wanted, behind, chunk=limit + 1), limit + 1))
    more = str(found[limit - 1][0]) if len(found) > limit else ""
    return ListPage([row for _position, row in found[:limit]], more, _total(snapshot, wanted))


def numbered(
    session: Session,
    snapshot: Snapshot,
    wanted: Wanted,
    behind: int,
    chunk: int,
    entries: Collection[str] | None = None,
) -> Iterator[tuple[int, ListRow]]:
    """The lines behind a position, each with its own; `entries`: only theirs."""
    subject_type = wanted.filters.subject_type
    only = [] if entries is None else [SnapshotRow.entry_id.in_(entries)]
    statement = (
        select(SnapshotRow.position, SnapshotRow.line, SnapshotRow.values)
        .where(*_chosen(snapshot, wanted), *only, SnapshotRow.position > behind)
        .order_by(SnapshotRow.position)
    )
    for found in in_chunks(session, statement, chunk):
        for position, line, values in found:
            row = read_line(line, values)
            if not subject_type or subject_type in row.subject_types:
                yield position, row


def _total(snapshot: Snapshot, wanted: Wanted) -> int | None:
    """From the frozen figures; None where a text is looked for."""
    if wanted.found is not None:
        return None
    figures = frozen_figures(snapshot, wanted.entries, wanted.filters)
    return sum(figures[part] for part in wanted.parts)


def frozen_figures(snapshot: Snapshot, entries: Entries, filters: ListFilters) -> Figures:
    """The six groups as they were frozen, of what the filters leave, whatever group and text they name."""
    return together(
        Figures({}, int(row["in_scope"]), {group: int(row[group.value]) for group in Group})
        for row in snapshot.figures["groups"]
        if row["entry"] in entries.clauses
        and row["subject_type"] == filters.subject_type
        and filters.commune in (None, row["commune"])
    )


def _chosen(snapshot: Snapshot, wanted: Wanted) -> list[ColumnElement[bool]]:
    filters = wanted.filters
    conditions = of_list(snapshot, wanted.kind)
    if filters.group is not None:
        conditions.append(SnapshotRow.group == filters.group)
    if filters.entry:
        conditions.append(SnapshotRow.entry_id == filters.entry)
    if filters.commune is not None:
        conditions.append(SnapshotRow.commune_code == filters.commune)
    if filters.subject_type:
        # A first sieve; whether it is one of the types, the line itself says.
        conditions.append(SnapshotRow.line.contains(filters.subject_type, autoescape=True))
    if wanted.among is not None:
        conditions.append(SnapshotRow.obligation_id.in_(wanted.among))
    if wanted.found is not None:
        conditions.append(found_in(wanted, SnapshotRow.entity_id, SnapshotRow.obligation_id))
    return conditions


# --- Proving ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Verified:
    """What a frozen list says of itself, and whether its rows bear it out."""

    list: ListKind
    rows: int
    sha256: str
    intact: bool
    """The rows are those that were frozen: as many, and with the same SHA-256."""
    kept: int
    """Rows whose values are still there; the others were erased at the request of their subjects."""
    false: tuple[int, ...]
    """Positions of rows whose values are not those that were frozen."""

    @property
    def good(self) -> bool:
        return self.intact and not self.false


def verify_list(session: Session, snapshot: Snapshot, kind: ListKind) -> Verified:
    """Reckon the SHA-256 of a list from its rows, and each commitment from the values that are still there."""
    kept, count = 0, 0
    false: list[int] = []

    def lines() -> Iterator[str]:
        nonlocal kept, count
        found = session.execute(
            select(SnapshotRow.position, SnapshotRow.line, SnapshotRow.salt, SnapshotRow.values)
            .where(*of_list(snapshot, kind))
            .order_by(SnapshotRow.position)
            .execution_options(yield_per=CHUNK)
        )
        for position, line, salt, values in found:
            count += 1
            if salt:
                kept += 1
                if commitment(salt, values) != commitment_in(line):
                    false.append(position)
            yield line

    sha256 = sha256_of(lines())
    intact = sha256 == snapshot.sha256[kind.value] and count == snapshot.rows[kind.value]
    return Verified(kind, count, sha256, intact, kept, tuple(false))


def of_list(snapshot: Snapshot, kind: ListKind) -> list[ColumnElement[bool]]:
    return [
        SnapshotRow.province_code == snapshot.province_code,
        SnapshotRow.snapshot_id == snapshot.id,
        SnapshotRow.list == kind,
    ]


def erase_values(session: Session, province_code: str, entity_id: uuid.UUID) -> int:
    """Forget name, tax code and website of one subject in every frozen list; the lines still verify.

    The salt goes with them: without it nobody can try out names against the commitment. Returns how many lines.
    """
    erased = session.execute(
        update(SnapshotRow)
        .where(SnapshotRow.province_code == province_code, SnapshotRow.entity_id == entity_id, SnapshotRow.salt != "")
        .values(values={}, salt="")
        .returning(SnapshotRow.position)
        .execution_options(synchronize_session=False)
    )
    return len(erased.all())
