"""The desk in a real browser: ticking, keys, errors, and the same work without scripts. Whole journeys: elsewhere."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from pledges.accounts.models import Role
from pledges.core.calendar import system_clock
from pledges.core.secrecy import Vault
from pledges.settings import read_settings
from pledges.signing.models import Pledge
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.people import sign_in_at
from tests.support.live_server import LiveServer
from tests.support.pages import assert_accessible, assert_errors_tied, assert_fits
from tests.support.reviewing import submitted, submitted_copies
from tests.support.signing import DONG_THAP
from tests.support.staff import add_person

AGENCY = "82-SCT"


def sealed(server: LiveServer, pledge: Pledge) -> Pledge:
    """The pledge as soon as the worker has sealed it."""
    deadline = time.monotonic() + 60
    while True:
        with server.database.read() as session:
            found = session.get_one(Pledge, (pledge.province_code, pledge.id))
        if found.document_id is not None:
            return found
        assert time.monotonic() < deadline, server.log("worker")[-2000:]
        time.sleep(0.1)


@pytest.fixture(scope="module")
def files(live_server: LiveServer) -> int:
    """How many files wait for an officer of the agency; only this module uses it."""
    vault = Vault(read_settings(live_server.environ).data_key)
    first = submitted(
        live_server.database, now=system_clock(), vault=vault, number=880, province=DONG_THAP, sealed=False
    )
    return 1 + len(submitted_copies(live_server.database, sealed(live_server, first), 3, first=8800))


def at_the_desk(context: BrowserContext, server: LiveServer, email: str) -> Page:
    add_person(server.database, email, role=Role.OFFICER, province_code=DONG_THAP, agency_code=AGENCY)
    page = context.new_page()
    page.goto("/can-bo")
    sign_in_at(page, email)
    expect(page.get_by_role("heading", name="Trang cán bộ")).to_be_visible()
    return page


def look(page: Page) -> None:
    """On both screens; the pages without errors are looked at in the journeys."""
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    assert_fits(page)
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    assert_fits(page)
    assert_accessible(page)


def press_key(page: Page, key: str) -> None:
    """Keys work once the page says so."""
    expect(page.locator("[data-key-hint]")).to_be_visible()
    page.keyboard.press(key)


def test_keys_and_boxes(new_context: Callable[..., BrowserContext], live_server: LiveServer, files: int) -> None:
    page = at_the_desk(new_context(viewport=DESKTOP), live_server, "phim.tat@vidu.vn")
    page.get_by_role("link", name="Hàng đợi", exact=True).first.click()
    page.get_by_role("button", name="Đề nghị duyệt các hồ sơ đã chọn").click()
    assert_errors_tied(page)
    look(page)
    told = page.locator(".pick-count")
    expect(told).to_have_text("Đã chọn 0 hồ sơ trên trang này.")
    everything = page.get_by_label("Chọn mọi hồ sơ chọn được trên trang này")
    everything.focus()
    page.keyboard.press("Space")
    expect(told).to_have_text(f"Đã chọn {files} hồ sơ trên trang này.")
    page.locator("[name=chon]").first.focus()
    page.keyboard.press("Space")
    expect(told).to_have_text(f"Đã chọn {files - 1} hồ sơ trên trang này.")
    assert everything.evaluate("(box) => box.indeterminate")

    page.locator("a.row-name").first.click()
    first = page.url
    press_key(page, "j")
    expect(page).not_to_have_url(first)
    press_key(page, "k")
    expect(page).to_have_url(first)
    press_key(page, "a")
    expect(page.locator("#quyet-dinh")).to_be_focused()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.locator("summary").filter(has_text="Trả lại để bổ sung").click()
    page.get_by_label("Lời nhắn gửi người ký").press_sequentially("jkqa?")
    expect(page).to_have_url(first)
    page.get_by_role("button", name="Trả lại cho người ký").click()
    assert_errors_tied(page)
    expect(page.get_by_label("Lời nhắn gửi người ký")).to_have_value("jkqa?")
    look(page)
    page.locator("h1").click()
    press_key(page, "q")
    expect(page).to_have_url(re.compile(r"/can-bo/hang-doi\?muc=waiting$"))


def test_the_same_work_without_scripts(
    new_context: Callable[..., BrowserContext], live_server: LiveServer, files: int
) -> None:
    page = at_the_desk(new_context(viewport=PHONE, java_script_enabled=False), live_server, "khong.lenh@vidu.vn")
    page.get_by_role("link", name="Hàng đợi", exact=True).first.click()
    page.locator("a.row-name").first.click()
    expect(page.locator("[data-key-hint]")).to_be_hidden()
    assert_fits(page)
    first = page.url
    page.get_by_role("link", name="Hồ sơ sau").click()
    expect(page).not_to_have_url(first)
    page.get_by_role("button", name="Đề nghị duyệt", exact=True).click()
    expect(page.get_by_text("Đây là hồ sơ tiếp theo.")).to_be_visible()
    page.get_by_role("link", name="Về hàng đợi").click()
    boxes = page.locator("[name=chon]")
    expect(boxes).to_have_count(files - 1)
    for number in range(2):
        boxes.nth(number).check(force=True)
    page.get_by_role("button", name="Đề nghị duyệt các hồ sơ đã chọn").click()
    page.get_by_role("button", name="Đề nghị duyệt 2 hồ sơ").click()
    expect(page.locator("progress")).to_have_attribute("max", "2")
    deadline = time.monotonic() + 60
    while (again := page.get_by_role("link", name="Xem lại tiến độ")).count():
        assert time.monotonic() < deadline, live_server.log("worker")[-2000:]
        again.click()
    expect(page.get_by_text("Đã đề nghị duyệt: 2.")).to_be_visible()
    assert_fits(page)
