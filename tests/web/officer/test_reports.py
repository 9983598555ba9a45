"""Reports upwards at their pages: who owes them, who passes them on, who receives them, who looks on."""

from __future__ import annotations

import re
from datetime import date
from io import BytesIO
from zipfile import ZipFile

import pikepdf
import pytest
from flask import Flask
from sqlalchemy import func, select, update

from pledges.accounts.models import Role, Staff
from pledges.accounts.operations import NewStaff, add_staff, begin_session
from pledges.audit.operations import Actor
from pledges.duties.models import Report
from pledges.messaging.models import Message
from pledges.product import Product
from pledges.registry.models import Entity
from pledges.review.violation_models import ViolationField
from pledges.review.violation_rules import Said
from pledges.review.violations import record_violation
from tests.support.checked_pages import CheckedClient, Page
from tests.support.clock import FixedClock
from tests.support.desk import form_to
from tests.support.signing import HUE, LANG_SON, seller_pages, signed_by

CALENDAR = "/can-bo/bao-cao"
REVIEW = f"{CALENDAR}/hue-R3/2026-10"
"""Of false information, monthly, due before 05/11/2026; the clock stands at 20/11/2026."""
YEARLY = f"{CALENDAR}/langson-R1/2026"


NO_NUMBER = "Thực phẩm, thực phẩm bảo vệ sức khỏe: hãy ghi bằng chữ số, ví dụ 12 hoặc 1.200; không có thì ghi 0."


class Units:
    """People of reporting units at their pages."""

    def __init__(self, product: Product, app: Flask, clock: FixedClock) -> None:
        self.product, self.app, self.clock = product, app, clock
        self.count = 0

    def at(self, role: Role, province: str, **where: str) -> CheckedClient:
        self.count += 1
        new = NewStaff(f"nguoi.{self.count}@vidu.vn", f"Nguyễn Thử {self.count}", role, province, **where)
        staff = self.product.database.run(
            lambda session: add_staff(session, new, actor=Actor("command"), now=self.clock())
        )
        return self.sign_in(staff)

    def sign_in(self, staff: Staff) -> CheckedClient:
        browser = CheckedClient(self.app)
        token = self.product.database.run(lambda session: begin_session(session, staff, self.clock()))
        with browser.client.session_transaction() as cookie:
            cookie.update({"staff": token, "_user_id": staff.fs_uniquifier})
        return browser

    def officer(self, agency: str) -> CheckedClient:
        return self.at(Role.OFFICER, agency[:2], agency_code=agency)

    def letters(self, kind: str) -> int:
        with self.product.database.read() as session:
            return session.scalar(select(func.count()).select_from(Message).where(Message.kind == kind)) or 0


@pytest.fixture
def units(small_product: Product, app: Flask, clock: FixedClock) -> Units:
    return Units(small_product, app, clock)


def pdf() -> bytes:
    out = BytesIO()
    with pikepdf.new() as made:
        made.add_blank_page()
        made.save(out)
    return out.getvalue()


def follow(client: CheckedClient, page: Page, text: str) -> Page:
    [href] = page.all(f"//main//a[normalize-space(text())='{text}']/@href")
    return client.get(href)


def press(client: CheckedClient, page: Page, ending: str, status: int = 200) -> Page:
    return client.send(page, form=form_to(page, ending), status=status)


def tags(page: Page) -> list[str]:
    return [tag.text_content() for tag in page.all("//main//*[contains(@class, 'tag--')]")]


def path_of(page: Page) -> str:
    return str(page.response.request.path)


def bare(page: Page) -> str:
    """What can be read, without blanks: cells of a table have none between them."""
    return "".join(page.words.split())


def with_decision(units: Units) -> None:
    """A subject that pledged was fined in October."""
    pledge = signed_by(units.product.database, seller_pages(1, HUE), now=units.clock(), vault=units.product.vault)
    key = (HUE, pledge.signed[0].entity_id)
    with units.product.database.read() as session:
        assert session.get(Entity, key) is not None
    day = date(2026, 10, 12)
    said = Said(ViolationField.COSMETICS, day, "Kem không nhãn.", "9/QĐ-XPHC", day, "Đội số 1", 15_000_000)
    staff = units.product.database.run(
        lambda session: add_staff(
            session,
            NewStaff("ghi@vidu.vn", "Ghi Thử", Role.OFFICER, HUE, "46-SCT"),
            actor=Actor("command"),
            now=units.clock(),
        )
    )
    units.product.database.run(lambda session: record_violation(session, key, said, staff=staff, now=units.clock()))


