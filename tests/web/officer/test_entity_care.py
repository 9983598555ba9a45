"""Looking after one entity on its pages: what officers change, what clashes, what only the lead agency decides."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from pledges.accounts.models import Role, Staff
from pledges.accounts.operations import begin_session
from pledges.product import Product
from pledges.registry.models import Entity
from pledges.registry.recounting import recount
from pledges.signing.dispute_models import Dispute, DisputeState
from pledges.signing.models import Pledge
from tests.support.checked_pages import CheckedClient, Page
from tests.support.clock import START
from tests.support.signing import HUE, doctor_pages, invented_tax_code, seller_pages, signed_by
from tests.support.staff import add_person

LONG = "Công ty Trách nhiệm hữu hạn Một thành viên Thương mại Dịch vụ và Xuất nhập khẩu Thử Nghiệm Hương Giang Cố Đô"


class Desks:
    """People of several agencies of one province at their pages."""

    def __init__(self, product: Product, app: Flask) -> None:
        self.product, self.app = product, app
        self.trade = self.person("thuong.mai@vidu.vn", "46-SCT")
        self.health = self.person("y.te@vidu.vn", "46-SYT")

    def person(self, email: str, agency: str | None, role: Role = Role.OFFICER) -> CheckedClient:
        staff = add_person(self.product.database, email, role=role, province_code=HUE, agency_code=agency, ready=False)
        return self.at(staff)

    def at(self, staff: Staff) -> CheckedClient:
        browser = CheckedClient(self.app)
        token = self.product.database.run(lambda session: begin_session(session, staff, self.product.clock()))
        with browser.client.session_transaction() as cookie:
            cookie.update({"staff": token, "_user_id": staff.fs_uniquifier})
        return browser

    def sign(self, pages: dict[Any, dict[str, Any]]) -> Pledge:
        return signed_by(self.product.database, pages, now=START, vault=self.product.vault).signed[0]

    def exact(self) -> bool:
        return self.product.database.run(lambda session: recount(session, repair=False)) == []


@pytest.fixture
def desks(small_product: Product, app: Flask) -> Desks:
    return Desks(small_product, app)


def home(pledge: Pledge) -> str:
    return f"/can-bo/doi-tuong/{pledge.entity_id}"


def own_form(page: Page) -> int:
    """The form of the page itself: the last one, behind signing out."""
    return len(page.all("//form[@method='post']")) - 1


def test_an_entity_is_added_and_completed(desks: Desks) -> None:
    page = desks.trade.get("/can-bo/doi-tuong/them")
    answers: dict[str, Any] = {
        "kind": "organisation",
        "name": LONG,
        "types": ["digital_seller", "ecommerce_website"],
        "tax_code": invented_tax_code(5),
        "location": "local",
        "channels": ["thu-nghiem-nam.vn"],
        "phone": "0912 345 678",
        "seen_on": "02/03/2026",
        "source_name": "Danh sách thử nghiệm",
    }
    wrong = desks.trade.send(page, answers | {"phone": "123"}, form=own_form(page), status=400)
    assert LONG in wrong.text
    entity = desks.trade.send(wrong, answers, form=own_form(wrong))
    for words in (LONG, "thu-nghiem-nam.vn", "0912 345 678", "Danh sách thử nghiệm", "Chưa ký", "Sở Công Thương"):
        assert words in entity.words, words
    again = desks.health.get("/can-bo/doi-tuong/them")
    clash = desks.health.send(again, answers | {"name": "Khác"}, form=own_form(again), status=400)
    [link] = clash.all(f"//a[contains(text(), '{LONG}') and starts-with(@href, '/can-bo')]/@href")
    assert desks.exact()
    for path, more in (
        ("/ten", {"name": "Cửa hàng Tên Mới"}),
        ("/nhom", {"types": ["digital_seller"]}),
        ("/ma-so", {"kind": "organisation", "personal_number": "046190123456"}),
        ("/dia-ban", {"location": "elsewhere", "commune": "", "address": "12 Phố Thử"}),
        ("/lien-he", {"kind": "email", "value": "cua.hang@vidu.vn", "formal": "yes", "holder": "kế toán"}),
        ("/kenh", {"channels": "facebook.com/thunghiemnam", "appeared_on": "01/02/2024"}),
        ("/phat-hien", {"seen_on": "03/03/2026", "appeared_on": "01/01/2024", "note": "Thấy ở chợ."}),
    ):
        page = desks.trade.get(link + path)
        entity = desks.trade.send(page, more, form=own_form(page))
    for words in (
        "Cửa hàng Tên Mới",
        LONG,
        "••••••••3456",
        "Ở tỉnh, thành phố khác",
        "cua.hang@vidu.vn",
        "kế toán",
        "facebook.com/thunghiemnam",
        "Thấy ở chợ.",
        "Chờ quyết định, tạm ngoài diện ký",
        "Hoạt động từ trước",
        "Đổi tên đối tượng",
    ):
        assert words in entity.words, words
    assert "046190123456" not in entity.text
    assert desks.exact()


def test_buttons_on_the_page_of_an_entity(desks: Desks) -> None:
    pledge = desks.sign(seller_pages(1, place__phone="0912345678"))
    page = desks.trade.get(home(pledge))
    page = desks.trade.send(page, form=form_to_part(page, "/ngung"))
    assert "Không dùng từ" in page.words
    page = desks.trade.send(page, form=form_to_part(page, "/bo-chu"))
    assert "Chưa biết kênh nào." in page.words
    assert desks.exact()


def form_to_part(page: Page, ending: str) -> int:
    actions = [form.get("action", "") for form in page.all("//form[@method='post']")]
    return next(number for number, action in enumerate(actions) if action.endswith(ending))


def obligation_of(page: Page) -> str:
    return str(page.all("//a[contains(@href, '/can-bo/nghia-vu/')]/@href")[0])


OUT = {"in_scope": "no", "reason": "closed", "effective_on": "01/03/2026", "evidence": "Thông báo 01/TB (thử nghiệm)"}


def test_the_lead_decides_and_the_others_propose(desks: Desks) -> None:
    pledge = desks.sign(seller_pages(1))
    address = obligation_of(desks.health.get(home(pledge)))
    page = desks.health.get(address)
    assert "dien-ky" not in page.text
    page = desks.health.send(page, OUT, form=form_to_part(page, "/de-nghi"))
    assert "Đề nghị đang chờ" in page.words
    stale = desks.trade.get(address)
    listed = desks.trade.get("/can-bo/de-nghi")
    [answer] = listed.all("//a[starts-with(@href, '/can-bo/de-nghi/')]/@href")
    page = desks.trade.get(answer)
    wrong = desks.trade.send(page, {"accept": "no"}, form=own_form(page), status=400)
    desks.trade.send(wrong, {"accept": "yes"}, form=own_form(wrong))
    assert "Đã đồng ý" in desks.health.get("/can-bo/de-nghi").words
    late = desks.trade.send(
        stale,
        {"in_scope": "yes", "reason": "confirmed", "effective_on": "01/03/2026"},
        form=form_to_part(stale, "/dien-ky"),
        status=409,
    )
    assert "vừa được người khác quyết định" in late.words
    page = desks.trade.get(address)
    assert "Ngoài diện ký (đã quyết định)" in page.words
    wrong = desks.trade.send(page, OUT | {"evidence": ""}, form=form_to_part(page, "/dien-ky"), status=400)
    page = desks.trade.send(
        wrong,
        {"cohort": "initial", "reason": "licence", "appeared_on": "01/05/2024"},
        form=form_to_part(wrong, "/dot"),
    )
    assert "Hoạt động từ trước" in page.words
    assert desks.exact()


def test_claims_stand_side_by_side_and_are_decided(desks: Desks) -> None:
    mine = desks.sign(seller_pages(1))
    claim = desks.sign(seller_pages(2, who__tax_code=invented_tax_code(1)))
    page = desks.trade.get("/can-bo/can-xem-lai")
    [link] = page.all("//a[contains(@href, '/tu-ke-khai')]/@href")
    page = desks.health.get(link)
    assert {"Công ty TNHH Thử Nghiệm 1", "Công ty TNHH Thử Nghiệm 2"} <= set(
        re.findall(r"Công ty TNHH \w+ \w+ \d", page.words)
    )
    assert "cơ quan nhận bản cam kết sau quyết định: Sở Công Thương" in page.words
    assert page.all("//input[@name='verdict']") == []
    # Without a dispute, as against somebody whom only a list names, every officer of the province may decide.
    desks.product.database.run(lambda session: session.execute(update(Dispute).values(state=DisputeState.LAPSED)))
    page = desks.health.get(link)
    wrong = desks.trade.send(desks.trade.get(link), {"verdict": "same"}, form=own_form(page), status=400)
    done = desks.trade.send(wrong, {"verdict": "same", "note": "Đã gọi điện."}, form=own_form(wrong))
    assert claim.reference in done.words
    assert mine.reference in done.words
    with desks.product.database.read() as session:
        assert session.get_one(Entity, (HUE, claim.entity_id)).merged_into == mine.entity_id
    assert desks.exact()


def test_lists_of_doubts_lead_to_decisions(desks: Desks) -> None:
    pledge = desks.sign(seller_pages(1))
    page = desks.trade.get("/can-bo/can-xem-lai")
    assert "Chưa rõ có từ khi nào" in page.words
    for path in ("thieu-lien-he", "hai-dien", "ngoai-dien-da-ky", "kenh-khong-mo-duoc", "chua-doc-duoc"):
        desks.trade.get(f"/can-bo/can-xem-lai/danh-sach?muc={path}")
    desks.trade.get("/can-bo/can-xem-lai/dia-chi")
    page = desks.trade.get("/can-bo/can-xem-lai/danh-sach?muc=chua-ro-dot")
    wrong = desks.trade.send(page, {"cohort": "initial"}, form=own_form(page), status=400)
    [box] = wrong.all("//input[@name='chosen']/@value")
    answers = {"chosen": [box], "cohort": "initial", "reason": "statement", "evidence": "Điện thoại (thử nghiệm)"}
    page = desks.trade.send(wrong, answers, form=own_form(wrong))
    assert "Không còn gì ở đây" in page.words
    assert "Hoạt động từ trước" in desks.trade.get(home(pledge)).words


def test_who_only_looks_sees_no_contacts(desks: Desks) -> None:
    pledge = desks.sign(doctor_pages(1))
    viewer = desks.person("xem@vidu.vn", None, Role.PROVINCE_VIEWER)
    page = viewer.get(home(pledge))
    assert "bac.si.1@vidu.vn" not in page.text
    assert page.all("//main//form") == []
    assert "bac.si.1@vidu.vn" in desks.trade.get(home(pledge)).text
