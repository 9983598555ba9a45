"""The real web process and the real worker on a database and folders of their own, for browser and fault tests."""

from __future__ import annotations

import contextlib
import email
import email.policy
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from email.message import EmailMessage
from email.utils import getaddresses
from pathlib import Path

from pledges.core.db import Database
from tests.support.parent import end_with_parent
from tests.support.warm_processes import WANTED, WarmProcess, start_warm

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent

Started = subprocess.Popen[bytes] | WarmProcess


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class LiveServer:
    """Started with `start()`; `stop()` ends it in order, `kill_web()` and `kill_worker()` without warning.

    `warm`: for tests that start many processes, each is forked from one that has imported the product.
    """

    def __init__(
        self, folder: Path, database: Database, environ: dict[str, str] | None = None, *, warm: bool = False
    ) -> None:
        self.warm = warm and WANTED
        self.folder = folder
        self.database = database
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.var = folder / "var"
        self.mail_folder = self.var / "mail"
        self.environ = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": os.environ.get("HOME", "/"),
            "LC_ALL": "C.UTF-8",
            "PORT": str(self.port),
            "PLEDGES_VAR": str(self.var),
            "PLEDGES_DATABASE_URL": database.url.render_as_string(hide_password=False),
            "PLEDGES_PUBLIC_URL": self.base_url,
            **(environ or {}),
        }
        self._web: Started | None = None
        self._worker: Started | None = None
        self._mails: dict[Path, tuple[int, frozenset[str], EmailMessage]] = {}

    def start(self) -> None:
        self.start_web()
        self.start_worker()

    def start_web(self, **environ: str) -> None:
        """With more settings for this process; one that still runs is ended before."""
        _end(self._web)
        command = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--workers", "1", "--blocking-threads", "2", "--no-ws", "--log-level", "warning", "wsgi:app"]
        self._web = self._start("web", command, environ)
        self._wait_until_up()

    def start_worker(self, **environ: str) -> None:
        _end(self._worker)
        self._worker = self._start("worker", ["flask", "--app", "wsgi", "jobs", "run"], environ)

    def run(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """One command of the product on this server's database: `run("plans", "load")`."""
        return subprocess.run(
            [BIN / "flask", "--app", "wsgi", *arguments],
            cwd=ROOT,
            env=self.environ | environ,
            capture_output=True,
            text=True,
            check=False,
        )

    def _start(self, name: str, command: list[str], environ: dict[str, str]) -> Started:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f"{name}.log").open("ab") as log:
            if self.warm:
                return start_warm(command, environ=self.environ | environ, output=log.fileno())
            program, *words = command
            return subprocess.Popen(
                [str(BIN / program), *words],
                cwd=ROOT,
                env=self.environ | environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=end_with_parent(signal.SIGTERM),  # noqa: PLW1509 - no other threads start processes here
            )

    def _wait_until_up(self) -> None:
        assert self._web is not None
        deadline = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(f"{self.base_url}/healthz", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                if self._web.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    raise AssertionError(f"the web process did not come up:\n{self.log('web')}") from None
                time.sleep(0.05)

    def log(self, name: str) -> str:
        """What the process `web` or `worker` has said so far."""
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def stop(self) -> None:
        _end(self._web, self._worker)

    def kill_web(self) -> None:
        _kill_group(self._web)

    def kill_worker(self) -> None:
        _kill_group(self._worker)

    def wait_for_end(self, name: str, *, seconds: float = 30) -> int:
        """Wait until the process `web` or `worker` has ended by itself; its exit status."""
        process = self._web if name == "web" else self._worker
        assert process is not None
        return process.wait(timeout=seconds)

    def mails_to(self, address: str) -> list[EmailMessage]:
        """The delivered mails of one address, oldest first."""
        found = []
        for path in self.mail_folder.glob("[!.]*.eml"):
            with contextlib.suppress(FileNotFoundError):
                written, receivers, message = self._mail_in(path)
                if address.casefold() in receivers:
                    found.append((written, path.name, message))
        return [message for _, _, message in sorted(found, key=lambda entry: entry[:2])]

    def _mail_in(self, path: Path) -> tuple[int, frozenset[str], EmailMessage]:
        """Read once: whoever waits for a mail asks many times, and a delivered one never changes."""
        if path not in self._mails:
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            receivers = frozenset(given.casefold() for _, given in getaddresses(message.get_all("to", [])))
            self._mails[path] = (path.stat().st_mtime_ns, receivers, message)
        return self._mails[path]

    def mail_to(self, address: str, *, number: int = 1, seconds: float = 20) -> EmailMessage:
        """The first (or `number`-th) mail to an address, as soon as the worker has delivered it."""
        deadline = time.monotonic() + seconds
        while len(found := self.mails_to(address)) < number:
            if time.monotonic() > deadline:
                raise AssertionError(
                    f"{len(found)} of {number} mails to {address} after {seconds} seconds; the worker says:\n"
                    + self.log("worker")[-3000:]
                )
            time.sleep(0.05)
        return found[number - 1]


def mail_text(message: EmailMessage) -> str:
    """The plain text of a mail."""
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def _end(*processes: Started | None) -> None:
    """SIGTERM, and SIGKILL where that is not heard."""
    running = [process for process in processes if process is not None and process.poll() is None]
    for process in running:
        process.terminate()
    for process in running:
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            _kill_group(process)


def _kill_group(process: Started | None) -> None:
    """SIGKILL for the process and everything that it started."""
    if process is not None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=10)
