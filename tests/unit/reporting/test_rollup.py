"""The rollup: every figure reckoned anew from the facts, in scope the sum of its groups, closed quarters for ever."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from pledges.core.calendar import Quarter, local_day
from pledges.core.db import Database
from pledges.core.errors import DomainError
from pledges.core.secrecy import Vault
from pledges.documents.storage import Storage
from pledges.plans.models import Instrument
from pledges.registry import care
from pledges.registry.models import Counter, Location, Obligation, ObligationMove, OpenCounter
from pledges.registry.scope import Said, decide_scope
from pledges.registry.upkeep_models import ScopeReason
from pledges.reporting.coverage import coverage_of
from pledges.reporting.members import members_page
from pledges.reporting.rollup import FIELDS, GROUPS, day_of, entries_led, places_of, rollup_of
from pledges.reporting.standing import Place, moment_of, standing_of
from pledges.rounds.closing import Closing
from pledges.rounds.figures import Only, at, at_end_of, course
from pledges.rounds.list_models import Group, SnapshotRow
from pledges.rounds.list_rows import ListFilters, ListRow
from tests.support.clock import FixedClock
from tests.support.signing import COMMUNES, HUE
from tests.unit.reporting.from_facts import Owed, replayed, tallied
from tests.unit.reporting.played import OTHER_COMMUNE, Quarterly
from tests.unit.rounds.quarter import AGENCY, Q4

CULTURE = "46-SVHTT"
PLACE = Place(HUE)


@pytest.fixture
def played(database: Database, clock: FixedClock, vault: Vault) -> Quarterly:
    return Quarterly(database, clock, vault)


def test_every_row_counts_what_the_facts_say_at_any_day(played: Quarterly) -> None:
    seen: set[Group] = set()
    for day, moment in played.moments():
        with played.database.read() as session:
            rollup = rollup_of(session, PLACE, day, played.clock())
        expected = tallied(
            played.database, moment, lambda owed, kind, commune: (owed.agency, owed.entry, kind, commune), typed=True
        )
        rows = {(row.agency, row.obligation, row.subject_type, row.commune): row.figures.groups for row in rollup.rows}
        assert rows == expected
        once = tallied(played.database, moment, lambda owed, _kind, _commune: (owed.agency, owed.entry))
        totals = {(row.agency, row.obligation): row.figures.groups for row in rollup.totals}
        assert {key: groups for key, groups in totals.items() if any(groups.values())} == once
        assert {"46-website", "46-platform", "46-business"} <= {entry for _agency, entry in totals}
        for row in (*rollup.rows, *rollup.totals):
            told = row.as_data()
            assert tuple(told) == FIELDS
            assert told["in_scope"] == sum(told[group.value] for group in GROUPS)
            assert told["coverage"] == (told["in_force"] / told["in_scope"] if told["in_scope"] else None)
        seen |= {group for groups in once.values() for group, count in groups.items() if count}
    assert seen == set(Group), "a group in which nobody stands proves nothing"


def test_types_communes_instruments_days_and_provinces_put_together(played: Quarterly) -> None:
    with played.database.read() as session:
        standing = standing_of(session, PLACE, None, played.clock())
    typed = standing.lines("subject_type", entry_id="46-health")
    assert [(line.key["subject_type"], line.in_scope) for line in typed] == [
        ("doctor", 1),
        ("scientist", 1),
    ]
    assert standing.total(entry_id="46-health").in_scope == 1
    communes = standing.lines("commune_code")
    assert {line.key["commune_code"] for line in communes} == {"", COMMUNES[HUE], OTHER_COMMUNE}
    assert sum(line.in_scope for line in communes) == standing.total().in_scope
    with played.database.read() as session:
        standing = standing_of(session, Place(HUE, CULTURE), None, played.clock())
    owed = {line.key["instrument"]: line.in_scope for line in standing.lines("instrument", instrument=None)}
    assert owed == {"pledge": 1, "acknowledgement": 1}
    assert standing.total().in_scope == 1, "acknowledgements stand in no coverage"
    with played.database.read() as session:
        pledged = Only(entries=[entry.id for entry in entries_led(session, PLACE) if entry.instrument == "pledge"])
        found = course(session, HUE, sorted(played.days), pledged)
        expected = [standing_of(session, PLACE, day, played.clock()).total() for day in sorted(played.days)]
    assert found == [(total.in_scope, total[Group.IN_FORCE]) for total in expected]
    assert len(set(found)) > 3
    with played.database.read() as session:
        nation = standing_of(session, Place(), None, played.clock())
        province = standing_of(session, PLACE, None, played.clock())
    assert nation.total().groups == province.total().groups
    assert [line.key for line in nation.lines("province_code")] == [{"province_code": HUE}]


def test_who_came_and_who_went_is_what_the_facts_say(played: Quarterly) -> None:
    office, database = played.office, played.database
    staff = office.officer("dien.ky@vidu.vn")
    leaving, moving = office.subject(), office.subject()
    office.days(100)
    office.subject()
    [owed] = office.owed(leaving)
    said = Said(in_scope=False, reason=ScopeReason.CLOSED, effective_on=local_day(office.clock()), note="Đóng cửa")
    database.run(
        lambda session: decide_scope(session, (HUE, owed.id), said, staff=staff, seen=None, now=office.clock())
    )
    seat = care.Seat(Location.LOCAL, commune_code=OTHER_COMMUNE)
    database.run(lambda session: care.change_place(session, (HUE, moving.id), seat, staff=staff, now=office.clock()))
    with database.read() as session:
        coverage = coverage_of(session, Place(HUE, AGENCY), None, office.clock())
        past = coverage_of(session, Place(HUE, AGENCY), Q4.last_day, office.clock())
    after = coverage.before.day
    assert after == date(2027, 3, 31)
    before, now = (owing(replayed(database, day)) for day in (after, local_day(office.clock())))
    assert (coverage.flow.came, coverage.flow.went) == (len(now - before), len(before - now)) == (1, 1)
    assert past.flow.came == len(owing(replayed(database, Q4.last_day)))
    with database.read() as session:
        found = session.scalars(select(Obligation).where(Obligation.entry_id == "46-seller")).all()
    silent = [each.turns_on for each in found if each.asked_on and not each.in_force + each.waiting_for_agency]
    assert coverage.oldest == min(silent)
    assert past.oldest is None


def owing(found: dict[str, Owed]) -> set[str]:
    """Who owes a pledge to the agency."""
    return {
        key
        for key, owed in found.items()
        if owed.agency == AGENCY and owed.instrument == "pledge" and any(owed.where.values())
    }


def test_a_closed_quarter_keeps_its_figures_whatever_is_repaired_later(played: Quarterly, tmp_path: Path) -> None:
    with played.database.read() as session:
        before = rollup_of(session, PLACE, Q4.last_day, played.clock())
    assert before.frozen == ()
    Closing(played.database, Storage(tmp_path), played.clock).close((HUE, played.round.id))
    played.database.run(lambda session: session.query(Counter).update({Counter.in_force: 7}))
    played.database.run(lambda session: session.query(OpenCounter).update({OpenCounter.asked: 7}))
    with played.database.read() as session:
        after = rollup_of(session, Place(HUE, AGENCY), Q4.last_day, played.clock())
        whole = rollup_of(session, PLACE, Q4.last_day, played.clock())
        other_day = standing_of(session, Place(HUE, AGENCY), Q4.last_day - timedelta(days=1), played.clock())
    assert after.frozen == whole.frozen == (AGENCY,)
    assert not other_day.frozen
    own = [row.as_data() for row in before.rows if row.agency == AGENCY]
    assert own
    assert [row.as_data() for row in after.rows] == own
    assert [row.as_data() for row in whole.rows if row.agency == AGENCY] == own
    assert [row.as_data() for row in whole.totals if row.agency == AGENCY] == [
        row.as_data() for row in before.totals if row.agency == AGENCY
    ]


def walked(played: Quarterly, *groups: Group) -> tuple[int, list[ListRow]]:
    """The figure of the agency at the quarter's end, and those behind it, page after page."""
    found: list[ListRow] = []
    after = ""
    while True:
        with played.database.read() as session:
            page = members_page(
                session,
                Place(HUE, AGENCY),
                ListFilters(),
                groups=groups,
                instrument=Instrument.PLEDGE,
                day=Q4.last_day,
                now=played.clock(),
                after=after,
                limit=2,
            )
        found += page.rows
        after = page.after
        if not after:
            return page.total or 0, found


