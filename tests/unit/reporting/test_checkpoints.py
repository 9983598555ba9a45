"""Figures read from checkpoints are those that were read from all deltas; who records late takes a checkpoint away."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pledges.core.calendar import end_of_day, local_day
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.registry.checkpoint_models import Checkpoint, CounterSum
from pledges.registry.checkpoints import GRACE, make_checkpoints
from pledges.registry.counters import move_counters
from pledges.registry.models import Counter, Obligation
from pledges.registry.recounting import recount
from pledges.reporting.coverage import coverage_of
from pledges.reporting.rollup import Rollup, rollup_of
from pledges.reporting.standing import Place
from tests.support.clock import FixedClock
from tests.support.signing import HUE
from tests.unit.reporting.played import Quarterly
from tests.unit.rounds.quarter import AGENCY, Q4

PLACE = Place(HUE)


@pytest.fixture
def played(database: Database, clock: FixedClock, vault: Vault) -> Quarterly:
    return Quarterly(database, clock, vault)


def rollups(played: Quarterly) -> list[Rollup]:
    with played.database.read() as session:
        return [rollup_of(session, PLACE, day, played.clock()) for day, _moment in played.moments()]


def courses(played: Quarterly) -> list[object]:
    with played.database.read() as session:
        return [coverage_of(session, PLACE, day, played.clock()).quarters for day, _moment in played.moments()]


def days(played: Quarterly) -> set[date]:
    with played.database.read() as session:
        return set(session.scalars(select(Checkpoint.day).where(Checkpoint.province_code == HUE)))


def test_figures_count_the_same_with_and_without_checkpoints(played: Quarterly) -> None:
    whole, over_time = rollups(played), courses(played)
    assert make_checkpoints(played.database, played.clock()) == 3 + 2, "in two provinces nothing has been counted"
    assert days(played) == {date(2026, 10, 31), date(2026, 11, 30), Q4.last_day}
    played.database.run(_lose_old_deltas)
    kept = [(rollup.day, rollup) for rollup in whole if rollup.day in (None, Q4.last_day)]
    assert len(kept) == 2
    with played.database.read() as session:
        for day, rollup in kept:
            assert rollup_of(session, PLACE, day, played.clock()) == rollup, "read from the checkpoint alone"
    assert courses(played)[0] == over_time[0]


def _lose_old_deltas(session: Session) -> None:
    """Behind the back of the product: what stands before the checkpoints must not be read any more."""
    session.execute(update(Counter).where(Counter.day <= Q4.last_day).values(in_scope=99))


def test_who_records_late_takes_the_checkpoints_away(played: Quarterly) -> None:
    database, office = played.database, played.office
    make_checkpoints(database, played.clock())
    late = office.subject("muon@vidu.vn")
    assert len(days(played)) == 3, "today has none"
    [owed] = office.owed(late)

    def sign(session: Session) -> None:
        found = session.get_one(Obligation, (HUE, owed.id))
        counts = move_counters(session, found, None, day=date(2026, 12, 5), waiting_for_agency=1)
        assert counts

    database.run(sign)
    assert days(played) == {date(2026, 10, 31), date(2026, 11, 30)}
    make_checkpoints(database, played.clock())
    with database.read() as session:
        one = rollup_of(session, Place(HUE, AGENCY), Q4.last_day, played.clock())
    assert sum(row.figures.groups["waiting_for_agency"] for row in one.totals) == 3  # type: ignore[index]
    database.run(lambda session: recount(session, repair=True))
    assert not days(played), "what was repaired is summed up anew"


def test_each_night_has_one_checkpoint_beside_those_of_the_months(played: Quarterly) -> None:
    database, clock = played.database, played.clock
    midnight = end_of_day(local_day(clock()))
    make_checkpoints(database, midnight + timedelta(minutes=1))
    assert max(days(played)) == local_day(clock()) - timedelta(days=1), "somebody may still be recording"
    make_checkpoints(database, midnight + GRACE)
    assert days(played) == {date(2026, 10, 31), date(2026, 11, 30), date(2026, 12, 31), date(2027, 1, 1)}
    make_checkpoints(database, midnight + timedelta(days=1) + GRACE)
    assert date(2027, 1, 1) not in days(played)
    assert make_checkpoints(database, midnight + timedelta(days=1) + GRACE) == 0
    with database.read() as session:
        assert set(session.scalars(select(CounterSum.day).distinct())) == days(played)
