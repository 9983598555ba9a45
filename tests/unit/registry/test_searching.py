"""Finding registered subjects by whatever people remember of them, on both engines. Everybody in here is invented."""

from __future__ import annotations

import uuid
from datetime import date

import pytest
from hypothesis import given
from hypothesis import settings as given_settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from pledges.core.db import Database, new_id
from pledges.core.identity import canonical_channel
from pledges.registry.models import (
    Channel,
    Cohort,
    Contact,
    Entity,
    EntityKind,
    EntityType,
    Obligation,
    Standing,
)
from pledges.registry.rules import set_name
from pledges.registry.search_documents import refresh, refresh_all
from pledges.registry.search_queries import is_personal, read_query
from pledges.registry.searching import FoundBy, Within, search_entities
from pledges.registry.upkeep_models import FormerName, SearchDocument
from tests.support.clock import START
from tests.unit.registry.conftest import P
from tests.unit.registry.declarations import NUMBER, TAX_CODE, VAULT, declare, declared

OTHER = "99"


def add(
    session: Session,
    name: str,
    *,
    province: str = P,
    channels: tuple[str, ...] = (),
    contacts: tuple[tuple[str, str], ...] = (),
    former: str = "",
    types: tuple[str, ...] = (),
    **more: object,
) -> uuid.UUID:
    entity = Entity(
        province_code=province, id=new_id(), kind=EntityKind.ORGANISATION, name=name, name_fold="", added_at=START
    )
    set_name(entity, name)
    for key, value in more.items():
        setattr(entity, key, value)
    session.add(entity)
    session.flush()
    for address in channels:
        known = canonical_channel(address)
        session.add(
            Channel(
                province_code=province,
                entity_id=entity.id,
                kind=known.kind.value,
                address=known.address,
                as_typed=address,
                first_seen_on=date(2026, 11, 20),
                added_at=START,
            )
        )
    for kind, value in contacts:
        session.add(Contact(province_code=province, entity_id=entity.id, kind=kind, value=value))
    for subject_type in types:
        session.add(EntityType(province_code=province, entity_id=entity.id, subject_type=subject_type))
    if former:
        session.add(
            FormerName(province_code=province, entity_id=entity.id, name=former, name_fold=former, recorded_at=START)
        )
    return entity.id


def fill(session: Session) -> dict[str, uuid.UUID]:
    ids = {
        "hoa": add(
            session,
            "Công ty TNHH Mỹ phẩm Hòa Bình (thử nghiệm)",
            channels=("https://www.hoabinh.vidu.vn/lien-he", "facebook.com/HoaBinhViDu"),
            contacts=(("phone", "+84912345678"), ("email", "lienhe@hoabinh.vidu.vn")),
            tax_code=TAX_CODE,
            former="Cửa hàng Bốn Mùa",
            types=("digital_seller",),
            commune_code="97001",
        ),
        "dang": add(session, "Hộ kinh doanh Đặng Thị Lý", channels=("shopee.vn/langly_shop",), commune_code="97002"),
        "dang2": add(session, "Đặng Thị Lý Hương", commune_code="97001"),
        "idn": add(session, "Nước mắm Ví Dụ", channels=("nướcmắm.vn",)),
        "doctor": add(
            session,
            "Nguyễn Văn Thử",
            kind=EntityKind.PERSON,
            personal_number_hash=VAULT.keyed_hash("personal_number", NUMBER),
        ),
        "claim": add(session, "Tiệm Trùng Lặp", standing=Standing.CLAIMED),
        "elsewhere": add(
            session,
            "Công ty TNHH Mỹ phẩm Hòa Bình (thử nghiệm)",
            province=OTHER,
            channels=("hoabinh.vidu.vn",),
            contacts=(("phone", "+84912345678"), ("email", "lienhe@hoabinh.vidu.vn")),
            tax_code=TAX_CODE,
        ),
    }
    refresh_all(session)
    return ids


