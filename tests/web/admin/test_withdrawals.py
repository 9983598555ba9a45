"""What an administrator does about a consent that was taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.core.calendar import local_day
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.signing.models import Consent, ConsentWithdrawal, Pledge
from tests.support.browsing import Browser
from tests.support.clock import FixedClock
from tests.support.signing import HUE, seller_pages, signed_by
from tests.support.staff import add_person, sign_in

LIST = "/quan-tri/du-lieu"


@pytest.fixture
def withdrawn(sqlite_database: Database, vault: Vault, clock: FixedClock) -> ConsentWithdrawal:
    signed_by(sqlite_database, seller_pages(), now=clock(), vault=vault)

    def add(session: Session) -> ConsentWithdrawal:
        pledge = session.scalars(select(Pledge)).one()
        row = ConsentWithdrawal(
            province_code=HUE,
            pledge_id=pledge.id,
            consent=Consent.PROCESSING,
            withdrawn_at=clock(),
            answer_by=local_day(clock()) + timedelta(days=15),
        )
        session.add(row)
        session.flush()
        return row

    return sqlite_database.run(add)


@pytest.mark.parametrize("province", [HUE, "00"])
def test_answers_once_and_sees_no_file(
    app: Flask, sqlite_database: Database, withdrawn: ConsentWithdrawal, clock: FixedClock, province: str
) -> None:
    """The whole system's administrators too: they get the mail where a province has none of its own."""
    add_person(sqlite_database, province_code=province)
    visitor = Browser(app)
    sign_in(visitor)
    assert LIST in visitor.page
    visitor.open(LIST)
    assert "1 yêu cầu" in visitor.text
    assert "Quá hạn" not in visitor.text
    for hidden in ("Công ty TNHH Thử Nghiệm", "Trần Thị Thử Nghiệm", "chu.shop"):
        assert hidden not in visitor.page
    address = f"{LIST}/{withdrawn.id}"
    visitor.open(address)
    visitor.send(address, {"answer": "  "})
    assert "Hãy viết cơ quan đã làm gì với dữ liệu" in visitor.text
    form = visitor.page
    visitor.follow(visitor.send(address, {"answer": "Đã xóa số điện thoại.\nGiữ bản cam kết theo luật."}))
    assert "Không có yêu cầu nào chờ trả lời" in visitor.text
    visitor.page = form
    visitor.send(address, {"answer": "Khác"})
    assert "Giữ bản cam kết theo luật." in visitor.text
    with sqlite_database.read() as session:
        row = session.scalars(select(ConsentWithdrawal)).one()
    assert (row.answer.splitlines()[0], row.handled_at) == ("Đã xóa số điện thoại.", clock())


def test_a_request_that_is_late_says_so(
    app: Flask, sqlite_database: Database, withdrawn: ConsentWithdrawal, clock: FixedClock
) -> None:
    clock.advance(timedelta(days=16))
    add_person(sqlite_database, province_code=HUE)
    visitor = Browser(app)
    sign_in(visitor)
    visitor.open(LIST)
    assert "Quá hạn" in visitor.text
    visitor.open(f"{LIST}/{withdrawn.id}")
    assert "Quá hạn trả lời" in visitor.text
