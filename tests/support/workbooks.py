"""Tables as people and attackers make them: workbooks written by xlsxwriter, ODS and archives put together by hand."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"


def xlsx(
    rows: Sequence[Sequence[Any]] = (), *, draw: Callable[[Any, Worksheet], None] | None = None, **sheets: Any
) -> bytes:
    """A workbook with one sheet of `rows` (which `draw(workbook, worksheet)` may go on with), and more by name."""
    made = BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        for name, lines in (sheets or {"Trang 1": rows}).items():
            sheet = book.add_worksheet(name)
            for number, cells in enumerate(lines):
                sheet.write_row(number, 0, cells)
            if draw is not None:
                draw(book, sheet)
    return made.getvalue()


def ods(*rows: Sequence[str], encrypted: bool = False, raw_rows: str = "", sheet: str = "Bảng") -> bytes:
    lines = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{escape(cell)}</text:p></table:table-cell>'
            for cell in row
        )
        + "</table:table-row>"
        for row in rows
    )
    content = (
        '<?xml version="1.0" encoding="UTF-8"?><office:document-content '
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
        f'<table:table table:name="{sheet}">{lines}{raw_rows}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    secret = "<manifest:encryption-data/>" if encrypted else ""
    return archive(
        {"mimetype": ODS_TYPE, "content.xml": content, "META-INF/manifest.xml": f"<manifest>{secret}</manifest>"}
    )


def archive(files: Mapping[str, str | bytes]) -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return made.getvalue()


def with_part(workbook: bytes, name: str, content: str | bytes) -> bytes:
    """A workbook with one part more, or with another content of a part."""
    with zipfile.ZipFile(BytesIO(workbook)) as packed:
        files: dict[str, str | bytes] = {each: packed.read(each) for each in packed.namelist()}
    return archive(files | {name: content})
