"""A shop owner signs on a phone, corrects what the agency asked for, and looks whether the final file is authentic."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

from pledges.signing.rules import Page as Step
from scripts.pictures.camera import Camera, save_small
from tests.browser.walking import fill, go_on, read_code
from tests.support.signing import HUE, seller_pages

NAME = "Trần Thị Thử Nghiệm"
CHANNELS = ["https://www.facebook.com/cuahang.thunghiem"]


class Signer:
    def __init__(self, camera: Camera) -> None:
        self.camera = camera
        self.answers = seller_pages(who__name="Công ty TNHH Thử Nghiệm Sông Hương", place__channels=CHANNELS)
        self.email = self.answers[Step.GROUP]["email"]
        self.codes = 0

    @property
    def page(self) -> Page:
        return self.camera.page

    def code(self) -> str:
        self.codes += 1
        return read_code(self.camera.server, self.email, number=self.codes)

    def home(self) -> None:
        self.page.goto("/")
        self.camera.take("0-home")

    def sign(self, folder: Path) -> str:
        """From the first page to the sealed file; returns the reference."""
        page, camera, answers = self.page, self.camera, self.answers
        page.goto(f"/ky-cam-ket?tinh={HUE}")
        fill(page, {name: value for name, value in answers[Step.GROUP].items() if name != "province"})
        camera.take("1-group")
        go_on(page)
        camera.take("2-who")
        for step in (Step.WHO, Step.PLACE, Step.SIGNER):
            given = answers[step]
            fill(page, {**given, "commune": ("phu xuan", given["commune"])} if "commune" in given else given)
            go_on(page)
        go_on(page)
        page.locator("#consent_processing").check()
        fill(page, {"typed_name": NAME, "code": self.code()})
        button = page.get_by_role("button", name="Ký bản cam kết")
        camera.take("3-sign", start=page.get_by_role("heading", name="Ký", exact=True), end=button)
        button.click()
        camera.take("4-signed")
        page.get_by_role("link", name=re.compile("Xem hồ sơ CK")).click()
        self._wait_for("Tải bản cam kết (PDF)")
        camera.take("5-file")
        _paper(self._download(folder / "signed.pdf"), camera.out / "6-paper.png")
        found = re.search(r"CK-\d\d-\d{4}-\w{6}", page.locator("h1").inner_text())
        assert found is not None
        return found[0]

    def _wait_for(self, text: str) -> None:
        for _again in range(120):
            if self.page.locator("main :is(.tag, .button)").get_by_text(text, exact=True).count():
                return
            self.page.wait_for_timeout(500)
            self.page.reload()
        said = self.page.locator("main").inner_text()
        raise SystemExit(
            f"{text!r} did not appear on {self.page.url}:\n{said}\n{self.camera.server.log('worker')[-2000:]}"
        )

    def _download(self, path: Path) -> Path:
        with self.page.expect_download() as found:
            self.page.locator("main a[href$='/ban-cam-ket.pdf']").click()
        found.value.save_as(path)
        return path

    def returned(self, reference: str) -> None:
        self.page.goto(f"/ho-so/{reference}")
        end = self.page.get_by_role("button", name="Sửa và ký lại")
        self.camera.take("returned", end=end)

    def correct(self, reference: str) -> None:
        """Only the page with the channels is open."""
        page = self.page
        page.get_by_role("button", name="Sửa và ký lại").click()
        page.locator("main dd.summary-action a").first.click()
        fill(page, {"channels": ["https://www.facebook.com/cuahang.thunghiem.songhuong"]})
        go_on(page)
        go_on(page)
        fill(page, {"consent_processing": "yes", "typed_name": NAME, "code": self.code()})
        page.get_by_role("button", name="Ký bản cam kết").click()
        page.goto(f"/ho-so/{reference}")
        self._wait_for("Tải bản cam kết (PDF)")

    def verify(self, reference: str, folder: Path) -> None:
        page = self.page
        page.goto(f"/ho-so/{reference}")
        self._wait_for("Đã tiếp nhận")
        final = self._download(folder / "final.pdf")
        page.goto("/xac-minh")
        page.get_by_label("Tệp PDF").set_input_files(final)
        page.get_by_role("button", name="Kiểm tra tệp").click()
        page.get_by_role("heading", name=re.compile("Tệp này là thật")).wait_for()
        self.camera.take("verified", end=page.locator("main .banner").nth(2))


def _paper(file: Path, path: Path) -> None:
    """The first page of the sealed file."""
    drawn = path.with_suffix("")
    subprocess.run(["pdftoppm", "-r", "60", "-png", "-f", "1", "-l", "1", "-singlefile", file, drawn], check=True)
    with Image.open(path) as picture:
        picture.load()
    save_small(picture, path)
