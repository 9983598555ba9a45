"""From the password to the session: code, recovery code, limits, and the help of another person."""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from pledges.accounts.models import StaffSession
from pledges.accounts.queries import staff_by_email
from pledges.accounts.rules import ENROL_LIFETIME, FAILURE_WINDOW, FAILURES_PER_ACCOUNT, FAILURES_PER_DAY, STEP_LIFETIME
from pledges.accounts.second_step import CodeRefused, check_code
from pledges.audit.models import Fact
from pledges.core.db import Database
from pledges.core.errors import TooMany
from pledges.core.secrecy import Vault
from pledges.messaging.models import Message
from pledges.product import Product
from pledges.readiness import check_readiness
from tests.support.browsing import Browser
from tests.support.clock import FixedClock
from tests.support.staff import PASSWORD, add_person, code_of, key_on, sign_in, sign_in_by_hand

PAGE = "/can-bo/dang-nhap"
ENROL, STEP, RECOVER = (f"{PAGE}/{name}" for name in ("thiet-lap-xac-thuc", "buoc-hai", "ma-du-phong"))
EMAIL = "ld@vidu.vn"


@pytest.fixture(autouse=True)
def person(sqlite_database: Database) -> None:
    add_person(sqlite_database, EMAIL, province_code="20")


def give_password(browser: Browser, email: str = EMAIL) -> None:
    browser.open(PAGE)
    browser.follow(browser.send(PAGE, {"email": email, "password": PASSWORD}))


def enrol(browser: Browser) -> tuple[str, list[str]]:
    """The key of the application and the recovery codes of somebody who has just set them up."""
    give_password(browser)
    key = key_on(browser.page)
    browser.send(ENROL, {"code": code_of(browser, key)})
    return key, re.findall(r"data-recovery-code>([^<]+)<", browser.page)


def is_in(browser: Browser) -> bool:
    return browser.open("/can-bo").status_code == 200


def test_a_password_alone_opens_nothing_and_enrolment_can_be_done_once(visitor: Browser, clock: FixedClock) -> None:
    give_password(visitor)
    assert "<svg" in visitor.page
    assert not is_in(visitor)
    visitor.open(ENROL)
    key = key_on(visitor.page)
    assert visitor.send(ENROL, {"code": "000000"}).status_code == 400
    assert key_on(visitor.page) == key, "a wrong code keeps the key that is in the telephone already"
    answer = visitor.send(ENROL, {"code": code_of(visitor, key)})
    codes = re.findall(r"data-recovery-code>([^<]+)<", visitor.page)
    assert len(set(codes)) == 10
    assert answer.headers["Cache-Control"] == "no-store"
    assert is_in(visitor)
    assert codes[0] not in visitor.open("/can-bo/bao-mat").text
    assert visitor.send(ENROL, {"code": code_of(visitor, key)}).headers["Location"].startswith(PAGE)


def test_no_code_of_an_application_is_taken_twice(app: Flask, visitor: Browser, clock: FixedClock) -> None:
    key, _codes = enrol(visitor)
    other = Browser(app)
    give_password(other)
    assert other.send(STEP, {"code": code_of(other, key)}).status_code == 400, "the code of the enrolment is used up"
    clock.advance(timedelta(seconds=30))
    code = code_of(other, key)
    assert other.send(STEP, {"code": code, "next": "/can-bo/phien"}).headers["Location"] == "/can-bo/phien"
    third = Browser(app)
    give_password(third)
    assert third.send(STEP, {"code": code}).status_code == 400
    assert "đã dùng" in third.text
    assert not is_in(third)


