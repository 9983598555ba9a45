"""What a signer corrects reaches the register in place: identifiers, contacts, the commune with its counters."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.audit.models import Fact
from pledges.audit.operations import SIGNER
from pledges.core.db import Database
from pledges.registry.corrections import Former, correct_declared
from pledges.registry.counters import move_counters
from pledges.registry.models import Contact, Counter, Entity, Obligation, Standing
from pledges.registry.operations import Registered
from pledges.registry.rules import DeclaredSubject
from pledges.registry.searching import search_entities
from pledges.registry.upkeep_models import FormerName
from tests.support.clock import START
from tests.support.signing import run_together
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

LATER = START + timedelta(days=3)
TYPES = ("digital_seller", "ecommerce_website", "influencer")


def correct(database: Database, entity: Entity, subject: DeclaredSubject, **former: Any) -> Registered:
    def work(session: Session) -> Registered:
        found = session.get_one(Entity, (P, entity.id))
        return correct_declared(session, found, subject, former=Former(**former), actor=SIGNER, now=LATER, vault=VAULT)

    return database.run(work)


def by_commune(database: Database) -> dict[str, tuple[int, int]]:
    """In scope and waiting, of the distinct totals and of every subject type together."""
    with database.read() as session:
        rows = session.execute(
            select(Counter.commune_code, func.sum(Counter.in_scope), func.sum(Counter.waiting_for_agency)).group_by(
                Counter.commune_code
            )
        )
        return {commune: (in_scope, waiting) for commune, in_scope, waiting in rows}


def facts(database: Database, kind: str) -> list[dict[str, Any]]:
    with database.read() as session:
        return list(session.scalars(select(Fact.data).where(Fact.kind == kind)))


def test_a_corrected_commune_takes_everything_along(register: Database) -> None:
    known = register_in(register, declared("thu-mot.vn", "thu-hai.vn", types=TYPES))

    def wait(session: Session) -> None:
        entity = session.get_one(Entity, (P, known.entity.id))
        counts = []
        for obligation in session.scalars(select(Obligation).order_by(Obligation.id)).all():
            counts += move_counters(session, obligation, entity, day=START.date(), waiting_for_agency=1)
        fact = Fact(
            province_code=P,
            kind="pledge.submitted",
            object_kind="pledge",
            object_id=entity.id,
            actor_kind="signer",
            actor_id="",
            recorded_at=START,
            recorded_day=START.date(),
            effective_on=START.date(),
            data={"counts": counts},
        )
        session.add(fact)

    register.run(wait)
    before = by_commune(register)
    assert set(before) == {"97001"}
    correct(register, known.entity, declared("thu-mot.vn", "thu-hai.vn", types=TYPES, commune="97002"))
    assert by_commune(register) == {"97001": (0, 0), "97002": before["97001"]}
    [fact] = facts(register, "entity.corrected")
    assert fact["changed"] == ["commune"]
    assert drifts(register) == []
    correct(register, known.entity, declared("thu-mot.vn", types=TYPES, commune=None))
    assert by_commune(register)[""] == before["97001"]
    assert drifts(register) == []
    correct(register, known.entity, declared("thu-mot.vn", types=TYPES, commune=None))
    assert len(facts(register, "entity.corrected")) == 2


def test_identifiers_and_contacts_are_replaced_and_mistakes_forgotten(register: Database) -> None:
    known = register_in(register, declared(tax_code=TAX_CODE, personal_number=NUMBER, phone="+84912345678"))
    subject = declared(personal_number=OTHER_NUMBER, phone="+84987654321", name="Công ty TNHH Ví Dụ Mới")
    correct(register, known.entity, subject, tax_code=TAX_CODE, phone="+84912345678")
    with register.read() as session:
        entity = session.get_one(Entity, (P, known.entity.id))
        assert (entity.name, entity.name_fold) == ("Công ty TNHH Ví Dụ Mới", "cong ty tnhh vi du moi")
        assert (entity.tax_code, entity.personal_number_last4) == (None, OTHER_NUMBER[-4:])
        contacts = session.execute(select(Contact.kind, Contact.value)).all()
        assert sorted(tuple(contact) for contact in contacts) == [("email", "an@vidu.vn"), ("phone", "+84987654321")]
    [fact] = facts(register, "entity.corrected")
    assert fact["changed"] == ["name", "tax_code", "personal_number"]
    assert NUMBER not in str(fact) + str(facts(register, "entity.identified"))


def test_what_is_not_said_again_stays(register: Database) -> None:
    known = register_in(register, declared(tax_code=TAX_CODE, personal_number=NUMBER))
    correct(register, known.entity, declared())
    with register.read() as session:
        entity = session.get_one(Entity, (P, known.entity.id))
        assert (entity.tax_code, entity.personal_number_last4) == (TAX_CODE, NUMBER[-4:])
    assert facts(register, "entity.corrected") == []


def test_what_belongs_to_another_stays_with_the_other(register: Database) -> None:
    other = register_in(
        register,
        declared(
            "thu-mot.vn", tax_code=OTHER_TAX_CODE, personal_number=OTHER_NUMBER, email="khac@vidu.vn", types=TYPES
        ),
    )
    known = register_in(register, declared("thu-hai.vn", tax_code=TAX_CODE, types=TYPES))
    subject = declared(
        "thu-mot.vn", "thu-hai.vn", "thu-ba.vn", tax_code=OTHER_TAX_CODE, personal_number=OTHER_NUMBER, types=TYPES
    )
    found = correct(register, known.entity, subject, tax_code=TAX_CODE)
    assert (found.entity.id, found.claimed, found.entity.tax_code) == (known.entity.id, False, TAX_CODE)
    assert found.entity.personal_number_hash is None
    assert sorted(found.channels) == ["thu-ba.vn", "thu-hai.vn"]
    assert {obligation.entity_id for obligation in found.obligations} == {known.entity.id}
    [fact] = facts(register, "entity.disputed")
    assert fact == {"identifiers": ["channel", "personal_number", "tax_code"], "claims": [str(other.entity.id)]}
    assert drifts(register) == []


def test_a_claim_is_judged_anew(register: Database) -> None:
    """Still another's: it stays a claim on that one. Nobody's: an entity of its own. One's own: that entity."""
    register_in(register, declared(tax_code=TAX_CODE, email="khac@vidu.vn"))
    second = register_in(register, declared(tax_code=OTHER_TAX_CODE, email="nua@vidu.vn", name="Công ty TNHH Nữa"))
    claim = register_in(register, declared("thu-mot.vn", tax_code=TAX_CODE))
    assert claim.claimed
    still = correct(register, claim.entity, declared("thu-mot.vn", tax_code=OTHER_TAX_CODE), tax_code=TAX_CODE)
    assert (still.entity.id, still.claimed, still.obligations) == (claim.entity.id, True, [])
    assert still.entity.claims_entity_id == second.entity.id
    freed = correct(register, claim.entity, declared("thu-mot.vn", tax_code="0301442379"), tax_code=OTHER_TAX_CODE)
    assert (freed.entity.id, freed.claimed, freed.entity.standing) == (claim.entity.id, False, Standing.REGISTERED)
    assert freed.obligations
    another = register_in(register, declared(tax_code=TAX_CODE, name="Công ty TNHH Ví Dụ Hai"))
    assert another.claimed
    own = correct(register, another.entity, declared("thu-mot.vn", tax_code="0301442379"), tax_code=TAX_CODE)
    assert (own.entity.id, own.claimed) == (freed.entity.id, False)
    assert drifts(register) == []


def test_twice_at_once_is_once(register: Database) -> None:
    known = register_in(register, declared("thu-mot.vn", types=TYPES))
    subject = declared("thu-mot.vn", types=TYPES, commune="97002", tax_code=TAX_CODE)
    run_together(lambda _number: correct(register, known.entity, subject).entity.id, 6)
    assert len(facts(register, "entity.corrected")) == 1
    assert drifts(register) == []
    with register.read() as session:
        assert session.scalars(select(Entity.tax_code)).all() == [TAX_CODE]
    register.run(lambda session: declare(session, subject, LATER))
    assert drifts(register) == []


def test_a_subject_is_still_found_by_the_name_it_had(register: Database) -> None:
    known = register_in(register, declared("thu-mot.vn", types=TYPES))
    before = known.entity.name
    correct(register, known.entity, replace(declared("thu-mot.vn", types=TYPES), name="Cửa hàng tên mới (thử nghiệm)"))
    with register.read() as session:
        assert [name.name for name in session.scalars(select(FormerName))] == [before]
        assert known.entity.id in {hit.id for hit in search_entities(session, P, before)}
