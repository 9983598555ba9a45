"""Withdrawing a pledge or a consent, in every state, once however often it is sent."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pledges.audit.models import Fact
from pledges.core.db import Database
from pledges.core.errors import Conflict, DomainError, NotFound
from pledges.core.secrecy import Vault
from pledges.messaging.models import Message
from pledges.messaging.operations import secrets_of
from pledges.plans.models import Province
from pledges.registry.models import Obligation
from pledges.registry.recounting import recount
from pledges.signing.codes import CodePurpose, send_code
from pledges.signing.consent import answer_withdrawal, waiting_withdrawals, withdraw_processing, withdraw_publication
from pledges.signing.models import Consent, ConsentWithdrawal, Draft, Pledge, PledgeState, Signature
from pledges.signing.reopening import NotOpen, start_amendment
from pledges.signing.rules import CLOCK_SKEW, TRANSITIONS, Page
from pledges.signing.withdrawing import Withdrawal, withdraw
from tests.support.clock import FixedClock
from tests.support.offices import WAY_TO
from tests.support.signing import (
    HUE,
    PUBLIC_URL,
    approve,
    doctor_pages,
    lead_to,
    run_together,
    seller_pages,
    sign_again,
    signed_by,
)
from tests.support.staff import add_person


def signed(database: Database, clock: FixedClock, vault: Vault, **more: Any) -> Pledge:
    [pledge] = signed_by(database, more.pop("pages", seller_pages()), now=clock(), vault=vault, **more).signed
    clock.advance(timedelta(hours=2))
    return pledge


def code(database: Database, pledge: Pledge, clock: FixedClock, vault: Vault, purpose: CodePurpose) -> str:
    def send(session: Session) -> str:
        sent = send_code(
            session,
            purpose,
            pledge.id,
            pledge.contact_email,
            network="192.0.2.1",
            language="vi",
            now=clock(),
            vault=vault,
            province_code=HUE,
        )
        message = session.scalars(select(Message).where(Message.dedupe_key == f"code:{sent.id}")).one()
        assert message.params["purpose"] == purpose.value
        return str(secrets_of(message, vault)["code"])

    return database.run(send)


def take_back(database: Database, pledge: Pledge, typed: str, clock: FixedClock, vault: Vault) -> Withdrawal:
    key = (pledge.province_code, pledge.id)
    return database.run(
        lambda session: withdraw(session, key, typed_code=typed, now=clock(), vault=vault, public_url=PUBLIC_URL)
    )


def take_back_data(database: Database, pledge: Pledge, typed: str, clock: FixedClock, vault: Vault) -> Withdrawal:
    key = (pledge.province_code, pledge.id)
    return database.run(
        lambda session: withdraw_processing(
            session,
            key,
            typed_code=typed,
            now=clock(),
            vault=vault,
            public_url=PUBLIC_URL,
            administrator_email="quan-tri@vidu.vn",
        )
    )


def set_up_hue(database: Database, **settings: str) -> None:
    database.run(
        lambda session: session.execute(update(Province).where(Province.code == HUE).values(settings=settings))
    )


def kinds(database: Database, *of: str) -> list[str]:
    with database.read() as session:
        return sorted(session.scalars(select(Message.to_address).where(Message.kind.in_(of))))


def check_figures(database: Database, waiting: int, in_force: int) -> None:
    assert database.run(lambda session: recount(session, repair=False)) == []
    with database.read() as session:
        rows = session.scalars(select(Obligation)).all()
        assert (sum(row.waiting_for_agency for row in rows), sum(row.in_force for row in rows)) == (waiting, in_force)


@pytest.mark.parametrize("state", list(PledgeState))
def test_in_every_state(sqlite_database: Database, clock: FixedClock, vault: Vault, state: PledgeState) -> None:
    database = sqlite_database
    pledge = signed(database, clock, vault)
    lead_to(database, pledge, *WAY_TO[state], now=clock())
    typed = code(database, pledge, clock, vault, CodePurpose.WITHDRAW)
    if state is PledgeState.WITHDRAWN:
        assert take_back(database, pledge, "", clock, vault) == Withdrawal(already=True)
        return
    if PledgeState.WITHDRAWN not in TRANSITIONS[state]:
        with pytest.raises(NotOpen):
            take_back(database, pledge, typed, clock, vault)
        return
    wrong = f"{(int(typed) + 1) % 1_000_000:06d}"
    assert take_back(database, pledge, wrong, clock, vault).refusal is not None
    outcome = take_back(database, pledge, typed, clock, vault)
    assert [each.state for each in outcome.withdrawn] == [PledgeState.WITHDRAWN]
    with database.read() as session:
        fact = session.scalars(select(Fact).where(Fact.kind == "pledge.withdrawn")).one()
        assert fact.data["before"] == state.value
        assert (fact.actor_kind, fact.actor_id) == ("signer", str(pledge.id))
    assert kinds(database, "pledge_withdrawn") == [pledge.contact_email]
    check_figures(database, 0, 0)


def test_twenty_at_once_withdraw_once(database: Database, clock: FixedClock, vault: Vault) -> None:
    pledge = signed(database, clock, vault)
    typed = code(database, pledge, clock, vault, CodePurpose.WITHDRAW)
    outcomes = run_together(lambda _number: take_back(database, pledge, typed, clock, vault), 20)
    assert sum(len(outcome.withdrawn) for outcome in outcomes) == 1
    assert [outcome.refusal for outcome in outcomes] == [None] * 20
    assert len(kinds(database, "pledge_withdrawn")) == 1
    check_figures(database, 0, 0)


def test_a_code_for_something_else_withdraws_nothing(
    sqlite_database: Database, clock: FixedClock, vault: Vault
) -> None:
    pledge = signed(sqlite_database, clock, vault)
    typed = code(sqlite_database, pledge, clock, vault, CodePurpose.WITHDRAW_CONSENT)
    assert take_back(sqlite_database, pledge, typed, clock, vault).refusal is not None


def test_what_was_under_way_ends_with_it(database: Database, clock: FixedClock, vault: Vault) -> None:
    """The amendment beside it with the same code, and drafts; another's pledge is left alone."""
    old = approve(database, signed(database, clock, vault), now=clock())
    other = signed(database, clock, vault, pages=seller_pages(2))
    draft = database.run(lambda session: start_amendment(session, old, now=clock(), vault=vault))
    channels = ["facebook.com/kenh.moi.thu", *seller_pages()[Page.PLACE]["channels"]]
    [new] = sign_again(database, draft.id, now=clock(), vault=vault, place__channels=channels).signed
    clock.advance(timedelta(hours=2))
    typed = code(database, old, clock, vault, CodePurpose.WITHDRAW)
    outcome = take_back(database, old, typed, clock, vault)
    assert [each.id for each in outcome.withdrawn] == [old.id, new.id]
    assert len(kinds(database, "pledge_withdrawn")) == 2
    check_figures(database, 1, 0)
    with database.read() as session:
        assert session.get_one(Pledge, (HUE, other.id)).state is PledgeState.SUBMITTED


