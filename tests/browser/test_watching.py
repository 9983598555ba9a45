"""The fixtures themselves: what a browser test would not notice, it could not fail for."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect


def test_a_page_is_shown_without_complaint(page: Page) -> None:
    page.goto("/")
    expect(page.locator("h1")).to_have_count(1)


def test_a_broken_policy_is_noticed(page: Page, complaints: list[str]) -> None:
    page.goto("/")
    page.evaluate(
        """() => new Promise(done => {
            document.addEventListener("securitypolicyviolation", done);
            const script = document.createElement("script");
            script.textContent = "window.broken = true";
            document.body.append(script);
        })"""
    )
    assert any("Content Security Policy" in line for line in complaints)
    complaints.clear()


def test_an_error_of_a_script_is_noticed(page: Page, complaints: list[str]) -> None:
    page.goto("/")
    with page.context.expect_event("weberror"):
        page.evaluate("() => { setTimeout(() => { throw new Error('a fault of the page') }) }")
    assert any("a fault of the page" in line for line in complaints)
    complaints.clear()


def test_a_request_to_another_host_is_noticed(page: Page, complaints: list[str]) -> None:
    page.goto("/")
    page.evaluate("() => { const image = new Image(); image.src = 'http://127.0.0.2:9/x.png' }")
    page.wait_for_timeout(200)
    assert complaints
    complaints.clear()


def test_scripts_can_be_switched_off(new_context: Callable[..., BrowserContext]) -> None:
    context = new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto("/")
    expect(page.locator("h1")).to_have_count(1)
