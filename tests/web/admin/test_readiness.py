from __future__ import annotations

import re
import uuid
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pledges.accounts.models import Role
from pledges.audit.models import Fact
from pledges.core.db import Database
from pledges.documents.agency_keys import AgencyKeys
from pledges.messaging.models import Message, MessageState
from pledges.plans.models import Agency, Plan, Province, TextApproval
from pledges.product import Product
from tests.support.browsing import Browser
from tests.support.clock import START, FixedClock
from tests.support.staff import add_person, sign_in

LIST = "/quan-tri/san-sang"
PAGE = "/quan-tri/san-sang/20"


@pytest.fixture
def administrator(visitor: Browser, sqlite_database: Database) -> Browser:
    add_person(sqlite_database)
    sign_in(visitor)
    return visitor


def facts(database: Database, kind: str) -> list[Fact]:
    with database.read() as session:
        return list(session.scalars(select(Fact).where(Fact.kind == kind)))


def wording_links(page: str) -> list[str]:
    return sorted(set(re.findall(r'href="(/quan-tri/san-sang/20/mau/[^"]+)"', page)))


def test_from_the_first_page_to_a_province(administrator: Browser) -> None:
    administrator.open("/can-bo")
    assert LIST in administrator.page
    administrator.open(LIST)
    for name in ("tỉnh Lạng Sơn", "tỉnh Đồng Tháp", "thành phố Huế"):
        assert name in administrator.text
    administrator.open(PAGE)
    for words in ("Mức độ sẵn sàng: tỉnh Lạng Sơn", "DỰ THẢO", "Sở Công Thương tỉnh Lạng Sơn", "khóa THỬ NGHIỆM"):
        assert words in administrator.text
    assert administrator.open("/quan-tri").headers["Location"] == LIST


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_other_roles_are_refused(app: Flask, sqlite_database: Database, role: Role) -> None:
    agency = "20-SCT" if role in {Role.OFFICER, Role.APPROVER, Role.REPORTING_UNIT} else None
    commune = "05977" if role is Role.COMMUNE_OFFICER else None
    add_person(sqlite_database, "khac@vidu.vn", role=role, province_code="20", agency_code=agency, commune_code=commune)
    other = Browser(app)
    sign_in(other, "khac@vidu.vn")
    form = other.page
    for path in ("/quan-tri", LIST, PAGE, f"{PAGE}/thong-tin", f"{PAGE}/ke-hoach", f"{PAGE}/co-quan/20-SCT"):
        assert other.open(path).status_code == 403
        other.page = form
        assert other.send(path, {"retention": "x"}).status_code in {403, 405}


def test_nobody_gets_in_without_signing_in(visitor: Browser) -> None:
    response = visitor.open(PAGE)
    assert response.status_code == 303
    assert response.headers["Location"] == f"/can-bo/dang-nhap?next={PAGE}"


def test_an_administrator_of_one_province_sees_no_other(app: Flask, sqlite_database: Database) -> None:
    add_person(sqlite_database, "ls@vidu.vn", province_code="20")
    own = Browser(app)
    sign_in(own, "ls@vidu.vn")
    assert own.open(LIST).headers["Location"] == PAGE
    assert own.open(PAGE).status_code == 200
    assert own.open("/quan-tri/san-sang/46").status_code == 404
    foreign = re.sub("[0-9a-f]{16}", "", own.text)
    assert own.open("/quan-tri/san-sang/99").status_code == 404
    assert re.sub("[0-9a-f]{16}", "", own.text) == foreign
    own.open(f"{PAGE}/thong-tin")
    response = own.send("/quan-tri/san-sang/46/thong-tin", {"retention": "x", "consent_basis": "task"})
    assert response.status_code == 404
    assert facts(sqlite_database, "province.decided") == []


