"""Who a request is about: every row of the register that stands for them, their pledges and their addresses."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.registry.families import family
from pledges.registry.models import Contact, Entity
from pledges.signing.models import Pledge


@dataclass(frozen=True)
class Subject:
    """One signer, as far as the product knows them, in one province."""

    entity: Entity
    """The row that stands for them."""
    entity_ids: tuple[uuid.UUID, ...]
    pledges: tuple[Pledge, ...]
    contacts: tuple[Contact, ...]
    decides: str = ""
    """The agency that decides about a request; empty where nothing is decided."""

    def is_elsewhere(self, pledge: Pledge) -> bool:
        """Whether another agency has received it: that one decides what becomes of it."""
        return bool(self.decides) and pledge.agency_code != self.decides

    @property
    def province_code(self) -> str:
        return self.entity.province_code

    @property
    def pledge_ids(self) -> tuple[uuid.UUID, ...]:
        return tuple(pledge.id for pledge in self.pledges)

    @property
    def signing_addresses(self) -> frozenset[str]:
        """The e-mail addresses with which they have signed: a code that was sent there has come back."""
        return frozenset(pledge.contact_email for pledge in self.pledges if pledge.contact_email)

    @property
    def addresses(self) -> frozenset[str]:
        """Every e-mail address and phone number under which the product may have written to them."""
        return self.signing_addresses | {contact.value for contact in self.contacts}


def subject_of(session: Session, province_code: str, entity_id: uuid.UUID, decides: str = "") -> Subject:
    entity = session.get_one(Entity, (province_code, entity_id))
    ids = family(session, entity)
    if entity.merged_into is not None:
        entity = session.get_one(Entity, (province_code, ids[0]))
    pledges, contacts = tuple(_pledges(session, province_code, ids)), _contacts(session, entity, ids)
    return Subject(entity, tuple(ids), pledges, contacts, decides)


def _pledges(session: Session, province_code: str, ids: Sequence[uuid.UUID]) -> Sequence[Pledge]:
    return session.scalars(
        select(Pledge)
        .where(Pledge.province_code == province_code, Pledge.entity_id.in_(ids))
        .order_by(Pledge.signed_at, Pledge.id)
    ).all()


def _contacts(session: Session, entity: Entity, ids: Sequence[uuid.UUID]) -> tuple[Contact, ...]:
    found = session.scalars(
        select(Contact)
        .where(Contact.province_code == entity.province_code, Contact.entity_id.in_(ids))
        .order_by(Contact.id)
    )
    return tuple(found)
