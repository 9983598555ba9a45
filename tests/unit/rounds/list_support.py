"""The lists of the invented agency, shortly asked for."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from pledges.core.db import Database
from pledges.rounds import as_of, lists, live
from pledges.rounds.evidence import Reader
from pledges.rounds.figures import Moment, at_end_of
from pledges.rounds.list_models import Group, ListKind
from pledges.rounds.list_rows import ListFilters, ListRow, Shared
from tests.support.signing import HUE
from tests.unit.rounds.quarter import AGENCY, QuarterOffice

NOT_PLEDGED, PLEDGED = ListKind.NOT_PLEDGED, ListKind.PLEDGED


def list_row(
    *, obligation_id: uuid.UUID, entity_id: uuid.UUID | None, name: str, tax_code: str, channel: str, **shared: Any
) -> ListRow:
    whose = str(entity_id) if entity_id is not None else ""
    return ListRow(str(obligation_id), whose, name, tax_code, channel, Shared(**shared))


def now_at_end_of(database: Database, day: date, kind: ListKind) -> list[ListRow]:
    """Both parts from the tables of now, as if the day had just ended: what the ledger must say of it for ever."""
    with database.read() as session:
        wanted = lists.read_wanted(session, HUE, AGENCY, kind)
        reader = Reader(session, HUE, wanted.entries, wanted.parts, until=None)
        return reader.lines(session.connection().execute(live.statement(wanted, at_end_of(day))))


def stood(database: Database, day: date, kind: ListKind, **filters: Any) -> list[ListRow]:
    with database.read() as session:
        wanted = lists.read_wanted(session, HUE, AGENCY, kind, ListFilters(**filters))
        return list(as_of.rows(session, wanted, day))


def streamed(office: QuarterOffice, kind: ListKind, day: date | None = None, **filters: Any) -> list[ListRow]:
    with office.database.read() as session:
        chosen = ListFilters(**filters)
        return list(lists.stream_list(session, HUE, AGENCY, kind, chosen, as_of=day, now=office.clock()))


def paged(
    office: QuarterOffice, kind: ListKind, day: date | None = None, limit: int = 2, **filters: Any
) -> tuple[list[ListRow], int | None]:
    """All pages one after the other, and the total that the first one tells."""
    rows: list[ListRow] = []
    after, total = "", None
    while True:
        with office.database.read() as session:
            page = lists.list_page(
                session,
                HUE,
                AGENCY,
                kind,
                ListFilters(**filters),
                as_of=day,
                now=office.clock(),
                after=after,
                limit=limit,
            )
        assert len(page.rows) <= limit
        rows += page.rows
        total = page.total if total is None else total
        after = page.after
        if not after:
            return rows, total


def figures(office: QuarterOffice, moment: Moment, **filters: Any) -> dict[Group, int]:
    with office.database.read() as session:
        found = lists.list_figures(session, HUE, AGENCY, ListFilters(**filters), moment=moment)
    assert found.agrees
    return found.groups
