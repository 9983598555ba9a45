"""A citizen reports from a telephone, a department decides at its desk, and the code tells what became of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from pledges.accounts.models import Role
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.people import sign_in_at
from tests.browser.walking import assert_vietnamese
from tests.support.live_server import LiveServer
from tests.support.pages import assert_accessible, assert_errors_tied, assert_fits
from tests.support.pictures import photo_with_place
from tests.support.signing import HUE
from tests.support.staff import add_person
from tests.support.tips import TRADE

Contexts = Callable[..., BrowserContext]


def look(page: Page, *, closely: bool = False) -> None:
    assert_fits(page)
    assert_vietnamese(page)
    if closely:
        assert_accessible(page)


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_from_a_telephone_to_the_register(
    new_context: Contexts, live_server: LiveServer, tmp_path: Path, scripts: bool
) -> None:
    address = f"trang-thu-{'a' if scripts else 'b'}.vn"
    picture = tmp_path / "anh.jpg"
    picture.write_bytes(photo_with_place())
    citizen = new_context(viewport=PHONE, java_script_enabled=scripts).new_page()
    citizen.goto(f"/bao-trang-web?tinh={HUE}")
    look(citizen)
    if scripts:
        expect(citizen.locator("input[data-work]")).not_to_have_value("", timeout=20_000)
    citizen.get_by_label("Địa chỉ trang, tài khoản").fill(f"https://www.{address}/khuyen-mai")
    citizen.get_by_label("Ảnh chụp").set_input_files(picture)
    # Nobody reads the page in less than three seconds; who does is told to press again, and keeps everything.
    citizen.wait_for_timeout(3000)
    citizen.get_by_role("button", name="Gửi tin báo").click()
    assert_errors_tied(citizen)
    expect(citizen.get_by_text("Đã giữ số ảnh: 1")).to_be_visible()
    look(citizen, closely=scripts)
    citizen.get_by_label("Trang web hoặc ứng dụng bán hàng").check()
    citizen.get_by_role("button", name="Gửi tin báo").click()
    expect(citizen.get_by_role("heading", name="Đã nhận tin báo")).to_be_visible()
    look(citizen)
    code = citizen.locator(".reference").inner_text()

    email = f"tin-bao-{'a' if scripts else 'b'}@vidu.vn"
    add_person(live_server.database, email, role=Role.OFFICER, province_code=HUE, agency_code=TRADE)
    officer = new_context(viewport=DESKTOP, java_script_enabled=scripts).new_page()
    officer.goto("/can-bo/tin-bao")
    sign_in_at(officer, email)
    row = officer.get_by_role("row").filter(has_text=address)
    expect(row.get_by_text("Chưa qua kiểm tra tự động")).to_have_count(0 if scripts else 1)
    row.get_by_role("link").click()
    expect(officer.get_by_role("img", name="Ảnh 1 do người báo tin gửi")).to_be_visible()
    look(officer, closely=scripts)
    officer.get_by_text("Xác nhận: thêm vào danh sách").click()
    officer.get_by_label("Tên đối tượng").fill("Cửa hàng thử nghiệm")
    officer.get_by_role("button", name="Xác nhận tin báo").click()
    expect(officer.get_by_text("Đã xác nhận tin báo")).to_be_visible()

    citizen.get_by_role("link", name="Theo dõi tin báo").click()
    citizen.get_by_label("Mã theo dõi").fill(code)
    citizen.get_by_role("button", name="Xem kết quả").click()
    expect(citizen.get_by_text("Cơ quan đã xác nhận")).to_be_visible()
    look(citizen)
