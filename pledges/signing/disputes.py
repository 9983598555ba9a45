"""Opening a dispute when a signer or a list names what is another's, telling both neutrally, and what stands."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.audit.operations import SYSTEM, record
from pledges.core.db import new_id
from pledges.messaging.operations import queue_message
from pledges.plans.queries import get_agency
from pledges.registry.claims import Contested, contested
from pledges.registry.families import family
from pledges.registry.matching import survivor
from pledges.registry.models import Channel, Contact, Entity, Standing
from pledges.signing.address_moves import Post
from pledges.signing.claims import named_channels, pledges_under
from pledges.signing.dispute_models import Dispute, DisputeState, Side
from pledges.signing.dispute_rules import OPEN
from pledges.signing.models import Pledge, PledgeChannel, PledgeState
from pledges.signing.rules import OPEN_STATES

TAX_CODE = "tax_code"

LAPSE_DISPUTES = "lapse_disputes"
LAPSE_DISPUTES_SECONDS = 300.0

Key = tuple[str, uuid.UUID]
"""Province and id of a dispute."""


@dataclass(frozen=True)
class Sides:
    """Both entities of a dispute as they stand today, and what both name."""

    claim: Entity
    owner: Entity
    contested: Contested
    pledges: list[Pledge]
    """Signed by the newer one."""


# --- Opening ---------------------------------------------------------------------------------------------------------


def watch_claims(session: Session, signed: Iterable[Pledge], *, now: datetime, post: Post) -> None:
    """After signing: open a dispute where the pledges name a channel or tax code that somebody confirmed holds.

    Where the newer one names it no more, the dispute lapses. A personal number alone opens none: a letter about it
    would tell whoever typed it whether that person is registered.
    """
    for pledge in signed:
        claim = survivor(session, session.get_one(Entity, (pledge.province_code, pledge.entity_id)))
        owners = {owner.id: owner for owner in _owners_of_named(session, claim, pledge)}
        for dispute in _open_of(session, claim):
            if dispute.owner_id not in owners:
                lapse(session, dispute, now)
        for owner in owners.values():
            about = _about(session, pledge, owner)
            if is_confirmed(session, owner):
                open_once(session, claim, owner, about, agency_code=pledge.agency_code, now=now, post=post)


def open_once(
    session: Session,
    claim: Entity,
    owner: Entity,
    about: list[str],
    *,
    agency_code: str,
    now: datetime,
    post: Post,
    import_id: uuid.UUID | None = None,
) -> None:
    """Unless it is in dispute between these two already, or a person has decided about all of it."""
    if not _known(session, claim, owner, about):
        _open(session, claim, owner, agency_code, about, now, post, import_id)


def _about(session: Session, pledge: Pledge, owner: Entity) -> list[str]:
    """What this pledge names of the other's: addresses of channels, and `tax_code`."""
    named = session.scalars(
        select(Channel.address)
        .join(
            PledgeChannel,
            (PledgeChannel.province_code == Channel.province_code) & (PledgeChannel.address == Channel.address),
        )
        .where(
            Channel.province_code == pledge.province_code,
            PledgeChannel.pledge_id == pledge.id,
            Channel.entity_id.in_(family(session, owner)),
        )
    )
    same = owner.tax_code is not None and pledge.answers.get("tax_code") == owner.tax_code
    return sorted(named) + ([TAX_CODE] if same else [])


def _known(session: Session, claim: Entity, owner: Entity, about: list[str]) -> bool:
    rows = session.scalars(
        select(Dispute).where(
            Dispute.province_code == claim.province_code,
            Dispute.claim_id.in_(family(session, claim)),
            Dispute.owner_id.in_(family(session, owner)),
            Dispute.state != DisputeState.LAPSED,
        )
    )
    return any(row.state in OPEN or set(about) <= set(row.about) for row in rows)


