"""The quarterly lists by name: as they stand now, as they stood at the end of a day, and as they were frozen.

A page costs the same wherever it is and however many rows there are; a whole list comes in bounded memory. Nothing here
asks who may see it: `Action.LIST_VIEW` and `Action.LIST_EXPORT` do.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.core.calendar import local_day
from pledges.core.errors import N_, DomainError
from pledges.core.identity import fold
from pledges.registry.models import Channel
from pledges.registry.searching import search_entities
from pledges.rounds import as_of as past
from pledges.rounds import live, snapshots
from pledges.rounds.evidence import Reader
from pledges.rounds.figures import Figures, Moment, Only, at, at_end_of, total
from pledges.rounds.list_models import ListKind, Snapshot
from pledges.rounds.list_rows import Edge, Found, ListFilters, ListPage, ListRow, Wanted, entries_of
from pledges.rounds.streaming import copied_chunks, in_chunks

PAGE_SIZE = 50
CHUNK = 2000
MOST_FOUND = 300
"""Subjects that a text is looked up to; whoever has more hits types more of the name."""


def list_page(
    session: Session,
    province_code: str,
    agency_code: str,
    kind: ListKind,
    filters: ListFilters | None = None,
    *,
    as_of: date | None,
    now: datetime,
    after: str = "",
    limit: int = PAGE_SIZE,
) -> ListPage:
    """A page of the list as it stands now (None), or as it stood at the end of a day that is over.

    `after` is that of the page before. Now: part by part, entry by entry, the longest overdue first. Of the past: part
    by part, by commune. Of the last day of a closed quarter: the frozen list.
    """
    wanted = read_wanted(session, province_code, agency_code, kind, filters)
    edge = Edge.read(after)
    frozen = _check_day(session, wanted, as_of, now)
    if as_of is None:
        moment = at(now)
        rows, more = live.page(session, wanted, moment, after=edge, most=limit)
        return ListPage(rows, str(more or ""), _count(session, wanted, moment))
    if frozen is not None:
        return snapshots.page(session, frozen, wanted, after=after, limit=limit)
    behind = past.rows(session, wanted, as_of, after=edge, most=limit + 1, chunk=limit + 1)
    found = list(islice(behind, limit + 1))
    more = Edge.at(found[limit - 1]) if len(found) > limit else None
    return ListPage(found[:limit], str(more or ""), _count(session, wanted, at_end_of(as_of)))


def stream_list(
    session: Session,
    province_code: str,
    agency_code: str,
    kind: ListKind,
    filters: ListFilters | None = None,
    *,
    as_of: date | None,
    now: datetime,
) -> Iterator[ListRow]:
    """The whole list in the order of a document (part, commune, entry, obligation), a chunk of rows at a time.

    The session must stay open, and do nothing else, until the last row has been taken.
    """
    wanted = read_wanted(session, province_code, agency_code, kind, filters)
    frozen = _check_day(session, wanted, as_of, now)
    if frozen is not None:
        return snapshots.rows(session, frozen, wanted)
    return past.rows(session, wanted, as_of) if as_of is not None else _live_rows(session, wanted, at(now))


def list_figures(
    session: Session, province_code: str, agency_code: str, filters: ListFilters | None = None, *, moment: Moment
) -> Figures:
    """The six groups of what the filters leave, whatever group and text they name: what stands above a list."""
    chosen = filters or ListFilters()
    entries = entries_of(session, province_code, agency_code).only(chosen.entry).covering(chosen.subject_type)
    only = Only(agency=agency_code, entries=entries.ids, commune=chosen.commune, subject_type=chosen.subject_type)
    return total(session, province_code, moment, only)


def read_wanted(
    session: Session, province_code: str, agency_code: str, kind: ListKind, filters: ListFilters | None = None
) -> Wanted:
    chosen = filters or ListFilters()
    entries = entries_of(session, province_code, agency_code).only(chosen.entry).covering(chosen.subject_type)
    found = _find(session, province_code, chosen.text) if chosen.text.strip() else None
    return Wanted(province_code, agency_code, kind, chosen, entries, found)


def _check_day(session: Session, wanted: Wanted, as_of: date | None, now: datetime) -> Snapshot | None:
    """Today is not over; the list of the last day of a closed quarter is its snapshot, which is returned."""
    if as_of is None:
        return None
    if as_of >= local_day(now):
        raise DomainError(N_("Ngày này chưa kết thúc. Hãy chọn một ngày trước hôm nay."), field="as_of")
    return snapshots.frozen_on(session, wanted.province_code, wanted.agency_code, as_of)


def _live_rows(session: Session, wanted: Wanted, moment: Moment) -> Iterator[ListRow]:
    reader = Reader(session, wanted.province_code, wanted.entries, wanted.parts, until=None)
    statement = live.statement(wanted, moment)
    if session.get_bind().dialect.name == "postgresql":
        for copied in copied_chunks(session, statement, CHUNK):
            yield from reader.copied(copied)
    else:
        for found in in_chunks(session, statement, CHUNK):
            yield from reader.lines(found)


def _find(session: Session, province_code: str, text: str) -> Found:
    hits = search_entities(session, province_code, text, limit=MOST_FOUND)
    websites = session.scalars(
        select(Channel.id)
        .where(
            Channel.province_code == province_code,
            Channel.entity_id.is_(None),
            Channel.address.contains(fold(text), autoescape=True),
        )
        .limit(MOST_FOUND)
    )
    return Found(tuple(hit.id for hit in hits), tuple(websites))


def _count(session: Session, wanted: Wanted, moment: Moment) -> int | None:
    """From the counters: counting a million rows takes longer than showing fifty of them."""
    if wanted.found is not None:
        return None
    filters = wanted.filters
    only = Only(
        agency=wanted.agency_code,
        entries=wanted.entries.ids,
        commune=filters.commune,
        subject_type=filters.subject_type,
    )
    figures = total(session, wanted.province_code, moment, only)
    return sum(figures[part] for part in wanted.parts)
