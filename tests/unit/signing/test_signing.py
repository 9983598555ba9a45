"""Signing on both databases: what one signature leaves behind, twice, at once, and by a stranger."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from pledges.audit.models import Fact
from pledges.core.db import Database
from pledges.core.errors import Conflict, DomainError
from pledges.core.secrecy import Vault
from pledges.messaging.models import Message
from pledges.plans.models import ObligationEntry
from pledges.registry.models import Channel, Entity, Obligation, Standing
from pledges.registry.recounting import recount
from pledges.signing.codes import CodePurpose
from pledges.signing.models import ConfirmationCode, Draft, Pledge, PledgeChannel, PledgeCover, Signature
from pledges.signing.operations import ConfirmationErrors, SigningOutcome, sign_draft
from pledges.signing.texts import DraftIncomplete
from tests.support.clock import FixedClock
from tests.support.signing import (
    PUBLIC_URL,
    code_for,
    confirmation_for,
    doctor_pages,
    ready_draft,
    run_together,
    seller_pages,
    signed_by,
)


def count(database: Database, table: type) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def messages(database: Database, kind: str) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Message).where(Message.kind == kind)) or 0


def test_one_signature_leaves_everything_at_once(database: Database, clock: FixedClock, vault: Vault) -> None:
    outcome = signed_by(database, seller_pages(), now=clock(), vault=vault)
    [pledge] = outcome.signed
    assert outcome.refusal is None
    with database.read() as session:
        found = session.scalars(select(Pledge)).one()
        assert found.reference == pledge.reference
        assert found.rendered_hash == found.paper["rendered_hash"]
        assert found.document_id is None
        signature = session.scalars(select(Signature)).one()
        assert signature.kind.value == "otp_confirm"
        assert signature.rendered_hash == found.rendered_hash
        cover = session.scalars(select(PledgeCover)).one()
        obligation = session.scalars(select(Obligation)).one()
        assert (cover.obligation_id, cover.hold) == (obligation.id, "open")
        assert obligation.entry_id == "46-seller"
        channel = session.scalars(select(PledgeChannel)).one()
        assert channel.channel_id is not None
        kinds = set(session.scalars(select(Fact.kind).where(Fact.object_kind != "plan")))
        assert {"entity.added", "channel.added", "obligation.opened", "pledge.submitted"} <= kinds
        assert session.scalars(select(ConfirmationCode)).one().used_at is not None
    assert messages(database, "pledge_received") == 1
    assert database.run(lambda session: recount(session, repair=False)) == []


def test_the_same_draft_twice_gives_the_same_pledge(database: Database, clock: FixedClock, vault: Vault) -> None:
    def prepare(session: Session) -> tuple[object, object]:
        draft = ready_draft(session, seller_pages(), now=clock(), vault=vault)
        code = code_for(session, draft, draft.email, now=clock(), vault=vault)
        return draft.id, confirmation_for(session, draft, code, now=clock(), vault=vault)

    draft_id, confirmation = database.run(prepare)
    results: list[SigningOutcome | Exception] = []

    def sign() -> None:
        try:
            results.append(
                database.run(
                    lambda session: sign_draft(
                        session,
                        draft_id,
                        confirmation,  # type: ignore[arg-type]
                        now=clock(),
                        vault=vault,
                        public_url=PUBLIC_URL,
                    )
                )
            )
        except Exception as error:
            results.append(error)

    threads = [threading.Thread(target=sign) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    outcomes = [result for result in results if isinstance(result, SigningOutcome)]
    assert len(outcomes) == 20, results
    assert sum(len(outcome.signed) for outcome in outcomes) == 1
    references = {pledge.reference for outcome in outcomes for pledge in (*outcome.signed, *outcome.already)}
    assert len(references) == 1
    assert (count(database, Pledge), count(database, Signature), messages(database, "pledge_received")) == (1, 1, 1)


def test_the_same_entity_in_two_tabs_gives_one_pledge(database: Database, clock: FixedClock, vault: Vault) -> None:
    drafts = []
    for _ in range(2):
        drafts.append(database.run(lambda session: ready_draft(session, seller_pages(), now=clock(), vault=vault).id))
        clock.advance(timedelta(minutes=2))

    def prepare(session: Session, draft_id: object) -> object:
        draft = session.get_one(Draft, draft_id)
        code = code_for(session, draft, draft.email, now=clock(), vault=vault)
        return confirmation_for(session, draft, code, now=clock(), vault=vault)

    confirmations = [database.run(lambda session, draft_id=draft_id: prepare(session, draft_id)) for draft_id in drafts]
    outcomes = run_together(
        lambda number: database.run(
            lambda session: sign_draft(
                session,
                drafts[number],
                confirmations[number],  # type: ignore[arg-type]
                now=clock(),
                vault=vault,
                public_url=PUBLIC_URL,
            )
        ),
        2,
    )
    assert count(database, Pledge) == 1
    assert sorted(len(outcome.signed) for outcome in outcomes) == [0, 1]
    assert sorted(len(outcome.already) for outcome in outcomes) == [0, 1]
    assert count(database, Entity) == 1


def test_a_stranger_with_my_tax_code_learns_nothing(database: Database, clock: FixedClock, vault: Vault) -> None:
    mine = signed_by(database, seller_pages(), now=clock(), vault=vault)
    pages = seller_pages(group__email="nguoi.la@vidu.vn", place__channels=["facebook.com/kenh.khac.thu"])
    theirs = signed_by(database, pages, now=clock(), vault=vault)
    assert len(mine.signed) == len(theirs.signed) == 1
    assert theirs.already == ()
    assert theirs.signed[0].reference != mine.signed[0].reference
    with database.read() as session:
        standings = session.scalars(select(Entity.standing).order_by(Entity.added_at)).all()
        assert sorted(standings) == [Standing.CLAIMED, Standing.REGISTERED]
        assert len(session.scalars(select(Obligation)).all()) == 1
        assert len(session.scalars(select(Channel)).all()) == 1
    again = signed_by(database, pages, now=clock(), vault=vault)
    assert (len(again.signed), len(again.already)) == (0, 1)
    assert database.run(lambda session: recount(session, repair=False)) == []


def test_another_channel_later_is_a_pledge_of_its_own(database: Database, clock: FixedClock, vault: Vault) -> None:
    website = {"group__subject_type": "ecommerce_website", "place__channels": ["https://thu-nghiem-mot.vn"]}
    signed_by(database, seller_pages(**website), now=clock(), vault=vault)
    website["place__channels"] = ["thu-nghiem-mot.vn", "thu-nghiem-hai.vn"]
    outcome = signed_by(database, seller_pages(**website), now=clock(), vault=vault)
    assert len(outcome.signed) == 1
    with database.read() as session:
        covered = session.scalars(select(PledgeCover.obligation_id)).all()
        assert len(covered) == len(set(covered)) == 2
    assert database.run(lambda session: recount(session, repair=False)) == []


def test_who_signs_again_each_quarter_has_one_pledge_for_each(
    database: Database, clock: FixedClock, vault: Vault
) -> None:
    database.run(lambda session: session.execute(update(ObligationEntry).values(resign=True)))
    references = []
    for days in (0, 1, 60, 1):  # 20/11 and 21/11/2026, then 20/01 and 21/01/2027
        clock.advance(timedelta(days=days))
        outcome = signed_by(database, seller_pages(), now=clock(), vault=vault)
        references += [pledge.reference for pledge in (*outcome.signed, *outcome.already)]
    first, again, next_quarter, once_more = references
    assert first == again
    assert next_quarter == once_more
    assert first != next_quarter
    with database.read() as session:
        covers = session.scalars(select(PledgeCover).order_by(PledgeCover.period)).all()
        obligation = session.scalars(select(Obligation)).one()
    assert [(cover.obligation_id, cover.period) for cover in covers] == [
        (obligation.id, "2026Q4"),
        (obligation.id, "2027Q1"),
    ]
    assert obligation.waiting_for_agency == 1
    assert database.run(lambda session: recount(session, repair=False)) == []


def test_a_channel_that_no_pledge_names_is_signed_for(database: Database, clock: FixedClock, vault: Vault) -> None:
    """The seller owes one pledge for everything, and still no channel that was declared may stand in no pledge."""
    channels = ["facebook.com/cuahang.mot.thu"]
    first = signed_by(database, seller_pages(place__channels=channels), now=clock(), vault=vault)
    channels.append("facebook.com/cuahang.hai.thu")
    second = signed_by(database, seller_pages(place__channels=channels), now=clock(), vault=vault)
    assert (len(first.signed), len(second.signed)) == (1, 1)
    for declared, holder in ((channels, second), (channels[:1], first), (channels[1:], second)):
        again = signed_by(database, seller_pages(place__channels=declared), now=clock(), vault=vault)
        assert [pledge.id for pledge in again.already] == [holder.signed[0].id]
        assert again.signed == ()
        clock.advance(timedelta(hours=2))
    assert count(database, Obligation) == 1
    assert database.run(lambda session: recount(session, repair=False)) == []


def test_two_groups_one_code_two_pledges(database: Database, clock: FixedClock, vault: Vault) -> None:
    pages = doctor_pages(group__more_types=["digital_seller"], place__channels=["facebook.com/bacsi.thu"])
    outcome = signed_by(database, pages, now=clock(), vault=vault)
    assert sorted(pledge.text_id for pledge in outcome.signed) == ["health", "website_seller"]
    assert {pledge.agency_code for pledge in outcome.signed} == {"46-SYT", "46-SCT"}
    assert count(database, ConfirmationCode) == 1
    assert messages(database, "pledge_received") == 1


def test_wrong_codes_are_counted_and_the_right_one_comes_too_late(
    database: Database, clock: FixedClock, vault: Vault
) -> None:
    def prepare(session: Session) -> tuple[object, str, object]:
        draft = ready_draft(session, seller_pages(), now=clock(), vault=vault)
        code = code_for(session, draft, draft.email, now=clock(), vault=vault)
        return draft.id, code, confirmation_for(session, draft, code, now=clock(), vault=vault)

    draft_id, code, confirmation = database.run(prepare)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"

    def attempt(typed: str) -> SigningOutcome:
        return database.run(
            lambda session: sign_draft(
                session,
                draft_id,
                replace(confirmation, code=typed),  # type: ignore[type-var]
                now=clock(),
                vault=vault,
                public_url=PUBLIC_URL,
            )
        )

    for _ in range(30):
        assert attempt(wrong).refusal is not None
    late = attempt(code)
    assert late.refusal is not None
    assert late.refusal.status == 429
    with database.read() as session:
        assert session.scalars(select(ConfirmationCode.tries)).one() == 5
    assert count(database, Pledge) == 0


def test_a_code_runs_out_after_ten_minutes(database: Database, clock: FixedClock, vault: Vault) -> None:
    def prepare(session: Session) -> tuple[object, object]:
        draft = ready_draft(session, seller_pages(), now=clock(), vault=vault)
        code = code_for(session, draft, draft.email, now=clock(), vault=vault)
        return draft.id, confirmation_for(session, draft, code, now=clock(), vault=vault)

    draft_id, confirmation = database.run(prepare)
    later = clock() + timedelta(minutes=10, seconds=1)
    outcome = database.run(
        lambda session: sign_draft(
            session,
            draft_id,
            confirmation,  # type: ignore[arg-type]
            now=later,
            vault=vault,
            public_url=PUBLIC_URL,
        )
    )
    assert outcome.refusal is not None
    assert "hết hạn" in outcome.refusal.message


def test_no_more_than_three_codes_an_hour_go_to_one_address(
    database: Database, clock: FixedClock, vault: Vault
) -> None:
    draft_id = database.run(lambda session: ready_draft(session, seller_pages(), now=clock(), vault=vault).id)

    def send() -> None:
        database.run(
            lambda session: code_for(
                session, session.get_one(Draft, draft_id), "chu.shop.1@vidu.vn", now=clock(), vault=vault
            )
        )

    send()
    with pytest.raises(DomainError, match="vừa được gửi"):
        send()
    for _ in range(2):
        clock.advance(timedelta(minutes=2))
        send()
    clock.advance(timedelta(minutes=2))
    with pytest.raises(DomainError, match="quá nhiều lần"):
        send()
    assert messages(database, "code") == 3


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"consent_processing": False}, "consent_processing"),
        ({"typed_name": " "}, "typed_name"),
        ({"typed_name": "Người Khác"}, "typed_name"),
        ({"code": ""}, "code"),
    ],
)
def test_what_is_missing_is_said_and_costs_no_try(
    sqlite_database: Database, clock: FixedClock, vault: Vault, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(ConfirmationErrors) as refused:
        signed_by(sqlite_database, seller_pages(), now=clock(), vault=vault, **changes)
    assert field in refused.value.errors
    with sqlite_database.read() as session:
        assert session.scalars(select(ConfirmationCode.tries)).one() == 0


def test_a_name_without_marks_is_the_same_name(sqlite_database: Database, clock: FixedClock, vault: Vault) -> None:
    outcome = signed_by(sqlite_database, seller_pages(), now=clock(), vault=vault, typed_name="tran thi thu nghiem")
    assert len(outcome.signed) == 1


def test_a_text_that_was_not_shown_is_not_signed(sqlite_database: Database, clock: FixedClock, vault: Vault) -> None:
    with pytest.raises(Conflict):
        signed_by(sqlite_database, seller_pages(), now=clock(), vault=vault, shown_hashes=("0" * 64,))
    assert count(sqlite_database, Pledge) == 0


def test_an_incomplete_draft_names_the_page(sqlite_database: Database, clock: FixedClock, vault: Vault) -> None:
    pages = seller_pages(place__commune="00004")
    with pytest.raises(DraftIncomplete) as refused:
        signed_by(sqlite_database, pages, now=clock(), vault=vault)
    assert refused.value.page.value == "dia-ban"
    assert refused.value.errors is not None
    assert set(refused.value.errors.errors) == {"commune"}


def test_a_minor_signs_with_a_representative_and_two_codes(database: Database, clock: FixedClock, vault: Vault) -> None:
    pages = doctor_pages(
        group__subject_type="artist",
        signer__of_age="no",
        signer__representative_name="Lê Thị Đại Diện",
        signer__representative_relation="mẹ",
        signer__representative_email="dai.dien@vidu.vn",
    )

    def prepare(session: Session) -> tuple[object, object]:
        draft = ready_draft(session, pages, now=clock(), vault=vault)
        code = code_for(session, draft, draft.email, now=clock(), vault=vault)
        other = code_for(
            session,
            draft,
            "dai.dien@vidu.vn",
            now=clock(),
            vault=vault,
            purpose=CodePurpose.SIGN_AS_REPRESENTATIVE,
        )
        confirmation = confirmation_for(session, draft, code, now=clock(), vault=vault)
        return draft.id, replace(confirmation, representative_code=other)

    draft_id, confirmation = database.run(prepare)
    alone = replace(confirmation, representative_code="000000")  # type: ignore[type-var]

    def sign(given: object) -> SigningOutcome:
        return database.run(
            lambda session: sign_draft(
                session,
                draft_id,
                given,  # type: ignore[arg-type]
                now=clock(),
                vault=vault,
                public_url=PUBLIC_URL,
            )
        )

    assert set(sign(alone).refusals) == {"representative_code"}
    assert len(sign(confirmation).signed) == 1
    with database.read() as session:
        assert sorted(session.scalars(select(Signature.role))) == ["representative", "signer"]
        lines = session.scalars(select(Pledge)).one().paper["signature_lines"]
        assert len(lines) == 2
    assert messages(database, "pledge_received") == 2
