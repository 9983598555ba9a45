"""A passkey with the browser's own authenticator, and the warning before a session ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import update

from pledges.accounts.models import StaffSession
from pledges.accounts.rules import FRESH
from pledges.core.calendar import system_clock
from pledges.core.db import Database
from tests.browser.conftest import PHONE
from tests.support.live_server import LiveServer
from tests.support.pages import assert_accessible, assert_fits
from tests.support.staff import PASSWORD, add_person

EMAIL = "khoa-truy-cap@vidu.vn"


def authenticator_of(page: Page) -> None:
    """A telephone with a fingerprint, as Chromium imitates it."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def age_sessions(database: Database, **columns: timedelta) -> None:
    """Set times of all sessions back."""
    values = {name: system_clock() - ago for name, ago in columns.items()}
    database.run(lambda session: session.execute(update(StaffSession).values(values)))


def look(page: Page) -> None:
    assert_fits(page)
    assert_accessible(page)


def test_enrol_sign_in_and_confirm_with_a_passkey(
    new_context: Callable[..., BrowserContext], live_server: LiveServer, complaints: list[str]
) -> None:
    """At `localhost`: browsers give passkeys to names only, and the other tests are at a number."""
    add_person(live_server.database, EMAIL, province_code="46")
    page, site = new_context(viewport=PHONE).new_page(), f"http://localhost:{live_server.port}"
    authenticator_of(page)
    page.goto(f"{site}/can-bo")
    page.get_by_label("Thư điện tử").fill(EMAIL)
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập", exact=True).click()
    page.get_by_label("Tên gọi khóa truy cập").fill("máy thử nghiệm")
    page.get_by_role("button", name="Tạo khóa truy cập").click()
    expect(page.locator("[data-recovery-code]")).to_have_count(10)
    page.get_by_role("link", name="Tôi đã cất các mã này").click()
    page.get_by_role("button", name="Đăng xuất").click()
    page.goto(f"{site}/can-bo/phien")
    look(page)
    page.get_by_role("button", name="Đăng nhập bằng khóa truy cập").click()
    expect(page.get_by_role("heading", name="Phiên đăng nhập")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Chrome, ")
    look(page)

    age_sessions(live_server.database, confirmed_at=FRESH)
    page.goto(f"{site}/can-bo/bao-mat")
    look(page)
    page.get_by_role("button", name="Tạo mã dự phòng mới").click()
    expect(page.get_by_role("heading", name="Xác nhận lại là bạn")).to_be_visible()
    look(page)
    page.get_by_role("button", name="Dùng khóa truy cập").click()
    expect(page.locator("[data-recovery-code]")).to_have_count(10)

    _warned(page, site, live_server.database)
    complaints[:] = [line for line in complaints if "another host: http://localhost" not in line]


def _warned(page: Page, site: str, database: Database) -> None:
    """Two minutes before the end a dialog holds the focus; staying closes it, and the end keeps what was typed."""
    page.goto(f"{site}/can-bo/bao-mat/mat-khau")
    dialog = page.locator("dialog[data-idle]")
    expect(dialog).to_be_hidden()
    age_sessions(database, last_seen_at=timedelta(minutes=28, seconds=30))
    # The page is opened as in another tab that has been looked at for long: in the background nobody is seen.
    page.set_extra_http_headers({"X-Fragment": "1"})
    page.goto(f"{site}/can-bo/bao-mat/mat-khau")
    page.set_extra_http_headers({})
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("button", name="Ở lại")).to_be_focused()
    assert_accessible(page)
    for _ in range(5):
        page.keyboard.press("Tab")
        outside = "() => document.activeElement !== document.body && !document.activeElement.closest('dialog')"
        assert not page.evaluate(outside)
    dialog.get_by_role("button", name="Ở lại").click()
    expect(dialog).to_be_hidden()

    age_sessions(database, last_seen_at=timedelta(minutes=29, seconds=57))
    page.set_extra_http_headers({"X-Fragment": "1"})
    page.goto(f"{site}/can-bo/bao-mat/mat-khau")
    page.set_extra_http_headers({})
    expect(dialog).to_contain_text("Những gì bạn đã gõ còn trên trang này", timeout=10_000)
    expect(dialog.get_by_role("link")).to_be_focused()
    dialog.get_by_role("button", name="Đóng").click()
    expect(dialog).to_be_hidden()
