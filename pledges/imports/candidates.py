"""The entities that the rows of a chunk may be about: of the register, and of rows earlier in the same file."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from pledges.core.identity import fold, name_key
from pledges.imports.rows import ParsedRow
from pledges.registry.models import Channel, Contact, Entity, EntityType, Location, Sighting, Standing
from pledges.registry.upkeep_models import FormerName

EMAIL, PHONE = "email", "phone"

Ids = set[uuid.UUID]


@dataclass(slots=True)
class Candidate:
    """What a row is held against."""

    id: uuid.UUID
    names: tuple[str, ...]
    """Keys of its names, of now and before."""
    tax_code: str | None = None
    number_hash: str | None = None
    commune_code: str | None = None
    address: str = ""
    """Folded."""
    location: Location = Location.LOCAL
    contacts: tuple[tuple[str, str], ...] = ()
    types: tuple[str, ...] = ()
    appeared_on: date | None = None
    numbers: frozenset[str] = frozenset()
    """Tax codes and hashes of personal numbers of those that were merged into it."""
    stored: bool = True
    """False: an earlier row of the file brings it."""
    seen: bool = False
    """This source has said of it on this day already."""


@dataclass(frozen=True)
class RowKeys:
    """What one row can be found by."""

    row: ParsedRow
    number_hash: str | None
    name: str
    address: str
    contacts: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, row: ParsedRow, number_hash: str | None) -> RowKeys:
        contacts = (*((EMAIL, value) for value in row.emails), *((PHONE, value) for value in row.phones))
        return cls(row, number_hash, name_key(row.name), fold(row.address), contacts)


@dataclass
class Layer:
    """Candidates with the ways to find them."""

    by_id: dict[uuid.UUID, Candidate] = field(default_factory=dict)
    by_tax_code: dict[str, uuid.UUID] = field(default_factory=dict)
    by_number: dict[str, uuid.UUID] = field(default_factory=dict)
    channels: dict[str, tuple[uuid.UUID, uuid.UUID | None]] = field(default_factory=dict)
    """Address to the channel's own id and its owner."""
    by_name: dict[int, uuid.UUID | tuple[uuid.UUID, ...]] = field(default_factory=dict)
    """Nearly always one: a list for each of four marks of a hundred thousand rows would take 25 MB."""

    def add(self, candidate: Candidate) -> None:
        self.by_id[candidate.id] = candidate
        if candidate.tax_code is not None:
            self.by_tax_code[candidate.tax_code] = candidate.id
        if candidate.number_hash is not None:
            self.by_number[candidate.number_hash] = candidate.id
        for mark in _name_marks(candidate.names, candidate.commune_code, candidate.contacts, candidate.address):
            found = self.named(mark)
            if candidate.id not in found:
                self.by_name[mark] = (*found, candidate.id) if found else candidate.id

    def named(self, mark: int) -> tuple[uuid.UUID, ...]:
        found = self.by_name.get(mark, ())
        return found if isinstance(found, tuple) else (found,)


def _name_marks(
    names: Iterable[str], commune: str | None, contacts: Iterable[tuple[str, str]], address: str
) -> Iterator[int]:
    """Numbers under which a name is found together with something that tells two of one name apart."""
    for name in names:
        if not name:
            continue
        if commune is not None:
            yield hash(("commune", name, commune))
        if address:
            yield hash(("address", name, address))
        for contact in contacts:
            yield hash(("contact", name, contact))


class Known:
    """What is known while a file is gone through: `planned` grows with it, `stored` holds one chunk of the register."""

    def __init__(self) -> None:
        self.planned = Layer()
        self.stored = Layer()
        self._ends: dict[uuid.UUID, uuid.UUID] = {}

    def get(self, entity_id: uuid.UUID) -> Candidate:
        return self.planned.by_id.get(entity_id) or self.stored.by_id[entity_id]

    def with_tax_code(self, code: str | None) -> Ids:
        return self._found("by_tax_code", code)

    def with_number(self, number_hash: str | None) -> Ids:
        return self._found("by_number", number_hash)

    def _found(self, way: str, key: str | None) -> Ids:
        if key is None:
            return set()
        return {found for layer in self._layers() if (found := getattr(layer, way).get(key)) is not None}

    def channel(self, address: str) -> tuple[uuid.UUID, uuid.UUID | None] | None:
        return self.planned.channels.get(address) or self.stored.channels.get(address)

    def with_name(self, keys: RowKeys) -> Ids:
        """Of the same name, and of the same commune, contact or (where a commune is open) address."""
        found: Ids = set()
        for mark in _name_marks([keys.name], keys.row.commune_code, keys.contacts, keys.address):
            for layer in self._layers():
                found.update(layer.named(mark))
        return {each for each in found if _same_place(self.get(each), keys)}

    def keep(self, candidate: Candidate) -> None:
        """Remember a candidate that a row brings or changes beyond the chunk."""
        self.planned.add(candidate)

    def _layers(self) -> tuple[Layer, Layer]:
        return self.planned, self.stored

    def end_of(self, entity_id: uuid.UUID) -> uuid.UUID | None:
        """Into which one an entity was merged in the end; itself if it was not, None if nothing is known of it."""
        return entity_id if entity_id in self.planned.by_id else self._ends.get(entity_id)

    def load(
        self,
        session: Session,
        province_code: str,
        rows: Sequence[RowKeys],
        source: tuple[str, date],
        also: Collection[uuid.UUID] = (),
    ) -> None:
        """Read from the register whatever these rows may be about, and the entities `also`.

        `source`: name of the list and its day.
        """
        self.stored, self._ends = _load(session, province_code, rows, source, also)
        for entity_id in self.stored.by_id.keys() & self.planned.by_id.keys():
            del self.stored.by_id[entity_id]


