"""Writing to the storage from a job: a full or vanished disk is a refusal that the administrator is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pledges.core.errors import N_
from pledges.documents.errors import StorageUnavailable
from pledges.documents.storage import Storage


@contextmanager
def writing_files(storage: Storage) -> Iterator[None]:
    """Turn an `OSError` into `StorageUnavailable`, which names the folder."""
    try:
        yield
    except OSError as error:
        raise StorageUnavailable(
            N_("Không ghi được vào kho tệp %(folder)s: %(error)s."), folder=storage.folder, error=error.strerror
        ) from error