def test_with_another_data_key_a_page_says_whom_to_ask(
    visitor: Browser, app: Flask, small_product: Product, clock: FixedClock
) -> None:
    key, codes = enrol(visitor)
    clock.advance(timedelta(minutes=1))
    app.extensions["product"] = dataclasses.replace(small_product, vault=Vault("thử nghiệm: một khóa dữ liệu khác"))
    other = Browser(app)
    for fields in ({"code": code_of(other, key)}, {"recovery_code": codes[0]}):
        give_password(other)
        assert other.send(RECOVER if "recovery_code" in fields else STEP, fields).status_code == 503
        assert "Hãy báo bộ phận công nghệ thông tin" in other.text
    found = next(part for part in check_readiness(app.extensions["product"]) if part.name == "data_key")
    assert (found.ok, found.state) == (False, "other")
    assert not is_in(other)


def told(database: Database) -> list[str]:
    """What the letters say that the owner of the account was sent, oldest first."""
    with database.read() as session:
        letters = session.scalars(select(Message).where(Message.kind == "staff_secured").order_by(Message.id))
        return [letter.params["change"] for letter in letters if letter.to_address == EMAIL]


def test_a_recovery_code_opens_once_and_leads_to_a_new_factor(
    app: Flask, visitor: Browser, sqlite_database: Database
) -> None:
    _key, codes = enrol(visitor)
    lost = Browser(app)
    give_password(lost)
    answer = lost.send(RECOVER, {"recovery_code": codes[4].lower().replace("-", " ")})
    assert answer.headers["Location"] == "/can-bo/bao-mat?xong=du-phong"
    lost.follow(answer)
    assert "Còn 9 mã" in lost.text
    again = Browser(app)
    give_password(again)
    assert again.send(RECOVER, {"recovery_code": codes[4]}).status_code == 400
    assert again.send(RECOVER, {"recovery_code": ""}).status_code == 400
    assert codes[4] not in again.page
    assert told(sqlite_database) == ["totp_added", "code_used"]


def test_after_five_wrong_codes_of_any_kind_the_right_one_waits_too(
    visitor: Browser, app: Flask, clock: FixedClock
) -> None:
    key, codes = enrol(visitor)
    clock.advance(timedelta(minutes=1))
    guesser = Browser(app)
    give_password(guesser)
    for number in range(FAILURES_PER_ACCOUNT):
        address, fields = (STEP, {"code": "000000"}) if number % 2 else (RECOVER, {"recovery_code": "A4KMX-97TQR"})
        assert guesser.send(address, fields).status_code == 400
    assert guesser.send(STEP, {"code": code_of(guesser, key)}).status_code == 429
    assert guesser.send(RECOVER, {"recovery_code": codes[0]}).status_code == 429
    assert "Hãy đợi" in guesser.text
    clock.advance(FAILURE_WINDOW)
    give_password(guesser)
    assert guesser.send(STEP, {"code": code_of(guesser, key)}).status_code == 303


def test_a_day_of_guesses_is_bounded(
    visitor: Browser, app: Flask, sqlite_database: Database, vault: Vault, clock: FixedClock
) -> None:
    key, _codes = enrol(visitor)
    with sqlite_database.read() as session:
        staff = staff_by_email(session, EMAIL)
    assert staff is not None
    guesser, refused = Browser(app), 0
    for _window in range(8):
        for _guess in range(FAILURES_PER_ACCOUNT):
            try:
                check_code(sqlite_database, vault, staff, "000000", network="203.0.113.9", now=clock())
            except CodeRefused:
                refused += 1
            except TooMany:
                break
        clock.advance(FAILURE_WINDOW)
    assert refused == FAILURES_PER_DAY
    give_password(guesser)
    assert guesser.send(STEP, {"code": code_of(guesser, key)}).status_code == 429


def test_steps_run_out(visitor: Browser, app: Flask, clock: FixedClock) -> None:
    give_password(visitor)
    key = key_on(visitor.page)
    clock.advance(ENROL_LIFETIME)
    answer = visitor.send(ENROL, {"code": code_of(visitor, key)})
    assert answer.headers["Location"].startswith(f"{PAGE}?het=1")
    visitor.follow(answer)
    assert "Bước xác thực đã hết hạn" in visitor.text
    key, _codes = enrol(visitor)
    other = Browser(app)
    give_password(other)
    clock.advance(STEP_LIFETIME)
    assert other.send(STEP, {"code": code_of(other, key)}).headers["Location"].startswith(f"{PAGE}?het=1")
    assert not is_in(other)


