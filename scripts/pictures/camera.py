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
LARGEST = 120_000
"""Bytes of one picture: a guide is opened on a phone too."""


def save_small(picture: Image.Image, path: Path) -> None:
    """With a palette of its own: pages have few colours, and a quarter of the size is enough for them."""
    palette = picture.convert("RGB").quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    palette.save(path, optimize=True)
    if path.stat().st_size > LARGEST:
        raise SystemExit(f"{path.name} has {path.stat().st_size} bytes, more than {LARGEST}. Cut it smaller.")


def as_seen(page: Page) -> Image.Image:
    return Image.open(io.BytesIO(page.screenshot(full_page=True)))


@dataclass
class Camera:
    page: Page
    server: LiveServer
    out: Path

    def take(self, name: str, *, start: Locator | None = None, end: Locator | None = None, tall: int = 0) -> None:
        """From the top of the page, or of `start`, to the bottom of `end`, or `tall` pixels; else one window.

        What is cut out of the middle gets the line above it that says that this is a trial.
        """
        self.page.evaluate("window.scrollTo(0, 0)")
        self.page.wait_for_timeout(150)
        whole = as_seen(self.page)
        size = self.page.viewport_size
        assert size is not None
        top = 0 if start is None else max(0, int(_box(start)["y"]) - MARGIN)
        height = tall or (size["height"] if end is None else int(_bottom(end)) + MARGIN - top)
        picture = whole.crop((0, top, whole.width, min(whole.height, top + height)))
        save_small(self._marked(whole, picture) if top else picture, self.out / f"{name}.png")

    def _marked(self, whole: Image.Image, picture: Image.Image) -> Image.Image:
        line = _box(self.page.locator(".trial-line"))
        strip = whole.crop((0, int(line["y"]), whole.width, int(line["y"] + line["height"])))
        marked = Image.new("RGB", (whole.width, strip.height + picture.height), "white")
        marked.paste(strip, (0, 0))
        marked.paste(picture, (0, strip.height))
        return marked


def _box(locator: Locator) -> dict[str, float]:
    box = locator.first.bounding_box()
    assert box is not None, locator
    return {"y": box["y"], "height": box["height"]}


def _bottom(locator: Locator) -> float:
    box = _box(locator)
    return box["y"] + box["height"]
