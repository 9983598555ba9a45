"""The worker's part in an import as a process of its own, so that a test can kill it: only for tests."""

from __future__ import annotations

import sys
from pathlib import Path

from pledges.core.calendar import system_clock
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.documents.storage import Storage
from pledges.imports.committing import Applying
from pledges.imports.undoing import Undoing
from pledges.imports.worker import ImportWorker
from pledges.review.import_blockers import built_on


def main(url: str, storage: str, data_key: str, chunk: str, province_code: str, import_id: str) -> None:
    applying = Applying(Vault(data_key))
    worker = ImportWorker(
        Database(url), Storage(Path(storage)), system_clock, applying, Undoing(built_on), chunk=int(chunk)
    )
    worker.work(province_code, import_id)


if __name__ == "__main__":
    main(*sys.argv[1:])
