"""Deciding a claim on another's entry, together with what was signed under it (`model.md` 13, 23)."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pledges.accounts.models import Staff
from pledges.accounts.operations import actor_of
from pledges.accounts.permissions import Action, Place, require
from pledges.core.channels import canonical_channel
from pledges.core.errors import N_, Conflict, DomainError, NotFound
from pledges.core.text import clean_block
from pledges.registry.acts import Act
from pledges.registry.adding_rows import Seen, give_owner, write_channel, write_sighting
from pledges.registry.claims import (
    Contested,
    Verdict,
    complete_registered,
    contested,
    give_identifiers_up,
    lock_claim,
    move_channels,
)
from pledges.registry.clashes import refuse_number_hash, refuse_tax_code
from pledges.registry.counts import Count
from pledges.registry.deciding import LONGEST_NOTE, Key
from pledges.registry.families import family
from pledges.registry.matching import survivor
from pledges.registry.models import Channel, Entity, Standing
from pledges.registry.obligations import recompute_many
from pledges.registry.queries import find_channel, types_of
from pledges.registry.restrictions import spread
from pledges.registry.rules import OFFICER, SELF_DECLARED
from pledges.registry.search_documents import refresh
from pledges.registry.subject_types import add_types
from pledges.signing.covering import bind_waiting
from pledges.signing.dispute_models import Dispute, DisputeState
from pledges.signing.dispute_queries import open_dispute_of
from pledges.signing.dispute_rules import states_before
from pledges.signing.dispute_undoing import standing_before
from pledges.signing.models import Pledge, PledgeChannel, PledgeCover
from pledges.signing.states import settle


@dataclass(frozen=True)
class Claim:
    """Both sides of a claim, with what was signed under it."""

    claim: Entity
    owner: Entity
    contested: Contested
    pledges: list[Pledge]


def named_channels(session: Session, entity: Entity) -> list[PledgeChannel]:
    """The channels that the pledges of an entity name, each address once."""
    rows = session.scalars(
        select(PledgeChannel)
        .join(
            Pledge,
            (Pledge.province_code == PledgeChannel.province_code) & (Pledge.id == PledgeChannel.pledge_id),
        )
        .where(Pledge.province_code == entity.province_code, Pledge.entity_id == entity.id)
        .order_by(PledgeChannel.id)
    )
    return list({row.address: row for row in rows}.values())


def pledges_under(session: Session, entity: Entity) -> list[Pledge]:
    return list(
        session.scalars(
            select(Pledge)
            .where(Pledge.province_code == entity.province_code, Pledge.entity_id == entity.id)
            .order_by(Pledge.signed_at, Pledge.id)
        )
    )


def pledges_of_claims(session: Session, province_code: str, agency_code: str, *, most: int = 100) -> list[Pledge]:
    """The pledges of one agency that still stand under a claim, decided against or not, oldest first."""
    standing = select(PledgeCover.pledge_id).where(
        PledgeCover.province_code == province_code, PledgeCover.hold != "ended"
    )
    return list(
        session.scalars(
            select(Pledge)
            .join(Entity, (Entity.province_code == Pledge.province_code) & (Entity.id == Pledge.entity_id))
            .where(
                Pledge.province_code == province_code,
                Pledge.agency_code == agency_code,
                Entity.standing == Standing.CLAIMED,
                Pledge.id.in_(standing),
            )
            .order_by(Pledge.signed_at, Pledge.id)
            .limit(most)
        )
    )


def both_sides(session: Session, claim: Entity, owner: Entity) -> Claim:
    addresses = [row.address for row in named_channels(session, claim)]
    return Claim(claim, owner, contested(session, claim, owner, addresses), pledges_under(session, claim))


def decide_claim(
    session: Session, key: Key, verdict: Verdict, *, note: str, staff: Staff, now: datetime, seen: int | None = None
) -> Entity:
    """Decide what a claim is; returns the entity that stands for it from now on.

    What was signed under it then covers what that entity owes and nobody else holds, and the counters follow. The
    reason becomes evidence about that entity. A dispute between the two is decided with it, by its own agency and as it
    was `seen`.
    """
    require(staff, Action.CLAIM_DECIDE, Place(key[0]))
    note = said_why(note)
    claim, owner = lock_claim(session, key)
    dispute = open_dispute_of(session, claim, owner)
    if dispute is not None:
        take_dispute(session, dispute, verdict, note, staff, now, seen=seen)
    sides = both_sides(session, claim, owner)
    before = standing_before(session, claim, owner, sides.pledges)
    act = Act(session, key[0], actor_of(staff), now)
    counts: list[Count] = []
    match verdict:
        case Verdict.SAME:
            entity = _join(act, sides)
        case Verdict.REJECTED:
            claim.claims_entity_id = None
            entity = claim
        case _:
            entity, counts = claim, _separate(act, sides, verdict)
    if verdict is not Verdict.REJECTED:
        nobodys = {channel.id for channel in sides.contested.channels} if verdict is Verdict.NEITHER else set()
        counts = [*counts, *_follow(act, sides, entity, nobodys)]
    _keep_reason(act, entity, note, staff)
    act.record("entity.claim_decided", claim.id, {"verdict": verdict.value, "claims": str(owner.id)}, counts=counts)
    if dispute is not None:
        dispute.before = before
        act.record("dispute.decided", dispute.id, {"verdict": verdict.value})
    session.flush()
    refresh(session, key[0], {claim.id, owner.id})
    return entity


def said_why(note: str) -> str:
    note = clean_block(note, most=LONGEST_NOTE, field="note")
    if not note:
        raise DomainError(N_("Hãy ghi căn cứ của quyết định, để đồng nghiệp xem lại được."), field="note")
    return note


def take_dispute(
    session: Session,
    dispute: Dispute,
    verdict: Verdict,
    note: str,
    staff: Staff,
    now: datetime,
    *,
    seen: int | None = None,
) -> None:
    """Take the dispute for this decision, as it was `seen`; of several at once one gets it, the others learn it."""
    require(staff, Action.DISPUTE_DECIDE, Place(dispute.province_code, dispute.agency_code))
    taken = session.execute(
        update(Dispute)
        .where(
            Dispute.province_code == dispute.province_code,
            Dispute.id == dispute.id,
            Dispute.state.in_(states_before(DisputeState.DECIDED)),
            *([Dispute.revision == seen] if seen is not None else []),
        )
        .values(
            state=DisputeState.DECIDED,
            revision=Dispute.revision + 1,
            verdict=verdict.value,
            note=note,
            decided_by=staff.id,
            decided_at=now,
        )
        .returning(Dispute.id)
        .execution_options(synchronize_session=False)
    ).first()
    if taken is None:
        raise Conflict(N_("Tranh chấp này vừa được xử lý hoặc vừa có giấy tờ mới. Chưa ghi gì thêm; hãy xem lại."))
    session.refresh(dispute)


def _join(act: Act, sides: Claim) -> Entity:
    """The claim stands no more for itself; its confirmed address is one of the registered entity from now on."""
    claim, owner = sides.claim, sides.owner
    claim.standing, claim.merged_into = Standing.REGISTERED, owner.id
    act.session.flush()
    spread(act.session, act.province_code, family(act.session, owner), now=act.now)
    _refuse_third(act, claim, owner)
    filled = complete_registered(claim, owner)
    if filled:
        act.record("entity.identified", owner.id, {"identifiers": filled})
    add_types(act.session, owner, types_of(act.session, claim), actor=act.actor, now=act.now)
    act.session.execute(
        update(Pledge)
        .where(Pledge.province_code == claim.province_code, Pledge.entity_id == claim.id)
        .values(entity_id=owner.id)
        .execution_options(synchronize_session="fetch")
    )
    return owner


def _separate(act: Act, sides: Claim, verdict: Verdict) -> list[Count]:
    """Two subjects: what both name stays with the registered one, goes over to the other, or is nobody's."""
    claim, owner, what = sides.claim, sides.owner, sides.contested
    if verdict is not Verdict.OTHER_TAKES:
        give_identifiers_up(claim, what)
    if verdict in (Verdict.OTHER_TAKES, Verdict.NEITHER):
        give_identifiers_up(owner, what)
    act.session.flush()
    _refuse_third(act, claim, claim)
    claim.standing, claim.claims_entity_id = Standing.REGISTERED, None
    act.session.flush()
    counts: list[Count] = []
    if verdict in (Verdict.OTHER_TAKES, Verdict.NEITHER):
        counts = move_channels(act, what.channels, claim if verdict is Verdict.OTHER_TAKES else None)
    recompute_many(act.session, act.province_code, [owner.id], actor=act.actor, now=act.now)
    return counts


