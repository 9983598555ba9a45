"""What `make check` says about known holes: a hole fails it, and what was not asked is never called clean."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from types import ModuleType
from typing import Any

import pytest

from tests.guards.repository import ROOT

SCRIPT = ROOT / "scripts" / "audit"


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    spec = spec_from_loader("audit_script", SourceFileLoader("audit_script", str(SCRIPT)))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def package(name: str, **told: Any) -> dict[str, Any]:
    return {"name": name, "version": "1.0", "vulns": [], **told}


def test_a_hole_fails_and_is_named_with_its_mending(audit: ModuleType) -> None:
    hole = {"id": "CVE-2026-0000", "fix_versions": ["1.1"], "description": "invented"}
    status, [line] = audit.judge({"dependencies": [package("one"), package("two", vulns=[hole])]})
    assert status == 1
    assert line == "audit: two 1.0 has a known hole, CVE-2026-0000; mended in: 1.1"


def test_who_was_not_asked_about_is_not_called_clean(audit: ModuleType) -> None:
    silent = {"name": "two", "skip_reason": "Dependency not found on PyPI and could not be audited"}
    status, [line] = audit.judge({"dependencies": [package("one"), silent]})
    assert status == 0
    assert line.startswith("audit: NOT ASKED about 1 of 2 packages (two)")
    assert audit.judge({"dependencies": [package("one")]}) == (0, ["audit: no known hole in 1 packages."])


def test_without_a_network_it_is_skipped_loudly_and_soon() -> None:
    nowhere = dict.fromkeys(("HTTPS_PROXY", "https_proxy", "ALL_PROXY"), "http://127.0.0.1:9")
    done = subprocess.run(
        [sys.executable, SCRIPT], env={**os.environ, **nowhere}, capture_output=True, text=True, timeout=40, check=False
    )
    assert done.returncode == 0
    assert done.stdout == ""
    assert done.stderr.startswith("audit: SKIPPED, no database of advisories can be reached from here")
