"""What a file is, by its content, and the checks before a parser may touch it. Runs in the child process only."""

from __future__ import annotations

import zipfile
from enum import Enum, auto
from io import BytesIO
from typing import Any

MOST_ENTRIES = 5_000
MOST_UNPACKED = 500 * 1024 * 1024
HARMLESS_UNPACKED = 30 * 1024 * 1024
MOST_RATIO = 150
"""Tables pack well: what is many times larger than its archive and not small was made to be so."""
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"RIFF")
ARCHIVES = (b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b")
_WEB_PAGE = (b"<!doctype html", b"<html", b"<table", b"<?xml", b"mime-version:")
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"


class Format(Enum):
    TEXT = auto()
    WORKBOOK = auto()


class Refused(Exception):
    """Why the file is not read: a key of `sheets.REFUSALS`."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code, self.params = code, params


def sniffed(data: bytes) -> Format:
    """Text or workbook; everything else is refused by what it is."""
    if data.startswith(OLE):
        _check_ole(data)
        return Format.WORKBOOK
    if data.startswith(b"PK"):
        _check_zip(data)
        return Format.WORKBOOK
    if b"%PDF-" in data[:1024]:
        raise Refused("pdf")
    if data.startswith(PICTURES):
        raise Refused("picture")
    if data.startswith(ARCHIVES):
        raise Refused("archive")
    if data.startswith(b"{\\rtf"):
        raise Refused("document")
    if data[:1000].removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_WEB_PAGE):
        raise Refused("web_page")
    return Format.TEXT


def _check_ole(data: bytes) -> None:
    """The old container holds a table, a text, or a new workbook under a password: its folder names tell."""
    if "EncryptedPackage".encode("utf-16-le") in data:
        raise Refused("encrypted")
    if "WordDocument".encode("utf-16-le") in data:
        raise Refused("document")


def _check_zip(data: bytes) -> None:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            entries = archive.infolist()
            _check_size(entries, len(data))
            names = {entry.filename for entry in entries}
            if {"xl/workbook.xml", "xl/workbook.bin"} & names:
                return
            if "mimetype" in names and archive.read("mimetype").strip().startswith(_ODS):
                _check_ods(archive)
                return
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError) as error:
        raise Refused("unreadable") from error
    raise Refused("document" if "word/document.xml" in names or "mimetype" in names else "archive")


def _check_size(entries: list[zipfile.ZipInfo], size: int) -> None:
    """By what the archive declares; one that lies about it ends at the limits of the process."""
    unpacked = sum(entry.file_size for entry in entries)
    too_dense = unpacked > HARMLESS_UNPACKED and unpacked > MOST_RATIO * size
    if len(entries) > MOST_ENTRIES or unpacked > MOST_UNPACKED or too_dense:
        raise Refused("bomb")


def _check_ods(archive: zipfile.ZipFile) -> None:
    if b"encryption-data" in archive.read("META-INF/manifest.xml")[:1_000_000]:
        raise Refused("encrypted")
