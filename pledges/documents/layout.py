"""The running text of the paper: which piece follows which, and what stays together."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.platypus import Flowable, KeepTogether, PageBreak, Paragraph, Spacer

from pledges.documents.fonts import Faces
from pledges.documents.paper import Block, PledgePaper
from pledges.documents.printable import lacks_letters
from pledges.documents.signatures import HandSignatureBlock, RecordBlock, SignatureBlock
from pledges.documents.styles import BLACK, Styles, plain_paragraph, styles_for

NATION = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
MOTTO = "Độc lập - Tự do - Hạnh phúc"
LETTERS_NOTE = (
    "Ký tự không có trong phông chữ của bản in được ghi bằng mã Unicode trong ngoặc vuông, ví dụ [U+4E2D]; "
    "nội dung đã ký giữ nguyên ký tự gốc."
)

LABEL_SHARE = 0.34
TICK = 9.0

# A longer last paragraph may break over the pages; a shorter one stays with the signatures.
KEEP_WITH_SIGNATURES = 700


class NationalHead(Flowable):
    """Quốc hiệu and tiêu ngữ, with the rule that is as long as the tiêu ngữ."""

    def __init__(self, styles: Styles, faces: Faces) -> None:
        super().__init__()
        self.lines = [plain_paragraph(NATION, styles.nation, faces), plain_paragraph(MOTTO, styles.motto, faces)]

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.width = width
        self.height = sum(line.wrap(width, height)[1] for line in self.lines) + 5
        return width, self.height

    def draw(self) -> None:
        top = self.height
        for line in self.lines:
            top -= line.height
            line.drawOn(self.canv, 0, top)
        style = self.lines[1].style
        half = self.canv.stringWidth(MOTTO, style.fontName, style.fontSize) / 2
        self.canv.setLineWidth(0.8)
        self.canv.line(self.width / 2 - half, 2, self.width / 2 + half, 2)


class ShortRule(Flowable):
    """The rule under the name of the paper: a third of the width at most."""

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.width = width
        return width, 5

    def draw(self) -> None:
        self.canv.setLineWidth(0.8)
        self.canv.line(self.width * 0.36, 2, self.width * 0.64, 2)


class PartyRow(Flowable):
    """A label and its value side by side; a long value may go on over the page."""

    def __init__(self, label: Paragraph | None, value: Paragraph) -> None:
        super().__init__()
        self.label, self.value = label, value

    def getSpaceBefore(self) -> float:
        return 2.5

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.width = width
        label_height = self.label.wrap(width * LABEL_SHARE - 8, height)[1] if self.label else 0
        self.height = max(label_height, self.value.wrap(width * (1 - LABEL_SHARE), height)[1])
        return width, self.height

    def split(self, width: float, height: float) -> list[Flowable]:
        if self.label and self.label.height > height:
            return []
        parts = self.value.split(width * (1 - LABEL_SHARE), height)
        if len(parts) < 2:
            return []
        return [PartyRow(self.label, parts[0]), *(PartyRow(None, part) for part in parts[1:])]

    def draw(self) -> None:
        if self.label:
            self.label.drawOn(self.canv, 0, self.height - self.label.height)
        self.value.drawOn(self.canv, self.width * LABEL_SHARE, self.height - self.value.height)


class TickRow(Flowable):
    """A consent with its box. The box is drawn, because none of the faces has a glyph for it."""

    def __init__(self, text: Paragraph, checked: bool) -> None:
        super().__init__()
        self.text, self.checked = text, checked

    def getSpaceBefore(self) -> float:
        return 5

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        self.width = width
        self.height = self.text.wrap(width - TICK - 8, height)[1]
        return width, self.height

    def draw(self) -> None:
        canvas = self.canv
        self.text.drawOn(canvas, TICK + 8, 0)
        base = self.height - self.text.style.leading + (self.text.style.leading - TICK) / 2 - 0.5
        canvas.setLineWidth(0.8)
        canvas.setStrokeColor(BLACK)
        canvas.rect(0.5, base, TICK, TICK, stroke=1, fill=0)
        if self.checked:
            canvas.setLineWidth(1.5)
            canvas.lines([(2.2, base + 4.6, 4.2, base + 2.2), (4.2, base + 2.2, 8.2, base + 7.4)])


class EndOfText(Flowable):
    """Takes no room; tells the canvas which page is the last."""

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        return 0, 0

    def draw(self) -> None:
        self.canv.end_page = self.canv.getPageNumber()


class Picture(Flowable):
    """One picture of the signed paper, as large as the page allows and never larger than it is."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.image = ImageReader(BytesIO(data))

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        wide, high = self.image.getSize()
        scale = min(width / wide, (height - 2) / high)
        self.size = wide * scale, high * scale
        self.left = (width - self.size[0]) / 2
        return width, self.size[1]

    def draw(self) -> None:
        self.canv.drawImage(self.image, self.left, 0, *self.size)


