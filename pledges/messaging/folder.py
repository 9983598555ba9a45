"""Reading the folder that stands in for mail on a development machine."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.policy import default
from itertools import islice
from pathlib import Path

_LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")


@dataclass(frozen=True)
class FolderMail:
    to: str
    subject: str
    sent_at: datetime
    text: str
    links: tuple[str, ...]


def read_mail_folder(folder: Path, limit: int = 20) -> list[FolderMail]:
    """The newest mails first; files are named after messages, whose ids grow with time."""
    newest = sorted(folder.glob("[!.]*.eml"), key=lambda file: file.name, reverse=True)
    return [_read(file) for file in islice(newest, limit)]


def _read(file: Path) -> FolderMail:
    mail = message_from_bytes(file.read_bytes(), policy=default)
    plain = mail.get_body(("plain",))
    text = plain.get_content() if plain is not None else ""
    return FolderMail(
        to=str(mail["To"]),
        subject=str(mail["Subject"]),
        sent_at=mail["Date"].datetime,
        text=text,
        links=tuple(_LINK.findall(text)),
    )