def _owners_of_named(session: Session, claim: Entity, pledge: Pledge) -> list[Entity]:
    """The other registered entities that hold the tax code or a channel of this pledge."""
    named = select(PledgeChannel.address).where(
        PledgeChannel.province_code == pledge.province_code, PledgeChannel.pledge_id == pledge.id
    )
    holders = select(Channel.entity_id).where(
        Channel.province_code == pledge.province_code, Channel.address.in_(named), Channel.entity_id.is_not(None)
    )
    found = list(
        session.scalars(select(Entity).where(Entity.province_code == claim.province_code, Entity.id.in_(holders)))
    )
    tax_code = pledge.answers.get("tax_code")
    if tax_code:
        found += session.scalars(
            select(Entity).where(
                Entity.province_code == claim.province_code,
                Entity.tax_code == tax_code,
                Entity.standing == Standing.REGISTERED,
            )
        )
    owners = {owner.id: owner for owner in (survivor(session, each) for each in found)}
    return [owner for owner in owners.values() if owner.id != claim.id]


def is_confirmed(session: Session, owner: Entity) -> bool:
    """Whether somebody stands behind the registered one: a contact that a code has confirmed, or a pledge."""
    ids = family(session, owner)
    contact = select(Contact.id).where(
        Contact.province_code == owner.province_code,
        Contact.entity_id.in_(ids),
        Contact.verified_at.is_not(None),
        Contact.ended_at.is_(None),
    )
    if session.scalar(contact.limit(1)) is not None:
        return True
    return _has_pledge(session, owner)


def _has_pledge(session: Session, entity: Entity) -> bool:
    standing = select(Pledge.id).where(
        Pledge.province_code == entity.province_code,
        Pledge.entity_id.in_(family(session, entity)),
        Pledge.state.in_([*OPEN_STATES, PledgeState.APPROVED]),
    )
    return session.scalar(standing.limit(1)) is not None


TELL_OWNER_AGAIN = timedelta(days=1)
"""Whoever signs with many mailboxes opens many disputes; one letter a day tells their target all that can be told."""


def _open(
    session: Session,
    claim: Entity,
    owner: Entity,
    agency_code: str,
    about: list[str],
    now: datetime,
    post: Post,
    import_id: uuid.UUID | None,
) -> None:
    told = _told_lately(session, owner, now)
    dispute = Dispute(
        province_code=claim.province_code,
        id=new_id(),
        claim_id=claim.id,
        owner_id=owner.id,
        agency_code=agency_code,
        state=DisputeState.OPEN,
        revision=0,
        opened_at=now,
        about=about,
        import_id=import_id,
    )
    session.add(dispute)
    session.flush()
    _record(session, dispute, "dispute.opened", now)
    by: dict[str, Any] = {"by": "list"} if import_id is not None else {}
    for side in Side:
        if side is Side.CLAIM or not told:
            tell(session, dispute, side, "dispute_opened", cause=str(dispute.id), now=now, post=post, **by)


def _told_lately(session: Session, owner: Entity, now: datetime) -> bool:
    lately = select(Dispute.id).where(
        Dispute.province_code == owner.province_code,
        Dispute.owner_id.in_(family(session, owner)),
        Dispute.opened_at > now - TELL_OWNER_AGAIN,
    )
    return session.scalar(lately.limit(1)) is not None


def lapse_idle(session: Session, province_code: str, now: datetime) -> int:
    """Let disputes go of whose newer side no pledge stands any more: withdrawn, refused, revoked, erased.

    What a list has named stays until somebody decides.
    """
    waiting = session.scalars(
        select(Dispute)
        .where(
            Dispute.province_code == province_code,
            Dispute.state.in_(OPEN),
            Dispute.import_id.is_(None),
        )
        .order_by(Dispute.id)
        .with_for_update(skip_locked=True)
    ).all()
    idle = [each for each in waiting if not _upheld(session, each)]
    for dispute in idle:
        lapse(session, dispute, now)
    return len(idle)


def _upheld(session: Session, dispute: Dispute) -> bool:
    claim = survivor(session, session.get_one(Entity, (dispute.province_code, dispute.claim_id)))
    return _has_pledge(session, claim)


def lapse(session: Session, dispute: Dispute, now: datetime) -> None:
    dispute.state, dispute.revision = DisputeState.LAPSED, dispute.revision + 1
    _record(session, dispute, "dispute.lapsed", now)


