"""A backup put back into an empty place: everything is there, and whatever is missing or changed is said."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pledges.continuity.backup import Taken, Wanted, take_backup
from pledges.continuity.drill import Rehearsal, Report, rehearse
from pledges.continuity.log_checks import read_checkpoints
from pledges.continuity.manifest import FILE_LIST, Manifest, NotPossible, hash_of_file, listed_files, place_in_pool
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.jobs.worker import run_worker
from pledges.product import Product
from pledges.settings import Settings
from pledges.transparency.models import Checkpoint
from pledges.transparency.queries import latest_checkpoint
from tests.support.clock import FixedClock
from tests.support.signing import invented_tax_code, seller_pages, signed_by
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
    "log",
    "checkpoints",
    "running log",
}
Damage = Callable[["Place"], None]


class Place:
    """A folder with a backup and, apart from it, a copy of the keys."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def backup(self) -> Path:
        return next((self.folder / "backups").glob("backup-*"))

    @property
    def keys(self) -> Path:
        return next((self.folder / "keys").glob("keys-*"))

    @property
    def sha256(self) -> str:
        return listed_files(self.backup)[0]

    @property
    def stored(self) -> Path:
        return self.folder / "backups" / place_in_pool(self.sha256)

    def in_copy(self, statement: str, *, table: str) -> None:
        """Change a row and set the manifest right, as a clever intruder would: only the facts can tell."""
        file = self.backup / "database.sqlite"
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.executescript(statement)
            left = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
        tables = Manifest.read(self.backup).tables | {table: left}
        self.claim(tables=tables, database_sha256=hash_of_file(file))

    def claim(self, **changes: Any) -> None:
        replace(Manifest.read(self.backup), **changes).write(self.backup)


def filled(database: Database, clock: FixedClock, vault: Vault, settings: Settings) -> Product:
    """Two sealed pledges, and what comes with them; the second one claims the tax code of the first."""
    product = make_product(database, clock, vault, settings)
    for number in (1, 2):
        pages = seller_pages(number, who__tax_code=invented_tax_code(1))
        signed_by(database, pages, now=clock(), vault=vault)
    run_worker(database, product.tasks(), once=True)
    log_goes_on(product)
    return product


def log_goes_on(product: Product) -> None:
    """The facts of these minutes are sealed, and a checkpoint is signed over them."""
    product.log_worker().keep()
    product.log_worker().sign()


def backed_up(product: Product, folder: Path, **changes: Any) -> Taken:
    return take_backup(product, replace(Wanted(folder / "backups", folder / "keys"), **changes))


def drilled(product: Product, folder: Path, **changes: Any) -> Report:
    wanted = Rehearsal(folder / "backups", folder / "keys", work=folder / "work")
    return rehearse(product, replace(wanted, **changes))


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
    assert list((tmp_path / "work").iterdir()) == [], "nothing stays behind"


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _without_line(place: Place) -> None:
    listed = place.backup / FILE_LIST
    listed.write_text("".join(listed.read_text().splitlines(keepends=True)[1:]))
    place.claim(list_sha256=hash_of_file(listed))


def _other_data_key(place: Place) -> None:
    file = place.keys / "settings.env"
    file.write_text(file.read_text().replace("development-only-data", "another-key-of-the-same-shape"))


DAMAGES: tuple[dict[str, Damage], ...] = (
    {
        "LOST: the manifest of the backup is a checkpoint over 2 entries, and the copy has 0": lambda it: it.in_copy(
            "DELETE FROM log_checkpoint; DELETE FROM log_entry; UPDATE log_head SET size = 0", table="log_entry"
        ),
        "is damaged in the backup": lambda it: _flip(it.stored),
        "The table signature has 0 rows": lambda it: it.in_copy("DELETE FROM signature", table="pledge"),
        "seal.p12 is missing in the copy of the keys": lambda it: next(it.keys.rglob("seal.p12")).unlink(),
    },
    {
        "named by document.sha256, is not in the backup": _without_line,
        "The log of the copy is wrong: entry 0: its body is not": lambda it: it.in_copy(
            "UPDATE log_entry SET body = replace(body, '2026-11-20', '2026-11-19')", table="log_entry"
        ),
        "A fact is missing": lambda it: it.in_copy("DELETE FROM fact WHERE kind = 'pledge.submitted'", table="fact"),
        "seal.p12 is another one in the copy of the keys": lambda it: _flip(next(it.keys.rglob("seal.p12"))),
    },
    {
        "is missing in the backup": lambda it: it.stored.unlink(),
        "The row of the document": lambda it: it.in_copy("DELETE FROM document", table="document"),
        "A figure does not agree": lambda it: it.in_copy("UPDATE counter SET in_force = 7", table="counter"),
        "PLEDGES_DATA_KEY is missing or another one": _other_data_key,
    },
    {"A row of entity is missing": lambda it: it.in_copy("DELETE FROM entity", table="entity")},
    {"database.sqlite is not the file that was written": lambda it: _flip(it.backup / "database.sqlite")},
    {"database.sqlite is missing": lambda it: (it.backup / "database.sqlite").unlink()},
)
"""What is done to a copy of the backup, by the sentence that must tell of it; together only what is told apart."""