def test_who_stands_behind_a_figure_of_a_closed_quarter_is_read_from_the_frozen_lists(
    played: Quarterly, tmp_path: Path
) -> None:
    chosen: list[tuple[Group, ...]] = [(), (Group.NOT_PLEDGED,), (Group.UNREACHABLE,), (Group.IN_FORCE,)]
    before = [walked(played, *groups) for groups in chosen]
    for number, rows in before:
        assert number == len({row.obligation_id for row in rows}) == len(rows) > 0
    assert {row.group for row in before[0][1]} == set(Group) - {Group.NOT_DUE}
    Closing(played.database, Storage(tmp_path), played.clock).close((HUE, played.round.id))
    frozen = select(SnapshotRow.obligation_id)
    played.database.run(
        lambda session: session.execute(delete(ObligationMove).where(ObligationMove.obligation_id.in_(frozen)))
    )
    played.database.run(lambda session: session.query(Counter).update({Counter.in_force: 7}))
    assert [walked(played, *groups) for groups in chosen] == before


def test_which_day_is_meant(clock: FixedClock) -> None:
    today = clock()
    assert day_of(None, None, today) is None
    assert day_of(Quarter(2026, 4), None, today) is None
    assert day_of(Quarter(2026, 3), None, today) == date(2026, 9, 30)
    assert day_of(Quarter(2026, 4), date(2026, 11, 1), today) == date(2026, 11, 1)
    for quarter, day in ((None, date(2026, 11, 20)), (Quarter(2027, 1), None), (Quarter(2026, 3), date(2026, 11, 1))):
        with pytest.raises(DomainError):
            day_of(quarter, day, today)


def test_which_places_are_meant(sqlite_database: Database) -> None:
    with sqlite_database.read() as session:
        everywhere = places_of(session, "all")
        assert Place(HUE) in everywhere
        assert places_of(session, HUE, AGENCY) == places_of(session, "all", AGENCY) == [Place(HUE, AGENCY)]
        for province, agency in (("99", ""), (HUE, "20-SCT")):
            with pytest.raises(DomainError):
                places_of(session, province, agency)


def test_moments_of_now_and_then(sqlite_database: Database, clock: FixedClock) -> None:
    with sqlite_database.read() as session:
        assert moment_of(standing_of(session, PLACE, None, clock()), clock()) == at(clock())
        yesterday = date(2026, 11, 19)
        assert moment_of(standing_of(session, PLACE, yesterday, clock()), clock()) == at_end_of(yesterday)
        with pytest.raises(DomainError):
            standing_of(session, PLACE, date(2026, 11, 20), clock())