def test_a_new_password_takes_no_factor_away(
    visitor: Browser, app: Flask, sqlite_database: Database, clock: FixedClock
) -> None:
    key, codes = enrol(visitor)
    begun = Browser(app)
    give_password(begun)
    old, new = PASSWORD, "ba con cua bò qua cầu tre"
    change = "/can-bo/bao-mat/mat-khau"
    visitor.open(change)
    wrong = visitor.send(change, {"old_password": "không phải", "password": new, "password_again": new})
    assert wrong.status_code == 400
    elsewhere = Browser(app)
    sign_in(elsewhere, EMAIL)
    before = visitor.cookie()
    assert visitor.send(change, {"old_password": old, "password": new, "password_again": new}).status_code == 303
    assert is_in(visitor)
    assert not is_in(elsewhere)
    copied = Browser(app)
    copied.client.set_cookie("session", before)
    assert not is_in(copied), "the session went on under a new secret"
    clock.advance(timedelta(minutes=1))
    answer = begun.send(RECOVER, {"recovery_code": codes[0]})
    assert "het=1" in answer.headers["Location"], "a sign-in begun with the old password leads nowhere"
    again = Browser(app)
    sign_in_by_hand(again, EMAIL, new, key)
    visitor.open("/can-bo/bao-mat")
    assert visitor.send("/can-bo/bao-mat/ma-du-phong").status_code == 200
    assert told(sqlite_database) == ["totp_added", "password", "codes_made"]


def test_somebody_else_takes_a_lost_factor_away(
    visitor: Browser, app: Flask, sqlite_database: Database, clock: FixedClock
) -> None:
    enrol(visitor)
    add_person(sqlite_database, "qt@vidu.vn", province_code="20")
    add_person(sqlite_database, "hue@vidu.vn", province_code="46")
    helper, stranger = Browser(app), Browser(app)
    sign_in(helper, "qt@vidu.vn")
    sign_in(stranger, "hue@vidu.vn")
    helper.open("/quan-tri/can-bo")
    pages = {email: href for href, email in _people(helper.page)}
    visitor.open("/can-bo")
    own = visitor.send(f"{pages[EMAIL]}/dat-lai-xac-thuc")
    assert own.status_code == 400, "nobody does it for themself"
    assert stranger.send(f"{pages[EMAIL]}/dat-lai-xac-thuc").status_code == 404
    helper.open(pages[EMAIL])
    helper.follow(helper.send(f"{pages[EMAIL]}/dat-lai-xac-thuc"))
    assert "Đã đặt lại xác thực" in helper.text
    assert not is_in(visitor)
    with sqlite_database.read() as session:
        fact = session.scalars(select(Fact).where(Fact.kind == "staff.factors_reset")).one()
        assert fact.actor_kind == "staff"
        mail = session.scalars(select(Message).where(Message.kind == "staff_factors_reset")).one()
        assert mail.to_address == EMAIL
    _key, codes = enrol(visitor)
    assert len(codes) == 10
    assert helper.send(f"{pages['qt@vidu.vn']}/dat-lai-xac-thuc").status_code == 400


def _people(page: str) -> list[tuple[str, str]]:
    found = re.findall(r'href="(/quan-tri/can-bo/20/[0-9a-f-]+)".*?(\w+@vidu\.vn)', page, re.DOTALL)
    return [(href, email) for href, email in found]


def test_no_session_comes_to_be_without_a_second_factor(visitor: Browser, sqlite_database: Database) -> None:
    give_password(visitor)
    for address, fields in ((STEP, {"code": "123456"}), (RECOVER, {"recovery_code": "A4KMX-97TQR"})):
        assert visitor.send(address, fields).headers["Location"].startswith(PAGE)
    with sqlite_database.read() as session:
        assert session.scalars(select(StaffSession)).all() == []