def test_a_draft_about_it_ends(sqlite_database: Database, clock: FixedClock, vault: Vault) -> None:
    database = sqlite_database
    old = approve(database, signed(database, clock, vault), now=clock())
    draft = database.run(lambda session: start_amendment(session, old, now=clock(), vault=vault))
    take_back(database, old, code(database, old, clock, vault, CodePurpose.WITHDRAW), clock, vault)
    with database.read() as session:
        assert session.get_one(Draft, draft.id).expires_at < clock() - CLOCK_SKEW


def test_an_amendment_alone_may_be_withdrawn(sqlite_database: Database, clock: FixedClock, vault: Vault) -> None:
    database = sqlite_database
    old = approve(database, signed(database, clock, vault), now=clock())
    draft = database.run(lambda session: start_amendment(session, old, now=clock(), vault=vault))
    [new] = sign_again(database, draft.id, now=clock(), vault=vault, who__name="Tên mới thử nghiệm").signed
    clock.advance(timedelta(hours=2))
    take_back(database, new, code(database, new, clock, vault, CodePurpose.WITHDRAW), clock, vault)
    check_figures(database, 0, 1)
    again = database.run(lambda session: start_amendment(session, old, now=clock(), vault=vault))
    assert again.id != draft.id


def test_the_representative_is_told_too(sqlite_database: Database, clock: FixedClock, vault: Vault) -> None:
    pages = doctor_pages()
    database = sqlite_database
    pledge = signed(database, clock, vault, pages=pages)
    answers = pledge.answers | {"under_age": True, "representative_email": "me.thu@vidu.vn"}
    database.run(lambda session: session.execute(update(Pledge).values(answers=answers)))
    take_back(database, pledge, code(database, pledge, clock, vault, CodePurpose.WITHDRAW), clock, vault)
    assert kinds(database, "pledge_withdrawn") == ["bac.si.1@vidu.vn", "me.thu@vidu.vn"]


# --- Consents --------------------------------------------------------------------------------------------------------


