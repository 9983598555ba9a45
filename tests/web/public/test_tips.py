"""Reporting without an account: what people type is never lost, machines get nowhere, and only the code leads back."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import func, select

from pledges.audit.models import Fact
from pledges.core.tokens import Tokens
from pledges.product import Product
from pledges.tips import rules
from pledges.tips.models import Tip, TipState, WorkProof
from pledges.tips.operations import NETWORK
from pledges.tips.proof import LARGEST_NUMBER, new_stamp, seal_stamp
from pledges.web.public import tip_routes
from tests.support.checked_pages import CheckedClient, Page
from tests.support.pictures import GPS_NOTE, photo, photo_with_place
from tests.support.signing import HUE

PAGE = f"/bao-trang-web?tinh={HUE}"
SHOP = "https://www.facebook.com/shop.thu.nghiem/?ref=bai-dang"


@pytest.fixture
def form(small_product: Product, visitor: CheckedClient, clock: Any) -> Page:
    """The page, open for long enough to have been read."""
    page = visitor.get(PAGE)
    clock.advance(timedelta(minutes=1))
    return page


def solved(page: Page) -> str:
    """What the script of the page finds by trying."""
    [work] = page.all("//input[@data-work]")
    challenge, target = work.get("data-work"), work.get("data-target")
    for number in range(LARGEST_NUMBER):
        if hashlib.sha256(f"{challenge}:{number}".encode()).hexdigest() == target:
            return str(number)
    raise AssertionError("there is no such number")


def tips_of(product: Product) -> list[Tip]:
    with product.database.read() as session:
        return list(session.scalars(select(Tip).order_by(Tip.sent_at, Tip.id)))


def code_on(page: Page) -> str:
    return str(page.all("//*[@class='reference']")[0].text_content())


def upload(*pictures: bytes) -> list[tuple[BytesIO, str]]:
    return [(BytesIO(data), f"anh-{number}.jpg") for number, data in enumerate(pictures)]


def test_a_citizen_reports_and_follows_up(visitor: CheckedClient, small_product: Product, form: Page) -> None:
    answers = {
        "what": "account",
        "address": SHOP,
        "name": "Cửa hàng thử nghiệm",
        "note": "Bán hàng thử nghiệm\nmỗi tối",
        "link": "facebook.com/shop.thu.nghiem/posts/1",
        "pictures": upload(photo_with_place()),
        "work": solved(form),
    }
    sent = visitor.send(form, answers)
    code = code_on(sent)
    assert sent.response.headers["Cache-Control"] == "no-store"
    [tip] = tips_of(small_product)
    assert (tip.address, tip.typed, tip.agency_code) == ("facebook.com/shopthunghiem", SHOP, "46-SCT")
    assert not tip.doubtful
    assert tip.link == "https://facebook.com/shop.thu.nghiem/posts/1"
    assert tip.network is not None
    assert small_product.vault.decrypt(NETWORK, tip.network) == "127.0.0.1"
    stored = small_product.storage.get(tip.pictures[0])
    assert GPS_NOTE not in stored
    assert stored[:2] == b"\xff\xd8"
    with small_product.database.read() as session:
        [fact] = session.scalars(select(Fact).where(Fact.kind == "tip.sent"))
        assert (fact.actor_kind, fact.actor_id) == ("citizen", "")
        assert "facebook" not in str(fact.data)

    follow = visitor.get("/bao-trang-web/theo-doi")
    seen = visitor.send(follow, {"code": f" {code.lower().replace('-', ' ')} "})
    assert "chưa xem xong" in seen.words
    assert "facebook" not in seen.words
    assert "Cửa hàng thử nghiệm" not in seen.words

    def reject(session: Any) -> None:
        found = session.scalars(select(Tip)).one()
        found.state, found.reason, found.decided_at = TipState.REJECTED, "Trang đã đóng.\n<b>thử</b>", tip.sent_at

    small_product.database.run(reject)
    seen = visitor.send(follow, {"code": code})
    assert "không tiếp nhận" in seen.words
    assert "Trang đã đóng." in seen.words
    assert "&lt;b&gt;" in seen.text


def test_the_same_form_twice_is_one_report_and_other_words_need_another_press(
    visitor: CheckedClient, small_product: Product, form: Page
) -> None:
    answers = {"what": "website", "address": "vidu-thu-nghiem.vn"}
    first = visitor.send(form, answers)
    again = visitor.send(form, answers)
    assert code_on(first) == code_on(again)
    assert len(tips_of(small_product)) == 1
    other = visitor.send(form, answers | {"address": "khac-thu-nghiem.vn"}, status=409)
    assert other.control("address").get("value") == "khac-thu-nghiem.vn"
    assert len(tips_of(small_product)) == 1
    # The page came back with a proof to be found anew; what was found for the first form is worth nothing here.
    assert other.fields()["work"] == [""]


def test_machines_get_the_page_back_and_leave_nothing(
    visitor: CheckedClient, small_product: Product, form: Page, clock: Any
) -> None:
    answers = {"what": "website", "address": "vidu-thu-nghiem.vn", "pictures": upload(photo())}
    held = [
        visitor.send(form, answers | {"website": "http://thu.example"}),
        visitor.send(form, {**answers, "pictures": upload(photo()), "stamp": "bịa.đặt"}),
        visitor.send(visitor.get(PAGE), {**answers, "pictures": upload(photo())}),
    ]
    for page in held:
        assert "Tin báo chưa được gửi" in page.words
        assert page.problems == []
        assert page.control("address").get("value") == "vidu-thu-nghiem.vn"
    clock.advance(timedelta(hours=7))
    late = visitor.send(form, {**answers, "pictures": upload(photo())})
    assert "đã mở từ lâu" in late.words
    assert tips_of(small_product) == []
    assert not small_product.storage.folder.exists()
    # Each of them is good for one report once a person has sent it again.
    clock.advance(timedelta(minutes=1))
    visitor.send(late)
    assert len(tips_of(small_product)) == 1


def test_without_the_proof_a_report_waits_behind_and_few_come_from_one_network(
    visitor: CheckedClient, small_product: Product, clock: Any
) -> None:
    stamps = [seal_stamp(Tokens(small_product.settings.secret_key), new_stamp(clock())) for _ in range(9)]
    form = visitor.get(PAGE)
    proven = {"what": "website", "work": solved(form)}
    clock.advance(timedelta(minutes=1))
    visitor.send(form, proven | {"address": "trang-0.vn"})
    # The proof of one form proves nothing for another.
    for number, stamp in enumerate(stamps[: rules.DOUBTFUL_AN_HOUR_FROM_ONE_NETWORK]):
        visitor.send(form, proven | {"address": f"trang-{number}.vn", "stamp": stamp})
    assert [tip.doubtful for tip in tips_of(small_product)] == [False, True, True, True, True, True]
    refused = visitor.send(form, proven | {"address": "trang-9.vn", "stamp": stamps[-1]}, status=429)
    assert "gửi lại sau" in refused.problems[0]
    assert refused.control("address").get("value") == "trang-9.vn"
    # A proven one still passes, and the refused form can be sent when the hour is over.
    again = visitor.get(PAGE)
    clock.advance(timedelta(minutes=1))
    visitor.send(again, {"what": "website", "address": "trang-8.vn", "work": solved(again)})
    clock.advance(timedelta(hours=1))
    visitor.send(refused)
    assert len(tips_of(small_product)) == 8


def test_one_network_cannot_heap_reports_on_one_address(
    visitor: CheckedClient, small_product: Product, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "ABOUT_ONE_ADDRESS_A_DAY_FROM_ONE_NETWORK", 1)
    monkeypatch.setattr(rules, "ABOUT_ONE_ADDRESS_A_DAY", 2)
    monkeypatch.setattr(rules, "UPLOADS_AN_HOUR_FROM_ONE_NETWORK", 1)

    def report(network: str, status: int = 200, **more: Any) -> Page:
        options = {"environ_base": {"REMOTE_ADDR": network}}
        page = visitor.get(PAGE)
        clock.advance(timedelta(minutes=1))
        answers = page.fields() | {"what": "shop", "address": "vidu-thu-nghiem.vn"} | more
        response = visitor.client.post(PAGE, data=answers, **options)
        assert response.status_code == status
        return Page(response, visitor.app)

    report("192.0.2.1")
    report("192.0.2.1", 429)
    report("192.0.2.1", address="khac-thu-nghiem.vn", pictures=upload(photo()))
    report("192.0.2.1", 429, address="nua-thu-nghiem.vn", pictures=upload(photo()))
    report("192.0.2.2")
    report("192.0.2.3", 429)
    assert len(tips_of(small_product)) == 3


def test_mistakes_keep_what_was_typed_and_pictures_stay(
    visitor: CheckedClient, small_product: Product, form: Page
) -> None:
    hostile = "<script>alert(1)</script>"
    typed = {
        "what": "khong-co",
        "address": "https://vidu.vn/" + "a" * 2500,
        "name": hostile,
        "place": f"'\"{hostile}",
        "seen_on": "31/02/2026",
        "link": "javascript:alert(1)",
        "note": f"</textarea>{hostile}",
        "pictures": upload(photo(), b"%PDF-1.7", photo("PNG", seed=2)),
    }
    wrong = visitor.send(form, typed, status=400)
    assert hostile not in wrong.text
    for name in ("address", "name", "place", "seen_on", "link"):
        assert wrong.control(name).get("value") == typed[name]
    assert hostile in wrong.control("note").text
    assert len(wrong.problems) == 7
    assert any("Ảnh thứ 2: Tệp này không phải ảnh" in problem for problem in wrong.problems)
    assert "Đã giữ số ảnh: 2" in wrong.words
    assert tips_of(small_product) == []
    more = {"what": "unknown", "address": "", "name": "Sạp thử nghiệm", "place": "", "seen_on": "1/11/2026"}
    more |= {"link": "", "note": ""}
    where = visitor.send(wrong, more, status=400)
    assert "hãy ghi nơi bạn thấy" in where.problems[0]
    many = visitor.send(where, {"place": "Chợ thử nghiệm", "pictures": upload(photo(), photo())}, status=400)
    assert "nhiều nhất 3 ảnh" in many.problems[0]
    future = visitor.send(many, {"seen_on": "1/12/2026"}, status=400)
    assert "tương lai" in future.problems[0]
    visitor.send(future, {"seen_on": "1/11/2026"})
    [tip] = tips_of(small_product)
    assert len(tip.pictures) == 2
    assert (tip.subject_type, tip.address, tip.place) == ("", "", "Chợ thử nghiệm")


def test_pictures_that_are_far_too_large_get_a_page_that_says_so(
    visitor: CheckedClient, form: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tip_routes, "LARGEST_POST", 10_000)
    big = visitor.send(form, {"what": "website", "pictures": upload(b"x" * 50_000)}, status=413)
    assert "chọn ít ảnh hơn" in big.words


def test_an_address_that_nobody_can_read_is_kept_as_typed(
    visitor: CheckedClient, small_product: Product, form: Page
) -> None:
    searched = visitor.send(form, {"commune-search": "Thuận Hóa", "commune-find": "1", "address": "shopee"})
    assert searched.problems == []
    [choice] = searched.all("//input[@name='commune'][1]/@value")[:1]
    visitor.send(searched, {"what": "account", "address": "shopee", "commune": choice})
    [tip] = tips_of(small_product)
    assert (tip.typed, tip.address, tip.kind, tip.commune_code) == ("shopee", "", "", choice)


def test_private_codes_cannot_be_tried_out(
    visitor: CheckedClient, small_product: Product, form: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "LOOK_UPS_AN_HOUR_FROM_ONE_NETWORK", 2)
    code = code_on(visitor.send(form, {"what": "website", "address": "vidu-thu-nghiem.vn"}))
    follow = visitor.get("/bao-trang-web/theo-doi")
    for _ in range(3):
        assert "chưa xem xong" in visitor.send(follow, {"code": code}).words
    assert "12 chữ và số" in visitor.send(follow, {"code": "123"}, status=400).problems[0]
    for _ in range(2):
        wrong = visitor.send(follow, {"code": "3333-3333-3333"}, status=400)
        assert "Không có tin báo nào" in wrong.problems[0]
    assert "Hãy thử lại sau" in visitor.send(follow, {"code": code}, status=429).problems[0]
    with small_product.database.read() as session:
        tip = session.scalars(select(Tip)).one()
    assert code.replace("-", "") not in (tip.code_hash, str(tip.id))


def test_used_proofs_and_networks_are_forgotten_in_time(
    visitor: CheckedClient, small_product: Product, form: Page, clock: Any
) -> None:
    visitor.send(form, {"what": "website", "address": "vidu-thu-nghiem.vn"})
    for waited, proofs, networks in ((6, 1, 1), (2, 0, 1), (29 * 24, 0, 1), (24, 0, 0)):
        clock.advance(timedelta(hours=waited))
        small_product.clean_up()
        with small_product.database.read() as session:
            assert session.scalar(select(func.count()).select_from(WorkProof)) == proofs
        assert [tip.network is not None for tip in tips_of(small_product)] == [bool(networks)]


def test_whoever_has_not_chosen_a_province_does_so_first(visitor: CheckedClient) -> None:
    page = visitor.get("/bao-trang-web?tinh=xx")
    assert any(href.endswith(f"tinh={HUE}") for href in page.all("//a/@href"))
    assert page.all("//form[@method='post'][@enctype]") == []
