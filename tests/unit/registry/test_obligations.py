"""What follows by rule opens, goes out and comes back by itself; what people decided and what was signed stays."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from pledges.audit.models import Fact
from pledges.core.db import Database
from pledges.core.identity import canonical_channel
from pledges.plans.models import ObligationEntry
from pledges.registry.adding import Seen, add_channel, add_sighting
from pledges.registry.models import Channel, Cohort, Entity, Location, Obligation, Scope
from pledges.registry.obligations import recompute_many, recompute_province
from pledges.registry.rules import OFFICER
from pledges.registry.subject_types import add_types, remove_types
from tests.support.clock import START
from tests.unit.registry.care_support import ACTOR, SEEN, TODAY, add, decide, into, new, out, owed, person
from tests.unit.registry.conftest import P
from tests.unit.registry.declarations import declared, drifts, register_in
from tests.unit.registry.test_counters import lines, sign


def recompute(session: Session, entity: Entity) -> None:
    recompute_many(session, P, [entity.id], actor=ACTOR, now=START)


def retype(database: Database, entity: Entity, *, without: tuple[str, ...] = (), plus: tuple[str, ...] = ()) -> None:
    def work(session: Session) -> None:
        mine = session.get_one(Entity, (P, entity.id))
        remove_types(session, mine, without, actor=ACTOR, now=START)
        add_types(session, mine, plus, actor=ACTOR, now=START)
        recompute(session, mine)

    database.run(work)


def switch(database: Database, entry_id: str, *, enabled: bool) -> None:
    database.run(
        lambda session: session.execute(
            update(ObligationEntry).where(ObligationEntry.id == entry_id).values(enabled=enabled)
        )
    )


def whole_province(database: Database) -> tuple[int, int, int]:
    done = recompute_province(database, P, clock=lambda: START, chunk=2)
    return len(done.opened), done.presumed_in, done.presumed_out


def test_types_lead_in_and_out_and_counters_follow(register: Database) -> None:
    entity = add(register, new(types=("influencer", "artist")))
    assert lines(register) == [("97-celebrity", None, None, 1, 0, 0), ("97-guidance", None, None, 1, 0, 0)]
    retype(register, entity, without=("influencer",), plus=("digital_seller",))
    assert {key: each.scope for key, each in owed(register, entity).items()} == {
        "97-celebrity": Scope.PRESUMED_IN,
        "97-guidance": Scope.PRESUMED_OUT,
        "97-seller": Scope.PRESUMED_IN,
    }
    assert lines(register, by_subject_type=True) == [
        ("97-seller", "digital_seller", None, 1, 0, 0),
        ("97-celebrity", "artist", None, 1, 0, 0),
        ("97-celebrity", "influencer", None, 0, 0, 0),
        ("97-guidance", "influencer", None, 0, 0, 0),
    ]
    retype(register, entity, plus=("influencer",))
    assert owed(register, entity)["97-guidance"].scope is Scope.PRESUMED_IN
    assert drifts(register) == []


def test_recomputing_what_is_right_changes_nothing(register: Database) -> None:
    entity = add(register, new("mot.vn", types=("ecommerce_website", "artist")))

    def facts() -> int:
        with register.read() as session:
            return session.scalar(select(func.count()).select_from(Fact)) or 0

    before = facts()
    register.run(lambda session: recompute(session, entity))
    assert facts() == before


def test_what_was_signed_leaves_the_count_with_the_scope_and_comes_back(register: Database) -> None:
    first = register_in(register, declared())
    register.run(lambda session: sign(session, first))
    register.run(lambda session: sign(session, first, approve=True))
    assert lines(register) == [("97-seller", None, None, 1, 0, 1)]
    retype(register, first.entity, without=("digital_seller",))
    assert lines(register) == [("97-seller", None, None, 0, 0, 0)]
    assert owed(register, first.entity)["97-seller"].in_force == 1
    assert drifts(register) == []
    retype(register, first.entity, plus=("digital_seller",))
    assert lines(register) == [("97-seller", None, None, 1, 0, 1)]
    assert drifts(register) == []


def test_what_is_signed_while_out_of_scope_counts_once_it_is_in(register: Database) -> None:
    officer = person(register, "out@vidu.vn")
    first = register_in(register, declared())
    decide(register, first.obligations[0], out(), officer)
    register.run(lambda session: sign(session, first))
    assert lines(register) == [("97-seller", None, None, 0, 0, 0)]
    assert drifts(register) == []
    decide(register, first.obligations[0], into(), officer)
    assert lines(register) == [("97-seller", None, None, 1, 1, 0)]
    assert drifts(register) == []


@pytest.mark.parametrize("what", [out(), into()], ids=["out", "in"])
def test_rules_never_touch_what_was_decided(register: Database, what: object) -> None:
    officer = person(register, "decided@vidu.vn")
    entity = add(register, new())
    decide(register, owed(register, entity)["97-seller"], what, officer)  # type: ignore[arg-type]
    decided = owed(register, entity)["97-seller"].scope
    retype(register, entity, without=("digital_seller",))
    switch(register, "97-seller", enabled=False)
    assert whole_province(register) == (0, 0, 0)
    assert owed(register, entity)["97-seller"].scope is decided
    assert drifts(register) == []


def test_entries_switched_on_and_off_reach_everybody_in_chunks(register: Database) -> None:
    shops = [add(register, new(name=f"Cửa hàng {number}", types=("enterprise",))) for number in range(3)]
    assert all(owed(register, shop) == {} for shop in shops)
    switch(register, "97-business", enabled=True)
    assert whole_province(register) == (3, 0, 0)
    assert whole_province(register) == (0, 0, 0)
    assert lines(register) == [("97-business", None, None, 3, 0, 0)]
    switch(register, "97-business", enabled=False)
    assert whole_province(register) == (0, 0, 3)
    switch(register, "97-business", enabled=True)
    assert whole_province(register) == (0, 3, 0)
    assert lines(register) == [("97-business", None, None, 3, 0, 0)]
    assert drifts(register) == []


@pytest.mark.parametrize("location", [Location.ELSEWHERE, Location.ABROAD])
def test_who_sits_elsewhere_waits_for_a_decision_unless_they_declare_themselves(
    register: Database, location: Location
) -> None:
    entity = add(register, new("mot.vn", types=("ecommerce_website",), location=location, commune_code=None))
    assert owed(register, entity)["97-website"].scope is Scope.PRESUMED_OUT
    assert lines(register) == []
    itself = register_in(register, declared(location=location, commune=None))
    assert itself.obligations[0].scope is Scope.PRESUMED_IN
    register.run(lambda session: recompute(session, itself.entity))
    assert owed(register, itself.entity)["97-seller"].scope is Scope.PRESUMED_IN
    assert drifts(register) == []


def test_a_website_without_owner_counts_and_finds_its_owner(register: Database) -> None:
    def alone(session: Session) -> Channel:
        return add_channel(session, None, canonical_channel("mot.vn"), SEEN, province_code=P, actor=ACTOR, now=START)

    register.run(alone)
    register.run(alone)
    assert lines(register) == [("97-website", None, None, 1, 0, 0)]
    switch(register, "97-website", enabled=False)
    assert whole_province(register) == (0, 0, 1)
    switch(register, "97-website", enabled=True)
    assert whole_province(register) == (0, 1, 0)
    entity = add(register, new("mot.vn", commune_code="97002"))
    assert {key: each.scope for key, each in owed(register, entity).items()} == {
        "97-website": Scope.PRESUMED_IN,
        "97-seller": Scope.PRESUMED_IN,
    }
    assert lines(register, by_commune=True) == [
        ("97-seller", None, "97002", 1, 0, 0),
        ("97-website", None, "", 0, 0, 0),
        ("97-website", None, "97002", 1, 0, 0),
    ]
    assert drifts(register) == []


def test_the_day_somebody_appeared_decides_the_cohort_until_a_person_does(register: Database) -> None:
    entity = add(register, new())
    assert owed(register, entity)["97-seller"].cohort is Cohort.UNKNOWN

    def appear(day: date, source: str = "import") -> None:
        register.run(
            lambda session: add_sighting(
                session,
                Seen(source, TODAY, appeared_on=day),
                province_code=P,
                actor=ACTOR,
                now=START,
                entity=session.get_one(Entity, (P, entity.id)),
            )
        )

    appear(date(2026, 5, 1))
    assert owed(register, entity)["97-seller"].cohort is Cohort.NEWCOMER
    appear(date(2025, 5, 1))
    assert owed(register, entity)["97-seller"].cohort is Cohort.INITIAL
    appear(date(2026, 6, 1), OFFICER)
    assert owed(register, entity)["97-seller"].cohort is Cohort.NEWCOMER
    appear(date(2020, 1, 1))
    assert owed(register, entity)["97-seller"].cohort is Cohort.NEWCOMER


def test_a_claimed_entity_owes_nothing(register: Database) -> None:
    register_in(register, declared("mot.vn", tax_code="0123456787"))
    claim = register_in(register, declared("mot.vn", email="khac@vidu.vn", name="Người khác"))
    assert claim.claimed
    register.run(lambda session: recompute(session, claim.entity))
    with register.read() as session:
        assert session.scalars(select(Obligation).where(Obligation.entity_id == claim.entity.id)).all() == []


def test_a_lost_row_is_opened_again(register: Database) -> None:
    """The rules need no memory: what is missing by now opens, whatever happened before."""
    entity = add(register, new(types=("artist",)))
    register.run(lambda session: session.execute(delete(Obligation).where(Obligation.entity_id == entity.id)))
    assert len(whole_province(register)) == 3
    assert owed(register, entity)["97-celebrity"].scope is Scope.PRESUMED_IN
