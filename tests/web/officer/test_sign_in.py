from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from pledges.accounts import operations, queries
from pledges.accounts.models import Role, StaffSession
from pledges.accounts.rules import ABSOLUTE, FAILURES_PER_ACCOUNT, IDLE
from pledges.audit.models import Fact
from pledges.audit.operations import Actor
from pledges.core.db import Database
from tests.support.browsing import Browser
from tests.support.clock import FixedClock
from tests.support.staff import PASSWORD, add_person, code_of, key_on, sign_in, sign_in_by_hand

PAGE = "/can-bo/dang-nhap"
ENROL = f"{PAGE}/thiet-lap-xac-thuc"


@pytest.fixture(autouse=True)
def administrator(sqlite_database: Database) -> None:
    add_person(sqlite_database)


def attempt(visitor: Browser, email: str = "quan-tri@vidu.vn", password: str = PASSWORD, **more: str) -> int:
    visitor.open(PAGE)
    return visitor.send(PAGE, {"email": email, "password": password} | more).status_code


def is_in(visitor: Browser) -> bool:
    return visitor.open("/can-bo").status_code == 200


def test_from_a_staff_page_to_sign_in_and_back_and_out(visitor: Browser) -> None:
    away = visitor.open("/can-bo")
    assert away.headers["Location"] == f"{PAGE}?next=/can-bo"
    visitor.follow(away)
    assert "Đăng nhập dành cho cán bộ" in visitor.text
    inside = visitor.send(PAGE, {"email": "Quan-Tri@vidu.vn", "password": PASSWORD, "next": "/can-bo"})
    assert inside.headers["Location"] == f"{ENROL}?next=/can-bo"
    visitor.follow(inside)
    visitor.send(ENROL, {"code": code_of(visitor, key_on(visitor.page)), "next": "/can-bo"})
    assert 'href="/can-bo"' in visitor.page
    visitor.open("/can-bo")
    for words in ("Nguyễn Văn Thử", "Quản trị", "Toàn hệ thống", "Đăng xuất"):
        assert words in visitor.text
    out = visitor.send("/can-bo/dang-xuat")
    assert out.headers["Clear-Site-Data"] == '"cache"'
    visitor.follow(out)
    assert "Bạn đã đăng xuất" in visitor.text
    assert not is_in(visitor)


def test_pages_for_staff_are_never_kept_by_a_cache(visitor: Browser) -> None:
    assert visitor.open(PAGE).headers["Cache-Control"] == "no-store"
    sign_in(visitor)
    assert visitor.open("/can-bo").headers["Cache-Control"] == "no-store"


def test_a_copied_cookie_is_worthless_after_sign_out(app: Flask, visitor: Browser) -> None:
    sign_in(visitor)
    thief = Browser(app)
    thief.client.set_cookie("session", visitor.cookie())
    assert is_in(thief), "the test copies the cookie rightly"
    visitor.open("/can-bo")
    visitor.send("/can-bo/dang-xuat")
    assert not is_in(thief)


def test_every_sign_in_has_a_session_of_its_own(app: Flask, visitor: Browser, sqlite_database: Database) -> None:
    other = Browser(app)
    sign_in(visitor)
    sign_in(other)
    with sqlite_database.read() as session:
        assert len(set(session.scalars(select(StaffSession.token_sha256)))) == 2
    visitor.send("/can-bo/dang-xuat")
    assert is_in(other)


def test_a_session_prepared_by_somebody_else_is_not_taken_over(app: Flask, visitor: Browser) -> None:
    """Neither the cookie before the password nor the one between password and second factor is worth anything after."""
    visitor.open(PAGE)
    before = [visitor.cookie()]
    visitor.send(PAGE, {"email": "quan-tri@vidu.vn", "password": PASSWORD})
    visitor.open(ENROL)
    before.append(visitor.cookie())
    assert not is_in(visitor), "a password alone opens nothing"
    sign_in_by_hand(visitor)
    for cookie in before:
        stranger = Browser(app)
        stranger.client.set_cookie("session", cookie)
        assert not is_in(stranger)
        assert stranger.open(ENROL).status_code == 303


def test_half_an_hour_of_silence_ends_it(visitor: Browser, clock: FixedClock) -> None:
    sign_in(visitor)
    for _ in range(3):
        clock.advance(IDLE - timedelta(seconds=1))
        assert is_in(visitor)
    clock.advance(IDLE)
    assert not is_in(visitor)
    assert visitor.open("/can-bo").status_code == 303


def test_ten_hours_end_it_however_busy(visitor: Browser, clock: FixedClock) -> None:
    sign_in(visitor)
    began = clock()
    while clock() - began < ABSOLUTE:
        assert is_in(visitor)
        clock.advance(timedelta(minutes=25))
    assert not is_in(visitor)


def test_a_disabled_person_is_out_at_the_next_click(
    visitor: Browser, sqlite_database: Database, clock: FixedClock
) -> None:
    sign_in(visitor)

    def disable(session) -> None:  # type: ignore[no-untyped-def]
        staff = queries.staff_by_email(session, "quan-tri@vidu.vn")
        operations.disable_staff(session, staff, actor=Actor("command"), now=clock())

    sqlite_database.run(disable)
    assert not is_in(visitor)
    assert attempt(visitor) == 400


