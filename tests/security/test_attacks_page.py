"""The table of attacks has all its rows, and names tests that exist."""

from __future__ import annotations

import re

from tests.guards.repository import ROOT
from tests.guards.test_asvs import gone

TABLE = (ROOT / "docs" / "security" / "attacks.md").read_text(encoding="utf-8")


def test_every_row_is_there() -> None:
    rows = re.findall(r"(?m)^\| (\d+) \| .+? \| (.+?) \| .+? \| (.+) \|$", TABLE)
    assert [int(number) for number, _holds, _shown in rows] == list(range(1, 39))
    for number, holds, shown in rows:
        assert holds in {"yes", "partly", "no", "does not apply"}, number
        assert holds != "yes" or "`tests/" in shown, number


def test_every_test_that_is_named_exists() -> None:
    assert len(re.findall("::test_", TABLE)) > 60
    assert gone(TABLE) == []
