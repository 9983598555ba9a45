"""Two entities become one and two again: nothing that was signed is lost, and every count says what holds."""

from __future__ import annotations

import random
import uuid
from collections import Counter as Tally
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.accounts.models import Role, Staff
from pledges.accounts.permissions import NotPermitted
from pledges.audit.models import Fact
from pledges.audit.operations import SIGNER
from pledges.core.db import Database
from pledges.core.errors import Conflict, DomainError, NotFound
from pledges.core.identity import canonical_channel
from pledges.core.secrecy import Vault
from pledges.plans.models import Commune
from pledges.registry.duplicates import suspect
from pledges.registry.families import family
from pledges.registry.models import Channel, Entity, EntityKind, Location, Obligation, Scope, Sighting
from pledges.registry.operations import DeclaredSubject, register_declared
from pledges.registry.queries import coverage, find_by_tax_code, obligations_of, types_of
from pledges.registry.recounting import recount
from pledges.registry.upkeep_models import DuplicatePair, Merge, PairState, SearchDocument
from pledges.signing.merging import merge_entities, undo_merge
from pledges.signing.models import Pledge, PledgeState
from pledges.signing.queries import pledges_of_entity
from tests.support.clock import FixedClock
from tests.support.signing import (
    COMMUNES,
    HUE,
    LANG_SON,
    approve,
    invented_tax_code,
    lead_to,
    run_together,
    seller_pages,
    signed_by,
)
from tests.support.staff import add_person

FAR = date(2030, 1, 1)
S = PledgeState


class Register:
    """Hue's register with one officer, who merges."""

    def __init__(self, database: Database, clock: FixedClock, vault: Vault) -> None:
        self.database, self.clock, self.vault = database, clock, vault
        self.officer = self.person("trung.lap@vidu.vn", HUE)
        with database.read() as session:
            communes = session.scalars(select(Commune.code).where(Commune.province_code == HUE).order_by(Commune.code))
            self.communes = communes.all()

    def person(self, email: str, province_code: str, role: Role = Role.OFFICER) -> Staff:
        agency = f"{province_code}-SCT"
        return add_person(self.database, email, role=role, province_code=province_code, agency_code=agency, ready=False)

    def signed(self, number: int, **changes: Any) -> Pledge:
        [pledge] = signed_by(self.database, seller_pages(number, **changes), now=self.clock(), vault=self.vault).signed
        self.clock.advance(timedelta(minutes=5))
        return pledge

    def listed(self, number: int, *channels: str, types: tuple[str, ...] = ("digital_seller",), **more: Any) -> Entity:
        """Somebody who is in the register and has signed nothing."""
        subject = DeclaredSubject(
            kind=EntityKind.ORGANISATION,
            name=f"Cửa hàng Thử Nghiệm {number}",
            email=f"cua.hang.{number}@vidu.vn",
            subject_types=types,
            commune_code=more.pop("commune", COMMUNES[HUE]),
            channels=tuple(canonical_channel(channel) for channel in channels),
            **more,
        )
        return self.database.run(
            lambda session: register_declared(
                session, subject, province_code=HUE, actor=SIGNER, now=self.clock(), vault=self.vault
            )
        ).entity

    def merge(self, kept: uuid.UUID, merged: uuid.UUID, staff: Staff | None = None) -> Merge:
        self.clock.advance(timedelta(minutes=5))
        return self.database.run(
            lambda session: merge_entities(
                session, HUE, kept, merged, staff=staff or self.officer, note="Thử nghiệm", now=self.clock()
            )
        )

    def undo(self, merge: Merge) -> Merge:
        self.clock.advance(timedelta(minutes=5))
        return self.database.run(
            lambda session: undo_merge(session, HUE, merge.id, staff=self.officer, now=self.clock())
        )

    def figures(self) -> dict[tuple[Any, ...], tuple[int, int, int]]:
        """What coverage shows by type and by commune; the recount agrees with it."""
        assert self.database.run(partial(recount, repair=False)) == []
        with self.database.read() as session:
            rows = [
                *coverage(session, HUE, as_of=FAR, by_subject_type=True, by_commune=True),
                *coverage(session, HUE, as_of=FAR, by_commune=True),
            ]
        found = {
            (row.entry_id, row.subject_type, row.commune_code): (row.in_scope, row.waiting_for_agency, row.in_force)
            for row in rows
        }
        return {key: figures for key, figures in found.items() if any(figures)}

    def totals(self) -> tuple[int, int, int]:
        return tuple(map(sum, zip(*(f for key, f in self.figures().items() if key[1] is None), strict=True)))  # type: ignore[return-value]

    def picture(self) -> list[Any]:
        """All that an undone merge has to leave as it was."""
        with self.database.read() as session:
            entities = session.scalars(select(Entity).order_by(Entity.id)).all()
            owed = session.scalars(select(Obligation).order_by(Obligation.id)).all()
            channels = session.scalars(select(Channel).order_by(Channel.id)).all()
            sightings = session.scalars(select(Sighting).order_by(Sighting.id)).all()
            documents = session.scalars(select(SearchDocument).order_by(SearchDocument.entity_id)).all()
            return [
                [
                    (e.id, e.merged_into, e.tax_code, e.personal_number_hash, tuple(types_of(session, e)))
                    for e in entities
                ],
                [
                    (o.id, o.entity_id, o.scope, o.cohort, o.waiting_for_agency, o.in_force)
                    for o in owed
                    if o.scope is not Scope.PRESUMED_OUT
                ],
                [(c.id, c.entity_id) for c in channels],
                [(s.id, s.entity_id) for s in sightings],
                [(d.entity_id, d.words, d.handles) for d in documents],
            ]


