"""Whose personal data may only be kept: not published and not used for mail, at the subject's own request."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped

from pledges.core.db import Base, InProvince

_STANDS = "lifted_at IS NULL"


class Restriction(InProvince, Base):
    """One row for each row of the register that stands for the subject; it holds until somebody lifts it."""

    __tablename__ = "restriction"
    __table_args__ = (
        ForeignKeyConstraint(["province_code", "entity_id"], ["entity.province_code", "entity.id"]),
        Index(
            "uq_restriction_now",
            "province_code",
            "entity_id",
            unique=True,
            sqlite_where=text(_STANDS),
            postgresql_where=text(_STANDS),
        ),
    )

    entity_id: Mapped[uuid.UUID]
    request_id: Mapped[uuid.UUID]
    """The request of the subject (`rights.models.DataRequest`)."""
    since: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
