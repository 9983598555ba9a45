"""A seal that is made but not yet bound to its pledge.

Sealing takes a time and a random number into the file, so that doing it twice gives two different files. What was
sealed first is therefore kept under the pledge's id until the pledge names it; after a crash the next run goes on
with exactly these bytes.
"""

from __future__ import annotations

import base64
import json
import os
import tempfile
import uuid
from pathlib import Path

from pledges.documents.sealing import SealedPdf
from pledges.documents.storage import Storage


def _path(storage: Storage, pledge_id: uuid.UUID) -> Path:
    return storage.folder / ".pending" / f"{pledge_id}.json"


def pending_seal(storage: Storage, pledge_id: uuid.UUID) -> SealedPdf | None:
    """The seal that an earlier run left behind, or None."""
    try:
        kept = json.loads(_path(storage, pledge_id).read_bytes())
    except FileNotFoundError:
        return None
    return SealedPdf(
        data=base64.b64decode(kept["data"]),
        sha256=kept["sha256"],
        certificate=base64.b64decode(kept["certificate"]),
        evidence=base64.b64decode(kept["evidence"]),
        trial=kept["trial"],
    )


def keep_pending_seal(storage: Storage, pledge_id: uuid.UUID, sealed: SealedPdf) -> SealedPdf:
    """Keep a fresh seal, and return the one that counts: of two runs at once the first wins."""
    path = _path(storage, pledge_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = {
        "data": base64.b64encode(sealed.data).decode(),
        "sha256": sealed.sha256,
        "certificate": base64.b64encode(sealed.certificate).decode(),
        "evidence": base64.b64encode(sealed.evidence).decode(),
        "trial": sealed.trial,
    }
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(descriptor, "w") as file:
        json.dump(kept, file)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(name, path)
    except FileExistsError:
        return pending_seal(storage, pledge_id) or sealed
    finally:
        Path(name).unlink()
    return sealed


def drop_pending_seal(storage: Storage, pledge_id: uuid.UUID) -> None:
    _path(storage, pledge_id).unlink(missing_ok=True)
