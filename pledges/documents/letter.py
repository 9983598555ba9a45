"""Official letters (công văn) as plain data, and their pages: the layout of Nghị định 30/2020/NĐ-CP, phụ lục I."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import segno
from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Frame, Paragraph, Spacer

from pledges.documents.fonts import Faces, default_faces, one_at_a_time
from pledges.documents.layout import MOTTO, NATION
from pledges.documents.page import QR_MASK, UndatedInfo, rectangles
from pledges.documents.printable import check_text
from pledges.documents.styles import BLACK, plain_paragraph

WIDTH, HEIGHT = A4
LEFT, RIGHT, TOP, BOTTOM = 30 * mm, 18 * mm, 20 * mm, 20 * mm
ROOM = WIDTH - LEFT - RIGHT

HEAD_LEFT = 0.44
HEAD_GAP = 4 * mm
QR_SIDE = 33 * mm
ROOM_FOR_PEN = 26 * mm
MOST_IN_PART = 2_000
BLANK = "\u00a0"


@dataclass(frozen=True)
class Letter:
    """One official letter with a code to scan. All text is NFC; nothing is markup; empty texts are left out."""

    superior: str
    """Cơ quan chủ quản, such as "UBND tỉnh Lạng Sơn"."""
    agency: str
    about: str
    """Trích yếu: "V/v mời ký …"."""
    place: str
    year: int
    """Number and day are filled in with a pen or stamp by whoever issues it."""
    addressee: str
    address: tuple[str, ...]
    paragraphs: tuple[str, ...]
    """A paragraph that begins with "- " is an item of a list."""
    code_title: str
    code_steps: tuple[str, ...]
    short_code: str
    link: str
    after_code: tuple[str, ...]
    """What stands beside the code below the typed one."""
    closing: tuple[str, ...]
    copies: tuple[str, ...]
    """Nơi nhận, without the dashes."""
    signing_title: tuple[str, ...]
    """Such as ("KT. GIÁM ĐỐC", "PHÓ GIÁM ĐỐC")."""
    mark: str
    """Small at the foot, by which letters and their list are held against each other."""


@dataclass(frozen=True)
class _Styles:
    nation: ParagraphStyle
    motto: ParagraphStyle
    superior: ParagraphStyle
    agency: ParagraphStyle
    number: ParagraphStyle
    date: ParagraphStyle
    addressee: ParagraphStyle
    address: ParagraphStyle
    body: ParagraphStyle
    item: ParagraphStyle
    box_title: ParagraphStyle
    box: ParagraphStyle
    code: ParagraphStyle
    copies_title: ParagraphStyle
    copies: ParagraphStyle
    signature: ParagraphStyle


@functools.lru_cache(maxsize=8)
def _styles(faces: Faces) -> _Styles:
    unit = faces.body_size / 13  # The decree counts in points of Times.

    def style(name: str, face: str, points: float, **values: Any) -> ParagraphStyle:
        size = round(points * unit, 2)
        return ParagraphStyle(
            f"letter-{name}",
            fontName=face,
            bulletFontName=face,
            fontSize=size,
            leading=round(size * values.pop("spread", 1.3), 2),
            textColor=BLACK,
            splitLongWords=1,
            allowWidows=0,
            allowOrphans=0,
            **values,
        )

    regular, bold, italic = faces.regular, faces.bold, faces.italic
    running = {"alignment": TA_JUSTIFY, "spaceBefore": 6}
    return _Styles(
        nation=style("nation", bold, 12, alignment=TA_CENTER),
        motto=style("motto", bold, 13, alignment=TA_CENTER),
        superior=style("superior", regular, 12, alignment=TA_CENTER),
        agency=style("agency", bold, 12, alignment=TA_CENTER),
        number=style("number", regular, 12, alignment=TA_CENTER, spread=1.25),
        date=style("date", italic, 13, alignment=TA_CENTER),
        addressee=style("addressee", regular, 13),
        address=style("address", regular, 12),
        body=style("body", regular, 13, firstLineIndent=10 * mm, **running),
        item=style("item", regular, 13, firstLineIndent=10 * mm, **{**running, "spaceBefore": 3}),
        box_title=style("box-title", bold, 12),
        box=style("box", regular, 11.5, spaceBefore=2),
        code=style("code", bold, 18, spaceBefore=3, spaceAfter=3, spread=1.2),
        copies_title=style("copies-title", italic, 12),
        copies=style("copies", regular, 11, leftIndent=6, firstLineIndent=-6),
        signature=style("signature", bold, 13, alignment=TA_CENTER),
    )


def write_letters(letters: Sequence[Letter], faces: Faces | None = None) -> bytes:
    """The letters behind each other as PDF, each from a new page on; equal input gives equal bytes."""
    for letter in letters:
        _check(letter)
    target = BytesIO()
    with one_at_a_time:
        chosen = faces or default_faces()
        canvas = new_canvas(target, chosen, title="Thư mời ký cam kết")
        for letter in letters:
            _draw_letter(canvas, letter, chosen)
        canvas.save()
    return target.getvalue()


def new_canvas(target: Any, faces: Faces, *, title: str) -> Canvas:
    canvas = Canvas(
        target,
        pagesize=A4,
        invariant=1,
        pageCompression=1,
        initialFontName=faces.regular,
        initialFontSize=faces.body_size,
        lang="vi",
    )
    canvas._doc.info = UndatedInfo()
    canvas.setTitle(title)
    # Two letters back to back on one sheet could not be sent: programs that ask the file print on one side.
    canvas.setViewerPreference("Duplex", "Simplex")
    return canvas


def _check(letter: Letter) -> None:
    lines = (*letter.paragraphs, *letter.closing, *letter.code_steps, *letter.after_code)
    for text in lines:
        check_text(text, MOST_IN_PART)
    for text in (letter.addressee, *letter.address, letter.agency, letter.superior, *letter.signing_title, letter.mark):
        check_text(text, 500)


def _draw_letter(canvas: Canvas, letter: Letter, faces: Faces) -> None:
    story = _story(letter, faces)
    number = 1
    while story:
        if number > 1:
            canvas.setFont(faces.regular, faces.body_size)
            canvas.drawCentredString(WIDTH / 2, HEIGHT - 12 * mm, str(number))
        _draw_foot(canvas, letter.mark, faces)
        frame = Frame(LEFT, BOTTOM, ROOM, HEIGHT - TOP - BOTTOM, 0, 0, 0, 0)
        before = len(story)
        frame.addFromList(story, canvas)
        if len(story) == before and number > 1:
            raise ValueError("a piece of the letter is higher than a page")
        canvas.showPage()
        number += 1


def _draw_foot(canvas: Canvas, mark: str, faces: Faces) -> None:
    canvas.saveState()
    canvas.setFillGray(0.35)
    canvas.setFont(faces.regular, 7)
    canvas.drawRightString(WIDTH - RIGHT, 11 * mm, mark)
    canvas.restoreState()


def _story(letter: Letter, faces: Faces) -> list[Flowable]:
    styles = _styles(faces)

    def body(text: str) -> Paragraph:
        return plain_paragraph(text, styles.item if text.startswith("- ") else styles.body, faces)

    story: list[Flowable] = [LetterHead(letter, styles, faces), Spacer(1, 5 * mm)]
    story += [Addressee(letter, styles, faces), Spacer(1, 2 * mm)]
    story += [body(text) for text in letter.paragraphs if text]
    story += [Spacer(1, 3 * mm), CodeBox(letter, styles, faces), Spacer(1, 1 * mm)]
    closing = [body(text) for text in letter.closing if text]
    # A page with nothing but the signature could be laid under any letter.
    story += [*closing[:-1], Together([*closing[-1:], Ending(letter, styles, faces)])]
    return story


class Together(Flowable):
    """Pieces below each other that are never torn apart."""

    def __init__(self, pieces: Sequence[Flowable]) -> None:
        super().__init__()
        self.pieces = pieces

    def getSpaceBefore(self) -> float:
        return float(self.pieces[0].getSpaceBefore())

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.heights = [piece.wrap(width, height)[1] for piece in self.pieces]
        return width, sum(self.heights)

    def draw(self) -> None:
        top = sum(self.heights)
        for piece, high in zip(self.pieces, self.heights, strict=True):
            top -= high
            piece.drawOn(self.canv, 0, top)


class LetterHead(Flowable):
    """Left: who writes, number, what about; right: quốc hiệu, tiêu ngữ, place and day."""

    def __init__(self, letter: Letter, styles: _Styles, faces: Faces) -> None:
        super().__init__()

        def lines(text: str, style: ParagraphStyle) -> list[Paragraph]:
            return [plain_paragraph(text, style, faces)] if text else []

        self.names = lines(letter.superior.upper(), styles.superior) + lines(letter.agency.upper(), styles.agency)
        self.below = lines(f"Số:{BLANK * 12}/{BLANK * 12}", styles.number) + lines(letter.about, styles.number)
        self.nation = lines(NATION, styles.nation) + lines(MOTTO, styles.motto)
        date = f"ngày{BLANK * 7}tháng{BLANK * 7}năm {letter.year}"
        self.date = lines(f"{letter.place}, {date}" if letter.place else date, styles.date)

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.width = width
        self.split_at = width * HEAD_LEFT

        def high(lines: Sequence[Paragraph], room: float) -> float:
            return float(sum(line.wrap(room, height)[1] for line in lines))

        left, right = self.split_at - HEAD_GAP / 2, width - self.split_at - HEAD_GAP / 2
        # Number and date stand on one line, below the longer of the two names.
        self.upper = max(high(self.names, left), high(self.nation, right)) + 9
        self.height = self.upper + max(high(self.below, left), high(self.date, right))
        return width, self.height

    def draw(self) -> None:
        start = self.split_at + HEAD_GAP / 2
        bottom = self._column(self.names, 0, self.height)
        middle = (self.split_at - HEAD_GAP / 2) / 2
        self.canv.setLineWidth(0.7)
        self.canv.line(middle - middle * 0.42, bottom - 2.5, middle + middle * 0.42, bottom - 2.5)
        bottom = self._column(self.nation, start, self.height)
        style = self.nation[-1].style
        half = self.canv.stringWidth(MOTTO, style.fontName, style.fontSize) / 2
        middle = (start + self.width) / 2
        self.canv.line(middle - half, bottom - 2.5, middle + half, bottom - 2.5)
        self._column(self.below, 0, self.height - self.upper)
        self._column(self.date, start, self.height - self.upper)

    def _column(self, lines: Sequence[Paragraph], x: float, top: float) -> float:
        for line in lines:
            top -= line.height
            line.drawOn(self.canv, x, top)
        return top


class Addressee(Flowable):
    """ "Kính gửi:" and beside it the name with the address below it."""

    def __init__(self, letter: Letter, styles: _Styles, faces: Faces) -> None:
        super().__init__()
        self.label = plain_paragraph("Kính gửi:", styles.addressee, faces)
        name = ParagraphStyle("letter-name", parent=styles.addressee, fontName=faces.bold)
        self.lines = [
            plain_paragraph(letter.addressee, name, faces),
            *(plain_paragraph(line, styles.address, faces) for line in letter.address if line),
        ]

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        style = self.label.style
        self.indent = width * 0.17
        self.label_width = 4 + len("Kính gửi:") * style.fontSize * 0.56
        self.label.wrap(self.label_width, height)
        room = width - self.indent - self.label_width
        self.height = sum(line.wrap(room, height)[1] for line in self.lines)
        return width, self.height

    def draw(self) -> None:
        self.label.drawOn(self.canv, self.indent, self.height - self.label.height)
        top = self.height
        for line in self.lines:
            top -= line.height
            line.drawOn(self.canv, self.indent + self.label_width, top)


class CodeBox(Flowable):
    """The code to scan, and beside it how to sign, with and without it."""

    PAD = 3 * mm

    def __init__(self, letter: Letter, styles: _Styles, faces: Faces) -> None:
        super().__init__()
        self.letter = letter
        self.lines = [plain_paragraph(letter.code_title, styles.box_title, faces)]
        self.lines += [plain_paragraph(text, styles.box, faces) for text in letter.code_steps if text]
        self.lines.append(plain_paragraph(letter.short_code, styles.code, faces))
        self.lines += [plain_paragraph(text, styles.box, faces) for text in letter.after_code if text]

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.width = width
        self.text_left = QR_SIDE + 2.2 * self.PAD
        room = width - self.text_left - self.PAD
        self.text_height = 0.0
        for line in self.lines:
            self.text_height += line.wrap(room, height)[1] + line.style.spaceBefore + line.style.spaceAfter
        self.height = max(self.text_height, QR_SIDE) + 2 * self.PAD
        return width, self.height

    def draw(self) -> None:
        canvas = self.canv
        canvas.saveState()
        canvas.setStrokeColor(BLACK)
        canvas.setLineWidth(0.6)
        canvas.rect(0, 0, self.width, self.height, stroke=1, fill=0)
        canvas.restoreState()
        top = self.height - (self.height - self.text_height) / 2
        for line in self.lines:
            top -= line.height + line.style.spaceBefore
            line.drawOn(canvas, self.text_left, top)
            top -= line.style.spaceAfter
        _draw_code(canvas, self.letter.link, self.PAD, (self.height - QR_SIDE) / 2)


def _draw_code(canvas: Canvas, link: str, x: float, y: float) -> None:
    matrix = segno.make(link, error="m", micro=False, mask=QR_MASK).matrix
    canvas.saveState()
    canvas.translate(x, y)
    canvas.scale(QR_SIDE / len(matrix), QR_SIDE / len(matrix))
    canvas.setFillColor(BLACK)
    canvas._code.append(rectangles(matrix) + " f")
    canvas.restoreState()


class Ending(Flowable):
    """Left: nơi nhận; right: the title of who signs, with room for pen and seal."""

    def __init__(self, letter: Letter, styles: _Styles, faces: Faces) -> None:
        super().__init__()
        last = len(letter.copies) - 1
        title = ParagraphStyle("letter-copies-title", parent=styles.copies_title, fontName=faces.italic)
        self.copies = [plain_paragraph("Nơi nhận:", title, faces)]
        self.copies += [
            plain_paragraph(f"- {text}{'.' if place == last else ';'}", styles.copies, faces)
            for place, text in enumerate(letter.copies)
        ]
        self.titles = [plain_paragraph(text.upper(), styles.signature, faces) for text in letter.signing_title]

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.width = width
        self.half = width * 0.5
        copies = sum(line.wrap(self.half - 5 * mm, height)[1] for line in self.copies)
        titles = sum(line.wrap(self.half, height)[1] for line in self.titles)
        self.height = max(copies, titles + ROOM_FOR_PEN) + 4 * mm
        return width, self.height

    def draw(self) -> None:
        for lines, x in ((self.copies, 0.0), (self.titles, self.half)):
            top = self.height - 4 * mm
            for line in lines:
                top -= line.height
                line.drawOn(self.canv, x, top)