def test_publication_ends_at_once_and_for_what_follows(database: Database, clock: FixedClock, vault: Vault) -> None:
    old = approve(database, signed(database, clock, vault), now=clock())
    draft = database.run(lambda session: start_amendment(session, old, now=clock(), vault=vault))
    [new] = sign_again(database, draft.id, now=clock(), vault=vault, publish=True).signed
    assert new.publish
    clock.advance(timedelta(hours=2))

    def hide(_number: int) -> bool:
        return database.run(
            lambda session: withdraw_publication(
                session, (HUE, old.id), now=clock(), vault=vault, public_url=PUBLIC_URL
            )
        )

    assert sorted(run_together(hide, 20)) == [False] * 19 + [True]
    with database.read() as session:
        assert session.scalars(select(Pledge.publish)).all() == [False, False]
        assert session.scalars(select(ConsentWithdrawal.consent)).all() == [Consent.PUBLICATION]
        agreed = session.scalars(select(Signature.consent_publication_at).where(Signature.pledge_id == new.id)).one()
        assert agreed is not None
    assert len(kinds(database, "publication_ended")) == 1
    check_figures(database, 0, 1)


def test_processing_withdraws_the_pledge_and_starts_the_clocks(
    database: Database, clock: FixedClock, vault: Vault
) -> None:
    clock.set(clock().replace(month=12, day=30, hour=3))  # a Wednesday before New Year's Day
    pledge = signed(database, clock, vault)
    typed = code(database, pledge, clock, vault, CodePurpose.WITHDRAW_CONSENT)
    outcomes = run_together(lambda _number: take_back_data(database, pledge, typed, clock, vault), 20)
    assert sum(len(outcome.withdrawn) for outcome in outcomes) == 1
    with database.read() as session:
        withdrawal = session.scalars(select(ConsentWithdrawal)).one()
        letter = session.scalars(select(Message).where(Message.kind == "pledge_withdrawn")).one()
        told = session.scalars(select(Message).where(Message.kind == "data_withdrawal")).one()
    assert (withdrawal.acknowledge_by, withdrawal.answer_by) == (date(2027, 1, 4), date(2027, 1, 14))
    assert letter.params["data_answer_by"] == "2027-01-14"
    assert (told.to_address, told.params["answer_by"]) == ("quan-tri@vidu.vn", "2027-01-14")
    assert told.params["link"].endswith(f"/quan-tri/du-lieu/{withdrawal.id}")
    check_figures(database, 0, 0)


def test_who_is_told_of_it(sqlite_database: Database, clock: FixedClock, vault: Vault) -> None:
    """The address that the province has named; without one its administrators; never those of another province."""
    database = sqlite_database
    add_person(database, "quan.tri.hue@vidu.vn", province_code=HUE)
    add_person(database, "quan.tri.khac@vidu.vn", province_code="20")
    expected = ["quan.tri.hue@vidu.vn", "du.lieu@vidu.vn"]
    for number, contact in enumerate(["Văn phòng Sở, 0234 000 000", "du.lieu@vidu.vn"]):
        set_up_hue(database, data_contact=contact)
        pledge = signed(database, clock, vault, pages=seller_pages(number + 1))
        take_back_data(
            database, pledge, code(database, pledge, clock, vault, CodePurpose.WITHDRAW_CONSENT), clock, vault
        )
        assert kinds(database, "data_withdrawal") == sorted(expected[: number + 1])


def test_where_the_state_acts_by_duty_there_is_no_consent_to_take_back(
    sqlite_database: Database, clock: FixedClock, vault: Vault
) -> None:
    database = sqlite_database
    pledge = signed(database, clock, vault)
    set_up_hue(database, consent_basis="task")
    typed = code(database, pledge, clock, vault, CodePurpose.WITHDRAW_CONSENT)
    with pytest.raises(NotOpen, match="nhiệm vụ"):
        take_back_data(database, pledge, typed, clock, vault)


def test_after_the_end_the_data_are_still_the_signers(
    sqlite_database: Database, clock: FixedClock, vault: Vault
) -> None:
    database = sqlite_database
    pledge = signed(database, clock, vault)
    lead_to(database, pledge, PledgeState.REJECTED, now=clock())
    typed = code(database, pledge, clock, vault, CodePurpose.WITHDRAW_CONSENT)
    assert take_back_data(database, pledge, typed, clock, vault) == Withdrawal()
    assert kinds(database, "pledge_withdrawn") == []
    assert kinds(database, "data_withdrawn") == [pledge.contact_email], "nothing else would acknowledge it"
    with database.read() as session:
        [(withdrawal, about)] = waiting_withdrawals(session, HUE)
    assert about.id == pledge.id

    who = add_person(database, "quan.tri.hue@vidu.vn", province_code=HUE).id

    def answer(text: str = "Đã xóa số điện thoại.", province: str = HUE) -> None:
        database.run(
            lambda session: answer_withdrawal(
                session,
                province,
                withdrawal.id,
                text,
                staff_id=who,
                now=clock(),
                vault=vault,
                public_url=PUBLIC_URL,
            )
        )

    for text, province, refusal in ((" ", HUE, DomainError), ("Đã xóa.", "20", NotFound)):
        with pytest.raises(refusal):
            answer(text, province)
    answer()
    with pytest.raises(Conflict):
        answer()
    assert kinds(database, "data_answered") == [pledge.contact_email]
