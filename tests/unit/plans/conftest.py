"""Data files to change and to load, and a fourth province that is invented throughout."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pledges.plans.books import PlanBooks
from pledges.plans.loader import DATA, read_books
from pledges.plans.quotations import lock_path

FILES = Path(__file__).parent / "files"
LOCK_SCRIPT = Path(__file__).parents[3] / "scripts" / "lock-quotations"


@pytest.fixture(scope="session")
def books() -> PlanBooks:
    """The product's own data."""
    return read_books()


def lock_quotations(file: Path, sources: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, LOCK_SCRIPT, file, sources], capture_output=True, text=True)


@pytest.fixture(scope="session")
def locked_fourth_province(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("fourth") / "fourth_province.yaml"
    shutil.copyfile(FILES / file.name, file)
    made = lock_quotations(file, FILES)
    assert made.returncode == 0, made.stderr
    return file


@pytest.fixture
def fourth_province(locked_fourth_province: Path, tmp_path: Path) -> Path:
    """Its file, with the lock that the script made from the invented document: a copy to change."""
    file = tmp_path / "fourth_province.yaml"
    shutil.copyfile(locked_fourth_province, file)
    shutil.copyfile(lock_path(locked_fourth_province), lock_path(file))
    return file


Changed = Callable[..., Path]


@pytest.fixture
def changed(tmp_path: Path) -> Changed:
    """`changed("hue.yaml", old, new)`: a copy of a province file, with its lock, in which `old` stands as `new`."""

    def change(name: str, old: str, new: str) -> Path:
        file = tmp_path / name
        text = (DATA / "plans" / name).read_text(encoding="utf-8")
        assert text.count(old) >= 1, old
        file.write_text(text.replace(old, new, 1), encoding="utf-8")
        shutil.copyfile(lock_path(DATA / "plans" / name), lock_path(file))
        return file

    return change
