"""Merging two entities in the register: who stands for both, what changes place for it, and the way back.

Pledges, contacts and names stay at the row where they are (`model.md` 17), and are read through `families.family`.
What has to be one goes to the survivor: identifiers that it lacks, subject types, channels, sightings, and what only
the other one owed. What both owed stays twice, but the merged entity's half leaves the count: the survivor's speaks
for both.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.core.calendar import local_day
from pledges.core.db import new_id
from pledges.core.errors import N_, Conflict, DomainError, NotFound
from pledges.plans.models import Unit
from pledges.registry.counters import (
    hand_over,
    lock_obligations,
    move_counters_for_types,
    move_from_types,
    move_scope,
    move_to_owner,
)
from pledges.registry.counts import Count
from pledges.registry.families import family
from pledges.registry.merging_scope import adopt_scope, give_proposals_back, judge_again, move_proposals
from pledges.registry.models import Channel, Entity, EntityType, Obligation, Scope, Sighting, Standing
from pledges.registry.queries import Owed, obligations_of, types_of
from pledges.registry.restrictions import spread, take_spread_back
from pledges.registry.upkeep_models import Merge

__all__ = ["Joined", "family", "lock_merged", "part", "put_into", "remember_judged"]

IDENTIFIERS = {
    "tax_code": ("tax_code",),
    "personal_number": ("personal_number", "personal_number_hash", "personal_number_last4"),
}
"""What a survivor takes over where it has none: the columns by the name that facts use."""


@dataclass(frozen=True)
class Joined:
    """What merging, or taking it back, led to in the register; the layer of pledges goes on from here."""

    merge: Merge
    kept: Entity
    merged: Entity
    counts: list[Count] = field(default_factory=list)
    """What the fact must carry as `data["counts"]`."""
    twins: list[uuid.UUID] = field(default_factory=list)
    """The survivor's obligations that speak, or spoke, for one of the merged entity too."""
    judged: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Scope and cohort of everything that the two owed before."""


# --- Putting one into the other --------------------------------------------------------------------------------------


def put_into(
    session: Session,
    province_code: str,
    kept_id: uuid.UUID,
    merged_id: uuid.UUID,
    *,
    staff: Staff,
    note: str,
    now: datetime,
) -> Joined:
    """Let `kept_id` stand for both; of several who do it at once one succeeds, the others raise `Conflict`."""
    kept, merged = _lock_both(session, province_code, kept_id, merged_id)
    _check_separate(session, kept, merged)
    day = local_day(now)
    theirs, ours = obligations_of(session, merged), obligations_of(session, kept)
    lock_obligations(session, [owed.obligation for owed in (*theirs, *ours)])
    judged = _judged(session, kept, merged)
    pairs, single = _compare(theirs, ours)
    moved: dict[str, Any] = {"flattened": _lead_on(session, merged, kept)}
    merged.merged_into = kept.id
    session.flush()
    moved["identifiers"] = _take_identifiers(kept, merged)
    counts: list[Count] = []
    moved["twins"] = []
    for twin, own in pairs:
        counts += adopt_scope(session, twin, own, kept, day=day)
        proposals = move_proposals(session, twin, own)
        moved["twins"].append({"twin": str(twin.id), "kept": str(own.id), "proposals": proposals})
        counts += move_scope(session, twin, merged, Scope.PRESUMED_OUT, day=day)
    moved["types"] = _add_types(session, kept, merged, [owed.obligation for owed in ours], counts, day=day)
    moved["channels"] = _move_channels(session, merged, kept, counts, day=day)
    for obligation in single:
        counts += hand_over(session, obligation, kept, day=day)
    moved["obligations"] = [str(obligation.id) for obligation in single]
    moved["sightings"] = _move_sightings(session, merged, kept)
    restricted = spread(session, province_code, family(session, kept), now=now)
    if restricted:
        moved["restricted"] = [str(entity_id) for entity_id in restricted]
    merge = Merge(
        province_code=province_code,
        id=new_id(),
        kept_id=kept.id,
        merged_id=merged.id,
        staff_id=staff.id,
        merged_at=now,
        note=note,
        moved=moved,
    )
    session.add(merge)
    session.flush()
    return Joined(merge, kept, merged, counts, [obligation.id for _twin, obligation in pairs], judged)


def remember_judged(session: Session, joined: Joined) -> None:
    """Write down what the merge, and what followed from it, changed in scopes and cohorts: the way back needs it."""
    session.flush()
    now = _judged(session, joined.kept, joined.merged)
    nothing = (Scope.PRESUMED_OUT.value, "")
    changed = {each: [joined.judged.get(each, nothing), after] for each, after in now.items()}
    joined.merge.moved = joined.merge.moved | {
        "judged": {each: [list(before), list(after)] for each, (before, after) in changed.items() if before != after}
    }


def _judged(session: Session, *entities: Entity) -> dict[str, tuple[str, str]]:
    return {
        str(owed.obligation.id): (owed.obligation.scope.value, owed.obligation.cohort.value)
        for entity in entities
        for owed in obligations_of(session, entity)
    }


def _lock_both(session: Session, province_code: str, kept_id: uuid.UUID, merged_id: uuid.UUID) -> tuple[Entity, Entity]:
    """Both rows as they are now, held until the end in the order of their ids: whoever comes second sees the first."""
    if kept_id == merged_id:
        raise DomainError(N_("Hãy chọn hai đối tượng khác nhau."), field="kept")
    rows = session.scalars(
        select(Entity)
        .where(Entity.province_code == province_code, Entity.id.in_([kept_id, merged_id]))
        .order_by(Entity.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    found = {row.id: row for row in rows}
    if len(found) != 2:
        raise NotFound
    return found[kept_id], found[merged_id]


def _check_separate(session: Session, kept: Entity, merged: Entity) -> None:
    for entity in (kept, merged):
        if entity.merged_into is not None:
            into = session.get_one(Entity, (entity.province_code, entity.merged_into))
            raise Conflict(
                N_("“%(name)s” vừa được gộp vào “%(kept)s”. Chưa gộp thêm gì; hãy xem lại danh sách."),
                name=entity.name,
                kept=into.name,
            )
        if entity.standing is not Standing.REGISTERED:
            raise Conflict(
                N_(
                    "“%(name)s” là bản tự kê khai đang chờ cán bộ xem, nên chưa gộp được. "
                    "Hãy giải quyết bản kê khai đó trước."
                ),
                name=entity.name,
            )


def _compare(theirs: list[Owed], ours: list[Owed]) -> tuple[list[tuple[Obligation, Obligation]], list[Obligation]]:
    """What both owe by the same entry, and what only the merged one owes; websites move with their channel."""
    known = {owed.obligation.entry_id: owed.obligation for owed in ours if owed.obligation.unit is Unit.ENTITY}
    whole = [owed.obligation for owed in theirs if owed.obligation.unit is Unit.ENTITY]
    pairs = [(each, known[each.entry_id]) for each in whole if each.entry_id in known]
    return pairs, [each for each in whole if each.entry_id not in known]


def _lead_on(session: Session, merged: Entity, kept: Entity) -> list[str]:
    """What had been merged into the one that is merged now stands under the survivor, one level deep."""
    rows = session.scalars(
        select(Entity)
        .where(Entity.province_code == merged.province_code, Entity.merged_into == merged.id)
        .order_by(Entity.id)
    ).all()
    for row in rows:
        row.merged_into = kept.id
    return [str(row.id) for row in rows]


def _take_identifiers(kept: Entity, merged: Entity) -> list[str]:
    taken = []
    for name, columns in IDENTIFIERS.items():
        if getattr(kept, columns[-1]) is None and getattr(merged, columns[-1]) is not None:
            for column in columns:
                setattr(kept, column, getattr(merged, column))
            taken.append(name)
    return taken


def _add_types(
    session: Session, kept: Entity, merged: Entity, owed: list[Obligation], counts: list[Count], *, day: date
) -> list[str]:
    added = sorted(set(types_of(session, merged)) - set(types_of(session, kept)))
    for subject_type in added:
        session.add(EntityType(province_code=kept.province_code, entity_id=kept.id, subject_type=subject_type))
    session.flush()
    for obligation in owed if added else []:
        counts += move_counters_for_types(session, obligation, kept, added, day=day)
    return added


def _move_channels(session: Session, before: Entity, after: Entity, counts: list[Count], *, day: date) -> list[str]:
    channels = session.scalars(
        select(Channel)
        .where(Channel.province_code == before.province_code, Channel.entity_id == before.id)
        .order_by(Channel.id)
    ).all()
    for channel in channels:
        counts += move_to_owner(session, channel, after, day=day)
    return [str(channel.id) for channel in channels]


def _move_sightings(session: Session, before: Entity, after: Entity) -> list[str]:
    rows = session.scalars(
        update(Sighting)
        .where(Sighting.province_code == before.province_code, Sighting.entity_id == before.id)
        .values(entity_id=after.id)
        .returning(Sighting.id)
        .execution_options(synchronize_session=False)
    ).all()
    return sorted(str(row) for row in rows)


# --- Taking it back --------------------------------------------------------------------------------------------------


def lock_merged(session: Session, province_code: str, merge_id: uuid.UUID) -> tuple[Merge, Entity, Entity]:
    """The merge with both its entities, held as they are now; refused where it cannot be taken back (any more)."""
    found = session.get(Merge, (province_code, merge_id))
    if found is None:
        raise NotFound
    kept, merged = _lock_both(session, province_code, found.kept_id, found.merged_id)
    merge = session.get_one(Merge, (province_code, merge_id), populate_existing=True, with_for_update=True)
    if merge.undone_at is not None:
        raise Conflict(N_("Lần gộp này vừa được hoàn tác. Chưa làm gì thêm."))
    _check_last(session, merge, kept)
    _check_free(session, kept, merged)
    return merge, kept, merged


def _check_last(session: Session, merge: Merge, kept: Entity) -> None:
    """What was merged later stands on this one: it has to be taken back first."""
    if kept.merged_into is not None:
        into = session.get_one(Entity, (kept.province_code, kept.merged_into))
        raise Conflict(
            N_("“%(name)s” sau đó đã được gộp tiếp vào “%(kept)s”. Hãy hoàn tác lần gộp đó trước."),
            name=kept.name,
            kept=into.name,
        )
    later = session.scalars(
        select(Entity)
        .join(Merge, (Merge.province_code == Entity.province_code) & (Merge.merged_id == Entity.id))
        .where(
            Merge.province_code == merge.province_code,
            Merge.kept_id == kept.id,
            Merge.undone_at.is_(None),
            Merge.id > merge.id,
        )
        .order_by(Merge.id.desc())
        .limit(1)
    ).first()
    if later is not None:
        raise Conflict(
            N_("Sau lần gộp này, “%(name)s” cũng đã được gộp vào “%(kept)s”. Hãy hoàn tác lần gộp đó trước."),
            name=later.name,
            kept=kept.name,
        )


def _check_free(session: Session, kept: Entity, merged: Entity) -> None:
    """Meanwhile another entity may have been registered with an identifier of the merged one."""
    for name, label in (("tax_code", N_("Mã số thuế")), ("personal_number_hash", N_("Số định danh"))):
        value = getattr(merged, name)
        if value is None:
            continue
        other = session.scalars(
            select(Entity)
            .where(
                Entity.province_code == merged.province_code,
                Entity.standing == Standing.REGISTERED,
                Entity.merged_into.is_(None),
                Entity.id.not_in([kept.id, merged.id]),
                getattr(Entity, name) == value,
            )
            .limit(1)
        ).first()
        if other is not None:
            raise Conflict(
                N_("Chưa hoàn tác được: %(what)s của “%(name)s” nay đang ghi cho “%(other)s”. Hãy sửa mã số đó trước."),
                what=label,
                name=merged.name,
                other=other.name,
            )


def part(session: Session, merge: Merge, kept: Entity, merged: Entity, *, staff: Staff, now: datetime) -> Joined:
    """Make two of them again; what came to the survivor after the merge stays with it."""
    day, moved = local_day(now), merge.moved
    owed = [each.obligation for entity in (kept, merged) for each in obligations_of(session, entity)]
    lock_obligations(session, owed)
    counts: list[Count] = []
    _give_channels_back(session, moved["channels"], kept, merged, counts, day=day)
    for obligation in owed:
        if str(obligation.id) in moved["obligations"] and obligation.entity_id == kept.id:
            counts += hand_over(session, obligation, merged, day=day)
    _drop_types(session, kept, moved["types"], counts, day=day)
    _give_identifiers_back(kept, merged, moved["identifiers"])
    session.flush()
    merged.merged_into = None
    _lead_back(session, merged, moved["flattened"])
    session.flush()
    counts += judge_again(session, owed, moved["judged"], {kept.id: kept, merged.id: merged}, day=day)
    for pair in moved["twins"]:
        give_proposals_back(session, kept.province_code, pair)
    _give_sightings_back(session, moved["sightings"], kept, merged)
    restricted = [uuid.UUID(each) for each in moved.get("restricted", ())]
    take_spread_back(session, kept.province_code, restricted, now=now)
    merge.undone_at, merge.undone_by = now, staff.id
    session.flush()
    return Joined(merge, kept, merged, counts, [uuid.UUID(pair["kept"]) for pair in moved["twins"]])


def _give_channels_back(
    session: Session, ids: list[str], kept: Entity, merged: Entity, counts: list[Count], *, day: date
) -> None:
    """Those that nobody has given to somebody else meanwhile."""
    channels = session.scalars(
        select(Channel)
        .where(
            Channel.province_code == kept.province_code,
            Channel.id.in_([uuid.UUID(each) for each in ids]),
            Channel.entity_id == kept.id,
        )
        .order_by(Channel.id)
    ).all()
    for channel in channels:
        counts += move_to_owner(session, channel, merged, day=day)


def _drop_types(session: Session, kept: Entity, types: list[str], counts: list[Count], *, day: date) -> None:
    if not types:
        return
    for owed in obligations_of(session, kept):
        counts += move_from_types(session, owed.obligation, kept, types, day=day)
    session.execute(
        delete(EntityType).where(
            EntityType.province_code == kept.province_code,
            EntityType.entity_id == kept.id,
            EntityType.subject_type.in_(types),
        )
    )


def _give_identifiers_back(kept: Entity, merged: Entity, taken: list[str]) -> None:
    """The survivor keeps a number that somebody has corrected since."""
    for name in taken:
        columns = IDENTIFIERS[name]
        if getattr(kept, columns[-1]) == getattr(merged, columns[-1]):
            for column in columns:
                setattr(kept, column, None)


def _lead_back(session: Session, merged: Entity, flattened: list[str]) -> None:
    for entity_id in flattened:
        session.get_one(Entity, (merged.province_code, uuid.UUID(entity_id))).merged_into = merged.id


def _give_sightings_back(session: Session, ids: list[str], kept: Entity, merged: Entity) -> None:
    session.execute(
        update(Sighting)
        .where(
            Sighting.province_code == kept.province_code,
            Sighting.id.in_([uuid.UUID(each) for each in ids]),
            Sighting.entity_id == kept.id,
        )
        .values(entity_id=merged.id)
        .execution_options(synchronize_session=False)
    )
