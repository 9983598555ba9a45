"""What the draft of a report consists of, before anybody knows how it is laid out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pledges.core.chart_figures import Chart


@dataclass(frozen=True)
class Words:
    """Paragraphs; line feeds begin new ones."""

    text: str
    to_write: bool = False
    """An invitation to whoever edits the draft, marked as such."""


@dataclass(frozen=True)
class Note:
    """What a reader has to know about the figures above."""

    text: str


@dataclass(frozen=True)
class Heading:
    text: str


@dataclass(frozen=True)
class Grid:
    """A table; its cells are as they are to be printed."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    texts: Mapping[int, int] = field(default_factory=lambda: {0: 1})
    """The columns that hold words, with how wide they are in relation to each other; all others hold numbers."""
    sums: int = 0
    """How many of the last rows are sums."""


@dataclass(frozen=True)
class Picture:
    chart: Chart


Part = Words | Note | Heading | Grid | Picture


@dataclass(frozen=True)
class Chapter:
    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class ReportContent:
    """All text of one draft; numbers of chapters, tables and annexes follow from their order."""

    superior: str
    """Who stands above the agency; empty where nobody does."""
    agency: str
    symbol: str
    """"BC-SCT": what follows the blank for the number."""
    place: str
    year: int
    abstract: str
    """Trích yếu."""
    addressees: tuple[str, ...]
    bases: tuple[str, ...]
    """Căn cứ, without the marks at their ends."""
    opening: str
    chapters: tuple[Chapter, ...]
    closing: str
    copies: tuple[str, ...]
    """Nơi nhận besides those addressed."""
    signing_title: tuple[str, ...]
    drafted_at: datetime
    annexes: tuple[Chapter, ...] = field(default=())


_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X")


def roman(place: int) -> str:
    """The number of the first one is that of place 0."""
    return _ROMAN[place]


def annex_name(place: int, count: int) -> str:
    """The only one has no number."""
    return f"Phụ lục {roman(place)}" if count > 1 else "Phụ lục"