@pytest.fixture
def register(database: Database, clock: FixedClock, vault: Vault) -> Register:
    return Register(database, clock, vault)


@pytest.fixture
def light(sqlite_database: Database, clock: FixedClock, vault: Vault) -> Register:
    return Register(sqlite_database, clock, vault)


def test_who_has_signed_under_one_name_does_not_stand_among_those_who_have_not(light: Register) -> None:
    """The survivor sits elsewhere, has another type too, and has signed nothing itself."""
    pledge = light.signed(1)
    approve(light.database, pledge, now=light.clock())
    kept = light.listed(
        2, "thu-nghiem-hai.vn", types=("digital_seller", "ecommerce_website"), commune=light.communes[0]
    )
    before, picture = light.figures(), light.picture()
    assert light.totals() == (3, 0, 1)
    merge = light.merge(kept.id, pledge.entity_id)
    assert light.totals() == (2, 0, 1)
    assert {key[2] for key in light.figures()} == {light.communes[0]}
    with light.database.read() as session:
        survivor = session.get_one(Entity, (HUE, kept.id))
        assert survivor.tax_code == invented_tax_code(1)
        assert find_by_tax_code(session, HUE, invented_tax_code(1)) is survivor
        assert [each.id for each in pledges_of_entity(session, HUE, kept.id, pledge.agency_code)] == [pledge.id]
        assert family(session, survivor) == [kept.id, pledge.entity_id]
        assert (
            "facebook.com/cuahangthu1"
            in session.scalars(select(SearchDocument.handles).where(SearchDocument.entity_id == kept.id)).one()
        )
        assert {owed.obligation.entity_id for owed in obligations_of(session, survivor)} == {kept.id}
        [pair] = session.scalars(select(DuplicatePair)).all()
        assert (pair.state, pair.decided_by, pair.note) == (PairState.MERGED, light.officer.id, "Thử nghiệm")
    light.undo(merge)
    assert (light.figures(), light.picture()) == (before, picture)
    with light.database.read() as session:
        assert session.scalars(select(DuplicatePair.state)).all() == [PairState.OPEN]


def test_a_pledge_of_the_merged_one_goes_on_and_speaks_for_the_survivor(light: Register) -> None:
    """Decisions after the merge, and the loss of the survivor's own pledge, are counted where the subject stands."""
    theirs, ours = light.signed(1), light.signed(2, place__commune=light.communes[0])
    merge = light.merge(ours.entity_id, theirs.entity_id)
    assert light.totals() == (1, 1, 0)
    approve(light.database, theirs, now=light.clock())
    assert light.totals() == (1, 0, 1)
    approve(light.database, ours, now=light.clock())
    assert light.totals() == (1, 0, 1)
    lead_to(light.database, ours, S.REVOKED, now=light.clock())
    assert light.totals() == (1, 0, 1)
    light.undo(merge)
    assert light.totals() == (2, 0, 1)
    with light.database.read() as session:
        rows = {row.entity_id: row.in_force for row in session.scalars(select(Obligation))}
    assert rows == {theirs.entity_id: 1, ours.entity_id: 0}


def test_the_survivor_signs_nothing_twice_and_covers_its_own_once_they_are_two_again(light: Register) -> None:
    theirs, kept = light.signed(1), light.listed(2, tax_code=invented_tax_code(2))
    merge = light.merge(kept.id, theirs.entity_id)
    # The contact of the survivor signs with a channel of its own: the pledge has no obligation left to cover.
    pledge = light.signed(2, group__email="cua.hang.2@vidu.vn")
    assert pledge.entity_id == kept.id
    assert light.totals() == (1, 1, 0)
    light.undo(merge)
    assert light.totals() == (2, 2, 0)