def _record(session: Session, dispute: Dispute, kind: str, now: datetime, **more: object) -> None:
    record(
        session,
        kind,
        province_code=dispute.province_code,
        object_id=dispute.id,
        actor=SYSTEM,
        now=now,
        data={"claim": str(dispute.claim_id), "owner": str(dispute.owner_id), **more},
    )


# --- What stands -----------------------------------------------------------------------------------------------------


def _open_of(session: Session, claim: Entity) -> Sequence[Dispute]:
    return session.scalars(
        select(Dispute)
        .where(
            Dispute.province_code == claim.province_code,
            Dispute.claim_id.in_(family(session, claim)),
            Dispute.state.in_(OPEN),
        )
        .with_for_update()
    ).all()


def sides_of(session: Session, dispute: Dispute) -> Sides:
    """While it is open the newer side is who stands for it today, unless both have become one by merging."""
    claim = session.get_one(Entity, (dispute.province_code, dispute.claim_id))
    owner = survivor(session, session.get_one(Entity, (dispute.province_code, dispute.owner_id)))
    rows = [claim]
    if dispute.state in OPEN and (end := survivor(session, claim)).id not in (claim.id, owner.id):
        claim, rows = end, [end, *_merged_rows(session, end)]
    pledges = [pledge for row in rows for pledge in pledges_under(session, row)]
    named = {each.address for row in rows for each in named_channels(session, row)}
    if dispute.import_id is not None:
        named.update(dispute.about)
    what = contested(session, claim, owner, sorted(named))
    typed = {pledge.answers.get("tax_code") for pledge in pledges} - {None, ""}
    shared = what.tax_code or (owner.tax_code is not None and owner.tax_code in typed)
    return Sides(claim, owner, Contested(shared, what.personal_number, what.channels), pledges)


def _merged_rows(session: Session, entity: Entity) -> list[Entity]:
    ids = [each for each in family(session, entity) if each != entity.id]
    return [session.get_one(Entity, (entity.province_code, each)) for each in ids]


# --- Letters ---------------------------------------------------------------------------------------------------------


def addresses_of(session: Session, dispute: Dispute, side: Side) -> list[str]:
    """Where one side is reached: confirmed contacts of the register, or else the address of the newest pledge."""
    entity_id = dispute.claim_id if side is Side.CLAIM else dispute.owner_id
    entity = survivor(session, session.get_one(Entity, (dispute.province_code, entity_id)))
    ids = family(session, entity) if side is Side.OWNER else [dispute.claim_id]
    confirmed = session.scalars(
        select(Contact.value)
        .where(
            Contact.province_code == dispute.province_code,
            Contact.entity_id.in_(ids),
            Contact.kind == "email",
            Contact.verified_at.is_not(None),
            Contact.ended_at.is_(None),
        )
        .order_by(Contact.value)
    ).all()
    signed = session.scalars(
        select(Pledge.contact_email)
        .where(Pledge.province_code == dispute.province_code, Pledge.entity_id.in_(ids), Pledge.contact_email != "")
        .order_by(Pledge.signed_at.desc())
        .limit(1)
    ).all()
    # The address of the last signature first: of a firm with many contacts it is the one that somebody reads.
    return list(dict.fromkeys([*signed, *confirmed]))[:3]


def tell(
    session: Session,
    dispute: Dispute,
    side: Side,
    kind: str,
    *,
    cause: str,
    now: datetime,
    post: Post,
    secret_params: dict[str, str] | None = None,
    addresses: Sequence[str] | None = None,
    **params: object,
) -> None:
    """One letter to everybody on one side, never naming the other. `addresses`: theirs of before, where it matters."""
    agency = get_agency(session, dispute.province_code, dispute.agency_code)
    if addresses is None:
        addresses = addresses_of(session, dispute, side)
    for number, address in enumerate(addresses):
        queue_message(
            session,
            province_code=dispute.province_code,
            kind=kind,
            to_address=address,
            dedupe_key=f"{kind}:{cause}:{side.value}:{number}",
            params={"agency_name": agency.name, "side": side.value, **params},
            secret_params=secret_params,
            language="vi",
            now=now,
            vault=post.vault,
        )
