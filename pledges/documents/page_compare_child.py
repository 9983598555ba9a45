"""The child process that lays the drawn pages of an upload over those of the files that we issued.

`python -E -s -B -m pledges.documents.page_compare_child`. It reads no file of a stranger, only what `page_child` drew
of it. It gets a line of JSON, the drawn pages, then our files; it answers a line of JSON and the pictures.
"""

from __future__ import annotations

import json
import sys
import time
import zlib
from io import BytesIO
from typing import Any, BinaryIO

from PIL import Image, ImageDraw

from pledges.core.child_limits import cap
from pledges.documents.page_child import MOST_PAGES, Drawn, drawn_pages
from pledges.documents.page_matching import Box, Match, lines_of, match_pages

CPU_SECONDS = 5
WORKING_SECONDS = 3.5
"""After so much work the pages that are left stay uncompared; drawing the pictures takes the rest."""
MOST_MEMORY = 512 * 1024 * 1024
MOST_READ = 100 * 1024 * 1024
MOST_POINTS = 16_000_000
MOST_PICTURES = 6
MOST_UNPACKED = MOST_POINTS * 3

SAME, DIFFERS, OTHER, ADDED, UNCOMPARED = "same", "differs", "other", "added", "uncompared"
NEAR = 2
"""Points between where two programs say that an annotation lies."""
FOOT_FIRST, FOOT_LATER = 31 / 297, 25 / 297
"""Share of the page in which our footer stands: reference, address of the code, fingerprint of the content."""
FRAME = (200, 30, 30)


def unpacked(data: bytes) -> list[Drawn]:
    """The pages that `page_child` packed; raises `ValueError` for anything else."""
    head, _line, rest = data.partition(b"\n")
    pages = []
    for said in json.loads(head)["pages"][:MOST_PAGES]:
        size = int.from_bytes(rest[:8], "big")
        part, rest = rest[8 : 8 + size], rest[8 + size :]
        width, height = int(said["width"]), int(said["height"])
        pixels = zlib.decompressobj().decompress(part, MOST_UNPACKED) if part else b""
        if pixels and (width * height > MOST_POINTS or len(pixels) != width * height * 3):
            raise ValueError("pixels do not fit the page")
        pages.append(Drawn(width, height, pixels, [[int(number) for number in note] for note in said["notes"]]))
    return pages


class Laid:
    """One issued file and the upload, page by page."""

    def __init__(self, upload: list[Drawn], original: list[Drawn], until: float) -> None:
        self.original, self.missing = original, max(0, len(original) - len(upload))
        self.matches: list[Match | None] = []
        self.pages: list[dict[str, Any]] = []
        for number, page in enumerate(upload):
            match, kind = None, ADDED
            if number < len(original):
                match, kind = _compared(original[number], page, until)
            self.matches.append(match)
            here = original[number].notes if number < len(original) else []
            notes = any(not _is_among(note, here) for note in page.notes)
            exact = match.exact if match is not None else True
            self.pages.append({"kind": kind, "exact": exact, "notes": notes, "pictures": 0})

    @property
    def distance(self) -> tuple[int, int]:
        """The fewer pages that are not the same, and the smaller the places on them, the nearer."""
        different = sum(page["kind"] != SAME for page in self.pages) + self.missing
        places = [box for match in self.matches if match is not None for box in match.places]
        return different, sum((right - left) * (bottom - top) for left, top, right, bottom in places)


def _compared(original: Drawn, upload: Drawn, until: float) -> tuple[Match | None, str]:
    if not upload.pixels or not original.pixels:
        return None, OTHER
    if upload.pixels != original.pixels and time.process_time() > until:
        return None, UNCOMPARED
    match = match_pages(_picture(original), _picture(upload))
    return match, SAME if match.same else OTHER if match.other else DIFFERS


def _picture(page: Drawn) -> Image.Image:
    return Image.frombytes("RGB", (page.width, page.height), page.pixels)