def test_an_undo_is_refused_where_a_pledge_stands_on_the_merge(light: Register) -> None:
    """The survivor has signed for a website that came to it with the merge."""
    site = light.listed(1, "thu-nghiem-mot.vn", types=("ecommerce_website",))
    kept = light.listed(2, tax_code=invented_tax_code(2))
    merge = light.merge(kept.id, site.id)
    pledge = light.signed(
        2,
        group__email="cua.hang.2@vidu.vn",
        group__subject_type="ecommerce_website",
        place__channels=["thu-nghiem-mot.vn"],
    )
    assert pledge.entity_id == kept.id
    with pytest.raises(Conflict, match=pledge.reference):
        light.undo(merge)
    lead_to(light.database, pledge, S.WITHDRAWN, now=light.clock())
    light.undo(merge)
    assert light.totals() == (2, 0, 0)


def test_merges_are_taken_back_in_their_order_and_never_go_round(light: Register) -> None:
    one, two, three = (light.listed(number) for number in (1, 2, 3))
    first = light.merge(two.id, one.id)
    with pytest.raises(Conflict, match="vừa được gộp vào “Cửa hàng Thử Nghiệm 2”"):
        light.merge(one.id, two.id)
    second = light.merge(three.id, two.id)
    with light.database.read() as session:
        assert family(session, session.get_one(Entity, (HUE, one.id))) == [three.id, *sorted([one.id, two.id])]
    with pytest.raises(Conflict, match="đã được gộp tiếp vào “Cửa hàng Thử Nghiệm 3”"):
        light.undo(first)
    light.undo(second)
    third = light.merge(two.id, three.id)
    with pytest.raises(Conflict, match="“Cửa hàng Thử Nghiệm 3” cũng đã được gộp"):
        light.undo(first)
    light.undo(third)
    light.undo(first)
    with pytest.raises(Conflict, match="vừa được hoàn tác"):
        light.undo(first)
    assert light.totals() == (3, 0, 0)


def test_what_cannot_be_merged(light: Register) -> None:
    one, two = light.listed(1), light.listed(2)
    stranger = light.person("lang.son@vidu.vn", LANG_SON)
    with pytest.raises(DomainError, match="hai đối tượng khác nhau"):
        light.merge(one.id, one.id)
    with pytest.raises(NotFound):
        light.merge(one.id, uuid.uuid4())
    with pytest.raises(NotFound):
        light.merge(one.id, two.id, stranger)
    with pytest.raises(NotPermitted):
        light.merge(one.id, two.id, light.person("lanh.dao@vidu.vn", HUE, Role.APPROVER))
    claim = light.signed(1, place__channels=["https://www.facebook.com/cuahang.thu.9"])
    other = light.signed(9, group__email="nguoi.khac@vidu.vn", place__channels=["facebook.com/cuahang.thu.9"])
    assert other.entity_id != claim.entity_id
    with pytest.raises(Conflict, match="bản tự kê khai"):
        light.merge(one.id, other.entity_id)


def test_the_survivor_stands_in_the_other_suspicions(light: Register) -> None:
    one, two, three = (light.listed(number) for number in (1, 2, 3))
    light.database.run(lambda session: suspect(session, HUE, one.id, three.id, ["near_name"], 61, now=light.clock()))
    light.merge(two.id, one.id)
    with light.database.read() as session:
        rows = session.scalars(select(DuplicatePair).where(DuplicatePair.state == PairState.OPEN)).all()
    assert {frozenset((row.first_id, row.second_id)) for row in rows} == {
        frozenset((one.id, three.id)),
        frozenset((two.id, three.id)),
    }


def test_of_twenty_at_once_one_merges_and_one_undoes(register: Register) -> None:
    """Half of them would keep the one, half the other; all the others are told kindly."""
    one, two = register.signed(1), register.listed(2)
    now = register.clock()

    def try_to(work: Any) -> Any:
        try:
            return register.database.run(work)
        except Conflict as refusal:
            return str(refusal)

    def merge(number: int) -> Any:
        pair = (one.entity_id, two.id) if number % 2 else (two.id, one.entity_id)
        return try_to(lambda session: merge_entities(session, HUE, *pair, staff=register.officer, note="", now=now))

    done = run_together(merge, 20)
    [made] = [each for each in done if isinstance(each, Merge)]
    assert sum("vừa được gộp vào" in each for each in done if isinstance(each, str)) == 19
    assert register.totals() == (1, 1, 0)
    undone = run_together(
        lambda _: try_to(lambda session: undo_merge(session, HUE, made.id, staff=register.officer, now=now)), 20
    )
    assert sum(isinstance(each, Merge) for each in undone) == 1
    assert register.totals() == (2, 1, 0)
    with register.database.read() as session:
        facts = Tally(session.scalars(select(Fact.kind).where(Fact.kind.like("entity.merge%"))))
    assert facts == {"entity.merged": 1, "entity.merge_undone": 1}


