"""What happens to a page while somebody has it open, and what a page must not take for granted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from pledges.accounts.models import Role
from pledges.product import Product
from pledges.review.models import DecisionKind
from pledges.review.operations import last_decision
from pledges.review.revocations import ask_revocation, open_revocation, refuse_revocation
from pledges.signing.models import PledgeState
from tests.support.clock import FixedClock
from tests.support.desk import Desk, form_to
from tests.support.staff import add_person

S = PledgeState
FAR = "9" * 30


@pytest.fixture
def desk(small_product: Product, app: Flask, clock: FixedClock) -> Desk:
    return Desk(small_product, app, clock)


def ask(desk: Desk, reason: str) -> None:
    desk.clock.advance(timedelta(minutes=1))
    desk.database.run(
        lambda session: ask_revocation(session, desk.key, staff=desk.officer, reason=reason, now=desk.clock())
    )


def refuse(desk: Desk) -> None:
    second = desk.person("lanh.dao.2@vidu.vn", Role.APPROVER)

    def work(session: Session) -> None:
        asked = open_revocation(session, desk.key)
        assert asked is not None
        refuse_revocation(session, desk.key[0], asked.id, staff=second, note="Chưa rõ.", now=desk.clock())

    desk.database.run(work)


def test_a_revocation_is_confirmed_or_refused_only_for_the_reason_that_was_read(desk: Desk) -> None:
    desk.approve()
    ask(desk, "Lý do thứ nhất.")
    approver = desk.at(desk.approver)
    page = approver.get(desk.address)
    refuse(desk)
    ask(desk, "Lý do thứ hai.")
    for action, said in (("/thu-hoi", {}), ("/khong-thu-hoi", {"note": "Không đủ căn cứ."})):
        late = approver.send(page, said, form=form_to(page, action), status=409)
        assert "đề nghị đang chờ người thứ hai xác nhận" in late.words
        assert "Lý do thứ hai." in late.words
        assert desk.pledge().state is S.APPROVED
    approver.send(late, form=form_to(late, "/thu-hoi"))
    assert desk.pledge().state is S.REVOKED


def test_who_was_revoked_comes_back_only_by_a_person_who_saw_it(desk: Desk) -> None:
    desk.approve()
    old = (desk.key, desk.reference)
    desk.amend(who__name="Công ty TNHH Thử Nghiệm Mở Rộng")
    officer = desk.at(desk.officer)
    assert "đến lúc đó hồ sơ cũ vẫn có hiệu lực" in officer.get(desk.address).words
    assert desk.reference in officer.get("/can-bo/hang-doi?dat=yes").words
    new, desk.key = desk.key, old[0]
    desk.revoke()
    desk.key = new
    officer = desk.at(desk.officer)
    page = officer.get(desk.address)
    assert f"Cơ quan đã thu hồi bản cam kết {old[1]}" in page.words
    assert "Hồ sơ cũ không còn hiệu lực:" in page.words
    assert "vẫn có hiệu lực" not in page.words
    assert desk.reference not in officer.get("/can-bo/hang-doi?dat=yes").words
    desk.approve()
    page = officer.get(desk.address)
    assert "thay cho hồ sơ cũ" not in page.words
    assert "Cơ quan đã thu hồi" not in page.words


def test_a_page_far_beyond_the_end_is_the_last_one(desk: Desk) -> None:
    officer = desk.at(desk.officer)
    assert desk.reference in officer.get(f"/can-bo/hang-doi?dat=yes&trang={FAR}").words
    administrator = desk.at(add_person(desk.database, province_code=desk.key[0]))
    assert "chuyen.vien@vidu.vn" in administrator.get(f"/quan-tri/can-bo?trang={FAR}").text


def test_a_clock_set_back_does_not_bring_an_earlier_message_back(desk: Desk) -> None:
    desk.do("return_for_correction", message="Sửa tên đơn vị.")
    desk.correct(who__name="Công ty TNHH Thử Nghiệm Mới")
    desk.clock.advance(-timedelta(days=2))
    desk.do("return_for_correction", message="Sửa địa chỉ gian hàng.")
    with desk.database.read() as session:
        latest = last_decision(session, desk.key, DecisionKind.RETURNED)
    assert latest is not None
    assert latest.message == "Sửa địa chỉ gian hàng."
    assert "Sửa địa chỉ gian hàng." in desk.at(desk.officer).get("/can-bo/hang-doi?muc=returned").words
