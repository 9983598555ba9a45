"""What the areas that append to the log owe to those who check it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from pledges.documents.storage import Storage
from pledges.transparency.models import LogEntry


@dataclass(frozen=True)
class Said:
    """One entry as its body says it."""

    index: int
    kind: str
    object_id: uuid.UUID
    data: dict[str, Any]

    @classmethod
    def of(cls, entry: LogEntry) -> Said:
        body = json.loads(entry.body)
        return cls(entry.index, body["kind"], uuid.UUID(body["object"]["id"]), body["data"])


@dataclass(frozen=True)
class Fault:
    """Something that is not as the log says; `index` is the entry that says it, if it is one."""

    index: int | None
    sentence: str

    def __str__(self) -> str:
        return f"entry {self.index}: {self.sentence}" if self.index is not None else self.sentence


class Book(Protocol):
    """One kind of objects that the log speaks of."""

    @property
    def object_kind(self) -> str: ...

    def enter_former(self, session: Session, after: str, count: int, now: datetime) -> str:
        """Append what happened before there was a log, some objects at a time; returns where to go on, "" at the end.

        Called again at any place it appends nothing twice.
        """
        ...

    def check(self, session: Session, said: Sequence[Said], storage: Storage | None) -> Iterator[Fault]:
        """Compare entries with what they speak of; with a storage the files too, byte by byte."""
        ...

    def missing(self, session: Session) -> Iterator[Fault]:
        """Acts of which the log should tell and does not."""
        ...
