"""Named questions about imports and their rows."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from pledges.imports.errors import Reason
from pledges.imports.models import ClashDecision, Import, ImportRow, ImportState, RowOutcome
from pledges.imports.states import Key
from pledges.plans.models import Province
from pledges.plans.queries import duties_for
from pledges.registry.models import Entity

MOST_NAMED = 20


def imports_of(session: Session, province_code: str, agency_code: str, *, limit: int = 50) -> list[Import]:
    """Of one agency, the newest first."""
    return list(
        session.scalars(
            select(Import)
            .where(Import.province_code == province_code, Import.agency_code == agency_code)
            .order_by(Import.started_at.desc(), Import.id.desc())
            .limit(limit)
        )
    )


def rows_of(
    session: Session, key: Key, *, outcome: RowOutcome | None = None, after: int = 0, limit: int = 50
) -> list[ImportRow]:
    """A page of rows in the order of the file; `after`: the number of the last row of the page before."""
    statement = select(ImportRow).where(
        ImportRow.province_code == key[0], ImportRow.import_id == key[1], ImportRow.number > after
    )
    if outcome is not None:
        statement = statement.where(ImportRow.outcome == outcome)
    return list(session.scalars(statement.order_by(ImportRow.number).limit(limit)))


def first_rows(session: Session, key: Key, limit: int = 50) -> list[ImportRow]:
    """The rows by which people tell what the columns mean, headings among them."""
    return rows_of(session, key, limit=limit)


@dataclass(frozen=True)
class Candidate:
    """What a clash may be about: an entity that is there, or (before the commit) another row of the same file."""

    id: uuid.UUID
    entity: Entity | None
    row: ImportRow | None


def candidates_of(session: Session, row: ImportRow) -> list[Candidate]:
    """The entities among which a clash is decided, in the order in which they were found."""
    found = []
    for text in row.other_ids:
        entity_id = uuid.UUID(text)
        entity = session.get(Entity, (row.province_code, entity_id))
        first = session.scalars(
            select(ImportRow)
            .where(
                ImportRow.province_code == row.province_code,
                ImportRow.import_id == row.import_id,
                ImportRow.entity_id == entity_id,
                ImportRow.number != row.number,
            )
            .order_by(ImportRow.number)
            .limit(1)
        ).first()
        found.append(Candidate(entity_id, entity, first if entity is None else None))
    return found


def forget_rows(session: Session, key: Key) -> None:
    session.execute(
        delete(ImportRow)
        .where(ImportRow.province_code == key[0], ImportRow.import_id == key[1])
        .execution_options(synchronize_session=False)
    )


def outside_rows(session: Session, key: Key, to_province: str) -> list[ImportRow]:
    """Rows of another province that were not handed over yet."""
    return list(
        session.scalars(
            select(ImportRow)
            .where(
                ImportRow.province_code == key[0],
                ImportRow.import_id == key[1],
                ImportRow.outcome == RowOutcome.OUTSIDE,
                ImportRow.other_province == to_province,
                ImportRow.handed_over_at.is_(None),
            )
            .order_by(ImportRow.number)
        )
    )


def outside_by_province(session: Session, key: Key) -> dict[str, int]:
    """How many rows of each other province wait to be handed over; the empty code: it is not certain which."""
    rows = session.execute(
        select(ImportRow.other_province, func.count().label("number"))
        .where(
            ImportRow.province_code == key[0],
            ImportRow.import_id == key[1],
            ImportRow.outcome == RowOutcome.OUTSIDE,
            ImportRow.handed_over_at.is_(None),
        )
        .group_by(ImportRow.other_province)
        .order_by(ImportRow.other_province)
    )
    return {row.other_province: row.number for row in rows}


def lead_agency(session: Session, province_code: str, subject_type: str) -> str | None:
    """The agency that receives what this group signs there; None where the product is not in use."""
    province = session.get(Province, province_code)
    if province is None or not province.in_use:
        return None
    duties = duties_for(session, province_code, subject_type)
    return duties[0].agency.code if duties else None


def name_blockers(session: Session, province_code: str, found: Mapping[uuid.UUID, Reason]) -> list[tuple[str, Reason]]:
    """The first of those on which something was built, by name."""
    ids = list(found)[:MOST_NAMED]
    names = session.execute(
        select(Entity.id, Entity.name).where(Entity.province_code == province_code, Entity.id.in_(ids))
    )
    return sorted((row.name, found[row.id]) for row in names)


def count_outcomes(session: Session, key: Key) -> dict[str, int]:
    """Rows per outcome; a clash that somebody has decided to leave out counts as `skipped`, an open one as `clash`."""
    rows = session.execute(
        select(ImportRow.outcome, ImportRow.decision, func.count())
        .where(ImportRow.province_code == key[0], ImportRow.import_id == key[1], ImportRow.outcome.is_not(None))
        .group_by(ImportRow.outcome, ImportRow.decision)
    )
    counts: dict[str, int] = {outcome.value: 0 for outcome in RowOutcome}
    counts |= {"skipped": 0, "decided": 0}
    for outcome, decision, number in rows:
        if outcome is None:
            continue
        counts[outcome.value] += number
        if outcome is RowOutcome.CLASH and decision is not None:
            counts["skipped" if decision is ClashDecision.SKIP else "decided"] += number
    return counts


def last_committed(session: Session, import_: Import) -> Import | None:
    """The import of the same source before this one."""
    return session.scalars(
        select(Import)
        .where(
            Import.province_code == import_.province_code,
            Import.agency_code == import_.agency_code,
            Import.purpose == import_.purpose,
            Import.source_fold == import_.source_fold,
            Import.state == ImportState.COMMITTED,
            Import.id != import_.id,
            Import.started_at <= import_.started_at,
        )
        .order_by(Import.committed_at.desc(), Import.id.desc())
        .limit(1)
    ).first()


def gone_entities(session: Session, import_: Import, *, after: str = "", limit: int = 50) -> Sequence[Entity]:
    """Entities that the last import of this source held and this one does not, by name."""
    before = last_committed(session, import_)
    if before is None:
        return []
    return session.scalars(
        select(Entity)
        .where(Entity.province_code == import_.province_code, Entity.id.in_(_gone(import_, before)))
        .where(Entity.name_fold >= after)
        .order_by(Entity.name_fold, Entity.id)
        .limit(limit)
    ).all()


def count_gone(session: Session, import_: Import) -> int:
    before = last_committed(session, import_)
    if before is None:
        return 0
    gone = _gone(import_, before).subquery()
    return session.scalar(select(func.count()).select_from(gone)) or 0


def _gone(import_: Import, before: Import):  # type: ignore[no-untyped-def]
    held = select(ImportRow.entity_id).where(
        ImportRow.province_code == import_.province_code,
        ImportRow.import_id == before.id,
        ImportRow.applied_at.is_not(None),
        ImportRow.entity_id.is_not(None),
    )
    holds = select(ImportRow.entity_id).where(
        ImportRow.province_code == import_.province_code,
        ImportRow.import_id == import_.id,
        ImportRow.entity_id.is_not(None),
    )
    return held.except_(holds)
