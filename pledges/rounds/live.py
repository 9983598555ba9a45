"""The lists as they stand now, read from the obligations themselves by the index of each part."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, literal_column, null, or_, select, tuple_
from sqlalchemy.orm import Session

from pledges.registry.models import Channel, Entity, EntityType, Obligation
from pledges.rounds.evidence import Reader, kept_beside, own_columns
from pledges.rounds.figures import Moment
from pledges.rounds.list_models import Group, ListKind
from pledges.rounds.list_rows import Edge, ListRow, Wanted
from pledges.rounds.population import is_open

_NOTHING: ColumnElement[int] = literal_column("0")
PLEDGED = (Group.IN_FORCE, Group.WAITING_FOR_AGENCY)
ASKED = (Group.NOT_PLEDGED, Group.WAITING_TIME)
"""Open, and somebody was reached; in the other two open groups nobody was."""
TURNED = (Group.NOT_PLEDGED, Group.UNREACHABLE)
"""Open, and the day is over until which one waits."""


def stands_in(part: Group, moment: Moment) -> list[ColumnElement[bool]]:
    """`rules.group_of` as a condition.

    Numbers are written out as the partial indexes write them: only so does every plan use those.
    """
    if part in PLEDGED:
        in_scope = Obligation.scope.in_([literal_column("'presumed_in'"), literal_column("'confirmed_in'")])
        if part is Group.IN_FORCE:
            return [in_scope, Obligation.in_force > _NOTHING]
        return [in_scope, Obligation.in_force == _NOTHING, Obligation.waiting_for_agency > _NOTHING]
    asked = Obligation.asked_on.is_not(None) if part in ASKED else Obligation.asked_on.is_(None)
    turned = Obligation.turns_on <= moment.turned if part in TURNED else Obligation.turns_on > moment.turned
    return [is_open(), asked, turned]


def page(
    session: Session, wanted: Wanted, moment: Moment, *, after: Edge | None, most: int
) -> tuple[list[ListRow], Edge | None]:
    """Part by part and entry by entry, the longest overdue first; and the edge where more follows."""
    reader = Reader(session, wanted.province_code, wanted.entries, wanted.parts, until=None)
    places = [(part, entry_id) for part in wanted.parts for entry_id in wanted.entries.ids]
    if after is not None:
        there = (after.group, after.entry_id)
        places = places[places.index(there) :] if there in places else []
    rows: list[ListRow] = []
    for part, entry_id in places:
        edge = after if after is not None and (after.group, after.entry_id) == (part, entry_id) else None
        number: ColumnElement[int] = literal_column(str(wanted.parts.index(part)))
        found = _rows(wanted, number).where(Obligation.entry_id == entry_id, *stands_in(part, moment))
        statement = _in_order(found, part, edge).limit(most + 1 - len(rows))
        rows += reader.lines(session.connection().execute(statement))
        if len(rows) > most:
            return rows[:most], Edge.at(rows[most - 1])
    return rows, None


def statement(wanted: Wanted, moment: Moment) -> Select[Any]:
    """The whole list in the order of a document: by part, commune, entry and obligation."""
    first = Obligation.in_force > 0 if wanted.kind is ListKind.PLEDGED else Obligation.asked_on.is_not(None)
    number = case((first, wanted.number(0)), else_=wanted.number(1))
    listed = or_(*(and_(*stands_in(part, moment)) for part in wanted.parts))
    return _rows(wanted, number).where(listed).order_by(number, _commune(), Obligation.entry_id, Obligation.id)


def _in_order(rows: Select[Any], part: Group, edge: Edge | None) -> Select[Any]:
    if part in PLEDGED:
        behind = [Obligation.id > edge.obligation_id] if edge is not None else []
        return rows.where(*behind).order_by(Obligation.id)
    place = tuple_(Obligation.turns_on, Obligation.id)
    behind = [place > tuple_(edge.turns_on, edge.obligation_id)] if edge is not None else []
    return rows.where(*behind).order_by(Obligation.turns_on, Obligation.id)


def _commune() -> ColumnElement[str]:
    return func.coalesce(Entity.commune_code, "")


def _rows(wanted: Wanted, number: ColumnElement[int]) -> Select[Any]:
    province_code, filters = wanted.province_code, wanted.filters
    days: list[Any] = [Obligation.asked_on, Obligation.turns_on]
    if wanted.kind is ListKind.PLEDGED:
        days = [null(), null()]
    own = own_columns(Obligation.id, Obligation.entity_id)
    found = (
        select(*own, number, Obligation.entry_id, _commune(), *days, *kept_beside())
        .select_from(Obligation)
        .outerjoin(Entity, and_(Entity.province_code == province_code, Entity.id == Obligation.entity_id))
        .outerjoin(Channel, and_(Channel.province_code == province_code, Channel.id == Obligation.channel_id))
        .where(Obligation.province_code == province_code, Obligation.entry_id.in_(wanted.entries.ids))
    )
    if filters.commune:
        found = found.where(Entity.commune_code == filters.commune)
    elif filters.commune is not None:
        found = found.where(Entity.commune_code.is_(None))
    if filters.subject_type:
        found = found.where(_is_of_type(province_code, filters.subject_type))
    if wanted.found is not None:
        found = found.where(
            or_(Obligation.entity_id.in_(wanted.found.entities), Obligation.channel_id.in_(wanted.found.channels))
        )
    if wanted.among is not None:
        found = found.where(Obligation.id.in_(wanted.among))
    return found


def _is_of_type(province_code: str, subject_type: str) -> ColumnElement[bool]:
    """A website whose owner is not known counts under every type of its entry."""
    has = exists().where(
        EntityType.province_code == province_code,
        EntityType.entity_id == Obligation.entity_id,
        EntityType.subject_type == subject_type,
    )
    return or_(Obligation.entity_id.is_(None), has)
