"""Claims are decided by a person: what was signed under them then counts where it belongs, exactly once."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.accounts.models import Role, Staff
from pledges.core.db import Database
from pledges.core.errors import Conflict, DomainError
from pledges.core.secrecy import Vault
from pledges.registry.claims import Verdict, open_claims, open_disputes
from pledges.registry.clashes import AlreadyRegistered
from pledges.registry.matching import survivor
from pledges.registry.models import Channel, Entity, Obligation, Sighting, Standing
from pledges.registry.recounting import recount
from pledges.signing.claims import decide_claim, settle_dispute
from pledges.signing.models import Pledge
from tests.support.clock import FixedClock
from tests.support.signing import HUE, approve, invented_tax_code, seller_pages, signed_by
from tests.support.staff import add_person

NOTE = "Đã gọi điện xác nhận (thử nghiệm)."


@pytest.fixture
def officer(database: Database) -> Staff:
    return add_person(
        database, "chuyen.vien@vidu.vn", role=Role.OFFICER, province_code=HUE, agency_code="46-SCT", ready=False
    )


def sign(database: Database, clock: FixedClock, vault: Vault, number: int, **changes: object) -> Pledge:
    return signed_by(database, seller_pages(number, **changes), now=clock(), vault=vault).signed[0]


def claim_on(database: Database, clock: FixedClock, vault: Vault, **changes: object) -> tuple[Pledge, Pledge]:
    """One who is registered, and somebody else who gives their tax code and one of their channels."""
    mine = sign(database, clock, vault, 1)
    channels = ["https://www.facebook.com/cuahang.thu.1", "thu-nghiem-hai.vn"]
    more = {"who__tax_code": invented_tax_code(1), "place__channels": channels} | changes
    return mine, sign(database, clock, vault, 2, **more)


def decide(database: Database, officer: Staff, claim: Pledge, verdict: Verdict, clock: FixedClock) -> Entity:
    return database.run(
        lambda session: decide_claim(session, (HUE, claim.entity_id), verdict, note=NOTE, staff=officer, now=clock())
    )


def figures(database: Database, entity: Entity) -> list[tuple[int, int]]:
    """Waiting and in force of each obligation; everything agrees with the facts."""
    assert database.run(lambda session: recount(session, repair=False)) == []
    with database.read() as session:
        owed = session.scalars(select(Obligation).where(Obligation.entity_id == entity.id).order_by(Obligation.id))
        return [(each.waiting_for_agency, each.in_force) for each in owed]


def channels(database: Database, entity: Entity) -> set[str]:
    with database.read() as session:
        return set(session.scalars(select(Channel.address).where(Channel.entity_id == entity.id)))


def test_the_same_subject_takes_over_what_was_declared_and_signed(
    database: Database, clock: FixedClock, vault: Vault, officer: Staff
) -> None:
    mine, claim = claim_on(database, clock, vault, group__more_types=["ecommerce_website"])
    approve(database, claim, now=clock())
    entity = decide(database, officer, claim, Verdict.SAME, clock)
    assert entity.id == mine.entity_id
    assert channels(database, entity) == {"facebook.com/cuahangthu1", "thu-nghiem-hai.vn"}
    with database.read() as session:
        gone = session.get_one(Entity, (HUE, claim.entity_id))
        assert survivor(session, gone).id == entity.id
        assert open_claims(session, HUE) == []
        assert session.get_one(Pledge, (HUE, claim.id)).entity_id == entity.id
        notes = session.scalars(select(Sighting.note).where(Sighting.entity_id == entity.id)).all()
    assert NOTE in notes
    # The seller's duty is held by the first pledge; the new website by the second, which is in force.
    assert sorted(figures(database, entity)) == [(0, 1), (1, 0)]
    # Whoever confirmed the address is known from now on: no second claim.
    again = sign(database, clock, vault, 2, who__tax_code=invented_tax_code(1), place__channels=["ba-thu-nghiem.vn"])
    assert again.entity_id == entity.id


@pytest.mark.parametrize(("verdict", "takes"), [(Verdict.OTHER, False), (Verdict.OTHER_TAKES, True)])
def test_another_subject_gets_duties_of_its_own(
    database: Database, clock: FixedClock, vault: Vault, officer: Staff, verdict: Verdict, takes: bool
) -> None:
    mine, claim = claim_on(database, clock, vault)
    entity = decide(database, officer, claim, verdict, clock)
    assert entity.id == claim.entity_id
    with database.read() as session:
        owner, other = session.get_one(Entity, (HUE, mine.entity_id)), session.get_one(Entity, (HUE, entity.id))
    assert other.standing is Standing.REGISTERED
    code = invented_tax_code(1)
    assert (owner.tax_code, other.tax_code) == ((None, code) if takes else (code, None))
    contested = "facebook.com/cuahangthu1"
    assert channels(database, owner) == (set() if takes else {contested})
    assert channels(database, other) == {"thu-nghiem-hai.vn"} | ({contested} if takes else set())
    assert figures(database, owner) == [(1, 0)]
    assert figures(database, other) == [(1, 0)]


def test_a_rejected_claim_stays_without_effect(
    database: Database, clock: FixedClock, vault: Vault, officer: Staff
) -> None:
    mine, claim = claim_on(database, clock, vault)
    decide(database, officer, claim, Verdict.REJECTED, clock)
    with database.read() as session:
        rejected = session.get_one(Entity, (HUE, claim.entity_id))
        owner = session.get_one(Entity, (HUE, mine.entity_id))
        assert (rejected.standing, rejected.claims_entity_id) == (Standing.CLAIMED, None)
        assert open_claims(session, HUE) == []
    assert figures(database, rejected) == []
    assert figures(database, owner) == [(1, 0)]
    with pytest.raises(Conflict):
        decide(database, officer, claim, Verdict.SAME, clock)


def test_what_a_third_one_has_is_said(sqlite_database: Database, clock: FixedClock, vault: Vault) -> None:
    database = sqlite_database
    officer = add_person(
        database, "mot@vidu.vn", role=Role.OFFICER, province_code=HUE, agency_code="46-SCT", ready=False
    )
    _mine, claim = claim_on(database, clock, vault)
    third = sign(database, clock, vault, 3)

    def mix_up(session: Session) -> None:
        session.get_one(Entity, (HUE, claim.entity_id)).tax_code = invented_tax_code(3)

    database.run(mix_up)
    with pytest.raises(AlreadyRegistered) as refused:
        decide(database, officer, claim, Verdict.OTHER, clock)
    assert refused.value.entity.id == third.entity_id
    with pytest.raises(DomainError):
        database.run(
            lambda session: decide_claim(
                session, (HUE, claim.entity_id), Verdict.REJECTED, note=" ", staff=officer, now=clock()
            )
        )
    with database.read() as session:
        assert [each.id for each in open_claims(session, HUE)] == [claim.entity_id]
        assert open_disputes(session, HUE) == []
    database.run(lambda session: settle_dispute(session, (HUE, third.entity_id), note=NOTE, staff=officer, now=clock()))
