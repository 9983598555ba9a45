"""Charts as SVG in the page: classes only, because the policy forbids styles; every figure is in words as well."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from markupsafe import Markup, escape
from reportlab.pdfbase import pdfmetrics

from pledges.core.chart_figures import Chart, Speech, StackedGroups, Table, in_pieces
from pledges.core.chart_shapes import Box, Drawing, Label, Line, Measure, Shape
from pledges.core.charts import NARROW, WIDE, lay_out
from pledges.documents.fonts import Faces, default_faces, one_at_a_time
from pledges.web.i18n import number_text, percent_text, translate

KEY = re.compile(r"[a-z][a-z0-9-]*")

# The face of the reader is not known: Noto Sans is as wide as the one that is measured, others are a little wider.
ALLOWANCE = 1.08

MOST_BARS, MOST_STACKS = 25, 11
"""So many rows fit on one page when the page of the browser is printed."""

# The marks are small drawings that are repeated; what has none is told by its colour being solid or empty.
PATTERNS = {
    "group-2": (7, "M-2 2L2 -2M0 7L7 0M5 9L9 5"),
    "group-3": (7, "M2 3.5H4.5"),
    "group-4": (6, "M0 3H6"),
    "group-5": (8, "M0 0L8 8M8 0L0 8"),
}


@dataclass(frozen=True)
class ChartFigure:
    """What `templates/components/chart.html` shows."""

    title: str
    note: str
    wide: tuple[Markup, ...]
    narrow: tuple[Markup, ...]
    table: Table


def page_speech() -> Speech:
    """In the language of the page; for one page only, because it remembers what it has said."""
    # Every figure is said four times: in two pictures, in the words for those who cannot see them, in the table.
    return Speech(say=translate, number=functools.cache(number_text), percent=functools.cache(percent_text))


def chart_figure(key: str, chart: Chart, *, note: str = "") -> ChartFigure:
    """A chart for a page; `key` is its name there (small letters, digits, hyphens) and must not stand twice."""
    if not KEY.fullmatch(key):
        raise ValueError(f"not a key for a chart: {key!r}")
    speech = page_speech()
    pieces = in_pieces(chart, MOST_STACKS if isinstance(chart, StackedGroups) else MOST_BARS)
    words = [piece.describe(speech) for piece in pieces]

    def pictures(kind: str, width: float) -> tuple[Markup, ...]:
        drawings = [lay_out(piece, width, _measure(), speech) for piece in pieces]
        named = enumerate(zip(drawings, words, strict=True), 1)
        return tuple(_svg(f"{key}-{kind}-{number}", kind, drawn, chart.title, desc) for number, (drawn, desc) in named)

    return ChartFigure(
        title=chart.title,
        note=note,
        wide=pictures("wide", WIDE),
        narrow=pictures("narrow", NARROW),
        table=chart.table(speech),
    )


@functools.cache
def _measure() -> Measure:
    with one_at_a_time:
        faces = default_faces()
    return functools.partial(_width, faces)


def _width(faces: Faces, text: str, size: float, bold: bool) -> float:
    width: float = pdfmetrics.stringWidth(text, faces.bold if bold else faces.regular, size)
    return width * ALLOWANCE


# --- SVG: everything that comes from outside goes through `escape`, the rest are our own names and numbers -----------


def _svg(key: str, kind: str, drawing: Drawing, title: str, desc: str) -> Markup:
    width, height = _number(drawing.width), _number(drawing.height)
    looks = {shape.look for shape in drawing.shapes if isinstance(shape, Box)}
    patterns = "".join(_pattern(key, look) for look in PATTERNS if look in looks)
    return Markup(  # noqa: S704
        f'<svg class="chart-picture chart-picture--{kind}" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-labelledby="{key}-title" aria-describedby="{key}-desc">'
        f'<title id="{key}-title">{escape(title)}</title><desc id="{key}-desc">{escape(desc)}</desc>'
        f"{patterns and f'<defs>{patterns}</defs>'}{''.join(_drawn(key, shape) for shape in drawing.shapes)}</svg>"
    )


def _pattern(key: str, look: str) -> str:
    size, path = PATTERNS[look]
    return (
        f'<pattern id="{key}-{look}" width="{size}" height="{size}" patternUnits="userSpaceOnUse">'
        f'<path class="chart-mark chart-mark--{look}" d="{path}"/></pattern>'
    )


def _drawn(key: str, shape: Shape) -> str:
    if isinstance(shape, Label):
        return _text(shape)
    if isinstance(shape, Box):
        return _rectangle(key, shape)
    if isinstance(shape, Line):
        path = f"M{_number(shape.left)} {_number(shape.top)}L{_number(shape.right)} {_number(shape.bottom)}"
    else:
        path = "M" + "L".join(f"{_number(x)} {_number(y)}" for x, y in shape.points) + "Z"
    return f'<path class="chart-{shape.look}" d="{path}"/>'


def _rectangle(key: str, box: Box) -> str:
    place = (
        f'x="{_number(box.left)}" y="{_number(box.top)}" width="{_number(box.width)}" height="{_number(box.height)}"'
    )
    marks = f'<rect fill="url(#{key}-{box.look})" {place}/>' if box.look in PATTERNS else ""
    return f'<rect class="chart-{box.look}" {place}/>{marks}'


def _text(label: Label) -> str:
    bold = " chart-text--bold" if label.bold else ""
    anchor = "" if label.anchor == "start" else f' text-anchor="{label.anchor}"'
    return (
        f'<text class="chart-text chart-text--{label.look}{bold}" x="{_number(label.x)}" '
        f'y="{_number(label.baseline)}" font-size="{_number(label.size)}"{anchor}>{escape(label.text)}</text>'
    )


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
