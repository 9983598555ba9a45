"""How the register stood before a decision about a dispute, and the way back to it while nobody has built upon it."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pledges.audit.models import Fact
from pledges.core.errors import N_, Conflict
from pledges.plans.models import ObligationEntry
from pledges.registry.acts import Act
from pledges.registry.counters import lock_obligations, move_to_owner
from pledges.registry.counts import DISTINCT, Count, add_counts, new_count
from pledges.registry.models import IN_SCOPE, Channel, Entity, Obligation, Sighting, Standing
from pledges.registry.obligations import recompute_many, recompute_unowned
from pledges.registry.owing import read_rules
from pledges.registry.queries import obligations_of, types_of
from pledges.registry.search_documents import refresh
from pledges.registry.subject_types import remove_types
from pledges.signing.covering import covers_of
from pledges.signing.dispute_models import Dispute
from pledges.signing.models import Pledge, PledgeChannel, PledgeCover
from pledges.signing.states import settle_obligations

_IDENTIFIERS = ("tax_code", "personal_number_hash", "personal_number_last4")
_HARMLESS = ("pledge.sealed", "pledge.seal_failed", "dispute.decided")
"""What machines do by themselves, and the decision."""


def standing_before(session: Session, claim: Entity, owner: Entity, pledges: Collection[Pledge]) -> dict[str, Any]:
    """Everything that a decision about these two may change; taken before it, kept with the dispute."""
    channels = _channels_around(session, claim, owner, pledges)
    return {
        "claim": str(claim.id),
        "entities": {str(each.id): _columns(each) for each in (claim, owner)},
        "types": {str(each.id): types_of(session, each) for each in (claim, owner)},
        "channels": {str(each.id): str(each.entity_id or "") for each in channels},
        "obligations": [str(each) for each in _obligation_ids(session, claim, owner)],
        "pledges": {str(each.id): str(each.entity_id) for each in pledges},
        "covers": [
            [str(pledge.id), cover.entry_id, str(cover.obligation_id or ""), cover.period, cover.hold]
            for pledge in pledges
            for cover in covers_of(session, pledge)
        ],
    }


def _columns(entity: Entity) -> dict[str, Any]:
    number = base64.b64encode(entity.personal_number).decode() if entity.personal_number is not None else None
    return {
        "standing": entity.standing.value,
        "claims": str(entity.claims_entity_id) if entity.claims_entity_id is not None else None,
        "merged_into": str(entity.merged_into) if entity.merged_into is not None else None,
        # As it stands in the register, encrypted.
        "personal_number": number,
        **{name: getattr(entity, name) for name in _IDENTIFIERS},
    }


def _channels_around(session: Session, claim: Entity, owner: Entity, pledges: Collection[Pledge]) -> list[Channel]:
    """Those of both, and those that the newer one's pledges name, whoever has them."""
    named = select(PledgeChannel.address).where(
        PledgeChannel.province_code == claim.province_code,
        PledgeChannel.pledge_id.in_([pledge.id for pledge in pledges]),
    )
    return list(
        session.scalars(
            select(Channel)
            .where(
                Channel.province_code == claim.province_code,
                Channel.entity_id.in_([claim.id, owner.id]) | Channel.address.in_(named),
            )
            .order_by(Channel.id)
        )
    )


def _obligation_ids(session: Session, *entities: Entity) -> list[uuid.UUID]:
    return [owed.obligation.id for entity in entities for owed in obligations_of(session, entity)]


# --- The way back ----------------------------------------------------------------------------------------------------


