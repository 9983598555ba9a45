"""A browser window from which pictures are cut: as small as what a guide talks about, with the mark of a trial."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, Page

from tests.support.live_server import LiveServer

COLOURS = 96
MARGIN = 16
COLUMN = (112, 912)
LARGEST = 120_000
"""Bytes of one picture: a guide is opened on a phone too."""


def save_small(picture: Image.Image, path: Path) -> None:
    """With a palette of its own: pages have few colours, and a quarter of the size is enough for them."""
    palette = picture.convert("RGB").quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    palette.save(path, optimize=True)
    if path.stat().st_size > LARGEST:
        raise SystemExit(f"{path.name} has {path.stat().st_size} bytes, more than {LARGEST}. Cut it smaller.")


def as_seen(page: Page, *, end: Locator | None = None) -> Image.Image:
    whole = Image.open(io.BytesIO(page.screenshot(full_page=True)))
    return whole if end is None else whole.crop((0, 0, whole.width, int(_bottom(end)) + MARGIN))


@dataclass
class Camera:
    page: Page
    server: LiveServer
    out: Path

    def take(
        self,
        name: str,
        *,
        start: Locator | None = None,
        end: Locator | None = None,
        tall: int = 0,
        column: bool = False,
    ) -> None:
        """From the top of the page, or of `start`, to the bottom of `end`, or `tall` pixels; else one window.

        `column`: only the middle of a page at the desk. What is cut out of a page gets the line above it that says
        that this is a trial.
        """
        size = self.page.viewport_size
        assert size is not None
        self._stretch(size["width"])
        whole = as_seen(self.page)
        top = 0 if start is None else max(0, int(_box(start)["y"]) - MARGIN)
        height = tall or (size["height"] if end is None else int(_bottom(end)) + MARGIN - top)
        left, right = COLUMN if column else (0, whole.width)
        picture = whole.crop((left, top, right, min(whole.height, top + height)))
        if top:
            line = _box(self.page.locator(".trial-line"))
            strip = whole.crop((left, int(line["y"]), right, int(line["y"] + line["height"])))
            picture = _below(strip, picture)
        self.page.set_viewport_size(size)
        save_small(picture, self.out / f"{name}.png")

    def _stretch(self, width: int) -> None:
        """Make the window as tall as the page, so that nothing stays in place over what scrolls below it."""
        self.page.evaluate("window.scrollTo(0, 0)")
        self.page.set_viewport_size({"width": width, "height": 4000})
        self.page.wait_for_timeout(150)
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            raise SystemExit(f"{self.page.url} is {wide} pixels wide in a window of {width}.")


def _below(strip: Image.Image, picture: Image.Image) -> Image.Image:
    both = Image.new("RGB", (picture.width, strip.height + picture.height), "white")
    both.paste(strip, (0, 0))
    both.paste(picture, (0, strip.height))
    return both


def _box(locator: Locator) -> dict[str, float]:
    box = locator.first.bounding_box()
    assert box is not None, locator
    return {"y": box["y"], "height": box["height"]}


def _bottom(locator: Locator) -> float:
    box = _box(locator)
    return box["y"] + box["height"]
