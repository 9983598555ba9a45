"""The product's own commands as real processes that begin at once: forked from one that has imported everything.

Importing the product takes longer than what most processes of a test do afterwards. In `make soak` each begins from
nothing.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import time
import types
from pathlib import Path

from tests.support.parent import end_with_parent

ROOT = Path(__file__).resolve().parents[2]
WANTED = not os.environ.get("PLEDGES_SOAK")

COMMANDS = {"flask": ("flask.cli", "main"), "granian": ("granian.cli", "entrypoint")}
IMPORTED = (
    "pledges.app",
    *(f"pledges.web.{audience}.routes" for audience in ("public", "signer", "officer", "admin")),
    "tests.support.import_process",
)


class WarmProcess:
    """What is used of `subprocess.Popen`, for a process whose parent is not this one."""

    def __init__(self, parent: _Parent, pid: int) -> None:
        self._parent = parent
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self._parent.ask({"ended": self.pid})
        return self.returncode

    def wait(self, timeout: float) -> int:
        deadline = time.monotonic() + timeout
        while (status := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(0.01)
        return status

    def terminate(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)


class _Parent:
    """The process that has imported everything; it forks when asked to, and tells how its children ended."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(theirs.fileno())],
                cwd=ROOT,
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
                pass_fds=[theirs.fileno()],
                preexec_fn=end_with_parent(signal.SIGTERM),  # noqa: PLW1509 - no other threads start processes here
            )

    def ask(self, order: dict[str, object], *files: int) -> int | None:
        socket.send_fds(self._socket, [json.dumps(order).encode()], files)
        answer: int | None = json.loads(self._socket.recv(100))
        return answer

    def close(self) -> None:
        self._socket.close()
        self._process.wait(10)


_parent: list[_Parent] = []


def start_warm(command: list[str], *, environ: dict[str, str], output: int) -> WarmProcess:
    """Start `flask …`, `granian …` or `python -m module …` at the root of the product; `output` is a descriptor."""
    if not _parent:
        _parent.append(_Parent())
    pid = _parent[0].ask({"command": command, "environ": environ}, output)
    assert pid is not None
    return WarmProcess(_parent[0], pid)


def close_warm() -> None:
    while _parent:
        _parent.pop().close()


def main() -> None:
    for module in IMPORTED:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()
    orders = socket.socket(fileno=int(sys.argv[1]))
    while True:
        data, files, _, _ = socket.recv_fds(orders, 65536, 1)
        if not data:
            return
        order = json.loads(data)
        if "ended" in order:
            orders.send(json.dumps(_end_of(order["ended"])).encode())
            continue
        if (pid := os.fork()) == 0:
            orders.close()
            _become(order["command"], order["environ"], files[0])
            return
        os.close(files[0])
        orders.send(json.dumps(pid).encode())


def _end_of(pid: int) -> int | None:
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def _become(command: list[str], environ: dict[str, str], output: int) -> None:
    """Be the command, as if it had been started from a shell."""
    os.setsid()
    end_with_parent(signal.SIGTERM)()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    os.environ.clear()
    os.environ.update(environ)
    sys.modules["__main__"] = types.ModuleType("__main__")
    program, *rest = command
    if program == "python":
        sys.argv = rest[1:]
        runpy.run_module(rest[1], run_name="__main__", alter_sys=True)
        return
    sys.argv = command
    module, entry = COMMANDS[program]
    sys.exit(getattr(importlib.import_module(module), entry)())


if __name__ == "__main__":
    main()