def test_a_late_review_is_filled_in_signed_sent_returned_and_corrected(units: Units) -> None:
    with_decision(units)
    trade, colleague = units.officer("46-SCT"), units.officer("46-SCT")
    culture = units.officer("46-SVHTT")
    assert "Báo cáo quá hạn hoặc bị trả lại: 2" in trade.get("/can-bo").words
    home = trade.get(CALENDAR)
    assert "Đơn vị bạn chưa gửi 2 báo cáo đã quá hạn." in home.words
    assert "trước ngày 05/11/2026quá hạn 16 ngày" in home.words
    own = f"{REVIEW}/46-SCT"
    drafted = press(trade, trade.get(own), "/soan")
    assert "Tính đến hết ngày 31/10/2026" in drafted.words

    # The recorded decision stands in the form; what is typed wrongly stays, and nothing is lost to a colleague.
    form, meanwhile = follow(trade, drafted, "Điền nội dung"), colleague.get(f"{own}/noi-dung")
    assert (form.control("cosmetics-violating").get("value"), form.control("cosmetics-fines").get("value")) == (
        "1",
        "15.000.000",
    )
    typed = {"food-reviewed": "1.200", "food-violating": "mười", "results": "Đã rà soát (thử nghiệm)."}
    wrong = trade.send(form, typed, form=-1, status=400)
    assert wrong.problems == [NO_NUMBER]
    assert wrong.control("results").text.strip() == typed["results"]
    saved = trade.send(wrong, {"food-violating": "12", "food-links": "https://vidu.vn/a"}, form=-1)
    assert "Tổng1.200131" in bare(saved)
    refused = colleague.send(meanwhile, {"results": "Bản của đồng nghiệp."}, form=-1, status=409)
    assert "vừa được người khác thay đổi" in refused.words
    assert refused.control("results").text.strip() == "Bản của đồng nghiệp."

    docx = trade.client.get(saved.all("//a[contains(@href, '.docx')]/@href")[0])
    text = ZipFile(BytesIO(docx.data)).read("word/document.xml").decode()
    assert "Đã rà soát (thử nghiệm)." in text
    assert "1.200" in text

    signed = pdf()
    upload = follow(trade, saved, "Tải lên bản đã ký")
    kept = trade.send(upload, {"file": (BytesIO(signed), "bao-cao.pdf"), "day": "21/11/2026"}, form=-1, status=400)
    assert kept.problems == ["Hãy ghi số, ký hiệu của báo cáo."]
    kept = trade.send(kept, {"number": "05/BC-SCT"}, form=-1, status=400)
    assert kept.problems == ["Ngày này ở tương lai. Hãy ghi ngày in trên báo cáo."]
    ready = trade.send(kept, {"day": "20/11/2026"}, form=-1)
    assert "Số 05/BC-SCT ngày 20/11/2026: bao-cao.pdf" in ready.words
    culture.get(f"{own}/ban/1", status=404)
    assert "Đơn vị chưa gửi báo cáo này" in culture.get(own).words
    # What cannot be right is put right before it goes out: there were decisions, but nobody said how much was reviewed.
    stopped = trade.get(f"{own}/gui", status=400)
    assert stopped.problems == ["Lĩnh vực này có số liệu vi phạm nên cần cả số đã rà soát."]
    trade.send(stopped, {"cosmetics-reviewed": "40"}, form=-1)
    sent = trade.send(trade.get(f"{own}/gui"), form=-1)
    assert "Đã gửi báo cáo." in sent.words
    assert "gửi muộn" in sent.words

    received = culture.get(REVIEW)
    assert "Đãgửi1/2" in bare(received)
    assert received.control("con-thieu").text.strip() == "Sở Y tế thành phố Huế"
    page = culture.get(own)
    file = culture.client.get(page.all("//a[contains(@href, '.pdf')]/@href")[0])
    assert file.data == signed
    silent = culture.send(culture.get(f"{own}/tra-lai"), form=-1, status=400)
    assert silent.problems == ["Hãy ghi lý do trả lại, để đơn vị gửi biết cần sửa gì."]
    culture.send(silent, {"reason": "Thiếu số đã xử lý."}, form=-1)
    assert units.letters("report_returned") > 0

    back = trade.get(own)
    assert "Bị trả lại" in tags(back)
    assert "Thiếu số đã xử lý." in back.words
    again = trade.send(follow(trade, back, "Soạn bản đính chính để gửi lại"), form=-1)
    trade.send(
        follow(trade, again, "Tải lên bản đã ký"),
        {"file": (BytesIO(pdf()), "ban-2.pdf"), "number": "06/BC-SCT", "day": "20/11/2026"},
        form=-1,
    )
    trade.send(trade.get(f"{own}/gui"), form=-1)
    newest = culture.get(own)
    assert "06/BC-SCT" in newest.words
    assert "05/BC-SCT" in follow(culture, newest, "Bản 1").words
    assert "Đã có bản đính chính" in tags(newest)
    # Who looked at the first version accepts nothing that has come after it.
    late = culture.send(page, form=form_to(page, "/nhan"), status=409)
    assert "Chưa ghi thay đổi của bạn" in late.words
    accepted = press(culture, newest, "/nhan")
    assert path_of(accepted) == REVIEW
    assert "Đã nhận báo cáo của Sở Công Thương thành phố Huế." in accepted.words


