"""Named selections about pledges signed on paper."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.plans.models import Clause, EntrySubjectType, Instrument, ObligationEntry
from pledges.plans.queries import current_text
from pledges.signing.models import Origin, Pledge


def paper_entries(session: Session, province_code: str, agency_code: str) -> list[tuple[ObligationEntry, str, str]]:
    """What can be signed on paper for this agency: one entry of each wording, its title, and the place in the plan."""
    rows = session.execute(
        select(ObligationEntry, Clause)
        .outerjoin(
            Clause, (Clause.province_code == ObligationEntry.province_code) & (Clause.id == ObligationEntry.clause_id)
        )
        .where(
            ObligationEntry.province_code == province_code,
            ObligationEntry.lead_agency == agency_code,
            ObligationEntry.enabled.is_(True),
            ObligationEntry.instrument != Instrument.ACKNOWLEDGEMENT,
        )
        .order_by(ObligationEntry.id)
    )
    found: dict[tuple[str, Instrument], tuple[ObligationEntry, str, str]] = {}
    for entry, clause in rows:
        title = current_text(session, entry.text_id).title
        found.setdefault(
            (entry.text_id, entry.instrument), (entry, title, clause.place_in_words if clause is not None else "")
        )
    return list(found.values())


def types_of_entry(session: Session, entry: ObligationEntry) -> list[str]:
    """The groups asked by the entries that share the wording of this one."""
    return list(
        session.scalars(
            select(EntrySubjectType.subject_type)
            .join(
                ObligationEntry,
                (ObligationEntry.province_code == EntrySubjectType.province_code)
                & (ObligationEntry.id == EntrySubjectType.entry_id),
            )
            .where(
                ObligationEntry.province_code == entry.province_code,
                ObligationEntry.lead_agency == entry.lead_agency,
                ObligationEntry.text_id == entry.text_id,
                ObligationEntry.instrument == entry.instrument,
            )
        )
    )


def papers_of_agency(session: Session, province_code: str, agency_code: str, limit: int) -> Sequence[Pledge]:
    """What was recorded last, newest first."""
    return session.scalars(
        select(Pledge)
        .where(
            Pledge.province_code == province_code,
            Pledge.agency_code == agency_code,
            Pledge.origin == Origin.PAPER_RECORD,
        )
        .order_by(Pledge.approved_at.desc(), Pledge.id.desc())
        .limit(limit)
    ).all()
