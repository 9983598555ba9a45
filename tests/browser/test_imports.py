"""A list on its whole way in a real browser: file, columns, preview, a clash, into the register, and taken back."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from pledges.accounts.models import Role
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.people import sign_in_at
from tests.support.live_server import LiveServer
from tests.support.pages import assert_accessible, assert_errors_tied, assert_fits
from tests.support.staff import add_person
from tests.support.workbooks import xlsx

PROVINCE, AGENCY = "20", "20-SCT"
PATIENCE = 20_000
PLACE = "Số 1 đường Thử Nghiệm, phường Tam Thanh, tỉnh Lạng Sơn"
LONG = "Công ty trách nhiệm hữu hạn một thành viên sản xuất, thương mại và dịch vụ thử nghiệm Hoàng Văn Thụ"
HEADINGS = ["STT", "Tên cơ sở", "MST", "Địa chỉ", "Điện thoại", "Website"]


def sheet(mark: str) -> bytes:
    """Five rows with one clash among them; names and addresses are invented."""
    return xlsx(
        [
            ["DANH SÁCH CƠ SỞ (thử nghiệm)"],
            HEADINGS,
            [1, f"{LONG} {mark}", "0101243150", PLACE, "0205 3812 345; 0905123456", f"mot-{mark}-thu-nghiem.vn"],
            [2, f"Quán bún khác xa {mark}", "0101243150", PLACE, "", f"mot-{mark}-thu-nghiem.vn"],
            [3, f"Cửa hàng thử nghiệm {mark}", "", PLACE, "không có", f"ba-{mark}-thu-nghiem.vn"],
            [4, "Cửa hàng ở Huế", "", "12 Lê Lợi, phường Thuận Hóa, thành phố Huế", "", ""],
            [5, "", "", "", "", ""],
        ]
    )


def look(page: Page, name: str) -> None:
    """On both screens; with `LOOK` a picture is kept."""
    page.wait_for_load_state()
    for screen in (PHONE, DESKTOP):
        page.set_viewport_size(screen)  # type: ignore[arg-type]
        assert_fits(page)
        if folder := os.environ.get("LOOK"):
            page.screenshot(path=Path(folder) / f"{name}-{screen['width']}.png", full_page=True)
    assert_accessible(page)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).or_(page.get_by_role("link", name=name, exact=True)).first.click()


def wait_for(page: Page, words: str, *, scripts: bool) -> None:
    """Until the worker is through: with scripts the page tells, without them it loads itself anew."""
    if scripts:
        expect(page.locator("main")).to_contain_text("Đã xong bước này", timeout=PATIENCE)
        press(page, "Xem kết quả")
    expect(page.locator("main")).to_contain_text(words, timeout=PATIENCE)


@pytest.mark.parametrize("scripts", [True], ids=["with scripts"])  # without them: tests/web/officer/test_imports.py
def test_a_list_and_back(
    new_context: Callable[..., BrowserContext], live_server: LiveServer, tmp_path: Path, scripts: bool
) -> None:
    mark = "a" if scripts else "b"
    email = f"nhap.{mark}@vidu.vn"
    add_person(live_server.database, email, role=Role.OFFICER, province_code=PROVINCE, agency_code=AGENCY)
    page = new_context(viewport=DESKTOP, java_script_enabled=scripts).new_page()
    look_at: Callable[[Page, str], None] = look if scripts else lambda _page, _name: None
    page.goto("/can-bo/nhap/moi")
    sign_in_at(page, email)
    file = tmp_path / f"danh-sach-{mark}.xlsx"
    file.write_bytes(sheet(mark))
    page.get_by_label("Tệp danh sách").set_input_files(file)
    press(page, "Gửi tệp")
    if scripts:
        assert_errors_tied(page)
    look_at(page, "new-wrong")
    page.get_by_label("Tên danh sách").fill(f"Danh bạ thử nghiệm của Sở {mark}")
    page.get_by_label("Người bán hàng trên sàn, mạng xã hội").check()
    page.get_by_label("Danh sách đúng vào ngày nào?").fill("05/01/2026")
    press(page, "Gửi tệp")
    wait_for(page, "Hệ thống đã đoán mỗi cột nói gì", scripts=scripts)
    look_at(page, "columns")
    expect(page.get_by_label("Cột C: MST")).to_have_value("tax_code")
    press(page, "Đối chiếu với danh sách đối tượng")
    wait_for(page, "Xem trước: chưa ghi gì", scripts=scripts)
    look_at(page, "preview")
    press(page, "Quyết định lần lượt")
    look_at(page, "clash")
    page.get_by_label("Là đối tượng mới, chưa có trong danh sách").check()
    press(page, "Ghi quyết định")
    expect(page.locator("main")).to_contain_text("Đã quyết định mọi dòng")
    press(page, "Ghi vào danh sách đối tượng")
    press(page, "Ghi vào danh sách đối tượng")
    wait_for(page, "Đối tượng mới: 3", scripts=scripts)
    if not scripts:
        return
    press(page, "Rút lại danh sách này")
    press(page, "Rút lại")
    wait_for(page, "Danh sách này đã được rút lại", scripts=True)
    page.goto("/can-bo/nhap")
    look(page, "lists")
