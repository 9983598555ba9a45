"""Finding entities of one province: by names with or without marks, old names, numbers, addresses, contacts."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    bindparam,
    cast,
    column,
    exists,
    func,
    literal_column,
    or_,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR
from sqlalchemy.orm import Session

from pledges.core.secrecy import Vault
from pledges.plans.models import ObligationEntry
from pledges.registry.models import IN_SCOPE, Channel, Cohort, Contact, Entity, EntityType, Obligation, Standing
from pledges.registry.search_documents import PLACE_MARK
from pledges.registry.search_queries import SearchQuery, read_query
from pledges.registry.upkeep_models import SearchDocument

MOST_LOOKED_AT = 300
"""Hits that are ranked: ranking all hits of a common word takes seconds in a large register."""

LONGEST_BEGINNING = 6
"""Letters of beginnings that PostgreSQL's index knows as words of their own (migration 0030)."""

PERSONAL_NUMBER = "personal_number"


class FoundBy(IntEnum):
    """How a hit was found, the surest first; hits stand in this order."""

    IDENTIFIER = 0
    """Its whole tax code, number, phone, address or e-mail address."""
    NAME = 1
    BEGINNING = 2
    """Its name begins with what was typed."""
    WORDS = 3
    PART = 4
    """A part of one of its addresses or numbers."""


@dataclass(frozen=True)
class EntityHit:
    entity: Entity
    """Always the survivor of merges; it may be one that only claims (`Standing.CLAIMED`)."""
    found_by: FoundBy

    @property
    def id(self) -> uuid.UUID:
        return self.entity.id

    @property
    def name(self) -> str:
        return self.entity.name


@dataclass(frozen=True)
class Within:
    """Which part of the register; everything empty means all of it."""

    commune: str = ""
    subject_type: str = ""
    cohort: Cohort | None = None
    agency_code: str = ""
    """Only entities that owe this agency something."""
    owing: str = ""
    """How far one of the obligations is: `in_force`, `waiting`, `unsigned`, `out`; `claimed`: no obligations yet."""

    def __bool__(self) -> bool:
        return bool(self.commune or self.subject_type or self.cohort or self.agency_code or self.owing)


def search_entities(
    session: Session,
    province_code: str,
    query: str,
    *,
    vault: Vault | None = None,
    limit: int = 50,
    within: Within | None = None,
) -> list[EntityHit]:
    """The best hits first; an empty list for a text that means nothing. Without `vault` no personal number is found."""
    wanted, place = read_query(query), within or Within()
    found: dict[uuid.UUID, FoundBy] = {}
    for entity_id in _identified(session, province_code, wanted, vault, place):
        found.setdefault(entity_id, FoundBy.IDENTIFIER)
    # A whole number that somebody has is no part of another one.
    whole = bool(found) and bool(wanted.phone or wanted.tax_code)
    for entity_id, found_by in _named(session, province_code, wanted, place):
        found.setdefault(entity_id, found_by)
    if wanted.parts and not whole and len(found) < limit:
        statement = _cut(select(SearchDocument.entity_id), province_code, place).where(
            having_part(session, [province_code], wanted.parts)
        )
        for entity_id in session.scalars(statement.limit(MOST_LOOKED_AT)):
            found.setdefault(entity_id, FoundBy.PART)
    return _hits(session, province_code, found, limit)


def matching_words(session: Session, province_codes: Iterable[str], words: Iterable[str]) -> ColumnElement[bool]:
    """Documents with all these folded words, the last one perhaps only begun, in one of the provinces."""
    typed = list(words)
    if session.get_bind().dialect.name == "postgresql":
        each = [
            " & ".join([*(f"'{code}{word}'" for word in typed[:-1]), _begun(code, typed[-1])])
            for code in province_codes
        ]
        lexemes = literal_column("search_document.lexemes", TSVECTOR)
        # Written into the statement: how often a word occurs decides which way is fast, and a plan that is kept for
        # every word does not know it.
        either = " | ".join(f"({one})" for one in each)
        query: BindParameter[str] = bindparam("words", either, unique=True, literal_execute=True)
        return lexemes.bool_op("@@")(cast(query, TSQUERY))
    each = [" AND ".join(f'"{code}{word}"' for word in typed) + " *" for code in province_codes]
    return _in_index("search_words", " OR ".join(f"({one})" for one in each))


