"""The lists as they stood at the end of a day: sums of the ledger, and what the register knew of its subjects then.

Of the ledger only the moves up to that day are added up, so that nothing that is recorded later changes who stands
where. What the register shows of a subject is led back by what was recorded since (`former_values.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, null, select, tuple_
from sqlalchemy.orm import Session

from pledges.core.calendar import end_of_day
from pledges.registry.models import Channel, Entity, Obligation, ObligationMove
from pledges.rounds.evidence import Gathering, Reader, own_columns
from pledges.rounds.former_values import FormerValues, changed_since
from pledges.rounds.list_models import Group, ListKind
from pledges.rounds.list_rows import Edge, ListRow, Wanted, found_in
from pledges.rounds.live import ASKED, TURNED
from pledges.rounds.streaming import expect_many_rows, plain_chunks

CHUNK = 2000


def rows(
    session: Session,
    wanted: Wanted,
    day: date,
    *,
    after: Edge | None = None,
    most: int | None = None,
    chunk: int = CHUNK,
) -> Iterator[ListRow]:
    """Every line in the order of a document: by part, commune, entry and obligation. Bounded memory.

    `most`: about so many are wanted, behind `after`; then nothing is gathered for the others.
    """
    until = end_of_day(day)
    reader = Reader(session, wanted.province_code, wanted.entries, wanted.parts, until)
    former = FormerValues(session, wanted.province_code, until)
    gathering = Gathering(session, wanted.province_code, until, whole=most is None)
    expect_many_rows(session)
    statement = _rows(gathering, wanted, day, after, None if wanted.filters.subject_type else most)
    for found in plain_chunks(session, statement, chunk):
        lines = reader.lines(row[:-1] for row in found)
        changed = [place for place, row in enumerate(found) if row[-1] or former.merged(row[1])]
        former.lead_back(lines, changed, reader)
        yield from _of_type(lines, wanted.filters.subject_type)


def _of_type(lines: Iterable[ListRow], subject_type: str) -> Iterable[ListRow]:
    """By the types of that day, which only the finished lines know."""
    return (line for line in lines if subject_type in line.subject_types) if subject_type else lines


def standing(wanted: Wanted, day: date) -> Select[Any]:
    """The obligations that stood in the list: `rules.group_of` over the sums of their moves.

    An open one has exactly one opening that no move has taken back, which says who owed it where and when it turns.
    """
    move = ObligationMove
    key: list[Any] = [move.obligation_id, move.entry_id, move.entity_id, move.commune_code]
    chosen = [move.province_code == wanted.province_code, move.entry_id.in_(wanted.entries.ids), move.day <= day]
    if wanted.filters.commune is not None:
        chosen.append(move.commune_code == wanted.filters.commune)
    if wanted.found is not None:
        chosen.append(found_in(wanted, move.entity_id, move.obligation_id))
    if wanted.among is not None:
        chosen.append(move.obligation_id.in_(wanted.among))
    if wanted.kind is ListKind.PLEDGED:
        return _pledged(wanted, key, chosen)
    turned = move.turns_on <= day if wanted.whole[0] in TURNED else move.turns_on > day
    chosen += [move.opened != 0, turned]
    if len(wanted.parts) == 1:
        chosen.append(move.asked_on.is_not(None) if wanted.parts[0] in ASKED else move.asked_on.is_(None))
    part = case((move.asked_on.is_not(None), wanted.number(0)), else_=wanted.number(1)).label("part")
    key += [move.asked_on, move.turns_on]
    return select(part, *key).where(*chosen).group_by(*key).having(func.sum(move.opened) > 0)


def _pledged(wanted: Wanted, key: list[Any], chosen: list[ColumnElement[bool]]) -> Select[Any]:
    move = ObligationMove
    in_force, waiting = func.sum(move.in_force), func.sum(move.waiting_for_agency)
    stands = {
        None: (in_force > 0) | (waiting > 0),
        Group.IN_FORCE: in_force > 0,
        Group.WAITING_FOR_AGENCY: and_(in_force == 0, waiting > 0),
    }[wanted.filters.group if wanted.filters.group in wanted.parts else None]
    part = case((in_force > 0, wanted.number(0)), else_=wanted.number(1)).label("part")
    days: list[Any] = [null().label("asked_on"), null().label("turns_on")]
    return select(part, *key, *days).where(*chosen).group_by(*key).having(func.sum(move.in_scope) > 0, stands)


def _rows(gathering: Gathering, wanted: Wanted, day: date, edge: Edge | None, most: int | None) -> Select[Any]:
    province_code, until = wanted.province_code, end_of_day(day)
    then = _behind(standing(wanted, day), wanted, edge, most).subquery("standing").c
    place = (then.part, then.commune_code, then.entry_id, then.obligation_id)
    beside = gathering.beside(then.entity_id, then.obligation_id)
    found = (
        select(
            *own_columns(then.obligation_id, then.entity_id),
            then.part,
            then.entry_id,
            then.commune_code,
            then.asked_on,
            then.turns_on,
            *beside.columns,
            changed_since(province_code, then.entity_id, then.obligation_id, until),
        )
        .outerjoin(Obligation, and_(Obligation.province_code == province_code, Obligation.id == then.obligation_id))
        .outerjoin(Entity, and_(Entity.province_code == province_code, Entity.id == then.entity_id))
        .outerjoin(Channel, and_(Channel.province_code == province_code, Channel.id == Obligation.channel_id))
        .order_by(*place)
    )
    return beside.joined(found)


def _behind(standing: Select[Any], wanted: Wanted, edge: Edge | None, most: int | None) -> Select[Any]:
    """The next page of them, cut out before anything is joined."""
    if edge is None and most is None:
        return standing
    each = standing.subquery("each")
    place = (each.c.part, each.c.commune_code, each.c.entry_id, each.c.obligation_id)
    page = select(each).order_by(*place).limit(most)
    if edge is None:
        return page
    number = wanted.parts.index(edge.group) if edge.group in wanted.parts else len(wanted.parts)
    return page.where(tuple_(*place) > tuple_(literal(number), edge.commune_code, edge.entry_id, edge.obligation_id))
