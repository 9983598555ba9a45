"""A decision after the pledge, from the page of the subject to the revoked pledge; and who sees what of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from pledges.accounts.models import Role
from pledges.core.calendar import local_day
from pledges.product import Product
from pledges.review.violation_models import Violation, ViolationField
from pledges.review.violation_rules import Said
from pledges.review.violations import record_violation
from pledges.signing.models import PledgeState
from tests.support.checked_pages import CheckedClient, Page
from tests.support.clock import FixedClock
from tests.support.desk import Desk, form_to
from tests.support.offices import Office
from tests.support.staff import add_person

INTERNAL = ("Chưa nộp phạt.", "Bán kem trộn không nhãn.", "vidu.vn/quyet-dinh", "15.000.000", "cuahangthu1")
TYPED = {
    "decision_number": "12/QĐ-XPHC",
    "decided_on": "20/11/2026",
    "decided_by": "Chủ tịch UBND phường Thử Nghiệm",
    "field": "cosmetics",
    "happened_on": "20/11/2026",
    "what": "Bán kem trộn không nhãn.",
    "channel": "facebook.com/cuahang.thu.1",
    "fine": "15.000.000",
    "source_link": "vidu.vn/quyet-dinh",
    "note": "Chưa nộp phạt.",
}


class Open(Office):
    """An office whose pledge is a row without a file."""

    def __init__(self, product: Product, app: Flask, clock: FixedClock) -> None:
        super().__init__(product.database, clock, product.vault)
        self.app = app

    at = Desk.at

    @property
    def subject(self) -> str:
        return f"/can-bo/doi-tuong/{self.pledge().entity_id}"

    def record(self, **change: object) -> Violation:
        day = local_day(self.clock())
        said = Said(
            ViolationField.COSMETICS,
            day,
            "Bán kem trộn không nhãn.",
            "12/QĐ-XPHC",
            day,
            "Chủ tịch UBND phường Thử Nghiệm",
            15_000_000,
            "facebook.com/cuahang.thu.1",
            "vidu.vn/quyet-dinh",
            "Chưa nộp phạt.",
        )
        key = (self.key[0], self.pledge().entity_id)
        return self.database.run(
            lambda session: record_violation(
                session,
                key,
                replace(said, **change),
                staff=self.officer,
                now=self.clock(),  # type: ignore[arg-type]
            )
        )


@pytest.fixture
def office(small_product: Product, app: Flask, clock: FixedClock) -> Open:
    return Open(small_product, app, clock)


def _follow(client: CheckedClient, page: Page, text: str) -> Page:
    [href] = page.all(f"//main//a[normalize-space(text())='{text}']/@href")
    return client.get(href)


def test_from_the_decision_to_the_revoked_pledge(small_product: Product, app: Flask, clock: FixedClock) -> None:
    desk = Desk(small_product, app, clock)
    desk.approve()
    officer, approver = desk.at(desk.officer), desk.at(desk.approver)
    form = _follow(officer, officer.get(f"/can-bo/doi-tuong/{desk.pledge().entity_id}"), "Ghi nhận vi phạm")
    wrong = officer.send(form, {**TYPED, "fine": "15 triệu", "happened_on": "21/11/2026"}, form=-1, status=400)
    assert wrong.problems == ["Số tiền chưa đúng. Hãy viết bằng số, tính bằng đồng, ví dụ 15.000.000."]
    wrong = officer.send(wrong, {"fine": "15.000.000"}, form=-1, status=400)
    assert wrong.problems == ["Ngày vi phạm không thể sau ngày quyết định. Hãy xem lại hai ngày."]
    page = officer.send(wrong, {"happened_on": "20/11/2026"}, form=-1)
    assert "Đã ghi nhận quyết định số 12/QĐ-XPHC." in page.words
    assert "15.000.000 đồng" in page.words

    file = _follow(officer, page, f"Đề nghị thu hồi {desk.reference}")
    asking = form_to(file, "/de-nghi-thu-hoi")
    reason = file.control("revoke-message").text_content()
    assert "Quyết định số 12/QĐ-XPHC ngày 20/11/2026 của Chủ tịch UBND phường Thử Nghiệm." in reason
    assert [word for word in INTERNAL if word in reason] == []
    officer.send(file, form=asking)
    assert "Đề nghị thu hồi đang chờ xác nhận" in officer.get(page.response.request.path).words

    second = approver.get(desk.address)
    assert "Quyết định số 12/QĐ-XPHC" in second.words
    approver.send(second, form=form_to(second, "/thu-hoi"))
    assert desk.pledge().state is PledgeState.REVOKED
    assert "Đã thu hồi" in officer.get(page.response.request.path).words
    public = CheckedClient(app).get(f"/xac-minh/{desk.code}")
    assert "Đã thu hồi" in public.words
    assert "QĐ-XPHC" not in public.text


def test_a_record_is_corrected_and_taken_back_and_stays_visible(office: Open) -> None:
    made = office.record()
    officer = office.at(office.officer)
    address = f"/can-bo/vi-pham/{made.id}"
    form = _follow(officer, officer.get(address), "Sửa ghi nhận")
    assert form.control("fine").get("value") == "15.000.000"
    silent = officer.send(form, {"fine": "25.000.000"}, form=-1, status=400)
    assert silent.problems == ["Hãy ghi vì sao sửa, để người sau hiểu."]
    page = officer.send(silent, {"reason": "Nhầm số tiền."}, form=-1)
    assert "Nhầm số tiền." in page.words
    assert "Phạt tiền15.000.000 đồng25.000.000 đồng" in page.words

    old = officer.get(address)
    assert "Bản ghi này đã được sửa" in old.words
    assert _follow(officer, old, "Xem bản đã sửa").response.request.path == page.response.request.path
    late = officer.get(f"{address}/rut", status=409)
    assert "nên không đổi được nữa" in late.words

    back = _follow(officer, page, "Rút lại ghi nhận")
    gone = officer.send(back, {"reason": "Quyết định đã bị hủy."}, form=-1)
    assert "Bản ghi này đã được rút lại" in gone.words
    assert "Quyết định đã bị hủy." in gone.words
    listed = officer.get("/can-bo/vi-pham")
    assert "1 bản ghi, trong đó 0 đang tính vào báo cáo. Tổng tiền phạt: 0 đồng." in listed.words
    assert "Đã rút lại" in listed.words
    assert "Đã rút lại" in officer.get(office.subject).words


def test_others_see_only_that_there_is_a_decision(office: Open) -> None:
    made = office.record()
    address = f"/can-bo/vi-pham/{made.id}"
    own = office.at(office.approver).get(address)
    assert all(word in own.words for word in INTERNAL)
    assert own.all("//a[contains(@href, '/sua') or contains(@href, '/rut')]") == []

    health = office.at(office.person("y.te@vidu.vn", Role.OFFICER, agency="46-SYT"))
    facts = health.get(office.subject)
    for fact in ("12/QĐ-XPHC", "20/11/2026", "Mỹ phẩm", "Chủ tịch UBND phường Thử Nghiệm", "Sở Công Thương"):
        assert fact in facts.words
    assert [word for word in INTERNAL if word in facts.words.replace("facebook.com/cuahangthu1", "")] == []
    health.get(address, status=404)
    assert "12/QĐ-XPHC" not in health.get("/can-bo/vi-pham").words
    twice = health.get(f"/can-bo/vi-pham/moi?doi-tuong={made.entity_id}")
    refused = health.send(twice, TYPED, form=-1, status=400)
    assert "đã ghi quyết định số 12/QĐ-XPHC ngày 20/11/2026. Mỗi quyết định chỉ ghi một lần." in refused.problems[0]

    for role, place in ((Role.PROVINCE_VIEWER, {}), (Role.COMMUNE_OFFICER, {"commune_code": "19753"})):
        person = add_person(office.database, f"{role.value}@vidu.vn", role=role, province_code="46", **place)
        client = office.at(person)
        assert "QĐ-XPHC" not in client.get(office.subject).text
        client.get("/can-bo/vi-pham", status=403)
    foreign = office.at(office.person("ls@vidu.vn", Role.OFFICER, agency="20-SCT", province="20"))
    foreign.get(address, status=404)
    foreign.get(f"/can-bo/vi-pham/moi?doi-tuong={made.entity_id}", status=404)


def test_the_list_is_filtered_and_its_figures_follow(office: Open) -> None:
    office.record()
    office.clock.advance(timedelta(days=40))
    office.record(decision_number="77/QĐ-KPHQ", field=ViolationField.FOOD, fine=None)
    officer = office.at(office.officer)
    cases = {
        "": (2, "15.000.000"),
        "?linh_vuc=food": (1, "0"),
        "?tim=12/qd": (1, "15.000.000"),
        "?tu=01/12/2026": (1, "0"),
        "?den=1/12/2026&tim=cong ty": (1, "15.000.000"),
        "?linh_vuc=milk": (0, ""),
        "?tim=001099012345": (2, "15.000.000"),
        "?linh_vuc=khong-co&trang=9": (2, "15.000.000"),
    }
    for query, (number, fines) in cases.items():
        page = officer.get(f"/can-bo/vi-pham{query}", status=400 if "khong-co" in query else 200)
        said = f"{number} bản ghi, trong đó {number} đang tính vào báo cáo. Tổng tiền phạt: {fines} đồng."
        assert (said in page.words) == bool(number), query
    assert "001099012345" not in officer.get("/can-bo/vi-pham?tim=001099012345").text.replace("tim=001099012345", "")
    wrong = officer.get("/can-bo/vi-pham?tu=31/02/2026&den=01/01/2026", status=400)
    assert wrong.problems == ["Ngày chưa đúng. Hãy viết ngày/tháng/năm, ví dụ 02/09/2026."]
