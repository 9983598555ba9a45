"""An empty A4 document by the measures of Nghị định 30/2020/NĐ-CP, and how it becomes a file."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, BinaryIO

import docx
from docx.document import Document
from docx.shared import Emu, Mm, Pt

from pledges.documents.chart_pictures import ChartPicture
from pledges.documents.docx_looks import FACE
from pledges.documents.docx_xml import LANGUAGE, element, field, legible, paragraph, style_elements, twips

TOP, BOTTOM, LEFT, RIGHT = 20.0, 20.0, 30.0, 15.0
WIDTH, HEIGHT = 210.0, 297.0
ROOM = WIDTH - LEFT - RIGHT
HEADER = 10.0
"""From the edge of the paper to the number of the page."""
_KEPT = ("/styles", "/settings", "/theme", "/fontTable", "/image", "/header")
"""What the file needs of the template: its preview picture and its second set of styles weigh 50 times the text."""

_FACES = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<w:fonts xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    f'<w:font w:name="{FACE}"><w:panose1 w:val="02020603050405020304"/><w:charset w:val="00"/>'
    '<w:family w:val="roman"/><w:pitch w:val="variable"/></w:font></w:fonts>'
)


@dataclass(frozen=True)
class About:
    """What the properties of the file say; nobody's machine and no program is named."""

    title: str
    author: str
    created: datetime


class DocxPaper:
    """Takes elements one after the other; what is added after `begin_annex` has pages numbered on their own."""

    def __init__(self, about: About) -> None:
        self._document: Document = docx.Document()
        self._about = about
        _strip(self._document)
        _restyle(self._document)
        _set_page(self._document)
        self._end = self._document.element.body.sectPr
        self._header(self._document)

    def add(self, *elements: Any) -> None:
        for each in elements:
            self._end.addprevious(each)

    def add_picture(self, picture: ChartPicture) -> None:
        """With its description for those who do not see it."""
        holder = paragraph("Picture")
        self.add(holder)
        added = self._document.add_picture(BytesIO(picture.png), Pt(picture.width), Pt(picture.height))
        last = self._document.paragraphs[-1]._p
        added._inline.docPr.set("descr", legible(picture.description)[:5_000])
        added._inline.docPr.set("name", f"Biểu đồ {added._inline.docPr.id}")
        added._inline.graphic.graphicData.pic.nvPicPr.cNvPr.set("name", f"bieu-do-{added._inline.docPr.id}.png")
        holder.extend(last.r_lst)
        last.getparent().remove(last)

    def begin_annex(self) -> None:
        """A new page whose number begins at one, in a section of its own, and is not shown there."""
        ended = deepcopy(self._end)
        self.add(element("w:p", element("w:pPr", element("w:pStyle", val="Rule"), ended)))
        for reference in self._end.xpath("./w:headerReference"):
            self._end.remove(reference)
        numbering = self._end.xpath("./w:pgNumType")
        if not numbering:
            self._end.xpath("./w:pgMar")[0].addnext(element("w:pgNumType", start=1))

    def write(self, target: BinaryIO) -> None:
        """Equal documents give equal bytes: the moment of packing stands nowhere."""
        properties = self._document.core_properties
        properties.title = legible(self._about.title)[:250]
        properties.author = properties.last_modified_by = legible(self._about.author)[:250]
        properties.created = properties.modified = self._about.created.astimezone(UTC).replace(
            tzinfo=None, microsecond=0
        )
        properties.language = LANGUAGE
        properties.comments = ""
        properties.revision = 1
        packed = BytesIO()
        self._document.save(packed)
        with zipfile.ZipFile(packed) as found, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as written:
            for name in _ordered(found.namelist()):
                entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                entry.compress_type = zipfile.ZIP_DEFLATED
                written.writestr(entry, found.read(name))

    def _header(self, document: Document) -> None:
        """The number of the page in the middle of the upper margin, from the second page on."""
        section = document.sections[0]
        section.different_first_page_header_footer = True
        header = section.header
        header.is_linked_to_previous = False
        header._element[:] = [paragraph("Header", field("PAGE", "2"))]
        # An empty one of its own: some programs else show the other header on the first page.
        section.first_page_header.is_linked_to_previous = False
        section.first_page_header._element[:] = [paragraph("Header")]


def _ordered(names: Iterable[str]) -> list[str]:
    """Readers expect the list of contents first."""
    return sorted(names, key=lambda name: (name != "[Content_Types].xml", name))


def _strip(document: Document) -> None:
    """Leave out of the template what nobody asked for."""
    for relations in (document.part.rels, document.part.package.rels):
        for key in [key for key, relation in relations.items() if not _is_kept(relation.reltype)]:
            del relations[key]
    for relation in document.part.rels.values():
        if relation.reltype.endswith("/fontTable"):
            relation.target_part._blob = _FACES.encode()


def _is_kept(kind: str) -> bool:
    return kind.endswith((*_KEPT, "/officeDocument", "/core-properties"))


def _restyle(document: Document) -> None:
    styles = document.styles.element
    styles[:] = style_elements()
    settings = document.settings.element
    # 15: as Word has laid documents out since 2013, without "compatibility mode" in the title of its window.
    mode = {"name": "compatibilityMode", "uri": "http://schemas.microsoft.com/office/word", "val": 15}
    settings[:] = [
        element("w:zoom", percent=100),
        element("w:defaultTabStop", val=twips(12.7)),
        element("w:characterSpacingControl", val="doNotCompress"),
        element("w:compat", element("w:compatSetting", **mode)),
        element("w:decimalSymbol", val=","),
        element("w:listSeparator", val=";"),
    ]


def _set_page(document: Document) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(WIDTH), Mm(HEIGHT)
    section.top_margin, section.bottom_margin = Mm(TOP), Mm(BOTTOM)
    section.left_margin, section.right_margin = Mm(LEFT), Mm(RIGHT)
    section.header_distance, section.footer_distance, section.gutter = Mm(HEADER), Mm(HEADER), Emu(0)
