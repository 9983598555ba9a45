"""Named selections of suspected pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVarTuple

from sqlalchemy import ColumnElement, Select, Text, cast, func, or_, select
from sqlalchemy.orm import Session

from pledges.core.aliases import shared_alias
from pledges.registry.models import Entity, Standing
from pledges.registry.upkeep_models import DuplicatePair, Merge, PairState

Row = TypeVarTuple("Row")

_First = shared_alias(Entity, "first_entity")
_Second = shared_alias(Entity, "second_entity")


@dataclass(frozen=True)
class PairOfTwo:
    """A pair with both its rows as they stand in the register."""

    pair: DuplicatePair
    first: Entity
    second: Entity


@dataclass(frozen=True)
class PairFilter:
    rule: str = ""
    commune: str = ""


def open_pairs(
    session: Session, province_code: str, wanted: PairFilter, *, skip: int, limit: int
) -> Sequence[PairOfTwo]:
    """What waits for a person, the surest first. Pairs of which one has been merged elsewhere wait no more."""
    rows = session.execute(
        _of_two(select(DuplicatePair, _First, _Second))
        .where(*_open(province_code, wanted))
        .order_by(DuplicatePair.score.desc(), DuplicatePair.id)
        .offset(skip)
        .limit(limit)
    )
    return [PairOfTwo(*row) for row in rows]


def count_open_pairs(session: Session, province_code: str, wanted: PairFilter | None = None) -> int:
    query = _of_two(select(func.count())).where(*_open(province_code, wanted or PairFilter()))
    return session.scalar(query) or 0


def _of_two(statement: Select[*Row]) -> Select[*Row]:
    """A selection of pairs with both rows of each at hand."""
    return (
        statement.select_from(DuplicatePair)
        .join(_First, (_First.province_code == DuplicatePair.province_code) & (_First.id == DuplicatePair.first_id))
        .join(_Second, (_Second.province_code == DuplicatePair.province_code) & (_Second.id == DuplicatePair.second_id))
    )


def _open(province_code: str, wanted: PairFilter) -> list[ColumnElement[bool]]:
    conditions = [
        DuplicatePair.province_code == province_code,
        DuplicatePair.state == PairState.OPEN,
        *(row.merged_into.is_(None) for row in (_First, _Second)),
        *(row.standing == Standing.REGISTERED for row in (_First, _Second)),
    ]
    if wanted.rule:
        conditions.append(cast(DuplicatePair.rules, Text).like(f'%"{wanted.rule}"%'))
    if wanted.commune:
        conditions.append(or_(_First.commune_code == wanted.commune, _Second.commune_code == wanted.commune))
    return conditions


def decided_pairs(session: Session, province_code: str, *, skip: int, limit: int) -> Sequence[PairOfTwo]:
    """What people have decided, the last first."""
    rows = session.execute(
        _of_two(select(DuplicatePair, _First, _Second))
        .where(DuplicatePair.province_code == province_code, DuplicatePair.state != PairState.OPEN)
        .order_by(DuplicatePair.decided_at.desc(), DuplicatePair.id)
        .offset(skip)
        .limit(limit)
    )
    return [PairOfTwo(*row) for row in rows]


def count_decided_pairs(session: Session, province_code: str) -> int:
    query = select(func.count()).where(
        DuplicatePair.province_code == province_code, DuplicatePair.state != PairState.OPEN
    )
    return session.scalar(query) or 0


def merge_of_pair(session: Session, pair: DuplicatePair) -> Merge | None:
    """The merge of these two that has not been taken back."""
    both = (pair.first_id, pair.second_id)
    return session.scalars(
        select(Merge)
        .where(
            Merge.province_code == pair.province_code,
            Merge.kept_id.in_(both),
            Merge.merged_id.in_(both),
            Merge.undone_at.is_(None),
        )
        .order_by(Merge.id.desc())
        .limit(1)
    ).first()
