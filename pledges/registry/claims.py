"""Claims on what is registered for somebody else, and disputed corrections: what a person sees and decides of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from pledges.audit.models import Fact
from pledges.core.aliases import shared_alias
from pledges.core.errors import N_, Conflict, NotFound
from pledges.registry.acts import Act
from pledges.registry.counters import lock_entity, move_to_owner
from pledges.registry.counts import Count
from pledges.registry.deciding import Key
from pledges.registry.matching import survivor
from pledges.registry.models import Channel, Entity, Standing
from pledges.registry.obligations import recompute_unowned


class Verdict(StrEnum):
    SAME = "same"
    """It is the registered subject: what was declared completes it, what was signed holds for it."""
    OTHER = "other"
    """It is a subject of its own; what both name stays with the registered one."""
    OTHER_TAKES = "other_takes"
    """It is a subject of its own, and what both name is its."""
    BOTH = "both"
    """Two subjects that share what both name, such as branches; in the register it stays with the registered one."""
    NEITHER = "neither"
    """Two subjects, and what both name is of neither: a website goes on without a known owner."""
    REJECTED = "rejected"
    """It is nobody who has a say here; it stays without any effect."""


@dataclass(frozen=True)
class Contested:
    """What two entities both name."""

    tax_code: bool
    personal_number: bool
    channels: tuple[Channel, ...]

    def __bool__(self) -> bool:
        return self.tax_code or self.personal_number or bool(self.channels)


def open_claims(session: Session, province_code: str, *, most: int = 200) -> list[Entity]:
    """Claims that nobody has decided yet, oldest first."""
    return list(
        session.scalars(
            select(Entity)
            .where(
                Entity.province_code == province_code,
                Entity.standing == Standing.CLAIMED,
                Entity.claims_entity_id.is_not(None),
                Entity.merged_into.is_(None),
            )
            .order_by(Entity.added_at, Entity.id)
            .limit(most)
        )
    )


_Settled = shared_alias(Fact, "settled")


def open_disputes(session: Session, province_code: str, *, most: int = 200) -> list[Fact]:
    """Corrections by a signer that named what is another's, and that nobody has looked at since."""
    settled = exists().where(
        _Settled.province_code == Fact.province_code,
        _Settled.object_id == Fact.object_id,
        _Settled.kind == "entity.dispute_settled",
        _Settled.recorded_at >= Fact.recorded_at,
    )
    return list(
        session.scalars(
            select(Fact)
            .where(Fact.province_code == province_code, Fact.kind == "entity.disputed", ~settled)
            .order_by(Fact.recorded_at, Fact.id)
            .limit(most)
        )
    )


def has_open_dispute(session: Session, entity: Entity) -> bool:
    latest = session.scalars(
        select(Fact.kind)
        .where(
            Fact.province_code == entity.province_code,
            Fact.object_id == entity.id,
            Fact.kind.in_(["entity.disputed", "entity.dispute_settled"]),
        )
        .order_by(Fact.recorded_at.desc(), Fact.id.desc())
        .limit(1)
    ).first()
    return latest == "entity.disputed"


def claimed_entity(session: Session, claim: Entity) -> Entity:
    """The registered entity that a claim is about."""
    if claim.claims_entity_id is None:
        raise NotFound
    return survivor(session, session.get_one(Entity, (claim.province_code, claim.claims_entity_id)))


def contested(session: Session, claim: Entity, owner: Entity, addresses: Iterable[str]) -> Contested:
    """What the claim and the registered one both name; `addresses`: the channels that the claim's pledges name."""
    channels = session.scalars(
        select(Channel)
        .where(
            Channel.province_code == claim.province_code,
            Channel.address.in_(list(addresses)),
            Channel.entity_id == owner.id,
        )
        .order_by(Channel.id)
    ).all()
    return Contested(
        tax_code=claim.tax_code is not None and claim.tax_code == owner.tax_code,
        personal_number=claim.personal_number_hash is not None
        and claim.personal_number_hash == owner.personal_number_hash,
        channels=tuple(channels),
    )


def lock_claim(session: Session, key: Key) -> tuple[Entity, Entity]:
    """The claim and the entity it is about, locked; of several who decide at once the second learns it kindly."""
    claim = session.get(Entity, key)
    if claim is None:
        raise NotFound
    owner_id = claim.claims_entity_id
    rows = session.scalars(
        select(Entity)
        .where(Entity.province_code == key[0], Entity.id.in_([claim.id, *([owner_id] if owner_id else [])]))
        .order_by(Entity.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    claim = next(row for row in rows if row.id == key[1])
    if claim.standing is not Standing.CLAIMED or claim.claims_entity_id is None:
        raise Conflict(N_("Việc trùng này vừa được người khác xử lý. Bạn không cần làm gì thêm."))
    owner = claimed_entity(session, claim)
    lock_entity(session, owner)
    return claim, owner


def complete_registered(claim: Entity, owner: Entity) -> list[str]:
    """Give the registered entity the identifiers that it lacked; returns their names."""
    filled = []
    if owner.tax_code is None and claim.tax_code is not None:
        owner.tax_code = claim.tax_code
        filled.append("tax_code")
    if owner.personal_number_hash is None and claim.personal_number_hash is not None:
        owner.personal_number, owner.personal_number_hash = claim.personal_number, claim.personal_number_hash
        owner.personal_number_last4 = claim.personal_number_last4
        filled.append("personal_number")
    return filled


def give_identifiers_up(entity: Entity, what: Contested) -> None:
    if what.tax_code:
        entity.tax_code = None
    if what.personal_number:
        entity.personal_number = entity.personal_number_hash = entity.personal_number_last4 = None


def move_channels(act: Act, channels: Iterable[Channel], owner: Entity | None) -> list[Count]:
    """Give them to this owner, or (None) to nobody who is known; websites then owe what they owe by themselves."""
    counts: list[Count] = []
    moved = list(channels)
    for channel in moved:
        counts += move_to_owner(act.session, channel, owner, day=act.day)
    if owner is None:
        ids = [channel.id for channel in moved]
        recompute_unowned(act.session, act.province_code, ids, actor=act.actor, now=act.now)
    return counts
