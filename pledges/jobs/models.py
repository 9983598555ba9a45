"""When each schedule was last put into the queue. The queue's own tables belong to firm-queue."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from pledges.core.db import Base


class ScheduleMark(Base):
    """One row per schedule: several workers agree here on who puts it into the queue."""

    __tablename__ = "schedule_mark"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    enqueued_at: Mapped[datetime]
    """By the machine's clock, like everything in the queue."""
