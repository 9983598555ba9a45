"""What a subject declares about itself, and whether it is one that is registered already (`model.md` 23)."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from pledges.core.identity import ChannelAddress, ChannelKind, fold, name_key
from pledges.plans.models import Instrument
from pledges.registry.models import Entity, EntityKind, Location, Scope

COUNTED_INSTRUMENTS = (Instrument.PLEDGE, Instrument.ACKNOWLEDGEMENT)
"""A voluntary pledge is owed to nobody: it opens no obligation."""

WEBSITE_KINDS = (ChannelKind.WEBSITE.value, ChannelKind.APP.value)
"""The kinds of channel that an entry with `unit: channel` counts one by one."""

SELF_DECLARED = "self_declared"
OFFICER = "officer"

BY_DECISION = frozenset({"ecommerce_platform", "social_network"})
"""Subject types that are in scope by decision, wherever they sit: no list brings them in by itself."""


def first_scope(location: Location, subject_types: Collection[str], *, declared: bool) -> Scope:
    """The presumption under which an obligation begins; `subject_types`: those of the entity that the entry covers.

    Whoever signs of themselves is presumed in. Otherwise platforms, and those who sit elsewhere, wait for a decision.
    """
    if declared or (location is Location.LOCAL and not BY_DECISION.issuperset(subject_types)):
        return Scope.PRESUMED_IN
    return Scope.PRESUMED_OUT


def set_name(entity: Entity, name: str) -> None:
    """Give an entity its name and the two keys by which it is found."""
    entity.name, entity.name_fold, entity.name_key = name, fold(name), name_key(name)


@dataclass(frozen=True)
class DeclaredSubject:
    """What somebody says of themselves; `email` has been confirmed by a code. Everything is cleaned and parsed."""

    kind: EntityKind
    name: str
    email: str
    subject_types: tuple[str, ...]
    tax_code: str | None = None
    personal_number: str | None = None
    location: Location = Location.LOCAL
    country: str = "VN"
    commune_code: str | None = None
    """None abroad and in other provinces."""
    address: str = ""
    phone: str | None = None
    channels: tuple[ChannelAddress, ...] = ()
    appeared_on: date | None = None
    """Since when the business or channel exists, if it was said."""
    vouched: bool = False
    """Somebody of the staff has the person before them: that stands for the code to a known address, and `email`
    (which may be empty) has not been confirmed."""
    phone_confirmed: bool = False
    """A code sent to `phone` came back."""


@dataclass(frozen=True)
class Presumed:
    """Whom somebody else says the one who signs to be: an institution by its list, an agency by its invitation."""

    entity_id: uuid.UUID
    proven: bool = False
    """A code that went to a known address of that entity has come back: then another name or address is a correction.
    Otherwise only the same name counts."""


class Match(StrEnum):
    NEW = "new"
    SAME = "same"
    CLAIMED = "claimed"


@dataclass(frozen=True)
class Matched:
    """A registered entity that a declaration may be about, and the rows by which it was found."""

    entity: Entity
    """The survivor, where entities were merged."""
    found_as: tuple[Entity, ...] = ()

    @property
    def rows(self) -> tuple[Entity, ...]:
        return (self.entity, *self.found_as)


def judge_match(
    declared: DeclaredSubject, number_hash: str | None, matches: Collection[Matched], confirmed: Collection[Matched]
) -> Match:
    """New, the same entity again, or a claim on another's entry that a person decides.

    `matches` share the tax code, the personal number or a channel; `confirmed` are those of them that can be
    reached under the declared, confirmed e-mail address.
    """
    if not matches:
        return Match.NEW
    if len(matches) > 1 or not confirmed:
        return Match.CLAIMED
    return Match.CLAIMED if contradicts(next(iter(matches)).rows, declared, number_hash) else Match.SAME


def contradicts(rows: Collection[Entity], declared: DeclaredSubject, number_hash: str | None) -> bool:
    """Whether both have a tax code or both a personal number, and not the same one: then they are two."""
    codes = {row.tax_code for row in rows} - {None}
    numbers = {row.personal_number_hash for row in rows} - {None}
    pairs = ((codes, declared.tax_code), (numbers, number_hash))
    return any(known and said is not None and said not in known for known, said in pairs)


def is_same_by_name(match: Matched, declared: DeclaredSubject, number_hash: str | None) -> bool:
    """Of two declarations from one confirmed address: whether they are about one subject."""
    return (
        match.entity.kind is declared.kind
        and name_key(declared.name) in {name_key(row.name) for row in match.rows}
        and not contradicts(match.rows, declared, number_hash)
    )
