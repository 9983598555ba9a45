"""The rules by which two entities are suspected of being one; a person decides.

Entities whose identifiers contradict each other are two. Names are compared only within a commune, and there only
among those that share a word which is rare in it, so that the comparisons grow with the register and not with its
square.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from rapidfuzz import fuzz
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from pledges.audit.models import Fact
from pledges.registry.models import Channel, Entity, EntityKind, Location, Sighting, Standing
from pledges.registry.upkeep_models import UnreadValue

SAME_CODE = "tax_code"
SAME_CHANNEL = "channel"
SAME_NAME = "name_and_commune"
NEAR_NAME = "near_name"
BY_PERSON = "person"

SCORES = {SAME_CODE: 95, SAME_CHANNEL: 88, SAME_NAME: 85, BY_PERSON: 75}
SCORE_OF_NAMESAKES = 60
"""Two people of one commune with the same name: often they are two."""
MOST_PAIRS = 5000
"""Of one search: more is no list that people could go through."""
MOST_OF_ONE_WORD = 120
"""Names of one commune with the same word; beyond that the word says nothing."""
MOST_OF_ONE_NAME = 12
"""Subjects of one commune with the very same name: there are that many people called so."""
SHORTEST = 6
"""Letters of a name below which a difference of one says too much."""
NEAR = 88.0
"""RapidFuzz's ratio from which on two names are near."""

Pair = tuple[uuid.UUID, uuid.UUID]


@dataclass(frozen=True)
class Suspicion:
    pair: Pair
    """The smaller id first."""
    rules: frozenset[str]
    score: int

    @classmethod
    def of(cls, one: uuid.UUID, other: uuid.UUID, rules: frozenset[str], score: int) -> Suspicion:
        return cls((min(one, other), max(one, other)), rules, score)


@dataclass(frozen=True)
class Named:
    """What the rules look at of one entity."""

    id: uuid.UUID
    kind: EntityKind
    name_key: str
    commune_code: str | None
    location: Location
    country: str
    tax_code: str | None
    number_hash: str | None

    @property
    def place(self) -> str:
        """Where it is, as far as names are compared; empty where that is not known."""
        if self.commune_code is not None:
            return self.commune_code
        return "" if self.location is Location.LOCAL else f"{self.location.value} {self.country}"


def same_numbers(
    session: Session, province_code: str, entity_ids: Collection[uuid.UUID] | None = None
) -> list[Suspicion]:
    """Pairs of which a number or a channel is said of both, the surest first."""
    found: dict[Pair, dict[str, int]] = defaultdict(dict)
    wanted = None if entity_ids is None else frozenset(entity_ids)
    for find in (_disputed, _said_of_two):
        for rule, one, other in find(session, province_code, wanted):
            _note(found, one, other, rule, SCORES[rule])
    return _judged(session, province_code, found)


def same_names(
    session: Session,
    province_code: str,
    entity_ids: Collection[uuid.UUID] | None = None,
    commune_code: str | None = None,
) -> list[Suspicion]:
    """Pairs with the same name or a near one in one place; `commune_code` empty: of all those without one."""
    found: dict[Pair, dict[str, int]] = defaultdict(dict)
    wanted = None if entity_ids is None else frozenset(entity_ids)
    for one, other, rule, score in _alike(_named(session, province_code, wanted, commune_code), wanted):
        _note(found, one, other, rule, score)
    return _judged(session, province_code, found)


def together(*lists: Iterable[Suspicion]) -> list[Suspicion]:
    """What several rules say of one pair makes it surer."""
    found: dict[Pair, dict[str, int]] = defaultdict(dict)
    for suspicion in (each for one in lists for each in one):
        for rule in suspicion.rules:
            _note(found, *suspicion.pair, rule, suspicion.score)
    return _sorted(found)


def _judged(session: Session, province_code: str, found: dict[Pair, dict[str, int]]) -> list[Suspicion]:
    living = standing(session, province_code, {each for pair in found for each in pair})
    return _sorted({pair: rules for pair, rules in found.items() if living.issuperset(pair)})


