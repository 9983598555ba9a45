"""Reckoning the whole log anew, from the bodies of its entries up, and asking whether what they speak of is still so.

Every stored hash is compared with what lies directly below it: a changed body with its leaf, a subtree with its two
halves, a checkpoint with the root. So each change is named where it was made. Entries are read in chunks, each in one
state of the database; what is appended meanwhile is left to the next audit.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.core.db import Database
from pledges.documents.storage import Storage
from pledges.transparency import notes, queries, tree
from pledges.transparency.books import Book, Fault, Said
from pledges.transparency.fact_batches import KIND as SEALED_FACTS
from pledges.transparency.fact_batches import count_of, facts_in, facts_left_out, sealed_hash
from pledges.transparency.models import Checkpoint, LogEntry, LogHead, LogNode
from pledges.transparency.operations import HEAD, canonical, time_text

CHUNK = 500
MOST_FAULTS = 1000
"""After so many nobody reads on."""
MARK = "audit"
LOG = uuid.UUID("00000000-0000-4000-8000-000000000109")
COMPLETE = "log.complete"
"""The entry, about the log itself, that says: whatever is older than the log has been entered."""


@dataclass
class Report:
    """What an audit has looked at and found."""

    size: int
    root: str = ""
    checkpoints: int = 0
    facts: int = 0
    faults: list[Fault] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.faults

    def to_json(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "entries": self.size,
            "root": self.root,
            "checkpoints": self.checkpoints,
            "facts": self.facts,
            "faults": [str(fault) for fault in self.faults],
            "notices": self.notices,
        }


@dataclass(frozen=True)
class Auditing:
    """`verifier`: the key that signs checkpoints now; without it their signatures are held against their own keys."""

    database: Database
    books: Sequence[Book]
    verifier: str | None = None
    chunk: int = CHUNK

    def run(self, storage: Storage | None = None, *, every: int = 1, turn: int = 0) -> Report:
        """All of it; with a storage the files that entries name are read too: all, or every so many chunks in turns."""
        with self.database.read() as session:
            report = Report(queries.size(session))
            head = session.get(LogHead, HEAD)
        if (told := head.size if head is not None else 0) != report.size:
            report.faults.append(Fault(report.size, f"the head of the log says that there are {told} entries"))
        growing = _Growing()
        for start in range(0, report.size, self.chunk):
            with self.database.read() as session:
                end = min(start + self.chunk, report.size)
                files = storage if start // self.chunk % every == turn % every else None
                report.faults += self._look(session, start, end, growing, report, files)
            if len(report.faults) >= MOST_FAULTS:
                return report
        report.root = growing.root().hex()
        with self.database.read() as session:
            report.faults += self._after_all(session, growing, report)
        return report

    def _look(
        self, session: Session, start: int, end: int, growing: _Growing, report: Report, storage: Storage | None
    ) -> Iterator[Fault]:
        found = {each.index: each for each in queries.entries(session, start, end - start) if each.index < end}
        signed = select(Checkpoint).where(Checkpoint.size > start, Checkpoint.size <= end)
        checkpoints = {each.size: each for each in session.scalars(signed)}
        said: list[Said] = []
        for index in range(start, end):
            entry = found.get(index)
            if entry is None:
                yield Fault(index, "it is not there")
                growing.add(tree.leaf_hash(b""))
            else:
                yield from _check_row(entry)
                growing.add(tree.leaf_hash(entry.body.encode()))
                if (one := _said(entry)) is not None:
                    said.append(one)
                    yield from growing.note(one)
            if index + 1 in checkpoints:
                report.checkpoints += 1
                yield from self._check_checkpoint(checkpoints[index + 1], growing, report)
        yield from _check_nodes(session, start, end)
        for book in self.books:
            of_book = [each for each in said if each.kind.partition(".")[0] == book.object_kind]
            if of_book:
                yield from _guarded(of_book, partial(_check_book, book, session, storage))
        for each in said:
            if each.kind == SEALED_FACTS:
                yield from _guarded([each], partial(_check_facts, session, report))

    def _check_checkpoint(self, made: Checkpoint, growing: _Growing, report: Report) -> Iterator[Fault]:
        where = f"the checkpoint over {made.size} entries"
        first, growing.signed = growing.signed, made.size
        if made.root != growing.root() and not growing.apart:
            growing.apart = True
            yield Fault(made.size - 1, f"{where} has another root: an entry from {first} on is not what was signed")
        try:
            told = notes.read_checkpoint(made.note, made.key)
            if (told.size, told.root) != (made.size, made.root):
                raise notes.WrongNote("it says something else than its row")
        except notes.WrongNote as error:
            yield Fault(made.size - 1, f"{where} is not what was signed: {error}")
        if made.made_at < (growing.made_at or made.made_at):
            yield Fault(made.size - 1, f"{where} is older than the one before it")
        growing.made_at = made.made_at
        if self.verifier is None or made.key == self.verifier:
            growing.own_key = True
        elif growing.own_key:
            yield Fault(made.size - 1, f"{where} is signed with another key than ours")
        else:
            growing.former_keys.add(made.key)

    def _after_all(self, session: Session, growing: _Growing, report: Report) -> Iterator[Fault]:
        beyond = session.scalars(select(Checkpoint).where(Checkpoint.size > queries.size(session)))
        for made in beyond:
            yield Fault(made.size - 1, f"it is not there, but the checkpoint over {made.size} entries was signed")
        if growing.former_keys:
            report.notices.append(f"signed with former keys: {', '.join(sorted(growing.former_keys))}")
        now = queries.size(session)
        nodes = session.scalar(select(func.count()).select_from(LogNode)) or 0
        if nodes > sum(now >> level for level in range(1, now.bit_length())):
            yield Fault(None, "there are more subtrees than the log is long")
        left_out = facts_left_out(session)
        if left_out > 0:
            yield Fault(None, f"facts that stand before sealed ones and are in no batch: {left_out}")
        if growing.complete:
            for book in self.books:
                yield from book.missing(session)


class _Growing:
    """The tree as the bodies make it, and what the checkpoints on the way have said."""

    def __init__(self) -> None:
        self.size = 0
        self.signed = 0
        self.apart = False
        self.complete = False
        self.own_key = False
        self.made_at: datetime | None = None
        self.former_keys: set[str] = set()
        self._complete: dict[tree.Place, bytes] = {}

    def add(self, leaf: bytes) -> None:
        self._complete |= dict(tree.grow(self.size, leaf, self._complete))
        self.size += 1
        self._complete = {place: self._complete[place] for place in tree.complete_subtrees(0, self.size)}

    def note(self, said: Said) -> Iterator[Fault]:
        """Whoever slips a pledge into the database cannot have it entered as if it had always been there."""
        if self.complete and said.kind in (COMPLETE, "pledge.found", "round.found"):
            yield Fault(said.index, "it was entered as older than the log when all of that had been entered")
        self.complete = self.complete or said.kind == COMPLETE

    def root(self) -> bytes:
        return tree.hash_of_part(0, self.size, self._complete)


def _check_row(entry: LogEntry) -> Iterator[Fault]:
    """The body is the leaf, and the columns beside it say the same."""
    if tree.leaf_hash(entry.body.encode()) != entry.leaf_hash:
        yield Fault(entry.index, "its body is not what its leaf was made of")
    columns = {
        "index": entry.index,
        "kind": entry.kind,
        "object": {"kind": entry.object_kind, "id": str(entry.object_id)},
        "at": time_text(entry.recorded_at),
    }
    try:
        body = json.loads(entry.body)
        same = canonical(body) == entry.body and {name: body.get(name) for name in columns} == columns
    except (ValueError, AttributeError):
        same = False
    if not same:
        yield Fault(entry.index, "its columns do not say what its body says")


def _said(entry: LogEntry) -> Said | None:
    try:
        return Said.of(entry)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _guarded(said: list[Said], check: Callable[[list[Said]], Iterator[Fault]]) -> Iterator[Fault]:
    """A body that was changed may lack what a check needs: then that entry alone is named."""
    try:
        yield from list(check(said))
    except (KeyError, ValueError, TypeError, AttributeError):
        if len(said) == 1:
            yield Fault(said[0].index, "what it says cannot be read")
            return
        for each in said:
            yield from _guarded([each], check)


def _check_nodes(session: Session, start: int, end: int) -> Iterator[Fault]:
    """Every subtree that ends in this part is the hash of its two halves, as they are stored."""
    wanted = {
        (level, last >> level)
        for last in range(start, end)
        for level in range(1, (last + 1 & -(last + 1)).bit_length())
    }
    halves = {(level - 1, number * 2 + side) for level, number in wanted for side in (0, 1)}
    stored = queries.hashes_at(session, wanted | halves)
    for level, number in sorted(wanted):
        left, right = (stored.get((level - 1, number * 2 + side)) for side in (0, 1))
        made_of = tree.node_hash(left, right) if left is not None and right is not None else None
        if stored.get((level, number)) != made_of or made_of is None:
            first, last = number << level, (number + 1 << level) - 1
            yield Fault(last, f"the subtree of the entries {first} to {last} is not the hash of its halves")


def _check_book(book: Book, session: Session, storage: Storage | None, said: list[Said]) -> Iterator[Fault]:
    return book.check(session, said, storage)


def _check_facts(session: Session, report: Report, only: list[Said]) -> Iterator[Fault]:
    said = only[0]
    ranges = [(int(first), int(last)) for first, last in said.data["ranges"]]
    rows = list(facts_in(session, ranges))
    report.facts += len(rows)
    if len(rows) != count_of(ranges) or len(rows) != said.data["count"]:
        yield Fault(said.index, f"{said.data['count']} facts were sealed and {len(rows)} are there")
    elif sealed_hash(rows) != said.data["sha256"]:
        yield Fault(said.index, f"a fact between {said.data['first']} and {said.data['last']} was changed")
