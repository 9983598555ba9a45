"""Where the tests keep databases and files: in memory where there is enough of it."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - every run makes a folder of its own in it
ENOUGH_BYTES = 2 * 1024**3


def quick_folder() -> Path:
    """A folder in memory, or the usual temporary one.

    Every test gets databases of its own and the product insists that each commit is on the disk: what the tests prove
    is about processes that die, not about disks, and on a disk they spend most of their time waiting for it.
    """
    if "PYTEST_DEBUG_TEMPROOT" in os.environ:
        return Path(os.environ["PYTEST_DEBUG_TEMPROOT"])
    if os.access(SHARED_MEMORY, os.W_OK | os.X_OK) and shutil.disk_usage(SHARED_MEMORY).free >= ENOUGH_BYTES:
        return SHARED_MEMORY
    return Path(tempfile.gettempdir())
