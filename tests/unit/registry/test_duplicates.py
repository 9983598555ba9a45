"""Which pairs the rules suspect, and that a person's word about a pair stays."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.accounts.models import Role, Staff
from pledges.audit.operations import SIGNER, record
from pledges.core.db import Database, new_id
from pledges.core.errors import Conflict, DomainError, NotFound
from pledges.registry.duplicate_rules import MOST_PAIRS, Suspicion, nearness
from pledges.registry.duplicates import find_pairs, keep_apart, look_again, suspect, suspect_by_person, write_pairs
from pledges.registry.models import Channel, Entity, EntityKind, Location, Sighting, Standing
from pledges.registry.rules import set_name
from pledges.registry.upkeep_models import DuplicatePair, PairState
from pledges.signing.duplicate_search import DuplicateSearch
from tests.support.clock import START, FixedClock
from tests.support.staff import add_person
from tests.unit.registry.conftest import P, add_province

Rows = dict[str, uuid.UUID]


@pytest.fixture
def light(sqlite_database: Database) -> Database:
    sqlite_database.run(add_province)
    return sqlite_database


def subject(
    name: str,
    commune: str | None = "97001",
    *,
    kind: EntityKind = EntityKind.ORGANISATION,
    tax_code: str | None = None,
    location: Location = Location.LOCAL,
    **more: object,
) -> Entity:
    entity = Entity(
        province_code=P,
        id=new_id(),
        kind=kind,
        commune_code=commune,
        tax_code=tax_code,
        location=location,
        added_at=START,
        **more,
    )
    set_name(entity, name)
    return entity


def add(database: Database, *entities: Entity) -> None:
    database.run(lambda session: session.add_all(entities))


def pairs(database: Database) -> dict[frozenset[str], tuple[list[str], int]]:
    """What is suspected and open, by the names of the two."""
    with database.read() as session:
        names = {entity.id: entity.name for entity in session.scalars(select(Entity))}
        rows = session.scalars(select(DuplicatePair).where(DuplicatePair.state == PairState.OPEN))
        return {frozenset((names[row.first_id], names[row.second_id])): (row.rules, row.score) for row in rows}


def find(database: Database, *ids: uuid.UUID) -> int:
    return database.run(lambda session: find_pairs(session, P, ids or None, now=START)).pairs


def test_names_of_one_commune(light: Database) -> None:
    """The legal form, marks and the order of words say nothing; places, numbers and other identifiers do."""
    add(
        light,
        subject("Công ty TNHH Hoàng Phát Thử Nghiệm"),
        subject("CTY TNHH hoang phat thu nghiem"),
        subject("Thử Nghiệm Hoàng Phátt"),
        subject("Hoàng Phát Thử Nghiệm", "97002"),
        subject("Cửa hàng Thử Nghiệm 1", tax_code="0123456787"),
        subject("Cửa hàng Thử Nghiệm 2", tax_code="0100109106"),
        subject("Tiệm Bánh Ví Dụ", tax_code="0123456788"),
        subject("Tiệm bánh ví dụ", tax_code="0100109107"),
        subject("Nguyễn Văn Thử", kind=EntityKind.PERSON),
        subject("NGUYỄN VĂN THỬ", kind=EntityKind.PERSON),
        subject("Nguyễn Văn Thử A", kind=EntityKind.PERSON),
        subject("Sàn Ví Dụ", None, location=Location.ABROAD, country="SG"),
        subject("San vi du", None, location=Location.ABROAD, country="SG"),
        subject("Chưa rõ nơi", None),
        subject("Chưa rõ nơi ", None),
    )
    assert find(light) == 5
    found = pairs(light)
    assert found[frozenset(("Công ty TNHH Hoàng Phát Thử Nghiệm", "CTY TNHH hoang phat thu nghiem"))] == (
        ["name_and_commune"],
        85,
    )
    near = {key: value for key, value in found.items() if "Thử Nghiệm Hoàng Phátt" in key}
    assert len(near) == 2
    assert all(rules == ["near_name"] and 55 <= score <= 80 for rules, score in near.values())
    assert found[frozenset(("Nguyễn Văn Thử", "NGUYỄN VĂN THỬ"))][1] == 60
    assert found[frozenset(("Sàn Ví Dụ", "San vi du"))] == (["name_and_commune"], 85)


def test_numbers_and_channels_that_are_said_of_two(register: Database) -> None:
    one, two, three = subject("Ví Dụ Một"), subject("Ví Dụ Hai", "97002"), subject("Khác Hẳn", "97002")
    claim = subject("Ví Dụ Bốn", standing=Standing.CLAIMED)
    add(register, one, two, three, claim)

    def say(session: Session) -> None:
        channel = Channel(
            province_code=P,
            id=new_id(),
            entity_id=two.id,
            kind="website",
            address="vi-du.vn",
            as_typed="vi-du.vn",
            first_seen_on=START.date(),
            added_at=START,
        )
        session.add(channel)
        session.flush()
        session.add(
            Sighting(
                province_code=P,
                entity_id=three.id,
                channel_id=channel.id,
                source="import",
                seen_on=START.date(),
                recorded_at=START,
            )
        )
        for entity, other, identifier in ((one, two, "tax_code"), (two, three, "channel"), (claim, two, "tax_code")):
            record(
                session,
                "entity.disputed",
                province_code=P,
                object_id=entity.id,
                actor=SIGNER,
                now=START,
                data={"identifiers": [identifier], "claims": [str(other.id)]},
            )

    register.run(say)
    assert find(register, three.id) == 1
    assert pairs(register) == {frozenset(("Ví Dụ Hai", "Khác Hẳn")): (["channel"], 88)}
    assert find(register) == 1
    assert pairs(register)[frozenset(("Ví Dụ Một", "Ví Dụ Hai"))] == (["tax_code"], 95)
    assert find(register) == 0


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("hoang phat", "hoang phat", True),
        ("thoi trang hoang phat", "hoang phat thoi trang", True),
        ("hoang phat thu nghiem", "hoang phat thu ngiem", True),
        ("chi nhanh 1 hoang phat", "chi nhanh 2 hoang phat", False),
        ("hoang phat", "minh chau", False),
    ],
)
def test_near_names(one: str, other: str, near: bool) -> None:
    assert (nearness(one, other) > 0) is near


@pytest.fixture
def officer(register: Database) -> Staff:
    return add_person(register, "trung.lap@vidu.vn", role=Role.OFFICER, province_code=P, agency_code="97-SCT")


def test_what_a_person_has_said_of_two_stays(register: Database, officer: Staff) -> None:
    one, two = subject("Ví Dụ"), subject("ví dụ")
    add(register, one, two)
    find(register)
    with register.read() as session:
        [pair] = session.scalars(select(DuplicatePair)).all()

    def apart(note: str, seen: int = 0, province: str = P) -> DuplicatePair:
        return register.run(
            lambda session: keep_apart(session, province, pair.id, staff=officer, seen=seen, note=note, now=START)
        )

    with pytest.raises(DomainError, match="Hãy ghi vì sao"):
        apart(" ")
    with pytest.raises(NotFound):
        apart("Khác chủ.", province="99")
    decided = apart("Khác chủ.")
    assert (decided.state, decided.decided_by, decided.note) == (PairState.KEPT_APART, officer.id, "Khác chủ.")
    with pytest.raises(Conflict, match="vừa được người khác xử lý"):
        apart("Khác chủ.")
    assert find(register) == 0
    assert pairs(register) == {}
    assert register.run(lambda session: suspect(session, P, one.id, two.id, ["person"], 75, now=START)) is None
    register.run(lambda session: look_again(session, P, pair.id, staff=officer, seen=decided.revision, now=START))
    assert list(pairs(register).values()) == [(["name_and_commune"], 85)]


def test_a_person_points_two_out(register: Database, officer: Staff) -> None:
    one, two, claim = subject("Ví Dụ Một"), subject("Khác Hẳn"), subject("Tự khai", standing=Standing.CLAIMED)
    add(register, one, two, claim)

    def point(first: uuid.UUID, second: uuid.UUID) -> DuplicatePair:
        return register.run(lambda session: suspect_by_person(session, P, first, second, staff=officer, now=START))

    pair = point(two.id, one.id)
    assert (pair.first_id, pair.rules, pair.score) == (min(one.id, two.id), ["person"], 75)
    assert point(one.id, two.id).id == pair.id
    for other, words in ((one, "một đối tượng khác"), (claim, "bản tự kê khai")):
        with pytest.raises(DomainError, match=words):
            point(one.id, other.id)
    register.run(lambda session: keep_apart(session, P, pair.id, staff=officer, seen=0, note="Khác chủ.", now=START))
    assert point(one.id, two.id).state is PairState.OPEN


def test_a_flood_of_pairs_is_cut_with_a_note(light: Database) -> None:
    """The surest are kept."""
    entities = [subject(f"Ví Dụ {number}") for number in range(102)]
    add(light, *entities)
    many = [
        Suspicion.of(one.id, other.id, frozenset({"near_name"}), 80 - place % 2)
        for place, one in enumerate(entities)
        for other in entities[place + 1 :]
    ]
    many.sort(key=lambda each: -each.score)
    assert len(many) > MOST_PAIRS
    found = light.run(lambda session: write_pairs(session, P, many, START))
    assert (found.pairs, found.capped) == (MOST_PAIRS, True)


def test_the_search_through_a_province_finds_one_pair_among_many_common_words(light: Database) -> None:
    """Shops of one commune whose names share their common words, as real lists have them."""
    words = ["shop", "thời trang", "mỹ phẩm", "hàng nhập", "đồ gia dụng", "nội thất"]
    add(
        light,
        *(subject(f"{words[number % 6]} {words[number // 6 % 6]} chủ{number:05d}") for number in range(600)),
        subject("Tạp hóa Bà Thử"),
        subject("Tạp hoá bà Thử"),
    )
    assert DuplicateSearch(light, FixedClock()).search_province(P) == 1
    assert list(pairs(light)) == [frozenset(("Tạp hóa Bà Thử", "Tạp hoá bà Thử"))]
