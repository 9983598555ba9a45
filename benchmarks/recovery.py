"""How long it takes to have everything back: a drill over ten thousand pledges, from a backup of the same minute.

Run it by `python -m benchmarks.recovery [--pledges 10000] [--engines sqlite postgresql]`. Twenty pledges are really
signed and sealed. The others are copies of their rows with ids, codes and addresses of their own, which share the
twenty sealed files; files of the same size that no row names lie beside them, one for each of these pledges.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Table, insert, select

from benchmarks.lists import database_on
from benchmarks.searching import _version
from pledges.continuity.backup import Wanted, take_backup
from pledges.continuity.drill import Rehearsal, rehearse
from pledges.core.db import Base, Database
from pledges.core.secrecy import Vault
from pledges.documents.sealing import Sealer
from pledges.jobs.worker import run_worker
from pledges.product import Product
from pledges.registry.recounting import recount
from pledges.settings import read_settings
from pledges.signing.rules import random_code
from tests.support.clock import FixedClock
from tests.support.signing import seller_pages, signed_by
from tests.web.conftest import make_product

REAL, PLEDGES, CHUNK = 20, 10_000, 1_000
DATA_KEY = "benchmarks-only-data-key-0123456789abcdef"
TABLES = (
    "entity", "entity_type", "channel", "contact", "sighting", "obligation", "obligation_move", "draft", "document",
    "pledge", "pledge_cover", "pledge_channel", "signature", "fact",
)  # fmt: skip
"""What comes with a pledge, in the order in which rows may refer to one another."""


def table_of(name: str) -> Table:
    return Base.metadata.tables[name]


# --- Filling ---------------------------------------------------------------------------------------------------------


def product_on(database: Database, folder: Path) -> Product:
    clock = FixedClock(datetime.now(UTC))
    environ = {
        "PLEDGES_VAR": str(folder / "var"),
        "PLEDGES_DATA_KEY": DATA_KEY,
        "PLEDGES_PUBLIC_URL": "http://localhost",
    }
    settings = replace(read_settings(environ), database_url=database.url.render_as_string(hide_password=False))
    product = make_product(database, clock, Vault(DATA_KEY), settings)
    return replace(product, sealer=Sealer.from_settings(settings, clock))


def fill(product: Product, pledges: int) -> None:
    database = product.database
    before = {name: _keys(database, name) for name in TABLES}
    for number in range(1, REAL + 1):
        signed_by(database, seller_pages(number), now=_tick(product), vault=product.vault)
    run_worker(database, product.tasks(), once=True)
    rows = {name: [row for row in _rows(database, name) if _key(name, row) not in before[name]] for name in TABLES}
    ids = {value for name in TABLES for row in rows[name] for value in _key(name, row) if isinstance(value, uuid.UUID)}
    for start in range(1, pledges // REAL, CHUNK // REAL):
        copies = range(start, min(start + CHUNK // REAL, pledges // REAL))
        database.run(lambda session, copies=copies: _copy(session, rows, ids, copies))  # type: ignore[misc]
    database.run(lambda session: recount(session, repair=True))
    size = max(path.stat().st_size for path in product.storage.folder.rglob("*") if path.is_file())
    for _number in range(pledges - REAL):
        product.storage.put(os.urandom(size))
    product.log_worker().keep()
    product.log_worker().sign()


def _tick(product: Product) -> datetime:
    """Some minutes lie between two signers of one network."""
    assert isinstance(product.clock, FixedClock)
    return product.clock.advance(timedelta(minutes=3))


def _copy(session: Any, rows: dict[str, list[dict[str, Any]]], ids: set[uuid.UUID], copies: range) -> None:
    for name in TABLES:
        made = [_copied(name, row, Others(ids, number)) for number in copies for row in rows[name]]
        if made:
            session.execute(insert(table_of(name)), made)


def _copied(name: str, row: dict[str, Any], others: Others) -> dict[str, Any]:
    copied = {column: others.of(value) for column, value in row.items()}
    if name == "pledge":
        copied |= {"reference": f"CK-46-2026-{random_code(9)}", "verification_code": random_code(29)}
    elif name == "draft":
        copied["resume_code_hash"] = uuid.uuid4().hex * 2
    elif name == "entity":
        copied["tax_code"] = None
    elif name in ("channel", "pledge_channel"):
        copied["address"] = f"{row['address']}.{others.number}"
    elif name == "fact":
        copied.pop("number", None)
    return copied


@dataclass(frozen=True)
class Others:
    """Ids of rows that are copied get another value, the same in every place where they stand, also in JSON."""

    ids: set[uuid.UUID]
    number: int

    def of(self, value: Any) -> Any:
        if isinstance(value, uuid.UUID):
            return uuid.uuid5(value, str(self.number)) if value in self.ids else value
        if isinstance(value, dict):
            return {self.of(name): self.of(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self.of(each) for each in value]
        if isinstance(value, str) and len(value) == 36 and value.count("-") == 4:
            return str(self.of(uuid.UUID(value)))
        return value


def _rows(database: Database, name: str) -> Iterator[dict[str, Any]]:
    with database.read() as session:
        for row in session.execute(select(table_of(name))):
            yield dict(row._mapping)


def _key(name: str, row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[column.name] for column in table_of(name).primary_key)


def _keys(database: Database, name: str) -> set[tuple[Any, ...]]:
    return {_key(name, row) for row in _rows(database, name)}


# --- Measuring -------------------------------------------------------------------------------------------------------


def measure(engine: str, pledges: int) -> str:
    """One row of the table."""
    place = tempfile.TemporaryDirectory(prefix="pledges-recovery-")
    with place, database_on(engine) as database:
        folder = Path(place.name)
        product, begun = product_on(database, folder), time.monotonic()
        fill(product, pledges)
        filled, begun = time.monotonic() - begun, time.monotonic()
        taken = take_backup(product, Wanted(folder / "backups", folder / "keys"))
        copied, begun = time.monotonic() - begun, time.monotonic()
        report = rehearse(product, Rehearsal(folder / "backups", folder / "keys", work=folder / "work"))
        whole = time.monotonic() - begun
        assert report.ok, report.sentences
        manifest, figures = taken.manifest, report.to_json()
        print(json.dumps(figures))
        recovery = figures["recovery_time_seconds"]
        return (
            f"| {_version(database)} | {pledges:,} | {manifest.tables['fact']:,} | "
            f"{manifest.files:,} files, {manifest.bytes / 1e6:,.0f} MB | {filled:.0f} s | {copied:.1f} s | "
            f"{figures['recovery_point_seconds']:.1f} s | {figures['restore_seconds']:.1f} s | "
            f"{figures['check_seconds']:.1f} s | **{recovery:.1f} s** ({whole:.1f} s in all) |"
        )


def table(pledges: int = PLEDGES, engines: tuple[str, ...] = ("sqlite", "postgresql")) -> str:
    load = "/".join(f"{value:.1f}" for value in os.getloadavg())
    return "\n".join(
        (
            f"Measured on {datetime.now(UTC) + timedelta(hours=7):%d/%m/%Y}: {os.cpu_count()} cores, "
            f"{platform.machine()}, load before it {load}, Python {platform.python_version()}.",
            "",
            "| database | pledges | facts | stored | filling | backup | recovery point | restoring | checking "
            "| recovery time |",
            "|---|---|---|---|---|---|---|---|---|---|",
            *(measure(engine, pledges) for engine in engines),
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recovery", description=__doc__)
    parser.add_argument("--pledges", type=int, default=PLEDGES)
    parser.add_argument("--engines", nargs="+", default=["sqlite", "postgresql"])
    options = parser.parse_args()
    print(table(options.pledges, tuple(options.engines)))


if __name__ == "__main__":
    main()
