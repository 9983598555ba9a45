"""What ends soon stands on the first page of who can do something about it; all keys stand on a page of their own."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from flask import Flask

from pledges.accounts.agency_keys import NewKey, make_key
from pledges.accounts.models import Role
from pledges.core.calendar import local_day
from pledges.core.db import new_id
from pledges.product import Product
from tests.support.admins import at, browser_of
from tests.support.seal_keys import AGENCY, NOW, AgencyFolder, Authority, p256
from tests.support.staff import add_person

PAGE = "/quan-tri/khoa"


def ends_in(days: int, folder: Path, product: Product, app: Flask) -> Product:
    """An installation in which one agency has a key of its own."""
    authority, key = Authority(), p256()
    certificate = authority.issue(key, AGENCY[2], ends=NOW + timedelta(days=days, hours=1))
    keys = AgencyFolder(folder).lay_down(authority, key, certificate).keys()
    changed = replace(product, agency_keys=keys)
    app.extensions["product"] = changed
    return changed


def test_a_certificate_that_ends_is_told_to_its_agency_and_its_administrators(
    small_product: Product, app: Flask, tmp_path: Path
) -> None:
    product = ends_in(45, tmp_path, small_product, app)
    head = browser_of(product, app, "qt.ls@vidu.vn", province_code="20")
    elsewhere = browser_of(product, app, "qt.hue@vidu.vn", province_code="46")
    people = {
        agency: add_person(
            product.database, f"{agency}@vidu.vn", role=Role.OFFICER, province_code="20", agency_code=agency
        )
        for agency in ("20-SCT", "20-SYT")
    }
    own, other = (at(product, app, person) for person in people.values())
    told = "Khóa, chứng thư sắp hết hạn: 1"
    assert told in head.get("/can-bo").words
    assert "Sở Công Thương tỉnh Lạng Sơn: hết hạn ngày 04/01/2027, còn 45 ngày" in own.get("/can-bo").words
    assert "Hãy báo người quản trị" in own.get("/can-bo").words
    assert told not in other.get("/can-bo").words
    assert told not in elsewhere.get("/can-bo").words
    page = head.get(PAGE)
    for words in ("Sắp hết hạn", "21/10/2026", "04/01/2027", "Không dùng được", "Khóa niêm phong", "PLEDGES_DATA_KEY"):
        assert words in page.words, words
    assert "/quan-tri/san-sang/20/co-quan/20-SCT" in page.all("//tbody//a/@href")
    own.get(PAGE, status=403)
    ends_in(75, tmp_path, small_product, app)
    assert told not in own.get("/can-bo").words
    assert "hết hạn sớm nhất: Khóa ký số của cơ quan" in head.get("/can-bo").words
    assert "còn 75 ngày" in head.get("/can-bo").words
    assert "hết hạn sớm nhất" not in own.get("/can-bo").words


def test_keys_of_programs_are_told_before_they_end(small_product: Product, app: Flask) -> None:
    person = add_person(small_product.database, "qt@vidu.vn", province_code="46", ready=False)
    now = small_product.clock()

    def make(days: int, name: str) -> None:
        new = NewKey("46", "46-SCT", name, local_day(now) + timedelta(days=days), new_id())
        small_product.database.run(lambda session: make_key(session, new, by=person, now=now))

    make(60, "Kho dữ liệu thử nghiệm")
    make(61, "Trục liên thông thử nghiệm")
    head = at(small_product, app, person)
    first = head.get("/can-bo").words
    assert "Khóa API: Kho dữ liệu thử nghiệm, Sở Công Thương thành phố Huế: hết hạn ngày" in first
    assert "Trục liên thông" not in first
    assert "Trục liên thông thử nghiệm" in head.get(PAGE).words
