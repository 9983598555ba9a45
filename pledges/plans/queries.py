"""Named questions about provinces, communes, plans, duties and wordings."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from pledges.core.errors import NotFound
from pledges.core.text import fold
from pledges.plans.models import (
    Agency,
    Clause,
    Commune,
    EntrySubjectType,
    FormerCommune,
    Instrument,
    ObligationEntry,
    Plan,
    PledgeText,
    Province,
    ReportingDuty,
    TextApproval,
)
from pledges.plans.places import search_key
from pledges.plans.rules import SUBJECT_TYPES

MOST_WORDS = 8

# How people write the kind of a commune; the kind may be left out or be wrong, the name decides.
_KINDS = (("thi", "tran"), ("dac", "khu"), ("phuong",), ("xa",), ("tt",), ("dk",), ("p",), ("x",), ("huien",))


@dataclass(frozen=True)
class CommuneHit:
    code: str
    name: str
    """With its kind: "phường Thuận Hóa"."""
    former: str | None = None
    """The old name by which it was found: "phường Xuân Phú, quận Thuận Hóa"; None: found by today's name."""


@dataclass(frozen=True)
class Duty:
    """One thing that a subject type may sign in a province, and who receives it."""

    entry: ObligationEntry | None
    """None: no entry asks or offers it, so it is the voluntary pledge with the wording of the group."""
    instrument: Instrument
    text_id: str
    agency: Agency
    clause: Clause | None
    asked: bool
    """The plan asks it of this group; False: a voluntary pledge ("kế hoạch tỉnh không yêu cầu nhóm này")."""

    @property
    def entry_id(self) -> str:
        return self.entry.id if self.entry else ""

    @property
    def signable(self) -> bool:
        """Receipt of a document can only be confirmed once the agency has issued it."""
        if self.instrument is not Instrument.ACKNOWLEDGEMENT:
            return True
        return self.entry is not None and bool(self.entry.document_number and self.entry.document_date)


def provinces_in_use(session: Session) -> list[Province]:
    """Provinces with a plan, in alphabetical order."""
    found = session.scalars(select(Province).where(Province.in_use.is_(True)))
    return sorted(found, key=lambda province: fold(province.short_name))


def all_provinces(session: Session) -> list[Province]:
    return sorted(session.scalars(select(Province)), key=lambda province: fold(province.short_name))


def get_province(session: Session, code: str) -> Province:
    province = session.get(Province, code)
    if province is None:
        raise NotFound
    return province


def get_commune(session: Session, province_code: str, code: str) -> Commune | None:
    """None also for a commune of another province and for one that exists no longer."""
    commune = session.get(Commune, (province_code, code))
    return commune if commune is not None and commune.valid_to is None else None


def communes_of(session: Session, province_code: str) -> list[Commune]:
    """The communes of today, by name."""
    return list(
        session.scalars(
            select(Commune)
            .where(Commune.province_code == province_code, Commune.valid_to.is_(None))
            .order_by(Commune.name_fold)
        )
    )


def commune_names(session: Session, province_code: str, codes: Iterable[str]) -> dict[str, str]:
    """The names of some communes by their codes, also of those that exist no longer."""
    rows = session.execute(
        select(Commune.code, Commune.name).where(Commune.province_code == province_code, Commune.code.in_(list(codes)))
    )
    return {row.code: row.name for row in rows}


def get_agency(session: Session, province_code: str, code: str) -> Agency:
    agency = session.get(Agency, (province_code, code))
    if agency is None:
        raise NotFound
    return agency


def get_clause(session: Session, province_code: str, clause_id: str) -> Clause:
    clause = session.get(Clause, (province_code, clause_id))
    if clause is None:
        raise NotFound
    return clause


def get_entry(session: Session, province_code: str, entry_id: str) -> ObligationEntry | None:
    return session.get(ObligationEntry, (province_code, entry_id))


def search_communes(session: Session, province_code: str, query: str, limit: int = 20) -> list[CommuneHit]:
    """Communes by the beginnings of words of today's name, then of an old name; marks, case and kind don't matter."""
    found = _search(session, province_code, query, limit)
    if not found and "," in query:
        # "Xuân Phú, Thừa Thiên Huế": what follows the comma may be a place that was never part of the name.
        found = _search(session, province_code, query.partition(",")[0], limit)
    return found


