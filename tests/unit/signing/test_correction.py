"""A returned pledge is corrected and signed again: what changes with it, and what stays as it was."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pledges.audit.models import Fact
from pledges.core.calendar import local_day
from pledges.core.db import Database
from pledges.core.secrecy import Vault
from pledges.messaging.models import Message
from pledges.plans.models import Commune
from pledges.registry.models import Contact, Counter, Entity, Obligation, Standing
from pledges.registry.recounting import recount
from pledges.signing.models import (
    Draft,
    DraftPurpose,
    EarlierVersion,
    Pledge,
    PledgeChannel,
    PledgeCover,
    PledgeState,
    Signature,
)
from pledges.signing.operations import sign_draft
from pledges.signing.queries import pledges_of_draft, signatures_of
from pledges.signing.reopening import NotOpen, open_fields, start_correction, typed_again
from pledges.signing.rules import Correctable, Page
from pledges.signing.texts import read_answers
from tests.support.clock import FixedClock
from tests.support.signing import (
    HUE,
    PUBLIC_URL,
    approve,
    code_for,
    confirmation_for,
    doctor_pages,
    invented_tax_code,
    lead_to,
    ready_draft,
    run_together,
    seller_pages,
    sign_again,
    signed_by,
)

EVERYTHING = [part.value for part in Correctable]
WEBSITES: dict[str, Any] = {
    "group__subject_type": "ecommerce_website",
    "place__channels": ["thu-nghiem-mot.vn", "thu-nghiem-hai.vn"],
}


def returned(database: Database, clock: FixedClock, vault: Vault, pages: dict[Page, dict[str, Any]]) -> Pledge:
    [pledge] = signed_by(database, pages, now=clock(), vault=vault).signed
    clock.advance(timedelta(hours=1))
    pledge = lead_to(database, pledge, PledgeState.RETURNED, now=clock())
    clock.advance(timedelta(hours=1))
    return pledge


def reopened(database: Database, pledge: Pledge, clock: FixedClock, vault: Vault) -> Draft:
    return database.run(lambda session: start_correction(session, pledge, asked=EVERYTHING, now=clock(), vault=vault))


def only(database: Database, table: type[Any]) -> Any:
    with database.read() as session:
        return session.scalars(select(table)).one()


def drifts(database: Database) -> list[Any]:
    return database.run(lambda session: recount(session, repair=False))


def waiting_by_commune(database: Database) -> dict[str, tuple[int, int]]:
    with database.read() as session:
        rows = session.execute(
            select(Counter.commune_code, func.sum(Counter.in_scope), func.sum(Counter.waiting_for_agency))
            .where(Counter.subject_type == "")
            .group_by(Counter.commune_code)
        )
        return {commune: (in_scope, waiting) for commune, in_scope, waiting in rows if in_scope or waiting}


def another_commune(database: Database, but: str) -> str:
    with database.read() as session:
        return session.scalars(
            select(Commune.code).where(Commune.province_code == HUE, Commune.code != but).order_by(Commune.code)
        ).all()[0]


def test_a_correction_replaces_the_signing_and_keeps_the_former_one(
    database: Database, clock: FixedClock, vault: Vault
) -> None:
    first = returned(database, clock, vault, seller_pages(place__phone="0912345678"))
    before_code = only(database, Signature).code_id
    commune = another_commune(database, seller_pages()[Page.PLACE]["commune"])
    draft = reopened(database, first, clock, vault)
    outcome = sign_again(
        database,
        draft.id,
        now=clock(),
        vault=vault,
        who__name="Công ty TNHH Thử Nghiệm Tên Mới",
        place__commune=commune,
        place__phone="0987654321",
    )
    [pledge] = outcome.signed
    assert pledge.id == first.id
    assert (pledge.reference, pledge.verification_code) == (first.reference, first.verification_code)
    assert (pledge.version, pledge.state, pledge.document_id) == (2, PledgeState.SUBMITTED, None)
    assert pledge.rendered_hash != first.rendered_hash
    assert pledge.signed_at == pledge.state_since == clock()
    earlier = only(database, EarlierVersion)
    assert (earlier.version, earlier.rendered_hash, earlier.paper) == (1, first.rendered_hash, first.paper)
    assert (earlier.draft_id, earlier.signed_at) == (first.draft_id, first.signed_at)
    entity = only(database, Entity)
    assert (entity.name, entity.commune_code) == ("Công ty TNHH Thử Nghiệm Tên Mới", commune)
    with database.read() as session:
        assert [each.rendered_hash for each in signatures_of(session, pledge)] == [pledge.rendered_hash]
        [kept] = signatures_of(session, pledge, version=1)
        assert (kept.code_id, kept.rendered_hash) == (before_code, first.rendered_hash)
        phones = session.scalars(select(Contact.value).where(Contact.kind == "phone")).all()
        assert phones == ["+84987654321"]
        for draft_id in (first.draft_id, draft.id):
            assert [each.id for each in pledges_of_draft(session, draft_id)] == [pledge.id]
        kinds = session.scalars(select(Fact.kind)).all()
        assert {"pledge.corrected", "entity.corrected"} <= set(kinds)
        facts = "".join(str(data) for data in session.scalars(select(Fact.data)))
        assert "Tên Mới" not in facts
        assert "987654321" not in facts
        letters = session.scalars(select(Message).where(Message.kind == "pledge_received")).all()
        assert len(letters) == 2
    assert waiting_by_commune(database) == {commune: (1, 1)}
    assert drifts(database) == []


def test_channels_may_come_and_go(database: Database, clock: FixedClock, vault: Vault) -> None:
    first = returned(database, clock, vault, seller_pages(**WEBSITES))
    draft = reopened(database, first, clock, vault)
    channels = ["thu-nghiem-hai.vn", "thu-nghiem-ba.vn"]
    sign_again(database, draft.id, now=clock(), vault=vault, place__channels=channels)
    with database.read() as session:
        named = session.scalars(select(PledgeChannel.address).order_by(PledgeChannel.address)).all()
        assert named == sorted(channels)
        covered = session.scalars(select(PledgeCover.obligation_id)).all()
        waiting = {
            obligation.channel_id: obligation.waiting_for_agency
            for obligation in session.scalars(select(Obligation)).all()
        }
        assert len(covered) == 2
        assert sorted(waiting.values()) == [0, 1, 1]
    assert drifts(database) == []
    clock.advance(timedelta(hours=3))
    lead_to(database, first, PledgeState.RETURNED, now=clock())
    draft = reopened(database, first, clock, vault)
    sign_again(database, draft.id, now=clock(), vault=vault, place__channels=["thu-nghiem-mot.vn"])
    approve(database, first, now=clock())
    with database.read() as session:
        assert sorted(session.scalars(select(Obligation.in_force))) == [0, 0, 1]
        assert session.scalars(select(EarlierVersion.version).order_by(EarlierVersion.version)).all() == [1, 2]
    assert drifts(database) == []


def test_only_one_draft_and_one_effect_however_often_it_is_sent(
    database: Database, clock: FixedClock, vault: Vault
) -> None:
    first = returned(database, clock, vault, seller_pages())
    drafts = run_together(lambda _number: reopened(database, first, clock, vault).id, 20)
    assert len(set(drafts)) == 1
    draft_id = drafts[0]

    def prepare(session: Any) -> Any:
        draft = session.get_one(Draft, draft_id)
        code = code_for(session, draft, draft.email, now=clock(), vault=vault)
        return confirmation_for(session, draft, code, now=clock(), vault=vault)

    confirmation = database.run(prepare)
    outcomes = run_together(
        lambda _number: database.run(
            lambda session: sign_draft(session, draft_id, confirmation, now=clock(), vault=vault, public_url=PUBLIC_URL)
        ),
        20,
    )
    assert sum(len(outcome.signed) for outcome in outcomes) == 1
    assert {pledge.id for outcome in outcomes for pledge in (*outcome.signed, *outcome.already)} == {first.id}
    assert (only(database, Pledge).version, only(database, EarlierVersion).version) == (2, 1)
    assert drifts(database) == []


def test_what_is_not_returned_any_more_is_refused_and_nothing_is_lost(
    sqlite_database: Database, clock: FixedClock, vault: Vault
) -> None:
    database = sqlite_database
    first = returned(database, clock, vault, seller_pages())
    draft = reopened(database, first, clock, vault)
    lead_to(database, first, PledgeState.WITHDRAWN, now=clock())
    with pytest.raises(NotOpen, match="đã được rút"):
        sign_again(database, draft.id, now=clock(), vault=vault, who__name="Tên sửa lại")
    with database.read() as session:
        kept = session.get_one(Draft, draft.id)
        assert (kept.answers["doi-tuong"]["name"], kept.signed_at) == ("Tên sửa lại", None)
        assert session.scalars(select(Pledge.version)).one() == 1
    with pytest.raises(NotOpen):
        reopened(database, first, clock, vault)


def test_a_draft_of_an_earlier_return_is_of_no_use(sqlite_database: Database, clock: FixedClock, vault: Vault) -> None:
    database = sqlite_database
    first = returned(database, clock, vault, seller_pages())
    stale = reopened(database, first, clock, vault)
    clock.advance(timedelta(days=1))
    lead_to(database, first, PledgeState.SUBMITTED, PledgeState.RETURNED, now=clock())
    fresh = reopened(database, first, clock, vault)
    assert fresh.id != stale.id
    with pytest.raises(NotOpen):
        sign_again(database, stale.id, now=clock(), vault=vault)


def test_a_tax_code_of_somebody_else_stays_theirs_and_is_not_told(
    database: Database, clock: FixedClock, vault: Vault
) -> None:
    signed_by(database, seller_pages(7), now=clock(), vault=vault)
    first = returned(database, clock, vault, seller_pages(1))
    draft = reopened(database, first, clock, vault)
    theirs = ["https://www.facebook.com/cuahang.thu.7", "https://www.facebook.com/cuahang.thu.1"]
    outcome = sign_again(
        database, draft.id, now=clock(), vault=vault, who__tax_code=invented_tax_code(7), place__channels=theirs
    )
    assert [pledge.version for pledge in outcome.signed] == [2]
    with database.read() as session:
        entity = session.get_one(Entity, (HUE, outcome.signed[0].entity_id))
        assert (entity.tax_code, entity.standing) == (invented_tax_code(1), Standing.REGISTERED)
        data = session.scalars(select(Fact.data).where(Fact.kind == "entity.disputed")).one()
        assert data["identifiers"] == ["channel", "tax_code"]
        rows = session.scalars(select(PledgeChannel).where(PledgeChannel.pledge_id == first.id)).all()
        assert {(row.address[-1], row.channel_id is not None) for row in rows} == {("7", False), ("1", True)}
        assert session.scalars(select(Obligation.waiting_for_agency)).all() == [1, 1]
    assert drifts(database) == []


def test_a_claim_whose_mistake_is_corrected_is_registered_with_all_that_was_signed(
    database: Database, clock: FixedClock, vault: Vault
) -> None:
    """A mistyped tax code belonged to somebody else; both pledges of that signing then count."""
    signed_by(database, seller_pages(7), now=clock(), vault=vault)
    pages = seller_pages(
        1,
        group__subject_type="digital_seller",
        group__more_types=["ecommerce_website"],
        who__tax_code=invented_tax_code(7),
        place__channels=["thu-nghiem-mot.vn"],
    )
    signed = signed_by(database, pages, now=clock(), vault=vault).signed
    with database.read() as session:
        claimed = session.get_one(Entity, (HUE, signed[0].entity_id))
    assert claimed.standing is Standing.CLAIMED
    clock.advance(timedelta(hours=2))
    lead_to(database, signed[0], PledgeState.RETURNED, now=clock())
    draft = reopened(database, signed[0], clock, vault)
    sign_again(database, draft.id, now=clock(), vault=vault, who__tax_code=invented_tax_code(1))
    with database.read() as session:
        entity = session.get_one(Entity, (HUE, claimed.id))
        assert (entity.standing, entity.tax_code) == (Standing.REGISTERED, invented_tax_code(1))
        owed = session.scalars(select(Obligation).where(Obligation.entity_id == entity.id)).all()
        assert owed
        assert [obligation.waiting_for_agency for obligation in owed] == [1] * len(owed)
    assert drifts(database) == []


def test_the_number_goes_encrypted_into_the_draft_and_the_group_stays(
    sqlite_database: Database, clock: FixedClock, vault: Vault
) -> None:
    database = sqlite_database
    number = "046190123456"
    pages = seller_pages(
        group__subject_type="household_business",
        group__more_types=["digital_seller"],
        who__tax_code="",
        who__personal_number=number,
        who__goods="Thực phẩm thử nghiệm",
        place__started_on="05/03/2026",
    )
    signed = signed_by(database, pages, now=clock(), vault=vault).signed
    pledge = signed[0]
    lead_to(database, pledge, PledgeState.RETURNED, now=clock())
    draft = reopened(database, pledge, clock, vault)
    assert number not in str(draft.answers)
    outcome = sign_again(database, draft.id, now=clock(), vault=vault)
    assert [(each.text_id, each.agency_code) for each in outcome.signed] == [(pledge.text_id, pledge.agency_code)]
    with database.read() as session:
        after = session.get_one(Pledge, (HUE, pledge.id))
        before = session.scalars(select(EarlierVersion)).one()
    assert after.answers == before.answers
    assert after.rendered_text == before.rendered_text


@pytest.mark.parametrize(
    "pages",
    [
        doctor_pages(who__licence_number="0001/TN-GPHN"),
        doctor_pages(
            signer__of_age="no",
            signer__representative_name="Lê Thị Thử",
            signer__representative_relation="mẹ",
            signer__representative_email="me.thu@vidu.vn",
        ),
        seller_pages(who__location="elsewhere", who__home_province="01", place__address="Số 1, phố Thử Nghiệm"),
        seller_pages(who__location="abroad", who__country="JP", place__address="1-1 Thu Nghiem"),
        seller_pages(
            group__subject_type="ecommerce_website",
            place__channels=[
                "thử-nghiệm.vn",
                "xn--e1afmkfd.vn",
                "https://shopee.vn/thu.nghiem",
                "https://www.tiktok.com/@thu.nghiem",
                "https://play.google.com/store/apps/details?id=vn.vidu.thu",
                "zalo.me/0912345678",
            ],
        ),
    ],
    ids=["doctor", "under age", "elsewhere", "abroad", "many channels"],
)
def test_what_was_signed_can_be_typed_again(
    sqlite_database: Database, clock: FixedClock, vault: Vault, pages: dict[Page, dict[str, Any]]
) -> None:
    """The prefilled form says exactly what was signed, so that nobody signs a change that they did not make."""
    entity = Entity(province_code=HUE)

    def typed(session: Session) -> dict[str, Any]:
        draft = ready_draft(session, pages, now=clock(), vault=vault)
        signed = frozen(session, draft)
        draft.answers = typed_again(Pledge(province_code=HUE, answers=signed), entity, vault)
        assert frozen(session, draft) == signed
        return signed

    def frozen(session: Session, draft: Draft) -> dict[str, Any]:
        return read_answers(session, draft, vault=vault, today=local_day(clock())).frozen()

    assert sqlite_database.run(typed)["channels"] is not None


def test_only_what_was_asked_is_open() -> None:
    draft = Draft(purpose=DraftPurpose.CORRECTION, asked=["tax_code", "channels"])
    assert open_fields(draft, Page.GROUP) == frozenset()
    assert open_fields(draft, Page.WHO) == frozenset({"tax_code", "personal_number"})
    assert open_fields(draft, Page.PLACE) == frozenset({"channels", "started_on"})
    assert open_fields(draft, Page.SIGNER) == frozenset()
    assert open_fields(draft, Page.SIGNER, wrong=["title"]) == frozenset({"title"})
    draft.purpose = DraftPurpose.AMENDMENT
    assert open_fields(draft, Page.GROUP) == frozenset()
    assert open_fields(draft, Page.WHO) is None
