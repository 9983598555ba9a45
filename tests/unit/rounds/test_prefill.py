"""The form that an invitation leads to, and whose pledge it is that is signed through it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pledges.accounts.models import Role
from pledges.core.calendar import local_day
from pledges.core.db import Database
from pledges.core.errors import NotFound
from pledges.core.secrecy import Vault
from pledges.registry.models import Standing
from pledges.rounds import links
from pledges.rounds.models import Ask
from pledges.rounds.prefill import asked_for, begin, presumed_signer, returned_pledge
from pledges.signing.drafts import typed_answers
from pledges.signing.merging import merge_entities
from pledges.signing.models import Draft, Pledge, PledgeState
from pledges.signing.operations import SigningOutcome, sign_draft
from pledges.signing.rules import Page
from pledges.signing.texts import read_progress
from tests.support.clock import START
from tests.support.invitations import (
    DOCTOR,
    SHOP,
    SHOP_TAX_CODE,
    doctor,
    entities,
    invite,
    owed_by,
    registered,
    reread,
    shop,
)
from tests.support.signing import (
    HUE,
    PUBLIC_URL,
    change_answers,
    code_for,
    confirmation_for,
    doctor_pages,
    invented_tax_code,
    lead_to,
    seller_pages,
)
from tests.support.staff import add_person

SIGNERS: dict[str, dict[str, Any]] = {
    "digital_seller": {"name": "Trần Thị Thử Nghiệm", "title": "Giám đốc", "authority": "yes"},
    "doctor": {"of_age": "yes"},
}


def opened(
    database: Database, ask: Ask, vault: Vault, *, confirmed: bool = True, browser: str = "b1", at: Any = START
) -> Draft:
    def work(session: Session) -> Draft:
        invitation = links.by_token(session, links.token_of(vault, ask))
        assert invitation is not None
        return begin(
            session,
            invitation,
            confirmed=confirmed,
            browser=browser,
            network="192.0.2.7",
            language="vi",
            now=at,
            vault=vault,
        )

    return database.run(work)


def signed(database: Database, draft: Draft, vault: Vault, **changes: Any) -> SigningOutcome:
    """Answer what is left, change what `changes` say, and sign with a code that goes to the address of the draft."""
    group = draft.answers[Page.GROUP.value]["subject_type"]

    def finish(session: Session) -> SigningOutcome:
        kept = session.get_one(Draft, draft.id)
        email = changes.pop("email", kept.email)
        kept.email = email
        kept.answers = {**kept.answers, Page.GROUP.value: {**kept.answers[Page.GROUP.value], "email": email}}
        typed = {f"signer__{name}": value for name, value in SIGNERS[group].items()}
        kept.answers = {page.value: {} for page in Page if page in (Page.WHO, Page.PLACE, Page.SIGNER)} | kept.answers
        change_answers(session, kept, now=START, vault=vault, **{**typed, **changes})
        code = code_for(session, kept, email, now=START, vault=vault)
        confirmation = confirmation_for(session, kept, code, now=START, vault=vault)
        return sign_draft(
            session,
            kept.id,
            confirmation,
            now=START,
            vault=vault,
            public_url=PUBLIC_URL,
            presume=presumed_signer,
        )

    return database.run(finish)


def answers(pages: dict[Page, dict[str, Any]]) -> dict[str, Any]:
    """Typed pages as changes of a draft."""
    return {
        f"{page.name.lower()}__{name}": value
        for page, typed in pages.items()
        if page in (Page.WHO, Page.PLACE)
        for name, value in typed.items()
    }


# --- What is filled in -----------------------------------------------------------------------------------------------


def test_whoever_has_shown_the_code_finds_what_the_register_knows(sqlite_database: Database, vault: Vault) -> None:
    ask = invite(sqlite_database, shop(), now=START, vault=vault)
    draft = opened(sqlite_database, ask, vault)
    with sqlite_database.read() as session:
        progress = read_progress(session, draft, vault=vault, today=local_day(START))
    assert progress.errors == {}
    assert progress.first_open is Page.SIGNER
    assert progress.group is not None
    assert (progress.group.email, progress.group.subject_types) == ("ke.toan@vidu.vn", ("digital_seller",))
    assert progress.who is not None
    assert (progress.who.name, progress.who.tax_code) == (SHOP, SHOP_TAX_CODE)
    assert progress.place is not None
    assert progress.place.address == "Kiệt 3 đường Ví Dụ"
    assert progress.place.phone == "+84912345678"
    assert [channel.address for channel in progress.place.channels] == ["facebook.com/dacsanthunghiem"]
    assert (draft.ask_province, draft.ask_id) == (HUE, ask.id)
    assert reread(sqlite_database, ask).started_at == START


def test_the_personal_number_is_filled_in_and_stays_encrypted(sqlite_database: Database, vault: Vault) -> None:
    number = "001099123456"
    what = shop(subject_types=("household_business",), tax_code=None, personal_number=number)
    draft = opened(sqlite_database, invite(sqlite_database, what, now=START, vault=vault), vault)
    assert number not in str(draft.answers)
    assert typed_answers(draft, Page.WHO, vault)["personal_number"] == number


def test_without_the_code_nothing_of_the_register_is_there(sqlite_database: Database, vault: Vault) -> None:
    ask = invite(sqlite_database, shop(), now=START, vault=vault)
    draft = opened(sqlite_database, ask, vault, confirmed=False)
    assert draft.answers == {
        Page.GROUP.value: {"email": "", "province": HUE, "subject_type": "digital_seller", "more_types": []}
    }
    assert draft.ask_id == ask.id


def test_one_form_for_who_has_the_code_and_one_for_each_browser_without(
    sqlite_database: Database, vault: Vault
) -> None:
    ask = invite(sqlite_database, shop(), now=START, vault=vault)
    first = opened(sqlite_database, ask, vault)
    assert opened(sqlite_database, ask, vault, browser="b2").id == first.id
    blank = opened(sqlite_database, ask, vault, confirmed=False)
    assert opened(sqlite_database, ask, vault, confirmed=False).id == blank.id
    assert opened(sqlite_database, ask, vault, confirmed=False, browser="b2").id != blank.id
    later = START + timedelta(days=31)
    assert opened(sqlite_database, ask, vault, at=later).id != first.id, "what was forgotten is begun anew"


def test_what_was_answered_in_an_earlier_pledge_is_filled_in_too(sqlite_database: Database, vault: Vault) -> None:
    ask = invite(sqlite_database, doctor(), now=START, vault=vault)
    pages = answers(doctor_pages(who__name=DOCTOR))
    (pledge,) = signed(sqlite_database, opened(sqlite_database, ask, vault), vault, **pages).signed
    lead_to(sqlite_database, pledge, PledgeState.RETURNED, now=START)
    again = opened(sqlite_database, ask, vault)
    assert again.answers[Page.WHO.value]["workplace"] == "Bệnh viện Thử Nghiệm"
    with sqlite_database.read() as session:
        invitation = links.by_token(session, links.token_of(vault, ask))
        assert invitation is not None
        returned = returned_pledge(session, invitation, asked_for(session, invitation))
    assert returned is not None
    assert returned.id == pledge.id
    lead_to(sqlite_database, pledge, PledgeState.WITHDRAWN, now=START)
    sqlite_database.run(lambda session: session.execute(update(Draft).values(expires_at=START - timedelta(days=1))))
    fresh = opened(sqlite_database, ask, vault)
    assert fresh.answers[Page.WHO.value]["workplace"] == ""


def test_nothing_can_be_begun_where_nothing_is_owed(sqlite_database: Database, vault: Vault) -> None:
    ask = invite(sqlite_database, doctor(), now=START, vault=vault)
    signed(sqlite_database, opened(sqlite_database, ask, vault), vault, **answers(doctor_pages(who__name=DOCTOR)))
    with pytest.raises(NotFound):
        opened(sqlite_database, ask, vault)


# --- Whose pledge it is ----------------------------------------------------------------------------------------------


def corrected_name() -> dict[str, Any]:
    return {"who__name": "Công ty TNHH Tên Mới Sau Khi Đổi"}


def corrected_address() -> dict[str, Any]:
    return {"email": "dia.chi.moi@vidu.vn"}


def corrected_both() -> dict[str, Any]:
    return corrected_name() | corrected_address() | {"place__channels": ["https://www.facebook.com/trang.khac.thu"]}


@pytest.mark.parametrize("corrected", [dict, corrected_name, corrected_address, corrected_both])
def test_what_is_corrected_after_the_code_stays_with_who_was_invited(
    sqlite_database: Database, vault: Vault, corrected: Callable[[], dict[str, Any]]
) -> None:
    ask = invite(sqlite_database, shop(), now=START, vault=vault)
    (pledge,) = signed(sqlite_database, opened(sqlite_database, ask, vault), vault, **corrected()).signed
    assert (pledge.entity_id, pledge.ask_id) == (ask.entity_id, ask.id)
    assert [entity.id for entity in entities(sqlite_database)] == [ask.entity_id]
    assert [owed.waiting_for_agency for owed in owed_by(sqlite_database, ask.entity_id)] == [1]


def test_a_doctor_without_any_number_who_corrects_everything_is_not_registered_twice(
    database: Database, vault: Vault
) -> None:
    ask = invite(database, doctor(), now=START, vault=vault)
    changes = answers(doctor_pages(who__name="Lê Văn Thử Tên Đúng")) | corrected_address()
    (pledge,) = signed(database, opened(database, ask, vault), vault, **changes).signed
    assert pledge.entity_id == ask.entity_id
    assert len(entities(database)) == 1


def test_another_ones_tax_code_is_still_a_claim(sqlite_database: Database, vault: Vault) -> None:
    ask = invite(sqlite_database, shop(), now=START, vault=vault)
    other = registered(
        sqlite_database,
        shop(name="Công ty Khác", tax_code=invented_tax_code(99), emails=("khac@vidu.vn",), channels=()),
        now=START,
        vault=vault,
    )
    changes = {"who__tax_code": invented_tax_code(99)}
    (pledge,) = signed(sqlite_database, opened(sqlite_database, ask, vault), vault, **changes).signed
    claim = next(each for each in entities(sqlite_database) if each.id == pledge.entity_id)
    assert claim.standing is Standing.CLAIMED
    assert claim.claims_entity_id in {other.id, ask.entity_id}
    assert [owed.waiting_for_agency for owed in owed_by(sqlite_database, ask.entity_id)] == [0]
    assert [owed.waiting_for_agency for owed in owed_by(sqlite_database, other.id)] == [0]


def test_another_number_that_nobody_has_makes_somebody_else(sqlite_database: Database, vault: Vault) -> None:
    """An accountant signs for a second firm with the link of the first."""
    ask = invite(sqlite_database, shop(), now=START, vault=vault)
    changes = {
        "who__name": "Công ty Thứ Hai",
        "who__tax_code": invented_tax_code(77),
        "place__channels": ["https://www.facebook.com/cong.ty.thu.hai"],
    }
    (pledge,) = signed(sqlite_database, opened(sqlite_database, ask, vault), vault, **changes).signed
    assert pledge.entity_id != ask.entity_id
    assert [owed.waiting_for_agency for owed in owed_by(sqlite_database, ask.entity_id)] == [0]


@pytest.mark.parametrize(("name", "same"), [(DOCTOR, True), ("Nguyễn Thị Người Khác", False)])
def test_a_letter_alone_counts_for_the_same_name_only(
    sqlite_database: Database, vault: Vault, name: str, same: bool
) -> None:
    ask = invite(sqlite_database, doctor(emails=()), now=START, vault=vault)
    draft = opened(sqlite_database, ask, vault, confirmed=False)
    changes = answers(doctor_pages(who__name=name)) | {"email": "rieng@vidu.vn"}
    (pledge,) = signed(sqlite_database, draft, vault, **changes).signed
    assert (pledge.entity_id == ask.entity_id) is same
    assert pledge.ask_id == ask.id


def test_in_another_province_the_invitation_says_nothing(sqlite_database: Database, vault: Vault) -> None:
    ask = invite(sqlite_database, shop(), now=START, vault=vault)
    draft = opened(sqlite_database, ask, vault)

    def move(session: Session) -> None:
        kept = session.get_one(Draft, draft.id)
        group = {**kept.answers[Page.GROUP.value], "province": "20"}
        kept.answers = {**kept.answers, Page.GROUP.value: group}

    sqlite_database.run(move)
    (pledge,) = signed(sqlite_database, draft, vault, **answers(seller_pages(5, "20"))).signed
    assert (pledge.province_code, pledge.ask_id) == ("20", None)


def test_of_a_merged_subject_the_one_that_stands_for_it_is_asked(sqlite_database: Database, vault: Vault) -> None:
    ask = invite(sqlite_database, shop(tax_code=None, channels=()), now=START, vault=vault)
    kept = registered(sqlite_database, shop(name="Tên Còn Lại", emails=("con.lai@vidu.vn",)), now=START, vault=vault)
    staff = add_person(
        sqlite_database, "cv@vidu.vn", role=Role.OFFICER, province_code=HUE, agency_code="46-SCT", ready=False
    )
    sqlite_database.run(
        lambda session: merge_entities(
            session, HUE, kept.id, ask.entity_id, staff=staff, note="Cùng một cửa hàng.", now=START
        )
    )
    draft = opened(sqlite_database, ask, vault)
    assert draft.answers[Page.WHO.value]["name"] == "Tên Còn Lại"
    (pledge,) = signed(sqlite_database, draft, vault).signed
    assert pledge.entity_id == kept.id
    with sqlite_database.read() as session:
        assert len(session.scalars(select(Pledge)).all()) == 1
