"""The few letters of a stamp as embedded fonts, added to a file that was sealed before.

ReportLab embeds fonts only into documents of its own. What is added to a sealed file is made here from the same faces:
a Type0 font whose codes are the numbers of the glyphs, kept for the next stamp with the same letters.
"""

from __future__ import annotations

import functools
import hashlib
import zlib
from dataclasses import dataclass

from pyhanko.pdf_utils.generic import IndirectObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from reportlab.pdfbase import pdfmetrics

from pledges.documents.fonts import one_at_a_time
from pledges.documents.pdf_objects import array, deflated, dictionary, name, number, numbers, string

# Always there, so that two stamps of one approver differ in nothing but their text: times, and hashes of the log.
DIGITS = "0123456789abcdef:/ "
SYMBOLIC, NOT_SYMBOLIC = 4, 32
MOST_MAPPED = 100  # entries in one block of a character map (ISO 32000-1, 9.10.3)


@dataclass(frozen=True)
class LetterFont:
    """A face cut down to some letters."""

    name: str
    program: bytes
    """Deflated."""
    program_size: int
    codes: dict[str, int]
    widths: tuple[int, ...]
    """By code, in thousandths."""
    to_unicode: bytes
    """Deflated."""
    descriptor: tuple[tuple[str, float], ...]
    box: tuple[float, ...]

    def encode(self, text: str) -> bytes:
        """The text as a hexadecimal string of a content stream."""
        return b"<%s>" % "".join(f"{self.codes[letter]:04X}" for letter in text).encode()

    def add_to(self, writer: IncrementalPdfFileWriter) -> IndirectObject:
        """Write the font into the file; nothing else refers to its objects."""
        descriptor = dictionary(
            Type=name("FontDescriptor"),
            FontName=name(self.name),
            FontBBox=numbers(*self.box),
            FontFile2=writer.add_object(deflated(self.program, Length1=number(self.program_size))),
            **{key: number(value) for key, value in self.descriptor},
        )
        descendant = dictionary(
            Type=name("Font"),
            Subtype=name("CIDFontType2"),
            BaseFont=name(self.name),
            CIDSystemInfo=dictionary(Registry=string("Adobe"), Ordering=string("Identity"), Supplement=number(0)),
            FontDescriptor=writer.add_object(descriptor),
            W=array(number(0), numbers(*self.widths)),
            CIDToGIDMap=name("Identity"),
        )
        font = dictionary(
            Type=name("Font"),
            Subtype=name("Type0"),
            BaseFont=name(self.name),
            Encoding=name("Identity-H"),
            DescendantFonts=array(writer.add_object(descendant)),
            ToUnicode=writer.add_object(deflated(self.to_unicode)),
        )
        return writer.add_object(font)


@functools.lru_cache(maxsize=4096)
def width_of(text: str, face_name: str) -> float:
    """In points, at one point of size."""
    face = pdfmetrics.getFont(face_name).face
    widths, otherwise = face.charWidths, face.defaultWidth
    return float(sum(widths.get(ord(letter), otherwise) for letter in text)) / 1000


def letter_font(face_name: str, text: str) -> LetterFont:
    """A registered face with all letters of `text`, which it must have."""
    return _cut(face_name, "".join(sorted(set(text + DIGITS))))


@functools.lru_cache(maxsize=64)
def _cut(face_name: str, letters: str) -> LetterFont:
    face = pdfmetrics.getFont(face_name).face
    with one_at_a_time:
        program = face.makeSubset([ord(letter) for letter in letters])
    # The cut face has its glyphs in the order of the letters, letters that share one counted once.
    order: dict[int, int] = {0: 0}
    codes = {letter: order.setdefault(face.charToGlyph[ord(letter)], len(order)) for letter in letters}
    widths = [round(face.defaultWidth)] * len(order)
    for letter, code in codes.items():
        widths[code] = round(face.charWidths[ord(letter)])
    tag = "".join(chr(65 + byte % 26) for byte in hashlib.sha256(letters.encode()).digest()[:6])
    return LetterFont(
        name=f"{tag}+{face.name.decode()}",
        program=zlib.compress(program),
        program_size=len(program),
        codes=codes,
        widths=tuple(widths),
        to_unicode=zlib.compress(_to_unicode(codes)),
        descriptor=(
            ("Ascent", face.ascent),
            ("Descent", face.descent),
            ("CapHeight", face.capHeight),
            ("ItalicAngle", face.italicAngle),
            ("StemV", face.stemV),
            ("Flags", (face.flags & ~NOT_SYMBOLIC) | SYMBOLIC),
        ),
        box=tuple(face.bbox),
    )


def _to_unicode(codes: dict[str, int]) -> bytes:
    """Tells readers which letters the glyph numbers mean, for searching, copying and reading aloud."""
    pairs = [f"<{code:04X}> <{letter.encode('utf-16-be').hex().upper()}>" for letter, code in codes.items()]
    blocks = [pairs[start : start + MOST_MAPPED] for start in range(0, len(pairs), MOST_MAPPED)]
    mapped = "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n"
        f"{mapped}\nendcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode()
