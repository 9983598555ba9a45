"""Moving a file from one e-mail address to another, with everything that the former one could open; and back."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, or_, select, update
from sqlalchemy.orm import Session

from pledges.audit.operations import Actor
from pledges.core.errors import N_, Conflict
from pledges.core.secrecy import Vault
from pledges.messaging.operations import queue_message
from pledges.plans.queries import get_agency
from pledges.registry.acts import Act
from pledges.registry.adding import add_contact
from pledges.registry.families import family
from pledges.registry.matching import survivor
from pledges.registry.models import Contact, Entity
from pledges.registry.search_documents import refresh
from pledges.signing.address_models import AddressChange
from pledges.signing.codes import CodePurpose
from pledges.signing.letters import file_link
from pledges.signing.models import ConfirmationCode, ConsentWithdrawal, Draft, Pledge
from pledges.signing.reopening import end_drafts


@dataclass(frozen=True)
class Post:
    """What letters need beside their words."""

    vault: Vault
    public_url: str


def moved_with(session: Session, pledge: Pledge, address: str) -> Sequence[Pledge]:
    """The pledges that this agency holds of the same subject at the same address, locked: one mailbox reads them all.

    Those of other agencies stay: each decides about the files that it holds.
    """
    return session.scalars(
        select(Pledge)
        .where(
            Pledge.province_code == pledge.province_code,
            Pledge.agency_code == pledge.agency_code,
            Pledge.contact_email == address,
            or_(Pledge.id == pledge.id, Pledge.entity_id == pledge.entity_id),
        )
        .order_by(Pledge.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def move_file(
    session: Session, change: AddressChange, pledge: Pledge, *, actor: Actor, now: datetime
) -> Sequence[Pledge]:
    """Let the file, and the register, know the new address and no more the old one; which pledges moved."""
    act = Act(session, change.province_code, actor, now)
    pledges = moved_with(session, pledge, change.old_email)
    for each in pledges:
        _readdress(session, each, change.new_email, now)
    entity = survivor(session, session.get_one(Entity, (pledge.province_code, pledge.entity_id)))
    ended = _end_contacts(act, entity, change.old_email)
    added = _add_contact(act, entity, change.new_email)
    change.done_at = now
    change.applied = {
        "pledges": [f"{each.id}:{each.revision}" for each in pledges],
        "ended": [str(each) for each in ended],
        "added": [str(each) for each in added],
    }
    session.flush()
    refresh(session, change.province_code, [entity.id])
    act.record("mailbox.changed", change.id, {"pledge": str(pledge.id), "pledges": len(pledges)})
    return pledges


def move_back(session: Session, change: AddressChange, *, actor: Actor, now: datetime) -> None:
    """Give the file back to its old address, while nothing has been done from the new one."""
    act = Act(session, change.province_code, actor, now)
    for pledge, revision in _moved(session, change):
        if pledge.revision != revision or pledge.contact_email != change.new_email or _touched(session, pledge, change):
            raise Conflict(
                N_(
                    "Chưa hoàn tác được: sau khi chuyển hộp thư, hồ sơ %(reference)s đã có việc khác được làm. "
                    "Nếu hộp thư vẫn sai, hãy nhờ người ký gửi yêu cầu mới."
                ),
                reference=pledge.reference,
            )
        _readdress(session, pledge, change.old_email, now)
    for key, ended_at in (("ended", None), ("added", now)):
        for contact_id in change.applied[key]:
            contact = session.get_one(Contact, (change.province_code, uuid.UUID(contact_id)))
            contact.ended_at = ended_at
            act.record("contact.changed", contact.id, {"changed": ["ended"], "entity": str(contact.entity_id)})
    change.done_at, change.applied = None, {}
    session.flush()
    pledge = session.get_one(Pledge, (change.province_code, change.pledge_id))
    entity = survivor(session, session.get_one(Entity, (pledge.province_code, pledge.entity_id)))
    refresh(session, change.province_code, [entity.id])


def _moved(session: Session, change: AddressChange) -> list[tuple[Pledge, int]]:
    revisions = {uuid.UUID(key): int(number) for key, _, number in map(_split, change.applied["pledges"])}
    pledges = session.scalars(
        select(Pledge)
        .where(Pledge.province_code == change.province_code, Pledge.id.in_(revisions))
        .order_by(Pledge.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return [(pledge, revisions[pledge.id]) for pledge in pledges]


def _split(moved: str) -> tuple[str, str, str]:
    return moved.partition(":")


def _touched(session: Session, pledge: Pledge, change: AddressChange) -> bool:
    """Whether somebody with the new mailbox has begun to sign again, or taken a consent back."""
    draft = exists().where(
        Draft.pledge_province == pledge.province_code, Draft.pledge_id == pledge.id, Draft.created_at > change.done_at
    )
    consent = exists().where(
        ConsentWithdrawal.province_code == pledge.province_code,
        ConsentWithdrawal.pledge_id == pledge.id,
        ConsentWithdrawal.withdrawn_at > change.done_at,
    )
    return bool(session.scalar(select(or_(draft, consent))))


def _readdress(session: Session, pledge: Pledge, address: str, now: datetime) -> None:
    """From now on only who reads this address opens the file: drafts, links and codes of before are dead.

    Sessions end by `contact_since`, and a code that opens the file counts only from the address that it has today.
    """
    pledge.contact_email, pledge.contact_since = address, now
    end_drafts(session, pledge, now)
    session.execute(
        update(ConfirmationCode)
        .where(
            ConfirmationCode.subject_id == pledge.id,
            ConfirmationCode.purpose.in_([CodePurpose.WITHDRAW, CodePurpose.WITHDRAW_CONSENT]),
            ConfirmationCode.used_at.is_(None),
            ConfirmationCode.void_at.is_(None),
        )
        .values(void_at=now)
    )


def _end_contacts(act: Act, entity: Entity, address: str) -> list[uuid.UUID]:
    """Nobody is reached there any more, and whoever reads it now is not who is registered."""
    contacts = act.session.scalars(
        select(Contact).where(
            Contact.province_code == entity.province_code,
            Contact.entity_id.in_(family(act.session, entity)),
            Contact.kind == "email",
            Contact.value == address,
            Contact.ended_at.is_(None),
        )
    ).all()
    for contact in contacts:
        contact.ended_at = act.now
        act.record("contact.changed", contact.id, {"changed": ["ended"], "entity": str(contact.entity_id)})
    return [contact.id for contact in contacts]


def _add_contact(act: Act, entity: Entity, address: str) -> list[uuid.UUID]:
    """The id of the contact, unless it was a living one already: then taking back leaves it."""
    known = act.session.scalars(
        select(Contact.id).where(
            Contact.province_code == entity.province_code,
            Contact.entity_id == entity.id,
            Contact.kind == "email",
            Contact.value == address,
            Contact.ended_at.is_(None),
        )
    ).first()
    contact = add_contact(act.session, entity, "email", address, actor=act.actor, now=act.now)
    if contact.verified_at is None:
        contact.verified_at = act.now
    return [] if known is not None else [contact.id]


# --- Letters ---------------------------------------------------------------------------------------------------------


def tell_both(
    session: Session,
    change: AddressChange,
    outcome: str,
    *,
    now: datetime,
    post: Post,
    message: str | None = None,
    only_new: bool = False,
) -> None:
    """One letter to each of the two addresses, whose `side` says to which. `outcome`: `changed`, `stopped`, `refused`,
    `overtaken` (by another request, said only to the new one) or `moved_back`."""
    pledge = session.get_one(Pledge, (change.province_code, change.pledge_id))
    agency = get_agency(session, change.province_code, change.agency_code)
    sides = (("old", change.old_email), ("new", change.new_email))
    for side, address in sides[1:] if only_new else sides:
        said = {"message": message} if message is not None and side == "new" else {}
        queue_message(
            session,
            province_code=change.province_code,
            kind="mailbox_outcome",
            to_address=address,
            dedupe_key=f"mailbox_outcome:{change.id}:{change.revision}:{side}",
            params={
                "reference": pledge.reference,
                "agency_name": agency.name,
                "side": side,
                "outcome": outcome,
                "link": file_link(post.public_url, pledge),
                **said,
            },
            language=pledge.language if side == "old" else change.language,
            now=now,
            vault=post.vault,
        )
