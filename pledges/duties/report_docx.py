"""The draft of a report as DOCX in the layout of Nghị định 30/2020/NĐ-CP, Phụ lục I, for the agency to finish.

Everything is real: paragraphs with styles, tables whose headings repeat, fields that number pages and captions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from pathlib import Path
from typing import Any, BinaryIO

from pledges.documents.chart_pictures import chart_pictures
from pledges.documents.docx_paper import ROOM, About, DocxPaper
from pledges.documents.docx_xml import cell, element, field, paragraph, row, rule, run, table, times_width, twips
from pledges.documents.fonts import Faces, faces_of
from pledges.documents.layout import MOTTO, NATION
from pledges.duties.report_parts import (
    Chapter,
    Grid,
    Heading,
    Note,
    Part,
    Picture,
    ReportContent,
    Words,
    annex_name,
    roman,
)

BLANK = "\u00a0"
"""Does not melt away at the end of a line, as a common blank does."""
_LEFT, _RIGHT = 66.0, ROOM - 66.0
_SIGNER = 80.0
_BESIDE = 6.0
"""Millimetres that the two halves of the head keep between them."""
_RULE_SHARE = 0.4
"""The decree: a third to half of the line above."""
_SHADE = "F2F2F2"
_MOST_PICTURE = 520.0
"""Points of height: a chart, its heading and its caption stand on one page."""
_PICTURE = ROOM - 2
"""Millimetres: exactly as wide as the text some programs cut the last letters off."""
_POINTS = 72 / 25.4
_CELL_SIZE = 11.5
_AIR = 3.0
"""Millimetres around the text of a cell."""
_GOOD_NUMBER = 24.0
_MOST_NUMBERS = 0.73
"""Of the width: names keep a quarter of it."""


def write_docx(content: ReportContent, target: BinaryIO, fonts: Path | None = None) -> None:
    """Equal content gives equal bytes; `fonts` (PLEDGES_PDF_FONTS) are those of the charts."""
    paper = DocxPaper(About(f"Báo cáo {content.abstract}", content.agency, content.drafted_at))
    writer = _Writer(paper, faces_of(fonts))
    paper.add(*_head(content), *_opening(content))
    for place, chapter in enumerate(content.chapters):
        paper.add(paragraph("Heading1", f"{roman(place)}. {chapter.title.upper()}"))
        writer.write(chapter.parts)
    # The signature never stands alone on a page.
    keep = (paragraph("Body", line, properties=[element("w:keepNext")]) for line in _lines(content.closing))
    paper.add(*keep, _foot(content))
    for place, annex in enumerate(content.annexes):
        paper.begin_annex()
        paper.add(*_annex_head(content, annex, annex_name(place, len(content.annexes))))
        writer.write(annex.parts)
    paper.write(target)


# --- The head and the foot of the first and the last page ------------------------------------------------------------


def _head(content: ReportContent) -> list[Any]:
    issuer = _balanced(content.agency.upper(), 13, _LEFT - _BESIDE)
    superior = _balanced(content.superior.upper(), 13, _LEFT - _BESIDE)
    left = [paragraph("Superior", superior)] if superior else []
    left += [paragraph("Issuer", issuer), rule(_rule_of(issuer, 13), _LEFT)]
    right = [paragraph("NationalName", NATION), paragraph("Motto", MOTTO), rule(times_width(MOTTO, 14), _RIGHT)]
    number = paragraph("Number", f"Số:{BLANK * 8}/{content.symbol}")
    blank = BLANK * 6
    date = paragraph("PlaceDate", f"{content.place}, ngày{blank}tháng{blank}năm {content.year}")
    rows = [
        row([cell(_LEFT, *left), cell(_RIGHT, *right)]),
        row([cell(_LEFT, number), cell(_RIGHT, date)]),
    ]
    abstract = _balanced(content.abstract, 14, ROOM - 2 * _BESIDE)
    title = [paragraph("Kind", "BÁO CÁO"), paragraph("Abstract", abstract)]
    return [table((_LEFT, _RIGHT), rows, ruled=False), *title, rule(_rule_of(abstract, 14), ROOM)]


def _balanced(text: str, size: float, room: float) -> str:
    """Two lines of nearly the same length where one has no room; what needs more lines breaks by itself."""
    words = text.split()
    whole = " ".join(words)
    if times_width(whole, size) <= room or len(words) < 2:
        return whole
    pairs = [(" ".join(words[:cut]), " ".join(words[cut:])) for cut in range(1, len(words))]
    return "\n".join(min(pairs, key=lambda pair: max(times_width(line, size) for line in pair)))


def _rule_of(text: str, size: float) -> float:
    return min(_RULE_SHARE * max(times_width(line, size) for line in text.split("\n")), _LEFT)


def _opening(content: ReportContent) -> Iterator[Any]:
    if len(content.addressees) == 1:
        yield paragraph("Addressee", f"Kính gửi: {content.addressees[0]}", properties=[element("w:jc", val="center")])
    elif content.addressees:
        yield paragraph("Addressee", "Kính gửi:", properties=[element("w:ind", left=twips(25))])
        for name in _ended(content.addressees):
            under_colon = element("w:ind", left=twips(47), hanging=twips(3))
            yield paragraph("Addressees", f"- {name}", properties=[under_colon])
    for basis in _ended(content.bases):
        yield paragraph("Basis", basis)
    for line in _lines(content.opening):
        yield paragraph("Body", line)


def _ended(lines: Sequence[str]) -> list[str]:
    """Each ends with a semicolon, the last one with a full stop."""
    return [f"{line}{';' if place + 1 < len(lines) else '.'}" for place, line in enumerate(lines)]


def _foot(content: ReportContent) -> Any:
    copies = ["Như trên", *content.copies] if content.addressees else list(content.copies)
    left = [paragraph("CopiesLabel", "Nơi nhận:"), *(paragraph("Copies", f"- {name};") for name in copies)]
    left.append(paragraph("Copies", run("- Lưu: VT, "), run("(đơn vị soạn thảo)", marked=True), run(".")))
    right = [paragraph("SignerTitle", line.upper()) for line in content.signing_title]
    right += [paragraph("SignerTitle") for _line in range(5)]
    right.append(paragraph("SignerName", run("(Họ và tên)", marked=True)))
    width = ROOM - _SIGNER
    # Above it some air, which no style could give to a table.
    gap = row([cell(width, paragraph("SignerTitle")), cell(_SIGNER, paragraph("SignerTitle"))])
    return table((width, _SIGNER), [gap, row([cell(width, *left), cell(_SIGNER, *right)])], ruled=False)


def _annex_head(content: ReportContent, annex: Chapter, name: str) -> list[Any]:
    blank = BLANK * 6
    issued = f"{content.symbol} ngày{blank}tháng{blank}năm {content.year} của {content.agency}"
    return [
        paragraph("Annex", name),
        paragraph("AnnexName", annex.title.upper()),
        paragraph("AnnexOf", f"(Kèm theo Báo cáo số{blank}/{issued})"),
    ]


# --- The parts in between --------------------------------------------------------------------------------------------


class _Writer:
    """Numbers tables and charts through the whole document."""

    def __init__(self, paper: DocxPaper, faces: Faces) -> None:
        self.paper, self.faces = paper, faces
        self._tables = self._pictures = 0

    def write(self, parts: Sequence[Part]) -> None:
        for part in parts:
            if isinstance(part, Grid):
                self._table(part)
            elif isinstance(part, Picture):
                self._picture(part)
            elif isinstance(part, Heading):
                self.paper.add(paragraph("Heading2", part.text))
            elif isinstance(part, Note):
                self.paper.add(paragraph("TableNote", part.text))
            else:
                self._words(part)

    def _words(self, words: Words) -> None:
        for line in _lines(words.text):
            self.paper.add(paragraph("Body", run(line, marked=words.to_write)))

    def _table(self, grid: Grid) -> None:
        self._tables += 1
        number = field("SEQ Bang \\* ARABIC", str(self._tables))
        self.paper.add(paragraph("Caption", "Bảng ", number, f". {grid.caption}"), _grid(grid))

    def _picture(self, picture: Picture) -> None:
        self._pictures += 1
        width = _PICTURE * _POINTS
        pieces = chart_pictures(picture.chart, width=width, most_height=_MOST_PICTURE, faces=self.faces)
        for piece in pieces:
            self.paper.add_picture(piece)
        number = field("SEQ Bieu_do \\* ARABIC", str(self._pictures))
        self.paper.add(paragraph("PictureCaption", "Biểu đồ ", number, f". {picture.chart.title}"))


def _grid(grid: Grid) -> Any:
    widths = _widths(grid)
    heads = [
        cell(width, paragraph("Head", head), fill=_SHADE, middle=True)
        for width, head in zip(widths, grid.heads, strict=True)
    ]
    styles = ["Cell" if column in grid.texts else "NumberCell" for column in range(len(widths))]
    rows = [row(heads, repeated=True)]
    sums, last = len(grid.rows) - grid.sums, len(grid.rows) - 1
    for place, words in enumerate(grid.rows):
        # The sums never stand alone under the heading of a new page.
        kept = [element("w:keepNext")] if sums - 2 <= place < last else []
        cells = [
            cell(width, paragraph(style, run(text, bold=place >= sums), properties=list(map(copy, kept))), middle=True)
            for width, style, text in zip(widths, styles, words, strict=True)
        ]
        rows.append(row(cells))
    return table(widths, rows, ruled=True, title=grid.caption)


def _widths(grid: Grid) -> list[float]:
    """Numbers are never broken, nor the words above them; the columns of words share what is left."""
    found = [0.0] * len(grid.heads)
    words_above = [len(head.split()) for head in grid.heads]
    for column, head in enumerate(grid.heads):
        if column not in grid.texts:
            texts = [*head.split(), *(words[column] for words in grid.rows)]
            found[column] = max(times_width(text, _CELL_SIZE) for text in texts) + _AIR
    # Headings of several words need fewer lines where there is room.
    count = len(found) - len(grid.texts)
    least = min(_GOOD_NUMBER, ROOM * _MOST_NUMBERS / count) if count else 0.0
    found = [max(each, least) if each and heads > 1 else each for each, heads in zip(found, words_above, strict=True)]
    numbers = sum(found)
    scale = min(1.0, ROOM * _MOST_NUMBERS / numbers) if numbers else 1.0
    left = ROOM - numbers * scale
    whole = sum(grid.texts.values())
    return [
        left * grid.texts[column] / whole if column in grid.texts else each * scale for column, each in enumerate(found)
    ]


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.replace("\r", "\n").split("\n") if line.strip()]