def restore(act: Act, dispute: Dispute) -> None:
    """Make the register say what it said before; raises `Conflict` where somebody has built upon the decision."""
    session, before = act.session, dispute.before
    claim_id = uuid.UUID(before["claim"]) if "claim" in before else dispute.claim_id
    claim = session.get_one(Entity, (act.province_code, claim_id), with_for_update=True)
    owner_id = next(uuid.UUID(each) for each in before["entities"] if each != str(claim.id))
    owner = session.get_one(Entity, (act.province_code, owner_id), with_for_update=True)
    pledges = _pledges(session, act.province_code, before["pledges"])
    now_there = _channels_around(session, claim, owner, pledges)
    _refuse_built_upon(session, dispute, before, claim, pledges, now_there)
    lock_obligations(session, [owed.obligation for each in (claim, owner) for owed in obligations_of(session, each)])
    counts = _unbind(act, claim, pledges, before)
    _forget_evidence(act, dispute, (claim.id, owner.id))
    for channel in now_there:
        was = before["channels"].get(str(channel.id))
        if was is not None and was != str(channel.entity_id or ""):
            back = session.get_one(Entity, (act.province_code, uuid.UUID(was))) if was else None
            counts += move_to_owner(session, channel, back, day=act.day)
    new = [channel for channel in now_there if str(channel.id) not in before["channels"]]
    opened = [each for each in _obligation_ids(session, claim, owner) if str(each) not in before["obligations"]]
    _remove(act, opened, new)
    for entity in (claim, owner):
        added = set(types_of(session, entity)) - set(before["types"][str(entity.id)])
        remove_types(session, entity, added, actor=act.actor, now=act.now)
    _give_columns_back((claim, owner), before["entities"], session)
    act.record("dispute.taken_back", dispute.id, {"claim": str(claim.id), "owner": str(owner.id)}, counts=counts)
    recompute_many(session, act.province_code, [claim.id, owner.id], actor=act.actor, now=act.now)
    unowned = [uuid.UUID(each) for each, was in before["channels"].items() if not was]
    recompute_unowned(session, act.province_code, unowned, actor=act.actor, now=act.now)
    session.flush()
    refresh(session, act.province_code, {claim.id, owner.id})


