"""An institution's focal person keeps the list; and everybody can look up who has signed."""

from __future__ import annotations

from playwright.sync_api import Page
from sqlalchemy import select
from sqlalchemy.orm import Session

from pledges.institutions.models import Institution
from pledges.signing.models import Pledge
from scripts.pictures.camera import Camera
from scripts.pictures.people import SHOPS, Stage
from tests.browser.walking import fill, mail_about, path_in

MARKET, FOCAL = "Ban quản lý chợ Thử Nghiệm", "dau.moi@vidu.vn"
PEOPLE = (SHOPS[0][0], SHOPS[2][0], "Quầy vải Thử Nghiệm", "Sạp khô Thử Nghiệm", "Tiệm nón lá Thử Nghiệm")


def invite(page: Page) -> None:
    """What an officer does, who is signed in already; no picture is about it."""
    page.goto("/can-bo/don-vi/moi")
    focal = {"focal_name": "Lê Văn Thử Đầu Mối", "focal_email": FOCAL}
    fill(page, {"name": MARKET, "subject_type": "digital_seller", **focal})
    page.get_by_role("button", name="Thêm và gửi liên kết").click()
    page.get_by_text("Đã thêm đơn vị").wait_for()


def focal(camera: Camera, stage: Stage) -> None:
    page = camera.page
    stage.product.database.run(_bring_two_through)
    page.goto(path_in(mail_about(camera.server, FOCAL, MARKET), "/don-vi/"))
    page.get_by_label("Danh sách, mỗi người một dòng").fill("\n".join(PEOPLE))
    page.get_by_role("button", name="Thêm vào danh sách").click()
    page.get_by_text("Đã ký: 2/5 người.").wait_for()
    camera.take("focal", start=page.locator("h1"), end=page.locator("main > .qr + .small"))


def _bring_two_through(session: Session) -> None:
    """As if two of the shops had signed through the market's link."""
    market = session.scalars(select(Institution)).one()
    for pledge in session.scalars(select(Pledge)):
        if pledge.answers["name"] in PEOPLE:
            pledge.institution_id = market.id


def look_up(camera: Camera) -> None:
    page = camera.page
    page.goto("/tra-cuu")
    page.get_by_label("Tên, tên miền, kênh hoặc mã số thuế doanh nghiệp").fill("thu nghiem")
    page.get_by_role("button", name="Tra cứu").click()
    camera.take("look-up", end=page.locator("main .register tbody tr").first)
