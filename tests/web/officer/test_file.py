"""The page of one file: what it says, and every decision from it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from pledges.accounts.models import Role
from pledges.product import Product
from pledges.registry.models import Entity
from pledges.signing.models import Pledge, PledgeState
from tests.support.checked_pages import Page
from tests.support.clock import FixedClock
from tests.support.desk import Desk, form_to, offers
from tests.support.reviewing import put_into
from tests.support.sealing import sealed_pledge
from tests.support.signing import LANG_SON, seller_pages

S = PledgeState
OF_DECISIONS = {
    f"officer.{name}"
    for name in (
        "recommend",
        "return_file",
        "defer",
        "resume",
        "reject",
        "approve",
        "ask_to_revoke",
        "keep",
        "confirm_revocation",
    )
}


@pytest.fixture
def desk(small_product: Product, app: Flask, clock: FixedClock) -> Desk:
    return Desk(small_product, app, clock)


def another(desk: Desk, number: int = 2) -> str:
    """One more file in the same queue; its reference."""
    product = desk.product
    desk.clock.advance(timedelta(minutes=1))
    signed = sealed_pledge(
        desk.database,
        product.storage,
        product.sealer,
        desk.clock,
        desk.vault,
        pages=seller_pages(number),
    )
    return signed.pledge.reference


def test_the_page_says_what_was_signed_how_and_whether_it_is_sound(desk: Desk) -> None:
    page = desk.at(desk.officer).get(desk.address)
    for words in (
        "Công ty TNHH Thử Nghiệm 1",
        "Chờ xử lý",
        "facebook.com/cuahangthu1",
        "Xác nhận bằng mã dùng một lần gửi qua thư điện tử; không phải chữ ký số",
        "Mã gửi tới c•••1@vidu.vn",
        "Nội dung khớp mã băm mà người ký đã xác nhận.",
        "Người ký đã ký bản cam kết. Sở Công Thương thành phố Huế đang xem xét và chưa tiếp nhận.",
        "Niêm phong của hệ thống",
    ):
        assert words in page.words, words
    # Where somebody signed from is evidence for a court, not for the desk.
    assert "192.0.2.1" not in page.text
    pdf = desk.at(desk.officer).client.get(f"{desk.address}/ban-cam-ket.pdf")
    assert pdf.mimetype == "application/pdf"
    assert pdf.data == desk.issued[0]
    assert pdf.headers["Cache-Control"] == "no-store"


def test_other_agencies_and_provinces_find_nothing(desk: Desk) -> None:
    doctors = desk.person("y.te@vidu.vn", Role.OFFICER, agency="46-SYT")
    elsewhere = desk.person("lang.son@vidu.vn", Role.APPROVER, agency="20-SCT", province=LANG_SON)
    for stranger in (doctors, elsewhere):
        browser = desk.at(stranger)
        nothing = said(browser.get("/can-bo/ho-so/CK-46-2026-222222", status=404))
        for address in (desk.address, f"{desk.address}/ban-cam-ket.pdf"):
            assert said(browser.get(address, status=404)) == nothing
        assert desk.reference not in browser.get("/can-bo/hang-doi").text


def said(page: Page) -> str:
    """What a page says, without the number of the request."""
    return re.sub(r"[0-9a-f]{16}", "", page.words)


def test_what_people_typed_is_text_and_never_markup(desk: Desk) -> None:
    name = "Công ty <script>alert(1)</script> & 'Thử'"

    def rename(session: Session) -> None:
        pledge = session.get_one(Pledge, desk.key)
        pledge.answers = {**pledge.answers, "name": name}
        session.get_one(Entity, (pledge.province_code, pledge.entity_id)).name = name

    desk.database.run(rename)
    officer = desk.at(desk.officer)
    desk.do("return_for_correction", message="Sửa <b>tên</b>.", note="<i>nội bộ</i>")
    for page in (officer.get(desk.address), officer.get("/can-bo/hang-doi?muc=returned&tim=<b>")):
        assert not page.all("//script[not(@src)] | //main//b | //main//i")
    page = officer.get(desk.address)
    assert page.all("//h1")[0].text_content() == name
    assert "Sửa <b>tên</b>." in page.words
    assert "<i>nội bộ</i>" in page.words
    assert officer.get(f"/can-bo/doi-tuong/{desk.pledge().entity_id}").all("//h1")[0].text_content() == name


def test_recommend_and_go_on_to_the_next_file(desk: Desk) -> None:
    second = another(desk)
    officer = desk.at(desk.officer)
    page = officer.get(f"{desk.address}?muc=waiting")
    following = page.all("//a[@rel='next']/@href")[0]
    assert second in following
    after = officer.send(page, {"note": "Đã gọi điện."}, form=form_to(page, "/de-nghi-duyet"))
    assert after.response.request.full_path == following
    assert f"Đã đề nghị duyệt hồ sơ {desk.reference}. Đây là hồ sơ tiếp theo." in after.words
    assert desk.pledge().state is S.RECOMMENDED
    last = officer.send(after, form=form_to(after, "/de-nghi-duyet"))
    assert last.response.request.path == "/can-bo/hang-doi"
    assert "Trong danh sách này không còn hồ sơ nào khác." in last.words
    assert "Đã gọi điện." in desk.at(desk.approver).get(desk.address).words


def test_return_keeps_what_was_typed_until_it_is_right(desk: Desk) -> None:
    officer = desk.at(desk.officer)
    page = officer.get(desk.address)
    wrong = officer.send(
        page, {"message": "Sửa số nhà.", "note": "Đã hỏi xã."}, form=form_to(page, "/tra-lai"), status=400
    )
    assert wrong.problems == ["Hãy đánh dấu ít nhất một phần mà người ký cần sửa."]
    assert wrong.control("return-message").text.strip() == "Sửa số nhà."
    assert wrong.control("return-note").text.strip() == "Đã hỏi xã."
    assert desk.pledge().state is S.SUBMITTED
    officer.send(wrong, {"asked": ["place"]}, form=form_to(wrong, "/tra-lai"))
    assert desk.pledge().state is S.RETURNED
    history = officer.get(desk.address).words
    for words in ("Sửa số nhà.", "Địa bàn, địa chỉ, điện thoại", "Đã hỏi xã."):
        assert words in history
    assert offers(officer.get(desk.address)) == set()


def test_who_has_to_sign_in_again_comes_back_to_the_file(desk: Desk) -> None:
    decisions = [rule for rule in desk.app.url_map.iter_rules() if rule.endpoint in OF_DECISIONS]
    officer = desk.at(desk.officer)
    for rule in decisions:
        answer = officer.client.get(rule.rule.replace("<reference>", desk.reference) + "?muc=waiting")
        assert answer.headers["Location"] == f"{desk.address}?muc=waiting"
    assert len(decisions) == len(OF_DECISIONS)


def test_defer_resume_and_reject(desk: Desk) -> None:
    officer = desk.at(desk.officer)
    page = officer.get(desk.address)
    officer.send(page, {"note": "Chờ xã trả lời."}, form=form_to(page, "/tam-hoan"))
    assert desk.pledge().state is S.DEFERRED
    page = officer.get(desk.address)
    officer.send(page, form=form_to(page, "/xu-ly-tiep"))
    assert desk.pledge().state is S.SUBMITTED
    page = officer.get(desk.address)
    unsure = officer.send(page, {"message": "Không bán hàng."}, form=form_to(page, "/tu-choi"), status=400)
    assert unsure.problems == ["Hãy đánh dấu ô này nếu chắc chắn từ chối."]
    officer.send(unsure, {"sure": "yes"}, form=form_to(unsure, "/tu-choi"))
    assert desk.pledge().state is S.REJECTED
    assert offers(officer.get(desk.address)) == set()


def test_the_approver_sees_what_is_printed_and_the_recommender_cannot_approve(desk: Desk) -> None:
    desk.do("recommend")
    assert offers(desk.at(desk.officer).get(desk.address)) == {"tra-lai", "tam-hoan", "tu-choi"}
    approver = desk.at(desk.approver)
    page = approver.get(desk.address)
    printed = page.all("//*[@class='printed']")[0].text_content()
    assert "KT. GIÁM ĐỐC – PHÓ GIÁM ĐỐC" in printed
    assert desk.approver.name in printed
    approver.send(page, form=form_to(page, "/duyet"))
    assert desk.pledge().state is S.COUNTERSIGNING
    assert "chưa ký được bản PDF" not in approver.get(desk.address).words
    put_into(desk.database, desk.pledge(), S.COUNTERSIGNING, seal_error="Không mở được tệp khóa.")
    assert "chưa ký được bản PDF" in approver.get(desk.address).words
    desk.countersign()
    done = approver.get(desk.address).words
    assert "Đang có hiệu lực" in done
    assert "Sở Công Thương thành phố Huế đã tiếp nhận bản cam kết" in done
    # The same file under its earlier hash is the signer's; the desk has the final one.
    assert approver.client.get(f"{desk.address}/ban-cam-ket.pdf").data == desk.issued[-1]


def test_who_comes_second_reads_who_was_first_and_keeps_their_words(desk: Desk) -> None:
    late = desk.at(desk.second)
    seen = late.get(desk.address)
    desk.do("return_for_correction")
    answer = late.send(seen, {"note": "Tôi sẽ hỏi xã."}, form=form_to(seen, "/tam-hoan"), status=409)
    for words in (f"{desk.officer.name} đã trả lại hồ sơ này để bổ sung lúc", "Chờ người ký bổ sung", "Tôi sẽ hỏi xã."):
        assert words in answer.words
    assert answer.problems == []
    assert desk.pledge().state is S.RETURNED


def test_a_page_of_yesterday_decides_nothing(desk: Desk) -> None:
    officer = desk.at(desk.second)
    stale = officer.get(desk.address)
    desk.do("defer")
    desk.do("resume")
    answer = officer.send(stale, form=form_to(stale, "/de-nghi-duyet"), status=409)
    assert desk.pledge().state is S.SUBMITTED
    # The page that came back shows the file as it is, so the same press now counts.
    officer.send(answer, form=form_to(answer, "/de-nghi-duyet"))
    assert desk.pledge().state is S.RECOMMENDED


def test_a_second_press_is_answered_kindly(desk: Desk) -> None:
    officer = desk.at(desk.officer)
    page = officer.get(desk.address)
    form = form_to(page, "/de-nghi-duyet")
    officer.send(page, form=form)
    again = officer.send(page, form=form, status=409)
    assert "đã đề nghị duyệt hồ sơ này lúc" in again.words
    assert desk.facts("pledge.recommended") == 1


def test_earlier_signings_stay_readable_with_what_was_changed(desk: Desk) -> None:
    desk.do("return_for_correction")
    desk.correct(who__name="Công ty TNHH Thử Nghiệm Mới")
    officer = desk.at(desk.officer)
    page = officer.get(desk.address)
    assert "bản ký lần 2" in page.words
    [row] = page.all("//table[caption='Đã sửa ở bản sau']/tbody/tr")
    assert [cell.text_content() for cell in row][1:] == ["Công ty TNHH Thử Nghiệm 1", "Công ty TNHH Thử Nghiệm Mới"]
    assert officer.client.get(f"{desk.address}/ban-cam-ket-1.pdf").data == desk.issued[0]
    assert officer.client.get(f"{desk.address}/ban-cam-ket.pdf").data == desk.issued[1]
    officer.get(f"{desk.address}/ban-cam-ket-7.pdf", status=404)


def test_an_amendment_shows_what_it_would_replace_and_how_they_differ(desk: Desk) -> None:
    desk.approve()
    old = desk.address
    desk.amend(who__name="Công ty TNHH Thử Nghiệm Mở Rộng")
    officer = desk.at(desk.officer)
    page = officer.get(desk.address)
    assert page.all(f"//a[@href='{old}']")
    [row] = page.all("//table[caption='Khác với bản đã tiếp nhận']/tbody/tr")
    assert [cell.text_content() for cell in row][1:] == ["Công ty TNHH Thử Nghiệm 1", "Công ty TNHH Thử Nghiệm Mở Rộng"]
    assert officer.get(old).all(f"//a[@href='{desk.address}']")


def test_all_of_the_province_see_how_far_duties_are_but_only_the_agency_sees_files(desk: Desk) -> None:
    entity = f"/can-bo/doi-tuong/{desk.pledge().entity_id}"
    desk.do("defer", note="Ghi chú kín")
    own = desk.at(desk.officer).get(entity)
    assert desk.reference in own.words
    doctors = desk.at(desk.person("y.te@vidu.vn", Role.OFFICER, agency="46-SYT")).get(entity)
    code = desk.pledge().answers["tax_code"]
    for words in ("Công ty TNHH Thử Nghiệm 1", code, "facebook.com/cuahangthu1", "Đã ký, đang chờ cơ quan"):
        assert words in doctors.words
    viewer = desk.at(desk.person("xem@vidu.vn", Role.REPORTING_UNIT)).get(entity)
    assert "chu.shop.1@vidu.vn" in doctors.words, "who should sign for several agencies is reached by all of them"
    assert "chu.shop" not in viewer.words
    for secret in (desk.reference, "Ghi chú kín", "Trần Thị Thử Nghiệm"):
        assert secret not in doctors.words
        assert secret not in viewer.words
    desk.at(desk.person("lang.son@vidu.vn", Role.OFFICER, agency="20-SCT", province=LANG_SON)).get(entity, status=404)


def test_the_pages_can_be_read_in_english(desk: Desk) -> None:
    officer = desk.at(desk.officer)
    for address in ("/can-bo", "/can-bo/hang-doi", desk.address):
        page = officer.get(f"{address}?lang=en")
        assert page.all("//html/@lang") == ["en"]
