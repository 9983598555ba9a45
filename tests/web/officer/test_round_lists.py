"""The pages of the lists of a quarter: looked at, narrowed down, verified, and taken along with a reason."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from io import BytesIO

import pytest
from flask import Flask
from sqlalchemy import select

from pledges.accounts.models import Role, Staff
from pledges.accounts.operations import begin_session
from pledges.audit.models import Fact
from pledges.core.identity import canonical_channel
from pledges.jobs.queries import in_queue
from pledges.product import Product
from pledges.registry.models import Entity
from pledges.registry.rules import set_name
from pledges.rounds.closing import Closing
from pledges.rounds.export_requests import MAKE_EXPORT
from pledges.rounds.exports import ExportWorker
from pledges.rounds.list_models import ExportState, ListExport, SnapshotRow
from pledges.rounds.models import Round
from tests.support.checked_pages import CheckedClient, Page
from tests.support.clock import FixedClock
from tests.support.signing import HUE
from tests.support.staff import add_person, app_around
from tests.unit.rounds.quarter import AGENCY, QuarterOffice

ROUND = "/can-bo/dot-van-dong/2026Q4"
LIST = f"{ROUND}/danh-sach"
REASON = "giao tổ công tác các phường nhắc ký"
LONG = "Công ty Trách nhiệm hữu hạn Một thành viên Thương mại Dịch vụ Xuất nhập khẩu và Phân phối hàng Thử Nghiệm"


@pytest.fixture
def app(small_product: Product) -> Flask:
    return app_around(small_product)


@pytest.fixture
def office(small_product: Product, clock: FixedClock) -> QuarterOffice:
    """Five subjects, all asked on the first of October: one signed, one accepted, one whom mail does not reach."""
    office = QuarterOffice(small_product.database, clock, small_product.vault)
    office.subject("mot@vidu.vn")
    office.subject("hai@vidu.vn", types=("ecommerce_website",), channels=(canonical_channel("https://thu-nghiem.vn"),))
    signed, accepted = office.subject("ba@vidu.vn"), office.subject("bon@vidu.vn")
    unreached = office.subject()
    rename(office, unreached, LONG)
    of_round = office.start()
    office.rounds.ask((HUE, of_round.id))
    office.deliver()
    office.days(20)
    office.sign(signed)
    office.sign(accepted)
    office.approve(accepted)
    office.days(30)
    return office


def rename(office: QuarterOffice, entity: Entity, name: str) -> None:
    office.database.run(lambda session: set_name(session.get_one(Entity, (HUE, entity.id)), name))


def close(product: Product, clock: FixedClock) -> None:
    clock.set(datetime(2027, 1, 1, 3, tzinfo=UTC))
    with product.database.read() as session:
        of_round = session.scalars(select(Round)).one()
    assert Closing(product.database, product.storage, clock).close((HUE, of_round.id)) is not None


def at(product: Product, app: Flask, agency: str = AGENCY, role: Role = Role.OFFICER) -> CheckedClient:
    email = f"{role.value}-{agency.lower()}@vidu.vn"
    staff: Staff = add_person(
        product.database, email, role=role, province_code=agency[:2], agency_code=agency, ready=False
    )
    browser = CheckedClient(app)
    token = product.database.run(lambda session: begin_session(session, staff, product.clock()))
    with browser.client.session_transaction() as cookie:
        cookie.update({"staff": token, "_user_id": staff.fs_uniquifier})
    return browser


def form_at(page: Page, ending: str) -> int:
    actions = [(form.get("action") or "").partition("?")[0] for form in page.all("//form[@method='post']")]
    [number] = [number for number, action in enumerate(actions) if action.endswith(ending)]
    return number


def test_the_list_of_now_narrowed_down(small_product: Product, app: Flask, office: QuarterOffice) -> None:
    browser = at(small_product, app)
    page = browser.get(LIST)
    assert page.response.headers["Cache-Control"] == "no-store"
    assert page.all("//meta[@name='robots'][@content='noindex']")
    assert "Công ty Thử Nghiệm 1" in page.text
    assert "thu-nghiem.vn" in page.text
    assert "Thư điện tử 01/10/2026" in page.text
    for gone in ("Công ty Thử Nghiệm 3", "Công ty Thử Nghiệm 4", LONG):
        assert gone not in page.text, "signed, accepted, or not due before the end of the year"
    pledged = browser.get(f"{LIST}?loai=da").text
    assert "Công ty Thử Nghiệm 3" in pledged
    assert "Công ty Thử Nghiệm 4" in pledged
    assert "Công ty Thử Nghiệm 1" not in pledged
    found = browser.send(page, {"tim": "thử nghiệm 1"}, form=form_at(page, "/danh-sach"))
    assert "tim=" in found.response.request.full_path
    assert "Công ty Thử Nghiệm 1" in found.text
    number = browser.send(page, {"tim": "0912 345 678"}, form=form_at(page, "/danh-sach"))
    assert number.response.request.query_string == b"", "a phone number stands in no address"
    assert "Không tìm bằng địa chỉ trang" in browser.get(f"{LIST}?tim=0912345678").text
    nobody = browser.get(f"{LIST}?nhom=social_network&xa=khong")
    assert "Không có dòng nào khớp điều kiện" in nobody.text
    assert "Theo điều kiện lọc" in nobody.text


def test_as_of_a_day_and_of_days_that_are_none(small_product: Product, app: Flask, office: QuarterOffice) -> None:
    browser = at(small_product, app)
    then = browser.get(f"{LIST}?ngay=10/10/2026")
    assert "Tính đến hết ngày 10/10/2026." in then.text
    assert "Không có ai trong danh sách này" in then.text, "the waiting time was not over"
    assert "Công ty Thử Nghiệm 3" not in browser.get(f"{LIST}?loai=da&ngay=10/10/2026").text
    assert "Hãy chọn một ngày đã qua" in browser.get(f"{LIST}?ngay=31/12/2026", status=400).text
    assert "Ngày chưa đúng" in browser.get(f"{LIST}?ngay=hôm%20qua", status=400).text


def test_a_frozen_list_is_verified_again(
    small_product: Product, app: Flask, office: QuarterOffice, clock: FixedClock
) -> None:
    close(small_product, clock)
    browser = at(small_product, app)
    page = browser.get(LIST)
    assert "Danh sách đã chốt hết ngày 31/12/2026" in page.text
    assert LONG in page.text, "not reached until the end"
    assert "Chưa có địa chỉ để gửi" in page.text
    assert "Khớp" in browser.send(page, form=form_at(page, "/doi-chieu")).text

    def forge(session):  # type: ignore[no-untyped-def]
        row = session.scalars(select(SnapshotRow).where(SnapshotRow.line.contains("not_pledged"))).first()
        row.values = {**row.values, "name": "Ai đó khác"}

    small_product.database.run(forge)
    again = browser.send(page, form=form_at(page, "/doi-chieu"))
    assert "Không khớp" in again.text


def test_a_csv_leaves_at_once_and_only_with_a_reason(small_product: Product, app: Flask, office: QuarterOffice) -> None:
    browser = at(small_product, app, role=Role.APPROVER)
    page = browser.get(f"{LIST}?nhom=digital_seller")
    short = browser.send(page, {"format": "csv", "reason": "cần"}, form=form_at(page, "/tep"), status=400)
    assert "ít nhất 10 ký tự" in short.text
    answer = browser.client.post(
        f"{ROUND}/tep?nhom=digital_seller", data=token(page) | {"format": "csv", "reason": REASON}
    )
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="chua-cam-ket-2026Q4-2026-11-20.csv"'
    text = answer.data.decode("utf-8-sig")
    assert "Công ty Thử Nghiệm 1" in text
    assert "thu-nghiem.vn" not in text, "the filter holds for the file too"
    assert REASON in text
    with small_product.database.read() as session:
        [export] = session.scalars(select(ListExport)).all()
        [fact] = session.scalars(select(Fact).where(Fact.kind == "list.exported")).all()
    assert (export.rows, export.state, export.filters["subject_type"]) == (1, ExportState.READY, "digital_seller")
    assert fact.object_id == export.id
    assert fact.data["reason"] == REASON


def token(page: Page) -> dict[str, str]:
    return {"csrf_token": page.all("//input[@name='csrf_token']")[0].get("value")}


def test_a_workbook_is_waited_for_and_taken_again(
    small_product: Product, app: Flask, office: QuarterOffice, clock: FixedClock
) -> None:
    browser = at(small_product, app)
    page = browser.get(LIST)
    page = browser.send(page, {"format": "xlsx", "reason": REASON}, form=form_at(page, "/tep"))
    assert "Đang làm" in page.text
    with small_product.database.read() as session:
        [export] = session.scalars(select(ListExport)).all()
        key = (export.province_code, str(export.id))
        assert in_queue(session, MAKE_EXPORT, [key]) == {key}
    ExportWorker(small_product.database, small_product.storage, clock).make(*key)
    page = browser.get(f"{ROUND}/tep/{export.id}")
    assert "2 dòng" in page.text
    files = browser.get(f"{ROUND}/tep")
    assert REASON in files.text
    answer = browser.client.post(f"{ROUND}/tep/{export.id}/tai", data=token(page))
    assert answer.headers["Cache-Control"] == "no-store"
    assert zipfile.is_zipfile(BytesIO(answer.data))
    answer.close()
    with small_product.database.read() as session:
        taken = session.scalars(select(Fact).where(Fact.kind == "list.exported").order_by(Fact.id)).all()
    assert [fact.data["again"] for fact in taken] == [False, True]
    assert browser.client.get(f"{ROUND}/tep/{export.id}/tai").status_code in (404, 405), (
        "nobody is led into it by a link"
    )
    other = at(small_product, app, "46-SVHTT")
    for address in (LIST, f"{ROUND}/tep", f"{ROUND}/tep/{export.id}"):
        assert other.client.get(address).status_code == 404
    viewer = at(small_product, app, role=Role.REPORTING_UNIT)
    assert viewer.client.get(LIST).status_code == 403
