"""What must hold for every page in a browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error, Page

T = TypeVar("T")

_axe = Axe()

_LEFT = ("Execution context was destroyed", "page is navigating", "Frame was detached")
"""What the browser says when it is asked about a page that is just being left."""


def settled(page: Page, ask: Callable[[], T]) -> T:
    """The answer to a question about the whole page; asked again where a click was leading to the next one."""
    for _attempt in range(5):
        page.wait_for_load_state()
        try:
            return ask()
        except Error as error:
            if not any(words in error.message for words in _LEFT):
                raise
    page.wait_for_load_state()
    return ask()


def assert_accessible(page: Page) -> None:
    """axe finds nothing, there is one heading of the first level, and the page names its language."""
    found = settled(page, lambda: _axe.run(page))
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"
    assert page.locator("h1").count() == 1, page.url
    assert page.locator("html").get_attribute("lang") in {"vi", "en"}, page.url


def assert_fits(page: Page) -> None:
    """Nothing is wider than the screen."""
    measure = "() => [document.documentElement.scrollWidth, window.innerWidth]"
    width, screen = settled(page, lambda: page.evaluate(measure))
    assert width <= screen, f"{page.url} is {width} pixels wide on a screen of {screen}"


def assert_errors_tied(page: Page) -> None:
    """The page begins with the list of errors; each leads to a control that carries the same message."""
    title = settled(page, page.title)
    assert title.startswith(("Lỗi: ", "Error: ")), title
    links = page.locator("[role=alert] a[href^='#'], .error-summary a[href^='#']")
    assert links.count() > 0, "there is no list of errors"
    for link in links.all():
        message = link.inner_text().strip()
        target = page.locator(f"[id='{(link.get_attribute('href') or '#')[1:]}']")
        assert target.count() == 1, f"{message!r} leads nowhere"
        described = target.get_attribute("aria-describedby") or ""
        if not described:
            described = target.locator("xpath=ancestor::fieldset[1]").get_attribute("aria-describedby") or ""
        texts = [page.locator(f"[id='{name}']").inner_text() for name in described.split()]
        assert any(message in text for text in texts), f"{message!r} is not tied to its control: {texts}"


def back(page: Page) -> None:
    """Press the browser's own back button once the page is there.

    Playwright's `go_back` asks the browser for its history, which fails while a page is being exchanged for the next.
    """
    page.wait_for_load_state()
    with page.expect_navigation():
        page.evaluate("() => window.history.back()")
