"""Merging two entities together with what they have signed, and taking it back."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.operations import actor_of
from pledges.accounts.permissions import Action, Place, require
from pledges.audit.operations import record
from pledges.core.errors import N_, Conflict
from pledges.core.identity import clean_block
from pledges.registry import merging
from pledges.registry.duplicates import mark_merged, mark_open_again
from pledges.registry.merging import Joined
from pledges.registry.models import Obligation
from pledges.registry.obligations import recompute_many
from pledges.registry.search_documents import refresh
from pledges.registry.upkeep_models import Merge
from pledges.signing.covering import bind_again
from pledges.signing.models import Pledge, PledgeCover, PledgeState
from pledges.signing.states import settle_obligations

_WITHOUT_EFFECT = (PledgeState.REJECTED, PledgeState.WITHDRAWN)


MERGE_FACTS = {"merged": "entity.merged", "undone": "entity.merge_undone"}


def merge_entities(
    session: Session,
    province_code: str,
    kept_id: uuid.UUID,
    merged_id: uuid.UUID,
    *,
    staff: Staff,
    note: str,
    now: datetime,
    pair_id: uuid.UUID | None = None,
) -> Merge:
    """Let `kept_id` stand for both; of several at once one succeeds, the others raise a kind `Conflict`.

    Pledges stay where they were signed and hold for the survivor. `pair_id`: the suspicion that this decides; without
    one the pair is written down as pointed out by a person.
    """
    require(staff, Action.DUPLICATE_DECIDE, Place(province_code))
    note = clean_block(note, field="note")
    joined = merging.put_into(session, province_code, kept_id, merged_id, staff=staff, note=note, now=now)
    merge = joined.merge
    signed = _signed_by(session, province_code, _rows_of(merge))
    merge.moved = merge.moved | {"pledges": [str(pledge_id) for pledge_id in signed]}
    _finish(session, joined, MERGE_FACTS["merged"], staff=staff, now=now)
    merging.remember_judged(session, joined)
    mark_merged(session, province_code, kept_id, merged_id, staff=staff, note=note, now=now, pair_id=pair_id)
    return merge


def undo_merge(session: Session, province_code: str, merge_id: uuid.UUID, *, staff: Staff, now: datetime) -> Merge:
    """Make two of them again, exactly as before; refused with the reason where something was built on the merge."""
    require(staff, Action.DUPLICATE_DECIDE, Place(province_code))
    merge, kept, merged = merging.lock_merged(session, province_code, merge_id)
    _check_nothing_built_on(session, merge)
    joined = merging.part(session, merge, kept, merged, staff=staff, now=now)
    bind_again(session, kept, since=merge)
    _finish(session, joined, MERGE_FACTS["undone"], staff=staff, now=now)
    mark_open_again(session, province_code, kept.id, merged.id)
    return merge


def _finish(session: Session, joined: Joined, fact: str, *, staff: Staff, now: datetime) -> None:
    """Bring figures, the fact, obligations and the search up to date, in this order: each reads the one before."""
    merge, province_code = joined.merge, joined.merge.province_code
    owed = session.scalars(
        select(Obligation.id).where(
            Obligation.province_code == province_code,
            Obligation.entity_id.in_([joined.kept.id, joined.merged.id]),
        )
    ).all()
    counts = joined.counts + settle_obligations(session, province_code, owed, now=now)
    data = {"merge": str(merge.id), "merged": str(merge.merged_id)}
    record(
        session,
        fact,
        province_code=province_code,
        object_id=merge.kept_id,
        actor=actor_of(staff),
        now=now,
        data=data | ({"counts": counts} if counts else {}),
    )
    both = [joined.kept.id, joined.merged.id]
    recompute_many(session, province_code, both, actor=actor_of(staff), now=now)
    refresh(session, province_code, both)


# --- What was built on a merge ---------------------------------------------------------------------------------------


def _rows_of(merge: Merge) -> list[uuid.UUID]:
    """The merged entity and what had been merged into it before."""
    return [merge.merged_id, *(uuid.UUID(each) for each in merge.moved["flattened"])]


def _signed_by(session: Session, province_code: str, entity_ids: Collection[uuid.UUID]) -> list[uuid.UUID]:
    return list(
        session.scalars(
            select(Pledge.id)
            .where(Pledge.province_code == province_code, Pledge.entity_id.in_(entity_ids))
            .order_by(Pledge.id)
        )
    )


def _check_nothing_built_on(session: Session, merge: Merge) -> None:
    """Pledges that were signed in the name of both cannot be divided between the two."""
    theirs = [uuid.UUID(each) for each in merge.moved["pledges"]]
    built = [
        *_signed_again(session, merge, theirs),
        *_amending(session, merge, theirs),
        *_covering_what_goes_back(session, merge),
    ]
    if built:
        raise Conflict(
            N_(
                "Chưa hoàn tác được: sau khi gộp, hồ sơ %(references)s đã được ký hoặc ký lại cho cả hai đối tượng. "
                "Hãy trả lại hoặc thu hồi hồ sơ đó trước, hoặc giữ nguyên việc gộp."
            ),
            references=", ".join(dict.fromkeys(built)),
        )


def _signed_again(session: Session, merge: Merge, theirs: list[uuid.UUID]) -> list[str]:
    """Corrected since: what they cover now is the survivor's."""
    return list(
        session.scalars(
            select(Pledge.reference)
            .where(
                Pledge.province_code == merge.province_code,
                Pledge.id.in_(theirs),
                Pledge.entity_id.not_in(_rows_of(merge)),
                Pledge.state.not_in(_WITHOUT_EFFECT),
            )
            .order_by(Pledge.id)
        )
    )


def _amending(session: Session, merge: Merge, theirs: list[uuid.UUID]) -> list[str]:
    return list(
        session.scalars(
            select(Pledge.reference)
            .where(
                Pledge.province_code == merge.province_code,
                Pledge.amends_id.in_(theirs),
                Pledge.id.not_in(theirs),
                Pledge.state.not_in(_WITHOUT_EFFECT),
            )
            .order_by(Pledge.id)
        )
    )


def _covering_what_goes_back(session: Session, merge: Merge) -> list[str]:
    """Others that hold what goes back to the merged entity, or what only the merge has brought to the survivor."""
    opened = [each for each, (before, _after) in merge.moved["judged"].items() if before[1] == ""]
    back = [uuid.UUID(each) for each in [*merge.moved["obligations"], *opened]]
    channels = [uuid.UUID(each) for each in merge.moved["channels"]]
    return list(
        session.scalars(
            select(Pledge.reference)
            .join(
                PledgeCover,
                (PledgeCover.province_code == Pledge.province_code) & (PledgeCover.pledge_id == Pledge.id),
            )
            .join(
                Obligation,
                (Obligation.province_code == PledgeCover.province_code) & (Obligation.id == PledgeCover.obligation_id),
            )
            .where(
                Pledge.province_code == merge.province_code,
                Pledge.entity_id.not_in(_rows_of(merge)),
                PledgeCover.hold != "ended",
                or_(Obligation.id.in_(back), Obligation.channel_id.in_(channels)),
            )
            .order_by(Pledge.id)
        )
    )
