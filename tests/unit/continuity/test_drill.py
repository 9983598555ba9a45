"""A backup put back into an empty place: everything is there, and whatever is missing is said."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from pledges.continuity.backup import Taken, Wanted, take_backup
from pledges.continuity.drill import Rehearsal, Report, rehearse
from pledges.continuity.manifest import MANIFEST, Manifest, NotPossible, hash_of_file, listed_files, place_in_pool
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.jobs.worker import run_worker
from pledges.product import Product
from pledges.settings import Settings
from tests.support.clock import FixedClock
from tests.support.signing import seller_pages, signed_by
from tests.web.conftest import make_product

CHECKS = {
    "backup",
    "keys",
    "rows",
    "schema",
    "integrity",
    "files",
    "documents",
    "facts",
    "data key",
    "verifications",
    "running system",
    "counters",
}


def filled(database: Database, clock: FixedClock, vault: Vault, settings: Settings) -> Product:
    """Two sealed pledges, and what comes with them."""
    product = make_product(database, clock, vault, settings)
    for number in (1, 2):
        signed_by(database, seller_pages(number), now=clock(), vault=vault)
    run_worker(database, product.tasks(), once=True)
    return product


def backed_up(product: Product, folder: Path) -> Taken:
    return take_backup(product, Wanted(folder / "backups", folder / "keys"))


def drilled(product: Product, folder: Path) -> Report:
    return rehearse(product, Rehearsal(folder / "backups", folder / "keys", work=folder / "work"))


def test_the_restored_copy_counts_as_the_original(
    database: Database, clock: FixedClock, vault: Vault, settings_for_test: Settings, tmp_path: Path
) -> None:
    url = database.url.render_as_string(hide_password=False)
    product = filled(database, clock, vault, replace(settings_for_test, database_url=url))
    taken = backed_up(product, tmp_path)
    report = drilled(product, tmp_path)
    assert report.sentences == []
    looked_at = {check.name: check.looked_at for check in report.checks}
    assert set(looked_at) == CHECKS
    assert looked_at["verifications"] == looked_at["documents"] == 2
    assert looked_at["facts"] > 5
    assert taken.manifest.tables["pledge"] == 2
    assert report.newest_fact == report.newest_live_fact
    assert list((tmp_path / "work").iterdir()) == []
