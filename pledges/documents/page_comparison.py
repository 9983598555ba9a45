"""Whether the pages of a file that is not ours byte for byte look like those that we issued; never a proof."""

from __future__ import annotations

import json
import math
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pledges.core.children import ENVIRONMENT, ROOT, Places, command
from pledges.core.errors import N_, DomainError
from pledges.documents.page_child import MOST_PAGES
from pledges.documents.validation import too_complex

CHILD = "pledges.documents.page_child"
SECOND_CHILD = "pledges.documents.page_compare_child"
WALL_SECONDS = {CHILD: 5.0, SECOND_CHILD: 8.0}
"""Longer than they may work: the machine may be busy with others."""
LONGEST_WAIT_SECONDS = 2.0
MOST_ORIGINALS = 5
MOST_ANSWER = 60 * 1024 * 1024
"""Drawn pages pack to half a megabyte each, photographs to some more."""
_MOST_CODES = 5


class DrawingBusy(DomainError):
    """All places for drawing pages are taken."""

    status = 503


_places = Places(
    lambda: DrawingBusy(N_("Đang có nhiều người kiểm tra tệp cùng lúc. Hãy thử lại sau một phút.")),
    wait_seconds=LONGEST_WAIT_SECONDS,
)


class PageKind(StrEnum):
    SAME = "same"
    DIFFERS = "differs"
    """In places that can be named."""
    OTHER = "other"
    """So little in common that it is another page, or a photograph."""
    ADDED = "added"
    """The file that we issued has no such page."""
    UNCOMPARED = "uncompared"
    """There was no time left for it."""


class Looks(StrEnum):
    SAME = "same"
    DIFFERENT = "different"
    UNSURE = "unsure"
    """The pages look the same here, but the file has parts that other programs may show otherwise."""
    INCOMPARABLE = "incomparable"
    """A scan, a photograph or another paper: no page is like ours."""
    FAILED = "failed"
    """It could not be drawn, or not in time."""


@dataclass(frozen=True)
class DrawnFile:
    """What a capped child drew of a stranger's file; the pixels are for the second child alone."""

    packed: bytes
    codes: tuple[str, ...] = ()
    """Codes of ours in the text of its pages."""
    too_many_pages: bool = False


@dataclass(frozen=True)
class ComparedPage:
    number: int
    kind: PageKind
    exact: bool = True
    notes: bool = False
    """Notes, fields or stamps lie on it that the original has not."""
    original: bytes = b""
    """JPEG, only where it was asked to look closely."""
    upload: bytes = b""


@dataclass(frozen=True)
class PageComparison:
    looks: Looks
    pages: tuple[ComparedPage, ...] = ()
    missing: int = 0
    """How many pages of the original are not there."""
    original: int = 0
    """Which of the files that were given it was compared with."""

    @property
    def different(self) -> tuple[int, ...]:
        """The numbers of the pages that differ."""
        return tuple(page.number for page in self.pages if page.kind not in {PageKind.SAME, PageKind.UNCOMPARED})

    @property
    def redrawn(self) -> bool:
        return any(not page.exact for page in self.pages)


def draw_file(data: bytes, until: float = math.inf) -> DrawnFile | None:
    """The pages of a stranger's file; None where nothing can be drawn, or not `until` then. Raises `DrawingBusy`."""
    if too_complex(data):
        return None
    answer = _ask(CHILD, data, until)
    said = _head(answer)
    if said.get("problem") == "too_many_pages":
        return DrawnFile(b"", too_many_pages=True)
    if not isinstance(said.get("pages"), list) or not said["pages"]:
        return None
    codes = [code for code in said.get("codes", ()) if isinstance(code, str) and len(code) <= 40]
    return DrawnFile(answer, tuple(codes[:_MOST_CODES]))


def compare_pages(
    drawn: DrawnFile | None,
    originals: Sequence[bytes],
    *,
    closely: bool,
    layered: bool,
    until: float = math.inf,
) -> PageComparison:
    """Lay the drawn pages over each of our files and say how the nearest compares.

    `closely`: with pictures of our pages, for those who may see them. `layered`: the file has parts that programs may
    switch on and off, so that it never simply looks the same. `until`: when to give up, as `time.monotonic` counts.
    Raises `DrawingBusy`.
    """
    if drawn is not None and drawn.too_many_pages:
        return PageComparison(Looks.INCOMPARABLE)
    if drawn is None or not originals:
        return PageComparison(Looks.FAILED)
    asked = {"drawn": len(drawn.packed), "originals": [len(each) for each in originals], "closely": closely}
    answer = _ask(SECOND_CHILD, b"".join((json.dumps(asked).encode(), b"\n", drawn.packed, *originals)), until)
    try:
        return _read(answer, layered=layered)
    except (ValueError, KeyError, TypeError, IndexError):
        return PageComparison(Looks.FAILED)


def _ask(child: str, data: bytes, until: float) -> bytes:
    """One child; whatever it has become, it is stopped in time and fills no memory but its own."""
    seconds = min(WALL_SECONDS[child], until - time.monotonic())
    if seconds <= 0:
        return b""
    with _places.one(), tempfile.TemporaryFile() as sent:
        sent.write(data)
        sent.seek(0)
        with subprocess.Popen(  # noqa: S603 - our own modules, no shell
            command(child),
            stdin=sent,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env=ENVIRONMENT,
        ) as process:
            stop = threading.Timer(seconds, process.kill)
            stop.start()
            try:
                answer = process.stdout.read(MOST_ANSWER + 1) if process.stdout is not None else b""
                if len(answer) > MOST_ANSWER:
                    process.kill()
                failed = process.wait() != 0
            finally:
                stop.cancel()
    return b"" if failed else answer


def _head(answer: bytes) -> dict[str, Any]:
    try:
        said = json.loads(answer.partition(b"\n")[0][:100_000])
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _read(answer: bytes, *, layered: bool) -> PageComparison:
    said = _head(answer)
    sizes, rest, pictures = list(said["pictures"]), answer.partition(b"\n")[2], []
    for size in sizes:
        pictures.append(rest[:size])
        rest = rest[size:]
    pages = []
    for number, page in enumerate(said["pages"][:MOST_PAGES], start=1):
        count = int(page["pictures"])
        mine, pictures = pictures[:count], pictures[count:]
        kind = PageKind(page["kind"])
        shown = [b"", *mine][-2:] if mine else [b"", b""]
        pages.append(ComparedPage(number, kind, bool(page["exact"]), bool(page["notes"]), shown[0], shown[1]))
    missing = int(said["missing"])
    return PageComparison(_looks(pages, missing, layered=layered), tuple(pages), missing, int(said["original"]))


def _looks(pages: Sequence[ComparedPage], missing: int, *, layered: bool) -> Looks:
    kinds = {page.kind for page in pages}
    if kinds <= {PageKind.OTHER, PageKind.ADDED}:
        return Looks.INCOMPARABLE
    if missing or kinds & {PageKind.DIFFERS, PageKind.OTHER, PageKind.ADDED}:
        return Looks.DIFFERENT
    if PageKind.UNCOMPARED in kinds:
        return Looks.FAILED
    return Looks.UNSURE if layered or any(page.notes for page in pages) else Looks.SAME
