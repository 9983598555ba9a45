"""A file that somebody showed, beside the original: for those who may see it, and nothing is decided by it."""

from __future__ import annotations

from io import BytesIO

import pytest
from flask import Flask

from pledges.documents.models import Document
from pledges.product import Product
from tests.support import forgeries
from tests.support.checked_pages import Page
from tests.support.clock import FixedClock
from tests.support.desk import Desk, form_to


@pytest.fixture
def desk(small_product: Product, app: Flask, clock: FixedClock) -> Desk:
    return Desk(small_product, app, clock)


def test_both_pages_are_shown_side_by_side_with_the_difference_framed(desk: Desk, small_product: Product) -> None:
    pledge = desk.pledge()
    with small_product.database.read() as session:
        document = session.get_one(Document, (pledge.province_code, pledge.document_id))
    data = small_product.storage.get(document.sha256)
    client = desk.at(desk.approver)
    assert client.get(desk.address).all(f"//a[@href='{desk.address}/so-tep']")
    empty = client.get(f"{desk.address}/so-tep")

    def send(sent: bytes) -> Page:
        page = client.send(empty, {"file": (BytesIO(sent), "x.pdf")}, form=form_to(empty, "/so-tep"))
        page.response.request.environ["wsgi.input"].close()
        return page

    page = send(forgeries.overlaid(data))
    assert page.title.startswith("Tệp này khác bản gốc ở trang 1")
    pairs = page.all("//section[@class='page-pair']")
    assert len(pairs) >= 2
    assert len(page.all("//main//img[starts-with(@src, 'data:image/jpeg;base64,')]")) == 2 * len(pairs)
    assert "Tệp này là thật" in send(data).title
    assert send(b"PK\x03\x04").problems == ["Tệp này không phải là tệp PDF."]
