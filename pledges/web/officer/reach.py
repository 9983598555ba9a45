"""What stands in an address, loaded within the reach of who is signed in; for everything else the answer of nothing."""

from __future__ import annotations

import uuid

from sqlalchemy import select

from pledges.accounts.permissions import Action, Place, Scope, allows, possible, reach_of, require
from pledges.core.errors import NotFound
from pledges.registry.models import Entity
from pledges.review.models import Batch
from pledges.signing.models import Pledge
from pledges.signing.rules import normal_reference
from pledges.web.current import reader
from pledges.web.officer.authentication import acts_by_delegation, current_staff


def pledge_for(reference: str, action: Action) -> Pledge:
    """The pledge of this reference, where `action` reaches it; its state is the operation's matter."""
    pledge = reader().scalar(select(Pledge).where(Pledge.reference == normal_reference(reference)))
    if pledge is None:
        raise NotFound
    _require(action, place_of(pledge))
    return pledge


def batch_for(batch_id: uuid.UUID, action: Action = Action.BATCH_VIEW) -> Batch:
    batch = reader().get(Batch, (current_staff().province_code, batch_id))
    if batch is None:
        raise NotFound
    _require(action, place_of(batch))
    return batch


def entity_for(entity_id: uuid.UUID, action: Action = Action.ENTITY_VIEW) -> Entity:
    entity = reader().get(Entity, (current_staff().province_code, entity_id))
    if entity is None:
        raise NotFound
    _require(action, Place(entity.province_code))
    return entity


def scope_of(action: Action) -> Scope:
    """How far the person reaches with an action, for lists; the gate has let them through, so they reach somewhere."""
    scope = reach_of(current_staff(), action, delegated=acts_by_delegation(action))
    if scope is None:
        raise NotFound
    return scope


def can(action: Action, pledge: Pledge) -> bool:
    """Whether the page of a pledge shows the button of an action now."""
    return possible(current_staff(), action, place_of(pledge), pledge.state.value, delegated=acts_by_delegation(action))


def has_right(action: Action) -> bool:
    """Whether the person can do this anywhere, for links to pages."""
    return reach_of(current_staff(), action, delegated=acts_by_delegation(action)) is not None


def reaches(action: Action, place: Place) -> bool:
    return allows(current_staff(), action, place, delegated=acts_by_delegation(action))


def place_of(of: Pledge | Batch) -> Place:
    return Place(of.province_code, of.agency_code)


def _require(action: Action, place: Place) -> None:
    require(current_staff(), action, place, delegated=acts_by_delegation(action))
