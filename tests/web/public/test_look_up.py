"""`/tra-cuu` and `/api/v1/register`: what anybody may look up, and what is never looked up."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import update

from pledges.product import Product
from pledges.signing.models import Pledge
from pledges.web.public import look_up
from tests.support.checked_pages import CheckedClient, Page
from tests.support.clock import START
from tests.support.signing import (
    COMMUNES,
    HUE,
    LANG_SON,
    approve,
    doctor_pages,
    invented_tax_code,
    seller_pages,
    signed_by,
)
from tests.web.public.test_openapi import described, faults  # noqa: F401 - a fixture

ADDRESS = "/tra-cuu"
SELLER, DOCTOR = "Công ty TNHH Thử Nghiệm 1", "Lê Văn Thử 2"


@pytest.fixture
def listed(small_product: Product) -> dict[str, Pledge]:
    found = {}
    for name, pages, publish in (
        (SELLER, seller_pages(1), True),
        (DOCTOR, doctor_pages(2, LANG_SON), True),
        ("silent", seller_pages(3), False),
    ):
        [pledge] = signed_by(small_product.database, pages, now=START, vault=small_product.vault).signed
        agree = update(Pledge).where(Pledge.id == pledge.id).values(publish=publish)
        small_product.database.run(lambda session, agree=agree: session.execute(agree))
        found[name] = approve(small_product.database, pledge, now=START)
    return found


def names(page: Page) -> list[str]:
    return [link.text_content() for link in page.all("//a[@class='row-name']")]


def search(visitor: CheckedClient, status: int = 200, **typed: str) -> Page:
    return visitor.send(visitor.get(ADDRESS), typed, status=status)


def test_everybody_finds_who_agreed_to_be_found(visitor: CheckedClient, listed: dict[str, Pledge]) -> None:
    page = visitor.get(ADDRESS)
    assert sorted(names(page)) == [SELLER, DOCTOR]
    assert "Không có tên ở đây không có nghĩa là chưa ký" in page.words
    assert f"Mã số thuế: {invented_tax_code(1)}" in page.words
    assert "Đã tiếp nhận" in page.words
    assert f"/xac-minh/{listed[SELLER].verification_code}" in page.all("//a[@class='row-name']/@href")
    found = search(visitor, tim="cong ty thu nghiem")
    assert names(found) == [SELLER]
    assert found.response.request.query_string == b"tim=cong+ty+thu+nghiem"
    assert names(search(visitor, tim="facebook.com/cuahang.thu.1", tinh=HUE)) == [SELLER]
    assert names(visitor.get(f"{ADDRESS}?tinh={HUE}&xa={COMMUNES[HUE]}&nhom=digital_seller")) == [SELLER]
    nobody = search(visitor, tim="cong ty thu nghiem 3")
    assert "Không tìm thấy ai trong danh sách công khai" in nobody.words
    assert "có thể đã ký mà không đồng ý công khai" in nobody.words
    # A commune of another province, or anything made up, is left out.
    assert len(names(visitor.get(f"{ADDRESS}?tinh={LANG_SON}&xa={COMMUNES[HUE]}&nhom=x&tiep=y"))) == 1
    assert ADDRESS in visitor.get("/").all("//a/@href")


@pytest.mark.parametrize("typed", ["001199012345", "0912 345 678", "an@vidu.vn"])
def test_nobody_is_looked_up_by_a_number_or_address_of_theirs(visitor: CheckedClient, typed: str) -> None:
    refused = search(visitor, status=400, tim=typed)
    assert "Không tra cứu bằng số định danh" in refused.problems[0]
    assert refused.response.request.query_string == b""
    by_hand = visitor.get(ADDRESS, query_string={"tim": typed}, status=400)
    assert by_hand.control("tim").get("value") == ""
    answer = visitor.client.get("/api/v1/register", query_string={"q": typed})
    assert (answer.status_code, set(answer.json)) == (400, {"error"})


def test_search_engines_keep_no_list_that_may_name_persons(visitor: CheckedClient, listed: dict[str, Pledge]) -> None:
    def hidden(address: str) -> bool:
        page = visitor.get(address)
        header = page.response.headers.get("X-Robots-Tag") == "noindex"
        assert header is bool(page.all("//meta[@name='robots'][@content='noindex']"))
        return header

    assert hidden(ADDRESS)
    assert hidden(f"{ADDRESS}?nhom=doctor")
    assert hidden(f"{ADDRESS}?doanh_nghiep=yes&tim=thu")
    assert not hidden(f"{ADDRESS}?doanh_nghiep=yes&tinh={HUE}")
    assert names(visitor.get(f"{ADDRESS}?doanh_nghiep=yes")) == [SELLER]


def test_searches_from_one_network_are_counted(visitor: CheckedClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look_up, "SEARCHES_AN_HOUR_FROM_ONE_NETWORK", 1)
    page = search(visitor, tim="thu")
    assert "Bỏ mọi điều kiện" in page.words
    assert "Chưa có ai trong danh sách công khai" in visitor.get(ADDRESS).words
    assert "Bạn đã thử quá nhiều lần." in search(visitor, status=429, tim="thu").words


def test_programs_get_the_same_list_page_by_page(
    visitor: CheckedClient,
    listed: dict[str, Pledge],
    described: dict[str, Any],  # noqa: F811
) -> None:
    def ask(status: int = 200, **query: Any) -> dict[str, Any]:
        answer = visitor.client.get("/api/v1/register", query_string=query)
        assert (answer.status_code, answer.headers["X-Robots-Tag"]) == (status, "noindex")
        said = described["paths"]["/api/v1/register"]["get"]["responses"][str(status)]
        body: dict[str, Any] = answer.json
        assert list(faults(body, said["content"]["application/json"]["schema"], described)) == []
        return body

    first = ask(limit=1)
    second = ask(limit=1, cursor=first["next"])
    assert second["next"] is None
    assert {item["name"] for item in first["items"] + second["items"]} == {SELLER, DOCTOR}
    [seller] = ask(q="thu nghiem", province=HUE)["items"]
    assert (seller["tax_code"], seller["commune"] is not None) == (invented_tax_code(1), True)
    [doctor] = ask(group="doctor")["items"]
    assert "tax_code" not in doctor
    assert ask(kind="enterprise")["items"] == [seller]
    for wrong in ({"province": "00"}, {"group": "x"}, {"commune": COMMUNES[HUE]}, {"q": "?"}):
        ask(400, **wrong)