def _begun(province_code: str, word: str) -> str:
    short = len(word) <= LONGEST_BEGINNING
    return f"'{province_code}{word}*'" if short else f"'{province_code}{word}':*"


def having_part(session: Session, province_codes: Iterable[str], parts: Iterable[str]) -> ColumnElement[bool]:
    """Documents of which a handle holds one of these texts, of three letters and more each.

    On PostgreSQL of any province: who asks narrows it by the province of the document.
    """
    wanted = [part.replace(PLACE_MARK, "") for part in parts]
    if session.get_bind().dialect.name == "postgresql":
        return or_(*(SearchDocument.handles.contains(part, autoescape=True) for part in wanted))
    places = " OR ".join(f'"{PLACE_MARK}{code}"' for code in province_codes)
    quoted = " OR ".join('"{}"'.format(part.replace('"', '""')) for part in wanted)
    return _in_index("search_handles", f"({places}) AND ({quoted})")


def _in_index(name: str, match: str) -> ColumnElement[bool]:
    """A list of row numbers: as a join SQLite plans it the wrong way round, and reads every document."""
    index = table(name, column("rowid"), column(name))
    return SearchDocument.number.in_(select(index.c.rowid).where(index.c[name].op("MATCH")(match)))


# --- The parts of a search -----------------------------------------------------------------------------------------


