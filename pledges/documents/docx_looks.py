"""The styles of an administrative document after Nghị định 30/2020/NĐ-CP, Phụ lục I; sizes are in points.

Whoever edits the draft finds them by these names; nothing in the document is formatted around them.
"""

from __future__ import annotations

from dataclasses import dataclass

FACE = "Times New Roman"
FIRST_LINE = 12.7
"""Millimetres by which the first line of a paragraph begins further to the right."""


@dataclass(frozen=True)
class Look:
    """One style of paragraphs; `line` is a multiple of single spacing, or below zero an exact height in points."""

    id: str
    name: str
    size: float
    align: str = "left"
    bold: bool = False
    italic: bool = False
    before: float = 0
    after: float = 0
    line: float = 1
    first_line: float = 0
    keep_next: bool = False
    outline: int | None = None


LOOKS = (
    Look("Normal", "Normal", 14),
    Look("NationalName", "Quốc hiệu", 13, "center", bold=True),
    Look("Motto", "Tiêu ngữ", 14, "center", bold=True),
    Look("Superior", "Cơ quan chủ quản", 13, "center"),
    Look("Issuer", "Cơ quan ban hành", 13, "center", bold=True),
    Look("Rule", "Đường kẻ", 2, line=-3),
    Look("Number", "Số, ký hiệu", 13, "center", before=4),
    Look("PlaceDate", "Địa danh, thời gian", 14, "center", italic=True, before=4),
    Look("Kind", "Tên loại", 14, "center", bold=True, before=18, keep_next=True),
    Look("Abstract", "Trích yếu", 14, "center", bold=True, keep_next=True),
    Look("Addressee", "Kính gửi", 14, before=14),
    Look("Addressees", "Kính gửi nhiều nơi", 14),
    Look("Basis", "Căn cứ", 14, "both", italic=True, before=6, first_line=FIRST_LINE, line=1.1),
    Look("Body", "Nội dung", 14, "both", before=6, first_line=FIRST_LINE, line=1.1),
    Look("Heading1", "heading 1", 14, "both", bold=True, before=10, first_line=FIRST_LINE, keep_next=True, outline=0),
    Look("Heading2", "heading 2", 14, "both", bold=True, before=6, first_line=FIRST_LINE, keep_next=True, outline=1),
    Look("Caption", "caption", 13, "center", bold=True, before=10, after=4, keep_next=True),
    Look("PictureCaption", "Tên biểu đồ", 13, "center", bold=True, before=4, after=6),
    Look("Picture", "Biểu đồ", 14, "center", before=10, keep_next=True),
    Look("TableNote", "Ghi chú của bảng", 12, "both", italic=True, before=4),
    Look("Head", "Đầu bảng", 11, "center", bold=True, before=2, after=2),
    Look("Cell", "Ô chữ", 11.5, before=2, after=2),
    Look("NumberCell", "Ô số", 11.5, "right", before=2, after=2),
    Look("CopiesLabel", "Nơi nhận", 12, bold=True, italic=True),
    Look("Copies", "Danh sách nơi nhận", 11),
    Look("SignerTitle", "Chức vụ người ký", 14, "center", bold=True, keep_next=True),
    Look("SignerName", "Họ tên người ký", 14, "center", bold=True),
    Look("Annex", "Phụ lục", 14, "center", bold=True, keep_next=True, outline=0),
    Look("AnnexName", "Tên phụ lục", 14, "center", bold=True, keep_next=True),
    Look("AnnexOf", "Kèm theo", 14, "center", italic=True, after=6, keep_next=True),
    Look("Header", "header", 14, "center"),
)