def flowing_text(paper: PledgePaper, faces: Faces, pictures: Sequence[bytes] = ()) -> list[Flowable]:
    """Everything from the quốc hiệu to the notes, in order, and the pictures behind it."""
    styles = styles_for(faces)
    story: list[Flowable] = [NationalHead(styles, faces)]
    last_block: list[Flowable] = []
    for index, block in enumerate(paper.blocks):
        following = paper.blocks[index + 1].kind if index + 1 < len(paper.blocks) else None
        last_block = _pieces(block, following, styles, faces)
        story += last_block
    ending = _ending(paper, styles, faces)
    if paper.blocks and len(paper.blocks[-1].text) <= KEEP_WITH_SIGNATURES:
        del story[len(story) - len(last_block) :]
        ending = last_block + ending
    notes = [*paper.notes, *([LETTERS_NOTE] if lacks_letters(paper, faces) else [])]
    if notes:
        ending.append(Spacer(1, 4 * mm))
        ending += [plain_paragraph(note, styles.note, faces) for note in notes]
    return [*story, KeepTogether(ending), EndOfText(), *_picture_pages(pictures, styles, faces)]


def _picture_pages(pictures: Sequence[bytes], styles: Styles, faces: Faces) -> list[Flowable]:
    story: list[Flowable] = []
    for number, data in enumerate(pictures, 1):
        heading = f"Ảnh bản ký giấy, trang {number}/{len(pictures)}"
        story += [PageBreak(), plain_paragraph(heading, styles.heading, faces), Spacer(1, 2 * mm), Picture(data)]
    return story


def _pieces(block: Block, following: str | None, styles: Styles, faces: Faces) -> list[Flowable]:
    text, number = block.text, block.number
    if block.kind == "party":
        label = plain_paragraph(number.rstrip(":") + ":", styles.party, faces) if number else None
        return [PartyRow(label, plain_paragraph(text, styles.party, faces))]
    if block.kind == "consent":
        return _consent(block, styles, faces)
    if block.kind in {"title", "subtitle"}:
        pieces: list[Flowable] = [plain_paragraph(text, getattr(styles, block.kind), faces)]
        return pieces if following in {"title", "subtitle"} else [*pieces, ShortRule()]
    if number:
        text = f"{number}{'' if number[-1] in '.)' else '.'} {text}"
    return [plain_paragraph(text, _BODY_STYLES[block.kind](styles), faces)]


_BODY_STYLES: dict[str, Any] = {
    "addressee": lambda styles: styles.addressee,
    "basis": lambda styles: styles.basis,
    "opening": lambda styles: styles.opening,
    "commitment": lambda styles: styles.body,
    "heading": lambda styles: styles.heading,
    "responsibility": lambda styles: styles.body,
    "notice": lambda styles: styles.small,
    "note": lambda styles: styles.note,
}


def _consent(block: Block, styles: Styles, faces: Faces) -> list[Flowable]:
    if block.checked is None:
        return [plain_paragraph(block.text, styles.small, faces)]
    # A reader that hears the page or extracts its text does not see the box.
    tail = "(đã chọn)" if block.checked else "(không chọn)"
    return [TickRow(plain_paragraph(block.text, styles.consent, faces, tail=tail), block.checked)]


def _ending(paper: PledgePaper, styles: Styles, faces: Faces) -> list[Flowable]:
    def paragraph(text: str, style: ParagraphStyle) -> Paragraph:
        return plain_paragraph(text, style, faces)

    lines: list[Flowable] = [Spacer(1, 3 * mm)]
    lines += [paragraph(line, styles.signature) for line in paper.signature_lines]
    block = {"pledge": SignatureBlock, "by_hand": HandSignatureBlock, "record": RecordBlock}[paper.form]
    return [*lines, Spacer(1, 5 * mm), block(paper, styles, faces)]
