"""Who did what, newest first, read page by page from the facts."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select
from sqlalchemy.orm import Session

from pledges.audit.catalogue import FACT_KINDS
from pledges.audit.models import Fact
from pledges.core.calendar import VIETNAM

Position = tuple[datetime, uuid.UUID]
"""When a fact was recorded, and its id: where a page of them ends."""


@dataclass(frozen=True)
class FactFilter:
    """Which facts of one province (or `00`) are asked for."""

    province_code: str
    group: str = ""
    """The first part of the kinds: `entity`, `pledge`, `staff`; empty: all."""
    kinds: tuple[str, ...] = ()
    """Only these, in the place of a group."""
    actor_id: str = ""
    object_id: uuid.UUID | None = None
    """Only facts about this object."""
    first_day: date | None = None
    last_day: date | None = None
    before: Position | None = None


def kinds_of_group(group: str) -> list[str]:
    return [kind for kind in FACT_KINDS if kind.partition(".")[0] == group]


def fact_groups() -> list[str]:
    return list(dict.fromkeys(kind.partition(".")[0] for kind in FACT_KINDS))


def newest_facts(session: Session, wanted: FactFilter, limit: int) -> Sequence[Fact]:
    """At most so many, the newest first; every way of asking goes along an index, whatever the number of facts.

    Of a group the newest of each of its kinds are read, and the newest of those kept: the index holds kind by kind.
    """
    conditions = _conditions(wanted)
    kinds = wanted.kinds or kinds_of_group(wanted.group)
    if not kinds:
        return _newest(session, conditions, limit)
    if wanted.actor_id or wanted.object_id is not None:
        return _newest(session, [*conditions, Fact.kind.in_(kinds)], limit)
    found = [fact for kind in kinds for fact in _newest(session, [*conditions, Fact.kind == kind], limit)]
    return sorted(found, key=position_of, reverse=True)[:limit]


def position_of(fact: Fact) -> Position:
    return fact.recorded_at, fact.id


def all_facts(session: Session, wanted: FactFilter, most: int, *, page: int = 1000) -> Iterator[Fact]:
    """The same to the end, read in pages."""
    while most > 0:
        facts = newest_facts(session, wanted, min(page, most))
        yield from facts
        if len(facts) < min(page, most):
            return
        most -= len(facts)
        wanted = replace(wanted, before=position_of(facts[-1]))


def _newest(session: Session, conditions: list[ColumnElement[bool]], limit: int) -> Sequence[Fact]:
    return session.scalars(
        select(Fact).where(*conditions).order_by(Fact.recorded_at.desc(), Fact.id.desc()).limit(limit)
    ).all()


def _conditions(wanted: FactFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [Fact.province_code == wanted.province_code]
    if wanted.actor_id:
        conditions.append(Fact.actor_id == wanted.actor_id)
    if wanted.object_id is not None:
        conditions.append(Fact.object_id == wanted.object_id)
    if wanted.first_day is not None:
        conditions.append(Fact.recorded_at >= _midnight(wanted.first_day))
    if wanted.last_day is not None:
        conditions.append(Fact.recorded_at < _midnight(wanted.last_day + timedelta(days=1)))
    if wanted.before is not None:
        at, fact_id = wanted.before
        conditions += [
            Fact.recorded_at <= at,
            or_(Fact.recorded_at < at, and_(Fact.recorded_at == at, Fact.id < fact_id)),
        ]
    return conditions


def _midnight(day: date) -> datetime:
    """When the Vietnamese day begins."""
    return datetime.combine(day, time(), tzinfo=VIETNAM)


def newest_recorded(source: Session | Connection) -> datetime | None:
    """When anything was last recorded in any province: one step of an index for each, however many facts there are."""
    newest: datetime | None = None
    next_province = select(func.min(Fact.province_code))
    province = source.scalar(next_province)
    while province is not None:
        last = source.scalar(select(func.max(Fact.recorded_at)).where(Fact.province_code == province))
        newest = max(filter(None, (newest, last)), default=None)
        province = source.scalar(next_province.where(Fact.province_code > province))
    return newest
