"""Charts with the letters of a real browser: texts keep apart, and each screen gets the picture made for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.conftest import DESKTOP, PHONE

GALLERY = "/_mau-giao-dien"
COLLISIONS = """
() => {
  const found = [];
  let seen = 0;
  for (const picture of document.querySelectorAll("svg.chart-picture")) {
    if (!picture.getClientRects().length) continue;
    const { width, height } = picture.viewBox.baseVal;
    const texts = [...picture.querySelectorAll("text")].map((text) => [text.textContent, text.getBBox()]);
    seen += texts.length;
    texts.forEach(([text, box], index) => {
      if (box.x < -0.5 || box.x + box.width > width + 0.5) found.push(`${text} is outside`);
      if (box.y < -1 || box.y + box.height > height + 1) found.push(`${text} is too low or too high`);
      // The boxes of browsers have more air above and below than letters need.
      for (const [other, rest] of texts.slice(index + 1)) {
        const across = box.x < rest.x + rest.width && rest.x < box.x + box.width;
        const down = box.y + 4 < rest.y + rest.height && rest.y + 4 < box.y + box.height;
        if (across && down) found.push(`${text} on ${other}`);
      }
    });
  }
  return [seen > 60, found];
}
"""


@pytest.mark.parametrize(("size", "shown", "hidden"), [(PHONE, "narrow", "wide"), (DESKTOP, "wide", "narrow")])
def test_every_screen_has_its_picture_and_nothing_collides(
    new_context: Callable[..., BrowserContext], size: dict[str, int], shown: str, hidden: str
) -> None:
    page = new_context(viewport=size).new_page()
    page.goto(GALLERY)
    for picture in page.locator(f".chart-picture--{shown}").all():
        expect(picture).to_be_visible()
    expect(page.locator(f".chart-picture--{hidden}").first).to_be_hidden()
    assert page.evaluate(COLLISIONS) == [True, []]
    page.emulate_media(media="print")
    expect(page.locator(".chart-picture--wide").first).to_be_visible()
    expect(page.locator(".chart-picture--narrow").first).to_be_hidden()
