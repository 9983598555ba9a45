"""Requests about personal data: from the signer's file to the officer's answer, and what comes on paper."""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from datetime import timedelta
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from pledges.accounts.models import Role
from pledges.audit.models import Fact
from pledges.core.secrecy import Vault
from pledges.product import Product
from pledges.registry.models import Entity
from pledges.registry.restrictions import is_restricted
from pledges.rights.copying import DATA_NAME
from pledges.rights.models import DataRequest, Outcome
from pledges.rights.queries import copy_is_of_whom_it_was
from pledges.signing.models import Consent, ConsentWithdrawal, PledgeState
from tests.support.checked_pages import CheckedClient, Page
from tests.support.clock import FixedClock
from tests.support.signing import HUE, seller_pages, signed_by
from tests.support.staff import add_person, enter
from tests.web.signer.files import File
from tests.web.signer.steps import messages

LIST = "/can-bo/quyen-du-lieu"


@pytest.fixture
def file(small_app: Flask, small_product: Product, clock: FixedClock, vault: Vault) -> File:
    return File(small_app, small_product, clock, vault, publish=True)


@pytest.fixture
def officer(small_app: Flask, small_product: Product) -> CheckedClient:
    """At the pages of the agency that holds the file."""
    staff = add_person(
        small_product.database, "du.lieu@vidu.vn", role=Role.OFFICER, province_code=HUE, agency_code="46-SCT"
    )
    browser = CheckedClient(small_app)
    enter(browser.client, small_product, staff)
    return browser


def newest(product: Product) -> DataRequest:
    with product.database.read() as session:
        return session.scalars(select(DataRequest).order_by(DataRequest.id.desc()).limit(1)).one()


def sent(client: CheckedClient, page: Page, ending: str, *, status: int = 200, **answers: str) -> Page:
    """Send the form of a page whose address ends like this; empty: the one that posts to the page itself."""
    actions = [form.get("action") or "" for form in page.all("//form[@method='post']")]
    [number] = [number for number, action in enumerate(actions) if (action.endswith(ending) if ending else not action)]
    return client.send(page, answers, form=number, status=status)


def posted(client: CheckedClient, page: Page, ending: str) -> TestResponse:
    """The answer to one of the forms of a page."""
    [form] = [form for form in page.all("//form[@method='post']") if (form.get("action") or "").endswith(ending)]
    token = form.xpath(".//input[@name='csrf_token']/@value")[0]
    return client.client.post(form.get("action"), data={"csrf_token": token})


def test_a_copy_from_asking_to_fetching(file: File, officer: CheckedClient, small_product: Product) -> None:
    address = f"{file.address}/quyen"
    assert "Nhận bản sao dữ liệu" in file.client.get(address).words
    page = sent(file.client, file.client.get(f"{address}/ban-sao"), "", details="Muốn có bản sao.")
    assert "Đã nhận yêu cầu" in page.words
    assert f"{address}/ban-sao" not in page.all("//main//a/@href"), "one at a time"
    assert "Yêu cầu về dữ liệu cá nhân chờ trả lời: 1" in officer.get("/can-bo").words
    [link] = officer.get(LIST).all("//main//table//a/@href")
    page = officer.get(link)
    assert "Muốn có bản sao." in page.words
    wrong = sent(officer, page, "/quyet-dinh", status=400, outcome="refused", answer="Không.")
    assert wrong.problems == ["Hãy chọn căn cứ của việc không thực hiện, hoặc chỉ thực hiện một phần."]
    assert "Không." in wrong.all("//textarea[@name='answer']/text()")[0]
    done = sent(officer, page, "/quyet-dinh", outcome="granted", answer="Bản sao đã sẵn sàng.")
    assert "Đã trả lời yêu cầu" in done.words
    assert posted(officer, done, "/ban-sao").mimetype == "application/zip"
    page = file.client.get(address)
    assert "Bản sao đã sẵn sàng." in page.words
    answer = posted(file.client, page, "/ban-sao")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        tables = json.loads(archive.read(DATA_NAME))["tables"]
        assert len(archive.namelist()) == 2, "the data and the sealed file"
    assert tables["pledge"][0]["reference"] == file.pledge.reference
    file.clock.advance(timedelta(minutes=1))
    with small_product.database.read() as session:
        taken = session.scalars(select(Fact.actor_kind).where(Fact.kind == "rights.copy_made")).all()
    assert sorted(taken) == ["signer", "staff"]
    assert "Tải bản sao" in page.words
    merge_somebody_into(small_product, file)
    assert "Tải bản sao" not in file.client.get(address).words
    assert posted(file.client, page, "/ban-sao").status_code == 302
    assert posted(officer, done, "/ban-sao").status_code == 303
    assert "ghi nhận yêu cầu mới" in officer.get(link).words
    stranger = CheckedClient(file.client.app)
    request = newest(small_product)
    for path in (address, f"{address}/xoa"):
        assert stranger.client.get(path).status_code == 302, path
    assert stranger.client.post(f"{address}/{request.id}/ban-sao").status_code == 302


