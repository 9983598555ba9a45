"""An invitation: what a stranger with the link sees, what the invited find, and what a typed code opens."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from pledges.accounts.models import Role
from pledges.core.db import Database
from pledges.product import Product
from pledges.rounds import links
from pledges.rounds.agency_documents import NewDocument, upload_document
from pledges.rounds.models import AgencyDocument, Ask, RoundState
from pledges.signing.models import ConfirmationCode, Draft, Pledge, PledgeState
from pledges.signing.rules import Page as Step
from tests.support.checked_pages import CheckedClient, Page
from tests.support.clock import START, FixedClock
from tests.support.invitations import (
    DOCTOR,
    SHOP,
    SHOP_TAX_CODE,
    doctor,
    facts,
    invite,
    landing_of,
    owed_by,
    put,
    reread,
    shop,
)
from tests.support.signing import HUE, doctor_pages, lead_to
from tests.support.staff import add_person
from tests.web.conftest import make_app
from tests.web.signer.steps import messages, newest_code, path_of, sign

SIGNER = {"name": "Trần Thị Thử Nghiệm", "title": "Giám đốc", "authority": "yes"}
PRIVATE = (SHOP, "Đặc sản", SHOP_TAX_CODE, "ke.toan", "0912", "912345678", "Kiệt 3", "dacsan", "Thuận Hóa")


def invited(product: Product, new: Any = None) -> Ask:
    return invite(product.database, new or shop(), now=START, vault=product.vault)


def landing(product: Product, ask: Ask) -> str:
    return landing_of(product.vault, ask)


def reveals_nothing(page: Page) -> bool:
    return not [word for word in PRIVATE if word in page.response.text]


def prove(visitor: CheckedClient, product: Product, ask: Ask) -> Page:
    """From the landing page through the code to the form."""
    page = visitor.send(visitor.get(landing(product, ask)))
    assert path_of(page).endswith("/ma")
    return visitor.send(page, {"code": newest_code(product)})


def stored(database: Database, what: type) -> list[Any]:
    with database.read() as session:
        return list(session.scalars(select(what)))


# --- A stranger with the link ---------------------------------------------------------------------------------------


def test_opening_the_link_changes_nothing_and_tells_a_stranger_nothing(
    visitor: CheckedClient, small_product: Product
) -> None:
    ask = invited(small_product)
    before = vars(reread(small_product.database, ask))
    page = visitor.get(landing(small_product, ask))
    assert page.status == 200
    assert "Sở Công Thương thành phố Huế" in page.words
    assert "31/12/2026" in page.words
    assert "Quý IV/2026" in page.words
    assert "Người bán hàng trên sàn, mạng xã hội" in page.words
    assert links.masked_name(SHOP) in page.words
    assert reveals_nothing(page)
    assert page.all("//meta[@name='robots']/@content") == ["noindex"]
    assert "no-store" in page.response.headers["Cache-Control"]
    after = vars(reread(small_product.database, ask))
    assert {name: value for name, value in after.items() if name[0] != "_"} == {
        name: value for name, value in before.items() if name[0] != "_"
    }
    assert stored(small_product.database, ConfirmationCode) == stored(small_product.database, Draft) == []


def test_before_the_code_nothing_personal_is_shown_and_a_wrong_code_opens_nothing(
    visitor: CheckedClient, small_product: Product
) -> None:
    ask = invited(small_product)
    page = visitor.send(visitor.get(landing(small_product, ask)))
    assert "k•••n@v•••.vn" in page.words
    assert reveals_nothing(page)
    right = newest_code(small_product)
    page = visitor.send(page, {"code": "000000" if right != "000000" else "111111"})
    assert page.problems
    assert reveals_nothing(page)
    assert stored(small_product.database, Draft) == []
    assert path_of(visitor.get("/ky-cam-ket/doi-tuong", follow_redirects=True)) == "/ky-cam-ket/tiep-tuc"


def test_a_code_is_of_use_in_the_browser_that_asked_for_it_only(small_product: Product) -> None:
    ask = invited(small_product)
    one, other = CheckedClient(make_app(small_product)), CheckedClient(make_app(small_product))
    one.send(one.get(landing(small_product, ask)))
    code = newest_code(small_product)
    page = other.send(other.get(landing(small_product, ask)))
    assert newest_code(small_product) != code
    page = other.send(page, {"code": code})
    assert page.problems
    page = one.send(one.get(landing(small_product, ask) + "/ma"), {"code": code})
    assert path_of(page) == "/ky-cam-ket/doi-tuong"


def test_the_codes_of_a_link_are_limited_and_leave_those_that_sign_alone(
    visitor: CheckedClient, small_product: Product, clock: FixedClock
) -> None:
    ask = invited(small_product)
    for _each in range(5):
        page = visitor.send(visitor.get(landing(small_product, ask)))
        clock.advance(timedelta(seconds=61))
    assert len(messages(small_product, "code")) == 3
    assert "quá nhiều lần" in page.words
    page = visitor.send(visitor.get(landing(small_product, ask) + "/ma"), {"code": newest_code(small_product)})
    assert path_of(page) == "/ky-cam-ket/doi-tuong"
    page = finish(visitor, page, {}, {}, SIGNER)
    assert len(messages(small_product, "code")) == 4, "the code that signs is still sent"
    assert path_of(page) == "/ky-cam-ket/ky"
    assert facts(small_product.database, "ask.opened") == 1


# --- The invited ----------------------------------------------------------------------------------------------------


def finish(visitor: CheckedClient, page: Page, *pages: dict[str, Any]) -> Page:
    """Send the pages that are left as they are filled in, with these answers, up to the code that signs."""
    for answers in pages:
        page = visitor.send(page, answers)
        assert page.problems == [], (path_of(page), page.problems)
    assert path_of(page) == "/ky-cam-ket/kiem-tra"
    return visitor.send(page)


def test_from_the_link_to_the_signature(visitor: CheckedClient, small_product: Product) -> None:
    ask, database = invited(small_product), small_product.database
    page = prove(visitor, small_product, ask)
    assert path_of(page) == "/ky-cam-ket/doi-tuong"
    assert SHOP in page.response.text
    assert "điền sẵn" in page.words
    letter = messages(small_product, "code")[-1]
    assert (letter.to_address, letter.params["purpose"]) == ("ke.toan@vidu.vn", "ask")
    page = finish(visitor, page, {"name": "Công ty TNHH Tên Đã Sửa"}, {}, SIGNER)
    sign(visitor, small_product, page, SIGNER["name"])
    (pledge,) = stored(database, Pledge)
    assert (pledge.entity_id, pledge.ask_id, pledge.answers["name"]) == (
        ask.entity_id,
        ask.id,
        "Công ty TNHH Tên Đã Sửa",
    )
    assert [owed.waiting_for_agency for owed in owed_by(database, ask.entity_id)] == [1]
    known = reread(database, ask)
    assert known.opened_at == known.started_at == START
    page = visitor.get(landing(small_product, ask))
    assert "Bạn đã ký đủ" in page.words
    assert page.all("//main//form") == []
    assert pledge.reference not in page.response.text


def test_who_comes_back_goes_on_where_they_were(visitor: CheckedClient, small_product: Product) -> None:
    ask = invited(small_product)
    page = prove(visitor, small_product, ask)
    visitor.send(page, {"name": "Tên Đang Sửa"})
    page = visitor.get(landing(small_product, ask))
    assert "Tiếp tục bản đang viết" in page.words
    page = visitor.send(page)
    assert "Tên Đang Sửa" in page.response.text
    elsewhere = CheckedClient(make_app(small_product))
    page = elsewhere.send(elsewhere.get(landing(small_product, ask)))
    assert path_of(page).endswith("/ma")
    page = elsewhere.send(page, {"code": newest_code(small_product)})
    assert "Tên Đang Sửa" in page.response.text
    assert len(stored(small_product.database, Draft)) == 1


def test_what_was_sent_back_is_corrected_and_not_signed_anew(
    visitor: CheckedClient, small_product: Product, clock: FixedClock
) -> None:
    ask = invited(small_product)
    page = finish(visitor, prove(visitor, small_product, ask), {}, {}, SIGNER)
    sign(visitor, small_product, page, SIGNER["name"])
    (pledge,) = stored(small_product.database, Pledge)
    lead_to(small_product.database, pledge, PledgeState.RETURNED, now=clock())
    clock.advance(timedelta(hours=2))
    page = prove(CheckedClient(make_app(small_product)), small_product, ask)
    assert path_of(page) == f"/ho-so/{pledge.reference}"
    assert "trả lại" in page.words
    assert page.all("//form[contains(@action, '/sua')]"), "the code has opened the file as well"


def test_without_a_known_address_the_form_knows_only_the_group(visitor: CheckedClient, small_product: Product) -> None:
    ask = invited(small_product, doctor(emails=()))
    page = visitor.send(visitor.get(landing(small_product, ask)))
    assert path_of(page) == "/ky-cam-ket/nhom"
    assert DOCTOR not in page.response.text
    assert page.all("//input[@name='subject_type' and @checked]/@value") == ["doctor"]
    pages = doctor_pages(who__name=DOCTOR)
    page = visitor.send(page, {"email": "bac.si.thu@vidu.vn"})
    stranger = CheckedClient(make_app(small_product))
    assert "bac.si.thu" not in stranger.send(stranger.get(landing(small_product, ask))).response.text
    page = finish(visitor, page, pages[Step.WHO], pages[Step.PLACE], pages[Step.SIGNER])
    sign(visitor, small_product, page, DOCTOR)
    (pledge,) = stored(small_product.database, Pledge)
    assert (pledge.entity_id, pledge.ask_id) == (ask.entity_id, ask.id)


def test_who_has_lost_the_mailbox_fills_it_in_from_the_start(visitor: CheckedClient, small_product: Product) -> None:
    ask = invited(small_product)
    page = visitor.send(visitor.get(landing(small_product, ask)))
    page = visitor.send(page, form=2)
    assert path_of(page) == "/ky-cam-ket/nhom"
    assert reveals_nothing(page)


# --- Links that are of no use ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "status", "says"),
    [
        (RoundState.CLOSED, 410, "Đợt vận động Quý IV/2026 đã kết thúc"),
        (RoundState.CLOSING, 410, "Đợt vận động Quý IV/2026 đã kết thúc"),
        (RoundState.PAUSED, 200, "tạm dừng"),
    ],
)
def test_a_round_that_does_not_run_still_leads_to_signing(
    visitor: CheckedClient, small_product: Product, state: RoundState, status: int, says: str
) -> None:
    ask = invited(small_product)
    fresh = visitor.get(landing(small_product, ask))
    put(small_product.database, ask, state)
    for page in (visitor.get(landing(small_product, ask), status=status), visitor.send(fresh, status=status)):
        assert says in page.words
        assert page.all("//main//a[contains(@href, '/ky-cam-ket?tinh=46')]")
        assert page.all("//main//form") == []
    assert reread(small_product.database, ask).opened_at is None
    assert messages(small_product, "code") == []


def test_a_revoked_link_and_one_that_never_was_look_alike(visitor: CheckedClient, small_product: Product) -> None:
    ask = invited(small_product)
    staff = add_person(
        small_product.database, "cv@vidu.vn", role=Role.OFFICER, province_code=HUE, agency_code="46-SCT", ready=False
    )
    address = landing(small_product, ask)
    small_product.database.run(lambda session: links.revoke_link(session, ask, staff, START))
    dead, unknown = visitor.get(address, status=410), visitor.get("/ky-cam-ket/loi-moi/" + "0" * 40, status=410)
    assert dead.words == unknown.words
    assert visitor.get(address + "/ma", status=410, follow_redirects=True).words == dead.words


# --- The typed code -------------------------------------------------------------------------------------------------


def test_a_typed_code_leads_to_the_same_page(visitor: CheckedClient, small_product: Product) -> None:
    ask = invited(small_product)
    page = visitor.get("/ky-cam-ket/ma-moi")
    page = visitor.send(page, {"short_code": ask.short_code.lower().replace("-", " ")})
    assert path_of(page) == landing(small_product, ask)
    assert reveals_nothing(page)


def test_codes_that_open_nothing_get_one_answer_and_are_limited(visitor: CheckedClient, small_product: Product) -> None:
    ask = invited(small_product)
    put(small_product.database, ask, RoundState.CLOSED)
    page, said = visitor.get("/ky-cam-ket/ma-moi"), set()
    for typed in ["AAAA-AAAA", ask.short_code, *["xx"] * (links.SHORT_CODES_AN_HOUR - 2)]:
        page = visitor.send(page, {"short_code": typed})
        said.add(tuple(page.problems))
    assert len(said) == 1
    put(small_product.database, ask, RoundState.RUNNING)
    page = visitor.send(page, {"short_code": ask.short_code})
    assert "quá nhiều lần" in page.problems[0]


# --- A document to be acknowledged ----------------------------------------------------------------------------------


def test_the_document_is_read_from_the_landing_page_only(visitor: CheckedClient, small_product: Product) -> None:
    database = small_product.database
    ask, document = invited_to_acknowledge(small_product)
    page = visitor.get(landing(small_product, ask))
    assert "xác nhận đã nhận văn bản" in page.title
    assert "12/SVHTT-TT" in page.words
    [address] = page.all("//a[contains(@href, '/van-ban/')]/@href")
    answer = visitor.client.get(address)
    assert (answer.mimetype, answer.data) == ("application/pdf", b"%PDF-1.4 thu")
    assert reread(database, ask).opened_at is None
    other = invited(small_product)
    strange = f"{landing(small_product, other)}/van-ban/{document.id}.pdf"
    assert visitor.client.get(strange).status_code == 404
    put(database, ask, RoundState.CLOSED)
    assert visitor.client.get(address).status_code == 410


def invited_to_acknowledge(product: Product) -> tuple[Ask, AgencyDocument]:
    staff = add_person(
        product.database, "vh@vidu.vn", role=Role.OFFICER, province_code=HUE, agency_code="46-SVHTT", ready=False
    )
    sha256 = product.storage.put(b"%PDF-1.4 thu")
    new = NewDocument("12/SVHTT-TT", date(2026, 10, 1), "Văn bản quán triệt thử nghiệm", sha256, "van-ban.pdf")
    document = product.database.run(
        lambda session: upload_document(session, "46-instruction", new, staff=staff, now=START)
    )
    press = shop(name="Báo Thử Nghiệm", subject_types=("press",), channels=(), tax_code=None)
    return invited(product, press), document
