"""What is doubtful is found and disappears once it is put right; corrections keep the figures exact."""

from __future__ import annotations

import pytest

from pledges.accounts.models import Staff
from pledges.core.db import Database
from pledges.core.errors import Conflict, NotFound
from pledges.core.identity import canonical_channel
from pledges.registry import care
from pledges.registry.clashes import AlreadyRegistered
from pledges.registry.integrity import Doubt, count, listed
from pledges.registry.models import Channel, Entity, EntityKind, Location, Obligation, Scope
from pledges.registry.upkeep_models import ScopeReason
from tests.support.clock import START
from tests.unit.registry.care_support import TODAY, add, decide, new, out, owed, person
from tests.unit.registry.conftest import P
from tests.unit.registry.declarations import NUMBER, OTHER_TAX_CODE, TAX_CODE, VAULT, declared, drifts, register_in
from tests.unit.registry.test_counters import lines, sign


@pytest.fixture
def officer(register: Database) -> Staff:
    return person(register, "sct@vidu.vn")


def found(database: Database, agency: str = "97-SCT") -> dict[Doubt, int]:
    with database.read() as session:
        counted = {doubt: count(session, P, doubt, agency) for doubt in Doubt}
        assert counted == {doubt: len(listed(session, P, doubt, agency)) for doubt in Doubt}
    return {doubt: number for doubt, number in counted.items() if number}


def test_what_is_doubtful_is_listed_until_it_is_put_right(register: Database, officer: Staff) -> None:
    shop = add(register, new("mot.vn", types=("digital_seller", "ecommerce_website")))
    assert found(register) == {Doubt.NO_CONTACT: 1, Doubt.UNKNOWN_COHORT: 2}
    assert found(register, "97-SVH") == {Doubt.NO_CONTACT: 1}
    add(register, new(name="Nơi khác", location=Location.ELSEWHERE, commune_code=None, phones=("+84912345678",)))
    assert found(register)[Doubt.TO_DECIDE] == 1
    decide(register, owed(register, shop)["97-seller"], out(), officer)
    assert found(register)[Doubt.TWO_SCOPES] == 1
    decide(register, owed(register, shop)["97-website"], out(ScopeReason.NOT_IN_TRADE), officer)
    assert found(register) == {Doubt.TO_DECIDE: 1}
    first = register_in(register, declared())
    register.run(lambda session: sign(session, first))
    decide(register, first.obligations[0], out(), officer)
    assert found(register) == {Doubt.TO_DECIDE: 1, Doubt.SIGNED_OUT: 1}
    add(register, new(name="Không rõ xã", commune_code=None, phones=("+84912345679",)))
    assert found(register)[Doubt.NO_COMMUNE] == 1


def test_lists_go_on_behind_any_line(register: Database) -> None:
    for number in range(3):
        add(register, new(name=f"Cửa hàng {number}"))
    with register.read() as session:
        two = listed(session, P, Doubt.UNKNOWN_COHORT, None, limit=1)
        rest = listed(session, P, Doubt.UNKNOWN_COHORT, None, after=two[0].id)
    assert len(two) == 2
    assert [each.id for each in rest][:1] == [two[1].id]
    assert len(rest) == 2


def test_channels_are_corrected_lost_and_dead(register: Database, officer: Staff) -> None:
    shop = add(register, new("mot.vn", "hai.vn", types=("ecommerce_website",), commune_code="97002"))
    other = add(register, new("ba.vn", name="Cửa hàng khác", types=("ecommerce_website",)))
    with register.read() as session:
        channels = {each.address: each for each in session.query(Channel)}
    key = (P, shop.id)

    def correct(channel: Channel, address: str) -> None:
        register.run(
            lambda session: care.correct_channel(
                session, key, channel.id, canonical_channel(address), staff=officer, now=START
            )
        )

    correct(channels["mot.vn"], "bon.vn")
    with pytest.raises(AlreadyRegistered) as refused:
        correct(channels["hai.vn"], "ba.vn")
    assert refused.value.entity.id == other.id
    with pytest.raises(NotFound):
        correct(channels["ba.vn"], "nam.vn")
    register.run(lambda session: care.mark_dead(session, key, channels["hai.vn"].id, TODAY, staff=officer, now=START))
    assert found(register)[Doubt.DEAD_CHANNEL] == 1
    register.run(lambda session: care.remove_owner(session, key, channels["hai.vn"].id, staff=officer, now=START))
    assert lines(register, by_commune=True) == [
        ("97-website", None, "", 1, 0, 0),
        ("97-website", None, "97001", 1, 0, 0),
        ("97-website", None, "97002", 1, 0, 0),
    ]
    assert drifts(register) == []


def test_place_and_numbers_are_corrected(register: Database, officer: Staff) -> None:
    shop = add(register, new(tax_code=TAX_CODE))
    add(register, new(name="Khác", tax_code=OTHER_TAX_CODE))
    key = (P, shop.id)

    def identify(code: str | None, number: str | None = None, *, forget: bool = False) -> Entity:
        what = care.Identifiers(EntityKind.ORGANISATION, code, number, forget_number=forget)
        return register.run(
            lambda session: care.change_identifiers(session, key, what, staff=officer, now=START, vault=VAULT)
        )

    with pytest.raises(AlreadyRegistered):
        identify(OTHER_TAX_CODE)
    assert identify(None, NUMBER).personal_number_last4 == NUMBER[-4:]
    assert identify(TAX_CODE).personal_number_last4 == NUMBER[-4:]
    assert identify(TAX_CODE, forget=True).personal_number_last4 is None

    def seat(location: Location, commune: str | None) -> Scope:
        where = care.Seat(location, commune_code=commune)
        register.run(lambda session: care.change_place(session, key, where, staff=officer, now=START))
        return owed(register, shop)["97-seller"].scope

    assert seat(Location.LOCAL, "97002") is Scope.PRESUMED_IN
    assert seat(Location.ELSEWHERE, None) is Scope.PRESUMED_OUT
    assert seat(Location.LOCAL, None) is Scope.PRESUMED_IN
    assert drifts(register) == []


def test_a_claim_is_decided_before_anything_is_changed(register: Database, officer: Staff) -> None:
    register_in(register, declared("mot.vn", tax_code=TAX_CODE))
    claim = register_in(register, declared(email="khac@vidu.vn", name="Người khác", tax_code=TAX_CODE))
    with pytest.raises(Conflict):
        register.run(lambda session: care.change_name(session, (P, claim.entity.id), "Tên", staff=officer, now=START))
    with register.read() as session:
        assert session.query(Obligation).filter(Obligation.entity_id == claim.entity.id).count() == 0
