"""Who stands behind a figure of coverage: the obligations of some groups of one agency, by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from pledges.core.calendar import Quarter, local_day
from pledges.plans.models import Instrument
from pledges.reporting.circumstances import arrivals
from pledges.reporting.coverage import entry_ids
from pledges.reporting.rollup import GROUPS, entries_led
from pledges.reporting.standing import Place, past_day
from pledges.rounds import as_of as past
from pledges.rounds import live
from pledges.rounds.figures import Only, at, at_end_of, total
from pledges.rounds.list_models import Group, ListKind, Snapshot
from pledges.rounds.list_rows import Edge, Entries, ListFilters, ListPage, ListRow, Wanted
from pledges.rounds.lists import read_wanted
from pledges.rounds.snapshots import frozen_figures, frozen_on, numbered

PAGE_SIZE = 50
ORDER = (
    Group.IN_FORCE,
    Group.WAITING_FOR_AGENCY,
    Group.WAITING_TIME,
    Group.NOT_DUE,
    Group.NOT_PLEDGED,
    Group.UNREACHABLE,
)
"""As the lists follow each other."""


@dataclass(frozen=True)
class AllGroups(Wanted):
    """Any of the six groups, where the quarterly lists have two each."""

    groups: tuple[Group, ...] = GROUPS

    @property
    def whole(self) -> tuple[Group, ...]:
        return self.groups


@dataclass(frozen=True)
class NotTurned(Wanted):
    """The two groups that stand on no list: nobody is late yet."""

    @property
    def whole(self) -> tuple[Group, ...]:
        return (Group.WAITING_TIME, Group.NOT_DUE)


def members_page(
    session: Session,
    place: Place,
    filters: ListFilters,
    *,
    groups: tuple[Group, ...],
    instrument: Instrument,
    day: date | None,
    now: datetime,
    came: bool = False,
    after: str = "",
    limit: int = PAGE_SIZE,
) -> ListPage:
    """A page of those whom the figure with these filters counts; `total` is that figure.

    Without an entry those of all entries of the instrument; without groups those of all six; `came`: only those that
    have come into scope since the end of the quarter before. Refused (`DomainError`) for a day that is not over.
    """
    wanted = _wanted(session, place, filters, groups or GROUPS, instrument)
    if came:
        wanted = replace(wanted, among=_came(wanted, day or local_day(now)))
    moment = at(now) if past_day(day, now) is None else at_end_of(day or date.min)
    snapshot = frozen_on(session, place.province_code, place.agency_code, day) if day is not None else None
    only = Only(
        agency=place.agency_code,
        entries=wanted.entries.ids,
        commune=filters.commune,
        subject_type=filters.subject_type,
    )
    if wanted.among is not None:
        number = session.scalar(select(func.count()).select_from(wanted.among.subquery())) or 0
    else:
        if snapshot is not None:
            figures = frozen_figures(snapshot, wanted.entries, filters)
        else:
            figures = total(session, place.province_code, moment, only)
        number = sum(figures[group] for group in wanted.parts)
    if day is None:
        rows, more = live.page(session, wanted, moment, after=Edge.read(after), most=limit)
        return ListPage(rows, str(more or ""), number)
    found = _past(session, wanted, day, snapshot, after, limit + 1)
    rows = [row for row, _mark in found[:limit]]
    return ListPage(rows, found[limit - 1][1] if len(found) > limit else "", number)


def _came(wanted: AllGroups, day: date) -> Select[Any]:
    before = Quarter.of(day).first_day - timedelta(days=1)
    return arrivals(wanted.province_code, wanted.entries.ids, before, day)


@dataclass(frozen=True)
class _Lines:
    """Part of those behind a figure of the past: replayed, or what was frozen when the quarter was closed."""

    wanted: Wanted
    day: date
    snapshot: Snapshot | None

    def holds(self, mark: str) -> bool:
        """Whether the line that bears this mark is one of these."""
        if self.snapshot is None:
            edge = Edge.read(mark)
            return edge is not None and edge.group in self.wanted.whole
        kind, _, position = mark.partition(":")
        return kind == self.wanted.kind.value and position.isdecimal()

    def behind(self, session: Session, mark: str, most: int) -> Iterator[tuple[ListRow, str]]:
        """The next lines, each with its mark."""
        wanted = self.wanted
        if self.snapshot is None:
            found = past.rows(session, wanted, self.day, after=Edge.read(mark), most=most, chunk=most)
            return ((row, str(Edge.at(row))) for row in found)
        position = int(mark.partition(":")[2] or -1)
        lines = numbered(session, self.snapshot, wanted, position, most, wanted.entries.ids)
        return ((row, f"{wanted.kind.value}:{place}") for place, row in lines)


def _past(
    session: Session, wanted: AllGroups, day: date, snapshot: Snapshot | None, after: str, most: int
) -> list[tuple[ListRow, str]]:
    """The lists one behind the other, those who have pledged first. Whose time had not come is on no frozen list."""
    lists = [_Lines(each, day, None if isinstance(each, NotTurned) else snapshot) for each in _lists(wanted)]
    begun = next((place for place, each in enumerate(lists) if each.holds(after)), None)
    mark = after if begun is not None else ""
    found: list[tuple[ListRow, str]] = []
    for each in lists[begun or 0 :]:
        left = most - len(found)
        found += islice(each.behind(session, mark, left), left)
        mark = ""
        if len(found) == most:
            break
    return found


def _lists(wanted: AllGroups) -> list[Wanted]:
    where, filters, entries = (wanted.province_code, wanted.agency_code), wanted.filters, wanted.entries
    narrowed = (wanted.found, wanted.among)
    lists: list[Wanted] = []
    for whole in (
        Wanted(*where, ListKind.PLEDGED, filters, entries, *narrowed),
        NotTurned(*where, ListKind.NOT_PLEDGED, filters, entries, *narrowed),
        Wanted(*where, ListKind.NOT_PLEDGED, filters, entries, *narrowed),
    ):
        kept = [group for group in whole.whole if group in wanted.groups]
        if len(kept) == len(whole.whole):
            lists.append(whole)
        elif kept:
            lists.append(replace(whole, filters=replace(wanted.filters, group=kept[0])))
    return lists


def _wanted(
    session: Session, place: Place, filters: ListFilters, groups: tuple[Group, ...], instrument: Instrument
) -> AllGroups:
    wanted = read_wanted(session, place.province_code, place.agency_code, ListKind.NOT_PLEDGED, filters)
    led = set(entry_ids(entries_led(session, place), instrument))
    clauses = {code: clause for code, clause in wanted.entries.clauses.items() if code in led}
    return AllGroups(
        province_code=wanted.province_code,
        agency_code=wanted.agency_code,
        kind=wanted.kind,
        filters=filters,
        entries=Entries(clauses, wanted.entries.types),
        found=wanted.found,
        groups=tuple(group for group in ORDER if group in groups),
    )
