"""A commune officer with a phone: reports what was seen, and helps somebody without e-mail to sign."""

from __future__ import annotations

from datetime import timedelta

from pledges.core.calendar import local_day
from scripts.pictures.agency import sign_in
from scripts.pictures.camera import Camera
from scripts.pictures.people import COMMUNE, COMMUNE_OFFICER, Stage
from tests.browser.walking import fill, go_on

HELPED = (
    {"subject_type": "digital_seller"},
    {"kind": "person", "name": "Hoàng Thị Thử Nghiệm", "location": "local"},
    {"commune": ("phu xuan", COMMUNE), "channels": ["https://www.facebook.com/hoangthi.thunghiem"]},
    {"of_age": "yes"},
)


def report(camera: Camera, stage: Stage) -> None:
    page = camera.page
    sign_in(page, COMMUNE_OFFICER)
    page.goto("/can-bo/bao-moi")
    page.get_by_label("Tài khoản hoặc gian hàng trên mạng").check()
    page.get_by_label("Địa chỉ trang, tài khoản hoặc gian hàng").fill("https://www.facebook.com/quantra.thunghiem")
    seen = local_day(stage.product.clock()) - timedelta(days=1)
    page.get_by_label("Ngày nhìn thấy").fill(f"{seen:%d/%m/%Y}")
    camera.take("tip", start=page.locator("h1"), end=page.get_by_label("Địa chỉ trang, tài khoản hoặc gian hàng"))


def help_to_sign(camera: Camera) -> None:
    """Up to the print-out that is signed with a pen; signed in already."""
    page = camera.page
    page.goto("/can-bo/ky-ho")
    page.get_by_role("button", name="Bắt đầu với một người ký").click()
    for answers in HELPED:
        fill(page, answers)
        go_on(page)
    page.locator("main a[href^='/can-bo/ky-ho/']").last.click()
    page.get_by_label("Không công khai").check()
    page.get_by_role("button", name="In để ký tay").click()
    page.get_by_role("button", name="Gửi bản đã ký").wait_for()
    page.evaluate("document.activeElement.blur()")
    camera.take("assist", start=page.locator("h1"), end=page.get_by_text("Đổi ý về việc công khai, in lại"))
