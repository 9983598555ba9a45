"""Long lists as annexes of official letters: plain lines in, pages out, landscape A4, in the look of the decree.

Lines are drawn one by one: paragraphs of ReportLab would take minutes for twenty thousand of them, during which nobody
else could use the faces.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import IO

from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from pledges.documents.fonts import Faces, default_faces, one_at_a_time
from pledges.documents.layout import MOTTO, NATION
from pledges.documents.page import UndatedInfo
from pledges.documents.printable import printable

WIDTH, HEIGHT = landscape(A4)
LEFT, RIGHT, TOP, BOTTOM = 20 * mm, 15 * mm, 15 * mm, 15 * mm
ROOM = WIDTH - LEFT - RIGHT
PAD = 1.1 * mm
RULE = 0.4
AT_ONCE = 200
"""Lines between which others may use the faces."""
ROOM_FOR_PEN = 24 * mm
BLANK = "\u00a0"
_MOST_LINES = 24
_NUMBERS = 0.05
"""Share of the first column, which counts."""


@dataclass(frozen=True)
class ListColumn:
    title: str
    share: float
    """Of the width that the numbers leave."""
    centred: bool = False


@dataclass(frozen=True)
class ListLine:
    part: str
    section: str
    """Both stand above the lines that share them, and again on every page."""
    cells: tuple[str, ...]


@dataclass(frozen=True)
class ListPaper:
    """What stands around the lines. All text is NFC; nothing is markup; empty texts are left out."""

    superior: str
    agency: str
    place: str
    year: int
    title: str
    subtitle: str
    attached: str
    """"(Kèm theo …)", with room for number and day."""
    facts: tuple[tuple[str, str], ...]
    caution: tuple[str, ...]
    columns: tuple[ListColumn, ...]
    nothing: str
    """Instead of lines, where there are none."""
    foot: str
    """Small at the left of every foot; the number of the page stands at the right."""
    signing_title: tuple[str, ...]


def write_list_pdf(paper: ListPaper, lines: Iterable[ListLine], target: IO[bytes], faces: Faces | None = None) -> int:
    """Write the pages and say how many lines stand on them; equal input gives equal bytes."""
    with one_at_a_time:
        writer = _Writer(paper, target, faces or default_faces())
        writer.begin()
    remaining = iter(lines)
    while taken := list(islice(remaining, AT_ONCE)):
        with one_at_a_time:
            for line in taken:
                writer.add(line)
    with one_at_a_time:
        writer.end()
    return writer.number


@dataclass(frozen=True)
class _Look:
    face: str
    size: float
    leading: float


class _Writer:
    def __init__(self, paper: ListPaper, target: IO[bytes], faces: Faces) -> None:
        self.paper, self.faces = paper, faces
        unit = faces.body_size / 13
        regular, bold, italic = faces.regular, faces.bold, faces.italic

        def look(face: str, points: float) -> _Look:
            return _Look(face, round(points * unit, 2), round(points * unit * 1.27, 2))

        self.body, self.strong, self.slanted = look(regular, 10.5), look(bold, 10.5), look(italic, 10.5)
        self.note, self.note_bold, self.small = look(regular, 11), look(bold, 11), look(regular, 8.5)
        self.plain, self.name, self.motto = look(regular, 12), look(bold, 12), look(bold, 13)
        self.heading, self.italic, self.signature = look(bold, 14), look(italic, 12), look(bold, 13)
        self.canvas = Canvas(
            target,
            pagesize=(WIDTH, HEIGHT),
            invariant=1,
            pageCompression=1,
            initialFontName=regular,
            initialFontSize=self.body.size,
            lang="vi",
        )
        self.canvas._doc.info = UndatedInfo()
        self.canvas.setTitle(printable(paper.title, faces))
        self.canvas.setAuthor(printable(paper.agency, faces))
        total = sum(column.share for column in paper.columns)
        numbers = ROOM * _NUMBERS
        self.widths = [numbers, *(column.share / total * (ROOM - numbers) for column in paper.columns)]
        self.page, self.number, self.y = 1, 0, HEIGHT - TOP
        self.part = self.section = ""
        self.held: ListLine | None = None
        self.table_top: float | None = None
        self.known_widths: dict[tuple[str, float, str], float] = {}

    # --- Text --------------------------------------------------------------------------------------------------------

    def width_of(self, text: str, look: _Look) -> float:
        key = (look.face, look.size, text)
        known = self.known_widths.get(key)
        if known is None:
            if len(self.known_widths) > 20_000:
                self.known_widths.clear()
            known = self.known_widths[key] = float(stringWidth(text, look.face, look.size))
        return known

    def wrapped(self, text: str, look: _Look, room: float) -> list[str]:
        """The lines of a text; a word that is longer than the room (addresses) is torn where it must be."""
        blank = self.width_of(" ", look)
        lines: list[str] = []
        for paragraph in printable(text, self.faces).split("\n"):
            line, used = "", 0.0
            for word in paragraph.split(" "):
                for piece in self._pieces(word, look, room):
                    wide = self.width_of(piece, look)
                    if line and used + blank + wide > room:
                        lines.append(line)
                        line, used = piece, wide
                    elif line:
                        line, used = f"{line} {piece}", used + blank + wide
                    else:
                        line, used = piece, wide
            lines.append(line)
        return lines

    def _pieces(self, word: str, look: _Look, room: float) -> Iterable[str]:
        if self.width_of(word, look) <= room:
            return (word,)
        pieces, piece, used = [], "", 0.0
        for letter in word:
            wide = self.width_of(letter, look)
            if piece and used + wide > room:
                pieces.append(piece)
                piece, used = "", 0.0
            piece, used = piece + letter, used + wide
        return [*pieces, piece]

    def put(
        self, lines: Sequence[str], look: _Look, x: float, top: float, room: float, *, centred: bool = False
    ) -> float:
        """Draw lines below each other and return where the next one would begin."""
        canvas = self.canvas
        canvas.setFont(look.face, look.size)
        y = top - look.size
        for line in lines:
            if centred:
                canvas.drawCentredString(x + room / 2, y, line)
            else:
                canvas.drawString(x, y, line)
            y -= look.leading
        return top - len(lines) * look.leading

    def written(self, text: str, look: _Look, x: float, top: float, room: float, *, centred: bool = False) -> float:
        return self.put(self.wrapped(text, look, room), look, x, top, room, centred=centred) if text else top

    # --- The first page ----------------------------------------------------------------------------------------------

    def begin(self) -> None:
        paper, canvas = self.paper, self.canvas
        half = ROOM * 0.44
        left = self.written(paper.superior.upper(), self.plain, LEFT, self.y, half, centred=True)
        left = self.written(paper.agency.upper(), self.name, LEFT, left, half, centred=True)
        canvas.setLineWidth(0.7)
        canvas.line(LEFT + half * 0.36, left - 1, LEFT + half * 0.64, left - 1)
        x, room = LEFT + ROOM * 0.5, ROOM * 0.5
        right = self.written(NATION, self.name, x, self.y, room, centred=True)
        right = self.written(MOTTO, self.motto, x, right, room, centred=True)
        motto = self.width_of(MOTTO, self.motto) / 2
        canvas.line(x + room / 2 - motto, right - 1, x + room / 2 + motto, right - 1)
        self.y = min(left, right) - 7 * mm
        self.y = self.written(paper.title.upper(), self.heading, LEFT, self.y, ROOM, centred=True)
        self.y = self.written(paper.subtitle, self.motto, LEFT, self.y, ROOM, centred=True)
        self.y = self.written(paper.attached, self.italic, LEFT, self.y, ROOM, centred=True) - 4 * mm
        for label, value in paper.facts:
            self._fact(label, value)
        self.y -= 2 * mm
        for text in paper.caution:
            self.y = self.written(text, self.slanted, LEFT, self.y, ROOM)
        self.y -= 4 * mm
        self._begin_table()

    def _fact(self, label: str, value: str) -> None:
        """The label, and the value beside it, indented by the label's width."""
        label = f"{label}: "
        indent = self.width_of(label, self.note_bold)
        self.put([label], self.note_bold, LEFT, self.y, ROOM)
        self.y = self.written(value, self.note, LEFT + indent, self.y, ROOM - indent)

    # --- The table ---------------------------------------------------------------------------------------------------

    def _begin_table(self) -> None:
        self.canvas.setLineWidth(RULE)
        self.table_top = self.y
        titles = ["Số TT", *(column.title for column in self.paper.columns)]
        cells = [
            self.wrapped(title, self.strong, width - 2 * PAD) for title, width in zip(titles, self.widths, strict=True)
        ]
        high = self._height(cells, self.strong)
        self.canvas.setFillGray(0.92)
        self.canvas.rect(LEFT, self.y - high, ROOM, high, stroke=0, fill=1)
        self.canvas.setFillGray(0)
        self.canvas.line(LEFT, self.y, LEFT + ROOM, self.y)
        self._row(cells, self.strong, high, centred=[True] * len(cells))

    def _close_columns(self) -> None:
        """The upright rules of what was drawn since they began."""
        if self.table_top is not None and self.table_top > self.y:
            x = LEFT
            for width in [0.0, *self.widths]:
                x += width
                self.canvas.line(x, self.table_top, x, self.y)
        self.table_top = None

    def _height(self, cells: Sequence[Sequence[str]], look: _Look) -> float:
        return float(max(map(len, cells)) * look.leading + 2 * PAD)

    def _row(self, cells: Sequence[Sequence[str]], look: _Look, high: float, centred: Sequence[bool]) -> None:
        if self.table_top is None:
            self.table_top = self.y
        x = LEFT
        for lines, width, middle in zip(cells, self.widths, centred, strict=True):
            self.put(lines, look, x + PAD, self.y - PAD, width - 2 * PAD, centred=middle)
            x += width
        self.y -= high
        self.canvas.line(LEFT, self.y, LEFT + ROOM, self.y)

    def _band(self, text: str, look: _Look) -> None:
        """A line across all columns."""
        self._close_columns()
        lines = self.wrapped(text, look, ROOM - 2 * PAD)
        high = self._height([lines], look)
        self.put(lines, look, LEFT + PAD, self.y - PAD, ROOM - 2 * PAD)
        for x in (LEFT, LEFT + ROOM):
            self.canvas.line(x, self.y, x, self.y - high)
        self.y -= high
        self.canvas.line(LEFT, self.y, LEFT + ROOM, self.y)

    def add(self, line: ListLine) -> None:
        """The last line waits: it goes over to the page of the signature, which alone could be laid under any list."""
        if self.held is not None:
            self._draw(self.held)
        self.held = line

    def _draw(self, line: ListLine, below: float = 0.0) -> None:
        self.number += 1
        texts = [str(self.number), *line.cells]
        cells = [
            self.wrapped(text, self.body, width - 2 * PAD)[:_MOST_LINES]
            for text, width in zip(texts, self.widths, strict=True)
        ]
        high = self._height(cells, self.body)
        new_part, new_section = line.part != self.part, (line.part, line.section) != (self.part, self.section)
        bands = new_part + new_section
        # A heading alone at the foot of a page would be read as an empty part.
        if self.y - high - bands * (self.strong.leading + 2 * PAD) - below < BOTTOM:
            self._next_page()
            self._bands(line, "" if new_part else " (tiếp)", "" if new_section else " (tiếp)")
        elif bands:
            self._bands(line, "", "", part=new_part)
        self.part, self.section = line.part, line.section
        self._row(cells, self.body, high, [True, *(column.centred for column in self.paper.columns)])

    def _bands(self, line: ListLine, after_part: str, after_section: str, *, part: bool = True) -> None:
        if part and line.part:
            self._band(f"{line.part}{after_part}", self.strong)
        if line.section:
            self._band(f"{line.section}{after_section}", self.slanted)

    # --- Pages -------------------------------------------------------------------------------------------------------

    def _next_page(self) -> None:
        self._close_columns()
        self._foot()
        self.canvas.showPage()
        self.page += 1
        self.y = HEIGHT - TOP
        self._begin_table()

    def _foot(self) -> None:
        canvas, small = self.canvas, self.small
        canvas.setFillGray(0.3)
        canvas.setFont(small.face, small.size)
        canvas.drawString(LEFT, 8 * mm, printable(self.paper.foot, self.faces))
        digits = self.width_of("0000", small)
        label = f"Trang {self.page}/"
        canvas.drawRightString(LEFT + ROOM - digits, 8 * mm, label)
        canvas.saveState()
        canvas.translate(LEFT + ROOM - digits, 8 * mm - 2)
        canvas.doForm("total")
        canvas.restoreState()
        canvas.setFillGray(0)

    def end(self) -> None:
        """The sum, the signature, and then the number of pages in every foot."""
        title = [line for text in self.paper.signing_title for line in self.wrapped(text, self.signature, ROOM * 0.45)]
        needed = 6 * mm + (len(title) + 1) * self.signature.leading + ROOM_FOR_PEN
        if self.held is not None:
            self._draw(self.held, below=needed)
        else:
            self._band(self.paper.nothing, self.slanted)
        self._close_columns()
        self.y -= 4 * mm
        self.put([f"Danh sách có {_grouped(self.number)} dòng."], self.note, LEFT, self.y, ROOM)
        x, room = LEFT + ROOM * 0.55, ROOM * 0.45
        place = f"{self.paper.place}, " if self.paper.place else ""
        date = f"{place}ngày{BLANK * 7}tháng{BLANK * 7}năm {self.paper.year}"
        below = self.written(date, self.italic, x, self.y, room, centred=True)
        self.put(title, self.signature, x, below - 1 * mm, room, centred=True)
        self._foot()
        self._total()
        self.canvas.showPage()
        self.canvas.save()

    def _total(self) -> None:
        canvas = self.canvas
        canvas.beginForm("total", 0, 0, 40, 12)
        canvas.setFillGray(0.3)
        canvas.setFont(self.small.face, self.small.size)
        canvas.drawString(0, 2, str(self.page))
        canvas.endForm()


def _grouped(number: int) -> str:
    return f"{number:,}".replace(",", ".")
