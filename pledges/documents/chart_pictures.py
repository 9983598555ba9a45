"""Charts for files that others edit: the layout of the pages as PNG, sharp enough for print."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from pledges.core.chart_figures import VIETNAMESE, Chart, Speech
from pledges.core.chart_shapes import Area, Box, Drawing, Label, Line, Shape
from pledges.core.charts import WIDE
from pledges.documents.charts import DASHES, EDGES, FILLS, INKS, LINES, fitting
from pledges.documents.fonts import Faces, default_faces, file_of
from pledges.documents.printable import printable

SCALE = 3
"""Pixels for each unit of the layout: about 300 to the inch where a chart is as wide as the text of an A4 page."""
FINE = 2
"""Shapes are drawn this many times larger and then reduced, so that slanted edges are smooth."""

ALMOST_WHITE = 254

Point = tuple[float, float]


@dataclass(frozen=True)
class ChartPicture:
    png: bytes
    width: float
    height: float
    """In points."""
    description: str
    """All its figures, for those who do not see it."""


def chart_pictures(
    chart: Chart, *, width: float, most_height: float, faces: Faces | None = None, speech: Speech = VIETNAMESE
) -> list[ChartPicture]:
    """As many pictures of `width` points as it takes for none to be higher than `most_height`; equal charts give
    equal bytes."""
    chosen, scale = faces or default_faces(), width / WIDE
    return [
        ChartPicture(_png(drawing, chosen), width, drawing.height * scale, piece.describe(speech))
        for piece, drawing in fitting(chart, chosen, most_height / scale, speech)
    ]


def _png(drawing: Drawing, faces: Faces) -> bytes:
    size = (round(drawing.width * SCALE), round(drawing.height * SCALE))
    fine = Image.new("RGB", (size[0] * FINE, size[1] * FINE), "#ffffff")
    brush = ImageDraw.Draw(fine)
    labels = []
    for shape in drawing.shapes:
        if isinstance(shape, Label):
            labels.append(shape)
        else:
            _draw(fine, brush, shape)
    image = fine.reduce(FINE)
    pen = ImageDraw.Draw(image)
    for label in labels:
        _write(pen, label, faces)
    # Few colours are used, and a palette of them takes a third of the bytes. The quick way to find it makes the white
    # of the paper a shade darker, which would be seen on a page.
    few = image.quantize(128, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    few.putpalette([255 if value == ALMOST_WHITE else value for value in few.getpalette() or ()])
    target = BytesIO()
    few.save(target, "PNG", compress_level=7)
    return target.getvalue()


def _draw(image: Image.Image, brush: ImageDraw.ImageDraw, shape: Shape) -> None:
    unit = SCALE * FINE
    if isinstance(shape, Box):
        _box(image, shape)
    elif isinstance(shape, Area):
        brush.polygon([(x * unit, y * unit) for x, y in shape.points], fill=FILLS[shape.look])
    elif isinstance(shape, Line):
        colour, thickness = LINES[shape.look]
        ends = (shape.left * unit, shape.top * unit), (shape.right * unit, shape.bottom * unit)
        dash = (DASHES[0] * unit, DASHES[1] * unit) if shape.look == "target" else None
        _stroke(brush, *ends, colour, thickness * unit, dash)


def _box(image: Image.Image, box: Box) -> None:
    """Filled, with the marks of its group and its edge; cut out, so that no mark stands outside."""
    unit = SCALE * FINE
    width, height = max(round(box.width * unit), 1), max(round(box.height * unit), 1)
    piece = Image.new("RGB", (width, height), FILLS[box.look])
    brush = ImageDraw.Draw(piece)
    for start, end, colour, thickness, dash in _marks(box):
        scaled = [(x * unit, y * unit) for x, y in (start, end)]
        _stroke(
            brush, scaled[0], scaled[1], colour, thickness * unit, (dash[0] * unit, dash[1] * unit) if dash else None
        )
    if edge := EDGES.get(box.look):
        brush.rectangle((0, 0, width - 1, height - 1), outline=edge, width=unit)
    image.paste(piece, (round(box.left * unit), round(box.top * unit)))


Mark = tuple[Point, Point, str, float, tuple[float, float] | None]


def _marks(box: Box) -> Iterator[Mark]:
    """What tells the groups apart without colours: the strokes of the page and of the PDF."""
    if box.look == "group-2":
        yield from _slanted(box, 7, "#ffffff", 1.5)
    elif box.look == "group-3":
        yield from _level(box, EDGES["group-3"], 2.5, (2.5, 4.5))
    elif box.look == "group-4":
        yield from _level(box, "#ffffff", 1.5, None)
    elif box.look == "group-5":
        yield from _slanted(box, 8, EDGES["group-5"], 1.0)
        yield from _slanted(box, 8, EDGES["group-5"], 1.0, up=False)


def _slanted(box: Box, step: float, colour: str, thickness: float, *, up: bool = True) -> Iterator[Mark]:
    shift = step - box.height
    while shift < box.width:
        low, high = (box.height, 0.0) if up else (0.0, box.height)
        yield (shift, low), (shift + box.height, high), colour, thickness, None
        shift += step


def _level(box: Box, colour: str, thickness: float, dash: tuple[float, float] | None) -> Iterator[Mark]:
    inset, step = 1.5, 6
    if box.width <= 2 * inset:
        return
    for number in range(int(box.height / step)):
        at = step * (number + 0.5)
        yield (inset, at), (box.width - inset, at), colour, thickness, dash


def _stroke(
    brush: ImageDraw.ImageDraw,
    start: Point,
    end: Point,
    colour: str,
    thickness: float,
    dash: tuple[float, float] | None,
) -> None:
    if dash is None:
        brush.line((start, end), fill=colour, width=max(round(thickness), 1))
        return
    across, down = end[0] - start[0], end[1] - start[1]
    length = (across**2 + down**2) ** 0.5
    at = 0.0
    for part in itertools.cycle((0, 1)):
        if at >= length:
            return
        until = min(at + dash[part], length)
        if part == 0:
            ends = [(start[0] + across * way / length, start[1] + down * way / length) for way in (at, until)]
            brush.line(ends, fill=colour, width=max(round(thickness), 1))
        at = until


def _write(pen: ImageDraw.ImageDraw, label: Label, faces: Faces) -> None:
    font = _font(faces.bold if label.bold else faces.regular, label.size)
    anchor = {"start": "ls", "middle": "ms", "end": "rs"}[label.anchor]
    at = (label.x * SCALE, label.baseline * SCALE)
    pen.text(at, printable(label.text, faces), font=font, fill=INKS[label.look], anchor=anchor)


@functools.lru_cache(maxsize=16)
def _font(name: str, size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(file_of(name), round(size * SCALE), layout_engine=ImageFont.Layout.BASIC)
