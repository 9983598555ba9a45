"""What every entity is found by: one document each, written anew after every change of its names or addresses."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import idna
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from pledges.core.text import name_key
from pledges.plans.places import search_key
from pledges.registry.models import Channel, Contact, Entity
from pledges.registry.upkeep_models import FormerName, SearchDocument

CHUNK = 500
"""Entities whose rows are read at a time: a list of ids is bounded on both engines."""

PLACE_MARK = "§"
"""Stands before the province in the handles: nobody can type it, and it narrows SQLite's index to one province."""


@dataclass
class Findable:
    """The values of one entity, and of those merged into it, by which it is found."""

    names: set[str] = field(default_factory=set)
    tax_codes: set[str] = field(default_factory=set)
    channels: set[str] = field(default_factory=set)
    contacts: set[str] = field(default_factory=set)


def refresh(session: Session, province_code: str, entity_ids: Collection[uuid.UUID]) -> None:
    """Write the documents of these entities anew from what the database says.

    Entities that were merged have none: their values stand in the document of the one that they were merged into.
    """
    session.flush()
    for ids in _chunks(entity_ids):
        kept_ids = _survivors(session, province_code, ids)
        family = _families(session, province_code, kept_ids)
        _write(session, province_code, {*ids, *family}, _documents(session, province_code, family))


def refresh_all(session: Session, province_code: str | None = None) -> int:
    """The same for every entity of the province, or of all; returns how many entities were looked at."""
    session.flush()
    statement = select(Entity.province_code, Entity.id).order_by(Entity.province_code, Entity.id)
    if province_code is not None:
        statement = statement.where(Entity.province_code == province_code)
    rows = session.execute(statement).all()
    for code in sorted({row.province_code for row in rows}):
        refresh(session, code, [row.id for row in rows if row.province_code == code])
    return len(rows)


def words_of(province_code: str, names: Iterable[str]) -> str:
    """The folded words of names, as spelt and without legal form, each with its province before it.

    A word of one province is another word than the same of the next, so that no query walks through both.
    """
    words = {word for name in names for key in (name, name_key(name)) for word in search_key(key).split()}
    return " ".join(f"{province_code}{word}" for word in sorted(words))


def handles_of(province_code: str, found: Findable) -> str:
    """Tax codes, addresses and contacts in the shapes in which people type them. Never a personal number."""
    handles = {code for tax_code in found.tax_codes for code in (tax_code, tax_code.replace("-", ""))}
    for address in found.channels:
        handles |= {address, _readable(address)}
    for value in found.contacts:
        handles |= {value, "0" + value[3:]} if value.startswith("+84") else {value}
    return " ".join(["", PLACE_MARK + province_code, *sorted(each.casefold() for each in handles), ""])


def document_number(entity_id: uuid.UUID) -> int:
    """63 bits of the id, of which 62 are drawn by lot."""
    return entity_id.int & (1 << 63) - 1


def _readable(address: str) -> str:
    """A host in Punycode as people read it."""
    if "xn--" not in address:
        return address
    try:
        return str(idna.decode(address))
    except idna.IDNAError:
        return address


def _chunks(ids: Iterable[uuid.UUID]) -> Iterator[list[uuid.UUID]]:
    waiting = iter(sorted(set(ids)))
    while chunk := list(islice(waiting, CHUNK)):
        yield chunk


def _rows(session: Session, statement: Any, column: Any, ids: Iterable[uuid.UUID]) -> Iterator[Any]:
    for chunk in _chunks(ids):
        yield from session.execute(statement.where(column.in_(chunk)))


def _survivors(session: Session, province_code: str, ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """The entities at the end of the chains of merges."""
    statement = select(Entity.id, Entity.merged_into).where(Entity.province_code == province_code)
    survivors, seen, waiting = set(), set(), set(ids)
    while waiting:
        seen |= waiting
        above = set()
        for entity_id, merged_into in _rows(session, statement, Entity.id, waiting):
            if merged_into is None:
                survivors.add(entity_id)
            else:
                above.add(merged_into)
        waiting = above - seen
    return survivors


def _families(session: Session, province_code: str, kept_ids: set[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """For each of these survivors and everything merged into them: the survivor."""
    statement = select(Entity.id, Entity.merged_into).where(Entity.province_code == province_code)
    family = {entity_id: entity_id for entity_id in kept_ids}
    waiting = kept_ids
    while waiting:
        below = list(_rows(session, statement, Entity.merged_into, waiting))
        waiting = {row.id for row in below} - family.keys()
        family |= {row.id: family[row.merged_into] for row in below if row.id in waiting}
    return family


def _documents(
    session: Session, province_code: str, family: dict[uuid.UUID, uuid.UUID]
) -> dict[uuid.UUID, tuple[str, str]]:
    found = {kept_id: Findable() for kept_id in family.values()}

    def rows(*columns: Any, of: Any, key: Any) -> Iterator[tuple[Findable, Sequence[Any]]]:
        statement = select(key, *columns).where(of.province_code == province_code)
        for row in _rows(session, statement, key, family):
            yield found[family[row[0]]], row[1:]

    for findable, (name, tax_code) in rows(Entity.name, Entity.tax_code, of=Entity, key=Entity.id):
        findable.names.add(name)
        findable.tax_codes |= {tax_code} - {None}
    for findable, (name,) in rows(FormerName.name, of=FormerName, key=FormerName.entity_id):
        findable.names.add(name)
    for findable, (address,) in rows(Channel.address, of=Channel, key=Channel.entity_id):
        findable.channels.add(address)
    for findable, (value, ended_at) in rows(Contact.value, Contact.ended_at, of=Contact, key=Contact.entity_id):
        findable.contacts |= set() if ended_at else {value}
    return {
        kept_id: (words_of(province_code, each.names), handles_of(province_code, each))
        for kept_id, each in found.items()
    }


def _write(
    session: Session, province_code: str, looked_at: set[uuid.UUID], documents: dict[uuid.UUID, tuple[str, str]]
) -> None:
    """Only what differs: an index beside the table has to be changed with every row."""
    statement = select(SearchDocument.entity_id, SearchDocument.words, SearchDocument.handles).where(
        SearchDocument.province_code == province_code
    )
    known = {
        entity_id: (words, handles)
        for entity_id, words, handles in _rows(session, statement, SearchDocument.entity_id, looked_at)
    }
    for chunk in _chunks(known.keys() - documents.keys()):
        session.execute(
            delete(SearchDocument).where(
                SearchDocument.province_code == province_code, SearchDocument.entity_id.in_(chunk)
            )
        )
    rows: list[dict[str, Any]] = [
        {"province_code": province_code, "entity_id": entity_id, "words": words, "handles": handles}
        for entity_id, (words, handles) in sorted(documents.items())
        if known.get(entity_id) != (words, handles)
    ]
    changed = [row for row in rows if row["entity_id"] in known]
    added = [dict(row, number=document_number(row["entity_id"])) for row in rows if row["entity_id"] not in known]
    if changed:
        session.execute(update(SearchDocument), changed)
    if added:
        session.execute(insert(SearchDocument), added)
