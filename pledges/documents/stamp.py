"""What stands in the agency's box once it has signed: who, as what, when and by which key. Nothing is ever cut off."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from pyhanko.pdf_utils.generic import IndirectObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from pledges.core.calendar import VIETNAM
from pledges.core.errors import N_, DomainError
from pledges.documents.fonts import Faces
from pledges.documents.pdf_objects import dictionary, name, numbers, stream
from pledges.documents.printable import check_text, printable
from pledges.documents.stamp_fonts import LetterFont, letter_font, width_of

METHODS = ("key", "named_approver")
MOST_IN_NAME, MOST_IN_TITLE = 300, 200

LARGEST, SMALLEST, STEP = 9.5, 3.0, 0.25
SMALLEST_WITH_SMALL_PRINT = 6.0
LEADING = 1.22
BALANCING = (0.55, 0.65, 0.75, 0.85, 0.92)
PADDING = 3.5
INK, WARNING_INK, EDGE_INK = "0 0 0 rg", "0.65 0.1 0.1 rg", "0.1 0.2 0.45 RG"
TRIAL_LINE = "THỬ NGHIỆM: khóa thử, không dùng làm bằng chứng"

Weight = Literal["regular", "bold"]


@dataclass(frozen=True)
class Stamp:
    """Who countersigns. `method` says with what: `key`, the agency's own, or `named_approver`, the system's seal."""

    agency_name: str
    approver_name: str
    approver_title: str
    """Such as "KT. GIÁM ĐỐC – PHÓ GIÁM ĐỐC", which is set in two lines, or with a line feed of its own."""
    approved_at: datetime
    method: str
    log_size: int = 0
    """How many entries the public log had at its latest checkpoint, whose root follows; 0: it had none yet."""
    log_root: str = ""
    """Hexadecimal: only digits and six letters, so that the fonts of two stamps do not differ by it."""

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"not a way to countersign: {self.method!r}")
        check_text(self.agency_name, MOST_IN_NAME)
        check_text(self.approver_name, MOST_IN_NAME)
        check_text(self.approver_title, MOST_IN_TITLE)


@dataclass(frozen=True)
class Line:
    """A paragraph before it is broken, a line after it. `scale` is relative to the size of the stamp."""

    text: str
    weight: Weight = "regular"
    scale: float = 1.0
    ink: str = INK
    small_print: bool = False
    """Left out where the rest would have to become too small for it."""


def moment(at: datetime) -> str:
    return f"{at.astimezone(VIETNAM):%H:%M ngày %d/%m/%Y}"


def log_words(stamp: Stamp) -> str:
    """What leaves the machine with each paper: whoever has it can prove that the log was not rewritten since."""
    return f"Nhật ký công khai {stamp.log_size} mục: {stamp.log_root}" if stamp.log_size else ""


def stamp_lines(stamp: Stamp, now: datetime, *, trial: bool) -> list[Line]:
    titles = [part.strip() for part in re.split(r"\n| [–-] ", stamp.approver_title) if part.strip()]
    lines = [Line(stamp.agency_name, "bold"), *(Line(title) for title in titles)]
    if stamp.method == "key":
        lines += [Line(stamp.approver_name, "bold"), Line(f"Ký số lúc {moment(now)}", scale=0.85)]
    else:
        by = f"Duyệt trên hệ thống bởi {stamp.approver_name} lúc {moment(stamp.approved_at)}"
        lines += [Line(f"{by}; niêm phong bằng khóa của hệ thống", scale=0.85)]
    if said := log_words(stamp):
        lines.append(Line(said, scale=0.5, small_print=True))
    if trial:
        lines.insert(0, Line(TRIAL_LINE, scale=0.75, ink=WARNING_INK))
    return lines


def draw_stamp(
    writer: IncrementalPdfFileWriter, lines: list[Line], faces: Faces, width: float, height: float
) -> IndirectObject:
    """Add the stamp to the file as one form of the given size; `DomainError` when the words cannot be made to fit."""
    lines = [replace(line, text=printable(line.text, faces)) for line in lines]
    size, broken = _fitted(lines, faces, width - 2 * PADDING, height - 2 * PADDING)
    names = {"regular": faces.regular, "bold": faces.bold}
    used = {weight: "".join(line.text for line in broken if line.weight == weight) for weight in names}
    fonts = {weight: letter_font(names[weight], text) for weight, text in used.items()}
    form = stream(
        _content(broken, fonts, names, size, width, height),
        Type=name("XObject"),
        Subtype=name("Form"),
        BBox=numbers(0, 0, width, height),
        Resources=dictionary(Font=dictionary(**{weight: font.add_to(writer) for weight, font in fonts.items()})),
    )
    return writer.add_object(form)


def _fitted(lines: list[Line], faces: Faces, width: float, height: float) -> tuple[float, list[Line]]:
    """The largest size at which all lines fit, and the lines broken for it."""

    def fits(size: float, lines: list[Line]) -> bool:
        counts = [len(_broken(line.text, faces, line.weight, width / (size * line.scale))) for line in lines]
        total = sum(size * line.scale * LEADING * count for line, count in zip(lines, counts, strict=True))
        return total <= height

    if not fits(SMALLEST_WITH_SMALL_PRINT, lines):
        lines = [line for line in lines if not line.small_print]
    if not fits(SMALLEST, lines):
        raise DomainError(
            N_("Tên cơ quan, chức danh và tên người duyệt quá dài, không in vừa ô chữ ký. Hãy rút gọn chức danh.")
        )
    size, too_large = (LARGEST, LARGEST) if fits(LARGEST, lines) else (SMALLEST, LARGEST)
    while too_large - size > STEP:
        middle = (size + too_large) / 2
        size, too_large = (middle, too_large) if fits(middle, lines) else (size, middle)
    return size, [part for line in lines for part in _balanced(line, faces, width / (size * line.scale))]


def _balanced(line: Line, faces: Faces, room: float) -> list[Line]:
    """As few lines as possible, and these about equally long: no single word on the last one."""
    parts = _broken(line.text, faces, line.weight, room)
    for share in BALANCING if len(parts) > 1 else ():
        narrower = _broken(line.text, faces, line.weight, room * share)
        if len(narrower) == len(parts):
            parts = narrower
            break
    return [replace(line, text=part) for part in parts]


def _broken(text: str, faces: Faces, weight: Weight, room: float) -> list[str]:
    """Break at blanks, and inside of a word only where it alone is wider than the box."""
    face = faces.bold if weight == "bold" else faces.regular
    parts: list[str] = []
    blank, left = width_of(" ", face), 0.0
    for word, needed in _pieces(text, face, room):
        if parts and blank + needed <= left:
            parts[-1] += f" {word}"
            left -= blank + needed
        else:
            parts.append(word)
            left = room - needed
    return parts


def _pieces(text: str, face: str, room: float) -> Iterator[tuple[str, float]]:
    """Words with their widths; a word that is wider than the room comes in pieces."""
    for word in text.split():
        needed = width_of(word, face)
        if needed <= room:
            yield word, needed
            continue
        piece, wide = "", 0.0
        for letter in word:
            more = width_of(letter, face)
            if piece and wide + more > room:
                yield piece, wide
                piece, wide = "", 0.0
            piece, wide = piece + letter, wide + more
        yield piece, wide


def _content(
    lines: list[Line], fonts: dict[str, LetterFont], names: dict[str, str], size: float, width: float, height: float
) -> bytes:
    """A thin edge and the lines, centred both ways."""
    parts = [f"q {EDGE_INK} 0.6 w 0.3 0.3 {width - 0.6:.2f} {height - 0.6:.2f} re S Q".encode()]
    total = sum(size * line.scale * LEADING for line in lines)
    y = height - (height - total) / 2
    for line in lines:
        points = size * line.scale
        # The descenders of the face take about a quarter of the line.
        baseline = y - points * (LEADING + 0.72) / 2
        x = (width - width_of(line.text, names[line.weight]) * points) / 2
        shown = fonts[line.weight].encode(line.text)
        parts.append(
            f"BT {line.ink} /{line.weight} {points:.3f} Tf {x:.2f} {baseline:.2f} Td ".encode() + shown + b" Tj ET"
        )
        y -= points * LEADING
    return b"\n".join(parts)
