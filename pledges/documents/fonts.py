"""The faces of the paper: IBM Plex Serif by default, or a folder of Times-metric faces."""

from __future__ import annotations

import functools
import threading
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import fontpkg_ibm_plex_serif
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont

from pledges.core.errors import N_, DataError

DEFAULT_FOLDER = Path(fontpkg_ibm_plex_serif.ROOT) / "files"

PREFERRED_FAMILIES = ("Tinos", "Liberation Serif", "Times New Roman")
STYLES = ("Regular", "Bold", "Italic")

# ReportLab subsets a shared face without protection: two threads at once break each other's glyphs, now and then
# without any error. More speed comes from more processes.
one_at_a_time = threading.Lock()

_VOWELS = "aăâeêioôơuưy"
_TONES = ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
VIETNAMESE_LETTERS = "".join(
    sorted(
        {
            unicodedata.normalize("NFC", letter + tone)
            for vowel in _VOWELS
            for letter in (vowel, vowel.upper())
            for tone in _TONES
        }
        | {"đ", "Đ"}
    )
)
NEEDED_LETTERS = VIETNAMESE_LETTERS + "".join(map(chr, range(0x20, 0x7F))) + "₫№§–—“”‘’…·"


@dataclass(frozen=True)
class Faces:
    """Three registered faces that belong together, and what they can print."""

    family: str
    regular: str
    bold: str
    italic: str
    letters: frozenset[str]
    """Characters that all three faces have."""
    body_size: float
    """Points of the running text; Times looks as large at 13 as Plex does at 11."""


_files: dict[str, Path] = {}
"""By registered name. ReportLab names the file in which it has first seen the same face, which may be gone."""


def file_of(name: str) -> Path:
    return _files[name]


def default_faces() -> Faces:
    return read_faces(None)


def faces_of(folder: Path | None) -> Faces:
    """The faces of PLEDGES_PDF_FONTS for somebody who does not hold the lock yet."""
    with one_at_a_time:
        return read_faces(folder)


@functools.lru_cache(maxsize=8)
def read_faces(folder: Path | None) -> Faces:
    """Load and register the faces of a folder once; an unusable folder is refused with its name (`DataError`)."""
    found: dict[str, dict[str, TTFont]] = {}
    for path in sorted((folder or DEFAULT_FOLDER).iterdir()):
        if path.suffix.lower() != ".ttf":
            continue
        try:
            # ReportLab knows a face by this name in the whole process; two folders may use the same file names.
            font = TTFont(f"{path.stem}@{path.parent.absolute()}", str(path))
        except (TTFError, OSError) as error:
            raise DataError(N_("Không đọc được phông chữ %(path)s: %(error)s."), path=path, error=error) from error
        _files[font.fontName] = path
        family, style = font.face.familyName.decode(), font.face.styleName.decode()
        if style in STYLES:
            found.setdefault(family, {})[style] = font
    complete = {family: faces for family, faces in found.items() if len(faces) == len(STYLES)}
    if not complete:
        raise DataError(
            N_("Thư mục phông chữ %(path)s phải có một bộ phông TTF đủ ba kiểu Regular, Bold và Italic."),
            path=folder or DEFAULT_FOLDER,
        )
    family = min(complete, key=_preference)
    return _register(family, complete[family])


def _preference(family: str) -> tuple[int, str]:
    known = PREFERRED_FAMILIES
    return known.index(family) if family in known else len(known), family


def _register(family: str, fonts: dict[str, TTFont]) -> Faces:
    for style, font in fonts.items():
        missing = [letter for letter in NEEDED_LETTERS if ord(letter) not in font.face.charToGlyph]
        if missing:
            # Liberation Serif 1 bears the same family name as 2 and lacks 92 of the 134 Vietnamese letters.
            raise DataError(
                N_(
                    "Phông %(family)s %(style)s thiếu %(count)s ký tự cần cho bản cam kết, ví dụ “%(example)s”. "
                    "Hãy dùng bản mới hơn của phông này (Tinos, Liberation Serif 2 hoặc Times New Roman)."
                ),
                family=family,
                style=style,
                count=len(missing),
                example=missing[0],
            )
        pdfmetrics.registerFont(font)
    return Faces(
        family=family,
        regular=fonts["Regular"].fontName,
        bold=fonts["Bold"].fontName,
        italic=fonts["Italic"].fontName,
        letters=frozenset.intersection(*(frozenset(map(chr, font.face.charToGlyph)) for font in fonts.values())),
        body_size=13.0 if family in PREFERRED_FAMILIES else 11.0,
    )
