"""Coverage on pages: every figure opens as many lines as it says, who sees what of whom, and files with a reason."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook
from sqlalchemy import select
from werkzeug.test import TestResponse

from pledges.accounts.models import Role, Staff
from pledges.accounts.operations import begin_session
from pledges.audit.models import Fact
from pledges.audit.operations import WHOLE_SYSTEM
from pledges.product import Product
from pledges.reporting.nation import count_subjects
from pledges.rounds.closing import Closing
from pledges.rounds.list_models import Group
from tests.support.checked_pages import CheckedClient, Page
from tests.support.clock import FixedClock
from tests.support.desk import form_to
from tests.support.office import as_pdf
from tests.support.pdf_tools import assert_sound, squeezed, text_of
from tests.support.signing import HUE
from tests.support.staff import add_person
from tests.unit.reporting.played import Quarterly
from tests.unit.rounds.quarter import AGENCY

FIGURES = "/can-bo/so-lieu"
OWN = f"{FIGURES}/{HUE}/{AGENCY}"
REASON = "Báo cáo quý gửi thành phố (thử nghiệm)"


class Readers:
    """People who look at the figures of a quarter that has been played."""

    def __init__(self, product: Product, app: Flask, clock: FixedClock) -> None:
        self.product, self.app, self.clock = product, app, clock
        self.played = Quarterly(product.database, clock, product.vault)

    def at(self, role: Role, province: str = HUE, **where: str) -> CheckedClient:
        email = f"{role.value}.{len(where)}@vidu.vn".replace("_", ".")
        staff = add_person(self.product.database, email, role=role, province_code=province, ready=False, **where)
        return self.sign_in(staff)

    def sign_in(self, staff: Staff) -> CheckedClient:
        browser = CheckedClient(self.app)
        token = self.product.database.run(lambda session: begin_session(session, staff, self.clock()))
        with browser.client.session_transaction() as cookie:
            cookie.update({"staff": token, "_user_id": staff.fs_uniquifier})
        return browser

    def officer(self) -> CheckedClient:
        return self.at(Role.OFFICER, agency_code=AGENCY)


@pytest.fixture
def readers(small_product: Product, app: Flask, clock: FixedClock) -> Readers:
    return Readers(small_product, app, clock)


def links_to_lists(page: Page) -> dict[str, str]:
    """Per address of a list the figure that opens it."""
    found = re.findall(r'<a href="([^"]*/doi-tuong[^"]*)">([\d.]+)</a>', page.text)
    links: dict[str, str] = {}
    for address, number in found:
        if f"{FIGURES}/" in address:
            assert links.setdefault(address.replace("&amp;", "&"), number) == number, address
    return links


def test_every_figure_opens_as_many_lines_as_it_says(readers: Readers) -> None:
    browser = readers.officer()
    groups = set()
    for day in ("", "?ngay=31/12/2026", "?ngay=20/11/2026"):
        page = browser.get(FIGURES + day)
        communes = browser.get(f"{FIGURES}{day}{'&' if day else '?'}theo=xa")
        links = links_to_lists(page) | links_to_lists(communes)
        assert len(links) > 12
        for address, number in links.items():
            listed = browser.get(address)
            assert f"{number} dòng" in listed.text, address
            assert listed.text.count('role="rowheader"') == int(number), address
            groups |= set(re.findall(r"phan=(\w+)", address))
    assert groups == {group.value for group in Group} | {"chua"}


def test_the_page_says_what_it_counts(readers: Readers) -> None:
    browser = readers.officer()
    page = browser.get(FIGURES)
    for words in ("Sở Công Thương", "Mục tiêu 100%", "kế hoạch không ghi tỷ lệ", "Chưa lần nào", "mẫu số có thể thiếu"):
        assert words in page.text
    assert "chưa có số liệu" in page.text, "entries without anybody have no share"
    narrowed = browser.get(f"{FIGURES}?muc=46-website")
    assert "Chỉ nghĩa vụ:" in narrowed.text
    wrong = browser.get(f"{FIGURES}?ngay=31/12/2099", status=400)
    assert "Hãy chọn một ngày đã qua." in wrong.text
    Closing(readers.product.database, readers.product.storage, readers.clock).close((HUE, readers.played.round.id))
    frozen = browser.get(f"{FIGURES}?ngay=31/12/2026")
    assert "theo số liệu đã chốt của quý" in frozen.text


def test_a_viewer_sees_all_agencies_and_no_names(readers: Readers) -> None:
    viewer = readers.at(Role.PROVINCE_VIEWER)
    page = viewer.get(FIGURES)
    for name in ("Sở Công Thương", "Sở Văn hóa và Thể thao", "Sở Y tế"):
        assert name in page.text
    assert OWN in page.text
    own = viewer.get(OWN)
    assert not links_to_lists(page)
    assert not links_to_lists(own)
    viewer.get(f"{OWN}/doi-tuong", status=403)
    viewer.get(f"{FIGURES}/20", status=404)
    officer = readers.officer()
    officer.get(f"{FIGURES}/{HUE}", status=404)
    officer.get(f"{FIGURES}/{HUE}/46-SYT", status=404)
    readers.at(Role.COMMUNE_OFFICER, commune_code="19753").get(FIGURES, status=403)


def test_the_administrators_of_the_system_compare_provinces(readers: Readers) -> None:
    administrator = readers.at(Role.ADMINISTRATOR, WHOLE_SYSTEM)
    page = administrator.get(FIGURES)
    assert "thành phố Huế" in page.text
    assert "lần đếm đầu tiên chạy đêm nay" in page.text
    count_subjects(readers.product.database, readers.clock)
    assert "Đếm mỗi đối tượng một lần" in administrator.get(f"{FIGURES}?ngay=31/12/2026").text
    assert "Sở Y tế" in administrator.get(f"{FIGURES}/{HUE}").text
    administrator.get(f"{FIGURES}/99", status=404)


# --- Files -----------------------------------------------------------------------------------------------------------


def take(browser: CheckedClient, address: str, kind: str, reason: str = REASON) -> TestResponse:
    page = browser.get(address)
    form = form_to(page, "/tep")
    action = page.all("//form[@method='post']")[form].get("action")
    return browser.client.post(action, data={**page.fields(form), "format": kind, "reason": reason})


def test_files_leave_with_a_reason_in_the_log(readers: Readers, tmp_path: Path) -> None:
    browser = readers.officer()
    refused = take(browser, FIGURES, "csv", "vì cần")
    assert refused.status_code == 400
    assert "ít nhất 10 ký tự" in refused.text
    taken = take(browser, f"{FIGURES}?ngay=31/12/2026", "csv")
    assert taken.headers["Cache-Control"] == "no-store"
    assert "so-lieu-46-SCT-2026Q4-2026-12-31.csv" in taken.headers["Content-Disposition"]
    rows = [row for row in csv.reader(io.StringIO(taken.data.decode("utf-8-sig"))) if not row[0].startswith("#")]
    assert all(int(row[8]) == sum(map(int, row[9:15])) for row in rows[1:])
    paper = tmp_path / "rollup.pdf"
    paper.write_bytes(take(browser, FIGURES, "pdf").data)
    assert_sound(paper.read_bytes(), tmp_path)
    for words in ("SỐ LIỆU KÝ CAM KẾT", REASON, "Theo xã, phường, đặc khu", "Mục tiêu 100%"):
        assert words in text_of(paper.read_bytes(), tmp_path)
    with readers.product.database.read() as session:
        facts = session.scalars(select(Fact).where(Fact.kind == "report.exported").order_by(Fact.recorded_at)).all()
    assert [(fact.data["format"], fact.data["as_of"], fact.data["lists"]) for fact in facts] == [
        ("csv", "2026-12-31", False),
        ("pdf", "2027-01-01", False),
    ]
    assert {fact.data["reason"] for fact in facts} == {REASON}


def test_the_workbook_has_numbers_sums_and_for_its_agency_the_lists(readers: Readers, tmp_path: Path) -> None:
    content = take(readers.officer(), FIGURES, "xlsx").data
    (tmp_path / "rollup.xlsx").write_bytes(content)
    [printed] = as_pdf(tmp_path, tmp_path / "rollup.xlsx")
    for words in ("SỐ LIỆU KÝ CAM KẾT", "Chênh lệch (phải bằng 0)", "Danh sách chưa cam kết", "SHA-256"):
        assert squeezed(words) in squeezed(text_of(printed, tmp_path))
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    figures = ["Tổng hợp", "Theo xã", "Theo nhóm", "Chi tiết"]
    behind = ["Danh sách đã chốt", "Thông tin"]
    assert book.sheet_names == [*figures, "DS chưa cam kết", "DS đã cam kết", *behind]
    rows = book.get_sheet_by_name("Tổng hợp").to_python()
    [total] = [row for row in rows if row[0] == "Cộng"]
    assert total[4] == sum(total[5:11]) == 8
    assert total[12] == 0
    listed = book.get_sheet_by_name("DS chưa cam kết").to_python()
    asked_on = listed[3].index("Ngày được mời")
    assert {type(row[0]) for row in listed[4:]} == {float}
    assert {type(row[asked_on]) for row in listed[4:]} >= {date}
    assert "không phải đề xuất hay căn cứ kiểm tra" in listed[2][0], "the caution stands on every file with the names"
    sheet = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml").decode()
    assert re.search(r"<f>SUM\(E5:E\d\)</f><v>8</v>", sheet), "sums are formulas"
    assert 'state="frozen"' in sheet
    with readers.product.database.read() as session:
        taken = session.scalars(select(Fact).where(Fact.kind == "list.exported")).all()
    assert {fact.data["list"] for fact in taken} == {"not_pledged", "pledged"}, "names are logged as lists are"
    assert {fact.data["reason"] for fact in taken} == {REASON}
    viewer = readers.at(Role.PROVINCE_VIEWER)
    plain = CalamineWorkbook.from_filelike(io.BytesIO(take(viewer, OWN, "xlsx").data))
    assert plain.sheet_names == [*figures, *behind]
