"""The PostgreSQL server of the tests: the one that the environment names, or one of our own for this run."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from tests.support.parent import end_with_parent

SHARED = "PLEDGES_TEST_POSTGRESQL"
"""How pytest-xdist's controller tells its workers where the server is."""

RUN = "PLEDGES_TEST_RUN"
"""What tells the databases of this test run from those of another one on the same server."""

FOLDER = "pledges-pg-"
STARTS_WITHIN_SECONDS = 120

MISSING = (
    "The tests need a PostgreSQL server (15 or newer): install it with `apt-get install postgresql` "
    "(scripts/install-test-tools does), or name a server with PGHOST, PGPORT, PGUSER and PGPASSWORD, "
    "or with DATABASE_URL."
)


class NoPostgres(Exception):
    """There is no server, and none can be started; the message says what to do."""


def named_server() -> str | None:
    """The address of a server that is there already, without a database."""
    if shared := os.environ.get(SHARED):
        return shared
    if url := os.environ.get("DATABASE_URL", ""):
        if not url.startswith("postgres"):
            raise NoPostgres(f"DATABASE_URL must name a PostgreSQL server for the tests, not {url!r}.")
        return url
    if host := os.environ.get("PGHOST"):
        user = quote(os.environ.get("PGUSER", "postgres"), safe="")
        password = quote(os.environ.get("PGPASSWORD", ""), safe="")
        port = os.environ.get("PGPORT", "5432")
        return f"postgresql://{user}:{password}@/postgres?host={quote(host, safe='')}&port={port}"
    return None


def _programs() -> Path:
    found = [Path(path).parent for path in [shutil.which("initdb")] if path]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    for folder in found:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise NoPostgres(MISSING)


def _as_server_user(folder: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root: then it runs as the user that Debian's package made, who owns the folder."""
    if os.geteuid() != 0:
        return {}
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        raise NoPostgres("PostgreSQL cannot run as root and there is no user named postgres: " + MISSING) from None
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _sweep(place: Path) -> None:
    """Delete what a killed test run has left behind: its server ended with it, but its folder takes up memory."""
    for folder in place.glob(f"{FOLDER}*"):
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > STARTS_WITHIN_SECONDS and not _has_server(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _has_server(folder: Path) -> bool:
    try:
        process = int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return False
    return Path(f"/proc/{process}").exists()


class TemporaryServer:
    """A cluster in a folder of its own, reached by a socket in that folder, without any promise to survive.

    `place`: where that folder is made; measurements leave it on the disk.
    """

    def __init__(self, place: Path | None = None) -> None:
        programs = _programs()
        place = place or Path(tempfile.gettempdir())
        _sweep(place)
        self.folder = Path(tempfile.mkdtemp(prefix=FOLDER, dir=place))
        owner = _as_server_user(self.folder)
        environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        data = self.folder / "data"
        initdb = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        done = subprocess.run(
            [*initdb, "--no-sync"], cwd="/", env=environment, capture_output=True, text=True, check=False, **owner
        )
        if done.returncode != 0:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise NoPostgres(f"initdb failed: {done.stderr.strip()}")
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "autovacuum": "off",
            "wal_level": "minimal",
            "max_wal_senders": "0",
            "max_connections": "300",
            "shared_buffers": "64MB",
            "max_wal_size": "256MB",
            "jit": "off",
            "dynamic_shared_memory_type": "mmap",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self.log = (self.folder / "log").open("wb")
        self.process = subprocess.Popen(
            [programs / "postgres", "-D", data, *options],
            cwd="/",
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
            preexec_fn=end_with_parent(signal.SIGQUIT),  # noqa: PLW1509 - no threads run yet
            **owner,
        )
        self.url = f"postgresql://postgres@/postgres?host={quote(str(self.folder), safe='')}"
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.url).close()
                return
            except psycopg.OperationalError as error:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    said = (self.folder / "log").read_text(errors="replace")[-2000:]
                    self.stop()
                    raise NoPostgres(f"The PostgreSQL server of the tests did not start: {error}\n{said}") from None
                time.sleep(0.02)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(timeout=30)
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class PostgresServer:
    """Makes and drops databases on one server."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._admin = psycopg.connect(url, autocommit=True)

    def url_of(self, name: str) -> str:
        before, _, query = self.url.partition("?")
        scheme, rest = before.split("://", 1)
        return f"{scheme}://{rest.split('/', 1)[0]}/{name}" + (f"?{query}" if query else "")

    @staticmethod
    def new_name() -> str:
        return f"{_prefix()}{secrets.token_hex(4)}"

    def create(self, name: str = "", *, template: str | None = None) -> str:
        """A new database; its name."""
        name = name or self.new_name()
        source = f' TEMPLATE "{template}" STRATEGY FILE_COPY' if template else " TEMPLATE template0 ENCODING 'UTF8'"
        self._admin.execute(f'CREATE DATABASE "{name}"{source}')
        return name

    def drop(self, name: str) -> None:
        self._admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def drop_all(self) -> None:
        """Every database that this test run has made and not dropped."""
        found = self._admin.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [_prefix()])
        for (name,) in found.fetchall():
            self.drop(name)

    def close(self) -> None:
        self._admin.close()


def _prefix() -> str:
    return f"pledges_test_{os.environ[RUN]}_"