class TestEdits:
    def test_retention_contact_hotline_and_basis(self, administrator: Browser, sqlite_database: Database) -> None:
        address = f"{PAGE}/thong-tin"
        administrator.open(address)
        fields = {
            "retention": "05 năm  kể từ ngày ký",
            "data_contact": "Văn phòng Sở (dữ liệu giả định)",
            "hotline": "1900 0000",
            "consent_basis": "task",
        }
        administrator.follow(administrator.send(address, fields))
        assert "Đã lưu" in administrator.text
        for shown in ("05 năm kể từ ngày ký", "Văn phòng Sở", "1900 0000", "Nhiệm vụ của cơ quan nhà nước"):
            assert shown in administrator.text
        with sqlite_database.read() as session:
            settings = session.get_one(Province, "20").settings
        assert (settings["retention"], settings["consent_decided"]) == ("05 năm kể từ ngày ký", True)
        [fact] = facts(sqlite_database, "province.decided")
        assert sorted(fact.data["names"]) == [
            "consent_basis",
            "consent_decided",
            "data_contact",
            "hotline",
            "retention",
        ]
        administrator.open(address)
        assert 'value="task" checked' in administrator.page

    def test_the_number_and_day_of_the_plan(self, administrator: Browser, sqlite_database: Database) -> None:
        address = f"{PAGE}/ke-hoach"
        administrator.open(address)
        assert administrator.send(address, {"number": "00/KH-UBND", "issued_on": "31/02/2026"}).status_code == 200
        assert "Ngày chưa đúng" in administrator.text
        assert 'value="31/02/2026"' in administrator.page
        administrator.follow(administrator.send(address, {"number": "00/KH-UBND", "issued_on": "9/2/2026"}))
        assert "09/02/2026" in administrator.text
        with sqlite_database.read() as session:
            plan = session.scalars(select(Plan).where(Plan.province_code == "20", Plan.operative)).one()
        assert (plan.number, str(plan.issued_on)) == ("00/KH-UBND", "2026-02-09")

    def test_the_signing_title(self, administrator: Browser, sqlite_database: Database) -> None:
        address = f"{PAGE}/co-quan/20-SCT"
        administrator.open(address)
        administrator.follow(
            administrator.send(
                address, {"signing_title": "KT. GIÁM ĐỐC – PHÓ GIÁM ĐỐC", "signature_method": "named_approver"}
            )
        )
        assert "KT. GIÁM ĐỐC – PHÓ GIÁM ĐỐC" in administrator.text
        with sqlite_database.read() as session:
            agency = session.get_one(Agency, ("20", "20-SCT"))
        assert (agency.signing_title, agency.signature_method) == ("KT. GIÁM ĐỐC – PHÓ GIÁM ĐỐC", "named_approver")
        assert administrator.open(f"{PAGE}/co-quan/46-SCT").status_code == 404

    def test_sending_the_same_again_records_nothing(self, administrator: Browser, sqlite_database: Database) -> None:
        for _ in range(2):
            administrator.open(f"{PAGE}/co-quan/20-SCT")
            administrator.send(f"{PAGE}/co-quan/20-SCT", {"signing_title": "GIÁM ĐỐC", "signature_method": "key"})
        assert len(facts(sqlite_database, "province.decided")) == 1

    @pytest.mark.parametrize(
        "wrong", ["<b>GIÁM ĐỐC</b>", "GIÁM\u202eĐỐC", "x" * 201], ids=["markup", "direction", "too long"]
    )
    def test_bad_text_is_refused_at_the_field_and_kept(
        self, administrator: Browser, sqlite_database: Database, wrong: str
    ) -> None:
        administrator.open(f"{PAGE}/co-quan/20-SCT")
        administrator.send(f"{PAGE}/co-quan/20-SCT", {"signing_title": wrong, "signature_method": "key"})
        assert 'aria-invalid="true"' in administrator.page
        assert facts(sqlite_database, "province.decided") == []

    def test_a_field_that_is_no_decision_is_ignored(self, administrator: Browser, sqlite_database: Database) -> None:
        administrator.open(f"{PAGE}/co-quan/20-SCT")
        fields = {
            "signing_title": "GIÁM ĐỐC",
            "signature_method": "key",
            "name": "Khác",
            "code": "X",
            "field": "health",
        }
        administrator.send(f"{PAGE}/co-quan/20-SCT", fields)
        with sqlite_database.read() as session:
            agency = session.get_one(Agency, ("20", "20-SCT"))
        assert (agency.name, agency.field) == ("Sở Công Thương tỉnh Lạng Sơn", "trade")


