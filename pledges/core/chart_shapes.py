"""What charts are drawn with, before anybody knows whether it becomes a page or a PDF. Left, top is 0, 0."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Measure = Callable[[str, float, bool], float]
"""The width of a text at a size, bold or not."""

TEXT = 14.0
SMALL = 13.0
LEADING = 1.4
"""Capitals with two marks over letters with a dot below must not touch."""
ASCENT = 1.06


@dataclass(frozen=True)
class Box:
    """A rectangle; `look` names its colours and its pattern."""

    left: float
    top: float
    width: float
    height: float
    look: str


@dataclass(frozen=True)
class Line:
    left: float
    top: float
    right: float
    bottom: float
    look: str


@dataclass(frozen=True)
class Area:
    """A polygon."""

    points: tuple[tuple[float, float], ...]
    look: str


@dataclass(frozen=True)
class Label:
    """One line of text; `anchor` is the end of it that stands at `x`: start, middle or end."""

    x: float
    baseline: float
    text: str
    size: float
    width: float
    anchor: str = "start"
    bold: bool = False
    look: str = "text"

    @property
    def left(self) -> float:
        return self.x - {"start": 0.0, "middle": self.width / 2, "end": self.width}[self.anchor]

    @property
    def top(self) -> float:
        return self.baseline - self.size * ASCENT

    @property
    def height(self) -> float:
        return self.size * LEADING


Shape = Box | Line | Area | Label


@dataclass(frozen=True)
class Drawing:
    width: float
    height: float
    shapes: tuple[Shape, ...]


class Sheet:
    """A drawing in the making."""

    def __init__(self, width: float, measure: Measure) -> None:
        self.width = width
        self.measure = measure
        self.shapes: list[Shape] = []
        self._behind: list[Shape] = []

    def add(self, *shapes: Shape) -> None:
        self.shapes += shapes

    def add_behind(self, shape: Shape) -> None:
        self._behind.append(shape)

    def width_of(self, text: str, size: float = TEXT, *, bold: bool = False) -> float:
        return self.measure(text, size, bold)

    def write(
        self,
        x: float,
        top: float,
        text: str,
        *,
        size: float = TEXT,
        anchor: str = "start",
        bold: bool = False,
        look: str = "text",
    ) -> Label:
        label = Label(x, top + size * ASCENT, text, size, self.measure(text, size, bold), anchor, bold, look)
        self.shapes.append(label)
        return label

    def wrap(self, text: str, width: float, size: float = TEXT, *, bold: bool = False) -> list[str]:
        """Lines that fit; a word that is too wide for a line is cut between its letters."""
        lines: list[str] = []
        line = ""
        for word in text.split():
            longer = f"{line} {word}" if line else word
            if self.measure(longer, size, bold) <= width:
                line = longer
                continue
            if line:
                lines.append(line)
            line = word
            while len(line) > 1 and self.measure(line, size, bold) > width:
                fitting = self._fitting(line, width, size, bold)
                lines.append(line[:fitting])
                line = line[fitting:]
        return [*lines, line] if line else lines

    def _fitting(self, word: str, width: float, size: float, bold: bool) -> int:
        count = 1
        while count < len(word) - 1 and self.measure(word[: count + 1], size, bold) <= width:
            count += 1
        return count

    def drawing(self, height: float) -> Drawing:
        return Drawing(self.width, height, (*self._behind, *self.shapes))
