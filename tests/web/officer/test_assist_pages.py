"""Signing beside somebody of the staff: from an empty form to the file that is printed for the person."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from pledges.accounts.models import Role
from pledges.messaging.models import Message
from pledges.messaging.operations import secrets_of
from pledges.product import Product
from pledges.registry.models import Contact, Entity
from pledges.signing.models import Draft, Origin, Pledge, PledgeState, Signature, SignatureKind
from tests.support.browsing import Browser
from tests.support.checked_pages import CheckedClient
from tests.support.paper_signed import photograph, seal
from tests.support.papers_recorded import registered
from tests.support.pdf_tools import assert_sound, squeezed, text_of
from tests.support.signing import COMMUNES, HUE
from tests.support.staff import add_person, sign_in
from tests.web.officer.test_paper_pages import field
from tests.web.public.test_verify import upload

SELLER = {
    "nhom": {"email": "", "subject_type": "digital_seller"},
    "doi-tuong": {"kind": "person", "name": "Hoàng Thị Thử Nghiệm", "location": "local"},
    "dia-ban": {"channels": "facebook.com/hoangthi.thunghiem", "phone": "0912 345 678"},
    "nguoi-ky": {"of_age": "yes"},
}


@pytest.fixture
def helper(small_product: Product, visitor: Browser) -> Browser:
    add_person(
        small_product.database,
        "xa@vidu.vn",
        role=Role.COMMUNE_OFFICER,
        province_code=HUE,
        commune_code=COMMUNES[HUE],
    )
    sign_in(visitor, "xa@vidu.vn")
    return visitor


def fill_in(browser: Browser, pages: dict[str, dict[str, str]] = SELLER) -> str:
    """Answer everything; the address of the page where it is printed."""
    browser.open("/can-bo/ky-ho")
    browser.follow(browser.send("/can-bo/ky-ho"))
    for page, answers in pages.items():
        address = f"/ky-cam-ket/{page}"
        assert browser.address == address, browser.text
        assert "Bạn đang điền giúp người ký" in browser.text
        kept = {"draft": field(browser.page, "draft"), "province": HUE} if page == "nhom" else {}
        kept |= {"commune": COMMUNES[HUE]} if page == "dia-ban" and "checked" in browser.page else {}
        browser.follow(browser.send(address, kept | answers))
    assert browser.address == "/ky-cam-ket/kiem-tra"
    found = re.search(r'href="(/can-bo/ky-ho/[0-9a-f-]+)"', browser.page)
    assert found is not None
    return found.group(1)


def hand_in(browser: Browser, address: str, **said: str) -> int:
    return browser.send(
        f"{address}/gui",
        {"signed_on": "20/11/2026", "witnessed": "yes", "kept": "", **said}
        | {"pictures": (BytesIO(photograph()), "trang1.jpg")},  # type: ignore[dict-item]
        content_type="multipart/form-data",
    ).status_code


def only_pledge(product: Product) -> Pledge:
    with product.database.read() as session:
        return session.scalars(select(Pledge).where(Pledge.origin == Origin.ASSISTED)).one()


def test_from_the_empty_form_to_the_sealed_paper(
    helper: Browser, small_product: Product, app: Flask, tmp_path: Path
) -> None:
    product = small_product
    address = fill_in(helper)
    helper.open(address)
    assert hand_in(helper, address) == 409  # nothing has been printed yet
    assert "Hãy in bản cam kết" in helper.text
    assert helper.client.get(f"{address}/ban-in-1.pdf").status_code == 404
    helper.open(address)
    helper.follow(helper.send(f"{address}/in", {"publication": "no"}))
    printed = helper.client.get(f"{address}/ban-in-1.pdf")
    words = squeezed(text_of(printed.data, tmp_path))
    for part in ("(ký, ghi rõ họ tên)", "Mã bản in: IN-", "Bản in để ký tay; chưa được niêm phong"):
        assert squeezed(part) in words, part
    assert b"SystemSeal" not in printed.data
    assert_sound(printed.data, tmp_path)

    helper.open(address)
    assert hand_in(helper, address, witnessed="") == 400
    assert "Đã nhận 1 ảnh" in helper.text
    kept = field(helper.page, "kept")
    assert (
        helper.send(f"{address}/gui", {"signed_on": "19/11/2026", "witnessed": "yes", "kept": kept}).status_code == 400
    )
    assert "Ngày ký phải từ ngày in (20/11/2026)" in helper.text
    sent = {"signed_on": "20/11/2026", "witnessed": "yes", "kept": field(helper.page, "kept")}
    helper.follow(helper.send(f"{address}/gui", sent))
    assert "Đã gửi bản ký tay" in helper.text

    pledge = only_pledge(product)
    assert (pledge.state, pledge.publish, pledge.contact_email) == (PledgeState.SUBMITTED, False, "")
    with product.database.read() as session:
        evidence = session.scalars(select(Signature)).one()
        assert (evidence.kind, evidence.network, evidence.masked_address) == (SignatureKind.SCANNED_PAPER, None, "")
        assert session.scalars(select(Message)).all() == []
        contacts = {contact.value: contact.verified_at for contact in session.scalars(select(Contact))}
        assert contacts == {"+84912345678": None}  # nobody has confirmed it
    pdf = seal(product, pledge)
    assert_sound(pdf, tmp_path)
    words = squeezed(text_of(pdf, tmp_path))
    assert squeezed("Bản ký giấy, số hóa bởi Nguyễn Văn Thử (phường") in words
    assert squeezed("Ảnh bản ký giấy, trang 1/1") in words
    helper.open("/can-bo/ky-ho")
    assert pledge.reference in helper.text
    assert helper.client.get(f"/can-bo/ky-ho/ho-so/{pledge.reference}.pdf").data == pdf

    anybody = CheckedClient(app)
    file = tmp_path / "ky-ho.pdf"
    file.write_bytes(pdf)
    report = json.loads(app.test_cli_runner().invoke(args=["documents", "verify", str(file), "--json"]).stdout)
    assert (report["authentic"], report["state"]) == (True, "submitted")
    for shown in (anybody.get(f"/xac-minh/{pledge.verification_code}"), upload(anybody, pdf)):
        assert "ký tay trên bản in, có cán bộ chứng kiến" in shown.words
        assert "chưa tiếp nhận" in shown.words
    # Whoever knows the reference gets no code and no other answer than for one that does not exist.
    door = anybody.get(f"/ho-so/{pledge.reference}")
    assert "Nếu mã hồ sơ đúng" in anybody.send(door).words
    with product.database.read() as session:
        assert session.scalars(select(Message)).all() == []


def test_what_is_changed_after_printing_has_to_be_printed_again(helper: Browser, small_product: Product) -> None:
    address = fill_in(helper)
    helper.open(address)
    helper.follow(helper.send(f"{address}/in", {"publication": "no"}))
    helper.follow(helper.send(f"{address}/dien"))
    helper.open("/ky-cam-ket/doi-tuong?ve=kiem-tra")
    who = SELLER["doi-tuong"] | {"name": "Hoàng Thị Thử Nghiệm Hai"}
    helper.follow(helper.send("/ky-cam-ket/doi-tuong?ve=kiem-tra", who))
    helper.open(address)
    assert "Nội dung đã thay đổi từ khi in" in helper.text
    assert hand_in(helper, address) == 409
    with small_product.database.read() as session:
        assert session.scalars(select(Pledge)).all() == []


def test_a_subject_of_the_register_is_found_by_its_tax_code(helper: Browser, small_product: Product) -> None:
    """Somebody of the staff has the person before them, so that no code to a known address is needed."""
    shop = registered(small_product.database, now=small_product.clock())
    pages = SELLER | {
        "doi-tuong": {"kind": "organisation", "name": shop.name, "location": "local", "tax_code": shop.tax_code or ""},
        "nguoi-ky": {"name": "Trần Thị Thử Nghiệm", "title": "Chủ hộ", "authority": "yes"},
    }
    address = fill_in(helper, pages)
    helper.open(address)
    helper.follow(helper.send(f"{address}/in", {"publication": "yes"}))
    assert hand_in(helper, address) == 303
    pledge = only_pledge(small_product)
    assert (pledge.entity_id, pledge.publish) == (shop.id, True)
    with small_product.database.read() as session:
        assert len(session.scalars(select(Entity)).all()) == 1


def test_nobody_else_sees_or_goes_on_with_a_draft(helper: Browser, small_product: Product, app: Flask) -> None:
    address = fill_in(helper)
    with small_product.database.read() as session:
        draft = session.scalars(select(Draft)).one()
        assert draft.assisted_by is not None
    add_person(small_product.database, "khac@vidu.vn", role=Role.OFFICER, province_code=HUE, agency_code="46-SCT")
    token = field(helper.page, "draft")
    other = Browser(app)
    sign_in(other, "khac@vidu.vn")
    assert other.open(address).status_code == 404
    stranger = Browser(app)
    stranger.open("/ky-cam-ket/tiep-tuc")
    # The token of a form that was left open opens nothing without the member of staff.
    assert stranger.send("/ky-cam-ket/doi-tuong", {"draft": token}).headers["Location"].endswith("/tiep-tuc")


def test_a_code_to_the_phone_signs_where_there_is_a_gateway(
    helper: Browser, small_product: Product, app: Flask
) -> None:
    address = fill_in(helper)
    helper.open(address)
    assert "Ký bằng mã" not in helper.text  # off unless the setting is there
    assert helper.send(f"{address}/ma").status_code == 303
    with small_product.database.read() as session:
        assert session.scalars(select(Message)).all() == []

    app.extensions["product"] = replace(
        small_product, settings=replace(small_product.settings, sms_url="https://sms.vidu.vn/gui")
    )
    helper.open(address)
    helper.follow(helper.send(f"{address}/ma"))
    assert "Đã gửi mã tới" in helper.text
    with small_product.database.read() as session:
        message = session.scalars(select(Message)).one()
        code = secrets_of(message, small_product.vault)["code"]
    assert (message.kind, message.to_address) == ("sms_code", "+84912345678")
    said = {"publication": "no", "agreed": "yes", "shown": field(helper.page, "shown")}
    wrong = "000000" if code != "000000" else "111111"
    assert helper.send(f"{address}/ky", said | {"code": wrong}).status_code == 400
    assert "Mã không đúng." in helper.text
    helper.follow(helper.send(f"{address}/ky", said | {"code": code}))
    pledge = only_pledge(small_product)
    with small_product.database.read() as session:
        evidence = session.scalars(select(Signature)).one()
        phone = session.scalars(select(Contact)).one()
    assert (evidence.kind, pledge.state) == (SignatureKind.OTP_CONFIRM, PledgeState.SUBMITTED)
    assert evidence.masked_address.endswith("678")
    assert "0912345678" not in pledge.paper["signature_lines"][0]
    assert "số điện thoại" in pledge.paper["signature_lines"][0]
    assert (phone.value, phone.verified_at) == ("+84912345678", small_product.clock())
    words = CheckedClient(app).get(f"/xac-minh/{pledge.verification_code}").words
    assert "gửi tới số điện thoại của mình" in words
