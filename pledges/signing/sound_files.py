"""Remembers which stored files were found sound: their bytes never change, and validating an approved one takes
100 ms. What a pledge is worth is never remembered, and nor is anything about a file that failed."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from pledges.documents.models import Document
from pledges.documents.verification import StoredVerdict

MOST_FILES = 1000


@dataclass(frozen=True)
class CheckedFile:
    """The signatures of a file of ours; `ends` are the places where each of the files within it ends."""

    verdict: StoredVerdict
    trial: bool
    """Sealed or countersigned with a trial key."""
    ends: tuple[int, ...] = ()


class SoundFiles:
    """The files used last, per process."""

    def __init__(self, most: int = MOST_FILES) -> None:
        self._most = most
        self._known: OrderedDict[str, CheckedFile] = OrderedDict()
        self._lock = threading.Lock()

    def checked(self, document: Document, check: Callable[[], CheckedFile]) -> CheckedFile:
        """What `check` found for the bytes of this document, now or before; the caller has compared their hash."""
        key = _key(document)
        with self._lock:
            known = self._known.get(key)
            if known is not None:
                self._known.move_to_end(key)
                return known
        fresh = check()
        if fresh.verdict.sound:
            with self._lock:
                self._known[key] = fresh
                while len(self._known) > self._most:
                    self._known.popitem(last=False)
        return fresh


def _key(document: Document) -> str:
    """Bytes and all that was recorded with them: whoever changes a row has the file validated anew."""
    recorded = (document.signer_certificate, document.revocation_evidence, document.created_at.isoformat().encode())
    parts = [hashlib.sha256(part).hexdigest() for part in recorded]
    return " ".join([document.sha256, document.kind.value, str(document.trial), *parts])
