"""The register: found by whatever is typed, cut down by filters, and nobody's number in an address."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from pledges.accounts.models import Role
from pledges.product import Product
from pledges.registry.models import Channel, Standing
from pledges.registry.search_documents import refresh_all
from tests.support.checked_pages import CheckedClient, Page
from tests.support.clock import START, FixedClock
from tests.support.desk import Desk, form_to
from tests.support.signing import HUE, LANG_SON
from tests.unit.registry.declarations import NUMBER
from tests.unit.registry.test_searching import add

REGISTER = "/can-bo/doi-tuong"
PHONE = "+84912345678"


@pytest.fixture
def desk(small_product: Product, app: Flask, clock: FixedClock) -> Desk:
    desk = Desk(small_product, app, clock)
    number = desk.vault.keyed_hash("personal_number", NUMBER)

    def work(session: Session) -> None:
        add(session, "Bác sĩ Nguyễn Văn Thử", province=HUE, personal_number_hash=number, personal_number_last4="2345")
        add(session, "Nước mắm Ví Dụ", province=HUE, channels=("nuocmam-vidu.vn",), contacts=(("phone", PHONE),))
        add(session, "Tiệm Ví Dụ Chờ Xem", province=HUE, standing=Standing.CLAIMED)
        add(session, "Nước mắm Tỉnh Khác", province=LANG_SON, personal_number_hash=number)
        session.add(
            Channel(
                province_code=HUE,
                entity_id=None,
                kind="website",
                address="khongchu-vidu.vn",
                as_typed="khongchu-vidu.vn",
                first_seen_on=START.date(),
                added_at=START,
            )
        )
        refresh_all(session)

    desk.database.run(work)
    return desk


def names(page: Page) -> list[str]:
    return [link.text_content() for link in page.all("//a[@class='row-name']")]


def search(browser: CheckedClient, typed: str, address: str = REGISTER, status: int = 200) -> Page:
    page = browser.get(address)
    return browser.send(page, {"tim": typed}, form=form_to(page, REGISTER), status=status)


def test_everybody_of_the_province_is_found_by_what_is_typed(desk: Desk) -> None:
    officer = desk.at(desk.officer)
    everybody = officer.get(REGISTER)
    assert names(everybody) == [
        "Bác sĩ Nguyễn Văn Thử",
        "Công ty TNHH Thử Nghiệm 1",
        "Nước mắm Ví Dụ",
        "Tiệm Ví Dụ Chờ Xem",
    ]
    assert "4 đối tượng, theo tên." in everybody.words
    assert "Đã ký, đang chờ cơ quan" in everybody.words
    for typed, found in {
        "nuoc mam": ["Nước mắm Ví Dụ"],
        "uocmam-vi": ["Nước mắm Ví Dụ"],
        "vi du": ["Nước mắm Ví Dụ", "Tiệm Ví Dụ Chờ Xem"],
        "0912 345 678": ["Nước mắm Ví Dụ"],
        NUMBER: ["Bác sĩ Nguyễn Văn Thử"],
    }.items():
        assert sorted(names(search(officer, typed))) == found, typed
    commune = desk.person("xa@vidu.vn", Role.REPORTING_UNIT)
    assert names(search(desk.at(commune), "nuoc mam")) == ["Nước mắm Ví Dụ"]
    assert "Hãy gõ tên, mã số, kênh hoặc số điện thoại cần tìm." in " ".join(search(officer, " ", status=400).problems)
    assert "Kênh khongchu-vidu.vn đã có trong danh sách, chưa rõ chủ" in search(officer, "khongchu-vidu.vn").words


@pytest.mark.parametrize("typed", [NUMBER, "0912 345 678", "an@vidu.vn"])
def test_numbers_and_addresses_of_people_stand_in_no_address(desk: Desk, typed: str) -> None:
    officer = desk.at(desk.officer)
    page = search(officer, typed, f"{REGISTER}?nhom=digital_seller")
    assert page.response.request.query_string == b"nhom=digital_seller"
    assert page.control("tim").get("value") == typed, "what was typed stays in the box"
    addresses = page.all("//@href | //@action | //input[@type='hidden']/@value")
    assert not [address for address in addresses if typed[-4:] in address]
    by_hand = officer.get(REGISTER, query_string={"tim": typed})
    assert names(by_hand) == []
    assert "Không tìm bằng địa chỉ trang" in by_hand.words


def test_an_address_with_words_can_be_handed_on(desk: Desk) -> None:
    officer = desk.at(desk.officer)
    page = search(officer, "vi du", f"{REGISTER}?tinh_trang=claimed")
    assert parse_qs(urlsplit(page.response.request.path + "?" + page.response.request.query_string.decode()).query) == {
        "tim": ["vi du"],
        "tinh_trang": ["claimed"],
    }
    assert names(page) == ["Tiệm Ví Dụ Chờ Xem"]
    [chip] = [chip for chip in page.all("//a[@class='chip']") if "Đang chờ xem xét" in chip.text_content()]
    assert len(names(officer.get(chip.get("href")))) == 2
    none = officer.get(f"{REGISTER}?tim=nuoc+mam&tinh_trang=in_force")
    assert "Không tìm thấy đối tượng nào" in none.words
    assert names(officer.get(none.all("//a[.='Tìm lại, không lọc']/@href")[0])) == ["Nước mắm Ví Dụ"]
    # An address that somebody has made up shows what makes sense of it.
    assert len(names(officer.get(f"{REGISTER}?nhom=x&xa=y&tinh_trang=z&dot=w&sau=1&truoc=q&cua_toi=yes"))) == 1


def test_pages_follow_the_names_there_and_back(desk: Desk) -> None:
    def work(session: Session) -> None:
        for number in range(120):
            add(session, f"Cửa hàng Ví Dụ {number:03}", province=HUE)

    desk.database.run(work)
    officer = desk.at(desk.officer)
    pages = [officer.get(REGISTER)]
    while following := pages[-1].all("//a[@rel='next']/@href"):
        assert "Ví" not in following[0]
        pages.append(officer.get(following[0]))
    assert [len(names(page)) for page in pages] == [50, 50, 24]
    everybody = [name for page in pages for name in names(page)]
    assert len(set(everybody)) == 124
    assert everybody[-1] == "Tiệm Ví Dụ Chờ Xem"
    back = officer.get(pages[2].all("//a[@rel='prev']/@href")[0])
    assert names(back) == names(pages[1])
    assert not officer.get(back.all("//a[@rel='prev']/@href")[0]).all("//a[@rel='prev']")


def test_an_empty_register_says_how_it_fills(desk: Desk) -> None:
    other = desk.person("dong.thap@vidu.vn", Role.OFFICER, agency="82-SCT", province="82")
    page = desk.at(other).get(REGISTER)
    assert "Danh sách còn trống" in page.words
    assert "Không có đối tượng nào khớp điều kiện lọc" in desk.at(other).get(f"{REGISTER}?nhom=press").words
