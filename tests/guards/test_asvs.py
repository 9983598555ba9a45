"""The written checklist of ASVS names files and tests that exist, in all its rows."""

from __future__ import annotations

import re

from tests.guards.repository import ROOT

CHECKLIST = (ROOT / "docs" / "security" / "asvs.md").read_text()
ROWS = re.findall(r"(?m)^\| (\d+) \| (.+?) \| (.+?) \| (.+) \|$", CHECKLIST)
FOLDERS = "pledges|tests|deploy|docs|scripts|static|templates|migrations"


def gone(text: str) -> list[str]:
    """What stands in code marks as a file or as `file::test` and is not there."""
    named = re.findall(rf"`((?:{FOLDERS})/[^`\s]*|Dockerfile|pyproject\.toml)`", text)
    missing = []
    for name in named:
        path, _mark, test = name.partition("::")
        file = ROOT / path
        if not file.exists() or (test and not re.search(rf"(?m)^ *def {re.escape(test)}\(", file.read_text())):
            missing.append(name)
    return missing


def test_every_row_is_there_and_answered() -> None:
    assert [int(number) for number, *_rest in ROWS] == list(range(1, 50))
    assert {holds for _number, _said, holds, _shown in ROWS} <= {"yes", "partly", "no", "does not apply"}
    for number, _said, holds, shown in ROWS:
        assert holds == "does not apply" or "`" in shown, f"row {number} names nothing that shows it"
        assert len(shown) > 40, number


def test_every_file_and_test_that_is_named_exists() -> None:
    assert len(re.findall("::test_", CHECKLIST)) > 80
    assert gone(CHECKLIST) == []


def test_the_guard_notices() -> None:
    said = (
        "`tests/guards/test_asvs.py::test_the_guard_notices` `tests/guards/test_asvs.py::test_nothing` `docs/none.md`"
    )
    assert gone(said) == ["tests/guards/test_asvs.py::test_nothing", "docs/none.md"]


def test_no_script_keeps_anything_in_the_browser_or_stops_pasting() -> None:
    scripts = sorted((ROOT / "static").rglob("*.js"))
    assert scripts
    kept = r"localStorage|sessionStorage|indexedDB|document\.cookie|['\"]paste['\"]|onpaste"
    assert [script.name for script in scripts if re.search(kept, script.read_text())] == []
