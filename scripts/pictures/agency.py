"""The agency at work: an officer at the desk, an approver on the phone and at the desk, an administrator."""

from __future__ import annotations

from datetime import timedelta

import pyotp
from playwright.sync_api import Locator, Page

from scripts.pictures.camera import Camera, as_seen, save_small
from scripts.pictures.people import ADMINISTRATOR, APPROVER, CLOCKS, OFFICER, TRADE, Stage
from tests.browser.conftest import DESKTOP
from tests.browser.people import sign_in_at
from tests.browser.walking import fill, mail_about
from tests.support.signing import HUE
from tests.support.staff import PASSWORD

MESSAGE = "Địa chỉ gian hàng không mở được. Xin mở gian hàng, bấm Chia sẻ, chọn Sao chép liên kết, rồi dán vào."

TABLET = {"width": 720, "height": 900}
"""Wide enough that a form needs no second line."""


_KEYS: dict[str, str] = {}
"""Of the authenticator applications that people have set up so far."""


def sign_in(page: Page, email: str) -> None:
    page.goto("/can-bo")
    if email in _KEYS:
        page.get_by_label("Thư điện tử").fill(email)
        page.get_by_label("Mật khẩu").fill(PASSWORD)
        page.get_by_role("button", name="Đăng nhập", exact=True).click()
        # No code is taken twice: the one of the next half minute is taken already.
        page.get_by_label("Mã 6 chữ số").fill(pyotp.TOTP(_KEYS[email]).at(CLOCKS[-1]() + timedelta(seconds=30)))
        page.get_by_role("button", name="Xác nhận").click()
    else:
        _KEYS[email] = sign_in_at(page, email, CLOCKS[-1]())
    page.get_by_role("heading", name="Trang cán bộ").wait_for()


def unfold(page: Page, title: str) -> None:
    page.locator("main summary").filter(has_text=title).click()


def row(page: Page, reference: str) -> Locator:
    return page.locator("main tr").filter(has_text=reference)


def officer(camera: Camera, own: str, others: list[str]) -> None:
    """Looks through the queue, opens a file that needs a look, returns one, recommends some together."""
    page = camera.page
    sign_in(page, OFFICER)
    page.goto("/can-bo/hang-doi")
    for reference in (others[0], others[1], others[2]):
        row(page, reference).get_by_role("checkbox").check(force=True)
    camera.take("queue", start=page.locator("main .caption"), end=page.locator(".pick-bar"))
    row(page, others[3]).locator("a.row-name").click()
    camera.take("file", start=page.locator(".file-walk"), tall=600)
    page.goto(f"/can-bo/ho-so/{own}")
    unfold(page, "Trả lại để bổ sung")
    page.get_by_label("Lời nhắn gửi người ký").fill(MESSAGE)
    page.get_by_label("Trang web, gian hàng, tài khoản").check()
    page.set_viewport_size(TABLET)  # type: ignore[arg-type]
    summary = page.locator("main summary").filter(has_text="Trả lại để bổ sung")
    camera.take("return", start=summary, end=page.get_by_label("Người ký, chức vụ, người đại diện"))
    page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    page.get_by_role("button", name="Trả lại cho người ký").click()
    page.get_by_text("Đã trả lại hồ sơ").wait_for()
    page.goto("/can-bo/hang-doi")
    for reference in (others[0], others[1], others[2]):
        row(page, reference).get_by_role("checkbox").check(force=True)
    page.get_by_role("button", name="Đề nghị duyệt các hồ sơ đã chọn").click()
    page.get_by_role("button", name="Đề nghị duyệt 3 hồ sơ").click()
    page.get_by_text("Đã đề nghị duyệt: 3.").wait_for()


def morning(camera: Camera, stage: Stage, corrected: str) -> None:
    """What was recommended on the day before stands in the letter of this morning, as a mail program shows it."""
    stage.recommend(OFFICER, corrected)
    stage.send_morning_letters(hours_ago=20)
    letter = mail_about(camera.server, APPROVER, "chờ duyệt")
    body = letter.get_body(("html",))
    assert body is not None
    look = "<style>body{font:16px/1.5 system-ui,sans-serif;margin:16px;overflow-wrap:anywhere}</style>"
    camera.page.set_content(body.get_content().replace("<body>", f"<body>{look}<h3>{letter['Subject']}</h3>"))
    last = camera.page.locator("body > p").last
    save_small(as_seen(camera.page, end=last), camera.out / "morning.png")


def approver(phone: Camera, desk: Camera, corrected: str) -> None:
    """Approves one file on the phone, the others together at the desk."""
    page = phone.page
    sign_in(page, APPROVER)
    page.goto("/can-bo/hang-doi?muc=recommended")
    row(page, corrected).locator("a.row-name").click()
    button = page.get_by_role("button", name="Duyệt hồ sơ này")
    phone.take("approve", start=page.get_by_role("heading", name="Quyết định"), end=button)
    button.click()
    page.get_by_text("bản PDF đang được hoàn tất").wait_for()

    page = desk.page
    sign_in(page, APPROVER)
    page.goto("/can-bo/hang-doi?muc=recommended")
    for box in page.locator(".pick-box").all():
        box.check(force=True)
    page.get_by_role("button", name="Duyệt các hồ sơ đã chọn").click()
    page.get_by_role("button", name="Duyệt 3 hồ sơ").click()
    page.get_by_text("Bản PDF đã hoàn tất: 3/3.").wait_for()
    desk.take("progress", start=page.locator("h1"), end=page.locator("[data-refresh] table"))


def administrator(camera: Camera) -> None:
    page = camera.page
    sign_in(page, ADMINISTRATOR)
    page.get_by_role("link", name="Cán bộ và tài khoản").click()
    page.get_by_role("link", name="Thêm cán bộ").click()
    invited = {"name": "Hoàng Văn Thử Nghiệm", "email": "hoang.thu@vidu.vn", "role": "officer", "agency": TRADE}
    fill(page, invited)
    camera.take("invite", start=page.locator("h1"), end=page.get_by_label("Cơ quan"), column=True)
    page.goto("/can-bo")
    page.get_by_role("link", name="Mức độ sẵn sàng").click()
    camera.take("readiness", start=page.locator("h1"), end=page.locator("main .banner"))
    page.goto(f"/quan-tri/san-sang/{HUE}/co-quan/{TRADE}")
    camera.take("agency", start=page.locator("h1"), end=page.locator("main dl.summary").last, column=True)
    page.goto("/quan-tri/nhat-ky?nhom=pledge")
    page.locator("main details.filter summary").click()
    camera.take("log", start=page.locator("h1"), end=page.locator("main tbody tr").nth(6))
