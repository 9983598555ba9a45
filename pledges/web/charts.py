"""Charts as SVG in the page: classes only, because the policy forbids styles; every figure is in words as well."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup
from reportlab.pdfbase import pdfmetrics

from pledges.core.chart_figures import Chart, Speech, StackedGroups, Table, in_pieces
from pledges.core.chart_shapes import Area, Box, Drawing, Label, Line, Shape
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
    """In the language of the page."""
    return Speech(say=translate, number=number_text, percent=percent_text)


def chart_figure(key: str, chart: Chart, *, note: str = "") -> ChartFigure:
    """A chart for a page; `key` is its name there (small letters, digits, hyphens) and must not stand twice."""
    if not KEY.fullmatch(key):
        raise ValueError(f"not a key for a chart: {key!r}")
    speech = page_speech()
    pieces = in_pieces(chart, MOST_STACKS if isinstance(chart, StackedGroups) else MOST_BARS)
    return ChartFigure(
        title=chart.title,
        note=note,
        wide=_pictures(f"{key}-wide", "wide", pieces, WIDE, speech),
        narrow=_pictures(f"{key}-narrow", "narrow", pieces, NARROW, speech),
        table=chart.table(speech),
    )


def _pictures(key: str, kind: str, pieces: list[Chart], width: float, speech: Speech) -> tuple[Markup, ...]:
    return tuple(
        svg(f"{key}-{number}", kind, piece, lay_out(piece, width, _measure(), speech), speech)
        for number, piece in enumerate(pieces, 1)
    )


@functools.cache
def _measure() -> Callable[[str, float, bool], float]:
    with one_at_a_time:
        faces = default_faces()
    return functools.partial(_width, faces)


def _width(faces: Faces, text: str, size: float, bold: bool) -> float:
    width: float = pdfmetrics.stringWidth(text, faces.bold if bold else faces.regular, size)
    return width * ALLOWANCE


def svg(key: str, kind: str, chart: Chart, drawing: Drawing, speech: Speech) -> Markup:
    width, height = _number(drawing.width), _number(drawing.height)
    looks = {shape.look for shape in drawing.shapes if isinstance(shape, Box)}
    patterns = Markup("").join(_pattern(key, look) for look in PATTERNS if look in looks)
    return Markup(
        '<svg class="chart-picture chart-picture--{kind}" viewBox="0 0 {width} {height}" width="{width}" '
        'height="{height}" role="img" aria-labelledby="{key}-title" aria-describedby="{key}-desc">'
        '<title id="{key}-title">{title}</title><desc id="{key}-desc">{desc}</desc>{defs}{shapes}</svg>'
    ).format(
        kind=kind,
        width=width,
        height=height,
        key=key,
        title=chart.title,
        desc=chart.describe(speech),
        defs=Markup("<defs>{}</defs>").format(patterns) if patterns else "",
        shapes=Markup("").join(_drawn(key, shape) for shape in drawing.shapes),
    )


def _pattern(key: str, look: str) -> Markup:
    size, path = PATTERNS[look]
    return Markup(
        '<pattern id="{key}-{look}" width="{size}" height="{size}" patternUnits="userSpaceOnUse">'
        '<path class="chart-mark chart-mark--{look}" d="{path}"/></pattern>'
    ).format(key=key, look=look, size=size, path=path)


def _drawn(key: str, shape: Shape) -> Markup:
    if isinstance(shape, Label):
        return _text(shape)
    if isinstance(shape, Line):
        return Markup('<path class="chart-{}" d="M{} {}L{} {}"/>').format(
            shape.look, *map(_number, (shape.left, shape.top, shape.right, shape.bottom))
        )
    if isinstance(shape, Area):
        path = "L".join(f"{_number(x)} {_number(y)}" for x, y in shape.points)
        return Markup('<path class="chart-{}" d="M{}Z"/>').format(shape.look, path)
    return _rectangle(key, shape)


def _rectangle(key: str, box: Box) -> Markup:
    place = Markup('x="{}" y="{}" width="{}" height="{}"').format(
        *map(_number, (box.left, box.top, box.width, box.height))
    )
    rectangle = Markup('<rect class="chart-{}" {}/>').format(box.look, place)
    if box.look in PATTERNS:
        rectangle += Markup('<rect fill="url(#{}-{})" {}/>').format(key, box.look, place)
    return rectangle


def _text(label: Label) -> Markup:
    return Markup(
        '<text class="chart-text chart-text--{look}{bold}" x="{x}" y="{y}" font-size="{size}"{anchor}>{text}</text>'
    ).format(
        look=label.look,
        bold=" chart-text--bold" if label.bold else "",
        x=_number(label.x),
        y=_number(label.baseline),
        size=_number(label.size),
        anchor="" if label.anchor == "start" else Markup(' text-anchor="{}"').format(label.anchor),
        text=label.text,
    )


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
