"""Every fact is sealed once: at once with others, committed late, rolled back, with the clock set back."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.audit.models import Fact
from pledges.audit.operations import SYSTEM, WHOLE_SYSTEM, record, record_many
from pledges.core.db import Database, new_id
from pledges.transparency import queries
from pledges.transparency.fact_batches import (
    count_of,
    facts_in,
    facts_left_out,
    ranges_of,
    seal_new_facts,
    seal_some,
    sealed_hash,
)
from pledges.transparency.models import FactGap
from tests.support.clock import START, FixedClock


def add(session: Session, now: datetime = START, count: int = 1) -> None:
    facts = [("plans.loaded", new_id(), {"n": number, "half": 0.5}) for number in range(count)]
    record_many(session, facts, province_code=WHOLE_SYSTEM, actor=SYSTEM, now=now)


def sealed(database: Database) -> list[int]:
    """How many facts each entry seals, after a look that all facts are sealed, each once and as it is."""
    counts, numbers = [], []
    with database.read() as session:
        for each in queries.entries(session, 0, 1000):
            data = json.loads(each.body)["data"]
            ranges = [tuple(pair) for pair in data["ranges"]]
            rows = list(facts_in(session, ranges))
            assert (len(rows), sealed_hash(rows)) == (count_of(ranges), data["sha256"])
            assert (data["count"], data["first"], data["last"]) == (len(rows), rows[0].number, rows[-1].number)
            numbers += [row.number for row in rows]
            counts.append(len(rows))
        assert len(numbers) == len(set(numbers)) == session.scalar(select(func.count()).select_from(Fact))
        assert facts_left_out(session) == 0
    return counts


def gaps(database: Database) -> list[int]:
    with database.read() as session:
        return [gap.last - gap.first + 1 for gap in session.scalars(select(FactGap).order_by(FactGap.first))]


def test_all_facts_are_sealed_whatever_the_clock_says(database: Database, clock: FixedClock) -> None:
    before = seal_new_facts(database, clock)
    database.run(lambda session: add(session, clock(), 3))
    assert seal_new_facts(database, clock) == 3
    clock.advance(timedelta(days=-300))
    database.run(lambda session: add(session, clock(), 2))
    assert seal_new_facts(database, clock) == 2
    assert seal_new_facts(database, clock) == 0
    assert sealed(database) == ([before] if before else []) + [3, 2]


def test_a_single_fact_is_numbered_like_those_of_a_list(database: Database, clock: FixedClock) -> None:
    seal_new_facts(database, clock)
    one = database.run(
        lambda session: record(
            session, "plans.loaded", province_code=WHOLE_SYSTEM, object_id=new_id(), actor=SYSTEM, now=clock()
        )
    )
    assert seal_new_facts(database, clock) == 1
    with database.read() as session:
        [last] = queries.entries(session, queries.size(session) - 1, 1)
        first, end = json.loads(last.body)["data"]["ranges"][0]
        assert first == end
        assert [row.id for row in facts_in(session, [(first, end)])] == [one.id]


def test_twenty_who_seal_at_once_seal_each_fact_once(database: Database, clock: FixedClock) -> None:
    seal_new_facts(database, clock)
    database.run(lambda session: add(session, count=45))
    with ThreadPoolExecutor(20) as threads:
        took = list(threads.map(lambda _: database.run(lambda session: seal_some(session, clock(), 10)), range(20)))
    assert sum(took) == 45
    assert sealed(database)[-5:] == [10, 10, 10, 10, 5]


def test_facts_that_are_committed_late_are_sealed_when_they_appear(
    postgresql_database: Database, clock: FixedClock
) -> None:
    """Three writers take their numbers; the second commits first, the first late, the third never."""
    database = postgresql_database
    seal_new_facts(database, clock)
    slow, failing = Session(database.engine), Session(database.engine)
    add(slow, count=3)
    database.run(lambda session: add(session, count=2))
    add(failing, count=4)
    database.run(add)
    assert seal_new_facts(database, clock) == 3
    assert gaps(database) == [3, 4]
    failing.rollback()
    slow.commit()
    assert seal_new_facts(database, clock) == 3
    assert gaps(database) == [4]
    assert sealed(database)[-2:] == [3, 3]
    for session in (slow, failing):
        session.close()


def test_a_batch_ends_before_it_has_too_many_holes(
    postgresql_database: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = postgresql_database
    seal_new_facts(database, clock)
    monkeypatch.setattr("pledges.transparency.fact_batches.MOST_RANGES", 2)
    for _ in range(3):
        database.run(add)
        with Session(database.engine) as session:
            add(session)
            session.rollback()
    assert seal_new_facts(database, clock) == 3
    assert sealed(database)[-2:] == [2, 1]
    assert gaps(database) == [1, 1]


def test_numbers_as_ranges() -> None:
    assert ranges_of([]) == []
    assert ranges_of([4, 5, 6, 9, 11, 12]) == [(4, 6), (9, 9), (11, 12)]
    assert count_of([(4, 6), (9, 9)]) == 4
