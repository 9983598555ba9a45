"""What stands on every page around the text: watermarks, footer, QR code, page numbers."""

from __future__ import annotations

import itertools
from typing import Any

import segno
from reportlab.lib.colors import Color
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfdoc import PDFDictionary, PDFInfo, PDFString
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

from pledges.documents.fonts import Faces
from pledges.documents.paper import PledgePaper
from pledges.documents.printable import printable
from pledges.documents.styles import BLACK

WIDTH, HEIGHT = A4
LEFT, RIGHT, TOP = 30 * mm, 18 * mm, 18 * mm
FOOT = 8 * mm
QR_FIRST, QR_LAST = 21 * mm, 14.5 * mm
FIRST_BOTTOM, LATER_BOTTOM = FOOT + QR_FIRST + 4 * mm, FOOT + QR_LAST + 4 * mm

FOOTER_SIZE = 6.6
FOOTER_LEADING = 9.2
FOOTER_INK = Color(0.25, 0.25, 0.25)
# Light enough that the text above stays easy to read, dark enough to survive a photocopier.
DRAFT_INK = Color(0.915, 0.915, 0.915)
TRIAL_INK = Color(0.98, 0.9, 0.89)
HEADER_INK = Color(0.65, 0.1, 0.1)

DRAFT = "DỰ THẢO"
TRIAL = "THỬ NGHIỆM"
DRAFT_LINE = "DỰ THẢO: mẫu chưa được cơ quan chủ trì duyệt"
TRIAL_LINE = "THỬ NGHIỆM: niêm phong bằng khóa thử, không dùng làm bằng chứng"

# Trying all eight masks for the prettiest one takes four times as long and helps no scanner.
QR_MASK = 3


class UndatedInfo(PDFInfo):
    """Title and author without the dates, which would be invented: equal input gives equal bytes."""

    def format(self, document: Any) -> Any:
        texts = {"Title": self.title, "Author": self.author, "Subject": self.subject, "Creator": self.creator}
        return PDFDictionary({name: PDFString(text) for name, text in texts.items()}).format(document)


class PledgeCanvas(Canvas):
    """Knows the number of pages at the end and then fills it in everywhere: it is one shared form."""

    end_page = 0
    total_form: tuple[str, float] = ("", 0.0)

    def __init__(self, *positional: Any, **named: Any) -> None:
        super().__init__(*positional, **named)
        self._doc.info = UndatedInfo()

    def save(self) -> None:
        face, size = self.total_form
        self.beginForm("total", 0, 0, 30, 10)
        self.setFont(face, size)
        self.setFillColor(FOOTER_INK)
        self.drawString(0, 2, str(self._pageNumber - 1))
        self.endForm()
        super().save()


class PledgeDocument(BaseDocTemplate):
    """A4 pages; the first has the large QR code, the one with the end of the text a small one."""

    def __init__(self, target: Any, paper: PledgePaper, faces: Faces, *, trial: bool) -> None:
        title = next((block.text for block in paper.blocks if block.kind == "title"), "Bản cam kết")
        super().__init__(
            target,
            pagesize=A4,
            title=f"{printable(title, faces)} {paper.reference}"[:500],
            author=paper.agency_name,
            subject=paper.reference,
            creator="Hệ thống ký cam kết trực tuyến",
            lang=paper.language,
            initialFontName=faces.regular,
            initialFontSize=faces.body_size,
            invariant=1,
        )
        self.paper, self.faces, self.trial = paper, faces, trial
        self.qr = segno.make(paper.verification_url, error="m", micro=False, mask=QR_MASK)
        self.addPageTemplates(
            [self._template("first", FIRST_BOTTOM, "later"), self._template("later", LATER_BOTTOM, "later")]
        )

    def _template(self, name: str, bottom: float, following: str) -> PageTemplate:
        frame = Frame(LEFT, bottom, WIDTH - LEFT - RIGHT, HEIGHT - TOP - bottom, 0, 0, 0, 0, id=name)
        return PageTemplate(name, [frame], onPage=_begin_page, onPageEnd=_end_page, autoNextPageTemplate=following)


def _begin_page(canvas: PledgeCanvas, document: PledgeDocument) -> None:
    words = [(DRAFT, DRAFT_INK, 104)] * document.paper.draft_wording + [(TRIAL, TRIAL_INK, 84)] * document.trial
    if not words:
        return
    if canvas.getPageNumber() == 1:
        canvas.beginForm("watermark")
        canvas.translate(WIDTH / 2, HEIGHT / 2)
        canvas.rotate(52)
        for index, (word, ink, size) in enumerate(words):
            canvas.setFillColor(ink)
            canvas.setFont(document.faces.bold, size)
            canvas.drawCentredString(0, (len(words) - 1) * 75 - index * 150 - size * 0.35, word)
        canvas.endForm()
    canvas.doForm("watermark")
    lines = [DRAFT_LINE] * document.paper.draft_wording + [TRIAL_LINE] * document.trial
    canvas.setFillColor(HEADER_INK)
    canvas.setFont(document.faces.regular, 7.5)
    canvas.drawCentredString(LEFT + (WIDTH - LEFT - RIGHT) / 2, HEIGHT - 11 * mm, "  ·  ".join(lines))
    canvas.setFillColor(BLACK)


