"""Who may read a new file: its owner, and the group where the operator lets one write into the folder.

Web and worker run as two users of one group and share a folder; a folder of one user stays that user's alone.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

GROUP_WRITES = stat.S_IWGRP


def is_shared(folder: Path) -> bool:
    try:
        return bool(folder.stat().st_mode & GROUP_WRITES)
    except FileNotFoundError:
        return False


def folder_mode(folder: Path) -> int:
    """For a new folder below `folder`."""
    return 0o770 if is_shared(folder) else 0o700


def create_private(path: Path) -> int:
    """Open a file that may not be there yet, whatever the umask; the descriptor is the caller's to close."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    share(descriptor, path.parent)
    return descriptor


def share(descriptor: int, folder: Path) -> None:
    """Let the group use a file that was made for its owner alone, where the folder is the group's as well."""
    if is_shared(folder):
        found = os.fstat(descriptor)
        if found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) != 0o660:
            os.fchmod(descriptor, 0o660)
