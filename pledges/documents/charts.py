"""Charts for the PDF: the layout of the pages as shapes of ReportLab, with the embedded faces."""

from __future__ import annotations

import functools
from collections.abc import Callable

from reportlab.graphics.shapes import Drawing as PdfDrawing
from reportlab.graphics.shapes import Group, Path, Polygon, Rect, String
from reportlab.graphics.shapes import Line as PdfLine
from reportlab.lib.colors import Color, HexColor
from reportlab.pdfbase import pdfmetrics

from pledges.core.chart_figures import VIETNAMESE, Chart, Speech, in_pieces
from pledges.core.chart_shapes import Area, Drawing, Label, Line, Measure, Shape
from pledges.core.charts import WIDE, lay_out
from pledges.documents.fonts import Faces
from pledges.documents.printable import printable

# The same colours as in static/css/charts.css.
FILLS = {
    "bar": "#0b4f57",
    "paper": "#ffffff",
    "track": "#e8f1f1",
    "slope": "#e8f1f1",
    "group-1": "#0b4f57",
    "group-2": "#2f7f88",
    "group-3": "#e8f1f1",
    "group-4": "#8f5a00",
    "group-5": "#fdf6e3",
    "group-6": "#ffffff",
}
EDGES = {"track": "#62777c", "group-3": "#0b4f57", "group-5": "#8f5a00", "group-6": "#62777c"}
LINES = {
    "axis": ("#62777c", 1.0),
    "grid": ("#cfdada", 1.0),
    "casing": ("#ffffff", 3.0),
    "target": ("#14262b", 2.0),
    "gap": ("#ffffff", 1.5),
}
INKS = {"text": "#14262b", "soft": "#47595e", "inside": "#ffffff"}
DASHES = (5.0, 3.0)


def chart_drawings(
    chart: Chart, faces: Faces, *, width: float, most_height: float, speech: Speech = VIETNAMESE
) -> list[PdfDrawing]:
    """A chart as flowables of `width` points, as many as it takes for none to be higher than `most_height`.

    Build the document under `fonts.one_at_a_time`, as every other.
    """
    scale = width / WIDE
    return [_drawn(drawing, faces, scale) for _piece, drawing in fitting(chart, faces, most_height / scale, speech)]


def fitting(chart: Chart, faces: Faces, most_height: float, speech: Speech) -> list[tuple[Chart, Drawing]]:
    """The chart laid out in as few pieces as it takes for none to be higher than `most_height` of the layout."""
    measure, most = _measure_for(faces), max(chart.size, 1)
    while True:
        found = [(piece, lay_out(piece, WIDE, measure, speech)) for piece in in_pieces(chart, most)]
        if most == 1 or max(drawing.height for _piece, drawing in found) <= most_height:
            return found
        most = most * 4 // 5


@functools.lru_cache(maxsize=8)
def _measure_for(faces: Faces) -> Measure:
    def measure(text: str, size: float, bold: bool) -> float:
        width: float = pdfmetrics.stringWidth(printable(text, faces), faces.bold if bold else faces.regular, size)
        return width

    return measure


def _drawn(drawing: Drawing, faces: Faces, scale: float) -> PdfDrawing:
    """ReportLab counts from the bottom."""
    # Without a first font of its own every drawing would name Helvetica in the file, which is never embedded.
    paper = PdfDrawing(drawing.width * scale, drawing.height * scale, initialFontName=faces.regular)
    group = Group(transform=(scale, 0, 0, scale, 0, 0))
    for shape in drawing.shapes:
        for part in _parts(shape, drawing.height, faces):
            group.add(part)
    paper.add(group)
    return paper


def _parts(shape: Shape, height: float, faces: Faces) -> list[object]:
    if isinstance(shape, Label):
        return [_text(shape, height, faces)]
    if isinstance(shape, Line):
        return [_line(shape, height)]
    if isinstance(shape, Area):
        points = [value for x, y in shape.points for value in (x, height - y)]
        return [Polygon(points, fillColor=HexColor(FILLS[shape.look]), strokeColor=None)]
    bottom = height - shape.top - shape.height
    edge = EDGES.get(shape.look)
    rectangle = Rect(
        shape.left,
        bottom,
        shape.width,
        shape.height,
        fillColor=HexColor(FILLS[shape.look]),
        strokeColor=HexColor(edge) if edge else None,
        strokeWidth=1,
    )
    marks = MARKS.get(shape.look)
    return [rectangle, *marks(shape.left, bottom, shape.width, shape.height)] if marks else [rectangle]


def _text(label: Label, height: float, faces: Faces) -> String:
    return String(
        label.x,
        height - label.baseline,
        printable(label.text, faces),
        fontName=faces.bold if label.bold else faces.regular,
        fontSize=label.size,
        fillColor=HexColor(INKS[label.look]),
        textAnchor=label.anchor,
    )


def _line(line: Line, height: float) -> PdfLine:
    colour, thickness = LINES[line.look]
    dashes = {"strokeDashArray": DASHES} if line.look == "target" else {}
    return PdfLine(
        line.left,
        height - line.top,
        line.right,
        height - line.bottom,
        strokeColor=HexColor(colour),
        strokeWidth=thickness,
        **dashes,
    )


# --- The marks of the groups: ReportLab's shapes have no patterns ---------------------------------------------------


def _slanted(
    left: float, bottom: float, width: float, height: float, *, step: float, colour: Color, thickness: float, up: bool
) -> list[Path]:
    """Lines at 45 degrees, cut off where the rectangle ends."""
    path = Path(strokeColor=colour, strokeWidth=thickness, fillColor=None)
    shift = step - height
    while shift < width:
        start, end = max(shift, 0.0), min(shift + height, width)
        rise = (start - shift, end - shift)
        low, high = rise if up else (height - rise[0], height - rise[1])
        path.moveTo(left + start, bottom + low)
        path.lineTo(left + end, bottom + high)
        shift += step
    return [path] if path.points else []


def _level(
    left: float,
    bottom: float,
    width: float,
    height: float,
    *,
    step: float,
    colour: Color,
    thickness: float,
    dash: object,
) -> list[PdfLine]:
    inset = 1.5
    if width <= 2 * inset:
        return []
    return [
        PdfLine(
            left + inset,
            bottom + step * (number + 0.5),
            left + width - inset,
            bottom + step * (number + 0.5),
            strokeColor=colour,
            strokeWidth=thickness,
            strokeDashArray=dash,
        )
        for number in range(int(height / step))
    ]


Marks = Callable[[float, float, float, float], list[object]]

WHITE, TEAL, OCHRE = HexColor("#ffffff"), HexColor(EDGES["group-3"]), HexColor(EDGES["group-5"])


def _crossed(left: float, bottom: float, width: float, height: float) -> list[object]:
    strokes = functools.partial(_slanted, left, bottom, width, height, step=8, colour=OCHRE, thickness=1.0)
    return [*strokes(up=True), *strokes(up=False)]


MARKS: dict[str, Marks] = {
    "group-2": functools.partial(_slanted, step=7, colour=WHITE, thickness=1.5, up=True),
    "group-3": functools.partial(_level, step=6, colour=TEAL, thickness=2.5, dash=(2.5, 4.5)),
    "group-4": functools.partial(_level, step=6, colour=WHITE, thickness=1.5, dash=None),
    "group-5": _crossed,
}