def _pledges(session: Session, province_code: str, ids: Iterable[str]) -> list[Pledge]:
    return list(
        session.scalars(
            select(Pledge)
            .where(Pledge.province_code == province_code, Pledge.id.in_([uuid.UUID(each) for each in ids]))
            .order_by(Pledge.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )


def _refuse_built_upon(
    session: Session,
    dispute: Dispute,
    before: dict[str, Any],
    claim: Entity,
    pledges: Collection[Pledge],
    channels: Collection[Channel],
) -> None:
    """Facts tell: whatever has been recorded since about one of these rests upon the decision."""
    touched = {claim.id, *(pledge.id for pledge in pledges), *(channel.id for channel in channels)}
    touched.update(uuid.UUID(each) for each in before["entities"])
    touched.update(_obligation_ids(session, claim))
    later = session.scalars(
        select(Fact.kind)
        .where(
            Fact.province_code == dispute.province_code,
            Fact.object_id.in_(touched),
            Fact.recorded_at > dispute.decided_at,
            Fact.kind.not_in(_HARMLESS),
        )
        .limit(1)
    ).first()
    signed = session.scalars(
        select(Pledge.reference)
        .where(
            Pledge.province_code == dispute.province_code,
            Pledge.entity_id == claim.id,
            Pledge.id.not_in([pledge.id for pledge in pledges]),
        )
        .limit(1)
    ).first()
    if later is not None or signed is not None:
        raise _built_upon()


def _built_upon() -> Conflict:
    return Conflict(
        N_(
            "Chưa hoàn tác được: sau quyết định này đã có việc khác dựa vào nó, hồ sơ, kênh hoặc nghĩa vụ đã thay đổi. "
            "Hãy sửa từng việc ở trang của đối tượng."
        )
    )


def _unbind(act: Act, claim: Entity, pledges: Collection[Pledge], before: dict[str, Any]) -> list[Count]:
    """The pledges stand under the newer one again and cover what they covered: of a claim nothing but bare entries."""
    session, claimed = act.session, before["entities"][str(claim.id)]["standing"] == Standing.CLAIMED.value
    touched: set[uuid.UUID | None] = set()
    for pledge in pledges:
        for cover in covers_of(session, pledge):
            touched.add(cover.obligation_id)
            session.delete(cover)
    session.flush()
    for pledge_id, entry_id, obligation_id, period, hold in before["covers"]:
        covered = uuid.UUID(obligation_id) if obligation_id else None
        touched.add(covered)
        session.add(
            PledgeCover(
                province_code=act.province_code,
                pledge_id=uuid.UUID(pledge_id),
                entry_id=entry_id,
                obligation_id=covered,
                period=period,
                hold=hold,
            )
        )
    session.flush()
    ids = [each for each in touched if each is not None]
    counts = settle_obligations(session, act.province_code, ids, now=act.now)
    if claimed:
        session.execute(
            update(PledgeChannel)
            .where(
                PledgeChannel.province_code == act.province_code,
                PledgeChannel.pledge_id.in_([pledge.id for pledge in pledges]),
            )
            .values(channel_id=None)
            .execution_options(synchronize_session="fetch")
        )
    for pledge in pledges:
        pledge.entity_id = uuid.UUID(before["pledges"][str(pledge.id)])
    session.flush()
    return counts


def _forget_evidence(act: Act, dispute: Dispute, entity_ids: Collection[uuid.UUID]) -> None:
    """What the decision wrote down as evidence; its fact and its reason stay."""
    act.session.execute(
        delete(Sighting)
        .where(
            Sighting.province_code == act.province_code,
            Sighting.entity_id.in_(entity_ids),
            Sighting.recorded_at == dispute.decided_at,
        )
        .execution_options(synchronize_session=False)
    )


def _remove(act: Act, obligation_ids: Collection[uuid.UUID], channels: Collection[Channel]) -> None:
    """What only the decision has brought into being; if anything hangs on it, somebody has built upon it."""
    session, rules = act.session, read_rules(act.session, act.province_code)
    obligations = session.scalars(
        select(Obligation)
        .where(
            Obligation.province_code == act.province_code,
            Obligation.id.in_(obligation_ids) | Obligation.channel_id.in_([channel.id for channel in channels]),
        )
        .order_by(Obligation.id)
        .execution_options(populate_existing=True)
    ).all()
    counts = []
    for obligation in obligations:
        entry: ObligationEntry = rules.entries[obligation.entry_id]
        entity = session.get(Entity, (act.province_code, obligation.entity_id)) if obligation.entity_id else None
        mine = []
        if obligation.scope in IN_SCOPE:
            types = rules.types[entry.id] & set(types_of(session, entity)) if entity else rules.types[entry.id]
            mine = [new_count(obligation, entry, entity, (DISTINCT, *sorted(types)), (-1, 0, 0))]
        act.record("obligation.removed", obligation.id, {"entry": entry.id}, counts=mine)
        counts += mine
    add_counts(session, act.province_code, counts, day=act.day)
    for channel in channels:
        act.record("channel.removed", channel.id)
    session.flush()
    ids = [channel.id for channel in channels]
    for model, where in (
        (Obligation, Obligation.id.in_([obligation.id for obligation in obligations])),
        (Sighting, Sighting.channel_id.in_(ids)),
        (Channel, Channel.id.in_(ids)),
    ):
        try:
            session.execute(
                delete(model)
                .where(model.province_code == act.province_code, where)
                .execution_options(synchronize_session=False)
            )
        except IntegrityError:
            raise _built_upon() from None
    session.expire_all()


def _give_columns_back(entities: Iterable[Entity], before: dict[str, Any], session: Session) -> None:
    """In two steps: what went from one to the other is unique, and neither may have it for a moment."""
    entities = list(entities)
    for entity in entities:
        said = before[str(entity.id)]
        entity.standing = Standing(said["standing"])
        entity.claims_entity_id = uuid.UUID(said["claims"]) if said["claims"] else None
        entity.merged_into = uuid.UUID(said["merged_into"]) if said["merged_into"] else None
        entity.tax_code = entity.personal_number_hash = None
    session.flush()
    for entity in entities:
        said = before[str(entity.id)]
        number = said["personal_number"]
        entity.personal_number = base64.b64decode(number) if number is not None else None
        for name in _IDENTIFIERS:
            setattr(entity, name, said[name])
    session.flush()
