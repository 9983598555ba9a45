"""What one line of the quarterly lists says, and by what a list is cut down."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from pledges.plans.models import EntrySubjectType, ObligationEntry
from pledges.registry.models import Entity, Obligation
from pledges.registry.rules import COUNTED_INSTRUMENTS
from pledges.rounds.list_models import Group, ListKind

PARTS: dict[ListKind, tuple[Group, ...]] = {
    ListKind.NOT_PLEDGED: (Group.NOT_PLEDGED, Group.UNREACHABLE),
    ListKind.PLEDGED: (Group.IN_FORCE, Group.WAITING_FOR_AGENCY),
}
"""The groups that stand in a list, in the order of its parts."""


class Unreached(StrEnum):
    """Why nobody could be reached, as it was known at the end of the list's day."""

    NO_CONTACT = "no_contact"
    """Invited, and no address is known to send it to."""
    BOUNCED = "bounced"
    """The mail came back."""
    REFUSED = "refused"
    """No relay took the mail."""
    NOT_MET = "not_met"
    """A letter, call or visit that reached nobody."""
    UNCERTAIN = "uncertain"
    """Nobody can know whether the mail was accepted."""
    ON_ITS_WAY = "on_its_way"
    """A mail that no relay had accepted yet."""
    LEFT_OUT = "left_out"
    """A person has decided that it is not asked in this round."""
    NO_DOCUMENT = "no_document"
    """There was no document of the agency yet whose receipt could be acknowledged."""
    NOT_ASKED = "not_asked"


Column = ColumnElement[Any] | InstrumentedAttribute[Any]

WayDay = tuple[str, date]
"""One of `models.Way`, and the day."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What a line has in common with thousands of others: they hold one of these, which is put into words once."""

    group: Group
    entry_id: str
    clause: str
    """The id of the clause that the entry reads; empty where it rests on none."""
    commune_code: str
    """Empty where there is none, or none is known."""
    subject_types: tuple[str, ...]
    """Those of the subject that the entry covers; all of the entry's where the owner is not known."""
    cohort: str
    asked_on: date | None
    """Since when the waiting time ran; None on the list of those who have pledged."""
    turns_on: date | None
    ways: tuple[WayDay, ...]
    """How and on which day it was tried to reach them, the earliest first."""
    unreached_reason: Unreached | None
    """Only in the part of those who could not be reached."""
    first_seen_on: date | None


class ListRow(NamedTuple):
    """One obligation on a list. A tuple, because lists have a million of them."""

    obligation: str
    """Its id as text, which costs a tenth of the object and is all that files want."""
    entity: str
    """Empty: a website whose owner is not known."""
    name: str
    """Empty where nothing is kept of it: an undone import, an erased person, a website without owner."""
    tax_code: str
    """Of enterprises; empty for people, and wherever it is a personal number."""
    channel: str
    """The website, where the entry counts websites."""
    shared: Shared

    @property
    def obligation_id(self) -> uuid.UUID:
        return uuid.UUID(self.obligation)

    @property
    def entity_id(self) -> uuid.UUID | None:
        return uuid.UUID(self.entity) if self.entity else None

    @property
    def group(self) -> Group:
        return self.shared.group

    @property
    def entry_id(self) -> str:
        return self.shared.entry_id

    @property
    def clause(self) -> str:
        return self.shared.clause

    @property
    def commune_code(self) -> str:
        return self.shared.commune_code

    @property
    def subject_types(self) -> tuple[str, ...]:
        return self.shared.subject_types

    @property
    def cohort(self) -> str:
        return self.shared.cohort

    @property
    def asked_on(self) -> date | None:
        return self.shared.asked_on

    @property
    def turns_on(self) -> date | None:
        return self.shared.turns_on

    @property
    def ways(self) -> tuple[WayDay, ...]:
        return self.shared.ways

    @property
    def unreached_reason(self) -> Unreached | None:
        return self.shared.unreached_reason

    @property
    def first_seen_on(self) -> date | None:
        return self.shared.first_seen_on

    def saying(self, **changes: Any) -> ListRow:
        """The same line where something of what it shares was otherwise."""
        return self._replace(shared=replace(self.shared, **changes))


@dataclass(frozen=True)
class ListFilters:
    """Which part of a list; everything left as it is means all of it."""

    commune: str | None = None
    """Its code; the empty text means those without a commune."""
    group: Group | None = None
    entry: str = ""
    subject_type: str = ""
    text: str = ""
    """Name, domain or number, as the search of the register understands it."""

    def __bool__(self) -> bool:
        return self != ListFilters()

    def as_data(self) -> dict[str, str | None]:
        """For `ListExport.filters`; `from_data` reads it back."""
        return {name: value for name, value in asdict(self).items() if value not in (None, "") or name == "commune"}

    @classmethod
    def from_data(cls, data: dict[str, str | None]) -> ListFilters:
        told = {name: str(data.get(name) or "") for name in ("entry", "subject_type", "text")}
        group = data.get("group")
        return cls(commune=data.get("commune"), group=Group(group) if group else None, **told)