def test_communes_report_and_the_department_adds_up_what_came_through_the_market_control(units: Units) -> None:
    commune = units.at(Role.COMMUNE_OFFICER, LANG_SON, commune_code="05977")
    health, trade = units.officer("20-SYT"), units.officer("20-SCT")
    market = units.at(Role.REPORTING_UNIT, LANG_SON, unit_code="20-QLTT")

    home = commune.get(CALENDAR)
    assert home.all("//main//h2")[0].text == "Đơn vị bạn phải gửi"
    asked = follow(commune, commune.get(f"{YEARLY}/05977"), "Báo cáo không phát sinh")
    nothing = commune.send(asked, form=-1)
    assert "Đã gửi: không phát sinh." in nothing.words
    assert "Hiện không có báo cáo nào phải làm ngay" in commune.get(CALENDAR).words
    commune.get(f"{YEARLY}/06187", status=404)
    commune.get(YEARLY, status=404)

    outside = health.get(f"{YEARLY}/20-SYT/gui-ngoai")
    health.send(outside, {"number": "12/BC-SYT", "day": "28/09/2026"}, form=-1)
    listed = market.get(YEARLY)
    assert "gửi ngoài hệ thống" in listed.words
    assert "không phát sinh" in listed.words
    missing = listed.control("con-thieu").text.strip().splitlines()
    assert "Sở Y tế tỉnh Lạng Sơn" not in missing
    press(market, market.get(f"{YEARLY}/05977"), "/nhan")

    above = follow(trade, trade.get(YEARLY), "Mở báo cáo tổng hợp")
    assert path_of(above) == f"{CALENDAR}/langson-R4/2026/20-SCT"
    summed = press(trade, above, "/soan")
    assert f"2/{len(missing) + 2}" in summed.words
    assert summed.control("con-thieu").text.strip().splitlines() == missing
    # Frozen: who reports now is in the sums only when the figures are taken again.
    culture = units.officer("20-SVHTTDL")
    culture.send(culture.get(f"{YEARLY}/20-SVHTTDL/khong-phat-sinh"), form=-1)
    assert f"2/{len(missing) + 2}" in trade.get(path_of(above)).words
    taken = press(trade, trade.get(path_of(above)), "/so-lieu")
    assert f"3/{len(missing) + 2}" in taken.words
    gone = trade.send(follow(trade, taken, "Bỏ bản đang soạn"), form=-1)
    assert "Đã bỏ bản đang soạn." in gone.words
    with units.product.database.read() as session:
        assert session.scalars(select(Report.state).where(Report.duty_id == "langson-R4")).all() == []


def test_who_looks_on_sees_all_of_the_province_and_a_unit_only_its_own(units: Units) -> None:
    viewer = units.at(Role.PROVINCE_VIEWER, LANG_SON)
    press_unit = units.at(Role.REPORTING_UNIT, LANG_SON, unit_code="20-BAO")
    drafted = press(press_unit, press_unit.get(f"{CALENDAR}/langson-R7/2026Q4/20-BAO"), "/soan")
    assert "Lấy lại số liệu" not in drafted.words
    home = press_unit.get(CALENDAR)
    assert "langson-R1" not in home.text
    press_unit.get(YEARLY, status=404)

    everything = viewer.get(CALENDAR)
    lines = [row.text_content() for row in everything.all("//main//table[1]/tbody/tr")]
    late = [bool(re.search(r"\d+ quá hạn", line)) for line in lines]
    assert any(late)
    assert late == sorted(late, reverse=True), "late ones first"
    assert "Ủy ban nhân dân phường Đông Kinh" in everything.words
    shown = viewer.get(f"{CALENDAR}/langson-R7/2026Q4/20-BAO")
    assert "Đơn vị chưa gửi báo cáo này" in shown.words
    assert shown.all("//main//form") == []
    docx = drafted.all("//a[contains(@href, '.docx')]/@href")[0]
    assert viewer.client.get(docx).status_code == 404
    assert viewer.client.post(f"{CALENDAR}/langson-R7/2026Q4/20-BAO/gui").status_code in {400, 403}

    nobody = units.at(Role.REPORTING_UNIT, LANG_SON, unit_code="20-QLTT")
    units.product.database.run(lambda session: session.execute(update(Staff).values(unit_code=None)))
    assert "Tài khoản của bạn chưa gắn với đơn vị báo cáo nào" in nobody.get(CALENDAR).words
    units.at(Role.PROVINCE_VIEWER, HUE).get(YEARLY, status=404)
