"""One column for each quarter, where there is room for it."""

from __future__ import annotations

from collections.abc import Sequence

from pledges.core.chart_figures import NO_FIGURES, CoverageByQuarter, Share, Speech, share
from pledges.core.chart_rows import SMALL_LINE, TICKS, dashed, target_sample
from pledges.core.chart_shapes import SMALL, Box, Drawing, Line, Sheet

HEIGHT = 190.0
WIDEST_COLUMN = 64.0
BETWEEN = 8.0
ROOM_FOR_FIGURE = SMALL_LINE + 8
FOOT_GAP = 6.0


def lay_out_columns(sheet: Sheet, chart: CoverageByQuarter, speech: Speech) -> Drawing | None:
    """None where a text has no room under or in its column: quarters are then better drawn as rows."""
    axis = max(sheet.width_of(f"{round(tick * 100)}%", SMALL) for tick in TICKS) + 10
    slot = (sheet.width - axis) / chart.size
    room = slot - BETWEEN
    if max(sheet.width_of(word, SMALL, bold=True) for row in chart.rows for word in _words(row, speech)) > room:
        return None
    top = target_sample(sheet, chart.target_text(speech)) + 12 if chart.target is not None else SMALL_LINE / 2
    _grid(sheet, axis, top)
    target = None if chart.target is None else top + HEIGHT * (1 - chart.target)
    middles = [axis + slot * (index + 0.5) for index in range(chart.size)]
    for row, middle in zip(chart.rows, middles, strict=True):
        _column(sheet, row, middle, min(room, WIDEST_COLUMN), top)
    bottom = _feet(sheet, chart.rows, middles, room, top + HEIGHT + FOOT_GAP, speech)
    if target is not None:
        dashed(sheet, axis, target, sheet.width, target)
    for row, middle in zip(chart.rows, middles, strict=True):
        _figure(sheet, row, middle, top, target, speech)
    return sheet.drawing(bottom + 2)


def _words(row: Share, speech: Speech) -> list[str]:
    """What cannot be broken into lines."""
    figures = [speech.share(row.part, row.whole), *_fraction(row, speech)] if row.whole else []
    return [*row.label.split(), *(figures or speech.say(NO_FIGURES).split())]


def _fraction(row: Share, speech: Speech) -> tuple[str, str]:
    part, _, whole = speech.fraction(row.part, row.whole).partition("/")
    return f"{part}/", whole


def _grid(sheet: Sheet, left: float, top: float) -> None:
    for tick in TICKS:
        at = top + HEIGHT * (1 - tick)
        sheet.add(Line(left, at, sheet.width, at, "grid" if tick else "axis"))
        sheet.write(left - 8, at - SMALL_LINE / 2, f"{round(tick * 100)}%", size=SMALL, anchor="end", look="soft")


def _column(sheet: Sheet, row: Share, middle: float, width: float, top: float) -> None:
    found = min(share(row.part, row.whole) or 0.0, 1.0)
    if found:
        sheet.add(Box(middle - width / 2, top + HEIGHT * (1 - found), width, HEIGHT * found, "bar"))


def _figure(sheet: Sheet, row: Share, middle: float, top: float, target: float | None, speech: Speech) -> None:
    """The percentage, in its column or on a low one; the target line makes room for it."""
    found = share(row.part, row.whole)
    if found is None:
        return
    height = HEIGHT * min(found, 1.0)
    inside = height >= ROOM_FOR_FIGURE
    at = top + HEIGHT - height + (4 if inside else -SMALL_LINE - 3)
    text = speech.share(row.part, row.whole)
    if target is not None and at - 3 < target < at + SMALL_LINE + 3:
        width = sheet.width_of(text, SMALL, bold=True)
        sheet.add(Box(middle - width / 2 - 2, at, width + 4, SMALL_LINE, "bar" if inside else "paper"))
    look = "inside" if inside else "text"
    sheet.write(middle, at, text, size=SMALL, anchor="middle", bold=True, look=look)


def _feet(
    sheet: Sheet, rows: Sequence[Share], middles: Sequence[float], room: float, top: float, speech: Speech
) -> float:
    """The quarters, and under them how many of how many, all in the same lines; answers where they end."""
    whole = all(sheet.width_of("".join(_fraction(row, speech)), SMALL) <= room for row in rows if row.whole)
    labels = [sheet.wrap(row.label, room, SMALL) for row in rows]
    notes = []
    for row in rows:
        parts = _fraction(row, speech)
        fraction = ["".join(parts)] if whole else [*parts]
        notes.append(fraction if row.whole else sheet.wrap(speech.say(NO_FIGURES), room, SMALL))
    notes_top = top + max(map(len, labels)) * SMALL_LINE
    for middle, label, note in zip(middles, labels, notes, strict=True):
        _write_lines(sheet, middle, top, label, "text")
        _write_lines(sheet, middle, notes_top, note, "soft")
    return notes_top + max(map(len, notes)) * SMALL_LINE


def _write_lines(sheet: Sheet, middle: float, top: float, lines: Sequence[str], look: str) -> None:
    for number, line in enumerate(lines):
        sheet.write(middle, top + number * SMALL_LINE, line, size=SMALL, anchor="middle", look=look)
