"""The administration of reporting: what the plan asks, who reports, who is invited, what becomes public."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import func, select

from pledges.accounts.models import Role, Staff
from pledges.accounts.queries import staff_by_email
from pledges.audit.models import Fact
from pledges.audit.operations import SYSTEM
from pledges.core.db import Database
from pledges.messaging.models import Message
from pledges.plans.loading import load_from_files
from pledges.plans.models import Province, ReportingDuty, ReportingUnit
from pledges.plans.settings import province_settings
from tests.support.browsing import Browser
from tests.support.clock import START
from tests.support.staff import add_person, sign_in

HUE, LANG_SON = "/quan-tri/46/bao-cao", "/quan-tri/20/bao-cao"


@pytest.fixture
def own(app: Flask, sqlite_database: Database) -> Browser:
    """The administrator of Huế, signed in."""
    add_person(sqlite_database, "hue@vidu.vn", province_code="46")
    browser = Browser(app)
    sign_in(browser, "hue@vidu.vn")
    return browser


def duties_added(database: Database) -> list[ReportingDuty]:
    with database.read() as session:
        added = select(ReportingDuty).where(ReportingDuty.added_at.is_not(None)).order_by(ReportingDuty.position)
        return list(session.scalars(added))


def staff(database: Database, email: str) -> Staff | None:
    with database.read() as session:
        return staff_by_email(session, email)


def facts(database: Database, kind: str) -> list[dict[str, object]]:
    with database.read() as session:
        return [fact.data for fact in session.scalars(select(Fact).where(Fact.kind == kind).order_by(Fact.id))]


def test_what_the_plan_asks_is_quoted_and_our_reading_is_called_ours(app: Flask, sqlite_database: Database) -> None:
    add_person(sqlite_database, "ls@vidu.vn", province_code="20")
    own = Browser(app)
    sign_in(own, "ls@vidu.vn")
    own.open("/quan-tri/san-sang/20")
    assert LANG_SON in own.page
    own.open(LANG_SON)
    for words in ("30/9 hằng năm", "Hằng năm, trước ngày 30/9", "Cách hiểu của hệ thống", "Hạn đã qua"):
        assert words in own.text
    assert "Chưa có báo cáo hằng năm" not in own.text
    own.open(f"{LANG_SON}/nhiem-vu/langson-R1")
    for words in ("Sở Công Thương (qua Chi cục Quản lý thị trường", "Nguyên văn:", "Tất cả các xã, phường, đặc khu"):
        assert words in own.text
    assert own.open(HUE).status_code == 404
    assert own.open(f"{LANG_SON}/nhiem-vu/hue-R2").status_code == 404


def test_days_change_with_before_and_after_in_the_log_and_change_back(own: Browser, sqlite_database: Database) -> None:
    page = f"{HUE}/nhiem-vu/hue-R3"
    own.open(page)
    own.send(page, {"due_day": "31", "starts_on": "01/10/2026"})
    assert "từ 1 đến 28" in own.text
    own.follow(own.send(page, {"due_day": "12", "starts_on": ""}))
    assert "trước ngày 12 của tháng sau" in own.text
    with sqlite_database.read() as session:
        duty = session.get_one(ReportingDuty, ("46", "hue-R3"))
        assert (duty.due_day, duty.starts_on) == (12, None)
    load_from_files(sqlite_database, None, SYSTEM, START)
    own.open(page)
    own.follow(own.send(page, {"due_day": "5", "starts_on": "01/10/2026"}))
    moves = [(data["before"], data["after"]) for data in facts(sqlite_database, "province.decided")]
    first = ({"due_day": 5, "starts_on": "2026-10-01"}, {"due_day": 12, "starts_on": None})
    assert moves == [first, (first[1], first[0])]
    own.open(re.findall(r'href="([^"]+ma=[^"]+)"', own.page)[0].replace("&amp;", "&"))
    assert "hạn: trước ngày trong tháng: 12 → 5" in own.text
    assert "theo dõi từ ngày: không có → 01/10/2026" in own.text
    assert f'href="{page}"' in own.page


def test_the_yearly_reports_that_a_source_lacks_are_added_once(own: Browser, sqlite_database: Database) -> None:
    own.open(HUE)
    assert "Chưa có báo cáo hằng năm" in own.text
    page = f"{HUE}/bo-sung"
    own.open(page)
    assert "30/9 hằng năm; 01/10 hằng năm" in own.text or "01/10 hằng năm; 30/9 hằng năm" in own.text
    fields = {"basis": "Văn bản thử nghiệm số 1"}
    own.send(page, fields)
    assert "ít nhất một ngày" in own.text
    fields |= {"yearly": "30/9", "final": "20/12/2030", "lead_yearly": "5/10", "mid": "32/13/2027"}
    own.send(page, fields)
    assert "Ngày chưa đúng" in own.text
    assert 'value="30/9"' in own.page
    fields["mid"] = ""
    for _twice in range(2):
        own.follow(own.send(page, fields))
        added = duties_added(sqlite_database)
        assert [(duty.recurs, duty.due_date and duty.due_date.year) for duty in added] == [
            ("--09-30", None),
            ("", 2030),
            ("--10-05", None),
        ]
        own.open(page)
    assert (added[2].senders, added[2].gathers) == (["46-SCT"], added[0].id)
    own.open(HUE)
    assert "Chưa có báo cáo hằng năm" not in own.text


def test_a_duty_is_added_ended_and_followed_again(own: Browser, sqlite_database: Database) -> None:
    page = f"{HUE}/them"
    own.open(page)
    fields = {
        "report": "Báo cáo chuyên đề thử nghiệm",
        "basis": "Văn bản thử nghiệm số 2",
        "form": "general",
        "senders": ["departments"],
        "recipients": ["46-SCT"],
        "follow_as": "monthly",
        "starts_on": "01/10/2026",
    }
    own.send(page, fields)
    assert "từ 1 đến 28" in own.text
    assert 'value="departments" checked' in own.page
    own.follow(own.send(page, fields | {"due_day": "7"}))
    assert "trước ngày 7 của tháng sau" in own.text
    [duty] = duties_added(sqlite_database)
    one = f"{HUE}/nhiem-vu/{duty.id}"
    own.follow(own.send(f"{one}/cham-dut"))
    assert "đã ngừng theo dõi từ ngày" in own.text
    own.follow(own.send(f"{one}/theo-doi-lai"))
    assert "Đã theo dõi lại" in own.text
    assert [len(facts(sqlite_database, f"duty.{done}")) for done in ("added", "ended", "resumed")] == [1, 1, 1]


def test_units_are_listed_searched_added_and_ended(own: Browser, sqlite_database: Database) -> None:
    add_person(sqlite_database, "sct@vidu.vn", role=Role.OFFICER, province_code="46", agency_code="46-SCT")
    own.open(f"{HUE}/don-vi")
    assert "Chưa có ai" in own.text
    own.open(f"{HUE}/don-vi?loai=department")
    assert len(own.page.split('name="chon"')) - 1 == 3
    own.open(f"{HUE}/don-vi?loai=department&thieu=1")
    assert "Sở Công Thương" not in own.text
    own.open(f"{HUE}/don-vi?tim=thuan+hoa")
    assert "phường Thuận Hóa" in own.text
    own.open(f"{HUE}/them-don-vi")
    own.send(f"{HUE}/them-don-vi", {"name": "Sở Y tế thành phố Huế", "kind": "department"})
    assert "đã có trong danh sách" in own.text
    own.follow(own.send(f"{HUE}/them-don-vi", {"name": "Sở Thử Nghiệm", "kind": "department"}))
    assert "Báo cáo rà soát, kiểm tra thông tin sai sự thật" in own.text
    with sqlite_database.read() as session:
        code = session.scalars(select(ReportingUnit.code).where(ReportingUnit.name == "Sở Thử Nghiệm")).one()
    own.follow(own.send(f"{HUE}/don-vi/{code}/cham-dut"))
    assert "Ngừng theo dõi từ ngày" in own.text
    own.follow(own.send(f"{HUE}/don-vi/{code}/dung-lai"))
    assert own.send(f"{HUE}/don-vi/46-SYT/cham-dut").status_code == 400


def test_many_units_are_pasted_and_nothing_typed_is_lost(own: Browser, sqlite_database: Database) -> None:
    page = f"{HUE}/dan-don-vi"
    own.open(page)
    lines = "Sở Một\tsở\tmot@vidu.vn\nSở Hai; không rõ\nSở Y tế thành phố Huế; sở\nSở Ba; sở; ba@vidu.vn; Trần Thử Ba"
    own.send(page, {"lines": lines, "do": "them", "seen": ""})
    with sqlite_database.read() as session:
        assert not session.scalars(select(ReportingUnit).where(ReportingUnit.added_at.is_not(None))).all()
    assert "Đã có, bỏ qua" in own.text
    seen = re.findall(r'name="seen" value="(\w+)"', own.page)[0]
    own.send(page, {"lines": lines.replace("\t", "; ") + "\nSở Bốn; sở", "do": "them", "seen": seen})
    assert staff(sqlite_database, "ba@vidu.vn") is None
    seen = re.findall(r'name="seen" value="(\w+)"', own.page)[0]
    own.send(page, {"lines": lines.replace("\t", "; ") + "\nSở Bốn; sở", "do": "them", "seen": seen})
    assert "Số đơn vị đã thêm" in own.text
    assert re.search(r"<textarea[^>]*>\s*Sở Hai; không rõ</textarea>", own.page)
    invited = staff(sqlite_database, "ba@vidu.vn")
    assert invited is not None
    assert (invited.role, invited.name) == (Role.REPORTING_UNIT, "Trần Thử Ba")


def test_people_are_invited_once_into_communes_and_other_units(own: Browser, sqlite_database: Database) -> None:
    own.open(f"{HUE}/moi?chon=tat-ca")
    first = re.findall(r"Ủy ban nhân dân phường Thuận Hóa; ;", own.page)
    assert len(first) == 1
    lines = (
        "P. Thuận Hóa; Lê Thử Xã; xa@vidu.vn\n"
        "46-BAO; Lê Thử Báo; bao@vidu.vn\n"
        "xã Không Có; Lê Thử Sai; sai@vidu.vn\n"
        "Ủy ban nhân dân phường Phú Xuân; ;"
    )
    page = f"{HUE}/moi"
    own.send(page, {"lines": lines})
    assert "Chưa điền người, bỏ qua" in own.text
    assert "Dòng cần sửa: 1" in own.text
    seen = re.findall(r'name="seen" value="(\w+)"', own.page)[0]
    for _twice in range(2):
        own.send(page, {"lines": lines, "do": "them", "seen": seen})
    commune, press = staff(sqlite_database, "xa@vidu.vn"), staff(sqlite_database, "bao@vidu.vn")
    assert commune is not None
    assert press is not None
    assert commune.role is Role.COMMUNE_OFFICER
    assert commune.commune_code is not None
    assert (press.role, press.unit_code, press.agency_code) == (Role.REPORTING_UNIT, "46-BAO", None)
    assert staff(sqlite_database, "sai@vidu.vn") is None
    with sqlite_database.read() as session:
        assert session.scalar(select(func.count()).where(Message.kind == "staff_link")) == 2
    own.open(f"{HUE}/don-vi/46-BAO")
    assert "Lê Thử Báo" in own.text


def test_a_person_is_added_to_a_unit(own: Browser, sqlite_database: Database) -> None:
    page = "/quan-tri/can-bo/them/46"
    own.open(page)
    fields = {"name": "Lê Thử Đài", "email": "dai@vidu.vn", "role": "reporting_unit", "agency": "46-SCT", "unit": ""}
    own.send(page, fields)
    assert "thuộc về một đơn vị báo cáo" in own.text
    own.follow(own.send(page, fields | {"unit": "46-BAO"}))
    assert "Báo và Phát thanh, Truyền hình Huế" in own.text


def test_the_figures_become_public_by_a_decision_that_is_explained(own: Browser, sqlite_database: Database) -> None:
    def published() -> bool:
        with sqlite_database.read() as session:
            return province_settings(session.get_one(Province, "46")).publish_coverage

    page = "/quan-tri/46/so-lieu-cong-khai"
    own.open("/quan-tri/san-sang/46")
    assert page in own.page
    own.open(page)
    assert "tên của người chưa ký" in own.text
    for wanted, words in (("public", "Ai cũng đọc được"), ("kept", "Chỉ cán bộ đọc được")):
        own.follow(own.send(page, {"publish": wanted}))
        assert words in own.text
        assert published() is (wanted == "public")
        own.open(page)
    assert [data["after"] for data in facts(sqlite_database, "province.decided")] == [
        {"publish_coverage": True},
        {"publish_coverage": False},
    ]
