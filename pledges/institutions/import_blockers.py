"""What institutions have built on subjects that a list added, beside all that was signed."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.core.errors import N_
from pledges.institutions.models import Institution, InstitutionMember
from pledges.signing import import_blockers

LISTED = N_("có trong danh sách của một đơn vị ký tập thể")


def built_on(
    session: Session, province_code: str, ids: Collection[uuid.UUID], own_import: uuid.UUID | None
) -> dict[uuid.UUID, str]:
    """Per id of an entity or obligation what stands on it; pledges that `own_import` recorded do not count."""
    found: dict[uuid.UUID, str] = {}
    for model in (Institution, InstitutionMember):
        named = select(model.entity_id).where(model.province_code == province_code, model.entity_id.in_(ids))
        found |= {entity_id: LISTED for entity_id in session.scalars(named) if entity_id is not None}
    return found | import_blockers.built_on(session, province_code, ids, own_import)
