"""What has changed between two versions of a wording, word by word, for the person who approves the newer one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from pledges.plans.wording_preview import PreviewLine

_PIECES = re.compile(r"\s+|[^\s]+")
_ALIKE = 0.4
"""Below, two paragraphs are no versions of one another, and showing them word by word would only confuse."""


class Mark(StrEnum):
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True)
class Piece:
    mark: Mark
    text: str


@dataclass(frozen=True)
class ChangedLine:
    pieces: tuple[Piece, ...]

    @property
    def mark(self) -> Mark:
        """Of a paragraph that is wholly new or wholly gone; `SAME` where parts of it have changed."""
        marks = {piece.mark for piece in self.pieces if piece.text.strip()}
        return next(iter(marks)) if len(marks) == 1 else Mark.SAME


def difference(before: Sequence[PreviewLine], after: Sequence[PreviewLine]) -> list[ChangedLine]:
    """Only what has changed, in the order of the paper; conditions and labels count as words of their line."""
    old, new = [_words(line) for line in before], [_words(line) for line in after]
    return [line for line in _lines(old, new) if any(piece.mark is not Mark.SAME for piece in line.pieces)]


def _words(line: PreviewLine) -> str:
    label = f"{line.label} " if line.label and not line.label.rstrip(".").isdecimal() else ""
    condition = f" (chỉ in {line.condition})" if line.condition else ""
    return f"{label}{line.text}{condition}"


def _lines(old: Sequence[str], new: Sequence[str]) -> Iterator[ChangedLine]:
    for kind, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        yield from _replaced(old[i:j], new[k:m])


def _replaced(old: Sequence[str], new: Sequence[str]) -> Iterator[ChangedLine]:
    """Each new paragraph beside the most similar old one that is still free and stands behind the last one used."""
    start = 0
    for text in new:
        best = max(range(start, len(old)), key=lambda index: _likeness(old[index], text), default=None)
        if best is None or _likeness(old[best], text) < _ALIKE:
            yield ChangedLine((Piece(Mark.ADDED, text),))
            continue
        yield from (ChangedLine((Piece(Mark.REMOVED, gone),)) for gone in old[start:best])
        yield ChangedLine(tuple(_pieces(old[best], text)))
        start = best + 1
    yield from (ChangedLine((Piece(Mark.REMOVED, gone),)) for gone in old[start:])


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one.split(), other.split(), autojunk=False).ratio()


def _pieces(old: str, new: str) -> Iterator[Piece]:
    before, after = _PIECES.findall(old), _PIECES.findall(new)
    for kind, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            yield Piece(Mark.SAME, "".join(after[k:m]))
            continue
        if gone := "".join(before[i:j]):
            yield Piece(Mark.REMOVED, gone)
        if come := "".join(after[k:m]):
            yield Piece(Mark.ADDED, come)
