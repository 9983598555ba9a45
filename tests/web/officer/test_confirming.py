"""Confirming again before what cannot be taken back, and what becomes of a post that meets a session that is over."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from pledges.accounts.models import AgencyKey, Role
from pledges.accounts.permissions import PERMISSIONS, Action, reach_of
from pledges.accounts.rules import FAILURES_PER_ACCOUNT, FRESH, IDLE
from pledges.audit.models import Fact
from pledges.audit.operations import WHOLE_SYSTEM
from pledges.core.db import Database, new_id
from pledges.product import Product
from pledges.review.queries import Tab
from pledges.web.security import action_of, audience_of
from tests.support.browsing import Browser
from tests.support.clock import FixedClock
from tests.support.reach_samples import SAMPLES, Spot
from tests.support.staff import PASSWORD, add_person, enter, sign_in

NEW_KEY = "/quan-tri/20/khoa-api/them"
SAID = {"agency": "20-SCT", "name": "Kho dữ liệu “thử” & nghiệm", "expires_on": "31/12/2026"}


@pytest.fixture
def own(visitor: Browser, sqlite_database: Database) -> Browser:
    add_person(sqlite_database, "ls@vidu.vn", province_code="20")
    sign_in(visitor, "ls@vidu.vn")
    return visitor


def keys(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(AgencyKey.name)))


def carried(browser: Browser) -> dict[str, str]:
    """What the open page would send of what was typed before."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', browser.page)
    return {name: html.unescape(value) for name, value in found}


def test_what_was_typed_is_done_once_it_is_confirmed(
    own: Browser, sqlite_database: Database, clock: FixedClock
) -> None:
    own.open(NEW_KEY)
    request = re.search(r'name="request"[^>]* value="([^"]+)"', own.page)
    assert request is not None
    clock.advance(FRESH)
    asked = own.send(NEW_KEY, SAID | {"request": request.group(1)})
    assert asked.status_code == 403
    assert "Xác nhận lại là bạn" in own.text
    assert keys(sqlite_database) == []
    kept = carried(own)
    assert {name: kept[name] for name in SAID} == SAID
    assert own.send(NEW_KEY, kept).status_code == 400
    assert "Hãy nhập mật khẩu, hoặc mã" in own.text
    assert own.send(NEW_KEY, kept | {"confirm_password": "không phải câu này"}).status_code == 400
    assert "không phải câu này" not in own.page
    assert carried(own)["name"] == SAID["name"]
    before = own.cookie()
    made = own.send(NEW_KEY, kept | {"confirm_password": PASSWORD})
    assert made.status_code == 200
    assert "pk_" in made.text
    assert keys(sqlite_database) == [SAID["name"]]
    copied = Browser(own.app)
    copied.client.set_cookie("session", before)
    assert copied.open("/can-bo").status_code == 303, "the session went on under a new secret"
    own.open(NEW_KEY)
    assert own.send(NEW_KEY, SAID).status_code != 403, "for a quarter of an hour nobody is asked again"
    with sqlite_database.read() as session:
        assert session.scalars(select(Fact).where(Fact.kind == "staff.confirmed")).one()


def test_guessing_the_password_of_an_open_session_is_limited(own: Browser, clock: FixedClock) -> None:
    own.open(NEW_KEY)
    clock.advance(FRESH)
    for _ in range(FAILURES_PER_ACCOUNT):
        assert own.send(NEW_KEY, SAID | {"confirm": "yes", "confirm_password": "sai"}).status_code == 400
    assert own.send(NEW_KEY, SAID | {"confirm": "yes", "confirm_password": PASSWORD}).status_code == 429
    assert own.open("/can-bo").status_code == 200


