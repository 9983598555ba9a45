"""Files by the SHA-256 of their content: written once, never changed, checked at every reading."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from pledges.core.crashpoints import crash_point
from pledges.core.errors import N_
from pledges.core.sharing import folder_mode, share
from pledges.documents.errors import DocumentDamaged, StorageUnavailable

TEMPORARY = ".temporary"
LOOKS_NEW = 3600.0
"""Seconds for which a file passes for new: whoever puts it again later makes it new once more. `forget_left_over` asks
for days."""
ASIDE = "aside-"
"""Begins the name of a file that nobody names, for the moment in which it is looked at for the last time."""
FREE_SHARE_NEEDED = 0.10


class Storage:
    """A folder of immutable files. A crash leaves either nothing under the final name or the whole file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._temporary = folder / TEMPORARY

    def path_of(self, sha256: str) -> Path:
        if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
            raise ValueError(f"not a SHA-256 in hexadecimal digits: {sha256!r}")
        return self.folder / sha256[:2] / sha256[2:4] / sha256

    def put(self, data: bytes) -> str:
        """Keep `data` and return its SHA-256; when this returns, the file survives a power cut."""
        sha256 = hashlib.sha256(data).hexdigest()
        if not self._holds_as_new(sha256):
            self._write(self.path_of(sha256), data)
        return sha256

    def _holds_as_new(self, sha256: str) -> bool:
        """Whether it is there, and looks as if just written: nobody takes it for left over before a row names it."""
        if not self.holds(sha256):
            return False
        path = self.path_of(sha256)
        try:
            if path.stat().st_mtime < time.time() - LOOKS_NEW:
                os.utime(path)
        except FileNotFoundError:
            return False
        return path.exists()

    def get(self, sha256: str) -> bytes:
        """The bytes as they were stored, or `DocumentDamaged`: wrong bytes are never handed out."""
        try:
            data = self.path_of(sha256).read_bytes()
        except FileNotFoundError:
            raise DocumentDamaged(sha256) from None
        if hashlib.sha256(data).hexdigest() != sha256:
            raise DocumentDamaged(sha256)
        return data

    def holds(self, sha256: str) -> bool:
        """Whether the file is there and undamaged; a damaged one is replaced by the next `put`."""
        try:
            self.get(sha256)
        except DocumentDamaged:
            return False
        return True

    def _write(self, path: Path, data: bytes) -> None:
        _make_folders(path.parent, self.folder)
        _make_folders(self._temporary, self.folder)
        descriptor, name = tempfile.mkstemp(dir=self._temporary)
        with _whole(Path(name)), os.fdopen(descriptor, "wb") as file:
            share(descriptor, self.folder)
            file.write(data)
            file.flush()
            crash_point("storage.after_temp_write")
            os.fsync(file.fileno())
        crash_point("storage.before_rename")
        Path(name).replace(path)
        crash_point("storage.after_rename")
        _sync_folder(path.parent)

    @contextmanager
    def unfinished(self) -> Iterator[Path]:
        """A private file to write something large into; gone afterwards, swept where a crash has left it."""
        _make_folders(self._temporary, self.folder)
        descriptor, name = tempfile.mkstemp(dir=self._temporary)
        share(descriptor, self.folder)
        os.close(descriptor)
        try:
            yield Path(name)
        finally:
            Path(name).unlink(missing_ok=True)

    def put_file(self, path: Path) -> str:
        """Keep a file of `unfinished` by moving it, however large it is; the same promise as `put`."""
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
        final = self.path_of(sha256)
        _make_folders(final.parent, self.folder)
        crash_point("storage.before_rename")
        path.replace(final)
        crash_point("storage.after_rename")
        _sync_folder(final.parent)
        return sha256

    def checked_path(self, sha256: str) -> Path:
        """Where a large file lies, once its bytes have been read and found as they were stored (`DocumentDamaged`)."""
        path = self.path_of(sha256)
        try:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            raise DocumentDamaged(sha256) from None
        if found != sha256:
            raise DocumentDamaged(sha256)
        return path

    def forget(self, sha256: str) -> None:
        """Take a file away that is kept for a time only; nobody may name it any more."""
        self.path_of(sha256).unlink(missing_ok=True)

    def older_than(self, moment: datetime) -> Iterator[str]:
        """The names of all files that were written, or put once more, before that moment."""
        for path in self.folder.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*"):
            try:
                if len(path.name) == 64 and path.stat().st_mtime < moment.timestamp():
                    yield path.name
            except FileNotFoundError:
                continue

    def forget_left_over(self, sha256: str, older_than: datetime) -> bool:
        """Take away a file that no row names, unless somebody puts the same bytes just now; False: it stays.

        It is moved aside first: who puts it before that makes it new, which is seen here, and who puts it after that
        does not find it and writes it again.
        """
        path, aside = self.path_of(sha256), self._temporary / f"{ASIDE}{sha256}"
        _make_folders(self._temporary, self.folder)
        try:
            if path.stat().st_mtime >= older_than.timestamp():
                return False
            path.replace(aside)
        except FileNotFoundError:
            return False
        crash_point("storage.aside")
        if aside.stat().st_mtime >= older_than.timestamp():
            aside.replace(path)
            return False
        aside.unlink()
        return True

    def bring_back_aside(self) -> None:
        """What a crash has left aside goes back to its place, to be judged again."""
        for aside in self._temporary.glob(f"{ASIDE}*"):
            aside.replace(self.path_of(aside.name.removeprefix(ASIDE)))

    def lay_aside(self, name: str, data: bytes) -> None:
        """Keep a part of something larger for the next hour, whole or not at all; `sweep_temporary` takes it away."""
        _make_folders(self._temporary, self.folder)
        descriptor, unfinished = tempfile.mkstemp(dir=self._temporary)
        with _whole(Path(unfinished)), os.fdopen(descriptor, "wb") as file:
            share(descriptor, self.folder)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(unfinished).replace(self._temporary / name)

    def laid_aside(self, name: str) -> bytes | None:
        try:
            return (self._temporary / name).read_bytes()
        except FileNotFoundError:
            return None

    def check(self) -> None:
        """Refuse (`StorageUnavailable`) unless a file can be written now and a tenth of the space is free."""
        try:
            _make_folders(self._temporary, self.folder)
            with tempfile.NamedTemporaryFile(dir=self._temporary) as file:
                file.write(b"readiness")
                file.flush()
            space = shutil.disk_usage(self.folder)
        except OSError as error:
            raise StorageUnavailable(
                N_("Không ghi được vào kho tệp %(folder)s: %(error)s."), folder=self.folder, error=error.strerror
            ) from error
        if space.free < space.total * FREE_SHARE_NEEDED:
            raise StorageUnavailable(
                N_("Kho tệp %(folder)s chỉ còn trống %(percent)s%% dung lượng. Hãy dọn hoặc mở rộng ổ đĩa."),
                folder=self.folder,
                percent=round(100 * space.free / space.total),
            )

    def sweep_temporary(self, older_than: datetime) -> int:
        """Remove what crashes left behind before `older_than`, and say how many files that were."""
        removed = 0
        if not self._temporary.is_dir():
            return 0
        for path in self._temporary.iterdir():
            if path.name.startswith(ASIDE):
                continue
            try:
                if path.stat().st_mtime < older_than.timestamp():
                    path.unlink()
                    removed += 1
            except FileNotFoundError:
                continue
        return removed


@contextmanager
def _whole(half: Path) -> Iterator[None]:
    """Where writing fails nothing stays: half a file would take the room that a full disk lacks."""
    try:
        yield
    except BaseException:
        half.unlink(missing_ok=True)
        raise


def _make_folders(folder: Path, top: Path) -> None:
    """Like mkdir -p, but each new name is safely in its parent before anything is put below it."""
    if folder.is_dir():
        return
    if folder != top:
        _make_folders(folder.parent, top)
        folder.mkdir(mode=folder_mode(top), exist_ok=True)
    else:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