def _search(session: Session, province_code: str, query: str, limit: int) -> list[CommuneHit]:
    words = search_key(query).split()[:MOST_WORDS]
    name = _without_kind(words)
    if not name:
        return []
    today = session.execute(
        select(Commune.code, Commune.name, Commune.name_fold).where(
            Commune.province_code == province_code, Commune.valid_to.is_(None), *_all_words(Commune.name_fold, name)
        )
    ).all()
    hits = sorted(today, key=lambda row: (_distance(row.name_fold.split(), words, name), row.name_fold))
    result = [CommuneHit(row.code, row.name) for row in hits[:limit]]
    if len(result) < limit:
        shown = {(row.code, " ".join(_without_kind(row.name_fold.split()))) for row in hits}
        result += _search_former(session, province_code, words, name, shown)[: limit - len(result)]
    return result


def _search_former(
    session: Session, province_code: str, words: list[str], name: list[str], shown: set[tuple[str, str]]
) -> list[CommuneHit]:
    rows = session.execute(
        select(FormerCommune, Commune.name, Province.name)
        .join(
            Commune,
            (Commune.province_code == FormerCommune.province_code) & (Commune.code == FormerCommune.commune_code),
        )
        .join(Province, Province.code == FormerCommune.province_code)
        .where(
            FormerCommune.province_code == province_code,
            Commune.valid_to.is_(None),
            *_all_words(FormerCommune.name_fold, name),
        )
    ).all()
    ranked: list[tuple[tuple[int, str, str], CommuneHit]] = []
    for old, commune, province in rows:
        key = search_key(old.name).split()
        own = _without_kind(key)
        # The words of the district help to choose, but a district alone would bring up all its communes.
        if not any(word.startswith(name[0]) for word in own) or (old.commune_code, " ".join(own)) in shown:
            continue
        elsewhere = "" if old.former_province == province else f", {old.former_province}"
        hit = CommuneHit(old.commune_code, commune, f"{old.name}, {old.district}{elsewhere}")
        ranked.append(((_distance(key, words, name), old.name_fold, commune), hit))
    return [hit for _, hit in sorted(ranked, key=lambda pair: pair[0])]


def _all_words(column: InstrumentedAttribute[str], words: list[str]) -> list[ColumnElement[bool]]:
    return [or_(column.like(f"{word}%"), column.like(f"% {word}%")) for word in words]


def _without_kind(words: Sequence[str]) -> list[str]:
    """The words of the name itself; a name that consists of a kind only stays as it is."""
    for kind in _KINDS:
        if tuple(words[: len(kind)]) == kind and len(words) > len(kind):
            return list(words[len(kind) :])
    return list(words)


def _distance(key: list[str], words: list[str], name: list[str]) -> int:
    """How far a name is from what was typed: 0 the same, then the same name of another kind, beginning, the rest."""
    own = _without_kind(key)
    if key == words:
        return 0
    if own == name[: len(own)]:
        # What follows the name is its district, if anything.
        return 1
    return 2 if " ".join(own).startswith(" ".join(name)) else 3


def duties_for(session: Session, province_code: str, subject_type: str) -> list[Duty]:
    """What this group signs here: first what the plan asks, then what is offered, then receipts of documents.

    Where no enabled entry brings a pledge, the voluntary pledge with the group's wording is offered, reviewed by the
    agency of that field.
    """
    return duties_by_type(session, province_code, (subject_type,))[subject_type]