def _sorted(found: dict[Pair, dict[str, int]]) -> list[Suspicion]:
    sure = (
        Suspicion(pair, frozenset(rules), min(99, max(rules.values()) + 4 * (len(rules) - 1)))
        for pair, rules in found.items()
    )
    return sorted(sure, key=lambda each: (-each.score, each.pair))


def _note(found: dict[Pair, dict[str, int]], one: uuid.UUID, other: uuid.UUID, rule: str, score: int) -> None:
    if one != other:
        rules = found[min(one, other), max(one, other)]
        rules[rule] = max(score, rules.get(rule, 0))


def standing(session: Session, province_code: str, ids: set[uuid.UUID]) -> set[uuid.UUID]:
    """Those that stand for themselves: registered, and not merged into another."""
    living: set[uuid.UUID] = set()
    waiting = sorted(ids)
    for start in range(0, len(waiting), 500):
        living |= set(
            session.scalars(
                select(Entity.id).where(
                    Entity.province_code == province_code,
                    Entity.id.in_(waiting[start : start + 500]),
                    *_is_standing(Entity),
                )
            )
        )
    return living


def _is_standing(table: type[Entity]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return table.standing == Standing.REGISTERED, table.merged_into.is_(None)


# --- The same number or channel --------------------------------------------------------------------------------------


def _disputed(
    session: Session, province_code: str, wanted: frozenset[uuid.UUID] | None
) -> Iterator[tuple[str, uuid.UUID, uuid.UUID]]:
    """Subjects that declared a number or a channel which stands at another one."""
    rows = session.execute(
        select(Fact.object_id, Fact.data).where(Fact.province_code == province_code, Fact.kind == "entity.disputed")
    )
    for entity_id, data in rows:
        others = {uuid.UUID(each) for each in data["claims"]}
        if wanted is not None and not wanted & {entity_id, *others}:
            continue
        rule = SAME_CHANNEL if data["identifiers"] == ["channel"] else SAME_CODE
        yield from ((rule, entity_id, other) for other in others)


def _said_of_two(
    session: Session, province_code: str, wanted: frozenset[uuid.UUID] | None
) -> Iterator[tuple[str, uuid.UUID, uuid.UUID]]:
    """What a list or a sighting says of one entity and the register has for another."""
    of_code = select(UnreadValue.entity_id, Entity.id).join(
        Entity, (Entity.province_code == UnreadValue.province_code) & (Entity.tax_code == UnreadValue.typed)
    )
    of_channel = select(UnreadValue.entity_id, Channel.entity_id).join(
        Channel, (Channel.province_code == UnreadValue.province_code) & (Channel.address == UnreadValue.typed)
    )
    seen = (
        select(Sighting.entity_id, Channel.entity_id)
        .join(Channel, (Channel.province_code == Sighting.province_code) & (Channel.id == Sighting.channel_id))
        .where(Sighting.province_code == province_code, Sighting.entity_id != Channel.entity_id)
        .distinct()
    )
    unread = (UnreadValue.province_code == province_code, UnreadValue.settled_at.is_(None))
    for rule, statement in (
        (SAME_CODE, of_code.where(*unread, UnreadValue.kind == "tax_code")),
        (SAME_CHANNEL, of_channel.where(*unread, UnreadValue.kind == "channel")),
        (SAME_CHANNEL, seen),
    ):
        for one, other in session.execute(statement):
            if one is not None and other is not None and (wanted is None or wanted & {one, other}):
                yield rule, one, other


# --- Names -----------------------------------------------------------------------------------------------------------


def _named(
    session: Session, province_code: str, wanted: frozenset[uuid.UUID] | None, commune_code: str | None
) -> list[Named]:
    """Everybody with whom names are compared: those of the commune, or of the places of the wanted ones."""
    columns = (
        Entity.id,
        Entity.kind,
        Entity.name_key,
        Entity.commune_code,
        Entity.location,
        Entity.country,
        Entity.tax_code,
        Entity.personal_number_hash,
    )
    statement = select(*columns).where(Entity.province_code == province_code, *_is_standing(Entity))
    if commune_code is not None:
        statement = statement.where(
            Entity.commune_code == commune_code if commune_code else Entity.commune_code.is_(None)
        )
    if wanted is not None:
        own = select(Entity.commune_code).where(Entity.province_code == province_code, Entity.id.in_(wanted))
        communes = set(session.scalars(own.distinct()))
        known = Entity.commune_code.in_(communes - {None})
        outside = Entity.commune_code.is_(None) & (Entity.location != Location.LOCAL)
        statement = statement.where(known | outside if None in communes else known)
    return [Named(*row) for row in session.execute(statement.order_by(Entity.id))]


def _alike(
    named: Iterable[Named], wanted: frozenset[uuid.UUID] | None
) -> Iterator[tuple[uuid.UUID, uuid.UUID, str, int]]:
    places: dict[str, dict[str, list[Named]]] = defaultdict(lambda: defaultdict(list))
    for each in named:
        if each.place and each.name_key:
            places[each.place][each.name_key].append(each)
    for by_name in places.values():
        for pair, score in (*_same_names(by_name), *_near_names(by_name, wanted)):
            one, other = pair
            if (wanted is None or wanted & {one.id, other.id}) and not _contradict(one, other):
                rule = SAME_NAME if one.name_key == other.name_key else NEAR_NAME
                yield one.id, other.id, rule, score


def _same_names(by_name: dict[str, list[Named]]) -> Iterator[tuple[tuple[Named, Named], int]]:
    for group in by_name.values():
        if 1 < len(group) <= MOST_OF_ONE_NAME:
            for one, other in combinations(group, 2):
                people = {one.kind, other.kind} == {EntityKind.PERSON}
                yield (one, other), SCORE_OF_NAMESAKES if people else SCORES[SAME_NAME]


def _near_names(
    by_name: dict[str, list[Named]], wanted: frozenset[uuid.UUID] | None
) -> Iterator[tuple[tuple[Named, Named], int]]:
    """Names of organisations that differ by little; people with nearly the same name are other people."""
    names = [
        name
        for name, group in by_name.items()
        if len(name) >= SHORTEST and len(group) <= MOST_OF_ONE_NAME and group[0].kind is EntityKind.ORGANISATION
    ]
    asked = None if wanted is None else {name for name in names if any(each.id in wanted for each in by_name[name])}
    for one, other in sorted(_sharing_a_rare_word(names, asked)):
        if (ratio := nearness(one, other)) >= NEAR:
            score = round(55 + (ratio - NEAR) / (100 - NEAR) * 25)
            for first in by_name[one]:
                yield from (((first, second), score) for second in by_name[other])


def _sharing_a_rare_word(names: Sequence[str], asked: set[str] | None) -> set[tuple[str, str]]:
    by_word: dict[str, list[str]] = defaultdict(list)
    for name in names:
        for word in set(name.split()):
            if len(word) > 1:
                by_word[word].append(name)
    pairs: set[tuple[str, str]] = set()
    for sharing in by_word.values():
        if len(sharing) <= MOST_OF_ONE_WORD:
            pairs |= {
                (min(pair), max(pair))
                for pair in combinations(sharing, 2)
                if asked is None or pair[0] in asked or pair[1] in asked
            }
    return pairs


def nearness(one: str, other: str) -> float:
    """0 to 100, whatever the order of the words; with different numbers ("chi nhánh 1", "chi nhánh 2") they are far."""
    if _numbers(one) != _numbers(other):
        return 0.0
    straight = fuzz.ratio(one, other, score_cutoff=NEAR)
    return straight or fuzz.ratio(" ".join(sorted(one.split())), " ".join(sorted(other.split())), score_cutoff=NEAR)


def _numbers(name: str) -> list[str]:
    return sorted(word for word in name.split() if any(letter.isdigit() for letter in word))


def _contradict(one: Named, other: Named) -> bool:
    """Both have a tax code or both a personal number, and not the same one: then they are two."""
    pairs = ((one.tax_code, other.tax_code), (one.number_hash, other.number_hash))
    return any(mine is not None and theirs is not None and mine != theirs for mine, theirs in pairs)
