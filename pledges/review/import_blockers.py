"""Recorded violations stand on a subject that a list added, beside all that lower lines have built there."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.core.errors import N_
from pledges.institutions import import_blockers
from pledges.review.violation_models import Violation

RECORDED = N_("có quyết định xử lý vi phạm đã ghi nhận")


def built_on(
    session: Session, province_code: str, ids: Collection[uuid.UUID], own_import: uuid.UUID | None
) -> dict[uuid.UUID, str]:
    """Per id of an entity or obligation what stands on it; pledges that `own_import` recorded do not count."""
    named = select(Violation.entity_id).where(Violation.province_code == province_code, Violation.entity_id.in_(ids))
    found = dict.fromkeys(session.scalars(named), RECORDED)
    return found | import_blockers.built_on(session, province_code, ids, own_import)
