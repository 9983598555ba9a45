"""What was signed with a pen, led through review: its helper does not recommend it, and all ways of checking agree."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.accounts.models import Role, Staff
from pledges.core.calendar import local_day
from pledges.core.db import new_id
from pledges.messaging.models import Message
from pledges.product import Product
from pledges.review.checks import check_pledges, passes_all
from pledges.review.errors import SecondPersonNeeded
from pledges.signing.assisting import SignedPaper, correct_assisted, hand_in, prepare_print, start_assisted
from pledges.signing.drafts import save_page
from pledges.signing.models import Draft, Pledge, PledgeState
from pledges.signing.rules import Page
from tests.support.checked_pages import CheckedClient
from tests.support.clock import FixedClock
from tests.support.issuing import IssuingOffice
from tests.support.paper_signed import photograph, seal
from tests.support.signing import HUE, PUBLIC_URL, change_answers, seller_pages
from tests.support.staff import add_person
from tests.web.public.test_verify_states import Answers

S = PledgeState


class PenOffice(IssuingOffice):
    """An office whose pledge was signed with a pen beside one of its officers."""

    @staticmethod
    def _sign(product: Product, clock: FixedClock, **options: object) -> Pledge:
        staff = add_person(
            product.database, "giup@vidu.vn", role=Role.OFFICER, province_code=HUE, agency_code="46-SCT", ready=False
        )
        pages = seller_pages()
        pages[Page.GROUP]["email"] = ""

        def fill_in(session: Session) -> Draft:
            draft = start_assisted(session, staff, now=clock(), vault=product.vault, draft_id=new_id())
            for page, answers in pages.items():
                save_page(session, draft, page, answers, now=clock(), vault=product.vault)
            return draft

        return print_and_hand_in(product, clock, product.database.run(fill_in))


def print_and_hand_in(product: Product, clock: FixedClock, draft: Draft) -> Pledge:
    """Printed today, signed tomorrow, handed in the day after."""

    def print_it(session: Session) -> None:
        prepare_print(session, session.get_one(Draft, draft.id), publication=False, now=clock(), vault=product.vault)

    product.database.run(print_it)
    signed = SignedPaper(local_day(clock()) + timedelta(days=1), (product.storage.put(photograph()),), witnessed=True)
    clock.advance(timedelta(days=2))
    with product.database.read() as session:
        staff = session.scalars(select(Staff).where(Staff.id == draft.assisted_by)).one()
    [pledge] = product.database.run(
        lambda session: hand_in(
            session, draft.id, signed, staff=staff, now=clock(), vault=product.vault, public_url=PUBLIC_URL
        )
    ).signed
    seal(product, pledge)
    with product.database.read() as session:
        return session.get_one(Pledge, (pledge.province_code, pledge.id))


@pytest.fixture
def answers(
    small_product: Product, small_app: Flask, visitor: CheckedClient, clock: FixedClock, tmp_path: Path
) -> Answers:
    return Answers(PenOffice(small_product, clock), visitor, small_app, tmp_path)


def test_a_pledge_signed_with_a_pen_goes_the_way_of_all_others(answers: Answers, small_product: Product) -> None:
    office, product = answers.office, small_product
    pledge = office.pledge()
    assert local_day(pledge.signed_at) == local_day(office.clock()) - timedelta(days=1)
    page, _shown, program = answers.agree(S.SUBMITTED)
    assert program["confirmed_by"] == ["scanned_paper"]
    assert "ký tay trên bản in" in page.words
    with product.database.read() as session:
        checks = check_pledges(session, HUE, [pledge])[pledge.id]
        helper = session.get_one(Staff, (HUE, pledge.recorded_by))
    assert not passes_all(checks)  # somebody has to look at the pictures
    with pytest.raises(SecondPersonNeeded):
        office.do("recommend", helper)

    office.do("return_for_correction", asked=["name"])

    def correct(session: Session) -> Draft:
        found = session.get_one(Pledge, office.key)
        draft = correct_assisted(session, found, helper, asked=["name"], now=office.clock(), vault=product.vault)
        change_answers(session, draft, now=office.clock(), vault=product.vault, who__name="Công ty Thử Nghiệm Mới")
        return draft

    again = print_and_hand_in(product, office.clock, product.database.run(correct))
    assert (again.id, again.version, again.pictures) == (pledge.id, 2, pledge.pictures)
    office.issued.append(office.file())
    answers.agree(S.SUBMITTED)
    office.approve()
    page, shown, _program = answers.agree(S.APPROVED)
    for each in (page, shown):
        assert "ký tay trên bản in" in each.words
    office.revoke()
    answers.agree(S.REVOKED)
    with product.database.read() as session:
        told = [message.kind for message in session.scalars(select(Message)) if message.kind.startswith("pledge")]
    assert told == []  # there is no address to write to
    assert office.figures() == (0, 0)
