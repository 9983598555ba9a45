"""A wording at its page: one administrator asks, another one reads what has changed and approves, or sends it back."""

from __future__ import annotations

import copy

import pytest
from flask import Flask
from sqlalchemy import select

from pledges.audit.models import Fact
from pledges.audit.operations import WHOLE_SYSTEM
from pledges.plans.models import PledgeText, TextApproval
from pledges.plans.queries import current_text, is_approved
from pledges.product import Product
from tests.support.admins import browser_of
from tests.support.checked_pages import CheckedClient
from tests.support.clock import START
from tests.support.desk import form_to

PAGE = "/quan-tri/san-sang/20"


@pytest.fixture
def first(small_product: Product, app: Flask) -> CheckedClient:
    return browser_of(small_product, app, "mot@vidu.vn", province_code="20")


@pytest.fixture
def second(small_product: Product, app: Flask) -> CheckedClient:
    return browser_of(small_product, app, "hai@vidu.vn", province_code=WHOLE_SYSTEM)


@pytest.fixture
def text(small_product: Product) -> PledgeText:
    with small_product.database.read() as session:
        return current_text(session, "celebrity")


def press(browser: CheckedClient, address: str, ending: str, **answers: str) -> str:
    page = browser.get(address)
    return browser.send(page, answers, form=form_to(page, ending)).text


def test_two_people_approve_and_it_is_told(
    small_product: Product, first: CheckedClient, second: CheckedClient, text: PledgeText
) -> None:
    address = f"{PAGE}/mau/{text.id}"
    page = first.get(address)
    for commitment in text.content["commitments"]:
        assert commitment["text"][0]["text"][:40] in page.text
    assert "chỉ in với cá nhân" in page.text
    assert "Hãy đọc mẫu và đánh dấu ô này" in press(first, address, "/de-nghi")
    assert "Đã ghi đề nghị duyệt" in press(first, address, "/de-nghi", read="yes")
    waiting = first.get(address)
    assert "Chờ người khác duyệt" in waiting.text
    assert not waiting.all("//form[contains(@action, '/duyet')]")
    forged = first.client.post(f"{address}/duyet", data={**waiting.fields(form_to(waiting, "/rut")), "read": "yes"})
    assert "Bạn là người đã đề nghị duyệt mẫu này" in forged.text
    assert "Hãy đọc mẫu và đánh dấu ô này" in press(second, address, "/duyet")
    form = second.get(address)
    number = form_to(form, "/duyet")
    assert "Đã duyệt" in second.send(form, {"read": "yes"}, form=number).text
    assert "đã được duyệt" in second.send(form, {"read": "yes"}, form=number).text
    with small_product.database.read() as session:
        assert is_approved(session, "20", text.id)
        assert not is_approved(session, "46", text.id)
        approval = session.scalars(select(TextApproval)).one()
        [fact] = session.scalars(select(Fact).where(Fact.kind == "wording.approved"))
    assert (fact.province_code, fact.object_id, fact.actor_id) == ("20", text.id, approval.approved_by)
    assert "Đã duyệt 20/11/2026" in first.get(PAGE).words


def test_what_was_sent_back_says_why(first: CheckedClient, second: CheckedClient, text: PledgeText) -> None:
    address = f"{PAGE}/mau/{text.id}"
    press(first, address, "/de-nghi", read="yes")
    assert "Đã trả lại đề nghị" in press(second, address, "/tra-lai", answer="Thiếu câu về trẻ em")
    assert "Thiếu câu về trẻ em" in first.get(address).text
    press(first, address, "/de-nghi", read="yes")
    assert "Đã rút đề nghị" in press(first, address, "/rut")


def test_a_newer_version_shows_what_has_changed(small_product: Product, first: CheckedClient, text: PledgeText) -> None:
    def succeed(session) -> PledgeText:  # type: ignore[no-untyped-def]
        session.add(TextApproval(province_code="20", pledge_text_id=text.id, approved_at=START, approved_by="x"))
        content = copy.deepcopy(text.content)
        content["commitments"][0]["text"].append({"text": "trên mọi nền tảng thử nghiệm", "when": {}})
        newer = PledgeText(
            text_id=text.text_id,
            version=text.version + 1,
            title=text.title,
            template_hash="0" * 64,
            content=content,
            loaded_at=START,
        )
        session.add(newer)
        session.flush()
        return newer

    newer = small_product.database.run(succeed)
    page = first.get(f"{PAGE}/mau/{newer.id}")
    assert [" ".join(each.text_content().split()) for each in page.all("//ins")] == ["trên mọi nền tảng thử nghiệm"]
    assert len(page.all("//*[contains(@class, 'preview-line')][.//ins or .//del]")) == 1
    assert f"so với phiên bản {text.version} đã duyệt" in page.words


def test_an_unknown_wording_is_not_found(first: CheckedClient) -> None:
    first.get(f"{PAGE}/mau/00000000-0000-7000-8000-000000000000", status=404)
    first.get(f"{PAGE}/mau/abc", status=404)
