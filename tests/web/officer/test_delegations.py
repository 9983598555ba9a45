"""Handing over the right to approve, by an approver and by an administrator."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from pledges.accounts.models import Delegation, Role, Staff
from pledges.core.calendar import local_day
from pledges.core.db import Database
from tests.support.browsing import Browser
from tests.support.clock import FixedClock
from tests.support.staff import add_person, sign_in

LIST = "/can-bo/uy-quyen"


@pytest.fixture
def approver(sqlite_database: Database) -> Staff:
    return add_person(sqlite_database, "ld@vidu.vn", role=Role.APPROVER, province_code="20", agency_code="20-SCT")


@pytest.fixture
def officer(sqlite_database: Database) -> Staff:
    return add_person(sqlite_database, "cv@vidu.vn", role=Role.OFFICER, province_code="20", agency_code="20-SCT")


def filled(officer: Staff, clock: FixedClock, *, days: int = 0) -> dict[str, str]:
    day = f"{local_day(clock()) + timedelta(days=days):%d/%m/%Y}"
    return {"to": str(officer.id), "title": "TUQ. GIÁM ĐỐC – CHÁNH VĂN PHÒNG", "starts_on": day, "ends_on": day}


def test_an_approver_hands_over_and_takes_back(
    app: Flask, sqlite_database: Database, approver: Staff, officer: Staff, clock: FixedClock
) -> None:
    browser = Browser(app)
    sign_in(browser, "ld@vidu.vn")
    browser.open(LIST)
    assert "Chưa có ủy quyền nào" in browser.text
    form = f"{LIST}/cua/{approver.id}"
    browser.open(form)
    browser.send(form, filled(officer, clock) | {"title": "GIÁM ĐỐC"})
    assert "cần bắt đầu bằng KT., TL. hoặc TUQ." in browser.text
    browser.send(form, filled(officer, clock, days=-1))
    assert "Ngày bắt đầu đã qua" in browser.text
    browser.follow(browser.send(form, filled(officer, clock)))
    assert "Đang có hiệu lực" in browser.text
    browser.open(form)
    browser.send(form, filled(officer, clock))
    assert "đã được ủy quyền từ" in browser.text
    with sqlite_database.read() as session:
        made = session.scalars(select(Delegation)).one()
    browser.follow(browser.send(f"{LIST}/{made.id}/cham-dut"))
    assert "Đã chấm dứt ủy quyền" in browser.text
    assert "Chấm dứt sớm" in browser.text
    assert browser.send(f"{LIST}/{made.id}/cham-dut").status_code == 409


def test_an_administrator_does_it_for_their_province_only(
    app: Flask, sqlite_database: Database, approver: Staff, officer: Staff, clock: FixedClock
) -> None:
    add_person(sqlite_database, "ls@vidu.vn", province_code="20")
    add_person(sqlite_database, "hue@vidu.vn", province_code="46")
    own, foreign = Browser(app), Browser(app)
    sign_in(own, "ls@vidu.vn")
    sign_in(foreign, "hue@vidu.vn")
    form = f"{LIST}/cua/{approver.id}"
    own.open(LIST)
    assert form in own.page
    own.open(form)
    own.follow(own.send(form, filled(officer, clock, days=1)))
    assert "Sắp có hiệu lực" in own.text
    assert approver.name in own.text
    with sqlite_database.read() as session:
        made = session.scalars(select(Delegation)).one()
    foreign.open(LIST)
    assert foreign.open(form).status_code == 404
    foreign.open(LIST)
    assert foreign.send(f"{LIST}/{made.id}/cham-dut").status_code == 404
    with sqlite_database.read() as session:
        assert session.scalars(select(Delegation)).one().ended_at is None


def test_one_approver_cannot_hand_over_the_right_of_another(
    app: Flask, sqlite_database: Database, approver: Staff
) -> None:
    add_person(sqlite_database, "pho@vidu.vn", role=Role.APPROVER, province_code="20", agency_code="20-SCT")
    other = Browser(app)
    sign_in(other, "pho@vidu.vn")
    assert other.open(f"{LIST}/cua/{approver.id}").status_code == 404
