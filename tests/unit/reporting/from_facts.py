"""Figures reckoned anew from the audit facts, one obligation after the other, without any table of sums."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select

from pledges.audit.models import Fact
from pledges.core.db import Database
from pledges.rounds.figures import Moment
from pledges.rounds.list_models import Group


@dataclass
class Owed:
    """One obligation, as its facts up to a day leave it."""

    province: str = ""
    agency: str = ""
    entry: str = ""
    instrument: str = ""
    where: Tally[tuple[str, str]] = field(default_factory=Tally)
    """In scope by subject type (empty: the subject itself) and commune."""
    in_force: int = 0
    waiting: int = 0
    openings: Tally[tuple[str | None, str]] = field(default_factory=Tally)

    def group(self, turned: date) -> Group:
        if self.in_force > 0:
            return Group.IN_FORCE
        if self.waiting > 0:
            return Group.WAITING_FOR_AGENCY
        [(asked_on, turns_on)] = [key for key, count in self.openings.items() if count > 0]
        over = date.fromisoformat(turns_on) <= turned
        if asked_on is not None:
            return Group.NOT_PLEDGED if over else Group.WAITING_TIME
        return Group.UNREACHABLE if over else Group.NOT_DUE


def replayed(database: Database, day: date) -> dict[str, Owed]:
    """Every obligation by its id; `day`: only facts recorded until its end."""
    found: dict[str, Owed] = {}
    with database.read() as session:
        facts = session.execute(
            select(Fact.province_code, Fact.data).where(Fact.recorded_day <= day).order_by(Fact.recorded_at, Fact.id)
        ).all()
    for province, data in facts:
        for count in data.get("counts", ()):
            if not count.get("out_of_scope"):
                _follow(found.setdefault(count["obligation"], Owed()), province, count)
    return found


def _follow(owed: Owed, province: str, count: dict[str, Any]) -> None:
    owed.province, owed.agency = province, count["agency"]
    owed.entry, owed.instrument = count["entry"], count["instrument"]
    for subject_type in count["types"]:
        owed.where[subject_type, count["commune"]] += count.get("in_scope", 0)
    if "" in count["types"]:
        owed.in_force += count.get("in_force", 0)
        owed.waiting += count.get("waiting_for_agency", 0)
        if count.get("open"):
            owed.openings[count.get("asked_on"), count["turns_on"]] += count["open"]


def tallied(
    database: Database, moment: Moment, key: Callable[[Owed, str, str], Any], *, typed: bool = False
) -> dict[Any, dict[Group, int]]:
    """Obligations in scope by `key(obligation, subject type, commune)` and group; keys without any are left out."""
    found: dict[Any, dict[Group, int]] = {}
    for owed in replayed(database, moment.recorded).values():
        for (subject_type, commune), count in owed.where.items():
            if count > 0 and (subject_type != "") == typed:
                line = found.setdefault(key(owed, subject_type, commune), dict.fromkeys(Group, 0))
                line[owed.group(moment.turned)] += 1
    return found
