"""How long a draft and the link to it live, and what ends them earlier."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from pledges.messaging.operations import secrets_of
from pledges.product import Product
from pledges.signing.models import AccessLink, ConfirmationCode, Draft
from pledges.signing.rules import Page as Step
from tests.support.checked_pages import CheckedClient
from tests.support.clock import FixedClock
from tests.support.signing import seller_pages
from tests.web.signer.steps import messages, only_draft, path_of, sign, walk, wrong_names

NAME = "Công ty TNHH Thử Nghiệm 1"


def links(product: Product) -> list[str]:
    """The paths of all mailed links, oldest first."""
    mails = messages(product, "draft_link")
    return [str(secrets_of(mail, product.vault)["link"]).removeprefix(product.settings.public_url) for mail in mails]


def rows(product: Product, table: type[Any]) -> int:
    with product.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def code_of_page_one(visitor: CheckedClient) -> str:
    page = visitor.get("/ky-cam-ket?tinh=46")
    [code] = page.all("//main//strong[@class='reference']/text()")
    visitor.send(page, seller_pages()[Step.GROUP])
    return str(code)


def test_the_link_opens_the_draft_after_eight_hours_and_after_29_days(
    visitor: CheckedClient, small_product: Product, clock: FixedClock
) -> None:
    walk(visitor, seller_pages(), Step.PLACE)
    [link] = links(small_product)
    for later in (timedelta(hours=8), timedelta(days=29)):
        clock.advance(later)
        stranger = CheckedClient(visitor.app)
        page = stranger.send(stranger.get(link))
        assert path_of(page) == "/ky-cam-ket/dia-ban"
        assert NAME in stranger.get("/ky-cam-ket/doi-tuong").text


def test_after_30_days_link_and_code_are_dead_and_the_draft_is_erased(
    visitor: CheckedClient, small_product: Product, clock: FixedClock
) -> None:
    code = code_of_page_one(visitor)
    [link] = links(small_product)
    clock.advance(timedelta(days=30, minutes=6))
    assert "không còn dùng được" in CheckedClient(visitor.app).get(link, status=410).words
    stranger = CheckedClient(visitor.app)
    page = stranger.get("/ky-cam-ket/tiep-tuc")
    page = stranger.send(page, {"email": seller_pages()[Step.GROUP]["email"], "resume_code": code})
    assert wrong_names(page) == {"resume_code"}
    small_product.clean_up()
    assert (rows(small_product, Draft), rows(small_product, AccessLink)) == (0, 0)


def test_a_living_draft_is_not_erased(visitor: CheckedClient, small_product: Product, clock: FixedClock) -> None:
    code_of_page_one(visitor)
    clock.advance(timedelta(days=29, hours=23))
    small_product.clean_up()
    assert (rows(small_product, Draft), rows(small_product, AccessLink)) == (1, 1)


def test_codes_that_signed_outlive_the_draft_as_evidence(
    visitor: CheckedClient, small_product: Product, clock: FixedClock
) -> None:
    sign(visitor, small_product, walk(visitor, seller_pages(), Step.SIGN), "Trần Thị Thử Nghiệm")
    clock.advance(timedelta(days=61))
    small_product.clean_up()
    assert (rows(small_product, Draft), rows(small_product, ConfirmationCode)) == (0, 1)


def test_a_corrected_address_gets_a_link_and_the_first_one_dies(visitor: CheckedClient, small_product: Product) -> None:
    walk(visitor, seller_pages(), Step.WHO)
    page = visitor.get("/ky-cam-ket/nhom")
    visitor.send(page, {"email": "dung.dia.chi@vidu.vn"})
    assert only_draft(small_product).email == "dung.dia.chi@vidu.vn"
    first, second = links(small_product)
    assert messages(small_product, "draft_link")[1].to_address == "dung.dia.chi@vidu.vn"
    CheckedClient(visitor.app).get(first, status=410)
    CheckedClient(visitor.app).get(second)
    visitor.send(visitor.get("/ky-cam-ket/nhom"), {"subject_type": "doctor"})
    assert len(links(small_product)) == 2, "the same address gets no second link"


def test_a_corrected_address_gets_a_code_at_once(visitor: CheckedClient, small_product: Product) -> None:
    """Nothing tells that a code went there before one did, and nobody waits for one that went elsewhere."""
    page = walk(visitor, seller_pages(), Step.SIGN)
    assert "Mã đã gửi tới" in page.words
    visitor.send(visitor.get("/ky-cam-ket/nhom?ve=kiem-tra"), {"email": "dung.dia.chi@vidu.vn"})
    page = visitor.get("/ky-cam-ket/ky")
    assert "Mã đã gửi tới" not in page.words
    assert "Chưa có mã nào còn hiệu lực" in page.words
    page = visitor.send(page, form=1)
    assert "Mã đã gửi tới" in page.words
    assert [mail.to_address for mail in messages(small_product, "code")][1:] == ["dung.dia.chi@vidu.vn"]
    assert path_of(sign(visitor, small_product, page, "Trần Thị Thử Nghiệm")) == "/ky-cam-ket/xong"


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_signed_draft_has_no_link_any_more(visitor: CheckedClient, small_product: Product, method: str) -> None:
    sign(visitor, small_product, walk(visitor, seller_pages(), Step.SIGN), "Trần Thị Thử Nghiệm")
    [link] = links(small_product)
    assert getattr(CheckedClient(visitor.app).client, method)(link).status_code == 410
