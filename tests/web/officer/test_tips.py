"""The queue of reports and their pages: what stands there, every decision, and a commune on its telephone."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from pledges.accounts.models import Role, Staff
from pledges.accounts.operations import begin_session
from pledges.product import Product
from pledges.registry.models import Channel, Entity, EntityKind
from pledges.tips.deciding import Page as Seen
from pledges.tips.deciding import merge_tip, reject_tip
from pledges.tips.models import Tip, TipState
from tests.support.checked_pages import CheckedClient, Page
from tests.support.clock import FixedClock
from tests.support.desk import form_to
from tests.support.pictures import photo
from tests.support.signing import COMMUNES, HUE
from tests.support.tips import HEALTH, TipDesk

QUEUE, REPORT = "/can-bo/tin-bao", "/can-bo/bao-moi"
HOSTILE = "<img src=x onerror=alert(1)>"


class Office(TipDesk):
    def __init__(self, product: Product, app: Flask, clock: FixedClock) -> None:
        super().__init__(product.database, clock, product.vault)
        self.product, self.app = product, app

    def at(self, person: Staff) -> CheckedClient:
        browser = CheckedClient(self.app)
        token = self.database.run(lambda session: begin_session(session, person, self.clock()))
        with browser.client.session_transaction() as cookie:
            cookie.update({"staff": token, "_user_id": person.fs_uniquifier})
        return browser

    def decide(self, tip: Tip, ending: str, answers: dict[str, Any], *, status: int = 200) -> Page:
        browser = self.at(self.officer)
        page = browser.get(f"{QUEUE}/{tip.id}")
        return browser.send(page, answers, form=form_to(page, ending), status=status)

    def fresh(self, tip: Tip) -> Tip:
        with self.database.read() as session:
            return session.get_one(Tip, (HUE, tip.id))


@pytest.fixture
def office(small_product: Product, small_app: Flask, clock: FixedClock) -> Office:
    return Office(small_product, small_app, clock)


def test_the_queue_and_a_report_say_everything_but_who_sent_it(office: Office) -> None:
    picture = office.product.storage.put(photo())
    tip = office.tip(
        "vidu-thu-nghiem.vn",
        note="Dòng một\n<b>dòng hai</b>",
        place="Chợ 'thử' nghiệm",
        link="https://vidu.vn/bai?a=1&b=2",
        pictures=(picture,),
        network="192.0.2.77",
    )
    office.tip("vidu-thu-nghiem.vn", note="Tin thứ hai")
    office.tip(name="Sạp thử nghiệm", place="Chợ", subject="shop", doubtful=True)
    browser = office.at(office.officer)
    queue = browser.get(QUEUE)
    assert "2 tin cùng địa chỉ" in queue.words
    assert "Chưa qua kiểm tra tự động" in queue.words
    names = [link.text_content() for link in queue.all("//a[@class='row-name']")]
    assert names == ["vidu-thu-nghiem.vn", "Sạp thử nghiệm"]
    page = browser.get(f"{QUEUE}/{tip.id}")
    for words in ("Người dân", "Dòng một", "<b>dòng hai</b>", "Tin thứ hai", "không tiết lộ người báo tin"):
        assert words in page.words
    assert "192.0.2.77" not in page.text
    [link] = page.all("//main//a[@target]")
    assert (link.get("href"), link.get("rel")) == ("https://vidu.vn/bai?a=1&b=2", "noopener noreferrer nofollow")
    shown = browser.client.get(page.all("//main//img/@src")[0])
    assert shown.data == photo()
    headers = {name: shown.headers[name] for name in ("Content-Type", "Cache-Control", "X-Content-Type-Options")}
    assert headers == {
        "Content-Type": "image/jpeg",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    browser.get(f"{QUEUE}/{tip.id}/anh/2", status=404)
    browser.get(f"{QUEUE}/{tip.id}/anh/0", status=404)
    office.at(office.person("y-te@vidu.vn", Role.OFFICER, HEALTH)).get(f"{QUEUE}/{tip.id}/anh/1", status=404)


def test_confirming_corrects_what_was_reported(office: Office) -> None:
    tip = office.tip("vidu-thu-nghiem.vn/san-pham", name=f"Tên sai {HOSTILE}".replace("<", "(").replace(">", ")"))
    together = office.tip("vidu-thu-nghiem.vn")
    wrong = office.decide(tip, "/xac-nhan", {"name": HOSTILE, "types": [], "channels": "0912 345 678"}, status=400)
    assert len(wrong.problems) == 2
    assert HOSTILE not in wrong.text
    assert wrong.control("confirm-name").get("value") == HOSTILE
    unnamed = office.decide(tip, "/xac-nhan", {"channels": "facebook.com/trangthunghiem", "name": ""}, status=400)
    assert "Hãy ghi tên" in unnamed.problems[0]
    browser = office.at(office.officer)
    page = browser.get(f"{QUEUE}/{tip.id}")
    answers = {"name": "Bà Thử Nghiệm", "kind": "person", "types": ["digital_seller", "influencer"]}
    found = browser.send(
        page, answers | {"commune-search": "Thuận Hóa", "commune-find": "1"}, form=form_to(page, "nhan")
    )
    assert found.problems == []
    [code] = found.all("//input[@name='commune']/@value")[:1]
    done = browser.send(found, answers | {"commune": code}, form=form_to(found, "nhan"))
    assert "Đã xác nhận tin báo" in done.words
    assert "Không có tin báo nào chờ" in done.words
    with office.database.read() as session:
        entity = session.scalars(select(Entity)).one()
        assert (entity.name, entity.kind, entity.commune_code) == ("Bà Thử Nghiệm", EntityKind.PERSON, code)
        assert session.scalars(select(Channel.address)).all() == ["vidu-thu-nghiem.vn"]
    assert office.fresh(together).state is TipState.MERGED
    late = browser.send(page, answers, form=form_to(page, "nhan"), status=409)
    assert "Nguyễn Văn Thử đã xác nhận tin báo này" in late.words
    assert office.at(office.officer).get(f"{QUEUE}?muc=xong").all("//a[@class='row-name']") != []


def test_the_address_that_a_commune_wrote_down_goes_into_the_register(office: Office) -> None:
    commune = office.person("xa@vidu.vn", Role.COMMUNE_OFFICER, commune=COMMUNES[HUE])
    theirs = office.tip(subject="shop", name="Sạp thử nghiệm", place="Chợ thử nghiệm, lô 3", staff=commune)
    citizens = office.tip(subject="shop", name="Quầy thử nghiệm", place="phát trực tiếp lúc 20 giờ")
    for tip in (theirs, citizens):
        assert "Đã xác nhận tin báo" in office.decide(tip, "/xac-nhan", {}).words
    with office.database.read() as session:
        addresses = {entity.name: entity.address for entity in session.scalars(select(Entity))}
    assert addresses == {"Sạp thử nghiệm": "Chợ thử nghiệm, lô 3", "Quầy thử nghiệm": ""}


def test_merging_into_what_is_known_by_a_press_or_by_searching(office: Office) -> None:
    first = office.confirm(office.tip("vidu-thu-nghiem.vn"))
    same = office.tip("http://vidu-thu-nghiem.vn", name="Một tên khác")
    browser = office.at(office.officer)
    page = browser.get(f"{QUEUE}/{same.id}")
    assert "Cùng kênh" in page.words
    number = form_to_first(page, "/gop")
    assert "Đã gộp" in browser.send(page, form=number).words
    assert office.fresh(same).entity_id == first.entity_id
    other = office.tip(subject="shop", name="Sạp chợ", place="Chợ thử nghiệm")
    page = browser.get(f"{QUEUE}/{other.id}")
    assert "Chưa thấy đối tượng nào" in page.words
    missing = browser.send(page, form=form_to(page, "/gop"), status=400)
    assert "Hãy tìm rồi chọn" in missing.problems[0]
    found = browser.send(missing, {"entity-search": "cua hang thu", "entity-find": "1"}, form=form_to(missing, "/gop"))
    [choice] = found.all("//input[@name='entity']/@value")
    wrong = browser.send(found, {"entity": "khong-phai-ma"}, form=form_to(found, "/gop"), status=400)
    browser.send(wrong, {"entity": choice}, form=form_to(wrong, "/gop"))
    assert office.fresh(other).entity_id == first.entity_id


def form_to_first(page: Page, ending: str) -> int:
    """The first of several posting forms with this address: the button at the first candidate."""
    actions = [form.get("action", "") for form in page.all("//form[@method='post']")]
    return next(number for number, action in enumerate(actions) if action.endswith(ending))


def test_rejecting_with_a_reason_and_opening_again(office: Office) -> None:
    tip = office.tip("vidu-thu-nghiem.vn")
    missing = office.decide(tip, "/tu-choi", {}, status=400)
    assert "Hãy viết lý do" in missing.problems[0]
    assert "Đã từ chối tin báo" in office.decide(tip, "/tu-choi", {"reason": "Trang đã đóng."}).words
    page = office.at(office.officer).get(f"{QUEUE}/{tip.id}")
    assert "Trang đã đóng." in page.words
    assert "Đã mở lại tin báo" in office.decide(tip, "/mo-lai", {}).words
    assert office.fresh(tip).state is TipState.NEW


def test_a_commune_reports_and_reads_what_became_of_it(office: Office) -> None:
    commune = office.person("xa@vidu.vn", Role.COMMUNE_OFFICER, commune=COMMUNES[HUE])
    browser = office.at(commune)
    page = browser.get(REPORT)
    [chosen] = page.all("//input[@name='commune'][@checked]/@value")
    assert chosen == COMMUNES[HUE]
    wrong = browser.send(page, {"note": HOSTILE}, form=form_to(page, "/bao-moi"), status=400)
    assert HOSTILE not in wrong.text
    answers = {"what": "shop", "name": "Sạp thử nghiệm", "note": "Bán ở cổng chợ"}
    sent = browser.send(wrong, answers, form=form_to(wrong, "/bao-moi"))
    assert "Đã gửi tin báo" in sent.words
    assert "Chờ xem xét" in sent.words
    with office.database.read() as session:
        tip = session.scalars(select(Tip)).one()
    assert (tip.staff_id, tip.commune_code, tip.network) == (commune.id, COMMUNES[HUE], None)
    # Sent twice, by the back button or by a lost answer, it is still one.
    browser.send(wrong, answers, form=form_to(wrong, "/bao-moi"))
    used = browser.send(wrong, answers | {"name": "Sạp khác"}, form=form_to(wrong, "/bao-moi"), status=409)
    assert used.control("name").get("value") == "Sạp khác"
    assert "cán bộ" in office.at(office.officer).get(f"{QUEUE}/{tip.id}").words
    office.run(reject_tip, tip, seen=Seen(0), reason="Đã ký tháng trước.")
    assert "Đã ký tháng trước." in browser.get(REPORT).words
    old = browser.send(used, {"stamp": "bịa"}, form=form_to(used, "/bao-moi"))
    assert "mở từ lâu" in old.words
    assert "Đã gửi tin báo" in browser.send(old, form=form_to(old, "/bao-moi")).words


def test_what_somebody_else_decided_meanwhile_is_told(office: Office) -> None:
    tip, known = office.tip("vidu-thu-nghiem.vn"), office.confirm(office.tip("khac-thu-nghiem.vn"))
    browser = office.at(office.officer)
    page = browser.get(f"{QUEUE}/{tip.id}")
    office.run(merge_tip, tip, known.entity_id, seen=Seen(0))
    late = browser.send(page, {"reason": ""}, form=form_to(page, "/tu-choi"), status=409)
    assert "đã gộp tin báo này" in late.words
    assert office.fresh(tip).state is TipState.MERGED
