"""`/xac-minh` as anybody sees it: by code, by file, for programs, and as the command."""

from __future__ import annotations

import json
import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from pledges.core.throttle import ThrottleCount
from pledges.product import Product
from pledges.web.public import verification
from tests.support.checked_pages import CheckedClient, Page
from tests.support.clock import FixedClock
from tests.support.forgeries import with_note_added
from tests.support.sealing import SealedPledge, sealed_pledge
from tests.support.signing import doctor_pages, invented_tax_code, seller_pages, signed_by

SHOP, FACEBOOK, SIGNER = "Công ty TNHH Thử Nghiệm 1", "cuahangthu1", "Trần Thị Thử Nghiệm"
COMMUNE = "Phú Xuân"
UNKNOWN = "3" * 29


def sign(product: Product, clock: FixedClock, **options: Any) -> SealedPledge:
    return sealed_pledge(product.database, product.storage, product.sealer, clock, product.vault, **options)


@pytest.fixture
def hidden(small_product: Product, clock: FixedClock) -> SealedPledge:
    """Signed without consent to publication."""
    return sign(small_product, clock)


def upload(visitor: CheckedClient, data: bytes, name: str = "ban-cam-ket.pdf", status: int = 200) -> Page:
    page = visitor.send(visitor.get("/xac-minh"), {"file": (BytesIO(data), name)}, form=1, status=status)
    # Werkzeug's client keeps a large body in a temporary file and leaves closing it to chance.
    page.response.request.environ["wsgi.input"].close()
    return page


def names_on(page: Page) -> list[str]:
    personal = [SHOP, FACEBOOK, SIGNER, invented_tax_code(1), "chu.shop.1", COMMUNE, "Giám đốc"]
    return [name for name in personal if name in page.text]


# --- By code -------------------------------------------------------------------------------------------------------


def test_the_address_in_the_qr_code_opens_on_both_engines(
    product: Product, pages: CheckedClient, clock: FixedClock
) -> None:
    sealed = sign(product, clock)
    [path] = set(re.findall(rb"/URI \(https://camket\.vidu\.vn(/xac-minh/\w+)\)", sealed.pdf))
    page = pages.get(path.decode())
    assert "Mã này thuộc một bản cam kết có thật" in page.title
    assert "Đã ký, đang chờ cơ quan duyệt" in page.words
    assert "20/11/2026" in page.words
    assert "Sở Công Thương" in page.words
    assert sealed.code in page.words
    assert "không phải chữ ký số của cá nhân" in page.words
    assert page.response.headers["X-Robots-Tag"] == "noindex"
    assert page.all("//meta[@name='robots']/@content") == ["noindex"]


def test_without_consent_no_name_is_shown(visitor: CheckedClient, hidden: SealedPledge) -> None:
    by_code, by_file = visitor.get(f"/xac-minh/{hidden.code}"), upload(visitor, hidden.pdf)
    for page in (by_code, by_file):
        assert names_on(page) == []
        assert "Người ký không đồng ý công khai" in page.words
        assert hidden.pledge.rendered_hash not in page.text
    assert "mã đúng chưa đủ để tin mọi chữ trên giấy" in by_code.words
    assert names_on_json(visitor, hidden) == []


def names_on_json(visitor: CheckedClient, sealed: SealedPledge) -> list[str]:
    text = visitor.client.get(f"/api/v1/verify/{sealed.code}").text
    return [name for name in (SHOP, FACEBOOK, SIGNER, invented_tax_code(1)) if name in text]


def test_with_consent_the_subject_is_shown_and_the_signer_is_not(
    small_product: Product, visitor: CheckedClient, clock: FixedClock
) -> None:
    sealed = sign(small_product, clock, publish=True)
    words = visitor.get(f"/xac-minh/{sealed.code}").words
    assert [shown for shown in (SHOP, FACEBOOK, COMMUNE, invented_tax_code(1)) if shown not in words] == []
    assert not any(hidden in words for hidden in (SIGNER, "Giám đốc", "chu.shop.1"))
    report = visitor.client.get(f"/api/v1/verify/{sealed.code}").json
    assert report["name"] == SHOP
    assert report["tax_code"] == invented_tax_code(1)
    assert report["channels"] == ["facebook.com/cuahangthu1"]


def test_the_tax_code_of_a_household_is_never_shown(
    small_product: Product, visitor: CheckedClient, clock: FixedClock
) -> None:
    sealed = sign(small_product, clock, publish=True, pages=seller_pages(who__name="Hộ kinh doanh Thử Nghiệm"))
    page = visitor.get(f"/xac-minh/{sealed.code}")
    assert "Hộ kinh doanh Thử Nghiệm" in page.words
    assert invented_tax_code(1) not in page.text


@pytest.mark.parametrize("typed", [UNKNOWN, "x", "CK-46-2026-ABCDEF", "%00", "a/b", "x" * 3_000, "🙂", "' OR 1=1"])
def test_unknown_and_malformed_codes_get_the_same_answer(visitor: CheckedClient, typed: str) -> None:
    page = visitor.get(f"/xac-minh/{typed}", status=404)
    assert "Không tìm thấy mã này" in page.title
    assert "kiểm tra lại từng chữ" in page.words
    answer = visitor.client.get(f"/api/v1/verify/{typed}")
    assert answer.status_code == 404
    assert answer.json["found"] is False
    assert answer.json == visitor.client.get(f"/api/v1/verify/{UNKNOWN}").json