def merge_somebody_into(product: Product, file: File) -> None:
    """Somebody else stands under the same subject now, perhaps by mistake."""
    [other] = signed_by(product.database, seller_pages(7), now=product.clock(), vault=product.vault).signed

    def work(session: Session) -> None:
        session.get_one(Entity, (HUE, other.entity_id)).merged_into = file.pledge.entity_id

    product.database.run(work)


def test_a_copy_is_for_the_mailbox_that_asked(file: File, small_product: Product) -> None:
    sent(file.client, file.client.get(f"{file.address}/quyen/ban-sao"), "")
    request, pledge = newest(small_product), file.pledge
    with small_product.database.read() as session:
        assert copy_is_of_whom_it_was(session, request, pledge)
        pledge.contact_since = request.recorded_at + timedelta(minutes=1)
        assert not copy_is_of_whom_it_was(session, request, pledge)


def test_restricting_and_allowing_again(file: File, officer: CheckedClient, small_product: Product) -> None:
    sent(file.client, file.client.get(f"{file.address}/quyen/han-che"), "")
    request = newest(small_product)
    page = officer.get(f"{LIST}/{request.id}")
    assert "Xóa cả điện thoại" not in page.words
    sent(officer, page, "/quyet-dinh", outcome="granted", answer="Đã hạn chế.")
    entity = officer.get(f"/can-bo/doi-tuong/{file.pledge.entity_id}")
    assert "Đang hạn chế xử lý dữ liệu" in entity.words
    assert "Đang hạn chế xử lý dữ liệu" in officer.get(f"/can-bo/ho-so/{file.pledge.reference}").words
    page = file.client.get(f"{file.address}/quyen")
    assert posted(file.client, page, "/thoi-han-che").status_code == 303
    with small_product.database.read() as session:
        assert not is_restricted(session, HUE, file.pledge.entity_id)


def test_deleting_ends_the_file_and_every_page_still_opens(
    file: File, officer: CheckedClient, small_product: Product
) -> None:
    page = sent(file.client, file.client.get(f"{file.address}/quyen/xoa"), "")
    request = newest(small_product)
    page = officer.get(f"{LIST}/{request.id}")
    assert "Bản cam kết chưa từng được tiếp nhận" in page.words
    for path in small_product.storage.folder.glob("??/??/*"):
        os.utime(path, (0, 0))
    done = sent(officer, page, "/quyet-dinh", outcome="granted", answer="Đã xóa.", contacts="yes")
    assert "Đã xóa:" in done.words
    assert newest(small_product).outcome is Outcome.PARTLY
    assert not list(small_product.storage.folder.glob("??/??/*")), "the sealed file went at once"
    pledge = file.pledge
    assert (pledge.state, pledge.publish) == (PledgeState.WITHDRAWN, False)
    assert "Nội dung đã được xóa" in file.client.get(file.address).words
    assert file.client.client.get(f"{file.address}/ban-cam-ket.pdf").status_code == 410
    for path in (
        f"/can-bo/ho-so/{pledge.reference}",
        f"/can-bo/doi-tuong/{pledge.entity_id}",
        f"/xac-minh/{pledge.verification_code}",
        "/can-bo/hang-doi?muc=xong",
        LIST + "?muc=xong",
    ):
        assert file.name not in officer.get(path).words, path