# What is typed, and who is found, the best hit first.
QUERIES = [
    ("Công ty TNHH Mỹ phẩm Hòa Bình (thử nghiệm)", ["hoa"]),
    ("cong ty my pham hoa binh", ["hoa"]),
    ("cty mĩ phẩm hoà bình", ["hoa"]),
    ("MY PHAM", ["hoa"]),
    ("binh hoa", ["hoa"]),
    ("hoa bi", ["hoa"]),
    ("hoa inh", []),
    ("bốn mùa", ["hoa"]),
    ("đặng thị lý", ["dang", "dang2"]),
    ("dang thi li", ["dang", "dang2"]),
    ("Đặng Thị Lý Hương", ["dang2"]),
    ("dang thi lam", []),
    ("hộ kinh doanh đặng", ["dang", "dang2"]),
    (TAX_CODE, ["hoa"]),
    (f"MST: {TAX_CODE[:4]} {TAX_CODE[4:]}", ["hoa"]),
    (TAX_CODE[:6], ["hoa"]),
    ("0912 345 678", ["hoa"]),
    ("+84 912.345.678", ["hoa"]),
    ("84912345678", ["hoa"]),
    ("91234567", ["hoa"]),
    ("LIENHE@hoabinh.vidu.vn", ["hoa"]),
    ("lienhe@hoa", ["hoa"]),
    ("https://hoabinh.vidu.vn/san-pham?utm_source=x", ["hoa"]),
    ("hoabinh.vidu.vn", ["hoa"]),
    ("oabinh.vi", ["hoa"]),
    ("https://m.facebook.com/hoabinhvidu", ["hoa"]),
    ("HoaBinhViDu", ["hoa"]),
    ("hoa.binh.vidu", ["hoa"]),
    ("langly_shop", ["dang"]),
    ("langly", ["dang"]),
    ("oa", []),
    ("nướcmắm.vn", ["idn"]),
    ("nuoc mam", ["idn"]),
    ("trung lap", ["claim"]),
    (NUMBER, ["doctor"]),
    (NUMBER[:10], []),
    ("", []),
    ("   ", []),
    ("%", []),
    ("___", []),
    ("§97", []),
    ('" OR "', []),
    ("NEAR(a b)", []),
]


def test_whatever_people_remember_finds_the_subject(register: Database) -> None:
    ids = register.run(fill)
    wanted = {typed: [ids[name] for name in names] for typed, names in QUERIES}
    with register.read() as session:
        found = {typed: [hit.id for hit in search_entities(session, P, typed, vault=VAULT)] for typed in wanted}
        assert found == wanted
        assert search_entities(session, P, NUMBER) == [], "without the key nobody is found by a personal number"
        [elsewhere] = search_entities(session, OTHER, "my pham hoa binh", vault=VAULT)
        assert elsewhere.id == ids["elsewhere"]
        assert [hit.found_by for hit in search_entities(session, P, "đặng thị lý")] == [
            FoundBy.NAME,
            FoundBy.BEGINNING,
        ]
        assert len(search_entities(session, P, "dang", limit=1)) == 1


def test_a_search_stays_within_its_part_of_the_register(register: Database) -> None:
    def work(session: Session) -> dict[str, uuid.UUID]:
        ids = fill(session)
        session.add(
            Obligation(
                province_code=P,
                entry_id="97-seller",
                unit="entity",
                entity_id=ids["hoa"],
                cohort=Cohort.INITIAL,
                in_force=1,
                opened_at=START,
            )
        )
        return ids

    ids = register.run(work)
    cases = [
        ("dang", Within(commune="97002"), ["dang"]),
        ("langly", Within(commune="97001"), []),
        (TAX_CODE, Within(commune="97002"), []),
        ("hoa binh", Within(subject_type="digital_seller"), ["hoa"]),
        ("hoa binh", Within(subject_type="press"), []),
        ("hoa binh", Within(agency_code="97-SCT"), ["hoa"]),
        ("hoa binh", Within(agency_code="97-SVH"), []),
        ("hoa binh", Within(cohort=Cohort.INITIAL, owing="in_force"), ["hoa"]),
        ("hoa binh", Within(cohort=Cohort.UNKNOWN), []),
        ("hoa binh", Within(owing="unsigned"), []),
        ("trung lap", Within(owing="claimed"), ["claim"]),
        ("hoa binh", Within(owing="claimed"), []),
    ]
    with register.read() as session:
        for typed, within, names in cases:
            hits = search_entities(session, P, typed, within=within)
            assert [hit.id for hit in hits] == [ids[name] for name in names], (typed, within)


