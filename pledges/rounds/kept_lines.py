"""Whether what obligations keep for the lists (`Obligation.tried` and its neighbours) is what the register says."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Select, and_, or_, select, update
from sqlalchemy.orm import Session

from pledges.core.calendar import local_day
from pledges.plans.models import Province
from pledges.registry.models import Channel, Entity, Obligation, Standing
from pledges.registry.owing import read_rules
from pledges.rounds.evidence import Gathering
from pledges.rounds.streaming import in_chunks

CHUNK = 1000
_FOR_EVER = datetime(9000, 1, 1, tzinfo=UTC)

Kept = tuple[str, date, str]
"""Types, day of the first sighting, attempts."""


def recheck_lines(session: Session, *, repair: bool, province_code: str | None = None) -> dict[uuid.UUID, Kept]:
    """The obligations that keep something else than this, which is gathered anew; with `repair` they are set right."""
    wrong: dict[tuple[str, uuid.UUID], Kept] = {}
    provinces = [province_code] if province_code else session.scalars(select(Province.code)).all()
    for code in provinces:
        wrong.update({(code, obligation_id): right for obligation_id, right in _differing(session, code)})
    for (code, obligation_id), (types, seen, tried) in wrong.items() if repair else ():
        session.execute(
            update(Obligation)
            .where(Obligation.province_code == code, Obligation.id == obligation_id)
            .values(subject_types=types, first_seen_on=seen, tried=tried)
        )
    return {obligation_id: right for (_code, obligation_id), right in wrong.items()}


def _differing(session: Session, province_code: str) -> Iterator[tuple[uuid.UUID, Kept]]:
    covered = read_rules(session, province_code).types
    for rows in in_chunks(session, _gathered(session, province_code), CHUNK):
        for obligation_id, entry_id, kept_types, kept_seen, kept_tried, seen, opened_at, types, tried, owned in rows:
            of_entry = covered[entry_id]
            has = of_entry.intersection((types or "").split()) if owned else of_entry
            right = (" ".join(sorted(has)), seen if opened_at is None else local_day(opened_at), tried or "")
            if _in_any_order(right) != _in_any_order((kept_types, kept_seen, kept_tried)):
                yield obligation_id, right


def _in_any_order(kept: Kept) -> tuple[list[str], date, list[str]]:
    return sorted(kept[0].split()), kept[1], sorted(kept[2].split())


def _gathered(session: Session, province_code: str) -> Select[Any]:
    """Claimed and merged subjects owe nothing by themselves: what their obligations keep is never shown."""
    gathering = Gathering(session, province_code, _FOR_EVER, whole=True)
    beside = gathering.beside(Obligation.entity_id, Obligation.id)
    kept = (Obligation.subject_types, Obligation.first_seen_on, Obligation.tried)
    return beside.joined(
        select(Obligation.id, Obligation.entry_id, *kept, *beside.columns[1:])
        .select_from(Obligation)
        .outerjoin(Entity, and_(Entity.province_code == province_code, Entity.id == Obligation.entity_id))
        .outerjoin(Channel, and_(Channel.province_code == province_code, Channel.id == Obligation.channel_id))
        .where(
            Obligation.province_code == province_code,
            or_(
                Obligation.entity_id.is_(None),
                and_(Entity.standing == Standing.REGISTERED, Entity.merged_into.is_(None)),
            ),
        )
    )
