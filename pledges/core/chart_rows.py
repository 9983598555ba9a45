"""Rows with a bar each: the label beside it, or above it where the drawing is narrow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pledges.core.chart_shapes import LEADING, SMALL, TEXT, Line, Sheet

TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)

BAR = 19.0
GAP = 11.0
GAP_ABOVE = 17.0
COLUMN_GAP = 12.0
LINE = TEXT * LEADING
SMALL_LINE = SMALL * LEADING
MOST_FOR_LABELS = 0.36
LEAST_FOR_BARS = 170.0
NARROW = 480.0
EDGE = 1.0
"""Half a stroke is drawn outside of its rectangle and must not be cut off."""


@dataclass(frozen=True)
class Row:
    """A label and what is printed beside its bar: the figure that counts, and the one that explains it."""

    label: str
    figure: str
    note: str


@dataclass(frozen=True)
class Plot:
    """Where the bars stand, how wide labels may be, where the figures end; the notes end at the right edge."""

    left: float
    width: float
    labels: float
    figures: float
    above: bool

    @property
    def right(self) -> float:
        return self.left + self.width

    def at(self, ratio: float) -> float:
        """Beyond all there is nothing to draw: a bar ends at its full length."""
        return self.left + self.width * min(max(ratio, 0.0), 1.0)


def plot_above(sheet: Sheet) -> Plot:
    """Labels and figures in a line of their own, the bars as wide as the drawing."""
    return Plot(EDGE, sheet.width - 2 * EDGE, sheet.width, 0, above=True)


def plot_for(sheet: Sheet, rows: Sequence[Row]) -> Plot:
    """Beside the bars where these stay long enough to be compared."""
    labels = max((sheet.width_of(row.label) for row in rows), default=0.0)
    figures = max((sheet.width_of(row.figure, bold=True) for row in rows), default=0.0)
    notes = max((sheet.width_of(row.note, SMALL) for row in rows), default=0.0)
    labels = min(labels, sheet.width * MOST_FOR_LABELS)
    notes_left = sheet.width - notes
    figures_right = notes_left - (COLUMN_GAP if notes else 0)
    left = labels + COLUMN_GAP if labels else EDGE
    right = figures_right - (figures + COLUMN_GAP if figures else 0)
    if sheet.width < NARROW or right - left < LEAST_FOR_BARS:
        return plot_above(sheet)
    return Plot(left, right - left, labels, figures_right, above=False)


def place_rows(
    sheet: Sheet,
    top: float,
    rows: Sequence[Row],
    plot: Plot,
    draw: Callable[[int, float], bool],
    below: Callable[[int, float], float] | None = None,
    *,
    gap: float | None = None,
) -> float:
    """Write labels and figures of all rows and have their bars drawn; answers where the last row ends.

    `draw(index, top)` draws a bar and answers whether there was anything to draw; `below(index, top)` writes what
    stands under it and answers where that ends.
    """
    if gap is None:
        gap = GAP_ABOVE if plot.above else GAP
    bottom = top
    for index, row in enumerate(rows):
        if plot.above:
            bar_top = bottom = _write_above(sheet, top, row)
        else:
            bar_top, bottom = _write_beside(sheet, top, row, plot, centred=below is None)
        # A row without figures takes no room for a bar under its label.
        if draw(index, bar_top) or not plot.above:
            bottom = max(bottom, below(index, bar_top + BAR) if below else bar_top + BAR)
        top = bottom + gap
    return bottom


def _write_above(sheet: Sheet, top: float, row: Row) -> float:
    """Label and figures; answers where the bar begins."""
    lines = sheet.wrap(row.label, sheet.width)
    note = sheet.width_of(row.note, SMALL) + COLUMN_GAP if row.note else 0.0
    figure = sheet.width_of(row.figure, bold=True) + COLUMN_GAP if row.figure else 0.0
    for line in lines:
        sheet.write(0, top, line)
        top += LINE
    # The figures share the last line of the label where there is room.
    if lines and sheet.width_of(lines[-1]) + note + figure <= sheet.width:
        top -= LINE
    if row.note:
        _write_note(sheet, top, row.note)
    if row.figure:
        sheet.write(sheet.width - note, top, row.figure, bold=True, anchor="end")
    return top + LINE + 3


def _write_beside(sheet: Sheet, top: float, row: Row, plot: Plot, *, centred: bool) -> tuple[float, float]:
    """Label and figures; answers where the bar begins and where the label ends.

    Where something stands under the bars, they begin beside the first line of the label, else in the middle.
    """
    lines = sheet.wrap(row.label, plot.labels)
    height = max(len(lines), 1) * LINE
    middle = top + max(height if centred else LINE, BAR) / 2
    label_top = middle - (height if centred else LINE) / 2
    for number, line in enumerate(lines):
        sheet.write(0, label_top + number * LINE, line)
    if row.figure:
        sheet.write(plot.figures, middle - LINE / 2, row.figure, bold=True, anchor="end")
    if row.note:
        _write_note(sheet, middle - LINE / 2, row.note)
    return middle - BAR / 2, label_top + height


def _write_note(sheet: Sheet, top: float, note: str) -> None:
    """Smaller than the figure, on the same base line."""
    sheet.write(sheet.width, top + LINE - SMALL_LINE, note, size=SMALL, anchor="end", look="soft")


def dashed(sheet: Sheet, left: float, top: float, right: float, bottom: float) -> None:
    """The target: dashes in white surroundings, so that they are seen on a bar as well as beside it."""
    sheet.add(Line(left, top, right, bottom, "casing"), Line(left, top, right, bottom, "target"))


def target_sample(sheet: Sheet, text: str) -> float:
    """The name of the dashed line beside a piece of it; answers where that ends."""
    dashed(sheet, 0, SMALL_LINE / 2, 26, SMALL_LINE / 2)
    sheet.write(34, 0, text, size=SMALL)
    return SMALL_LINE


def write_within(sheet: Sheet, x: float, top: float, text: str, *, look: str = "soft") -> None:
    """A small text around `x`, moved as far as it must be to stay inside the drawing."""
    half = sheet.width_of(text, SMALL) / 2
    sheet.write(min(max(x, half), sheet.width - half), top, text, size=SMALL, anchor="middle", look=look)
