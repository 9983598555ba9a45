"""Figures as a paper to be printed and signed: tables and charts, A4, in the look of the decree."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Any

from reportlab.lib.colors import Color
from reportlab.lib.enums import TA_CENTER, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    KeepTogether,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

from pledges.core.chart_figures import Chart
from pledges.documents.charts import chart_drawings
from pledges.documents.fonts import Faces, default_faces, one_at_a_time
from pledges.documents.layout import MOTTO, NATION
from pledges.documents.page import PledgeCanvas
from pledges.documents.printable import printable
from pledges.documents.styles import BLACK, plain_paragraph

WIDTH, HEIGHT = A4
LEFT, RIGHT, TOP, BOTTOM = 25 * mm, 15 * mm, 18 * mm, 18 * mm
ROOM = WIDTH - LEFT - RIGHT
SOFT = Color(0.3, 0.3, 0.3)
HEAD = Color(0.91, 0.945, 0.945)
PAD = 1.1 * mm
NAME_SHARE = 0.27
"""Of the width, for the first column, which names the row."""


@dataclass(frozen=True)
class FiguresTable:
    """The first column names the rows, the others are numbers as they are to be printed."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    sums: int = 0
    """How many of the last rows are sums."""


@dataclass(frozen=True)
class Part:
    title: str
    notes: tuple[str, ...] = ()
    table: FiguresTable | None = None
    chart: Chart | None = None


@dataclass(frozen=True)
class FiguresPaper:
    """All text is NFC; nothing is markup; empty texts are left out."""

    superior: str
    agency: str
    title: str
    subtitle: str
    facts: tuple[tuple[str, str], ...]
    parts: tuple[Part, ...]
    place: str
    year: int
    signing_title: tuple[str, ...]
    foot: str


@dataclass(frozen=True)
class _Styles:
    plain: ParagraphStyle
    name: ParagraphStyle
    motto: ParagraphStyle
    title: ParagraphStyle
    subtitle: ParagraphStyle
    fact: ParagraphStyle
    part: ParagraphStyle
    note: ParagraphStyle
    chart: ParagraphStyle
    head: ParagraphStyle
    cell: ParagraphStyle
    strong: ParagraphStyle
    number: ParagraphStyle
    sum: ParagraphStyle
    day: ParagraphStyle
    signer: ParagraphStyle


@functools.lru_cache(maxsize=8)
def _styles(faces: Faces) -> _Styles:
    unit = faces.body_size / 13

    def style(name: str, face: str, points: float, **values: Any) -> ParagraphStyle:
        size = round(points * unit, 2)
        return ParagraphStyle(
            f"figures-{name}",
            fontName=face,
            bulletFontName=face,
            fontSize=size,
            leading=round(size * 1.3, 2),
            textColor=BLACK,
            splitLongWords=1,
            **values,
        )

    regular, bold, italic = faces.regular, faces.bold, faces.italic
    middle, right = {"alignment": TA_CENTER}, {"alignment": TA_RIGHT}
    return _Styles(
        plain=style("plain", regular, 12, **middle),
        name=style("name", bold, 12, **middle),
        motto=style("motto", bold, 13, **middle),
        title=style("title", bold, 14, spaceBefore=14, keepWithNext=1, **middle),
        subtitle=style("subtitle", regular, 12.5, spaceAfter=8, **middle),
        fact=style("fact", regular, 11, spaceAfter=1.5),
        part=style("part", bold, 12.5, spaceBefore=12, spaceAfter=3, keepWithNext=1),
        note=style("note", regular, 10.5, spaceAfter=3),
        chart=style("chart", bold, 11, spaceBefore=8, spaceAfter=5, keepWithNext=1),
        head=style("head", bold, 9, **middle),
        cell=style("cell", regular, 9.5),
        strong=style("strong", bold, 9.5),
        number=style("number", regular, 9.5, **right),
        sum=style("sum", bold, 9.5, **right),
        day=style("day", italic, 12, **middle),
        signer=style("signer", bold, 13, **middle),
    )


def write_figures_pdf(paper: FiguresPaper, target: IO[bytes], faces: Faces | None = None) -> None:
    """Equal input gives equal bytes."""
    with one_at_a_time:
        chosen = faces or default_faces()
        _Document(target, paper, chosen).build(_story(paper, chosen), canvasmaker=PledgeCanvas)


class _Document(BaseDocTemplate):
    def __init__(self, target: IO[bytes], paper: FiguresPaper, faces: Faces) -> None:
        super().__init__(
            target,
            pagesize=A4,
            title=printable(paper.title, faces)[:500],
            author=printable(paper.agency, faces)[:500],
            creator="Hệ thống ký cam kết trực tuyến",
            lang="vi",
            initialFontName=faces.regular,
            initialFontSize=faces.body_size,
            invariant=1,
        )
        self.paper, self.faces = paper, faces
        frame = Frame(LEFT, BOTTOM, ROOM, HEIGHT - TOP - BOTTOM, 0, 0, 0, 0)
        self.addPageTemplates([PageTemplate("figures", [frame], onPageEnd=_foot)])


