"""Pictures from strangers come back upright, small and bare, or not at all; and a bomb hurts nobody."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image

from pledges.documents import pictures
from pledges.documents.pictures import Picture, PictureRefused, PicturesBusy, clean_each, clean_picture
from tests.support.pictures import GPS_NOTE, photo, photo_with_place


def test_photos_lose_where_and_when_they_were_taken_and_stand_upright() -> None:
    taken = photo_with_place()
    assert GPS_NOTE in taken
    [first, second] = clean_each([taken, photo("PNG", size=(30, 40), mode="RGBA")])
    assert isinstance(first, Picture)
    assert (first.width, first.height) == (1500, 2000)
    with Image.open(BytesIO(first.data)) as seen:
        assert seen.size == (1500, 2000)
        assert not seen.getexif()
        assert "comment" not in seen.info
        assert "xmp" not in seen.info
        # The corner that was red in the camera's frame is where a person sees it after turning.
        red, green, _blue = seen.getpixel((1490, 10))  # type: ignore[misc]
        assert red > 200 > 80 > green
    assert GPS_NOTE not in first.data
    assert b"Exif" not in first.data
    assert isinstance(second, Picture)
    assert (second.width, second.height) == (30, 40)
    assert clean_picture(first.data).width == 1500


def test_what_cannot_be_kept_is_refused_one_by_one() -> None:
    bomb = _png_header(30_000, 30_000)
    answers = clean_each([b"%PDF-1.7", _heic(), bomb, photo("JPEG")[:300], photo("WEBP")])
    said = [str(answer) if isinstance(answer, PictureRefused) else "" for answer in answers]
    assert "không phải ảnh JPEG" in said[0]
    assert "HEIC" in said[1]
    assert "quá nhiều điểm ảnh" in said[2]
    assert "Không mở được" in said[3]
    assert isinstance(answers[4], Picture)
    with pytest.raises(PictureRefused, match="lớn hơn 10 MB"):
        clean_picture(b"\xff\xd8\xff" + bytes(pictures.MOST_BYTES))
    with pytest.raises(PictureRefused, match="nhiều nhất 5 ảnh"):
        clean_each([b""] * 6)


def test_a_child_that_hangs_or_dies_costs_its_time_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "CHILD", "tests.support.endless_child")
    monkeypatch.setattr(pictures, "WALL_SECONDS", 0.5)
    with pytest.raises(PictureRefused, match="đang bận nên chưa kịp mở"):
        clean_picture(photo("JPEG"))
    places = pictures._places
    monkeypatch.setattr(places, "wait_seconds", 0.01)
    with places.one(), places.one(), pytest.raises(PicturesBusy):
        clean_picture(photo("JPEG"))


def test_who_sends_too_much_at_once_is_asked_for_the_rest_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first picture that the child did not come to need not be the one that was too much."""
    monkeypatch.setattr(pictures, "CHILD", "tests.support.no_such_child")
    for answer in clean_each([photo("JPEG"), photo("PNG")]):
        assert "Hãy gửi riêng ảnh này" in str(answer)
    with pytest.raises(PictureRefused, match="Không mở được"):
        clean_picture(photo("JPEG"))


@pytest.mark.parametrize("said", [b"", b"C", b"C" + (5).to_bytes(8, "big") + b"12345", b"X" * 40])
def test_an_answer_that_is_no_bare_jpeg_is_not_believed(said: bytes) -> None:
    [answer] = pictures._read_answers(said, 1)
    assert isinstance(answer, PictureRefused)
    kept = photo_with_place()
    [answer] = pictures._read_answers(b"C" + len(kept).to_bytes(8, "big") + kept, 1)
    assert isinstance(answer, PictureRefused)


def _heic() -> bytes:
    return b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(100)


def _png_header(width: int, height: int) -> bytes:
    """A PNG of a few bytes that unfolds into gigabytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1_000_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