def _refuse_third(act: Act, claim: Entity, own: Entity) -> None:
    """What a third entity of the register has cannot be decided between these two."""
    refuse_tax_code(act.session, act.province_code, claim.tax_code, own=own)
    if claim.personal_number_hash is not None:
        refuse_number_hash(act.session, act.province_code, claim.personal_number_hash, own=own)


def _keep_reason(act: Act, entity: Entity, note: str, staff: Staff) -> None:
    write_sighting(act, Seen(OFFICER, act.day, note=note, staff_id=staff.id), entity, None)


def _follow(act: Act, sides: Claim, entity: Entity, nobodys: Collection[uuid.UUID] = ()) -> list[Count]:
    """What the entity owes now, and what the pledges that were signed under the claim cover of it.

    `nobodys`: channels that are to find no owner by this.
    """
    session = act.session
    seen = Seen(SELF_DECLARED, act.day)
    write_sighting(act, seen, entity, None)
    for row in _named_by(session, sides.pledges):
        channel = _channel(act, row, entity, seen, nobodys)
        row.channel_id = channel.id
    session.flush()
    recompute_many(session, act.province_code, [entity.id], actor=act.actor, now=act.now, declared=True)
    counts: list[Count] = []
    for pledge in bind_waiting(session, entity):
        counts += settle(session, pledge, now=act.now)
    return counts


