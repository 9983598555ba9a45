"""Pictures made for tests: plain ones, and one as a telephone takes it, with the place in it."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

GPS_NOTE = b"Nha rieng cua nguoi chup (thu nghiem)"


def photo(kind: str = "JPEG", *, size: tuple[int, int] = (64, 48), mode: str = "RGB", seed: int = 0) -> bytes:
    """A coloured picture; another seed gives other bytes."""
    colour = (40 + seed * 7 % 200, 120, 200, 128)[: len(mode)]
    answer = BytesIO()
    Image.new(mode, size, colour).save(answer, kind)
    return answer.getvalue()


def photo_with_place() -> bytes:
    """A photo of 12 million pixels lying on its side, with GPS, a comment and a maker's note."""
    picture = Image.new("RGB", (4000, 3000), "white")
    # Turned by 90 degrees clockwise, the upper left corner of the frame becomes the upper right one.
    picture.paste("red", (0, 0, 200, 200))
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = GPS_NOTE.decode()
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2] = "N", (16.0, 27.0, 30.0)
    gps[3], gps[4] = "E", (107.0, 35.0, 2.0)
    answer = BytesIO()
    picture.save(answer, "JPEG", exif=exif, comment=GPS_NOTE)
    return answer.getvalue()
