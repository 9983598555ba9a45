"""Which pledges an agency's queue shows: tabs, filters and order as SQL that the index of the queue serves."""

from __future__ import annotations

import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, cast, exists, false, or_

from pledges.core.errors import DomainError
from pledges.core.identity import canonical_channel, fold
from pledges.registry.models import Entity
from pledges.review.models import Revocation, RevocationState
from pledges.signing.models import Pledge, PledgeChannel, PledgeState
from pledges.signing.rules import plain_code

S = PledgeState

LONGEST_TEXT = 200


class Tab(StrEnum):
    WAITING = "waiting"
    DEFERRED = "deferred"
    RECOMMENDED = "recommended"
    COUNTERSIGNING = "countersigning"
    RETURNED = "returned"
    REVOCATION = "revocation"
    """Pledges in force for which somebody has asked the revocation."""
    DONE = "done"


STATES: dict[Tab, tuple[PledgeState, ...]] = {
    Tab.WAITING: (S.SUBMITTED,),
    Tab.DEFERRED: (S.DEFERRED,),
    Tab.RECOMMENDED: (S.RECOMMENDED,),
    Tab.COUNTERSIGNING: (S.COUNTERSIGNING,),
    Tab.RETURNED: (S.RETURNED,),
    Tab.REVOCATION: (S.APPROVED,),
    Tab.DONE: (S.APPROVED, S.REJECTED, S.REVOKED, S.SUPERSEDED, S.WITHDRAWN),
}

WITH_US = frozenset({Tab.WAITING, Tab.DEFERRED, Tab.RECOMMENDED, Tab.COUNTERSIGNING})
"""Where it is the agency's turn: it has been since the signature, through all its own steps."""

CHECKED = frozenset({Tab.WAITING, Tab.DEFERRED, Tab.RECOMMENDED})
"""Where the automatic checks stand beside each file: where they can still change a decision."""


class Order(StrEnum):
    OLDEST = "oldest"
    NEWEST = "newest"


@dataclass(frozen=True)
class QueueFilter:
    tab: Tab = Tab.WAITING
    subject_type: str = ""
    text: str = ""
    """A reference, a name, a tax code or the address of a channel, or a part of one."""
    only_passing: bool = False
    """Only files that pass all automatic checks; in tabs without checks it means nothing."""
    order: Order | None = None
    """None: what is finished newest first, everything else oldest first."""

    @property
    def newest_first(self) -> bool:
        return (self.order or (Order.NEWEST if self.tab is Tab.DONE else Order.OLDEST)) is Order.NEWEST

    @property
    def needs_checks(self) -> bool:
        return self.only_passing and self.tab in CHECKED


def chosen(statement: Select[Any], province_code: str, agency_code: str, wanted: QueueFilter) -> Select[Any]:
    """Cut a statement about pledges down to one agency's tab and filters; it may use `Entity` and `Revocation`."""
    statement = statement.join(
        Entity, (Entity.province_code == Pledge.province_code) & (Entity.id == Pledge.entity_id)
    ).where(
        Pledge.province_code == province_code,
        Pledge.agency_code == agency_code,
        Pledge.state.in_(STATES[wanted.tab]),
    )
    if wanted.tab is Tab.REVOCATION:
        statement = statement.join(
            Revocation,
            (Revocation.province_code == Pledge.province_code)
            & (Revocation.pledge_id == Pledge.id)
            & (Revocation.state == RevocationState.ASKED),
        )
    if wanted.subject_type:
        statement = statement.where(_has_type(wanted.subject_type))
    if text := wanted.text.strip()[:LONGEST_TEXT]:
        statement = statement.where(_matches(text))
    return statement


def stands_since(wanted: QueueFilter) -> ColumnElement[datetime]:
    """What the tab is sorted by: since when who has to act has had the pledge, as its column of days says.

    What was put aside and taken up again keeps its place among those that were signed when it was.
    """
    if wanted.tab is Tab.REVOCATION:
        return Revocation.asked_at.expression
    return (Pledge.signed_at if wanted.tab in WITH_US else Pledge.state_since).expression


def in_order(statement: Select[Any], wanted: QueueFilter) -> Select[Any]:
    columns = (stands_since(wanted), Pledge.id.expression)
    return statement.order_by(*(column.desc() if wanted.newest_first else column.asc() for column in columns))


def behind(wanted: QueueFilter, since: datetime, pledge_id: uuid.UUID) -> ColumnElement[bool]:
    """What comes after this place in the order of the tab."""
    column = stands_since(wanted)
    if wanted.newest_first:
        return or_(column < since, and_(column == since, Pledge.id < pledge_id))
    return or_(column > since, and_(column == since, Pledge.id > pledge_id))


def _has_type(code: str) -> ColumnElement[bool]:
    """The list is JSON: on both engines its text holds each code in quotation marks."""
    return cast(Pledge.subject_types, Text).contains(f'"{code}"', autoescape=True)


def _matches(text: str) -> ColumnElement[bool]:
    found: list[ColumnElement[bool]] = []
    if folded := fold(text):
        found.append(Entity.name_fold.contains(folded, autoescape=True))
    letters = plain_code(text)
    if len(letters) >= 4 and letters.isascii():
        # A reference with its dashes: CK-46-2026-7KX3QA; people also type only its last part.
        place = letters.removeprefix("CK") if len(letters) == 14 and letters.startswith("CK") else ""
        reference = f"CK-{place[:2]}-{place[2:6]}-{place[6:]}" if place else letters
        found.append(Pledge.reference.contains(reference, autoescape=True))
        if letters.isdecimal():
            code = f"{letters[:10]}-{letters[10:]}" if len(letters) > 10 else letters
            found.append(Entity.tax_code.startswith(code, autoescape=True))
    addresses = [PledgeChannel.address.contains(address, autoescape=True) for address in _addresses(text)]
    if addresses:
        found.append(
            exists().where(
                PledgeChannel.province_code == Pledge.province_code,
                PledgeChannel.pledge_id == Pledge.id,
                or_(*addresses),
            )
        )
    return or_(false(), *found)


def _addresses(text: str) -> set[str]:
    """What was typed as a part of an address, and its canonical address if it is a whole one."""
    typed = text.lower()
    found = {typed} if len(typed) >= 3 and " " not in typed else set()
    with suppress(DomainError):
        found.add(canonical_channel(text, platform_itself=True).address)
    return found
