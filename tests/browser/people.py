"""The people of a journey, each at their own pages in a browser: a signer, members of an agency, a passer-by."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyotp
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.walking import GO_ON, Answers, Walker, commune_named, fill, fill_signature, go_on, read_code
from tests.support.signing import COMMUNES
from tests.support.staff import PASSWORD

PATIENCE = 20_000
"""Milliseconds for a page on a busy machine."""
FOR_JOBS = 90_000
"""Milliseconds until the worker has done something that a page waits for."""


@dataclass
class Person:
    """Somebody at a browser window."""

    walker: Walker

    @property
    def page(self) -> Page:
        return self.walker.page

    @property
    def main(self) -> Locator:
        return self.page.locator("main")

    def press(self, text: str) -> None:
        self.main.get_by_role("button", name=text, exact=True).click()

    def reads(self, *texts: str, within: int = PATIENCE) -> None:
        """All of these stand on the page, or come to stand there."""
        for text in texts:
            expect(self.main).to_contain_text(text, timeout=within)

    def look_on_both_screens(self) -> None:
        """What must hold for every page, on the phone and the desk; then as large as before."""
        size = self.page.viewport_size
        assert size is not None
        for other in (PHONE, DESKTOP):
            self.page.set_viewport_size(other)  # type: ignore[arg-type]
            self.walker.look()
        self.page.set_viewport_size(size)


@dataclass
class Signer(Person):
    province: str
    email: str
    name: str
    """As they type it under the pledge."""
    publish: bool = False
    """Whether they agree to publication, which is asked each time they sign."""
    codes: int = 0
    """How many they have been sent."""

    def sign(self, group: str, who: Answers, place: Answers, signer: Answers) -> str:
        """From the first page, which says that the plan asks them, to the reference."""
        self.page.goto("/ky-cam-ket")
        self.page.locator(f"main a[href*='tinh={self.province}']").click()
        commune = commune_named(self.walker.server, self.province, COMMUNES[self.province])
        for answers, leads_to in (
            ({"email": self.email, "subject_type": group}, "doi-tuong"),
            ({"location": "local", **who}, "dia-ban"),
            ({"commune": commune, **place}, "nguoi-ky"),
            (signer, "kiem-tra"),
        ):
            self.walker.answer(answers, f"/ky-cam-ket/{leads_to}")
            if leads_to == "doi-tuong":
                self.reads("Kế hoạch yêu cầu nhóm của bạn ký cam kết")
        return self._confirm(again=False)

    def _confirm(self, *, again: bool = True) -> str:
        go_on(self.page)
        self.walker.arrived("/ky-cam-ket/ky")
        if self.publish and again:
            self.reads("Lần ký trước bạn đã đồng ý công khai.")
        fill_signature(self.page, self.name, self._next_code())
        if self.publish:
            fill(self.page, {"consent_publication": "yes"})
        go_on(self.page)
        self.walker.arrived("/ky-cam-ket/xong")
        return self.page.locator(".confirmation .reference").inner_text()

    def _next_code(self) -> str:
        self.codes += 1
        return read_code(self.walker.server, self.email, number=self.codes)

    def open_file(self, address: str) -> None:
        """As the link of a letter leads there; where this browser is not known, with a code."""
        self.page.goto(address)
        if self.page.locator("main form[action$='/ma']").count():
            go_on(self.page)
            fill(self.page, {"code": self._next_code()})
            go_on(self.page)
        expect(self.page.locator("main .timeline")).to_be_visible()

    def wait_for_seal(self, reference: str) -> bytes:
        self.open_file(f"/ho-so/{reference}")
        deadline = time.monotonic() + 60
        while not self.page.locator("main a[href$='/ban-cam-ket.pdf']").count():
            assert time.monotonic() < deadline, self.walker.server.log("worker")[-2000:]
            time.sleep(0.1)
            self.page.reload()
        return self.download()

    def download(self) -> bytes:
        with self.page.expect_download() as download:
            self.page.locator("main a[href$='/ban-cam-ket.pdf']").click()
        return Path(download.value.path()).read_bytes()

    def correct(self, page_name: str, answers: Answers, *, open_controls: set[str]) -> str:
        """From the file page: change what was asked, which is all that is open, and sign again."""
        self.press("Sửa và ký lại")
        self.walker.arrived("/ky-cam-ket/kiem-tra")
        assert self._ways_to_change() == {page_name}, self._ways_to_change()
        self.page.locator("main dd.summary-action a").first.click()
        expect(self.page.locator(GO_ON)).to_be_visible()
        controls = self.page.locator("main form[data-once]").locator("input, textarea, select")
        names = {control.get_attribute("name") for control in controls.all() if control.is_visible()}
        assert names == open_controls, names
        fill(self.page, answers)
        go_on(self.page)
        self.walker.arrived("/ky-cam-ket/kiem-tra")
        return self._confirm()

    def amend(self, page_name: str, answers: Answers) -> str:
        """From the file page of a pledge in force: a new one, to take its place."""
        self.press("Thêm kênh hoặc thay đổi thông tin")
        self.walker.arrived("/ky-cam-ket/kiem-tra")
        assert self._ways_to_change() == {"doi-tuong", "dia-ban", "nguoi-ky"}, self._ways_to_change()
        self.reads("Bạn chưa thay đổi gì")
        self.page.locator(f"main dd.summary-action a[href*='/{page_name}']").first.click()
        fill(self.page, answers)
        go_on(self.page)
        self.walker.arrived("/ky-cam-ket/kiem-tra")
        return self._confirm()

    def _ways_to_change(self) -> set[str]:
        links = self.page.locator("main dd.summary-action a").all()
        return {str(link.get_attribute("href")).partition("?")[0].rpartition("/")[2] for link in links}


def sign_in_at(page: Page, email: str, at: datetime | None = None) -> str:
    """From the sign-in to the page behind it, as somebody with a password and no second factor yet; the new key.

    `at`: the time of a product whose clock is another one.
    """
    page.get_by_label("Thư điện tử").fill(email)
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_role("button", name="Đăng nhập", exact=True).click()
    key = (page.locator("[data-application-key]").text_content(timeout=PATIENCE) or "").replace(" ", "")
    page.get_by_label("Mã 6 chữ số trong ứng dụng xác thực").fill(pyotp.TOTP(key).at(at or datetime.now(UTC)))
    page.get_by_role("button", name="Xác nhận mã").click()
    page.get_by_role("link", name="Tôi đã cất các mã này").click(timeout=PATIENCE)
    return key


@dataclass
class Colleague(Person):
    """A member of staff who signs in once and stays signed in."""

    email: str

    def choose_password(self, link: str) -> None:
        self.page.goto(link)
        self.page.locator("[name=password]").fill(PASSWORD)
        self.page.locator("[name=password_again]").fill(PASSWORD)
        self.press("Lưu mật khẩu")
        self.reads("Đã đặt mật khẩu")

    def sign_in(self) -> None:
        """Password and, for the first time, a second factor."""
        if not self.page.url.partition("?")[0].endswith("/can-bo/dang-nhap"):
            self.page.goto("/can-bo")
        sign_in_at(self.page, self.email)
        expect(self.page.get_by_role("heading", name="Trang cán bộ")).to_be_visible(timeout=PATIENCE)

    def open_queue(self, tab: str = "Chờ xử lý") -> None:
        self.page.get_by_role("link", name="Hàng đợi", exact=True).first.click()
        self.page.locator("main nav.tabs a").filter(has_text=tab).click()
        expect(self.page.locator("h1")).to_have_text(f"Hàng đợi: {tab}")

    def row(self, reference: str) -> Locator:
        return self.page.locator("main tr").filter(has_text=reference)

    def open_file(self, reference: str, tab: str = "Chờ xử lý") -> None:
        self.open_queue(tab)
        self.row(reference).locator("a.row-name").click()
        expect(self.main).to_contain_text(f"Hồ sơ {reference}")

    def unfold(self, title: str) -> None:
        self.page.locator("main summary").filter(has_text=title).click()

    def return_file(self, part: str, message: str) -> None:
        self.unfold("Trả lại để bổ sung")
        self.page.get_by_label("Lời nhắn gửi người ký").fill(message)
        self.page.get_by_label(part).check()
        self.press("Trả lại cho người ký")
        self.reads("Đã trả lại hồ sơ")

    def recommend(self, note: str = "") -> None:
        if note:
            self.unfold("Kèm ghi chú cho người duyệt")
            self.page.get_by_label("Ghi chú cho người duyệt").fill(note)
        self.press("Đề nghị duyệt")
        self.reads("Đã đề nghị duyệt hồ sơ")

    def approve(self) -> None:
        self.press("Duyệt hồ sơ này")
        self.reads("bản PDF đang được hoàn tất")

    def ask_to_revoke(self, reason: str) -> None:
        self.unfold("Đề nghị thu hồi")
        self.page.get_by_label("Lý do thu hồi").fill(reason)
        self.press("Gửi đề nghị thu hồi")
        self.reads("người thứ hai sẽ xác nhận")

    def revoke(self) -> None:
        self.press("Xác nhận thu hồi")
        self.reads("Đã thu hồi hồ sơ")

    def decide_many(self, tab: str, references: list[str], button: str, confirm: str, *, closely: bool = False) -> None:
        """Tick, read the page that asks once more, and confirm."""
        self.open_queue(tab)
        for reference in references:
            self.row(reference).get_by_role("checkbox").check(force=True)
        self.press(button)
        self.reads(*references)
        if closely:
            self.look_on_both_screens()
        self.press(confirm)
        expect(self.page.locator("main progress")).to_have_attribute("max", str(len(references)))


@dataclass
class PasserBy(Person):
    """Somebody with a file or a paper in their hands, and no account."""

    def follow(self, address: str, label: str) -> None:
        self.page.goto(address)
        self.sees(label)

    def sees(self, label: str) -> None:
        expect(self.page.locator("main .banner-title").filter(has_text=label)).to_be_visible(timeout=PATIENCE)

    def upload(self, data: bytes, title: str) -> None:
        self.page.goto("/xac-minh")
        file = {"name": "ban-cam-ket.pdf", "mimeType": "application/pdf", "buffer": data}
        self.page.get_by_label("Tệp PDF").set_input_files(file)  # type: ignore[arg-type]
        self.press("Kiểm tra tệp")
        expect(self.page.locator("h1")).to_have_text(title, timeout=PATIENCE)
