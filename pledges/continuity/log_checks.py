"""Whether the log of a restored copy is whole, and whether it is the one whose checkpoints others hold.

A copy that agrees with itself may still be an old or a shortened one. What was published cannot be taken back, so a
copy that lacks a published checkpoint has lost what it speaks of.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.continuity.checks import MARGIN, MOST_SAID, Check
from pledges.continuity.manifest import NotPossible
from pledges.core.db import Database
from pledges.product import Product
from pledges.transparency import notes, queries
from pledges.transparency.auditing import Auditing
from pledges.transparency.keys import LogKeyUnavailable
from pledges.transparency.models import Checkpoint

_SIGNATURE = "\u2014 "


@dataclass(frozen=True)
class Published:
    """What somebody outside of the copy holds of the log."""

    size: int
    root: bytes
    source: str


def read_checkpoints(file: Path, keys: Sequence[str]) -> list[Published]:
    """Signed notes as `/log/checkpoint` gives them or a letter carries them, one or several; `NotPossible` if none."""
    try:
        return checkpoints_in(file.read_text(encoding="utf-8"), keys, file.name)
    except (OSError, UnicodeDecodeError) as error:
        raise NotPossible(f"The checkpoint {file} cannot be read: {error}.") from error


def checkpoints_in(text: str, keys: Sequence[str], source: str) -> list[Published]:
    lines = [line.lstrip("> ").strip() for line in text.splitlines()]
    lines = [line for line in lines if line]
    found = []
    for place, line in enumerate(lines):
        if line.startswith(_SIGNATURE) and place >= 3:
            found.append(_read("\n".join([*lines[place - 3 : place], "", line, ""]), keys, source))
    if not found:
        raise NotPossible(f"{source} holds no checkpoint: save what /log/checkpoint answers, or the lines of a letter.")
    return found


def _read(note: str, keys: Sequence[str], source: str) -> Published:
    for key in keys:
        try:
            told = notes.read_checkpoint(note, key)
        except notes.WrongNote:
            continue
        return Published(told.size, told.root, source)
    raise NotPossible(f"A checkpoint in {source} is signed with none of the keys of this log, or was changed.")


def known_keys(product: Product, *sessions: Session) -> list[str]:
    """Our key as it lies in its file, and those that have signed what is stored."""
    found: dict[str, None] = {}
    key = product.log_worker().key
    if key.readable:
        with suppress(LogKeyUnavailable):
            found[key.verifier()] = None
    for session in sessions:
        found |= dict.fromkeys(session.scalars(select(Checkpoint.key).distinct()))
    return list(found)


def check_log(product: Product, restored: Database) -> Check:
    """`ops audit` on the copy; its files are looked at by others."""
    worker = product.log_worker()
    verifier = worker.key.verifier() if worker.key.readable else None
    report = Auditing(restored, worker.books, verifier).run()
    wrong = [f"The log of the copy is wrong: {fault}." for fault in report.faults[:MOST_SAID]]
    if len(report.faults) > MOST_SAID:
        wrong.append(f"The log of the copy has {len(report.faults)} faults in all.")
    return Check("log", report.size, wrong)


def check_published(copy: Session, published: Sequence[Published]) -> Check:
    """Every checkpoint that left the house is the beginning of the restored log."""
    return Check("checkpoints", len(published), list(_not_in(copy, published)))


def _not_in(copy: Session, published: Sequence[Published]) -> Iterator[str]:
    size = queries.size(copy)
    for told in published:
        if told.size > size:
            yield (
                f"LOST: {told.source} is a checkpoint over {told.size} entries, and the copy has {size}. "
                f"The entries {size} to {told.size - 1} were published and are not in this backup."
            )
        elif _root(copy, told.size) != told.root:
            yield (
                f"REWRITTEN: {told.source} says of the first {told.size} entries that their root is {told.root.hex()}; "
                "in the copy it is another one."
            )


def _root(session: Session, size: int) -> bytes | None:
    try:
        return queries.root_at(session, size)
    except KeyError:
        return None  # a subtree is missing: the audit names it


def of_running_system(live: Session, newest: datetime | None) -> list[Published]:
    """What the running system had signed before the copy was made."""
    if newest is None:
        return []
    signed = select(Checkpoint).where(Checkpoint.made_at < newest - MARGIN).order_by(Checkpoint.size.desc()).limit(1)
    found = live.scalar(signed)
    return [Published(found.size, found.root, "the running system")] if found is not None else []


def of_copy(copy: Session, live: Session) -> Check:
    """The other way round: the running system still has the log that the copy was made of."""
    made = queries.latest_checkpoint(copy)
    if made is None:
        return Check("running log", 0)
    told = Published(made.size, made.root, "the backup")
    size = queries.size(live)
    if size < told.size:
        said = f"The running log has {size} entries and had {told.size} when the backup was made."
    elif _root(live, told.size) != told.root:
        said = f"The running log says something else of its first {told.size} entries than when the backup was made."
    else:
        return Check("running log", size)
    return Check("running log", size, [said])
