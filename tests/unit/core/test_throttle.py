"""Limits hold to the last use, on both engines and with many at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from pledges.core.db import Database
from pledges.core.errors import TooMany
from pledges.core.throttle import forget_old, use, uses
from tests.support.clock import FixedClock

HOUR = timedelta(hours=1)
ME, OTHER = "a" * 64, "b" * 64


def take(database: Database, now: datetime, key: str = ME, limit: str = "code_per_address", most: int = 3) -> None:
    database.run(lambda session: use(session, limit, key, most=most, per=HOUR, now=now))


def counted(database: Database, now: datetime, key: str = ME, limit: str = "code_per_address") -> int:
    with database.read() as session:
        return uses(session, limit, key, per=HOUR, now=now)


def test_the_fourth_of_three_is_refused_and_not_counted(database: Database, clock: FixedClock) -> None:
    for _ in range(3):
        take(database, clock())
    with pytest.raises(TooMany, match="sau 60 phút"):
        take(database, clock())
    assert counted(database, clock()) == 3


def test_keys_and_limits_do_not_share(database: Database, clock: FixedClock) -> None:
    for _ in range(3):
        take(database, clock())
    take(database, clock(), key=OTHER)
    take(database, clock(), limit="code_per_network")
    assert counted(database, clock(), key=OTHER) == 1
    assert counted(database, clock(), limit="code_per_network") == 1


def test_the_next_window_begins_at_zero(database: Database, clock: FixedClock) -> None:
    for _ in range(3):
        take(database, clock())
    clock.advance(HOUR - timedelta(seconds=1))
    with pytest.raises(TooMany, match="sau 1 phút"):
        take(database, clock())
    clock.advance(timedelta(seconds=1))
    assert counted(database, clock()) == 0
    take(database, clock())
    assert counted(database, clock()) == 1


def test_old_windows_are_forgotten_and_the_current_one_is_kept(database: Database, clock: FixedClock) -> None:
    before = clock()
    take(database, before)
    now = clock.advance(timedelta(hours=2))
    take(database, now)
    database.run(lambda session: forget_old(session, now))
    assert counted(database, before) == 0
    assert counted(database, now) == 1


def test_of_sixteen_at_once_only_five_pass(database: Database, clock: FixedClock) -> None:
    def attempt(_: int) -> bool:
        try:
            take(database, clock(), most=5)
        except TooMany:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        passed = list(pool.map(attempt, range(16)))
    assert sum(passed) == 5
    assert counted(database, clock()) == 5
