"""A signed file that is made but not yet bound to its pledge.

Signing takes a time and a random number into the file, so that doing it twice gives two different files. What was
signed first is therefore kept under a name that says what it is (the pledge, its version, the kind of signature) until
the pledge names it; after a crash the next run goes on with exactly these bytes.
"""

from __future__ import annotations

import base64
import json
import os
import re
import tempfile
from pathlib import Path

from pledges.documents.sealing import SealedPdf
from pledges.documents.storage import Storage


def _path(storage: Storage, name: str) -> Path:
    if not re.fullmatch(r"[0-9A-Za-z-]+", name):
        raise ValueError(f"not a name for a kept file: {name!r}")
    return storage.folder / ".pending" / f"{name}.json"


def pending_seal(storage: Storage, name: str) -> SealedPdf | None:
    """What an earlier run left behind under this name, or None."""
    try:
        kept = json.loads(_path(storage, name).read_bytes())
    except FileNotFoundError:
        return None
    return SealedPdf(
        data=base64.b64decode(kept["data"]),
        sha256=kept["sha256"],
        certificate=base64.b64decode(kept["certificate"]),
        evidence=base64.b64decode(kept["evidence"]),
        trial=kept["trial"],
    )


def keep_pending_seal(storage: Storage, name: str, sealed: SealedPdf) -> SealedPdf:
    """Keep a fresh signature, and return the one that counts: of two runs at once the first wins."""
    path = _path(storage, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = {
        "data": base64.b64encode(sealed.data).decode(),
        "sha256": sealed.sha256,
        "certificate": base64.b64encode(sealed.certificate).decode(),
        "evidence": base64.b64encode(sealed.evidence).decode(),
        "trial": sealed.trial,
    }
    descriptor, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(descriptor, "w") as file:
        json.dump(kept, file)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(temporary, path)
    except FileExistsError:
        return pending_seal(storage, name) or sealed
    finally:
        Path(temporary).unlink()
    return sealed


def drop_pending_seal(storage: Storage, name: str) -> None:
    _path(storage, name).unlink(missing_ok=True)