def _foot(canvas: PledgeCanvas, document: _Document) -> None:
    faces = document.faces
    canvas.saveState()
    canvas.setFillColor(SOFT)
    canvas.setFont(faces.regular, 7.5)
    canvas.drawString(LEFT, 9 * mm, printable(document.paper.foot, faces))
    digits = canvas.stringWidth("00", faces.regular, 7.5)
    canvas.drawRightString(WIDTH - RIGHT - digits, 9 * mm, f"Trang {canvas.getPageNumber()}/")
    canvas.total_form = (faces.regular, 7.5)
    canvas.translate(WIDTH - RIGHT - digits, 9 * mm - 2)
    canvas.doForm("total")
    canvas.restoreState()


def _story(paper: FiguresPaper, faces: Faces) -> list[Flowable]:
    styles = _styles(faces)

    def text(words: str, style: ParagraphStyle) -> Paragraph:
        return plain_paragraph(words, style, faces)

    story: list[Flowable] = [_top(paper, styles, faces)]
    story += [text(paper.title.upper(), styles.title), text(paper.subtitle, styles.subtitle)]
    story += [text(f"{label}: {value}", styles.fact) for label, value in paper.facts if value]
    for part in paper.parts:
        story += _part(part, styles, faces)
    story.append(_signature(paper, styles, faces))
    return story


def _part(part: Part, styles: _Styles, faces: Faces) -> list[Flowable]:
    story: list[Flowable] = [plain_paragraph(part.title, styles.part, faces)]
    story += [plain_paragraph(note, styles.note, faces) for note in part.notes]
    if part.table is not None:
        story.append(_table(part.table, styles, faces))
    if part.chart is not None:
        drawings = chart_drawings(part.chart, faces, width=ROOM, most_height=HEIGHT - TOP - BOTTOM - 30 * mm)
        heading = plain_paragraph(part.chart.title, styles.chart, faces)
        story.append(KeepTogether([heading, drawings[0]]))
        story += drawings[1:]
    return story


def _top(paper: FiguresPaper, styles: _Styles, faces: Faces) -> Table:
    left = [plain_paragraph(paper.superior.upper(), styles.plain, faces)] if paper.superior else []
    left.append(plain_paragraph(paper.agency.upper(), styles.name, faces))
    right = [plain_paragraph(NATION, styles.name, faces), plain_paragraph(MOTTO, styles.motto, faces)]
    table = Table([[left, right]], colWidths=[ROOM * 0.42, ROOM * 0.58])
    table.setStyle(TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0)]))
    return table


def _table(table: FiguresTable, styles: _Styles, faces: Faces) -> Table:
    def line(row: Sequence[str], first: ParagraphStyle, others: ParagraphStyle) -> list[Paragraph]:
        return [plain_paragraph(cell, others if place else first, faces) for place, cell in enumerate(row)]

    sums = len(table.rows) - table.sums
    rows = [line(table.heads, styles.head, styles.head)]
    rows += [
        line(row, styles.cell if place < sums else styles.strong, styles.number if place < sums else styles.sum)
        for place, row in enumerate(table.rows)
    ]
    others = ROOM * (1 - NAME_SHARE) / max(1, len(table.heads) - 1)
    drawn = Table(rows, colWidths=[ROOM * NAME_SHARE, *[others] * (len(table.heads) - 1)], repeatRows=1)
    drawn.setStyle(
        TableStyle(
            [
                ("GRID", (0, 0), (-1, -1), 0.4, SOFT),
                ("BACKGROUND", (0, 0), (-1, 0), HEAD),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                ("LEFTPADDING", (0, 0), (-1, -1), PAD),
                ("RIGHTPADDING", (0, 0), (-1, -1), PAD),
                ("TOPPADDING", (0, 0), (-1, -1), PAD),
                ("BOTTOMPADDING", (0, 0), (-1, -1), PAD),
            ]
        )
    )
    return drawn


def _signature(paper: FiguresPaper, styles: _Styles, faces: Faces) -> Flowable:
    blank = "\u00a0" * 7
    place = f"{paper.place}, " if paper.place else ""
    lines: list[Flowable] = [
        plain_paragraph(f"{place}ngày{blank}tháng{blank}năm {paper.year}", styles.day, faces),
        *(plain_paragraph(line, styles.signer, faces) for line in paper.signing_title),
    ]
    table = Table([["", lines]], colWidths=[ROOM * 0.5, ROOM * 0.5])
    return KeepTogether([Spacer(1, 8 * mm), table, Spacer(1, 24 * mm)])
