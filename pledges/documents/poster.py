"""A poster on one page (A4): telephone numbers that people read from two metres, and a code that leads to the rest."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import segno
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph

from pledges.documents.fonts import Faces, default_faces, one_at_a_time
from pledges.documents.letter import new_canvas
from pledges.documents.page import QR_MASK, rectangles
from pledges.documents.printable import check_text, printable
from pledges.documents.styles import BLACK, plain_paragraph

WIDTH, HEIGHT = A4
EDGE = 16 * mm
ROOM = WIDTH - 2 * EDGE
QR_SIDE = 36 * mm
RULE = 2.2
NUMBER_SHARE = 0.47
"""Of the width, where names and numbers stand beside each other."""

# Points of numbers and of names. From two metres a person with ordinary sight reads letters of 3 mm, which 12.5 points
# have; the numbers are at least twice as large.
BELOW_EACH_OTHER = ((84, 30), (72, 30), (62, 26), (54, 23), (46, 20))
BESIDE_EACH_OTHER = ((42, 17.5), (38, 16), (34, 15), (30, 14), (30, 12.5))


@dataclass(frozen=True)
class Line:
    name: str
    phone: str
    about: str = ""


@dataclass(frozen=True)
class Poster:
    """All text is NFC and nothing is markup; what is empty is left out."""

    owner: str
    """Whose numbers they are: a province, or one body of it."""
    title: str
    about: str
    lines: tuple[Line, ...]
    more: str
    """What stands below the numbers where not all of them find room."""
    link: str
    """What the code holds; printed beside it as well."""
    invitation: str
    notes: tuple[str, ...]


def write_poster(poster: Poster, faces: Faces | None = None) -> bytes:
    """The poster as PDF: one page, whatever it holds; equal input gives equal bytes."""
    for text in (poster.owner, poster.title, poster.about, poster.link, poster.invitation, poster.more, *poster.notes):
        check_text(text, 500)
    for line in poster.lines:
        for text in (line.name, line.phone, line.about):
            check_text(text, 500)
    target = BytesIO()
    with one_at_a_time:
        chosen = faces or default_faces()
        canvas = new_canvas(target, chosen, title=printable(f"{poster.title}: {poster.owner}", chosen))
        _Page(canvas, poster, chosen).draw()
        canvas.showPage()
        canvas.save()
    return target.getvalue()


@functools.lru_cache(maxsize=64)
def _style(face: str, size: float, *, centred: bool = True) -> ParagraphStyle:
    return ParagraphStyle(
        f"poster-{face}-{size}-{centred}",
        fontName=face,
        bulletFontName=face,
        fontSize=size,
        leading=round(size * 1.24, 2),
        textColor=BLACK,
        splitLongWords=1,
        alignment=TA_CENTER if centred else 0,
    )


class _Block:
    """One line of the poster at one size: its name and what it is for, and its number below or beside them."""

    def __init__(self, line: Line, size: float, name: float, faces: Faces, *, beside: bool) -> None:
        self.line, self.size, self.faces, self.beside = line, size, faces, beside
        self.width = ROOM * (1 - NUMBER_SHARE) - 4 * mm if beside else ROOM
        small = max(11.0, name * 0.72)
        self.words = [plain_paragraph(line.name, _style(faces.bold, name, centred=not beside), faces)]
        if line.about:
            self.words.append(plain_paragraph(line.about, _style(faces.regular, small, centred=not beside), faces))
        self.words_height = sum(words.wrap(self.width, HEIGHT)[1] for words in self.words)
        self.number_height = size * 1.12
        stacked = self.words_height + self.number_height
        self.height = max(self.words_height, self.number_height) if beside else stacked
        self.gap = size * 0.3 if beside else size * 0.42

    def draw(self, canvas: Canvas, top: float) -> None:
        start = top - (self.height - self.words_height) / 2 if self.beside else top
        for words in self.words:
            start -= words.height
            words.drawOn(canvas, EDGE, start)
        self._number(canvas, top)

    def _number(self, canvas: Canvas, top: float) -> None:
        face, text = self.faces.bold, printable(self.line.phone, self.faces)
        room = ROOM * NUMBER_SHARE if self.beside else ROOM
        # A number never breaks into two lines: people would dial half of it.
        size = min(self.size, room / (canvas.stringWidth(text, face, 1) or 1))
        canvas.setFont(face, size)
        if self.beside:
            canvas.drawRightString(WIDTH - EDGE, top - self.height / 2 - size * 0.35, text)
        else:
            canvas.drawCentredString(WIDTH / 2, top - self.height + (self.number_height - size * 0.7) / 2, text)


class _Page:
    def __init__(self, canvas: Canvas, poster: Poster, faces: Faces) -> None:
        self.canvas, self.poster, self.faces = canvas, poster, faces

    def draw(self) -> None:
        top = self._head()
        bottom = self._foot()
        blocks, whole = self._fitting(top - bottom)
        if not whole:
            more = self._paragraph(self.poster.more, self.faces.italic, 14)
            more.drawOn(self.canvas, EDGE, bottom)
            bottom += more.height
        spare = top - bottom - sum(block.height for block in blocks) - _gaps(blocks)
        between = min(spare / (len(blocks) + 1), 26 * mm) if blocks else 0
        # Few numbers stand in the middle of the paper, not at its top.
        top -= (spare - between * (len(blocks) - 1)) / 2
        for number, block in enumerate(blocks):
            if number and block.beside:
                self._thin_rule(top + (between + block.gap) / 2)
            block.draw(self.canvas, top)
            top -= block.height + block.gap + between

    def _fitting(self, room: float) -> tuple[list[_Block], bool]:
        """The lines at the largest size at which all find room; else as many as fit at the smallest."""
        for size, name in (*BELOW_EACH_OTHER, *BESIDE_EACH_OTHER):
            beside = (size, name) in BESIDE_EACH_OTHER
            blocks = [_Block(line, size, name, self.faces, beside=beside) for line in self.poster.lines]
            if sum(block.height for block in blocks) + _gaps(blocks) <= room:
                return blocks, True
        room -= self._paragraph(self.poster.more, self.faces.italic, 14).height
        while blocks and sum(block.height for block in blocks) + _gaps(blocks) > room:
            blocks.pop()
        return blocks, False

    def _head(self) -> float:
        top = HEIGHT - EDGE
        for text, face, size, below in (
            (self.poster.owner.upper(), self.faces.bold, 19, 3),
            (self.poster.title, self.faces.bold, self._title_size(), 6),
            (self.poster.about, self.faces.regular, 18, 8),
        ):
            paragraph = self._paragraph(text, face, size)
            top -= paragraph.height
            paragraph.drawOn(self.canvas, EDGE, top)
            top -= below
        return self._rule(top) - 10

    def _title_size(self) -> float:
        """As large as one line of it can be."""
        width: float = self.canvas.stringWidth(self.poster.title, self.faces.bold, 1) or 1.0
        return min(56.0, float(ROOM / width) * 0.98)

    def _foot(self) -> float:
        """Code, address and notes at the bottom; returns where they begin."""
        left = EDGE + QR_SIDE + 7 * mm
        width = WIDTH - EDGE - left
        texts: Sequence[tuple[str, str, float]] = (
            (self.poster.invitation, self.faces.bold, 17),
            (self.poster.link, self.faces.regular, 13),
            *((note, self.faces.italic, 10.5) for note in self.poster.notes),
        )
        lines = [plain_paragraph(text, _style(face, size, centred=False), self.faces) for text, face, size in texts]
        height = sum(line.wrap(width, HEIGHT)[1] + 3 for line in lines)
        top = EDGE + max(QR_SIDE, height)
        self._code(EDGE, top - QR_SIDE)
        y = top - (max(QR_SIDE, height) - height) / 2
        for line in lines:
            y -= line.height + 3
            line.drawOn(self.canvas, left, y)
        return self._rule(top + 5 * mm) + 10

    def _code(self, x: float, y: float) -> None:
        matrix = segno.make(self.poster.link, error="m", micro=False, mask=QR_MASK).matrix
        self.canvas.saveState()
        self.canvas.translate(x, y)
        self.canvas.scale(QR_SIDE / len(matrix), QR_SIDE / len(matrix))
        self.canvas.setFillColor(BLACK)
        self.canvas._code.append(rectangles(matrix) + " f")
        self.canvas.restoreState()
        self.canvas.linkURL(self.poster.link, (x, y, x + QR_SIDE, y + QR_SIDE), relative=0, thickness=0)

    def _paragraph(self, text: str, face: str, size: float) -> Paragraph:
        paragraph = plain_paragraph(text, _style(face, size), self.faces)
        paragraph.wrap(ROOM, HEIGHT)
        return paragraph

    def _rule(self, y: float) -> float:
        self.canvas.setLineWidth(RULE)
        self.canvas.line(EDGE, y, WIDTH - EDGE, y)
        return y

    def _thin_rule(self, y: float) -> None:
        self.canvas.setLineWidth(0.5)
        self.canvas.line(EDGE, y, WIDTH - EDGE, y)


def _gaps(blocks: Sequence[_Block]) -> float:
    return sum(block.gap for block in blocks[1:])
