"""The child process that draws the pages of a PDF from a stranger: capped before it reads anything.

`python -E -s -B -m pledges.documents.page_child < FILE`. It gets no settings, no secrets and no database, and it sees
one file alone: whoever takes it over learns nothing of the original. The answer is a line of JSON, then for every page
8 bytes of length and the packed pixels; a page of no bytes is larger than any of ours.
"""

from __future__ import annotations

import json
import re
import sys
import zlib
from dataclasses import dataclass, field
from typing import Any

from pledges.core.child_limits import cap

CPU_SECONDS = 4
MOST_MEMORY = 512 * 1024 * 1024
MOST_READ = 10 * 1024 * 1024 + 1
MOST_PAGES = 20
MOST_ANNOTATIONS = 200
MOST_TEXT = 20_000
DOTS_PER_INCH = 200
"""So fine that the tail of a comma is some pixels long."""
LARGEST_SIDE, SMALLEST_SIDE = 1000.0, 100.0
"""In points: A4 is 595 by 842."""
LINK = 2

_CODE = re.compile(r"xac-minh/([0-9A-Z]{20,40})(?![0-9A-Za-z])")


@dataclass
class Drawn:
    """One page: its size in pixels, the pixels (red, green, blue) and what lies on it besides its own content."""

    width: int
    height: int
    pixels: bytes
    """Empty for a page that is larger than any of ours."""
    notes: list[list[int]] = field(default_factory=list)
    """Annotations that are no links: kind, then left, bottom, right, top in points."""


class TooManyPages(Exception):
    """More than we draw."""


def drawn_pages(data: bytes) -> tuple[list[Drawn], list[str]]:
    """All pages as a reader shows them, with annotations and fields, and the codes of ours in their text."""
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    if len(document) > MOST_PAGES:
        raise TooManyPages
    # Without it the pictures of signatures and of fields are not drawn.
    document.init_forms()
    pages, codes = [], dict[str, None]()
    for page in document:
        codes.update(dict.fromkeys(_codes_on(page)))
        pages.append(_drawn(page))
    return pages, list(codes)[:5]


def _drawn(page: Any) -> Drawn:
    width, height = page.get_size()
    if not (min(width, height) >= SMALLEST_SIDE and max(width, height) <= LARGEST_SIDE):
        return Drawn(round(min(width, 99_999.0)), round(min(height, 99_999.0)), b"")
    bitmap = page.render(scale=DOTS_PER_INCH / 72, rev_byteorder=True, fill_color=(255, 255, 255, 255))
    pixels, line = bytes(bitmap.buffer), bitmap.width * 3
    if bitmap.stride != line:
        rows = range(0, bitmap.stride * bitmap.height, bitmap.stride)
        pixels = b"".join(pixels[start : start + line] for start in rows)
    return Drawn(bitmap.width, bitmap.height, pixels, _notes(page))


def _notes(page: Any) -> list[list[int]]:
    """What programs may draw each in their own way."""
    from pypdfium2 import raw

    found = []
    for number in range(min(raw.FPDFPage_GetAnnotCount(page), MOST_ANNOTATIONS)):
        annotation = raw.FPDFPage_GetAnnot(page, number)
        kind, place = raw.FPDFAnnot_GetSubtype(annotation), raw.FS_RECTF()
        raw.FPDFAnnot_GetRect(annotation, place)
        raw.FPDFPage_CloseAnnot(annotation)
        sides = (place.left, place.bottom, place.right, place.top)
        if kind != LINK:
            found.append([int(kind), *(round(max(-99_999.0, min(99_999.0, side))) for side in sides)])
    return found


def _codes_on(page: Any) -> list[str]:
    text = page.get_textpage().get_text_bounded()[:MOST_TEXT]
    return _CODE.findall(text)


def packed(pages: list[Drawn], codes: list[str]) -> bytes:
    """The answer: what `unpacked` of the comparing child reads."""
    heads = [{"width": page.width, "height": page.height, "notes": page.notes} for page in pages]
    parts = [json.dumps({"pages": heads, "codes": codes}).encode() + b"\n"]
    for page in pages:
        pixels = zlib.compress(page.pixels, 1) if page.pixels else b""
        parts += [len(pixels).to_bytes(8, "big"), pixels]
    return b"".join(parts)


def main() -> None:
    cap(cpu_seconds=CPU_SECONDS, memory=MOST_MEMORY)
    try:
        answer = packed(*drawn_pages(sys.stdin.buffer.read(MOST_READ)))
    except TooManyPages:
        answer = b'{"problem": "too_many_pages"}\n'
    except (Exception, RecursionError, MemoryError):
        # Whatever a stranger's file does to a renderer, the answer is that we could not draw it.
        answer = b'{"problem": "unreadable"}\n'
    sys.stdout.buffer.write(answer)


if __name__ == "__main__":
    main()
