"""Names of what figures are taken apart by, as pages and files say them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, load_only

from pledges.core.errors import N_
from pledges.core.text import fold
from pledges.plans.models import Clause, Commune, EntrySubjectType, Instrument, ObligationEntry
from pledges.plans.queries import agencies_of
from pledges.plans.rules import SUBJECT_TYPES
from pledges.rounds.figures import Figures
from pledges.rounds.list_words import NO_COMMUNE, vietnamese

ACKNOWLEDGES = N_("Xác nhận văn bản: %(groups)s")

Say = Callable[..., str]


def plain(message: str, **params: str) -> str:
    """For files, which are Vietnamese."""
    return vietnamese(message) % params if params else vietnamese(message)


@dataclass(frozen=True)
class Names:
    """Of one province."""

    agencies: dict[str, str]
    entries: dict[str, str]
    """The groups that an entry covers."""
    clauses: dict[str, str]
    """Per entry where the plan asks for it; empty where our reading rests on no clause."""
    communes: dict[str, str]
    say: Say

    @classmethod
    def read(cls, session: Session, province_code: str, say: Say = plain) -> Names:
        covered: dict[str, set[str]] = {}
        for entry_id, subject_type in session.execute(
            select(EntrySubjectType.entry_id, EntrySubjectType.subject_type).where(
                EntrySubjectType.province_code == province_code
            )
        ):
            covered.setdefault(entry_id, set()).add(subject_type)
        entries, clauses = {}, {}
        for entry, clause in session.execute(
            select(ObligationEntry, Clause)
            .outerjoin(
                Clause,
                (Clause.province_code == ObligationEntry.province_code) & (Clause.id == ObligationEntry.clause_id),
            )
            .options(load_only(ObligationEntry.instrument), load_only(Clause.place))
            .where(ObligationEntry.province_code == province_code)
        ):
            entries[entry.id] = _groups(entry, covered.get(entry.id, set()), say)
            clauses[entry.id] = clause.place_in_words if clause is not None else ""
        communes = session.execute(select(Commune.code, Commune.name).where(Commune.province_code == province_code))
        agencies = {agency.code: agency.name for agency in agencies_of(session, province_code)}
        return cls(agencies, entries, clauses, {row.code: row.name for row in communes}, say)

    def entry(self, code: str) -> str:
        return self.entries.get(code, code)

    def subject_type(self, code: str) -> str:
        info = SUBJECT_TYPES.get(code)
        return self.say(info.label) if info is not None else code

    def commune(self, code: str) -> str:
        return self.communes.get(code) or self.say(NO_COMMUNE)

    def by_type(self, lines: Sequence[Figures]) -> list[tuple[str, str, Figures]]:
        """Code, name and figures in the order in which groups stand everywhere."""
        known = {line.key["subject_type"]: line for line in lines}
        order = [*(code for code in SUBJECT_TYPES if code in known), *sorted(set(known) - set(SUBJECT_TYPES))]
        return [(code, self.subject_type(code), known[code]) for code in order]

    def by_commune(self, lines: Sequence[Figures]) -> list[tuple[str, str, Figures]]:
        """By name, those without a commune at the end."""
        found = [(line.key["commune_code"], self.commune(line.key["commune_code"]), line) for line in lines]
        return sorted(found, key=lambda each: (each[0] == "", fold(each[1])))


def _groups(entry: ObligationEntry, covered: set[str], say: Say) -> str:
    names = "; ".join(say(info.label) for code, info in SUBJECT_TYPES.items() if code in covered)
    if entry.instrument is Instrument.ACKNOWLEDGEMENT:
        return say(ACKNOWLEDGES, groups=names)
    return names
