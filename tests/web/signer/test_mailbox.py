"""A lost mailbox and papers of a dispute, as signers and officers see them: pages, letters, sessions."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.core.secrecy import Vault
from pledges.messaging.operations import secrets_of
from pledges.product import Product
from pledges.signing.address_models import AddressChange, ChangeState
from pledges.signing.dispute_models import Dispute, DisputeState
from tests.support.checked_pages import CheckedClient, Page
from tests.support.clock import FixedClock
from tests.support.pictures import photo_with_place
from tests.support.signing import invented_tax_code, seller_pages, signed_by
from tests.support.staff import enter
from tests.web.signer.files import File
from tests.web.signer.steps import messages, newest_code, path_of

NEW = "hop.thu.moi@vidu.vn"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"


@pytest.fixture
def file(small_app: Flask, small_product: Product, clock: FixedClock, vault: Vault) -> File:
    return File(small_app, small_product, clock, vault)


@pytest.fixture
def officer(small_app: Flask, small_product: Product, file: File) -> CheckedClient:
    made = CheckedClient(small_app)
    enter(made.client, small_product, file.office.officer)
    return made


def wish(product: Product, client: CheckedClient, which: str, email: str = NEW) -> Page:
    """Ask with everything right."""
    page = client.send(client.get("/ho-so/doi-hop-thu"), {"which": which, "email": email})
    assert path_of(page) == "/ho-so/doi-hop-thu/xac-nhan"
    answers = {"name": "Người Thử Nghiệm", "phone": "0912345678", "reason": "Mất mật khẩu.", "papers": paper()}
    return client.send(page, {**answers, "code": newest_code(product)})


def paper() -> list[tuple[BytesIO, str]]:
    return [(BytesIO(photo_with_place()), "giay.jpg")]


def link_of(product: Product, kind: str) -> str:
    found = str(secrets_of(messages(product, kind)[-1], product.vault)["link"])
    return found.partition("//")[2].partition("/")[2].join(("/", ""))


def change_of(product: Product) -> AddressChange:
    with product.database.read() as session:
        return session.scalars(select(AddressChange)).one()


def bare(page: Page) -> str:
    return re.sub(r"\b[0-9a-f]{16}\b", "", re.sub(r'value="[^"]+"', "", page.text))


def test_from_asking_to_the_new_mailbox(
    small_app: Flask, small_product: Product, clock: FixedClock, file: File, officer: CheckedClient
) -> None:
    old = file.pledge.contact_email
    assert "Chờ duyệt" in file.client.get(file.address).words
    stranger = CheckedClient(small_app)
    assert bare(wish(small_product, CheckedClient(small_app), "CK-46-2026-ZZZZZZ", "la@vidu.vn")) == bare(
        wish(small_product, stranger, file.pledge.reference)
    )
    change = change_of(small_product)
    assert (change.state, change.old_email, change.new_email) == (ChangeState.WAITING, old, NEW)
    page = officer.get(f"/can-bo/doi-hop-thu/{change.id}")
    [picture] = page.all("//ul[contains(@class, 'tip-pictures')]//img/@src")
    shown = officer.client.get(picture)
    assert (shown.mimetype, b"GPS" in shown.data) == ("image/jpeg", False)
    refused = officer.send(page, {"note": "Đã gọi."}, form=1, status=400)
    assert refused.problems == ["Hãy đánh dấu ô này sau khi đã so giấy tờ với hồ sơ."]
    granted = officer.send(refused, {"note": "Đã gọi.", "sure": "yes"}, form=1)
    assert "hết thời gian chờ hộp thư cũ" in granted.words
    link = link_of(small_product, "mailbox_asked")
    for _scanned in range(2):
        assert "Không phải tôi" in stranger.get(link).words
    assert change_of(small_product).state is ChangeState.GRANTED
    clock.advance(timedelta(minutes=5))
    agreed = stranger.send(stranger.get(link), {"answer": "dung-la-toi"})
    assert "đã chuyển hồ sơ" in agreed.words
    assert file.pledge.contact_email == NEW
    assert "chỉ mở được bằng mã" in file.client.get(file.address).words, "what was open is closed"
    assert {message.to_address for message in messages(small_product, "mailbox_outcome")} == {old, NEW}
    back = officer.send(officer.get(f"/can-bo/doi-hop-thu/{change.id}"), form=1)
    assert "Đã hoàn tác" in back.words
    assert file.pledge.contact_email == old


def test_the_old_mailbox_stops_it(small_app: Flask, small_product: Product, file: File, officer: CheckedClient) -> None:
    stranger = CheckedClient(small_app)
    wish(small_product, stranger, file.pledge.verification_code)
    link = link_of(small_product, "mailbox_asked")
    stopped = stranger.send(stranger.get(link), {"answer": "khong-phai-toi"})
    assert "Đã dừng yêu cầu" in stopped.words
    assert stranger.client.get(link).status_code == 410
    assert "Hộp thư cũ đã dừng" in officer.get("/can-bo/doi-hop-thu?muc=xong").words
    assert stranger.client.get("/ho-so/hop-thu-cu/khong-co").status_code == 410


def test_a_code_that_went_to_the_old_mailbox_opens_nothing_any_more(
    small_app: Flask, small_product: Product, clock: FixedClock, file: File
) -> None:
    thief = CheckedClient(small_app)
    door = thief.send(thief.get(file.address))
    code = newest_code(small_product)
    small_product.database.run(lambda session: _move(session, file, clock))
    assert thief.send(door, {"code": code}).problems == ["Mã không đúng. Hãy xem lại thư mới nhất hoặc bấm gửi mã mới."]


def _move(session: Session, file: File, clock: FixedClock) -> None:
    pledge = session.merge(file.pledge)
    pledge.contact_email, pledge.contact_since = NEW, clock()


def test_mistakes_keep_what_was_typed_and_sent(small_app: Flask, small_product: Product, file: File) -> None:
    client = CheckedClient(small_app)
    first = client.send(client.get("/ho-so/doi-hop-thu"), {"which": "CK", "email": "sai"}, status=400)
    assert len(first.problems) == 2
    page = client.send(first, {"which": file.pledge.reference, "email": NEW})
    assert client.send(page, {"name": "Thử"}, status=400).problems[-2:] == [
        "Hãy gửi ít nhất một ảnh hoặc tệp PDF giấy tờ.",
        "Hãy nhập mã gồm 6 chữ số trong thư.",
    ]
    wrong: dict[str, Any] = {"papers": [(BytesIO(b"<html>"), "x.jpg"), (BytesIO(PDF[:40]), "x.pdf"), *paper()]}
    page = client.send(page, wrong, status=400)
    assert "Đã giữ số tệp: 1" in page.words
    assert [problem for problem in page.problems if problem.startswith("Tệp thứ 1")]
    answers = {"name": "Người Thử", "phone": "0912345678", "reason": "Mất mật khẩu."}
    page = client.send(page, {**answers, "code": "000000"}, status=400)
    assert "Mã không đúng" in page.problems[0]
    assert path_of(client.send(page, {"code": newest_code(small_product)})) == "/ho-so/doi-hop-thu/da-gui"
    [kept] = change_of(small_product).evidence
    assert kept.startswith("picture:")


def test_a_dispute_from_its_list_to_the_decision(
    small_app: Flask, small_product: Product, clock: FixedClock, file: File, officer: CheckedClient
) -> None:
    claimed = seller_pages(2, who__tax_code=invented_tax_code(1), place__channels=["thu-nghiem-hai.vn"])
    signed_by(small_product.database, claimed, now=clock(), vault=small_product.vault)
    assert "Tranh chấp kênh, mã số thuế" in officer.get("/can-bo").words
    [address] = officer.get("/can-bo/tranh-chap").all("//a[contains(@class, 'row-name')]/@href")
    page = officer.get(address)
    asked = officer.send(page, {"side": "claim", "question": "Gửi giấy đăng ký."}, form=1)
    assert "Chờ giấy tờ" in asked.words
    side = CheckedClient(small_app)
    link = link_of(small_product, "dispute_papers")
    sent = side.send(side.get(link), {"answer": "Của tôi.", "papers": paper()})
    assert "Cơ quan đã nhận" in sent.words
    stale = officer.send(asked, {"verdict": "other", "note": "Đã xem."}, form=2, status=409)
    assert "vừa có giấy tờ mới" in stale.words
    [picture] = stale.all("//ul[contains(@class, 'tip-pictures')]//img/@src")
    assert officer.client.get(picture).mimetype == "image/jpeg"
    decided = officer.send(stale, {"verdict": "other", "note": "Đã xem."}, form=2)
    assert "Phần trùng của bên có trước" in decided.words
    assert "Cơ quan đã nhận" in side.get(link).words
    with small_product.database.read() as session:
        dispute = session.scalars(select(Dispute)).one()
    assert dispute.state is DisputeState.DECIDED
    claim = officer.client.get(f"/can-bo/doi-tuong/{dispute.claim_id}/tu-ke-khai")
    assert claim.status_code == 303
    clock.advance(timedelta(minutes=1))
    assert "Đã hoàn tác" in officer.send(officer.get(address), form=1).words
    claim = officer.client.get(f"/can-bo/doi-tuong/{dispute.claim_id}/tu-ke-khai")
    assert claim.headers["Location"].endswith(f"/can-bo/tranh-chap/{dispute.id}")
