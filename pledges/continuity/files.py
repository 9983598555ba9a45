"""The stored files: into the pool that all backups of a folder share, and back. None is copied twice.

Files are named by their content and never change, so a copy that was interrupted goes on where it stood, and each
further backup costs only what is new.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from pledges.continuity.manifest import POOL, UNFINISHED, hash_of_file, place_in_pool, sync_folder
from pledges.core.sharing import folder_mode, is_shared

_BLOCK = 1 << 20


def stored_files(storage: Path) -> Iterator[tuple[str, int]]:
    """SHA-256 and size of everything in the storage, but not what is half written."""
    for folder, _below, names in os.walk(storage):
        for name in names:
            if len(name) == 64 and Path(folder).parent.parent == storage:
                yield name, (Path(folder) / name).stat().st_size


def copy_new(storage: Path, to: Path, known: dict[str, int]) -> tuple[dict[str, int], list[str]]:
    """Copy what the pool lacks; all files with their sizes, and those that are damaged where they lie.

    `known`: what an earlier pass has copied already. A sound copy in the pool outlives the damage of its original.
    """
    found, damaged = dict(known), []
    for sha256, size in stored_files(storage):
        if sha256 in known:
            continue
        source, target = storage / sha256[:2] / sha256[2:4] / sha256, to / place_in_pool(sha256)
        kept = target.is_file() and target.stat().st_size == size
        if kept or _copy(source, target, sha256):
            found[sha256] = size
        elif source.exists():
            damaged.append(sha256)
    return found, damaged


def _copy(source: Path, target: Path, sha256: str) -> bool:
    """Whole and right under its name, or not at all; False where the original is damaged or has just been let go."""
    _make_folders(target.parent, 0o700)
    half = target.with_name(f"{UNFINISHED}-{sha256}")
    digest = hashlib.sha256()
    try:
        with source.open("rb") as given, half.open("wb") as kept:
            os.fchmod(kept.fileno(), 0o600)
            while block := given.read(_BLOCK):
                digest.update(block)
                kept.write(block)
            kept.flush()
            os.fsync(kept.fileno())
    except FileNotFoundError:
        half.unlink(missing_ok=True)
        return False
    if digest.hexdigest() != sha256:
        half.unlink()
        return False
    half.replace(target)
    sync_folder(target.parent)
    return True


def put_back(pool: Path, files: Iterable[str], storage: Path, *, link: bool) -> list[str]:
    """Lay the files of a backup into an empty storage; those that the pool lacks. `link`: for looking only."""
    missing = []
    storage.mkdir(mode=0o700, parents=True, exist_ok=True)
    folders, mode = folder_mode(storage), 0o660 if is_shared(storage) else 0o600
    for sha256 in files:
        source, target = pool / place_in_pool(sha256), storage / sha256[:2] / sha256[2:4] / sha256
        _make_folders(target.parent, folders)
        try:
            _link_or_copy(source, target, link=link, mode=mode)
        except FileNotFoundError:
            missing.append(sha256)
    return missing


def _link_or_copy(source: Path, target: Path, *, link: bool, mode: int) -> None:
    if link:
        try:
            os.link(source, target)
            return
        except FileNotFoundError:
            raise
        except OSError:
            pass  # another disk, or a file system without hard links
    shutil.copyfile(source, target)
    target.chmod(mode)


def damaged_files(storage: Path, files: Iterable[str]) -> list[str]:
    """Those whose bytes are not what their name says; missing ones are not counted."""
    wrong = []
    for sha256 in files:
        path = storage / sha256[:2] / sha256[2:4] / sha256
        try:
            if hash_of_file(path) != sha256:
                wrong.append(sha256)
        except FileNotFoundError:
            continue
    return wrong


def forget_unnamed(to: Path, named: set[str]) -> int:
    """Take out of the pool what no backup names any more; how many files that were."""
    removed = 0
    for folder, _below, names in os.walk(to / POOL):
        for name in names:
            if name not in named:
                (Path(folder) / name).unlink()
                removed += 1
    return removed


def _make_folders(folder: Path, mode: int) -> None:
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        each.mkdir(mode=mode, exist_ok=True)