def test_every_post_of_a_fresh_action_asks_first(
    app: Flask, small_product: Product, sqlite_database: Database, clock: FixedClock
) -> None:
    """The gate asks before the view runs, so that no view can forget it; looking at a page asks nothing."""
    people = [
        add_person(sqlite_database, "he-thong@vidu.vn"),
        add_person(sqlite_database, "qt@vidu.vn", province_code="46"),
        add_person(sqlite_database, "ld@vidu.vn", role=Role.APPROVER, province_code="46", agency_code="46-SCT"),
        add_person(sqlite_database, "cv@vidu.vn", role=Role.OFFICER, province_code="46", agency_code="46-SCT"),
    ]
    assert people[0].province_code == WHOLE_SYSTEM
    clients = [app.test_client() for _person in people]
    for client, person in zip(clients, people, strict=True):
        enter(client, small_product, person)
    clock.advance(FRESH)
    seen: set[Action]
    nothing, seen = Spot("nothing", "46", "46-KHONG", exists=False), set()
    addresses = app.url_map.bind("localhost")
    app.config["WTF_CSRF_ENABLED"] = False
    try:
        for rule in app.url_map.iter_rules():
            if audience_of(app, rule.endpoint) != "staff" or "POST" not in (rule.methods or ()):
                continue
            action = action_of(app, rule.endpoint)
            assert action is not None
            if not PERMISSIONS[action].fresh:
                continue
            values = SAMPLES[rule.endpoint].args(nothing) if rule.arguments else {}
            path = addresses.build(rule.endpoint, values, method="POST")
            client = next(client for client, who in zip(clients, people, strict=True) if reach_of(who, action))
            answer = client.post(path, data={"note": "thử nghiệm"})
            assert answer.status_code == 403, path
            assert "Xác nhận lại là bạn" in answer.text, path
            assert 'name="note" value="thử nghiệm"' in answer.text, path
            seen.add(action)
        many = clients[2].post(f"/can-bo/hang-doi/xac-nhan?muc={Tab.RECOMMENDED.value}")
        assert "Xác nhận lại là bạn" in many.text, "approving many is approving"
    finally:
        app.config["WTF_CSRF_ENABLED"] = True
    assert seen == {action for action, rule in PERMISSIONS.items() if rule.fresh}


def test_a_post_that_meets_a_session_that_is_over_loses_nothing(
    own: Browser, sqlite_database: Database, clock: FixedClock
) -> None:
    own.open(NEW_KEY)
    clock.advance(IDLE)
    over = own.send(NEW_KEY, SAID | {"request": str(new_id())})
    assert over.status_code == 403
    assert "Phiên làm việc đã hết" in own.text
    kept = carried(own)
    assert {name: kept[name] for name in SAID} == SAID
    page = own.page
    sign_in(own, "ls@vidu.vn")  # in another window of the same browser
    own.page = page
    again = own.client.post(NEW_KEY, data=kept)
    assert "hãy gửi lại" in again.text
    assert "Kho dữ liệu “thử” &amp; nghiệm" in again.text
    assert keys(sqlite_database) == []


def test_one_sees_and_ends_the_sessions_of_ones_own(own: Browser, app: Flask, sqlite_database: Database) -> None:
    add_person(sqlite_database, "khac@vidu.vn", province_code="20")
    phone, desk, stranger = Browser(app), Browser(app), Browser(app)
    sign_in(phone, "ls@vidu.vn")
    sign_in(desk, "ls@vidu.vn")
    sign_in(stranger, "khac@vidu.vn")
    own.open("/can-bo/phien")
    assert own.page.count("Kết thúc phiên này") == 2
    ids = re.findall(r'name="session" value="([^"]+)"', own.page)
    assert stranger.send("/can-bo/phien/ket-thuc", {"session": ids[0]}).status_code == 404
    own.follow(own.send("/can-bo/phien/ket-thuc", {"session": ids[0]}))
    assert "Nơi đó đã bị đăng xuất" in own.text
    assert [browser.open("/can-bo").status_code for browser in (phone, desk)].count(200) == 1
    own.open("/can-bo/phien")
    own.follow(own.send("/can-bo/phien/ket-thuc-noi-khac"))
    assert [browser.open("/can-bo").status_code for browser in (phone, desk, own, stranger)] == [303, 303, 200, 200]


def test_staying_keeps_the_session_and_asking_in_the_background_does_not(own: Browser, clock: FixedClock) -> None:
    clock.advance(IDLE - timedelta(minutes=2))
    own.client.get("/can-bo", headers={"X-Fragment": "1"})
    assert 'data-left="120" data-warning="120"' in own.client.get("/can-bo", headers={"X-Fragment": "1"}).text
    answer = own.send("/can-bo/o-lai", headers={"Accept": "application/json"})
    assert answer.json == {"left": IDLE.total_seconds(), "warning": 120}
    clock.advance(IDLE - timedelta(seconds=1))
    own.client.get("/can-bo", headers={"X-Fragment": "1"})
    clock.advance(timedelta(seconds=1))
    before = own.cookie()
    own.client.get("/can-bo", headers={"X-Fragment": "1"})
    assert own.cookie() == before, "what crosses with a new cookie must not take that one away"
    assert own.open("/can-bo").status_code == 303
