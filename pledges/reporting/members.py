"""Who stands behind a figure of coverage: the obligations of some groups of one agency, by name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from sqlalchemy.orm import Session

from pledges.plans.models import Instrument
from pledges.reporting.coverage import entry_ids
from pledges.reporting.rollup import GROUPS, entries_led
from pledges.reporting.standing import Place, past_day
from pledges.rounds import as_of as past
from pledges.rounds import live
from pledges.rounds.figures import Only, at, at_end_of, total
from pledges.rounds.list_models import Group, ListKind
from pledges.rounds.list_rows import Edge, Entries, ListFilters, ListPage, Wanted
from pledges.rounds.lists import read_wanted

PAGE_SIZE = 50


@dataclass(frozen=True)
class Counted(Wanted):
    """Any of the six groups, where the quarterly lists have two each."""

    groups: tuple[Group, ...] = GROUPS

    @property
    def parts(self) -> tuple[Group, ...]:
        return self.groups


def members_page(
    session: Session,
    place: Place,
    filters: ListFilters,
    *,
    groups: tuple[Group, ...],
    instrument: Instrument,
    day: date | None,
    now: datetime,
    after: str = "",
    limit: int = PAGE_SIZE,
) -> ListPage:
    """A page of those whom the figure with these filters counts; `total` is that figure.

    Without an entry those of all entries of the instrument; without groups those of all six. Refused (`DomainError`)
    for a day that is not over.
    """
    wanted = _counted(session, place, filters, groups or GROUPS, instrument)
    moment = at(now) if past_day(day, now) is None else at_end_of(day or date.min)
    edge = Edge.read(after)
    only = Only(
        agency=place.agency_code,
        entries=wanted.entries.ids,
        commune=filters.commune,
        subject_type=filters.subject_type,
    )
    figures = total(session, place.province_code, moment, only)
    number = sum(figures[group] for group in wanted.parts)
    if day is None:
        rows, more = live.page(session, wanted, moment, after=edge, most=limit)
        return ListPage(rows, str(more or ""), number)
    found = list(islice(past.rows(session, wanted, day, after=edge, chunk=limit + 1), limit + 1))
    return ListPage(found[:limit], str(Edge.at(found[limit - 1])) if len(found) > limit else "", number)


def _counted(
    session: Session, place: Place, filters: ListFilters, groups: tuple[Group, ...], instrument: Instrument
) -> Counted:
    wanted = read_wanted(session, place.province_code, place.agency_code, ListKind.NOT_PLEDGED, filters)
    led = set(entry_ids(entries_led(session, place), instrument))
    clauses = {code: clause for code, clause in wanted.entries.clauses.items() if code in led}
    return Counted(
        province_code=wanted.province_code,
        agency_code=wanted.agency_code,
        kind=wanted.kind,
        filters=filters,
        entries=Entries(clauses, wanted.entries.types),
        found=wanted.found,
        groups=groups,
    )