def _same_place(candidate: Candidate, keys: RowKeys) -> bool:
    if keys.name not in candidate.names:
        return False
    if set(candidate.contacts) & set(keys.contacts):
        return True
    if candidate.commune_code is not None and keys.row.commune_code is not None:
        return candidate.commune_code == keys.row.commune_code
    return bool(keys.address) and candidate.address == keys.address


# --- Reading the register -----------------------------------------------------------------------------------------


def _load(
    session: Session,
    province_code: str,
    rows: Sequence[RowKeys],
    source: tuple[str, date],
    also: Collection[uuid.UUID],
) -> tuple[Layer, dict[uuid.UUID, uuid.UUID]]:
    layer = Layer()
    addresses = {channel.address for keys in rows for channel in keys.row.channels}
    owned = _in(
        session,
        select(Channel.address, Channel.id, Channel.entity_id),
        Channel,
        Channel.address,
        addresses,
        province_code,
    )
    channels = {row.address: (row.id, row.entity_id) for row in owned}
    found = _by_keys(session, province_code, rows)
    owners = {*also, *(owner for _id, owner in channels.values() if owner is not None)} - found.keys()
    found |= _entities(session, province_code, Entity.id.in_(owners)) if owners else {}
    ends = _ends(session, province_code, found)
    details = _Details.read(session, province_code, set(ends.values()), source)
    families: dict[uuid.UUID, list[Any]] = defaultdict(list)
    for entity_id, end in ends.items():
        families[end].append(found[entity_id])
    for end, family in families.items():
        layer.add(_candidate(found[end], family, details))
    for entity_id, end in ends.items():
        # Whoever was merged is found by what the register still says of it.
        merged = found[entity_id]
        if merged.tax_code is not None:
            layer.by_tax_code[merged.tax_code] = end
        if merged.personal_number_hash is not None:
            layer.by_number[merged.personal_number_hash] = end
    layer.channels = {
        address: (channel_id, ends.get(owner) if owner is not None else None)
        for address, (channel_id, owner) in channels.items()
        if owner is None or owner in ends
    }
    return layer, ends


def _by_keys(session: Session, province_code: str, rows: Sequence[RowKeys]) -> dict[uuid.UUID, Any]:
    codes = {keys.row.tax_code for keys in rows} - {None}
    hashes = {keys.number_hash for keys in rows} - {None}
    names = {keys.name for keys in rows} - {""}
    communes = {keys.row.commune_code for keys in rows} - {None}
    values = {value for keys in rows for _kind, value in keys.contacts}
    found = _entities(session, province_code, Entity.tax_code.in_(codes)) if codes else {}
    found |= _entities(session, province_code, Entity.personal_number_hash.in_(hashes)) if hashes else {}
    if names:
        there = or_(Entity.commune_code.in_(communes), Entity.commune_code.is_(None))
        if any(keys.row.commune_code is None for keys in rows):
            folded = {keys.row.address for keys in rows} - {""}
            there = or_(there, Entity.address.in_(folded))
        found |= _entities(session, province_code, Entity.name_key.in_(names), there)
    if names and values:
        reached = (
            select(Contact.entity_id)
            .join(Entity, (Entity.province_code == Contact.province_code) & (Entity.id == Contact.entity_id))
            .where(
                Contact.province_code == province_code,
                Contact.kind.in_((EMAIL, PHONE)),
                Contact.value.in_(values),
                Entity.name_key.in_(names),
            )
        )
        ids = set(session.scalars(reached)) - found.keys()
        found |= _entities(session, province_code, Entity.id.in_(ids)) if ids else {}
    return found


