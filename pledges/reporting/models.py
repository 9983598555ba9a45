"""What the reports keep because it takes too long to be counted for each page."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from pledges.core.db import Base, enum_column
from pledges.plans.models import Instrument


class SubjectCount(Base):
    """How many subjects owe something in all provinces together, each counted once; counted anew every night."""

    __tablename__ = "subject_count"

    instrument: Mapped[Instrument] = mapped_column(enum_column(Instrument), primary_key=True)
    counted_at: Mapped[datetime]
    in_provinces: Mapped[int]
    """The sum of what each province counts."""
    subjects: Mapped[int]
    shared: Mapped[int]
    """How many of them stand in several provinces."""
    in_force: Mapped[int]
    """Subjects of which nothing is left to be pledged, in whichever province."""