def test_whatever_is_missing_or_changed_is_said(
    sqlite_database: Database, clock: FixedClock, vault: Vault, settings_for_test: Settings, tmp_path: Path
) -> None:
    """Each damage is done to a copy of one backup; signing and sealing anew for each would take minutes."""
    backed_up(product := filled(sqlite_database, clock, vault, settings_for_test), tmp_path / "sound")
    for number, damages in enumerate(DAMAGES):
        place = Place(shutil.copytree(tmp_path / "sound", tmp_path / str(number)))
        for damage in damages.values():
            damage(place)
        said = " ".join(drilled(product, place.folder).sentences)
        assert [sentence for sentence in damages if sentence not in said] == [], said
    _a_published_checkpoint_is_asked_for(product, clock, tmp_path)


def _a_published_checkpoint_is_asked_for(product: Product, clock: FixedClock, folder: Path) -> None:
    """Sound in itself, a backup has still lost what was published after it was made."""
    clock.advance(timedelta(minutes=5))
    signed_by(product.database, seller_pages(3), now=clock(), vault=product.vault)
    log_goes_on(product)
    kept, checkpoint = folder / "kept.txt", _checkpoint(product)
    kept.write_text("\n".join(f"> {line}" for line in checkpoint.note.splitlines() if line))
    [said] = drilled(product, folder / "sound", checkpoints=(kept,)).sentences
    assert said.startswith("LOST: kept.txt is a checkpoint over 3 entries, and the copy has 2. The entries 2 to 2 were")
    kept.write_text(checkpoint.note.replace("\n3\n", "\n1\n"))
    with pytest.raises(NotPossible, match="signed with none of the keys of this log, or was changed"):
        read_checkpoints(kept, [checkpoint.key])


def _checkpoint(product: Product) -> Checkpoint:
    with product.database.read() as session:
        found = latest_checkpoint(session)
    assert found is not None
    return found


def test_a_backup_goes_on_where_it_stood(
    sqlite_database: Database, clock: FixedClock, vault: Vault, settings_for_test: Settings, tmp_path: Path
) -> None:
    """What is there is not copied again, what a crash left is cleared away, and what nobody names any more goes."""
    product = filled(sqlite_database, clock, vault, settings_for_test)
    pool, storage = tmp_path / "backups" / "files", product.settings.storage
    first, second = sorted(path for path in storage.rglob("*") if path.is_file())[:2]
    copied = pool / first.relative_to(storage)
    copied.parent.mkdir(parents=True)
    shutil.copyfile(first, copied)
    half = pool / second.relative_to(storage)
    half.parent.mkdir(parents=True)
    half.write_bytes(b"half")
    (tmp_path / "backups" / ".unfinished-backup-20260101T000000Z").mkdir()
    before = copied.stat().st_ino
    taken = backed_up(product, tmp_path)
    assert copied.stat().st_ino == before
    assert hash_of_file(half) == half.name
    assert [path.name for path in (tmp_path / "backups").iterdir() if path.name.startswith(".unfinished")] == []
    first.unlink()
    time_of_next = taken.folder.rename(tmp_path / "backups" / "backup-20260101T000000Z")
    again = backed_up(product, tmp_path, keys_to=None, keep=1)
    assert (again.removed, time_of_next.exists(), copied.exists(), half.exists()) == (1, False, False, True)


def test_a_damaged_original_is_said_and_its_sound_copy_stays(
    sqlite_database: Database, clock: FixedClock, vault: Vault, settings_for_test: Settings, tmp_path: Path
) -> None:
    product = filled(sqlite_database, clock, vault, settings_for_test)
    damaged = next(path for path in product.settings.storage.rglob("*") if len(path.name) == 64)
    _flip(damaged)
    taken = backed_up(product, tmp_path)
    assert taken.manifest.damaged == [damaged.name]
    assert f"The file {damaged.name} was damaged already" in " ".join(drilled(product, tmp_path).sentences)


def test_keys_lie_apart_and_may_be_sealed(
    sqlite_database: Database, clock: FixedClock, vault: Vault, settings_for_test: Settings, tmp_path: Path
) -> None:
    product = make_product(sqlite_database, clock, vault, settings_for_test)
    product.sealer.check(clock())
    for keys in (tmp_path / "backups" / "keys", tmp_path):
        with pytest.raises(NotPossible, match="apart from the data"):
            backed_up(product, tmp_path, keys_to=keys)
    taken = backed_up(product, tmp_path, keys_password="mật khẩu của tủ sắt")
    assert taken.keys is not None
    assert b"development-only" not in taken.keys.read_bytes()
    opened = drilled(product, tmp_path, keys_password="mật khẩu của tủ sắt")
    assert opened.ok, opened.sentences
    assert "the password is wrong" in " ".join(drilled(product, tmp_path, keys_password="mật khẩu nào khác").sentences)
    assert "No copy of the keys was given" in " ".join(drilled(product, tmp_path, keys=None).sentences)
    assert drilled(product, tmp_path, keys=None, without_keys=True).ok
    live = sqlite_database.url.render_as_string(hide_password=False)
    [restoring] = [one for one in drilled(product, tmp_path, into=live).checks if one.name == "restore"]
    assert "is not empty" in restoring.wrong[0], "nothing is put over what is there"
