"""Staff in a real browser: from a mistyped password to a wording whose approval is asked, on the phone and the desk."""

from __future__ import annotations

from collections.abc import Callable

import pyotp
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import DESKTOP, PHONE
from tests.support.live_server import LiveServer
from tests.support.pages import assert_accessible, assert_errors_tied, assert_fits, back
from tests.support.staff import PASSWORD, add_person


def check(page: Page, *, scripts: bool) -> None:
    assert_fits(page)
    if scripts:
        assert_accessible(page)


@pytest.mark.parametrize(("size", "scripts"), [(PHONE, True), (DESKTOP, False)], ids=["phone", "desk without scripts"])
def test_sign_in_decide_and_sign_out(
    new_context: Callable[..., BrowserContext], live_server: LiveServer, size: dict[str, int], scripts: bool
) -> None:
    email = f"quan-tri-{'a' if scripts else 'b'}@vidu.vn"
    add_person(live_server.database, email, province_code="20" if scripts else "82")
    page = new_context(viewport=size, java_script_enabled=scripts).new_page()
    page.goto("/can-bo")
    page.get_by_label("Thư điện tử").fill(email)
    page.get_by_label("Mật khẩu").fill("không phải câu này")
    page.get_by_role("button", name="Đăng nhập").click()
    assert_errors_tied(page)
    check(page, scripts=scripts)
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập").click()
    code = page.get_by_label("Mã 6 chữ số trong ứng dụng xác thực")
    key = (page.locator("[data-application-key]").text_content() or "").replace(" ", "")
    code.fill("12345")
    page.get_by_role("button", name="Xác nhận mã").click()
    assert_errors_tied(page)
    check(page, scripts=scripts)
    code.fill(pyotp.TOTP(key).now())
    page.get_by_role("button", name="Xác nhận mã").click()
    expect(page.locator("[data-recovery-code]")).to_have_count(10)
    check(page, scripts=scripts)
    page.get_by_role("link", name="Tôi đã cất các mã này").click()
    expect(page.get_by_role("heading", name="Trang cán bộ")).to_be_visible()
    check(page, scripts=scripts)

    page.get_by_role("link", name="Mức độ sẵn sàng").click()
    expect(page.get_by_role("link", name="Thay đổi số")).to_be_visible()
    check(page, scripts=scripts)
    page.get_by_role("link", name="Thay đổi số").click()
    page.get_by_label("Ngày ban hành").fill("31/02/2026")
    page.get_by_role("button", name="Lưu").click()
    assert_errors_tied(page)
    page.get_by_label("Số của kế hoạch").fill("00/KH-THU")
    page.get_by_label("Ngày ban hành").fill("9/2/2026")
    check(page, scripts=scripts)
    page.get_by_role("button", name="Lưu").click()
    expect(page.get_by_text("00/KH-THU")).to_be_visible()

    page.get_by_role("link", name="Về quảng cáo, giới thiệu sản phẩm trung thực").click()
    expect(page.get_by_role("button", name="Đề nghị duyệt mẫu này")).to_be_visible()
    check(page, scripts=scripts)
    page.get_by_role("button", name="Đề nghị duyệt mẫu này").click()
    assert_errors_tied(page)
    page.get_by_label("Tôi đã đọc toàn bộ mẫu").check()
    page.get_by_role("button", name="Đề nghị duyệt mẫu này").click()
    expect(page.get_by_text("Chờ người khác duyệt", exact=True)).to_be_visible()

    for address in ("/quan-tri/cai-dat", "/quan-tri/khoa"):
        page.goto(address)
        check(page, scripts=scripts)

    page.get_by_role("button", name="Đăng xuất").click()
    expect(page.get_by_role("heading", name="Bạn đã đăng xuất")).to_be_visible()
    check(page, scripts=scripts)
    back(page)
    page.reload()
    expect(page.get_by_role("heading", name="Đăng nhập dành cho cán bộ")).to_be_visible()
