"""Internal auditors: they read the log and the technical logs, and whatever they post is refused."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from pledges.accounts.models import Role, Staff
from pledges.accounts.permissions import Action
from pledges.accounts.refusals import WINDOW
from pledges.audit.models import Fact
from pledges.audit.operations import SYSTEM, WHOLE_SYSTEM, record
from pledges.core.db import new_id
from pledges.messaging.models import Message, MessageState
from pledges.product import Product
from pledges.web.refusing import PAUSE
from pledges.web.security import action_of, audience_of
from tests.support.admins import at, browser_of
from tests.support.browsing import Browser
from tests.support.checked_pages import CheckedClient
from tests.support.clock import START, FixedClock
from tests.support.reach_samples import SAMPLES, Spot
from tests.support.signing import HUE, LANG_SON
from tests.support.staff import add_person

LOG, TECHNICAL = "/quan-tri/nhat-ky", "/quan-tri/nhat-ky/ky-thuat"


def auditor(product: Product, app: Flask, province_code: str = HUE) -> CheckedClient:
    return browser_of(product, app, "kiem.toan@vidu.vn", Role.AUDITOR, province_code)


def every_post(app: Flask) -> list[tuple[str, Action, str]]:
    """Endpoint, action and an address of every form for staff; what stands in it exists nowhere."""
    found = []
    addresses, spot = app.url_map.bind("localhost"), Spot("nothing", HUE, "46-SCT")
    for rule in app.url_map.iter_rules():
        action = action_of(app, rule.endpoint)
        if audience_of(app, rule.endpoint) != "staff" or "POST" not in (rule.methods or set()) or action is None:
            continue
        values = SAMPLES[rule.endpoint].args(spot) if rule.arguments else {}
        found.append((rule.endpoint, action, addresses.build(rule.endpoint, values, method="POST")))
    return found


def test_every_post_is_refused_but_those_about_oneself(small_product: Product, app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    visitor = auditor(small_product, app)
    own = {Action.ACCOUNT_OWN, Action.ACCOUNT_FACTORS}
    others = [post for post in every_post(app) if post[1] not in own]
    with small_product.database.read() as session:
        before = session.scalars(select(Fact.id)).all()
    refused = {endpoint: visitor.client.post(path, data={"x": "1"}).status_code for endpoint, _, path in others}
    with small_product.database.read() as session:
        assert session.scalars(select(Fact.id)).all() == before
    assert len(refused) > 60
    assert set(refused.values()) == {403}, {name: code for name, code in refused.items() if code != 403}


def test_the_auditor_sees_who_was_refused_and_how_often(small_product: Product, app: Flask, clock: FixedClock) -> None:
    person = add_person(
        small_product.database, "cv@vidu.vn", role=Role.OFFICER, province_code=HUE, agency_code="46-SCT"
    )
    officer = at(small_product, app, person)
    assert officer.client.get("/quan-tri/can-bo").status_code == 403
    lead = browser_of(small_product, app, "qt@vidu.vn", Role.ADMINISTRATOR, HUE)
    assert lead.client.get("/quan-tri/can-bo/them/20").status_code == 404
    for _again in range(3):
        officer.client.get("/quan-tri/can-bo")
    clock.advance(PAUSE)
    officer.client.get("/quan-tri/can-bo")
    stranger = Browser(app)
    stranger.open("/can-bo/dang-nhap")
    for email in ("cv@vidu.vn", "khong-co@vidu.vn"):
        assert stranger.send("/can-bo/dang-nhap", {"email": email, "password": "sai"}).status_code == 400
    clock.advance(WINDOW)
    small_product.record_refusals()
    own = auditor(small_product, app).get(LOG + "?nhom=staff").words
    assert own.count("Từ chối việc ngoài quyền") == 2
    assert "Việc ngoài quyền: 5" in own, "written twice, however fast they come"
    assert "Việc ngoài quyền: 1" in own
    assert "Sai mật khẩu: 1" in own
    assert "không có tài khoản" not in own, "what nobody’s address was refused is of the whole system"
    everywhere = browser_of(small_product, app, "kt@vidu.vn", Role.AUDITOR, WHOLE_SYSTEM).get(LOG).words
    assert "Địa chỉ không có tài khoản" in everywhere
    assert "khong-co" not in everywhere


def test_an_auditor_reads_the_log_of_the_own_province_and_cannot_take_it_away(
    small_product: Product, app: Flask
) -> None:
    visitor = auditor(small_product, app)
    page = visitor.get(LOG)
    assert "Thêm cán bộ" in page.text
    assert "Tải nhật ký" not in page.text
    assert visitor.client.get(f"{LOG}?tinh={LANG_SON}").status_code == 404
    first = visitor.get("/can-bo").text
    assert "Kiểm toán nội bộ" in first
    assert "Nhật ký kỹ thuật" in first
    assert "Tìm đối tượng" not in first


def test_technical_logs_tell_what_failed_without_naming_anybody(small_product: Product, app: Flask) -> None:
    def trouble(session) -> None:  # type: ignore[no-untyped-def]
        for province in (HUE, LANG_SON):
            message = Message(
                province_code=province,
                kind="pledge_received",
                dedupe_key="x",
                to_address="nguoi.ky@vidu.vn",
                params={},
                state=MessageState.FAILED,
                created_at=START,
                next_attempt_at=START,
                last_error="refused: 550 nguoi.ky@vidu.vn",
            )
            session.add(message)
        record(session, "list.exported", province_code=HUE, object_id=new_id(), actor=SYSTEM, now=START, data={})

    small_product.database.run(trouble)
    visitor = auditor(small_product, app)
    mail = visitor.get(f"{TECHNICAL}?phan=thu").text
    assert mail.count("pledge_received") == 1
    assert "refused" in mail
    assert "nguoi.ky" not in mail
    assert "Cán bộ đăng nhập" in visitor.get(f"{TECHNICAL}?phan=dang-nhap").text
    assert "Tải danh sách về máy" in visitor.get(f"{TECHNICAL}?phan=tai-ve").text
    assert "Không có gì trong phần này" in visitor.get(TECHNICAL).text


def test_an_auditor_of_the_whole_system_chooses_the_province(small_product: Product, app: Flask) -> None:
    visitor = auditor(small_product, app, WHOLE_SYSTEM)
    assert visitor.client.get(f"{LOG}?tinh={HUE}").status_code == 200
    assert visitor.client.get(f"{TECHNICAL}?tinh={HUE}").status_code == 200
    assert visitor.client.get("/quan-tri/can-bo").status_code == 403


def test_the_whole_system_gets_an_auditor_by_the_form(small_product: Product, app: Flask) -> None:
    browser = browser_of(small_product, app, "toan.he.thong@vidu.vn", province_code=WHOLE_SYSTEM)
    page = browser.get(f"/quan-tri/can-bo/them/{WHOLE_SYSTEM}")
    assert "Chuyên viên" not in page.text
    browser.send(page, {"name": "Trần Thử Nghiệm", "email": "kt@vidu.vn", "role": "auditor"}, form=1)
    with small_product.database.read() as session:
        person = session.scalars(select(Staff).where(Staff.email == "kt@vidu.vn")).one()
    assert (person.role, person.province_code) == (Role.AUDITOR, WHOLE_SYSTEM)
