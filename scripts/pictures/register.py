"""An officer brings in a list, looks after one subject, compares two; the list names the shops that have signed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Page, expect

from pledges.core.calendar import local_day
from pledges.signing.duplicate_search import DuplicateSearch
from scripts.pictures.agency import sign_in
from scripts.pictures.camera import Camera
from scripts.pictures.people import OFFICER, SHOPS, Stage, shop_tax_code
from tests.browser.walking import GO_ON
from tests.support.workbooks import xlsx

SOURCE = "Danh bạ mua sắm (bản thử nghiệm)"
SELLERS = "Người bán hàng trên sàn, mạng xã hội"
PLACE = "phường Phú Xuân, thành phố Huế"
HEADINGS = ("STT", "Tên cơ sở", "MST", "Địa chỉ", "Điện thoại", "Fanpage, website", "Ngày cấp")
ROWS = (
    (
        "Cửa hàng Đặc sản Thử Nghiệm Bến Ngự",
        "",
        f"Số 1 đường Thử Nghiệm, {PLACE}",
        "0234 3812 345",
        "dacsan-thunghiem.vn",
        "12/03/2024",
    ),
    (
        "Hộ kinh doanh Mè xửng Thử Nghiệm Đông Ba",
        "",
        "Kiệt 2 đường Thử Nghiệm, Phường Thuận Lộc, Thành phố Huế, Thừa Thiên Huế",
        "0905 123 456; 0905 654 321",
        "facebook.com/mexung.thunghiem",
        "05/08/2023",
    ),
    (
        "Cửa hàng mỹ phẩm Thử Nghiệm Vĩ Dạ",
        "",
        f"Số 3 đường Thử Nghiệm, {PLACE}",
        "0234 38",
        "https://shopee.vn/mypham.thunghiem.vida",
        "03/2024",
    ),
    (
        SHOPS[1][0],
        shop_tax_code(1),
        f"Số 4 đường Thử Nghiệm, {PLACE}",
        "0234 3812 399",
        "thucphamsach-thunghiem.vn",
        "20/11/2022",
    ),
    (
        "Quán trà Thử Nghiệm Gia Hội",
        "",
        f"Số 5 đường Thử Nghiệm, {PLACE}",
        "0914 123 456",
        "https://www.facebook.com/tracungdinh.thunghiem",
        "",
    ),
    ("Cửa hàng Thử Nghiệm ở Hà Nội", "", "Số 6 phố Huế, phường Hai Bà Trưng, thành phố Hà Nội", "", "", ""),
    ("", "", "", "", "", ""),
    ("Tổng cộng: 7 cơ sở", "", "", "", "", ""),
)
"""Invented: what lists have, new, known, doubtful, from elsewhere, and of no use."""


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).or_(page.get_by_role("link", name=name, exact=True)).first.click()


def _wait(page: Page, words: str) -> None:
    """Until the worker is through with the step."""
    again = page.get_by_role("link", name="Xem kết quả").or_(page.get_by_role("button", name="Xem kết quả"))
    expect(again.or_(page.locator("main").get_by_text(words)).first).to_be_visible(timeout=60_000)
    if again.count():
        again.first.click()
    expect(page.locator("main").get_by_text(words).first).to_be_visible()


def bring_in(camera: Camera, stage: Stage, folder: Path) -> None:
    """From the file into the register, with one row that needs a person."""
    page = camera.page
    sign_in(page, OFFICER)
    page.goto("/can-bo/nhap/moi")
    file = folder / "danh-ba-mua-sam.xlsx"
    lines = [[number, *cells] if any(cells) else [number] for number, cells in enumerate(ROWS, start=1)]
    file.write_bytes(xlsx([["DANH BẠ MUA SẮM (bản thử nghiệm)"], HEADINGS, *lines]))
    page.get_by_label("Tệp danh sách").set_input_files(file)
    page.get_by_label("Tên danh sách").fill(SOURCE)
    page.get_by_label(SELLERS).check()
    day = local_day(stage.product.clock()) - timedelta(days=10)
    page.get_by_label("Danh sách đúng vào ngày nào?").fill(f"{day:%d/%m/%Y}")
    press(page, "Gửi tệp")
    _wait(page, "Hệ thống đã đoán mỗi cột nói gì")
    press(page, "Đối chiếu với danh sách đối tượng")
    _wait(page, "Xem trước: chưa ghi gì")
    page.get_by_role("link", name="Mới", exact=False).filter(has=page.locator(".tab-count")).click()
    camera.take("import", start=page.locator("main .banner").first, end=page.locator("main .register"))
    page.get_by_role("link", name="Cần quyết định").click()
    press(page, "Quyết định lần lượt")
    camera.take("clash", start=page.locator("main .caption"), end=page.locator(GO_ON).first)
    page.get_by_label("Là đối tượng mới, chưa có trong danh sách").check()
    press(page, "Ghi quyết định")
    page.get_by_text("Đã quyết định mọi dòng").wait_for()
    press(page, "Ghi vào danh sách đối tượng")
    page.get_by_role("heading", name="Ghi vào danh sách đối tượng?").wait_for()
    press(page, "Ghi vào danh sách đối tượng")
    _wait(page, "Đã ghi vào danh sách đối tượng")


def look_after(camera: Camera, stage: Stage) -> None:
    """Search, one subject, and what may be there twice; signed in already."""
    page = camera.page
    page.goto("/can-bo/doi-tuong")
    page.get_by_label("Tìm đối tượng").fill("thu nghiem")
    press(page, "Tìm")
    camera.take("register", start=page.locator("main .caption"), end=page.locator("main tbody tr").nth(3))
    page.locator("a.row-name").get_by_text(SHOPS[1][0]).click()
    camera.take("entity", start=page.locator("h1"), end=page.get_by_text("Sửa kênh này"))
    DuplicateSearch(stage.product.database, stage.product.clock).search()
    page.goto("/can-bo/trung-lap")
    camera.take("duplicates", start=page.locator("h1"), end=page.locator("main .register"))
