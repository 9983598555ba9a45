"""A platform's list of sellers: read like every list, and a remark about each of them."""

from __future__ import annotations

import io
import uuid

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.imports.models import Import, ImportPurpose
from pledges.product import Product
from pledges.registry.upkeep_models import BoundSeller
from pledges.signing.merging import merge_entities
from tests.support.clock import START, FixedClock
from tests.support.desk import Desk
from tests.support.signing import HUE
from tests.unit.registry.test_searching import add


@pytest.fixture
def desk(small_product: Product, app: Flask, clock: FixedClock) -> Desk:
    return Desk(small_product, app, clock)


def test_sellers_of_a_platform(desk: Desk) -> None:
    """A merged seller stands there under the name that is kept; nobody else has such a page."""

    def work(session: Session) -> tuple[uuid.UUID, uuid.UUID, uuid.UUID]:
        platform = add(session, "Sàn Ví Dụ", province=HUE, types=("ecommerce_platform",))
        seller, kept = (add(session, name, province=HUE) for name in ("Tiệm Cũ Ví Dụ", "Tiệm Ví Dụ"))
        session.add(BoundSeller(province_code=HUE, platform_id=platform, entity_id=seller, recorded_at=START))
        return platform, seller, kept

    platform, seller, kept = desk.database.run(work)
    browser = desk.at(desk.officer)
    address = f"/can-bo/doi-tuong/{platform}/nguoi-ban"
    assert "Tiệm Cũ Ví Dụ" in browser.get(address).words
    desk.database.run(
        lambda session: merge_entities(session, HUE, kept, seller, staff=desk.officer, note="", now=desk.clock())
    )
    page = browser.get(address)
    assert "1 người bán" in page.words
    assert page.all("//tbody//a/@href") == [f"/can-bo/doi-tuong/{kept}"]
    assert address in browser.get(f"/can-bo/doi-tuong/{platform}").all("//a/@href")
    remark = browser.get(f"/can-bo/doi-tuong/{kept}")
    assert "Đã được sàn ràng buộc bằng cam kết riêng" in remark.words
    browser.get(f"/can-bo/doi-tuong/{kept}/nguoi-ban", status=404)

    new = browser.get(f"{address}/nhap")
    token = {"csrf_token": new.all("//input[@name='csrf_token']/@value")[0]}
    said = {"source": "Danh sách người bán Ví Dụ", "subject_type": "digital_seller", "seen_on": "20/11/2026"}
    sheet = io.BytesIO("Tên,Điện thoại\nTiệm Thử,0912345678\n".encode())
    answer = browser.client.post(f"{address}/nhap", data={**token, **said, "file": (sheet, "ban.csv")})
    assert answer.status_code == 303, answer.text
    with desk.database.read() as session:
        started = session.scalars(select(Import)).one()
    assert (started.purpose, started.platform_id) == (ImportPurpose.SELLERS, platform)
    without = browser.client.post(f"{address}/nhap", data={**token, **said})
    assert "Hãy chọn tệp danh sách." in without.text
