"""A clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


class FixedClock:
    """Called like every clock of the product; 2026-11-20 is a Friday, ten o'clock in Vietnam."""

    def __init__(self, start: datetime = START) -> None:
        self.moment = start

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, by: timedelta) -> datetime:
        self.moment += by
        return self.moment

    def set(self, moment: datetime) -> datetime:
        if moment.tzinfo is None:
            raise ValueError("the clock needs a time with a time zone")
        self.moment = moment.astimezone(UTC)
        return self.moment
