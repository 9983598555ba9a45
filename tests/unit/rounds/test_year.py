"""A year of three provinces: what is frozen at each quarter's end is what a second reckoning finds, for ever."""

from __future__ import annotations

import os
import uuid
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.documents.storage import Storage
from pledges.registry.models import IN_SCOPE, Channel, Obligation
from pledges.registry.recounting import recount
from pledges.rounds import as_of, snapshots
from pledges.rounds.closing import whole_list
from pledges.rounds.figures import Only, at_end_of, group_figures
from pledges.rounds.list_models import Group, ListKind
from pledges.rounds.list_rows import ListRow, Wanted
from pledges.rounds.lists import stream_list
from pledges.rounds.models import Round
from pledges.rounds.rules import group_of
from tests.support.clock import FixedClock
from tests.support.databases import PostgresTemplate, SqliteTemplate
from tests.support.year.book import Book
from tests.support.year.duties import last_day
from tests.support.year.lines import groups_of, lines_of, told
from tests.support.year.simulation import QUARTERS, Size, Year

SOAK = bool(os.environ.get("PLEDGES_SOAK"))
SIZE = Size(entities=150, turns=3) if SOAK else Size(entities=90, turns=4)
SEEDS = range(1, 5) if SOAK else range(1, 2)
DAYS = [date(2026, 1, 1) + timedelta(days=number) for number in range(0, 365, 5 if SOAK else 31)]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"] if SOAK else ["sqlite"])
def test_a_year(
    sqlite_template: SqliteTemplate,
    postgres_template: PostgresTemplate,
    clock: FixedClock,
    vault: Vault,
    tmp_path: Path,
    engine: str,
    seed: int,
) -> None:
    """The lists are compared with every column; so is the past, after everything that has happened since."""
    with sqlite_template.fresh() if engine == "sqlite" else postgres_template.fresh() as database:
        year = Year(database, Storage(tmp_path / "storage"), clock, vault, SIZE, seed)
        books: dict[str, Book] = {}
        groups: set[str] = set()
        for quarter in year.run():
            books[quarter] = year.book.as_of(last_day(quarter))
            check_quarter(year, database, quarter, books[quarter])
            groups |= check_everybody(year, database, last_day(quarter))
            assert database.run(lambda session: recount(session, repair=False)) == []
        for quarter in QUARTERS:
            check_quarter(year, database, quarter, books[quarter])
        for day in DAYS:
            check_day(year, database, day, year.book.as_of(day))
        check_now(year, database)
        check_that_much_happened(year)
        assert groups == {*Group, ""}, "somebody has stood in every group, and out of scope"


def wanted_lists(session: Session, year: Year, agency: str, quarter: str) -> list[Wanted]:
    of_round = session.get_one(Round, (agency[:2], year.office.rounds[agency, quarter]))
    return [whole_list(session, of_round, kind) for kind in ListKind]


def compare(year: Year, book: Book, wanted: Wanted, day: date, rows: list[ListRow]) -> None:
    place = [(wanted.parts.index(row.group), row.commune_code, row.entry_id, row.obligation_id) for row in rows]
    assert place == sorted(place)
    assert told(rows, year.office.numbers) == lines_of(book, wanted.agency_code, wanted.kind.value, day)


def check_quarter(year: Year, database: Database, quarter: str, book: Book) -> None:
    """What is frozen, what the ledger says of that day, and the figures of the counters: all as in the book."""
    day = last_day(quarter)
    with database.read() as session:
        for agency in year.office.officers:
            snapshot = snapshots.frozen_on(session, agency[:2], agency, day)
            assert snapshot is not None
            for wanted in wanted_lists(session, year, agency, quarter):
                frozen = list(snapshots.rows(session, snapshot, wanted))
                compare(year, book, wanted, day, frozen)
                assert list(as_of.rows(session, wanted, day)) == frozen
            assert all(snapshots.verify_list(session, snapshot, kind).good for kind in ListKind)
            assert figures(session, agency, day) == groups_of(book, agency, day)


def figures(session: Session, agency: str, day: date) -> Counter[tuple[str, str, str]]:
    by, only = ("entry_id", "commune_code"), Only(agency=agency)
    found = group_figures(session, agency[:2], at_end_of(day), by=by, only=only)
    assert all(each.agrees for each in found)
    return +Counter(
        {
            (each.key["entry_id"], each.key["commune_code"], group.value): count
            for each in found
            for group, count in each.groups.items()
        }
    )


def check_everybody(year: Year, database: Database, day: date) -> set[str]:
    """Each obligation as it stands now is in the group of the six in which the book has it; which there are."""
    with database.read() as session:
        rows = session.execute(
            select(Obligation, Channel.address).outerjoin(
                Channel, (Channel.province_code == Obligation.province_code) & (Channel.id == Obligation.channel_id)
            )
        ).all()
    stands = {
        (obligation.entry_id, address or year.office.numbers[_known(obligation.entity_id)]): group_of(
            in_force=obligation.in_force,
            waiting_for_agency=obligation.waiting_for_agency,
            asked_on=obligation.asked_on,
            turns_on=obligation.turns_on,
            as_of=day,
        ).value
        if obligation.scope in IN_SCOPE
        else ""
        for obligation, address in rows
    }
    assert stands == {where: year.book.group(owed, day) for where, owed in year.book.owed.items()}
    return set(stands.values())


def _known(entity_id: uuid.UUID | None) -> uuid.UUID:
    assert entity_id is not None
    return entity_id


def check_day(year: Year, database: Database, day: date, book: Book) -> None:
    """Any day, asked for at the end of the year."""
    with database.read() as session:
        for agency in year.office.officers:
            for wanted in wanted_lists(session, year, agency, QUARTERS[-1]):
                compare(year, book, wanted, day, list(as_of.rows(session, wanted, day)))
            assert figures(session, agency, day) == groups_of(book, agency, day)


def check_now(year: Year, database: Database) -> None:
    """The list of this minute knows all that has happened, and counts nobody as late before the day is over."""
    now = year.clock()
    with database.read() as session:
        for agency in year.office.officers:
            for wanted in wanted_lists(session, year, agency, QUARTERS[-1]):
                rows = list(stream_list(session, agency[:2], agency, wanted.kind, as_of=None, now=now))
                compare(year, year.book, wanted, year.office.today - timedelta(days=1), rows)


def check_that_much_happened(year: Year) -> None:
    """A year in which nothing happens would prove nothing."""
    happened = Counter(what for _day, what, _told in year.book.events)
    assert set(happened) == set(EVENTS)
    outcomes = Counter(told_[-1] for _day, what, told_ in year.book.events if what == "mail")
    assert set(outcomes) == {"reached", "refused", "uncertain", "called off"}
    states = {pledge.state for pledge in year.book.pledges.values()}
    assert states >= {"approved", "rejected", "withdrawn", "revoked"}


EVENTS = (
    *("arrived", "website_seen", "seen_again", "renamed", "moved", "given_types", "given_address", "merged"),
    *("scope_decided", "cohort_decided", "document_uploaded", "waiting_days_set"),
    *("signed", "pledge_became", "left_out", "brought_back", "ran", "written", "mail", "bounced"),
    *("recorded", "taken_back"),
)
