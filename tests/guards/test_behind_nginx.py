"""The shipped site of nginx before the real web process: its TLS, what it keeps back, requests that hide others."""

from __future__ import annotations

import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.guards.repository import ROOT
from tests.support.databases import SqliteTemplate
from tests.support.live_server import LiveServer, free_port

NAME = "camket.example.vn"
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")

pytestmark = pytest.mark.skipif(
    NGINX is None or shutil.which("openssl") is None,
    reason="nginx or openssl is not installed here: how the shipped site behaves is NOT known",
)


@dataclass(frozen=True)
class Front:
    port: int
    log: Path

    def send(self, request: bytes, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3, name: str = NAME) -> str:
        """Everything that comes back until the other side ends the connection or is silent."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
        with (
            socket.create_connection(("127.0.0.1", self.port), timeout=5) as plain,
            context.wrap_socket(plain, server_hostname=name) as wrapped,
        ):
            wrapped.sendall(request)
            wrapped.settimeout(0.6)
            parts = []
            try:
                while part := wrapped.recv(65536):
                    parts.append(part)
            except TimeoutError:
                pass
        return b"".join(parts).decode("utf-8", "replace")

    def get(self, path: str, **headers: str) -> str:
        told = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        return self.send(f"GET {path} HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n{told}\r\n".encode())


@pytest.fixture(scope="module")
def front(sqlite_template: SqliteTemplate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("front")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
         "-subj", f"/CN={NAME}", "-keyout", folder / "key.pem", "-out", folder / "fullchain.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    with sqlite_template.fresh() as database:
        settings = {"PLEDGES_PUBLIC_URL": f"https://{NAME}", "PLEDGES_TRUSTED_PROXIES": "1"}
        server = LiveServer(folder, database, settings, warm=True)
        try:
            server.start_web()
            yield from _nginx(folder, server.port)
        finally:
            server.stop()


def _nginx(folder: Path, upstream: int) -> Iterator[Front]:
    clear, secure = free_port(), free_port()
    site = (ROOT / "deploy" / "nginx" / "pledges.conf").read_text()
    site = site.replace("/etc/ssl/pledges", str(folder)).replace("/var/log/pledges", str(folder))
    site = site.replace("127.0.0.1:8000", f"127.0.0.1:{upstream}").replace("/opt/pledges/current", str(ROOT))
    site = re.sub(r"(?m)^ *listen \[::\].*\n", "", site)
    site = site.replace("listen 443", f"listen 127.0.0.1:{secure}").replace("listen 80", f"listen 127.0.0.1:{clear}")
    (folder / "site.conf").write_text(site)
    paths = "".join(f" {kind}_temp_path {folder}/{kind};\n" for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\nerror_log {folder}/all.log;\nevents {{}}\n"
        f"http {{\n client_body_temp_path {folder}/body;\n{paths} include {folder}/site.conf;\n}}\n"
    )
    nginx = subprocess.Popen([str(NGINX), "-p", folder, "-c", folder / "nginx.conf"], stderr=subprocess.PIPE)
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", secure)) == 0:
                    break
            assert nginx.poll() is None, nginx.communicate()
            time.sleep(0.05)
        yield Front(secure, folder / "access.log")
    finally:
        nginx.terminate()
        nginx.communicate(timeout=10)


def status_of(answer: str) -> int:
    return int(answer.split(" ", 2)[1])


def test_only_new_tls_and_only_our_name(front: Front) -> None:
    request = f"GET /healthz HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode()
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        answer = front.send(request, version)
        assert status_of(answer) == 200
        assert re.findall(r"(?i)strict-transport-security: (.*)\r", answer) == ["max-age=31536000; includeSubDomains"]
    with pytest.warns(DeprecationWarning, match="TLSv1_1"), pytest.raises((ssl.SSLError, ConnectionError)):
        front.send(request, ssl.TLSVersion.TLSv1_1)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        front.send(request, name="another.example.vn")


def test_what_is_for_the_machine_stays_there(front: Front) -> None:
    for path in ("/metrics", "/metrics?x=1", "//metrics", "/./metrics", "/%6detrics"):
        assert "pledges_" not in front.get(path), path
        assert "pledges_" not in front.get(path, X_Forwarded_For="127.0.0.1", Forwarded="for=127.0.0.1"), path
    assert status_of(front.get("/static/")) in {403, 404}, "no list of files"
    for path in ("/.git/config", "/static/../wsgi.py", "/static/%2e%2e/wsgi.py", "/deploy/pledges.env.example"):
        assert status_of(front.get(path)) in {400, 404}, path
    home = front.get("/")
    assert len(re.findall(r"(?i)\r\nx-content-type-options:", home)) == 1
    assert not re.search(r"(?i)\r\nserver: .*\d", home), "no number of a version"


HIDDEN = f"GET /healthz?hidden HTTP/1.1\r\nHost: {NAME}\r\n\r\n"
ANSWERED = '{"status":"ok"}'
START = f"POST /xac-minh HTTP/1.1\r\nHost: {NAME}\r\nContent-Type: application/x-www-form-urlencoded\r\n"


@pytest.mark.parametrize(
    "request_text",
    [
        f"{START}Content-Length: {len(HIDDEN) + 5}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{HIDDEN}",
        f"{START}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n{len(HIDDEN):x}\r\n{HIDDEN}\r\n0\r\n\r\n",
        f"{START}Transfer-Encoding: xchunked\r\nContent-Length: {len(HIDDEN)}\r\n\r\n{HIDDEN}",
        f"{START}Transfer-Encoding : chunked\r\nContent-Length: {len(HIDDEN)}\r\n\r\n{HIDDEN}",
        f"{START}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n{HIDDEN}",
        f"{START}Content-Length: 0\r\nContent-Length: {len(HIDDEN)}\r\n\r\n{HIDDEN}",
        f"{START}Content-Length: +{len(HIDDEN)}\r\n\r\n{HIDDEN}",
        f"{START}X: a\rTransfer-Encoding: chunked\r\nContent-Length: {len(HIDDEN)}\r\n\r\n{HIDDEN}",
        f"{START}Content-Length: {len(HIDDEN)}\r\n\r\n{HIDDEN}",
    ],
    ids=["both", "both-turned", "unknown", "blank", "twice", "two-lengths", "signed", "bare-return", "honest"],
)
def test_one_request_stays_one_behind_nginx(front: Front, request_text: str) -> None:
    """What is body to one of the two must not be a request to the other: the hidden one is never answered."""
    assert ANSWERED not in re.sub(r"\s", "", front.send(request_text.encode()))


def test_a_second_request_that_is_none_of_the_first_is_answered(front: Front) -> None:
    """So that the test before this one could see a hidden request come through."""
    answer = front.send(f"{START}Content-Length: 0\r\n\r\n{HIDDEN}".encode())
    assert ANSWERED in re.sub(r"\s", "", answer)