def _identified(
    session: Session, province_code: str, wanted: SearchQuery, vault: Vault | None, within: Within
) -> list[uuid.UUID]:
    """Who has exactly this number or address, also through somebody merged into them."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.tax_code:
        conditions.append(Entity.tax_code == wanted.tax_code)
    if wanted.personal_number and vault is not None:
        conditions.append(Entity.personal_number_hash == vault.keyed_hash(PERSONAL_NUMBER, wanted.personal_number))
    if wanted.channel:
        conditions.append(
            Entity.id.in_(
                select(Channel.entity_id).where(
                    Channel.province_code == province_code, Channel.address == wanted.channel
                )
            )
        )
    contacts = [(kind, value) for kind, value in (("phone", wanted.phone), ("email", wanted.email)) if value]
    conditions += [
        Entity.id.in_(
            select(Contact.entity_id).where(
                Contact.province_code == province_code,
                Contact.kind == kind,
                Contact.value == value,
                Contact.ended_at.is_(None),
            )
        )
        for kind, value in contacts
    ]
    found: list[uuid.UUID] = []
    for condition in conditions:
        statement = select(func.coalesce(Entity.merged_into, Entity.id)).where(
            Entity.province_code == province_code, condition
        )
        # In any order: with one PostgreSQL walks along the ids until it has met as many.
        found += session.scalars(statement.limit(MOST_LOOKED_AT))
    return _only_within(session, province_code, found, within)


def _named(
    session: Session, province_code: str, wanted: SearchQuery, within: Within
) -> list[tuple[uuid.UUID, FoundBy]]:
    if not wanted.words:
        return []
    documents = _cut(
        select(SearchDocument.entity_id).where(matching_words(session, [province_code], wanted.words)),
        province_code,
        within,
    )
    if len(wanted.words) > 1 or within or len(wanted.words[0]) > LONGEST_BEGINNING:
        # PostgreSQL knows how often one word occurs, but takes several for independent: with a limit in sight it would
        # read documents one by one until it has enough, and where no document has all of them, to the end.
        every = documents.cte("every").prefix_with("MATERIALIZED", dialect="postgresql")
        documents = select(every.c.entity_id)
    hits = documents.limit(MOST_LOOKED_AT).subquery()
    rows = session.execute(
        select(Entity.id, Entity.name_key).join(hits, Entity.id == hits.c.entity_id).where(_of(province_code))
    )
    keys: dict[uuid.UUID, str] = {row.id: row.name_key for row in rows}
    # The limit cuts off whoever comes later; those who are called exactly so must not be among them.
    exact = select(func.coalesce(Entity.merged_into, Entity.id)).where(
        _of(province_code), Entity.name_key == wanted.name_key
    )
    called_so = _only_within(session, province_code, session.scalars(exact.limit(MOST_LOOKED_AT)), within)
    keys.update(dict.fromkeys(called_so, wanted.name_key))
    typed = " ".join(wanted.words)
    ranked = []
    for entity_id, key in keys.items():
        name = key.replace("y", "i")
        ranked.append((FoundBy.NAME if key == wanted.name_key else _how(name, typed), len(name), name, entity_id))
    return [(entity_id, found_by) for found_by, _length, _name, entity_id in sorted(ranked)]


def _of(province_code: str) -> ColumnElement[bool]:
    return Entity.province_code == province_code


def _how(name: str, typed: str) -> FoundBy:
    if name == typed:
        return FoundBy.NAME
    return FoundBy.BEGINNING if name.startswith(typed) else FoundBy.WORDS


def _hits(session: Session, province_code: str, found: dict[uuid.UUID, FoundBy], limit: int) -> list[EntityHit]:
    chosen = sorted(found.items(), key=lambda pair: pair[1])[:limit]
    entities = {
        entity.id: entity
        for entity in session.scalars(
            select(Entity).where(
                Entity.province_code == province_code, Entity.id.in_([entity_id for entity_id, _ in chosen])
            )
        )
    }
    return [EntityHit(entities[entity_id], found_by) for entity_id, found_by in chosen if entity_id in entities]


# --- Which part of the register ------------------------------------------------------------------------------------


def only(within: Within) -> list[ColumnElement[bool]]:
    """The conditions on `Entity` that cut the register down."""
    conditions: list[ColumnElement[bool]] = []
    if within.commune:
        conditions.append(Entity.commune_code == within.commune)
    if within.subject_type:
        conditions.append(
            exists().where(
                EntityType.province_code == Entity.province_code,
                EntityType.entity_id == Entity.id,
                EntityType.subject_type == within.subject_type,
            )
        )
    if within.owing == "claimed":
        conditions.append(Entity.standing == Standing.CLAIMED)
    elif within.cohort or within.agency_code or within.owing:
        conditions.append(_owes(within))
    return conditions


def _owes(within: Within) -> ColumnElement[bool]:
    owes = [Obligation.province_code == Entity.province_code, Obligation.entity_id == Entity.id]
    if within.cohort:
        owes.append(Obligation.cohort == within.cohort)
    if within.agency_code:
        owes.append(
            Obligation.entry_id.in_(
                select(ObligationEntry.id).where(
                    ObligationEntry.province_code == Entity.province_code,
                    ObligationEntry.lead_agency == within.agency_code,
                )
            )
        )
    in_scope = Obligation.scope.in_(IN_SCOPE)
    owes.append(
        {
            "in_force": Obligation.in_force > 0,
            "waiting": in_scope & (Obligation.waiting_for_agency > 0) & (Obligation.in_force == 0),
            "unsigned": in_scope & (Obligation.waiting_for_agency == 0) & (Obligation.in_force == 0),
            "out": ~in_scope,
        }.get(within.owing, in_scope)
    )
    return exists().where(*owes)


def _cut(statement: Select[Any], province_code: str, within: Within) -> Select[Any]:
    statement = statement.where(SearchDocument.province_code == province_code)
    if not within:
        return statement
    of_document = (Entity.province_code == SearchDocument.province_code) & (Entity.id == SearchDocument.entity_id)
    return statement.join(Entity, of_document).where(*only(within))


def _only_within(session: Session, province_code: str, ids: Iterable[uuid.UUID], within: Within) -> list[uuid.UUID]:
    found = list(ids)
    if not within or not found:
        return found
    kept = set(
        session.scalars(
            select(Entity.id).where(Entity.province_code == province_code, Entity.id.in_(found), *only(within))
        )
    )
    return [entity_id for entity_id in found if entity_id in kept]
