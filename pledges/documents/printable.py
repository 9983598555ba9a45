"""What may be printed: bounds that keep rendering quick, and a visible way to print what no face has."""

from __future__ import annotations

import unicodedata

from pledges.core.errors import N_, DomainError
from pledges.documents.fonts import NEEDED_LETTERS, Faces
from pledges.documents.paper import PledgePaper

MOST_IN_FIELD = 2_000
MOST_IN_BLOCK = 6_000
MOST_IN_PAPER = 80_000
MOST_BLOCKS = 300
MOST_MARKS = 4

# Nearly all text is made of these alone, and then nothing more needs to be looked at.
_ORDINARY = frozenset(NEEDED_LETTERS + "\n\t")

FIELD_KINDS = frozenset({"title", "subtitle", "addressee"})

# They turn the reading direction around or hide letters, so that the eye would read something else than was signed.
_DECEPTIVE = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def check_bounds(paper: PledgePaper) -> None:
    """Refuse (`DomainError`) text that no honest form lets through and that would be slow or deceptive to print."""
    if len(paper.blocks) > MOST_BLOCKS:
        raise DomainError(N_("Bản cam kết có quá nhiều đoạn (tối đa %(most)s)."), most=MOST_BLOCKS)
    total = 0
    for block in paper.blocks:
        most = MOST_IN_FIELD if block.kind in FIELD_KINDS else MOST_IN_BLOCK
        check_text(block.text, most)
        check_text(block.number, 200)
        total += len(block.text)
    for text in (*paper.signature_lines, *paper.notes):
        check_text(text, MOST_IN_FIELD)
        total += len(text)
    for text in (
        paper.reference,
        paper.place_and_date,
        paper.signer_title,
        paper.signer_name,
        paper.agency_name,
        paper.text_version,
        paper.template_hash,
        paper.rendered_hash,
    ):
        check_text(text, 500)
    if total > MOST_IN_PAPER:
        raise DomainError(N_("Bản cam kết quá dài (tối đa %(most)s ký tự)."), most=MOST_IN_PAPER)
    if not paper.verification_url.startswith(("https://", "http://")) or len(paper.verification_url) > 300:
        raise DomainError(N_("Địa chỉ xác minh in trên bản cam kết phải bắt đầu bằng https:// và không quá 300 ký tự."))


def check_text(text: str, most: int) -> None:
    """Refuse (`DomainError`) one text that is too long, hides something or is piled up with marks."""
    if len(text) > most:
        raise DomainError(N_("Nội dung in dài quá %(most)s ký tự. Hãy rút gọn."), most=most)
    if _ORDINARY.issuperset(text):
        return
    marks = 0
    for letter in unicodedata.normalize("NFC", text):
        category = unicodedata.category(letter)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if marks > MOST_MARKS:
            raise DomainError(N_("Nội dung in có quá nhiều dấu chồng lên một chữ. Hãy gõ lại chỗ đó."))
        if letter in _DECEPTIVE or (category == "Cc" and letter not in "\n\t"):
            raise DomainError(N_("Nội dung in có ký tự điều khiển không nhìn thấy. Hãy xóa và gõ lại chỗ đó."))


def printable(text: str, faces: Faces) -> str:
    """NFC, with every character that the faces lack written as its number, such as [U+4E2D]: never a blank or a box."""
    if _ORDINARY.issuperset(text):
        return text
    text = unicodedata.normalize("NFC", text)
    lacking = set(text) - faces.letters - {"\n", "\t"}
    for letter in lacking:
        # Joiners and spaces without a glyph have no look of their own.
        category = unicodedata.category(letter)
        plain = " " if category == "Zs" else "" if category == "Cf" else f"[U+{ord(letter):04X}]"
        text = text.replace(letter, plain)
    return text


def lacks_letters(paper: PledgePaper, faces: Faces) -> bool:
    """Whether somewhere a character had to be written as its number, which the notes then explain."""
    texts = (paper.signer_name, paper.signer_title, *paper.signature_lines, *(block.text for block in paper.blocks))
    return any("[U+" in printable(text, faces) and "[U+" not in text for text in texts)
