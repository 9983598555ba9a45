"""What is shipped for operation, judged by the programs that will read it; loudly left out where one is missing."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.guards.repository import ROOT

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))


def program(name: str) -> str:
    found = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin:/usr/local/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed here: what it would say about the files of deploy/ is NOT known")
    return found


def said(*command: str | Path) -> tuple[int, str]:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_systemd_finds_little_that_a_unit_could_do(unit: Path) -> None:
    """Exposure 2.0 or less of 10; systemd counts in tenths."""
    status, told = said(program("systemd-analyze"), "security", "--offline=true", "--threshold=20", "--no-pager", unit)
    assert "Overall exposure level" in told, told
    assert status == 0, told[-400:]


def test_systemd_understands_every_line(tmp_path: Path) -> None:
    """The programs of the units are elsewhere on this machine; everything else has to be right."""
    for unit in [*UNITS, *(DEPLOY / "systemd").glob("*.timer")]:
        text = re.sub(r"(?m)^ExecStart=.*$", "ExecStart=/bin/true", unit.read_text())
        (tmp_path / unit.name).write_text(re.sub(r"(?m)^RequiresMountsFor=.*\n", "", text))
    _status, told = said(program("systemd-analyze"), "verify", "--man=no", *sorted(tmp_path.iterdir()))
    assert [line for line in told.splitlines() if "pledges" in line] == []


def test_the_users_and_folders_can_be_made(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "passwd").write_text("root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:33::/var/www:/bin/sh\n")
    (tmp_path / "etc" / "group").write_text("root:x:0:\nadm:x:4:\n")
    status, told = said(program("systemd-sysusers"), f"--root={tmp_path}", DEPLOY / "systemd" / "sysusers.conf")
    assert status == 0, told
    users = dict(re.findall(r"(?m)^(pledges[\w-]*):x:\d+:(\d+):", (tmp_path / "etc" / "passwd").read_text()))
    groups = dict(re.findall(r"(?m)^(pledges[\w-]*):x:(\d+):", (tmp_path / "etc" / "group").read_text()))
    assert users["pledges-web"] == users["pledges-worker"] == groups["pledges"]
    assert "pledges-keys:x:" + groups["pledges-keys"] + ":pledges-worker" in (tmp_path / "etc" / "group").read_text()
    made = set(re.findall(r"(?m)^d (\S+)", (DEPLOY / "systemd" / "tmpfiles.conf").read_text()))
    status, told = said(
        program("systemd-tmpfiles"), f"--root={tmp_path}", "--create", DEPLOY / "systemd" / "tmpfiles.conf"
    )
    assert "pledges.conf:" not in told, told
    assert {path for path in made if not (tmp_path / path[1:]).is_dir()} == set()
    # After a rotation nginx opens its logs as www-data; where it cannot, it goes on in the file that is thrown away.
    assert (tmp_path / "var/log/pledges").stat().st_mode & 0o777 == 0o751
    log = (tmp_path / "var/log/pledges/access.log").stat()
    assert (log.st_mode & 0o777, log.st_uid) == (0o640, 33)


def test_nginx_understands_the_site(tmp_path: Path) -> None:
    nginx, openssl = program("nginx"), program("openssl")
    key, certificate = tmp_path / "key.pem", tmp_path / "fullchain.pem"
    status, told = said(
        openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
        "-subj", "/CN=camket.example.vn", "-keyout", key, "-out", certificate,
    )  # fmt: skip
    assert status == 0, told
    site = (DEPLOY / "nginx" / "pledges.conf").read_text()
    site = site.replace("/etc/ssl/pledges", str(tmp_path)).replace("/var/log/pledges", str(tmp_path))
    site = re.sub(r"listen (\[::\]:)?(80|443)", lambda found: f"listen {found[1] or ''}{20000 + int(found[2])}", site)
    (tmp_path / "site.conf").write_text(site)
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/nginx.pid;\nerror_log {tmp_path}/all.log;\nevents {{}}\n"
        f"http {{\n client_body_temp_path {tmp_path}/body;\n proxy_temp_path {tmp_path}/proxy;\n"
        f" fastcgi_temp_path {tmp_path}/f;\n uwsgi_temp_path {tmp_path}/u;\n scgi_temp_path {tmp_path}/s;\n"
        f" include {tmp_path}/site.conf;\n}}\n"
    )
    status, told = said(nginx, "-t", "-q", "-p", tmp_path, "-c", tmp_path / "nginx.conf")
    assert (status, told.strip()) == (0, "")


def test_logrotate_understands_the_rule(tmp_path: Path) -> None:
    rule = tmp_path / "pledges"
    rule.write_text((DEPLOY / "logrotate" / "pledges").read_text())
    rule.chmod(0o644)
    status, told = said(program("logrotate"), "--debug", "--state", tmp_path / "state", rule)
    assert status == 0, told
    assert "error" not in told.lower(), told