def _end_page(canvas: PledgeCanvas, document: PledgeDocument) -> None:
    paper, faces, number = document.paper, document.faces, canvas.getPageNumber()
    first, last = number == 1, number == canvas.end_page
    side = QR_FIRST if first else QR_LAST
    top = FOOT + side + 1.5 * mm
    edge = WIDTH - RIGHT - (side + 4 * mm if first or last else 0)
    canvas.saveState()
    canvas.setStrokeColor(FOOTER_INK)
    canvas.setLineWidth(0.4)
    canvas.line(LEFT, top, WIDTH - RIGHT, top)
    canvas.setFillColor(FOOTER_INK)
    canvas.setFont(faces.regular, FOOTER_SIZE + 1)
    y = top - FOOTER_LEADING - 1
    canvas.drawString(LEFT, y, f"{_reference(paper)}  ·  {_version(paper, faces)}")
    label = f"Trang {number}/"
    label_width = canvas.stringWidth(label, faces.regular, FOOTER_SIZE + 1)
    digits = canvas.stringWidth("00", faces.regular, FOOTER_SIZE + 1)
    canvas.drawString(edge - digits - label_width, y, label)
    canvas.total_form = (faces.regular, FOOTER_SIZE + 1)
    canvas.saveState()
    canvas.translate(edge - digits, y - 2)
    canvas.doForm("total")
    canvas.restoreState()
    for text in _small_print(paper):
        y -= FOOTER_LEADING
        _fitted(canvas, text, LEFT, y, edge - LEFT, faces.regular)
    if first or last:
        _draw_qr(canvas, document, WIDTH - RIGHT - side, FOOT, side)
    canvas.restoreState()


def _reference(paper: PledgePaper) -> str:
    return f"{'Mã bản in' if paper.form == 'by_hand' else 'Mã hồ sơ'}: {paper.reference}"


def _version(paper: PledgePaper, faces: Faces) -> str:
    if paper.form == "record":
        return "Phiếu ghi nhận bản cam kết giấy"
    return f"Phiên bản mẫu: {printable(paper.text_version, faces)}"


def _small_print(paper: PledgePaper) -> tuple[str, ...]:
    """Where to check the paper, and the hashes; of the wording on somebody's own paper nothing is known."""
    if paper.form == "record":
        return f"Xác minh: {paper.verification_url}", f"SHA-256 của nội dung phiếu: {paper.rendered_hash}"
    hashes = (f"SHA-256 của mẫu: {paper.template_hash}", f"SHA-256 của nội dung: {paper.rendered_hash}")
    if paper.form == "by_hand":
        return ("Bản in để ký tay; chưa được niêm phong. Cán bộ quét mã để gửi ảnh bản đã ký.", *hashes)
    return f"Xác minh: {paper.verification_url}", hashes[0], f"SHA-256 của nội dung đã ký: {paper.rendered_hash}"


def _fitted(canvas: Canvas, text: str, x: float, y: float, width: float, face: str) -> None:
    """Draw a line of footer, smaller where it is too long: it must stay whole."""
    needed = canvas.stringWidth(text, face, FOOTER_SIZE)
    canvas.setFont(face, FOOTER_SIZE * min(1.0, width / needed) if needed else FOOTER_SIZE)
    canvas.drawString(x, y, text)


def _draw_qr(canvas: Canvas, document: PledgeDocument, x: float, y: float, side: float) -> None:
    """Draw the code as vectors, as a link; both sizes share one form whose unit is one module."""
    modules = len(document.qr.matrix)
    if not canvas.hasForm("qr"):
        canvas.beginForm("qr", 0, 0, modules, modules)
        canvas.setFillColor(BLACK)
        # The path is written as it stands in the file: a path object per rectangle costs ten times as much.
        canvas._code.append(rectangles(document.qr.matrix) + " f")
        canvas.endForm()
    canvas.saveState()
    canvas.translate(x, y)
    canvas.scale(side / modules, side / modules)
    canvas.doForm("qr")
    canvas.restoreState()
    canvas.linkURL(document.paper.verification_url, (x, y, x + side, y + side), relative=0, thickness=0)


def rectangles(matrix: tuple[bytearray, ...]) -> str:
    """Dark modules beside each other become one rectangle: fewer operators and no hairlines between them."""
    found = []
    for index, row in enumerate(matrix):
        base = len(matrix) - 1 - index
        column = 0
        for dark, run in itertools.groupby(row):
            length = len(list(run))
            if dark:
                found.append(f"{column} {base} {length} 1 re")
            column += length
    return " ".join(found)
