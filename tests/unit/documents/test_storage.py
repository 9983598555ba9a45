"""Files by hash: whole or absent after a crash, and never silently wrong."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pledges.core.crashpoints import crash_point
from pledges.core.secrecy import sha256_hex
from pledges.documents.errors import DocumentDamaged, StorageUnavailable
from pledges.documents.storage import TEMPORARY, Storage


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "deep" / "storage")


def kept(storage: Storage) -> list[str]:
    found = [path for path in storage.folder.rglob("*") if path.is_file() and path.parent.name != TEMPORARY]
    return sorted(path.name for path in found)


def test_what_was_put_comes_back(storage: Storage) -> None:
    sha256 = storage.put(b"mot")
    assert sha256 == sha256_hex(b"mot")
    assert storage.get(sha256) == b"mot"
    assert storage.path_of(sha256).relative_to(storage.folder).parts == (sha256[:2], sha256[2:4], sha256)
    assert list((storage.folder / TEMPORARY).iterdir()) == []


def test_the_group_works_along_where_the_folder_is_the_groups_too(storage: Storage) -> None:
    """Web and worker are two users of one group; nobody else reads anything, and a folder of one stays its own."""

    def modes(sha256: str) -> list[str]:
        path = storage.path_of(sha256)
        return [f"{each.stat().st_mode & 0o777:o}" for each in (path, path.parent, storage.folder / TEMPORARY)]

    before = os.umask(0o007)
    try:
        assert modes(storage.put(b"mot")) == ["600", "700", "700"]
        storage.folder = storage.folder.parent / "shared"
        storage.folder.mkdir()
        storage.folder.chmod(0o2770)
        storage = Storage(storage.folder)
        assert modes(storage.put(b"hai")) == ["660", "770", "770"]
        with storage.unfinished() as path:
            path.write_bytes(b"ba")
            assert modes(storage.put_file(path)) == ["660", "770", "770"]
    finally:
        os.umask(before)


def test_putting_twice_keeps_one_untouched_file(storage: Storage) -> None:
    sha256 = storage.put(b"mot")
    before = storage.path_of(sha256).stat()
    assert storage.put(b"mot") == sha256
    after = storage.path_of(sha256).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_damage_and_loss_are_told(storage: Storage) -> None:
    sha256 = storage.put(b"mot")
    storage.path_of(sha256).write_bytes(b"hai")
    with pytest.raises(DocumentDamaged, match="khôi phục tệp này từ bản sao lưu"):
        storage.get(sha256)
    assert storage.put(b"mot") == sha256, "putting the right bytes again repairs the file"
    assert storage.get(sha256) == b"mot"
    storage.path_of(sha256).unlink()
    with pytest.raises(DocumentDamaged):
        storage.get(sha256)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "g" * 64, "0" * 63])
def test_only_a_hash_names_a_file(storage: Storage, name: str) -> None:
    with pytest.raises(ValueError, match="not a SHA-256"):
        storage.get(name)


def test_many_threads_put_the_same(storage: Storage) -> None:
    data = [bytes([number % 5]) * 1000 for number in range(60)]
    with ThreadPoolExecutor(8) as pool:
        hashes = list(pool.map(storage.put, data))
    assert kept(storage) == sorted(set(hashes))


def test_check_says_what_is_wrong(storage: Storage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    storage.check()
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageUnavailable, match="Không ghi được"):
        Storage(tmp_path / "file" / "storage").check()
    monkeypatch.setattr("pledges.documents.storage.FREE_SHARE_NEEDED", 1.0)
    with pytest.raises(StorageUnavailable, match="chỉ còn trống"):
        storage.check()


def test_sweeping_takes_only_old_leftovers(storage: Storage) -> None:
    sha256 = storage.put(b"mot")
    now = datetime(2026, 11, 20, 3, tzinfo=UTC)
    assert Storage(storage.folder / "nowhere").sweep_temporary(now) == 0
    for name, age in (("old", 3), ("young", 0)):
        path = storage.folder / TEMPORARY / name
        path.write_bytes(b"rest")
        moment = (now - timedelta(hours=age)).timestamp()
        os.utime(path, (moment, moment))
    assert storage.sweep_temporary(now - timedelta(hours=1)) == 1
    assert [path.name for path in (storage.folder / TEMPORARY).iterdir()] == ["young"]
    assert storage.get(sha256) == b"mot"


PUT = "import sys; from pathlib import Path; from pledges.documents.storage import Storage; "
PUT += "Storage(Path(sys.argv[1])).put(b'mot' * 1000)"


def put_elsewhere(folder: Path, **environ: str) -> int:
    environ = {"PATH": os.environ["PATH"], **environ}
    return subprocess.run([sys.executable, "-c", PUT, str(folder)], env=environ, check=False).returncode


@pytest.mark.fault
@pytest.mark.parametrize(
    ("point", "whole"),
    [("storage.after_temp_write", False), ("storage.before_rename", False), ("storage.after_rename", True)],
)
def test_a_killed_process_leaves_all_or_nothing(storage: Storage, point: str, whole: bool) -> None:
    assert put_elsewhere(storage.folder, PLEDGES_CRASH_AT=point) == -signal.SIGKILL
    sha256 = sha256_hex(b"mot" * 1000)
    assert kept(storage) == ([sha256] if whole else [])
    assert put_elsewhere(storage.folder) == 0
    assert storage.get(sha256) == b"mot" * 1000


def test_production_has_no_crash_points(storage: Storage) -> None:
    status = put_elsewhere(storage.folder, PLEDGES_CRASH_AT="storage.before_rename", PLEDGES_ENV="production")
    assert status == 0
    assert len(kept(storage)) == 1


def test_other_points_do_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLEDGES_CRASH_AT", "storage.elsewhere")
    crash_point("storage.before_rename")