def _is_among(note: list[int], notes: list[list[int]]) -> bool:
    return any(
        each[0] == note[0] and all(abs(one - two) <= NEAR for one, two in zip(each[1:], note[1:], strict=True))
        for each in notes
    )


# --- Pictures ------------------------------------------------------------------------------------------------------


def pictures(laid: Laid, upload: list[Drawn], *, closely: bool) -> list[bytes]:
    """What to look at. `closely` is for those who may see the original: both pages, and the very places.

    Everybody else sees the pages of their own file, with whole lines marked, and only where the foot of the page with
    the reference is ours: marks must not tell strangers what stands on a paper that they never had.
    """
    made: list[bytes] = []
    for number, (page, match) in enumerate(zip(laid.pages, laid.matches, strict=True)):
        if len(made) >= MOST_PICTURES * (2 if closely else 1):
            break
        if closely and upload[number].pixels:
            made += _pair(laid, upload, number, match)
            page["pictures"] = 2
        elif page["kind"] == DIFFERS and match is not None and match.upload is not None:
            original = _picture(laid.original[number])
            if _foot_is_ours(original, match, first=number == 0):
                made.append(_jpeg(match.upload, lines_of(original, match)))
                page["pictures"] = 1
    return made


def _pair(laid: Laid, upload: list[Drawn], number: int, match: Match | None) -> list[bytes]:
    places = match.places if match is not None else ()
    shown = match.upload if match is not None and match.upload is not None else _picture(upload[number])
    original = laid.original[number] if number < len(laid.original) else None
    if original is None or not original.pixels:
        return [b"", _jpeg(shown, places)]
    return [_jpeg(_picture(original), places), _jpeg(shown, places)]


def _foot_is_ours(original: Image.Image, match: Match, *, first: bool) -> bool:
    top = round(original.height * (1 - (FOOT_FIRST if first else FOOT_LATER)))
    foot = original.crop((0, top, original.width, original.height)).convert("L")
    written = foot.point(lambda value: 255 * (value < 200)).getbbox() is not None
    return written and all(bottom <= top for _left, _top, _right, bottom in match.places)


def _jpeg(page: Image.Image, places: tuple[Box, ...]) -> bytes:
    small = page.reduce(2)
    draw = ImageDraw.Draw(small)
    for left, top, right, bottom in places:
        draw.rectangle((left // 2 - 6, top // 2 - 6, right // 2 + 6, bottom // 2 + 6), outline=FRAME, width=4)
    answer = BytesIO()
    small.save(answer, "JPEG", quality=62)
    return answer.getvalue()


# --- In and out ----------------------------------------------------------------------------------------------------


def answer_to(stream: BinaryIO) -> bytes:
    asked = json.loads(stream.readline(10_000))
    upload = unpacked(stream.read(min(int(asked["drawn"]), MOST_READ)))
    best: Laid | None = None
    chosen, until = 0, time.process_time() + WORKING_SECONDS
    for number, size in enumerate(asked["originals"]):
        laid = Laid(upload, drawn_pages(stream.read(size))[0], until)
        if best is None or laid.distance < best.distance:
            best, chosen = laid, number
        if best.distance == (0, 0):
            break
    if best is None:
        raise ValueError("nothing to compare with")
    made = pictures(best, upload, closely=bool(asked["closely"]))
    said = {"original": chosen, "pages": best.pages, "missing": best.missing, "pictures": [len(each) for each in made]}
    return json.dumps(said).encode() + b"\n" + b"".join(made)


def main() -> None:
    cap(cpu_seconds=CPU_SECONDS, memory=MOST_MEMORY)
    try:
        answer = answer_to(sys.stdin.buffer)
    except (Exception, RecursionError, MemoryError):
        answer = b'{"problem": "unreadable"}\n'
    sys.stdout.buffer.write(answer)


if __name__ == "__main__":
    main()
