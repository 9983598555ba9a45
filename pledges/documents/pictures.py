"""Pictures that people send: decoded in a child process, kept as JPEGs without anything that was hidden in them."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from pledges.core.children import ENVIRONMENT, ROOT, Places, command
from pledges.core.errors import N_, DomainError
from pledges.documents.picture_child import (
    CLEAN,
    LONGEST_SIDE,
    MOST_BYTES,
    MOST_PICTURES,
    TOO_MANY_PIXELS,
)

__all__ = ["ACCEPT", "LONGEST_SIDE", "MOST_BYTES", "MOST_PICTURES", "Picture", "PictureRefused"]
__all__ += ["PicturesBusy", "clean_each", "clean_picture", "clean_pictures"]

CHILD = "pledges.documents.picture_child"
WALL_SECONDS = 6.0
LONGEST_WAIT_SECONDS = 5.0

ACCEPT = "image/jpeg,image/png,image/webp"
"""For the `accept` of upload fields; an iPhone that reads this sends JPEG instead of HEIC."""

_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif")

_NO_PICTURE = N_("Tệp này không phải ảnh JPEG, PNG hoặc WebP. Hãy chọn một ảnh chụp hoặc ảnh chụp màn hình.")
_HEIC = N_(
    "Ảnh này ở dạng HEIC, hệ thống chưa đọc được. Hãy mở ảnh rồi chụp màn hình và gửi ảnh chụp màn hình đó; "
    "hoặc trên iPhone vào Cài đặt, Camera, Định dạng, chọn “Tương thích nhất” rồi chụp lại."
)
_TOO_LARGE = N_("Ảnh lớn hơn 10 MB. Hãy chụp màn hình ảnh đó rồi gửi ảnh chụp màn hình.")
_TOO_MANY_PIXELS = N_("Ảnh có quá nhiều điểm ảnh. Hãy chụp màn hình ảnh đó rồi gửi ảnh chụp màn hình.")
_UNREADABLE = N_("Không mở được ảnh này, có thể tệp bị hỏng. Hãy chọn ảnh khác hoặc chụp lại.")
_ALONE = N_("Các ảnh gửi cùng lúc cần quá nhiều thời gian để mở nên chưa nhận được ảnh này. Hãy gửi riêng ảnh này.")
_TOO_LATE = N_("Hệ thống đang bận nên chưa kịp mở ảnh này. Hãy gửi lại ảnh sau một phút.")


class PictureRefused(DomainError):
    """Not a picture that we can keep; the sentence says what to send instead."""


class PicturesBusy(DomainError):
    """All places for decoding are taken; nobody may fill the machine with pictures."""

    status = 503


_places = Places(
    lambda: PicturesBusy(N_("Đang có nhiều người gửi ảnh cùng lúc. Hãy thử lại sau một phút.")),
    wait_seconds=LONGEST_WAIT_SECONDS,
)


@dataclass(frozen=True)
class Picture:
    """A clean JPEG: upright, at most 2000 pixels a side, without metadata."""

    data: bytes
    width: int
    height: int


def clean_picture(data: bytes) -> Picture:
    """One picture made safe to keep and to show; raises `PictureRefused`."""
    return clean_pictures([data])[0]


def clean_pictures(pictures: Sequence[bytes]) -> list[Picture]:
    """Up to five pictures in one child; the first that cannot be kept refuses them all."""
    answers = clean_each(pictures)
    cleaned = []
    for answer in answers:
        if isinstance(answer, PictureRefused):
            raise answer
        cleaned.append(answer)
    return cleaned


def clean_each(pictures: Sequence[bytes]) -> list[Picture | PictureRefused]:
    """Like `clean_pictures`, but every picture gets its own answer, so that the good ones are not lost."""
    if len(pictures) > MOST_PICTURES:
        raise PictureRefused(N_("Mỗi lần gửi được nhiều nhất %(most)s ảnh."), most=MOST_PICTURES)
    answers: list[Picture | PictureRefused | None] = [_refuse_at_once(data) for data in pictures]
    wanted = [data for data, refused in zip(pictures, answers, strict=True) if refused is None]
    cleaned = iter(_ask_child(wanted) if wanted else ())
    return [next(cleaned) if answer is None else answer for answer in answers]


def _refuse_at_once(data: bytes) -> PictureRefused | None:
    """What the size and the first bytes say; the name and the type that the browser sends say nothing."""
    if len(data) > MOST_BYTES:
        return PictureRefused(_TOO_LARGE)
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS:
        return PictureRefused(_HEIC)
    jpeg, png = data[:3] == b"\xff\xd8\xff", data[:8] == b"\x89PNG\r\n\x1a\n"
    webp = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    return None if jpeg or png or webp else PictureRefused(_NO_PICTURE)


def _ask_child(pictures: Sequence[bytes]) -> list[Picture | PictureRefused]:
    """One child for all."""
    unanswered = _UNREADABLE
    with _places.one():
        try:
            done = subprocess.run(  # noqa: S603 - our own module, no shell
                command(CHILD),
                input=b"".join(len(data).to_bytes(8, "big") + data for data in pictures),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=ROOT,
                env=ENVIRONMENT,
                timeout=WALL_SECONDS,
                check=False,
            )
            said = done.stdout
            if done.returncode != 0 and len(pictures) > 1:
                # Those before it may have used up the time of all.
                unanswered = _ALONE
        except subprocess.TimeoutExpired as late:
            # The child works less long than this: it is the machine that was slow, and not the picture.
            said, unanswered = late.stdout or b"", _TOO_LATE
    return _read_answers(said, len(pictures), unanswered)


def _read_answers(said: bytes, expected: int, unanswered: str = _UNREADABLE) -> list[Picture | PictureRefused]:
    """What the child said before it ended; about pictures after a crash it said nothing."""
    answers: list[Picture | PictureRefused] = []
    for _ in range(expected):
        kind, size = said[:1], int.from_bytes(said[1:9], "big")
        data, said = said[9 : 9 + size], said[9 + size :]
        measure = _measure(data) if kind == CLEAN and len(data) == size else None
        if measure is not None:
            answers.append(Picture(data, *measure))
        else:
            why = _TOO_MANY_PIXELS if kind == TOO_MANY_PIXELS else _UNREADABLE if kind else unanswered
            answers.append(PictureRefused(why))
    return answers


def _measure(data: bytes) -> tuple[int, int] | None:
    """Width and height out of the frame header; None for what is no JPEG as our child writes them."""
    if data[:2] != b"\xff\xd8":
        return None
    place = 2
    while place + 9 <= len(data) and data[place] == 0xFF:
        marker, length = data[place + 1], int.from_bytes(data[place + 2 : place + 4], "big")
        if 0xE1 <= marker <= 0xEF or marker == 0xFE:
            # A clean picture carries no application data beside the JFIF header and no comment.
            return None
        if marker in {0xC0, 0xC1, 0xC2}:
            height, width = (int.from_bytes(data[place + at : place + at + 2], "big") for at in (5, 7))
            return (width, height) if 0 < width <= LONGEST_SIDE and 0 < height <= LONGEST_SIDE else None
        place += 2 + length
    return None
