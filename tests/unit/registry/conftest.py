"""An invented province with entries of every sort, so that these tests don't depend on any real plan."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy.orm import Session

from pledges.core.db import Database
from pledges.plans.models import Agency, Commune, EntrySubjectType, Instrument, ObligationEntry, Province, Unit

P = "97"
CUTOFF = date(2026, 2, 28)

# id, agency, unit, instrument, subject types, enabled
ENTRIES = (
    ("97-website", "97-SCT", Unit.CHANNEL, Instrument.PLEDGE, ["ecommerce_website"], True),
    ("97-seller", "97-SCT", Unit.ENTITY, Instrument.PLEDGE, ["digital_seller"], True),
    ("97-celebrity", "97-SVH", Unit.ENTITY, Instrument.PLEDGE, ["influencer", "artist"], True),
    ("97-guidance", "97-SVH", Unit.ENTITY, Instrument.ACKNOWLEDGEMENT, ["press", "influencer"], True),
    ("97-media", "97-SVH", Unit.ENTITY, Instrument.VOLUNTARY, ["press"], True),
    ("97-business", "97-SCT", Unit.ENTITY, Instrument.PLEDGE, ["enterprise"], False),
)


def add_province(session: Session) -> None:
    for code in (P, "99"):
        session.add(
            Province(code=code, name=f"tỉnh Ví Dụ {code}", short_name=f"Ví Dụ {code}", kind="tỉnh", settings={})
        )
    session.flush()
    for code in ("97-SCT", "97-SVH"):
        session.add(Agency(province_code=P, code=code, name=f"Sở {code} (ví dụ)"))
    for province, code in ((P, "97001"), (P, "97002"), ("99", "99001")):
        session.add(
            Commune(
                province_code=province,
                code=code,
                name=f"xã Ví Dụ {code}",
                name_fold=f"xa vi du {code}",
                valid_from=date(2025, 7, 1),
            )
        )
    session.flush()
    for entry_id, agency, unit, instrument, types, enabled in ENTRIES:
        session.add(
            ObligationEntry(
                province_code=P,
                id=entry_id,
                unit=unit,
                instrument=instrument,
                lead_agency=agency,
                text_id="vi_du",
                cutoff=CUTOFF,
                reading="ours",
                enabled=enabled,
            )
        )
        session.flush()
        for subject_type in types:
            session.add(
                EntrySubjectType(province_code=P, entry_id=entry_id, subject_type=subject_type, instrument=instrument)
            )


@pytest.fixture
def register(database: Database) -> Database:
    """A fresh database that also holds the invented province 97."""
    database.run(add_province)
    return database
