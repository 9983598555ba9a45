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


def cookie_of(server: LiveServer, number: int) -> str:
    """The session of a signer who has filled in everything up to the text."""
    client = SignerClient(server.base_url)
    client.fill_in(seller_pages(number))
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in client.cookies)


def in_process(server: LiveServer, cookie: str, path: str, *, seconds: float) -> Rate:
    """One thread of one process, calling the application without a socket between."""
    app = create_app(read_settings(server.environ))
    client = Client(app, use_cookies=False)
    headers = {"Cookie": cookie, "Host": f"127.0.0.1:{server.port}"}
    for _ in range(5):
        answer = client.get(path, headers=headers)
        assert answer.status_code == 200, (path, answer.status_code)
    times = []
    begin = time.perf_counter()
    while time.perf_counter() - begin < seconds:
        started = time.perf_counter()
        client.get(path, headers=headers).close()
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


def over_http(port: int, cookies: list[str], path: str, seconds: float) -> Rate:
    """`USERS` visitors at once, each with a connection and a draft of their own, asking again as soon as answered."""
    times: list[float] = []
    errors: list[int] = []
    begin = time.perf_counter()

    def visit(cookie: str) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while time.perf_counter() - begin < seconds:
            started = time.perf_counter()
            connection.request("GET", path, headers={"Cookie": cookie})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                errors.append(answer.status)
            times.append(time.perf_counter() - started)

    threads = [threading.Thread(target=visit, args=(cookie,)) for cookie in cookies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return rate_of(times, time.perf_counter() - begin, len(errors))


def visitors(port: int, cookies: list[str], path: str, seconds: float) -> Rate:
    """The visitors in a process of their own, so that they do not share the interpreter with anything measured."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(over_http, (port, cookies, path, seconds))


def table(seconds: float) -> str:
    """The figures as Markdown."""
    with tempfile.TemporaryDirectory() as name:
        server = filled_server(Path(name))
        server.start_web()
        try:
            cookies = [cookie_of(server, number) for number in range(1, USERS + 1)]
            steps = {step: in_process(server, cookies[0], path, seconds=seconds / 8) for step, path in STEPS.items()}
            slowest = max(steps, key=lambda step: steps[step].median_ms)
            raw = in_process(server, cookies[0], STEPS[slowest], seconds=seconds)
            served = visitors(server.port, cookies, STEPS[slowest], seconds)
            raw_again = in_process(server, cookies[0], STEPS[slowest], seconds=seconds)
        finally:
            server.stop()
    reference = statistics.mean((raw.per_second, raw_again.per_second))
    load = "/".join(f"{value:.1f}" for value in os.getloadavg())
    versions = ", ".join(f"{package} {version(package)}" for package in ("flask", "granian", "sqlalchemy"))
    lines = [
        f"Measured on {datetime.now(UTC):%d/%m/%Y}: {os.cpu_count()} x {processor()}, load {load}, "
        f"Python {platform.python_version()}, {versions}.",
        "",
        "| step, in-process | median ms | p95 ms |",
        "|---|---|---|",
        *(f"| {step} | {rate.median_ms:.1f} | {rate.p95_ms:.1f} |" for step, rate in steps.items()),
        "",
        f"| slowest step: {slowest} | pages per second | median ms | p95 ms | errors | ratio to in-process |",
        "|---|---|---|---|---|---|",
        f"| in-process, one thread (before and after) | {raw.per_second:.1f} / {raw_again.per_second:.1f} "
        f"| {raw.median_ms:.1f} | {raw.p95_ms:.1f} | | 1 |",
        f"| **{USERS} users over HTTP, one web process** | {served.per_second:.1f} | {served.median_ms:.1f} "
        f"| {served.p95_ms:.1f} | {served.errors} | {served.per_second / reference:.2f} |",
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
