"""DOCX read without our code: parts, the text of paragraphs and tables, and the order that the schema demands."""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import Any

from lxml import etree

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"

# ECMA-376, part 1: children stand in this order; Word refuses files in which they do not.
ORDERS = {
    "pPr": "pStyle keepNext keepLines pageBreakBefore pBdr shd tabs spacing ind jc outlineLvl rPr sectPr",
    "rPr": "rStyle rFonts b bCs i iCs color sz szCs highlight u shd lang",
    "tblPr": "tblStyle tblW jc tblInd tblBorders shd tblLayout tblCellMar tblLook tblCaption tblDescription",
    "trPr": "cantSplit tblHeader",
    "tcPr": "tcW gridSpan vMerge tcBorders shd vAlign",
    "sectPr": "headerReference footerReference type pgSz pgMar pgNumType cols titlePg docGrid",
    "style": "name basedOn next uiPriority semiHidden qFormat pPr rPr tblPr",
    "tbl": "tblPr tblGrid tr",
    "tr": "trPr tc",
}


def parts_of(docx: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(docx)) as package:
        assert package.testzip() is None
        return {name: package.read(name) for name in package.namelist()}


def tree_of(docx: bytes, name: str = "word/document.xml") -> Any:
    return etree.fromstring(parts_of(docx)[name])


def assert_well_made(docx: bytes) -> None:
    """Every part is XML or a picture that the list of contents names, nothing points nowhere, all stands in order."""
    parts = parts_of(docx)
    types = etree.fromstring(parts["[Content_Types].xml"])
    endings = {each.get("Extension") for each in types if each.get("Extension")}
    named = {each.get("PartName", "").lstrip("/") for each in types}
    for name, content in parts.items():
        assert name in named or name.rpartition(".")[2] in endings, name
        if name.endswith((".xml", ".rels")):
            _assert_in_order(etree.fromstring(content), name)
    for name in (name for name in parts if name.endswith(".rels")):
        folder = name.partition("_rels/")[0]
        for relation in etree.fromstring(parts[name]):
            target = str(relation.get("Target"))
            assert (target.lstrip("/") if target.startswith("/") else f"{folder}{target}") in parts, target


def _assert_in_order(root: Any, name: str) -> None:
    for parent in root.iter():
        if not isinstance(parent.tag, str) or not parent.tag.startswith(W):
            continue
        order = ORDERS.get(parent.tag.removeprefix(W), "").split()
        if not order:
            continue
        places = [order.index(child.tag.removeprefix(W)) for child in parent if str(child.tag).startswith(W)]
        assert places == sorted(places), f"{name}: {parent.tag}: {[child.tag for child in parent]}"
    for cell in root.iter(f"{W}tc"):
        assert cell[-1].tag == f"{W}p", "a cell ends with a paragraph"


def words_of(element: Any) -> str:
    """Of a paragraph or a cell; line ends inside it are blanks."""
    parts = (each.text or "" if each.tag == f"{W}t" else " " for each in element.iter(f"{W}t", f"{W}br"))
    return "".join(parts)


def paragraphs_of(docx: bytes, style: str | None = None) -> list[str]:
    """The texts of all paragraphs, or of those of one style, also in tables."""
    found = []
    for each in tree_of(docx).iter(f"{W}p"):
        named = each.find(f"{W}pPr/{W}pStyle")
        if style is None or (named is not None and named.get(f"{W}val") == style):
            found.append(words_of(each))
    return found


def tables_of(docx: bytes) -> dict[str, list[list[str]]]:
    """The ruled tables by their titles, headings first."""
    return {
        table.find(f"{W}tblPr/{W}tblCaption").get(f"{W}val"): [
            [words_of(cell) for cell in row.iter(f"{W}tc")] for row in table.iter(f"{W}tr")
        ]
        for table in tree_of(docx).iter(f"{W}tbl")
        if table.find(f"{W}tblPr/{W}tblCaption") is not None
    }
