"""The component base in a real browser: on the phone and the desk, with and without scripts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import DESKTOP, PHONE
from tests.support.pages import assert_accessible, assert_errors_tied, assert_fits, back

GALLERY = "/_mau-giao-dien"
PUBLIC = ("/", "/quyen-rieng-tu", "/tro-nang", "/hom-thu", GALLERY, "/khong-co-trang-nay")

Contexts = Callable[..., BrowserContext]


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def scripts(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.mark.parametrize("path", PUBLIC)
def test_every_public_page_on_every_screen(new_context: Contexts, path: str) -> None:
    page = new_context(viewport=PHONE).new_page()
    page.goto(path)
    for size in (PHONE, DESKTOP):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        assert_accessible(page)
        assert_fits(page)
    page.set_viewport_size({"width": 320, "height": 640})
    assert_fits(page)


def send(page: Page) -> None:
    page.get_by_role("button", name="Lưu và tiếp tục").click()


def test_errors_are_tied_and_lead_to_their_controls(new_context: Contexts, scripts: bool) -> None:
    page = new_context(viewport=PHONE, java_script_enabled=scripts).new_page()
    page.goto(GALLERY)
    send(page)
    assert_errors_tied(page)
    if not scripts:
        return
    assert_accessible(page)
    assert_fits(page)
    expect(page.locator(".error-summary")).to_be_focused()
    page.get_by_role("link", name="Hãy nhập mã gồm 6 chữ số trong thư.").click()
    expect(page.get_by_label("Mã xác nhận")).to_be_focused()
    expect(page.get_by_label("Mã xác nhận")).to_be_in_viewport()


def test_rows_are_added_and_removed(new_context: Contexts, scripts: bool) -> None:
    page = new_context(java_script_enabled=scripts).new_page()
    page.goto(GALLERY)
    page.get_by_label("Họ và tên").fill("Giữ lại")
    page.get_by_label("Kênh 1").fill("một.vn")
    page.get_by_role("button", name="Thêm kênh").click()
    page.get_by_label("Kênh 2").fill("a@b.vn")
    send(page)
    expect(page.get_by_label("Kênh 2")).to_have_value("a@b.vn")
    expect(page.get_by_label("Kênh 2")).to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name="Bỏ dòng 1").click()
    expect(page.get_by_label("Kênh 1")).to_have_value("a@b.vn")
    expect(page.get_by_label("Kênh 2")).to_have_count(0)
    expect(page.get_by_role("button", name="Bỏ dòng 1")).to_have_count(0)
    expect(page.get_by_label("Họ và tên")).to_have_value("Giữ lại")


def test_a_second_press_sends_nothing(new_context: Contexts) -> None:
    page = new_context().new_page()
    page.goto(GALLERY)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.evaluate(
        """() => {
            const form = document.querySelector("form[data-once]");
            const button = form.querySelector("button");
            form.addEventListener("submit", (event) => {
                if (!event.defaultPrevented) event.preventDefault(), window.passed = (window.passed || 0) + 1;
            });
            form.requestSubmit(button);
            form.requestSubmit(button);
        }"""
    )
    assert page.evaluate("() => window.passed") == 1
    assert sent == []


def test_the_form_can_be_sent_again_after_the_back_button(new_context: Contexts) -> None:
    page = new_context().new_page()
    page.goto(GALLERY)
    send(page)
    back(page)
    expect(page.locator("form[data-once] [aria-disabled]")).to_have_count(0)
    send(page)
    assert_errors_tied(page)


def test_the_keyboard_reaches_the_content_first(new_context: Contexts) -> None:
    page = new_context().new_page()
    page.goto("/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Đến nội dung chính")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_on_paper_there_is_only_the_content(new_context: Contexts) -> None:
    page = new_context().new_page()
    page.goto(GALLERY)
    page.emulate_media(media="print")
    expect(page.locator("h1")).to_be_visible()
    for hidden in (".site-header", ".site-footer", ".button >> nth=0"):
        expect(page.locator(hidden)).to_be_hidden()


def test_choices_are_seen_in_forced_colours(new_context: Contexts) -> None:
    page = new_context(forced_colors="active").new_page()
    page.goto(GALLERY)
    page.get_by_label("Chủ trang web bán hàng").check()
    mark = page.evaluate(
        """() => getComputedStyle(document.querySelector("input:checked + label"), "::after").backgroundColor"""
    )
    assert mark not in {"rgba(0, 0, 0, 0)", "rgb(255, 255, 255)"}
