"""The pages of letters, calls and documents of a round, as an officer walks through them."""

from __future__ import annotations

import re
from io import BytesIO

import pikepdf
import pytest
from flask import Flask
from sqlalchemy import select, update

from pledges.accounts.models import Role, Staff
from pledges.accounts.operations import begin_session
from pledges.plans.models import ObligationEntry
from pledges.product import Product
from pledges.rounds.letters import LetterWorker
from pledges.rounds.models import AgencyDocument, Attempt, LetterBatch, Outcome, Round, RoundState, Way
from tests.support.checked_pages import CheckedClient, Page
from tests.support.clock import FixedClock
from tests.support.invited import AGENCY, LONG_NAME, QUARTER, Guest, guests, invite, open_running
from tests.support.staff import add_person, app_around

ROUND = f"/can-bo/dot-van-dong/{QUARTER}"
CULTURE = "20-SVHTTDL"


@pytest.fixture
def app(small_product: Product) -> Flask:
    return app_around(small_product)


@pytest.fixture
def of_round(small_product: Product, clock: FixedClock) -> Round:
    return open_running(small_product.database, clock)


def at(product: Product, app: Flask, agency: str = AGENCY, role: Role = Role.OFFICER) -> CheckedClient:
    """A browser in which somebody of an agency is signed in."""
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
    """The number of the posting form whose address ends like this; "" for the one that answers to the page itself."""
    actions = [(form.get("action") or "").partition("?")[0] for form in page.all("//form[@method='post']")]
    [number] = [
        number for number, action in enumerate(actions) if action.endswith(ending) and bool(action) == bool(ending)
    ]
    return number


def test_letters_from_the_choice_to_the_note_that_they_went_out(
    small_product: Product, app: Flask, of_round: Round, clock: FixedClock
) -> None:
    database, vault = small_product.database, small_product.vault
    invite(database, of_round, clock, vault, Guest(LONG_NAME), *guests(3))
    browser = at(small_product, app)
    page = browser.get(f"{ROUND}/thu")
    assert "Chưa liên hệ được và chưa in thư: 4" in page.text
    assert "Chưa có chức danh người ký" in page.text
    page = browser.send(page, form=form_at(page, ""))
    assert "Đang làm" in page.text
    with database.read() as session:
        batch = session.scalars(select(LetterBatch)).one()
    LetterWorker(database, small_product.storage, clock, vault, small_product.settings.public_url).make(
        batch.province_code, str(batch.id)
    )
    page = browser.get(f"{ROUND}/thu/{batch.id}")
    file = browser.client.get(f"{ROUND}/thu/{batch.id}/tep")
    assert file.headers["Content-Disposition"].startswith("attachment")
    with pikepdf.open(BytesIO(file.data)) as pdf:
        assert len(pdf.pages) == 5
    wrong = browser.send(page, {"sent_on": "01/01/2030"}, form=form_at(page, "/da-gui"), status=400)
    assert "tương lai" in wrong.text
    page = browser.send(wrong, {"sent_on": "20/11/2026"}, form=form_at(wrong, "/da-gui"))
    assert "Đã ghi nhận gửi 4 thư." in page.text
    assert "Chưa liên hệ được và chưa in thư: 0" in browser.get(f"{ROUND}/thu").text
    page = browser.send(page, {"reason": "ghi nhầm tệp"}, form=form_at(page, "/bo-ghi"))
    assert "Đã bỏ ghi nhận" in page.text
    with database.read() as session:
        assert {each.outcome for each in session.scalars(select(Attempt))} == {Outcome.NOT_REACHED}


