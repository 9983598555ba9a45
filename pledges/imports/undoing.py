"""Taking back what an import added, as long as nothing was built on it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection

from sqlalchemy.orm import Session

from pledges.imports.errors import Reason
from pledges.imports.models import Import

Blockers = Callable[[Session, str, Collection[uuid.UUID]], dict[uuid.UUID, str]]
"""What lines above this one have built on some entities of a province: per entity a message."""


def find_blockers(session: Session, import_: Import, blockers: Blockers) -> dict[uuid.UUID, Reason]:
    """The entities on which something was built since the import added them or to them, and what it is."""
    raise NotImplementedError
