"""The list that goes before a bundle of letters: who gets one, commune by commune, with room to tick what went out."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph

from pledges.documents.fonts import Faces, default_faces, one_at_a_time
from pledges.documents.letter import new_canvas
from pledges.documents.styles import BLACK, plain_paragraph

WIDTH, HEIGHT = A4
LEFT, RIGHT, TOP, BOTTOM = 25 * mm, 15 * mm, 20 * mm, 18 * mm
COLUMNS = (13 * mm, 68 * mm, 72 * mm, 17 * mm)
"""Number, name, address, a place for a tick or date."""
PAD = 1.2 * mm


@dataclass(frozen=True)
class Line:
    number: int
    name: str
    address: str


@dataclass(frozen=True)
class Group:
    """The letters of one commune."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Bundle:
    agency: str
    title: str
    subtitle: str
    notes: tuple[str, ...]
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class _Styles:
    agency: ParagraphStyle
    title: ParagraphStyle
    subtitle: ParagraphStyle
    note: ParagraphStyle
    head: ParagraphStyle
    group: ParagraphStyle
    number: ParagraphStyle
    cell: ParagraphStyle


@functools.lru_cache(maxsize=8)
def _styles(faces: Faces) -> _Styles:
    unit = faces.body_size / 13

    def style(name: str, face: str, points: float, alignment: int = 0) -> ParagraphStyle:
        size = round(points * unit, 2)
        return ParagraphStyle(
            f"bundle-{name}",
            fontName=face,
            bulletFontName=face,
            fontSize=size,
            leading=round(size * 1.28, 2),
            textColor=BLACK,
            splitLongWords=1,
            alignment=alignment,
        )

    return _Styles(
        agency=style("agency", faces.bold, 12),
        title=style("title", faces.bold, 15, TA_CENTER),
        subtitle=style("subtitle", faces.regular, 13, TA_CENTER),
        note=style("note", faces.italic, 11.5),
        head=style("head", faces.bold, 11, TA_CENTER),
        group=style("group", faces.bold, 11.5),
        number=style("number", faces.regular, 11, TA_CENTER),
        cell=style("cell", faces.regular, 11),
    )


def write_list(bundle: Bundle, faces: Faces | None = None) -> bytes:
    """The list as PDF; the heads of the columns and the commune stand again on every page."""
    target = BytesIO()
    with one_at_a_time:
        chosen = faces or default_faces()
        canvas = new_canvas(target, chosen, title=bundle.title)
        _Pages(canvas, bundle, chosen).draw()
        canvas.save()
    return target.getvalue()


class _Pages:
    def __init__(self, canvas: Canvas, bundle: Bundle, faces: Faces) -> None:
        self.canvas, self.bundle, self.faces = canvas, bundle, faces
        self.styles = _styles(faces)
        self.page = 1
        self.y = HEIGHT - TOP

    def draw(self) -> None:
        self._top()
        self._heads()
        for group in self.bundle.groups:
            self._title_of(group, again=False)
            for line in group.lines:
                self._line(group, line)
        self.canvas.showPage()

    def _top(self) -> None:
        styles = self.styles
        texts = [(self.bundle.agency.upper(), styles.agency, 14.0), (self.bundle.title, styles.title, 3.0)]
        texts += [(self.bundle.subtitle, styles.subtitle, 10.0)]
        texts += [(note, styles.note, 2.0) for note in self.bundle.notes]
        for text, style, below in texts:
            paragraph = plain_paragraph(text, style, self.faces)
            self.y -= paragraph.wrap(WIDTH - LEFT - RIGHT, HEIGHT)[1]
            paragraph.drawOn(self.canvas, LEFT, self.y)
            self.y -= below
        self.y -= 6

    def _heads(self) -> None:
        heads = ("Số", "Người nhận", "Địa chỉ", "Đã gửi")
        self._row([plain_paragraph(text, self.styles.head, self.faces) for text in heads])

    def _title_of(self, group: Group, *, again: bool) -> None:
        text = f"{group.title} (tiếp)" if again else group.title
        paragraph = plain_paragraph(text, self.styles.group, self.faces)
        # A title alone at the foot of a page would be read as an empty commune.
        if not again and self.y - 22 * mm < BOTTOM:
            self._next_page()
        self._row([paragraph])

    def _line(self, group: Group, line: Line) -> None:
        cells = [
            plain_paragraph(str(line.number), self.styles.number, self.faces),
            plain_paragraph(line.name, self.styles.cell, self.faces),
            plain_paragraph(line.address, self.styles.cell, self.faces),
            plain_paragraph("", self.styles.cell, self.faces),
        ]
        if self.y - self._height(cells) < BOTTOM:
            self._next_page()
            self._title_of(group, again=True)
        self._row(cells)

    def _next_page(self) -> None:
        self.canvas.showPage()
        self.page += 1
        self.y = HEIGHT - TOP
        self.canvas.setFont(self.faces.regular, self.faces.body_size)
        self.canvas.drawCentredString(WIDTH / 2, HEIGHT - 12 * mm, str(self.page))
        self._heads()

    def _widths(self, cells: Sequence[Paragraph]) -> tuple[float, ...]:
        return COLUMNS if len(cells) > 1 else (sum(COLUMNS),)

    def _height(self, cells: Sequence[Paragraph]) -> float:
        widths = self._widths(cells)
        heights = [cell.wrap(width - 2 * PAD, HEIGHT)[1] for cell, width in zip(cells, widths, strict=True)]
        return float(max(heights) + 2 * PAD)

    def _row(self, cells: Sequence[Paragraph]) -> None:
        high = self._height(cells)
        x = LEFT
        self.canvas.setLineWidth(0.4)
        for cell, width in zip(cells, self._widths(cells), strict=True):
            self.canvas.rect(x, self.y - high, width, high, stroke=1, fill=0)
            cell.drawOn(self.canvas, x + PAD, self.y - PAD - cell.height)
            x += width
        self.y -= high
