"""Registering what subjects declare: new, again, and on somebody else's entry. Everybody in here is invented."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.audit.models import Fact
from pledges.audit.operations import SIGNER
from pledges.core.calendar import local_day
from pledges.core.db import Database
from pledges.core.errors import DomainError
from pledges.registry.models import (
    Channel,
    Cohort,
    Contact,
    Counter,
    Entity,
    EntityKind,
    Location,
    Obligation,
    Scope,
    Sighting,
    Standing,
)
from pledges.registry.operations import Registered, register_declared
from pledges.registry.queries import channels_of, contacts_of, find_by_tax_code, obligations_of, types_of
from tests.support.clock import START
from tests.unit.registry.conftest import P
from tests.unit.registry.declarations import (
    NUMBER,
    OTHER_NUMBER,
    OTHER_TAX_CODE,
    TAX_CODE,
    VAULT,
    declare,
    declared,
    drifts,
    register_in,
)
from tests.unit.registry.unowned import add_unowned_website


def count(database: Database, model: type) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def facts_of(database: Database, object_id: uuid.UUID) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(Fact.kind).where(Fact.object_id == object_id).order_by(Fact.id)))


def entries_of(registered: Registered) -> list[str]:
    return [obligation.entry_id for obligation in registered.obligations]


def test_a_new_entity_with_everything_that_belongs_to_it(register: Database) -> None:
    done = register_in(
        register,
        declared(
            "https://www.tenshop.vn/a",
            "facebook.com/tenshop",
            types=("ecommerce_website", "digital_seller"),
            tax_code=TAX_CODE,
            phone="+84912345678",
            address="Số 1, đường Ví Dụ",
        ),
    )
    assert not done.claimed
    assert sorted(done.channels) == ["facebook.com/tenshop", "tenshop.vn"]
    assert entries_of(done) == ["97-seller", "97-website"]
    website = done.obligations[1]
    assert (website.entity_id, website.channel_id) == (done.entity.id, done.channels["tenshop.vn"].id)
    assert {obligation.cohort for obligation in done.obligations} == {Cohort.INITIAL}
    with register.read() as session:
        entity = find_by_tax_code(session, P, TAX_CODE)
        assert entity is not None
        assert (entity.id, entity.standing, entity.name_fold) == (
            done.entity.id,
            Standing.REGISTERED,
            "cong ty tnhh vi du",
        )
        assert types_of(session, entity) == ["digital_seller", "ecommerce_website"]
        assert [channel.as_typed for channel in channels_of(session, entity)] == [
            "https://www.tenshop.vn/a",
            "facebook.com/tenshop",
        ]
        contacts = {contact.kind: contact for contact in contacts_of(session, entity)}
        assert (contacts["email"].value, contacts["email"].verified_at) == ("an@vidu.vn", START)
        assert (contacts["phone"].value, contacts["phone"].verified_at) == ("+84912345678", None)
        sightings = session.scalars(select(Sighting)).all()
        assert {(one.source, one.seen_on, one.appeared_on) for one in sightings} == {
            ("self_declared", local_day(START), date(2025, 5, 1))
        }
        assert len(sightings) == 3
    assert facts_of(register, done.entity.id) == ["entity.added"]
    assert facts_of(register, done.channels["tenshop.vn"].id) == ["channel.added"]
    assert facts_of(register, website.id) == ["obligation.opened"]
    assert drifts(register) == []


def test_facts_carry_no_personal_data(register: Database) -> None:
    register_in(
        register,
        declared("zalo.me/0912345678", name="Nguyễn Thị Ví Dụ", personal_number=NUMBER, tax_code=TAX_CODE),
    )
    with register.read() as session:
        said = " ".join(str(data) for data in session.scalars(select(Fact.data)))
    for secret in ("an@vidu.vn", "0912345678", NUMBER, NUMBER[-4:], TAX_CODE, "Ví Dụ", "vi du"):
        assert secret not in said


def test_a_personal_number_is_only_kept_encrypted(register: Database) -> None:
    done = register_in(register, declared(personal_number=NUMBER))
    with register.read() as session:
        entity = session.get_one(Entity, (P, done.entity.id))
        assert entity.personal_number is not None
        assert NUMBER.encode() not in entity.personal_number
        assert VAULT.decrypt("personal_number", entity.personal_number) == NUMBER
        assert entity.personal_number_last4 == "2345"


@pytest.mark.parametrize(
    ("appeared_on", "cohort"),
    [
        (date(2026, 2, 28), Cohort.INITIAL),
        (date(2026, 3, 1), Cohort.NEWCOMER),
        (None, Cohort.UNKNOWN),
    ],
)
def test_the_cohort_follows_from_when_it_appeared(register: Database, appeared_on: date | None, cohort: Cohort) -> None:
    done = register_in(register, declared("tenshop.vn", types=("ecommerce_website",), appeared_on=appeared_on))
    assert [obligation.cohort for obligation in done.obligations] == [cohort]
    assert done.channels["tenshop.vn"].first_seen_on == date(2026, 11, 20)


@pytest.mark.parametrize(
    ("types", "entries"),
    [
        (("influencer",), ["97-celebrity", "97-guidance"]),
        (("influencer", "artist", "press"), ["97-celebrity", "97-guidance"]),
        (("press",), ["97-guidance"]),
        (("enterprise",), []),
        (("doctor",), []),
        (("ecommerce_website",), ["97-website", "97-website"]),
    ],
)
def test_obligations_follow_from_types_and_enabled_entries(
    register: Database, types: tuple[str, ...], entries: list[str]
) -> None:
    """Voluntary pledges and switched-off entries oblige nobody; websites and apps count one by one."""
    done = register_in(
        register,
        declared("ten.vn", "play.google.com/store/apps/details?id=vn.ten.app", "facebook.com/tenpage", types=types),
    )
    assert entries_of(done) == entries
    assert drifts(register) == []


def test_the_same_declaration_again_changes_nothing(register: Database) -> None:
    subject = declared("ten.vn", types=("ecommerce_website",), tax_code=TAX_CODE, phone="+84912345678")
    first = register_in(register, subject)
    tables = (Entity, Channel, Contact, Obligation, Sighting, Fact, Counter)
    before = [count(register, table) for table in tables]
    again = register_in(register, subject, START + timedelta(days=1))
    assert again.entity.id == first.entity.id
    assert [one.id for one in again.obligations] == [one.id for one in first.obligations]
    assert again.channels.keys() == first.channels.keys()
    assert [count(register, table) for table in tables] == before


@pytest.mark.parametrize(
    "known_by",
    [
        {"tax_code": TAX_CODE},
        {"personal_number": NUMBER},
        {"channels": ("facebook.com/tenpage",)},
        {},
    ],
    ids=["tax code", "personal number", "channel", "name"],
)
def test_the_same_contact_completes_its_entity(register: Database, known_by: dict[str, object]) -> None:
    channels = known_by.pop("channels", ())
    first = register_in(register, declared(*channels, types=("digital_seller",), **known_by))  # type: ignore[misc]
    again = register_in(
        register,
        declared(
            *channels,  # type: ignore[misc]
            "ten.vn",
            types=("ecommerce_website",),
            name="CÔNG TY TNHH VÍ DỤ" if not known_by and not channels else "Tên khác",
            phone="+84912345678",
            **known_by,
        ),
    )
    assert (again.entity.id, again.claimed) == (first.entity.id, False)
    assert entries_of(again) == ["97-seller", "97-website"]
    with register.read() as session:
        entity = session.get_one(Entity, (P, first.entity.id))
        assert entity.name == "Công ty TNHH Ví Dụ"
        assert types_of(session, entity) == ["digital_seller", "ecommerce_website"]
        assert {contact.value for contact in contacts_of(session, entity)} == {"an@vidu.vn", "+84912345678"}
    assert count(register, Entity) == 1
    assert drifts(register) == []


def test_only_the_declared_websites_are_handed_back(register: Database) -> None:
    register_in(register, declared("mot.vn", types=("ecommerce_website",), tax_code=TAX_CODE))
    again = register_in(register, declared("hai.vn", types=("ecommerce_website",), tax_code=TAX_CODE))
    assert [obligation.channel_id for obligation in again.obligations] == [again.channels["hai.vn"].id]
    with register.read() as session:
        assert len(obligations_of(session, again.entity)) == 2


def test_whoever_signs_covers_also_what_was_decided_out_of_scope_and_it_stays_out(register: Database) -> None:
    first = register_in(register, declared())

    def decide(session: Session) -> None:
        session.get_one(Obligation, (P, first.obligations[0].id)).scope = Scope.CONFIRMED_OUT

    register.run(decide)
    (owed,) = register_in(register, declared()).obligations
    assert (owed.id, owed.scope) == (first.obligations[0].id, Scope.CONFIRMED_OUT)


def test_missing_identifiers_are_filled_in_and_known_ones_are_kept(register: Database) -> None:
    first = register_in(register, declared("ten.vn"))
    again = register_in(register, declared("ten.vn", tax_code=TAX_CODE, personal_number=NUMBER))
    assert again.entity.id == first.entity.id
    assert again.entity.tax_code == TAX_CODE
    assert again.entity.personal_number_last4 == "2345"
    assert "entity.identified" in facts_of(register, first.entity.id)


CLAIMS = [
    ({"tax_code": TAX_CODE}, {"tax_code": TAX_CODE, "email": "la@vidu.vn"}),
    ({"personal_number": NUMBER}, {"personal_number": NUMBER, "email": "la@vidu.vn"}),
    ({"channels": ("ten.vn",)}, {"channels": ("http://www.ten.vn/x", "moi.vn"), "email": "la@vidu.vn"}),
    # The contact is right, but two tax codes are two subjects.
    ({"channels": ("ten.vn",), "tax_code": TAX_CODE}, {"channels": ("ten.vn",), "tax_code": OTHER_TAX_CODE}),
    (
        {"channels": ("ten.vn",), "personal_number": NUMBER},
        {"channels": ("ten.vn",), "personal_number": OTHER_NUMBER},
    ),
]


@pytest.mark.parametrize(("known", "said"), CLAIMS)
def test_somebody_elses_entry_is_only_claimed(
    register: Database, known: dict[str, object], said: dict[str, object]
) -> None:
    known, said = dict(known), dict(said)
    types = ("ecommerce_website", "digital_seller")
    first = register_in(register, declared(*known.pop("channels", ()), types=types, **known))  # type: ignore[misc,arg-type]
    before = {table: count(register, table) for table in (Channel, Obligation, Sighting, Counter)}
    channels = said.pop("channels", ())
    other = register_in(register, declared(*channels, types=types, name="Người khác", **said))  # type: ignore[misc,arg-type]
    assert other.claimed
    assert (other.entity.standing, other.entity.claims_entity_id) == (Standing.CLAIMED, first.entity.id)
    assert (other.channels, other.obligations) == ({}, [])
    assert {table: count(register, table) for table in before} == before
    assert facts_of(register, other.entity.id) == ["entity.claimed"]
    with register.read() as session:
        entity = session.get_one(Entity, (P, first.entity.id))
        assert entity.name == "Công ty TNHH Ví Dụ"
        assert [contact.value for contact in contacts_of(session, entity)] == ["an@vidu.vn"]
    assert drifts(register) == []


def test_the_same_claim_again_is_the_same_claim(register: Database) -> None:
    register_in(register, declared(tax_code=TAX_CODE))
    claim = declared(tax_code=TAX_CODE, email="la@vidu.vn", name="Người khác")
    one, two = register_in(register, claim), register_in(register, claim)
    third = register_in(register, declared(tax_code=TAX_CODE, email="la3@vidu.vn", name="Người khác"))
    assert one.entity.id == two.entity.id != third.entity.id
    assert two.claimed
    assert third.claimed
    more = register_in(register, declared(tax_code=TAX_CODE, email="la@vidu.vn", name="Người khác", types=("artist",)))
    assert more.entity.id == one.entity.id
    with register.read() as session:
        assert types_of(session, more.entity) == ["artist", "digital_seller"]


def test_a_claim_blocks_nobody_and_is_never_matched(register: Database) -> None:
    first = register_in(register, declared(tax_code=TAX_CODE))
    register_in(register, declared("moi.vn", tax_code=TAX_CODE, email="la@vidu.vn", name="Người khác"))
    # The channel that only the claim named is free, and its contact is no key to the claimed entity.
    owner = register_in(register, declared("moi.vn", email="chu@vidu.vn", name="Chủ thật"))
    assert not owner.claimed
    again = register_in(register, declared(tax_code=TAX_CODE))
    assert again.entity.id == first.entity.id


def test_two_matches_are_a_claim_even_from_the_right_contact(register: Database) -> None:
    one = register_in(register, declared(tax_code=TAX_CODE))
    register_in(register, declared("ten.vn", tax_code=OTHER_TAX_CODE, name="Công ty khác"))
    both = register_in(register, declared("ten.vn", tax_code=TAX_CODE))
    assert both.claimed
    assert both.entity.claims_entity_id == one.entity.id


def test_an_address_from_a_list_is_a_key_and_one_that_was_ended_is_none(register: Database) -> None:
    """Whoever reads the mail that goes to an address of the register is who is registered there."""
    first = register_in(register, declared(tax_code=TAX_CODE))

    def change(session: Session, **values: datetime | None) -> None:
        for contact in session.scalars(select(Contact).where(Contact.entity_id == first.entity.id)):
            for name, value in values.items():
                setattr(contact, name, value)

    register.run(lambda session: change(session, verified_at=None))
    again = register_in(register, declared(tax_code=TAX_CODE))
    assert (again.entity.id, again.claimed) == (first.entity.id, False)
    register.run(lambda session: change(session, ended_at=START))
    assert register_in(register, declared(tax_code=TAX_CODE)).claimed


@pytest.mark.parametrize(
    "other",
    [
        {"name": "Công ty TNHH Ví Dụ Hai"},
        {"email": "khac@vidu.vn"},
        {"kind": EntityKind.PERSON},
    ],
)
def test_without_identifiers_another_name_contact_or_kind_is_another_entity(
    register: Database, other: dict[str, str]
) -> None:
    first = register_in(register, declared())
    second = register_in(register, declared(**other))  # type: ignore[arg-type]
    assert not second.claimed
    assert second.entity.id != first.entity.id


def test_a_name_is_no_match_against_another_tax_code(register: Database) -> None:
    first = register_in(register, declared(tax_code=TAX_CODE))
    second = register_in(register, declared(tax_code=OTHER_TAX_CODE))
    assert second.entity.id != first.entity.id
    assert not second.claimed
    assert register_in(register, declared()).entity.id == first.entity.id


def test_a_merged_entity_is_found_as_its_survivor(register: Database) -> None:
    gone = register_in(register, declared(tax_code=TAX_CODE, email="cu@vidu.vn"))
    kept = register_in(register, declared(tax_code=OTHER_TAX_CODE, name="Còn lại"))

    def merge(session: Session) -> None:
        session.get_one(Entity, (P, gone.entity.id)).merged_into = kept.entity.id

    register.run(merge)
    with register.read() as session:
        found = find_by_tax_code(session, P, TAX_CODE)
        assert found is not None
        assert found.id == kept.entity.id
    # Contact, tax code and name of the merged entity open the survivor.
    for again in (declared(tax_code=TAX_CODE, email="cu@vidu.vn"), declared(email="cu@vidu.vn")):
        found = register_in(register, again)
        assert (found.entity.id, found.claimed) == (kept.entity.id, False)
    assert register_in(register, declared(tax_code=TAX_CODE, email="la@vidu.vn")).claimed


def test_provinces_do_not_see_each_other(register: Database) -> None:
    register_in(register, declared("ten.vn", tax_code=TAX_CODE))
    subject = declared("ten.vn", tax_code=TAX_CODE, email="la@vidu.vn", commune="99001")
    elsewhere = register.run(
        partial(
            register_declared,
            declared=subject,
            province_code="99",
            actor=SIGNER,
            now=START,
            vault=VAULT,
        )
    )
    assert not elsewhere.claimed
    assert elsewhere.obligations == []


def test_abroad_and_elsewhere_need_no_commune(register: Database) -> None:
    done = register_in(
        register, declared("ten.com", types=("influencer",), commune=None, location=Location.ABROAD, country="SG")
    )
    assert (done.entity.location, done.entity.country, done.entity.commune_code) == (Location.ABROAD, "SG", None)
    assert len(done.obligations) == 2
    assert drifts(register) == []


@pytest.mark.parametrize("commune", ["99001", "99999"])
def test_another_provinces_commune_is_refused(register: Database, commune: str) -> None:
    with pytest.raises(DomainError, match="không thuộc tỉnh") as caught:
        register_in(register, declared(commune=commune))
    assert caught.value.field == "commune"
    assert count(register, Entity) == 0


def test_a_website_without_known_owner_gets_its_owner(register: Database) -> None:
    """Its obligation moves in the counters to where the owner is, and is not opened twice."""
    channel_id, obligation_id = register.run(partial(add_unowned_website, address="ten.vn"))
    assert drifts(register) == []
    done = register_in(register, declared("ten.vn", types=("ecommerce_website",)))
    assert not done.claimed
    assert done.channels["ten.vn"].id == channel_id
    assert [obligation.id for obligation in done.obligations] == [obligation_id]
    assert done.obligations[0].entity_id == done.entity.id
    assert drifts(register) == []
    with register.read() as session:
        rows = session.execute(
            select(Counter.commune_code, func.sum(Counter.in_scope))
            .where(Counter.subject_type == "")
            .group_by(Counter.commune_code)
        )
        assert {commune: int(in_scope) for commune, in_scope in rows} == {"": 0, "97001": 1}


def test_nothing_stays_when_the_caller_rolls_back(register: Database) -> None:
    tables = (Entity, Channel, Fact, Counter)
    before = [count(register, table) for table in tables]

    def then_fail(session: Session) -> None:
        declare(session, declared("ten.vn", tax_code=TAX_CODE))
        raise DomainError("Thử: dừng lại.")

    with pytest.raises(DomainError):
        register.run(then_fail)
    assert [count(register, table) for table in tables] == before
