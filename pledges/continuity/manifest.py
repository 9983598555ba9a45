"""What a backup says about itself: one folder per backup beside the files that all of them share."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

FORMAT = 1
PREFIX = "backup-"
UNFINISHED = ".unfinished"
MANIFEST = "manifest.json"
FILE_LIST = "files.sha256"
POOL = "files"
STAMP = "%Y%m%dT%H%M%SZ"


class NotPossible(Exception):
    """A copy cannot be made, read or put back; the sentence is for the person at the terminal."""


@dataclass(frozen=True)
class Manifest:
    taken_at: str
    """The moment that the copy of the database shows, ISO, UTC."""
    ended_at: str
    engine: str
    revision: str
    """The schema of the copy."""
    database: str
    """Name of the file with the copy of the database."""
    database_size: int
    database_sha256: str
    list_sha256: str
    """Of the list of files."""
    files: int
    bytes: int
    newest_fact: str
    """When the newest fact in the copy was recorded; empty where there is none."""
    tables: dict[str, int]
    """Rows per table, counted in the copy."""
    keys: dict[str, str] = field(default_factory=dict)
    """Per key a hash made with the data key: it tells whether a copy of the keys fits, and nothing about the keys."""
    damaged: list[str] = field(default_factory=list)
    """Files that were damaged already where they were copied from."""
    checkpoint: str = ""
    """The newest checkpoint of the log in the copy, a signed note: a copy that was shortened later lacks it."""
    format: int = FORMAT

    @classmethod
    def read(cls, folder: Path) -> Self:
        try:
            given = json.loads((folder / MANIFEST).read_text())
            known = {each.name: given[each.name] for each in fields(cls) if each.name in given}
            found = cls(**known)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise NotPossible(f"{folder} is no backup: {MANIFEST} cannot be read ({type(error).__name__}).") from error
        if found.format != FORMAT:
            raise NotPossible(f"{folder} was made by another version of the program (format {found.format}).")
        return found

    def write(self, folder: Path) -> None:
        write_durably(folder / MANIFEST, (json.dumps(asdict(self), indent=1) + "\n").encode())

    @property
    def taken(self) -> datetime:
        return datetime.fromisoformat(self.taken_at)


def folder_name(moment: datetime) -> str:
    return PREFIX + moment.astimezone(UTC).strftime(STAMP)


def backups_in(folder: Path) -> list[Path]:
    """All complete ones, the oldest first."""
    if not folder.is_dir():
        return []
    return sorted(each for each in folder.iterdir() if each.name.startswith(PREFIX) and (each / MANIFEST).is_file())


def find_backup(given: Path) -> Path:
    """The backup that is meant: the folder of one, or the newest in a folder of several."""
    if (given / MANIFEST).is_file():
        return given
    found = backups_in(given)
    if not found:
        raise NotPossible(f"There is no complete backup in {given}.")
    return found[-1]


def listed_files(folder: Path) -> list[str]:
    """The SHA-256 of every file that belongs to the backup. `sha256sum -c files.sha256` reads the same lines."""
    try:
        return [line.split()[0] for line in (folder / FILE_LIST).read_text().splitlines() if line]
    except OSError as error:
        raise NotPossible(f"The list of files of {folder} cannot be read: {error.strerror}.") from error


def place_in_pool(sha256: str) -> str:
    """Where a file lies, seen from the folder of all backups; the same tree as in the storage."""
    return f"{POOL}/{sha256[:2]}/{sha256[2:4]}/{sha256}"


def hash_of_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_durably(path: Path, data: bytes) -> None:
    """For its owner alone, and on the disk when this returns."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
