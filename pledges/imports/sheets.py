"""Reading a table out of a file that somebody has uploaded: the port to the child process that opens it.

Nothing of the file is parsed here. The child (`sheet_child`) runs under limits of memory, processor time and output and
sends the rows one by one, so that neither process ever holds the whole table as text.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, NamedTuple

from pledges.core.children import ENVIRONMENT, ROOT, command
from pledges.core.errors import N_, DomainError

CHILD = "pledges.imports.sheet_child"
MOST_BYTES = 20 * 1024 * 1024
MOST_ROWS = 200_000
MOST_COLUMNS = 200
LONGEST_CELL = 2000
"""Letters; what is longer is cut, and the row says so (`SheetRow.cut`)."""
CPU_SECONDS = 60
STALLED_SECONDS = 60.0
"""For the lists of staff, which the worker reads. Whoever answers a visitor names a time of their own."""
LONGEST_LINE = 4 * 1024 * 1024

REFUSALS = {
    "empty_file": N_("Tệp này trống. Hãy chọn tệp khác."),
    "empty_sheet": N_("Trang tính “%(sheet)s” không có dòng nào. Hãy chọn trang tính khác hoặc tệp khác."),
    "no_sheet": N_("Tệp này không có trang tính “%(sheet)s”. Hãy chọn trang tính khác."),
    "too_large": N_("Tệp lớn hơn %(most)s MB. Hãy chia thành nhiều tệp, hoặc xóa hình ảnh trong tệp, rồi tải lại."),
    "too_many_rows": N_(
        "Bảng có hơn %(most)s dòng. Hãy chia thành nhiều tệp, mỗi tệp nhiều nhất %(most)s dòng, rồi nhập từng tệp."
    ),
    "too_many_columns": N_(
        "Bảng trải đến cột thứ %(columns)s; nhiều nhất là %(most)s cột. "
        "Hãy xóa các cột không dùng ở bên phải bảng rồi tải lại."
    ),
    "too_much_text": N_("Nội dung trong tệp quá nhiều chữ. Hãy bỏ các cột không dùng, hoặc chia thành nhiều tệp."),
    "bomb": N_(
        "Tệp nén lại nhỏ nhưng mở ra lớn bất thường, nên không được mở. "
        "Hãy chép riêng bảng cần nhập sang một tệp mới rồi tải lại."
    ),
    "encrypted": N_("Tệp có mật khẩu. Hãy mở tệp, bỏ mật khẩu, lưu lại rồi tải lên."),
    "pdf": N_("Đây là tệp PDF, không phải bảng tính. Hãy tải lên tệp Excel (.xlsx), .ods hoặc .csv gốc."),
    "picture": N_("Đây là tệp hình ảnh, không phải bảng tính. Hãy tải lên tệp Excel (.xlsx), .ods hoặc .csv."),
    "document": N_("Đây là tệp văn bản, không phải bảng tính. Hãy chép bảng sang Excel rồi lưu thành tệp .xlsx."),
    "archive": N_("Đây là tệp nén, không phải bảng tính. Hãy giải nén rồi tải lên từng tệp."),
    "web_page": N_(
        "Tệp này thực ra là một trang web được lưu với đuôi của bảng tính. "
        "Hãy mở bằng Excel hoặc LibreOffice, lưu thành .xlsx rồi tải lại."
    ),
    "letters": N_(
        "Không nhận ra bảng mã chữ Việt trong tệp này. "
        "Hãy mở tệp, lưu lại với bảng mã UTF-8 (CSV UTF-8) hoặc thành .xlsx rồi tải lên."
    ),
    "unreadable": N_(
        "Không đọc được tệp này: tệp hỏng, hoặc không phải bảng tính. "
        "Hãy mở bằng Excel hoặc LibreOffice, lưu thành .xlsx rồi tải lại."
    ),
    "limits": N_(
        "Tệp này cần quá nhiều bộ nhớ hoặc thời gian để đọc, thường vì có ô nằm rất xa bảng. "
        "Hãy chép riêng bảng cần nhập sang một tệp mới rồi tải lại."
    ),
}


class SheetRefused(DomainError):
    """The file cannot be read as a table; the message says what to do. `code` is the key in `REFUSALS`."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(REFUSALS[code], field="file", **params)
        self.code = code


class SheetRow(NamedTuple):
    """A row that is not wholly empty; cells behind the last one with text are left out."""

    number: int
    """As the spreadsheet numbers it, from 1."""
    cells: list[str]
    cut: list[int]
    """Columns (from 0) whose text was cut at `LONGEST_CELL`."""


class Book:
    """An open file: the names of its sheets, which one is read, and its rows (once)."""

    def __init__(self, child: subprocess.Popen[bytes], deadline: float) -> None:
        self._child = child
        self._lines = _lines(child, deadline)
        opened = self._next()
        self.sheets: list[str] = [str(name) for name in opened["sheets"]]
        self.sheet = str(opened["sheet"])
        self.letters = str(opened["letters"])
        """Of what the text was converted (`tcvn3`, `cp1258`…); empty for Unicode."""

    def rows(self) -> Iterator[SheetRow]:
        """The rows in order; a refusal may still come in the middle."""
        while True:
            line = self._next()
            if "end" in line:
                return
            yield SheetRow(line["n"], line["c"], line.get("x", []))

    def _next(self) -> dict[str, Any]:
        try:
            line = json.loads(next(self._lines))
        except StopIteration:
            # Killed by a limit, or by its own parser: there is nothing else from which the two could be told.
            raise SheetRefused("limits") from None
        except ValueError as error:
            raise SheetRefused("unreadable") from error
        if not isinstance(line, dict):
            raise SheetRefused("unreadable")
        if "refused" in line:
            raise SheetRefused(line["refused"], **line.get("params", {}))
        return line


@contextmanager
def open_sheets(data: bytes, sheet: str = "", *, seconds: int | None = None) -> Iterator[Book]:
    """Open a file by its content, whatever its name; `sheet`: which sheet, else the first one with rows.

    Raises `SheetRefused` here or while the rows are read, and after `seconds` where they are given. The child ends
    with the block.
    """
    if not data:
        raise SheetRefused("empty_file")
    if len(data) > MOST_BYTES:
        raise SheetRefused("too_large", most=MOST_BYTES // 1024 // 1024)
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        del data  # the rows may take long, and the file need not be kept in memory beside them
        deadline = time.monotonic() + seconds if seconds is not None else float("inf")
        child = _start(file, sheet, seconds or CPU_SECONDS)
        try:
            yield Book(child, deadline)
        finally:
            child.kill()
            child.wait()
            if child.stdout is not None:
                child.stdout.close()


def _start(file: IO[bytes], sheet: str, cpu_seconds: int) -> subprocess.Popen[bytes]:
    """One child per file."""
    return subprocess.Popen(  # noqa: S603 - our own module, no shell; the name of the sheet is only compared
        command(CHILD, str(cpu_seconds), sheet.replace("\x00", "")),
        stdin=file,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env=ENVIRONMENT | {"RUST_BACKTRACE": "0"},
    )


def _lines(child: subprocess.Popen[bytes], deadline: float) -> Iterator[bytes]:
    """What the child says, line by line; silence for too long is an end. Slow readers are not held against it."""
    if child.stdout is None:
        return
    source = child.stdout.fileno()
    rest = b""
    while select.select([source], [], [], max(0.0, min(STALLED_SECONDS, deadline - time.monotonic())))[0]:
        part = os.read(source, 1 << 16)
        if not part:
            return
        *whole, rest = (rest + part).split(b"\n")
        yield from whole
        if len(rest) > LONGEST_LINE:
            return
