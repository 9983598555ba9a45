"""`/duong-day-nong` as anybody sees it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from pledges.core.calendar import local_day
from pledges.core.db import Database, new_id
from pledges.hotlines.models import Hotline
from tests.support.browsing import Browser
from tests.support.clock import START
from tests.support.pdf_tools import pages_of, squeezed

PAGE = "/duong-day-nong"
TODAY = local_day(START)
OF_COMMUNE = "05977"
FIRST, SECOND, COMMUNE = new_id(), new_id(), new_id()


@pytest.fixture
def visitor(small_app: Flask) -> Browser:
    return Browser(small_app)


@pytest.fixture
def listed(sqlite_database: Database) -> None:
    """Two bodies of Lạng Sơn and one commune; nobody in Huế."""

    def line(name: str, phone: str, **more: Any) -> Hotline:
        usual = {"province_code": "20", "checked_on": TODAY, "added_at": START}
        return Hotline(**{**usual, "name": name, "phone": phone, **more})

    sqlite_database.run(
        lambda session: session.add_all(
            [
                line("Đội thử nghiệm", "0205 3000 000", id=FIRST, about="hàng giả", email="so@vidu.vn", position=1),
                line("Chi cục <thử>", "1900 0000 máy lẻ 2", id=SECOND, position=2, checked_on=TODAY - timedelta(181)),
                line("Phường thử", "113", id=COMMUNE, commune_code=OF_COMMUNE),
                line("Không còn dùng", "1900 0009", ended_at=START),
            ]
        )
    )


@pytest.mark.usefixtures("listed")
def test_all_provinces_then_one(visitor: Browser) -> None:
    visitor.open("/")
    assert f'href="{PAGE}"' in visitor.page
    assert visitor.page.count(f'href="{PAGE}"') == 2, "among the ways of the home page, and in the footer"
    answer = visitor.open(PAGE)
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert "noindex" not in visitor.page
    for shown in ("tỉnh Lạng Sơn", "thành phố Huế", "Đội thử nghiệm", "0205 3000 000", "Chưa có số chung."):
        assert shown in visitor.text, shown
    assert "Phường thử" not in visitor.text, "communes stand on the page of their province"
    visitor.open(f"{PAGE}?tinh=20")
    assert 'href="tel:+842053000000"' in visitor.page
    assert 'href="tel:19000000"' in visitor.page
    assert 'href="mailto:so@vidu.vn"' in visitor.page
    assert "Phường thử phường Đông Kinh" in visitor.text
    assert f"{TODAY:%d/%m/%Y}" in visitor.text
    assert visitor.text.count("Đã lâu chưa kiểm tra lại") == 1
    assert "Chi cục &lt;thử&gt;" in visitor.page
    assert "Không còn dùng" not in visitor.text
    assert visitor.text.index("Đội thử nghiệm") < visitor.text.index("Chi cục")
    english = visitor.client.get(f"{PAGE}?tinh=20&lang=en")
    assert '<html lang="en">' in english.text
    assert "Đội thử nghiệm" in english.text


def test_where_nobody_is_listed_the_page_says_whom_to_ask(visitor: Browser) -> None:
    visitor.open(f"{PAGE}?tinh=46")
    assert "Chưa có đường dây nóng nào ở đây" in visitor.text
    for asked in ("Ủy ban nhân dân hoặc công an xã, phường nơi bạn ở", "Sở Công Thương thành phố Huế"):
        assert asked in visitor.text, asked
    assert "ap-phich" not in visitor.page
    assert visitor.open(f"{PAGE}/46/ap-phich.pdf").status_code == 404


@pytest.mark.usefixtures("listed")
def test_posters_of_a_province_and_of_one_body(visitor: Browser, tmp_path: Path) -> None:
    def text(query: str = "") -> str:
        answer = visitor.client.get(f"{PAGE}/20/ap-phich.pdf{query}")
        assert answer.mimetype == "application/pdf"
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert answer.headers["X-Robots-Tag"] == "noindex"
        [page] = pages_of(answer.data, tmp_path)
        return squeezed(page)

    whole = text()
    for part in ("TỈNH LẠNG SƠN", "0205 3000 000", "1900 0000 máy lẻ 2", "113", f"http://localhost{PAGE}?tinh=20"):
        assert squeezed(part) in whole, part
    alone = text(f"?so={SECOND}")
    assert "CHICỤC<THỬ>" in alone
    assert squeezed("0205 3000 000") not in alone
    assert squeezed("PHƯỜNG ĐÔNG KINH, TỈNH LẠNG SƠN") in text(f"?so={COMMUNE}")
    for nothing in ("/20/ap-phich.pdf?so=x", f"/20/ap-phich.pdf?so={new_id()}", "/99/ap-phich.pdf", "/01/ap-phich.pdf"):
        assert visitor.open(PAGE + nothing).status_code == 404, nothing


def test_after_reporting_a_website_the_way_leads_here(visitor: Browser) -> None:
    visitor.open("/bao-trang-web?tinh=20")
    assert f'href="{PAGE}?tinh=20"' in visitor.page
