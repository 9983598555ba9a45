"""The lists as they stood at the end of a day: sums of the ledger, and what the register knew of its subjects then.

Of the ledger only the moves up to that day are added up, so that nothing that is recorded later changes who stands
where. What the register shows of a subject is led back by what was recorded since (`former_values.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, func, null, select, tuple_
from sqlalchemy.orm import Session

from pledges.core.calendar import end_of_day
from pledges.registry.models import Channel, Entity, Obligation, ObligationMove
from pledges.rounds.evidence import Reader, gathered
from pledges.rounds.former_values import FormerValues, changed_since
from pledges.rounds.list_models import Group
from pledges.rounds.list_rows import Edge, ListRow, Wanted, found_in
from pledges.rounds.live import PLEDGED

CHUNK = 2000


def rows(
    session: Session, wanted: Wanted, day: date, *, after: Edge | None = None, chunk: int = CHUNK
) -> Iterator[ListRow]:
    """Every line in the order of a document: by part, commune, entry and obligation. Bounded memory."""
    until = end_of_day(day)
    reader = Reader(session, wanted.province_code, wanted.entries, until)
    former = FormerValues(session, wanted.province_code, until)
    parts = wanted.parts
    if after is not None:
        parts = parts[parts.index(after.group) :] if after.group in parts else ()
    for part in parts:
        edge = after if after is not None and after.group is part else None
        statement = _rows(session, wanted, part, day, edge).execution_options(yield_per=chunk)
        with session.execute(statement) as found:
            for raw in found.partitions():
                lines = reader.lines(part, (row[:-1] for row in raw))
                changed = [place for place, row in enumerate(raw) if row[-1] or former.merged(row[2])]
                former.lead_back(lines, changed, reader)
                yield from _of_type(lines, wanted.filters.subject_type)


def _of_type(lines: Iterable[ListRow], subject_type: str) -> Iterable[ListRow]:
    """By the types of that day, which only the finished lines know."""
    return (line for line in lines if subject_type in line.subject_types) if subject_type else lines


def standing(wanted: Wanted, part: Group, day: date) -> Select[Any]:
    """The obligations that stood in a part: `rules.group_of` over the sums of their moves.

    An open one has exactly one opening that no move has taken back, which says who owed it where and when it turns.
    """
    move = ObligationMove
    key: list[Any] = [move.obligation_id, move.entry_id, move.entity_id, move.commune_code]
    chosen = [move.province_code == wanted.province_code, move.entry_id.in_(wanted.entries.ids), move.day <= day]
    if wanted.filters.commune is not None:
        chosen.append(move.commune_code == wanted.filters.commune)
    if wanted.found is not None:
        chosen.append(found_in(wanted, move.entity_id, move.obligation_id))
    if part in PLEDGED:
        in_force, waiting = func.sum(move.in_force), func.sum(move.waiting_for_agency)
        stands = in_force > 0 if part is Group.IN_FORCE else and_(in_force == 0, waiting > 0)
        days: list[Any] = [null().label("asked_on"), null().label("turns_on")]
        summed = select(*key, *days).where(*chosen).group_by(*key)
        return summed.having(func.sum(move.in_scope) > 0, stands)
    chosen += [move.opened != 0, move.turns_on <= day]
    chosen.append(move.asked_on.is_not(None) if part is Group.NOT_PLEDGED else move.asked_on.is_(None))
    key += [move.asked_on, move.turns_on]
    return select(*key).where(*chosen).group_by(*key).having(func.sum(move.opened) > 0)


def _rows(session: Session, wanted: Wanted, part: Group, day: date, edge: Edge | None) -> Select[Any]:
    province_code, until = wanted.province_code, end_of_day(day)
    then = standing(wanted, part, day).subquery("standing").c
    place = (then.commune_code, then.entry_id, then.obligation_id)
    found = (
        select(
            then.entry_id,
            then.obligation_id,
            then.entity_id,
            then.commune_code,
            then.asked_on,
            then.turns_on,
            *gathered(session, province_code, then.entity_id, then.obligation_id, until),
            changed_since(province_code, then.entity_id, then.obligation_id, until),
        )
        .outerjoin(Obligation, and_(Obligation.province_code == province_code, Obligation.id == then.obligation_id))
        .outerjoin(Entity, and_(Entity.province_code == province_code, Entity.id == then.entity_id))
        .outerjoin(Channel, and_(Channel.province_code == province_code, Channel.id == Obligation.channel_id))
        .order_by(*place)
    )
    if edge is not None:
        found = found.where(tuple_(*place) > tuple_(edge.commune_code, edge.entry_id, edge.obligation_id))
    return found
