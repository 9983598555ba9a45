from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from pledges.accounts.models import Staff
from pledges.accounts.operations import make_set_up_link
from pledges.accounts.passwords import is_right
from pledges.accounts.queries import staff_by_email
from pledges.accounts.rules import LINK_LIFETIME
from pledges.audit.operations import Actor
from pledges.core.db import Database
from pledges.core.tokens import Tokens
from pledges.settings import Settings
from tests.support.browsing import Browser
from tests.support.clock import FixedClock
from tests.support.staff import PASSWORD, add_person, sign_in, sign_in_by_hand

NEW = {"password": PASSWORD, "password_again": PASSWORD}


@pytest.fixture
def staff(sqlite_database: Database) -> Staff:
    return add_person(sqlite_database, ready=False)


@pytest.fixture
def address(sqlite_database: Database, staff: Staff, settings_for_test: Settings, clock: FixedClock) -> str:
    tokens = Tokens(settings_for_test.secret_key)
    token = sqlite_database.run(
        lambda session: make_set_up_link(session, staff, tokens=tokens, actor=Actor("command"), now=clock())
    )
    return f"/can-bo/thiet-lap/{token}"


def password_hash(sqlite_database: Database) -> str | None:
    with sqlite_database.read() as session:
        staff = staff_by_email(session, "quan-tri@vidu.vn")
        assert staff is not None
        return staff.password


def test_choose_a_password_and_sign_in_with_it(visitor: Browser, address: str) -> None:
    visitor.open(address)
    assert "quan-tri@vidu.vn" in visitor.text
    visitor.follow(visitor.send(address, NEW))
    assert "Đã đặt mật khẩu" in visitor.text
    sign_in_by_hand(visitor)
    assert "Trang cán bộ" in visitor.text


def test_looking_changes_nothing(visitor: Browser, address: str, sqlite_database: Database) -> None:
    """Mail scanners open every link, with every method but a filled-in form."""
    for _ in range(5):
        assert visitor.open(address).status_code == 200
        assert visitor.client.head(address).status_code == 200
        assert visitor.client.options(address).status_code == 200
        assert visitor.client.post(address).status_code == 400
    assert password_hash(sqlite_database) is None


def test_the_link_is_dead_after_use(visitor: Browser, address: str, sqlite_database: Database) -> None:
    visitor.open(address)
    visitor.send(address, NEW)
    known = password_hash(sqlite_database)
    page = visitor.open(address)
    assert page.status_code == 410
    assert "đã được dùng" in visitor.text
    visitor.open("/can-bo/dang-nhap")
    assert visitor.send(address, {"password": "đổi sang câu khác hẳn", "password_again": "x"}).status_code == 410
    assert password_hash(sqlite_database) == known


def test_twenty_posts_at_once_set_one_password(app: Flask, address: str, sqlite_database: Database) -> None:
    def choose(number: int) -> int:
        visitor = Browser(app)
        visitor.open(address)
        password = f"con trâu số {number} ăn mây chiều"
        return visitor.send(address, {"password": password, "password_again": password}).status_code

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(choose, range(20)))
    assert answers.count(303) == 1
    assert answers.count(410) == 19
    winner = answers.index(303)
    assert is_right(f"con trâu số {winner} ăn mây chiều", password_hash(sqlite_database))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"password": "ngắn", "password_again": "ngắn"}, "ít nhất 12 ký tự"),
        ({"password": "matkhau123456", "password_again": "matkhau123456"}, "dễ đoán"),
        ({"password": PASSWORD, "password_again": PASSWORD + "!"}, "chưa giống nhau"),
        ({"password": "", "password_again": ""}, "Hãy nhập mật khẩu."),
    ],
)
def test_what_is_wrong_is_said_at_the_field(
    visitor: Browser, address: str, sqlite_database: Database, fields: dict[str, str], message: str
) -> None:
    visitor.open(address)
    assert visitor.send(address, fields).status_code == 400
    assert message in visitor.text
    assert 'aria-invalid="true"' in visitor.page
    if fields["password"]:
        assert f'value="{fields["password"]}"' not in visitor.page
    assert password_hash(sqlite_database) is None


def test_blanks_around_and_long_passwords_are_kept_as_typed(
    visitor: Browser, address: str, sqlite_database: Database
) -> None:
    password = "  " + "câu rất dài " * 8 + " "
    visitor.open(address)
    assert visitor.send(address, {"password": password, "password_again": password}).status_code == 303
    assert is_right(password, password_hash(sqlite_database))
    assert not is_right(password.strip(), password_hash(sqlite_database))


def test_the_link_runs_out(visitor: Browser, address: str, clock: FixedClock) -> None:
    clock.advance(LINK_LIFETIME)
    assert visitor.open(address).status_code == 410


def test_a_forged_link_gets_the_same_answer(visitor: Browser, address: str, clock: FixedClock) -> None:
    visitor.open("/can-bo/thiet-lap/abc.def")
    forged = visitor.text
    clock.advance(LINK_LIFETIME)
    visitor.open(address)
    assert visitor.text == forged


def test_a_forgotten_password_is_replaced_and_old_browsers_are_out(
    app: Flask, visitor: Browser, sqlite_database: Database, settings_for_test: Settings, clock: FixedClock
) -> None:
    staff = add_person(sqlite_database, "cu@vidu.vn")
    sign_in(visitor, "cu@vidu.vn")
    tokens = Tokens(settings_for_test.secret_key)
    token = sqlite_database.run(
        lambda session: make_set_up_link(session, staff, tokens=tokens, actor=Actor("command"), now=clock())
    )
    elsewhere = Browser(app)
    elsewhere.open(f"/can-bo/thiet-lap/{token}")
    elsewhere.send(f"/can-bo/thiet-lap/{token}", NEW)
    assert visitor.open("/can-bo").status_code == 303
