"""`ops drill`: put a backup back into an empty place and prove that nothing is missing; say how old it is and how long
it took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from pledges.audit.queries import newest_recorded
from pledges.continuity import checks, log_checks
from pledges.continuity.backup import Wanted, take_backup
from pledges.continuity.checks import Check
from pledges.continuity.files import damaged_files, stored_files
from pledges.continuity.keys import Keys, differing, read_keys, settings_in
from pledges.continuity.manifest import Manifest, NotPossible, find_backup, listed_files
from pledges.continuity.places import clear_dead_drills, drill_folder
from pledges.continuity.restoring import Restored, damage_of, put_aside
from pledges.core import migrate
from pledges.core.calendar import system_clock
from pledges.core.db import Database
from pledges.documents.storage import Storage
from pledges.product import Product


@dataclass(frozen=True)
class Rehearsal:
    """What is to be rehearsed; without a backup one is taken for it and thrown away."""

    backup: Path | None = None
    keys: Path | None = None
    keys_password: str | None = None
    without_keys: bool = False
    into: str | None = None
    """An empty database for the restored copy; None: one is made, beside the running one."""
    work: Path | None = None
    """Where the restored copy lies meanwhile; None: in PLEDGES_VAR."""
    checkpoints: tuple[Path, ...] = ()
    """Files with checkpoints of the log as they were published: what they speak of must be in the copy."""


@dataclass
class Report:
    backup: str
    taken_at: datetime
    age_seconds: float
    """How long ago the moment lies that the copy shows: what has come since would be lost."""
    newest_fact: datetime | None
    newest_live_fact: datetime | None
    """None where the running system was not there to be asked."""
    restore_seconds: float = 0.0
    check_seconds: float = 0.0
    checks: list[Check] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)

    @property
    def sentences(self) -> list[str]:
        return [sentence for check in self.checks for sentence in check.wrong]

    def to_json(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "backup": self.backup,
            "taken_at": self.taken_at.isoformat(),
            "recovery_point_seconds": round(self.age_seconds, 1),
            "newest_fact": self.newest_fact.isoformat() if self.newest_fact else None,
            "newest_live_fact": self.newest_live_fact.isoformat() if self.newest_live_fact else None,
            "restore_seconds": round(self.restore_seconds, 1),
            "check_seconds": round(self.check_seconds, 1),
            "recovery_time_seconds": round(self.restore_seconds + self.check_seconds, 1),
            "checks": [asdict(check) | {"ok": check.ok} for check in self.checks],
        }


def look_at_restored(product: Product, url: str, storage: Path, checkpoints: tuple[Path, ...] = ()) -> Report:
    """What pgBackRest or anybody else has put back, beside the running system: everything but the backup itself."""
    database = Database(url)
    try:
        if database.url == product.database.url:
            raise NotPossible("This is the running database: name the restored one.")
        with database.read() as session:
            newest = newest_recorded(session)
        if newest is None:
            raise NotPossible("The restored database holds no facts.")
        age = max(0.0, (product.clock() - newest).total_seconds())
        report = Report("restored elsewhere", newest, age, newest, _newest_live(product))
        begun = time.monotonic()
        if migrate.pending(database):
            raise NotPossible("The restored database is of another version: use the program that it was made with.")
        listed = [sha256 for sha256, _size in stored_files(storage)]
        key = product.settings.data_key
        restored = Restored(database, Storage(storage), [])
        report.checks += _checks_of(product, restored, listed, key, newest)
        report.checks += _checks_of_log(product, restored, newest, checkpoints)
        report.check_seconds = time.monotonic() - begun
        return report
    except DBAPIError as error:
        raise NotPossible(f"The restored database cannot be read: {_plain(error)}") from error
    finally:
        database.dispose()


def rehearse(product: Product, wanted: Rehearsal) -> Report:
    """All checks are made even where one has failed, as far as there is anything left to look at."""
    place = wanted.work or product.settings.var
    clear_dead_drills(product, place)
    with drill_folder(place) as work:
        if wanted.backup is None:
            taken = take_backup(product, Wanted(work / "taken", work / "keys"))
            return _rehearse(product, wanted, taken.folder, work / "keys", work)
        return _rehearse(product, wanted, find_backup(wanted.backup), wanted.keys, work)


def _rehearse(product: Product, wanted: Rehearsal, folder: Path, keys_at: Path | None, work: Path) -> Report:
    manifest = Manifest.read(folder)
    report = Report(
        backup=folder.name,
        taken_at=manifest.taken,
        age_seconds=(system_clock() - manifest.taken).total_seconds(),
        newest_fact=datetime.fromisoformat(manifest.newest_fact) if manifest.newest_fact else None,
        newest_live_fact=_newest_live(product),
    )
    begun = time.monotonic()
    report.checks.append(Check("backup", 2, damage_of(folder, manifest)))
    keys = _keys(product, wanted, keys_at, manifest, report)
    try:
        with put_aside(product, folder, manifest, into=wanted.into, work=work) as restored:
            report.restore_seconds = time.monotonic() - begun
            begun = time.monotonic()
            _look(product, folder, manifest, restored, keys, report)
            report.checks += _checks_of_log(product, restored, report.newest_fact, wanted.checkpoints, manifest)
            report.check_seconds = time.monotonic() - begun
    except (OSError, DBAPIError, NotPossible) as error:
        report.checks.append(Check("restore", 0, [f"The backup cannot be put back: {_plain(error)}"]))
    return report


def _plain(error: Exception) -> str:
    if isinstance(error, DBAPIError):
        return str(error.orig).strip().partition("\n")[0]
    return str(error)


def _keys(product: Product, wanted: Rehearsal, at: Path | None, manifest: Manifest, report: Report) -> Keys | None:
    """The copy of the keys, held against what the backup says of them."""
    if wanted.without_keys:
        return None
    try:
        if at is None:
            raise NotPossible("No copy of the keys was given: name it with --keys-from, or say --without-keys.")
        keys = read_keys(at, wanted.keys_password)
    except NotPossible as refusal:
        report.checks.append(Check("keys", 0, [str(refusal)]))
        return None
    report.checks.append(Check("keys", len(keys), differing(manifest.keys, keys)))
    return keys


def _look(
    product: Product, folder: Path, manifest: Manifest, restored: Restored, keys: Keys | None, report: Report
) -> None:
    """From the whole to the single rows; the copy is brought to this version of the program before rows are read."""
    with restored.database.engine.connect() as connection:
        report.checks.append(checks.compare_counts(connection, manifest.tables))
    report.checks.append(_schema(restored, manifest))
    data_key = None if keys is None else settings_in(keys).get("PLEDGES_DATA_KEY", "")
    report.checks += _checks_of(product, restored, listed_files(folder), data_key, report.newest_fact)


def _checks_of(
    product: Product, restored: Restored, listed: list[str], data_key: str | None, newest: datetime | None
) -> Iterator[Check]:
    database, storage = restored.database, restored.storage
    yield checks.check_integrity(database)
    damaged = damaged_files(storage.folder, listed)
    with database.read() as session:
        yield checks.check_files(session, set(listed), restored.missing, damaged)
        yield checks.check_documents(session)
        yield checks.check_facts(session)
        if data_key is not None:
            yield checks.check_data_key(session, data_key)
        yield checks.check_verifications(session, storage)
        yield from _against_live(product, session, newest)
    yield checks.check_counters(database)


def _checks_of_log(
    product: Product,
    restored: Restored,
    newest: datetime | None,
    files: tuple[Path, ...],
    manifest: Manifest | None = None,
) -> Iterator[Check]:
    """The log agrees with itself and what it speaks of, and with every checkpoint of it that lies elsewhere."""
    yield log_checks.check_log(product, restored.database)
    with restored.database.read() as copy:
        try:
            with product.database.read() as live:
                keys = log_checks.known_keys(product, copy, live)
                published = log_checks.of_running_system(live, newest)
                yield log_checks.of_copy(copy, live)
        except DBAPIError:
            keys, published = log_checks.known_keys(product, copy), []
        try:
            if manifest is not None and manifest.checkpoint:
                published += log_checks.checkpoints_in(manifest.checkpoint, keys, "the manifest of the backup")
            for file in files:
                published += log_checks.read_checkpoints(file, keys)
        except NotPossible as refusal:
            yield Check("published", 0, [str(refusal)])
        yield log_checks.check_published(copy, published)


def _schema(restored: Restored, manifest: Manifest) -> Check:
    """The copy has the schema that it says, and the migrations of this version run on it."""
    found = migrate.current(restored.database)
    if found != manifest.revision:
        return Check("schema", 1, [f"The restored schema is {found}, and the backup says {manifest.revision}."])
    if migrate.pending(restored.database):
        migrate.upgrade(restored.database)
    return Check("schema", 1)


def _newest_live(product: Product) -> datetime | None:
    try:
        with product.database.read() as session:
            return newest_recorded(session)
    except DBAPIError:
        return None


def _against_live(product: Product, copy: Session, newest: datetime | None) -> list[Check]:
    """Left out where the running system is gone: then the rehearsal is the real thing."""
    try:
        with product.database.read() as live:
            return [checks.compare_with_live(copy, live, newest)]
    except DBAPIError:
        return []