def test_a_merged_subject_is_found_as_the_one_it_was_merged_into(register: Database) -> None:
    ids = register.run(fill)

    def merge(into: uuid.UUID | None) -> None:
        def work(session: Session) -> None:
            session.get_one(Entity, (P, ids["dang"])).merged_into = into
            refresh(session, P, {ids["dang"], ids["hoa"]})

        register.run(work)

    def found(typed: str) -> list[uuid.UUID]:
        with register.read() as session:
            return [hit.id for hit in search_entities(session, P, typed)]

    merge(ids["hoa"])
    assert found("langly_shop") == found("đặng thị lý")[:1] == found("hoa binh") == [ids["hoa"]]
    with register.read() as session:
        assert session.get(SearchDocument, (P, ids["dang"])) is None
    merge(None)
    assert found("langly_shop") == found("hộ kinh doanh đặng thị lý")[:1] == [ids["dang"]]
    assert found("hoa binh") == [ids["hoa"]]


def test_what_is_no_longer_true_is_no_longer_found(register: Database) -> None:
    ids = register.run(fill)

    def change(session: Session) -> None:
        entity = session.get_one(Entity, (P, ids["hoa"]))
        set_name(entity, "Công ty Một Hai")
        session.scalars(
            select(Contact).where(Contact.entity_id == entity.id, Contact.kind == "phone")
        ).one().ended_at = START
        refresh(session, P, [entity.id])

    register.run(change)
    with register.read() as session:
        assert [hit.id for hit in search_entities(session, P, "mot hai")] == [ids["hoa"]]
        for typed in ("my pham", "0912345678", "91234567"):
            assert search_entities(session, P, typed) == [], typed


def test_a_declaration_is_found_at_once(register: Database) -> None:
    entity = register.run(lambda session: declare(session, declared("vidu.vn"))).entity
    with register.read() as session:
        for typed in ("cong ty vi du", "vidu.vn", "an@vidu.vn"):
            assert [hit.id for hit in search_entities(session, P, typed)] == [entity.id], typed


def test_any_text_is_an_answerable_question(register: Database) -> None:
    register.run(fill)

    @given(st.text() | st.text("0123456789+-. ", max_size=20) | st.text("\"'*():&|!\\%_§ ab", max_size=12))
    @given_settings(max_examples=60)
    def ask(typed: str) -> None:
        with register.read() as session:
            search_entities(session, P, typed, vault=VAULT)
        is_personal(typed)

    ask()
    with register.read() as session:
        assert search_entities(session, P, "a\x00\ud800" * 500) == []


@pytest.mark.parametrize(
    ("typed", "personal"),
    [
        (NUMBER, True),
        ("001 199 012 345", True),
        ("CCCD 001199012345", True),
        ("0912 345 678", True),
        ("an@vidu.vn", True),
        (TAX_CODE, False),
        ("hoabinh.vidu.vn", False),
        ("@hoabinh", False),
        ("Nguyễn Văn Thử", False),
    ],
)
def test_numbers_of_people_are_told_from_the_rest(typed: str, personal: bool) -> None:
    assert is_personal(typed) is personal


def test_a_personal_number_is_nothing_but_that() -> None:
    query = read_query(NUMBER)
    assert (query.words, query.parts, query.tax_code) == ((), (), "")


def test_the_index_of_sqlite_agrees_with_its_documents(sqlite_database: Database) -> None:
    def check(session: Session) -> None:
        for table in ("search_words", "search_handles"):
            session.execute(text(f"INSERT INTO {table} ({table}, rank) VALUES ('integrity-check', 1)"))  # noqa: S608

    def work(session: Session) -> None:
        entity = declare_in_plan(session)
        check(session)
        session.delete(session.get_one(SearchDocument, ("46", entity)))
        check(session)

    def declare_in_plan(session: Session) -> uuid.UUID:
        entity_id = add(session, "Công ty Ví Dụ", province="46", channels=("vidu.vn",))
        refresh(session, "46", [entity_id])
        session.add(Contact(province_code="46", entity_id=entity_id, kind="email", value="an@vidu.vn"))
        refresh(session, "46", [entity_id])
        return entity_id

    sqlite_database.run(work)
