"""The directory of hotlines, as the administrator of a province keeps it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask

from pledges.core.db import Database
from pledges.hotlines.models import Hotline
from pledges.hotlines.queries import directory
from tests.support.browsing import Browser
from tests.support.clock import FixedClock
from tests.support.staff import add_person, sign_in

LIST = "/quan-tri/20/duong-day-nong"
NEW = {"name": "Đội thử nghiệm", "phone": "0205.3000.000", "about": "hàng giả", "checked_on": "20/11/2026"}


@pytest.fixture
def own(app: Flask, sqlite_database: Database) -> Browser:
    add_person(sqlite_database, "ls@vidu.vn", province_code="20")
    browser = Browser(app)
    sign_in(browser, "ls@vidu.vn")
    return browser


def lines(database: Database) -> list[Hotline]:
    with database.read() as session:
        return directory(session, "20").lines


def add(browser: Browser, **fields: str) -> None:
    browser.open(f"{LIST}/them")
    browser.follow(browser.send(f"{LIST}/them", NEW | fields))


def press(browser: Browser, hotline: Hotline, way: str, **fields: str) -> int:
    """Press a button of the list that is open, as it stands there."""
    address = f"{LIST}/{hotline.id}/{way}"
    seen = re.search(rf'action="{address}".*?name="seen" value="(\d+)"', browser.page, re.DOTALL)
    assert seen, f"{way} is not offered"
    return browser.send(address, {"seen": seen[1], **fields}).status_code


def test_add_check_move_end_and_bring_back(own: Browser, sqlite_database: Database, clock: FixedClock) -> None:
    own.open("/can-bo")
    assert "/quan-tri/duong-day-nong" in own.page
    assert own.open("/quan-tri/duong-day-nong").headers["Location"] == LIST
    own.open(LIST)
    assert "Chưa có số nào" in own.text
    own.open(f"{LIST}/them")
    assert own.send(f"{LIST}/them", NEW | {"phone": "12", "hours": "24 giờ"}).status_code == 400
    assert 'value="24 giờ"' in own.page, "what was typed stays"
    add(own)
    assert "Đã thêm Đội thử nghiệm vào danh bạ." in own.text
    add(own, name="Chi cục thử", phone="1900 0000", commune="")
    own.open(f"{LIST}/them")
    assert own.send(f"{LIST}/them", NEW).status_code == 400
    assert "đã có trong danh bạ" in own.text

    first, second = lines(sqlite_database)
    own.open(LIST)
    assert press(own, second, "thu-tu", move="len") == 303
    assert [line.name for line in lines(sqlite_database)] == ["Chi cục thử", "Đội thử nghiệm"]
    clock.advance(timedelta(days=181))
    sign_in(own, "ls@vidu.vn")
    assert "Đường dây nóng cần kiểm tra lại: 2 số" in own.text, "said on the first page, before anybody looks for it"
    own.open(LIST)
    assert "Cần kiểm tra lại: 2 số" in own.text
    assert press(own, first, "da-kiem-tra") == 303
    own.open(LIST)
    assert "Cần kiểm tra lại: 1 số" in own.text
    own.open(f"{LIST}/{first.id}")
    assert press(own, first, "ket-thuc") == 303
    own.open(LIST)
    assert "Đã đưa ra khỏi danh bạ: 1 số" in own.text
    own.open(f"{LIST}/{first.id}")
    assert "Dùng lại" in own.text
    assert press(own, first, "dung-lai") == 303
    assert [line.name for line in lines(sqlite_database)] == ["Chi cục thử", "Đội thử nghiệm"]


def test_whoever_is_slower_keeps_what_they_typed(own: Browser, app: Flask, sqlite_database: Database) -> None:
    add(own)
    [line] = lines(sqlite_database)
    page = f"{LIST}/{line.id}"
    add_person(sqlite_database, "hai@vidu.vn", province_code="20")
    other = Browser(app)
    sign_in(other, "hai@vidu.vn")
    own.open(page)
    other.open(page)
    stale = {"seen": str(line.revision)}
    own.follow(own.send(page, NEW | stale | {"hours": "24 giờ"}))
    assert other.send(page, NEW | stale | {"phone": "1900 0001"}).status_code == 409
    assert "Vừa có người khác sửa dòng này" in other.text
    assert 'value="1900 0001"' in other.page
    assert "0205 3000 000, hàng giả, 24 giờ" in other.text
    assert other.send(f"{page}/da-kiem-tra", stale).status_code == 409
    assert "Chưa làm được" in other.text
    other.open(page)
    current = re.search(r'name="seen" value="(\d+)"', other.page)
    assert current
    other.follow(other.send(page, NEW | {"seen": current[1], "phone": "1900 0001"}))
    assert [each.phone for each in lines(sqlite_database)] == ["1900 0001"]


def test_many_lines_are_pasted_all_or_none(own: Browser, sqlite_database: Database) -> None:
    page = f"{LIST}/dan"
    pasted = "Đội thử nghiệm; 1900 0000; hàng giả; 24 giờ\n\nChi cục thử\t12\nPhường thử; 113; ; ; phường Lạ"
    fields = {"lines": pasted, "checked_on": "19/11/2026", "source": "Trang thử nghiệm"}
    own.open(page)
    assert own.send(page, fields).status_code == 400
    assert "Cần sửa: 2 dòng" in own.text
    assert "Dòng 3" in own.text
    assert "Dòng 4" in own.text
    assert "Chi cục thử\t12" in own.page, "everything stays in its field"
    assert lines(sqlite_database) == []
    mended = pasted.replace("\t12", "\t0205 3000 000").replace("phường Lạ", "phường Đông Kinh")
    own.follow(own.send(page, fields | {"lines": mended}))
    assert "Đã thêm vào danh bạ: 3 dòng." in own.text
    kept = lines(sqlite_database)
    assert [(line.name, line.commune_code) for line in kept] == [
        ("Đội thử nghiệm", None),
        ("Chi cục thử", None),
        ("Phường thử", "05977"),
    ]
    assert {line.source for line in kept} == {"Trang thử nghiệm"}
    own.open(page)
    assert own.send(page, fields | {"lines": "Đội thử nghiệm; 19000000"}).status_code == 400
    assert "đã có trong danh bạ" in own.text


def test_the_whole_system_chooses_a_province_and_others_stay_out(app: Flask, sqlite_database: Database) -> None:
    add_person(sqlite_database)
    add_person(sqlite_database, "hue@vidu.vn", province_code="46")
    system, hue = Browser(app), Browser(app)
    sign_in(system)
    sign_in(hue, "hue@vidu.vn")
    system.open("/quan-tri/duong-day-nong")
    assert LIST in system.page
    assert system.open(LIST).status_code == 200
    assert hue.open(LIST).status_code == 404
    assert hue.open("/quan-tri/99/duong-day-nong").status_code == 404