def test_whoever_declares_themselves_while_being_merged_is_added_to_the_survivor(
    postgresql_database: Database, clock: FixedClock, vault: Vault
) -> None:
    """On PostgreSQL both run at once: what the declaration brings must not be left with the merged row."""
    register = Register(postgresql_database, clock, vault)
    one, two = register.listed(1), register.listed(2)
    work = [
        lambda: register.merge(two.id, one.id),
        lambda: register.listed(1, "thu-nghiem-mot.vn", types=("digital_seller", "ecommerce_website")),
    ]
    run_together(lambda number: work[number % 2](), 2)
    register.figures()
    with register.database.read() as session:
        assert session.scalars(select(Channel.entity_id)).all() == [two.id]
        assert not session.scalars(
            select(Obligation.id).where(Obligation.entity_id == one.id, Obligation.scope == Scope.PRESUMED_IN)
        ).all()


def test_any_merges_and_undos_keep_the_counts_exact(light: Register) -> None:
    _play(light, 1)


def test_the_same_on_postgresql(postgresql_database: Database, clock: FixedClock, vault: Vault) -> None:
    _play(Register(postgresql_database, clock, vault), 4)


def _play(register: Register, seed: int) -> None:
    """Random subjects, some with pledges in every state; random merges and undos; all undone at the end."""
    dice = random.Random(seed)  # noqa: S311 - no secret
    pool = _subjects(register, dice)
    before, picture = register.figures(), register.picture()
    done: list[Merge] = []
    refused = 0
    for _ in range(14):
        try:
            if done and dice.random() < 0.35:
                undone = register.undo(dice.choice(done))
                done = [merge for merge in done if merge.id != undone.id]
            else:
                done.append(register.merge(*dice.sample(pool, 2)))
        except Conflict:
            refused += 1
        register.figures()
    assert done
    with register.database.read() as session:
        merged = session.scalar(select(func.count()).select_from(Entity).where(Entity.merged_into.is_not(None)))
        assert merged == len(done)
        left = session.scalars(
            select(Obligation.id)
            .join(Entity, Entity.id == Obligation.entity_id)
            .where(Entity.merged_into.is_not(None), Obligation.scope == Scope.PRESUMED_IN)
        ).all()
        assert left == []
        _nobody_stands_wrong(session)
    for merge in reversed(done):
        register.undo(merge)
    assert register.figures() == before
    assert register.picture() == picture


def _subjects(register: Register, dice: random.Random) -> list[uuid.UUID]:
    ids = []
    kinds = ("digital_seller", "ecommerce_website", "influencer", "artist", "press", "doctor")
    for number in range(1, 9):
        commune = dice.choice(register.communes[:3])
        if number % 2:
            pledge = register.signed(number, place__commune=commune)
            way = dice.choice([(), (S.RETURNED,), (S.WITHDRAWN,), (S.RECOMMENDED, S.COUNTERSIGNING, S.APPROVED)])
            lead_to(register.database, pledge, *way, now=register.clock())
            ids.append(pledge.entity_id)
            continue
        types = tuple(sorted(dice.sample(kinds, dice.randint(1, 3))))
        sites = [f"thu-nghiem-{number}-{place}.vn" for place in range(dice.randint(0, 2))]
        more: dict[str, Any] = {"tax_code": invented_tax_code(500 + number)} if dice.random() < 0.5 else {}
        more |= {"appeared_on": dice.choice([None, date(2025, 1, 1), date(2026, 10, 1)])}
        if dice.random() < 0.3:
            more |= {"commune": None, "location": Location.ELSEWHERE}
        else:
            more |= {"commune": commune}
        ids.append(register.listed(number, *sites, types=types, **more).id)
    return ids


def _nobody_stands_wrong(session: Session) -> None:
    """A survivor's obligation of the seller's entry is signed for if anybody of the family has signed."""
    for entity in session.scalars(select(Entity).where(Entity.merged_into.is_(None))):
        states = set(session.scalars(select(Pledge.state).where(Pledge.entity_id.in_(family(session, entity)))))
        [owed] = [
            each.obligation
            for each in obligations_of(session, entity)
            if "digital_seller" in types_of(session, entity) and each.entry.id == "46-seller"
        ] or [None]
        if owed is not None:
            in_force = int(S.APPROVED in states)
            waiting = int(S.SUBMITTED in states and not in_force)
            assert (owed.waiting_for_agency, owed.in_force) == (waiting, in_force)
