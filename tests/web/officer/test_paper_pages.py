"""Recording a pledge signed on paper, from the search to the page that anybody can check it on."""

from __future__ import annotations

import json
import re
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from pledges.accounts.models import Role
from pledges.product import Product
from pledges.registry.search_documents import refresh
from pledges.signing.models import Origin, Pledge, PledgeState
from tests.support.browsing import Browser
from tests.support.checked_pages import CheckedClient
from tests.support.paper_signed import photograph, seal
from tests.support.papers_recorded import registered
from tests.support.pdf_tools import assert_sound, squeezed, text_of
from tests.support.signing import HUE
from tests.support.staff import add_person, sign_in
from tests.web.public.test_verify import upload


@pytest.fixture
def officer(small_product: Product, visitor: Browser) -> Browser:
    add_person(small_product.database, "can.bo@vidu.vn", role=Role.OFFICER, province_code=HUE, agency_code="46-SCT")
    sign_in(visitor, "can.bo@vidu.vn")
    return visitor


def field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
    return found.group(1) if found else ""


def only_pledge(product: Product) -> Pledge:
    with product.database.read() as session:
        return session.scalars(select(Pledge).where(Pledge.origin == Origin.PAPER_RECORD)).one()


def test_one_by_one_with_a_picture_from_the_search_to_removal(
    officer: Browser, small_product: Product, app: Flask, tmp_path: Path
) -> None:
    product = small_product
    shop = registered(product.database, now=product.clock(), name="Đặc sản Hương Ngự Thử Nghiệm")
    product.database.run(lambda session: refresh(session, HUE, {shop.id}))
    officer.open("/can-bo/ban-giay")
    address = f"/can-bo/ban-giay/ghi?entity_id={shop.id}"
    found = officer.send("/can-bo/ban-giay", {"q": "dac san huong"})
    assert found.status_code == 303
    officer.follow(found)
    assert address in officer.page
    # What may be somebody's number is answered at once, and stands in no address and no log of addresses.
    assert officer.send("/can-bo/ban-giay", {"q": "0905 123 456"}).status_code == 200
    officer.open("/can-bo/ban-giay?q=046085001234")
    assert "Không tìm bằng địa chỉ trang" in officer.text
    officer.open(address)
    said = {"entry": "46-seller", "number": "12/CK-TN", "signed_on": "12/02/2026", "signer_name": "Trần Thị Thử"}
    # A mistake elsewhere loses no picture: it is stored at once, and the form remembers it.
    wrong = officer.send(
        address,
        said | {"signer_name": "", "pictures": (BytesIO(photograph()), "giay.jpg")},  # type: ignore[dict-item]
        content_type="multipart/form-data",
    )
    assert wrong.status_code == 400
    assert "Đã nhận 1 ảnh" in officer.text
    done = officer.send(address, said | {"kept": field(officer.page, "kept")})
    assert done.status_code == 303
    officer.follow(done)
    assert "Đã ghi nhận bản giấy của Đặc sản Hương Ngự Thử Nghiệm." in officer.text
    assert "Ghi nhận bản cam kết giấy" in officer.text
    assert "Ký ngày 12/02/2026" in officer.text

    pledge = only_pledge(product)
    pdf = seal(product, pledge)
    officer.open(f"/can-bo/ho-so/{pledge.reference}")
    assert "Bản giấy không nêu kênh nào" in officer.text
    assert "Có vấn đề" not in officer.text
    file = tmp_path / "giay.pdf"
    file.write_bytes(pdf)
    assert_sound(pdf, tmp_path)
    words = squeezed(text_of(pdf, tmp_path))
    for part in ("PHIẾU GHI NHẬN BẢN CAM KẾT GIẤY", "12/CK-TN", "12/02/2026", "Ảnh bản ký giấy, trang 1/1"):
        assert squeezed(part) in words, part
    assert squeezed("SHA-256 của mẫu") not in words

    anybody = CheckedClient(app)
    page, uploaded = anybody.get(f"/xac-minh/{pledge.verification_code}"), upload(anybody, pdf)
    report = json.loads(app.test_cli_runner().invoke(args=["documents", "verify", str(file), "--json"]).stdout)
    assert (report["authentic"], report["state"]) == (True, "approved")
    for shown in (page, uploaded):
        assert (
            "Người cam kết đã ký tay trên giấy; Sở Công Thương thành phố Huế ghi nhận ngày 20/11/2026." in shown.words
        )
        assert "Đặc sản Hương" not in shown.words
        assert "SHA-256 của mẫu" not in shown.words
    assert "ký tay trên giấy" in report["reason"]

    # Again the same paper adds nothing; another one of the same subject names what is there.
    officer.open(address)
    officer.follow(officer.send(address, said))
    assert "đã được ghi nhận từ trước" in officer.text
    officer.open(address)
    assert officer.send(address, said | {"number": "13/CK-TN"}).status_code == 409
    assert f"Đối tượng này đã có bản cam kết {pledge.reference}" in officer.text

    officer.open(f"/can-bo/ban-giay/ho-so/{pledge.reference}/xoa")
    seen = field(officer.page, "seen")
    assert officer.send(f"/can-bo/ban-giay/ho-so/{pledge.reference}/xoa", {"seen": seen}).status_code == 400
    officer.follow(
        officer.send(f"/can-bo/ban-giay/ho-so/{pledge.reference}/xoa", {"seen": seen, "reason": "Ghi nhầm đối tượng."})
    )
    assert only_pledge(product).state is PledgeState.WITHDRAWN
    assert "Xóa ghi nhận bản cam kết giấy" in officer.text
    assert "Ghi nhầm đối tượng." in officer.text
    page, uploaded = anybody.get(f"/xac-minh/{pledge.verification_code}"), upload(anybody, pdf)
    for shown in (page, uploaded):
        assert "Sở Công Thương thành phố Huế đã xóa ghi nhận này ngày 20/11/2026 vì ghi nhầm." in shown.words
        assert "Người ký đã rút" not in shown.words


def test_whoever_is_in_no_list_is_added_and_recorded(officer: Browser, small_product: Product) -> None:
    officer.open("/can-bo/ban-giay/doi-tuong-moi")
    added = officer.send(
        "/can-bo/ban-giay/doi-tuong-moi",
        {
            "kind": "person",
            "name": "Hoàng Thị Thử Nghiệm",
            "subject_type": "digital_seller",
            "channels": "facebook.com/hoangthi.thunghiem",
        },
    )
    assert added.status_code == 303
    officer.follow(added)
    address = added.headers["Location"]
    early = {"number": "7", "signed_on": "05/01/2026", "signer_name": "Hoàng Thị Thử Nghiệm", "entry": "46-seller"}
    assert officer.send(address, early).status_code == 400
    assert "Ngày ký đứng trước ngày ban hành kế hoạch" in officer.text
    assert officer.send(address, early | {"confirmed": "yes"}).status_code == 303
    assert only_pledge(small_product).paper_number == "7"


def test_other_agencies_and_communes_cannot_record(small_product: Product, visitor: Browser) -> None:
    entity = registered(small_product.database, now=small_product.clock())
    add_person(small_product.database, "y.te@vidu.vn", role=Role.OFFICER, province_code=HUE, agency_code="46-SYT")
    sign_in(visitor, "y.te@vidu.vn")
    address = f"/can-bo/ban-giay/ghi?entity_id={entity.id}"
    visitor.open(address)
    said = {"entry": "46-seller", "number": "1", "signed_on": "12/02/2026", "signer_name": "Thử", "subject_type": ""}
    assert visitor.send(address, said).status_code == 400  # the duty of another agency is no choice here
