"""A real browser on the real product. A test fails when the page breaks its policy, throws, or asks another host."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Request

from tests.support.databases import SqliteTemplate
from tests.support.live_server import LiveServer

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
AS_IN_VIETNAM = {"locale": "vi-VN", "timezone_id": "Asia/Ho_Chi_Minh", "viewport": DESKTOP}

ARGUMENTS = [
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.nodeid:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium where it is installed, else the one that Playwright installed."""
    arguments = [*ARGUMENTS, "--no-sandbox"] if os.geteuid() == 0 else ARGUMENTS
    launch = {**browser_type_launch_args, "args": arguments}
    if found := shutil.which("chromium-headless-shell") or shutil.which("chromium"):
        launch["executable_path"] = found
    return launch


@pytest.fixture(scope="session")
def live_server(sqlite_template: SqliteTemplate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """Web and worker for all browser tests of this test process: `base_url`, `database`, `mail_to(address)`."""
    folder = tmp_path_factory.mktemp("live")
    with sqlite_template.fresh() as database:
        server = LiveServer(folder, database)
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="session")
def base_url(live_server: LiveServer) -> str:
    """Relative addresses in `page.goto("/ky-cam-ket")` begin here."""
    return live_server.base_url


@pytest.fixture(autouse=True)
def complaints() -> Iterator[list[str]]:
    """What the browser complained about; a test that expects a complaint removes it from the list."""
    found: list[str] = []
    yield found
    assert found == []


@pytest.fixture
def new_context(
    new_context: Callable[..., BrowserContext], complaints: list[str], base_url: str
) -> Callable[..., BrowserContext]:
    """Every context of every test is watched: `new_context(viewport=PHONE, java_script_enabled=False)`."""

    def on_console(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            complaints.append(message.text)

    def on_request(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https"} and f"{parts.scheme}://{parts.netloc}" != base_url:
            complaints.append(f"the page asked another host: {request.url}")

    def make(**options: Any) -> BrowserContext:
        context = new_context(**AS_IN_VIETNAM | options)
        context.on("console", on_console)
        context.on("weberror", lambda error: complaints.append(str(error.error)))
        context.on("request", on_request)
        return context

    return make
