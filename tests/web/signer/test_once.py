"""Whatever is sent twice, too late, or with fields that nobody asked for, has the effect of what was meant once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from pledges.product import Product
from pledges.signing.models import Draft, Pledge
from pledges.signing.rules import Page as Step
from tests.support.checked_pages import CheckedClient, Page
from tests.support.clock import FixedClock
from tests.support.signing import HUE, seller_pages
from tests.web.signer.steps import messages, newest_code, only_draft, path_of, sign, walk, wrong_names

SIGNER = "Trần Thị Thử Nghiệm"

UNASKED: dict[str, Any] = {
    "id": "01900000-0000-7000-8000-000000000001",
    "signed_at": "2026-01-01T00:00:00",
    "expires_at": "2099-01-01T00:00:00",
    "resume_code_hash": "0" * 64,
    "personal_number_sealed": "AAAA",
    "personal_number": "046190123456",
    "answers": "{}",
    "language": "xx",
    "state": "approved",
    "wording_approved": "yes",
    "publish": "yes",
    "consent_publication": "yes",
    "more_types": "enterprise",
    "of_age": "no",
    "representative_name": "Không ai hỏi",
    "home_province": "01",
    "agency_code": "46-SYT",
    "licence_number": "01",
    "is_admin": "1",
    "_method": "DELETE",
}


def count(product: Product, table: type[Any]) -> int:
    with product.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_page_one_sent_twice_is_one_draft_and_one_mail(
    visitor: CheckedClient, small_product: Product, clock: FixedClock
) -> None:
    """With the token of the first: the later answers count, as after the back button."""
    pages = seller_pages()
    first = walk(visitor, pages, Step.GROUP)
    visitor.send(first, pages[Step.GROUP])
    clock.advance(timedelta(seconds=1))
    page = visitor.send(first, pages[Step.GROUP] | {"subject_type": "doctor"})
    assert path_of(page) == "/ky-cam-ket/doi-tuong"
    assert count(small_product, Draft) == 1
    assert only_draft(small_product).answers["nhom"]["subject_type"] == "doctor"
    assert len(messages(small_product, "draft_link")) == 1


def test_a_page_sent_twice_keeps_the_later_answers(visitor: CheckedClient, small_product: Product) -> None:
    pages = seller_pages()
    first = walk(visitor, pages, Step.WHO)
    visitor.send(first, pages[Step.WHO])
    page = visitor.send(first, pages[Step.WHO] | {"name": "Tên sửa lại"})
    assert path_of(page) == "/ky-cam-ket/dia-ban"
    assert only_draft(small_product).answers["doi-tuong"]["name"] == "Tên sửa lại"


def test_signing_twice_is_one_pledge(visitor: CheckedClient, small_product: Product) -> None:
    """The same form with the same tokens and code, twice, and then the forms of the pages before it."""
    pages = seller_pages()
    beginning = visitor.get(f"/ky-cam-ket?tinh={HUE}")
    page = visitor.send(beginning, pages[Step.GROUP])
    who = page
    for step in (Step.WHO, Step.PLACE, Step.SIGNER):
        page = visitor.send(page, pages[step])
    page = visitor.send(page)
    code = newest_code(small_product)
    done = sign(visitor, small_product, page, SIGNER, code)
    assert path_of(done) == "/ky-cam-ket/xong"
    again = sign(visitor, small_product, page, SIGNER, code)
    [reference] = done.all("//main//*[contains(@class, 'confirmation')]//strong/text()")
    assert reference in again.words
    for old, answers in ((who, {"name": "Đổi sau khi ký"}), (beginning, pages[Step.GROUP])):
        assert path_of(visitor.send(old, answers)) == "/ky-cam-ket/xong"
    assert count(small_product, Pledge) == count(small_product, Draft) == 1
    assert only_draft(small_product).answers["doi-tuong"]["name"] == pages[Step.WHO]["name"]
    assert len(messages(small_product, "pledge_received")) == 1


def test_a_form_finds_its_draft_without_a_session_and_no_other(small_app: Flask, small_product: Product) -> None:
    """The token of a form is enough to come back, for this draft only; a made-up one is worth nothing."""
    pages = seller_pages()
    first = CheckedClient(small_app)
    page = walk(first, pages, Step.WHO)
    stranger = CheckedClient(small_app)
    fields = page.fields() | pages[Step.WHO]
    forged = fields | {"draft": str(only_draft(small_product).id)}
    answer = stranger.client.post("/ky-cam-ket/doi-tuong", data=forged)
    assert answer.headers["Location"] == "/ky-cam-ket/tiep-tuc"
    answer = stranger.client.post("/ky-cam-ket/doi-tuong", data=fields)
    kept = Page(answer, small_app)
    assert "hãy gửi lại" in kept.words
    assert kept.fields()["name"] == [pages[Step.WHO]["name"]]
    assert path_of(stranger.send(kept)) == "/ky-cam-ket/dia-ban"


@pytest.mark.parametrize("step", [Step.GROUP, Step.WHO, Step.PLACE, Step.SIGNER])
def test_fields_that_nobody_asked_for_change_nothing(
    visitor: CheckedClient, small_product: Product, step: Step
) -> None:
    pages = seller_pages()
    page = walk(visitor, pages, step)
    if step is not Step.GROUP:
        before = only_draft(small_product)
    extra = {name: value for name, value in UNASKED.items() if name not in page.fields()}
    page = visitor.send(page, pages[step] | extra)
    draft = only_draft(small_product)
    kept = draft.answers[step.value]
    assert [name for name in extra if name in kept and UNASKED[name] in kept[name]] == []
    assert draft.signed_at is None
    assert draft.language == "vi"
    assert str(draft.id) != UNASKED["id"]
    if step is not Step.GROUP:
        assert (draft.id, draft.email, draft.resume_code_hash) == (before.id, before.email, before.resume_code_hash)
        assert {name: value for name, value in draft.answers.items() if name != step.value} == {
            name: value for name, value in before.answers.items() if name != step.value
        }


def test_fields_that_nobody_asked_for_sign_nothing_else(visitor: CheckedClient, small_product: Product) -> None:
    page = walk(visitor, seller_pages(), Step.SIGN)
    extra = {name: value for name, value in UNASKED.items() if name != "consent_publication"}
    fields = {"consent_processing": "yes", "typed_name": SIGNER, "code": newest_code(small_product)}
    assert path_of(visitor.send(page, extra | fields)) == "/ky-cam-ket/xong"
    with small_product.database.read() as session:
        pledge = session.scalars(select(Pledge)).one()
    assert pledge.publish is False
    assert pledge.wording_approved is False
    assert pledge.state.value == "submitted"
    assert pledge.agency_code == "46-SCT"


SIGNATURES = {
    "nothing": ({"consent_processing": [], "typed_name": "", "code": ""}, {"consent_processing", "typed_name", "code"}),
    "another name": ({"typed_name": "Trần Văn Khác"}, {"typed_name"}),
    "a very long name": ({"typed_name": "ă" * 10_000}, {"typed_name"}),
    "markup as a name": ({"typed_name": f"<b>{SIGNER}</b>"}, {"typed_name"}),
    "marks heaped on the name": ({"typed_name": SIGNER + "\u0301" * 3_000}, {"typed_name"}),
    "controls around the name": ({"typed_name": SIGNER + "\x1c\x1f"}, {"typed_name"}),
    "a wrong code": ({"code": "12345"}, {"code"}),
    "a very long code": ({"code": "1" * 10_000}, {"code"}),
    "letters as a code": ({"code": "sáu số"}, {"code"}),
    "no consent": ({"consent_processing": []}, {"consent_processing"}),
}


@pytest.mark.parametrize(("answers", "wrong"), SIGNATURES.values(), ids=SIGNATURES.keys())
def test_a_signature_that_is_not_one(
    visitor: CheckedClient, small_product: Product, answers: dict[str, Any], wrong: set[str]
) -> None:
    """Each is refused at its field; what was right stays, and signs once the rest is."""
    page = walk(visitor, seller_pages(), Step.SIGN)
    code = newest_code(small_product)
    right = {"consent_processing": ["yes"], "typed_name": SIGNER, "code": code}
    page = visitor.send(page, right | answers)
    assert wrong_names(page) == wrong
    kept = {name: page.fields().get(name) for name in right if name not in answers}
    assert kept == {
        name: value if isinstance(value, list) else [value] for name, value in right.items() if name in kept
    }
    assert count(small_product, Pledge) == 0
    assert path_of(visitor.send(page, right)) == "/ky-cam-ket/xong"


def test_a_name_and_code_as_people_type_them(visitor: CheckedClient, small_product: Product) -> None:
    """Without marks, in capitals, with blanks in the code and zero-width characters around."""
    page = walk(visitor, seller_pages(), Step.SIGN)
    code = newest_code(small_product)
    fields = {"typed_name": "\u200b TRAN THI  THU NGHIEM ", "code": f" {code[:3]} {code[3:]}\u200b"}
    assert path_of(visitor.send(page, {"consent_processing": "yes"} | fields)) == "/ky-cam-ket/xong"
