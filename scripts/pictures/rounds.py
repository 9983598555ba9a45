"""An officer opens the round of a quarter and looks whom it will ask; an administrator keeps the hotlines."""

from __future__ import annotations

from pledges.audit.operations import SYSTEM
from pledges.core.calendar import local_day
from pledges.registry.adding import NewEntity, Seen, add_entity
from pledges.registry.models import EntityKind
from scripts.pictures.agency import sign_in
from scripts.pictures.camera import Camera
from scripts.pictures.people import ADMINISTRATOR, Stage, shop_tax_code
from scripts.pictures.register import press
from tests.support.signing import COMMUNES, HUE

NUMBERS = (
    "Quản lý thị trường (bản thử nghiệm); 0234 3000 000; hàng giả, hàng không rõ nguồn gốc; 24 giờ mỗi ngày",
    "Công an thành phố (bản thử nghiệm); 0234 3000 001; tội phạm",
    "Sở Y tế (bản thử nghiệm); 1900 0000; thuốc, mỹ phẩm, thực phẩm bảo vệ sức khỏe; giờ hành chính",
)
"""Invented."""


SHOPS_WITH_MAIL = 7


def open_round(camera: Camera, stage: Stage) -> None:
    """Signed in already; nothing is sent."""
    page = camera.page
    for number in range(SHOPS_WITH_MAIL):
        _register(stage, number)
    page.goto("/can-bo/dot-van-dong")
    page.get_by_role("button", name="Mở đợt").first.click()
    page.get_by_text("Đã mở đợt vận động").wait_for()
    page.reload()
    camera.take("round", start=page.locator("main .caption"), end=page.locator("main table").first)


def _register(stage: Stage, number: int) -> None:
    """One more shop, with an address of its own."""
    now = stage.product.clock()
    shop = NewEntity(
        kind=EntityKind.ORGANISATION,
        name=f"Cửa hàng Thử Nghiệm số {number + 1}",
        subject_types=("digital_seller",),
        tax_code=shop_tax_code(number + 20),
        commune_code=COMMUNES[HUE],
        emails=(f"cua.hang.{number}@vidu.vn",),
    )
    seen = Seen("officer", local_day(now), source_name="Bản thử nghiệm")
    stage.product.database.run(
        lambda session: add_entity(
            session, shop, seen, province_code=HUE, actor=SYSTEM, now=now, vault=stage.product.vault
        )
    )


def hotlines(camera: Camera) -> None:
    page = camera.page
    sign_in(page, ADMINISTRATOR)
    page.goto(f"/quan-tri/{HUE}/duong-day-nong/dan")
    page.get_by_label("Các dòng").fill("\n".join(NUMBERS))
    press(page, "Thêm vào danh bạ")
    page.get_by_text("Đã thêm vào danh bạ").wait_for()
    page.reload()
    camera.take("hotlines", start=page.locator("main .caption"), end=page.locator("main .register").first)
