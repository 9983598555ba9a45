"""Named questions about the directory."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from pledges.hotlines.models import Hotline
from pledges.hotlines.rules import OLD_AFTER, body_of
from pledges.plans.models import Commune


@dataclass(frozen=True)
class Directory:
    """What a province publishes: first what holds everywhere in it, then commune by commune."""

    everywhere: tuple[Hotline, ...]
    in_communes: tuple[tuple[str, Hotline], ...]
    """With the name of the commune, in its order."""

    @property
    def lines(self) -> list[Hotline]:
        return [*self.everywhere, *(hotline for _commune, hotline in self.in_communes)]

    @property
    def bodies(self) -> list[Hotline]:
        """The first line of everybody who has one."""
        return list({body_of(hotline): hotline for hotline in reversed(self.lines)}.values())[::-1]


def directory(session: Session, province_code: str) -> Directory:
    """Everything of one province that can be called today."""
    rows = session.execute(
        select(Hotline, Commune.name, Commune.name_fold)
        .outerjoin(
            Commune,
            (Commune.province_code == Hotline.province_code) & (Commune.code == Hotline.commune_code),
        )
        .where(Hotline.province_code == province_code, Hotline.ended_at.is_(None))
        .order_by(*in_order())
    ).all()
    communes = sorted((row for row in rows if row[0].commune_code), key=lambda row: row[2])
    return Directory(
        tuple(row[0] for row in rows if not row[0].commune_code), tuple((row[1], row[0]) for row in communes)
    )


def everywhere_by_province(session: Session, province_codes: Collection[str]) -> dict[str, list[Hotline]]:
    """The lines that hold in whole provinces, by one query; those of single communes are left out."""
    found: dict[str, list[Hotline]] = {code: [] for code in province_codes}
    for hotline in session.scalars(
        select(Hotline)
        .where(Hotline.province_code.in_(province_codes), Hotline.ended_at.is_(None), Hotline.commune_code.is_(None))
        .order_by(*in_order())
    ):
        found[hotline.province_code].append(hotline)
    return found


def commune_lines(session: Session, province_codes: Collection[str]) -> dict[str, int]:
    """How many lines of single communes each province has."""
    rows = session.execute(
        select(Hotline.province_code, func.count().label("lines"))
        .where(Hotline.province_code.in_(province_codes), Hotline.ended_at.is_(None), Hotline.commune_code.is_not(None))
        .group_by(Hotline.province_code)
    )
    return {row.province_code: row.lines for row in rows}


def get_hotline(session: Session, province_code: str, hotline_id: uuid.UUID) -> Hotline | None:
    return session.get(Hotline, (province_code, hotline_id))


def ended_hotlines(session: Session, province_code: str) -> list[Hotline]:
    """What left the directory, last first."""
    return list(
        session.scalars(
            select(Hotline)
            .where(Hotline.province_code == province_code, Hotline.ended_at.is_not(None))
            .order_by(Hotline.ended_at.desc(), Hotline.id)
        )
    )


def count_old(session: Session, province_code: str, today: date) -> int:
    """How many lines that are published nobody has checked for half a year."""
    found = session.scalar(
        select(func.count())
        .select_from(Hotline)
        .where(
            Hotline.province_code == province_code,
            Hotline.ended_at.is_(None),
            Hotline.checked_on < today - OLD_AFTER,
        )
    )
    return found or 0


def in_order() -> tuple[ColumnElement[Any], ...]:
    return Hotline.position.expression, Hotline.added_at.expression, Hotline.id.expression