def keyless(page: Browser) -> int:
    found = re.search(r"(\d+) cơ quan chưa có khóa ký số thật dùng được", page.text)
    assert found is not None
    return int(found.group(1))


def test_an_agency_that_signs_with_its_own_key_needs_one_that_works(
    app: Flask, small_product: Product, administrator: Browser, tmp_path: Path
) -> None:
    """A trial key is no key to sign with for real, and a missing one is told with its reason."""
    address = f"{PAGE}/co-quan/20-SCT"
    administrator.open(PAGE)
    before = keyless(administrator)
    assert "khóa THỬ NGHIỆM" in administrator.open(address).text
    keys = AgencyKeys(tmp_path, trials=tmp_path / "trials", location="", production=True)
    app.extensions["product"] = replace(small_product, agency_keys=keys)
    administrator.open(PAGE)
    assert "Ký số bằng khóa của cơ quan: chưa dùng được" in administrator.text
    administrator.open(address)
    assert "Khóa chưa dùng được" in administrator.text
    fields = {"signing_title": "GIÁM ĐỐC", "signature_method": "named_approver"}
    administrator.follow(administrator.send(address, fields))
    assert keyless(administrator) == before - 1
    assert "Niêm phong của hệ thống, ghi tên người duyệt" in administrator.text


def test_mail_in_trouble_is_shown(administrator: Browser, sqlite_database: Database, clock: FixedClock) -> None:
    def write(session: Session) -> None:
        for number, state in enumerate((MessageState.QUEUED, MessageState.FAILED, MessageState.UNCERTAIN)):
            session.add(
                Message(
                    province_code="20",
                    kind="code",
                    dedupe_key=f"thu:{number}",
                    to_address="nguoi-nhan@vidu.vn",
                    params={},
                    state=state,
                    created_at=clock() - timedelta(minutes=40),
                    next_attempt_at=clock(),
                    message_id=f"<{number}@vidu.vn>",
                )
            )

    sqlite_database.run(write)
    administrator.open(PAGE)
    assert "Thư chờ lâu nhất đã 40 phút" in administrator.text
    assert "1 thư không gửi được, 1 thư không rõ" in administrator.text
    administrator.open("/quan-tri/san-sang/46")
    assert "Thư chờ lâu nhất" not in administrator.text


def test_a_province_that_has_decided_everything_only_waits_for_a_real_seal(
    administrator: Browser, sqlite_database: Database
) -> None:
    def decide_all(session: Session) -> None:
        session.execute(update(Agency).values(signing_title="GIÁM ĐỐC", signature_method="named_approver"))
        session.execute(update(Plan).values(number="00/KH-UBND"))
        plan = session.scalars(select(Plan).where(Plan.province_code == "20", Plan.operative)).one()
        plan.issued_on = date(2026, 2, 9)
        province = session.get_one(Province, "20")
        decided = {"retention": "05 năm", "data_contact": "Văn phòng", "hotline": "1900", "consent_decided": True}
        province.settings = province.settings | decided

    sqlite_database.run(decide_all)
    administrator.open(PAGE)
    texts = [uuid.UUID(address.rpartition("/")[2]) for address in wording_links(administrator.page)]
    approved = [
        TextApproval(province_code="20", pledge_text_id=each, approved_at=START, approved_by="x") for each in texts
    ]
    sqlite_database.run(lambda session: session.add_all(approved))
    administrator.open(PAGE)
    assert "DỰ THẢO" not in administrator.text.split("Mẫu cam kết")[0]
    assert "Còn 2 việc trước khi ký thật" in administrator.text
    assert "1 văn bản chưa có số và ngày" in administrator.text
    assert "Đang dùng khóa THỬ NGHIỆM" in administrator.text
