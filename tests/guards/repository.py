"""The files of the repository, for the guards."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def files() -> tuple[Path, ...]:
    """Every file that is, or is about to be, in version control."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return tuple(ROOT / name for name in sorted(filter(None, listed.split("\0"))) if (ROOT / name).is_file())


def below(*folders: str, ending: str = "") -> list[Path]:
    """The files under one of the folders whose name ends so."""
    return [path for path in files() if path.relative_to(ROOT).parts[0] in folders and path.name.endswith(ending)]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))
