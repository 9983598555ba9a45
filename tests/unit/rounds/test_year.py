"""A year of three provinces: what is frozen at each quarter's end is what a second reckoning finds, for ever."""

from __future__ import annotations

from pathlib import Path

from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.documents.storage import Storage
from pledges.registry.recounting import recount
from pledges.rounds import as_of
from pledges.rounds.closing import whole_list
from pledges.rounds.figures import at_end_of, group_figures
from pledges.rounds.figures import Only
from pledges.rounds.list_models import ListKind
from pledges.rounds.models import Round
from pledges.rounds.snapshots import frozen_on, rows, verify_snapshot
from tests.support.clock import FixedClock
from tests.support.year.duties import last_day
from tests.support.year.lines import groups_of, lines_of, told
from tests.support.year.simulation import Size, Year


def test_a_year(sqlite_database: Database, clock: FixedClock, tmp_path: Path) -> None:
    import time

    t = [time.process_time()]
    tot = {}

    def spent(what):
        n = time.process_time()
        tot[what] = tot.get(what, 0) + n - t[0]
        t[0] = n

    year = Year(
        sqlite_database, Storage(tmp_path / "storage"), clock, Vault("tests-only-data-key-0123456789abcdef"), Size()
    )
    year.spent = spent
    for quarter in year.run():
        day = last_day(quarter)
        book = year.book.as_of(day)
        spent("book")
        with sqlite_database.read() as session:
            for agency in year.office.officers:
                key = (agency[:2], year.office.rounds[agency, quarter])
                of_round = session.get_one(Round, key)
                snapshot = frozen_on(session, agency[:2], agency, day)
                assert snapshot is not None
                for kind in ListKind:
                    wanted = whole_list(session, of_round, kind)
                    frozen = list(rows(session, snapshot, wanted))
                    assert told(frozen, year.office.numbers) == lines_of(book, agency, kind.value, day)
                    assert list(as_of.rows(session, wanted, day)) == frozen
                    print(quarter, agency, kind, len(frozen))
                found = group_figures(
                    session, agency[:2], at_end_of(day), by=("entry_id", "commune_code"), only=Only(agency=agency)
                )
                figures = {
                    (each.key["entry_id"], each.key["commune_code"], group.value): count
                    for each in found
                    for group, count in each.groups.items()
                    if count
                }
                assert figures == dict(groups_of(book, agency, day))
                assert all(each.good for each in verify_snapshot(session, snapshot))
        spent("check")
        assert sqlite_database.run(lambda session: recount(session, repair=False)) == []
        spent("recount")
    print(tot, sum(tot.values()), year.relay.outcomes, len(year.book.events), len(year.book.pledges))
