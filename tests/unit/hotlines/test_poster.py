"""The poster: one page with every number in large figures, as long as they find room."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from pledges.core.errors import DomainError
from pledges.documents.poster import Poster, write_poster
from pledges.hotlines.models import Hotline
from pledges.hotlines.poster import MORE, poster_of
from tests.support.pdf_tools import pages_of, run, squeezed, words_of

LINK = "https://camket.vidu.vn/duong-day-nong?tinh=20"
LONG = "Chi cục Quản lý thị trường – Cơ quan Thường trực Ban Chỉ đạo 389 tỉnh Thử Nghiệm rất dài"
SMALLEST = 38.9
"""The height in points of the box around a word set in 30 points."""


def line(name: str, phone: str, about: str = "", day: date = date(2026, 11, 1)) -> Hotline:
    return Hotline(name=name, phone=phone, about=about, hours="", checked_on=day)


def poster(*lines: Hotline, owner: str = "tỉnh Thử Nghiệm") -> Poster:
    return poster_of(owner, lines, link=LINK, today=date(2026, 11, 20))


@pytest.mark.parametrize("count", [1, 3, 6])
def test_every_number_on_one_page_large_enough(tmp_path: Path, count: int) -> None:
    lines = [line(f"{LONG} {number}", f"0205 3000 {number:03d}", "hàng giả") for number in range(count)]
    pdf = write_poster(poster(*lines))
    assert pdf == write_poster(poster(*lines))
    [page] = pages_of(pdf, tmp_path)
    text = squeezed(page)
    for each in lines:
        assert squeezed(each.phone) in text
    for part in ("ĐƯỜNG DÂY NÓNG", "TỈNH THỬ NGHIỆM", LINK, "01/11/2026", "20/11/2026", "hàng giả"):
        assert squeezed(part) in text, part
    assert squeezed(MORE) not in text
    figures = [box for _page, word, box in words_of(pdf, tmp_path) if re.fullmatch("0205|3000", word)]
    assert len(figures) == 2 * count
    assert min(top - bottom for _left, bottom, _right, top in figures) >= SMALLEST


def test_the_code_leads_to_the_directory(tmp_path: Path) -> None:
    path = tmp_path / "poster.pdf"
    path.write_bytes(write_poster(poster(line("Đội thử nghiệm", "113"))))
    run("pdftoppm", "-r", "60", "-gray", "-singlefile", "-png", path, tmp_path / "poster")
    with Image.open(tmp_path / "poster.png") as picture:
        assert [found.text for found in zxingcpp.read_barcodes(picture)] == [LINK]


def test_what_finds_no_room_is_announced_and_stays_off_the_code(tmp_path: Path) -> None:
    lines = [line(f"{LONG} {number}", f"0205 3000 {number:03d}", "hàng giả") for number in range(40)]
    pdf = write_poster(poster(*lines))
    [page] = pages_of(pdf, tmp_path)
    shown = re.findall(r"0205 3000 (\d{3})", page)
    assert shown == [f"{number:03d}" for number in range(len(shown))]
    assert 5 < len(shown) < 40
    assert squeezed(MORE) in squeezed(page)
    words = words_of(pdf, tmp_path)
    lowest = min(box[1] for _page, word, box in words if word == shown[-1])
    assert lowest > max(box[3] for _page, word, box in words if word == "Quét")


def test_of_one_body_its_name_stands_only_at_the_top(tmp_path: Path) -> None:
    owner = "Đội thử nghiệm"
    pdf = write_poster(poster(line(owner, "1900 0000", "hàng giả"), line(owner, "113", "gấp"), owner=owner))
    [page] = pages_of(pdf, tmp_path)
    assert squeezed(owner) not in squeezed(page), "only in capitals"
    assert squeezed(owner.upper()) in squeezed(page)


def test_what_hides_something_is_refused() -> None:
    with pytest.raises(DomainError):
        write_poster(replace(poster(line("Đội", "113")), owner="Đội\u202e"))
