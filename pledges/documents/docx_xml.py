"""Elements of WordprocessingML in the order that its schema demands."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from reportlab.pdfbase.pdfmetrics import stringWidth

from pledges.documents.docx_looks import FACE, LOOKS, Look

LANGUAGE = "vi-VN"

# XML 1.0 has no place for these, nor does anybody see them; the second half turns the direction of reading around.
_UNWRITABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff"
    "\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
)

_STROKE_D = str.maketrans("đĐ", "dD")


def legible(text: str) -> str:
    """NFC, without what XML cannot hold or a reader cannot see; line feeds stay."""
    return unicodedata.normalize("NFC", _UNWRITABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))


def times_width(text: str, size: float) -> float:
    """How long a bold line of Times is, in millimetres; marks take no room."""
    bare = unicodedata.normalize("NFD", legible(text)).translate(_STROKE_D).encode("ascii", "ignore").decode()
    width: float = stringWidth(bare, "Times-Bold", size)
    return width * 25.4 / 72


def twips(millimetres: float) -> int:
    return round(millimetres * 1440 / 25.4)


def element(tag: str, *children: Any, **attributes: object) -> Any:
    """`element("w:jc", val="center")`; attributes belong to the namespace of WordprocessingML."""
    made = OxmlElement(tag)
    for name, value in attributes.items():
        made.set(qn(f"w:{name}"), str(value))
    made.extend(children)
    return made


def run(text: str, *, marked: bool = False, bold: bool = False) -> Any:
    """`marked`: shaded, for whoever has to write there; the shade goes away with the words."""
    made = element("w:r")
    if marked or bold:
        looks = [element("w:b")] if bold else []
        shade = [element("w:shd", val="clear", color="auto", fill="FFF2CC")] if marked else []
        made.append(element("w:rPr", *looks, *shade))
    for place, line in enumerate(legible(text).split("\n")):
        if place:
            made.append(element("w:br"))
        words = element("w:t")
        words.text = line.replace("\t", " ")
        words.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
        made.append(words)
    return made


def field(instruction: str, shown: str) -> Any:
    """A number that the word processor keeps up to date."""
    return element("w:fldSimple", run(shown), instr=instruction)


def paragraph(style: str, *parts: Any, properties: Sequence[Any] = ()) -> Any:
    """Texts become runs; `properties` stand behind the style in the order of the schema."""
    runs = [run(part) if isinstance(part, str) else part for part in parts]
    return element("w:p", element("w:pPr", element("w:pStyle", val=style), *properties), *runs)


def rule(width: float, room: float) -> Any:
    """A line of `width` millimetres in the middle of `room`."""
    side = twips(max((room - width) / 2, 0))
    line = element("w:pBdr", element("w:bottom", val="single", sz=6, space=1, color="000000"))
    return paragraph("Rule", properties=(line, element("w:ind", left=side, right=side)))


# --- Tables ----------------------------------------------------------------------------------------------------------


def table(widths: Sequence[float], rows: Sequence[Any], *, ruled: bool, title: str = "") -> Any:
    """`widths` in millimetres. Without rules it only places things side by side."""
    properties = [element("w:tblW", w=twips(sum(widths)), type="dxa")]
    if ruled:
        sides = ("top", "left", "bottom", "right", "insideH", "insideV")
        lines = [element(f"w:{side}", val="single", sz=4, space=0, color="000000") for side in sides]
        properties.append(element("w:tblBorders", *lines))
    properties.append(element("w:tblLayout", type="fixed"))
    pad = twips(1.2 if ruled else 0)
    air = [element(f"w:{side}", w=pad, type="dxa") for side in ("left", "right")]
    properties.append(element("w:tblCellMar", *air))
    if title:
        properties.append(element("w:tblCaption", val=legible(title)[:250]))
    grid = element("w:tblGrid", *(element("w:gridCol", w=twips(width)) for width in widths))
    return element("w:tbl", element("w:tblPr", *properties), grid, *rows)


def row(cells: Sequence[Any], *, repeated: bool = False) -> Any:
    """Never broken over two pages; `repeated` at the top of every page."""
    properties = [element("w:cantSplit")]
    if repeated:
        properties.append(element("w:tblHeader"))
    return element("w:tr", element("w:trPr", *properties), *cells)


def cell(width: float, *paragraphs: Any, fill: str = "", middle: bool = False) -> Any:
    properties = [element("w:tcW", w=twips(width), type="dxa")]
    if fill:
        properties.append(element("w:shd", val="clear", color="auto", fill=fill))
    if middle:
        properties.append(element("w:vAlign", val="center"))
    return element("w:tc", element("w:tcPr", *properties), *paragraphs)


# --- Styles ----------------------------------------------------------------------------------------------------------


def style_elements() -> list[Any]:
    """What replaces the styles of the template: its faces, and nothing that nobody uses."""
    face = element("w:rFonts", ascii=FACE, hAnsi=FACE, eastAsia=FACE, cs=FACE)
    language = element("w:lang", val=LANGUAGE, eastAsia=LANGUAGE, bidi="ar-SA")
    size = [element("w:sz", val=28), element("w:szCs", val=28)]
    runs = element("w:rPrDefault", element("w:rPr", face, *size, language))
    paragraphs = element("w:pPrDefault", element("w:pPr", element("w:spacing", after=0, line=240, lineRule="auto")))
    return [element("w:docDefaults", runs, paragraphs), *map(_style, LOOKS), *_other_styles()]


def _style(look: Look) -> Any:
    made = element("w:style", type="paragraph", styleId=look.id)
    if look.id == "Normal":
        made.set(qn("w:default"), "1")
    made.append(element("w:name", val=look.name))
    if look.id != "Normal":
        made.append(element("w:basedOn", val="Normal"))
    made.append(element("w:qFormat"))
    exact = look.line < 0
    line = round(-look.line * 20) if exact else round(look.line * 240)
    spacing = {"before": round(look.before * 20), "after": round(look.after * 20), "line": line}
    properties = [element("w:keepNext")] if look.keep_next else []
    properties.append(element("w:spacing", **spacing, lineRule="exact" if exact else "auto"))
    if look.first_line:
        properties.append(element("w:ind", firstLine=twips(look.first_line)))
    properties.append(element("w:jc", val=look.align))
    if look.outline is not None:
        properties.append(element("w:outlineLvl", val=look.outline))
    made.append(element("w:pPr", *properties))
    weight = [element("w:b")] if look.bold else []
    slant = [element("w:i")] if look.italic else []
    half_points = round(look.size * 2)
    sizes = [element("w:sz", val=half_points), element("w:szCs", val=half_points)]
    made.append(element("w:rPr", *weight, *slant, *sizes))
    return made


def _other_styles() -> list[Any]:
    character = element("w:style", element("w:name", val="Default Paragraph Font"), type="character")
    character.set(qn("w:default"), "1")
    character.set(qn("w:styleId"), "DefaultParagraphFont")
    plain = element("w:style", element("w:name", val="Normal Table"), type="table", styleId="TableNormal")
    plain.set(qn("w:default"), "1")
    return [character, plain]
