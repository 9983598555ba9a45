"""Two entities that may be one: written down by the rules or a person, decided by a person."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select, tuple_
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.operations import actor_of
from pledges.accounts.permissions import Action, Place, require
from pledges.audit.operations import record
from pledges.core.db import new_id
from pledges.core.errors import N_, Conflict, DomainError, NotFound
from pledges.core.identity import clean_block
from pledges.registry.duplicate_rules import BY_PERSON, MOST_PAIRS, Suspicion, same_names, same_numbers, together
from pledges.registry.models import Entity, Standing
from pledges.registry.upkeep_models import DuplicatePair, PairState

__all__ = [
    "Found",
    "find_pairs",
    "keep_apart",
    "look_again",
    "mark_merged",
    "mark_open_again",
    "pair_of",
    "suspect",
    "suspect_by_person",
    "write_pairs",
]

_CHUNK = 400


@dataclass(frozen=True)
class Found:
    """What one search led to; `capped`: there were more than are kept, so the rules are too wide for these names."""

    pairs: int
    capped: bool = False


def find_pairs(
    session: Session, province_code: str, entity_ids: Collection[uuid.UUID] | None = None, *, now: datetime
) -> Found:
    """Write down the pairs that the rules suspect, among all entities or only those with one of `entity_ids`.

    For a few entities that have just changed; the nightly search (`signing.duplicate_search`) goes through all.
    """
    session.flush()
    names = same_names(session, province_code, entity_ids)
    return write_pairs(session, province_code, together(same_numbers(session, province_code, entity_ids), names), now)


def write_pairs(session: Session, province_code: str, suspicions: list[Suspicion], now: datetime) -> Found:
    """Keep the surest of them; pairs about which a person has decided are left alone, open ones get what is new."""
    found = suspicions[:MOST_PAIRS]
    added = 0
    for start in range(0, len(found), _CHUNK):
        chunk = found[start : start + _CHUNK]
        known = _known(session, province_code, [suspicion.pair for suspicion in chunk])
        for suspicion in chunk:
            pair = known.get(suspicion.pair)
            if pair is None:
                session.add(_new_pair(province_code, suspicion, now))
                added += 1
            elif pair.state is PairState.OPEN:
                rules, score = sorted({*pair.rules, *suspicion.rules}), max(pair.score, suspicion.score)
                if (pair.rules, pair.score) != (rules, score):
                    pair.rules, pair.score = rules, score
        session.flush()
    return Found(added, capped=len(suspicions) > MOST_PAIRS)


def _known(
    session: Session, province_code: str, pairs: Iterable[tuple[uuid.UUID, uuid.UUID]]
) -> dict[tuple[uuid.UUID, uuid.UUID], DuplicatePair]:
    rows = session.scalars(
        select(DuplicatePair).where(
            DuplicatePair.province_code == province_code,
            tuple_(DuplicatePair.first_id, DuplicatePair.second_id).in_(list(pairs)),
        )
    )
    return {(row.first_id, row.second_id): row for row in rows}


def _new_pair(province_code: str, suspicion: Suspicion, now: datetime) -> DuplicatePair:
    first, second = suspicion.pair
    return DuplicatePair(
        province_code=province_code,
        id=new_id(),
        first_id=first,
        second_id=second,
        rules=sorted(suspicion.rules),
        score=suspicion.score,
        found_at=now,
        state=PairState.OPEN,
        revision=0,
        note="",
    )


def suspect(
    session: Session,
    province_code: str,
    one: uuid.UUID,
    other: uuid.UUID,
    rules: Collection[str],
    score: int,
    *,
    now: datetime,
) -> DuplicatePair | None:
    """Write down one pair, or add the rules to it; None where the two are one row or a person has decided already."""
    if one == other:
        return None
    suspicion = Suspicion.of(one, other, frozenset(rules), score)
    pair = _known(session, province_code, [suspicion.pair]).get(suspicion.pair)
    if pair is None:
        pair = _new_pair(province_code, suspicion, now)
        session.add(pair)
    elif pair.state is not PairState.OPEN:
        return None
    else:
        pair.rules, pair.score = sorted({*pair.rules, *rules}), max(pair.score, score)
    session.flush()
    return pair


def suspect_by_person(
    session: Session, province_code: str, one: uuid.UUID, other: uuid.UUID, *, staff: Staff, now: datetime
) -> DuplicatePair:
    """A person points out that two entities may be one; a decision of before is opened again for it."""
    require(staff, Action.DUPLICATE_DECIDE, Place(province_code))
    if one == other:
        raise DomainError(N_("Hãy chọn một đối tượng khác để so sánh."), field="other")
    for entity_id in (one, other):
        check_may_be_compared(session, province_code, entity_id)
    first, second = sorted((one, other))
    pair = _known(session, province_code, [(first, second)]).get((first, second))
    if pair is not None and pair.state is PairState.KEPT_APART:
        _change(pair, PairState.OPEN, None, now, "")
    pair = suspect(session, province_code, one, other, [BY_PERSON], 75, now=now)
    if pair is None:
        raise Conflict(N_("Hai đối tượng này đã được gộp."))
    record(
        session,
        "duplicate.suspected",
        province_code=province_code,
        object_id=pair.id,
        actor=actor_of(staff),
        now=now,
        data={"first": str(first), "second": str(second)},
    )
    return pair


def check_may_be_compared(session: Session, province_code: str, entity_id: uuid.UUID) -> Entity:
    """Only rows that stand for themselves: registered, and not merged into another."""
    entity = session.get(Entity, (province_code, entity_id))
    if entity is None:
        raise NotFound
    if entity.standing is not Standing.REGISTERED:
        raise DomainError(
            N_("“%(name)s” là bản tự kê khai đang chờ cán bộ xem, nên chưa gộp được."), field="other", name=entity.name
        )
    if entity.merged_into is not None:
        raise DomainError(
            N_("“%(name)s” đã được gộp vào đối tượng khác. Hãy chọn đối tượng còn lại."),
            field="other",
            name=entity.name,
        )
    return entity


def pair_of(session: Session, province_code: str, pair_id: uuid.UUID) -> DuplicatePair:
    pair = session.get(DuplicatePair, (province_code, pair_id))
    if pair is None:
        raise NotFound
    return pair


def keep_apart(
    session: Session, province_code: str, pair_id: uuid.UUID, *, staff: Staff, seen: int, note: str, now: datetime
) -> DuplicatePair:
    """Decide that the two are two, for good: the rules do not suspect them again."""
    require(staff, Action.DUPLICATE_DECIDE, Place(province_code))
    note = clean_block(note, field="note")
    if not note:
        raise DomainError(N_("Hãy ghi vì sao đây là hai đối tượng khác nhau, để người sau biết."), field="note")
    pair = _decidable(session, province_code, pair_id, PairState.OPEN, seen)
    _change(pair, PairState.KEPT_APART, staff, now, note)
    _record(session, "duplicate.kept_apart", pair, staff, now)
    return pair


def look_again(
    session: Session, province_code: str, pair_id: uuid.UUID, *, staff: Staff, seen: int, now: datetime
) -> DuplicatePair:
    """Take back that two were kept apart: the pair stands among the open ones again."""
    require(staff, Action.DUPLICATE_DECIDE, Place(province_code))
    pair = _decidable(session, province_code, pair_id, PairState.KEPT_APART, seen)
    _change(pair, PairState.OPEN, None, now, "")
    _record(session, "duplicate.opened_again", pair, staff, now)
    return pair


def _decidable(session: Session, province_code: str, pair_id: uuid.UUID, state: PairState, seen: int) -> DuplicatePair:
    pair = session.get(DuplicatePair, (province_code, pair_id), populate_existing=True, with_for_update=True)
    if pair is None:
        raise NotFound
    if pair.state is not state or pair.revision != seen:
        raise Conflict(N_("Cặp này vừa được người khác xử lý. Chưa ghi gì thêm; hãy xem lại danh sách."))
    return pair


def _change(pair: DuplicatePair, state: PairState, staff: Staff | None, now: datetime, note: str) -> None:
    pair.state, pair.note = state, note
    pair.revision += 1
    pair.decided_by = staff.id if staff is not None else None
    pair.decided_at = now if staff is not None else None


def _record(session: Session, kind: str, pair: DuplicatePair, staff: Staff, now: datetime) -> None:
    record(
        session,
        kind,
        province_code=pair.province_code,
        object_id=pair.id,
        actor=actor_of(staff),
        now=now,
        data={"first": str(pair.first_id), "second": str(pair.second_id)},
    )


def mark_merged(
    session: Session,
    province_code: str,
    kept_id: uuid.UUID,
    merged_id: uuid.UUID,
    *,
    staff: Staff,
    note: str,
    now: datetime,
    pair_id: uuid.UUID | None = None,
) -> DuplicatePair:
    """Close the pair of a merge, and let the survivor stand in the other suspicions about the merged one."""
    suspicion = Suspicion.of(kept_id, merged_id, frozenset({BY_PERSON}), 75)
    pair = _known(session, province_code, [suspicion.pair]).get(suspicion.pair)
    if pair is None:
        pair = _new_pair(province_code, suspicion, now)
        session.add(pair)
    if pair_id is not None and pair.id != pair_id:
        raise NotFound
    _change(pair, PairState.MERGED, staff, now, note)
    session.flush()
    others = session.scalars(
        select(DuplicatePair).where(
            DuplicatePair.province_code == province_code,
            DuplicatePair.state == PairState.OPEN,
            or_(DuplicatePair.first_id == merged_id, DuplicatePair.second_id == merged_id),
        )
    ).all()
    for other in others:
        third = other.second_id if other.first_id == merged_id else other.first_id
        suspect(session, province_code, kept_id, third, other.rules, other.score, now=now)
    return pair


def mark_open_again(session: Session, province_code: str, kept_id: uuid.UUID, merged_id: uuid.UUID) -> None:
    """After a merge was taken back the two stand beside each other again, to be kept apart or merged otherwise."""
    first, second = sorted((kept_id, merged_id))
    pair = _known(session, province_code, [(first, second)]).get((first, second))
    if pair is not None and pair.state is PairState.MERGED:
        pair.state, pair.note, pair.decided_by, pair.decided_at = PairState.OPEN, "", None, None
        pair.revision += 1
        session.flush()