class ListPage(NamedTuple):
    rows: list[ListRow]
    after: str
    """What to ask for the next page with; empty on the last one."""
    total: int | None
    """Of all pages, from the counters; None where a text is looked for: nobody counts that."""


@dataclass(frozen=True)
class Entries:
    """The entries of one agency whose obligations stand on lists, in the order of their ids."""

    clauses: dict[str, str]
    types: dict[str, frozenset[str]]

    @property
    def ids(self) -> list[str]:
        return list(self.clauses)

    def only(self, entry_id: str) -> Entries:
        """All of them, or the one that a filter names."""
        if not entry_id:
            return self
        clauses = {each: clause for each, clause in self.clauses.items() if each == entry_id}
        return Entries(clauses, self.types)

    def covering(self, subject_type: str) -> Entries:
        """Those that ask subjects of this type (empty: all)."""
        if not subject_type:
            return self
        clauses = {each: clause for each, clause in self.clauses.items() if subject_type in self.types[each]}
        return Entries(clauses, self.types)


@dataclass(frozen=True)
class Found:
    """What a text was looked up to."""

    entities: tuple[uuid.UUID, ...]
    channels: tuple[uuid.UUID, ...]
    """Websites of which nobody knows whose they are."""


@dataclass(frozen=True)
class Wanted:
    """One list of one agency, cut down."""

    province_code: str
    agency_code: str
    kind: ListKind
    filters: ListFilters
    entries: Entries
    found: Found | None
    """None: no text was given."""
    among: Select[Any] | None = None
    """The ids of the only obligations that are wanted; None: all."""

    @property
    def whole(self) -> tuple[Group, ...]:
        """The parts of the list if nothing is cut away."""
        return PARTS[self.kind]

    @property
    def parts(self) -> tuple[Group, ...]:
        return tuple(part for part in self.whole if self.filters.group in (None, part))

    def number(self, place: int) -> int:
        """Which of `parts` the first (0) or second (1) part of the whole list is; 0 where it is not among them."""
        part = self.whole[place]
        return self.parts.index(part) if part in self.parts else 0


class Edge(NamedTuple):
    """Behind which line the next page begins."""

    group: Group
    commune_code: str
    entry_id: str
    turns_on: date | None
    obligation_id: uuid.UUID

    @classmethod
    def at(cls, row: ListRow) -> Edge:
        return cls(row.group, row.commune_code, row.entry_id, row.turns_on, row.obligation_id)

    @classmethod
    def read(cls, text: str) -> Edge | None:
        """None where the text (it comes from an address) names no place: then the first page is shown."""
        try:
            group, commune, entry_id, day, obligation_id = text.split("~")
            turns_on = date.fromisoformat(day) if day else None
            return cls(Group(group), commune, entry_id, turns_on, uuid.UUID(obligation_id))
        except ValueError:
            return None

    def __str__(self) -> str:
        day = self.turns_on.isoformat() if self.turns_on is not None else ""
        return "~".join([self.group.value, self.commune_code, self.entry_id, day, str(self.obligation_id)])


def entries_of(session: Session, province_code: str, agency_code: str) -> Entries:
    """Switched off ones too: what they brought into scope before stands in the lists of that time."""
    rows = session.execute(
        select(ObligationEntry.id, ObligationEntry.clause_id)
        .where(
            ObligationEntry.province_code == province_code,
            ObligationEntry.lead_agency == agency_code,
            ObligationEntry.instrument.in_(COUNTED_INSTRUMENTS),
        )
        .order_by(ObligationEntry.id)
    )
    clauses = {entry_id: clause or "" for entry_id, clause in rows}
    types: dict[str, set[str]] = {entry_id: set() for entry_id in clauses}
    for entry_id, subject_type in session.execute(
        select(EntrySubjectType.entry_id, EntrySubjectType.subject_type).where(
            EntrySubjectType.province_code == province_code, EntrySubjectType.entry_id.in_(clauses)
        )
    ):
        types[entry_id].add(subject_type)
    return Entries(clauses, {entry_id: frozenset(found) for entry_id, found in types.items()})


def found_in(wanted: Wanted, entity_id: Column, obligation_id: Column) -> ColumnElement[bool]:
    """Whether a row is about what the text was looked up to; who was merged since stands there by the row of then."""
    found = wanted.found or Found((), ())
    merged = select(Entity.id).where(
        Entity.province_code == wanted.province_code, Entity.merged_into.in_(found.entities)
    )
    websites = select(Obligation.id).where(
        Obligation.province_code == wanted.province_code, Obligation.channel_id.in_(found.channels)
    )
    return or_(entity_id.in_(found.entities), entity_id.in_(merged), obligation_id.in_(websites))
