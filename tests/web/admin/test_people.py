"""The administration of people, as an administrator walks through it."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import inspect, select

from pledges.accounts.models import Role, Staff
from pledges.accounts.queries import staff_by_email
from pledges.core.db import Database
from pledges.messaging.models import Message
from pledges.messaging.operations import secrets_of
from pledges.product import Product
from tests.support.browsing import Browser
from tests.support.staff import add_person, sign_in, sign_in_by_hand

LIST = "/quan-tri/can-bo"


@pytest.fixture
def own(app: Flask, sqlite_database: Database) -> Browser:
    """The administrator of one province, signed in."""
    add_person(sqlite_database, "ls@vidu.vn", province_code="20")
    browser = Browser(app)
    sign_in(browser, "ls@vidu.vn")
    return browser


def person(database: Database, email: str) -> Staff:
    with database.read() as session:
        found = staff_by_email(session, email)
    assert found is not None
    return found


def page_of(staff: Staff) -> str:
    return f"{LIST}/{staff.province_code}/{staff.id}"


NEW = {
    "name": "Trần Thị Mẫu",
    "email": "moi@vidu.vn",
    "role": "approver",
    "agency": "20-SCT",
    "signing_title": "KT. GIÁM ĐỐC – PHÓ GIÁM ĐỐC",
}


def test_from_the_invitation_to_the_first_sign_in_and_out_again(
    app: Flask, own: Browser, sqlite_database: Database, small_product: Product
) -> None:
    own.open("/can-bo")
    assert LIST in own.page
    assert own.open(f"{LIST}/them").headers["Location"] == f"{LIST}/them/20"
    own.open(f"{LIST}/them/20")
    own.send(f"{LIST}/them/20", {})
    assert own.text.count("Hãy điền mục") >= 1
    own.send(f"{LIST}/them/20", NEW | {"agency": ""})
    assert "Vai trò này thuộc về một cơ quan" in own.text
    own.follow(own.send(f"{LIST}/them/20", NEW))
    assert "đang được gửi tới moi@vidu.vn" in own.text
    assert "Chưa đặt mật khẩu" in own.text
    own.open(f"{LIST}/them/20")
    own.send(f"{LIST}/them/20", NEW)
    assert "đã có tài khoản" in own.text

    with sqlite_database.read() as session:
        link = secrets_of(session.scalars(select(Message)).one(), small_product.vault)["link"]
    guest, password = Browser(app), "con trâu đỏ ăn mây chiều"
    path = link.partition("/can-bo")[1] + link.partition("/can-bo")[2]
    guest.open(path)
    guest.follow(guest.send(path, {"password": password, "password_again": password}))
    sign_in_by_hand(guest, "moi@vidu.vn", password)
    assert "Lãnh đạo duyệt" in guest.text

    staff = person(sqlite_database, "moi@vidu.vn")
    own.open(page_of(staff))
    assert "1 nơi" in own.text
    own.follow(own.send(f"{page_of(staff)}/ket-thuc-phien"))
    assert "Đã đăng xuất người này ở mọi nơi" in own.text
    assert guest.open("/can-bo").status_code == 303
    own.follow(own.send(f"{page_of(staff)}/khoa"))
    assert "Đã khóa" in own.text
    assert own.send(f"{page_of(staff)}/lien-ket").status_code == 409
    own.open(page_of(staff))
    own.follow(own.send(f"{page_of(staff)}/mo-lai"))
    sign_in(guest, "moi@vidu.vn")


def test_a_new_role_holds_at_once(app: Flask, own: Browser, sqlite_database: Database) -> None:
    staff = add_person(sqlite_database, "cb@vidu.vn", role=Role.OFFICER, province_code="20", agency_code="20-SCT")
    officer = Browser(app)
    sign_in(officer, "cb@vidu.vn")
    own.open(f"{page_of(staff)}/sua")
    fields = {"name": staff.name, "role": "commune_officer", "agency": "20-SCT", "commune": "05977"}
    own.follow(own.send(f"{page_of(staff)}/sua", fields))
    assert "Cán bộ xã, phường, đặc khu" in own.text
    changed = person(sqlite_database, "cb@vidu.vn")
    assert (changed.role, changed.agency_code, changed.commune_code) == (Role.COMMUNE_OFFICER, None, "05977")
    assert officer.open("/can-bo").status_code == 303


def test_only_the_fields_of_the_form_change(own: Browser, sqlite_database: Database) -> None:
    """Every column of the table is posted; none but those that the form shows may move."""
    staff = add_person(sqlite_database, "cb@vidu.vn", role=Role.OFFICER, province_code="20", agency_code="20-SCT")
    columns = [attribute.key for attribute in inspect(Staff).column_attrs]
    before = {name: getattr(person(sqlite_database, "cb@vidu.vn"), name) for name in columns}
    posted = dict.fromkeys(columns, "46") | {
        "email": "ke-gian@vidu.vn",
        "active": "",
        "password": "x",
        "password_hash": "x",
        "agency_code": "20-SYT",
        "name": "Tên Mới",
        "role": "officer",
        "agency": "20-SCT",
        "signing_title": "GIÁM ĐỐC",
    }
    own.open(f"{page_of(staff)}/sua")
    own.follow(own.send(f"{page_of(staff)}/sua", posted))
    after = {name: getattr(person(sqlite_database, "cb@vidu.vn"), name) for name in columns}
    assert {name for name in columns if before[name] != after[name]} == {"name", "signing_title"}


def test_nobody_is_offered_to_lock_themselves_out(own: Browser, sqlite_database: Database) -> None:
    me = person(sqlite_database, "ls@vidu.vn")
    own.open(page_of(me))
    assert f"{page_of(me)}/khoa" not in own.page
    assert own.send(f"{page_of(me)}/khoa").status_code == 400
    assert "không tự khóa" in own.text
    own.open(f"{page_of(me)}/sua")
    assert own.send(f"{page_of(me)}/sua", {"name": "Tôi", "role": "province_viewer"}).status_code == 200
    assert "không tự khóa" in own.text
    assert person(sqlite_database, "ls@vidu.vn").active


def test_the_whole_system_looks_after_every_province(app: Flask, own: Browser, sqlite_database: Database) -> None:
    system = add_person(sqlite_database)
    for number in range(51):
        add_person(sqlite_database, f"n{number}@vidu.vn", role=Role.PROVINCE_VIEWER, province_code="46", ready=False)
    visitor = Browser(app)
    sign_in(visitor)
    visitor.open(LIST)
    assert "53 tài khoản" in visitor.text
    assert "Trang 1/2" in visitor.text
    visitor.open(f"{LIST}?tinh=20")
    assert re.findall(r"\w+@vidu.vn", visitor.text) == ["ls@vidu.vn"]
    assert visitor.open(f"{LIST}?tinh=97").status_code == 404
    visitor.open(f"{LIST}/them/00")
    assert 'name="agency"' not in visitor.page
    two = {"name": "Hai", "email": "hai@vidu.vn"}
    assert visitor.send(f"{LIST}/them/00", two | {"role": "officer"}).status_code == 200
    assert "Hãy chọn một mục trong danh sách." in visitor.text
    visitor.follow(visitor.send(f"{LIST}/them/00", two | {"role": "administrator"}))
    assert person(sqlite_database, "hai@vidu.vn").role is Role.ADMINISTRATOR
    own.open(LIST)
    assert re.findall(r"\w+@vidu.vn", own.text) == ["ls@vidu.vn"]
    own.open(f"{LIST}?tinh=46")
    assert re.findall(r"\w+@vidu.vn", own.text) == ["ls@vidu.vn"]
    for address in (f"{LIST}/them/00", f"{LIST}/them/46", page_of(system), f"{page_of(system)}/sua"):
        assert own.open(address).status_code == 404
