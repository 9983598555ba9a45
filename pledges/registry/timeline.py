"""Scope and cohort as they stood at the end of any day, and everything recorded about one entity."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from pledges.audit.models import Fact
from pledges.core.calendar import end_of_day
from pledges.registry.models import Channel, Cohort, Contact, Obligation, Scope, Sighting
from pledges.registry.upkeep_models import Merge, ScopeProposal


@dataclass(frozen=True)
class Standing:
    """What held for one obligation; scope and cohort are those that were recorded, whatever was found out later."""

    scope: Scope
    cohort: Cohort


@dataclass(frozen=True)
class _Change:
    at: datetime
    order: int
    """0: opened; 1: a change; 2: a merge, which is written after what it moved."""
    before: str
    scope: str
    cohort: str


def as_of(session: Session, obligation: Obligation, day: date) -> Standing | None:
    """How an obligation stood at the end of a Vietnamese day (`model.md` 7); None before it was opened.

    Only what was recorded before midnight counts, so that no later entry changes the answer.
    """
    until = end_of_day(day)
    changes = [*_from_facts(session, obligation, until), *_from_merges(session, obligation, until)]
    if not changes:
        return None
    scope, cohort = Scope.PRESUMED_IN.value, Cohort.UNKNOWN.value
    for change in _in_order(changes):
        scope, cohort = change.scope or scope, change.cohort or cohort
    return Standing(Scope(scope), Cohort(cohort))


def _from_facts(session: Session, obligation: Obligation, until: datetime) -> list[_Change]:
    facts = session.scalars(
        select(Fact)
        .where(
            Fact.province_code == obligation.province_code,
            Fact.object_id == obligation.id,
            Fact.recorded_at < until,
        )
        .order_by(Fact.recorded_at, Fact.id)
    )
    return [
        _Change(
            fact.recorded_at,
            0 if fact.kind == "obligation.opened" else 1,
            str(fact.data.get("before", "")),
            str(fact.data.get("scope", "")),
            str(fact.data.get("cohort", "")),
        )
        for fact in facts
        if "scope" in fact.data or "cohort" in fact.data
    ]


def _from_merges(session: Session, obligation: Obligation, until: datetime) -> list[_Change]:
    """A merge says by itself which scopes and cohorts it changed, and taking it back led them back."""
    if obligation.entity_id is None:
        return []
    owners = {obligation.entity_id, *_merged_with(session, obligation.province_code, obligation.entity_id)}
    merges = session.scalars(
        select(Merge)
        .where(
            Merge.province_code == obligation.province_code,
            or_(Merge.kept_id.in_(owners), Merge.merged_id.in_(owners)),
            Merge.merged_at < until,
        )
        .order_by(Merge.merged_at)
    )
    changes = []
    for merge in merges:
        judged = merge.moved.get("judged", {}).get(str(obligation.id))
        if judged is None:
            continue
        (scope, cohort), (scope_then, cohort_then) = judged
        changes.append(_Change(merge.merged_at, 2, scope, scope_then, cohort_then))
        if merge.undone_at is not None and merge.undone_at < until:
            changes.append(_Change(merge.undone_at, 2, scope_then, scope, cohort))
    return changes


def _merged_with(session: Session, province_code: str, entity_id: uuid.UUID) -> list[uuid.UUID]:
    rows = session.execute(
        select(Merge.kept_id, Merge.merged_id).where(
            Merge.province_code == province_code,
            or_(Merge.kept_id == entity_id, Merge.merged_id == entity_id),
        )
    )
    return [each for row in rows for each in row]


def _in_order(changes: Sequence[_Change]) -> Iterable[_Change]:
    """By time; what one transaction wrote at one moment follows from what each change says it began with."""
    left = sorted(changes, key=lambda change: (change.at, change.order))
    scope, cohort = "", ""
    while left:
        together = [change for change in left if (change.at, change.order) == (left[0].at, left[0].order)]
        following = [change for change in together if change.before in (scope if change.scope else cohort, "")]
        change = (following or together)[0]
        left.remove(change)
        scope, cohort = change.scope or scope, change.cohort or cohort
        yield change


# --- All that was recorded about an entity ---------------------------------------------------------------------------


def facts_about(
    session: Session, province_code: str, entity_ids: Sequence[uuid.UUID], *, most: int = 200
) -> list[Fact]:
    """The newest facts about these rows of the register and all that hangs on them, newest first."""
    objects = set(entity_ids)
    for statement in (
        select(Channel.id).where(Channel.province_code == province_code, Channel.entity_id.in_(entity_ids)),
        select(Contact.id).where(Contact.province_code == province_code, Contact.entity_id.in_(entity_ids)),
        select(Obligation.id).where(Obligation.province_code == province_code, Obligation.entity_id.in_(entity_ids)),
        select(Sighting.id).where(Sighting.province_code == province_code, Sighting.entity_id.in_(entity_ids)),
        select(ScopeProposal.id)
        .join(
            Obligation,
            (Obligation.province_code == ScopeProposal.province_code) & (Obligation.id == ScopeProposal.obligation_id),
        )
        .where(Obligation.province_code == province_code, Obligation.entity_id.in_(entity_ids)),
    ):
        objects |= set(session.scalars(statement))
    return list(
        session.scalars(
            select(Fact)
            .where(Fact.province_code == province_code, Fact.object_id.in_(objects))
            .order_by(Fact.recorded_at.desc(), Fact.id.desc())
            .limit(most)
        )
    )