def _named_by(session: Session, pledges: Iterable[Pledge]) -> list[PledgeChannel]:
    """The named channels of pledges that still stand."""
    standing = select(PledgeCover.pledge_id).where(PledgeCover.hold != "ended")
    return list(
        session.scalars(
            select(PledgeChannel)
            .where(
                PledgeChannel.pledge_id.in_([pledge.id for pledge in pledges]),
                PledgeChannel.pledge_id.in_(standing),
            )
            .order_by(PledgeChannel.id)
        )
    )


def _channel(act: Act, row: PledgeChannel, entity: Entity, seen: Seen, nobodys: Collection[uuid.UUID]) -> Channel:
    """The registered channel of this address: new, found without owner, or whoever's it is."""
    known = find_channel(act.session, act.province_code, row.address)
    if known is None:
        return write_channel(act, entity, canonical_channel(row.address, platform_itself=True), seen)
    if known.entity_id is None and known.id not in nobodys:
        give_owner(act, known, entity)
    return known


def settle_dispute(session: Session, key: Key, *, note: str, staff: Staff, now: datetime) -> None:
    """A person has looked at a correction that named what is another's, and leaves both as they are."""
    require(staff, Action.CLAIM_DECIDE, Place(key[0]))
    note = said_why(note)
    entity = session.get(Entity, key)
    if entity is None:
        raise NotFound
    act = Act(session, key[0], actor_of(staff), now)
    _keep_reason(act, survivor(session, entity), note, staff)
    act.record("entity.dispute_settled", entity.id)
