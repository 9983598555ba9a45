"""What follows at once for entities that a chunk brings: what they owe and what they are found by.

The rules are those of `registry.obligations` and `registry.search_documents`. Those read the register first to see what
is there already; of an entity that has just been written everything is known, and a list brings thousands.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from pledges.core.calendar import local_day
from pledges.core.db import new_id
from pledges.plans.models import ObligationEntry, Unit
from pledges.plans.rules import cohort_of, turning_day
from pledges.registry.counts import DISTINCT, Count, add_counts, count_of
from pledges.registry.models import IN_SCOPE, Cohort, Location, Obligation
from pledges.registry.owing import read_rules
from pledges.registry.rules import WEBSITE_KINDS, first_scope
from pledges.registry.search_documents import Findable, document_number, handles_of, words_of
from pledges.registry.turning import days_off
from pledges.registry.upkeep_models import SearchDocument

Facts = list[tuple[str, uuid.UUID, dict[str, Any]]]


@dataclass
class Newcomer:
    """An entity of this chunk with all that the chunk says of it."""

    id: uuid.UUID
    location: Location
    commune_code: str | None
    found_by: Findable
    types: set[str] = field(default_factory=set)
    websites: list[tuple[uuid.UUID, date | None]] = field(default_factory=list)
    """Id and first day of each channel that an entry may count."""
    appeared_on: date | None = None

    def appears(self, day: date | None) -> None:
        if day is not None and (self.appeared_on is None or day < self.appeared_on):
            self.appeared_on = day

    def add_channel(self, channel: dict[str, Any]) -> None:
        self.found_by.channels.add(channel["address"])
        if channel["kind"] in WEBSITE_KINDS:
            self.websites.append((channel["id"], channel["appeared_on"]))


def open_first_obligations(
    session: Session,
    province_code: str,
    newcomers: Iterable[Newcomer],
    import_id: uuid.UUID,
    now: datetime,
    *,
    seen_on: date,
) -> Facts:
    """Write what they owe and count it; returns the facts, which the caller records. `seen_on`: the day of the list."""
    rules = read_rules(session, province_code)
    free = days_off(session, province_code)
    rows: list[dict[str, Any]] = []
    facts: Facts = []
    counts: list[Count] = []
    for newcomer in newcomers:
        for entry in rules.entries.values():
            covered = newcomer.types & rules.types[entry.id]
            if not covered or not rules.asked(entry):
                continue
            scope = first_scope(newcomer.location, covered, declared=False)
            for channel_id, appeared_on in _subjects(newcomer, entry):
                cohort = Cohort(cohort_of(entry, appeared_on))
                turns_on = turning_day(
                    entry, cohort=cohort, first_seen_on=seen_on, asked_on=None, waits_until=None, days_off=free
                )
                obligation_id = new_id()
                row = {
                    "province_code": province_code,
                    "id": obligation_id,
                    "entry_id": entry.id,
                    "unit": entry.unit,
                    "entity_id": newcomer.id,
                    "channel_id": channel_id,
                    "cohort": cohort,
                    "scope": scope,
                    "waiting_for_agency": 0,
                    "in_force": 0,
                    "turns_on": turns_on,
                    "opened_at": now,
                    "import_id": import_id,
                    "subject_types": " ".join(sorted(covered)),
                    "first_seen_on": seen_on,
                }
                rows.append(row)
                counted: list[Count] = []
                if scope in IN_SCOPE:
                    count = count_of(
                        obligation_id,
                        entry,
                        (DISTINCT, *sorted(covered)),
                        (1, 0, 0),
                        commune_code=newcomer.commune_code,
                        entity_id=newcomer.id,
                        opened=1,
                        turns_on=turns_on,
                    )
                    counted.append(count)
                counts += counted
                data = {"entry": entry.id, "entity": str(newcomer.id), "cohort": cohort.value, "scope": scope.value}
                facts.append(("obligation.opened", obligation_id, data | ({"counts": counted} if counted else {})))
    if rows:
        session.connection().execute(insert(Obligation), rows)
        add_counts(session, province_code, counts, day=local_day(now))
    return facts


def _subjects(newcomer: Newcomer, entry: ObligationEntry) -> list[tuple[uuid.UUID | None, date | None]]:
    return [*newcomer.websites] if entry.unit is Unit.CHANNEL else [(None, newcomer.appeared_on)]


def write_documents(session: Session, province_code: str, newcomers: Iterable[Newcomer]) -> None:
    """Let them be found."""
    rows = [
        {
            "province_code": province_code,
            "entity_id": newcomer.id,
            "number": document_number(newcomer.id),
            "words": words_of(province_code, newcomer.found_by.names),
            "handles": handles_of(province_code, newcomer.found_by),
        }
        for newcomer in newcomers
    ]
    if rows:
        session.connection().execute(insert(SearchDocument), rows)