def duties_by_type(
    session: Session, province_code: str, subject_types: Sequence[str] = tuple(SUBJECT_TYPES)
) -> dict[str, list[Duty]]:
    """`duties_for` of many groups at once: the first page shows all of them."""
    found: dict[str, list[Duty]] = {subject_type: [] for subject_type in subject_types}
    rows = session.execute(
        select(EntrySubjectType.subject_type, ObligationEntry, Agency, Clause)
        .join(
            ObligationEntry,
            (EntrySubjectType.province_code == ObligationEntry.province_code)
            & (EntrySubjectType.entry_id == ObligationEntry.id),
        )
        .join(
            Agency,
            (Agency.province_code == ObligationEntry.province_code) & (Agency.code == ObligationEntry.lead_agency),
        )
        .outerjoin(
            Clause, (Clause.province_code == ObligationEntry.province_code) & (Clause.id == ObligationEntry.clause_id)
        )
        .where(
            ObligationEntry.province_code == province_code,
            ObligationEntry.enabled.is_(True),
            EntrySubjectType.subject_type.in_(subject_types),
        )
    )
    for subject_type, entry, agency, clause in rows:
        asked = entry.instrument is not Instrument.VOLUNTARY
        found[subject_type].append(Duty(entry, entry.instrument, entry.text_id, agency, clause, asked))
    fields = {agency.field: agency for agency in reversed(agencies_of(session, province_code)) if agency.field}
    for subject_type, duties in found.items():
        if all(duty.instrument is Instrument.ACKNOWLEDGEMENT for duty in duties):
            duties.append(_voluntary(fields, subject_type))
        duties.sort(key=lambda duty: _ORDER.index(duty.instrument))
    return found


_ORDER = (Instrument.PLEDGE, Instrument.VOLUNTARY, Instrument.ACKNOWLEDGEMENT)


def _voluntary(agency_of_field: dict[str, Agency], subject_type: str) -> Duty:
    info = SUBJECT_TYPES[subject_type]
    if info.field_agency_kind not in agency_of_field:
        raise NotFound
    agency = agency_of_field[info.field_agency_kind]
    return Duty(None, Instrument.VOLUNTARY, info.text_id, agency, None, asked=False)


def current_text(session: Session, text_id: str) -> PledgeText:
    """The newest version of a wording."""
    found = session.scalar(
        select(PledgeText).where(PledgeText.text_id == text_id).order_by(PledgeText.version.desc()).limit(1)
    )
    if found is None:
        raise NotFound
    return found


def current_texts(session: Session) -> list[PledgeText]:
    """The newest version of every wording, by its id."""
    newest: dict[str, PledgeText] = {}
    for text in session.scalars(select(PledgeText).order_by(PledgeText.text_id, PledgeText.version)):
        newest[text.text_id] = text
    return list(newest.values())


def is_approved(session: Session, province_code: str, pledge_text_id: uuid.UUID) -> bool:
    """Whether the province has approved this version; without it DỰ THẢO stands on every page."""
    return session.get(TextApproval, (province_code, pledge_text_id)) is not None


def operative_plan(session: Session, province_code: str) -> Plan:
    """The plan that the wordings cite."""
    plan = session.scalar(
        select(Plan).where(Plan.province_code == province_code, Plan.operative.is_(True)).order_by(Plan.code).limit(1)
    )
    if plan is None:
        raise NotFound
    return plan


def plan_citation(session: Session, province_code: str) -> str:
    """The plan as a wording names it; without number or day it is named by its title, never by an invented number."""
    plan = operative_plan(session, province_code)
    citation = plan.content["citation"]
    if not plan.number or plan.issued_on is None:
        return str(citation["unnumbered"])
    return str(citation["numbered"]).replace("{{so}}", plan.number).replace("{{ngay}}", f"{plan.issued_on:%d/%m/%Y}")


def plan_number_missing(session: Session, province_code: str) -> bool:
    plan = operative_plan(session, province_code)
    return not plan.number or plan.issued_on is None


def agencies_of(session: Session, province_code: str) -> list[Agency]:
    return list(session.scalars(select(Agency).where(Agency.province_code == province_code).order_by(Agency.code)))


def entries_of(session: Session, province_code: str) -> list[ObligationEntry]:
    return list(
        session.scalars(
            select(ObligationEntry).where(ObligationEntry.province_code == province_code).order_by(ObligationEntry.id)
        )
    )


def clauses_of(session: Session, province_code: str) -> list[Clause]:
    """In printed order, plan by plan."""
    return list(
        session.scalars(
            select(Clause).where(Clause.province_code == province_code).order_by(Clause.plan_code, Clause.position)
        )
    )


def reporting_duties_of(session: Session, province_code: str) -> list[ReportingDuty]:
    return list(
        session.scalars(
            select(ReportingDuty)
            .where(ReportingDuty.province_code == province_code)
            .order_by(ReportingDuty.plan_code, ReportingDuty.position)
        )
    )
