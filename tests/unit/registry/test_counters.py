"""Counters move with the facts, are exact on both databases, and can be proved and repaired from the facts."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from pledges.audit.models import Fact
from pledges.audit.operations import SIGNER, record
from pledges.core.calendar import local_day
from pledges.core.db import Database, new_id
from pledges.registry.counters import move_counters
from pledges.registry.models import (
    Channel,
    Contact,
    Counter,
    Entity,
    EntityType,
    Obligation,
    ObligationMove,
    OpenCounter,
    Sighting,
    Standing,
)
from pledges.registry.operations import Registered
from pledges.registry.queries import Coverage, coverage
from pledges.registry.recounting import recount
from pledges.registry.upkeep_models import FormerName, SearchDocument
from tests.support.clock import START
from tests.unit.registry.conftest import P
from tests.unit.registry.declarations import OTHER_TAX_CODE, TAX_CODE, declare, declared, drifts, register_in

TODAY = local_day(START)
Line = tuple[str, str | None, str | None, int, int, int]


def lines(database: Database, as_of: date = TODAY, **how: bool) -> list[Line]:
    with database.read() as session:
        found = coverage(session, P, as_of=as_of, **how)  # type: ignore[arg-type]
    return [_line(one) for one in found]


def _line(one: Coverage) -> Line:
    return (one.entry_id, one.subject_type, one.commune_code, one.in_scope, one.waiting_for_agency, one.in_force)


def sign(session: Session, registered: Registered, *, approve: bool = False, at: object = START) -> None:
    """What signing and approving do to the counters, with facts that carry it."""
    for obligation in registered.obligations:
        change = {"waiting_for_agency": -1, "in_force": 1} if approve else {"waiting_for_agency": 1}
        record(
            session,
            "pledge.submitted",
            province_code=P,
            object_id=new_id(),
            actor=SIGNER,
            now=at,  # type: ignore[arg-type]
            data={
                "counts": move_counters(
                    session,
                    obligation,
                    registered.entity,
                    day=local_day(at),  # type: ignore[arg-type]
                    **change,
                )
            },
        )


def test_a_subject_with_two_types_counts_once_in_totals(register: Database) -> None:
    register_in(register, declared(types=("influencer", "artist")))
    register_in(register, declared(types=("artist",), email="b@vidu.vn", commune="97002"))
    assert lines(register) == [
        ("97-celebrity", None, None, 2, 0, 0),
        ("97-guidance", None, None, 1, 0, 0),
    ]
    assert lines(register, by_subject_type=True) == [
        ("97-celebrity", "artist", None, 2, 0, 0),
        ("97-celebrity", "influencer", None, 1, 0, 0),
        ("97-guidance", "influencer", None, 1, 0, 0),
    ]
    assert lines(register, by_commune=True) == [
        ("97-celebrity", None, "97001", 1, 0, 0),
        ("97-celebrity", None, "97002", 1, 0, 0),
        ("97-guidance", None, "97001", 1, 0, 0),
    ]


def test_websites_count_one_by_one_under_their_owners_commune(register: Database) -> None:
    register_in(register, declared("mot.vn", "hai.vn", types=("ecommerce_website",), commune="97002"))
    assert lines(register, by_commune=True) == [("97-website", None, "97002", 2, 0, 0)]


def test_figures_are_those_of_the_day(register: Database) -> None:
    first = register_in(register, declared())
    later = START + timedelta(days=1)
    register.run(lambda session: sign(session, first, at=later))
    register_in(register, declared(email="b@vidu.vn", name="Khác"), START + timedelta(days=2))
    assert lines(register, TODAY - timedelta(days=1)) == []
    assert lines(register, TODAY) == [("97-seller", None, None, 1, 0, 0)]
    assert lines(register, TODAY + timedelta(days=1)) == [("97-seller", None, None, 1, 1, 0)]
    assert lines(register, TODAY + timedelta(days=9)) == [("97-seller", None, None, 2, 1, 0)]
    assert drifts(register) == []


def test_the_day_is_vietnams(register: Database) -> None:
    register_in(register, declared(), START.replace(hour=17, minute=30))
    assert lines(register, TODAY) == []
    assert lines(register, TODAY + timedelta(days=1)) == [("97-seller", None, None, 1, 0, 0)]


def test_a_type_that_comes_later_is_counted_with_what_has_happened(register: Database) -> None:
    first = register_in(register, declared(types=("influencer",)))
    register.run(lambda session: sign(session, first))
    register.run(lambda session: sign(session, first, approve=True))
    register_in(register, declared(types=("artist",)))
    assert lines(register, by_subject_type=True) == [
        ("97-celebrity", "artist", None, 1, 0, 1),
        ("97-celebrity", "influencer", None, 1, 0, 1),
        ("97-guidance", "influencer", None, 1, 0, 1),
    ]
    assert lines(register) == [("97-celebrity", None, None, 1, 0, 1), ("97-guidance", None, None, 1, 0, 1)]
    assert drifts(register) == []


def test_figures_can_be_had_for_one_agency(register: Database) -> None:
    register_in(register, declared("ten.vn", types=("influencer", "ecommerce_website")))
    with register.read() as session:
        found = coverage(session, P, as_of=TODAY, agency_code="97-SCT")
    assert [one.entry_id for one in found] == ["97-website"]


def spoil_a_figure(session: Session) -> None:
    session.execute(update(Counter).where(Counter.subject_type == "").values(in_scope=7))


def lose_a_row(session: Session) -> None:
    session.execute(delete(Counter).where(Counter.subject_type != ""))


def invent_a_row(session: Session) -> None:
    row = session.scalars(select(Counter).limit(1)).one()
    session.add(
        Counter(
            province_code=P,
            agency_code=row.agency_code,
            entry_id=row.entry_id,
            instrument=row.instrument,
            subject_type="press",
            commune_code="97002",
            day=row.day,
            in_force=3,
        )
    )


def spoil_an_obligation(session: Session) -> None:
    session.execute(update(Obligation).values(in_force=5))


@pytest.mark.parametrize("damage", [spoil_a_figure, lose_a_row, invent_a_row, spoil_an_obligation])
def test_damage_is_found_and_repaired(register: Database, damage: Callable[[Session], None]) -> None:
    done = register_in(register, declared())
    register.run(lambda session: sign(session, done))
    before = lines(register, by_subject_type=True)
    register.run(damage)
    found = drifts(register)
    assert len(found) == 1
    assert found[0].expected != found[0].found
    assert drifts(register) == found
    assert register.run(lambda session: recount(session, repair=True)) == found
    assert drifts(register) == []
    assert lines(register, by_subject_type=True) == before


def test_a_recount_can_be_of_one_province(register: Database) -> None:
    register_in(register, declared())
    register.run(spoil_a_figure)
    assert register.run(lambda session: recount(session, repair=True, province_code="99")) == []
    assert len(register.run(lambda session: recount(session, repair=False, province_code=P))) == 1


SUBJECTS = st.builds(
    declared,
    types=st.sets(
        st.sampled_from(["influencer", "artist", "press", "digital_seller", "ecommerce_website", "doctor"]),
        min_size=1,
    ).map(lambda types: tuple(sorted(types))),
    email=st.sampled_from(["an@vidu.vn", "binh@vidu.vn"]),
    name=st.sampled_from(["Ví Dụ Một", "Ví Dụ Hai"]),
    commune=st.sampled_from(["97001", "97002", None]),
    tax_code=st.sampled_from([None, TAX_CODE, OTHER_TAX_CODE]),
    appeared_on=st.sampled_from([None, date(2026, 1, 1), date(2026, 5, 1)]),
)
STEPS = st.lists(
    st.tuples(
        SUBJECTS,
        st.sets(st.sampled_from(["mot.vn", "hai.vn", "facebook.com/tenpage"])),
        st.sampled_from(["", "s", "sa"]),
    ),
    max_size=7,
)


def empty_register(session: Session) -> None:
    counted = (Counter, OpenCounter, ObligationMove)
    for table in (*counted, Sighting, Obligation, Contact, Channel, EntityType, SearchDocument, FormerName, Entity):
        session.execute(delete(table))
    session.execute(delete(Fact).where(Fact.province_code == P))


@given(STEPS)
@settings(
    max_examples=5,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_sequence_keeps_counters_exact(register: Database, steps: list[tuple[object, set[str], str]]) -> None:
    register.run(empty_register)
    for number, (subject, channels, then) in enumerate(steps):
        at = START + timedelta(hours=9 * number)
        typed = declared(*sorted(channels), **_fields(subject))
        done = register_in(register, typed, at)
        for approve in (False, True)[: len(then)]:
            register.run(lambda session, done=done, approve=approve, at=at: sign(session, done, approve=approve, at=at))
    assert drifts(register) == []
    with register.read() as session:
        owed = Tally(session.scalars(select(Obligation.entry_id)))
        assert {line[0]: line[3] for line in lines(register, date(2030, 1, 1))} == owed
        codes = session.scalars(
            select(Entity.tax_code).where(Entity.standing == Standing.REGISTERED, Entity.tax_code.is_not(None))
        ).all()
        assert len(codes) == len(set(codes))
        assert not session.scalar(
            select(func.count())
            .select_from(Obligation)
            .join(Entity, Entity.id == Obligation.entity_id)
            .where(Entity.standing == Standing.CLAIMED)
        )


def _fields(subject: object) -> dict[str, object]:
    return {
        "types": subject.subject_types,
        "email": subject.email,
        "name": subject.name,
        "commune": subject.commune_code,
        "tax_code": subject.tax_code,
        "appeared_on": subject.appeared_on,
    }


def test_twenty_at_once_with_one_tax_code(register: Database) -> None:
    """One is registered; the same contact finds it again; every stranger only claims it; the counters are exact."""
    at_once = 20
    start = Barrier(at_once)

    def one(number: int) -> Registered:
        email = "an@vidu.vn" if number % 2 else f"la{number}@vidu.vn"
        subject = declared(
            "ten.vn", types=("digital_seller", "ecommerce_website", "influencer"), tax_code=TAX_CODE, email=email
        )
        start.wait(30)
        return register.run(lambda session: declare(session, subject))

    with ThreadPoolExecutor(at_once) as threads:
        done = list(threads.map(one, range(at_once)))
    winners = {result.entity.id for result in done if not result.claimed}
    assert len(winners) == 1
    with register.read() as session:
        entities = session.scalars(select(Entity)).all()
    registered = [entity for entity in entities if entity.standing is Standing.REGISTERED]
    assert [entity.id for entity in registered] == list(winners)
    # Ten strangers, or, if a stranger was first, nine others and the one that all the odd numbers share.
    assert len(entities) - 1 == 10
    assert all(entity.claims_entity_id == registered[0].id for entity in entities if entity is not registered[0])
    assert lines(register) == [
        ("97-seller", None, None, 1, 0, 0),
        ("97-website", None, None, 1, 0, 0),
        ("97-celebrity", None, None, 1, 0, 0),
        ("97-guidance", None, None, 1, 0, 0),
    ]
    assert drifts(register) == []


def test_ten_at_once_without_any_identifier(register: Database) -> None:
    """Only contact and name say that they are one; no constraint of the database could."""
    start = Barrier(10)

    def one(_: int) -> Registered:
        start.wait(30)
        return register.run(lambda session: declare(session, declared()))

    with ThreadPoolExecutor(10) as threads:
        assert len({done.entity.id for done in threads.map(one, range(10))}) == 1
    assert lines(register) == [("97-seller", None, None, 1, 0, 0)]


def test_twenty_at_once_in_one_commune(register: Database) -> None:
    """All touch the same counter rows, in different order of their types."""
    types = ["digital_seller", "ecommerce_website", "influencer", "artist", "press"]

    def one(number: int) -> Registered:
        turned = tuple(types[number % 5 :] + types[: number % 5])
        return register_in(register, declared(f"ten{number}.vn", types=turned, email=f"an{number}@vidu.vn"))

    with ThreadPoolExecutor(20) as threads:
        assert not any(done.claimed for done in threads.map(one, range(20)))
    assert [line[3] for line in lines(register)] == [20, 20, 20, 20]
    assert drifts(register) == []
