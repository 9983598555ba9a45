"""The child process that decodes pictures from strangers: capped before it reads anything, it gives clean JPEGs back.

`python -E -s -B -m pledges.documents.picture_child`. It gets no settings, no secrets and no database. Both ways go
pictures of announced length: 8 bytes of length, then the bytes; an answer of no bytes says why in one letter.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

from pledges.core.child_limits import cap

CPU_SECONDS = 5
MOST_MEMORY = 512 * 1024 * 1024
MOST_PICTURES = 5
MOST_BYTES = 10 * 1024 * 1024
MOST_PIXELS = {"JPEG": 130_000_000, "MPO": 130_000_000, "PNG": 40_000_000, "WEBP": 20_000_000}
"""A JPEG is decoded at a fraction of its size, so the largest that phones take are no burden; a WebP is held thrice."""
LONGEST_SIDE_SENT = 32_000
"""Making a line of millions of pixels small takes longer than any picture."""
LONGEST_SIDE = 2000
QUALITY = 80

CLEAN, UNREADABLE, TOO_MANY_PIXELS = b"C", b"U", b"P"


class _TooManyPixels(Exception):
    pass


def clean(data: bytes) -> bytes:
    """The first frame, upright and small, as a JPEG that says nothing about where, when and with what it was taken."""
    from io import BytesIO

    from PIL import Image, ImageOps

    # The size stands in the header; we look at it ourselves before anything is decoded.
    Image.MAX_IMAGE_PIXELS = None
    with Image.open(BytesIO(data), formats=("JPEG", "PNG", "WEBP")) as opened:
        width, height = opened.size
        if width * height > MOST_PIXELS[str(opened.format)] or max(width, height) > LONGEST_SIDE_SENT:
            raise _TooManyPixels
        opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        small: Any = opened
        small.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        upright = _on_white(ImageOps.exif_transpose(small))
        # Pixels only: comments, EXIF, XMP and profiles hang on the image object and would be saved with it.
        bare = Image.frombytes("RGB", upright.size, upright.tobytes())
        answer = BytesIO()
        bare.save(answer, "JPEG", quality=QUALITY, optimize=True)
        return answer.getvalue()


def _on_white(picture: Any) -> Any:
    """Red, green and blue; what is transparent becomes white as on paper."""
    from PIL import Image

    if picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(white, layer).convert("RGB")
    if picture.mode.startswith("I"):
        # 16 bits a pixel: converting cuts off instead of scaling down.
        picture = picture.point(lambda value: value / 256).convert("L")
    return picture.convert("RGB")


def answer_for(data: bytes) -> tuple[bytes, bytes]:
    try:
        return CLEAN, clean(data)
    except _TooManyPixels:
        return TOO_MANY_PIXELS, b""
    except (Exception, RecursionError, MemoryError):
        # Whatever a stranger's file does to a decoder, the answer is that we could not read it.
        return UNREADABLE, b""


def read_parts(stream: BinaryIO) -> Iterator[bytes]:
    for _ in range(MOST_PICTURES):
        size = int.from_bytes(stream.read(8), "big")
        if not 0 < size <= MOST_BYTES:
            return
        yield stream.read(size)


def main() -> None:
    cap(cpu_seconds=CPU_SECONDS, memory=MOST_MEMORY)
    for data in read_parts(sys.stdin.buffer):
        kind, cleaned = answer_for(data)
        sys.stdout.buffer.write(kind + len(cleaned).to_bytes(8, "big") + cleaned)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
