"""Somebody without e-mail, beside a commune officer with a telephone: from the first question to the final paper."""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path

from playwright.sync_api import expect

from pledges.accounts.models import Role
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.people import FOR_JOBS, Colleague
from tests.browser.test_review_journeys import employ, walk
from tests.browser.walking import Walker, fill
from tests.support.paper_signed import photograph
from tests.support.pdf_tools import assert_sound, squeezed, text_of
from tests.support.signing import COMMUNES, HUE
from tests.support.staff import add_person

__all__ = ["walk"]

SHOTS = os.environ.get("ASSIST_SHOTS", "")


def shot(walker: Walker, name: str) -> None:
    if SHOTS:
        walker.page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def test_from_the_first_question_to_the_paper_that_is_handed_over(walk, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    walker: Walker = walk(PHONE)
    email = f"xa.{secrets.token_hex(4)}@vidu.vn"
    add_person(walker.server.database, email, role=Role.COMMUNE_OFFICER, province_code=HUE, commune_code=COMMUNES[HUE])
    helper = Colleague(walker, email)
    helper.sign_in()
    page = walker.page
    page.goto("/can-bo/ky-ho")
    walker.look()
    shot(walker, "1-list")
    helper.press("Bắt đầu với một người ký")
    walker.arrived("/ky-cam-ket/nhom")
    helper.reads("Bạn đang điền giúp người ký")
    walker.look(closely=False)
    shot(walker, "2-group")
    name = f"Hồ Thị Thử Nghiệm {secrets.token_hex(2)}"
    walker.answer({"subject_type": "digital_seller"}, "/ky-cam-ket/doi-tuong")
    walker.answer({"kind": "person", "name": name, "location": "local"}, "/ky-cam-ket/dia-ban")
    expect(page.locator(f"main input[name=commune][value='{COMMUNES[HUE]}']")).to_be_checked()
    walker.answer({"channels": [f"facebook.com/hothi.{secrets.token_hex(4)}"]}, "/ky-cam-ket/nguoi-ky")
    walker.answer({"of_age": "yes"}, "/ky-cam-ket/kiem-tra")
    walker.look(closely=False)
    shot(walker, "3-check")
    page.get_by_role("link", name="Đọc toàn văn và in để ký tay").click()
    fill(page, {"publication": "no"})
    helper.press("In để ký tay")
    helper.reads("Mã bản in: IN-")
    printed = page.request.get(str(page.get_by_role("link", name="Mở bản in (PDF)").get_attribute("href"))).body()
    assert squeezed("Bản in để ký tay; chưa được niêm phong") in squeezed(text_of(printed, tmp_path))
    page.locator("main input[type=file]").set_input_files(
        [
            {"name": f"{number}.jpg", "mimeType": "image/jpeg", "buffer": photograph(number, landscape=number == 2)}
            for number in (1, 2)
        ]
    )
    helper.press("Gửi bản đã ký")  # without the word of who saw it
    helper.reads("Đã nhận 2 ảnh; không cần chọn lại.")
    walker.look()
    shot(walker, "4-hand-in")
    page.locator("main input[name=witnessed]").check()
    helper.press("Gửi bản đã ký")
    helper.reads("Đã gửi bản ký tay")
    walker.look(closely=False)
    shot(walker, "5-done")
    reference = page.locator(".confirmation .reference").inner_text()

    officer = employ(walk(DESKTOP), Role.OFFICER, "46-SCT")
    approver = employ(walk(DESKTOP), Role.APPROVER, "46-SCT", title="GIÁM ĐỐC")
    deadline = time.monotonic() + FOR_JOBS / 1000
    while True:
        officer.open_file(reference)
        if officer.page.get_by_role("button", name="Đề nghị duyệt", exact=True).count():
            break
        assert time.monotonic() < deadline, walker.server.log("worker")[-2000:]
    officer.reads("Ký tay trên bản in, cán bộ gửi ảnh.")
    shot(officer.walker, "6-file")
    officer.recommend()
    approver.open_file(reference, "Chờ duyệt")
    approver.press("Duyệt hồ sơ này")
    page.goto("/can-bo/ky-ho")
    while not page.get_by_role("link", name="Bản cuối (PDF)").count():
        assert time.monotonic() < deadline + 60, walker.server.log("worker")[-2000:]
        page.reload()
    helper.reads(reference, "Đang có hiệu lực")
    shot(walker, "7-list")
    final = page.request.get(str(page.get_by_role("link", name="Bản cuối (PDF)").first.get_attribute("href"))).body()
    assert_sound(final, tmp_path)
    words = squeezed(text_of(final, tmp_path))
    for part in (name, "Ảnh bản ký giấy, trang 2/2", "số hóa bởi Nguyễn Văn Thử (phường"):
        assert squeezed(part) in words, part