def _entities(session: Session, province_code: str, *where: ColumnElement[bool]) -> dict[uuid.UUID, Any]:
    """Registered entities as plain rows: a chunk has hundreds, and nothing of them is changed here."""
    rows = session.execute(
        select(
            Entity.id,
            Entity.name_key,
            Entity.tax_code,
            Entity.personal_number_hash,
            Entity.commune_code,
            Entity.address,
            Entity.location,
            Entity.merged_into,
        ).where(Entity.province_code == province_code, Entity.standing == Standing.REGISTERED, *where)
    )
    return {row.id: row for row in rows}


def _ends(session: Session, province_code: str, found: dict[uuid.UUID, Any]) -> dict[uuid.UUID, uuid.UUID]:
    """Per entity the one that it was merged into in the end; `found` gets those that are missing."""
    missing = {row.merged_into for row in found.values() if row.merged_into is not None} - found.keys()
    while missing:
        more = _entities(session, province_code, Entity.id.in_(missing))
        found |= more
        missing = {row.merged_into for row in more.values() if row.merged_into is not None} - found.keys()
    ends = {}
    for entity_id in found:
        end, passed = entity_id, {entity_id}
        while (onward := found[end].merged_into) is not None and onward in found and onward not in passed:
            passed.add(onward)
            end = onward
        ends[entity_id] = end
    return ends


@dataclass
class _Details:
    types: dict[uuid.UUID, list[str]]
    contacts: dict[uuid.UUID, list[tuple[str, str]]]
    former: dict[uuid.UUID, list[str]]
    appeared: dict[uuid.UUID, date]
    seen: Ids

    @classmethod
    def read(cls, session: Session, province_code: str, ids: Ids, source: tuple[str, date]) -> _Details:
        types: dict[uuid.UUID, list[str]] = defaultdict(list)
        for row in _in(
            session,
            select(EntityType.entity_id, EntityType.subject_type),
            EntityType,
            EntityType.entity_id,
            ids,
            province_code,
        ):
            types[row.entity_id].append(row.subject_type)
        contacts: dict[uuid.UUID, list[tuple[str, str]]] = defaultdict(list)
        for row in _in(
            session,
            select(Contact.entity_id, Contact.kind, Contact.value),
            Contact,
            Contact.entity_id,
            ids,
            province_code,
        ):
            contacts[row.entity_id].append((row.kind, row.value))
        former: dict[uuid.UUID, list[str]] = defaultdict(list)
        for row in _in(
            session, select(FormerName.entity_id, FormerName.name), FormerName, FormerName.entity_id, ids, province_code
        ):
            former[row.entity_id].append(name_key(row.name))
        days = (
            select(Sighting.entity_id, func.min(Sighting.appeared_on).label("day"))
            .where(Sighting.appeared_on.is_not(None), Sighting.channel_id.is_(None))
            .group_by(Sighting.entity_id)
        )
        appeared = {
            row.entity_id: row.day for row in _in(session, days, Sighting, Sighting.entity_id, ids, province_code)
        }
        name, seen_on = source
        said = select(Sighting.entity_id).where(
            Sighting.source == "import",
            Sighting.source_name == name,
            Sighting.seen_on == seen_on,
            Sighting.channel_id.is_(None),
        )
        seen = {row.entity_id for row in _in(session, said, Sighting, Sighting.entity_id, ids, province_code)}
        return cls(types, contacts, former, appeared, seen)


def _in(
    session: Session, statement: Any, model: Any, column: Any, values: Collection[Any], province_code: str
) -> Sequence[Any]:
    if not values:
        return []
    return session.execute(statement.where(model.province_code == province_code, column.in_(values))).all()


def _candidate(row: Any, family: Sequence[Any], details: _Details) -> Candidate:
    names = [each.name_key for each in family]
    numbers = {number for each in family for number in (each.tax_code, each.personal_number_hash)}
    return Candidate(
        id=row.id,
        names=tuple(dict.fromkeys([row.name_key, *names, *details.former.get(row.id, ())])),
        tax_code=row.tax_code,
        number_hash=row.personal_number_hash,
        commune_code=row.commune_code,
        address=fold(row.address),
        location=row.location,
        contacts=tuple(details.contacts.get(row.id, ())),
        types=tuple(sorted(details.types.get(row.id, ()))),
        appeared_on=details.appeared.get(row.id),
        numbers=frozenset(numbers - {None}),
        seen=row.id in details.seen,
    )