def test_one_result_for_all_that_were_ticked_and_its_undo(
    small_product: Product, app: Flask, of_round: Round, clock: FixedClock
) -> None:
    database, vault = small_product.database, small_product.vault
    asks = invite(database, of_round, clock, vault, *guests(3), Guest("Cơ sở không số"))
    browser = at(small_product, app)
    page = browser.get(f"{ROUND}/goi-dien")
    assert "3 người" in page.text
    assert "091 000 00 01" in page.text or "0910 000 001" in page.text
    assert "Cơ sở không số" not in page.text
    assert "Cơ sở không số" in browser.get(f"{ROUND}/goi-dien?hien=unreached").text
    assert "Hãy chọn ít nhất một người" in browser.get(f"{ROUND}/goi-dien/ket-qua", status=400).text
    page = browser.get(f"{ROUND}/goi-dien/ket-qua?chon={asks[0].id}&chon={asks[1].id}&chon=x")
    assert "Một kết quả cho 2 người đã chọn" in page.text
    wrong = browser.send(page, {"made_on": "20/11/2026"}, status=400, form=form_at(page, "/ket-qua"))
    assert "Hãy chọn kết quả." in wrong.text
    page = browser.send(
        wrong,
        {"result": "call:reached", "made_on": "20/11/2026", "chon": [str(asks[0].id), str(asks[1].id)]},
        form=form_at(wrong, "/ket-qua"),
    )
    assert "Đã ghi kết quả cho 2 người." in page.text
    with database.read() as session:
        recorded = session.scalars(select(Attempt)).all()
    assert {(each.way, each.outcome) for each in recorded} == {(Way.CALL, Outcome.REACHED)}
    page = browser.get(f"{ROUND}/goi-dien/hoan-tac/{recorded[0].batch_id}")
    page = browser.send(page, {"reason": "ghi nhầm người"}, form=form_at(page, ""))
    assert "Đã bỏ kết quả của 2 người." in page.text
    assert browser.client.get(f"{ROUND}/goi-dien/hoan-tac/{recorded[0].batch_id}").status_code == 404
    wrong = browser.send(page, {"reason": "xem"}, form=form_at(page, "/tep"), status=400)
    assert "ít nhất 10 ký tự" in wrong.text
    form = form_at(wrong, "/tep")
    action = wrong.all("//form[@method='post']")[form].get("action")
    answer = browser.client.post(action, data={**wrong.fields(form), "reason": "giao tổ công tác phường gọi"})
    assert answer.mimetype == "text/csv"
    assert len(answer.text.strip().splitlines()) == 4


def test_people_of_other_offices_find_nothing(
    small_product: Product, app: Flask, of_round: Round, clock: FixedClock
) -> None:
    for agency, role, status in (
        ("20-SYT", Role.OFFICER, 404),
        ("46-SCT", Role.OFFICER, 404),
        (AGENCY, Role.APPROVER, 403),
    ):
        browser = at(small_product, app, agency, role)
        for path in ("thu", "goi-dien", "van-ban"):
            assert browser.client.get(f"{ROUND}/{path}").status_code == status, (agency, role, path)


def test_a_document_is_uploaded_once_however_many_mistakes_the_form_has(
    small_product: Product, app: Flask, clock: FixedClock
) -> None:
    open_running(small_product.database, clock, CULTURE)
    browser = at(small_product, app, CULTURE)
    out = BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(out)
    good = out.getvalue()
    page = browser.get(f"{ROUND}/van-ban")
    assert "Chưa có văn bản" in page.text
    page = browser.get(f"{ROUND}/van-ban/20-guidance")
    word = (BytesIO(b"PK\x03\x04 Word"), "van-ban.docx")
    sent = {"file": word, "number": "12/A", "issued_on": "02/11/2026"}
    wrong = browser.send(page, sent, form=form_at(page, ""), status=400)
    assert "không phải là PDF" in wrong.text
    sent = {"file": (BytesIO(good), "van-ban.pdf"), "number": "", "issued_on": "02/11/2026"}
    wrong = browser.send(wrong, sent, form=form_at(wrong, ""), status=400)
    assert "Tệp đã được giữ lại" in wrong.text
    said = {"number": "1234/SVHTTDL-QLVH", "title": "V/v thử nghiệm"}
    page = browser.send(wrong, said, form=form_at(wrong, ""))
    assert "Đã lưu văn bản số 1234/SVHTTDL-QLVH." in page.text
    with small_product.database.read() as session:
        document = session.scalars(select(AgencyDocument)).one()
        entry = session.get_one(ObligationEntry, ("20", "20-guidance"))
    assert (document.filename, entry.document_number) == ("van-ban.pdf", "1234/SVHTTDL-QLVH")
    [link] = re.findall(r'href="([^"]+/van-ban/tep/[^"]+)"', page.text)
    answer = browser.client.get(link)
    assert answer.data == good
    assert answer.headers["Content-Disposition"].startswith("attachment")
    late = browser.get(f"{ROUND}/van-ban/20-guidance")
    small_product.database.run(lambda session: session.execute(update(Round).values(state=RoundState.CLOSED)))
    assert "Thay bằng văn bản khác" not in browser.get(f"{ROUND}/van-ban").text
    refused = browser.send(late, {"file": (BytesIO(good), "moi.pdf")}, form=form_at(late, ""), status=409)
    assert "Đợt này đã kết thúc" in refused.text
