"""The bundle for servers without Internet is really made, and really installed where no network is."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.guards.repository import ROOT

pytestmark = [
    pytest.mark.fault,
    pytest.mark.skipif(not os.environ.get("PLEDGES_SOAK"), reason="fetches all packages: only in make soak"),
]


def without_network() -> list[str]:
    """A namespace with nothing in it, where this user may make one."""
    for way in (["unshare", "-n"], ["unshare", "-rn"]):
        if shutil.which("unshare") and subprocess.run([*way, "true"], capture_output=True, check=False).returncode == 0:
            return way
    return []


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    given = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/nonexistent", **environment}
    done = subprocess.run(list(map(str, command)), cwd=cwd, env=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_bundle_installs_without_a_network_and_works(tmp_path: Path) -> None:
    subprocess.run([ROOT / "scripts" / "bundle", "--anyway"], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    packed = max((ROOT / "build").glob("pledges-*.tar.gz"), key=lambda path: path.stat().st_mtime)
    with tarfile.open(packed) as archive:
        archive.extractall(tmp_path, filter="data")
    [unpacked] = tmp_path.iterdir()
    alone, to = without_network(), tmp_path / "opt"
    assert "is ready" in run(*alone, "./install", "--to", to, cwd=unpacked)
    version = (unpacked / "VERSION").read_text().strip()
    assert (to / "current").readlink() == Path(version)
    flask = [*alone, to / "current" / ".venv" / "bin" / "flask", "--app", "wsgi"]
    for command in (("db", "upgrade"), ("plans", "load")):
        run(*flask, *command, cwd=to / "current", PLEDGES_VAR=str(tmp_path / "var"))
    told = run(*flask, "ops", "ready", cwd=to / "current", PLEDGES_VAR=str(tmp_path / "var"))
    assert "database" in told
    wheel = next((unpacked / "wheels").iterdir())
    wheel.write_bytes(wheel.read_bytes() + b"x")
    refused = subprocess.run(
        [unpacked / "install", "--to", tmp_path / "other"], capture_output=True, text=True, check=False
    )
    assert refused.returncode == 1
    assert "damaged or was changed" in refused.stderr
    assert not (tmp_path / "other").exists()
