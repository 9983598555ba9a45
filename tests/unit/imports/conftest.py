from __future__ import annotations

from pathlib import Path

import pytest

from pledges.core.db import Database
from pledges.core.secrecy import Vault
from tests.support.clock import FixedClock
from tests.support.lists import Lists


@pytest.fixture
def lists(database: Database, tmp_path: Path, clock: FixedClock, vault: Vault) -> Lists:
    """An office in Huế, once on each engine."""
    return Lists(database, tmp_path, clock, vault)


@pytest.fixture
def lists_on_sqlite(sqlite_database: Database, tmp_path: Path, clock: FixedClock, vault: Vault) -> Lists:
    return Lists(sqlite_database, tmp_path, clock, vault)
