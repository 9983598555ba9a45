"""Bringing the rows of an import into the register, chunk by chunk; every chunk is matched again first."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, or_, select, update
from sqlalchemy.orm import Session

from pledges.audit.operations import Actor
from pledges.core.crashpoints import crash_point
from pledges.core.secrecy import Vault
from pledges.imports.candidates import Known, RowKeys
from pledges.imports.checking import NEEDS_PERSON, Verdict, as_new, as_same, judge, keys_of, source_of, take_in
from pledges.imports.errors import Reason
from pledges.imports.models import ClashDecision, Import, ImportPurpose, ImportRow, RowOutcome
from pledges.imports.rows import ParsedRow
from pledges.imports.states import Key
from pledges.imports.totals import final_totals
from pledges.imports.writing import Writing, known_communes, lock_entities
from pledges.registry.matching import take_turns_for
from pledges.registry.models import Entity

RecordPaper = Callable[[Session, Import, ParsedRow, Entity, datetime], Reason | None]
"""Records the paper pledge that a row tells of; returns why it was not recorded, or None."""

WatchOthers = Callable[[Session, Import, Sequence[tuple[uuid.UUID, str]], datetime], None]
"""Told of the channels (entity of the row, address) that rows name although they belong to somebody else."""

USED = (RowOutcome.NEW, RowOutcome.MATCHED, RowOutcome.ADDS)
ADDED = "added"
"""The key in `ImportRow.parsed` under which stands what the row added to an entity that was there before."""


@dataclass(frozen=True)
class Applying:
    """What bringing rows into the register needs besides the database."""

    vault: Vault
    record_paper: RecordPaper | None = None
    watch_others: WatchOthers | None = None


@dataclass
class Applied:
    """What a chunk did: for the totals of the import."""

    channels_added: int = 0
    channels_matched: int = 0
    papers: int = 0
    papers_refused: int = 0
    outcomes: Counter[RowOutcome] = field(default_factory=Counter)

    def add_to(self, totals: Mapping[str, Any]) -> dict[str, Any]:
        own = {
            "channels_added": self.channels_added,
            "channels_matched": self.channels_matched,
            "papers": self.papers,
            "papers_refused": self.papers_refused,
        }
        return {**totals, **{name: int(totals.get(name, 0)) + number for name, number in own.items()}}


def applicable() -> ColumnElement[bool]:
    """Rows that go into the register: understood and clear, or decided by a person."""
    decided = and_(
        ImportRow.outcome == RowOutcome.CLASH, ImportRow.decision.in_((ClashDecision.SAME, ClashDecision.NEW))
    )
    return and_(or_(ImportRow.outcome.in_(USED), decided), ImportRow.applied_at.is_(None))


def next_rows(session: Session, key: Key, after: int, limit: int) -> list[ImportRow]:
    """The next rows that are to be applied, locked."""
    return list(
        session.scalars(
            select(ImportRow)
            .where(
                ImportRow.province_code == key[0], ImportRow.import_id == key[1], ImportRow.number > after, applicable()
            )
            .order_by(ImportRow.number)
            .limit(limit)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )


def apply_rows(
    session: Session, import_: Import, rows: Sequence[ImportRow], *, applying: Applying, actor: Actor, now: datetime
) -> Applied:
    """Bring these rows into the register and mark them, all in the transaction of the caller."""
    if not rows:
        return Applied()
    province_code = import_.province_code
    parsed = [ParsedRow.from_json(row.parsed, applying.vault) for row in rows]
    keys = [keys_of(row, applying.vault) for row in parsed]
    take_turns_for(session, _marks(keys), province_code=province_code, now=now)
    known = Known()
    decided = {row.entity_id for row in rows if row.decision is ClashDecision.SAME and row.entity_id is not None}
    known.load(session, province_code, keys, source_of(import_), decided)
    writing = Writing(
        session, import_, actor, now, applying.vault, communes=known_communes(session, province_code, parsed)
    )
    chunk = _Chunk(import_, known, writing, now)
    for row, row_keys in zip(rows, keys, strict=True):
        chunk.take(row, row_keys)
    lock_entities(session, province_code, chunk.changed)
    crash_point("import.before_write")
    writing.flush()
    if import_.purpose is ImportPurpose.PAPER_PLEDGES and applying.record_paper is not None:
        chunk.record_papers(session, applying.record_paper)
    if chunk.of_others and applying.watch_others is not None:
        session.flush()
        applying.watch_others(session, import_, chunk.of_others, now)
    chunk.mark_rows(session)
    return chunk.applied


def apply_decided_row(
    session: Session, import_: Import, row: ImportRow, *, applying: Applying, actor: Actor, now: datetime
) -> None:
    """Bring one row whose clash was decided after the commit into the register."""
    applied = apply_rows(session, import_, [row], applying=applying, actor=actor, now=now)
    session.refresh(row)
    import_.totals = applied.add_to(import_.totals)
    import_.totals = final_totals(session, import_)


def _marks(keys: Sequence[RowKeys]) -> list[str]:
    """For what these rows wait their turn: one list at a time, and no declaration about the same meanwhile."""
    marks = {"import"}
    for each in keys:
        marks.update(f"channel:{channel.address}" for channel in each.row.channels)
        marks.update(f"email:{value}" for value in each.row.emails)
        if each.row.tax_code:
            marks.add(f"tax:{each.row.tax_code}")
        if each.number_hash:
            marks.add(f"number:{each.number_hash}")
    return sorted(marks)


@dataclass
class _Chunk:
    """Some rows on their way into the register."""

    import_: Import
    known: Known
    writing: Writing
    now: datetime
    applied: Applied = field(default_factory=Applied)
    changed: set[uuid.UUID] = field(default_factory=set)
    """Entities that were there before and get something."""
    used: list[tuple[ImportRow, ParsedRow, uuid.UUID]] = field(default_factory=list)
    of_others: list[tuple[uuid.UUID, str]] = field(default_factory=list)
    """Channels that rows name for one entity and that belong to another: only where a person has said who it is."""
    marks: dict[int, dict[str, Any]] = field(default_factory=dict)
    """Per row what is noted beside the time; nothing where the preview was right."""

    def take(self, row: ImportRow, keys: RowKeys) -> None:
        verdict = self._verdict(row, keys)
        if verdict.entity_id is None:
            self.marks[row.number] = _mark(row, verdict, {}, applied_at=None)
            return
        candidate = None if verdict.outcome is RowOutcome.NEW else self.known.get(verdict.entity_id)
        if candidate is not None and candidate.stored:
            self.changed.add(candidate.id)
        if row.decision is not None:
            self.of_others += _of_others(keys, verdict.entity_id, self.known)
        added = self.writing.add(keys, verdict, sighted=candidate is not None and candidate.seen)
        take_in(keys, verdict, self.known)
        self.known.get(verdict.entity_id).seen = True
        self.applied.channels_added += len(verdict.additions.channels)
        self.applied.channels_matched += verdict.matched_channels
        self.used.append((row, keys.row, verdict.entity_id))
        foreseen = verdict.outcome is row.outcome and verdict.entity_id == row.entity_id
        self.marks[row.number] = {} if foreseen and not added else _mark(row, verdict, added, applied_at=self.now)

    def _verdict(self, row: ImportRow, keys: RowKeys) -> Verdict:
        if row.decision is ClashDecision.NEW:
            return as_new(keys, self.known)
        if row.decision is ClashDecision.SAME and row.entity_id is not None:
            end = self.known.end_of(row.entity_id)
            if end is None:
                # The row that would have brought the entity led to another one, or the entity was taken back.
                return Verdict(RowOutcome.CLASH, ((NEEDS_PERSON, {}),))
            return as_same(keys, self.known, end)
        verdict = judge(keys, self.known, self.import_.province_code)
        if verdict.outcome is RowOutcome.NEW and row.outcome is RowOutcome.NEW and row.entity_id is not None:
            # Clashes of the file were decided against the id that the preview gave.
            return replace(verdict, entity_id=row.entity_id)
        return verdict

    def record_papers(self, session: Session, record_paper: RecordPaper) -> None:
        """Record the paper pledge of every row; a refusal stands among the reasons of its row."""
        for row, parsed, entity_id in self.used:
            entity = session.get_one(Entity, (self.import_.province_code, entity_id))
            refusal = record_paper(session, self.import_, parsed, entity, self.now)
            self.applied.papers += refusal is None
            self.applied.papers_refused += refusal is not None
            if refusal is not None:
                mark = self.marks[row.number] or _mark(row, None, {}, applied_at=self.now)
                self.marks[row.number] = {**mark, "reasons": [list(refusal), *mark["reasons"]]}

    def mark_rows(self, session: Session) -> None:
        """Note what became of each row, in the transaction that did it: no row is ever applied twice."""
        of_import = (
            ImportRow.province_code == self.import_.province_code,
            ImportRow.import_id == self.import_.id,
        )
        foreseen = [number for number, mark in self.marks.items() if not mark]
        session.execute(
            update(ImportRow)
            .where(*of_import, ImportRow.number.in_(foreseen))
            .values(applied_at=self.now)
            .execution_options(synchronize_session=False)
        )
        marks = [{"row_number": number, **mark} for number, mark in self.marks.items() if mark]
        if marks:
            names = [name for name in marks[0] if name != "row_number"]
            session.connection().execute(
                update(ImportRow)
                .where(*of_import, ImportRow.number == bindparam("row_number"))
                .values({name: bindparam(f"new_{name}") for name in names}),
                [{"row_number": mark["row_number"], **{f"new_{name}": mark[name] for name in names}} for mark in marks],
            )


def _of_others(keys: RowKeys, entity_id: uuid.UUID, known: Known) -> list[tuple[uuid.UUID, str]]:
    owners = {channel.address: known.channel(channel.address) for channel in keys.row.channels}
    return [
        (entity_id, address)
        for address, found in owners.items()
        if found is not None and found[1] not in (None, entity_id)
    ]


def _mark(
    row: ImportRow, verdict: Verdict | None, added: dict[str, Any], *, applied_at: datetime | None
) -> dict[str, Any]:
    """What is noted of a row of which the register made something else than the preview said."""
    changed = verdict is not None and verdict.outcome is not row.outcome
    reasons = [list(reason) for reason in verdict.reasons] if verdict is not None and changed else row.reasons
    others = [str(each) for each in verdict.other_ids] if verdict is not None else []
    return {
        "outcome": verdict.outcome if verdict is not None else row.outcome,
        "entity_id": verdict.entity_id if verdict is not None else row.entity_id,
        "reasons": reasons,
        "other_ids": others or row.other_ids,
        "decision": row.decision if applied_at is not None else None,
        "parsed": {**row.parsed, ADDED: added} if added else row.parsed,
        "applied_at": applied_at,
    }
