"""The queue: whose it is, its tabs and filters, and what can be ticked."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask

from pledges.accounts.models import Role
from pledges.product import Product
from pledges.signing.models import PledgeState
from tests.support.checked_pages import Page
from tests.support.clock import FixedClock
from tests.support.desk import Desk
from tests.support.reviewing import put_into, submitted_copies

S = PledgeState
QUEUE = "/can-bo/hang-doi"


@pytest.fixture
def desk(small_product: Product, app: Flask, clock: FixedClock) -> Desk:
    return Desk(small_product, app, clock)


def names(page: Page) -> list[str]:
    return [link.text_content() for link in page.all("//a[@class='row-name']")]


def tabs(page: Page) -> dict[str, int]:
    found = {}
    for link in page.all("//nav[@class='tabs']//a"):
        text, number = link.text_content().rsplit(maxsplit=1)
        found[text.strip()] = int(number)
    return found


def boxes(page: Page) -> list[str]:
    return list(page.all("//input[@name='chon']/@value"))


def test_the_queue_is_oldest_first_and_its_address_can_be_handed_on(desk: Desk) -> None:
    start = desk.clock()

    def came(number: int) -> datetime:
        return start - timedelta(number - 999)

    submitted_copies(desk.database, desk.pledge(), 27, state_since=came, signed_at=came)
    put_into(desk.database, submitted_copies(desk.database, desk.pledge(), 1, first=2000)[0], S.DEFERRED)
    officer = desk.at(desk.officer)
    page = officer.get(QUEUE)
    assert tabs(page) == {
        "Chờ xử lý": 28,
        "Tạm hoãn": 1,
        "Chờ duyệt": 0,
        "Đang hoàn tất": 0,
        "Chờ bổ sung": 0,
        "Chờ thu hồi": 0,
        "Đã xong": 0,
    }
    assert "28 hồ sơ · Trang 1/2" in page.words
    assert (names(page)[0], len(names(page))) == ("Công ty TNHH Thử Nghiệm 1026", 25)
    second = officer.get(page.all("//a[@rel='next']/@href")[0])
    assert names(second)[-1] == "Công ty TNHH Thử Nghiệm 1"
    newest = officer.get(page.all("//a[@class='sort']/@href")[0])
    assert names(newest)[0] == "Công ty TNHH Thử Nghiệm 1"
    assert newest.all("//th/@aria-sort") == ["ascending"]
    assert len(names(officer.get(f"{QUEUE}?so=50"))) == 28
    assert "Quá hạn" in page.words
    # Half an address, or one that somebody has made up, shows what makes sense of it.
    assert len(names(officer.get(f"{QUEUE}?muc=x&nhom=y&so=7&xep=z&trang=-3"))) == 25


def test_filters_are_chips_that_can_be_taken_off(desk: Desk) -> None:
    submitted_copies(desk.database, desk.pledge(), 3)
    officer = desk.at(desk.officer)
    page = officer.get(f"{QUEUE}?tim=thu%20nghiem%201001&nhom=digital_seller&dat=yes")
    assert names(page) == ["Công ty TNHH Thử Nghiệm 1001"]
    chips = {chip.text_content().split("×")[0].strip(): chip.get("href") for chip in page.all("//a[@class='chip']")}
    assert set(chips) == {
        "Bỏ điều kiện: Tìm: thu nghiem 1001",
        "Bỏ điều kiện: Nhóm: Người bán hàng trên sàn, mạng xã hội",
        "Bỏ điều kiện: Đạt mọi kiểm tra",
    }
    assert len(names(officer.get(chips["Bỏ điều kiện: Tìm: thu nghiem 1001"]))) == 4
    none = officer.get(f"{QUEUE}?tim=khong%20co")
    assert "Không có hồ sơ nào khớp điều kiện lọc" in none.words
    assert "Mục này đang trống" in officer.get(f"{QUEUE}?muc=returned").words
    put_into(desk.database, desk.pledge(), S.RETURNED)
    # The page of a file keeps the list that it was opened from.
    inside = officer.get(page.all("//a[@class='row-name']/@href")[0])
    assert inside.all("//a[@data-key='queue']/@href") == [
        f"{QUEUE}?muc=waiting&nhom=digital_seller&tim=thu+nghiem+1001&dat=yes"
    ]


def test_an_empty_queue_says_what_will_come(desk: Desk) -> None:
    doctors = desk.at(desk.person("y.te@vidu.vn", Role.OFFICER, agency="46-SYT"))
    page = doctors.get(QUEUE)
    assert "Không có hồ sơ nào chờ xử lý" in page.words
    assert set(tabs(page).values()) == {0}
    assert tabs(desk.at(desk.officer).get(QUEUE))["Chờ xử lý"] == 1
    viewer = desk.person("xem@vidu.vn", Role.REPORTING_UNIT)
    refused = desk.at(viewer).get(QUEUE, status=403)
    assert "Vai trò của bạn không làm được việc này." in refused.words
    assert refused.all("//main//a/@href") == ["/can-bo"], "back to where they can work"


def test_only_what_passes_and_what_somebody_else_recommended_can_be_ticked(desk: Desk) -> None:
    first = desk.pledge()
    good, doubtful = submitted_copies(desk.database, first, 2)
    put_into(desk.database, doubtful, S.SUBMITTED, contact_email="ai.do@mailinator.com")
    officer = desk.at(desk.officer)
    page = officer.get(QUEUE)
    assert set(boxes(page)) == {first.reference, good.reference}
    assert "Có kiểm tra cần xem; hãy mở từng hồ sơ." in page.words
    assert "hộp thư dùng tạm" in page.words
    approver = desk.at(desk.approver)
    assert boxes(approver.get(QUEUE)) == []
    for pledge, by in ((first, desk.officer), (good, desk.approver)):
        put_into(desk.database, pledge, S.RECOMMENDED, recommended_by=by.id)
    waiting = approver.get(f"{QUEUE}?muc=recommended")
    assert boxes(waiting) == [first.reference]
    assert "Bạn đã đề nghị duyệt hồ sơ này; người khác phải duyệt." in waiting.words
    assert boxes(officer.get(f"{QUEUE}?muc=recommended")) == []


def test_the_first_page_counts_what_waits(desk: Desk) -> None:
    desk.do("recommend")
    home = desk.at(desk.approver).get("/can-bo")
    assert "Đang chờ bạn duyệt: 1." in home.words
    put_into(desk.database, desk.pledge(), S.RECOMMENDED, recommended_by=desk.approver.id)
    assert "Đang chờ bạn duyệt: 0." in desk.at(desk.approver).get("/can-bo").words
    first = home.all("//ul[@class='counts']//a")[0]
    assert first.text_content().split() == ["1", "Chờ", "duyệt"]
    assert first.get("href") == f"{QUEUE}?muc=recommended"
    viewer = desk.person("bao.cao@vidu.vn", Role.REPORTING_UNIT)
    pages = desk.at(viewer).get("/can-bo").all("//main//ul[contains(@class, 'task-list')]//a/@href")
    assert pages == ["/can-bo/bao-cao", "/can-bo/doi-tuong"], "whoever only reports is led to reports and the register"
