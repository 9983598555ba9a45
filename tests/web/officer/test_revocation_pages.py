"""Revoking from the page of a file: one asks, another one decides."""

from __future__ import annotations

import pytest
from flask import Flask

from pledges.product import Product
from pledges.signing.models import PledgeState
from tests.support.clock import FixedClock
from tests.support.desk import Desk, form_to, offers

S = PledgeState
REASON = "Cửa hàng đã bị xử phạt về hàng giả.\nQuyết định thử nghiệm số 1."


@pytest.fixture
def desk(small_product: Product, app: Flask, clock: FixedClock) -> Desk:
    desk = Desk(small_product, app, clock)
    desk.approve()
    return desk


def test_a_second_person_decides_and_it_holds_at_once(desk: Desk) -> None:
    first = desk.person("lanh.dao.2@vidu.vn", desk.approver.role)
    asker, second = desk.at(first), desk.at(desk.approver)
    page = asker.get(desk.address)
    empty = asker.send(page, form=form_to(page, "/de-nghi-thu-hoi"), status=400)
    assert empty.problems == ["Hãy viết lý do thu hồi; người ký sẽ đọc được khi việc thu hồi có hiệu lực."]
    asker.send(empty, {"message": REASON}, form=form_to(empty, "/de-nghi-thu-hoi"))
    assert desk.pledge().state is S.APPROVED

    own = asker.get(desk.address)
    assert "Bạn là người đề nghị, nên người khác phải xác nhận." in own.words
    assert offers(own) == {"khong-thu-hoi"}
    forged = asker.client.post(f"{desk.address}/thu-hoi", data=own.fields(form_to(own, "/khong-thu-hoi")))
    assert forged.status_code == 403
    assert desk.pledge().state is S.APPROVED

    waiting = second.get("/can-bo/hang-doi?muc=revocation")
    assert "Cửa hàng đã bị xử phạt về hàng giả. Quyết định thử nghiệm số 1." in waiting.words
    page = second.get(waiting.all("//a[@class='row-name']/@href")[0])
    assert "Quyết định thử nghiệm số 1." in page.words
    after = second.send(page, form=form_to(page, "/thu-hoi"))
    assert after.response.request.path == "/can-bo/hang-doi"
    assert desk.pledge().state is S.REVOKED
    public = desk.at(desk.officer).get(f"/xac-minh/{desk.code}")
    assert "Đã thu hồi" in public.words
    assert offers(second.get(desk.address)) == set()
    late = second.send(page, form=form_to(page, "/thu-hoi"), status=409)
    assert "đã thu hồi bản cam kết này lúc" in late.words


def test_the_second_person_may_say_no(desk: Desk) -> None:
    officer, approver = desk.at(desk.officer), desk.at(desk.approver)
    page = officer.get(desk.address)
    officer.send(page, {"message": REASON}, form=form_to(page, "/de-nghi-thu-hoi"))
    waiting = officer.get(desk.address)
    assert offers(waiting) == set()
    assert "Bạn là người đề nghị, nên người khác phải xác nhận." in waiting.words
    page = approver.get(desk.address)
    silent = approver.send(page, form=form_to(page, "/khong-thu-hoi"), status=400)
    assert silent.problems == ["Hãy ghi vì sao không thu hồi, để đồng nghiệp cùng biết."]
    approver.send(silent, {"note": "Đã nộp phạt và khắc phục."}, form=form_to(silent, "/khong-thu-hoi"))
    assert desk.pledge().state is S.APPROVED
    page = officer.get(desk.address)
    assert "Đã nộp phạt và khắc phục." in page.words
    assert offers(page) == {"de-nghi-thu-hoi"}
