"""The paragraph styles of the paper, and the only way in which text becomes a paragraph."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

from reportlab import rl_config
from reportlab.lib.colors import Color
from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY, TA_LEFT
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph
from reportlab.platypus.paraparser import ParaFrag

from pledges.documents.fonts import Faces
from pledges.documents.printable import printable

# Nothing on this paper is fetched. No text is parsed as markup either, so this is the second lock on the same door.
rl_config.trustedSchemes = ["none"]
rl_config.trustedHosts = ["none.invalid"]
# Streams as they are instead of as text: files become a fifth smaller.
rl_config.useA85 = 0

BLACK = Color(0, 0, 0)
INDENT = 10 * mm
LONG_WORD = 24


@dataclass(frozen=True)
class Styles:
    """All paragraph styles for one set of faces."""

    nation: ParagraphStyle
    motto: ParagraphStyle
    title: ParagraphStyle
    subtitle: ParagraphStyle
    addressee: ParagraphStyle
    party: ParagraphStyle
    basis: ParagraphStyle
    opening: ParagraphStyle
    body: ParagraphStyle
    heading: ParagraphStyle
    small: ParagraphStyle
    consent: ParagraphStyle
    signature: ParagraphStyle
    place: ParagraphStyle
    column: ParagraphStyle
    column_bold: ParagraphStyle
    column_italic: ParagraphStyle
    note: ParagraphStyle


@functools.lru_cache(maxsize=8)
def styles_for(faces: Faces) -> Styles:
    def style(name: str, face: str, scale: float, **values: Any) -> ParagraphStyle:
        points = round(faces.body_size * scale, 2)
        # The bullet's font is Helvetica by default, which would be named in the file without being embedded.
        return ParagraphStyle(
            name,
            fontName=face,
            bulletFontName=face,
            fontSize=points,
            leading=round(points * 1.34, 2),
            textColor=BLACK,
            splitLongWords=1,
            allowWidows=0,
            allowOrphans=0,
            **values,
        )

    regular, bold, italic = faces.regular, faces.bold, faces.italic
    running = {"alignment": TA_JUSTIFY, "spaceBefore": 6, "firstLineIndent": INDENT}
    return Styles(
        nation=style("nation", bold, 1.0, alignment=TA_CENTER),
        motto=style("motto", bold, 1.04, alignment=TA_CENTER),
        title=style("title", bold, 1.3, alignment=TA_CENTER, spaceBefore=18, spaceAfter=2, keepWithNext=1),
        subtitle=style(
            "subtitle",
            bold,
            1.04,
            alignment=TA_CENTER,
            leftIndent=12 * mm,
            rightIndent=12 * mm,
            spaceAfter=2,
            keepWithNext=1,
        ),
        addressee=style("addressee", regular, 1.04, alignment=TA_CENTER, spaceBefore=12, spaceAfter=8),
        party=style("party", regular, 0.97),
        basis=style("basis", italic, 1.0, **{**running, "spaceBefore": 3}),
        opening=style("opening", regular, 1.0, keepWithNext=1, **running),
        body=style("body", regular, 1.0, **running),
        heading=style("heading", bold, 1.0, spaceBefore=11, spaceAfter=1, keepWithNext=1),
        small=style("small", regular, 0.9, alignment=TA_JUSTIFY, spaceBefore=9),
        consent=style("consent", regular, 0.95),
        signature=style("signature", regular, 0.9, spaceBefore=2),
        place=style("place", italic, 1.0, alignment=TA_CENTER),
        column=style("column", regular, 1.0, alignment=TA_CENTER),
        column_bold=style("column_bold", bold, 1.0, alignment=TA_CENTER),
        column_italic=style("column_italic", italic, 0.87, alignment=TA_CENTER),
        note=style("note", italic, 0.8, alignment=TA_JUSTIFY, spaceBefore=3),
    )


def plain_paragraph(text: str, style: ParagraphStyle, faces: Faces, *, tail: str = "") -> Paragraph:
    """A paragraph whose text is never parsed: `<img src=…>`, `&amp;` and links are printed as they were typed.

    Line feeds become line ends; `tail` follows in italics.
    """

    def fragment(words: str, **values: Any) -> ParaFrag:
        look = {"fontName": style.fontName, "fontSize": style.fontSize, "textColor": style.textColor}
        rest = {"rise": 0, "greek": 0, "link": [], "bold": 0, "italic": 0, "us_lines": []}
        return ParaFrag(**{**look, **rest, "text": words, **values})

    text = printable(text, faces)
    lines = text.split("\n")
    fragments: list[ParaFrag] = []
    for line in lines[:-1]:
        fragments += [fragment(line), fragment("", lineBreak=True)]
    if tail:
        fragments += [fragment(lines[-1] + " "), fragment(tail, fontName=faces.italic)]
    else:
        fragments.append(fragment(lines[-1]))
    if style.alignment == TA_JUSTIFY and max(map(len, text.split()), default=0) > LONG_WORD:
        style = _ragged(style)
    return Paragraph("", style, frags=fragments)


@functools.lru_cache(maxsize=64)
def _ragged(style: ParagraphStyle) -> ParagraphStyle:
    """The same style with a ragged edge: web addresses tear holes into justified lines."""
    return ParagraphStyle(f"{style.name}-ragged", parent=style, alignment=TA_LEFT)
