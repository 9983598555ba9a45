"""`ops backup`: database and files into one folder, the keys into another, named only once they are whole."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

from pledges.continuity.databases import copy_database, is_sqlite
from pledges.continuity.files import copy_new, forget_unnamed
from pledges.continuity.keys import key_marks, keys_of, write_keys
from pledges.continuity.manifest import (
    FILE_LIST,
    UNFINISHED,
    Manifest,
    NotPossible,
    backups_in,
    folder_name,
    hash_of_file,
    listed_files,
    place_in_pool,
    sync_folder,
    write_durably,
)
from pledges.continuity.places import clear_dead_drills
from pledges.core.calendar import system_clock
from pledges.core.crashpoints import crash_point
from pledges.core.migrate import current
from pledges.product import Product


@dataclass(frozen=True)
class Wanted:
    to: Path
    keys_to: Path | None = None
    keys_password: str | None = None
    keep: int | None = None
    """How many backups stay; None: all."""


@dataclass(frozen=True)
class Taken:
    folder: Path
    manifest: Manifest
    keys: Path | None
    removed: int
    """Older backups that were let go."""


def take_backup(product: Product, wanted: Wanted) -> Taken:
    """Files, then the database, then the files that have come since.

    So the copy holds every file that its database names, also those that are taken away while it is made. Times are
    those of the machine: they are compared with the next backup, not with the product's days.
    """
    _refuse_places(product, wanted)
    clear_dead_drills(product)
    try:
        wanted.to.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(wanted.to):
            for left_over in wanted.to.glob(f"{UNFINISHED}-*"):
                shutil.rmtree(left_over)
            return _take(product, wanted)
    except OSError as error:
        raise NotPossible(f"The backup cannot be written: {error.filename or wanted.to}: {error.strerror}.") from error


def _take(product: Product, wanted: Wanted) -> Taken:
    keys = keys_of(product.settings)
    copied, _ = copy_new(product.settings.storage, wanted.to, {})
    crash_point("backup.after_files")
    taken_at = system_clock()
    final = wanted.to / folder_name(taken_at)
    if final.exists():
        raise NotPossible(f"{final} exists already; a second has to lie between two backups.")
    half = wanted.to / f"{UNFINISHED}-{final.name}"
    half.mkdir(mode=0o700)
    database = copy_database(product.database, half)
    crash_point("backup.after_database")
    copied, damaged = copy_new(product.settings.storage, wanted.to, copied)
    lines = "".join(f"{sha256}  ../{place_in_pool(sha256)}\n" for sha256 in sorted(copied))
    write_durably(half / FILE_LIST, lines.encode())
    manifest = Manifest(
        taken_at=taken_at.isoformat(),
        ended_at=system_clock().isoformat(),
        engine="sqlite" if is_sqlite(product.database.url) else "postgresql",
        revision=current(product.database) or "",
        database=database.file,
        database_size=(half / database.file).stat().st_size,
        database_sha256=hash_of_file(half / database.file),
        list_sha256=hash_of_file(half / FILE_LIST),
        files=len(copied),
        bytes=sum(copied.values()),
        newest_fact=database.newest_fact.astimezone(UTC).isoformat() if database.newest_fact else "",
        tables=database.tables,
        keys=key_marks(keys),
        damaged=damaged,
        checkpoint=database.checkpoint,
    )
    manifest.write(half)
    sync_folder(half)
    kept = write_keys(keys, wanted.keys_to, taken_at, wanted.keys_password) if wanted.keys_to is not None else None
    crash_point("backup.before_name")
    half.rename(final)
    sync_folder(wanted.to)
    return Taken(final, manifest, kept, _let_go(wanted.to, wanted.keep))


def _refuse_places(product: Product, wanted: Wanted) -> None:
    to = wanted.to.absolute()
    if to.is_relative_to(product.settings.storage) or product.settings.storage.is_relative_to(to):
        raise NotPossible("The backup may not lie in the storage, nor the storage in the backup.")
    if wanted.keys_to is not None:
        keys = wanted.keys_to.absolute()
        if keys.is_relative_to(to) or to.is_relative_to(keys):
            raise NotPossible("The keys belong apart from the data: --keys-to and --to may not lie in one another.")
    if wanted.keep is not None and wanted.keep < 1:
        raise NotPossible("At least one backup has to stay: --keep 1 or more.")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotPossible(f"Another backup is being written into {folder}.") from None
        yield
    finally:
        os.close(descriptor)


def _let_go(to: Path, keep: int | None) -> int:
    """Remove all but the newest, then the files that none of those names: what was erased may not live on for ever."""
    if keep is None:
        return 0
    backups = backups_in(to)
    old = backups[:-keep]
    for folder in old:
        shutil.rmtree(folder)
    if old:
        named = {sha256 for folder in backups[-keep:] for sha256 in listed_files(folder)}
        with suppress(FileNotFoundError):
            forget_unnamed(to, named)
    return len(old)
