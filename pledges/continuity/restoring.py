"""Putting a backup into an empty place: for the rehearsal, which looks at it, and for the day on which it is needed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, text

from pledges.continuity.databases import is_sqlite, refuse_tables, restore_dump
from pledges.continuity.files import put_back
from pledges.continuity.manifest import FILE_LIST, Manifest, NotPossible, hash_of_file, listed_files
from pledges.continuity.places import empty_database
from pledges.core.db import Database
from pledges.core.sharing import is_shared
from pledges.documents.storage import TEMPORARY, Storage
from pledges.product import Product


@dataclass(frozen=True)
class Restored:
    database: Database
    storage: Storage
    missing: list[str]
    """Files of the list that the backup lacks."""


def damage_of(folder: Path, manifest: Manifest) -> list[str]:
    """What is wrong with the files of the backup itself, before anything is put back."""
    wrong = []
    for name, sha256 in ((manifest.database, manifest.database_sha256), (FILE_LIST, manifest.list_sha256)):
        path = folder / name
        if not path.is_file():
            wrong.append(f"{name} is missing in the backup.")
        elif hash_of_file(path) != sha256:
            wrong.append(f"{name} is not the file that was written: its SHA-256 is another one.")
    wrong += [f"The file {sha256} was damaged already when the backup was made." for sha256 in manifest.damaged]
    return wrong


@contextmanager
def put_aside(
    product: Product, folder: Path, manifest: Manifest, *, into: str | None, work: Path
) -> Iterator[Restored]:
    """Restored into an empty place that is cleared away afterwards."""
    stamp = folder.name.rpartition("-")[2]
    with empty_database(product.database.url, into, work, stamp, manifest.newest_fact) as url:
        if (manifest.engine == "sqlite") != is_sqlite(url):
            raise NotPossible(f"The backup is of {manifest.engine}: name an empty database of the same kind.")
        _restore_database(folder, manifest, url)
        storage = work / "storage"
        missing = put_back(folder.parent, listed_files(folder), storage, link=True)
        storage.mkdir(mode=0o700, exist_ok=True)
        database = Database(url.render_as_string(hide_password=False))
        try:
            yield Restored(database, Storage(storage), missing)
        finally:
            database.dispose()


def restore(product: Product, folder: Path, manifest: Manifest, *, files_only: bool = False) -> list[str]:
    """Into the database and the storage of the settings, both of which must be empty; files that the backup lacks."""
    storage, url = product.settings.storage, product.database.url
    if storage.is_dir() and any(each.name != TEMPORARY for each in storage.iterdir()):
        raise NotPossible(f"The storage {storage} is not empty: nothing is put over files that are there.")
    if not files_only:
        if (manifest.engine == "sqlite") != is_sqlite(url):
            raise NotPossible(f"The backup is of {manifest.engine}, and PLEDGES_DATABASE_URL names another kind.")
        refuse_tables(url)
        product.database.dispose()
        _restore_database(folder, manifest, url)
    return put_back(folder.parent, listed_files(folder), storage, link=False)


def _restore_database(folder: Path, manifest: Manifest, url: URL) -> None:
    if not is_sqlite(url):
        restore_dump(folder / manifest.database, url)
        with _opened(url) as database, database.engine.begin() as connection:
            connection.execute(text("ANALYZE"))
        return
    target = Path(str(url.database))
    for left_over in (target, Path(f"{target}-wal"), Path(f"{target}-shm")):
        left_over.unlink(missing_ok=True)
    shutil.copyfile(folder / manifest.database, target)
    target.chmod(0o660 if is_shared(target.parent) else 0o600)


@contextmanager
def _opened(url: URL) -> Iterator[Database]:
    database = Database(url.render_as_string(hide_password=False))
    try:
        yield database
    finally:
        database.dispose()
