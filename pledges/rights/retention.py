"""Emptying what has been kept long enough: `ops retention`, and once a day by the worker.

How long is what each province decides (`plans.retention`). Each step is a transaction of its own that takes up some
rows which still hold what has run out, and empties them: killed anywhere, the next run finds the rest and only that.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.audit.operations import SYSTEM, WHOLE_SYSTEM, Actor, record
from pledges.core.calendar import Clock, system_clock
from pledges.core.crashpoints import crash_point
from pledges.core.db import Database, new_id
from pledges.documents.storage import Storage
from pledges.plans.queries import provinces_in_use
from pledges.plans.settings import retention_days
from pledges.rights.files import sweep_files
from pledges.rights.retention_parts import PARTS, Part, Place

log = structlog.get_logger()

RETENTION_TASK = "keep_no_longer"
RETENTION_SECONDS = 24 * 3600.0
STEP = 200
"""Rows that one transaction empties: the writers of the day wait for no more."""

FILES = "files_unnamed"
"""Files of the storage that no row names; they belong to no province."""


@dataclass(frozen=True)
class Retention:
    """The task of the worker, and what the command runs."""

    database: Database
    storage: Storage
    clock: Clock

    def task(self) -> None:
        self.run(apply=True, actor=SYSTEM)

    def run(
        self, *, apply: bool, actor: Actor, only: str | None = None, step: int = STEP, most_steps: int | None = None
    ) -> dict[str, dict[str, int]]:
        """Per province and kind how many rows were emptied, or would be; `00`, the last, belongs to no province.

        `most_steps`: stop in the middle, as a kill does; for tests.
        """
        now = self.clock()
        found: dict[str, Counter[str]] = {}
        with self.database.read() as session:
            places = [only] if only is not None else [*(one.code for one in provinces_in_use(session)), WHOLE_SYSTEM]
        for province_code in places:
            counts = found.setdefault(province_code, Counter())
            for part in PARTS:
                if part.whole_system and province_code != WHOLE_SYSTEM:
                    continue
                with self.database.read() as session:
                    days = retention_days(session, province_code, part.period)
                place = Place(province_code, now - timedelta(days=days), now)
                counts[part.name] += self._empty(part, place, step, most_steps) if apply else self._count(part, place)
            if province_code == WHOLE_SYSTEM:
                counts[FILES] += self._files(apply=apply)
            if apply and any(counts.values()):
                self.database.run(partial(_note, province_code=province_code, counts=counts, actor=actor, now=now))
        return {province_code: dict(counts) for province_code, counts in found.items()}

    def _count(self, part: Part, place: Place) -> int:
        with self.database.read() as session:
            return session.scalar(select(func.count()).select_from(part.due(place).order_by(None).subquery())) or 0

    def _empty(self, part: Part, place: Place, step: int, most_steps: int | None) -> int:
        done, steps, after = 0, 0, None
        while most_steps is None or steps < most_steps:

            def work(session: Session, after: Any = after) -> list[Any]:
                statement = part.due(place)
                if after is not None:
                    statement = statement.where(statement.selected_columns[0] > after)
                found = session.execute(statement.limit(step)).all()
                keys = [tuple(row) if part.of_lists else row[0] for row in found]
                if keys:
                    part.clear(session, place, keys)
                return keys

            keys = self.database.run(work)
            if not keys:
                break
            done, steps, after = done + len(keys), steps + 1, None if part.of_lists else keys[-1]
            crash_point("retention.after_step")
        return done

    def _files(self, *, apply: bool) -> int:
        """Kept as long as the most patient province keeps unfinished uploads, by the clock of the disk."""
        with self.database.read() as session:
            codes = [WHOLE_SYSTEM, *(one.code for one in provinces_in_use(session))]
            days = max(retention_days(session, code, "uploads_unfinished") for code in codes)
        return sweep_files(self.database, self.storage, older_than=system_clock() - timedelta(days=days), apply=apply)


def _note(session: Session, *, province_code: str, counts: Counter[str], actor: Actor, now: datetime) -> None:
    emptied = {name: count for name, count in counts.items() if count}
    record(
        session,
        "retention.applied",
        province_code=province_code,
        object_id=new_id(),
        actor=actor,
        now=now,
        data={"emptied": emptied},
    )
    log.info("retention applied", province=province_code, **emptied)