def test_wrong_ways_show_one_message_and_keep_the_address(visitor: Browser, sqlite_database: Database) -> None:
    add_person(sqlite_database, "chua-dat@vidu.vn", ready=False)
    pages = set()
    for email, password in (
        ("quan-tri@vidu.vn", "sai mật khẩu rồi"),
        ("khong-co@vidu.vn", PASSWORD),
        ("chua-dat@vidu.vn", PASSWORD),
        ("khong phai thu", PASSWORD),
    ):
        assert attempt(visitor, email, password) == 400
        assert f'value="{email}"' in visitor.page
        assert password not in visitor.page
        pages.add(visitor.text)
    assert len(pages) == 1
    assert "chưa đúng" in pages.pop()


def test_after_five_failures_the_right_password_waits_too(visitor: Browser, sqlite_database: Database) -> None:
    for email in ("quan-tri@vidu.vn", "khong-co@vidu.vn"):
        for _ in range(FAILURES_PER_ACCOUNT):
            assert attempt(visitor, email, "sai mật khẩu rồi") == 400
        assert attempt(visitor, email) == 429
        assert "Hãy đợi 15 phút" in visitor.text


def test_empty_fields_are_named(visitor: Browser) -> None:
    assert attempt(visitor, "", "") == 400
    assert "Hãy nhập thư điện tử của tài khoản." in visitor.text
    assert "Hãy nhập mật khẩu." in visitor.text
    assert "<title>Lỗi: " in visitor.page


def test_a_page_left_open_overnight_asks_to_send_again(app: Flask, visitor: Browser) -> None:
    visitor.open(PAGE)
    other = Browser(app)
    other.page = visitor.page
    assert other.send(PAGE, {"email": "quan-tri@vidu.vn", "password": PASSWORD}).status_code == 400
    assert "hãy gửi lại" in other.text
    response = other.send(PAGE, {"email": "quan-tri@vidu.vn", "password": PASSWORD})
    assert response.status_code == 303


@pytest.mark.parametrize(
    ("wanted", "where"),
    [
        ("/quan-tri/san-sang", "/quan-tri/san-sang"),
        ("/can-bo/hang-doi?trang=2", "/can-bo/hang-doi?trang=2"),
        ("https://evil.example/", "/can-bo"),
        ("//evil.example/can-bo/", "/can-bo"),
        ("/\\evil.example", "/can-bo"),
        ("/can-bo/\\evil", "/can-bo"),
        ("/can-bo/ \r\nSet-Cookie: x=1", "/can-bo"),
        ("/can-bo.evil.example", "/can-bo"),
        ("javascript:alert(1)", "/can-bo"),
        ("", "/can-bo"),
    ],
)
def test_the_way_on_stays_among_our_pages(visitor: Browser, wanted: str, where: str) -> None:
    visitor.open(PAGE)
    visitor.follow(visitor.send(PAGE, {"email": "quan-tri@vidu.vn", "password": PASSWORD, "next": wanted}))
    visitor.send(ENROL, {"code": code_of(visitor, key_on(visitor.page)), "next": wanted})
    assert f'href="{where}">Tôi đã cất' in visitor.page


def test_sign_out_needs_a_post_with_a_token(visitor: Browser) -> None:
    sign_in(visitor)
    assert visitor.open("/can-bo/dang-xuat").status_code == 405
    visitor.page = ""
    refused = visitor.send("/can-bo/dang-xuat")
    assert refused.headers["Location"] == "/can-bo"
    assert is_in(visitor)


def test_signing_out_of_a_session_that_is_over_says_signed_out(visitor: Browser, app: Flask) -> None:
    """A page left open overnight: its button leads to the same page as ever."""
    sign_in(visitor)
    page = visitor.page
    visitor.client.delete_cookie("session")
    visitor.page = page
    assert visitor.send("/can-bo/dang-xuat").headers["Location"] == "/can-bo/da-dang-xuat"


def test_another_site_cannot_sign_anybody_in(visitor: Browser) -> None:
    visitor.open(PAGE)
    fields = {"email": "quan-tri@vidu.vn", "password": PASSWORD}
    assert visitor.send(PAGE, fields, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert not is_in(visitor)


def test_no_other_door_of_the_library_is_open(app: Flask, visitor: Browser, sqlite_database: Database) -> None:
    rules = {rule.rule for rule in app.url_map.iter_rules()}
    for path in ("/login", "/logout", "/register", "/reset", "/verify", "/tf-setup", "/us-signin", "/fs-static/x"):
        assert path not in rules
    assert [rule for rule in rules if "security" in rule] == []
    assert {"users", "roles"}.isdisjoint(app.cli.commands)
    with sqlite_database.read() as session:
        staff = queries.staff_by_email(session, "quan-tri@vidu.vn")
    assert staff is not None
    with app.test_request_context():
        token = staff.get_auth_token()
    assert visitor.open("/can-bo", headers={"Authentication-Token": token}).status_code == 303
    assert visitor.open(f"/can-bo?auth_token={token}").status_code == 303


def test_signing_in_and_out_is_recorded(visitor: Browser, sqlite_database: Database) -> None:
    sign_in(visitor)
    visitor.send("/can-bo/dang-xuat")
    with sqlite_database.read() as session:
        kinds = list(session.scalars(select(Fact.kind).where(Fact.object_kind == "staff").order_by(Fact.id)))
    assert kinds == ["staff.added", "staff.signed_in", "staff.signed_out"]


def test_an_officer_sees_agency_and_no_administration(visitor: Browser, sqlite_database: Database) -> None:
    add_person(sqlite_database, "can-bo@vidu.vn", role=Role.PROVINCE_VIEWER, province_code="20")
    sign_in(visitor, "can-bo@vidu.vn")
    assert "Lạng Sơn" in visitor.text
    assert "/quan-tri" not in visitor.page
