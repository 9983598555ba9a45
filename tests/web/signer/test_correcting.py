"""A returned pledge in the form: the message, only what was asked, one code. And a pledge in force, amended."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from pledges.core.secrecy import Vault
from pledges.product import Product
from pledges.signing.models import DraftPurpose, Pledge, PledgeState
from pledges.signing.rules import Page as Step
from tests.support.checked_pages import CheckedClient, Page
from tests.support.clock import FixedClock
from tests.support.signing import doctor_pages, seller_pages
from tests.web.signer.files import MESSAGE, File
from tests.web.signer.steps import path_of, seal_everything, sign, wrong_names

NEW_CODE = "0100109106"


@pytest.fixture
def file(small_app: Flask, small_product: Product, clock: FixedClock, vault: Vault) -> File:
    return File(small_app, small_product, clock, vault)


def links(page: Page) -> list[str]:
    """Where the answers on the check page may be changed."""
    return sorted({href.partition("?")[0] for href in page.all("//dd[contains(@class, 'summary-action')]//a/@href")})


def test_from_the_message_to_the_new_signature(file: File, small_product: Product) -> None:
    page = file.returned("tax_code")
    for words in (*MESSAGE.split("\n"), "Cần bổ sung", "Mã số thuế hoặc số định danh"):
        assert words in page.words
    check = file.client.send(page)
    assert path_of(check) == "/ky-cam-ket/kiem-tra"
    assert MESSAGE.split("\n")[1] in check.words
    assert links(check) == ["/ky-cam-ket/doi-tuong"]
    who = file.client.get("/ky-cam-ket/doi-tuong?ve=kiem-tra")
    assert set(who.fields()) == {"csrf_token", "draft", "tax_code"}
    assert seller_pages()[Step.WHO]["name"] in who.words
    wrong = file.client.send(who, {"tax_code": "0100109107"})
    assert wrong_names(wrong) == {"tax_code"}
    assert wrong.fields()["tax_code"] == ["0100109107"]
    check = file.client.send(wrong, {"tax_code": NEW_CODE})
    assert path_of(check) == "/ky-cam-ket/kiem-tra"
    text = file.client.send(check)
    assert NEW_CODE in text.words
    assert text.all("//a[contains(@href, '/ky-cam-ket/nhom')]") == []
    done = sign(file.client, small_product, text, file.name)
    assert "Bạn đã sửa và ký lại" in done.words
    assert file.pledge.reference in done.words
    after = file.pledge
    assert (after.version, after.state, after.answers["tax_code"]) == (2, PledgeState.SUBMITTED, NEW_CODE)
    assert "Chờ niêm phong" in file.client.get(file.address).words
    seal_everything(small_product)
    page = file.client.get(file.address)
    for words in ("Đã sửa và ký lại", "Cơ quan trả lại để bổ sung", "Các bản trước", "Chờ duyệt"):
        assert words in page.words
    first, second = (file.client.client.get(f"{file.address}/{name}.pdf").data for name in ("ban-1", "ban-cam-ket"))
    assert first.startswith(b"%PDF")
    assert second.startswith(b"%PDF")
    assert first != second
    assert file.client.client.get(f"{file.address}/ban-2.pdf").status_code == 404
    assert path_of(sign(file.client, small_product, text, file.name, "000000")) == "/ky-cam-ket/xong"


def test_what_was_not_asked_cannot_be_changed_by_sending_it(file: File) -> None:
    before = dict(file.pledge.answers)
    file.client.send(file.returned("tax_code"))
    who = file.client.get("/ky-cam-ket/doi-tuong")
    unasked = {
        "name": "Tên không ai hỏi",
        "kind": "person",
        "location": "abroad",
        "country": "JP",
        "personal_number_sealed": "AAAA",
        "asked": "name",
        "purpose": "amendment",
        "channels": "khong-ai-hoi.vn",
    }
    check = file.client.send(who, {"tax_code": NEW_CODE, **unasked})
    kept = file.draft(DraftPurpose.CORRECTION)
    assert kept.asked == ["tax_code"]
    assert kept.answers["doi-tuong"]["name"] == before["name"]
    assert kept.answers["doi-tuong"]["location"] == "local"
    fields = {"csrf_token": check.fields()["csrf_token"][0], "draft": check.fields()["draft"][0]}
    for address, sent in (
        ("dia-ban", {"channels": "khong-ai-hoi.vn", "commune": "00004"}),
        ("nguoi-ky", {"name": "Không ai hỏi", "title": "Không"}),
        ("nhom", {"email": "ke.khac@vidu.vn", "province": "20", "subject_type": "doctor"}),
        ("them-nhom", {"more_types": "doctor"}),
    ):
        answer = file.client.client.post(f"/ky-cam-ket/{address}", data={**fields, **sent})
        assert (answer.status_code, answer.headers["Location"]) == (302, "/ky-cam-ket/kiem-tra"), address
        assert file.client.client.get(f"/ky-cam-ket/{address}").headers["Location"] == "/ky-cam-ket/kiem-tra"
    after = file.draft(DraftPurpose.CORRECTION)
    assert after.email == file.pledge.contact_email
    assert after.answers == kept.answers


def test_several_parts_on_one_page_and_rows_without_scripts(file: File, small_product: Product) -> None:
    check = file.client.send(file.returned("channels", "signer"))
    assert links(check) == ["/ky-cam-ket/dia-ban", "/ky-cam-ket/nguoi-ky"]
    place = file.client.get("/ky-cam-ket/dia-ban")
    assert set(place.fields()) == {"csrf_token", "draft", "channels", "started_on"}
    more = file.client.send(place, {"channels-rows": "add"})
    rows = more.fields()["channels"]
    assert len(rows) == 2
    file.client.send(more, {"channels": [rows[0], "thu-nghiem-moi.vn"]})
    check = file.client.send(file.client.get("/ky-cam-ket/nguoi-ky"), {"title": "Phó Giám đốc"})
    sign(file.client, small_product, file.client.send(check), file.name)
    answers = file.pledge.answers
    assert (answers["signer_title"], len(answers["channels"])) == ("Phó Giám đốc", 2)


def test_another_name_is_another_name_to_type(
    small_app: Flask, small_product: Product, clock: FixedClock, vault: Vault
) -> None:
    file = File(small_app, small_product, clock, vault, doctor_pages())
    file.client.send(file.returned("name", "details"))
    who = file.client.get("/ky-cam-ket/doi-tuong")
    assert {"name", "workplace"} <= set(who.fields())
    check = file.client.send(who, {"name": "Lê Văn Thử Sửa Tên"})
    text = file.client.send(check)
    assert wrong_names(sign(file.client, small_product, text, file.name)) == {"typed_name"}
    sign(file.client, small_product, text, "Lê Văn Thử Sửa Tên")
    assert file.pledge.version == 2


def test_nobody_elses_file(file: File, small_app: Flask) -> None:
    page = file.returned("tax_code")
    stranger = CheckedClient(small_app)
    door = stranger.get("/ho-so/CK-46-2026-7KXA3Q")
    fields = {"csrf_token": door.fields()["csrf_token"][0]}
    for act in ("sua", "thay-doi", "rut", "rut/ma", "du-lieu", "du-lieu/ma", "cong-khai"):
        for reference in (file.address, "/ho-so/CK-46-2026-7KXA3Q"):
            answer = stranger.client.post(f"{reference}/{act}", data=fields)
            assert (answer.status_code, answer.headers["Location"]) == (302, reference), act
    for act in ("rut", "du-lieu", "cong-khai"):
        assert stranger.client.get(f"{file.address}/{act}").headers["Location"] == file.address
    for name in ("ban-cam-ket", "ban-1"):
        assert stranger.client.get(f"{file.address}/{name}.pdf").status_code == 404
    assert file.pledge.state is PledgeState.RETURNED
    assert path_of(file.client.send(page)) == "/ky-cam-ket/kiem-tra"
    assert stranger.client.get("/ky-cam-ket/kiem-tra").headers["Location"] == "/ky-cam-ket/tiep-tuc"


def test_withdrawn_meanwhile_leads_back_to_the_file(file: File) -> None:
    file.client.send(file.returned("tax_code"))
    who = file.client.get("/ky-cam-ket/doi-tuong")
    file.office.enter(PledgeState.WITHDRAWN)
    page = file.client.send(who, {"tax_code": NEW_CODE})
    assert path_of(page) == file.address
    assert "đã được rút" in page.words


def test_not_returned_is_nothing_to_correct(file: File) -> None:
    page = file.returned("tax_code")
    file.office.enter(PledgeState.SUBMITTED)
    again = file.client.send(page)
    assert path_of(again) == file.address
    assert "không còn ở bước chờ bạn sửa" in again.words


def test_a_new_channel_for_a_pledge_in_force(file: File, small_product: Product) -> None:
    file.office.enter(PledgeState.RECOMMENDED, PledgeState.COUNTERSIGNING, PledgeState.APPROVED)
    page = file.client.get(file.address)
    check = file.client.send(page)
    assert path_of(check) == "/ky-cam-ket/kiem-tra"
    assert links(check) == ["/ky-cam-ket/dia-ban", "/ky-cam-ket/doi-tuong", "/ky-cam-ket/nguoi-ky"]
    assert "Bạn chưa thay đổi gì" in check.words
    text = file.client.send(check)
    refused = sign(file.client, small_product, text, file.name)
    assert "Chưa có gì thay đổi" in refused.words
    place = file.client.get("/ky-cam-ket/dia-ban?ve=kiem-tra")
    check = file.client.send(place, {"channels": [*place.fields()["channels"], "thu-nghiem-moi.vn"]})
    assert "Bạn chưa thay đổi gì" not in check.words
    file.clock.advance(timedelta(minutes=2))
    done = sign(file.client, small_product, file.client.send(check), file.name)
    assert "Bạn đã ký bản mới" in done.words
    assert f"Bản {file.pledge.reference} vẫn có hiệu lực" in done.words
    with small_product.database.read() as session:
        new = session.scalars(select(Pledge).where(Pledge.amends_id == file.pledge.id)).one()
    old_page = file.client.get(file.address)
    assert new.reference in old_page.words
    assert old_page.all("//form[contains(@action, 'thay-doi')]") == []
    new_page = file.client.get(f"/ho-so/{new.reference}")
    assert "bản trước vẫn có hiệu lực" in new_page.words
    stale = file.client.send(page)  # the button of the page from before
    assert path_of(stale) == f"/ho-so/{new.reference}"
    assert "Bạn đã ký một bản mới" in stale.words