def test_people_may_type_the_code_as_they_like(visitor: CheckedClient, hidden: SealedPledge) -> None:
    code = hidden.code
    spaced = " ".join((code[:10], code[10:])).lower()
    for typed in (code, spaced, f"https://camket.vidu.vn/xac-minh/{code}/"):
        page = visitor.send(visitor.get("/xac-minh"), {"code": typed})
        assert "Mã này thuộc một bản cam kết có thật" in page.title


@pytest.mark.parametrize(
    ("typed", "message"),
    [("", "Hãy nhập mã xác minh."), ("CK-46-2026-7KX3QA", "Đây là mã hồ sơ."), ("---", "chỉ gồm chữ và số")],
)
def test_a_wrong_code_is_explained_at_its_field(visitor: CheckedClient, typed: str, message: str) -> None:
    page = visitor.send(visitor.get("/xac-minh"), {"code": typed})
    assert message in page.problems[0]


def test_looking_at_a_code_writes_nothing(small_product: Product, visitor: CheckedClient, hidden: SealedPledge) -> None:
    visitor.get(f"/xac-minh/{hidden.code}")
    visitor.get(f"/xac-minh/{UNKNOWN}", status=404)
    with small_product.database.read() as session:
        counted = session.scalar(
            select(func.count()).select_from(ThrottleCount).where(ThrottleCount.limit_name == "verify.network")
        )
    assert counted == 0


def test_checks_from_one_network_are_limited(visitor: CheckedClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "CHECKS_AN_HOUR_FROM_ONE_NETWORK", 2)
    form = visitor.get("/xac-minh")
    for _ in range(2):
        visitor.send(form, {"code": UNKNOWN}, status=404)
    page = visitor.send(form, {"code": UNKNOWN}, status=429)
    assert "Bạn đã thử quá nhiều lần" in page.words
    assert page.control("code").get("value") == UNKNOWN


# --- By file -------------------------------------------------------------------------------------------------------


def test_the_original_file_is_called_real(visitor: CheckedClient, hidden: SealedPledge) -> None:
    page = upload(visitor, hidden.pdf)
    assert "Tệp này là thật, không bị sửa" in page.title
    assert "Bản THỬ NGHIỆM" in page.words, "sealed with the trial key of development"


def test_a_file_beyond_all_limits_is_refused_without_being_read(visitor: CheckedClient) -> None:
    answer = visitor.client.post(
        "/xac-minh",
        data=b"",
        content_type="multipart/form-data; boundary=x",
        environ_overrides={"CONTENT_LENGTH": "13000000"},
    )
    assert answer.status_code == 413
    assert "Tệp này quá lớn" in Page(answer, visitor.app).title


def test_an_empty_or_missing_file_is_explained_at_the_field(visitor: CheckedClient) -> None:
    assert "Tệp này trống" in upload(visitor, b"").problems[0]
    missing = visitor.send(visitor.get("/xac-minh"), {}, form=1)
    assert missing.problems == ["Hãy chọn tệp PDF cần kiểm tra."]


# --- Commands ------------------------------------------------------------------------------------------------------


def command(app: Flask, *words: str | Path) -> Result:
    return app.test_cli_runner().invoke(args=[str(word) for word in words])


def test_the_command_says_the_same_as_the_page(small_app: Flask, hidden: SealedPledge, tmp_path: Path) -> None:
    signed, altered = tmp_path / "signed.pdf", tmp_path / "altered.pdf"
    signed.write_bytes(hidden.pdf)
    altered.write_bytes(with_note_added(hidden.pdf))
    done = command(small_app, "documents", "verify", signed, "--json")
    report = json.loads(done.stdout)
    assert done.exit_code == 0
    assert (report["authentic"], report["state"], report["finding"]) == (True, "submitted", "authentic")
    [seal] = report["signatures"]
    assert (seal["kind"], seal["covers"], seal["confirmed"]) == ("system_seal", "whole_file", True)
    assert seal["when"].startswith("2026-11-20T03:00:00")
    refused = command(small_app, "documents", "verify", altered)
    report = json.loads(refused.stdout)
    assert refused.exit_code == 1
    assert (report["authentic"], report["state"], report["code"]) == (False, None, hidden.code)
    assert "thêm nội dung" in report["reason"]
    assert report["reason"] in refused.stderr
    assert command(small_app, "documents", "verify", tmp_path / "none.pdf").exit_code == 2


def test_a_pledge_that_still_waits_for_its_seal_is_real(
    small_product: Product, visitor: CheckedClient, clock: FixedClock
) -> None:
    [pledge] = signed_by(small_product.database, doctor_pages(), now=clock(), vault=small_product.vault).signed
    page = visitor.get(f"/xac-minh/{pledge.verification_code}")
    assert "đang chờ hệ thống niêm phong" in page.words
    assert visitor.client.get(f"/api/v1/verify/{pledge.verification_code}").json["authentic"] is False