def test_what_comes_on_paper(file: File, officer: CheckedClient, small_product: Product) -> None:
    new = officer.get(f"{LIST}/moi")
    empty = sent(officer, new, "", status=400, received_on="")
    assert len(empty.problems) == 5
    told = {"reference": file.pledge.reference, "way": "in_person", "identified": "yes", "kind": "correct"}
    assert "Hãy viết nội dung nào" in sent(officer, new, "", status=400, **told).problems[0]
    page = sent(officer, new, "", **told, details="Sai tên đường (thử nghiệm).")
    assert "Đã ghi nhận yêu cầu" in page.words
    page = sent(officer, page, "/xac-nhan")
    assert "đã được xác nhận" in page.words
    page = sent(officer, page, "/gia-han", because="Cần đối chiếu (thử nghiệm).")
    assert "Cần đối chiếu" in page.words
    unknown = sent(officer, new, "", status=400, **(told | {"reference": "CK-46-2026-AAAAAA"}))
    assert "Không tìm thấy hồ sơ này" in unknown.problems[0]
    hidden = sent(officer, new, "", **(told | {"kind": "withdraw_publication"}))
    assert "không còn được công khai" in hidden.words
    assert not file.pledge.publish
    assert "Không còn gì để rút" in sent(officer, new, "", **(told | {"kind": "withdraw_publication"})).words
    ended = sent(officer, new, "", **(told | {"kind": "withdraw_processing"}))
    assert file.pledge.reference in ended.words, "with the clock of the administrator's answer"
    assert file.pledge.state is PledgeState.WITHDRAWN
    with small_product.database.read() as session:
        kinds = session.scalars(select(ConsentWithdrawal.consent).order_by(ConsentWithdrawal.id)).all()
    assert kinds == [Consent.PUBLICATION, Consent.PROCESSING]


def test_somebody_without_a_pledge_is_written_down_from_the_page_of_the_subject(
    file: File, officer: CheckedClient, small_product: Product
) -> None:
    page = officer.get(f"/can-bo/doi-tuong/{file.pledge.entity_id}")
    [link] = page.all("//main//a[contains(@href, 'quyen-du-lieu/moi')]/@href")
    told = {"way": "letter", "identified": "yes", "kind": "view", "reply_to": "nguoi.hoi@vidu.vn"}
    page = sent(officer, officer.get(link), "", **told)
    assert "nguoi.hoi@vidu.vn" in page.words
    assert newest(small_product).pledge_id is None
    assert [message.to_address for message in messages(small_product, "rights_received")] == ["nguoi.hoi@vidu.vn"]


def test_the_command_of_retention(small_app: Flask) -> None:
    run = small_app.test_cli_runner().invoke
    assert run(args=["ops", "retention", "--dry-run", "--apply"]).exit_code == 2
    dry = json.loads(run(args=["ops", "retention", "--dry-run", "--json"]).output.splitlines()[-1])
    assert (dry["applied"], dry["total"]) == (False, 0)
    assert {HUE, "00"} <= set(dry["provinces"])
    one = json.loads(run(args=["ops", "retention", "--apply", "--province", HUE, "--json"]).output.splitlines()[-1])
    assert one["applied"]
    assert set(one["provinces"]) == {HUE}


PUBLIC = (
    "/tra-cuu",
    "/tra-cuu?tim={words}",
    "/tra-cuu?tinh=46",
    "/api/v1/register",
    "/api/v1/register?q={words}",
    "/api/v1/register?province=46&kind=enterprise",
    "/xac-minh/{code}",
    "/api/v1/verify/{code}",
    "/xac-minh/{code}/bang-chung.json",
    "/so-lieu",
    "/log/entries?start=0",
)


@pytest.mark.parametrize("way", ["consent", "restriction"])
def test_what_is_public_no_more_is_nowhere_at_once(
    file: File, officer: CheckedClient, small_product: Product, way: str
) -> None:
    """Whoever had the address of any public page before finds neither the name nor the channel there."""
    file.put_into(PledgeState.APPROVED)
    pledge, anybody = file.pledge, CheckedClient(file.client.app).client
    name, channel = pledge.answers["name"], "facebook.com/cuahangthu1"
    addresses = [each.format(words=quote(name), code=pledge.verification_code) for each in PUBLIC]

    def shown() -> list[str]:
        texts = {address: anybody.get(address).get_data(as_text=True) for address in addresses}
        escaped = (name, json.dumps(name)[1:-1], channel)
        # The words of a search stand in its own field.
        return [
            address
            for address, text in texts.items()
            if any(word in re.sub(r"<(input|title|link|a)\b[^>]*>", "", text) for word in escaped)
        ]

    before = shown()
    assert len(before) >= 8, before
    if way == "consent":
        sent(file.client, file.client.get(f"{file.address}/cong-khai"), "")
    else:
        sent(file.client, file.client.get(f"{file.address}/quyen/han-che"), "")
        page = officer.get(f"{LIST}/{newest(small_product).id}")
        sent(officer, page, "/quyet-dinh", outcome="granted", answer="Đã hạn chế.")
    assert shown() == []
    for address in addresses:
        rule = anybody.get(address).headers["Cache-Control"]
        assert rule in ("private, no-cache", "no-store"), (address, rule)
