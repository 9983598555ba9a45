"""The form under 20 users on SQLite: its slowest step over HTTP, beside the same page called in-process.

Run it by `make bench` or `python -m benchmarks.form [--seconds 8]`. The steps are first timed one by one in-process,
so that the slowest is found and not guessed.
"""

from __future__ import annotations

import argparse
import http.client
import multiprocessing
import os
import platform
import re
import statistics
import tempfile
import threading
import time
import urllib.parse
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from werkzeug.test import Client

from pledges.app import create_app
from pledges.audit.operations import Actor
from pledges.core import migrate
from pledges.core.db import Database
from pledges.plans.loading import load_from_files
from pledges.settings import read_settings
from pledges.signing.rules import Page
from tests.support.live_server import LiveServer
from tests.support.signer_client import SignerClient
from tests.support.signing import HUE, seller_pages

USERS = 20
STEPS = {
    "group": f"/ky-cam-ket?tinh={HUE}",
    "who": "/ky-cam-ket/doi-tuong",
    "place": "/ky-cam-ket/dia-ban",
    "communes": f"/ky-cam-ket/xa-phuong?tinh={HUE}&q=xuan",
    "signer": "/ky-cam-ket/nguoi-ky",
    "check": "/ky-cam-ket/kiem-tra",
    "sign": "/ky-cam-ket/ky",
}
SAVE = "save a page (POST)"
"""The signer's page sent with its answers: a write through the gate, then the redirect."""


@dataclass(frozen=True)
class Visitor:
    """The session of one signer who has filled in everything, and a page of theirs that is ready to be sent."""

    cookie: str
    body: bytes

    def request(self, step: str) -> tuple[str, str, bytes | None, dict[str, str]]:
        """Method, path, body and headers of one step."""
        if step != SAVE:
            return "GET", STEPS[step], None, {"Cookie": self.cookie}
        headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        return "POST", STEPS["signer"], self.body, headers


@dataclass(frozen=True)
class Rate:
    per_second: float
    median_ms: float
    p95_ms: float
    errors: int = 0


def filled_server(folder: Path) -> LiveServer:
    """The product with one web process, a database with the plans, and a signer who stands before the last page."""
    database = Database(f"sqlite:///{folder / 'bench.sqlite'}")
    migrate.upgrade(database)
    load_from_files(database, None, Actor("command", "bench"), datetime.now(UTC))
    return LiveServer(folder, database)


def visitor_of(server: LiveServer, number: int) -> Visitor:
    client = SignerClient(server.base_url)
    pages = seller_pages(number)
    client.fill_in(pages)
    client.get(STEPS["signer"])
    body = urllib.parse.urlencode(client.hidden_fields() | pages[Page.SIGNER]).encode()
    return Visitor("; ".join(f"{cookie.name}={cookie.value}" for cookie in client.cookies), body)


def in_process(server: LiveServer, visitor: Visitor, step: str, *, seconds: float) -> Rate:
    """One thread of one process, calling the application without a socket between."""
    app = create_app(read_settings(server.environ))
    client = Client(app, use_cookies=False)
    method, path, body, headers = visitor.request(step)
    options = {"method": method, "data": body, "headers": headers | {"Host": f"127.0.0.1:{server.port}"}}
    for _ in range(5):
        answer = client.open(path, **options)
        assert answer.status_code == (302 if body else 200), (path, answer.status_code)
    times = []
    begin = time.perf_counter()
    while time.perf_counter() - begin < seconds:
        started = time.perf_counter()
        client.open(path, **options).close()
        times.append(time.perf_counter() - started)
    return rate_of(times, time.perf_counter() - begin)


def rate_of(times: list[float], wall: float, errors: int = 0) -> Rate:
    ordered = sorted(times)
    return Rate(
        per_second=len(times) / wall,
        median_ms=statistics.median(ordered) * 1000,
        p95_ms=ordered[int(len(ordered) * 0.95)] * 1000,
        errors=errors,
    )


def over_http(port: int, visitors: list[Visitor], step: str, seconds: float) -> Rate:
    """All visitors at once, each with a connection and a draft of their own, asking again as soon as answered."""
    times: list[float] = []
    errors: list[int] = []
    begin = time.perf_counter()

    def visit(visitor: Visitor) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        method, path, body, headers = visitor.request(step)
        while time.perf_counter() - begin < seconds:
            started = time.perf_counter()
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status not in {200, 302}:
                errors.append(answer.status)
            times.append(time.perf_counter() - started)

    threads = [threading.Thread(target=visit, args=(visitor,)) for visitor in visitors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return rate_of(times, time.perf_counter() - begin, len(errors))


def crowd(port: int, visitors: list[Visitor], step: str, seconds: float) -> Rate:
    """The visitors in a process of their own, so that they do not share the interpreter with anything measured."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(over_http, (port, visitors, step, seconds))


def under_load(server: LiveServer, visitors: list[Visitor], step: str, seconds: float) -> list[str]:
    """Two rows: the step in-process before and after, and with everybody at once."""
    before = in_process(server, visitors[0], step, seconds=seconds)
    served = crowd(server.port, visitors, step, seconds)
    after = in_process(server, visitors[0], step, seconds=seconds)
    reference = statistics.mean((before.per_second, after.per_second))
    return [
        f"| {step}: in-process, one thread (before and after) | {before.per_second:.1f} / {after.per_second:.1f} "
        f"| {before.median_ms:.1f} | {before.p95_ms:.1f} | | 1 |",
        f"| **{step}: {len(visitors)} users over HTTP, one web process** | {served.per_second:.1f} "
        f"| {served.median_ms:.1f} | {served.p95_ms:.1f} | {served.errors} | {served.per_second / reference:.2f} |",
    ]


def table(seconds: float) -> str:
    """The figures as Markdown."""
    load = "/".join(f"{value:.1f}" for value in os.getloadavg())
    with tempfile.TemporaryDirectory() as name:
        server = filled_server(Path(name))
        server.start_web()
        try:
            visitors = [visitor_of(server, number) for number in range(1, USERS + 1)]
            steps = {step: in_process(server, visitors[0], step, seconds=seconds / 6) for step in (*STEPS, SAVE)}
            slowest = max(steps, key=lambda step: steps[step].median_ms)
            rows = [
                row for step in dict.fromkeys((slowest, SAVE)) for row in under_load(server, visitors, step, seconds)
            ]
        finally:
            server.stop()
    versions = ", ".join(f"{package} {version(package)}" for package in ("flask", "granian", "sqlalchemy"))
    lines = [
        f"Measured on {datetime.now(UTC):%d/%m/%Y}: {os.cpu_count()} x {processor()}, load before it {load}, "
        f"Python {platform.python_version()}, {versions}. The slowest step: {slowest}.",
        "",
        "| step, in-process | median ms | p95 ms |",
        "|---|---|---|",
        *(f"| {step} | {rate.median_ms:.1f} | {rate.p95_ms:.1f} |" for step, rate in steps.items()),
        "",
        "| under load | pages per second | median ms | p95 ms | errors | ratio to in-process |",
        "|---|---|---|---|---|---|",
        *rows,
    ]
    return "\n".join(lines)


def processor() -> str:
    found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.form", description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0, help="how long each measurement lasts")
    print(table(parser.parse_args().seconds))


if __name__ == "__main__":
    main()
