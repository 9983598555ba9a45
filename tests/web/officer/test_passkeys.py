"""The ceremonies of passkeys over HTTP, with an authenticator in software."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from pledges.accounts.rules import CHALLENGES_PER_NETWORK, FRESH, STEP_LIFETIME
from pledges.core.db import Database
from pledges.core.throttle import ThrottleCount
from tests.support.authenticator import Authenticator
from tests.support.browsing import Browser
from tests.support.clock import FixedClock
from tests.support.staff import PASSWORD, add_person, sign_in

PAGE = "/can-bo/dang-nhap"
ENROL = f"{PAGE}/thiet-lap-xac-thuc"
EMAIL = "ld@vidu.vn"


@pytest.fixture(autouse=True)
def person(sqlite_database: Database) -> None:
    add_person(sqlite_database, EMAIL, province_code="20")


def question(browser: Browser, kind: str = "any") -> dict[str, Any]:
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.page)
    assert token is not None
    answer = browser.client.post("/can-bo/khoa-truy-cap/cau-hoi", data={"kind": kind, "csrf_token": token.group(1)})
    assert answer.status_code == 200, answer.text
    return dict(json.loads(answer.text))


def enrolled(browser: Browser, authenticator: Authenticator) -> None:
    browser.open(PAGE)
    browser.follow(browser.send(PAGE, {"email": EMAIL, "password": PASSWORD}))
    answer = authenticator.create(question(browser, "new"))
    browser.send(f"{ENROL}/khoa-truy-cap", {"credential": answer, "name": "máy thử nghiệm"})
    assert "Mã dự phòng của bạn" in browser.text


def come_in(browser: Browser, answer: str) -> int:
    return browser.send(f"{PAGE}/khoa-truy-cap", {"credential": answer}).status_code


def is_in(browser: Browser) -> bool:
    return browser.open("/can-bo").status_code == 200


@pytest.mark.parametrize("counts", [True, False], ids=["counting", "kept in a cloud"])
def test_a_passkey_enrols_and_alone_signs_in(app: Flask, visitor: Browser, counts: bool) -> None:
    authenticator = Authenticator(counts=counts)
    enrolled(visitor, authenticator)
    assert is_in(visitor)
    other = Browser(app)
    other.open(PAGE)
    options = question(other)
    assert options["userVerification"] == "required"
    assert "allowCredentials" not in options or options["allowCredentials"] == []
    answer = authenticator.get(options)
    assert come_in(other, answer) == 303
    assert is_in(other)
    replayed = Browser(app)
    replayed.open(PAGE)
    question(replayed)
    assert come_in(replayed, answer) == 400, "an answer belongs to one question"
    replayed.open(PAGE)
    assert come_in(replayed, answer) == 400, "without a question there is nothing to answer"
    assert not is_in(replayed)


def test_what_is_not_a_right_answer_opens_nothing(app: Flask, visitor: Browser, clock: FixedClock) -> None:
    authenticator = Authenticator()
    enrolled(visitor, authenticator)
    guest = Browser(app)
    guest.open(PAGE)

    def refused(answer: str) -> None:
        assert come_in(guest, answer) == 400
        assert "Khóa truy cập chưa dùng được" in guest.text or "chưa gửi khóa truy cập" in guest.text
        assert not is_in(guest)
        guest.open(PAGE)

    refused(authenticator.get(question(guest), verified=False))
    elsewhere = Authenticator("https://camket.example.vn")
    elsewhere.key, elsewhere.id, elsewhere.user, elsewhere.uses = (
        authenticator.key,
        authenticator.id,
        authenticator.user,
        authenticator.uses,
    )
    refused(elsewhere.get(question(guest)))
    refused(authenticator.get(question(guest) | {"rpId": "example.vn"}))
    stranger = Authenticator()
    stranger.user = authenticator.user
    refused(stranger.get(question(guest)))
    stranger.id = authenticator.id
    stranger.uses = 50
    refused(stranger.get(question(guest)))
    cloned = authenticator.get(question(guest))
    authenticator.uses = 0
    assert come_in(guest, cloned) == 303
    guest.open("/can-bo")
    guest.send("/can-bo/dang-xuat")
    guest.open(PAGE)
    refused(authenticator.get(question(guest)))  # a count that goes back is a copy
    for broken in ("", "{", "[]", "null", '{"id": 3}', '{"id": "a", "response": {}}', "[" * 15_000, "x" * 100_000):
        question(guest)
        refused(broken)
    late = authenticator.get(question(guest))
    clock.advance(STEP_LIFETIME)
    refused(late)


def test_a_passkey_is_added_named_and_removed(app: Flask, visitor: Browser, clock: FixedClock) -> None:
    first, second = Authenticator(), Authenticator()
    enrolled(visitor, first)
    elsewhere = Browser(app)
    sign_in(elsewhere, EMAIL)
    visitor.open("/can-bo/bao-mat")
    assert "Gỡ khóa" not in visitor.text, "the last one cannot be removed"
    options = question(visitor, "new")
    assert [known["id"] for known in options["excludeCredentials"]] == [json.loads(first.get(question(visitor)))["id"]]
    visitor.open("/can-bo/bao-mat")
    answer = second.create(question(visitor, "new"), verified=False)
    assert visitor.send("/can-bo/bao-mat/khoa-truy-cap", {"credential": answer}).status_code == 400
    answer = second.create(question(visitor, "new"))
    visitor.follow(visitor.send("/can-bo/bao-mat/khoa-truy-cap", {"credential": answer, "name": "khóa USB"}))
    assert not is_in(elsewhere), "whoever else was in must sign in anew"
    both = re.findall(r'name="factor" value="([^"]+)"', visitor.page)
    assert len(both) == 2
    visitor.follow(visitor.send("/can-bo/bao-mat/go", {"factor": both[0]}))
    assert "khóa USB" in visitor.text
    assert "máy thử nghiệm" not in visitor.text
    other = Browser(app)
    other.open(PAGE)
    assert come_in(other, first.get(question(other))) == 400
    other.open(PAGE)
    assert come_in(other, second.get(question(other))) == 303


def test_a_passkey_confirms_its_owner_only(app: Flask, visitor: Browser, clock: FixedClock) -> None:
    mine = Authenticator()
    enrolled(visitor, mine)
    visitor.open("/can-bo/bao-mat")
    clock.advance(FRESH)
    visitor.send("/can-bo/bao-mat/ma-du-phong")
    assert "Xác nhận lại là bạn" in visitor.text
    strange = Authenticator()
    strange.user = mine.user
    fields = {"confirm": "yes", "confirm_credential": strange.get(question(visitor))}
    assert visitor.send("/can-bo/bao-mat/ma-du-phong", fields).status_code == 400
    fields["confirm_credential"] = mine.get(question(visitor))
    visitor.send("/can-bo/bao-mat/ma-du-phong", fields)
    assert "Mã dự phòng của bạn" in visitor.text


def test_questions_are_limited_per_network(visitor: Browser, sqlite_database: Database, clock: FixedClock) -> None:
    visitor.open(PAGE)
    question(visitor)
    sqlite_database.run(lambda session: session.execute(update(ThrottleCount).values(uses=CHALLENGES_PER_NETWORK)))
    token = re.search(r'name="csrf_token" value="([^"]+)"', visitor.page)
    assert token is not None
    asked = visitor.client.post("/can-bo/khoa-truy-cap/cau-hoi", data={"csrf_token": token.group(1)})
    assert asked.status_code == 429
    assert visitor.client.post("/can-bo/khoa-truy-cap/cau-hoi").status_code == 400, "a question needs a token"
